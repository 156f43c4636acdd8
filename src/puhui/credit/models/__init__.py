"""Models of credit risk: three kinds behind one interface. A kind is a module and one line here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import polars as pl

from puhui.credit.models import boosted, challenger, classical
from puhui.credit.models.additive import Scorecard
from puhui.credit.models.bins import Floats
from puhui.credit.models.challenger import Challenger
from puhui.credit.models.row import RowScore
from puhui.credit.models.setting import Setting
from puhui.credit.models.texts import MODEL_UNREADABLE
from puhui.kernel.language import Text


class Model(Protocol):
    """What every kind of model gives."""

    @property
    def kind(self) -> str:
        """The name of its kind."""

    @property
    def features(self) -> tuple[str, ...]:
        """The features that it needs, in order."""

    @property
    def needs(self) -> list[dict[str, str]]:
        """Each feature with its kind and what a missing value does."""

    @property
    def notes(self) -> Mapping[str, Any]:
        """What the fit did and why."""

    def raw(self, table: pl.DataFrame) -> Floats:
        """Return log-odds of bad before calibration."""

    def pd(self, table: pl.DataFrame) -> Floats:
        """Return the calibrated chance of bad."""

    def contributions(self, table: pl.DataFrame) -> Floats:
        """Return log-odds that each feature adds, rows x features."""

    def score_row(self, features: Mapping[str, Any]) -> RowScore:
        """Return the score of one row by name; a name that is not there is missing."""

    def as_json(self) -> dict[str, Any]:
        """Return the model as JSON with its hash."""


@dataclass(frozen=True, slots=True)
class ModelKind:
    """A kind: how it is fitted, how it is loaded, what it is for."""

    fit: Callable[[pl.DataFrame, Setting], Model]
    load: Callable[[Mapping[str, Any]], Model]
    title: Text


MODEL_KINDS: dict[str, ModelKind] = {
    "scorecard": ModelKind(classical.fit, Scorecard.from_json, Text("经典评分卡", "classical scorecard")),
    "boosted_scorecard": ModelKind(boosted.fit, Scorecard.from_json, Text("提升评分卡", "boosted scorecard")),
    "challenger": ModelKind(challenger.fit, Challenger.from_json, Text("挑战者", "challenger")),
}


def load_model(data: Mapping[str, Any]) -> Model:
    """Return a model from its JSON; refuses MODEL_UNREADABLE, MODEL_TAMPERED."""
    kind = MODEL_KINDS.get(str(data.get("kind")))
    if kind is None:
        raise MODEL_UNREADABLE.refuse("kind", field="kind")
    return kind.load(data)
