"""The figures that books are reckoned from: of one position, or of columns of them."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple

from puhui.kernel.columns import Ints, between, is_column, lesser
from puhui.lending.accrual import accrued, penalty
from puhui.lending.position import Position


class Figures(NamedTuple):
    """What stands between a position and its books; minor units, an int or an int64 column each.

    interest_due, interest_accrued, penalty, fee: unpaid, neither waived nor written off. *_charged: since the first
    day, less what was waived. charges: interest and penalty. recovered: without fees. accruing, can_draw: 0 or 1.
    most: what may be outstanding of a line or drawn of a loan, of which `used` is gone.
    """

    principal_minor: Ints = 0
    interest_due_minor: Ints = 0
    interest_accrued_minor: Ints = 0
    penalty_minor: Ints = 0
    fee_minor: Ints = 0
    interest_charged_minor: Ints = 0
    penalty_charged_minor: Ints = 0
    fee_charged_minor: Ints = 0
    interest_paid_minor: Ints = 0
    penalty_paid_minor: Ints = 0
    fee_paid_minor: Ints = 0
    suspense_minor: Ints = 0
    principal_written_off_minor: Ints = 0
    charges_written_off_minor: Ints = 0
    fee_written_off_minor: Ints = 0
    recovered_minor: Ints = 0
    fee_recovered_minor: Ints = 0
    funder_share_ppm: Ints = 0
    funder_collected_minor: Ints = 0
    funder_taken_minor: Ints = 0
    funder_earned_minor: Ints = 0
    funder_due_minor: Ints = 0
    accruing: Ints = 1
    can_draw: Ints = 0
    most_minor: Ints = 0
    used_minor: Ints = 0
    vat_ppm: Ints = 0

    @property
    def written_off_left_minor(self) -> tuple[Ints, Ints]:
        """What was written off and is not recovered yet: principal, which recovers first, then interest and penalty."""
        to_principal = lesser(self.recovered_minor, self.principal_written_off_minor)
        to_charges = self.recovered_minor - to_principal
        return self.principal_written_off_minor - to_principal, self.charges_written_off_minor - to_charges


def figures_of(position: Position, vat_ppm: int, most_minor: int, is_line: int) -> Figures:
    """Return the figures of a position; the other arguments as `books.constants_of` gives them."""
    can_draw = position.status == "agreed" or (position.status == "active" and bool(position.rows))
    return _figures(position, int(can_draw), vat_ppm, most_minor, is_line)


# The fields of a position that books depend on; the columns of the same names.
POSITION_COLUMNS = (
    "as_of",
    "drawn_minor",
    "principal_minor",
    "accrual_from",
    "accrual_to",
    "accrual_base_minor",
    "accrual_minor",
    "late_numerator",
    "late_day_base",
    "interest_due_total_minor",
    "interest_paid_total_minor",
    "interest_waived_total_minor",
    "interest_written_off_minor",
    "fee_charged_total_minor",
    "fee_paid_total_minor",
    "fee_waived_total_minor",
    "fee_written_off_minor",
    "penalty_charged_total_minor",
    "penalty_paid_total_minor",
    "penalty_waived_total_minor",
    "penalty_written_off_minor",
    "principal_written_off_minor",
    "suspense_minor",
    "recovered_minor",
    "funder_share_ppm",
    "funder_collected_minor",
    "funder_taken_minor",
    "funder_earned_total_minor",
    "funder_due_total_minor",
    "accruing",
)


def uniform(column: Ints) -> Ints:
    """Return the one value of a column of equal values as an int, so that dividing by it is quick; else the column."""
    if is_column(column) and column.size and (column == column[0]).all():
        return int(column[0])
    return column


def figures_of_columns(columns: Mapping[str, Ints]) -> Figures:
    """Return the figures of columns named as the fields of a position, with four more.

    columns: int64, accruing 0 or 1 or bool; as_of, late_day_base and vat_ppm may be one number for all. The four:
    vat_ppm, most_minor and is_line of `books.constants_of`; can_draw, 1 where more may be drawn: agreed, or active
    with rows to come.
    """
    given = SimpleNamespace(**columns)
    return _figures(given, given.can_draw, uniform(given.vat_ppm), given.most_minor, given.is_line)


def _figures(of: Any, can_draw: Ints, vat_ppm: Ints, most_minor: Ints, is_line: Ints) -> Figures:
    """Return the figures of a position, or of columns named as its fields."""
    start = of.accrual_from
    # One day for all becomes a column like the others.
    day = of.as_of + 0 * start
    running = accrued(of.accrual_base_minor, of.accrual_minor, start, of.accrual_to, day)
    penalty_total = of.penalty_charged_total_minor + penalty(of.late_numerator, uniform(of.late_day_base))
    interest_charged = of.interest_due_total_minor + running - of.interest_waived_total_minor
    penalty_charged = penalty_total - of.penalty_waived_total_minor
    fee_charged = of.fee_charged_total_minor - of.fee_waived_total_minor
    interest = interest_charged - of.interest_paid_total_minor - of.interest_written_off_minor
    not_due = lesser(running, interest)
    # What is recovered counts against principal, then interest, fees, penalties (`lending.effects.standing`).
    recovered, fee_written_off = of.recovered_minor, of.fee_written_off_minor
    to_fees = recovered - of.principal_written_off_minor - of.interest_written_off_minor
    fee_recovered = between(to_fees, 0 * to_fees, fee_written_off)
    taken, drawn = of.funder_taken_minor, of.drawn_minor
    return Figures(
        principal_minor=of.principal_minor,
        interest_due_minor=interest - not_due,
        interest_accrued_minor=not_due,
        penalty_minor=penalty_charged - of.penalty_paid_total_minor - of.penalty_written_off_minor,
        fee_minor=fee_charged - of.fee_paid_total_minor - of.fee_written_off_minor,
        interest_charged_minor=interest_charged,
        penalty_charged_minor=penalty_charged,
        fee_charged_minor=fee_charged,
        interest_paid_minor=of.interest_paid_total_minor,
        penalty_paid_minor=of.penalty_paid_total_minor,
        fee_paid_minor=of.fee_paid_total_minor,
        suspense_minor=of.suspense_minor,
        principal_written_off_minor=of.principal_written_off_minor,
        charges_written_off_minor=of.interest_written_off_minor + of.penalty_written_off_minor,
        fee_written_off_minor=fee_written_off,
        recovered_minor=recovered - fee_recovered,
        fee_recovered_minor=fee_recovered,
        funder_share_ppm=of.funder_share_ppm,
        funder_collected_minor=of.funder_collected_minor,
        funder_taken_minor=taken + drawn * (taken == 0),
        funder_earned_minor=of.funder_earned_total_minor,
        funder_due_minor=of.funder_due_total_minor,
        accruing=of.accruing,
        can_draw=can_draw,
        most_minor=most_minor,
        used_minor=drawn + (of.principal_minor - drawn) * is_line,
        vat_ppm=vat_ppm,
    )
