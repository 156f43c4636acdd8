"""What the rulebook says of one plan with one kind of lender: as the check of products reads it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from puhui.products.definition_fields import Definition
from puhui.products.facts import repaid_at_once
from puhui.products.plan import Plan
from puhui.products.product_check import FAILS, OUTCOMES, outcome_of
from puhui.rulebook.book import Rulebook
from puhui.rulebook.check import Finding, check
from puhui.rulebook.subject import Subject


@dataclass(frozen=True, slots=True)
class LenderRules:
    """What the rulebook says of a plan with one kind of lender: counts, and the findings that a person should see.

    `at_decision`: rules that only the decision can settle; they must be settled before the loan is made.
    """

    lender: str
    passed: int
    failed: tuple[Finding, ...]
    warned: tuple[Finding, ...]
    at_decision: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether no rule is broken and none is left open that the plan itself should answer."""
        return not self.failed

    def as_dict(self) -> dict[str, Any]:
        """Return the rules for JSON, by their numbers."""
        return {
            "lender": self.lender,
            "ok": self.ok,
            "passed": self.passed,
            "failed": [finding.as_dict() for finding in self.failed],
            "warned": [finding.as_dict() for finding in self.warned],
            "at_decision": [
                {"rule": finding.rule_id, "title": finding.title._asdict(), "missing": list(finding.missing)}
                for finding in self.at_decision
            ],
        }


def tags_of(definition: Definition, plan: Plan) -> tuple[str, ...]:
    """Return the rulebook's words for a plan: a rule on bullet loans binds whoever repays at once."""
    return (*definition.tags, "bullet") if repaid_at_once(plan) else definition.tags


def rules_of(
    subject: Subject,
    facts: Mapping[str, Any],
    as_of: date,
    *,
    rulebook: Rulebook | None = None,
    hard: Collection[str] = (),
) -> LenderRules:
    """Return what the rules in force on `as_of` say of a plan whose facts are given. Refuses as `rulebook.check`."""
    said: dict[str, list[Finding]] = {outcome: [] for outcome in OUTCOMES}
    passed = 0
    for finding in check(subject, facts, as_of, rulebook=rulebook, hard=hard).findings:
        outcome = outcome_of(finding)
        if outcome is not None:
            said[outcome].append(finding)
        elif finding.outcome == "passed":
            passed += 1
    failed = tuple(finding for outcome in FAILS for finding in said[outcome])
    return LenderRules(subject.lender, passed, failed, tuple(said["warned"]), tuple(said["at_decision"]))
