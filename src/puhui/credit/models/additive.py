"""The scorecard: a sum of tables. Each feature's bin adds log-odds; a few pairs of features add a little more.

raw = intercept + sum of tables[feature][code] + sum of pair[code of one, code of other]; log-odds of bad.
points = base + whole points of each bin; more points are better. PD = calibration(raw).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from puhui.credit.models.bins import Bins, Codes, Floats, bins_of, codes_of
from puhui.credit.models.calibrate import Calibration
from puhui.credit.models.row import RowScore
from puhui.credit.models.setting import Scale, needs
from puhui.credit.models.texts import sealed, unsealed

Points = NDArray[np.int64]
# A code for each feature: whole numbers for one row, columns for many; what is added up with them is alike.
ByFeature: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Pair:
    """A table of two features: `rows[code of first]`, `columns[code of second]` are places in `values`."""

    first: int
    second: int
    rows: Codes
    columns: Codes
    values: Floats

    def at(self, codes: ByFeature, values: NDArray[Any]) -> Any:
        """Return the value in the cell that the codes point to."""
        return values[self.rows[codes[self.first]], self.columns[codes[self.second]]]

    def as_json(self) -> dict[str, Any]:
        """Return the table as JSON."""
        return {
            "first": self.first,
            "second": self.second,
            "rows": self.rows.tolist(),
            "columns": self.columns.tolist(),
            "values": self.values.tolist(),
        }

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Pair":
        """Return the table from JSON."""
        places = (np.array(data["rows"], np.int64), np.array(data["columns"], np.int64))
        return cls(int(data["first"]), int(data["second"]), *places, np.array(data["values"], np.float64))


@dataclass(frozen=True)
class Scorecard:
    """A scorecard of any kind.

    counts: rows of training in each code (bad ones in `bads`). notes: what the fit did and why, for the report.
    A code that no row of training had takes the riskiest table value of its feature: a field left out never helps.
    """

    kind: str
    bins: tuple[Bins, ...]
    tables: tuple[Floats, ...]
    intercept: float
    calibration: Calibration
    scale: Scale
    counts: tuple[Codes, ...]
    bads: tuple[Codes, ...]
    pairs: tuple[Pair, ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def features(self) -> tuple[str, ...]:
        """The features that it needs, in order."""
        return tuple(each.name for each in self.bins)

    @property
    def needs(self) -> list[dict[str, str]]:
        """Each feature with its kind and what a missing value does."""
        ways = ("a bin of its own", "never seen in training: as the riskiest bin")
        return [
            {"name": each.name, "kind": each.kind, "missing": ways[int(count[-1] == 0)]}
            for each, count in zip(self.bins, self.counts, strict=True)
        ]

    def codes(self, table: pl.DataFrame) -> Codes:
        """Return codes, rows x features; refuse TABLE_LACKS."""
        needs(table, list(self.features))
        return codes_of(table, self.bins)

    def raw(self, table: pl.DataFrame) -> Floats:
        """Return log-odds of bad, before calibration."""
        return self.raw_of(self.codes(table))

    def raw_of(self, codes: Codes) -> Floats:
        """Return log-odds of coded rows."""
        return np.asarray(self._raw(np.full(codes.shape[0], self.intercept), codes.T), np.float64)

    def pd(self, table: pl.DataFrame) -> Floats:
        """Return the calibrated chance of bad, 0 to 1."""
        return self.calibration.pd(self.raw(table))

    @cached_property
    def factor(self) -> float:
        """Points of one unit of log-odds."""
        return float(self.scale.double_points / np.log(2))

    @cached_property
    def base_points(self) -> int:
        """Points before any bin is added."""
        return int(np.rint(self.scale.base_points - self.factor * (self.intercept + np.log(self.scale.base_odds))))

    @cached_property
    def bin_points(self) -> tuple[Points, ...]:
        """Whole points of each code of each feature."""
        return tuple(np.rint(-self.factor * values).astype(np.int64) for values in self.tables)

    @cached_property
    def pair_points(self) -> tuple[Points, ...]:
        """Whole points of each cell of each pair."""
        return tuple(np.rint(-self.factor * pair.values).astype(np.int64) for pair in self.pairs)

    def points(self, table: pl.DataFrame) -> Points:
        """Return whole points; more is better."""
        codes = self.codes(table)
        return np.asarray(self._points(np.full(codes.shape[0], self.base_points, np.int64), codes.T), np.int64)

    def contributions(self, table: pl.DataFrame) -> Floats:
        """Return log-odds that each feature adds over the average applicant, rows x features.

        A pair's share is half each; they and the intercept sum to `raw`.
        """
        return np.column_stack(self._adds(self.codes(table).T))

    def score_row(self, features: Mapping[str, Any]) -> RowScore:
        """Return the score of one row, to the last bit what `pd`, `points` and `contributions` give in a table."""
        codes = [code(features.get(each.name)) for each, code in zip(self.bins, self._coders, strict=True)]
        raw = np.array([self._raw(self.intercept, codes)])
        points = int(self._points(self.base_points, codes))
        return RowScore(float(self.calibration.pd(raw)[0]), points, tuple(map(float, self._adds(codes))))

    @cached_property
    def _coders(self) -> tuple[Callable[[Any], int], ...]:
        return tuple(each.coder() for each in self.bins)

    def _raw(self, start: Any, codes: ByFeature) -> Any:
        for place, values in enumerate(self.tables):
            start += values[codes[place]]
        for pair in self.pairs:
            start += pair.at(codes, pair.values)
        return start

    def _points(self, start: Any, codes: ByFeature) -> Any:
        for place, values in enumerate(self.bin_points):
            start += values[codes[place]]
        for pair, cells in zip(self.pairs, self.pair_points, strict=True):
            start += pair.at(codes, cells)
        return start

    def _adds(self, codes: ByFeature) -> list[Any]:
        found = [values[codes[place]] for place, values in enumerate(self.tables)]
        for pair in self.pairs:
            half = pair.at(codes, pair.values) / 2
            found[pair.first] += half
            found[pair.second] += half
        return found

    def as_json(self) -> dict[str, Any]:
        """Return all of it as JSON, with the hash that loading checks."""
        scale = self.scale
        body = {
            "kind": self.kind,
            "bins": [each.as_json() for each in self.bins],
            "tables": [values.tolist() for values in self.tables],
            "counts": [values.tolist() for values in self.counts],
            "bads": [values.tolist() for values in self.bads],
            "pairs": [pair.as_json() for pair in self.pairs],
            "intercept": self.intercept,
            "calibration": self.calibration.as_json(),
            "scale": [scale.base_points, scale.base_odds, scale.double_points],
            "needs": self.needs,
            "base_points": self.base_points,
            "points": [values.tolist() for values in self.bin_points],
            "notes": dict(self.notes),
        }
        return sealed(body)

    def as_sql(self, table_name: str) -> str:
        """Return a SELECT that adds `points` to a table; equal to `points`, row by row."""
        from puhui.credit.models.exports import as_sql

        return as_sql(self, table_name)

    def as_zen(self) -> dict[str, Any]:
        """Return a JDM graph for zen-engine that gives `points`; its input is made by `exports.zen_input`."""
        from puhui.credit.models.exports import as_zen

        return as_zen(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Scorecard":
        """Return the scorecard; refuse MODEL_TAMPERED when its hash does not fit."""
        body = unsealed(data)
        return cls(
            kind=body["kind"],
            bins=tuple(bins_of(each) for each in body["bins"]),
            tables=tuple(np.array(values, np.float64) for values in body["tables"]),
            intercept=float(body["intercept"]),
            calibration=Calibration.of(body["calibration"]),
            scale=Scale(*body["scale"]),
            counts=tuple(np.array(values, np.int64) for values in body["counts"]),
            bads=tuple(np.array(values, np.int64) for values in body["bads"]),
            pairs=tuple(Pair.of(each) for each in body["pairs"]),
            notes=body["notes"],
        )


def counted(codes: Codes, bins: Sequence[Bins], weight: Floats) -> tuple[Codes, ...]:
    """Return how many rows (by weight, rounded) each code of each feature has."""
    return tuple(
        np.rint(np.bincount(codes[:, place], weights=weight, minlength=each.count)).astype(np.int64)
        for place, each in enumerate(bins)
    )
