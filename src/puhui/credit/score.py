"""The score of one applicant: what a model says, in whole numbers, and what each feature adds to the risk."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import polars as pl

from puhui.credit.models import Model
from puhui.kernel.rates import PPM


class Score(NamedTuple):
    """The chance of default in ppm, points where the model has them, and what each feature adds.

    adds: log-odds by feature, over the average applicant; more is riskier.
    """

    pd_ppm: int
    points: int | None
    adds: Mapping[str, float]


def score_of(model: Model, features: Mapping[str, Any]) -> Score:
    """Return the score of one applicant; a feature that is not known is missing to the model, as in training."""
    row = pl.DataFrame([{name: features.get(name) for name in model.features}], infer_schema_length=None)
    pd_ppm = round(float(model.pd(row)[0]) * PPM)
    points = getattr(model, "points", None)
    adds = dict(zip(model.features, model.contributions(row)[0].tolist(), strict=True))
    return Score(pd_ppm, None if points is None else int(points(row)[0]), adds)
