"""Decisions on applications, the offers they make, and the loan that an offer becomes."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from puhui.api.answers import LoanOut, loan_out
from puhui.api.call import CallContext, place_of
from puhui.api.fields import ApplicationId, DecisionId, Instant, OfferId
from puhui.api.ports import Books
from puhui.api.routing import Call, Given, Routes
from puhui.credit.policy.reasons import reasons
from puhui.kernel.inputs import Record
from puhui.kernel.language import Text
from puhui.people.erase import PURPOSES, reading_of
from puhui.people.personal import PERSON_ERASED
from puhui.workflows.applications import APPLICATION_UNKNOWN, Application
from puhui.workflows.decisions import DECISION_UNKNOWN, OFFER_UNKNOWN, Decision, Offer
from puhui.workflows.offers import accept
from puhui.workflows.replay import read_decision as read_kept
from puhui.workflows.request import Request, decide

routes = Routes("decisions", Text("决定与报价", "Decisions and offers"))


class DecisionRequest(Request):
    """What is said beyond the application; what is not known is left out, and counts neither way.

    `purpose`: may be left out where the product has one only. `line`: the policy that judges, where it is not that of
    the product. `checks`: what was looked up, by the names of the policy's inputs.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "segment": "wage_earner",
                    "cash_minor": 3000000,
                    "stated_income_minor": 600000,
                    "stated_debt_minor": 0,
                    "exposure_minor": 0,
                    "dependants": 1,
                    "checks": {
                        "age_years": 34,
                        "identity_verified": True,
                        "on_fraud_list": False,
                        "consent_credit_report": True,
                        "vehicle_kind": "new",
                        "driving_licence": True,
                        "dealer_approved": True,
                    },
                }
            ]
        }
    )


class ReasonOut(Record):
    """Why: a code for programs, and what the person is told."""

    code: str
    zh: str
    en: str


class OfferOut(Record):
    """An offer. `summary`: titles, what is lent and paid, the annual costs, who funds it. `agreement`: the terms of the
    loan that it becomes. `loan`: its id, once accepted."""

    id: str
    decision: str
    application: str
    party: str
    status: str
    expires_on: date
    summary: dict[str, Any]
    agreement: dict[str, Any]
    loan: str


class OffersOut(Record):
    """The offers on an application, the oldest first."""

    items: tuple[OfferOut, ...]


class DecisionOut(Record):
    """A decision. `versions`: the hash of each part that decided. `offers`: those that it made."""

    id: str
    application: str
    party: str
    institution: str
    region: str
    outcome: str
    decided_at: Instant
    reasons: tuple[ReasonOut, ...]
    versions: dict[str, str]
    offers: tuple[OfferOut, ...]


class DecisionsOut(Record):
    """The decisions on an application, the oldest first."""

    items: tuple[DecisionOut, ...]


class RecordReadingIn(Record):
    """Why the record of a decision is read."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"purpose": "complaint"}]})

    purpose: Annotated[str, Field(json_schema_extra={"enum": list(PURPOSES)})]


class RecordOut(Record):
    """All that decided: the case, the values of features, the score, the policy's rules, the limit, prices, choices."""

    decision: str
    record: dict[str, Any]


class AcceptedOut(Record):
    """The offer that was accepted, and the loan that it became."""

    offer: OfferOut
    loan: LoanOut


@routes.post(
    "/applications/{application_id}/decision",
    "applications.decide",
    Text("审批申请", "Decide an application"),
    once=True,
)
def decide_on_application(call: Call, application_id: ApplicationId, body: Given[DecisionRequest]) -> DecisionOut:
    """Decide with what is kept of the party, the champion model and the policy in force; keep all that decided."""

    def hold(books: Books) -> Application:
        return _application(call, books, application_id)

    def work(books: Books, application: Application) -> tuple[int, Record]:
        decided = decide(books, application.id, body, call.platform.kit(), call.actor, call.at)
        versions = decided.judgement.draft.kit.versions
        words = [(code, _text_of(code)) for code in decided.judgement.reasons]
        return 201, _decision_out(decided.decision, words, versions, decided.offers)

    return call.once(body, hold, work)  # type: ignore[return-value]


@routes.get("/applications/{application_id}/decisions", "decisions.read", Text("申请的决定", "List decisions"))
def list_decisions(call: Call, application_id: ApplicationId) -> DecisionsOut:
    """List the decisions on an application, the oldest first."""
    with call.read() as books:
        application = _application(call, books, application_id)
        return DecisionsOut(items=tuple(_decisions_out(books, application.id)))


