"""What the ledger mirrors of a loan: every balance is a pure function of the position.

The entry of a fact is books(after) - books(before), plus the legs that say where the money went (`rules`). So what is
back-dated, reversed or restructured posts exactly the difference, and sub-ledger = general ledger by construction.
Each formula is written once, for an int or an int64 column; a balance is debit positive, minor units. Of a loan that a
funder has a share of, only our own part is here (`own`).

Income. While a loan accrues: all that was charged, less what was waived, without VAT. When it does not: what was paid;
the unpaid stands off balance. VAT is rounded on running totals.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from puhui.accounting import accounts as acc
from puhui.accounting.figures import Figures, figures_of, figures_of_columns
from puhui.accounting.own import Own, own_part
from puhui.accounting.vat import treatment_of, vat_minor, vat_rate
from puhui.kernel.columns import Ints
from puhui.lending.agreement import Agreement
from puhui.lending.plan_ahead import method_of
from puhui.lending.position import Position

# What moves when nothing but time passes, of a loan without money in suspense.
TIME_ACCOUNTS = (
    acc.FEE_RECEIVABLE,
    acc.INTEREST_ACCRUED,
    acc.INTEREST_DUE,
    acc.PENALTY_RECEIVABLE,
    acc.VAT_PAYABLE,
    acc.VAT_NOT_DUE,
    acc.INTEREST_INCOME,
    acc.PENALTY_INCOME,
    acc.FEE_INCOME,
    acc.OFF_INTEREST,
    acc.OFF_PENALTY_AND_FEES,
    acc.OFF_UNDRAWN,
    acc.OFF_CONTRA,
)


def books(position: Position, agreement: Agreement) -> dict[str, int]:
    """Return every balance that mirrors the loan, by account, none of 0."""
    held = books_of(figures_of(position, *constants_of(agreement)))
    return {account: int(balance) for account, balance in held.items() if balance}


class Booked(NamedTuple):
    """A position with its books, worked out once for the entries on both sides of it."""

    position: Position
    balances: dict[str, int]


def booked(position: Position, agreement: Agreement) -> Booked:
    """Return a position with its books."""
    return Booked(position, books(position, agreement))


def books_columns(columns: Mapping[str, Ints], only: Iterable[str] = TIME_ACCOUNTS) -> dict[str, Ints]:
    """Return the balances of many loans as int64 columns by account, those of 0 too; equal to `books` loan by loan.

    columns: see `figures.figures_of_columns`. only: those that time moves, unless more are asked for
    (`MIRRORED` for all).
    """
    held = books_of(figures_of_columns(columns))
    return {account: held[account] for account in only}


def constants_of(agreement: Agreement) -> tuple[int, int, int]:
    """Return what books need of an agreement: VAT rate in ppm, the most that may be lent, 1 for a line (else 0)."""
    most_minor = agreement.financed_minor if agreement.limit_minor is None else agreement.limit_minor
    rate_ppm = _vat_ppm(agreement.institution, agreement.product, agreement.agreed_on)
    return rate_ppm, most_minor, int(method_of(agreement).is_line)


@lru_cache(maxsize=4096)
def _vat_ppm(institution: str, product: str, agreed_on: date) -> int:
    return vat_rate(treatment_of(institution, product), agreed_on).rate_ppm


def books_of(given: Figures) -> dict[str, Ints]:
    """Return every balance that mirrors a loan (or a column of loans) from its figures."""
    own = own_part(given)
    off = _off_balance(given, own)
    held = {**_assets(given, own), **_debts(given, own), **_earned(given, own), **off}
    held[acc.OFF_CONTRA] = -sum(off.values())
    return held


def _assets(given: Figures, own: Own) -> dict[str, Ints]:
    on, off = given.accruing, 1 - given.accruing
    return {
        acc.PRINCIPAL: own.principal_minor * on,
        acc.PRINCIPAL_NON_ACCRUAL: own.principal_minor * off,
        acc.INTEREST_DUE: own.interest_due_minor * on,
        acc.INTEREST_ACCRUED: own.interest_accrued_minor * on,
        acc.PENALTY_RECEIVABLE: own.penalty_minor * on,
        acc.FEE_RECEIVABLE: given.fee_minor * on,
        # Charges of a loan that did not accrue were no asset any more.
        acc.PROVISION_USED: own.charged_off_minor + given.fee_written_off_minor * on,
    }


def _debts(given: Figures, own: Own) -> dict[str, Ints]:
    return {
        acc.SUSPENSE: -given.suspense_minor,
        acc.FUNDER_PAYABLE: -given.funder_due_minor,
        acc.FUNDER_STAKE: own.funder_stake_minor,
    }


def _earned(given: Figures, own: Own) -> dict[str, Ints]:
    """Return income since the first day without its VAT, and the VAT: of interest accrued, only when it is due."""
    rate_ppm, on = given.vat_ppm, given.accruing
    fee = given.fee_paid_minor + (given.fee_charged_minor - given.fee_paid_minor) * on
    interest_vat = vat_minor(own.interest_earned_minor, rate_ppm)
    due_vat = vat_minor(own.interest_earned_minor - own.interest_accrued_minor * on, rate_ppm)
    penalty_vat = vat_minor(own.penalty_earned_minor, rate_ppm)
    fee_vat = vat_minor(fee, rate_ppm)
    return {
        acc.INTEREST_INCOME: interest_vat - own.interest_earned_minor,
        acc.PENALTY_INCOME: penalty_vat - own.penalty_earned_minor,
        acc.FEE_INCOME: fee_vat - fee,
        acc.RECOVERY_INCOME: -own.recovered_minor - given.fee_recovered_minor,
        acc.VAT_PAYABLE: -(due_vat + penalty_vat + fee_vat),
        acc.VAT_NOT_DUE: due_vat - interest_vat,
    }


def _off_balance(given: Figures, own: Own) -> dict[str, Ints]:
    off = 1 - given.accruing
    fee_left = given.fee_written_off_minor - given.fee_recovered_minor
    return {
        acc.OFF_INTEREST: (own.interest_due_minor + own.interest_accrued_minor) * off,
        acc.OFF_PENALTY_AND_FEES: (own.penalty_minor + given.fee_minor) * off,
        acc.OFF_FUNDER_LOANS: own.funder_principal_minor,
        acc.OFF_WRITTEN_OFF: own.written_off_minor + fee_left,
        acc.OFF_UNDRAWN: (given.most_minor - given.used_minor) * given.can_draw,
    }


MIRRORED = tuple(sorted(books_of(Figures())))
