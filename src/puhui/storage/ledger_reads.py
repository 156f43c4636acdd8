"""The ledger as it is stored: balances from roll-ups and the postings after them, entries in pages, closed periods."""

import base64
import binascii
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import BigInteger, bindparam, text

from puhui.kernel.dates import day_number, to_date
from puhui.ledger.balances import Key, Total
from puhui.ledger.entry import Dimensions, Entry
from puhui.ledger.reads import ENTRY_UNKNOWN, Page, Wanted
from puhui.storage.entry_rows import COLUMNS, entries_of
from puhui.storage.fact_rows import micros
from puhui.storage.refusals import PLACE_UNREADABLE
from puhui.storage.session import statement
from puhui.storage.work import Work

LAST_DAY = 2**31 - 1

_KEY = "account, currency, institution, product, region, funder"
DEBIT = "CASE WHEN amount_minor > 0 THEN amount_minor ELSE 0 END"
CREDIT = "CASE WHEN amount_minor < 0 THEN -amount_minor ELSE 0 END"
ROLLED_THROUGH = "(SELECT seq FROM progress WHERE name = 'rollups')"
TOTALS = statement(
    "totals",
    f"SELECT {_KEY}, CAST(sum(debit_minor) AS bigint), CAST(sum(credit_minor) AS bigint) FROM ("  # noqa: S608
    f"SELECT {_KEY}, debit_minor, credit_minor FROM rollups WHERE effective_on BETWEEN ? AND ? "
    f"UNION ALL SELECT {_KEY}, {DEBIT}, {CREDIT} FROM postings "
    f"WHERE entry > {ROLLED_THROUGH} AND effective_on BETWEEN ? AND ?"
    f") AS parts GROUP BY {_KEY} ORDER BY {_KEY}",
)

_ENTRY = ", ".join(f"entries.{name}" for name in COLUMNS)
_WHOLE = (
    f"SELECT entries.seq, {_ENTRY}, postings.account, postings.amount_minor, postings.institution, postings.product, "  # noqa: S608
    "postings.region, postings.funder, postings.subject, postings.currency "
    "FROM entries JOIN postings ON postings.entry = entries.seq"
)
ENTRY = statement("entry", f"{_WHOLE} WHERE entries.id = ? ORDER BY postings.n")
REVERSED_BY = statement("reversed_by", "SELECT id FROM entries WHERE reverses = ? AND reverses <> ''")
CLOSE = statement("period_close", "INSERT INTO periods (closed_through, closed_at) VALUES (?, ?)")


