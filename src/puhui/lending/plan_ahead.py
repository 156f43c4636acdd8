"""The plan of what is left of a loan, made anew: after a draw, a prepayment, a new rate, new dates.

A slot is a Row whose amounts are the old ones (the pattern of the plan) or 0 where it is new. One registry line a
repayment method says how its rest is planned: most by the formulas of `products.kinds` themselves.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from puhui.kernel.dates import day_number, to_date
from puhui.kernel.rates import PPM
from puhui.kernel.refusals import declare
from puhui.kernel.rounding import round_div
from puhui.lending.agreement import Agreement
from puhui.lending.period import Stub
from puhui.lending.position import Row
from puhui.products.calculation import Calculation, Parts, Values, pay_principal, pay_totals, share_principal
from puhui.products.due_dates import Dates
from puhui.products.kinds import kind_of
from puhui.products.schedule import rows_of, values_of
from puhui.products.terms import Grace, Terms

NEVER_PAID_OFF = declare(
    "NEVER_PAID_OFF",
    422,
    "{field} 须大于首期利息 {interest_minor} 分，否则永远还不清。",
    "{field} must be more than the first interest of {interest_minor} minor units, or the loan is never paid off.",
)

_NO_DATES = Dates([], [], [], [], 1)


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be planned: `balance_minor` not yet due over the slots, at `rate_ppm`.

    before_ppm: the rate that the slots' interest was planned at. stub: the first slot's period has begun.
    deferred_minor: interest of earlier periods that the first collecting slot takes along. drawn_minor, from_on: what
    fees of the principal are reckoned on, and the day after which fees on a date are still to come.
    """

    agreement: Agreement
    slots: tuple[Row, ...]
    balance_minor: int
    rate_ppm: int
    before_ppm: int = 0
    stub: Stub | None = None
    deferred_minor: int = 0
    drawn_minor: int = 0
    from_on: int = 0


class Amounts(NamedTuple):
    """Principal by slot, and interest by slot as it falls due."""

    principal: list[int]
    interest: list[int]


class Method(NamedTuple):
    """How the rest of a repayment method is planned.

    keeps_total: its instalments are amounts agreed in all, interest included. keeps_interest: its interest does not
    follow the balance day by day. is_line: it may be drawn again, and lasts to its last day.
    """

    rest: Callable[[Task], Amounts]
    keeps_total: bool = False
    keeps_interest: bool = False
    is_line: bool = False


def relevelled(task: Task) -> tuple[Row, ...]:
    """Return the slots planned anew by the method of the loan, as many as there are."""
    return _filled(task, method_of(task.agreement).rest(task) if task.balance_minor else _nothing_left(task))


def shortened(task: Task) -> tuple[Row, ...]:
    """Return the slots with their instalments kept, until the balance is paid; the rest of them falls away."""
    return _without_empty(task, _kept(task) if task.balance_minor else _nothing_left(task))


def _without_empty(task: Task, amounts: Amounts) -> tuple[Row, ...]:
    """Return the slots filled, without those at the end that have nothing to pay; the last collects."""
    owing = [place for place, parts in enumerate(zip(*amounts, strict=True)) if any(parts)]
    last = owing[-1] + 1 if owing else 0
    if last == len(task.slots) or not last:
        return _filled(task, amounts)[:last]
    slots = (*task.slots[: last - 1], task.slots[last - 1]._replace(collects=1))
    return _filled(replace(task, slots=slots), Amounts(amounts.principal[:last], amounts.interest[:last]))


def kept(task: Task) -> tuple[Row, ...]:
    """Return the slots with their instalments kept; the last takes the difference."""
    return _filled(task, _kept(task) if task.balance_minor else _nothing_left(task))


def until_paid(task: Task, instalment_minor: int) -> tuple[Row, ...]:
    """Return as many of the slots as instalments of that amount need; refuse NEVER_PAID_OFF.

    Where all slots are needed the last takes the difference.
    """
    parts = pay_totals(_ungraced(task), [instalment_minor] * len(task.slots))
    if any(interest >= instalment_minor for interest in parts.interest[:1]):
        raise NEVER_PAID_OFF.refuse("instalment_minor", interest_minor=parts.interest[0])
    slots = tuple(slot._replace(collects=1) for slot in task.slots)
    return _without_empty(replace(task, slots=slots), _collected(replace(task, slots=slots), parts))


