"""The data report: what came in, column by column; what is missing, repeated, suspicious; how far it drifted.

Counts are of all rows. Distributions, leakage and drift are of a sample: every row of a small file, an even part of
a large one, the same each time.
"""

import math
from collections import Counter
from collections.abc import Mapping as Dict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from puhui.credit.data.chunk import ROW
from puhui.credit.data.mapping import Applications, Column, Mapping, Table
from puhui.credit.data.power import NOTABLE_AUC, SUSPECT_AUC, alone_auc, names_the_bad, sounds_afterwards
from puhui.credit.data.seen import Seen
from puhui.credit.data.tidy import Tidy

SAMPLE_ROWS = 100_000
BINS = 20
LEVELS = 12
# Usual bands of the population stability index: below 0.1 stable, from 0.25 on another population.
PSI_WATCH = 0.1
PSI_MOVED = 0.25
# A share of nothing has no logarithm.
LEAST_SHARE = 1e-4


class Watch:
    """What is remembered of rows passing by: exact counts, and an even sample of bounded size."""

    def __init__(self, mapping: Mapping) -> None:
        self.mapping = mapping
        self.rows = 0
        self.missing: Counter[str] = Counter()
        self.least: dict[str, Any] = {}
        self.most: dict[str, Any] = {}
        self.labels: Counter[Any] = Counter()
        self.label_sum = 0.0
        self.twice = 0
        self.reasons: Counter[tuple[str, str]] = Counter()
        self.events: dict[tuple[str, str], dict[str, Any]] = {}
        self._rows_seen, self._stride = Seen(), 1
        self._sample: list[pl.DataFrame] = []

    def observe(self, table: Table, made: Tidy) -> None:
        """Remember what matters of a chunk."""
        self.reasons.update(made.bad.select("code", "column").iter_rows())
        if not isinstance(table, Applications):
            self._count_events(made.frame)
            return
        frame = made.frame
        if not frame.height:
            return
        features = [name for name in frame.columns if name not in (ROW, "application", "party", "label")]
        self.missing.update(dict(zip(features, frame.select(features).null_count().row(0), strict=True)))
        for name in features:
            if frame[name].dtype.is_numeric() or frame[name].dtype.is_temporal():
                self._range(name, frame[name].min(), frame[name].max())
        if "label" in frame.columns:
            self.labels.update(dict(frame["label"].is_null().value_counts().iter_rows()))
            self.label_sum += float(frame["label"].sum() or 0)
        self.twice += int(self._rows_seen.again(frame.select(features).hash_rows()).sum())
        self._keep(frame.filter((self.rows + pl.int_range(pl.len())) % self._stride == 0))
        self.rows += frame.height

    def _range(self, name: str, least: Any, most: Any) -> None:
        if least is not None:
            self.least[name] = min(least, self.least.get(name, least))
            self.most[name] = max(most, self.most.get(name, most))

    def _keep(self, part: pl.DataFrame) -> None:
        self._sample.append(part)
        while sum(frame.height for frame in self._sample) > 2 * SAMPLE_ROWS:
            self._stride *= 2
            self._sample = [pl.concat(self._sample).gather_every(2)]

    def _count_events(self, frame: pl.DataFrame) -> None:
        sums = frame.group_by("kind", pl.col("status").fill_null("")).agg(
            pl.len(), pl.col("amount_minor").sum(), pl.col("at").min().alias("first"), pl.col("at").max().alias("last")
        )
        for kind, status, count, amount, first, last in sums.iter_rows():
            old = self.events.get((kind, status))
            self.events[kind, status] = {
                "rows": count + (old["rows"] if old else 0),
                "amount_minor": amount + (old["amount_minor"] if old else 0),
                "first_at": min(first, old["first_at"]) if old else first,
                "last_at": max(last, old["last_at"]) if old else last,
            }

    @property
    def sample(self) -> pl.DataFrame:
        """The sample of applications."""
        return pl.concat(self._sample) if self._sample else pl.DataFrame()


