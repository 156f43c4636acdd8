"""The check: every rule that applies to a proposal, held against its facts, as of a day.

Three-valued: a comparison holds, does not hold, or cannot be told because a fact is missing. Missing is never a
pass: taking a fact away can turn any finding into "cannot evaluate", and none into "passed".

- A violated hard rule is *broken*; a violated soft rule, a soft part of a hard rule, and a rule known only from
  memory are *warned*. A lender may switch a rule to hard (`hard`), never the other way; the finding says so.
- Prose and info rules are *for people*. A classification with checks is *passed*, with `classified` yes or no:
  there is nothing to break, only a box to be in or not.
- A rule that a temporary one puts aside is *superseded* and not evaluated.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, NamedTuple

from puhui.kernel.language import Text
from puhui.kernel.refusals import declare
from puhui.kernel.remember import remember
from puhui.rulebook.book import Comparison, CompiledRule, Demand, Rulebook
from puhui.rulebook.loader import default_rulebook
from puhui.rulebook.metrics import check_fact, metrics, refuse_floats
from puhui.rulebook.series import SeriesValue
from puhui.rulebook.subject import Subject

RULE_NOT_SWITCHABLE = declare(
    "RULE_NOT_SWITCHABLE",
    422,
    "规则 {rule} 不能设为强制：它没有可计算的条件。",
    "Rule {rule} cannot be made hard: it has no check to evaluate.",
)

Facts = Mapping[str, Any]


class Part(NamedTuple):
    """One figure held against one limit; `held` is None when it could not be told, True when not called for.

    `basis` is the value of the dated series (LPR) that the limit was made from, with its own confidence.
    """

    metric: str
    op: str
    figure: Any
    limit: Any
    held: bool | None
    called_for: bool
    soft: bool
    missing: tuple[str, ...]
    basis: SeriesValue | None


class Finding(NamedTuple):
    """What one rule says of one proposal; figure, limit and unit are those of the part that decided."""

    rule: CompiledRule
    outcome: str
    severity: str
    overridden: bool
    blocking: bool
    parts: tuple[Part, ...]
    decider: Part | None
    missing: tuple[str, ...]
    superseded_by: str | None
    classified: bool | None

    @property
    def rule_id(self) -> str:
        """The rule's number."""
        return self.rule.id

    @property
    def title(self) -> Text:
        """The rule's title."""
        return self.rule.title

    @property
    def figure(self) -> Any:
        """The figure supplied, in `unit`; None when there was none."""
        return self.decider.figure if self.decider else None

    @property
    def limit(self) -> Any:
        """The limit as resolved on the day, in `unit`."""
        return self.decider.limit if self.decider else None

    @property
    def unit(self) -> str | None:
        """The unit of figure and limit."""
        return metrics()[self.decider.metric].unit if self.decider else None

    @property
    def confidence(self) -> str:
        """How well the rule's text is known."""
        return self.rule.confidence

    @property
    def stops(self) -> bool:
        """True when the proposal may not go ahead: a hard rule broken, or one that could not be evaluated."""
        return self.outcome == "broken" or (self.outcome == "cannot_evaluate" and self.blocking)

    @property
    def basis(self) -> dict[str, object] | None:
        """The series value behind the limit: its first day, value, source and confidence."""
        value = self.decider.basis if self.decider else None
        return asdict(value) if value else None

    def as_dict(self) -> dict[str, object]:
        """Return the finding for JSON."""
        source = self.rule.record.source
        return {
            "rule": self.rule_id,
            "title": self.title._asdict(),
            "outcome": self.outcome,
            "blocking": self.blocking,
            "severity": self.severity,
            "overridden": self.overridden,
            "metric": self.decider.metric if self.decider else None,
            "op": self.decider.op if self.decider else None,
            "figure": self.figure,
            "limit": self.limit,
            "unit": self.unit,
            "missing": list(self.missing),
            "confidence": self.confidence,
            "basis": self.basis,
            "source": f"{source.document} {source.doc_no or ''}".strip(),
            "article": source.article,
            "superseded_by": self.superseded_by,
            "classified": self.classified,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """All findings for one subject on one day, in the order of the rulebook."""

    subject: Subject
    as_of: date
    findings: tuple[Finding, ...]
    unknown_facts: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """True when no rule is broken and every rule that could block was evaluated."""
        return not any(finding.stops for finding in self.findings)

    def having(self, outcome: str) -> tuple[Finding, ...]:
        """Return the findings with one outcome."""
        return tuple(finding for finding in self.findings if finding.outcome == outcome)

    @property
    def broken(self) -> tuple[Finding, ...]:
        """The hard rules that are violated."""
        return self.having("broken")

    @property
    def warned(self) -> tuple[Finding, ...]:
        """The violations that only warn."""
        return self.having("warned")

    @property
    def missing(self) -> tuple[str, ...]:
        """The facts that kept some rule from being evaluated, sorted."""
        return tuple(sorted({name for finding in self.findings for name in finding.missing}))

    def as_dict(self) -> dict[str, object]:
        """Return the report for JSON."""
        outcomes = [finding.outcome for finding in self.findings]
        return {
            "as_of": self.as_of.isoformat(),
            "subject": self.subject.as_dict(),
            "ok": self.ok,
            "counts": {outcome: outcomes.count(outcome) for outcome in dict.fromkeys(outcomes)},
            "missing": list(self.missing),
            "unknown_facts": list(self.unknown_facts),
            "findings": [finding.as_dict() for finding in self.findings],
        }


def check(
    subject: Subject,
    facts: Facts,
    as_of: date,
    *,
    rulebook: Rulebook | None = None,
    hard: Collection[str] = (),
) -> Report:
    """Return one finding for every rule in force on `as_of` for the subject.

    `facts` are named as in `metrics.yaml` (money fen, rates ppm, whole days and months); a fact that is None is
    missing; a name that is not listed there is reported in `unknown_facts`. `hard`: ids of rules that the
    lender makes hard itself. Old business follows the rules of its day: `as_of` is the contract's day for its terms.
    Refuses FACT_INVALID, RULE_NOT_SWITCHABLE, RULE_UNKNOWN.
    """
    book = rulebook or default_rulebook()
    standing = _standing(book, subject, as_of, frozenset(hard))
    unknown = _check_facts(facts)
    return Report(subject, as_of, tuple(_finding(one, facts, as_of) for one in standing), unknown)


class _Standing(NamedTuple):
    """A rule that applies, with what is known of it before any fact: `said` where that is all."""

    rule: CompiledRule
    severity: str
    switched: bool
    blocking: bool
    said: Finding | None


@remember(1024)
def _standing(book: Rulebook, subject: Subject, as_of: date, hard: frozenset[str]) -> tuple[_Standing, ...]:
    """Return the rules that apply to a subject on a day, ready for any facts; refuse RULE_NOT_SWITCHABLE."""
    for rule_id in hard:
        if not book.rule(rule_id).demands:
            raise RULE_NOT_SWITCHABLE.refuse("hard", rule=rule_id)
    rules = book.applicable(subject, as_of)
    aside = {rule_id: rule.id for rule in rules for rule_id in rule.supersedes}
    return tuple(_stands(rule, rule.id in hard, aside.get(rule.id)) for rule in rules)


def _stands(rule: CompiledRule, switched: bool, superseded_by: str | None) -> _Standing:
    severity = "hard" if switched else rule.severity
    # A rule known only from memory warns, unless the lender switched it on itself.
    blocking = severity == "hard" and (switched or rule.confidence != "memory-unverified")
    said = None
    if superseded_by is not None or not rule.demands:
        outcome = "for_people" if superseded_by is None else "superseded"
        said = Finding(rule, outcome, severity, switched, False, (), None, (), superseded_by, None)
    return _Standing(rule, severity, switched, blocking, said)


def _check_facts(facts: Facts) -> tuple[str, ...]:
    known = metrics()
    refuse_floats(facts)
    unknown = []
    for name, value in facts.items():
        metric = known.get(name)
        if metric is None:
            unknown.append(name)
        elif value is not None:
            check_fact(metric, value)
    return tuple(unknown)


def _finding(standing: _Standing, facts: Facts, as_of: date) -> Finding:
    rule, severity, switched, blocking, said = standing
    if said is not None:
        return said
    parts = tuple(part for demand in rule.demands for part in _demand(demand, facts, as_of))
    decider: Part | None = parts[0]
    missing: tuple[str, ...] = ()
    classified: bool | None = None
    if severity == "info":
        outcome = "for_people"
    elif severity == "classification":
        outcome, decider, missing, classified = _classify(parts)
    else:
        outcome, decider, missing = _judge(parts, blocking)
    stops = blocking and _blocks(outcome, parts)
    return Finding(rule, outcome, severity, switched, stops, parts, decider, missing, None, classified)


def _blocks(outcome: str, parts: tuple[Part, ...]) -> bool:
    """A rule that could not be evaluated blocks only by its hard parts; prose never does."""
    if outcome == "cannot_evaluate":
        return any(part.held is None and not part.soft for part in parts)
    return outcome not in ("superseded", "for_people")


def _judge(parts: tuple[Part, ...], blocking: bool) -> tuple[str, Part, tuple[str, ...]]:
    """Outcome of a rule: a broken part decides, then a part that cannot be told, then a warning, then a pass."""
    open_parts = [part for part in parts if part.held is not True]
    if not open_parts:
        return "passed", next((part for part in parts if part.called_for), parts[0]), ()
    violated = [part for part in open_parts if part.held is False]
    unknown = [part for part in open_parts if part.held is None]
    broken = [part for part in violated if blocking and not part.soft]
    if broken:
        return "broken", broken[0], ()
    hard_unknown = [part for part in unknown if not part.soft]
    if violated and not (blocking and hard_unknown):
        return "warned", violated[0], ()
    return "cannot_evaluate", (hard_unknown or unknown)[0], _missing(unknown)


def _classify(parts: tuple[Part, ...]) -> tuple[str, Part, tuple[str, ...], bool | None]:
    """A classification is a yes when all its parts hold, a no when one does not."""
    for part in parts:
        if part.held is False:
            return "passed", part, (), False
    unknown = [part for part in parts if part.held is None]
    if unknown:
        return "cannot_evaluate", unknown[0], _missing(unknown), None
    return "passed", parts[-1], (), True


def _missing(parts: list[Part]) -> tuple[str, ...]:
    return tuple(sorted({name for part in parts for name in part.missing}))


def _demand(demand: Demand, facts: Facts, as_of: date) -> list[Part]:
    """Hold each figure of a demand against its limit; one part a figure."""
    open_facts: list[str] = []
    wanted = _all_hold(demand.when, facts, as_of, open_facts)
    excused = _all_hold(demand.unless, facts, as_of, open_facts) if demand.unless else False
    called_for = wanted is not False and excused is not True
    limit_lacks: list[str] = []
    limit = demand.limit.resolve(facts, as_of, limit_lacks) if called_for else None
    basis = demand.series.value(facts) if demand.series else None
    parts = []
    for name in demand.figures:
        figure = facts.get(name)
        held: bool | None = True
        lacks: list[str] = []
        if called_for:
            lacks = limit_lacks if figure is not None else [*limit_lacks, name]
            held = None if lacks else demand.holds(figure, limit)
            # A figure that fails is a violation only when it is known that it is asked for and not excused.
            if held is not True and (wanted is None or excused is None):
                held, lacks = None, [*lacks, *open_facts]
        missing = tuple(lacks) if held is None else ()
        parts.append(Part(name, demand.op, figure, limit, held, called_for, demand.soft, missing, basis))
    return parts


def _all_hold(conditions: tuple[Comparison, ...], facts: Facts, as_of: date, missing: list[str]) -> bool | None:
    """Three-valued "and": False when one fails, else None when one cannot be told (its facts go to `missing`)."""
    answer: bool | None = True
    lacking: list[str] = []
    for condition in conditions:
        figure = facts.get(condition.metric)
        here: list[str] = [condition.metric] if figure is None else []
        limit = condition.limit.resolve(facts, as_of, here)
        if here:
            answer = None
            lacking += here
        elif not condition.holds(figure, limit):
            return False
    missing += lacking
    return answer
