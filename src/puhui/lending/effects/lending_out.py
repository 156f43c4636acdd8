"""Money lent: the first draw makes the plan, later ones make the rest of it anew."""

from puhui.kernel.dates import day_number, day_of_month
from puhui.kernel.language import Text
from puhui.kernel.rates import PPM
from puhui.kernel.rounding import round_div
from puhui.lending.agreement import Agreement
from puhui.lending.allocate import Allocation
from puhui.lending.balances import not_due_principal_minor
from puhui.lending.due_rows import next_span
from puhui.lending.effects.effect import AMOUNT_TOO_LARGE, Applied
from puhui.lending.facts import Disbursement
from puhui.lending.funder import lent
from puhui.lending.line import continued, task_of
from puhui.lending.plan_ahead import first_plan, method_of, relevelled
from puhui.lending.position import Due, Position, changed
from puhui.products.terms import FIRST_DUE_LATER, TERMS_INVALID, Fee


def disbursement(position: Position, body: Disbursement, agreement: Agreement) -> Applied:
    """Lend. Refuses AMOUNT_TOO_LARGE beyond what is agreed (a line: outstanding; else drawn in all).

    Refuses TERMS_INVALID where the plan can no longer be kept.
    """
    most = agreement.financed_minor if agreement.limit_minor is None else agreement.limit_minor
    used = position.principal_minor if method_of(agreement).is_line else position.drawn_minor
    if used + body.amount_minor > most:
        raise AMOUNT_TOO_LARGE.refuse("amount_minor", most_minor=most - used)
    draw = _drawn_again if position.drawn_minor else _drawn_first
    new = draw(position, body.amount_minor, agreement)
    if body.payee:
        deducted = new.fee_paid_total_minor - position.fee_paid_total_minor
        due = position.entrusted_due_minor + body.amount_minor - deducted
        new = changed(new, entrusted_due_minor=due)
    return Applied(new, Allocation())


def _drawn_first(position: Position, amount_minor: int, agreement: Agreement) -> Position:
    day, terms = position.as_of, agreement.terms
    if terms.first_due_on and day_number(terms.first_due_on) <= day:
        raise TERMS_INVALID.refuse("first_due_on", problem=FIRST_DUE_LATER)
    rows, upfront = first_plan(agreement, amount_minor, day)
    end, interest = next_span(rows)
    new = changed(
        position,
        status="active",
        drawn_minor=amount_minor,
        drawn_on=day,
        last_n=rows[0].n - 1,
        principal_minor=amount_minor,
        rows=rows,
        accrual_from=day,
        accrual_to=end,
        accrual_minor=interest,
        period_from=day,
        accrual_on_minor=amount_minor,
        due_day=terms.due_day or day_of_month(day_number(terms.first_due_on) if terms.first_due_on else day),
        every=terms.every,
        unit=terms.unit,
    )
    return _with_fees(new, list(zip(terms.fees, upfront, strict=True)))


def _drawn_again(position: Position, amount_minor: int, agreement: Agreement) -> Position:
    if not position.rows:
        raise TERMS_INVALID.refuse("instalments", problem=_PLAN_ENDED)
    balance = not_due_principal_minor(position) + amount_minor
    drawn = position.drawn_minor + amount_minor
    task = task_of(position, agreement, position.rows, balance, position.annual_rate_ppm, drawn)
    principal = position.principal_minor + amount_minor
    new = continued(
        position,
        agreement,
        relevelled(task),
        principal_minor=principal,
        drawn_minor=drawn,
        **lent(position, amount_minor),
    )
    rated = [fee for fee in agreement.terms.fees if fee.collect == "at_disbursement" and fee.rate_ppm is not None]
    rounding = agreement.terms.rounding
    return _with_fees(new, [(fee, int(round_div(amount_minor * (fee.rate_ppm or 0), PPM, rounding))) for fee in rated])


def _with_fees(position: Position, fees: list[tuple[Fee, int]]) -> Position:
    """Return the position with the fees at disbursement: deducted ones paid from the proceeds, others due at once.

    What is not deducted and goes to another payee is paid to it directly, outside the loan.
    """
    deducted = sum(amount for fee, amount in fees if fee.deducted)
    due = sum(amount for fee, amount in fees if not fee.deducted and fee.payee == "lender")
    if not deducted and not due:
        return position
    dues = (*position.dues, Due(0, position.as_of, 0, 0, due)) if due else position.dues
    charged = position.fee_charged_total_minor + deducted + due
    return changed(
        position,
        dues=dues,
        fee_charged_total_minor=charged,
        fee_paid_total_minor=position.fee_paid_total_minor + deducted,
    )


_PLAN_ENDED = Text("已全部到期，不能再放款", "have all fallen due: nothing more can be drawn")
