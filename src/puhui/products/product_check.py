"""May this product be sold? The rulebook held against every corner offer, summed up by rule.

A product fails when a rule is broken at some corner, or when a rule that can block reads a fact that the product
should state and does not. What only the person, the lender's books or the deed can tell is listed as left to the
decision: it neither passes nor fails a product.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from puhui.kernel.language import Text
from puhui.products.corners import Offer, offers_of
from puhui.products.definition_fields import Definition
from puhui.products.facts import AT_DECISION, BEST_CASE, data_facts
from puhui.rulebook.book import Rulebook
from puhui.rulebook.check import Finding, check
from puhui.rulebook.loader import default_rulebook
from puhui.rulebook.subject import Subject
from puhui.rulebook.vocabulary import LENDERS

OUTCOMES: dict[str, Text] = {
    "broken": Text("违反", "broken"),
    "not_stated": Text("产品未说明", "not stated"),
    "warned": Text("警示", "warned"),
    "at_decision": Text("放款时再查", "at the decision"),
}
FAILS = ("broken", "not_stated")


@dataclass(frozen=True, slots=True)
class RuleSummary:
    """What one rule says of a product: in `offers` of the corner offers, the worst of them in `finding`.

    `outcome` is one of OUTCOMES. `missing`: facts not stated, or left to the decision; `example` is the worst offer.
    """

    outcome: str
    finding: Finding
    offers: int
    lenders: tuple[str, ...]
    example: Text
    missing: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the summary for JSON: the rule's number, figure, limit and article, and an example."""
        found = self.finding.as_dict()
        names = ("rule", "title", "metric", "op", "figure", "limit", "unit", "source", "article", "confidence")
        kept = {name: found[name] for name in names}
        return {
            **kept,
            "outcome": self.outcome,
            "missing": list(self.missing),
            "offers": self.offers,
            "lenders": list(self.lenders),
            "example": self.example._asdict(),
        }


@dataclass(frozen=True, slots=True)
class ProductReport:
    """The answer for one product on one day.

    `offers` corner offers were tried; their annual cost (IRR x 12) runs from `cheapest_ppm` to `costliest_ppm`.
    `passed` rules were passed by all; `rules` are those with more to say.
    """

    definition: Definition
    as_of: date
    offers: int
    cheapest_ppm: int
    costliest_ppm: int
    passed: int
    rules: tuple[RuleSummary, ...]

    @property
    def ok(self) -> bool:
        """True when no rule is broken and none is left open by the product."""
        return not any(rule.outcome in FAILS for rule in self.rules)

    @property
    def on_sale(self) -> bool:
        """Whether the day is within the product's own days."""
        ends_on = self.definition.effective_to
        return self.definition.effective_from <= self.as_of and (ends_on is None or self.as_of <= ends_on)

    def having(self, outcome: str) -> tuple[RuleSummary, ...]:
        """Return the rules with one outcome."""
        return tuple(rule for rule in self.rules if rule.outcome == outcome)

    def as_dict(self) -> dict[str, Any]:
        """Return the report for JSON."""
        return {
            "product": self.definition.id,
            "version": self.definition.version,
            "as_of": self.as_of.isoformat(),
            "on_sale": self.on_sale,
            "ok": self.ok,
            "offers": self.offers,
            "irr_x12_ppm": {"min": self.cheapest_ppm, "max": self.costliest_ppm},
            "rules_passed": self.passed,
            "rules": [rule.as_dict() for rule in self.rules],
        }


def check_product(
    definition: Definition,
    as_of: date,
    *,
    rulebook: Rulebook | None = None,
    hard: Collection[str] = (),
) -> ProductReport:
    """Return what the rules in force on `as_of` say of the product's corner offers and of the data it asks for.

    `hard` as in `rulebook.check`. Refuses as `offers_of` and `check` do.
    """
    book = rulebook or default_rulebook()
    seen: dict[tuple[str, str], list[tuple[Finding, str, Text]]] = {}
    passed: set[str] = set()
    costs_ppm: list[int] = []
    for subject, facts, text in _proposals(definition, as_of, book):
        if subject.moment == "offer":
            costs_ppm.append(facts["irr_x12_ppm"])
        for finding in check(subject, facts, as_of, rulebook=book, hard=hard).findings:
            outcome = outcome_of(finding)
            if outcome is not None:
                seen.setdefault((outcome, finding.rule_id), []).append((finding, subject.lender, text))
            elif finding.outcome == "passed":
                passed.add(finding.rule_id)
    order = list(OUTCOMES)
    unsettled = sorted(seen.items(), key=lambda item: order.index(item[0][0]))
    rules = tuple(_summary(outcome, found) for (outcome, _), found in unsettled)
    by_all = passed - {rule_id for _, rule_id in seen}
    return ProductReport(definition, as_of, len(costs_ppm), min(costs_ppm), max(costs_ppm), len(by_all), rules)


def outcome_of(finding: Finding) -> str | None:
    """Return the outcome of a finding for a product, one of OUTCOMES; None: passed, for people, or not evaluated."""
    if finding.outcome in ("broken", "warned"):
        return finding.outcome
    if finding.outcome == "cannot_evaluate":
        if set(finding.missing) <= AT_DECISION:
            return "at_decision"
        return "not_stated" if finding.blocking else "warned"
    if finding.outcome == "passed" and _best_case(finding):
        return "at_decision"
    return None


def _best_case(finding: Finding) -> tuple[str, ...]:
    return tuple(sorted({part.metric for part in finding.parts if part.called_for} & BEST_CASE))


def _proposals(
    definition: Definition, as_of: date, book: Rulebook
) -> Iterator[tuple[Subject, Mapping[str, Any], Text]]:
    """Yield every corner offer, then, once for each lender and variant, the data that the product asks for."""
    asked: dict[tuple[str, str | None, str | None], Offer] = {}
    for offer in offers_of(definition, as_of, book):
        yield offer.subject, offer.facts, offer.text
        asked.setdefault((offer.subject.lender, offer.variant.region, offer.variant.segment), offer)
    for offer in asked.values():
        subject = replace(offer.subject, products=offer.variant.definition.tags, moment="personal_data")
        name = LENDERS[subject.lender].name
        text = Text(*(" · ".join(filter(None, parts)) for parts in zip(name, offer.variant.label, strict=True)))
        yield subject, data_facts(offer.variant.definition), text


def _summary(outcome: str, found: list[tuple[Finding, str, Text]]) -> RuleSummary:
    finding, _, example = max(found, key=lambda one: _distance(one[0]))
    lenders = tuple(dict.fromkeys(lender for _, lender, _ in found))
    missing = sorted({name for one, _, _ in found for name in one.missing or _best_case(one)})
    return RuleSummary(outcome, finding, len(found), lenders, example, tuple(missing))


def _distance(finding: Finding) -> int:
    """Return how far a figure is from its limit, so that the worst example is shown; 0 where there is no number."""
    figure, limit = finding.figure, finding.limit
    return abs(figure - limit) if type(figure) is int and type(limit) is int else 0
