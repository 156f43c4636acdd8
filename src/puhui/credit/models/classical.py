"""The classical scorecard: monotone bins, weight of evidence, logistic regression with the right signs, points.

WOE = ln(share of bad / share of good), smoothed by half a row, for every bin, missing and special ones as they are in
the data. Of two features whose WOE go together the stronger stays. A coefficient may not be negative: risk that rises
with WOE is the only sign that makes sense, so the regression is bounded at zero.
"""

import warnings
from collections.abc import Sequence

import numpy as np
import polars as pl

from puhui.credit.models.additive import Scorecard, counted
from puhui.credit.models.bins import (
    Bins,
    CategoryBins,
    Codes,
    Floats,
    NumberBins,
    codes_of,
    fine_bins,
    is_number,
    numbers,
    snapped,
)
from puhui.credit.models.calibrate import calibrate, logistic
from puhui.credit.models.folds import folds, label_of, weight_of
from puhui.credit.models.setting import Setting, features_of

KIND = "scorecard"
MOST_BINS = 8
PRE_BINS = 20
LEAST_IV = 0.005
MOST_CORRELATION = 0.8
MOST_FEATURES = 40
PENALTY = 1.0
OUTSIDE_ROWS = 20_000


def fit(table: pl.DataFrame, setting: Setting) -> Scorecard:
    """Return the classical scorecard of a table; refuses TABLE_LACKS, LABEL_UNFIT."""
    label, weight = label_of(table, setting), weight_of(table, setting)
    bins = tuple(binned(table[name], label, setting) for name in features_of(table, setting))
    codes = codes_of(table, bins)
    woe = [evidence(codes[:, place], each.count, label, weight) for place, each in enumerate(bins)]
    strength = [information(codes[:, place], woe[place], label, weight) for place in range(len(bins))]
    chosen, dropped = choose(codes, woe, strength)
    if not chosen:
        chosen = [int(np.argmax(strength))]
    design = np.column_stack([woe[place][codes[:, place]] for place in chosen])
    level, slopes = bounded_regression(design, label, weight)
    zero = [bins[place].name for place, slope in zip(chosen, slopes, strict=True) if slope <= 0]
    kept = [(place, slope) for place, slope in zip(chosen, slopes, strict=True) if slope > 0] or [(chosen[0], 1.0)]
    card_bins = tuple(bins[place] for place, _ in kept)
    card_codes = codes[:, [place for place, _ in kept]]
    counts = counted(card_codes, card_bins, np.ones(label.size))
    tables, intercept = [], level
    for (place, slope), count in zip(kept, counts, strict=True):
        values = slope * woe[place]
        mean = float(np.average(values, weights=np.maximum(count, 1e-9)))
        values = values - mean
        values[count == 0] = values[count > 0].max()
        intercept += mean
        tables.append(values)
    raw = _outside(design, label, weight, setting)
    notes = {
        "information_value": {bins[place].name: float(strength[place]) for place in range(len(bins))},
        "dropped": {**{bins[place].name: why for place, why in dropped.items()}, **dict.fromkeys(zero, "sign")},
        "coefficients": {bins[place].name: float(slope) for place, slope in kept},
    }
    bads = counted(card_codes, card_bins, label)
    calibration = calibrate(raw, label, weight)
    return Scorecard(
        KIND, card_bins, tuple(tables), float(intercept), calibration, setting.scale, counts, bads, (), notes
    )


def binned(column: pl.Series, label: Floats, setting: Setting) -> Bins:
    """Return monotone bins of a column by optbinning; a category in groups of like bad rate."""
    specials = setting.special.get(column.name, ())
    if not is_number(column):
        return grouped(column, label)
    values = numbers(column)
    known = ~np.isnan(values) & ~np.isin(values, list(specials))
    distinct = np.unique(values[known])
    if distinct.size < 2 or min(label[known].sum(), (1 - label[known]).sum()) < 2:
        return NumberBins(column.name, (), tuple(specials))
    trend = {1: "ascending", -1: "descending"}.get(setting.monotone.get(column.name, 0), "auto_asc_desc")
    splits = monotone_splits(values[known], label[known], trend)
    return NumberBins(column.name, snapped(splits, values[known]), tuple(specials))


