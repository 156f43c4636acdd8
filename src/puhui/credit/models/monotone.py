"""Which features rise or fall with risk: what was told, else where the bins say so clearly."""

from collections.abc import Sequence

import numpy as np

from puhui.credit.models.bins import Bins, Codes, Floats, NumberBins
from puhui.credit.models.setting import Setting

TEST_BINS = 20
# A trend so clear that chance makes one in a thousand, and no departure from it that chance would not make in ten.
TREND_P = 0.001
DEPARTURE_P = 0.1


def monotone_of(codes: Codes, bins: Sequence[Bins], label: Floats, setting: Setting, *, find: bool) -> tuple[int, ...]:
    """Return 1, -1 or 0 for each feature: as told, else as found where `find` says so; categories are never bound."""
    signs = []
    for place, each in enumerate(bins):
        told = setting.monotone.get(each.name)
        if told is not None or not find or not isinstance(each, NumberBins):
            signs.append(told or 0)
            continue
        plain = codes[:, place] <= len(each.cuts)
        signs.append(found_sign(codes[plain, place], label[plain]))
    return tuple(signs)


def found_sign(codes: Codes, label: Floats) -> int:
    """Return the sign of a trend that the bad rates show, 0 when they show none or depart from it.

    Departure: chi-square of bad rates around the best monotone curve.
    """
    from scipy.stats import chi2  # type: ignore[import-untyped]
    from sklearn.isotonic import isotonic_regression  # type: ignore[import-untyped]

    if not codes.size or codes.max() < 1 or not 0 < label.sum() < label.size:
        return 0
    rows, bad = _grouped(codes, label)
    if rows.size < 2:
        return 0
    rate, mean = bad / rows, label.mean()
    order = np.arange(rows.size)
    centred = order - np.average(order, weights=rows)
    trend = float(np.sum(rows * centred * (rate - mean)))
    spread = float(np.sqrt(mean * (1 - mean) * np.sum(rows * centred**2)))
    if not spread or chi2.sf((trend / spread) ** 2, 1) > TREND_P:
        return 0
    sign = 1 if trend > 0 else -1
    smooth = isotonic_regression(rate, sample_weight=rows.astype(np.float64), increasing=sign > 0)
    sure = np.clip(smooth, 1e-6, 1 - 1e-6)
    departure = float(np.sum(rows * (rate - smooth) ** 2 / (sure * (1 - sure))))
    return sign if chi2.sf(departure, max(1, rows.size // 2)) > DEPARTURE_P else 0


def _grouped(codes: Codes, label: Floats) -> tuple[Floats, Floats]:
    """Return rows and bad of at most TEST_BINS groups of neighbouring codes of about equal size."""
    rows = np.bincount(codes).astype(np.float64)
    bad = np.bincount(codes, weights=label)
    place = np.minimum((np.cumsum(rows) - rows / 2) * TEST_BINS / codes.size, TEST_BINS - 1).astype(np.int64)
    grouped = np.bincount(place, weights=rows)
    kept = grouped > 0
    return np.asarray(grouped[kept], np.float64), np.asarray(np.bincount(place, weights=bad)[kept], np.float64)