def data_report(imported: Dict[str, Any], watch: Watch, base: Watch | None = None) -> dict[str, Any]:
    """Return the report: `imported` is the account of an import, `watch` saw its rows, `base` those of another."""
    applications = watch.mapping.applications
    sample = watch.sample
    columns: dict[str, Column] = {}
    if applications is not None and sample.height:
        columns = {column.name or name: column for name, column in applications.columns.items()}
        columns = {name: column for name, column in columns.items() if name in sample.columns}
    described = [_describe(name, column, watch, base) for name, column in columns.items()]
    return {
        "mapping": watch.mapping.name,
        "title": {"zh": watch.mapping.title.zh, "en": watch.mapping.title.en},
        "currency": watch.mapping.currency,
        "account": dict(imported),
        "applications": {
            "rows": watch.rows,
            "sample_rows": sample.height,
            "same_in_all_columns": watch.twice,
            **_label(watch),
        },
        "columns": described,
        "leak_suspects": [each["name"] for each in described if each["suspect"]],
        "moved": [each["name"] for each in described if (each.get("psi") or 0) >= PSI_MOVED],
        "quarantine": [
            {"code": code, "column": "" if column == ROW else column, "count": count}
            for (code, column), count in watch.reasons.most_common()
        ],
        "events": [
            {"kind": kind, "status": status, **figures} for (kind, status), figures in sorted(watch.events.items())
        ],
    }


def _label(watch: Watch) -> dict[str, Any]:
    known, unknown = watch.labels[False], watch.labels[True]
    if not known:
        return {"labelled": 0, "unlabelled": watch.rows}
    return {"labelled": known, "unlabelled": unknown, "label_mean": watch.label_sum / known}


def _describe(name: str, column: Column, watch: Watch, base: Watch | None) -> dict[str, Any]:
    values = watch.sample[name]
    label = watch.sample["label"] if "label" in watch.sample.columns else None
    two_valued = label is not None and label.dtype == pl.Int8
    power = alone_auc(values, label) if two_valued and label is not None and column.role == "feature" else None
    suspect = power is not None and (
        power >= SUSPECT_AUC
        or (power >= NOTABLE_AUC and sounds_afterwards(name))
        or (label is not None and names_the_bad(values, label))
    )
    return {
        "name": name,
        "meaning": {"zh": column.meaning.zh, "en": column.meaning.en} if column.meaning else None,
        "role": column.role,
        "type": column.type,
        "unit": column.unit,
        "rows": watch.rows,
        "missing": watch.missing[name],
        "least": watch.least.get(name),
        "most": watch.most.get(name),
        "distinct_in_sample": values.n_unique(),
        "auc_alone": power,
        "suspect": suspect,
        "psi": psi(base.sample[name], values) if base is not None and name in base.sample.columns else None,
        "bars": bars(values, label if two_valued else None),
    }


def bars(values: pl.Series, label: pl.Series | None) -> list[dict[str, Any]]:
    """Return a histogram: for each bin or value its text, how many, and the bad rate among the labelled."""
    frame = pl.DataFrame({"value": values, "label": label if label is not None else pl.Series([None] * values.len())})
    frame = frame.drop_nulls("value")
    if not frame.height:
        return []
    if not values.dtype.is_numeric() or values.n_unique() <= LEVELS:
        return _level_bars(frame, numeric=values.dtype.is_numeric())
    if _is_counts(frame["value"]):
        return _count_bars(frame)
    edges = _edges(frame["value"].cast(pl.Float64))
    place = np.clip(
        np.searchsorted(edges, frame["value"].cast(pl.Float64).to_numpy(), side="right") - 1, 0, len(edges) - 2
    )
    sums = frame.with_columns(pl.Series("place", place)).group_by("place").agg(pl.len(), pl.col("label").mean())
    found = {place: (count, rate) for place, count, rate in sums.iter_rows()}
    return [
        {
            "text": f"{shown(low)} – {shown(high)}",
            "count": found.get(number, (0, None))[0],
            "bad": found.get(number, (0, None))[1],
        }
        for number, (low, high) in enumerate(pairwise(edges))
    ]


