"""Polars expressions worked out in plain Python, on the few rows of one party.

To plan a query costs Polars more than to run it on two hundred rows. So an expression is read once, from the JSON that
Polars gives of it, into functions over columns (lists; None is null; a time is the whole number that Polars keeps for
it). Only the words that features use are known. Any other stops here, loudly: nothing is guessed.
"""

import json
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final, TypeAlias

import polars as pl

from puhui.credit.features.rows import Column, Groups, Rows

Work: TypeAlias = Callable[[Rows], Column]
Node: TypeAlias = Any


def work_of(expression: pl.Expr) -> Work:
    """Return the function that gives the column of an expression; aggregates ask for `Groups`."""
    return _work(json.dumps(_plain(json.loads(expression.meta.serialize(format="json")))))


@cache
def _work(text: str) -> Work:
    """Return the function of a node; the same node is worked out once for the same rows."""
    node = json.loads(text)
    work = _read(node)
    if "Column" in node or "Literal" in node:
        return work

    def shared(rows: Rows) -> Column:
        column = rows.made.get(shared)
        if column is None:
            column = rows.made[shared] = work(rows)
        return column

    return shared


def _of(node: Node) -> Work:
    return _work(json.dumps(node))


def _plain(node: Node) -> Node:
    """Return a node without the names of columns: who asks for an expression knows its name."""
    if isinstance(node, dict) and node.keys() == {"Alias"}:
        return _plain(node["Alias"][0])
    if isinstance(node, dict):
        return {key: _plain(value) for key, value in node.items()}
    return [_plain(each) for each in node] if isinstance(node, list) else node


def _read(node: Node) -> Work:
    if node == "Len":
        return lambda rows: [len(part) for part in _groups(rows).split(range(_groups(rows).source.height))]
    ((word, body),) = node.items()
    return _WORDS[word](body)


# --- words ----------------------------------------------------------------------------------------


def _column(name: str) -> Work:
    return lambda rows: rows[name]


def _literal(body: Node) -> Work:
    ((_, scalar),) = body.items()
    ((dtype, value),) = scalar.items()
    constant = _CONSTANTS[dtype](value)
    return lambda rows: [constant] * rows.height


def _cast(body: Node) -> Work:
    assert body["options"] == "Strict", body
    return _each(_CASTS[body["dtype"]["Literal"]], _of(body["expr"]))


def _binary(body: Node) -> Work:
    word, sides = body["op"], (_of(body["left"]), _of(body["right"]))
    return _map(_LOGIC[word], *sides) if word in _LOGIC else _pair(_BINARY[word], *sides)


def _ternary(body: Node) -> Work:
    condition, yes, no = (_of(body[key]) for key in ("predicate", "truthy", "falsy"))
    return lambda rows: [
        one if true else other for true, one, other in zip(condition(rows), yes(rows), no(rows), strict=True)
    ]


def _function(body: Node) -> Work:
    return _FUNCTIONS[json.dumps(body["function"])](*body["input"])


def _aggregate(body: Node) -> Work:
    ((word, inner),) = body.items()
    if word == "Last":
        return _last(inner["SortBy"])
    if word == "NUnique":
        work = _of(inner)
        return lambda rows: [len(set(part)) for part in _groups(rows).split(work(_groups(rows).source))]
    if word != "Sum":
        assert inner["propagate_nans"] is False, body
        inner = inner["input"]
    parts, fold = _parts(inner), _FOLDS[word]
    return lambda rows: [fold(part) for part in parts(_groups(rows))]


def _parts(node: Node) -> Callable[[Groups], Sequence[Column]]:
    """Return the values of each group that are known; what a filter lets through, or the largest few."""
    if node.get("Function", {}).get("function") == {"TopK": {"descending": False}}:
        within, most = node["Function"]["input"]
        parts, count = _parts(within), most["Literal"]["Dyn"]["Int"]
        return lambda groups: [sorted(part, reverse=True)[:count] for part in parts(groups)]
    whole, condition = _lifted(node)
    value = _of(whole)
    if condition is None:
        return lambda groups: groups.known(value(groups.source))
    wanted = _of(condition)
    return lambda groups: groups.known(
        one if keep else None for one, keep in zip(value(groups.source), wanted(groups.source), strict=True)
    )


