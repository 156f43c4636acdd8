"""One feature: what it is called, what it means, over what window and from what, and its formula."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from puhui.credit.events import PURPOSES
from puhui.credit.features.forbidden import refuse_forbidden
from puhui.credit.features.formulas import Formula
from puhui.credit.features.known import HORIZON_MONTHS
from puhui.credit.features.streams import STREAMS
from puhui.kernel.language import Text

UNITS: Final[Mapping[str, Text]] = {
    "minor": Text("分", "minor units"),
    "count": Text("个", "count"),
    "days": Text("天", "days"),
    "months": Text("月", "months"),
    "m2": Text("平方米", "square metres"),
    "tier": Text("层级", "tier"),
    "share": Text("占比", "share"),
    "ratio": Text("比值", "ratio"),
    "mean_days": Text("天（平均）", "days, mean"),
}
DIRECTIONS: Final[Mapping[str, Text]] = {
    "safer": Text("越高越安全", "more is safer"),
    "riskier": Text("越高越有风险", "more is riskier"),
    "unknown": Text("不定", "not known"),
}
# Worked out in floats; the others stay whole.
_FLOATS: Final = frozenset({"share", "ratio", "mean_days"})
_NAME: Final = re.compile("[a-z][a-z0-9_]{2,50}")


@dataclass(frozen=True, slots=True, eq=False)
class Feature:
    """One line of the catalogue. months: the window, 24 is the whole look-back.

    direction: what a higher value says of risk, where that is known. influence: whether the person can change it
    within months. absence_observed: no event is told as 0 where a report was read; else it is null. consent: the
    purpose that events must have been given for.
    Refuses FEATURE_FORBIDDEN for a name or meaning that tells of sex, ethnicity, belief or health.
    """

    name: str
    family: str
    meaning: Text
    months: int
    unit: str
    direction: str
    influence: bool
    consent: str
    absence_observed: bool
    formula: Formula

    def __post_init__(self) -> None:
        assert _NAME.fullmatch(self.name), self.name
        assert 1 <= self.months <= HORIZON_MONTHS, self.name
        assert self.unit in UNITS, self.name
        assert self.direction in DIRECTIONS, self.name
        assert self.consent in PURPOSES, self.name
        refuse_forbidden((self.name, *self.meaning))

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams that are read."""
        return tuple(sorted({measure.stream for measure in self.formula.measures.values()}))

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of event that are read."""
        return tuple(sorted({kind for stream in self.streams for kind in STREAMS[stream].kinds}))

    @property
    def dtype(self) -> pl.DataType:
        """The type of the column: a float only where the unit is a share, a ratio or a mean."""
        return pl.Float64() if self.unit in _FLOATS else pl.Int64()

    def as_dict(self) -> dict[str, object]:
        """Return the line of the catalogue, for programs."""
        return {
            "name": self.name,
            "family": self.family,
            "meaning": self.meaning._asdict(),
            "window_months": self.months,
            "unit": self.unit,
            "kinds": list(self.kinds),
            "consent": self.consent,
            "direction": self.direction,
            "influence": self.influence,
            "absence_observed": self.absence_observed,
        }
