"""An offer: the loan that a choice would become, what is shown of it, and its acceptance."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Protocol

from puhui.funding.definition import own_funders
from puhui.funding.eligibility import is_overdrawn
from puhui.kernel.clock import business_date
from puhui.kernel.facts import Fact
from puhui.kernel.ids import new_id
from puhui.kernel.language import Text
from puhui.kernel.rates import PPM
from puhui.kernel.refusals import declare
from puhui.products.definition_fields import Definition
from puhui.products.design.choose import GOALS
from puhui.workflows.agree import agree
from puhui.workflows.applications import Applications
from puhui.workflows.case import Case
from puhui.workflows.decisions import Offer, Offers
from puhui.workflows.judge import Choice
from puhui.workflows.kit import hash_of
from puhui.workflows.store import Changes, Event, FactStore, Loan
from puhui.workflows.uses import Lent, Uses, places_of

OFFER_CLOSED = declare(
    "OFFER_CLOSED",
    409,
    "报价 {offer} 已{status}，不能再接受。",
    "The offer {offer} is {status} and cannot be accepted any more.",
)
OFFER_EXPIRED = declare(
    "OFFER_EXPIRED",
    409,
    "报价 {offer} 已于 {expires_on} 到期。请重新申请。",
    "The offer {offer} ended on {expires_on}. Apply again.",
)


_CLOSED = {"accepted": Text("接受", "accepted"), "withdrawn": Text("撤回", "withdrawn")}


OFFER_NO_ROOM = declare(
    "OFFER_NO_ROOM",
    409,
    "资金方 {funder} 的额度已不足。请重新审批，另选资金方。",
    "The funder {funder} has no room left for it. Have it decided again, with another funder.",
)
OFFER_TAMPERED = declare(
    "OFFER_TAMPERED",
    409,
    "报价 {offer} 与审批时的记录不一致，不能接受。请查明原因。",
    "The offer {offer} is not what was decided, and cannot be accepted. Find out why.",
)


class Desk(Protocol):
    """What accepting needs of the books, in one unit of work."""

    @property
    def store(self) -> FactStore:
        """Facts, loans and events."""
        ...

    @property
    def applications(self) -> Applications:
        """Applications."""
        ...

    @property
    def offers(self) -> Offers:
        """Offers."""
        ...

    @property
    def uses(self) -> Uses:
        """What funders have lent."""
        ...


def agreement_body(case: Case, choice: Choice) -> dict[str, Any]:
    """Return the body of the agreement that a choice becomes: the funder's terms, served as the product says."""
    offer, funder = choice.verdict.offer, choice.verdict.funder
    assert offer is not None, "a chosen funder has an offer"
    body: dict[str, Any] = {
        "product": offer.definition.id,
        "product_version": offer.definition.version,
        "terms": offer.plan.terms.model_dump(mode="json", exclude_defaults=True),
        "servicing": _servicing(offer.definition),
        "agreed_on": case.day.isoformat(),
        "institution": case.institution,
        "region": case.region,
        "borrower": case.party,
    }
    if case.dealer:
        body["dealer"] = case.dealer
    if funder.id != case.institution:
        share = next((each for each in offer.shares if each.party == funder.id), None)
        body |= {"funder": funder.id, "funder_share_ppm": PPM if share is None else share.share_ppm}
    return body


def _servicing(definition: Definition) -> dict[str, Any]:
    prepayment = definition.prepayment
    return {
        "overdue_multiplier_ppm": definition.penalty.overdue_multiplier_ppm,
        "prepayment": {
            "allowed": prepayment.allowed,
            "fee_ppm": prepayment.fee_ppm,
            "free_after_instalments": prepayment.free_after_instalments,
        },
    }


def summary_of(choice: Choice) -> dict[str, Any]:
    """Return what is shown of an offer: titles, what is lent and paid, the three annual costs, who funds it and why."""
    proposal, verdict = choice.proposal, choice.verdict
    offer = verdict.offer
    assert offer is not None, "a chosen funder has an offer"
    return {
        "titles": [GOALS[goal].title._asdict() for goal in proposal.goals],
        "product": offer.definition.id,
        "segment": choice.routing.application.segment,
        "product_title": offer.definition.name._asdict(),
        "lent_minor": offer.lent_minor,
        "own_minor": proposal.own_minor,
        "months": proposal.months,
        "annual_rate_ppm": offer.plan.terms.annual_rate_ppm,
        "most_in_a_month_minor": max(row.total_minor for row in offer.plan.instalments),
        "total_cost_minor": offer.cost_minor,
        "annual_cost": offer.all_in.as_dict(),
        "funder": verdict.funder.id,
        "funder_title": verdict.funder.name._asdict(),
        "shares": [share._asdict() for share in offer.shares],
        "why": [reason.as_dict() for reason in verdict.reasons],
    }


