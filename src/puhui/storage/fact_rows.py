"""Facts as rows, and as leaves of the log.

The leaf of a fact holds all that was said: its id, who said it and who approved, beside kind, days and body. Its hash
is stored with the fact, in the fact's own transaction; the bytes follow from the row, so that an edit of any column
no longer fits the hash.
"""

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from json.encoder import encode_basestring as quoted
from typing import Any

from puhui.kernel.dates import day_number, to_date
from puhui.kernel.facts import Fact
from puhui.proof.leaf import Leaf, canonical
from puhui.storage.session import Insert, Value, statement

COLUMNS = (
    "id",
    "subject",
    "sequence",
    "kind",
    "effective_on",
    "recorded_at",
    "actor",
    "approved_by",
    "body",
    "personal",
    "leaf_hash",
)
INSERT = Insert("facts", COLUMNS)
_LIST = ", ".join(COLUMNS)
OF_SUBJECT = statement("facts_of", f"SELECT {_LIST} FROM facts WHERE subject = ? ORDER BY sequence")  # noqa: S608
BY_ID = statement("fact", f"SELECT {_LIST} FROM facts WHERE id = ?")  # noqa: S608
LAST_SEQUENCE = statement("fact_last", "SELECT max(sequence) FROM facts WHERE subject = ?")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(instant: datetime) -> int:
    """Return the microseconds from 1970 to an aware instant."""
    return (instant - _EPOCH) // _MICROSECOND


def instant(at: int) -> datetime:
    """Return the instant, in UTC, of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=at)


def leaf_of(fact: Fact) -> Leaf:
    """Return the leaf of a fact."""
    body = {"actor": fact.actor, "approved_by": fact.approved_by, "body": dict(fact.body), "id": fact.id}
    return Leaf(fact.kind, fact.subject, fact.sequence, fact.effective_on, fact.recorded_at, body, fact.personal)


def row_of(fact: Fact) -> list[Value]:
    """Return a fact's row, in the order of COLUMNS; refuse PROOF_VALUE where the body has no canonical form."""
    body = canonical(fact.body, "body").decode()
    personal = "{}"
    if fact.personal:
        digests = {name: base64.b64encode(digest).decode() for name, digest in fact.personal.items()}
        personal = canonical(digests, "personal").decode()
    return [
        fact.id,
        fact.subject,
        fact.sequence,
        fact.kind,
        day_number(fact.effective_on),
        micros(fact.recorded_at),
        fact.actor,
        fact.approved_by,
        body,
        personal,
        sha256(b"\0" + _leaf_bytes(fact, body, personal)).digest(),
    ]


def fact_of(row: Sequence[Any]) -> Fact:
    """Return the fact of a row."""
    personal = {name: base64.b64decode(digest) for name, digest in json.loads(row[9]).items()} if row[9] != "{}" else {}
    return Fact(
        id=row[0],
        subject=row[1],
        sequence=row[2],
        kind=row[3],
        effective_on=to_date(row[4]),
        recorded_at=instant(row[5]),
        actor=row[6],
        approved_by=row[7],
        body=json.loads(row[8]),
        personal=personal,
    )


def _leaf_bytes(fact: Fact, body: str, personal: str) -> bytes:
    """Return `leaf_of(fact).to_bytes()`, put together from parts that are canonical already: in a third of the time.

    A property holds the two against each other.
    """
    assert fact.sequence >= 1, "a subject's facts are counted from 1"
    recorded_at = fact.recorded_at.astimezone(UTC).isoformat(timespec="microseconds")
    return (
        f'{{"body":{{"actor":{quoted(fact.actor)},"approved_by":{quoted(fact.approved_by)},"body":{body},'
        f'"id":{quoted(fact.id)}}},"effective_on":"{fact.effective_on.isoformat()}","kind":{quoted(fact.kind)},'
        f'"personal":{personal},"recorded_at":"{recorded_at[:-6]}Z","sequence":{fact.sequence},'
        f'"subject":{quoted(fact.subject)}}}'
    ).encode()
