"""LightGBM as the boosted scorecard uses it: shallow, few pairs, the same result for any number of threads."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from puhui.credit.models.bins import Floats
from puhui.credit.models.setting import Setting

Result = TypeVar("Result")

LARGE_ROWS = 20_000
PATIENCE = 20
MOST_ROUNDS = 1000
SEARCH_ROUNDS = 60
CURVE_ROUNDS = 250


@dataclass(frozen=True, slots=True)
class Data:
    """Columns as trees see them, label, weight, which rows are inside the bag, and the sign of each column."""

    matrix: Floats
    label: Floats
    weight: Floats
    inside: NDArray[np.bool_]
    signs: tuple[int, ...]

    def set_of(self, rows: NDArray[np.bool_], reference: Any = None) -> Any:
        """Return a LightGBM data set of some rows."""
        from lightgbm import Dataset

        return Dataset(self.matrix[rows], self.label[rows], weight=self.weight[rows], reference=reference)


def base_parameters(setting: Setting, rows: int) -> dict[str, Any]:
    """Return parameters that every fit shares: exact repeatability, and leaves large enough for the rows."""
    return {
        "objective": "binary",
        "metric": "binary_logloss",
        "verbose": -1,
        # One thread a fit: sums of LightGBM hang on how many there are, even when it is told to be deterministic.
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "seed": setting.seed,
        "max_bin": 255,
        "min_data_in_bin": 1,
        "feature_pre_filter": False,
        "min_data_in_leaf": int(np.clip(rows // 500, 10, 50)),
        "lambda_l2": 1.0,
        "num_leaves": 4,
        "max_depth": 2,
    }


def shallow_parameters(setting: Setting, data: Data) -> dict[str, Any]:
    """Return the parameters of the shallow ensembles."""
    rows = int(data.inside.sum())
    large = rows > LARGE_ROWS
    found = base_parameters(setting, rows) | {
        "learning_rate": 0.2 if large else 0.05,
        "bagging_fraction": 0.5 if large else 0.8,
        "bagging_freq": 1,
        "feature_fraction": 1.0 if large else max(0.3, min(1.0, 4 / data.matrix.shape[1])),
    }
    if any(data.signs):
        found["monotone_constraints"] = list(data.signs)
    return found


def pair_gains(data: Data, setting: Setting) -> tuple[tuple[int, int], ...]:
    """Return pairs of columns by what splitting on both gains, the best first, from a short free run."""
    from lightgbm import train

    parameters = shallow_parameters(setting, data) | {"learning_rate": 0.3}
    booster = train(parameters, data.set_of(data.inside), SEARCH_ROUNDS)
    gains: dict[tuple[int, int], float] = {}
    for tree in booster.dump_model()["tree_info"]:
        root = tree["tree_structure"]
        if "split_feature" not in root:
            continue
        for child in (root["left_child"], root["right_child"]):
            if child.get("split_feature", root["split_feature"]) != root["split_feature"]:
                ends = sorted((root["split_feature"], child["split_feature"]))
                pair = (int(ends[0]), int(ends[1]))
                gains[pair] = gains.get(pair, 0.0) + float(child["split_gain"])
    return tuple(sorted(gains, key=lambda pair: (-gains[pair], pair)))


def fit_trees(data: Data, pairs: Sequence[tuple[int, int]], setting: Setting, bag: int) -> tuple[Any, Floats]:
    """Return the booster of one bag and its log loss outside the bag after each round."""
    from lightgbm import early_stopping, record_evaluation, train

    width = data.matrix.shape[1]
    parameters = shallow_parameters(setting, data) | {
        "interaction_constraints": [list(pair) for pair in pairs] + [[place] for place in range(width)],
        "bagging_seed": setting.seed * 1000 + bag,
        "feature_fraction_seed": setting.seed * 1000 + bag,
    }
    large = data.label.size > LARGE_ROWS
    inside = data.set_of(data.inside)
    outside = data.set_of(~data.inside, inside)
    record: dict[str, Any] = {}
    calls: list[Callable[..., Any]] = [record_evaluation(record)]
    if large:
        calls.append(early_stopping(PATIENCE, verbose=False))
    rounds = MOST_ROUNDS if large else CURVE_ROUNDS
    booster = train(parameters, inside, rounds, valid_sets=[outside], callbacks=calls)
    return booster, np.array(record["valid_0"]["binary_logloss"])


def predictor(booster: Any, rounds: int) -> Callable[[Floats], Floats]:
    """Return the raw score of the first `rounds` trees."""

    def predict(matrix: Floats) -> Floats:
        return np.asarray(booster.predict(matrix, raw_score=True, num_iteration=rounds, num_threads=1), np.float64)

    return predict


def rounds_of(curves: Sequence[Floats]) -> list[int]:
    """Return how many rounds each bag keeps: its own best when it stopped early, else the best of the mean curve.

    With few rows one bag's curve is noise; their mean is not.
    """
    if len({curve.size for curve in curves}) > 1 or curves[0].size != CURVE_ROUNDS:
        return [int(np.argmin(curve)) + 1 for curve in curves]
    return [int(np.argmin(np.mean(curves, axis=0))) + 1] * len(curves)


def thresholds_of(booster: Any, width: int) -> tuple[Floats, ...]:
    """Return the values at which trees cut each column (value <= threshold goes left), from LightGBM's text."""
    places: list[str] = []
    values: list[str] = []
    for line in booster.model_to_string(num_iteration=-1).splitlines():
        name, _, rest = line.partition("=")
        if name == "split_feature":
            places += rest.split()
        elif name == "threshold":
            values += rest.split()
    features, cuts = np.array(places, np.int64), np.array(values, np.float64)
    return tuple(np.unique(cuts[features == place]) for place in range(width))


def side_by_side(fit: Callable[[int], Result], count: int, threads: int) -> list[Result]:
    """Return fit(0), fit(1), ...: several at once, each on one thread, so that their number changes nothing."""
    if threads < 2:
        return [fit(number) for number in range(count)]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(fit, range(count)))
