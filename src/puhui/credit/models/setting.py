"""What a fit is told: the label, the features, what is known of them, the scale of points, the seed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from puhui.kernel.refusals import declare

if TYPE_CHECKING:
    from puhui.credit.data.table import LabelledTable

TABLE_LACKS = declare(
    "TABLE_LACKS",
    422,
    "数据缺少列 {missing}。请补上这些列，或换用不需要它们的模型。",
    "The table lacks the columns {missing}. Add them, or use a model that does not need them.",
)
LABEL_UNFIT = declare(
    "LABEL_UNFIT",
    422,
    "标签列 {label} 不能用：{problem}。标签须为 0（好）与 1（坏），且两者都要有。",
    "The label {label} cannot be used: {problem}. It must be 0 (good) and 1 (bad), with both of them there.",
)
NO_FEATURES = declare(
    "NO_FEATURES",
    422,
    "没有可用的特征：每列都是编号、常数或疑似泄漏。请检查数据，或用映射说明各列。",
    "No feature is left: every column is an id, constant or a suspected leak. Check the data, or give a mapping.",
)


@dataclass(frozen=True, slots=True)
class Scale:
    """The scale of points: `base_points` at `base_odds` goods to one bad; odds double every `double_points`."""

    base_points: int = 600
    base_odds: int = 20
    double_points: int = 40


@dataclass(frozen=True, slots=True)
class Setting:
    """How a model is fitted to a table.

    label: column of 0 and 1, 1 is bad. features: columns to use; empty: all but label, party, time and weight.
    monotone: feature -> 1 (risk rises with it) or -1; others are constrained only where the data say so clearly.
    special: feature -> values with a meaning of their own, binned apart. weight: column of row weights (reject
    inference makes it). threads: how many bags are fitted at once; the model does not hang on it. effort_seconds: for
    the challenger, how long tuning may take on two cores, turned into a number of trials by a fixed table, so that a
    slow machine finds the same model.
    """

    label: str
    features: tuple[str, ...] = ()
    party: str = ""
    time: str = ""
    weight: str = ""
    monotone: Mapping[str, int] = field(default_factory=dict)
    special: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    scale: Scale = Scale()
    seed: int = 0
    threads: int = 1
    effort_seconds: int = 20


def setting_of(read: "LabelledTable", seed: int, threads: int, effort_seconds: int) -> Setting:
    """Return the setting for a table read by a mapping: its label, features, directions and special values."""
    signs = {"higher_is_worse": 1, "higher_is_better": -1}
    told = {name: signs[column.direction] for name, column in read.features.items() if column.direction}
    special = {
        name: tuple(float(value) for value in column.special)
        for name, column in read.features.items()
        if column.special and column.type not in ("category", "date", "flag")
    }
    return Setting(
        label=read.label,
        features=tuple(read.features),
        party=read.party,
        time=read.time or "",
        monotone=told,
        special=special,
        seed=seed,
        threads=threads,
        effort_seconds=effort_seconds,
    )


def features_of(table: pl.DataFrame, setting: Setting) -> tuple[str, ...]:
    """Return the feature columns, in the table's order; refuse TABLE_LACKS."""
    aside = {setting.label, setting.party, setting.time, setting.weight}
    wanted = setting.features or tuple(name for name in table.columns if name not in aside)
    needs(table, [*wanted, setting.label])
    if not wanted:
        raise NO_FEATURES.refuse("features")
    return tuple(wanted)


def needs(table: pl.DataFrame, names: list[str]) -> None:
    """Refuse TABLE_LACKS unless the table has all columns."""
    missing = [name for name in names if name not in table.columns]
    if missing:
        raise TABLE_LACKS.refuse(*missing, missing=", ".join(missing))
