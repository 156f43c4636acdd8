"""Journal entries: immutable, balanced in each currency, with the fact they came from."""

from collections import defaultdict
from dataclasses import dataclass, field
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
