"""A party: a person or a company that the books know by id. What is personal of it is kept apart, under seal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from puhui.kernel.clock import business_date
from puhui.kernel.facts import Fact
from puhui.kernel.ids import new_id
from puhui.kernel.refusals import declare

PARTY_UNKNOWN = declare(
    "PARTY_UNKNOWN", 404, "没有此当事人 {party}。请核对编号。", "There is no party {party}. Check the id."
)

Kind = Literal["person", "company"]


@dataclass(frozen=True, slots=True)
class Party:
    """What is known without opening a seal: what it is, and where it was taken up."""

    id: str
    kind: Kind
    institution: str
    region: str
    created_at: datetime


class Parties(Protocol):
    """The port that storage fills: parties within one unit of work."""

    def add(self, party: Party) -> None:
        """Write a new party."""
        ...

    def by_id(self, party_id: str, field: str = "party") -> Party:
        """Return a party; refuse PARTY_UNKNOWN."""
        ...


def party_fact(party: Party, personal: Mapping[str, bytes], actor: str) -> Fact:
    """Return the first fact of a party, its personal parts only as salted digests."""
    body = {"party": party.kind, "institution": party.institution, "region": party.region}
    today = business_date(party.created_at)
    return Fact(new_id("fact"), party.id, 1, "party", today, party.created_at, body, personal, actor=actor)


def data_fact(party: Party, personal: Mapping[str, bytes], sequence: int, actor: str, at: datetime) -> Fact:
    """Return the fact that personal data of a party is another from now on."""
    return Fact(new_id("fact"), party.id, sequence, "party_data", business_date(at), at, {}, personal, actor=actor)
