"""Money that comes in: repayment, early repayment, payoff."""

from collections.abc import Callable
from dataclasses import replace

from puhui.kernel.language import Text
from puhui.lending.agreement import Agreement, Mode
from puhui.lending.allocate import NO_LINE, Allocation, Paid, closed, funder_part, pay_due
from puhui.lending.balances import due_minor, not_due_principal_minor, running_interest_minor
from puhui.lending.effects.effect import AMOUNT_TOO_SMALL, NOT_AGREED, NOTHING_TO_DO, Applied
from puhui.lending.facts import Prepayment, Repayment
from puhui.lending.line import continued, part_closed, task_of
from puhui.lending.payoff import Payoff, payoff_of, prepayment_fee_minor, principal_within
from puhui.lending.plan_ahead import Task, credited, head_of, method_of, relevelled, shortened
from puhui.lending.position import Position, Row, changed


def repayment(position: Position, body: Repayment, agreement: Agreement) -> Applied:
    """Pay what is due; what is beyond it waits in suspense, or pays principal early, as agreed (`servicing.early`)."""
    return received(position, body.amount_minor, agreement)


def received(position: Position, amount_minor: int, agreement: Agreement) -> Applied:
    """Allocate a sum, suspense with it, to what is due and then as agreed."""
    paid = pay_due(position, amount_minor + position.suspense_minor, agreement)
    if paid.left_minor and paid.position.rows:
        paid = EARLY[agreement.servicing.early](paid, agreement)
    return ended(position, paid, amount_minor, agreement)


def ended(before: Position, paid: Paid, amount_minor: int, agreement: Agreement) -> Applied:
    """Return the position with what is left in suspense, closed if all is paid, and where the whole sum went."""
    position, allocation, left = paid
    if left != position.suspense_minor:
        position = changed(position, suspense_minor=left)
    whole = replace(allocation, amount_minor=amount_minor, suspense_minor=left - before.suspense_minor)
    return Applied(closed(position, agreement), whole)


def prepayment(position: Position, body: Prepayment, agreement: Agreement) -> Applied:
    """Repay early: what is due first, then principal in the mode asked for, or all of it.

    Refuses NOT_AGREED, AMOUNT_TOO_SMALL (what is due, or the payoff, is more), NOTHING_TO_DO (all has fallen due).
    """
    rules = agreement.servicing.prepayment
    if not rules.allowed:
        raise NOT_AGREED.refuse("prepayment")
    if not position.rows:
        raise NOTHING_TO_DO.refuse("mode", problem=_ALL_DUE)
    payoff = payoff_of(position, agreement).total_minor
    amount = payoff if body.amount_minor is None else body.amount_minor
    if body.mode == "payoff" and amount < payoff:
        raise AMOUNT_TOO_SMALL.refuse("amount_minor", least_minor=payoff)
    paid = pay_due(position, amount + position.suspense_minor, agreement)
    if body.mode == "payoff":
        return ended(position, paid_off(paid, payoff_of(paid.position, agreement)), amount, agreement)
    if not paid.left_minor:
        raise AMOUNT_TOO_SMALL.refuse("amount_minor", least_minor=due_minor(position) - position.suspense_minor + 1)
    return ended(position, prepaid(paid, body.mode or rules.default_mode, agreement), amount, agreement)


def prepaid(paid: Paid, mode: Mode, agreement: Agreement) -> Paid:
    """Spend money on principal that has not fallen due, with its fee; a line stays open when all is repaid."""
    payoff = payoff_of(paid.position, agreement)
    if paid.left_minor >= payoff.claims_minor and not method_of(agreement).is_line:
        return paid_off(paid, payoff)
    position, allocation, left = _interest_settled(paid) if agreement.servicing.prepayment.interest_now else paid
    balance = not_due_principal_minor(position)
    principal = min(balance, principal_within(position, left, agreement))
    if not principal:
        return Paid(position, allocation, left)
    fee = prepayment_fee_minor(position, principal, agreement)
    position = part_closed(position, agreement)
    covers = agreement.servicing.prepayment.covers_current and position.as_of > position.period_from
    rows = rows_after(position, principal, mode, agreement, covers=covers)
    spent = Allocation(fee_minor=fee, principal_minor=principal, prepaid_minor=principal)
    return Paid(_spent(position, rows, spent, agreement), allocation + spent, left - principal - fee)


def current_paid(paid: Paid, agreement: Agreement) -> Paid:
    """Return what is left of the money spent on the principal of the instalment that comes next; the plan stays."""
    position, allocation, left = paid
    principal = min(left, position.rows[0].principal_minor)
    if not principal:
        return paid
    position = part_closed(position, agreement)
    rows = rows_after(position, principal, "shorter_term", agreement, covers=True)
    spent = Allocation(principal_minor=principal, prepaid_minor=principal)
    return Paid(_spent(position, rows, spent, agreement), allocation + spent, left - principal)


