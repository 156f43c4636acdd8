"""From raw log-odds to a calibrated PD, by rows that the raw score was not fitted on.

With many bad ones a centred isotonic curve (Oron and Flournoy 2017: the blocks' centres joined by lines, so that order
is kept); with few, Platt's two numbers; with very few, only the level is moved.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from puhui.credit.models.bins import Floats

# Bad rows (or good ones, if fewer) from which each way is taken.
ISOTONIC_FROM = 2000
PLATT_FROM = 30
RAW_LIMIT = 30.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """PD = logistic of a curve of raw log-odds: straight between knots, `slope` beyond them.

    `knots_from` ascend; `knots_to` are log-odds. One knot and a slope are Platt's line.
    """

    way: str
    knots_from: tuple[float, ...]
    knots_to: tuple[float, ...]
    slope: float

    def pd(self, raw: Floats) -> Floats:
        """Return the PD of raw log-odds."""
        first, last = self.knots_from[0], self.knots_from[-1]
        inside = np.interp(raw, self.knots_from, self.knots_to)
        beyond = np.minimum(raw - first, 0.0) + np.maximum(raw - last, 0.0)
        return logistic(inside + self.slope * beyond)

    def as_json(self) -> dict[str, Any]:
        """Return the curve as JSON."""
        return {"way": self.way, "from": list(self.knots_from), "to": list(self.knots_to), "slope": self.slope}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Calibration":
        """Return the curve from JSON."""
        knots = (tuple(map(float, data["from"])), tuple(map(float, data["to"])))
        return cls(str(data["way"]), *knots, float(data["slope"]))


def logistic(raw: Floats) -> Floats:
    """Return 1 / (1 + exp(-raw)), safe at both ends."""
    bounded = np.clip(raw, -RAW_LIMIT, RAW_LIMIT)
    return np.asarray(1.0 / (1.0 + np.exp(-bounded)), np.float64)


def log_odds(share: Floats) -> Floats:
    """Return the log-odds of shares, safe at 0 and 1."""
    sure = np.clip(share, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(sure / (1 - sure)), np.float64)


IDENTITY = Calibration("identity", (0.0,), (0.0,), 1.0)


def calibrate(raw: Floats, label: Floats, weight: Floats | None = None) -> Calibration:
    """Return the calibration of raw log-odds on rows they were not fitted on."""
    weights = np.ones(label.size) if weight is None else weight
    rarer = min(float(weights[label == 1].sum()), float(weights[label == 0].sum()))
    line = _platt(raw, label, weights, level_only=rarer < PLATT_FROM)
    return _isotonic(raw, label, weights, line) if rarer >= ISOTONIC_FROM else line


def _platt(raw: Floats, label: Floats, weight: Floats, *, level_only: bool) -> Calibration:
    """Return logistic(a + b raw) by Newton steps; targets as Platt (1999) has them, b within 0.2 and 2."""
    bad, good = weight[label == 1].sum(), weight[label == 0].sum()
    target = np.where(label == 1, (bad + 1) / (bad + 2), 1 / (good + 2))
    a, b = 0.0, 1.0
    for _ in range(50):
        pd = logistic(a + b * raw)
        step = weight * (target - pd)
        curve = weight * pd * (1 - pd) + 1e-12
        gradient = np.array([step.sum(), 0.0 if level_only else (step * raw).sum()])
        cross = 0.0 if level_only else (curve * raw).sum()
        square = 1.0 if level_only else (curve * raw * raw).sum()
        hessian = np.array([[curve.sum(), cross], [cross, square]]) + 1e-9 * np.eye(2)
        move = np.clip(np.linalg.solve(hessian, gradient), -2.0, 2.0)
        a, b = float(a + move[0]), float(np.clip(b + move[1], 0.2, 2.0))
        if np.abs(move).max() < 1e-10:
            break
    return Calibration("level" if level_only else "platt", (0.0,), (a,), b)


def _isotonic(raw: Floats, label: Floats, weight: Floats, line: Calibration) -> Calibration:
    from sklearn.isotonic import IsotonicRegression  # type: ignore[import-untyped]

    fitted = IsotonicRegression(out_of_bounds="clip").fit(raw, label, sample_weight=weight).predict(raw)
    levels, place = np.unique(fitted, return_inverse=True)
    mass = np.bincount(place, weights=weight)
    centres = np.bincount(place, weights=weight * raw) / mass
    # A block of few rows says little; of 0 or 1 nothing that could be a log-odds.
    enough = (mass * np.minimum(levels, 1 - levels) >= 5) & (levels > 0) & (levels < 1)
    if enough.sum() < 3:
        return line
    knots_from, knots_to = centres[enough], log_odds(levels[enough])
    return Calibration("isotonic", tuple(map(float, knots_from)), tuple(map(float, knots_to)), line.slope)
