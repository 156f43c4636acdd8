"""The score of one applicant: what a model says, in whole numbers, and what each feature adds to the risk."""

from collections.abc import Mapping
from typing import Any, NamedTuple

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
    row = model.score_row(features)
    return Score(round(row.pd * PPM), row.points, dict(zip(model.features, row.adds, strict=True)))
