"""Why a model said what it said, in words, and what would change it.

Reasons are the features that push a person's risk up the most, over the average applicant; at most four. What would
change it: the smallest step on one or two features that the person can influence, found by trying, and believed only
when the whole decision, run again on the changed facts, says yes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from puhui.kernel.language import Text

MOST_REASONS = 4
# Less than this many log-odds over the average is no reason.
LEAST = 0.02

Row = Mapping[str, Any]
Catalogue = Mapping[str, Text]


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: the feature, its value, how many log-odds it adds over the average applicant, and the sentence."""

    feature: str
    value: Any
    log_odds: float
    text: Text

    def as_json(self) -> dict[str, Any]:
        """Return the reason as JSON."""
        return {"feature": self.feature, "value": self.value, "log_odds": self.log_odds, "text": self.text._asdict()}


@dataclass(frozen=True, slots=True)
class Lever:
    """A feature that a person can influence: which way (1 up, -1 down), the step, and the farthest that is feasible.

    `steps` are counted in `step` from the present value; `least` and `most` bound the value itself.
    """

    feature: str
    direction: int
    step: float
    steps: int = 20
    least: float | None = None
    most: float | None = None

    def values(self, now: float) -> list[float]:
        """Return the values within reach, nearest first."""
        found = []
        for number in range(1, self.steps + 1):
            value = now + self.direction * self.step * number
            if (self.least is None or value >= self.least) and (self.most is None or value <= self.most):
                found.append(value)
        return found


@dataclass(frozen=True, slots=True)
class Change:
    """What to change, from what to what; `effort` is the sum of the shares of each lever's reach."""

    changes: tuple[tuple[str, Any, float], ...]
    effort: float
    text: Text

    def as_json(self) -> dict[str, Any]:
        """Return the change as JSON."""
        steps = [{"feature": name, "from": before, "to": after} for name, before, after in self.changes]
        return {"changes": steps, "effort": self.effort, "text": self.text._asdict()}


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


def name_of(feature: str, catalogue: Catalogue) -> Text:
    """Return the name of a feature for people; without one in the catalogue, its own name."""
    return catalogue.get(feature) or Text(feature, feature.replace("_", " "))


def _reason(feature: str, value: Any, push: float, catalogue: Catalogue) -> Reason:
    name = name_of(feature, catalogue)
    if value is None or value != value:
        text = Text(f"缺少“{name.zh}”，无法据此给出更好的结果", f"{name.en} is not known, so it cannot help")
        return Reason(feature, None, push, text)
    shown = shown_value(value)
    text = Text(
        f"“{name.zh}”为 {shown}，风险高于一般申请人", f"{name.en} is {shown}: a higher risk than most applicants"
    )
    return Reason(feature, value, push, text)


def shown_value(value: Any) -> str:
    """Return a value for people: yes and no for flags, no more digits than help.

    >>> shown_value(0.123456), shown_value(12345.678), shown_value(3.0), shown_value(True)
    ('0.1235', '12,346', '3', '是 / yes')
    """
    if isinstance(value, bool):
        return "是 / yes" if value else "否 / no"
    if isinstance(value, int | float):
        number = float(value)
        if number.is_integer() or abs(number) >= 1000:
            return f"{number:,.0f}"
        return f"{number:.4g}"
    return str(value)


def what_would_change(
    row: Row, levers: Sequence[Lever], decide: Callable[[Row], bool], catalogue: Catalogue
) -> Change | None:
    """Return the smallest feasible change after which `decide` says yes; None when nothing within reach does.

    One lever is tried before two. Each step is checked by running the decision again, so a decision that is not
    monotone is not misread. A feature that is missing is no lever: it must be known first.
    """
    if decide(row):
        return None
    usable = [
        lever for lever in levers if isinstance(row.get(lever.feature), int | float) and row[lever.feature] is not None
    ]
    singles = [found for lever in usable if (found := _along(row, lever, decide)) is not None]
    best = min(singles, key=lambda found: found[1], default=None)
    if best is None:
        doubles = [
            found for left, right in combinations(usable, 2) if (found := _both(row, (left, right), decide)) is not None
        ]
        best = min(doubles, key=lambda found: found[1], default=None)
    if best is None:
        return None
    changes = tuple((name, row[name], value) for name, value in best[0].items())
    return Change(changes, best[1], _sentence(changes, catalogue))


Found = tuple[dict[str, float], float]


def _along(row: Row, lever: Lever, decide: Callable[[Row], bool]) -> Found | None:
    for number, value in enumerate(lever.values(float(row[lever.feature])), 1):
        if decide({**row, lever.feature: value}):
            return {lever.feature: value}, number / lever.steps
    return None


def _both(row: Row, levers: tuple[Lever, Lever], decide: Callable[[Row], bool]) -> Found | None:
    """Return the least total effort over both levers; along the edge, as more of one needs less of the other."""
    left, right = levers
    left_values, right_values = left.values(float(row[left.feature])), right.values(float(row[right.feature]))
    best: Found | None = None
    allowed = len(right_values)
    for number, value in enumerate(left_values, 1):
        for other in range(allowed, 0, -1):
            changed = {left.feature: value, right.feature: right_values[other - 1]}
            if not decide({**row, **changed}):
                break
            allowed = other
            effort = number / left.steps + other / right.steps
            if best is None or effort < best[1]:
                best = changed, effort
    return best


def _sentence(changes: Sequence[tuple[str, Any, float]], catalogue: Catalogue) -> Text:
    zh, en = [], []
    for name, before, after in changes:
        said = name_of(name, catalogue)
        zh.append(f"“{said.zh}”由 {shown_value(before)} 变为 {shown_value(after)}")
        en.append(f"{said.en} went from {shown_value(before)} to {shown_value(after)}")
    return Text(f"如果{'，且'.join(zh)}，本次决定会改变", f"The decision would change if {' and '.join(en)}")
