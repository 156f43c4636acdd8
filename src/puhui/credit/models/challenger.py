"""The challenger: LightGBM as strong as it gets within a budget of effort; not readable, so it explains by SHAP.

Bags over folds; a few candidates (leaves, learning rate, sampling, constraints) tried in a fixed order on the first
fold, as many as the effort allows for the size of the table. The mean of the bags' raw scores, then calibrated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from puhui.credit.models.bins import (
    Bins,
    CategoryBins,
    Codes,
    Floats,
    NumberBins,
    bins_of,
    codes_of,
    fine_bins,
    is_number,
    numbers,
)
from puhui.credit.models.calibrate import Calibration, calibrate
from puhui.credit.models.folds import Rows, folds, label_of, weight_of
from puhui.credit.models.lightgbm_fit import LARGE_ROWS, base_parameters, side_by_side
from puhui.credit.models.monotone import monotone_of
from puhui.credit.models.row import RowScore
from puhui.credit.models.setting import Setting, features_of, needs
from puhui.credit.models.texts import sealed, unsealed

KIND = "challenger"
# Cells (rows x columns x rounds) that a two-core machine fits in a second, roughly.
CELLS_PER_SECOND = 150_000_000
ROUNDS = 2000
PATIENCE = 30
CANDIDATES: tuple[dict[str, Any], ...] = (
    {"num_leaves": 15, "max_depth": 5, "feature_fraction": 0.7},
    {"num_leaves": 7, "max_depth": 3, "feature_fraction": 0.5},
    {"num_leaves": 31, "max_depth": 7, "feature_fraction": 0.7, "lambda_l2": 10.0},
    {"num_leaves": 4, "max_depth": 2, "feature_fraction": 0.3},
    {"num_leaves": 15, "max_depth": 5, "feature_fraction": 0.4, "lambda_l2": 20.0},
    {"num_leaves": 7, "max_depth": 3, "feature_fraction": 0.3, "lambda_l2": 20.0},
)


@dataclass(frozen=True)
class Challenger:
    """Bagged LightGBM, as its own text; a missing value goes the way that training found for it.

    `orders`: bag by bag, for categories, the value of each code: its rank by bad rate among the rows of the bag only.
    `stand_ins`: for numbers that were never missing in training, the value that stands for a missing one: the
    riskiest of a few tried. A category that nobody had ranks with the riskiest.
    """

    bins: tuple[Bins, ...]
    orders: tuple[tuple[Floats, ...], ...]
    stand_ins: tuple[float | None, ...]
    texts: tuple[str, ...]
    calibration: Calibration
    notes: Mapping[str, Any] = field(default_factory=dict)
    kind: str = KIND

    @property
    def features(self) -> tuple[str, ...]:
        """The features that it needs, in order."""
        return tuple(each.name for each in self.bins)

    @property
    def needs(self) -> list[dict[str, str]]:
        """Each feature with its kind and what a missing value does."""
        ways = ("a branch of its own", "never seen in training: as the riskiest value tried")
        return [
            {"name": each.name, "kind": each.kind, "missing": ways[int(stand is not None)]}
            for each, stand in zip(self.bins, self.stand_ins, strict=True)
        ]

    @cached_property
    def _boosters(self) -> tuple[Any, ...]:
        from lightgbm import Booster

        return tuple(Booster(model_str=text) for text in self.texts)

    def matrices(self, table: pl.DataFrame) -> list[Floats]:
        """Return for each bag the columns as its trees see them; refuse TABLE_LACKS."""
        needs(table, list(self.features))
        matrix, codes = _read(self.bins, table)
        for place, stand in enumerate(self.stand_ins):
            if stand is not None:
                matrix[np.isnan(matrix[:, place]), place] = stand
        return [_ordered(matrix, codes, orders) for orders in self.orders]

    def raw(self, table: pl.DataFrame) -> Floats:
        """Return log-odds of bad, before calibration."""
        return self._raw(self.matrices(table))

    def _raw(self, matrices: Sequence[Floats]) -> Floats:
        pairs = zip(self._boosters, matrices, strict=True)
        return _mean([each.predict(seen, raw_score=True, num_threads=1) for each, seen in pairs])

    def pd(self, table: pl.DataFrame) -> Floats:
        """Return the calibrated chance of bad, 0 to 1."""
        return self.calibration.pd(self.raw(table))

    def contributions(self, table: pl.DataFrame) -> Floats:
        """Return SHAP values in log-odds, rows x features; with the base they sum to `raw`.

        Threads part the rows, so that their number changes nothing; `fit` is where sums hang on it.
        """
        return self._contributions(self.matrices(table), threads=0)

    def _contributions(self, matrices: Sequence[Floats], threads: int) -> Floats:
        pairs = zip(self._boosters, matrices, strict=True)
        return _mean([each.predict(seen, pred_contrib=True, num_threads=threads)[:, :-1] for each, seen in pairs])

    def score_row(self, features: Mapping[str, Any]) -> RowScore:
        """Return the score of one row, read once; it has no points."""
        row = {name: features.get(name) for name in self.features}
        matrices = self.matrices(pl.DataFrame([row], infer_schema_length=None))
        pd = self.calibration.pd(self._raw(matrices))
        return RowScore(float(pd[0]), None, tuple(self._contributions(matrices, threads=1)[0].tolist()))

    def as_json(self) -> dict[str, Any]:
        """Return all of it as JSON, with the hash that loading checks."""
        return sealed(
            {
                "kind": KIND,
                "bins": [each.as_json() for each in self.bins],
                "orders": [[order.tolist() for order in bag] for bag in self.orders],
                "stand_ins": list(self.stand_ins),
                "lightgbm": list(self.texts),
                "calibration": self.calibration.as_json(),
                "needs": self.needs,
                "notes": dict(self.notes),
            }
        )

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Challenger":
        """Return the model; refuse MODEL_TAMPERED when its hash does not fit."""
        body = unsealed(data)
        return cls(
            bins=tuple(bins_of(each) for each in body["bins"]),
            orders=tuple(tuple(np.array(order, np.float64) for order in bag) for bag in body["orders"]),
            stand_ins=tuple(body["stand_ins"]),
            texts=tuple(body["lightgbm"]),
            calibration=Calibration.of(body["calibration"]),
            notes=body["notes"],
        )


def _mean(bags: Sequence[Floats]) -> Floats:
    """Return the mean, added up bag by bag: NumPy's own adds a single row in another order than many."""
    return np.asarray(sum(bags) / len(bags), np.float64)


