"""Dossiers: what a source tells about a party, as tidy events; kept under the party's seal, never shown again here."""

from datetime import UTC, datetime
from typing import Annotated, Any

import polars as pl
from pydantic import AwareDatetime, ConfigDict, Field

from puhui.api.fields import Code, Instant, Line, PartyId
from puhui.api.ports import Books
from puhui.api.routing import Call, Given, Routes
from puhui.credit.events import EVENT_KINDS, MOST_MINOR, PURPOSES, SCHEMA, STATUSES
from puhui.kernel.inputs import Record
from puhui.kernel.language import Text
from puhui.kernel.refusals import INPUT_INVALID
from puhui.workflows.dossiers import take_in
from puhui.workflows.parties import Party

routes = Routes("dossiers", Text("数据源事件", "What sources tell"))

MOST_EVENTS = 5000


class EventIn(Record):
    """One tidy event. `recorded_at`: when the lender came to know it, without it now; never later than now.

    Amounts are positive coming in and negative going out, as the kind says.
    """

    kind: Annotated[str, Field(max_length=64, json_schema_extra={"enum": list(EVENT_KINDS)})]
    amount_minor: Annotated[int, Field(ge=-MOST_MINOR, le=MOST_MINOR)] | None = None
    at: AwareDatetime
    recorded_at: AwareDatetime | None = None
    counterparty: Line | None = None
    consent: Annotated[str, Field(max_length=64, json_schema_extra={"enum": list(PURPOSES)})]
    status: Annotated[str, Field(max_length=64, json_schema_extra={"enum": list(STATUSES)})] | None = None
    late_days: Annotated[int, Field(ge=-36_500, le=36_500)] | None = None
    area_m2: Annotated[int, Field(ge=0, le=10**12)] | None = None


class DossierIn(Record):
    """What one source tells about the party of the path."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "source": "wallet",
                    "events": [
                        {
                            "kind": "wage",
                            "amount_minor": 520000,
                            "at": "2024-01-05T10:00:00+08:00",
                            "counterparty": "employer_1",
                            "consent": "credit",
                        },
                        {
                            "kind": "bill",
                            "amount_minor": -8600,
                            "at": "2024-01-09T10:00:00+08:00",
                            "consent": "credit",
                            "late_days": 2,
                        },
                    ],
                }
            ]
        }
    )

    source: Code
    # Published in the schema, refused in `tidy_events`: pydantic would count a wrong event as an absent one, too.
    events: Annotated[tuple[EventIn, ...], Field(max_length=MOST_EVENTS, json_schema_extra={"minItems": 1})]


class DossierOut(Record):
    """That it came: the fact that says so, and how much."""

    party: str
    source: str
    events: int
    fact: str
    received_at: Instant


@routes.post(
    "/parties/{party_id}/events", "dossiers.add", Text("接收数据源事件", "Take in what a source tells"), once=True
)
def add_dossier(call: Call, party_id: PartyId, body: Given[DossierIn]) -> DossierOut:
    """Keep events of one party, with the purpose that the party agreed to, under its seal."""

    def hold(books: Books) -> Party:
        return call.party_in_reach(books, party_id)

    def work(books: Books, party: Party) -> tuple[int, Record]:
        events = tidy_events(party.id, body, call.at)
        fact = take_in(books.store, books.dossiers, party.id, events, call.actor, call.at)
        told = DossierOut(party=party.id, source=body.source, events=events.height, fact=fact.id, received_at=call.at)
        return 201, told

    return call.once(body, hold, work)  # type: ignore[return-value]


def tidy_events(party: str, body: DossierIn, now: datetime) -> pl.DataFrame:
    """Return the events as a table with the columns of SCHEMA; refuse INPUT_INVALID none, and what is known later."""
    if not body.events:
        raise INPUT_INVALID.refuse("events", problem=Text("events 不得为空", "events must not be empty"))
    for n, event in enumerate(body.events):
        if event.recorded_at is not None and event.recorded_at > now:
            field = f"events.{n}.recorded_at"
            raise INPUT_INVALID.refuse(field, problem=Text(f"{field} 晚于现在", f"{field} is later than now"))
    rows = [_row(event) for event in body.events]
    columns: dict[str, Any] = {name: [row.get(name) for row in rows] for name in SCHEMA}
    whole = columns | {"party": [party] * len(rows), "source": [body.source] * len(rows)}
    whole["recorded_at"] = [now if at is None else at for at in whole["recorded_at"]]
    return pl.DataFrame(whole, schema=dict(SCHEMA))


def _row(event: EventIn) -> dict[str, Any]:
    return {
        name: value.astimezone(UTC) if isinstance(value, datetime) else value
        for name, value in event.model_dump().items()
    }
