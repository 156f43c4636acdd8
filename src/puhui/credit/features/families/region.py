"""Where a party lives or works: the market tier of the place, never the place itself."""

import polars as pl

from puhui.credit.features.formulas import measure

FORMULAS = {
    "region_tier": measure("located", "places", "tier", pl.col("tier").max()),
    "region_places_24m": measure("located", "places", "n", pl.col("n").max()),
    "region_history_months": measure("located", "places", "history", pl.col("oldest").max() + 1),
}
