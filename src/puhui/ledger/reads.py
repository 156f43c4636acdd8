"""What is read of the ledger: the port that storage fills."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from puhui.kernel.refusals import declare
from puhui.ledger.balances import Total
from puhui.ledger.entry import Entry

ENTRY_UNKNOWN = declare(
    "ENTRY_UNKNOWN",
    404,
    "没有分录 {entry}。用 puhui ledger entries 查找分录。",
    "There is no entry {entry}. Find entries with: puhui ledger entries.",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries: by loan (`subject`), by account, effective from `from_on` through `to_on`; empty means any.

    `account` also means every account below it ("1132" is 1132.01, 1132.02 ...). An entry is wanted when one of its
    postings has both the subject and the account.
    """

    subject: str = ""
    account: str = ""
    from_on: date | None = None
    to_on: date | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries, the oldest effective day first, then as recorded; `cursor` asks for the next, "" at the end."""

    entries: Sequence[Entry]
    cursor: str = ""


class LedgerReads(Protocol):
    """Reads of the ledger within one unit of work: they see one state of the books."""

    def totals(self, since: date | None, until: date | None) -> Sequence[Total]:
        """Return debits and credits by account, currency and dimensions of entries effective on those days.

        Both days are counted; None is without end. Equal to `balances.totals` over all entries, in any order.
        """
        ...

    def entries(self, wanted: Wanted, limit: int, cursor: str = "") -> Page:
        """Return a page of at most `limit` entries; refuse a cursor that was not given by this call."""
        ...

    def entry(self, entry_id: str) -> Entry:
        """Return an entry with all its postings; refuse ENTRY_UNKNOWN."""
        ...

    def reversed_by(self, entry_id: str) -> str:
        """Return the id of the entry that reverses this one, or ""."""
        ...
