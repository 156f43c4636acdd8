"""Nights: which days are closed, what each night did, and closing a day."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import Query
from pydantic import ConfigDict

from puhui.api.fields import Day, Instant, PathDay
from puhui.api.routing import Call, Given, Routes
from puhui.kernel.inputs import Record
from puhui.kernel.language import Text

routes = Routes("nights", Text("夜间处理", "Nights"))


class NightOut(Record):
    """A night: the business day that it closes, and how far it has come."""

    night_of: date
    state: str
    posted_at: Instant | None
    set_aside: int


class NightsOut(Record):
    """The last nights, the newest first; `posted_through_on`: the last day that is in the ledger."""

    posted_through_on: date | None
    items: tuple[NightOut, ...]


class NightReportOut(Record):
    """What a night did: what was accrued, who moved, what was provided, whether all reconciles."""

    night_of: date
    report: dict[str, Any]


class CloseIn(Record):
    """The day to close: the one after the last that is closed, and not later than today."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"night_of": "2024-01-31"}]})

    night_of: Day


class StartedOut(Record):
    """A night that has begun."""

    night_of: date
    state: str


@routes.get("/nights", "nights.read", Text("夜间处理列表", "List nights"))
def list_nights(call: Call, limit: Annotated[int, Query(ge=1, le=100)] = 31) -> NightsOut:
    """List the last nights, the newest first."""
    with call.read() as books:
        watermark = books.store.watermark()
    items = tuple(NightOut(**dict(night)) for night in call.platform.nights.list(limit))
    return NightsOut(posted_through_on=watermark, items=items)


@routes.get("/nights/{night_of}", "nights.read", Text("夜间处理报告", "Report of a night"))
def read_night(call: Call, night_of: PathDay) -> NightReportOut:
    """Read what a night did."""
    report: Mapping[str, Any] = call.platform.nights.report(night_of)
    return NightReportOut(night_of=night_of, report=dict(report))


@routes.post("/nights", "nights.close", Text("开始夜间处理", "Close a day"), status=202)
def start_night(call: Call, body: Given[CloseIn]) -> StartedOut:
    """Begin to close a day. Closing it twice is the same as once."""
    call.platform.nights.start(body.night_of)
    return StartedOut(night_of=body.night_of, state="started")
