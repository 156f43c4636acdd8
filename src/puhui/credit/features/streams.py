"""Streams of events and the small tables that features are measured on: months, days, counterparties, last states.

A stream is a few kinds of event read together. Its tables hold whole numbers only, so that sums are the same however
the work is divided: in one process or twenty files, for a million parties or for one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final, Literal

import polars as pl

from puhui.kernel.home import home
from puhui.kernel.language import Text
from puhui.kernel.places import codes, place

Table = Literal["months", "days", "pairs", "states", "places"]
YEAR: Final = 12


def _flag(condition: pl.Expr) -> pl.Expr:
    return condition.fill_null(False).sum().cast(pl.Int64)


def _sum(value: pl.Expr, condition: pl.Expr) -> pl.Expr:
    return value.filter(condition).sum()


_GOOD, _AMOUNT, _LATE = pl.col("status").is_null(), pl.col("amount_minor"), pl.col("late_days")
_BACK = {
    "back_n": _flag(pl.col("status") == "returned"),
    "back_minor": _sum(_AMOUNT.abs(), pl.col("status") == "returned"),
    "cancelled_n": _flag(pl.col("status") == "cancelled"),
    "all_n": pl.len().cast(pl.Int64),
    "all_minor": _AMOUNT.abs().sum(),
}
_PAPER = {
    "all_n": pl.len().cast(pl.Int64),
    "all_minor": _AMOUNT.abs().sum(),
    "void_n": _flag(pl.col("status") == "void"),
    "void_minor": _sum(_AMOUNT.abs(), pl.col("status") == "void"),
    "red_n": _flag(_GOOD & (_AMOUNT < 0)),
    "red_minor": -_sum(_AMOUNT, _GOOD & (_AMOUNT < 0)),
    "gross_minor": _sum(_AMOUNT, _GOOD & (_AMOUNT > 0)),
}
_DUE = {
    "due_n": _flag(_LATE.is_not_null() | (pl.col("status") == "unpaid")),
    "late_n": _flag((_LATE > 0) | (pl.col("status") == "unpaid")),
    "late30_n": _flag(_LATE > 30),
    "late90_n": _flag(_LATE > 90),
    "early_n": _flag(_LATE < 0),
    "late_sum": _sum(_LATE.cast(pl.Int64), _LATE > 0),
    "late_max": _LATE.max().fill_null(0).cast(pl.Int64),
    "unpaid_n": _flag(pl.col("status") == "unpaid"),
}
_LEVEL = {"least_minor": _AMOUNT.min(), "most_minor": _AMOUNT.max(), "low_n": _flag(_AMOUNT <= 0)}
_AREA = {"area": pl.col("area_m2").fill_null(0).sum()}


@dataclass(frozen=True, slots=True)
class Stream:
    """Kinds of event read together; `sign` turns their amounts positive. more: further columns of its months."""

    name: Text
    kinds: tuple[str, ...]
    sign: int = 1
    more: Mapping[str, pl.Expr] = field(default_factory=dict)


INCOME: Final = ("wage", "bank_in", "wallet_in", "sale", "farm_harvest")
SPENDING: Final = ("bank_out", "wallet_out", "order", "bill")
STREAMS: Final[Mapping[str, Stream]] = {
    "income": Stream(Text("收入", "income"), INCOME),
    "wage": Stream(Text("工资", "wage"), ("wage",)),
    "spending": Stream(Text("支出", "spending"), SPENDING, -1),
    "balance": Stream(Text("余额", "balance"), ("balance",), 1, _LEVEL),
    "bill": Stream(Text("账单", "bills"), ("bill",), -1, _DUE),
    "repayment": Stream(Text("还款", "repayments"), ("repayment",), -1, _DUE),
    "credit_limit": Stream(Text("授信额度", "credit limits"), ("credit_limit",)),
    "credit_used": Stream(Text("已用额度", "credit drawn"), ("credit_used",)),
    "credit_report": Stream(Text("征信报告", "credit reports"), ("credit_report",)),
    "inquiry": Stream(Text("征信查询", "inquiries"), ("inquiry",)),
    "order": Stream(Text("订单", "orders"), ("order",), -1, _BACK),
    "sale": Stream(Text("销售", "sales"), ("sale",), 1, _BACK),
    "invoice_sold": Stream(Text("销项发票", "invoices issued"), ("invoice_sold",), 1, _PAPER),
    "invoice_bought": Stream(Text("进项发票", "invoices received"), ("invoice_bought",), 1, _PAPER),
    "farm_plot": Stream(Text("地块", "plots"), ("farm_plot",), -1),
    "farm_harvest": Stream(Text("收获", "harvests"), ("farm_harvest",), 1, _AREA),
    "located": Stream(Text("所在地", "place"), ("located",)),
}


def months(events: pl.LazyFrame, stream: Stream) -> pl.LazyFrame:
    """Return one row a party and month: n good events, their sum in `minor`, and the stream's own columns."""
    return events.group_by("party", "month").agg(
        _flag(_GOOD).alias("n"),
        (_sum(_AMOUNT, _GOOD) * stream.sign).alias("minor"),
        *(value.alias(name) for name, value in stream.more.items()),
    )


