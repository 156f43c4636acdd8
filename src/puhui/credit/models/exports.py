"""A scorecard for other systems: one SQL statement, or a graph of decision tables (JDM) for zen-engine.

Both give exactly `Scorecard.points`. Neighbouring intervals of equal points are written as one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from puhui.credit.models.additive import Pair, Points, Scorecard
from puhui.credit.models.bins import Bins, CategoryBins, Codes, NumberBins


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table: a condition and what follows. `number`: (above, up to), each open when None.

    `values`: equal to one of these. Neither, and not `missing`: all that no earlier line took.
    """

    result: int
    number: tuple[float | None, float | None] | None = None
    values: tuple[str | float, ...] = ()
    missing: bool = False


def lines_of(bins: Bins, results: Points | Codes) -> list[Line]:
    """Return lines to be read from the top, the first that fits counts: missing, special or named values, the rest."""
    found = [Line(int(results[-1]), missing=True)]
    if isinstance(bins, CategoryBins):
        by_result: dict[int, list[str]] = {}
        for group, result in zip(bins.groups, results, strict=False):
            by_result.setdefault(int(result), []).extend(group)
        found += [Line(result, values=tuple(values)) for result, values in by_result.items() if values]
        return [*found, Line(int(results[-2]))]
    plain = len(bins.cuts) + 1
    for special, result in zip(bins.specials, results[plain:-1], strict=True):
        found.append(Line(int(result), values=(special,)))
    above: float | None = None
    for code in range(plain - 1):
        if results[code] != results[code + 1]:
            found.append(Line(int(results[code]), number=(above, bins.cuts[code])))
            above = bins.cuts[code]
    return [*found, Line(int(results[plain - 1]), number=(above, None))]


# --- SQL ----------------------------------------------------------------------------------------------


def as_sql(card: Scorecard, table_name: str) -> str:
    """Return a SELECT of all columns and `points`; standard SQL. Missing is NULL; flags are 0 and 1."""
    terms = [str(card.base_points)]
    for bins, points in zip(card.bins, card.bin_points, strict=True):
        if points.any():
            terms.append(_case(bins, points, [str(int(each)) for each in points]))
    for pair, cells in zip(card.pairs, card.pair_points, strict=True):
        if cells.any():
            terms.append(_pair_case(card, pair, cells))
    total = "\n  + ".join(terms)
    return f"SELECT *, {total} AS points\nFROM {_name(table_name)}"


def _case(bins: Bins, results: Points | Codes, texts: Sequence[str]) -> str:
    """Return a CASE whose branches are `texts` by code."""
    text_of = {int(result): text for result, text in zip(results, texts, strict=True)}
    column = _name(bins.name)
    parts = []
    *first, last = lines_of(bins, results)
    for line in first:
        parts.append(f"WHEN {_condition(column, line)} THEN {text_of[line.result]}")
    return f"(CASE {' '.join(parts)} ELSE {text_of[last.result]} END)"


def _condition(column: str, line: Line) -> str:
    if line.missing:
        return f"{column} IS NULL"
    if line.values:
        return f"{column} IN ({', '.join(_literal(value) for value in line.values)})"
    assert line.number is not None
    return f"{column} <= {_literal(line.number[1] if line.number[1] is not None else 0.0)}"


def _pair_case(card: Scorecard, pair: Pair, cells: Points) -> str:
    inner = [
        _case(card.bins[pair.second], cells[row][pair.columns], [str(int(each)) for each in cells[row][pair.columns]])
        for row in range(cells.shape[0])
    ]
    return _case(card.bins[pair.first], pair.rows, [inner[row] for row in pair.rows])


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(value: str | float) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return repr(value)


# --- JDM ----------------------------------------------------------------------------------------------


