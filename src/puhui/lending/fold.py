"""The position of a loan: a pure fold over its facts.

    begin -> advance to the day of the first fact -> apply it -> advance to the next ...

`apply` serves what happens in order. A fact that takes effect before the position's day, and a reversal, are applied
by folding all facts anew: then the loan stands as if everything had been known in time.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from puhui.kernel.dates import day_number, to_date
from puhui.kernel.facts import Fact
from puhui.kernel.refusals import declare
from puhui.lending.agreement import Agreement, agreement_of
from puhui.lending.effects import changes, charges, lending_out, money_in, others_pay, settling, standing
from puhui.lending.effects.effect import Applied, Effect
from puhui.lending.facts import read_body
from puhui.lending.late import late_rate_of
from puhui.lending.passing import advance
from puhui.lending.position import Position, Status

__all__ = ["Applied", "advance", "apply", "begin", "fold", "in_order"]

LOAN_STATUS = declare(
    "LOAN_STATUS",
    409,
    "贷款状态为 {status}，不能登记 {kind}。",
    "The loan is {status}: {kind} cannot be recorded.",
)
BEFORE_AGREEMENT = declare(
    "BEFORE_AGREEMENT",
    422,
    "{day} 早于合同日 {agreed_on}，请更正 {field}。",
    "{day} is before the agreement of {agreed_on}: correct {field}.",
)
FACT_NOT_HERE = declare(
    "FACT_NOT_HERE",
    422,
    "本笔贷款没有可冲销的事实 {value}。请核对编号；合同本身不能冲销。",
    "This loan has no fact {value} to reverse. Check the id; the agreement itself cannot be reversed.",
)


def begin(agreement: Agreement) -> Position:
    """Return the position on the day of the agreement: nothing lent yet."""
    servicing, terms = agreement.servicing, agreement.terms
    return Position(
        as_of=day_number(agreement.agreed_on),
        annual_rate_ppm=terms.annual_rate_ppm,
        grace_days=servicing.grace_days,
        compounds=servicing.compounds,
        late_rate_ppm=late_rate_of(agreement, terms.annual_rate_ppm, interest_runs=True),
        late_day_base=365 if terms.day_count in ("act/365", "act/act") else 360,
        every=terms.every,
        unit=terms.unit,
        funder=agreement.funder,
        funder_share_ppm=agreement.funder_share_ppm,
    )


_ACTIVE: frozenset[Status] = frozenset({"active"})
_OPEN: frozenset[Status] = frozenset({"agreed", "active"})
_LENT: frozenset[Status] = frozenset({"active", "closed", "written_off", "cancelled"})

# What each kind of fact does, and the states of a loan in which it can happen.
EFFECTS: dict[str, tuple[Effect, frozenset[Status]]] = {
    "disbursement": (lending_out.disbursement, _OPEN),
    "repayment": (money_in.repayment, _ACTIVE),
    "prepayment": (money_in.prepayment, _ACTIVE),
    "fee": (charges.fee, _ACTIVE),
    "penalty": (charges.penalty, _ACTIVE),
    "waiver": (charges.waiver, _ACTIVE),
    "rate_reset": (changes.rate_reset, _OPEN),
    "due_day_change": (changes.due_day_change, _ACTIVE),
    "skip": (changes.skip, _ACTIVE),
    "restructure": (changes.restructure, _ACTIVE),
    "subsidy": (others_pay.subsidy, frozenset({"active", "closed"})),
    "compensation": (others_pay.compensation, _ACTIVE),
    "settlement": (settling.settlement, _LENT),
    "refund": (settling.refund, _LENT),
    "assignment": (standing.assignment, _OPEN),
    "write_off": (standing.write_off, _ACTIVE),
    "recovery": (standing.recovery, frozenset({"written_off"})),
    "classification": (standing.classification, frozenset({"agreed", "active", "closed", "written_off"})),
    "cancellation": (standing.cancellation, _ACTIVE),
}

# Facts that say nothing of the position: evidence, and what secures the loan (see `collateral.py`).
WITHOUT_EFFECT = frozenset({"allocation", "collateral"})
REVERSING = frozenset({"reversal"})


def _no_effect(position: Position, _: Any, __: Agreement) -> Applied:
    """A second agreement: none is possible."""
    return Applied(position)


_NEVER: tuple[Effect, frozenset[Status]] = (_no_effect, frozenset())


def apply(position: Position, fact: Fact, agreement: Agreement) -> Applied:
    """Return the position after a fact, time first brought to its effective day, and where its money went.

    Only for facts `in_order`. Refuses FACT_UNKNOWN, INPUT_INVALID, BEFORE_AGREEMENT, LOAN_STATUS, and what its kind
    refuses (`effects`).
    """
    body = read_body(fact.kind, fact.body)
    _not_before(agreement, fact.effective_on, "effective_on")
    assert in_order(position, fact), "a back-dated fact or a reversal: fold the facts anew"
    position = advance(position, day_number(fact.effective_on), agreement)
    if fact.kind in WITHOUT_EFFECT:
        return Applied(position)
    effect, statuses = EFFECTS.get(fact.kind, _NEVER)
    if position.status not in statuses:
        raise LOAN_STATUS.refuse("status", status=position.status, kind=fact.kind)
    return effect(position, body, agreement)


def _not_before(agreement: Agreement, day: date, field: str) -> None:
    if day < agreement.agreed_on:
        raise BEFORE_AGREEMENT.refuse(field, day=day.isoformat(), agreed_on=agreement.agreed_on.isoformat())


def in_order(position: Position, fact: Fact) -> bool:
    """Return whether `apply` may apply the fact: it takes effect on `as_of` or later, and reverses nothing."""
    return day_number(fact.effective_on) >= position.as_of and fact.kind not in REVERSING


def fold(facts: Sequence[Fact], as_of: int) -> Position:
    """Return the position at the end of day `as_of` (a day number) from all facts recorded, in any order.

    facts[0] is the agreement. Reversed facts are left out, and those effective later; the others apply by effective
    day, then in the order they were recorded. Refuses FACT_NOT_HERE, BEFORE_AGREEMENT (as_of), what `apply` refuses.
    """
    agreement = agreement_of(facts[0].body)
    _not_before(agreement, to_date(as_of), "as_of")
    position = begin(agreement)
    for fact in standing_facts(facts):
        if day_number(fact.effective_on) <= as_of:
            position = apply(position, fact, agreement).position
    return advance(position, as_of, agreement)


def standing_facts(facts: Sequence[Fact]) -> list[Fact]:
    """Return the facts after the agreement that still hold, in the order in which they take effect.

    A reversal that was itself reversed reverses nothing. Refuses FACT_NOT_HERE.
    """
    known = {fact.id: fact for fact in facts[1:]}
    gone: set[str] = set()
    for fact in sorted(facts[1:], key=_sequence, reverse=True):
        reversed_id = reversed_by(fact)
        if not reversed_id or fact.id in gone:
            continue
        target = known.get(reversed_id)
        if target is None or target.sequence >= fact.sequence or reversed_id in gone:
            raise FACT_NOT_HERE.refuse("fact", value=reversed_id)
        gone.add(reversed_id)
    held = [fact for fact in facts[1:] if fact.id not in gone and not reversed_by(fact)]
    return sorted(held, key=lambda fact: (fact.effective_on, fact.sequence))


def reversed_by(fact: Fact) -> str:
    """Return the id of the fact that this one reverses, "" if it reverses none."""
    return str(fact.body["fact"]) if fact.kind in REVERSING else ""


def _sequence(fact: Fact) -> int:
    return fact.sequence
