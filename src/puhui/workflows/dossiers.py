"""A dossier: what a source told about a party, as tidy events, with the purpose that the party agreed to."""

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Protocol

import polars as pl

from puhui.credit.events import checked, empty_events
from puhui.kernel.clock import business_date
from puhui.kernel.facts import Fact
from puhui.kernel.ids import new_id
from puhui.kernel.refusals import declare
from puhui.people.ports import Reading
from puhui.workflows.store import Changes, FactStore

DOSSIER_OF_OTHERS = declare(
    "DOSSIER_OF_OTHERS",
    422,
    "事件中有其他当事人（{party}）。一次只接收一个当事人的数据。",
    "There are events of another party ({party}). Send those of one party at a time.",
)


class Dossiers(Protocol):
    """The port that storage fills: what sources told, under the seal of each party."""

    def add(self, party: str, source: str, content: bytes, at: datetime) -> bytes:
        """Keep content, sealed; return the salted digest of it. Refuses PERSON_ERASED."""
        ...

    def of(self, party: str, reading: Reading, until_at: datetime | None = None) -> Sequence[bytes]:
        """Return what came of a party (until an instant), the oldest first, and log it; refuse PERSON_ERASED."""
        ...


def take_in(store: FactStore, dossiers: Dossiers, party: str, events: pl.DataFrame, actor: str, at: datetime) -> Fact:
    """Keep events of one party, and record that they came: their number and digest, nothing personal.

    Refuses EVENTS_COLUMNS_WRONG, EVENTS_ROWS_WRONG, DOSSIER_OF_OTHERS, PERSON_ERASED.
    """
    events = checked(events.lazy()).collect()
    others = events.filter(pl.col("party") != party)
    if others.height:
        raise DOSSIER_OF_OTHERS.refuse("party", party=others["party"][0])
    source = ", ".join(sorted(events["source"].unique())) or "empty"
    digest = dossiers.add(party, source, packed(events), at)
    body = {"events": events.height, "source": source}
    sequence = store.next_sequence(party)
    fact = Fact(new_id("fact"), party, sequence, "dossier", business_date(at), at, body, {"events": digest}, actor)
    store.record(Changes(facts=[fact]))
    return fact


def events_of(dossiers: Dossiers, party: str, reading: Reading, until_at: datetime | None = None) -> pl.DataFrame:
    """Return the events of a party that are kept, those that came by `until_at`, and log it; refuse PERSON_ERASED."""
    parts = [unpacked(content) for content in dossiers.of(party, reading, until_at)]
    return pl.concat(parts) if parts else empty_events()


def packed(events: pl.DataFrame) -> bytes:
    """Return events as bytes: an Arrow IPC stream, compressed."""
    stream = BytesIO()
    events.write_ipc_stream(stream, compression="zstd")
    return stream.getvalue()


def unpacked(content: bytes) -> pl.DataFrame:
    """Return the events of bytes that `packed` made."""
    return pl.read_ipc_stream(content)