@routes.get("/decisions/{decision_id}", "decisions.read", Text("查询决定", "Read a decision"))
def read_decision(call: Call, decision_id: DecisionId) -> DecisionOut:
    """Read a decision without opening its record."""
    with call.read() as books:
        decision = _decision(call, books, decision_id)
        return next(one for one in _decisions_out(books, decision.application) if one.id == decision.id)


@routes.post(
    "/decisions/{decision_id}/record",
    "decisions.read_record",
    Text("查看决定记录（留痕）", "Read the record of a decision; logged"),
    status=200,
)
def read_record(call: Call, decision_id: DecisionId, body: Given[RecordReadingIn]) -> RecordOut:
    """Open the sealed record of a decision, held against its fact. Every reading leaves a line for good."""
    reading = reading_of(call.actor, body.purpose, call.request_id, call.at)
    with call.begin() as books:
        decision = _decision(call, books, decision_id)
        return RecordOut(decision=decision.id, record=dict(read_kept(books, decision.id, reading).record))


@routes.get("/applications/{application_id}/offers", "offers.read", Text("申请的报价", "List offers"))
def list_offers(call: Call, application_id: ApplicationId) -> OffersOut:
    """List the offers on an application, the oldest first."""
    with call.read() as books:
        application = _application(call, books, application_id)
        return OffersOut(items=tuple(map(_offer_out, books.offers.of(application.id))))


@routes.post("/offers/{offer_id}/accept", "offers.accept", Text("接受报价", "Accept an offer"), once=True)
def accept_offer(call: Call, offer_id: OfferId) -> AcceptedOut:
    """Accept an offer: it becomes a loan that starts today, the others of its application are withdrawn."""

    def hold(books: Books) -> Offer:
        offer = books.offers.by_id(offer_id)
        call.access.over(place_of(offer), OFFER_UNKNOWN.refuse("offer", offer=offer_id))
        return offer

    def work(books: Books, offer: Offer) -> tuple[int, Record]:
        if books.personal.erased_at(offer.party) is not None:
            raise PERSON_ERASED.refuse("party")
        accepted, loan = accept(books, offer.id, call.actor, call.at)
        return 201, AcceptedOut(offer=_offer_out(accepted), loan=loan_out(loan))

    return call.once(NOTHING_SAID, hold, work)  # type: ignore[return-value]


# An offer is accepted as it stands.
NOTHING_SAID = Record()


def _application(call: CallContext, books: Books, application_id: str) -> Application:
    found = books.applications.by_id(application_id)
    call.access.over(place_of(found), APPLICATION_UNKNOWN.refuse("application", application=application_id))
    return found


def _decision(call: CallContext, books: Books, decision_id: str) -> Decision:
    found = books.decisions.by_id(decision_id)
    call.access.over(place_of(found), DECISION_UNKNOWN.refuse("decision", decision=decision_id))
    return found


def _decisions_out(books: Books, application: str) -> list[DecisionOut]:
    """Return the decisions on an application as their facts tell them."""
    said = {fact.body["decision"]: fact.body for fact in books.store.facts(application) if fact.kind in _DECIDED}
    offers = books.offers.of(application)
    return [
        _decision_out(
            one,
            [(code, _text_of(code)) for code in said[one.id]["reasons"]],
            said[one.id]["versions"],
            [offer for offer in offers if offer.decision == one.id],
        )
        for one in books.decisions.of(application)
    ]


_DECIDED = ("decision",)


def _text_of(code: str) -> Text:
    """Return what a reason says of anyone; what it says of this person is in the record."""
    reason = reasons().get(code)
    if reason is None:
        return _IN_THE_RECORD
    return Text(reason.text.zh.replace("{fields}", "—"), reason.text.en.replace("{fields}", "—"))


_IN_THE_RECORD = Text("详见决定记录。", "The record of the decision says it.")


def _decision_out(
    decision: Decision, words: Sequence[tuple[str, Text]], versions: Mapping[str, str], offers: Sequence[Offer]
) -> DecisionOut:
    return DecisionOut(
        id=decision.id,
        application=decision.application,
        party=decision.party,
        institution=decision.institution,
        region=decision.region,
        outcome=decision.outcome,
        decided_at=decision.decided_at,
        reasons=tuple(ReasonOut(code=code, zh=text.zh, en=text.en) for code, text in words),
        versions=dict(versions),
        offers=tuple(map(_offer_out, offers)),
    )


def _offer_out(offer: Offer) -> OfferOut:
    return OfferOut(
        id=offer.id,
        decision=offer.decision,
        application=offer.application,
        party=offer.party,
        status=offer.status,
        expires_on=offer.expires_on,
        summary=dict(offer.summary),
        agreement=dict(offer.agreement),
        loan=offer.loan,
    )
