"""The score of one row, as every kind of model gives it."""

from typing import NamedTuple


class RowScore(NamedTuple):
    """The chance of bad (0 to 1), whole points where the model has them, and the log-odds that each feature adds."""

    pd: float
    points: int | None
    adds: tuple[float, ...]