def credited(task: Task, credit_minor: int) -> tuple[Row, ...]:
    """Return the slots when `credit_minor`, paid already, counts against the instalments that come next.

    At least the interest of each is paid. Where principal is agreed, not totals, the credit is taken from it.
    """
    if not task.balance_minor:
        return _filled(task, _nothing_left(task))
    if not _keeps_totals(task):
        return _filled(task, _kept(task, _less(credit_minor, [slot.principal_minor for slot in task.slots])))
    calculation = _ungraced(task)
    totals, credit, balance = [], credit_minor, task.balance_minor
    for period, slot in enumerate(task.slots):
        interest = int(calculation.interest(balance, period))
        total = slot.principal_minor + slot.interest_minor
        pays = max(interest, total - credit)
        credit -= max(0, total - pays)
        balance -= min(balance, pays - interest)
        totals.append(pays)
    return _filled(task, _collected(task, pay_totals(calculation, totals)))


def _less(credit_minor: int, amounts: list[int]) -> list[int]:
    """Return the amounts less the credit, which the first of them use up first."""
    left = []
    for amount in amounts:
        used = min(credit_minor, amount)
        credit_minor -= used
        left.append(amount - used)
    return left


def method_of(agreement: Agreement) -> Method:
    """Return how the rest of the loan's repayment method is planned; unknown ones keep their proportions."""
    return METHODS.get(agreement.terms.method, Method(_by_pattern))


def first_plan(agreement: Agreement, principal_minor: int, day: int) -> tuple[tuple[Row, ...], list[int]]:
    """Return the rows of the first draw on a day, as `products.schedule` plans them, and its fees at disbursement.

    Row numbers are those of the schedule: a down payment is row 1 there, and no part of the loan.
    """
    terms = own_terms(agreement, principal_minor, day)
    plan = rows_of(terms, values_of(terms), kind_of(terms))
    first_n = 2 if agreement.terms.down_payment_ppm else 1
    collects = _collects(terms, plan.parts)
    columns = (plan.due, plan.principal, plan.interest, plan.fee, plan.calculation.numerators, collects)
    rows = map(Row._make, zip(range(first_n, first_n + len(plan.due)), *columns, strict=True))
    return tuple(rows), [int(amount) for amount in plan.upfront]


def own_terms(agreement: Agreement, principal_minor: int, day: int) -> Terms:
    """Return the terms for a first draw of `principal_minor` on a day: the down payment is paid, draws are facts."""
    changes: dict[str, Any] = {
        "principal_minor": principal_minor,
        "disbursed_on": to_date(day),
        "down_payment_ppm": 0,
        "movements": (),
    }
    return agreement.terms.model_copy(update=changes)


def _collects(terms: Terms, parts: Parts) -> list[int]:
    """Return, by period, whether its interest falls due with it; while none has accrued there is none to defer."""
    flags, so_far = [], 0
    for period, interest in enumerate(parts.interest):
        so_far += interest
        collects = period >= terms.grace.interest_payment and (parts.collects is None or parts.collects[period])
        flags.append(1 if collects or not so_far else 0)
    return flags


def calculation_of(task: Task, terms: Terms | None = None) -> Calculation:
    """Return the Calculation of the rest: the first rate is such that balance x rate = interest of the begun period.

    Rates and unit are then multiplied by days x balance, to stay whole.
    """
    agreement, balance, rate = task.agreement, task.balance_minor, task.rate_ppm
    numerators = [slot.numerator for slot in task.slots]
    unit, rates, stub = agreement.rate_unit, [rate * numerator for numerator in numerators], task.stub
    if stub is not None:
        scale = stub.days * balance
        weight = stub.weight + balance * rate * stub.left_days
        first = stub.closed_minor * unit * stub.days + weight * numerators[0]
        rates = [first, *(each * scale for each in rates[1:])]
        unit *= scale
    terms = terms or agreement.terms
    values = Values(balance, rate, 0, balloon_minor=min(balance, agreement.terms.balloon_minor or 0))
    wide = [False] * len(numerators)
    return Calculation(terms, balance, rate, numerators, unit, rates, wide, _NO_DATES, values, terms.rounding)


# --- by repayment method --------------------------------------------------------------------------


