"""An application is decided: what is known is read, judged, and kept with all that decided it.

The record of a decision is under the party's seal; its fact says outcome, reasons, versions and offers, and the salted
digest of the record; the parts of the kit are kept by their hash. So a decision can be executed again
(`workflows.replay`), and nobody can change what it said.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from puhui.kernel.facts import Fact
from puhui.kernel.ids import new_id
from puhui.people.ports import Reading
from puhui.workflows.applications import Applications, Status
from puhui.workflows.case import Case, Kit
from puhui.workflows.decisions import Decision, Decisions, Offer, Offers
from puhui.workflows.dossiers import Dossiers, events_of
from puhui.workflows.judge import Choice, Judgement, judge
from puhui.workflows.kit_parts import KeptParts, keep
from puhui.workflows.offers import agreement_body, hash_of_offer, summary_of
from puhui.workflows.store import Changes, Event, FactStore

OFFER_DAYS = 7
STATUS_OF: dict[str, Status] = {"approve": "approved", "refer": "referred", "decline": "declined"}


class Desk(Protocol):
    """What deciding needs of the books, in one unit of work."""

    @property
    def store(self) -> FactStore:
        """Facts and events."""
        ...

    @property
    def applications(self) -> Applications:
        """Applications."""
        ...

    @property
    def dossiers(self) -> Dossiers:
        """What sources told."""
        ...

    @property
    def decisions(self) -> Decisions:
        """Decisions."""
        ...

    @property
    def parts(self) -> KeptParts:
        """The parts that decisions were made with."""
        ...

    @property
    def offers(self) -> Offers:
        """Offers."""
        ...


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of an application."""

    decision: Decision
    judgement: Judgement
    offers: tuple[Offer, ...]


def decide_application(desk: Desk, case: Case, kit: Kit, actor: str) -> Decided:
    """Judge a case as of its instant with what is kept of the party, and keep what comes of it.

    Refuses APPLICATION_UNKNOWN, PERSON_ERASED, and what `judge` refuses.
    """
    application = desk.applications.by_id(case.application)
    events = events_of(desk.dossiers, case.party, Reading(actor, "decision", case.application, case.at), case.at)
    judgement = judge(case, events, kit)
    decision = Decision(
        new_id("decision"),
        application.id,
        case.party,
        case.institution,
        case.region,
        judgement.outcome,
        case.at,
    )
    offers = tuple(_offer(decision, judgement, choice) for choice in judgement.draft.choices)
    keep(desk.parts, kit)
    digest = desk.decisions.add(decision, record_of(judgement))
    for offer in offers:
        desk.offers.add(offer)
    desk.applications.set_status(application.id, STATUS_OF[judgement.outcome])
    fact = _fact(desk.store, decision, judgement, offers, {"record": digest}, actor)
    payload = {"application": application.id, "decision": decision.id, "outcome": decision.outcome}
    event = Event(new_id("event"), "application.decided", application.id, payload, case.at)
    desk.store.record(Changes(facts=[fact], events=[event]))
    return Decided(decision, judgement, offers)


def record_of(judgement: Judgement) -> dict[str, Any]:
    """Return all that decided, as JSON: what a replay is held against."""
    draft = judgement.draft
    record = {
        "case": draft.case.model_dump(mode="json"),
        "kit": draft.kit.as_record(),
        "features": dict(draft.features),
        "income_minor": list(draft.income_minor),
        "score": None if draft.score is None else {**draft.score._asdict(), "adds": dict(draft.score.adds)},
        "model_reasons": [reason.as_json() for reason in draft.model_reasons],
        "prices": {name: price.as_dict() for name, price in draft.prices.items()},
        "policy": None if draft.policy is None else draft.policy.as_dict(draft.kit.engine.graph(draft.case.line)),
        "limit": None if draft.limit is None else draft.limit.as_dict(),
        "choices": [_choice(choice) for choice in draft.choices],
        "outcome": judgement.outcome,
        "reasons": [{"code": code, **text._asdict()} for code, text in judgement.words()],
    }
    # As it comes back from the store, so that then and now compare.
    plain: dict[str, Any] = json.loads(json.dumps(record, default=_iso))
    return plain


def _iso(value: object) -> str:
    assert isinstance(value, date), f"{type(value).__name__} has no place in a record"
    return value.isoformat()


def _choice(choice: Choice) -> dict[str, Any]:
    return {"proposal": choice.proposal.as_dict(), "routing": choice.routing.as_dict()}


def _offer(decision: Decision, judgement: Judgement, choice: Choice) -> Offer:
    case = judgement.draft.case
    return Offer(
        id=new_id("offer"),
        decision=decision.id,
        application=decision.application,
        party=decision.party,
        institution=decision.institution,
        region=decision.region,
        status="open",
        expires_on=case.day + timedelta(days=OFFER_DAYS),
        agreement=agreement_body(case, choice),
        summary=summary_of(choice),
    )


def _fact(
    store: FactStore,
    decision: Decision,
    judgement: Judgement,
    offers: tuple[Offer, ...],
    personal: Mapping[str, bytes],
    actor: str,
) -> Fact:
    draft = judgement.draft
    body = {
        "decision": decision.id,
        "outcome": decision.outcome,
        "reasons": list(judgement.reasons),
        "offers": [offer.id for offer in offers],
        "offer_hashes": [hash_of_offer(offer) for offer in offers],
        "versions": dict(draft.kit.versions),
    }
    sequence = store.next_sequence(decision.application)
    at: datetime = decision.decided_at
    return Fact(new_id("fact"), decision.application, sequence, "decision", draft.case.day, at, body, personal, actor)
