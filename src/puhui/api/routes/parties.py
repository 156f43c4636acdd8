"""Parties: people and companies by id. Personal data goes in, and comes out only for a stated purpose, logged."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from puhui.api.call import CallContext, resource_of_party
from puhui.api.fields import Code, Instant, PartyId, Region
from puhui.api.ports import Books
from puhui.api.routing import Call, Given, Routes
from puhui.kernel.ids import new_id
from puhui.kernel.inputs import Record
from puhui.kernel.language import Text
from puhui.people.access import OUT_OF_REACH, Resource
from puhui.people.erase import PURPOSES, erase_person, reading_of
from puhui.people.identity import FIELDS, field_of, mask
from puhui.workflows.parties import Kind, Party, data_fact, party_fact
from puhui.workflows.store import Changes

Value = Annotated[str, Field(min_length=1, max_length=200)]
Purpose = Annotated[str, Field(json_schema_extra={"enum": list(PURPOSES)})]
FieldName = Annotated[str, Field(json_schema_extra={"enum": list(FIELDS)})]

routes = Routes("parties", Text("当事人", "Parties"))


class PersonalIn(Record):
    """Personal data, kept under seal: each is checked, and none is ever shown whole without a purpose."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"phone": "13700137000"}]})

    name: Value | None = None
    id_number: Value | None = None
    phone: Value | None = None
    bank_account: Value | None = None
    address: Value | None = None


class PartyIn(Record):
    """A new party. `region`: where it lives or is seated (GB/T 2260)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "person",
                    "institution": "county_bank",
                    "region": "410323",
                    "personal": {"name": "张三丰", "phone": "13800138000"},
                }
            ]
        }
    )

    kind: Kind
    institution: Code
    region: Region
    personal: PersonalIn = PersonalIn()


class PartyOut(Record):
    """What is known of a party without opening a seal."""

    id: str
    kind: str
    institution: str
    region: str
    created_at: Instant


class OpeningIn(Record):
    """Which personal fields are to be shown, and why. `masked`: only as much as a screen needs."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"fields": ["name", "phone"], "purpose": "servicing", "masked": True}]}
    )

    fields: tuple[FieldName, ...] = Field(min_length=1, max_length=len(FIELDS))
    purpose: Purpose
    masked: bool = True


class OpenedOut(Record):
    """Personal data: the fields that are kept."""

    party: str
    personal: dict[str, str]


class SearchIn(Record):
    """An exact value to search by, and why. In a body, since addresses of pages end up in logs."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"field": "phone", "value": "13800138000", "purpose": "servicing"}]}
    )

    field: FieldName
    value: Value
    purpose: Purpose


class FoundOut(Record):
    """The parties with that very value, within reach."""

    items: tuple[PartyOut, ...]


class ErasureIn(Record):
    """Why a person's data is to be destroyed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"purpose": "subject_request"}]})

    purpose: Purpose


@routes.post("/parties", "parties.create", Text("登记当事人", "Take a party up"))
def create_party(call: Call, body: Given[PartyIn]) -> PartyOut:
    """Take a party up, its personal data under seal."""
    call.access.over(Resource(body.institution, body.region), OUT_OF_REACH.refuse("institution"))
    party = Party(new_id("party"), body.kind, body.institution, body.region, call.at)
    with call.begin() as books:
        digests = _put(books, party.id, body.personal, call)
        books.parties.add(party)
        books.store.record(Changes(facts=[party_fact(party, digests, call.actor)]))
    return _party_out(party)


@routes.get("/parties/{party_id}", "parties.read", Text("查询当事人", "Read a party"))
def read_party(call: Call, party_id: PartyId) -> PartyOut:
    """Read what is known of a party without opening a seal."""
    with call.read() as books:
        return _party_out(call.party_in_reach(books, party_id))


@routes.patch("/parties/{party_id}/personal", "parties.change", Text("更新个人信息", "Change personal data"))
def change_personal(call: Call, party_id: PartyId, body: Given[PersonalIn]) -> PartyOut:
    """Keep other personal data from now on; what is not named stays."""
    with call.begin() as books:
        party = call.party_in_reach(books, party_id)
        digests = _put(books, party_id, body, call)
        if digests:
            sequence = books.store.next_sequence(party_id)
            books.store.record(Changes(facts=[data_fact(party, digests, sequence, call.actor, call.at)]))
    return _party_out(party)


@routes.post(
    "/parties/{party_id}/personal",
    "parties.read_personal",
    Text("查看个人信息（留痕）", "Show personal data; logged"),
    status=200,
)
def open_personal(call: Call, party_id: PartyId, body: Given[OpeningIn]) -> OpenedOut:
    """Show personal data for a purpose. Every reading leaves a line that nobody can remove."""
    for field in body.fields:
        field_of(field)
    reading = reading_of(call.actor, body.purpose, call.request_id, call.at)
    with call.begin() as books:
        call.party_in_reach(books, party_id)
        values = books.personal.read(party_id, body.fields, reading)
    shown = {name: mask(name, value) if body.masked else value for name, value in values.items()}
    return OpenedOut(party=party_id, personal=shown)


@routes.post(
    "/party-searches", "parties.find", Text("按证件号等查找（留痕）", "Find by an exact value; logged"), status=200
)
def find_parties(call: Call, body: Given[SearchIn]) -> FoundOut:
    """Find parties by an identity number, a telephone or an account; the search is logged."""
    spans = call.access.spans
    reading = reading_of(call.actor, body.purpose, call.request_id, call.at)
    with call.begin() as books:
        found = [books.parties.by_id(each) for each in books.personal.find(body.field, body.value, reading)]
    items = [party for party in found if any(span.covers(resource_of_party(party)) for span in spans)]
    return FoundOut(items=tuple(map(_party_out, items)))


@routes.post(
    "/parties/{party_id}/erasure",
    "parties.erase",
    Text("删除个人信息（不可恢复）", "Erase personal data, for ever"),
    status=200,
)
def erase_party(call: Call, party_id: PartyId, body: Given[ErasureIn]) -> PartyOut:
    """Destroy the key of a person's data. What the law asks to be kept names the person by id only."""
    reading = reading_of(call.actor, body.purpose, call.request_id, call.at)
    with call.begin() as books:
        party = call.party_in_reach(books, party_id)
        erase_person(books.people, party_id, reading)
    return _party_out(party)


def _put(books: Books, party_id: str, personal: PersonalIn, call: CallContext) -> dict[str, Any]:
    values = personal.model_dump(exclude_none=True)
    return books.personal.put(party_id, values, call.at) if values else {}


def _party_out(party: Party) -> PartyOut:
    return PartyOut(
        id=party.id,
        kind=party.kind,
        institution=party.institution,
        region=party.region,
        created_at=party.created_at,
    )
