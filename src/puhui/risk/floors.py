"""What the law says of classes and stages on a day, read from the rulebook: nothing of it is written in code."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from puhui.kernel.columns import Ints, choose
from puhui.rulebook.book import Comparison, CompiledRule, Demand, Rulebook
from puhui.rulebook.operators import CLASSES

# (days that must be exceeded, place in CLASSES), in ascending order.
Steps = tuple[tuple[int, int], ...]

_OVERDUE = ("CLS.SM", "CLS.SUB", "CLS.DBT", "CLS.LOSS")


@dataclass(frozen=True, slots=True)
class Floors:
    """The least class and stage that the rules of a day demand; classes are places in CLASSES.

    overdue, card: by days past due. technical_days: up to so many days a technical delay stays without the first
    step. impaired: of stage 3. debtor: of every claim on a debtor of whose claims more than debtor_share_ppm are
    non-performing. restructured, restructured_npl: under an observation of restructured_months.
    second_stage_days, third_stage_days: past due by more is at least stage 2, stage 3.
    """

    overdue: Steps
    card: Steps
    technical_days: int
    impaired: int
    debtor: int
    debtor_share_ppm: int
    restructured: int
    restructured_npl: int
    restructured_months: int
    second_stage_days: int
    third_stage_days: int


def floors_on(day: date, rulebook: Rulebook) -> Floors:
    """Return the floors of a day. A rule that is not in force yet counts as it first stood: prudent, never milder.

    Refuses RULE_UNKNOWN, and LIMIT_NOT_FIXED where a rule no longer states a fixed limit.
    """
    read = _Reader(rulebook, day)
    debtor, stage_2, stage_3 = read.demand("CLS.DEBTOR10"), read.demand("IFRS9.30DPD"), read.demand("IFRS9.90DPD")
    own, npl = read.demand("CLS.RESTRUCT", 0), read.demand("CLS.RESTRUCT", 1)
    return Floors(
        overdue=tuple((read.above(read.demand(rule)), read.category(read.demand(rule))) for rule in _OVERDUE),
        card=tuple((days, CLASSES.index(name)) for days, name in read.limit("CLS.CARD", "risk_class")),
        technical_days=read.most(read.demand("CLS.SM"), "dpd_days"),
        impaired=read.category(read.demand("CLS.IMPAIRED")),
        debtor=read.category(debtor),
        debtor_share_ppm=read.above(debtor, "debtor_npl_share_ppm"),
        restructured=read.category(own),
        restructured_npl=read.category(npl),
        restructured_months=read.limit("CLS.RESTRUCT", "observation_months"),
        second_stage_days=read.above(stage_2),
        third_stage_days=read.above(stage_3),
    )


def overdue_floor(past_due_days: Ints, steps: Steps) -> Ints:
    """Return the least class (place in CLASSES) for so many days past due: that of the highest bound exceeded.

    >>> overdue_floor(91, ((0, 1), (90, 2), (270, 3), (360, 4)))
    2
    """
    category = past_due_days * 0
    for above_days, least in steps:
        category = choose(past_due_days > above_days, least, category)
    return category


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the limits of rules by what they compare, on a day."""

    rulebook: Rulebook
    day: date

    def on(self, rule: CompiledRule) -> date:
        """Return the day to read a rule on: not before it is in force."""
        return max(self.day, rule.starts_on)

    def demand(self, rule_id: str, place: int = 0) -> Demand:
        """Return a demand of a rule."""
        return self.rulebook.rule(rule_id).demands[place]

    def limit(self, rule_id: str, metric: str) -> Any:
        """Return a limit of a rule, refused by the rulebook when it is not fixed."""
        return self.rulebook.limit(rule_id, self.on(self.rulebook.rule(rule_id)), metric)

    def category(self, demand: Demand) -> int:
        """Return the class that a demand asks for."""
        return CLASSES.index(demand.limit.fixed(self.day))

    def above(self, demand: Demand, metric: str = "dpd_days") -> int:
        """Return the figure that must be exceeded for a demand to hold."""
        asked = _asked(demand.when, metric)
        assert asked.op in (">", ">="), f"{metric} is compared by {asked.op}"
        limit: int = asked.limit.fixed(self.day)
        return limit if asked.op == ">" else limit - 1

    def most(self, demand: Demand, metric: str) -> int:
        """Return the largest figure that spares a demand."""
        asked = _asked(demand.unless, metric)
        assert asked.op in ("<", "<="), f"{metric} is compared by {asked.op}"
        limit: int = asked.limit.fixed(self.day)
        return limit if asked.op == "<=" else limit - 1


def _asked(conditions: tuple[Comparison, ...], metric: str) -> Comparison:
    return next(item for item in conditions if item.metric == metric)