def days(events: pl.LazyFrame, _stream: Stream) -> pl.LazyFrame:
    """Return one row a party and day of the last 12 months with a good event; gap: days to the next later such day."""
    day = ["party", "age_days"]
    active = events.filter(_GOOD, pl.col("month") < YEAR).select(*day).unique(day).sort(*day)
    same = pl.col("party") == pl.col("party").shift(1)
    age = pl.col("age_days").cast(pl.Int64)
    return active.select("party", age, pl.when(same).then(age - age.shift(1)).alias("gap"))


def pairs(events: pl.LazyFrame, stream: Stream) -> pl.LazyFrame:
    """Return one row a party and counterparty: n and minor of 12 months, minor of 3, the latest and the first month.

    Amounts below zero in sum count as nothing: a share of trade is no less than 0.
    """
    good = events.filter(_GOOD, pl.col("counterparty").is_not_null())
    year, quarter = pl.col("month") < YEAR, pl.col("month") < 3
    return good.group_by("party", "counterparty").agg(
        _flag(year).alias("n"),
        _flag(quarter).alias("recent_n"),
        (_sum(_AMOUNT, year) * stream.sign).clip(lower_bound=0).alias("minor"),
        pl.col("month").min().alias("newest"),
        pl.col("month").max().alias("oldest"),
    )


def states(events: pl.LazyFrame, stream: Stream) -> pl.LazyFrame:
    """Return one row a party and counterparty: its last amount and area of the last 12 months, and the age of that.

    The last is by `at`, then by `recorded_at`; of two told at once the larger.
    """
    order = [pl.col(name).fill_null(0) for name in ("amount_minor", "area_m2")]
    return (
        events.filter(_GOOD, pl.col("month") < YEAR)
        .group_by("party", "counterparty")
        .agg(
            (pl.col(name).sort_by("at", "recorded_at", *order).last() * sign).alias(to)
            for name, sign, to in (
                ("amount_minor", stream.sign, "minor"),
                ("area_m2", 1, "area"),
                ("age_days", 1, "age_days"),
            )
        )
    )


def places(events: pl.LazyFrame, _stream: Stream) -> pl.LazyFrame:
    """Return one row a party: the tier of its last known place, since how many months, and how many places it had."""
    ordered = pl.col("counterparty").sort_by("at", "recorded_at", "counterparty")
    last = events.group_by("party").agg(
        ordered.last().str.pad_end(6, "0").alias("code"),
        pl.col("counterparty").n_unique().cast(pl.Int64).alias("n"),
        pl.col("month").max().cast(pl.Int64).alias("oldest"),
    )
    return last.join(_tiers(home()).lazy(), on="code", how="left")


@cache
def _tiers(_folder: Path) -> pl.DataFrame:
    """Return the tier of every place; the folder of the user's own tiers is what the cache hangs on."""
    known = [place(code) for code in codes()]
    columns = {"code": [each.code for each in known], "tier": [each.tier for each in known]}
    return pl.DataFrame(columns, schema={"code": pl.String, "tier": pl.Int64})


TABLES: Final[Mapping[Table, Callable[[pl.LazyFrame, Stream], pl.LazyFrame]]] = {
    "months": months,
    "days": days,
    "pairs": pairs,
    "states": states,
    "places": places,
}
