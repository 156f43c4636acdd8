"""Classify: the store is told of the loans whose class, stage or accrual the day changed, by a fact each."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from puhui.kernel.dates import day_number
from puhui.kernel.facts import Fact
from puhui.kernel.ids import new_id
from puhui.lending.agreement import agreement_of
from puhui.lending.fold import apply
from puhui.rulebook.operators import CLASSES
from puhui.workflows.store import Loan


def classified(loan: Loan, told: Mapping[str, int], day: date, actor: str, at: datetime) -> tuple[Loan, Fact]:
    """Return the loan after the day's classification, booked through it, and the fact that says so.

    told: category (place in CLASSES), stage, accruing. The loan's position must not be later than the day.
    """
    body = {
        "category": CLASSES[told["category"]],
        "stage": int(told["stage"]),
        "accruing": bool(told["accruing"]),
    }
    fact = Fact(new_id("fact"), loan.id, loan.sequence + 1, "classification", day, at, body, actor=actor)
    position = apply(loan.position, fact, agreement_of(loan.agreement)).position
    booked_on = max(loan.booked_on, day_number(day))
    return replace(loan, position=position, sequence=fact.sequence, booked_on=booked_on), fact


def is_known(loan: Loan, told: Mapping[str, int]) -> bool:
    """Return whether the store knows the class, stage and accrual of a loan already."""
    held = (loan.position.category, loan.position.stage, loan.position.accruing)
    return held == (CLASSES[told["category"]], told["stage"], bool(told["accruing"]))