def _lifted(node: Node) -> tuple[Node, Node]:
    """Return a node without the filter within, and the filter's condition: arithmetic first, then the filter."""
    if "Filter" in node:
        return node["Filter"]["input"], node["Filter"]["by"]
    if "Cast" in node:
        inner, condition = _lifted(node["Cast"]["expr"])
        return {"Cast": {**node["Cast"], "expr": inner}}, condition
    if "BinaryExpr" in node:
        (left, one), (right, other) = (_lifted(node["BinaryExpr"][side]) for side in ("left", "right"))
        assert one == other or other is None, node
        return {"BinaryExpr": {**node["BinaryExpr"], "left": left, "right": right}}, one
    return node, None


def _last(body: Node) -> Work:
    """Return the last of each group in ascending order, nulls first."""
    options = body["sort_options"]
    assert not any((*options["descending"], *options["nulls_last"])), body
    value, keys = _of(body["expr"]), [_map(lambda key: (key is not None, key), _of(key)) for key in body["by"]]

    def last(rows: Rows) -> Column:
        groups = _groups(rows)
        order = list(zip(*(key(groups.source) for key in keys), strict=True))
        column = value(groups.source)
        return [column[max(places, key=order.__getitem__)] for places in groups.split(range(groups.source.height))]

    return last


def _groups(rows: Rows) -> Groups:
    assert isinstance(rows, Groups), "an aggregate outside of groups"
    return rows


_WORDS: Final[Mapping[str, Callable[[Any], Work]]] = {
    "Column": _column,
    "Literal": _literal,
    "Cast": _cast,
    "BinaryExpr": _binary,
    "Ternary": _ternary,
    "Function": _function,
    "Agg": _aggregate,
}
_CONSTANTS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "Int": int,
    "Int64": int,
    "Boolean": bool,
    "String": str,
    "Null": lambda _: None,
}
_CASTS: Final[Mapping[str, Callable[[Any], Any]]] = {"Float64": float, "Int64": int, "Int128": int}
_FOLDS: Final[Mapping[str, Callable[[Column], Any]]] = {
    "Sum": sum,
    "Min": lambda part: min(part, default=None),
    "Max": lambda part: max(part, default=None),
}


# --- values ---------------------------------------------------------------------------------------


def _map(function: Callable[..., Any], *works: Work) -> Work:
    """Return a function of values, row by row; it sees nulls as None."""
    return lambda rows: list(map(function, *[work(rows) for work in works]))


def _each(function: Callable[[Any], Any], work: Work) -> Work:
    """Return a function of a value, row by row; null where it is."""
    return lambda rows: [None if value is None else function(value) for value in work(rows)]


def _pair(function: Callable[[Any, Any], Any], left: Work, right: Work) -> Work:
    """Return a function of two values, row by row; null where either is."""
    return lambda rows: [
        None if one is None or other is None else function(one, other)
        for one, other in zip(left(rows), right(rows), strict=True)
    ]


def _and(left: bool | None, right: bool | None) -> bool | None:
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def _or(left: bool | None, right: bool | None) -> bool | None:
    if left or right:
        return True
    return None if left is None or right is None else False


def _quotient(left: float, right: float) -> float:
    """Return left / right as floats of the machine have it: by zero too."""
    above, below = float(left), float(right)
    if below:
        return above / below
    return math.nan if above == 0 or math.isnan(above) else math.copysign(math.inf, above) * math.copysign(1, below)


def _floor(left: int, right: int) -> int | None:
    return left // right if right else None


_LOGIC: Final[Mapping[str, Callable[..., Any]]] = {"And": _and, "Or": _or}
_BINARY: Final[Mapping[str, Callable[..., Any]]] = {
    "Eq": operator.eq,
    "Lt": operator.lt,
    "LtEq": operator.le,
    "Gt": operator.gt,
    "GtEq": operator.ge,
    "Plus": operator.add,
    "Minus": operator.sub,
    "Multiply": operator.mul,
    "TrueDivide": _quotient,
    "FloorDivide": _floor,
}


