"""Quotes: what a payoff takes on any day, and what an early repayment would give in each mode."""

from typing import NamedTuple

from puhui.lending.agreement import Agreement, Mode
from puhui.lending.effects.money_in import MODES, prepayment
from puhui.lending.facts import Prepayment
from puhui.lending.line import projected_rows
from puhui.lending.passing import advance
from puhui.lending.payoff import Payoff, payoff_of
from puhui.lending.position import Position, Row


class PrepaymentQuote(NamedTuple):
    """What an early repayment would give: where the money goes, and the plan after it.

    saved_minor: interest that is not to be paid any more, less the fee. next_minor: the instalment that comes next.
    """

    mode: Mode
    principal_minor: int
    due_minor: int
    fee_minor: int
    suspense_minor: int
    saved_minor: int
    instalments: int
    next_minor: int
    last_on: int
    rows: tuple[Row, ...]


def payoff_quote(position: Position, day: int, agreement: Agreement) -> Payoff:
    """Return what it takes to pay the loan off on `day` (a day number, not before `as_of`), part by part."""
    return payoff_of(advance(position, day, agreement), agreement)


def prepayment_quotes(position: Position, day: int, amount_minor: int, agreement: Agreement) -> list[PrepaymentQuote]:
    """Return what an early repayment of `amount_minor` on `day` would give, a quote a mode.

    Refuses what the prepayment itself would: NOT_AGREED, AMOUNT_TOO_SMALL, NOTHING_TO_DO.
    """
    return [prepayment_quote(position, day, amount_minor, mode, agreement) for mode in MODES]


def prepayment_quote(
    position: Position, day: int, amount_minor: int, mode: Mode, agreement: Agreement
) -> PrepaymentQuote:
    """Return what an early repayment of `amount_minor` on `day` would give in one mode."""
    before = advance(position, day, agreement)
    after, allocation = prepayment(before, Prepayment(amount_minor=amount_minor, mode=mode), agreement)
    rows = projected_rows(after, agreement)
    fee = after.fee_charged_total_minor - before.fee_charged_total_minor
    due = allocation.principal_minor - allocation.prepaid_minor + allocation.interest_minor + allocation.penalty_minor
    return PrepaymentQuote(
        mode,
        allocation.prepaid_minor,
        due + allocation.fee_minor - fee,
        fee,
        allocation.suspense_minor,
        _interest_in_all(before, agreement) - _interest_in_all(after, agreement) - fee,
        len(rows),
        _total(rows[0]) if rows else 0,
        rows[-1].due_on if rows else 0,
        rows,
    )


def _interest_in_all(position: Position, agreement: Agreement) -> int:
    """Return interest from the first day to the end of the plan, if all is paid on time from today."""
    return position.interest_due_total_minor + sum(row.interest_minor for row in projected_rows(position, agreement))


def _total(row: Row) -> int:
    return row.principal_minor + row.interest_minor + row.fee_minor
