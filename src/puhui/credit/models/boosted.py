"""The boosted scorecard: shallow trees, bagged, collapsed exactly into tables of points.

Each tree sees one feature, or one of a few chosen pairs at depth two; so the ensemble is a sum of functions of one and
of two features. Evaluated on every code (anchored decomposition, exact for such sums), it becomes tables; the mean
parts of pairs then move into the tables of single features. Sum of tables = raw score of the ensemble.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from puhui.credit.models.additive import Pair, Scorecard, counted
from puhui.credit.models.bins import Bins, Codes, Floats, NumberBins, codes_of, fine_bins
from puhui.credit.models.calibrate import calibrate
from puhui.credit.models.folds import folds, label_of, weight_of
from puhui.credit.models.lightgbm_fit import (
    LARGE_ROWS,
    Data,
    fit_trees,
    pair_gains,
    predictor,
    rounds_of,
    side_by_side,
    thresholds_of,
)
from puhui.credit.models.monotone import monotone_of
from puhui.credit.models.setting import NO_FEATURES, Setting, features_of

KIND = "boosted_scorecard"
MOST_BINS = 128
MOST_PAIRS = 24
# With few rows most pairs are noise.
MOST_PAIRS_FEW = 8


@dataclass(frozen=True, slots=True)
class Bag:
    """One ensemble, what its columns hold for each code of each feature, and where its trees cut each column."""

    predict: Callable[[Floats], Floats]
    columns: tuple[Floats, ...]
    thresholds: tuple[Floats, ...]

    def matrix(self, codes: Codes) -> Floats:
        """Return the columns of coded rows, as the ensemble sees them."""
        return np.column_stack([column[codes[:, place]] for place, column in enumerate(self.columns)])

    def raw(self, codes: Codes) -> Floats:
        """Return the raw score of the ensemble itself."""
        return self.predict(self.matrix(codes))


@dataclass(frozen=True, slots=True)
class Ensemble:
    """What was fitted before the collapse: bins, bags, chosen pairs, and the scores of rows outside each bag."""

    bins: tuple[Bins, ...]
    bags: tuple[Bag, ...]
    pairs: tuple[tuple[int, int], ...]
    outside: Floats
    codes: Codes
    notes: dict[str, Any]

    def raw(self, codes: Codes) -> Floats:
        """Return the mean raw score of the bags: what the tables must sum to."""
        found: Floats = np.mean([bag.raw(codes) for bag in self.bags], axis=0)
        return found


def fit(table: pl.DataFrame, setting: Setting) -> Scorecard:
    """Return the boosted scorecard of a table; refuses TABLE_LACKS, LABEL_UNFIT."""
    return collapse(fit_ensemble(table, setting), table, setting)


def fit_ensemble(table: pl.DataFrame, setting: Setting) -> Ensemble:
    """Return the bagged ensemble."""
    label, weight = label_of(table, setting), weight_of(table, setting)
    names = features_of(table, setting)
    bins = tuple(fine_bins(table[name], MOST_BINS, setting.special.get(name, ())) for name in names)
    codes = codes_of(table, bins)
    varied = [place for place in range(len(bins)) if codes.shape[0] and np.ptp(codes[:, place])]
    bins, codes = tuple(bins[place] for place in varied), codes[:, varied]
    if not bins:
        raise NO_FEATURES.refuse("features")
    signs = monotone_of(codes, bins, label, setting, find=label.size <= LARGE_ROWS)
    insides = _bags(label, setting)

    def data_of(inside: NDArray[np.bool_]) -> tuple[tuple[Floats, ...], Data]:
        columns = tuple(_column(each, codes[inside, place], label[inside]) for place, each in enumerate(bins))
        matrix = np.column_stack([column[codes[:, place]] for place, column in enumerate(columns)])
        return columns, Data(matrix, label, weight, inside, signs)

    most_pairs = MOST_PAIRS if label.size > LARGE_ROWS else MOST_PAIRS_FEW
    pairs = pair_gains(data_of(insides[0])[1], setting)[:most_pairs]

    def fit_bag(number: int) -> tuple[tuple[Floats, ...], NDArray[np.bool_], Any, Floats]:
        columns, data = data_of(insides[number])
        return columns, insides[number], *fit_trees(data, pairs, setting, number)

    fitted = side_by_side(fit_bag, len(insides), setting.threads)
    rounds = rounds_of([curve for *_, curve in fitted])
    outside, seen = np.zeros(label.size), np.zeros(label.size)
    bags = []
    for (columns, inside, booster, _), count in zip(fitted, rounds, strict=True):
        bag = Bag(predictor(booster, count), columns, thresholds_of(booster, len(bins)))
        outside[~inside] += bag.raw(codes[~inside])
        seen[~inside] += 1
        bags.append(bag)
    notes = {"rounds": rounds, "monotone": {each.name: sign for each, sign in zip(bins, signs, strict=True) if sign}}
    return Ensemble(bins, tuple(bags), pairs, outside / seen, codes, notes)


def _bags(label: Floats, setting: Setting) -> list[NDArray[np.bool_]]:
    """Return the rows inside each bag; every row is outside of one bag, or of two where rows are few."""
    if label.size > LARGE_ROWS:
        fold = folds(label, 4, setting.seed)
        return [fold != number for number in range(4)]
    count = 8 if min(label.sum(), label.size - label.sum()) >= 16 else 2
    twice = [folds(label, count, setting.seed * 2 + again) for again in range(2)]
    return [fold != number for fold in twice for number in range(count)]


def _column(bins: Bins, codes: Codes, label: Floats) -> Floats:
    """Return what trees see for each code: order for a number, rank by smoothed bad rate (of these rows) for others."""
    column = np.arange(bins.count, dtype=np.float64)
    if isinstance(bins, NumberBins):
        column[len(bins.cuts) + 1 :] = np.nan
        # A special value is placed by its bad rate among the intervals, between two of them.
        if bins.specials:
            _place_specials(column, bins, codes, label)
        return column
    rate = _smoothed(codes, label, bins.count)
    order = np.argsort(rate, kind="stable")
    column[order] = np.arange(bins.count, dtype=np.float64)
    return column


def _place_specials(column: Floats, bins: NumberBins, codes: Codes, label: Floats) -> None:
    rate = _smoothed(codes, label, bins.count)
    plain = len(bins.cuts) + 1
    for place in range(plain, bins.count - 1):
        nearest = int(np.argmin(np.abs(rate[:plain] - rate[place])))
        column[place] = nearest + (0.25 if rate[place] >= rate[nearest] else -0.25) + 0.001 * (place - plain)


def _smoothed(codes: Codes, label: Floats, count: int) -> Floats:
    rows = np.bincount(codes, minlength=count)
    bad = np.bincount(codes, weights=label, minlength=count)
    strength = 20.0
    found: Floats = (bad + strength * label.mean()) / (rows + strength)
    return found


def collapse(ensemble: Ensemble, table: pl.DataFrame, setting: Setting) -> Scorecard:
    """Return the ensemble as tables: their sum is its raw score, for every combination of codes seen in training."""
    bins, label, weight = ensemble.bins, label_of(table, setting), weight_of(table, setting)
    counts = counted(ensemble.codes, bins, np.ones(label.size))
    bads = counted(ensemble.codes, bins, label)
    start = np.zeros((1, len(bins)), np.int64)
    anchor = float(ensemble.raw(start)[0])
    singles = [_single(ensemble, place) - anchor for place in range(len(bins))]
    pairs = [_pair(ensemble, first, second, singles, anchor) for first, second in ensemble.pairs]
    intercept = anchor
    for pair in pairs:
        _purify(pair, singles, counts)
    for place, values in enumerate(singles):
        mean = float(np.average(values, weights=np.maximum(counts[place], 1e-9)))
        singles[place] = values - mean
        intercept += mean
    pairs = [each for each in pairs if np.abs(each.values).max() > 1e-12]
    stood, pairs = _unseen(singles, pairs, counts)
    notes = {**ensemble.notes, "pairs": [[bins[a.first].name, bins[a.second].name] for a in pairs]}
    calibration = calibrate(ensemble.outside, label, weight)
    return Scorecard(KIND, bins, tuple(stood), intercept, calibration, setting.scale, counts, bads, tuple(pairs), notes)


def _single(ensemble: Ensemble, place: int) -> Floats:
    firsts, places = _alike(ensemble, place)
    grid = np.zeros((firsts.size, len(ensemble.bins)), np.int64)
    grid[:, place] = firsts
    return ensemble.raw(grid)[places]


def _pair(ensemble: Ensemble, first: int, second: int, singles: Sequence[Floats], anchor: float) -> Pair:
    """Return what the pair adds beyond its two singles, on codes that the trees tell apart."""
    firsts, rows = _alike(ensemble, first)
    seconds, columns = _alike(ensemble, second)
    grid = np.zeros((firsts.size * seconds.size, len(ensemble.bins)), np.int64)
    grid[:, first] = np.repeat(firsts, seconds.size)
    grid[:, second] = np.tile(seconds, firsts.size)
    whole = ensemble.raw(grid).reshape(firsts.size, seconds.size)
    values = whole - singles[first][firsts][:, None] - singles[second][seconds][None, :] - anchor
    return Pair(first, second, rows, columns, values)


def _alike(ensemble: Ensemble, place: int) -> tuple[Codes, Codes]:
    """Return codes that no tree of any bag takes for the same, and which of them each code is like."""
    sides = []
    for bag in ensemble.bags:
        column = bag.columns[place]
        side = np.searchsorted(bag.thresholds[place], column, side="left")
        sides.append(np.where(np.isnan(column), -1, side))
    _, firsts, places = np.unique(np.column_stack(sides), axis=0, return_index=True, return_inverse=True)
    return firsts.astype(np.int64), places.reshape(-1).astype(np.int64)


def _purify(pair: Pair, singles: list[Floats], counts: Sequence[Codes]) -> None:
    """Move the mean of each row and column of a pair into the single tables; the sum stays."""
    values = pair.values
    by_row = np.bincount(pair.rows, weights=counts[pair.first]) + 1e-9
    by_column = np.bincount(pair.columns, weights=counts[pair.second]) + 1e-9
    for _ in range(2):
        row = np.average(values, axis=1, weights=by_column)
        values -= row[:, None]
        singles[pair.first] = singles[pair.first] + row[pair.rows]
        column = np.average(values, axis=0, weights=by_row)
        values -= column[None, :]
        singles[pair.second] = singles[pair.second] + column[pair.columns]


def _unseen(
    singles: Sequence[Floats], pairs: Sequence[Pair], counts: Sequence[Codes]
) -> tuple[list[Floats], list[Pair]]:
    """Return tables in which a code that nobody had stands where the riskiest code does, in pairs as well."""
    stands = []
    for values, count in zip(singles, counts, strict=True):
        stand = np.arange(values.size)
        seen = count > 0
        stand[~seen] = int(np.argmax(np.where(seen, values, -np.inf)))
        stands.append(stand)
    tables = [values[stand] for values, stand in zip(singles, stands, strict=True)]
    moved = [
        replace(pair, rows=pair.rows[stands[pair.first]], columns=pair.columns[stands[pair.second]]) for pair in pairs
    ]
    return tables, moved
