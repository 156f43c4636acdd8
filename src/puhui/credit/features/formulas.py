"""How a feature is written: measures of a party on the tables of a stream, and a formula over them.

    total("invoice_sold", "void_n").per(total("invoice_sold", "all_n"))

A measure is a whole number (sum, count, least, most, sum of squares in 128 bits); a formula is worked out row by row.
So nothing hangs on the order of rows or on how the work is divided. A ratio to nothing is null, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from puhui.credit.features.streams import STREAMS, TABLES, Table

YEAR: Final = 12


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """A whole number of each party: an aggregate over its rows in a table of a stream."""

    stream: str
    table: Table
    value: pl.Expr


@dataclass(frozen=True, slots=True, eq=False)
class Formula:
    """The measures that are needed, by key, and an expression over columns of those keys."""

    measures: Mapping[str, Measure]
    value: pl.Expr

    def __add__(self, other: Formula | int) -> Formula:
        return _joined(self, other, _value(self) + _value(other))

    def __sub__(self, other: Formula | int) -> Formula:
        return _joined(self, other, _value(self) - _value(other))

    def __mul__(self, other: Formula | int) -> Formula:
        return _joined(self, other, _value(self) * _value(other))

    def per(self, other: Formula | int) -> Formula:
        """Return the ratio, a float; null unless `other` is more than 0."""
        below = _value(other).cast(pl.Float64)
        return _joined(self, other, pl.when(below > 0).then(self.value.cast(pl.Float64) / below))

    def each(self, other: Formula) -> Formula:
        """Return the whole part of the ratio, an int; null unless `other` is more than 0."""
        return _joined(self, other, pl.when(other.value > 0).then(self.value // other.value))

    def where(self, measure: Formula, least: int) -> Formula:
        """Return the same where the measure is at least `least`; null elsewhere."""
        return _joined(self, measure, pl.when(measure.value >= least).then(self.value))

    def or_zero_where(self, measure: Formula) -> Formula:
        """Return the same, and 0 for null where the measure is more than 0: absence is observed there."""
        zero = pl.when(measure.value > 0).then(0)
        return _joined(self, measure, self.value.fill_null(zero))

    def floor_zero(self) -> Formula:
        """Return the same, no less than 0."""
        return Formula(self.measures, self.value.clip(lower_bound=0))


def _value(each: Formula | int) -> pl.Expr:
    return each.value if isinstance(each, Formula) else pl.lit(each, dtype=pl.Int64)


def _joined(one: Formula, other: Formula | int, value: pl.Expr) -> Formula:
    more = other.measures if isinstance(other, Formula) else {}
    return Formula({**one.measures, **more}, value)


def over(value: pl.Expr, *parts: Formula) -> Formula:
    """Return a formula of a ready expression over the measures of its parts."""
    return Formula({key: measure for part in parts for key, measure in part.measures.items()}, value)


def measure(stream: str, table: Table, name: str, value: pl.Expr) -> Formula:
    """Return one measure as a formula; `name` is its own within the table of the stream."""
    assert stream in STREAMS, stream
    assert table in TABLES, table
    key = f"{stream}.{table}.{name}"
    return Formula({key: Measure(stream, table, value)}, pl.col(key))


# --- months ---------------------------------------------------------------------------------------


def _within(newest: int, oldest: int) -> pl.Expr:
    return pl.col("month").is_between(newest, oldest - 1)


def total(stream: str, column: str = "minor", oldest: int = YEAR, newest: int = 0) -> Formula:
    """Return the sum of a column over months `newest` to before `oldest`; 0 where the stream is known but silent."""
    value = pl.col(column).filter(_within(newest, oldest)).sum()
    return measure(stream, "months", f"{column}.sum.{newest}-{oldest}", value)


def most(stream: str, column: str = "minor", oldest: int = YEAR) -> Formula:
    """Return the largest month; null where no month within had an event."""
    return measure(
        stream, "months", f"{column}.max.{oldest}", pl.col(column).filter(_within(0, oldest)).max().cast(pl.Int64)
    )


def least(stream: str, column: str = "minor", oldest: int = YEAR) -> Formula:
    """Return the smallest month with an event; null where none had."""
    return measure(
        stream, "months", f"{column}.min.{oldest}", pl.col(column).filter(_within(0, oldest)).min().cast(pl.Int64)
    )


def active(stream: str, column: str = "n", oldest: int = YEAR) -> Formula:
    """Return how many of the months had any."""
    value = ((pl.col(column) > 0) & _within(0, oldest)).sum().cast(pl.Int64)
    return measure(stream, "months", f"{column}.active.{oldest}", value)


def history(stream: str) -> Formula:
    """Return over how many months the stream is known, the running one included: 1 to 24."""
    return measure(stream, "months", "history", pl.col("month").max().cast(pl.Int64) + 1)


def span(stream: str, oldest: int = YEAR) -> Formula:
    """Return how many of the last months the stream is known for: history, but no more than `oldest`."""
    known = history(stream)
    return Formula(known.measures, known.value.clip(upper_bound=oldest))


def latest(stream: str, column: str = "n") -> Formula:
    """Return the latest month with any (0 is the running one); null where none."""
    value = pl.col("month").filter(pl.col(column) > 0).min().cast(pl.Int64)
    return measure(stream, "months", f"{column}.latest", value)


def mean_month(stream: str, column: str = "minor", oldest: int = YEAR) -> Formula:
    """Return the mean of a month, over the months that the stream is known for; whole units, rounded down."""
    return total(stream, column, oldest).each(span(stream, oldest))


def variation(stream: str, column: str = "minor", oldest: int = YEAR) -> Formula:
    """Return standard deviation / mean of the months, silent ones as 0; null below 3 months or for a mean <= 0."""
    wide = pl.col(column).filter(_within(0, oldest)).cast(pl.Int128)
    squares = measure(stream, "months", f"{column}.squares.{oldest}", (wide * wide).sum())
    sums, known = total(stream, column, oldest), span(stream, oldest)
    mean = sums.value.cast(pl.Float64) / known.value
    spread = (squares.value.cast(pl.Float64) / known.value - mean * mean).clip(lower_bound=0).sqrt()
    return over(pl.when((known.value >= 3) & (sums.value > 0)).then(spread / mean), squares, sums, known)


def trend(stream: str, column: str = "minor", oldest: int = YEAR) -> Formula:
    """Return the slope of a straight line through the months, as a share of their mean a month; > 0 grows.

    Least squares over the n months known: (n-1)/2 S - T over n(n^2-1)/12, with S the sum and T the sum of month x
    amount. Null below 3 months or for a mean <= 0.
    """
    moment = measure(
        stream,
        "months",
        f"{column}.moment.{oldest}",
        (pl.col(column) * pl.col("month")).filter(_within(0, oldest)).sum().cast(pl.Int64),
    )
    sums, known = total(stream, column, oldest), span(stream, oldest)
    n, whole = known.value.cast(pl.Float64), sums.value.cast(pl.Float64)
    slope = ((n - 1) / 2 * whole - moment.value.cast(pl.Float64)) / (n * (n * n - 1) / 12)
    return over(pl.when((known.value >= 3) & (sums.value > 0)).then(slope / (whole / n)), moment, sums, known)


def growth(stream: str, column: str = "minor") -> Formula:
    """Return the mean of the last 3 months over that of the up to 9 known before; null below 6 months known."""
    before = total(stream, column, YEAR, 3) * 3
    return (total(stream, column, 3) * (span(stream) - 3)).per(before).where(history(stream), 6)


# --- days -----------------------------------------------------------------------------------------


def active_days(stream: str) -> Formula:
    """Return on how many days of 12 months there was any."""
    return measure(stream, "days", "n", pl.len().cast(pl.Int64))


def since_last(stream: str) -> Formula:
    """Return days since the last; null where there was none in 12 months."""
    return measure(stream, "days", "nearest", pl.col("age_days").min())


def longest_gap(stream: str) -> Formula:
    """Return the longest time between two days with any, in days."""
    return measure(stream, "days", "gap.max", pl.col("gap").max())


def mean_gap(stream: str) -> Formula:
    """Return the mean time between two days with any, in days; null below 2 such days."""
    furthest = measure(stream, "days", "furthest", pl.col("age_days").max())
    return (furthest - since_last(stream)).per(active_days(stream) - 1)


def gap_variation(stream: str) -> Formula:
    """Return standard deviation / mean of the gaps: 0 is a clock; null below 3 gaps."""
    squares = measure(stream, "days", "gap.squares", (pl.col("gap") * pl.col("gap")).sum())
    mean, count = mean_gap(stream), active_days(stream) - 1
    spread = (squares.value.cast(pl.Float64) / count.value - mean.value * mean.value).clip(lower_bound=0).sqrt()
    return over(pl.when(count.value >= 3).then(spread / mean.value), squares, mean, count)


# --- counterparties -------------------------------------------------------------------------------


def partners(stream: str, newest: int = 0) -> Formula:
    """Return with how many counterparties there was any in 12 months, the last at least `newest` months ago."""
    value = ((pl.col("n") > 0) & (pl.col("newest") >= newest)).sum().cast(pl.Int64)
    return measure(stream, "pairs", f"partners.{newest}", value)


def recent_partners(stream: str) -> Formula:
    """Return with how many counterparties there was any in the last 3 months."""
    return measure(stream, "pairs", "partners.recent", (pl.col("recent_n") > 0).sum().cast(pl.Int64))


def new_partners(stream: str) -> Formula:
    """Return how many counterparties first came within the last 3 months; null where less than 6 months are known."""
    value = (pl.col("oldest") < 3).sum().cast(pl.Int64)
    return measure(stream, "pairs", "partners.new", value).where(history(stream), 6)


def repeat_partners(stream: str) -> Formula:
    """Return with how many counterparties there were two or more in 12 months."""
    return measure(stream, "pairs", "partners.repeat", (pl.col("n") >= 2).sum().cast(pl.Int64))


def _trade(stream: str) -> Formula:
    return measure(stream, "pairs", "minor.sum", pl.col("minor").sum())


def concentration(stream: str) -> Formula:
    """Return the Herfindahl-Hirschman index of 12 months' amounts: 1 with one counterparty, 1/n with n alike."""
    wide = pl.col("minor").cast(pl.Int128)
    squares, sums = measure(stream, "pairs", "minor.squares", (wide * wide).sum()), _trade(stream)
    whole = sums.value.cast(pl.Float64)
    return over(pl.when(sums.value > 0).then(squares.value.cast(pl.Float64) / (whole * whole)), squares, sums)