def monotone_splits(values: Floats, label: Floats, trend: str) -> list[float]:
    """Return optbinning's splits (value < split goes left), under a monotone trend of the bad rate."""
    from optbinning import OptimalBinning  # type: ignore[import-untyped]

    rows = values.size
    binning = OptimalBinning(
        dtype="numerical",
        solver="cp",
        max_n_prebins=PRE_BINS,
        max_n_bins=MOST_BINS,
        min_prebin_size=max(0.02, min(0.2, 20 / rows)),
        monotonic_trend=trend,
        time_limit=5,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        binning.fit(values, label.astype(np.int64))
    return [float(split) for split in binning.splits]


def grouped(column: pl.Series, label: Floats) -> CategoryBins:
    """Return groups of categories: by order of smoothed bad rate, neighbours joined until each has 5 % of the rows."""
    single = fine_bins(column, 2)
    assert isinstance(single, CategoryBins)
    codes = single.codes(column)
    rows = np.bincount(codes, minlength=single.count)[: len(single.groups)]
    bad = np.bincount(codes, weights=label, minlength=single.count)[: len(single.groups)]
    rate = (bad + 20.0 * label.mean()) / (rows + 20.0)
    order = np.argsort(rate, kind="stable")
    groups: list[list[int]] = []
    for place in order:
        if groups and rows[groups[-1]].sum() < 0.05 * label.size:
            groups[-1].append(int(place))
        else:
            groups.append([int(place)])
    if len(groups) > 1 and rows[groups[-1]].sum() < 0.05 * label.size:
        last = groups.pop()
        groups[-1] += last
    return CategoryBins(column.name, tuple(tuple(single.groups[place][0] for place in group) for group in groups))


def evidence(codes: Codes, count: int, label: Floats, weight: Floats) -> Floats:
    """Return the WOE of each code: ln(share of bad / share of good), half a row added to each; 0 for no rows."""
    bad = np.bincount(codes, weights=weight * label, minlength=count)
    good = np.bincount(codes, weights=weight * (1 - label), minlength=count)
    woe = np.log((bad + 0.5) / (good + 0.5)) - np.log((bad.sum() + 0.5) / (good.sum() + 0.5))
    return np.where(bad + good > 0, woe, 0.0)


def information(codes: Codes, woe: Floats, label: Floats, weight: Floats) -> float:
    """Return the information value: sum of (share of bad - share of good) x WOE."""
    bad = np.bincount(codes, weights=weight * label, minlength=woe.size)
    good = np.bincount(codes, weights=weight * (1 - label), minlength=woe.size)
    return float(np.sum((bad / bad.sum() - good / good.sum()) * woe))


def choose(codes: Codes, woe: Sequence[Floats], strength: Sequence[float]) -> tuple[list[int], dict[int, str]]:
    """Return the features to keep, strongest first, and why the others go: weak, or close to a stronger one."""
    order = sorted(range(len(strength)), key=lambda place: (-strength[place], place))
    kept: list[int] = []
    columns: list[Floats] = []
    dropped: dict[int, str] = {}
    for place in order:
        column = woe[place][codes[:, place]]
        spread = column.std()
        if strength[place] < LEAST_IV or not spread:
            dropped[place] = "weak"
            continue
        column = (column - column.mean()) / spread
        if any(abs(float(np.mean(column * other))) > MOST_CORRELATION for other in columns):
            dropped[place] = "correlated"
        elif len(kept) >= MOST_FEATURES:
            dropped[place] = "beyond_forty"
        else:
            kept.append(place)
            columns.append(column)
    return kept, dropped


def bounded_regression(design: Floats, label: Floats, weight: Floats) -> tuple[float, Floats]:
    """Return level and slopes >= 0 of a logistic regression on WOE, ridge towards 0 by PENALTY of a row's worth."""
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    rows, width = design.shape

    def loss(point: Floats) -> tuple[float, Floats]:
        raw = point[0] + design @ point[1:]
        pd = logistic(raw)
        cost = np.sum(weight * (np.logaddexp(0.0, raw) - label * raw)) + PENALTY * np.sum(point[1:] ** 2) / 2
        step = weight * (pd - label)
        gradient = np.concatenate([[step.sum()], design.T @ step + PENALTY * point[1:]])
        return float(cost) / rows, gradient / rows

    share = float(np.average(label, weights=weight))
    start = np.concatenate([[np.log(share / (1 - share))], np.full(width, 0.5)])
    bounds: list[tuple[float | None, float | None]] = [(None, None), *[(0.0, None)] * width]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500, "gtol": 1e-7})
    return float(found.x[0]), np.asarray(found.x[1:], np.float64)


def _outside(design: Floats, label: Floats, weight: Floats, setting: Setting) -> Floats:
    """Return raw scores by regressions that did not see the row; with many rows seeing it makes no difference."""
    found = np.zeros(label.size)
    count = 2 if label.size > OUTSIDE_ROWS else 5
    fold = folds(label, min(count, max(2, int(min(label.sum(), (1 - label).sum())))), setting.seed)
    for number in range(int(fold.max()) + 1):
        inside = fold != number
        level, slopes = bounded_regression(design[inside], label[inside], weight[inside])
        found[~inside] = level + design[~inside] @ slopes
    return found
