"""The rulebook in memory: compiled rules, found by moment, lender, product, place and day."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from puhui.kernel.language import Text
from puhui.kernel.refusals import declare
from puhui.rulebook.limits import Resolver, SeriesMultiple
from puhui.rulebook.rule import Rule
from puhui.rulebook.series import Series
from puhui.rulebook.subject import Subject

RULE_UNKNOWN = declare("RULE_UNKNOWN", 404, "没有编号为 {rule} 的规则。", "There is no rule {rule}.")
RULE_NOT_IN_FORCE = declare(
    "RULE_NOT_IN_FORCE", 422, "规则 {rule} 在 {day} 不生效。", "Rule {rule} is not in force on {day}."
)
LIMIT_NOT_FIXED = declare(
    "LIMIT_NOT_FIXED",
    422,
    "规则 {rule} 对 {metric} 没有仅凭日期就能确定的限值。",
    "Rule {rule} has no limit on {metric} that hangs on the day alone.",
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One condition, ready to run."""

    metric: str
    op: str
    holds: Callable[[Any, Any], bool]
    limit: Resolver

    @property
    def reads(self) -> tuple[str, ...]:
        """The facts it reads."""
        return (self.metric, *self.limit.reads)


@dataclass(frozen=True, slots=True)
class Demand:
    """One check of a rule, ready to run: `figures` are the facts held against the limit, all of which must hold.

    `series` is the limit when it hangs on a dated series, so that a finding can show the value's own source.
    """

    metric: str
    figures: tuple[str, ...]
    op: str
    holds: Callable[[Any, Any], bool]
    limit: Resolver
    series: SeriesMultiple | None
    when: tuple[Comparison, ...]
    unless: tuple[Comparison, ...]
    soft: bool
    reads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule, ready to run; `record` keeps its words."""

    id: str
    subject: str
    record: Rule
    starts_on: date
    ends_on: date
    lenders: frozenset[str]
    products: tuple[frozenset[str], ...]
    except_products: frozenset[str]
    regions: tuple[str, ...]
    supersedes: frozenset[str]
    severity: str
    confidence: str
    demands: tuple[Demand, ...]

    @property
    def title(self) -> Text:
        """The rule's title."""
        return Text(self.record.title.zh, self.record.title.en)

    @property
    def date_precision(self) -> str | None:
        """How exactly the first day is known: "day", "month", "year", or None when it is not."""
        text = self.record.effective_from
        return None if text is None else {4: "year", 7: "month", 10: "day"}[len(text)]

    def as_dict(self) -> dict[str, object]:
        """Return the rule as written, for JSON, with its subject and the precision of its dates."""
        return {
            "subject": self.subject,
            **self.record.model_dump(mode="json"),
            "date_precision": self.date_precision,
        }

    def in_force(self, on: date) -> bool:
        """Tell whether the rule is in force on that day, first and last day included."""
        return self.starts_on <= on <= self.ends_on

    def covers(self, lenders: frozenset[str], tags: frozenset[str], region: str) -> bool:
        """Tell whether the rule is about such a lender, product and place (an unknown place is covered)."""
        return (
            not self.lenders.isdisjoint(lenders)
            and self.except_products.isdisjoint(tags)
            and any(tags.issuperset(alternative) for alternative in self.products)
            and (not self.regions or not region or region.startswith(self.regions))
        )


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rules and series. `subjects` names the subjects, `by_moment` is the index."""

    rules: Mapping[str, CompiledRule]
    subjects: Mapping[str, Text]
    series: Mapping[str, Series]
    by_moment: Mapping[str, tuple[CompiledRule, ...]]

    def rule(self, rule_id: str) -> CompiledRule:
        """Return a rule by its id; refuse RULE_UNKNOWN."""
        if rule_id not in self.rules:
            raise RULE_UNKNOWN.refuse("rule", rule=rule_id)
        return self.rules[rule_id]

    def in_force(self, on: date) -> tuple[CompiledRule, ...]:
        """Return the rules in force on a day, in the order of the files."""
        return tuple(rule for rule in self.rules.values() if rule.in_force(on))

    def applicable(self, subject: Subject, on: date) -> tuple[CompiledRule, ...]:
        """Return the rules in force on that day for the subject, superseded ones included."""
        lenders, tags, region = subject.lender_codes, subject.tags, subject.region
        return tuple(
            rule
            for rule in self.by_moment[subject.moment]
            if rule.starts_on <= on <= rule.ends_on and rule.covers(lenders, tags, region)
        )

    def superseded_by(self, rule_id: str, on: date) -> tuple[str, ...]:
        """Return the rules in force on that day that put `rule_id` aside for the subjects they cover."""
        return tuple(rule.id for rule in self.in_force(on) if rule_id in rule.supersedes)

    def metrics_used(self, subject: Subject, on: date) -> tuple[str, ...]:
        """Return the facts that the rules for the subject read on that day, sorted; superseded rules left out."""
        rules = self.applicable(subject, on)
        aside = frozenset[str]().union(*(rule.supersedes for rule in rules))
        reads = (demand.reads for rule in rules if rule.id not in aside for demand in rule.demands)
        return tuple(sorted({name for names in reads for name in names}))

    def limit(self, rule_id: str, on: date, metric: str | None = None) -> Any:
        """Return the limit of a rule on a day, as other parts read it: an int, a word, a pair, or a table.

        `metric` says which one where the rule has several, or asks for the bound of a condition: CLS.SUB's
        "dpd_days" is 90. The first one where a metric has two (PL.BIZ.TENOR: 120 months, 60 unless ...). A series
        is taken on the day itself; a table comes as pairs, a step's bound first.
        Refuses RULE_UNKNOWN, RULE_NOT_IN_FORCE, LIMIT_NOT_FIXED.
        """
        return self.limits(rule_id, on, metric)[0]

    def limits(self, rule_id: str, on: date, metric: str | None = None) -> tuple[Any, ...]:
        """Return every limit of a rule on a day, of checks first in their order; refuses as `limit` does."""
        rule = self.rule(rule_id)
        if not rule.in_force(on):
            raise RULE_NOT_IN_FORCE.refuse("rule", rule=rule_id, day=on.isoformat())
        demanded = [(demand.metric, demand.limit) for demand in rule.demands]
        asked = [(item.metric, item.limit) for demand in rule.demands for item in demand.when]
        values = [limit.fixed(on) for name, limit in (*demanded, *asked) if metric in (None, name)]
        found = tuple(value for value in values if value is not None)
        if not found:
            raise LIMIT_NOT_FIXED.refuse("metric", rule=rule_id, metric=metric or "—")
        return found
