"""Farms: land under crop and what it brings."""

from puhui.credit.features.formulas import active, holders, mean_month, partners, state, total

FORMULAS = {
    "farm_area": state("farm_plot", "area"),
    "farm_plots": holders("farm_plot"),
    "farm_harvest_24m": total("farm_harvest", oldest=24),
    "farm_harvest_mean_12m": mean_month("farm_harvest"),
    "farm_harvest_months_24m": active("farm_harvest", oldest=24),
    "farm_yield_12m": total("farm_harvest").each(total("farm_harvest", "area")),
    "farm_year_growth": total("farm_harvest").per(total("farm_harvest", "minor", 24, 12)),
    "farm_buyers_12m": partners("farm_harvest"),
}
