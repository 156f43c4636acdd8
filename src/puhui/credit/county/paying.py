"""What a simulated borrower (模拟借款人) pays in each month of a loan: decided by the truth and the id of the loan.

The same loan, month and truth give the same answer always. Before a default the borrower stops: the instalment of
three months before the month of default is the first that is missed; after it a small part comes at times. Others pay
on time, some days late, in part (the rest comes with the next), or all early.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import polars as pl

from puhui.credit.county.setting import Floats, Matrix, Wholes
from puhui.credit.county.truth import MILLION, default_month_of, pd_of

Way = Literal["on_time", "late", "partly", "early", "stopped", "ended"]
WAYS: Final[tuple[Way, ...]] = ("on_time", "late", "partly", "early", "stopped", "ended")
ON_TIME, LATE, PARTLY, EARLY, STOPPED, ENDED = range(6)
# The first instalment missed falls due three months before its 90 days are full.
UNPAID_MONTHS: Final = 3
MOST_LATE_DAYS: Final = 25
EARLY_A_MONTH_PPM: Final = 6_000
RECOVERY_PPM: Final = 60_000


@dataclass(frozen=True, slots=True)
class Paid:
    """What is paid when an instalment is due: `share_ppm` of all that is due then, arrears too; days after the day.

    early: all that is owed, due or not.
    """

    way: Way
    share_ppm: int
    late_days: int


def behaviour(loan: str, month: int, truth: Mapping[str, Any], instalment_minor: int | None = None) -> Paid:
    """Return what the simulated borrower pays of instalment `month` (1 is the first) of a loan.

    truth: the row of the application in `County.truth`. instalment_minor: of the loan as it was made; without one that
    of the wish. A lower one than wished makes a lower burden, so a default may not happen; a higher one the reverse.
    `ended`: paid off in an earlier month. `stopped`: pays nothing, or a small part at times.

    >>> truth = {"rest": -2.0, "burden_ppm": 400_000, "other_debt_minor": 0, "income_minor": 500_000,
    ...          "draw_ppm": 100_000, "month_draw_ppm": 0, "term_months": 24, "punctual": 0.0}
    >>> behaviour("loan_1", 1, truth).way, behaviour("loan_1", 1, truth, instalment_minor=100_000).way
    ('stopped', 'on_time')
    """
    assert month >= 1, "the first instalment is 1"
    columns = {name: np.array([value]) for name, value in truth.items() if not isinstance(value, str)}
    wished = None if instalment_minor is None else np.array([instalment_minor])
    way, share, late = _ways(keys_of([loan]), np.array([[month]]), columns, wished)
    return Paid(WAYS[int(way[0, 0])], int(share[0, 0]), int(late[0, 0]))


def behaviours(loans: pl.DataFrame, months: int, truth: pl.DataFrame) -> pl.DataFrame:
    """Return `behaviour` of many loans for instalments 1 to `months`: loan, month, way, share_ppm, late_days.

    loans: `loan`, `application`, and `instalment_minor` where the loans are not as wished. Rows by loan, then month.
    """
    joined = loans.select("application").join(truth, on="application", how="left", maintain_order="left")
    columns = {name: joined[name].to_numpy() for name in TRUTH_COLUMNS}
    wished = loans["instalment_minor"].to_numpy() if "instalment_minor" in loans.columns else None
    numbers = np.broadcast_to(np.arange(1, months + 1), (len(loans), months))
    way, share, late = _ways(keys_of(loans["loan"].to_list()), numbers, columns, wished)
    return pl.DataFrame(
        {
            "loan": loans["loan"].gather(np.repeat(np.arange(len(loans)), months)),
            "month": numbers.ravel(),
            "way": pl.Series(WAYS).gather(way.ravel()),
            "share_ppm": share.ravel(),
            "late_days": late.ravel(),
        }
    )


TRUTH_COLUMNS: Final = (
    "rest",
    "burden_ppm",
    "other_debt_minor",
    "income_minor",
    "draw_ppm",
    "month_draw_ppm",
    "term_months",
    "punctual",
)


def late_chance(punctual: Floats) -> Floats:
    """Return the chance that a bill or an instalment is paid late: 1 / (1 + exp(2.0 + punctual)).

    punctual = 0.9 willingness + 0.5 ability: the trait of the person that bills and loans share.
    """
    return np.asarray(1 / (1 + np.exp(2.0 + punctual)))


def keys_of(loans: Sequence[str]) -> Matrix:
    """Return 64 bits of the SHA-256 of each id: what makes a loan's small accidents its own."""
    return np.array([int.from_bytes(hashlib.sha256(loan.encode()).digest()[:8], "big") for loan in loans], np.uint64)