def top_share(stream: str, first: int) -> Formula:
    """Return the share of the largest counterparties in 12 months' amounts."""
    value = pl.col("minor").max() if first == 1 else pl.col("minor").top_k(first).sum()
    return measure(stream, "pairs", f"minor.top.{first}", value).per(_trade(stream))


# --- states ---------------------------------------------------------------------------------------


def state(stream: str, column: str = "minor") -> Formula:
    """Return the last known amount, summed over counterparties."""
    return measure(stream, "states", f"{column}.sum", pl.col(column).sum().cast(pl.Int64))


def holders(stream: str) -> Formula:
    """Return how many counterparties have a state."""
    return measure(stream, "states", "n", pl.len().cast(pl.Int64))


# --- seasons --------------------------------------------------------------------------------------


def _season(stream: str) -> tuple[list[pl.Expr], Formula]:
    """Return the amounts of the twelve stretches of a year, over the whole years known (one or two), and the history.

    A second year counts only where it is known whole: else its stretches would weigh twice.
    """
    first = [total(stream, "minor", k + 1, k) for k in range(YEAR)]
    second = [total(stream, "minor", k + YEAR + 1, k + YEAR) for k in range(YEAR)]
    known = history(stream)
    both = known.value >= 2 * YEAR
    slots = [one.value + pl.when(both).then(two.value).otherwise(0) for one, two in zip(first, second, strict=True)]
    return slots, over(known.value, known, *first, *second)


