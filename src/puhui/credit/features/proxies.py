"""Which allowed features carry what may not be used: sex, ethnicity, belief, health under another name.

Protected values are given for this report alone and go into no model. A feature carries one when it tells more of it
than chance would with as many features: its association lies outside the band that shuffled labels give.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from puhui.kernel.refusals import declare

PROXY_INPUT = declare(
    "PROXY_INPUT",
    422,
    "无法检验 {field}：{rows} 个已知值、{groups} 组。至少需要 {least} 行、2 至 {most} 组，各组不少于 {each} 行。",
    "Cannot test {field}: {rows} known values in {groups} groups. It takes {least} rows or more in 2 to {most} "
    "groups of {each} rows or more.",
)

BINS: Final = 10
LEAST_ROWS, LEAST_IN_GROUP, MOST_GROUPS = 100, 10, 20
# More rows are sampled down: the band is narrow enough.
MOST_ROWS: Final = 20_000
PERMUTATIONS: Final = 200
# Cramer's V from which an association is clear, and from which it is strong (Cohen's small and medium, one degree).
CLEAR, STRONG = 0.1, 0.3
_Z95: Final = 1.96

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ProxyLine:
    """What one feature tells of one protected attribute.

    v: Cramer's V of ten bins and a bin for what is missing, corrected for bias, 0 to 1, with a 95 % interval.
    auc: of the value for the second of two groups, 0.5 tells nothing; None for more groups or text.
    band: the V that the strongest of all features reaches by chance in one of 100 shufflings.
    """

    feature: str
    protected: str
    rows: int
    v: float
    v_low: float
    v_high: float
    band: float
    auc: float | None
    auc_low: float | None
    auc_high: float | None
    carries: bool
    strength: str


@dataclass(frozen=True, slots=True)
class ProxyReport:
    """All lines, the strongest first."""

    lines: tuple[ProxyLine, ...]

    def carriers(self, protected: str | None = None) -> tuple[str, ...]:
        """Return the features that carry a protected attribute (any, without a name), the strongest first."""
        found = [line for line in self.lines if line.carries and protected in (None, line.protected)]
        return tuple(dict.fromkeys(line.feature for line in found))

    def as_dict(self) -> dict[str, object]:
        """Return the report for programs."""
        return {"lines": [asdict(line) for line in self.lines], "carriers": list(self.carriers())}


def proxy_report(table: pl.DataFrame, protected: Mapping[str, pl.Series], seed: int) -> ProxyReport:
    """Return which columns of `table` carry which protected attribute.

    protected: by name, a value a row of the table, null where not known; 2 to 20 groups. seed: of the sample and of
    the shuffling. Refuses PROXY_INPUT where there is too little to tell.
    """
    lines: list[ProxyLine] = []
    for name, values in protected.items():
        lines += _lines(table, name, values, np.random.default_rng(seed))
    return ProxyReport(tuple(sorted(lines, key=lambda line: (-line.v, line.feature, line.protected))))


def _lines(table: pl.DataFrame, name: str, values: pl.Series, random: np.random.Generator) -> Iterator[ProxyLine]:
    known = np.flatnonzero(values.is_not_null().to_numpy())
    if len(known) > MOST_ROWS:
        known = np.sort(random.choice(known, MOST_ROWS, replace=False))
    groups = values.gather(known).cast(pl.String).rank("dense").to_numpy().astype(np.int64) - 1
    _enough(name, groups)
    rows = table[known]
    bins = {column: _binned(rows[column]) for column in table.columns}
    labels = _one_hot(groups)
    orders = np.stack([random.permutation(groups) for _ in range(PERMUTATIONS)], axis=1)
    shuffled = [(orders == group).astype(np.float32) for group in range(labels.shape[1])]
    most = np.zeros(PERMUTATIONS)
    for each in bins.values():
        most = np.maximum(most, _chance(each, shuffled))
    band = float(np.quantile(most, 0.99))
    for column, each in bins.items():
        counts = _one_hot(each).T @ labels
        v, (low, high) = float(_cramers_v(counts)), _v_interval(counts, random)
        auc = _auc_interval(rows[column], groups) if labels.shape[1] == 2 else (None, None, None)
        strength = "none" if v <= band else "strong" if v >= STRONG else "clear" if v >= CLEAR else "weak"
        yield ProxyLine(column, name, len(known), v, low, high, band, *auc, carries=v > band, strength=strength)


def _enough(name: str, groups: Ints) -> None:
    sizes = np.bincount(groups) if groups.size else np.zeros(0, np.int64)
    if groups.size < LEAST_ROWS or not 2 <= sizes.size <= MOST_GROUPS or sizes.min() < LEAST_IN_GROUP:
        raise PROXY_INPUT.refuse(
            name, rows=groups.size, groups=sizes.size, least=LEAST_ROWS, most=MOST_GROUPS, each=LEAST_IN_GROUP
        )


def _binned(column: pl.Series) -> Ints:
    """Return the bin of each row: tenths by rank, equal values together; text by value; what is missing apart."""
    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        finite = column.cast(pl.Float64).fill_nan(None)
        bins = ((finite.rank("average") - 1) * BINS / max(1, finite.count())).floor().clip(0, BINS - 1)
    else:
        text = column.cast(pl.String)
        common = text.drop_nulls().value_counts(sort=True).head(MOST_GROUPS)[column.name].to_list()
        bins = text.replace_strict(common, list(range(len(common))), default=MOST_GROUPS, return_dtype=pl.Int64)
        bins = pl.select(pl.when(text.is_not_null()).then(bins)).to_series()
    return bins.fill_null(-1).cast(pl.Int64).to_numpy() + 1


def _one_hot(index: Ints) -> Floats:
    """Return a column for each value that there is."""
    values = np.unique(index)
    hot: Floats = (index[:, None] == values[None, :]).astype(np.float64)
    return hot


def _chance(bins: Ints, shuffled: Sequence[NDArray[np.float32]]) -> Floats:
    """Return V for each shuffling of the labels."""
    hot = _one_hot(bins).astype(np.float32)
    stacked = np.stack([hot.T @ labels for labels in shuffled], axis=1).astype(np.float64)
    return np.asarray(_cramers_v(np.moveaxis(stacked, 2, 0)), dtype=np.float64)


def _cramers_v(counts: Floats) -> Any:
    """Return Cramer's V of tables of counts (the last two axes), corrected for bias (Bergsma 2013)."""
    whole = counts.sum(axis=(-2, -1), keepdims=True)
    expected = counts.sum(axis=-1, keepdims=True) * counts.sum(axis=-2, keepdims=True) / whole
    share = np.divide((counts - expected) ** 2, expected, out=np.zeros_like(counts), where=expected > 0)
    n = whole[..., 0, 0]
    phi2 = share.sum(axis=(-2, -1)) / n
    r, c = counts.shape[-2], counts.shape[-1]
    corrected = np.maximum(0.0, phi2 - (r - 1) * (c - 1) / (n - 1))
    rows, columns = r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)
    return np.sqrt(corrected / np.maximum(np.minimum(rows, columns) - 1, 1e-12)) if min(r, c) > 1 else 0.0 * n