def _ways(
    keys: Matrix, months: Matrix, truth: Mapping[str, Matrix], wished: Matrix | None
) -> tuple[Matrix, Matrix, Matrix]:
    """Return way (index of `WAYS`), share in ppm and days late, each loans x months."""
    default = _default_months(truth, wished)[:, None]
    stops = (default > 0) & (months >= default - UNPAID_MONTHS)
    early = _early_months(keys)[:, None]
    ended = months > early
    keys = keys[:, None]
    chance = late_chance(np.asarray(truth["punctual"], dtype=np.float64))[:, None]
    near = (default > 0) & (months >= default - UNPAID_MONTHS - 2)
    late = _uniform(keys, months, 1) < np.where(near, 0.8, chance)
    # What is left of the last instalment paid would be overdue before the first one missed.
    last = (default > 0) & (months == default - UNPAID_MONTHS - 1)
    partly = late & ~last & (_uniform(keys, months, 2) < np.where(near, 0.4, 0.12))
    recovers = (months > default) & (_ppm(keys, months, 3) < RECOVERY_PPM)
    way = np.where(late, np.where(partly, PARTLY, LATE), ON_TIME)
    way = np.where(months == early, EARLY, way)
    way = np.where(ended, ENDED, way)
    # Who will default does not also pay off early.
    way = np.where((default > 0) & np.isin(way, (EARLY, ENDED)), ON_TIME, way)
    way = np.where(stops, STOPPED, way)
    part = 310_000 + 1_000 * (_ppm(keys, months, 4) // 2_000)
    share = np.choose(way, [MILLION, MILLION, part, MILLION, np.where(recovers, part // 2, 0), 0])
    days = 1 + (_uniform(keys, months, 5) ** 2 * MOST_LATE_DAYS).astype(np.int64)
    return way, share, np.where(np.isin(way, (LATE, PARTLY)), days, 0)


def _default_months(truth: Mapping[str, Matrix], wished: Matrix | None) -> Wholes:
    """Return the month of default under the instalment as made; under that of the wish without one."""
    burden = np.asarray(truth["burden_ppm"], dtype=np.int64)
    if wished is not None:
        burden = (wished + np.asarray(truth["other_debt_minor"])) * MILLION // np.asarray(truth["income_minor"])
    pd_ppm = pd_of(np.asarray(truth["rest"]), burden)
    return default_month_of(pd_ppm, truth["draw_ppm"], truth["month_draw_ppm"], truth["term_months"])


def _early_months(keys: Matrix) -> Wholes:
    """Return the month in which the whole loan is paid off early: geometric; far beyond any term for most."""
    draw = _uniform(keys, np.zeros_like(keys, dtype=np.int64), 6)
    months = np.log(np.maximum(draw, 1e-12)) / np.log(1 - EARLY_A_MONTH_PPM / MILLION)
    # Nobody pays off with the first three instalments.
    return np.asarray(4 + months.astype(np.int64))


def _uniform(keys: Matrix, months: Matrix, salt: int) -> Floats:
    return np.asarray(_ppm(keys, months, salt) / MILLION)


def _ppm(keys: Matrix, months: Matrix, salt: int) -> Wholes:
    """Return 0..999,999 of key, month and salt: SplitMix64 (Steele, Lea, Flood 2014), which wraps at 64 bits."""
    with np.errstate(over="ignore"):
        state = keys + (months.astype(np.uint64) * np.uint64(64) + np.uint64(salt)) * np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state = state ^ (state >> np.uint64(31))
    return np.asarray((state >> np.uint64(11)).astype(np.int64) % MILLION)