def _fresh(task: Task) -> Amounts:
    """By the method's own formula; slots at the start without principal stay so."""
    terms = task.agreement.terms
    changes: dict[str, Any] = {"grace": _grace_of(task), "instalments": len(task.slots)}
    if terms.amortisation_instalments is not None:
        changes["amortisation_instalments"] = len(task.slots) + terms.amortisation_instalments - terms.instalments
    own = terms.model_copy(update=changes)
    return _collected(task, _plan_of(task)(calculation_of(task, own)))


def _grace_of(task: Task) -> Grace:
    """Return the grace of principal that is left: slots at the start without any."""
    return Grace(principal=next((place for place, slot in enumerate(task.slots) if slot.principal_minor), 0))


def _plan_of(task: Task) -> Callable[[Calculation], Parts]:
    return kind_of(task.agreement.terms).plan


def _at_the_end(task: Task) -> Amounts:
    """All principal with the last."""
    return _collected(task, pay_principal(calculation_of(task), [0] * len(task.slots)))


def _by_pattern(task: Task) -> Amounts:
    """Principal in the proportions that the slots have; all with the last where they have none."""
    calculation = calculation_of(task)
    weights = [slot.principal_minor for slot in task.slots]
    weights[-1] += not any(weights)
    return _collected(task, pay_principal(calculation, share_principal(calculation, weights)))


def _in_proportion(task: Task) -> Amounts:
    """Instalments in the proportions that the slots have, scaled so as to clear the balance."""
    calculation = calculation_of(task)
    totals = [slot.principal_minor + slot.interest_minor if slot.principal_minor else 0 for slot in task.slots]
    totals[-1] += not any(totals)
    grown, weighted, units = task.balance_minor, 0, 1
    for rate, total in zip(calculation.rates, totals, strict=True):
        if not total:
            # Nothing but interest is paid: the balance stays.
            weighted *= calculation.unit
            grown *= calculation.unit
            units *= calculation.unit
            continue
        growth = calculation.unit + rate
        units *= calculation.unit
        grown, weighted = grown * growth, weighted * growth + total * units
    scaled = [int(round_div(grown * total, weighted, calculation.rounding)) for total in totals]
    own = task.agreement.terms.model_copy(update={"grace": _grace_of(task)})
    return _collected(task, pay_totals(calculation_of(task, own), scaled))


def _flat(task: Task) -> Amounts:
    """Interest on an amount that shrinks, or grows, as the balance and the rate do."""
    before = sum(slot.principal_minor for slot in task.slots) * task.before_ppm
    if not before or not any(slot.interest_minor for slot in task.slots):
        return _flat_anew(task)
    return Amounts(_by_pattern(task).principal, _scaled(task, before))


def _scaled(task: Task, before: int) -> list[int]:
    """Return the interest of the slots from today on times balance x rate over `before`; what is done stays."""
    after, rounding = task.balance_minor * task.rate_ppm, task.agreement.terms.rounding
    done, interest = task.stub.done_minor if task.stub else 0, []
    for slot in task.slots:
        rest = max(0, slot.interest_minor - done) if slot.collects else 0
        interest.append(int(round_div(rest * after, before, rounding)) + (done if slot.collects else 0))
        done = 0 if slot.collects else done
    return interest


def head_of(task: Task, principal_minor: int) -> tuple[Row, int]:
    """Return the first slot with `principal_minor` left, the balance of the task bearing interest to its end.

    The second: interest that later slots take along, where this one collects none.
    """
    slot, agreement = task.slots[0], task.agreement
    before = sum(each.principal_minor for each in task.slots) * task.before_ppm
    if method_of(agreement).keeps_interest:
        interest = _scaled(task, before)[0] if before else 0
    else:
        rate, unit, rounding = task.balance_minor * task.rate_ppm, agreement.rate_unit, agreement.terms.rounding
        stub = task.stub or Stub(0, 0, 0, 1, 1)
        interest = task.deferred_minor + stub.interest_minor(rate, slot.numerator, unit, rounding)
    taken = interest if slot.collects else 0
    return slot._replace(principal_minor=principal_minor, interest_minor=taken), interest - taken


