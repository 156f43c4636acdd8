"""The book as columns: what a night needs of each loan, one array a field, and nothing that it does not.

A column is as narrow as its values allow, so that ten million loans fit; formulas widen to int64 where they multiply.
Days are day numbers, 0 for none; amounts minor units, since the first day where named total; flags 0 or 1.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from puhui.kernel.rates import PPM
from puhui.lending.position import Status
from puhui.risk.expected_loss import LossModel
from puhui.risk.floors import Floors
from puhui.risk.policy import Policy

Columns: TypeAlias = dict[str, NDArray[Any]]

STATUSES: tuple[str, ...] = get_args(Status)
ACTIVE = STATUSES.index("active")
# A numerator beyond this has its whole minor units moved to the penalties charged: the sum stays, 63 bits suffice.
LARGEST_NUMERATOR = 1 << 61
# Late amounts whose product with rate and days might pass 63 bits are followed loan by loan.
LARGEST_LATE_DAY = (1 << 62) // 400


class Field(NamedTuple):
    """A column: its name, its type, what it is for."""

    name: str
    type: str
    about: str


FIELDS = (
    Field("key", "i8", "the store's number of the loan"),
    Field("group", "i4", "place in the groups: what it shares with others (groups.Group)"),
    Field("debtor", "i8", "digest of institution and debtor, where claims on one debtor are judged together; else 0"),
    Field("status", "i1", "place in STATUSES"),
    Field("annual_rate_ppm", "i4", "contract rate: discounts expected losses"),
    Field("late_rate_ppm", "i4", "rate on late amounts"),
    Field("last_due_on", "i4", "last instalment: the remaining life of expected losses"),
    Field("next_due_on", "i4", "next instalment; joins the dues of the day"),
    Field("most_minor", "i8", "most that may be outstanding of a line, or drawn of a loan"),
    Field("can_draw", "i1", "more may be drawn"),
    Field("drawn_minor", "i8", "drawn in all"),
    Field("principal_minor", "i8", "outstanding, due or not"),
    Field("due_principal_minor", "i8", "fallen due and unpaid"),
    Field("oldest_due_on", "i4", "oldest instalment not paid in full: days past due count from it"),
    Field("fresh_due_on", "i4", "the one instalment within its days of grace"),
    Field("fresh_weight_minor", "i8", "what of it will bear penalty interest when they end"),
    Field("late_weight_minor", "i8", "what bears penalty interest"),
    Field("late_numerator", "i8", "sum of late amount x days x rate_ppm"),
    Field("accrual_from", "i4", "first day of the running span of interest"),
    Field("accrual_to", "i4", "its last day"),
    Field("accrual_base_minor", "i8", "interest of the span before accrual_from"),
    Field("accrual_minor", "i8", "interest of the span in all"),
    Field("interest_due_total_minor", "i8", "interest fallen due"),
    Field("interest_paid_total_minor", "i8", "interest paid"),
    Field("interest_waived_total_minor", "i8", "interest given up"),
    Field("interest_written_off_minor", "i8", "interest written off"),
    Field("fee_charged_total_minor", "i8", "fees charged"),
    Field("fee_paid_total_minor", "i8", "fees paid"),
    Field("fee_waived_total_minor", "i8", "fees given up"),
    Field("fee_written_off_minor", "i8", "fees written off"),
    Field("penalty_charged_total_minor", "i8", "penalties charged as amounts"),
    Field("penalty_paid_total_minor", "i8", "penalties paid"),
    Field("penalty_waived_total_minor", "i8", "penalties given up"),
    Field("penalty_written_off_minor", "i8", "penalties written off"),
    Field("principal_written_off_minor", "i8", "principal written off"),
    Field("suspense_minor", "i8", "paid beyond what was due"),
    Field("recovered_minor", "i8", "paid after the write-off"),
    Field("funder_collected_minor", "i8", "collected since a funder took its share"),
    Field("funder_taken_minor", "i8", "what the share was taken of"),
    Field("funder_earned_total_minor", "i8", "what funders had earned by the last assignment"),
    Field("funder_due_total_minor", "i8", "what became due to funders"),
    Field("accruing", "i1", "interest is income as it accrues"),
    Field("category", "i1", "risk category, place in CLASSES"),
    Field("stage", "i1", "stage of IFRS 9"),
    Field("restructured_on", "i4", "last restructuring"),
    Field("npl_before", "i1", "non-performing before it"),
    Field("clean_since", "i4", "not late since, where watched (risk.observation)"),
    Field("clean_payments", "i2", "instalments since then"),
    Field("follow", "i1", "interest is to follow the late principal on its next day: done by itself"),
    Field("alone", "i1", "more than columns can state: done by itself every night"),
    Field("interest_running_minor", "i8", "interest of the running span so far"),
    Field("penalty_running_minor", "i8", "penalty interest so far"),
    Field("past_due_days", "i4", "days past due"),
    Field("bucket", "i1", "place in risk.delinquency.BUCKETS"),
    Field("expected_loss_minor", "i8", "expected credit loss: the provision that is needed"),
)
NAMES = tuple(field.name for field in FIELDS)
TYPES = {field.name: np.dtype(field.type) for field in FIELDS}


@dataclass(frozen=True, slots=True)
class Dues:
    """The instalments of the day: their places in the book, and their figures in the same order."""

    rows: NDArray[np.intp]
    found: Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Today:
    """What the steps of a day hang on: the day, the terms of the groups (by `groups.group_columns`), rules, dues."""

    day: int
    groups: Mapping[str, NDArray[np.int64]]
    floors: Floors
    policy: Policy
    losses: LossModel
    dues: Dues

    def of_group(self, name: str, group: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return a term of the groups for a column of their places."""
        return self.groups[name].take(group)


NO_DUES = Dues(np.zeros(0, np.intp), {})


def size_of(book: Columns) -> int:
    """Return how many loans a book has."""
    return len(book["key"])


def empty_book(size: int = 0) -> Columns:
    """Return a book of zeros."""
    return {name: np.zeros(size, kind) for name, kind in TYPES.items()}


def joined(books: Iterable[Columns]) -> Columns:
    """Return books of the same columns one after another, at least one."""
    parts = list(books)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def at(book: Columns, rows: Any) -> Columns:
    """Return some rows of a book."""
    return {name: column[rows] for name, column in book.items()}


def with_rows(book: Columns, rows: NDArray[np.intp], values: Mapping[str, Any]) -> Columns:
    """Return copies of the columns in `values` with those of some rows put in."""
    changed = {}
    for name, given in values.items():
        column = book[name].copy()
        column[rows] = given
        changed[name] = column
    return changed


def places_of(book: Columns, keys: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return the place in the book of each of the sorted keys, -1 where it has none."""
    places = np.full(len(keys), -1, np.intp)
    if len(keys) and size_of(book):
        rows = np.flatnonzero(np.isin(book["key"], keys))
        places[np.searchsorted(keys, book["key"][rows])] = rows
    return places


def lowered(numerator: Any, late_day_base: Any) -> tuple[Any, Any]:
    """Return the numerator below LARGEST_NUMERATOR, and the whole minor units taken from it.

    The penalty stays what it was: round((n + q u) / u) = q + round(n / u).
    """
    unit = late_day_base * PPM
    whole = (numerator > LARGEST_NUMERATOR) * (numerator // unit)
    return numerator - whole * unit, whole
