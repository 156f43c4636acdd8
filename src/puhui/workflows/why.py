"""A decision explained to an officer: all that decided it, from its record, and what would change it."""

from collections.abc import Mapping, Sequence
from typing import Any

from puhui.credit.levers import Change
from puhui.credit.reasons import known_names, name_of, shown_value
from puhui.kernel.language import Text
from puhui.workflows.decisions import Offer
from puhui.workflows.judge import Judgement, known_of
from puhui.workflows.replay import Desk, KeptDecision, judged_again
from puhui.workflows.would_change import would_change

MOST_PUSHES = 12


def why(desk: Desk, made: KeptDecision, offers: Sequence[Offer] = ()) -> dict[str, Any]:
    """Return the explanation of a decision for programs and for drawing, reasons and rules in both languages.

    Rules are shown with the values they read, by judging again what the record says was seen; `same_now`: whether this
    program comes to the same outcome. Refuses PART_MISSING, PART_TAMPERED.
    """
    record, judgement = made.record, judged_again(desk, made.record)
    same_now = judgement.outcome == record["outcome"]
    change = change_of(made, judgement)
    return {
        "decision": made.decision.id,
        "application": made.decision.application,
        "party": made.decision.party,
        "institution": made.decision.institution,
        "decided_at": made.decision.decided_at.isoformat(),
        "decided_by": made.fact.actor,
        "outcome": record["outcome"],
        "reasons": record["reasons"],
        "same_now": same_now,
        "case": record["case"],
        "income_minor": record["income_minor"],
        "score": _score(record),
        "policy": _policy(record, judgement),
        "limit": record["limit"],
        "prices": record["prices"],
        "plans": [_plan(choice) for choice in record["choices"]],
        "offers": [{"offer": offer.id, "status": offer.status, "loan": offer.loan} for offer in offers],
        "would_change": None if change is None else change.as_json(),
        "versions": record["kit"]["versions"],
    }


def change_of(made: KeptDecision, judgement: Judgement) -> Change | None:
    """Return what would change a decision; None where this program no longer comes to it, or nothing is in reach."""
    return would_change(judgement) if judgement.outcome == made.record["outcome"] else None


def _score(record: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the score with its largest pushes, both ways, the weightiest first."""
    score = record["score"]
    if score is None:
        return None
    pushes = sorted(score["adds"].items(), key=lambda item: -abs(item[1]))[:MOST_PUSHES]
    return {
        "pd_ppm": score["pd_ppm"],
        "points": score["points"],
        "pushes": [_push(name, adds, record["features"].get(name)) for name, adds in pushes if adds],
    }


def _push(feature: str, adds: Any, value: Any) -> dict[str, Any]:
    title, unit, _ = name_of(feature, known_names())
    shown = Text("未知", "not known") if value is None else shown_value(value, unit)
    return {
        "feature": feature,
        "title": title._asdict(),
        "value": value,
        "shown": shown._asdict(),
        "log_odds": adds,
    }


def _policy(record: Mapping[str, Any], judgement: Judgement) -> dict[str, Any] | None:
    """Return the policy's answer, each rule that hit with its note and the values it reads."""
    policy: dict[str, Any] | None = record["policy"]
    draft = judgement.draft
    if policy is None or draft.score is None:
        return policy
    graph = draft.kit.engine.graph(draft.case.line)
    known = {**known_of(draft), "pd_ppm": draft.score.pd_ppm}
    notes = {row.id: row.note for row in graph.rules}
    hits = [
        {
            **hit,
            "note": notes.get(hit["rule"], ""),
            "read": [
                {"input": name, "title": graph.inputs[name].title._asdict(), "value": known.get(name)}
                for name in graph.needs.get(hit["rule"], ())
                if name in graph.inputs
            ],
        }
        for hit in policy["rules_hit"]
    ]
    return {**policy, "rules_hit": hits}


def _plan(choice: Mapping[str, Any]) -> dict[str, Any]:
    """Return a plan in short, and what became of each funder with its reasons."""
    proposal, routing = choice["proposal"], choice["routing"]
    return {
        "titles": proposal["titles"],
        "product": proposal["product"],
        "product_title": proposal["product_title"],
        "lent_minor": proposal["lent_minor"],
        "own_minor": proposal["own_minor"],
        "months": proposal["months"],
        "most_in_a_month_minor": proposal["instalment_minor"]["most_in_a_month"],
        "total_cost_minor": proposal["total_cost_minor"],
        "annual_cost": proposal["annual_cost"],
        "chosen": routing["chosen"],
        "funders": [
            {"funder": verdict["funder"], "outcome": verdict["outcome"], "reasons": verdict["reasons"]}
            for verdict in routing["verdicts"]
        ],
    }
