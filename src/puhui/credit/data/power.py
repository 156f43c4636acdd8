"""How much one column alone tells of the label: to find what knows the outcome, not to choose features."""

from __future__ import annotations

import polars as pl

# A column that tells the outcome alone this well has, nearly always, seen it.
SUSPECT_AUC = 0.95
CERTAIN_AUC = 0.97
NOTABLE_AUC = 0.8
MOST_LEVELS = 100
LEAST_ROWS = 5
# Knuth, The Art of Computer Programming 3, 6.4: multiplicative hashing by the golden ratio.
_MIX = 2_654_435_761
AFTER_WORDS = (
    *("settle", "recover", "writeoff", "write_off", "chargeoff", "charge_off", "collection", "lgd", "outcome"),
    *("default", "delinq_amnt_now", "total_pymnt", "last_pymnt", "dayslate", "days_late", "out_prncp"),
    *("结清", "核销", "催收", "违约", "逾期天数", "损失", "回收"),
)


def alone_auc(values: pl.Series, label: pl.Series) -> float:
    """Return the AUC (0.5..1, either direction) of one column alone; missing values are a group of their own.

    `label` is 1, 0 or null (left out). Text is ranked by the bad rate of each value on the other half of the rows, so
    that an id does not look as if it knew everything. 0.5 where nothing can be said.
    """
    frame = pl.DataFrame({"value": values, "label": label}).filter(pl.col("label").is_not_null())
    if frame.height < 20 or frame["label"].n_unique() < 2:
        return 0.5
    score = frame["value"] if frame["value"].dtype.is_numeric() else _rates(frame)
    score = score.cast(pl.Float64).fill_nan(None)
    there = score.is_not_null()
    absent = _auc(there.cast(pl.Float64), frame["label"])
    known = _auc(score.filter(there), frame["label"].filter(there)) if there.sum() >= 20 else 0.5
    return max(absent, 1 - absent, known, 1 - known)


def names_the_bad(values: pl.Series, label: pl.Series) -> bool:
    """Return whether values that only the bad have cover half of them: the outcome under another name.

    A rating D that is given on default is such a value. Values of fewer than five rows are chance.
    """
    frame = pl.DataFrame({"value": values, "label": label}).drop_nulls()
    sums = frame.group_by("value").agg(pl.len().alias("rows"), pl.col("label").sum().cast(pl.Int64).alias("bad"))
    if sums.height > MOST_LEVELS or sums.height < 2:
        return False
    pure = sums.filter((pl.col("rows") == pl.col("bad")) & (pl.col("rows") >= LEAST_ROWS))
    return bool(pure["bad"].sum() * 2 >= sums["bad"].sum() > 0)


def _rates(frame: pl.DataFrame) -> pl.Series:
    """Return for each row the bad rate of its value among the rows of the other half; null where there are none."""
    # Halves by a mixed row number: neighbours, and rows that alternate, fall into either.
    half = pl.int_range(pl.len(), dtype=pl.Int64) * _MIX // 2**15 % 2
    halves = frame.with_columns(half.alias("half"))
    rates = halves.group_by("value", "half").agg(pl.col("label").mean().alias("rate"))
    other = rates.with_columns((1 - pl.col("half")).alias("half"))
    joined = halves.join(other, on=["value", "half"], how="left", nulls_equal=True, maintain_order="left")
    return joined["rate"]


def _auc(score: pl.Series, label: pl.Series) -> float:
    bad = int(label.sum())
    good = label.len() - bad
    if not bad or not good:
        return 0.5
    ranks = score.rank("average")
    above = float(ranks.filter(label == 1).sum()) - bad * (bad + 1) / 2
    return above / (bad * good)


def sounds_afterwards(name: str) -> bool:
    """Return whether a column's name says that it was known only after the outcome."""
    small = name.lower().replace(" ", "")
    return any(word in small for word in AFTER_WORDS)