def as_zen(card: Scorecard) -> dict[str, Any]:
    """Return a JDM graph: a decision table for each feature and pair, and their sum as `points`.

    Input: the features by the names `x0`, `x1`, ... of `zen_input`, since a name may be no identifier. Missing is null.
    """
    tables: list[tuple[str, dict[str, Any]]] = []
    for place, (bins, points) in enumerate(zip(card.bins, card.bin_points, strict=True)):
        if points.any():
            rules = [
                _rule(number, [(f"x{place}", line)], line.result) for number, line in enumerate(lines_of(bins, points))
            ]
            tables.append((bins.name, _table(len(tables), [f"x{place}"], rules)))
    for pair, cells in zip(card.pairs, card.pair_points, strict=True):
        if cells.any():
            name = f"{card.bins[pair.first].name} x {card.bins[pair.second].name}"
            tables.append(
                (name, _table(len(tables), [f"x{pair.first}", f"x{pair.second}"], _pair_rules(card, pair, cells)))
            )
    total = " + ".join([str(card.base_points), *(f"p{number}" for number in range(len(tables)))])
    ends = [_node("in", "inputNode", "in", 0, {}), _node("out", "outputNode", "out", 3, {})]
    adding = {"expressions": [{"id": "total", "key": "points", "value": total}], "passThrough": False}
    nodes = [
        *ends,
        *(_node(f"t{number}", "decisionTableNode", name, 1, content) for number, (name, content) in enumerate(tables)),
        _node("sum", "expressionNode", "sum", 2, adding),
    ]
    names = [f"t{number}" for number in range(len(tables))]
    links = [*(("in", name) for name in names), *((name, "sum") for name in names), ("sum", "out")]
    if not names:
        links.append(("in", "sum"))
    edges = [
        {"id": f"e{number}", "sourceId": source, "targetId": target, "type": "edge"}
        for number, (source, target) in enumerate(links)
    ]
    return {"contentType": "application/vnd.gorules.decision", "nodes": nodes, "edges": edges}


def zen_input(card: Scorecard, row: dict[str, Any]) -> dict[str, Any]:
    """Return one row as the graph takes it: features by place, flags as 0 and 1, not-a-number as missing."""
    found: dict[str, Any] = {}
    for place, bins in enumerate(card.bins):
        value = row[bins.name]
        if isinstance(bins, NumberBins) and value is not None:
            value = None if value != value else float(value)
        elif value is not None:
            value = _plain(str(value))
        found[f"x{place}"] = value
    return found


def _pair_rules(card: Scorecard, pair: Pair, cells: Points) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = []
    for outer in lines_of(card.bins[pair.first], pair.rows):
        for inner in lines_of(card.bins[pair.second], cells[outer.result][pair.columns]):
            conditions = [(f"x{pair.first}", outer), (f"x{pair.second}", inner)]
            rules.append(_rule(len(rules), conditions, inner.result))
    return rules


def _rule(number: int, conditions: Sequence[tuple[str, Line]], result: int) -> dict[str, Any]:
    cells = {f"i_{field}": _cell(line) for field, line in conditions}
    return {"_id": f"r{number}", **cells, "o": str(result)}


def _cell(line: Line) -> str:
    if line.missing:
        return "null"
    if line.values:
        return ", ".join(_zen_literal(value) for value in line.values)
    if line.number is None:
        return ""
    above, to = line.number
    parts = [f"> {_zen_literal(above)}"] if above is not None else []
    parts += [f"<= {_zen_literal(to)}"] if to is not None else []
    return " and ".join(parts)


def _zen_literal(value: str | float) -> str:
    if isinstance(value, str):
        return f"'{_plain(value)}'"
    return np.format_float_positional(value, trim="-")


def _plain(value: str) -> str:
    """Return a text without the marks that zen's texts cannot hold, written as %27 and so on."""
    return "".join(f"%{ord(mark):02X}" if mark in "%'\"\\`$" or ord(mark) < 32 else mark for mark in value)


def _table(number: int, fields: Sequence[str], rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "hitPolicy": "first",
        "rules": rules,
        "inputs": [{"id": f"i_{field}", "name": field, "field": field} for field in fields],
        "outputs": [{"id": "o", "name": "points", "field": f"p{number}"}],
        "passThrough": False,
        "inputField": None,
        "outputPath": None,
        "executionMode": "single",
    }


def _node(name: str, kind: str, title: str, column: int, content: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": name,
        "type": kind,
        "name": title,
        "position": {"x": 320 * column, "y": 120 * int(name[1:]) if name[1:].isdigit() else 0},
        "content": content,
    }