EARLY: dict[str, Callable[[Paid, Agreement], Paid]] = {
    "suspense": lambda paid, _: paid,
    "current": current_paid,
    "prepay": lambda paid, agreement: prepaid(paid, agreement.servicing.prepayment.default_mode, agreement),
}


def rows_after(
    position: Position, principal_minor: int, mode: Mode, agreement: Agreement, *, covers: bool
) -> tuple[Row, ...]:
    """Return the rows to come after `principal_minor` of what they hold is repaid; `covers`: the current one first."""
    rows, balance = position.rows, not_due_principal_minor(position) - principal_minor
    if not covers:
        return _planned(task_of(position, agreement, rows, balance, position.annual_rate_ppm), mode, principal_minor)
    first = min(principal_minor, rows[0].principal_minor)
    head, deferred = _head(position, first, balance, agreement)
    credit, rest = principal_minor - first, balance - head.principal_minor
    if (head.collects and not credit) or len(rows) == 1:
        return (head, *rows[1:])
    task = task_of(position, agreement, rows[1:], rest, position.annual_rate_ppm)
    return (head, *_planned(replace(task, stub=None, deferred_minor=deferred, from_on=head.due_on), mode, credit))


def _head(position: Position, paid_minor: int, balance_minor: int, agreement: Agreement) -> tuple[Row, int]:
    """Return the first row less `paid_minor` of principal, `balance_minor` bearing interest from today to its end."""
    task = task_of(position, agreement, position.rows, balance_minor, position.annual_rate_ppm)
    return head_of(task, position.rows[0].principal_minor - paid_minor)


def _planned(task: Task, mode: Mode, credit_minor: int) -> tuple[Row, ...]:
    """Return the rows in a mode; of a line there is but one; without a balance only interest is left."""
    if method_of(task.agreement).is_line:
        return relevelled(task)
    return MODES[mode](task, credit_minor) if task.balance_minor else shortened(task)


MODES: dict[Mode, Callable[[Task, int], tuple[Row, ...]]] = {
    "shorter_term": lambda task, _: shortened(task),
    "smaller_instalment": lambda task, _: relevelled(task),
    "next_instalments": credited,
}


def _spent(position: Position, rows: tuple[Row, ...], spent: Allocation, agreement: Agreement) -> Position:
    """Return the position on its new rows after principal, and the fee on it, were paid early."""
    changes = {
        "principal_minor": position.principal_minor - spent.principal_minor,
        "principal_paid_total_minor": position.principal_paid_total_minor + spent.principal_minor,
        "fee_charged_total_minor": position.fee_charged_total_minor + spent.fee_minor,
        "fee_paid_total_minor": position.fee_paid_total_minor + spent.fee_minor,
    }
    return continued(position, agreement, rows, **changes, **funder_part(position, spent))


def _interest_settled(paid: Paid) -> Paid:
    """Return the position with interest of the running span so far paid now, as far as the money goes."""
    position, allocation, left = paid
    interest = min(left, running_interest_minor(position))
    if not interest:
        return paid
    row = next(place for place, row in enumerate(position.rows) if row.collects)
    rows = tuple(
        each._replace(interest_minor=each.interest_minor - interest) if place == row else each
        for place, each in enumerate(position.rows)
    )
    spent = Allocation(interest_minor=interest)
    new = changed(
        position,
        rows=rows,
        interest_due_total_minor=position.interest_due_total_minor + interest,
        interest_paid_total_minor=position.interest_paid_total_minor + interest,
        accrual_base_minor=running_interest_minor(position) - interest,
        accrual_minor=position.accrual_minor - interest,
        accrual_from=position.as_of,
        period_weight=0,
        period_closed_minor=0,
        deferred_minor=0,
        **funder_part(position, spent),
    )
    return Paid(new, allocation + spent, left - interest)


def paid_off(paid: Paid, payoff: Payoff) -> Paid:
    """Return the loan with all of it paid: principal, interest so far, the fee; what had fallen due is paid before."""
    position, allocation, left = paid
    spent = Allocation(
        fee_minor=payoff.prepayment_fee_minor,
        interest_minor=payoff.interest_minor,
        principal_minor=payoff.principal_minor,
        prepaid_minor=payoff.principal_minor,
    )
    changes = {
        "rows": (),
        "principal_minor": 0,
        "principal_paid_total_minor": position.principal_paid_total_minor + payoff.principal_minor,
        "interest_due_total_minor": position.interest_due_total_minor + payoff.interest_minor,
        "interest_paid_total_minor": position.interest_paid_total_minor + payoff.interest_minor,
        "fee_charged_total_minor": position.fee_charged_total_minor + payoff.prepayment_fee_minor,
        "fee_paid_total_minor": position.fee_paid_total_minor + payoff.prepayment_fee_minor,
    }
    new = changed(position, **changes, **funder_part(position, spent), **NO_LINE)
    return Paid(new, allocation + spent, left - payoff.claims_minor)


_ALL_DUE = Text("已全部到期，请按还款登记", "has nothing to prepay: all has fallen due; record a repayment")