def accept(desk: Desk, offer_id: str, actor: str, at: datetime) -> tuple[Offer, Loan]:
    """Accept an offer: it becomes a loan that starts today, the others of its application are withdrawn.

    Refuses OFFER_UNKNOWN, OFFER_CLOSED, OFFER_EXPIRED, OFFER_TAMPERED, OFFER_NO_ROOM, and what an agreement refuses.
    """
    # One at a time for each application: two of its offers never both become loans.
    desk.applications.by_id(desk.offers.by_id(offer_id).application, for_update=True)
    offer, today = desk.offers.by_id(offer_id, for_update=True), business_date(at)
    if offer.status != "open":
        raise OFFER_CLOSED.refuse("offer", offer=offer.id, status=_CLOSED[offer.status])
    if hash_of_offer(offer) not in _decided_hashes(desk, offer):
        raise OFFER_TAMPERED.refuse("offer", offer=offer.id)
    if today > offer.expires_on:
        raise OFFER_EXPIRED.refuse("offer", offer=offer.id, expires_on=offer.expires_on.isoformat())
    loan = agree(desk.store, starting(offer.agreement, today), actor, at)
    accepted = replace(offer, status="accepted", loan=loan.id)
    desk.offers.change(accepted)
    for other in desk.offers.of(offer.application):
        if other.id != offer.id and other.status == "open":
            desk.offers.change(replace(other, status="withdrawn"))
    _count(desk, offer, today)
    desk.applications.set_status(offer.application, "accepted")
    body = {"offer": offer.id, "loan": loan.id}
    sequence = desk.store.next_sequence(offer.application)
    fact = Fact(new_id("fact"), offer.application, sequence, "acceptance", today, at, body, actor=actor)
    event = Event(new_id("event"), "application.accepted", offer.application, {**body, "status": "accepted"}, at)
    desk.store.record(Changes(facts=[fact], events=[event]))
    return accepted, loan


def hash_of_offer(offer: Offer) -> str:
    """Return the SHA-256 of what an offer promises; the fact of its decision has it."""
    return hash_of([offer.id, offer.agreement, offer.summary, offer.expires_on.isoformat()])


_DECIDED = frozenset({"decision"})


def _decided_hashes(desk: Desk, offer: Offer) -> set[str]:
    facts = desk.store.facts(offer.application)
    return {each for fact in facts if fact.kind in _DECIDED for each in fact.body.get("offer_hashes", ())}


def _count(desk: Desk, offer: Offer, today: date) -> None:
    """Count what each funder lends by an offer; refuse OFFER_NO_ROOM where that is more than it has room for.

    Counted first, then looked at: who accepts at the same time waits for the row, and sees this loan in it.
    """
    funders = own_funders()
    if offer.summary["funder"] not in {*funders, offer.institution}:
        raise OFFER_NO_ROOM.refuse("offer", funder=offer.summary["funder"])
    for lent in lent_of(offer, today):
        desk.uses.add(lent)
        party = funders.get(lent.funder)
        if party is not None:
            used = desk.uses.of(today, lent.places.items())[lent.funder]
            if is_overdrawn(party, used, lent.places):
                raise OFFER_NO_ROOM.refuse("offer", funder=party.name)


def lent_of(offer: Offer, day: date) -> list[Lent]:
    """Return what each party funds of an accepted offer, its own institution aside, in the order of their ids."""
    body, summary = offer.agreement, offer.summary
    places = places_of(offer.region, body["product"], summary["segment"], body.get("dealer", ""))
    shares = sorted(summary["shares"], key=lambda share: str(share["party"]))
    return [
        Lent(share["party"], day, share["amount_minor"], places)
        for share in shares
        if share["party"] != offer.institution
    ]


def starting(agreement: Mapping[str, Any], day: date) -> dict[str, Any]:
    """Return the body of an agreement that begins on a day."""
    terms = {**agreement["terms"], "disbursed_on": day.isoformat()}
    return {**agreement, "agreed_on": day.isoformat(), "terms": terms}
