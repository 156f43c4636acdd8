"""Measures of a model: AUC, KS, Brier, gains, calibration, score bands, PSI; each with its interval by bootstrap."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from puhui.credit.models.bins import Floats

BANDS = 10


def auc(label: Floats, risk: Floats) -> float:
    """Return the chance that a bad one is riskier than a good one; ties count half. NaN without both classes.

    >>> auc(np.array([0.0, 0, 1, 1]), np.array([0.1, 0.4, 0.4, 0.8]))
    0.875
    """
    bad = float(label.sum())
    good = label.size - bad
    if not bad or not good:
        return float("nan")
    _, place, counts = np.unique(risk, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return float((ranks[label == 1].sum() - bad * (bad + 1) / 2) / (bad * good))


def roc(label: Floats, risk: Floats) -> tuple[Floats, Floats, Floats]:
    """Return (false positive share, true positive share, threshold), from strict to lax, starting at 0, 0."""
    thresholds, place = np.unique(-risk, return_inverse=True)
    bad = np.bincount(place, weights=label)
    all_ = np.bincount(place)
    found, false = np.cumsum(bad), np.cumsum(all_ - bad)
    return (
        np.concatenate([[0.0], false / max(false[-1], 1)]),
        np.concatenate([[0.0], found / max(found[-1], 1)]),
        np.concatenate([[np.inf], -thresholds]),
    )


def ks(label: Floats, risk: Floats) -> float:
    """Return the largest gap between the shares of bad and of good found, by any threshold."""
    false, true, _ = roc(label, risk)
    return float(np.max(true - false))


def brier(label: Floats, pd: Floats) -> float:
    """Return the mean square of label - PD."""
    return float(np.mean((label - pd) ** 2))


def log_loss(label: Floats, pd: Floats) -> float:
    """Return the mean negative log likelihood."""
    sure = np.clip(pd, 1e-12, 1 - 1e-12)
    return float(-np.mean(label * np.log(sure) + (1 - label) * np.log1p(-sure)))


def wilson(bad: int, rows: int, z: float = 1.96) -> tuple[float, float]:
    """Return the 95 % interval of a share by Wilson (1927); (0, 1) for no rows.

    >>> [round(x, 4) for x in wilson(10, 100)]
    [0.0552, 0.1744]
    """
    if not rows:
        return 0.0, 1.0
    share = bad / rows
    middle = share + z * z / (2 * rows)
    half = z * np.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows))
    whole = 1 + z * z / rows
    return float(max(0.0, (middle - half) / whole)), float(min(1.0, (middle + half) / whole))


def psi(base: Floats, now: Floats) -> float:
    """Return the population stability index of two rows of counts over the same bins.

    An empty bin counts as half a row, so that it is large, not infinite. < 0.1 stable, > 0.25 shifted.
    """
    expected = np.maximum(base, 0.5) / np.maximum(base, 0.5).sum()
    actual = np.maximum(now, 0.5) / np.maximum(now, 0.5).sum()
    return float(np.sum((actual - expected) * np.log(actual / expected)))


def band_edges(risk: Floats, bands: int = BANDS) -> Floats:
    """Return inner edges that part `risk` into bands of equal size, without doubles."""
    return np.unique(np.quantile(risk, np.arange(1, bands) / bands))


def band_rows(label: Floats, pd: Floats, edges: Floats) -> list[dict[str, Any]]:
    """Return for each band, safest first: rows, bad, bad rate with interval, mean PD, share of all bad so far."""
    place = np.searchsorted(edges, pd, side="left")
    bad_all = max(float(label.sum()), 1.0)
    found, rows = 0.0, []
    for band in range(edges.size + 1):
        inside = place == band
        count, bad = int(inside.sum()), int(label[inside].sum())
        found += bad
        low, high = wilson(bad, count)
        rows.append(
            {
                "band": band + 1,
                "pd_from": float(edges[band - 1]) if band else 0.0,
                "pd_to": float(edges[band]) if band < edges.size else 1.0,
                "rows": count,
                "bad": bad,
                "bad_rate": bad / count if count else None,
                "bad_rate_low": low,
                "bad_rate_high": high,
                "mean_pd": float(pd[inside].mean()) if count else None,
                "bad_found_share": found / bad_all,
            }
        )
    return rows


def bootstrap(
    measure: Callable[[Floats, Floats], float], label: Floats, risk: Floats, seed: int, times: int = 100
) -> tuple[float, float]:
    """Return the 95 % interval of a measure over resampled rows, each class resampled by itself."""
    random = np.random.default_rng(seed)
    bad, good = np.flatnonzero(label == 1), np.flatnonzero(label == 0)
    found = []
    for _ in range(times):
        rows = np.concatenate([random.choice(bad, bad.size), random.choice(good, good.size)])
        found.append(measure(label[rows], risk[rows]))
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def auc_interval(label: Floats, risk: Floats) -> tuple[float, float]:
    """Return the 95 % interval of the AUC by DeLong (1988), on the logit scale so that it stays within 0 and 1."""
    bad, good = risk[label == 1], risk[label == 0]
    if bad.size < 2 or good.size < 2:
        return 0.0, 1.0
    over = _share_below(good, bad)
    under = 1 - _share_below(bad, good)
    area = float(over.mean())
    error = float(np.sqrt(over.var(ddof=1) / bad.size + under.var(ddof=1) / good.size))
    if not 0 < area < 1:
        # A perfect order of n pairs still leaves doubt: the rule of three on the smaller class.
        slack = 3 / min(bad.size, good.size)
        return (max(0.0, 1 - slack), 1.0) if area >= 1 else (0.0, min(1.0, slack))
    middle, wide = np.log(area / (1 - area)), 1.96 * error / (area * (1 - area))
    return float(1 / (1 + np.exp(wide - middle))), float(1 / (1 + np.exp(-wide - middle)))


def _share_below(values: Floats, of: Floats) -> Floats:
    """Return for each of `of` the share of `values` below it, ties half."""
    ordered = np.sort(values)
    return (np.searchsorted(ordered, of, "left") + np.searchsorted(ordered, of, "right")) / (2.0 * ordered.size)


def figures(label: Floats, pd: Floats) -> dict[str, Any]:
    """Return AUC with interval, KS, Brier, log loss, rows and bad."""
    low, high = auc_interval(label, pd)
    return {
        "rows": int(label.size),
        "bad": int(label.sum()),
        "auc": auc(label, pd),
        "auc_low": low,
        "auc_high": high,
        "ks": ks(label, pd),
        "brier": brier(label, pd),
        "log_loss": log_loss(label, pd),
    }


def curve(label: Floats, pd: Floats, points: int = 101) -> dict[str, Sequence[float]]:
    """Return ROC and gains at even steps, for drawing and for JSON."""
    false, true, _ = roc(label, pd)
    steps = np.linspace(0, 1, points)
    order = np.argsort(-pd, kind="stable")
    gains = np.concatenate([[0.0], np.cumsum(label[order]) / max(label.sum(), 1)])
    return {
        "step": [float(x) for x in steps],
        "roc": [float(x) for x in np.interp(steps, false, true)],
        "gains": [float(x) for x in np.interp(steps, np.linspace(0, 1, gains.size), gains)],
    }
