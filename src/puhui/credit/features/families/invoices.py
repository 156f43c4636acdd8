"""VAT invoices of a firm, issued and received: size, trend, rhythm, void and red-letter ones, margin."""

from puhui.credit.features.families.income import worst_month
from puhui.credit.features.formulas import (
    Formula,
    active,
    active_days,
    gap_variation,
    growth,
    history,
    latest,
    longest_gap,
    mean_gap,
    mean_month,
    since_last,
    span,
    total,
    trend,
    variation,
)


def _side(stream: str) -> dict[str, Formula]:
    """Return the features of one side; `more`: what a larger and growing volume says of risk."""
    return {
        f"{stream}_mean_3m": mean_month(stream, oldest=3),
        f"{stream}_mean_12m": mean_month(stream),
        f"{stream}_mean_24m": mean_month(stream, oldest=24),
        f"{stream}_size_12m": total(stream).each(total(stream, "n")),
        f"{stream}_count_12m": total(stream, "n"),
        f"{stream}_variation_12m": variation(stream),
        f"{stream}_trend_12m": trend(stream),
        f"{stream}_growth_3m": growth(stream),
        f"{stream}_year_growth": total(stream).per(total(stream, "minor", 24, 12)).where(history(stream), 24),
        f"{stream}_active_share_12m": active(stream).per(span(stream)),
        f"{stream}_worst_month_12m": worst_month(stream),
        f"{stream}_history_months": history(stream),
        f"{stream}_void_share_12m": total(stream, "void_n").per(total(stream, "all_n")),
        f"{stream}_void_minor_share_12m": total(stream, "void_minor").per(total(stream, "all_minor")),
        f"{stream}_void_share_24m": total(stream, "void_n", 24).per(total(stream, "all_n", 24)),
        f"{stream}_void_share_3m": total(stream, "void_n", 3).per(total(stream, "all_n", 3)),
        f"{stream}_red_share_12m": total(stream, "red_n").per(total(stream, "n")),
        f"{stream}_red_share_24m": total(stream, "red_n", 24).per(total(stream, "n", 24)),
        f"{stream}_red_minor_share_12m": total(stream, "red_minor").per(total(stream, "gross_minor")),
        f"{stream}_days_12m": active_days(stream),
        f"{stream}_gap_mean_days_12m": mean_gap(stream),
        f"{stream}_gap_variation_12m": gap_variation(stream),
        f"{stream}_gap_most_days_12m": longest_gap(stream),
        f"{stream}_since_last_days": since_last(stream),
        f"{stream}_since_last_months": latest(stream),
    }


FORMULAS = {
    **_side("invoice_sold"),
    **_side("invoice_bought"),
    "invoice_margin_12m": (total("invoice_sold") - total("invoice_bought")).per(total("invoice_sold")),
    "invoice_bought_to_sold_12m": total("invoice_bought").per(total("invoice_sold")),
    "invoice_bought_to_sold_3m": total("invoice_bought", oldest=3).per(total("invoice_sold", oldest=3)),
}
