"""What a posting rule is, and what it is told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from puhui.kernel.facts import Fact
from puhui.kernel.language import Text
from puhui.ledger.entry import Dimensions
from puhui.lending.agreement import Agreement
from puhui.lending.position import Position

# Minor units by account, debit positive.
Legs: TypeAlias = Mapping[str, int]
NO_LEGS: Legs = {}


@dataclass(frozen=True, slots=True)
class Context:
    """What an entry needs beside the positions.

    dimensions: of the loan; their funder is taken from each position. subject: the loan's id. reverses: of a reversal,
    the fact it takes back, then, where that is a reversal too, what that one took back, to the first that is none.
    security_minor: what secures the loan, before and after a fact about collateral.
    """

    agreement: Agreement
    dimensions: Dimensions
    subject: str
    reverses: tuple[Fact, ...] = ()
    security_minor: tuple[int, int] = (0, 0)


class Case(NamedTuple):
    """One fact to post: the position without it and with it, both at the end of the same day.

    moved_minor: what the books moved by on the balance sheet, all accounts together (debit positive). The legs of the
    rule have to bring it to 0. body: of the fact.
    """

    body: Mapping[str, Any]
    before: Position | None
    after: Position
    context: Context
    moved_minor: int

    @property
    def amount_minor(self) -> int:
        """The amount that the fact says."""
        return int(self.body["amount_minor"])


@dataclass(frozen=True, slots=True)
class PostingRule:
    """How one kind of fact is posted: books(after) - books(before), and the legs of `contra`."""

    kind: str
    title: Text
    says: Text
    contra: Callable[[Case], Legs]


def nothing(_: Case) -> Legs:
    """No leg beside what the books moved by: money did not move."""
    return NO_LEGS
