"""Configuration: what two people change together, and every change so far. Each change is a fact."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from puhui.api.answers import ApprovalOut, FactOut, approval_out, fact_out
from puhui.api.call import CallContext
from puhui.api.fields import PartyId
from puhui.api.pages import Cursor, Limit, split
from puhui.api.ports import Books
from puhui.api.routes.loans import FactsOut
from puhui.api.routing import Call, Given, Routes, written
from puhui.kernel.inputs import Record
from puhui.kernel.language import Text
from puhui.people.access import Resource
from puhui.people.approval import Asking
from puhui.people.four_eyes import Asked, Granted, require
from puhui.products.definition import write_published
from puhui.proof.leaf import canonical
from puhui.workflows.configure import (
    SUBJECT,
    LimitChange,
    checked_product,
    override_limit,
    publish_product,
)
from puhui.workflows.parties import PARTY_UNKNOWN

routes = Routes("configuration", Text("配置", "Configuration"))


class PublicationIn(Record):
    """A product to be published: the definition, as `puhui schema product` describes it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"definition": {"id": "auto_new", "version": 2}}]})

    definition: Annotated[dict[str, Any], Field(min_length=1, max_length=100)]


class LimitOverrideIn(LimitChange):
    """A limit of one party is to be another, through `until_on`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "limit": "exposure.single",
                    "amount_minor": 48000000,
                    "until_on": "2027-06-30",
                    "reason": "核心企业担保",
                }
            ]
        }
    )


@routes.post(
    "/product-publications", "products.publish", Text("发布产品（须双人批准）", "Publish a product; two people")
)
def record_publication(call: Call, body: Given[PublicationIn]) -> FactOut | ApprovalOut:
    """Publish a product: what may be agreed from now on. It is checked against the rules first."""
    definition = checked_product(body.definition, call.today)
    said = definition.model_dump(mode="json", exclude_unset=True)
    with call.begin() as books:
        leave = _leave(call, books, f"product:{definition.id}", Resource(), said)
        if isinstance(leave, Asked):
            return written(approval_out(leave.approval, call.at), 202)  # type: ignore[return-value]
        fact = publish_product(books.store, definition, call.actor, leave.approved_by, call.at)
    # The fact stands first: the catalogue never has what nobody approved. Published again, it is written again.
    write_published(definition)
    return fact_out(fact)


@routes.post(
    "/parties/{party_id}/limit-overrides",
    "limits.override",
    Text("突破限额（须双人批准）", "Override a limit; two people"),
)
def record_limit_override(call: Call, party_id: PartyId, body: Given[LimitOverrideIn]) -> FactOut | ApprovalOut:
    """Override a limit of a party until a day."""
    said = {"party": party_id, **body.model_dump(mode="json")}
    with call.begin() as books:
        party = books.parties.by_id(party_id)
        place = Resource(party.institution, party.region, party.id)
        call.access.over(place, PARTY_UNKNOWN.refuse("party", party=party_id))
        leave = _leave(call, books, party.id, place, said)
        if isinstance(leave, Asked):
            return written(approval_out(leave.approval, call.at), 202)  # type: ignore[return-value]
        fact = override_limit(books.store, said, call.actor, leave.approved_by, call.at)
    return fact_out(fact)


@routes.get("/configuration", "configuration.read", Text("配置变更记录", "Changes of configuration"))
def list_configuration(call: Call, limit: Limit = 50, cursor: Cursor = None) -> FactsOut:
    """List the products that were published and the limits that were overridden, in order."""
    (after,) = call.place(cursor) or (0,)
    with call.read() as books:
        facts = [fact for fact in books.store.facts(SUBJECT) if fact.sequence > after]
    items, place = split(facts, limit, lambda fact: (fact.sequence,))
    return FactsOut(items=tuple(map(fact_out, items)), next=call.cursor(place))


def _leave(call: CallContext, books: Books, subject: str, place: Resource, said: dict[str, Any]) -> Asked | Granted:
    asking = Asking(call.access.action, subject, place, canonical(said))
    return require(books.people, call.access.actor, asking, call.approval, call.at)
