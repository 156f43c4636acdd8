"""Journal entries and their postings as rows."""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from puhui.kernel.dates import day_number, to_date
from puhui.ledger.entry import Dimensions, Entry, Posting
from puhui.storage.fact_rows import instant, micros
from puhui.storage.session import Insert, Value

COLUMNS = ("id", "kind", "fact", "effective_on", "recorded_at", "reverses", "memo", "subject")
INSERT = Insert("entries", COLUMNS)
POSTINGS = (
    "entry",
    "n",
    "effective_on",
    "account",
    "currency",
    "amount_minor",
    "institution",
    "product",
    "region",
    "funder",
    "subject",
)
# The postings of the entry that was written last. SQLite has one writer, so the largest number is ours.
INSERT_POSTINGS = Insert(
    "postings",
    POSTINGS,
    first=("(SELECT max(seq) FROM entries)", "currval('entries_seq_seq')"),
)


def common_subject(entry: Entry) -> str:
    """Return the loan of all postings of an entry, "" where they have none or several.

    Nearly every entry has one: told once for the entry, not for each posting, it saves half of an index.
    """
    first = entry.postings[0].subject if entry.postings else ""
    return first if all(each.subject == first for each in entry.postings) else ""


def entry_row(entry: Entry, common: str) -> list[Value]:
    """Return an entry's row, in the order of COLUMNS; `common`: its `common_subject`."""
    return [
        entry.id,
        entry.kind,
        entry.fact,
        day_number(entry.effective_on),
        micros(entry.recorded_at),
        entry.reverses,
        entry.memo,
        common,
    ]


def posting_rows(entry: Entry, common: str) -> list[list[Value]]:
    """Return the rows of an entry's postings, without the entry's number."""
    day = day_number(entry.effective_on)
    return [
        [
            n,
            day,
            each.account,
            each.currency,
            each.amount_minor,
            each.dimensions.institution,
            each.dimensions.product,
            each.dimensions.region,
            each.dimensions.funder,
            "" if common else each.subject,
        ]
        for n, each in enumerate(entry.postings)
    ]


def entries_of(rows: Sequence[Sequence[Any]]) -> list[Entry]:
    """Return the entries of rows of (seq, the entry's COLUMNS, the posting's columns from account on), in order."""
    return [_entry(list(group)) for _, group in groupby(rows, itemgetter(0))]


def _entry(rows: Sequence[Sequence[Any]]) -> Entry:
    _, entry_id, kind, fact, effective_on, recorded_at, reverses, memo, common, *_ = rows[0]
    return Entry(
        id=entry_id,
        kind=kind,
        fact=fact,
        effective_on=to_date(effective_on),
        recorded_at=instant(recorded_at),
        postings=tuple(_posting(row[9:], common) for row in rows),
        reverses=reverses,
        memo=memo,
    )


def _posting(values: Sequence[Any], common: str) -> Posting:
    account, amount_minor, institution, product, region, funder, subject, currency = values
    dimensions = Dimensions(institution, product, region, funder)
    return Posting(account, amount_minor, dimensions, subject or common, currency)
