"""What a policy answers for one applicant, and how hits become an outcome with reasons; one fold for both engines."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from puhui.credit.policy.expressions import names_of
from puhui.credit.policy.graph import Graph, Row
from puhui.credit.policy.reasons import DATA_INCOMPLETE, NO_ANSWER, reason_of
from puhui.kernel.language import Text

OUTCOMES = ("approve", "refer", "decline")


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that spoke: its effect and its reason code."""

    rule: str
    effect: str
    reason: str


@dataclass(frozen=True, slots=True)
class Open:
    """A rule that could not be evaluated, and the inputs that it lacks."""

    rule: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PolicyDecision:
    """The answer. `reasons` are codes, those that decided; `values` what the graph gives besides (grade, shares)."""

    outcome: str
    reasons: tuple[str, ...]
    hits: tuple[Hit, ...]
    not_evaluated: tuple[Open, ...]
    values: Mapping[str, Any]
    policy: str
    version: int
    digest: str

    @property
    def missing(self) -> tuple[str, ...]:
        """The inputs that kept a rule from being evaluated, sorted."""
        return tuple(sorted({name for rule in self.not_evaluated for name in rule.missing}))

    def as_dict(self, graph: Graph) -> dict[str, Any]:
        """Return the decision for JSON, each reason in both languages."""
        return {
            "policy": self.policy,
            "version": self.version,
            "hash": self.digest,
            "outcome": self.outcome,
            "reasons": [{"code": code, **_said(self, graph, code)._asdict()} for code in self.reasons],
            "rules_hit": [{"rule": hit.rule, "effect": hit.effect, "reason": hit.reason} for hit in self.hits],
            "not_evaluated": [{"rule": rule.rule, "missing": list(rule.missing)} for rule in self.not_evaluated],
            "missing": list(self.missing),
            "values": dict(self.values),
        }


def _said(decision: PolicyDecision, graph: Graph, code: str) -> Text:
    titles = [graph.inputs[name].title for name in decision.missing if name in graph.inputs]
    fields = Text("、".join(title.zh for title in titles) or "—", ", ".join(title.en for title in titles) or "—")
    text = reason_of(code).text
    return Text(text.zh.replace("{fields}", fields.zh), text.en.replace("{fields}", fields.en))


def decided(
    graph: Graph,
    outcome: str | None,
    spoke: tuple[tuple[Row, ...], tuple[Row, ...]],
    values: Mapping[str, Any],
    given: Mapping[str, Any],
) -> PolicyDecision:
    """Return the decision of an outcome, the rules that hit and those left open, in the order of the graph.

    No outcome is *refer*: a graph that gives no answer has approved nobody.
    """
    hit_rows, open_rows = spoke
    hits = tuple(Hit(row.id, str(row.results["effect"]), str(row.results["reason"])) for row in hit_rows)
    lacking = tuple(Open(row.id, lacks(graph, row, given)) for row in open_rows)
    final = outcome if outcome in OUTCOMES else "refer"
    deciding = [hit.reason for hit in hits if hit.effect == final]
    if final == "refer" and lacking:
        deciding.append(DATA_INCOMPLETE)
    if outcome not in OUTCOMES:
        deciding.append(NO_ANSWER)
    reasons = tuple(dict.fromkeys(deciding))
    return PolicyDecision(final, reasons, hits, lacking, values, graph.id, graph.version, graph.digest)


def lacks(graph: Graph, row: Row, given: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the inputs that a rule reads and that are missing; what it works on where none is (a division by 0)."""
    missing = tuple(name for name in graph.needs[row.id] if given.get(name) is None)
    if missing or row.condition is None:
        return missing
    return tuple(sorted(names_of(row.condition)))
