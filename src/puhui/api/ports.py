"""What the API needs of the rest: the books in one unit of work, the proof, the nights. `app.py` fills them in."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from puhui.api.metrics import Metrics
from puhui.api.pages import Cursors
from puhui.api.security import Gate
from puhui.api.shell import Limits
from puhui.api.telemetry import TELEMETRY_OFF, TelemetryConfig
from puhui.kernel.facts import Fact
from puhui.ledger.reads import LedgerReads
from puhui.people.ports import People, PersonalData
from puhui.workflows.applications import Applications
from puhui.workflows.case import Kit
from puhui.workflows.decisions import Decisions, Offers
from puhui.workflows.dossiers import Dossiers
from puhui.workflows.kit_parts import KeptParts
from puhui.workflows.parties import Parties
from puhui.workflows.store import Event, Loan, Store
from puhui.workflows.uses import Uses
from puhui.workflows.webhooks import Endpoints

# Few: they share one interpreter. Apart: readers do not stand in line behind writers, who wait for each other.
READERS, WRITERS = 6, 8


class Replay(Protocol):
    """The result of the request that had this key before."""

    @property
    def result(self) -> Mapping[str, Any]:
        """What was stored with the work."""
        ...


class Unit(Store, Protocol):
    """The store, and what goes beyond the port of the workflows."""

    def replayed(self, scope: str, key: str, given: object, at: datetime) -> Replay | None:
        """Return the result under an idempotency key, None when it is new; refuse a mismatch and one in flight."""
        ...

    def remember(self, result: Mapping[str, Any]) -> None:
        """Store the result under the key."""
        ...

    def next_sequence(self, subject: str) -> int:
        """Return the number of the subject's next fact."""
        ...

    def fact(self, fact_id: str) -> Fact:
        """Return a fact; refuse FACT_MISSING."""
        ...


class StoredEvent(Protocol):
    """An event in the outbox, and how far telling it has come."""

    @property
    def seq(self) -> int:
        """Its place."""
        ...

    @property
    def event(self) -> Event:
        """What happened."""
        ...

    @property
    def attempts(self) -> int:
        """How often it was tried."""
        ...

    @property
    def next_attempt_at(self) -> datetime:
        """Not before."""
        ...

    @property
    def delivered_at(self) -> datetime | None:
        """When it arrived."""
        ...

    @property
    def dead_at(self) -> datetime | None:
        """When it was given up on."""
        ...

    @property
    def last_error(self) -> str:
        """What went wrong last."""
        ...


class Outbox(Protocol):
    """The outbox within one unit of work."""

    def feed(self, after: int, limit: int, *, subject: str = "") -> Sequence[StoredEvent]:
        """Return events of the books beyond place `after`, the oldest first."""
        ...

    def messages(self, endpoint_id: str, after: int, limit: int) -> Sequence[StoredEvent]:
        """Return messages to one endpoint beyond place `after`, the oldest first."""
        ...

    def resend(self, endpoint_id: str, message_id: str, at: datetime) -> StoredEvent:
        """Put a message that was delivered or given up on back in line; refuse EVENT_UNKNOWN."""
        ...


class Books(Protocol):
    """One unit of work, with everything that is read and written in it."""

    @property
    def store(self) -> Unit:
        """Loans, facts, entries."""
        ...

    @property
    def ledger(self) -> LedgerReads:
        """Balances and entries."""
        ...

    @property
    def outbox(self) -> Outbox:
        """What goes out."""
        ...

    @property
    def people(self) -> People:
        """Accounts, keys, approvals."""
        ...

    @property
    def personal(self) -> PersonalData:
        """Personal data under seal."""
        ...

    @property
    def parties(self) -> Parties:
        """Parties."""
        ...

    @property
    def applications(self) -> Applications:
        """Applications."""
        ...

    @property
    def dossiers(self) -> Dossiers:
        """What sources told about parties."""
        ...

    @property
    def decisions(self) -> Decisions:
        """Decisions on applications."""
        ...

    @property
    def offers(self) -> Offers:
        """Offers that decisions made."""
        ...

    @property
    def parts(self) -> KeptParts:
        """The parts that decisions were made with."""
        ...

    @property
    def uses(self) -> Uses:
        """What funders have lent."""
        ...

    @property
    def endpoints(self) -> Endpoints:
        """Webhooks."""
        ...

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
        ...


class Proof(Protocol):
    """The log of facts and its signed checkpoints."""

    def keys_text(self) -> str:
        """Return the file of public keys that a verifier needs."""
        ...

    def checkpoint(self) -> str:
        """Return the newest signed checkpoint; refuse CHECKPOINT_MISSING before the first."""
        ...

    def inclusion(self, fact_id: str) -> Mapping[str, Any]:
        """Return the place of a fact's leaf and its proof at the newest checkpoint; refuse FACT_MISSING."""
        ...

    def consistency(self, older: int, newer: int | None) -> Mapping[str, Any]:
        """Return the proof that the log of size `newer` begins with that of size `older`; refuse PROOF_RANGE."""
        ...

    def bundle(self, subject: str) -> bytes:
        """Return the proof bundle of one subject's history."""
        ...


class Nights(Protocol):
    """The nightly close."""

    def list(self, limit: int) -> Sequence[Mapping[str, Any]]:
        """Return the last nights, the newest first."""
        ...

    def report(self, night_of: date) -> Mapping[str, Any]:
        """Return the report of a night; refuse NIGHT_UNKNOWN."""
        ...

    def start(self, night_of: date) -> None:
        """Begin to close a day, in the background; refuse NIGHT_RUNNING, and a day that cannot be closed."""
        ...


@dataclass(frozen=True)
class Platform:
    """Everything an app is made from. `begin` commits at the end of the block, `read` only reads.

    `kit` returns what decides here now, and refuses MODEL_NONE; `check_url` refuses a webhook's URL that must not be
    called; `readiness` tells what is not ready, by name; handlers run in the threads of `readers` and `writers`.
    """

    begin: Callable[[], AbstractContextManager[Books]]
    read: Callable[[], AbstractContextManager[Books]]
    gate: Gate
    cursors: Cursors
    proof: Proof
    nights: Nights
    kit: Callable[[], Kit]
    check_url: Callable[[str], None]
    readiness: Callable[[], Mapping[str, str]]
    readers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(READERS, "reader"))
    writers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(WRITERS, "writer"))
    metrics: Metrics = field(default_factory=Metrics)
    limits: Limits = field(default_factory=Limits)
    cors_origins: tuple[str, ...] = ()
    telemetry: TelemetryConfig = field(default_factory=lambda: TELEMETRY_OFF)