def _v_interval(counts: Floats, random: np.random.Generator) -> tuple[float, float]:
    """Return the 95 % interval of V by drawing the table again."""
    whole = int(counts.sum())
    drawn = random.multinomial(whole, (counts / whole).ravel(), size=PERMUTATIONS).reshape(-1, *counts.shape)
    low, high = np.quantile(_cramers_v(drawn.astype(np.float64)), (0.025, 0.975))
    return float(low), float(high)


def _auc_interval(column: pl.Series, groups: Ints) -> tuple[float | None, float | None, float | None]:
    """Return AUC of the value for the second group with its 95 % interval (Hanley and McNeil 1982)."""
    if not column.dtype.is_numeric():
        return None, None, None
    value = column.cast(pl.Float64).fill_nan(None)
    there = value.is_not_null().to_numpy()
    second = groups[there] == 1
    yes, no = int(second.sum()), int((~second).sum())
    if min(yes, no) < LEAST_IN_GROUP:
        return None, None, None
    ranks = value.drop_nulls().rank("average").to_numpy()
    auc = float((ranks[second].sum() - yes * (yes + 1) / 2) / (yes * no))
    one, two = auc / (2 - auc), 2 * auc * auc / (1 + auc)
    spread = auc * (1 - auc) + (yes - 1) * (one - auc * auc) + (no - 1) * (two - auc * auc)
    half = _Z95 * float(np.sqrt(max(0.0, spread) / (yes * no)))
    return auc, max(0.0, auc - half), min(1.0, auc + half)
