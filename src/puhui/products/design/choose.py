"""Three to five plans out of many: the best of each goal among those that are lawful and fit.

Plans are walked from the best down; the first that passes the rules for at least one kind of lender is the plan of
that goal. A plan that earns several titles is shown once, with all of them.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from puhui.kernel.language import Text
from puhui.kernel.rates import PPM
from puhui.products.annual_cost_plan import PlanCost, cost_of
from puhui.products.definition_fields import Definition
from puhui.products.design.candidates import Candidate, Figures, Option, in_order
from puhui.products.design.fit import Fit, fit_of, income_of, loads
from puhui.products.design.need import Need
from puhui.products.design.offered import LeftOut
from puhui.products.design.rules import LenderRules, rules_of, tags_of
from puhui.products.facts import financed_minor, offer_facts
from puhui.products.plan import Plan
from puhui.rulebook.book import Rulebook
from puhui.rulebook.subject import Subject


class Goal(NamedTuple):
    """What a plan may be best at: its title, and the key that is least for the best; `seasonal`: of such income."""

    title: Text
    key: Callable[[Figures], tuple[int, ...]]
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
        self._seen: dict[int, tuple[Candidate, PlanCost, dict[str, LenderRules]]] = {}

    def of(self, candidate: Candidate) -> tuple[PlanCost, tuple[LenderRules, ...]]:
        """Return the annual cost of a plan and what the rules say of it with each lender of the product."""
        _, cost, _ = self._known(candidate)
        return cost, tuple(self._each_lender(candidate))

    def lawful(self, candidate: Candidate) -> bool:
        """Return whether some lender of the product may make the plan."""
        return any(rules.ok for rules in self._each_lender(candidate))

    def _known(self, candidate: Candidate) -> tuple[Candidate, PlanCost, dict[str, LenderRules]]:
        if id(candidate) not in self._seen:
            # The candidate is kept with its answers, so that its id stays its own.
            self._seen[id(candidate)] = (candidate, cost_of(candidate.plan), {})
        return self._seen[id(candidate)]

    def _each_lender(self, candidate: Candidate) -> Iterator[LenderRules]:
        _, cost, said = self._known(candidate)
        for lender in candidate.definition.lenders:
            if lender not in said:
                said[lender] = self._rules(candidate, cost, lender)
            yield said[lender]

    def _rules(self, candidate: Candidate, cost: PlanCost, lender: str) -> LenderRules:
        need, definition = self._need, candidate.definition
        facts = {**offer_facts(definition, candidate.plan, cost, need.disbursed_on), **need.facts}
        subject = Subject(lender, tags_of(definition, candidate.plan), need.region.ljust(6, "0"))
        return rules_of(subject, facts, need.disbursed_on, rulebook=self._book, hard=self._hard)


# The limits of a wish: its end is in time, the cash at hand and the income of each month bear it.
LIMITS = ("months", "cash", "income")
UNLIMITED = 10**36


def keeping(need: Need, limits: Collection[str] = LIMITS) -> Callable[[Figures], bool]:
    """Return whether a plan keeps the limits of a wish, or some of them."""
    most_months = need.most_months if need.most_months is not None and "months" in limits else UNLIMITED
    most_cash_minor = need.cash_minor if "cash" in limits else UNLIMITED
    most_ppm = PPM if "income" in limits else UNLIMITED
    return lambda one: one.burden_ppm <= most_ppm and one.cash_minor <= most_cash_minor and one.months <= most_months


def best_of_each(need: Need, found: Sequence[Option], judge: Judge) -> Iterator[Proposal]:
    """Yield the best lawful plan of each goal, the same plan once with all its titles, in the order of GOALS."""
    keeps = keeping(need)
    possible = [one for one in found if keeps(one)]
    earned: dict[int, tuple[Candidate, list[str]]] = {}
    for name, goal in GOALS.items():
        if goal.seasonal and not need.is_seasonal:
            continue
        best = next((one for one in in_order(possible, goal.key, keeps) if judge.lawful(one)), None)
        if best is not None:
            earned.setdefault(id(best), (best, []))[1].append(name)
    for candidate, goals in earned.values():
        cost, rules = judge.of(candidate)
        yield Proposal(
            tuple(goals),
            candidate.definition,
            candidate.plan,
            cost,
            fit_of(candidate.plan, income_of(need)),
            candidate.own_minor,
            candidate.cash_minor,
            candidate.cost_minor,
            candidate.months,
            tuple(one for one in rules if one.ok),
        )
