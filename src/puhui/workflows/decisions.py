"""What a decision leaves: the record of all that decided it, and the offers it makes. Ports that storage fills."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, Protocol

from puhui.kernel.refusals import declare
from puhui.people.ports import Reading

DECISION_UNKNOWN = declare(
    "DECISION_UNKNOWN",
    404,
    "没有决定 {decision}。请核对编号。",
    "There is no decision {decision}. Check the id.",
)
OFFER_UNKNOWN = declare(
    "OFFER_UNKNOWN",
    404,
    "没有报价 {offer}。请核对编号。",
    "There is no offer {offer}. Check the id.",
)

Outcome = Literal["approve", "refer", "decline"]
OfferStatus = Literal["open", "accepted", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision as it is stored, without its record, which is under the party's seal."""

    id: str
    application: str
    party: str
    institution: str
    region: str
    outcome: Outcome
    decided_at: datetime
    number: int = 0


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer that a decision made. agreement: the body of the loan that it becomes; `loan`: its id, once accepted.

    summary: what is shown of it: titles, total and annual costs, funder, instalments.
    """

    id: str
    decision: str
    application: str
    party: str
    institution: str
    region: str
    status: OfferStatus
    expires_on: date
    agreement: Mapping[str, Any]
    summary: Mapping[str, Any]
    loan: str = ""
    number: int = 0


class Decisions(Protocol):
    """Decisions within one unit of work."""

    def add(self, decision: Decision, record: Mapping[str, Any]) -> bytes:
        """Write a decision, its record sealed; return the salted digest of the record. Refuses PERSON_ERASED."""
        ...

    def by_id(self, decision_id: str) -> Decision:
        """Return a decision; refuse DECISION_UNKNOWN."""
        ...

    def record(self, decision: Decision, reading: Reading) -> Mapping[str, Any]:
        """Return the record of a decision, and log that it was read; refuse PERSON_ERASED."""
        ...

    def opened(self, decision: Decision, reading: Reading) -> tuple[Mapping[str, Any], bytes]:
        """Return the record and its salted digest, as the fact must have it; logged as any reading."""
        ...

    def recent(self, most: int) -> Sequence[Decision]:
        """Return the latest decisions, the newest first."""
        ...

    def of(self, application_id: str) -> Sequence[Decision]:
        """Return the decisions on an application, the oldest first."""
        ...


class Offers(Protocol):
    """Offers within one unit of work."""

    def add(self, offer: Offer) -> None:
        """Write a new offer."""
        ...

    def by_id(self, offer_id: str, *, for_update: bool = False) -> Offer:
        """Return an offer; refuse OFFER_UNKNOWN."""
        ...

    def of(self, application_id: str) -> Sequence[Offer]:
        """Return the offers of an application, the oldest first."""
        ...

    def change(self, offer: Offer) -> None:
        """Write its status and loan."""
        ...
