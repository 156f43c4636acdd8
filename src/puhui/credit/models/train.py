"""Training from a labelled table: split, prepare, fit each kind, measure on rows that no fit has seen."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from puhui.credit.models import MODEL_KINDS, Model
from puhui.credit.models.bins import Floats
from puhui.credit.models.folds import Rows, folds, label_of, split
from puhui.credit.models.measures import auc, auc_interval, brier, figures
from puhui.credit.models.prepare import Preparation, prepare
from puhui.credit.models.reject import REJECTED, with_rejected
from puhui.credit.models.setting import Setting
from puhui.kernel.language import Text
from puhui.kernel.refusals import declare

CHAMPION, CHALLENGER = "boosted_scorecard", "challenger"
# Fewer of the rarer class than this: one split says little, so every row is also judged by a model without it.
SMALL = 100
ONE_BY_ONE_ROWS = 200
WAYS = ("stratified", "time")

SPLIT_UNKNOWN = declare(
    "SPLIT_UNKNOWN",
    422,
    "不能按 {way} 划分：可用 {known}；按时间划分需要时间列。",
    "Cannot split by {way}: there are {known}; a split by time needs a column of times.",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How to split and what to fit. `keep`: columns for fairness, never features."""

    kinds: tuple[str, ...] = tuple(MODEL_KINDS)
    test_share: float = 0.3
    way: str = "stratified"
    keep: tuple[str, ...] = ()
    reject_inference: str = ""


@dataclass(frozen=True, slots=True)
class Trained:
    """One model with its scores on the test rows."""

    name: str
    model: Model
    figures: Mapping[str, Any]
    test_pd: Floats
    train_pd: Floats


@dataclass(frozen=True, slots=True)
class Training:
    """All that was fitted in one go, and on which rows."""

    setting: Setting
    preparation: Preparation
    train: pl.DataFrame
    test: pl.DataFrame
    plan: Plan
    models: tuple[Trained, ...]
    small: Mapping[str, Any]

    def named(self, name: str) -> Trained | None:
        """Return a model by the name of its kind."""
        return next((each for each in self.models if each.name == name), None)

    def as_json(self) -> dict[str, Any]:
        """Return what `puhui train --json` prints: the split, the columns left out, figures of every model."""
        label = [int(part[self.setting.label].sum()) for part in (self.train, self.test)]
        roles = (("champion", self.named(CHAMPION) or self.models[0]), ("challenger", self.named(CHALLENGER)))
        return {
            "label": self.setting.label,
            "split": {
                "way": self.plan.way,
                "test_share": self.plan.test_share,
                "seed": self.setting.seed,
                "train_rows": self.train.height,
                "test_rows": self.test.height,
                "train_bad": label[0],
                "test_bad": label[1],
            },
            "features": list(self.preparation.features),
            "dropped": {name: why._asdict() for name, why in self.preparation.dropped.items()},
            "dates": {name: list(how) for name, how in self.preparation.dates.items()},
            **{role: dict(each.figures) for role, each in roles if each is not None},
            "models": [dict(each.figures) for each in self.models],
            **({"small_sample": dict(self.small)} if self.small else {}),
        }


def train(table: pl.DataFrame, setting: Setting, plan: Plan, watch: Callable[[], float]) -> Training:
    """Return models fitted on part of a labelled table and measured on the rest; `watch` gives seconds.

    Refuses LABEL_UNFIT, TABLE_LACKS, SPLIT_UNKNOWN.
    """
    known = table.filter(pl.col(setting.label).is_not_null())
    label = label_of(known, setting)
    train_rows, test_rows = parted(known, label, setting, plan)
    raw_train, raw_test = known[train_rows], known[test_rows]
    preparation, chosen = prepare(raw_train, setting, plan.keep)
    ready, ready_test = preparation.apply(raw_train), preparation.apply(raw_test)
    fitting, fit_setting = ready, chosen
    if plan.reject_inference:
        rejected = preparation.apply(table.filter(pl.col(setting.label).is_null()))
        fitting, fit_setting = with_rejected(ready, rejected, chosen, plan.reject_inference)
    models = []
    for kind in plan.kinds:
        start = watch()
        model = MODEL_KINDS[kind].fit(fitting, fit_setting)
        fitted = watch()
        test_pd = model.pd(ready_test)
        scored = watch()
        measured = figures(label[test_rows], test_pd)
        timed = {"kind": kind, **measured, "fit_s": round(fitted - start, 4), "score_s": round(scored - fitted, 4)}
        train_pd = model.pd(ready)
        timed["train_auc"] = auc(label[train_rows], train_pd)
        timed["hash"] = model.as_json()["hash"]
        models.append(Trained(kind, model, timed, test_pd, train_pd))
    small = small_sample(
        known, label, setting, replace(plan, kinds=plan.kinds[:1] if CHAMPION not in plan.kinds else (CHAMPION,))
    )
    return Training(chosen, preparation, ready, ready_test, plan, tuple(models), small)


def parted(table: pl.DataFrame, label: Floats, setting: Setting, plan: Plan) -> tuple[Rows, Rows]:
    """Return rows to train on and to test on: stratified, or the newest as test."""
    if plan.way not in WAYS or (plan.way == "time" and not setting.time):
        raise SPLIT_UNKNOWN.refuse("split", way=plan.way, known=", ".join(WAYS))
    if plan.way == "stratified":
        return split(label, plan.test_share, setting.seed)
    order = table[setting.time].arg_sort(nulls_last=False).to_numpy().astype(np.int64)
    first = round(table.height * (1 - plan.test_share))
    return order[:first], order[first:]


def small_sample(table: pl.DataFrame, label: Floats, setting: Setting, plan: Plan) -> dict[str, Any]:
    """Return, where the rarer class is small, AUC and Brier with every row judged by a model that has not seen it.

    Up to ONE_BY_ONE_ROWS rows leave one out; else ten folds. Empty for larger samples.
    """
    rarer = int(min(label.sum(), label.size - label.sum()))
    if rarer >= SMALL:
        return {}
    one_by_one = label.size <= ONE_BY_ONE_ROWS
    fold = np.arange(label.size) if one_by_one else folds(label, min(10, rarer), setting.seed)
    pd = np.zeros(label.size)
    for number in range(int(fold.max()) + 1):
        inside = table.filter(pl.Series(fold != number))
        preparation, chosen = prepare(inside, setting, plan.keep)
        model = MODEL_KINDS[plan.kinds[0]].fit(preparation.apply(inside), chosen)
        pd[fold == number] = model.pd(preparation.apply(table.filter(pl.Series(fold == number))))
    low, high = auc_interval(label, pd)
    return {
        "way": "leave_one_out" if one_by_one else "folds",
        "kind": plan.kinds[0],
        "rows": int(label.size),
        "bad": int(label.sum()),
        "auc": auc(label, pd),
        "auc_low": low,
        "auc_high": high,
        "brier": brier(label, pd),
        "note": Text(
            "样本很小：单次划分的差别多是偶然，请看区间。",
            "A small sample: most differences on one split are chance; look at the intervals.",
        )._asdict(),
    }


def rejected_ways() -> Sequence[str]:
    """Return the known ways of reject inference."""
    return tuple(REJECTED)
