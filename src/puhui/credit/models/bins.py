"""Bins: a value of a feature becomes a small whole number, its code; missing and special values have their own.

Codes of a number: 0 for value <= cuts[0], ... len(cuts) for value > cuts[-1], then one for each special value, last
missing. Codes of a category: one for each group of values, then one for all other values, last missing.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]

# Categories with fewer rows than this are one group, "other".
FEWEST_ROWS = 10
MOST_GROUPS = 200


@dataclass(frozen=True, slots=True)
class NumberBins:
    """Bins of a number: value <= cut goes left; `specials` are kept apart."""

    name: str
    cuts: tuple[float, ...]
    specials: tuple[float, ...] = ()
    kind: str = "number"

    @property
    def count(self) -> int:
        """How many codes there are."""
        return len(self.cuts) + len(self.specials) + 2

    def codes(self, column: pl.Series) -> Codes:
        """Return the code of each value."""
        values = numbers(column)
        found = np.searchsorted(np.array(self.cuts, np.float64), values, side="left").astype(np.int64)
        for place, special in enumerate(self.specials):
            found[values == special] = len(self.cuts) + 1 + place
        found[np.isnan(values)] = self.count - 1
        return found

    def coder(self) -> Callable[[Any], int]:
        """Return the function from one value to the code that `codes` gives it in a column."""
        specials = {special: len(self.cuts) + 1 + place for place, special in enumerate(self.specials)}

        def code(value: Any) -> int:
            if value is None or value != value:
                return self.count - 1
            if not isinstance(value, int | float):
                return _in_column(self, value)
            special = specials.get(value)
            return bisect_left(self.cuts, float(value)) if special is None else special

        return code

    def as_json(self) -> dict[str, Any]:
        """Return the bins as JSON."""
        return {"name": self.name, "kind": self.kind, "cuts": list(self.cuts), "specials": list(self.specials)}


@dataclass(frozen=True, slots=True)
class CategoryBins:
    """Bins of a text: groups of values; all that is in no group is "other"."""

    name: str
    groups: tuple[tuple[str, ...], ...]
    kind: str = "category"

    @property
    def count(self) -> int:
        """How many codes there are."""
        return len(self.groups) + 2

    def codes(self, column: pl.Series) -> Codes:
        """Return the code of each value."""
        table = {value: place for place, group in enumerate(self.groups) for value in group}
        text = column.cast(pl.String)
        uniques = text.unique(maintain_order=True)
        place = [self.count - 1 if value is None else table.get(value, self.count - 2) for value in uniques]
        coded = text.replace_strict(uniques, pl.Series(place, dtype=pl.Int64), return_dtype=pl.Int64)
        return coded.to_numpy().astype(np.int64)

    def coder(self) -> Callable[[Any], int]:
        """Return the function from one value to the code that `codes` gives it in a column."""
        places = {value: place for place, group in enumerate(self.groups) for value in group}

        def code(value: Any) -> int:
            if value is None:
                return self.count - 1
            return places.get(value, self.count - 2) if isinstance(value, str) else _in_column(self, value)

        return code

    def as_json(self) -> dict[str, Any]:
        """Return the bins as JSON."""
        return {"name": self.name, "kind": self.kind, "groups": [list(group) for group in self.groups]}


Bins = NumberBins | CategoryBins


def _in_column(bins: Bins, value: Any) -> int:
    return int(bins.codes(pl.Series(bins.name, [value]))[0])


def bins_of(data: Mapping[str, Any]) -> Bins:
    """Return bins from JSON."""
    readers = {"number": _number_bins, "category": _category_bins}
    return readers[data["kind"]](data)


def _number_bins(data: Mapping[str, Any]) -> Bins:
    return NumberBins(data["name"], tuple(map(float, data["cuts"])), tuple(map(float, data["specials"])))


def _category_bins(data: Mapping[str, Any]) -> Bins:
    return CategoryBins(data["name"], tuple(tuple(group) for group in data["groups"]))


def is_number(column: pl.Series) -> bool:
    """Return whether a column is read as numbers (flags too); all else is a category."""
    return column.dtype.is_numeric() or column.dtype in (pl.Boolean, pl.Null)


def numbers(column: pl.Series) -> Floats:
    """Return a column as float64, NaN where missing."""
    return column.cast(pl.Float64).fill_null(float("nan")).to_numpy().astype(np.float64)


def fine_bins(column: pl.Series, most: int, specials: Sequence[float] = ()) -> Bins:
    """Return bins by quantiles (at most `most` intervals, cut at short numbers), or a group for each common value."""
    if not is_number(column):
        return CategoryBins(column.name, tuple((value,) for value in _common(column)))
    values = numbers(column)
    known = values[~np.isnan(values) & ~np.isin(values, list(specials))]
    return NumberBins(column.name, quantile_cuts(known, most), tuple(specials))


def _common(column: pl.Series) -> list[str]:
    counts = column.cast(pl.String).drop_nulls().value_counts().sort("count", column.name, descending=[True, False])
    common = counts.filter(pl.col("count") >= FEWEST_ROWS).head(MOST_GROUPS)
    return [str(value) for value in common[column.name]]


def quantile_cuts(values: Floats, most: int) -> tuple[float, ...]:
    """Return at most `most` - 1 cuts between values, each the shortest number that parts its neighbours."""
    ordered, counts = np.unique(values, return_counts=True)
    if ordered.size < 2:
        return ()
    places = np.arange(ordered.size - 1)
    if ordered.size > most:
        below = np.cumsum(counts)[:-1]
        steps = np.arange(1, most) * (values.size / most)
        places = np.unique(np.minimum(np.searchsorted(below, steps, side="left"), ordered.size - 2))
    return tuple(short_between(float(ordered[place]), float(ordered[place + 1])) for place in places)


def snapped(splits: Sequence[float], values: Floats) -> tuple[float, ...]:
    """Return splits (value < split goes left) as cuts (value <= cut goes left) at short numbers, same parts."""
    ordered = np.unique(values)
    cuts = []
    for split in sorted(splits):
        place = int(np.searchsorted(ordered, split, side="left"))
        if 0 < place < ordered.size:
            cuts.append(short_between(float(ordered[place - 1]), float(ordered[place])))
    return tuple(dict.fromkeys(cuts))


def short_between(low: float, high: float) -> float:
    """Return the number with the fewest digits in [low, high), near the middle.

    >>> short_between(0.1234567, 0.1267891), short_between(34, 35), short_between(-0.5, 7.0)
    (0.125, 34.0, 3.0)
    """
    middle = low + (high - low) / 2
    for digits in range(1, 18):
        text = float(f"{middle:.{digits}g}")
        if low <= text < high:
            return text
    return low


def codes_of(table: pl.DataFrame, bins: Sequence[Bins]) -> Codes:
    """Return codes, rows x features."""
    return (
        np.column_stack([each.codes(table[each.name]) for each in bins]) if bins else np.zeros((table.height, 0), int)
    )


def say_bin(bins: Bins, code: int) -> str:
    """Return what a code means, for people: an interval, values, other, missing."""
    if code == bins.count - 1:
        return "缺失 missing"
    if isinstance(bins, CategoryBins):
        return " | ".join(bins.groups[code]) if code < len(bins.groups) else "其他 other"
    if code > len(bins.cuts):
        return f"= {bins.specials[code - len(bins.cuts) - 1]:.12g}"
    if not bins.cuts:
        return "有值 any value"
    if code == 0:
        return f"≤ {bins.cuts[0]:.12g}"
    if code == len(bins.cuts):
        return f"> {bins.cuts[-1]:.12g}"
    return f"{bins.cuts[code - 1]:.12g} – {bins.cuts[code]:.12g}"
