"""Rows parted for fitting and checking: stratified folds and the stratified split, by a seed."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from puhui.credit.models.bins import Floats, numbers
from puhui.credit.models.setting import LABEL_UNFIT, Setting
from puhui.kernel.language import Text

Rows = NDArray[np.int64]


def label_of(table: pl.DataFrame, setting: Setting) -> Floats:
    """Return the label as 0.0 and 1.0; refuse LABEL_UNFIT."""
    label = numbers(table[setting.label])
    problem = None
    if np.isnan(label).any():
        problem = Text("有缺失", "some are missing")
    elif not np.isin(label, (0.0, 1.0)).all():
        problem = Text("有 0、1 以外的值", "it has other values than 0 and 1")
    elif min(label.sum(), label.size - label.sum()) < 2:
        problem = Text("好或坏少于两个", "fewer than two are good, or bad")
    if problem is not None:
        raise LABEL_UNFIT.refuse(setting.label, label=setting.label, problem=problem)
    return label


def weight_of(table: pl.DataFrame, setting: Setting) -> Floats:
    """Return the weight of each row, 1 where none is named."""
    return numbers(table[setting.weight]) if setting.weight else np.ones(table.height)


def folds(label: Floats, count: int, seed: int) -> Rows:
    """Return the fold of each row; each fold has its share of bad and of good."""
    random = np.random.default_rng(seed)
    found = np.empty(label.size, np.int64)
    for value in (0.0, 1.0):
        rows = np.flatnonzero(label == value)
        random.shuffle(rows)
        found[rows] = np.arange(rows.size) % count
    return found


def split(label: Floats, test_share: float, seed: int) -> tuple[Rows, Rows]:
    """Return rows to train on and rows to test on, stratified; the split of scikit-learn's train_test_split."""
    from sklearn.model_selection import train_test_split  # type: ignore[import-untyped]

    rows = np.arange(label.size)
    train, test = train_test_split(rows, test_size=test_share, random_state=seed, stratify=label)
    return np.asarray(train), np.asarray(test)
