"""Three to five plans out of many: the best of each goal among those that are lawful and fit.

Plans are walked from the best down; the first that passes the rules for at least one kind of lender is the plan of
that goal. A plan that earns several titles is shown once, with all of them.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from puhui.kernel.language import Text
from puhui.products.annual_cost_plan import PlanCost, plan_cost
from puhui.products.definition_fields import Definition
from puhui.products.design.candidates import Candidate, LeftOut
from puhui.products.design.fit import Fit, fit_of, income_of, loads
from puhui.products.design.need import Need
from puhui.products.design.rules import LenderRules, rules_of, tags_of
from puhui.products.facts import financed_minor, offer_facts
from puhui.products.plan import Plan
from puhui.rulebook.book import Rulebook
from puhui.rulebook.subject import Subject


class Goal(NamedTuple):
    """What a plan may be best at: its title, and the key that is least for the best; `seasonal`: of such income."""

    title: Text
    key: Callable[[Candidate], tuple[int, ...]]
    seasonal: bool = False


GOALS: dict[str, Goal] = {
    "lowest_down": Goal(
        Text("首付最低", "lowest down payment"), lambda one: (one.own_minor, one.cost_minor, one.months)
    ),
    "lowest_instalment": Goal(
        Text("月供最低", "lowest instalment"), lambda one: (one.dearest_minor, one.cost_minor, one.own_minor)
    ),
    "cheapest": Goal(Text("总成本最低", "cheapest overall"), lambda one: (one.cost_minor, one.months, one.own_minor)),
    "fastest": Goal(Text("还清最快", "fastest"), lambda one: (one.months, one.cost_minor, one.own_minor)),
    "seasonal": Goal(
        Text("贴合收入季节", "seasonal"), lambda one: (one.burden_ppm, one.cost_minor, one.own_minor), seasonal=True
    ),
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """One plan proposed. `goals` are what it is best at; `rules` are those of the lenders that may make it."""

    goals: tuple[str, ...]
    definition: Definition
    plan: Plan
    cost: PlanCost
    fit: Fit
    own_minor: int
    cash_minor: int
    cost_minor: int
    months: int
    rules: tuple[LenderRules, ...]

    def __post_init__(self) -> None:
        assert self.goals, "a plan is proposed for what it is best at"
        assert self.rules, "a plan that no lender may make is never proposed"
        assert all(rules.ok for rules in self.rules), "a plan that breaks a hard rule is never made"

    @property
    def lenders(self) -> tuple[str, ...]:
        """The kinds of lender that may make it."""
        return tuple(rules.lender for rules in self.rules)

    @property
    def lent_minor(self) -> int:
        """What is lent, minor units."""
        return financed_minor(self.plan)

    @property
    def dearest_minor(self) -> int:
        """The most that falls due in one month."""
        return max(loads(self.plan).values())

    def as_dict(self) -> dict[str, Any]:
        """Return the plan for JSON, with its rows."""
        return {
            "goals": list(self.goals),
            "titles": [GOALS[goal].title._asdict() for goal in self.goals],
            "product": self.definition.id,
            "product_title": self.definition.name._asdict(),
            "version": self.definition.version,
            "terms": self.plan.terms.model_dump(mode="json", exclude_defaults=True),
            "own_minor": self.own_minor,
            "cash_needed_minor": self.cash_minor,
            "lent_minor": self.lent_minor,
            "months": self.months,
            "instalment_minor": {"most_in_a_month": self.dearest_minor},
            "total_cost_minor": self.cost_minor,
            "annual_cost": self.cost.as_dict(),
            "fit": self.fit.as_dict(),
            "lenders": list(self.lenders),
            "rules": [rules.as_dict() for rules in self.rules],
            "rows": [row._asdict() for row in self.plan.rows],
        }


@dataclass(frozen=True, slots=True)
class Design:
    """The answer to one wish: the plans, and the products that were left out."""

    need: Need
    proposals: tuple[Proposal, ...]
    left_out: tuple[LeftOut, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the design for JSON."""
        return {
            "need": self.need.model_dump(mode="json"),
            "plans": [proposal.as_dict() for proposal in self.proposals],
            "left_out": [{"product": one.product, "why": one.why._asdict()} for one in self.left_out],
        }


class Judge:
    """Holds plans against the rules of one day, each once."""

    def __init__(self, need: Need, book: Rulebook, hard: Collection[str] = ()) -> None:
        self._need, self._book, self._hard = need, book, hard
        self._seen: dict[int, tuple[Candidate, PlanCost, tuple[LenderRules, ...]]] = {}

    def of(self, candidate: Candidate) -> tuple[PlanCost, tuple[LenderRules, ...]]:
        """Return the annual cost of a plan and what the rules say of it with each lender of the product."""
        known = self._seen.get(id(candidate))
        if known is None:
            cost = plan_cost(candidate.plan)
            lenders = candidate.offered.definition.lenders
            rules = tuple(self._rules(candidate, cost, lender) for lender in lenders)
            # The candidate is kept with its answer, so that its id stays its own.
            known = self._seen[id(candidate)] = (candidate, cost, rules)
        return known[1], known[2]

    def lawful(self, candidate: Candidate) -> bool:
        """Return whether some lender of the product may make the plan."""
        return any(rules.ok for rules in self.of(candidate)[1])

    def _rules(self, candidate: Candidate, cost: PlanCost, lender: str) -> LenderRules:
        need, definition = self._need, candidate.offered.definition
        facts = {**offer_facts(definition, candidate.plan, cost, need.disbursed_on), **need.facts}
        subject = Subject(lender, tags_of(definition, candidate.plan), need.region.ljust(6, "0"))
        return rules_of(subject, facts, need.disbursed_on, rulebook=self._book, hard=self._hard)


def is_fitting(need: Need, one: Candidate) -> bool:
    """Return whether a plan fits the income under stress and ends within the months wished."""
    return one.fits and (need.most_months is None or one.months <= need.most_months)


def best_of_each(need: Need, found: list[Candidate], judge: Judge) -> Iterator[Proposal]:
    """Yield the best lawful plan of each goal, the same plan once with all its titles, in the order of GOALS."""
    earned: dict[int, tuple[Candidate, list[str]]] = {}
    for name, goal in GOALS.items():
        if goal.seasonal and not need.is_seasonal:
            continue
        best = next((one for one in sorted(found, key=goal.key) if judge.lawful(one)), None)
        if best is not None:
            earned.setdefault(id(best), (best, []))[1].append(name)
    for candidate, goals in earned.values():
        cost, rules = judge.of(candidate)
        yield Proposal(
            tuple(goals),
            candidate.offered.definition,
            candidate.plan,
            cost,
            fit_of(candidate.plan, income_of(need)),
            candidate.own_minor,
            candidate.cash_minor,
            candidate.cost_minor,
            candidate.months,
            tuple(one for one in rules if one.ok),
        )
