"""The books in one unit of work, as the edges use them: loans, ledger, people, parties, applications, what goes out."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property

from puhui.storage.credit_store import StoredDecisions, StoredDossiers, StoredOffers, StoredUses
from puhui.storage.database import Database
from puhui.storage.desk import (
    SettledOutbox,
    StoredApplications,
    StoredEndpoints,
    StoredOutbox,
    StoredParties,
)
from puhui.storage.kit_store import StoredParts
from puhui.storage.ledger_reads import StoredLedger
from puhui.storage.loan_reads import WantedLoans
from puhui.storage.people_master import Masters
from puhui.storage.people_personal import StoredPersonalData
from puhui.storage.people_store import PeopleStore
from puhui.storage.unit_of_work import UnitOfWork
from puhui.workflows.store import Loan


class StoredBooks:
    """One unit of work. Each part is made when it is first asked for."""

    def __init__(self, unit: UnitOfWork, masters: Masters, settled: SettledOutbox, seen_parts: set[str]) -> None:
        self._seen_parts = seen_parts
        self._unit = unit
        self._masters = masters
        self._settled = settled

    @property
    def store(self) -> UnitOfWork:
        """Loans, facts, entries."""
        return self._unit

    @property
    def ledger(self) -> StoredLedger:
        """Balances and entries."""
        return self._unit.ledger

    @cached_property
    def outbox(self) -> StoredOutbox:
        """What goes out."""
        return StoredOutbox(self._unit.connection, self._settled.through)

    @cached_property
    def people(self) -> PeopleStore:
        """Accounts, keys, approvals."""
        return PeopleStore(self._unit, self._masters)

    @property
    def personal(self) -> StoredPersonalData:
        """Personal data under seal; refuse MASTER_KEY_MISSING and its like."""
        return self.people.personal

    @cached_property
    def parties(self) -> StoredParties:
        """Parties."""
        return StoredParties(self._unit.connection)

    @cached_property
    def applications(self) -> StoredApplications:
        """Applications."""
        return StoredApplications(self._unit)

    @cached_property
    def dossiers(self) -> StoredDossiers:
        """What sources told about parties."""
        return StoredDossiers(self._unit.connection, lambda: self.personal)

    @cached_property
    def decisions(self) -> StoredDecisions:
        """Decisions on applications."""
        return StoredDecisions(self._unit.connection, lambda: self.personal)

    @cached_property
    def parts(self) -> StoredParts:
        """The parts that decisions were made with."""
        return StoredParts(self._unit.connection, self._seen_parts)

    @cached_property
    def offers(self) -> StoredOffers:
        """Offers that decisions made."""
        return StoredOffers(self._unit)

    @cached_property
    def uses(self) -> StoredUses:
        """What funders have lent."""
        return StoredUses(self._unit)

    @cached_property
    def endpoints(self) -> StoredEndpoints:
        """Webhooks; their secrets need the master key."""
        return StoredEndpoints(self._unit, self._masters.keys)

    def loans(
        self,
        *,
        party: str = "",
        product: str = "",
        status: str = "",
        institutions: tuple[str, ...] = (),
        after: int,
        limit: int,
    ) -> Sequence[Loan]:
        """Return loans beyond key `after`, the oldest first; empty filters mean any."""
        wanted = WantedLoans(party=party, product=product, status=status, institutions=institutions)
        return self._unit.loans.page(wanted, after, limit)


class OpenBooks:
    """Opens the books of one database. `begin` commits at the end of the block, `read` only reads."""

    def __init__(self, database: Database, masters: Masters) -> None:
        self._database = database
        self._masters = masters
        self._settled = SettledOutbox(database)
        self._seen_parts: set[str] = set()

    @contextmanager
    def begin(self) -> Iterator[StoredBooks]:
        """Give the books to write."""
        with self._database.begin() as unit:
            yield StoredBooks(unit, self._masters, self._settled, self._seen_parts)

    @contextmanager
    def read(self) -> Iterator[StoredBooks]:
        """Give the books to read."""
        with self._database.read() as unit:
            yield StoredBooks(unit, self._masters, self._settled, self._seen_parts)
