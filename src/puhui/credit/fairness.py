"""Whom the decisions pass, by group: the share approved and, among the approved, the share that turned bad.

Each share has its 95 % interval (Wilson). A group stands apart where its interval and that of all others together do
not meet: a difference that chance hardly makes. It is a question to people, not an answer; which feature carries a
group that may not count, `features.proxies` tells.
"""

from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from puhui.credit.models.measures import wilson
from puhui.credit.models.report import FEWEST_OF_GROUP, MOST_GROUPS, grouped
from puhui.kernel.places import place


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `rows`, and between which ends the true share lies; None of no rows."""

    count: int
    rows: int
    share: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class GroupLine:
    """One group. `bad`: of the approved whose outcome is known. `group` None: where it is not known whose it is."""

    by: str
    group: str | None
    small: bool
    approved: Share
    others: Share
    bad: Share

    @property
    def apart(self) -> bool:
        """Whether the shares approved, here and of all others, have intervals that do not meet."""
        return self.approved.low > self.others.high or self.approved.high < self.others.low

    def as_dict(self) -> dict[str, Any]:
        """Return the line for programs."""
        return {**asdict(self), "apart": self.apart}


def fairness_of(outcome: pl.Series, groups: pl.DataFrame, label: pl.Series | None = None) -> tuple[GroupLine, ...]:
    """Return a line for each group of each column of `groups`, in the order of their values.

    outcome: approve, refer or decline of each row. label: 1 bad, 0 good, null not known. Ages come in bands, other
    numbers of many values in quarters; of texts the MOST_GROUPS most frequent.
    """
    known = label if label is not None else pl.Series("label", [None] * outcome.len(), dtype=pl.Int8)
    rows = pl.DataFrame([outcome.alias("outcome"), known.alias("label")])
    return tuple(line for column in groups.get_columns() for line in _lines(rows, column))


def tiers(regions: pl.Series) -> pl.Series:
    """Return the market tier of each region (GB/T 2260 code) as "1" to "5", named `tier`; null where none fits."""
    codes = regions.drop_nulls().unique().to_list()
    found = {code: place(code).tier for code in codes}
    said = {code: None if tier is None else str(tier) for code, tier in found.items()}
    return regions.replace_strict(said, default=None, return_dtype=pl.String).alias("tier")


def share_of(count: int, rows: int) -> Share:
    """Return a share with its interval.

    >>> share_of(10, 100).share, round(share_of(10, 100).low, 4), share_of(0, 0).share
    (0.1, 0.0552, None)
    """
    low, high = wilson(count, rows)
    return Share(count, rows, count / rows if rows else None, low, high)


def _lines(rows: pl.DataFrame, column: pl.Series) -> list[GroupLine]:
    approved = pl.col("outcome") == "approve"
    told = approved & pl.col("label").is_not_null()
    counted = rows.with_columns(grouped(column).alias("group"), column.alias("value")).group_by("group")
    counts = counted.agg(
        pl.len().alias("rows"),
        approved.sum().alias("approved"),
        told.sum().alias("told"),
        pl.col("label").filter(told).sum().cast(pl.Int64).alias("bad"),
        pl.col("value").min(),
    )
    kept = counts.top_k(MOST_GROUPS, by=["rows", "group"]).sort("value", "group", nulls_last=True)
    all_rows, all_approved = rows.height, int(counts["approved"].sum())
    return [
        GroupLine(
            column.name,
            row["group"],
            row["rows"] < FEWEST_OF_GROUP,
            share_of(row["approved"], row["rows"]),
            share_of(all_approved - row["approved"], all_rows - row["rows"]),
            share_of(row["bad"], row["told"]),
        )
        for row in kept.iter_rows(named=True)
    ]