def fit(table: pl.DataFrame, setting: Setting) -> Challenger:
    """Return the challenger of a table; refuses TABLE_LACKS, LABEL_UNFIT."""
    label, weight = label_of(table, setting), weight_of(table, setting)
    bins = tuple(_bins(table[name]) for name in features_of(table, setting))
    matrix, codes = _read(bins, table)
    signs = _signs(table, bins, label, setting)
    most = 3 if label.size > LARGE_ROWS else 8
    fold = folds(label, min(most, max(2, int(min(label.sum(), label.size - label.sum())) // 2)), setting.seed)
    common = base_parameters(setting, label.size) | {
        "learning_rate": 0.06 if label.size > LARGE_ROWS else 0.03,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        **({"monotone_constraints": list(signs)} if any(signs) else {}),
    }
    orders = tuple(
        tuple(_order(each, codes.get(place), label, fold != number) for place, each in enumerate(bins))
        for number in range(int(fold.max()) + 1)
    )
    rows = _Rows([_ordered(matrix, codes, each) for each in orders], label, weight, fold)
    best, trials = _tuned(rows, common, setting)
    count = len(rows.matrices)
    boosters = side_by_side(lambda number: _one(rows, common | best, number)[0], count, setting.threads)
    outside = np.zeros(label.size)
    for number, (booster, seen) in enumerate(zip(boosters, rows.matrices, strict=True)):
        outside[fold == number] = booster.predict(seen[fold == number], raw_score=True, num_threads=1)
    texts = [_text(booster) for booster in boosters]
    rounds = [int(booster.best_iteration) for booster in boosters]
    notes = {"rounds": rounds, "trials": trials, "monotone": {b.name: s for b, s in zip(bins, signs, strict=True) if s}}
    model = Challenger(bins, orders, (None,) * len(bins), tuple(texts), calibrate(outside, label, weight), notes)
    return replace(model, stand_ins=_stand_ins(model, rows.matrices))


@dataclass(frozen=True, slots=True)
class _Rows:
    """What every bag is fitted from."""

    matrices: list[Floats]
    label: Floats
    weight: Floats
    fold: Rows


def _tuned(rows: _Rows, common: Mapping[str, Any], setting: Setting) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the best candidate and the record of all tried, as many as the effort pays for."""
    seconds = max(rows.matrices[0].size * 300 / CELLS_PER_SECOND, 0.3)
    count = int(np.clip(setting.effort_seconds / seconds, 1, len(CANDIDATES)))
    folds_each = 1 if rows.label.size > LARGE_ROWS else min(3, int(rows.fold.max()) + 1)
    trials = []
    for candidate in CANDIDATES[:count]:
        tried = {**common, **candidate}
        losses = side_by_side(partial(_loss, rows, tried), folds_each, setting.threads)
        trials.append({**candidate, "log_loss": float(np.mean(losses))})
    best = min(range(count), key=lambda place: trials[place]["log_loss"])
    return dict(CANDIDATES[best]), trials


def _one(rows: _Rows, parameters: Mapping[str, Any], number: int) -> tuple[Any, float]:
    """Return the booster fitted outside one fold, and its log loss on the fold."""
    from lightgbm import Dataset, early_stopping, train

    inside, outside = rows.fold != number, rows.fold == number
    matrix = rows.matrices[number]
    data = Dataset(matrix[inside], rows.label[inside], weight=rows.weight[inside])
    held = Dataset(matrix[outside], rows.label[outside], weight=rows.weight[outside], reference=data)
    stop = early_stopping(PATIENCE, verbose=False)
    seeds = {"bagging_seed": parameters["seed"] * 1000 + number}
    booster = train({**parameters, **seeds}, data, ROUNDS, valid_sets=[held], callbacks=[stop])
    return booster, float(booster.best_score["valid_0"]["binary_logloss"])


def _loss(rows: _Rows, parameters: Mapping[str, Any], number: int) -> float:
    return _one(rows, parameters, number)[1]


def _text(booster: Any) -> str:
    """Return LightGBM's text without its list of parameters: the number of threads is no part of a model."""
    text = str(booster.model_to_string(num_iteration=booster.best_iteration))
    start, end = text.index("\nparameters:"), text.index("end of parameters\n") + len("end of parameters\n")
    return text[:start] + "\n" + text[end:]


def _bins(column: pl.Series) -> Bins:
    return NumberBins(column.name, ()) if is_number(column) else fine_bins(column, 2)


def _read(bins: tuple[Bins, ...], table: pl.DataFrame) -> tuple[Floats, dict[int, Codes]]:
    """Return numbers as they are, and codes of the categories by their place."""
    codes = {place: each.codes(table[each.name]) for place, each in enumerate(bins) if isinstance(each, CategoryBins)}
    blank = np.zeros(table.height)
    columns = [blank if place in codes else numbers(table[each.name]) for place, each in enumerate(bins)]
    return np.column_stack(columns), codes


def _ordered(matrix: Floats, codes: Mapping[int, Codes], orders: Sequence[Floats]) -> Floats:
    if not codes:
        return matrix
    found = matrix.copy()
    for place, coded in codes.items():
        found[:, place] = orders[place][coded]
    return found


def _order(bins: Bins, codes: Codes | None, label: Floats, inside: NDArray[np.bool_]) -> Floats:
    """Return the rank of each code of a category by its smoothed bad rate inside the bag; empty for a number."""
    if codes is None:
        return np.zeros(0)
    rows = np.bincount(codes[inside], minlength=bins.count)
    bad = np.bincount(codes[inside], weights=label[inside], minlength=bins.count)
    rate = (bad + 20.0 * label[inside].mean()) / (rows + 20.0)
    rate[rows == 0] = rate[rows > 0].max()
    rank = np.empty(bins.count)
    rank[np.argsort(rate, kind="stable")] = np.arange(bins.count, dtype=np.float64)
    return rank


def _signs(table: pl.DataFrame, bins: tuple[Bins, ...], label: Floats, setting: Setting) -> tuple[int, ...]:
    fine = tuple(fine_bins(table[each.name], 64, setting.special.get(each.name, ())) for each in bins)
    return monotone_of(codes_of(table, fine), fine, label, setting, find=label.size <= LARGE_ROWS)


def _stand_ins(model: Challenger, matrices: Sequence[Floats]) -> tuple[float | None, ...]:
    """Return for numbers never missing the riskiest of five quantiles, over a few hundred rows."""
    step = max(1, matrices[0].shape[0] // 200)
    some = [matrix[::step][:200] for matrix in matrices]
    found: list[float | None] = []
    for place, each in enumerate(model.bins):
        column = matrices[0][:, place]
        if isinstance(each, CategoryBins) or np.isnan(column).any():
            found.append(None)
            continue
        tried = np.unique(np.quantile(column, [0, 0.25, 0.5, 0.75, 1], method="nearest"))
        risks = []
        for value in tried:
            changed = [matrix.copy() for matrix in some]
            for matrix in changed:
                matrix[:, place] = value
            risks.append(float(model._raw(changed).mean()))
        found.append(float(tried[int(np.argmax(risks))]))
    return tuple(found)
