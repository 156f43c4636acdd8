"""Operators: how a figure is held against a limit. One registry line each; a new one needs nothing else."""

from collections.abc import Callable
from typing import Any, NamedTuple

from puhui.kernel.language import Text

# The five tiers, from sound to lost (CBIRC and PBoC order 1 of 2023).
CLASSES = ("NORMAL", "SM", "SUB", "DBT", "LOSS")
_RANK = {name: rank for rank, name in enumerate(CLASSES)}


class Operator(NamedTuple):
    """`holds(figure, limit)`; a phrase for people; whether a fixed limit fits; which types of metric it takes."""

    holds: Callable[[Any, Any], bool]
    phrase: Text
    fits: Callable[[object], bool]
    types: tuple[str, ...]


def _whole(limit: object) -> bool:
    return type(limit) is int


def _one(limit: object) -> bool:
    return type(limit) in (bool, int, str)


def _pair(limit: object) -> bool:
    return isinstance(limit, list | tuple) and len(limit) == 2 and _whole(limit[0]) and limit[0] <= limit[1]


def _many(limit: object) -> bool:
    return isinstance(limit, list | tuple) and len(limit) > 0


def _class(limit: object) -> bool:
    return limit in CLASSES


def _no_better(fact: str, limit: str) -> bool:
    return _RANK[fact] >= _RANK[limit]


_NUMBER = ("int", "figures")
_WORD = ("text",)
_LIST = ("list",)

OPERATORS: dict[str, Operator] = {
    "is": Operator(lambda fact, limit: fact == limit, Text("应为", "must be"), _one, ("bool", "text")),
    "==": Operator(lambda fact, limit: fact == limit, Text("＝", "="), _whole, _NUMBER),
    "<=": Operator(lambda fact, limit: fact <= limit, Text("≤", "≤"), _whole, _NUMBER),
    ">=": Operator(lambda fact, limit: fact >= limit, Text("≥", "≥"), _whole, _NUMBER),
    "<": Operator(lambda fact, limit: fact < limit, Text("＜", "<"), _whole, _NUMBER),
    ">": Operator(lambda fact, limit: fact > limit, Text("＞", ">"), _whole, _NUMBER),
    "between": Operator(lambda fact, limit: limit[0] <= fact <= limit[1], Text("介于", "within"), _pair, _NUMBER),
    "within_hours": Operator(lambda fact, limit: limit[0] <= fact < limit[1], Text("时段", "hours"), _pair, ("int",)),
    "in": Operator(lambda fact, limit: fact in limit, Text("限于", "one of"), _many, _WORD),
    "not_in": Operator(lambda fact, limit: fact not in limit, Text("不得为", "none of"), _many, _WORD),
    "subset_of": Operator(lambda fact, limit: set(fact) <= set(limit), Text("不超出", "only among"), _many, _LIST),
    "none_of": Operator(lambda fact, limit: set(fact).isdisjoint(limit), Text("不含", "without"), _many, _LIST),
    "class_at_least": Operator(_no_better, Text("不好于", "no better than"), _class, _WORD),
}  # fmt: skip
