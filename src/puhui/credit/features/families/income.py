"""Income: how much, how steady, which way it goes, from how many."""

import polars as pl

from puhui.credit.features.formulas import (
    Formula,
    active,
    concentration,
    growth,
    history,
    latest,
    least,
    mean_month,
    over,
    partners,
    span,
    top_share,
    total,
    trend,
    variation,
)


def worst_month(stream: str) -> Formula:
    """Return the worst of 12 months over the mean month; 0 where a month was silent."""
    mean = total(stream).per(span(stream))
    low, busy, known = least(stream), active(stream), span(stream)
    worst = pl.when(busy.value < known.value).then(0).otherwise(low.value).cast(pl.Float64)
    return over(pl.when(mean.value > 0).then(worst / mean.value), low, busy, known, mean)


FORMULAS = {
    "income_mean_3m": mean_month("income", oldest=3),
    "income_mean_12m": mean_month("income"),
    "income_variation_12m": variation("income"),
    "income_trend_12m": trend("income"),
    "income_growth_3m": growth("income"),
    "income_active_share_12m": active("income").per(span("income")),
    "income_worst_month_12m": worst_month("income"),
    "income_history_months": history("income"),
    "income_since_last_months": latest("income"),
    "income_sources_12m": partners("income"),
    "income_concentration_12m": concentration("income"),
    "income_top_share_12m": top_share("income", 1),
    "wage_mean_12m": mean_month("wage"),
    "wage_variation_12m": variation("wage"),
    "wage_active_share_12m": active("wage").per(span("wage")),
    "wage_share_12m": total("wage").per(total("income")),
}
