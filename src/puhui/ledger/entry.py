"""Journal entries: immutable, balanced in each currency, with the fact they came from."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from puhui.kernel.refusals import declare

ENTRY_UNBALANCED = declare(
    "ENTRY_UNBALANCED",
    422,
    "分录不平：{currency} 借贷相差 {difference_minor} 分。",
    "The entry does not balance: debits and credits in {currency} differ by {difference_minor} minor units.",
)


@dataclass(frozen=True, slots=True)
class Dimensions:
    """What a posting is told apart by, beside its account. Empty text: none."""

    institution: str = ""
    product: str = ""
    region: str = ""
    funder: str = ""


@dataclass(frozen=True, slots=True)
class Posting:
    """One leg: `amount_minor` debit positive, credit negative, never 0. `subject`: the loan, or "" for aggregates."""

    account: str
    amount_minor: int
    dimensions: Dimensions = Dimensions()
    subject: str = ""
    currency: str = "CNY"


@dataclass(frozen=True, slots=True)
class Entry:
    """A journal entry. `kind`: the posting rule that made it; `fact`: the id of the fact it came from.

    Refuses ENTRY_UNBALANCED. `reverses`: the entry that this one takes back, or "".
    """

    id: str
    kind: str
    fact: str
    effective_on: date
    recorded_at: datetime
    postings: tuple[Posting, ...]
    reverses: str = ""
    memo: str = field(default="")

    def __post_init__(self) -> None:
        sums: dict[str, int] = defaultdict(int)
        for posting in self.postings:
            assert posting.amount_minor, "a posting of nothing"
            sums[posting.currency] += posting.amount_minor
        for currency, difference in sums.items():
            if difference:
                raise ENTRY_UNBALANCED.refuse("postings", currency=currency, difference_minor=difference)


def reversal(entry: Entry, entry_id: str, fact: str, effective_on: date, recorded_at: datetime) -> Entry:
    """Return the entry that takes `entry` back leg by leg, for the fact that asks for it.

    A reversal is never reversed itself: record anew what should have stayed. `effective_on`: the day it is taken
    back on, so that closed days keep their balances.
    """
    assert not entry.reverses, f"{entry.id} is a reversal itself"
    legs = tuple(replace(posting, amount_minor=-posting.amount_minor) for posting in entry.postings)
    return Entry(entry_id, entry.kind, fact, effective_on, recorded_at, legs, reverses=entry.id, memo=entry.memo)
