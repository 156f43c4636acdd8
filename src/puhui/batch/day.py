"""One day of one shard: the column steps in their order, and the loans with an event put in their places."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from puhui.batch.book import (
    LARGEST_LATE_DAY,
    NAMES,
    NO_DUES,
    Columns,
    Dues,
    Today,
    at,
    empty_book,
    joined,
    places_of,
    size_of,
)
from puhui.batch.steps import JUDGING, PASSING, Named

DueRows = Mapping[str, NDArray[np.int64]]


def after_steps(book: Columns, today: Today, steps: Sequence[Named]) -> Columns:
    """Return the book with what each step changes, one after another."""
    for step in steps:
        book = {**book, **step.run(book, today)}
    return book


def joined_dues(book: Columns, day: int, dues: DueRows) -> Dues:
    """Return the dues of the day with their places in the book; those of loans that are not due in it are left out.

    dues: int64 columns by `due_rows.DueRow` and loan_key, in order of loan_key.
    """
    rows = np.flatnonzero(book["next_due_on"] == day)
    keys = dues["loan_key"]
    if not rows.size or not keys.size:
        return NO_DUES
    places = np.searchsorted(keys, book["key"][rows])
    is_found = (places < len(keys)) & (keys.take(places, mode="clip") == book["key"][rows])
    return Dues(rows[is_found], {name: column[places[is_found]] for name, column in dues.items()})


# The columns that `alone_today` looks at.
LOOKED_AT = (
    "key",
    "group",
    "next_due_on",
    "accrual_to",
    "accrual_minor",
    "principal_minor",
    "late_rate_ppm",
    "late_weight_minor",
    "fresh_due_on",
    "suspense_minor",
    "follow",
    "alone",
)


def alone_today(book: Columns, today: Today) -> NDArray[np.bool_]:
    """Return which loans columns cannot state today, so that the fold of each does it (see decision 15).

    Marked before; money in suspense, or an instalment still in its grace, while another falls due; a plan that ends
    with nothing owed, or whose late rate changes with its end; a due that the store does not know as the book does;
    late amounts beyond 63 bits.
    """
    alone: NDArray[np.bool_] = (book["alone"] > 0) | (book["follow"] > 0)
    dues = today.dues
    rows, found = dues.rows, dues.found
    expected = (book["next_due_on"] > 0) & (book["next_due_on"] <= today.day)
    if rows.size:
        expected[rows] = False
        collects = book["accrual_to"][rows] == today.day
        changes_rate = today.of_group("surplus", book["group"][rows]) > 0
        ends = (found["next_due_on"] == 0) & (changes_rate | (book["principal_minor"][rows] == 0))
        differs = collects & (found["interest_minor"] != book["accrual_minor"][rows])
        rate_ppm = np.maximum(book["late_rate_ppm"][rows].astype(np.int64), 1)
        weight_minor = book["late_weight_minor"][rows] + found["principal_minor"] + found["interest_minor"]
        heavy = weight_minor > LARGEST_LATE_DAY // rate_ppm
        pending = (book["suspense_minor"][rows] > 0) | (book["fresh_due_on"][rows] > 0)
        alone[rows] |= pending | ends | differs | heavy
    return alone | expected


@dataclass(frozen=True, slots=True)
class Events:
    """Loans of a shard that had an event, or that columns cannot state, in the order of their keys.

    rows: at the end of the day. booked: `frozen` rows of some of them, as the ledger has them before the night posts:
    of the day before, or of this day where their own entries cover it. Of the others the ledger has their old rows.
    aside: keys of loans that could not be closed: their old rows stay as they were. ahead: keys of loans whose position
    in the store is of a later day: it cannot be told what the night makes of them.
    """

    rows: Columns
    booked: Columns
    aside: NDArray[np.int64]
    ahead: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Passed:
    """A shard after a day has passed over it: the book as it is to be judged, and the old rows of `booked`.

    The book has columns more: fell_due, an instalment fell due today; old_bucket, that of the day before, -1 where
    the loan is new; ahead: see Events; told_category, told_stage, told_accruing: what the store knows of the loan.
    """

    book: Columns
    gone: Columns


# What the book alone remembers of a loan, whatever happened to it.
REMEMBERED = ("clean_since", "clean_payments")


def passed(book: Columns, today: Today, events: Events) -> Passed:
    """Return the book at the end of the day, loans with an event in their places, new ones at the end."""
    gone = at(book, _found(places_of(book, events.booked["key"])))
    was = {"fell_due": (book["next_due_on"] == today.day).astype(np.int8), "old_bucket": book["bucket"]}
    moved = {**after_steps(book, today, PASSING), **was}
    rows = joined([events.rows, _kept_aside(book, events.aside)])
    if size_of(rows):
        rows = at(rows, np.argsort(rows["key"]))
        moved = _placed(moved, _remembering(book, rows, was), places_of(book, rows["key"]))
    told = {f"told_{name}": moved[name] for name in TOLD}
    ahead = {"ahead": np.isin(moved["key"], events.ahead).astype(np.int8)}
    return Passed({**moved, **told, **ahead}, gone)


def _kept_aside(book: Columns, aside: NDArray[np.int64]) -> Columns:
    """Return the old rows of loans set aside, standing still until they are done by themselves."""
    rows = frozen(at({name: book[name] for name in NAMES}, _found(places_of(book, np.sort(aside)))))
    return {**rows, "alone": np.ones_like(rows["alone"])}


def _remembering(book: Columns, rows: Columns, was: Columns) -> Columns:
    """Return the rows with what only the book knows of those that it had."""
    places = places_of(book, rows["key"])
    is_old = places >= 0
    kept: Columns = {"fell_due": np.zeros(size_of(rows), np.int8), "old_bucket": np.full(size_of(rows), -1, np.int8)}
    kept |= {name: rows[name].copy() for name in REMEMBERED}
    for name, column in kept.items():
        column[is_old] = {**book, **was}[name][places[is_old]]
    return {**rows, **kept}


def _found(places: NDArray[np.intp]) -> NDArray[np.intp]:
    return places[places >= 0]


# What the store is told of a loan by a fact when the day makes something else of it.
TOLD = ("category", "stage", "accruing")


def frozen(book: Columns) -> Columns:
    """Return rows whose balances no longer hang on the day: interest stands where it is."""
    running, zero = book["interest_running_minor"], np.zeros_like(book["accrual_from"])
    line = {"accrual_base_minor": running, "accrual_minor": running, "accrual_from": zero, "accrual_to": zero}
    return {**book, **line}


def _placed(book: Columns, rows: Columns, places: NDArray[np.intp]) -> Columns:
    """Return the book with `rows` put in: in place where the group stays, else at the end, their old rows out."""
    stays = places >= 0
    stays[stays] = book["group"][places[stays]] == rows["group"][stays]
    placed: Columns = {}
    for name, column in book.items():
        values = rows[name][stays]
        # Most events leave most columns as they are: no copy of those.
        if (column[places[stays]] == values).all():
            placed[name] = column
            continue
        placed[name] = column.copy()
        placed[name][places[stays]] = values
    if stays.all():
        return placed
    kept = np.ones(size_of(book), bool)
    kept[_found(places[~stays])] = False
    return joined([placed if kept.all() else at(placed, kept), at(rows, ~stays)])


def judged(book: Columns, today: Today) -> Columns:
    """Return the book with what the day makes of each loan: age, class, stage, expected loss."""
    return after_steps(book, today, JUDGING)


def no_events() -> Events:
    """Return the events of a shard in which nothing happened."""
    none = np.zeros(0, np.int64)
    return Events(empty_book(), empty_book(), none, none)
