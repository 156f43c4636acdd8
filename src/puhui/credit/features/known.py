"""What was known of a party as of an instant, with the age of each event: the one place where time comes in."""

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

import polars as pl

from puhui.credit.events import INSTANT
from puhui.credit.features.rows import Column, Rows
from puhui.kernel.clock import business_date
from puhui.kernel.dates import day_in_months, day_number, month_of
from puhui.kernel.language import Text
from puhui.kernel.refusals import INPUT_INVALID

# An instant by its name in the trade.
Moment = datetime
AsOf = Moment | pl.DataFrame
# Nothing older is looked at.
HORIZON_MONTHS: Final = 24
_DAY_US: Final = 86_400_000_000
_BEIJING_US: Final = 8 * 3_600_000_000
_LAST_OF_MONTH: Final = 31
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def known(events: pl.LazyFrame, as_of: AsOf, purpose: str = "credit") -> pl.LazyFrame:
    """Return the events that were known as of an instant and given for the purpose, within 24 months, with their age.

    as_of: one aware instant for all, or a frame of `party` and `as_of`, one row a party: each as of its own instant.
    An event is known when both `at` and `recorded_at` are at or before it. Adds

    - age_days: days from the event's day to that of `as_of`, in Beijing, 0 or more;
    - month: which stretch of a month before `as_of` it lies in, 0 the latest. Stretches run from day to day of the
      month (as of 17 March, 18 February to 17 March is 0), so that what comes once a month lies once in each; as of
      the last day of a month they are the calendar's months.
    """
    if isinstance(as_of, datetime):
        at, upto = pl.col("at"), pl.lit(instant(as_of)).cast(INSTANT)
    else:
        at, upto = pl.col("at"), pl.col("as_of")
        events = events.join(moments(as_of).lazy(), on="party", how="inner")
    seen = events.filter(at <= upto, pl.col("recorded_at") <= upto, pl.col("consent") == purpose)
    # Coarse first, so that what is too old is never looked at closely.
    seen = seen.filter(_day(upto) - _day(at) <= _LAST_OF_MONTH * (HORIZON_MONTHS + 1))
    return seen.with_columns(
        (_day(upto) - _day(at)).cast(pl.Int32).alias("age_days"), _month(at, upto).alias("month")
    ).filter(pl.col("month") < HORIZON_MONTHS)


def known_rows(events: Rows, as_of: Moment) -> Rows:
    """Return what `known` returns, of the rows of one party, given for credit: a test says that both agree."""
    upto, starts = _micros(instant(as_of)), _starts(business_date(as_of))
    times = zip(events["at"], events["recorded_at"], events["consent"], strict=True)
    seen = events.where(
        [
            consent == "credit" and None not in (at, told) and starts[0] <= at <= upto and told <= upto
            for at, told, consent in times
        ]
    )

    def column(name: str) -> Column:
        if name == "month":
            return [HORIZON_MONTHS - bisect_right(starts, at) for at in seen["at"]]
        if name == "age_days":
            today = (upto + _BEIJING_US) // _DAY_US
            return [today - (at + _BEIJING_US) // _DAY_US for at in seen["at"]]
        return seen[name]

    return Rows(seen.height, column)


@lru_cache(maxsize=64)
def _starts(to: date) -> list[int]:
    """Return the first instant of each stretch of a month up to a day, the oldest first."""
    anchor = _LAST_OF_MONTH if (to + timedelta(days=1)).day == 1 else to.day
    before = day_in_months(month_of(day_number(to)) - HORIZON_MONTHS, anchor, 1, HORIZON_MONTHS)
    return [(day + 1) * _DAY_US - _BEIJING_US for day in before]


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


def rows_of(events: pl.DataFrame) -> Rows:
    """Return tidy events as rows; an instant is its microseconds since 1970."""

    def column(name: str) -> list[object]:
        values = events[name]
        return (values.cast(pl.Int64) if values.dtype == INSTANT else values).to_list()

    return Rows(events.height, column)


def instant(as_of: Moment) -> datetime:
    """Return an aware instant; refuse INPUT_INVALID for one without a time zone."""
    if as_of.tzinfo is None:
        raise INPUT_INVALID.refuse("as_of", problem=Text("as_of 须带时区", "as_of must say its time zone"))
    return as_of


def moments(as_of: pl.DataFrame) -> pl.DataFrame:
    """Return the frame of parties and instants, checked: one row a party, no null; refuse INPUT_INVALID."""
    if set(as_of.columns) != {"party", "as_of"} or as_of["as_of"].dtype != INSTANT:
        text = Text("需要 party 与 as_of（UTC）两列", "as_of needs the columns party and as_of (UTC)")
        raise INPUT_INVALID.refuse("as_of", problem=text)
    if as_of.null_count().sum_horizontal().item() or as_of["party"].is_duplicated().any():
        text = Text("每个 party 须恰有一个 as_of", "each party needs exactly one as_of")
        raise INPUT_INVALID.refuse("as_of", problem=text)
    return as_of


def _day(at: pl.Expr) -> pl.Expr:
    """Return the day of an instant in Beijing, as days since 1970."""
    return (at.cast(pl.Int64) + _BEIJING_US) // _DAY_US


def _month(at: pl.Expr, upto: pl.Expr) -> pl.Expr:
    on, to = (_day(each).cast(pl.Int32).cast(pl.Date) for each in (at, upto))
    anchor = pl.when(to == to.dt.month_end()).then(_LAST_OF_MONTH).otherwise(to.dt.day().cast(pl.Int32))
    between = _ordinal(to) - _ordinal(on)
    return between - (on.dt.day().cast(pl.Int32) > anchor).cast(pl.Int32)


def _ordinal(on: pl.Expr) -> pl.Expr:
    return on.dt.year() * 12 + on.dt.month().cast(pl.Int32)
