"""A small made-up table with a known truth: numbers, a special value, categories with quotes, flags, gaps."""

import numpy as np
import polars as pl

SPECIAL = {"calls": (-99.0,)}


def example(rows=900, seed=0):
    """Return a table: risk falls with income, rises with calls when income is low; `shop` and `owner` matter too."""
    random = np.random.default_rng(seed)
    income = random.normal(size=rows)
    calls = random.integers(0, 6, rows).astype(float)
    shop = random.choice(["a'b", "县城", 'c"d', "e\\f"], rows)
    owner = random.random(rows) < 0.4
    raw = -1.2 - income + 0.5 * (shop == "县城") + (income < 0) * (calls > 2) * 1.5 - 0.5 * owner
    bad = (random.random(rows) < 1 / (1 + np.exp(-raw))).astype(int)
    calls[random.random(rows) < 0.1] = np.nan
    calls[random.random(rows) < 0.05] = -99
    lost = pl.Series(random.random(rows) < 0.05)
    table = pl.DataFrame({"月 收入": income, "calls": calls, "shop": shop, "owner": owner, "bad": bad})
    return table.with_columns(
        pl.col("calls").fill_nan(None), pl.when(lost).then(None).otherwise(pl.col("shop")).alias("shop")
    )


def odd_rows():
    """Return rows at edges and beyond what training had: missing, new categories, tiny and huge numbers."""
    return pl.DataFrame(
        {
            "月 收入": [None, 1e-40, -1e-40, 1e15, -1e15, 0.1, 0.0],
            "calls": [None, -99.0, 98.0, 3.0, 1e-9, -98.0, 2.5],
            "shop": ["new", None, "a'b", "", "县城", 'c"d', "e\\f"],
            "owner": [None, True, False, True, None, False, True],
            "bad": [0] * 7,
        }
    )