def _edges(values: pl.Series) -> list[float]:
    """Return even edges between the 1st and the 99th percentile; what lies outside is in the outermost bins."""
    low, high = float(values.quantile(0.01) or 0), float(values.quantile(0.99) or 0)
    if low == high:
        low, high = float(values.min()), float(values.max())  # type: ignore[arg-type]
    return [float(edge) for edge in np.linspace(low, high, BINS + 1)]


def _level_bars(frame: pl.DataFrame, *, numeric: bool) -> list[dict[str, Any]]:
    sums = frame.group_by("value").agg(pl.len().alias("count"), pl.col("label").mean().alias("bad"))
    ordered = sums.sort("value") if numeric else sums.sort("count", "value", descending=[True, False])
    rows = list(ordered.iter_rows())
    first = [{"text": shown(value), "count": count, "bad": bad} for value, count, bad in rows[:LEVELS]]
    rest = sum(count for _, count, _ in rows[LEVELS:])
    return first + ([{"text": "…", "count": rest, "bad": None}] if rest else [])


def _is_counts(values: pl.Series) -> bool:
    """Return whether values are counts: whole, and all but the largest few within BINS of the least."""
    numbers = values.cast(pl.Float64)
    low, high = float(numbers.min() or 0), float(numbers.quantile(0.99) or 0)  # type: ignore[arg-type]
    return high - low < BINS and bool((numbers == numbers.floor()).all())


def _count_bars(frame: pl.DataFrame) -> list[dict[str, Any]]:
    high = float(frame["value"].cast(pl.Float64).quantile(0.99) or 0)
    over = frame.with_columns(pl.when(pl.col("value") > high).then(high + 1).otherwise("value").alias("value"))
    sums = over.group_by("value").agg(pl.len(), pl.col("label").mean()).sort("value")
    return [
        {"text": f"> {shown(high)}" if value > high else shown(value), "count": count, "bad": bad}
        for value, count, bad in sums.iter_rows()
    ]


def shown(value: object) -> str:
    """Return a value as a person reads it: three figures, thousands apart.

    >>> shown(0.054651), shown(5964030000.0), shown(21.0), shown("A")
    ('0.0547', '5,964,030,000', '21', 'A')
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


# --- drift ---------------------------------------------------------------------------------------------


def psi(base: pl.Series, values: pl.Series) -> float | None:
    """Return the population stability index of `values` against `base`, missing a bin of its own; None when empty.

    Sum over bins of (share - base share) x ln(share / base share); bins are the tenths of the base, or its values.
    """
    if not base.len() or not values.len():
        return None
    expected, actual = _shares(base, base), _shares(values, base)
    total = 0.0
    for key in expected.keys() | actual.keys():
        was, now = max(expected.get(key, 0.0), LEAST_SHARE), max(actual.get(key, 0.0), LEAST_SHARE)
        total += (now - was) * math.log(now / was)
    return total


def _shares(values: pl.Series, base: pl.Series) -> dict[Any, float]:
    if values.dtype.is_numeric() and base.n_unique() > LEVELS:
        cuts = np.unique(np.quantile(base.drop_nulls().cast(pl.Float64).to_numpy(), np.linspace(0.1, 0.9, 9)))
        known = values.drop_nulls().cast(pl.Float64).to_numpy()
        counts: Dict[Any, int] = Counter(np.searchsorted(cuts, known, side="left").tolist())
        counts = {**counts, None: values.null_count()}
    else:
        counts = dict(values.value_counts().iter_rows())
    return {key: count / values.len() for key, count in counts.items()}


def told(codes: Sequence[str]) -> str:
    """Return a list for a sentence, cut where it is long."""
    return ", ".join(codes[:8]) + (" …" if len(codes) > 8 else "")
