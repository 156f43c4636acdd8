"""A raw table becomes features: dates become ages, and what cannot honestly predict is left out, each with a word."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from puhui.credit.models.bins import Floats, fine_bins, is_number, numbers
from puhui.credit.models.folds import label_of
from puhui.credit.models.measures import auc
from puhui.credit.models.setting import NO_FEATURES, Setting, features_of
from puhui.kernel.language import Text

LEAK_AUC = 0.98
ID_NAME = re.compile(
    r"(^|[_\s])(id|no|code|key|index|row|uuid|serial)$|(^|[^a-z])id([^a-z]|$)|编号|代号|单号|证号", re.I
)
DATE_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y-%m-%d %H:%M:%S", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y")
MONTH_FORMATS = ("%b-%Y", "%Y-%m", "%b %Y")
MOSTLY = 0.95

CONSTANT = Text("只有一个值", "it has one value only")
EMPTY = Text("全部缺失", "it is always missing")
ID_LIKE = Text("像编号：几乎每行不同", "it looks like an id: nearly every row has its own")
LEAK = Text("疑似泄漏：单凭它就几乎能说出结果", "a suspected leak: it alone nearly tells the outcome")
TO_AGE = Text("日期改为距基准日的天数", "a date, as days before the reference day")


@dataclass(frozen=True, slots=True)
class Preparation:
    """What was decided on the training rows, to be done again on any rows.

    dates: column -> (format or "", reference day in ISO; "" is the application's own day). numbers: texts read as
    numbers. dropped: column -> why.
    """

    features: tuple[str, ...]
    dates: Mapping[str, tuple[str, str]]
    numbers: tuple[str, ...]
    dropped: Mapping[str, Text]
    time: str = ""

    def apply(self, table: pl.DataFrame) -> pl.DataFrame:
        """Return the table with its features ready for a model; other columns stay."""
        changes = [pl.col(name).cast(pl.Float64, strict=False) for name in self.numbers if name in table.columns]
        for name, (pattern, reference) in self.dates.items():
            if name not in table.columns:
                continue
            day = _day(table[name], pattern)
            base = _day(table[self.time], "") if not reference else pl.lit(date.fromisoformat(reference))
            found = table.select((base - day).dt.total_days().cast(pl.Float64).alias(name))[name]
            changes.append(pl.lit(found).alias(name))
        return table.with_columns(changes)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "features": list(self.features),
            "dates": {name: list(how) for name, how in self.dates.items()},
            "numbers": list(self.numbers),
            "dropped": {name: why._asdict() for name, why in self.dropped.items()},
            "time": self.time,
        }


def prepare(table: pl.DataFrame, setting: Setting, keep: tuple[str, ...] = ()) -> tuple[Preparation, Setting]:
    """Return what to do with the columns of the training rows, and the setting that names the features left.

    `keep`: columns that are not features by decision of a person (groups for fairness). Refuses LABEL_UNFIT.
    """
    label = label_of(table, setting)
    dates: dict[str, tuple[str, str]] = {}
    as_numbers: list[str] = []
    for name in features_of(table, setting):
        pattern = date_pattern(table[name])
        if pattern is not None:
            dates[name] = (pattern, "" if setting.time else _newest(table[name], pattern))
        elif _is_number_text(table[name]):
            as_numbers.append(name)
    time = setting.time
    done = Preparation((), dates, tuple(as_numbers), {}, time)
    ready = done.apply(table)
    dropped: dict[str, Text] = {}
    for name in features_of(table, setting):
        why = None if name in keep else unfit(table[name], ready[name], label)
        if why is not None:
            dropped[name] = why
    left = tuple(name for name in features_of(table, setting) if name not in dropped and name not in keep)
    if not left:
        raise NO_FEATURES.refuse("features")
    kept = {name: how for name, how in dates.items() if name not in dropped}
    return replace(done, features=left, dates=kept, dropped=dropped), replace(setting, features=left)


def unfit(given: pl.Series, ready: pl.Series, label: Floats) -> Text | None:
    """Return why a column cannot be a feature, or None."""
    known = ready.drop_nulls()
    if not known.len():
        return EMPTY
    distinct = ready.n_unique()
    if distinct < 2:
        return CONSTANT
    if _is_id(given, ready):
        return ID_LIKE
    return LEAK if _tells(ready, label) > LEAK_AUC else None


def _is_id(given: pl.Series, ready: pl.Series) -> bool:
    known = given.drop_nulls()
    distinct = known.n_unique() / max(known.len(), 1)
    named = bool(ID_NAME.search(given.name)) or not given.name.strip() or given.name.lower().startswith("unnamed")
    if not is_number(ready):
        return distinct > 0.9 or (named and distinct > 0.5)
    known_numbers = numbers(ready.drop_nulls())
    whole = bool((known_numbers % 1 == 0).all())
    if not whole or distinct < 0.98 or given.dtype == pl.Date:
        return False
    values = numbers(known)
    spread = float(values.max() - values.min())
    return named or spread < 2 * known.len()


def _tells(column: pl.Series, label: Floats) -> float:
    """Return the AUC of one feature by the bad rate of ten bins."""
    bins = fine_bins(column, 10)
    codes = bins.codes(column)
    rows = np.bincount(codes, minlength=bins.count)
    rate = np.bincount(codes, weights=label, minlength=bins.count) / np.maximum(rows, 1)
    return auc(label, rate[codes])


def date_pattern(column: pl.Series) -> str | None:
    """Return how a column writes days ("" when it is one of days already), None when it does not."""
    if column.dtype in (pl.Date, pl.Datetime) or column.dtype.is_temporal():
        return "" if column.dtype != pl.Time and column.dtype != pl.Duration else None
    if column.dtype != pl.String:
        return None
    known = column.drop_nulls().unique().head(2000)
    if not known.len() or not bool(known.str.contains(r"\d").all()):
        return None
    for pattern in (*DATE_FORMATS, *MONTH_FORMATS):
        found = _parsed(known, pattern)
        years = found.dt.year()
        inside = found.is_not_null() & years.is_between(1900, 2100)
        if inside.mean() is not None and float(inside.sum()) >= MOSTLY * known.len():
            return pattern
    return None


def _parsed(column: pl.Series, pattern: str) -> pl.Series:
    if pattern in MONTH_FORMATS:
        return ("01 " + column).str.strptime(pl.Date, "%d " + pattern, strict=False)
    if "%H" in pattern:
        return column.str.strptime(pl.Datetime, pattern, strict=False).dt.date()
    return column.str.strptime(pl.Date, pattern, strict=False)


def _day(column: pl.Series, pattern: str) -> pl.Series:
    if column.dtype == pl.String:
        found = pattern or date_pattern(column) or DATE_FORMATS[0]
        return _parsed(column, found)
    return column.cast(pl.Date)


def _newest(column: pl.Series, pattern: str) -> str:
    newest = _day(column, pattern).max()
    assert isinstance(newest, date)
    return newest.isoformat()


def _is_number_text(column: pl.Series) -> bool:
    if column.dtype != pl.String:
        return False
    known = column.drop_nulls()
    return bool(known.len()) and bool(known.cast(pl.Float64, strict=False).is_not_null().all())
