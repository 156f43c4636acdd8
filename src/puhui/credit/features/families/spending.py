"""Spending, and what income leaves over it."""

import polars as pl

from puhui.credit.features.formulas import (
    YEAR,
    Formula,
    active,
    concentration,
    growth,
    mean_month,
    over,
    span,
    total,
    trend,
    variation,
)


def deficit_share() -> Formula:
    """Return the share of 12 months in which spending was more than income, over the months that both are known."""
    earned = [total("income", "minor", k + 1, k) for k in range(YEAR)]
    spent = [total("spending", "minor", k + 1, k) for k in range(YEAR)]
    one, other = span("income"), span("spending")
    known = pl.min_horizontal(one.value, other.value)
    short = [
        ((out.value > came.value) & (known > k)).cast(pl.Int64)
        for k, (came, out) in enumerate(zip(earned, spent, strict=True))
    ]
    value = pl.when(known > 0).then(pl.sum_horizontal(short, ignore_nulls=False).cast(pl.Float64) / known)
    # min_horizontal passes over nulls: both must be known.
    value = pl.when(one.value.is_not_null() & other.value.is_not_null()).then(value)
    return over(value, one, other, *earned, *spent)


FORMULAS = {
    "spending_mean_3m": mean_month("spending", oldest=3),
    "spending_mean_12m": mean_month("spending"),
    "spending_variation_12m": variation("spending"),
    "spending_trend_12m": trend("spending"),
    "spending_growth_3m": growth("spending"),
    "spending_active_share_12m": active("spending").per(span("spending")),
    "spending_concentration_12m": concentration("spending"),
    "spending_to_income_6m": total("spending", oldest=6).per(total("income", oldest=6)),
    "net_mean_12m": mean_month("income") - mean_month("spending"),
    "deficit_share_12m": deficit_share(),
}
