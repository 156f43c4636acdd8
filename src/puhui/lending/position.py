"""The position of a loan at the end of a day: what is owed, what is due, what is late.

Days are day numbers (see `kernel.dates`), amounts minor units. A position is never edited: `fold.py` makes each from
the one before and a fact, or from the one before and a later day.
"""

from typing import Any, Literal, NamedTuple

from puhui.kernel.daycount import Unit

Status = Literal["agreed", "active", "closed", "written_off", "cancelled"]


class Row(NamedTuple):
    """An instalment that has not fallen due yet.

    numerator: the day count of its period; interest of the period = balance x rate_ppm x numerator / (denominator of
    the day count x 1,000,000). collects: 0 where its interest falls due with a later row.
    """

    n: int
    due_on: int
    principal_minor: int
    interest_minor: int
    fee_minor: int
    numerator: int = 0
    collects: int = 1


class Due(NamedTuple):
    """An instalment that has fallen due: what of it is still unpaid."""

    n: int
    due_on: int
    principal_minor: int
    interest_minor: int
    fee_minor: int


class Position(NamedTuple):
    """Where a loan stands at the end of day `as_of`, every fact effective by then and recorded so far applied.

    principal_minor: outstanding in all, due or not. rows: the plan still to come, soonest first. dues: fallen due and
    not paid in full, oldest first.

    Interest of the running span goes evenly, by days, from `accrual_base_minor` on day `accrual_from` to
    `accrual_minor` on day `accrual_to`: accrued(t) = base + round((accrual_minor - base) x (t - from) / (to - from)).
    On `accrual_to` it falls due with the row of that day.

    late_numerator: sum over dues that are late of (unpaid principal [+ interest, where compounded]) x days x
    late_rate_ppm; penalty so far = round(late_numerator / (late_day_base x 1,000,000)), late_day_base 360 or 365.
    A due is late on day t when t > due_on + grace_days; its days then count from due_on.

    The *_total figures run from the first day: accrued (or charged), paid, waived. What is receivable of a kind is
    accrued - paid - waived.
    """

    as_of: int
    status: Status = "agreed"
    drawn_minor: int = 0
    principal_minor: int = 0
    rows: tuple[Row, ...] = ()
    dues: tuple[Due, ...] = ()
    annual_rate_ppm: int = 0

    accrual_from: int = 0
    accrual_to: int = 0
    accrual_base_minor: int = 0
    accrual_minor: int = 0

    grace_days: int = 0
    compounds: bool = False
    late_rate_ppm: int = 0
    late_day_base: int = 360
    late_numerator: int = 0

    # Interest that has fallen due since the first day (the running span comes on top, by `accrued`).
    interest_due_total_minor: int = 0
    interest_paid_total_minor: int = 0
    interest_waived_total_minor: int = 0
    fee_charged_total_minor: int = 0
    fee_paid_total_minor: int = 0
    fee_waived_total_minor: int = 0
    # Penalties charged as amounts; penalty interest comes on top, by late_numerator.
    penalty_charged_total_minor: int = 0
    penalty_paid_total_minor: int = 0
    penalty_waived_total_minor: int = 0
    principal_paid_total_minor: int = 0

    suspense_minor: int = 0
    written_off_minor: int = 0
    recovered_minor: int = 0
    subsidy_received_minor: int = 0
    compensated_minor: int = 0

    funder: str = ""
    funder_share_ppm: int = 0
    funder_due_total_minor: int = 0

    # Set by the night's classification facts.
    accruing: bool = True
    category: str = "NORMAL"
    stage: int = 1
    restructured_on: int = 0
    npl_before_restructure: bool = False

    # The period that runs: its first day, the balance that bears interest, and what the period has borne so far where
    # that changed within it: sum of balance x rate_ppm x days (exact), and amounts rounded already.
    period_from: int = 0
    accrual_on_minor: int = 0
    period_weight: int = 0
    period_closed_minor: int = 0
    # Interest of periods gone by that falls due with a later row.
    deferred_minor: int = 0

    # The day of the first draw.
    drawn_on: int = 0
    # How due dates go on beyond the last row, and the number of the last row that fell due.
    last_n: int = 0
    due_day: int = 0
    every: int = 1
    unit: Unit = "month"

    # What of each kind a write-off took off the books; receivable of a kind is then less by it.
    principal_written_off_minor: int = 0
    interest_written_off_minor: int = 0
    fee_written_off_minor: int = 0
    penalty_written_off_minor: int = 0

    # What was collected since the funder took its share.
    funder_collected_minor: int = 0
    # What its share was taken of: principal, interest and penalties owed at the assignment, and lent since (0: drawn).
    # What funders had earned by the last assignment.
    funder_taken_minor: int = 0
    funder_earned_total_minor: int = 0
    # Days, since the first, at whose end principal (or interest) was late: past its grace days.
    principal_late_total_days: int = 0
    interest_late_total_days: int = 0
    # Settled with others since the first day; of entrusted payments, what is still to be paid on to the payees.
    funder_settled_total_minor: int = 0
    compensation_settled_minor: int = 0
    subsidy_settled_minor: int = 0
    entrusted_due_minor: int = 0


def changed(position: Position, **changes: Any) -> Position:
    """Return the position with other values in some fields."""
    return position._replace(**changes)