def _is_null(value: Node) -> Work:
    work = _of(value)
    return lambda rows: [one is None for one in work(rows)]


def _is_not_null(value: Node) -> Work:
    work = _of(value)
    return lambda rows: [one is not None for one in work(rows)]


def _between(value: Node, least: Node, most: Node) -> Work:
    one, low, high = _of(value), _of(least), _of(most)
    return lambda rows: [
        None if it is None else from_ <= it <= to
        for it, from_, to in zip(one(rows), low(rows), high(rows), strict=True)
    ]


def _fill_null(value: Node, other: Node) -> Work:
    work, instead = _of(value), _of(other)
    return lambda rows: [
        another if one is None else one for one, another in zip(work(rows), instead(rows), strict=True)
    ]


def _no_less(value: Any, least: Any) -> Any:
    return least if value < least else value


def _no_more(value: Any, most: Any) -> Any:
    return most if value > most else value


def _horizontal(fold: Callable[[Sequence[Any]], Any]) -> Callable[..., Work]:
    """Return a fold over the values of each row, nulls left out."""
    return lambda *nodes: _map(
        lambda *values: fold([each for each in values if each is not None]), *(_of(node) for node in nodes)
    )


def _sum_all(*nodes: Node) -> Work:
    return _map(lambda *values: None if None in values else sum(values), *(_of(node) for node in nodes))


def _shift(value: Node, by: Node) -> Work:
    assert by == {"Literal": {"Dyn": {"Int": 1}}}, by
    work = _of(value)
    return lambda rows: [None, *work(rows)[:-1]][: rows.height]


def _simple(function: Callable[..., Any]) -> Callable[..., Work]:
    return lambda node: _each(function, _of(node))


def _double(function: Callable[[Any, Any], Any]) -> Callable[..., Work]:
    return lambda left, right: _pair(function, _of(left), _of(right))


def _slice(values: Node, start: Node, count: Node) -> Work:
    return _map(lambda part, first, many: part[first : first + many], _of(values), _of(start), _of(count))


def _arg_max(values: Sequence[Any]) -> int | None:
    known = [value for value in values if value is not None]
    return values.index(max(known)) if known else None


_FIRST_NULL: Final = {"descending": True, "nulls_last": False, "multithreaded": True, "maintain_order": False}


def _said(function: object) -> str:
    return json.dumps(function)


_FUNCTIONS: Final[Mapping[str, Callable[..., Work]]] = {
    _said("Abs"): _simple(abs),
    _said("Negate"): _simple(operator.neg),
    _said("FillNull"): _fill_null,
    _said("Shift"): _shift,
    _said("MinHorizontal"): _horizontal(lambda values: min(values, default=None)),
    _said("MaxHorizontal"): _horizontal(lambda values: max(values, default=None)),
    _said({"SumHorizontal": {"ignore_nulls": True}}): _horizontal(sum),
    _said({"SumHorizontal": {"ignore_nulls": False}}): _sum_all,
    _said({"Boolean": "IsNull"}): _is_null,
    _said({"Boolean": "IsNotNull"}): _is_not_null,
    _said({"Boolean": {"IsBetween": {"closed": "Both"}}}): _between,
    _said({"Clip": {"has_min": True, "has_max": False}}): _double(_no_less),
    _said({"Clip": {"has_min": False, "has_max": True}}): _double(_no_more),
    _said({"Pow": "Sqrt"}): _simple(math.sqrt),
    _said({"StringExpr": {"PadEnd": {"fill_char": "0"}}}): _double(lambda text, width: text.ljust(width, "0")),
    _said({"ListExpr": "Concat"}): lambda *nodes: _map(lambda *values: list(values), *(_of(node) for node in nodes)),
    _said({"ListExpr": {"Sort": {**_FIRST_NULL, "limit": None}}}): _simple(
        lambda values: sorted(values, key=lambda one: (one is None, one or 0), reverse=True)
    ),
    _said({"ListExpr": "Slice"}): _slice,
    _said({"ListExpr": "Sum"}): _simple(lambda values: sum(one for one in values if one is not None)),
    _said({"ListExpr": "ArgMax"}): _simple(_arg_max),
}