class StoredLedger:
    """The ledger within one unit of work: `ledger.reads.LedgerReads`, and the closing of periods."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def totals(self, since: date | None, until: date | None) -> Sequence[Total]:
        """Return debits and credits by account, currency and dimensions of entries effective on those days.

        Both days are counted; None is without end. Roll-ups and the postings after them: equal, whenever it is
        rolled up, to the sum of all postings.
        """
        first = 0 if since is None else day_number(since)
        last = LAST_DAY if until is None else day_number(until)
        [rows] = self._work.ask((TOTALS, (first, last, first, last)))
        return [
            Total(Key(account, currency, Dimensions(institution, product, region, funder)), debit_minor, credit_minor)
            for account, currency, institution, product, region, funder, debit_minor, credit_minor in rows
        ]

    def entries(self, wanted: Wanted, limit: int, cursor: str = "") -> Page:
        """Return a page of at most `limit` entries, by effective day, then as recorded; refuse PLACE_UNREADABLE."""
        where, values = _conditions(wanted)
        numbers = []
        if cursor:
            where.append("(entries.effective_on, entries.seq) > (:day, :seq)")
            values["day"], values["seq"] = _read_place(cursor)
            numbers = [bindparam("seq", type_=BigInteger)]
        condition = f"WHERE {' AND '.join(where)}" if where else ""
        query = text(
            f"WITH page AS (SELECT seq FROM entries {condition} ORDER BY effective_on, seq LIMIT :limit) "  # noqa: S608
            f"{_WHOLE} WHERE entries.seq IN (SELECT seq FROM page) "
            "ORDER BY entries.effective_on, entries.seq, postings.n"
        )
        query = query.bindparams(*numbers)
        rows = self._work.connection.execute(query, {**values, "limit": limit + 1}).fetchall()
        found = entries_of(rows)
        if len(found) <= limit:
            return Page(found)
        last = next(row[0] for row in rows if row[1] == found[limit - 1].id)
        return Page(found[:limit], _place(day_number(found[limit - 1].effective_on), last))

    def entry(self, entry_id: str) -> Entry:
        """Return an entry with all its postings; refuse ENTRY_UNKNOWN."""
        [rows] = self._work.ask((ENTRY, (entry_id,)))
        if not rows:
            raise ENTRY_UNKNOWN.refuse("entry", entry=entry_id)
        return entries_of(rows)[0]

    def reversed_by(self, entry_id: str) -> str:
        """Return the id of the entry that reverses this one, or ""."""
        [rows] = self._work.ask((REVERSED_BY, (entry_id,)))
        return rows[0][0] if rows else ""

    def close_period(self, through_on: date, at: datetime) -> None:
        """Close the books through a day, for good; `ledger.period.close_period` decides whether that may be.

        Only in a unit of work that is alone, so that no entry of another slips in before the door closes.
        """
        assert self._work.alone, "a period is closed only while no other writer works"
        known = self._work.state()[1]
        assert known is None or known < day_number(through_on), f"{through_on} is closed already"
        self._work.queue(CLOSE, (day_number(through_on), micros(at)))
        self._work.forget_state()

    def closed_periods(self) -> list[date]:
        """Return the days through which periods were closed, in order."""
        [rows] = self._work.ask((PERIODS, ()))
        return [to_date(day) for (day,) in rows]


PERIODS = statement("periods", "SELECT closed_through FROM periods ORDER BY closed_through")


def _conditions(wanted: Wanted) -> tuple[list[str], dict[str, object]]:
    where: list[str] = []
    values: dict[str, object] = {}
    if wanted.from_on is not None:
        where.append("entries.effective_on >= :from_on")
        values["from_on"] = day_number(wanted.from_on)
    if wanted.to_on is not None:
        where.append("entries.effective_on <= :to_on")
        values["to_on"] = day_number(wanted.to_on)
    account = "(postings.account = :account OR substr(postings.account, 1, length(:below)) = :below)"
    if wanted.account:
        values |= {"account": wanted.account, "below": f"{wanted.account}."}
    if wanted.subject:
        values["subject"] = wanted.subject
        whole, part = (
            "SELECT seq FROM entries WHERE subject = :subject AND subject <> ''",
            "postings.subject = :subject",
        )
        if wanted.account:
            whole = f"SELECT postings.entry FROM postings WHERE postings.entry IN ({whole}) AND {account}"  # noqa: S608
            part = f"{part} AND {account}"
        mixed = f"SELECT postings.entry FROM postings WHERE postings.subject <> '' AND {part}"  # noqa: S608
        where.append(f"entries.seq IN ({whole} UNION {mixed})")
    elif wanted.account:
        where.append(f"EXISTS (SELECT 1 FROM postings WHERE postings.entry = entries.seq AND {account})")  # noqa: S608
    return where, values


def _place(day: int, seq: int) -> str:
    return base64.urlsafe_b64encode(f"{day}.{seq}".encode()).rstrip(b"=").decode()


def _read_place(cursor: str) -> tuple[int, int]:
    try:
        day, seq = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode().split(".")
        place = int(day), int(seq)
    except (binascii.Error, ValueError):
        raise PLACE_UNREADABLE.refuse("cursor") from None
    if _place(*place) != cursor or not (0 <= place[0] <= LAST_DAY and 0 <= place[1] < 2**62):
        raise PLACE_UNREADABLE.refuse("cursor")
    return place
