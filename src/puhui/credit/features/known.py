"""What was known of a party as of an instant, with the age of each event: the one place where time comes in."""

from datetime import datetime
from typing import Final

import polars as pl

from puhui.credit.events import INSTANT
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
