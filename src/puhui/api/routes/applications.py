"""Applications: a wish for a loan, taken in and kept. What is decided on it comes on top."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import ConfigDict, Field

from puhui.api.call import CallContext, covered, place_of
from puhui.api.fields import AmountMinor, ApplicationId, Code, Currency, Instant, Line, OfParty, PartyRef, Region
from puhui.api.pages import Cursor, Limit, filled, split
from puhui.api.routing import Call, Given, Routes
from puhui.kernel.ids import new_id
from puhui.kernel.inputs import Record
from puhui.kernel.language import Text
from puhui.kernel.rates import PPM
from puhui.people.access import OUT_OF_REACH, Resource
from puhui.products.definition import product_of
from puhui.workflows.applications import APPLICATION_UNKNOWN, Application, WantedApplications, receive

routes = Routes("applications", Text("贷款申请", "Applications"))


class WishedTerms(Record):
    """What the applicant wishes for; `annual_rate_ppm` only where a rate was named.

    `amount_minor`: the price of what is bought, of which `down_payment_ppm` is paid down, or the money needed.
    """

    amount_minor: AmountMinor
    currency: Currency = "CNY"
    instalments: Annotated[int, Field(ge=1, le=1200)]
    annual_rate_ppm: Annotated[int, Field(ge=0, le=3 * PPM)] | None = None
    down_payment_ppm: Annotated[int, Field(ge=0, lt=PPM)] = 0
    purpose: Line | None = None


class ApplicationIn(Record):
    """A new application for a product."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "party": "party_01jcx4q8h2e6x8v5tq3k9m7w1a",
                    "institution": "county_bank",
                    "region": "410323",
                    "product": "auto_new",
                    "wish": {"amount_minor": 9000000, "instalments": 36, "purpose": "购车"},
                }
            ]
        }
    )

    party: PartyRef
    institution: Code
    region: Region
    product: Code
    wish: WishedTerms


class ApplicationOut(Record):
    """An application, and how far it has come."""

    id: str
    party: str
    institution: str
    region: str
    product: str
    status: str
    wish: dict[str, Any]
    received_at: Instant


class ApplicationsOut(Record):
    """A page of applications."""

    items: tuple[ApplicationOut, ...]
    next: str | None


@routes.post("/applications", "applications.create", Text("提交申请", "Apply"))
def create_application(call: Call, body: Given[ApplicationIn]) -> ApplicationOut:
    """Take an application in."""
    call.access.over(Resource(body.institution, body.region, body.party), OUT_OF_REACH.refuse("institution"))
    application = Application(
        id=new_id("application"),
        party=body.party,
        institution=body.institution,
        region=body.region,
        product=product_of(body.product).id,
        status="received",
        wish=body.wish.model_dump(mode="json", exclude_none=True),
        received_at=call.at,
    )
    with call.begin() as books:
        call.party(books, body.party)
        receive(books.store, books.applications, application, call.actor)
    return _application_out(application)


@routes.get("/applications", "applications.read", Text("申请列表", "List applications"))
def list_applications(
    call: Call,
    party: OfParty = None,
    product: Annotated[Code | None, Query(description="产品 / product")] = None,
    status: Annotated[Code | None, Query(description="状态 / status")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ApplicationsOut:
    """List applications within reach, the oldest first."""
    spans = call.access.spans
    wanted = WantedApplications(party or "", product or "", status or "")
    (after,) = call.place(cursor) or (0,)
    with call.read() as books:
        found = filled(
            lambda place, count: books.applications.page(wanted, place, count),
            lambda one: covered(spans, place_of(one)),
            lambda one: one.number,
            after,
            limit,
        )
    items, place = split(found, limit, lambda one: (one.number,))
    return ApplicationsOut(items=tuple(map(_application_out, items)), next=call.cursor(place))


@routes.get("/applications/{application_id}", "applications.read", Text("查询申请", "Read an application"))
def read_application(call: Call, application_id: ApplicationId) -> ApplicationOut:
    """Read an application."""
    with call.read() as books:
        found = books.applications.by_id(application_id)
    _hold(call, found)
    return _application_out(found)


def _hold(call: CallContext, found: Application) -> None:
    call.access.over(place_of(found), APPLICATION_UNKNOWN.refuse("application", application=found.id))


def _application_out(one: Application) -> ApplicationOut:
    return ApplicationOut(
        id=one.id,
        party=one.party,
        institution=one.institution,
        region=one.region,
        product=one.product,
        status=one.status,
        wish=dict(one.wish),
        received_at=one.received_at,
    )
