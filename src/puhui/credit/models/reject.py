"""Reject inference: applicants who were refused have no outcome, but leaving them out bends the model.

Both ways are documented assumptions, not knowledge: a report says that one was used. Rejected rows enter with weights.
`fuzzy`: each rejected row enters twice, as bad with weight PD and as good with weight 1 - PD (Hsia 1978).
`parcelling`: within score bands rejected rows are made bad at RISKIER times the bad rate of accepted ones in the band.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl

from puhui.credit.models import MODEL_KINDS
from puhui.credit.models.bins import Floats
from puhui.credit.models.folds import label_of
from puhui.credit.models.setting import Setting
from puhui.kernel.inputs import one_of

WEIGHT = "puhui_weight"
RISKIER = 1.5
BANDS = 10


def with_rejected(
    accepted: pl.DataFrame, rejected: pl.DataFrame, setting: Setting, way: str
) -> tuple[pl.DataFrame, Setting]:
    """Return accepted and rejected rows with weights, and the setting that names them; refuse an unknown way.

    A first scorecard on the accepted scores the rejected. Without rejected rows nothing changes.
    """
    one_of("reject_inference", way, REJECTED)
    if not rejected.height:
        return accepted, setting
    first = MODEL_KINDS["scorecard"].fit(accepted, setting)
    columns = [*setting.features, setting.label]
    base = accepted.select(columns).with_columns(pl.col(setting.label).cast(pl.Float64), pl.lit(1.0).alias(WEIGHT))
    parts = [base]
    known_pd, label = first.pd(accepted), label_of(accepted, setting)
    for value, weight in REJECTED[way](first.pd(rejected), known_pd, label):
        added = rejected.select(setting.features).with_columns(
            pl.lit(value).alias(setting.label), pl.Series(WEIGHT, weight)
        )
        parts.append(added.filter(pl.col(WEIGHT) > 0).select(base.columns))
    return pl.concat(parts), replace(setting, weight=WEIGHT)


def fuzzy(pd: Floats, _known_pd: Floats, _label: Floats) -> list[tuple[float, Floats]]:
    """Return bad rows weighted by PD and good rows by 1 - PD."""
    return [(1.0, pd), (0.0, 1 - pd)]


def parcelling(pd: Floats, known_pd: Floats, label: Floats) -> list[tuple[float, Floats]]:
    """Return bad and good weights by the bad rate of accepted rows in the same band, RISKIER times, at most 1."""
    edges = np.unique(np.quantile(known_pd, np.arange(1, BANDS) / BANDS))
    band = np.searchsorted(edges, known_pd, side="left")
    rows = np.bincount(band, minlength=edges.size + 1)
    bad = np.bincount(band, weights=label, minlength=edges.size + 1)
    rate = np.minimum(1.0, RISKIER * bad / np.maximum(rows, 1))
    share = rate[np.searchsorted(edges, pd, side="left")]
    return [(1.0, share), (0.0, 1 - share)]


REJECTED: dict[str, Callable[[Floats, Floats, Floats], list[tuple[float, Floats]]]] = {
    "fuzzy": fuzzy,
    "parcelling": parcelling,
}
