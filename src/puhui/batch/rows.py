"""From one loan to its row of the book: the door by which loans that had an event come into the night."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from puhui.accounting.books import constants_of
from puhui.batch.book import (
    LARGEST_LATE_DAY,
    NAMES,
    STATUSES,
    TYPES,
    Columns,
    lowered,
)
from puhui.lending.accrual import penalty
from puhui.lending.agreement import Agreement
from puhui.lending.balances import running_interest_minor
from puhui.lending.line import follows
from puhui.lending.position import Position
from puhui.rulebook.operators import CLASSES

_CLASS = {name: place for place, name in enumerate(CLASSES)}
_STATUS = {name: place for place, name in enumerate(STATUSES)}


# Fields of a position that stand together among the columns, as they are.
_FROM_ACCRUAL = attrgetter(*NAMES[NAMES.index("accrual_from") : NAMES.index("penalty_charged_total_minor")])
_FROM_PENALTY = attrgetter(*NAMES[NAMES.index("penalty_paid_total_minor") : NAMES.index("accruing")])


class Identity(NamedTuple):
    """Which loan a row is: the store's key, the place of its group, the digest of its debtor (0: judged alone)."""

    key: int
    group: int
    debtor: int


@lru_cache(maxsize=65_536)
def debtor_of(institution: str, party: str) -> int:
    """Return 63 bits that stand for a debtor of an institution, never 0.

    Two of ten million debtors meet with a chance of 1 in 180,000; they would then be judged together.
    """
    digest = hashlib.blake2b(f"{institution}\0{party}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 1) or 1


def row_of(identity: Identity, position: Position, agreement: Agreement) -> list[int]:
    """Return the row of a loan whose position is at the end of the night's day, in the order of NAMES.

    What the book alone remembers (its observation) and what the day works out (days past due, bucket, expected loss)
    is left 0.
    """
    day, held = position.as_of, position.status == "written_off"
    dues = position.dues
    late = [due for due in dues if day > due.due_on + position.grace_days]
    fresh = dues[len(late) :]
    weigh = _weights_with_interest if position.compounds else _weights
    late_weight, fresh_weight = (0, 0) if held else (weigh(late), weigh(fresh))
    numerator, whole = lowered(position.late_numerator, position.late_day_base)
    heavy = (late_weight + fresh_weight) * max(position.late_rate_ppm, 1) > LARGEST_LATE_DAY
    _, most_minor, _ = constants_of(agreement)
    rows = position.rows
    is_following = follows(position, agreement) and position.accrual_on_minor != position.principal_minor
    return [
        *identity,
        _STATUS[position.status],
        position.annual_rate_ppm,
        position.late_rate_ppm,
        rows[-1].due_on if rows else max((due.due_on for due in dues), default=0),
        rows[0].due_on if rows else 0,
        most_minor,
        int(position.status == "agreed" or (position.status == "active" and bool(rows))),
        position.drawn_minor,
        position.principal_minor,
        _weights(dues),
        dues[0].due_on if dues else 0,
        0 if held or not fresh else fresh[-1].due_on,
        fresh_weight,
        late_weight,
        numerator,
        *_FROM_ACCRUAL(position),
        position.penalty_charged_total_minor + whole,
        *_FROM_PENALTY(position),
        int(position.accruing),
        _CLASS[position.category],
        position.stage,
        position.restructured_on,
        int(position.npl_before_restructure),
        0,
        0,
        int(is_following),
        int(heavy or (not held and len({due.due_on for due in fresh}) > 1)),
        running_interest_minor(position),
        int(penalty(numerator, position.late_day_base)),
        0,
        0,
        0,
    ]


def _weights(dues: Sequence[tuple[int, ...]]) -> int:
    return sum(due[2] for due in dues)


def _weights_with_interest(dues: Sequence[tuple[int, ...]]) -> int:
    return sum(due[2] + due[3] for due in dues)


def book_of_rows(rows: Sequence[Sequence[int]]) -> Columns:
    """Return the book of rows of `row_of`; a value that its column cannot hold is a bug, so it asserts."""
    wide = np.array(rows, np.int64).reshape(len(rows), len(NAMES))
    book: Columns = {}
    for place, name in enumerate(NAMES):
        book[name] = wide[:, place].astype(TYPES[name])
        assert (book[name] == wide[:, place]).all(), f"{name} does not fit {TYPES[name]}"
    return book
