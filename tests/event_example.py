"""Small tables of events for tests: rows written by hand, and any rows (Hypothesis)."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
from hypothesis import strategies as st

from puhui.credit.events import EVENT_KINDS, PURPOSES, SCHEMA
from puhui.kernel.clock import CHINA

AS_OF = datetime(2026, 3, 17, 20, 0, tzinfo=CHINA)
FIRST = datetime(2023, 12, 1, tzinfo=UTC)
PLACES = ("410323", "4103", "41", "110105", "999999")


def instant(day, hour=12):
    """Return an hour of a day in Beijing; instants pass through."""
    if isinstance(day, datetime):
        return day
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return datetime(day.year, day.month, day.day, hour, tzinfo=CHINA)


def event(kind, day, amount_minor=None, **more):
    """Return one row; known at once, of party P, unless told otherwise."""
    row = {
        **dict.fromkeys(SCHEMA),
        "party": "P",
        "kind": kind,
        "amount_minor": amount_minor,
        "source": "test",
        "consent": "credit",
        **more,
    }
    row["at"] = instant(day)
    row["recorded_at"] = instant(more.get("recorded_at", row["at"]))
    return row


def table(*rows):
    """Return rows as a frame of events."""
    return pl.DataFrame([{**row, **utc(row)} for row in rows], schema=dict(SCHEMA))


def utc(row):
    """Return the times of a row in UTC."""
    return {name: row[name].astimezone(UTC) for name in ("at", "recorded_at")}


@st.composite
def rows(draw, parties=("P1", "P2", "P3"), earliest=FIRST, latest=datetime(2026, 3, 31, tzinfo=UTC), late=True):
    """Draw one good event; `late`: it may be recorded up to 60 days after."""
    kind = draw(st.sampled_from(list(EVENT_KINDS.values())))
    at = draw(st.datetimes(earliest.replace(tzinfo=None), latest.replace(tzinfo=None))).replace(tzinfo=UTC)
    size = draw(st.one_of(st.integers(0, 3), st.integers(0, 10**6), st.just(10**12)))
    sign = draw(st.sampled_from((-1, 1))) if kind.sign == "any" else -1 if kind.sign == "out" else 1
    other = st.sampled_from(PLACES) if kind.code == "located" else st.sampled_from(("A", "B", "C", None))
    return event(
        kind.code,
        at,
        None if kind.sign == "none" else size * sign,
        party=draw(st.sampled_from(parties)),
        recorded_at=at + timedelta(days=draw(st.integers(0, 60)) if late else 0),
        counterparty=draw(other),
        consent=draw(st.sampled_from(("credit", "credit", "credit", *PURPOSES))),
        status=draw(st.sampled_from((None, None, *kind.statuses))),
        late_days=draw(st.sampled_from((None, -3, 0, 1, 30, 31, 90, 91))) if kind.has_lateness else None,
        area_m2=draw(st.sampled_from((None, 0, 667, 6667))) if kind.has_area else None,
    )


def tables(least=1, most=40, **more):
    """Draw a table of good events."""
    return st.lists(rows(**more), min_size=least, max_size=most).map(lambda drawn: table(*drawn))
