"""What secures a loan: what was agreed, and every change of it that still holds."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from puhui.kernel.facts import Fact
from puhui.lending.agreement import agreement_of
from puhui.lending.collateral import after, value_minor
from puhui.lending.facts import read_body
from puhui.lending.fold import reversed_by, standing_facts


def securing(facts: Sequence[Fact]) -> tuple[Any, ...]:
    """Return the items that secure a loan, from all its facts, the agreement first; refuse COLLATERAL_UNKNOWN."""
    items: tuple[Any, ...] = agreement_of(facts[0].body).collateral
    for fact in standing_facts(facts):
        if fact.kind in _SECURES:
            items = after(items, read_body(fact.kind, fact.body))
    return items


def secured_minor(facts: Sequence[Fact], day: date) -> int:
    """Return what all that secures a loan is worth on a day, minor units."""
    return sum(value_minor(item, day) for item in securing(facts))


def taken_back(facts: Sequence[Fact], fact: Fact) -> tuple[Fact, ...]:
    """Return what a reversal takes back, and, where that is a reversal too, what that one took back, to the first."""
    known = {each.id: each for each in facts}
    chain: list[Fact] = []
    while reversed_by(fact):
        fact = known[reversed_by(fact)]
        chain.append(fact)
    return tuple(chain)


_SECURES = frozenset({"collateral"})
