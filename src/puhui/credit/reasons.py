"""Why a model said what it said: the features that push a person's risk up the most, in words; at most four.

An officer reads the feature with its value; the person is told the family it belongs to, by a code of
`policy/reasons.yaml` (MODEL_BILLS and its like), in words without jargon.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from puhui.credit.features.catalogue import FEATURES
from puhui.kernel.language import Text
from puhui.kernel.money import format_minor

MOST_REASONS = 4
# Less than this many log-odds over the average is no reason.
LEAST = 0.02
# The codes by which policy and price say no for the risk that the model sees: its own reasons then say why.
OF_RISK: Final = frozenset({"RISK_TOO_HIGH", "RISK_HIGH", "PRICE_ABOVE_CAP"})
OTHER: Final = "other"


class Named(NamedTuple):
    """What people call a feature, its unit (of `features.feature.UNITS`), and its family."""

    title: Text
    unit: str = ""
    family: str = OTHER


Row = Mapping[str, Any]
Catalogue = Mapping[str, Named]

# What an application itself tells a model, beside the features of events.
ASKED: Final[Catalogue] = {
    "asked_minor": Named(Text("申请金额", "amount asked for"), "minor", "asked"),
    "asked_months": Named(Text("申请期限", "months asked for"), "months", "asked"),
    "stated_income_minor": Named(Text("自报月收入", "stated monthly income"), "minor", "asked"),
    "stated_debt_minor": Named(Text("自报每月还款", "stated monthly repayments"), "minor", "asked"),
}


@cache
def known_names() -> Catalogue:
    """Return the names of every feature that is known here."""
    return {name: Named(one.meaning, one.unit, one.family) for name, one in FEATURES.items()} | dict(ASKED)


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: the feature, its value, how many log-odds it adds over the average applicant, and the sentence.

    code: what the person is told of it, a code of `policy.reasons`.
    """

    feature: str
    value: Any
    log_odds: float
    text: Text
    code: str

    def as_json(self) -> dict[str, Any]:
        """Return the reason as JSON."""
        return {
            "feature": self.feature,
            "value": self.value,
            "log_odds": self.log_odds,
            "code": self.code,
            "text": self.text._asdict(),
        }


def reasons(
    features: Sequence[str],
    contributions: NDArray[np.float64],
    rows: Sequence[Row],
    catalogue: Catalogue,
    most: int = MOST_REASONS,
) -> list[list[Reason]]:
    """Return for each row its reasons, the weightiest first; contributions are rows x features, in log-odds."""
    order = np.argsort(-contributions, axis=1, kind="stable")[:, :most]
    found = []
    for place, row in enumerate(rows):
        pushes = [(features[column], float(contributions[place, column])) for column in order[place]]
        found.append([_reason(name, row.get(name), push, catalogue) for name, push in pushes if push > LEAST])
    return found


def reasons_of(adds: Mapping[str, float], features: Row) -> list[Reason]:
    """Return the reasons of one applicant, from what each feature adds to the score."""
    [found] = reasons(tuple(adds), np.array([list(adds.values())], dtype=float), [features], known_names())
    return found


def name_of(feature: str, catalogue: Catalogue) -> Named:
    """Return what people call a feature; without a line in the catalogue, its own name."""
    return catalogue.get(feature) or Named(Text(feature, feature.replace("_", " ")))


def _reason(feature: str, value: Any, push: float, catalogue: Catalogue) -> Reason:
    title, unit, family = name_of(feature, catalogue)
    code = f"MODEL_{family.upper()}"
    if value is None or value != value:
        text = Text(f"缺少“{title.zh}”，无法据此给出更好的结果", f"{title.en} is not known, so it cannot help")
        return Reason(feature, None, push, text, code)
    shown = shown_value(value, unit)
    text = Text(
        f"“{title.zh}”为 {shown.zh}，风险高于一般申请人",
        f"{title.en} is {shown.en}: a higher risk than most applicants",
    )
    return Reason(feature, value, push, text, code)


def shown_value(value: Any, unit: str = "") -> Text:
    """Return a value for people, by its unit: money in yuan, shares in percent, no more digits than help.

    >>> shown_value(0.123456).en, shown_value(12345.678).en, shown_value(3.0).en, shown_value(True).zh
    ('0.1235', '12,346', '3', '是')
    >>> shown_value(523_000, "minor").en, shown_value(0.25, "share").zh, shown_value(6, "months").zh
    ('5,230.00 yuan', '25.0%', '6 个月')
    """
    if isinstance(value, bool):
        return Text("是", "yes") if value else Text("否", "no")
    if not isinstance(value, int | float):
        return Text(str(value), str(value))
    if unit == "minor":
        return Text(f"{format_minor(round(value))} 元", f"{format_minor(round(value))} yuan")
    if unit == "share":
        return Text(f"{value:.1%}", f"{value:.1%}")
    plain = f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 1000 else f"{value:.4g}"
    zh, en = _COUNTED.get(unit, Text("", ""))
    return Text(f"{plain} {zh}".strip(), f"{plain} {en}".strip())


_COUNTED: Final = {"months": Text("个月", "months"), "days": Text("天", "days"), "mean_days": Text("天", "days")}
