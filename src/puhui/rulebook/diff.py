"""What changed in law between two days, and which proposals it touches."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from puhui.kernel.language import Text
from puhui.kernel.refusals import declare
from puhui.rulebook.book import CompiledRule, Rulebook
from puhui.rulebook.check import Report, check
from puhui.rulebook.loader import default_rulebook
from puhui.rulebook.series import Series, SeriesValue
from puhui.rulebook.subject import Subject

DAYS_REVERSED = declare(
    "DAYS_REVERSED",
    422,
    "起始日 {from_on} 不能晚于截止日 {to_on}。",
    "The first day {from_on} is after the second {to_on}.",
)

KINDS: dict[str, Text] = {
    "starts": Text("开始生效", "starts"),
    "ends": Text("失效", "ends"),
    "limit": Text("限值变化", "limit changes"),
    "superseded": Text("暂被替代", "superseded"),
    "restored": Text("恢复适用", "applies again"),
}


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One rule that is other on the second day.

    `metric`, `before`, `after`: the limit that changed; `by`: the rules that put it aside.
    """

    rule: CompiledRule
    kind: str
    metric: str | None = None
    before: Any = None
    after: Any = None
    by: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Return the change for JSON."""
        return {
            "rule": self.rule.id,
            "title": self.rule.title._asdict(),
            "kind": self.kind,
            "metric": self.metric,
            "before": self.before,
            "after": self.after,
            "by": list(self.by),
        }


@dataclass(frozen=True, slots=True)
class SeriesChange:
    """A series with another value on the second day."""

    series: Series
    before: SeriesValue | None
    after: SeriesValue | None

    def as_dict(self) -> dict[str, object]:
        """Return the change for JSON."""
        return {
            "series": self.series.code,
            "title": self.series.title._asdict(),
            "before_ppm": self.before.value_ppm if self.before else None,
            "after_ppm": self.after.value_ppm if self.after else None,
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """All that changed from one day to another."""

    from_on: date
    to_on: date
    rules: tuple[RuleChange, ...]
    series: tuple[SeriesChange, ...]

    def as_dict(self) -> dict[str, object]:
        """Return the difference for JSON."""
        return {
            "from": self.from_on.isoformat(),
            "to": self.to_on.isoformat(),
            "rules": [change.as_dict() for change in self.rules],
            "series": [change.as_dict() for change in self.series],
        }


@dataclass(frozen=True, slots=True)
class Item:
    """A proposal to try on two days: the product's name, its offer ("12 months, 100,000"), subject and facts.

    It is a proposal, not a signed loan: a fact `contract_on`, where given, is set to the day of the trial.
    """

    name: str
    subject: Subject
    facts: Mapping[str, Any]
    offer: str = ""


@dataclass(frozen=True, slots=True)
class Affected:
    """A proposal that fares otherwise on the second day: (rule, outcome before, outcome after); None: no such rule."""

    item: Item
    ok_before: bool
    ok_after: bool
    moved: tuple[tuple[str, str | None, str | None], ...]

    def as_dict(self) -> dict[str, object]:
        """Return the proposal and its moves for JSON."""
        return {
            "name": self.item.name,
            "offer": self.item.offer,
            "ok_before": self.ok_before,
            "ok_after": self.ok_after,
            "moved": [{"rule": rule_id, "before": before, "after": after} for rule_id, before, after in self.moved],
        }


def diff(from_on: date, to_on: date, rulebook: Rulebook | None = None) -> Difference:
    """Return what is other on `to_on` than on `from_on`; refuse DAYS_REVERSED.

    Rules that are in force on the first day but not on the second end; the reverse start. What came and went in
    between is not seen.
    """
    if to_on < from_on:
        raise DAYS_REVERSED.refuse("from", from_on=from_on, to_on=to_on)
    book = rulebook or default_rulebook()
    rules = tuple(change for rule in book.rules.values() for change in _rule_changes(book, rule, from_on, to_on))
    series = tuple(
        SeriesChange(item, item.at(from_on), item.at(to_on))
        for item in book.series.values()
        if item.at(from_on) != item.at(to_on)
    )
    return Difference(from_on, to_on, rules, series)


def _rule_changes(book: Rulebook, rule: CompiledRule, from_on: date, to_on: date) -> list[RuleChange]:
    was, now = rule.in_force(from_on), rule.in_force(to_on)
    if was != now:
        return [RuleChange(rule, "starts" if now else "ends")]
    if not now:
        return []
    changes = []
    for demand in rule.demands:
        before, after = demand.limit.fixed(from_on), demand.limit.fixed(to_on)
        if before != after:
            changes.append(RuleChange(rule, "limit", demand.metric, before, after))
    by_before, by_after = book.superseded_by(rule.id, from_on), book.superseded_by(rule.id, to_on)
    if bool(by_before) != bool(by_after):
        changes.append(RuleChange(rule, "superseded" if by_after else "restored", by=by_after or by_before))
    return changes


def affected(
    difference: Difference,
    items: Iterable[Item],
    rulebook: Rulebook | None = None,
    hard: Collection[str] = (),
) -> tuple[Affected, ...]:
    """Return the items for which some rule's outcome differs between the two days, in their order."""
    found = []
    for item in items:
        before, after = (
            check(item.subject, _on(item, day), day, rulebook=rulebook, hard=hard)
            for day in (difference.from_on, difference.to_on)
        )
        moved = _moved(before, after)
        if moved:
            found.append(Affected(item, before.ok, after.ok, moved))
    return tuple(found)


def _on(item: Item, day: date) -> Mapping[str, Any]:
    return {**item.facts, "contract_on": day} if "contract_on" in item.facts else item.facts


def _moved(before: Report, after: Report) -> tuple[tuple[str, str | None, str | None], ...]:
    was = {finding.rule_id: finding.outcome for finding in before.findings}
    now = {finding.rule_id: finding.outcome for finding in after.findings}
    return tuple(
        (rule_id, was.get(rule_id), now.get(rule_id))
        for rule_id in dict.fromkeys([*was, *now])
        if was.get(rule_id) != now.get(rule_id)
    )