def _flat_anew(task: Task) -> Amounts:
    slots, stub = task.slots, task.stub
    plain = Task(task.agreement, slots, task.balance_minor, task.rate_ppm)
    own = task.agreement.terms.model_copy(update={"grace": _grace_of(task)})
    parts = _plan_of(task)(calculation_of(plain, own))
    if stub is not None:
        rest = int(round_div(parts.interest[0] * stub.left_days, stub.days, own.rounding))
        parts.interest[0] = stub.done_minor + rest
        return _collected(Task(task.agreement, slots, task.balance_minor, task.rate_ppm), parts)
    return _collected(task, parts)


METHODS: dict[str, Method] = {
    "annuity": Method(_fresh, keeps_total=True),
    "balloon": Method(_fresh, keeps_total=True),
    "step": Method(_in_proportion, keeps_total=True),
    "equal_principal": Method(_fresh),
    "flat": Method(_flat, keeps_interest=True),
    "interest_only": Method(_at_the_end),
    "bullet": Method(_at_the_end),
    "revolving": Method(_at_the_end, is_line=True),
    "custom": Method(_by_pattern),
    "seasonal": Method(_by_pattern),
}


# --- common ---------------------------------------------------------------------------------------


def _keeps_totals(task: Task) -> bool:
    return method_of(task.agreement).keeps_total and all(slot.collects for slot in task.slots)


def _ungraced(task: Task) -> Calculation:
    return calculation_of(task, task.agreement.terms.model_copy(update={"grace": Grace()}))


def _kept(task: Task, principal: list[int] | None = None) -> Amounts:
    """Instalments, or principal, as the slots have them, until the balance is paid."""
    calculation = _ungraced(task)
    if principal is None and _keeps_totals(task):
        totals = [slot.principal_minor + slot.interest_minor if slot.principal_minor else 0 for slot in task.slots]
        return _collected(task, pay_totals(calculation, totals))
    kept = pay_principal(calculation, principal or [slot.principal_minor for slot in task.slots])
    method = method_of(task.agreement)
    return Amounts(kept.principal, method.rest(task).interest) if method.keeps_interest else _collected(task, kept)


def _collected(task: Task, parts: Parts) -> Amounts:
    """Return the parts with interest as it falls due: what is deferred comes with the next slot that collects."""
    interest, carried = [], task.deferred_minor
    for slot, part in zip(task.slots, parts.interest, strict=True):
        carried += int(part)
        interest.append(carried if slot.collects else 0)
        carried = 0 if slot.collects else carried
    return Amounts([int(amount) for amount in parts.principal], interest)


def _nothing_left(task: Task) -> Amounts:
    """No balance: what interest there is so far, with the first slot that collects."""
    stub, slots, agreement = task.stub, task.slots, task.agreement
    owed = task.deferred_minor
    if stub is not None and slots:
        own = stub.interest_minor(0, slots[0].numerator, agreement.rate_unit, agreement.terms.rounding)
        owed = stub.done_minor if method_of(agreement).keeps_interest else owed + own
    first = next((place for place, slot in enumerate(slots) if slot.collects), 0)
    return Amounts([0] * len(slots), [owed if place == first else 0 for place in range(len(slots))])


def _filled(task: Task, amounts: Amounts) -> tuple[Row, ...]:
    """Return the slots with their new amounts, fees with them."""
    fees = _fees(task, amounts.principal) if task.agreement.terms.fees else [0] * len(task.slots)
    return tuple(
        Row(slot.n, slot.due_on, principal, interest, fee, slot.numerator, slot.collects)
        for slot, principal, interest, fee in zip(task.slots, *amounts, fees, strict=True)
    )


def _fees(task: Task, principal: list[int]) -> list[int]:
    """Return the fees by slot, as the terms have them: of the balance before it, of what was drawn, or on a date."""
    terms, balance, before, fees = task.agreement.terms, task.balance_minor, task.from_on, []
    last = len(task.slots) - 1
    for place, (slot, paid) in enumerate(zip(task.slots, principal, strict=True)):
        fee_minor = 0
        for fee in terms.fees:
            charged = day_number(fee.charged_on) if fee.charged_on else 0
            on_date = before < charged and (charged <= slot.due_on or place == last)
            if fee.collect == "each_instalment" or on_date:
                base = balance if fee.base == "outstanding" else task.drawn_minor
                rated = int(round_div(base * (fee.rate_ppm or 0), PPM, terms.rounding))
                fee_minor += rated if fee.amount_minor is None else fee.amount_minor
        fees.append(fee_minor)
        balance, before = balance - paid, slot.due_on
    return fees
