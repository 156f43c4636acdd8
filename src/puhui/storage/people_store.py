"""People in one unit of work: what `people.ports.People` asks for, over the same transaction as the books."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from sqlalchemy import insert

from puhui.kernel.facts import Fact
from puhui.people.ports import OpenPeople
from puhui.storage.database import Database
from puhui.storage.fact_rows import COLUMNS, row_of
from puhui.storage.people_accounts import StoredAccounts, StoredKeys, StoredSessions
from puhui.storage.people_approvals import StoredApprovals
from puhui.storage.people_master import Masters
from puhui.storage.people_personal import BATCH, StoredPersonalData
from puhui.storage.tables import facts
from puhui.storage.unit_of_work import UnitOfWork


class PeopleStore:
    """`people.ports.People`, and personal data, in the transaction of a unit of work."""

    def __init__(self, unit: UnitOfWork, masters: Masters | None = None) -> None:
        self._unit = unit
        self._masters = masters or Masters()

    @cached_property
    def accounts(self) -> StoredAccounts:
        """Accounts."""
        return StoredAccounts(self._unit.connection)

    @cached_property
    def sessions(self) -> StoredSessions:
        """Sessions."""
        return StoredSessions(self._unit.connection)

    @cached_property
    def keys(self) -> StoredKeys:
        """API keys."""
        return StoredKeys(self._unit.connection)

    @cached_property
    def approvals(self) -> StoredApprovals:
        """Approvals."""
        return StoredApprovals(self._unit.connection)

    @cached_property
    def personal(self) -> StoredPersonalData:
        """Personal data; refuse MASTER_KEY_MISSING and its like."""
        return StoredPersonalData(self._unit.connection, self._masters.keys())

    def next_sequence(self, subject: str) -> int:
        """Return the number of the subject's next fact."""
        return self._unit.next_sequence(subject)

    def record(self, fact: Fact) -> None:
        """Write a fact, and nothing under the request's idempotency key: that belongs to the request's own work."""
        row = dict(zip(COLUMNS, row_of(fact), strict=True))
        self._unit.connection.execute(insert(facts), row)


def rewrap_all(database: Database, limit: int = BATCH) -> int:
    """Wrap every key by the current master key, a transaction a batch; return how many there were.

    A pass that found any is followed by another: who took a person up meanwhile may still have used the older key.
    """
    total = 0
    while True:
        count = 0
        after: str | None = ""
        while after is not None:
            with database.begin() as unit:
                batch, after = PeopleStore(unit).personal.rewrap(after, limit)
            count += batch
        total += count
        if not count:
            return total


def opener(database: Database, masters: Masters | None = None) -> OpenPeople:
    """Return what opens a unit of work on a database for people: committed at the end of the block."""

    @contextmanager
    def open_people() -> Iterator[PeopleStore]:
        with database.begin() as unit:
            yield PeopleStore(unit, masters)

    return open_people


def reader(database: Database) -> OpenPeople:
    """Return what opens a unit of work that only reads."""

    @contextmanager
    def read_people() -> Iterator[PeopleStore]:
        with database.read() as unit:
            yield PeopleStore(unit)

    return read_people
