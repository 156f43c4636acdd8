"""The graph that zen runs: what is written, with every condition made three-valued.

A row is met where its condition holds, and where a missing value leaves it open; its results then say which: a rule
left open has the effect `not_evaluated`. In a table of the first hit a row left open ends the search with no value:
what is unknown does not fall through to the next row.
"""

from typing import Any

from puhui.credit.policy.expressions import Tree
from puhui.credit.policy.graph import Graph, Node, Row, Switch, Table, Work
from puhui.credit.policy.zen_text import ZenText

NOT_EVALUATED = "not_evaluated"
TEXT = ZenText()


def hardened(graph: Graph) -> dict[str, Any]:
    """Return the JDM that zen runs."""
    nodes = [{"id": node.id, "name": node.name, **_content(node)} for node in graph.nodes]
    edges = [
        {"id": f"{parent}-{handle}-{node}", "type": "edge", "sourceId": parent, "targetId": node}
        | ({"sourceHandle": handle} if handle is not None else {})
        for node, parents in graph.parents.items()
        for parent, handle in parents
    ]
    return {"nodes": nodes, "edges": edges}


def _content(node: Node) -> dict[str, Any]:
    match node:
        case Table():
            return {"type": "decisionTableNode", "content": _table(node)}
        case Work():
            return {"type": "expressionNode", "content": _work(node)}
        case Switch():
            return {"type": "switchNode", "content": _switch(node)}
    return {"type": "inputNode" if node.is_input else "outputNode", "content": {"schema": ""}}


def _whole() -> dict[str, Any]:
    return {"passThrough": True, "inputField": None, "executionMode": "single"}


def _table(table: Table) -> dict[str, Any]:
    collects = table.path is not None
    fields = ("rule", "effect") if collects else table.fields
    return {
        **_whole(),
        "hitPolicy": "collect" if collects else "first",
        "outputPath": table.path,
        "inputs": [{"id": "condition", "name": "condition"}],
        "outputs": [{"id": f"out_{name}", "name": name, "field": name} for name in fields],
        "rules": [_row(row, collects) for row in table.rows],
    }


def _row(row: Row, collects: bool) -> dict[str, str]:
    """Return one row for zen: it is met where the condition may hold; its results ask whether it does."""
    otherwise: dict[str, object] = dict.fromkeys(row.results)
    results = row.results
    if collects:
        results = {"rule": row.id, "effect": row.results["effect"]}
        otherwise = {"rule": row.id, "effect": NOT_EVALUATED}
    tree = row.condition
    if tree is None:
        return _line(row.id, "true", {name: _literal(value) for name, value in results.items()})
    holds = TEXT.holds(tree)
    cells = {
        name: _literal(value)
        if value == otherwise[name]
        else f"{holds} ? {_literal(value)} : {_literal(otherwise[name])}"
        for name, value in results.items()
    }
    return _line(row.id, TEXT.may_hold(tree), cells)


def _line(name: str, condition: str, cells: dict[str, str]) -> dict[str, str]:
    return {"_id": name, "condition": condition, **{f"out_{field}": text for field, text in cells.items()}}


def _work(work: Work) -> dict[str, Any]:
    lines, own = [], set[str]()
    for step in work.steps:
        value = ZenText(frozenset(own)).value(step.tree, step.type == "bool")
        lines.append({"id": step.key, "key": step.key, "value": value})
        own.add(step.key)
    return {**_whole(), "outputPath": None, "expressions": lines}


def _switch(switch: Switch) -> dict[str, Any]:
    statements, before = [], list[Tree]()
    for handle, tree in switch.ways:
        # Required inputs are never missing, so a way not taken is one whose condition fails.
        parts = [TEXT.fails(earlier) for earlier in before] + ([TEXT.holds(tree)] if tree is not None else [])
        statements.append({"id": handle, "condition": " and ".join(parts) or "true", "isDefault": False})
        if tree is not None:
            before.append(tree)
    return {"hitPolicy": "first", "statements": statements}


def _literal(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}'" if isinstance(value, str) else str(value)