def best_months_share(stream: str, first: int = 3) -> Formula:
    """Return the share of the best months in a year's amount: first/12 where all are alike; null below a year."""
    slots, known = _season(stream)
    best = pl.concat_list(slots).list.sort(descending=True).list.head(first).list.sum()
    whole = pl.sum_horizontal(slots)
    ready = (known.value >= YEAR) & (whole > 0)
    return over(pl.when(ready).then(best.cast(pl.Float64) / whole.cast(pl.Float64)), known)


def season_amplitude(stream: str) -> Formula:
    """Return (best month - worst month) / mean month of a year; null below a year."""
    slots, known = _season(stream)
    whole = pl.sum_horizontal(slots)
    width = (pl.max_horizontal(slots) - pl.min_horizontal(slots)).cast(pl.Float64)
    ready = (known.value >= YEAR) & (whole > 0)
    return over(pl.when(ready).then(width * YEAR / whole.cast(pl.Float64)), known)


def months_to_peak(stream: str) -> Formula:
    """Return in how many months the best stretch of the year ends next: 1 to 12; null below a year."""
    slots, known = _season(stream)
    ready = (known.value >= YEAR) & (pl.sum_horizontal(slots) > 0)
    peak = pl.concat_list(slots).list.arg_max().cast(pl.Int64)
    return over(pl.when(ready).then(YEAR - peak), known)
