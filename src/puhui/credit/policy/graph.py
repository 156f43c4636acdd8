"""A decision graph in memory, in running order; whatever zen and columns could read differently is refused.

A table that collects is a table of rules: each row has an id, an effect (decline, refer) and a reason. A table of
the first hit gives values (a grade, a share). A switch reads required inputs only, so that it always goes one way.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeVar

from puhui.credit.policy.expressions import And, Const, Tree, ValueType, names_of, parse_cell, parse_expression
from puhui.credit.policy.jdm import (
    GraphRecord,
    InputRecord,
    NodeRecord,
    PlainContent,
    SwitchContent,
    TableContent,
    WorkContent,
)
from puhui.credit.policy.value_types import BOOL, TEXT, Judge, Kept, kept_of
from puhui.kernel.inputs import Record, parse
from puhui.kernel.language import Text
from puhui.kernel.refusals import Refusal, declare

POLICY_GRAPH = declare(
    "POLICY_GRAPH",
    422,
    "决策图 {field} 有误：{problem}。",
    "The decision graph is wrong at {field}: {problem}.",
)

EFFECTS = ("decline", "refer")
# Rules are told apart by the bits of one whole number.
MOST_RULES = 64


@dataclass(frozen=True, slots=True)
class Input:
    """A fact the policy reads."""

    field: str
    kept: Kept
    values: tuple[str, ...]
    required: bool
    title: Text


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its id, its condition (None: always), its results by field, and its note."""

    id: str
    condition: Tree | None
    results: Mapping[str, int | str | bool | None]
    note: str


@dataclass(frozen=True, slots=True)
class Table:
    """A decision table: rules under `path` (collect), or the values of the first row that holds (path None)."""

    id: str
    name: str
    path: str | None
    rows: tuple[Row, ...]
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One name worked out."""

    key: str
    tree: Tree
    type: ValueType


@dataclass(frozen=True, slots=True)
class Work:
    """An expression node."""

    id: str
    name: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Switch:
    """Ways out by their handle; a condition of None is "otherwise"."""

    id: str
    name: str
    ways: tuple[tuple[str, Tree | None], ...]


@dataclass(frozen=True, slots=True)
class Plain:
    """The input or the output node."""

    id: str
    name: str
    is_input: bool


Node: TypeAlias = Table | Work | Switch | Plain
Parents: TypeAlias = tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """A policy.

    `nodes` in running order; `parents` by node id: the node before, and the way out of it if it is a switch; `needs`
    by rule: the inputs that it hangs on; `digest` is the SHA-256 of the file's content.
    """

    id: str
    version: int
    title: Text
    line: str
    source: Text
    inputs: Mapping[str, Input]
    nodes: tuple[Node, ...]
    parents: Mapping[str, Parents]
    kept: Mapping[str, Kept]
    digest: str
    needs: Mapping[str, tuple[str, ...]]

    @property
    def rule_tables(self) -> tuple[Table, ...]:
        """The tables of rules, in running order."""
        return tuple(node for node in self.nodes if isinstance(node, Table) and node.path is not None)

    @property
    def value_tables(self) -> tuple[Table, ...]:
        """The tables of the first hit, in running order."""
        return tuple(node for node in self.nodes if isinstance(node, Table) and node.path is None)

    @property
    def rules(self) -> tuple[Row, ...]:
        """All rules; a rule's place here is its bit."""
        return tuple(row for table in self.rule_tables for row in table.rows)

    @property
    def values(self) -> tuple[str, ...]:
        """The names that tables of the first hit give, the outcome left out."""
        return tuple(name for table in self.value_tables for name in table.fields if name != "outcome")


def read_graph(data: object) -> Graph:
    """Return the graph of parsed JDM; refuse INPUT_INVALID, POLICY_GRAPH, POLICY_EXPRESSION."""
    record = parse(GraphRecord, data)
    inputs = _inputs(record.puhui.inputs)
    parents = _parents(record)
    reader = _Reader({name: item.kept for name, item in inputs.items()}, frozenset(_required(inputs)))
    nodes = []
    seen: dict[str, frozenset[str]] = {}
    for node in _in_order(record, parents):
        above = [parent for parent, _ in parents[node.id]]
        seen[node.id] = frozenset(inputs).union(*(seen[parent] | reader.made[parent] for parent in above))
        nodes.append(reader.read(node, seen[node.id]))
    _check_ways(tuple(nodes), parents)
    head = record.puhui
    graph = Graph(
        head.id,
        head.version,
        Text(head.title.zh, head.title.en),
        head.line,
        Text(head.source.zh, head.source.en),
        inputs,
        tuple(nodes),
        parents,
        dict(reader.kept),
        hashlib.sha256(json.dumps(data, sort_keys=True, ensure_ascii=False).encode()).hexdigest(),
        {},
    )
    _check_rules(graph)
    return replace(graph, needs={row.id: tuple(sorted(reads(graph, row.condition))) for row in graph.rules})


# --- inputs and edges


def _inputs(records: Iterable[InputRecord]) -> dict[str, Input]:
    inputs: dict[str, Input] = {}
    for record in records:
        where = f"puhui.inputs.{record.field}"
        if record.field in inputs:
            raise _wrong(where, Text("重复", "it is given twice"))
        kept = {"bool": BOOL, "text": TEXT}.get(record.type)
        if kept is None:
            if record.min is None or record.max is None or record.min > record.max:
                raise _wrong(where, Text("整数须写明 min 与 max", "a whole number needs its min and max"))
            kept = Kept("int", record.min, record.max)
        if bool(record.values) != (record.type == "text"):
            raise _wrong(where, Text("文字须列出 values，其余不列", "text lists its values, others do not"))
        title = Text(record.zh, record.en)
        inputs[record.field] = Input(record.field, kept, record.values, record.required, title)
    return inputs


def _required(inputs: Mapping[str, Input]) -> list[str]:
    return [name for name, item in inputs.items() if item.required]


def _parents(record: GraphRecord) -> dict[str, Parents]:
    ids = [node.id for node in record.nodes]
    if len(set(ids)) < len(ids):
        raise _wrong("nodes", Text("节点编号重复", "two nodes have one id"))
    found: dict[str, list[tuple[str, str | None]]] = {name: [] for name in ids}
    for edge in record.edges:
        if edge.source not in found or edge.target not in found:
            raise _wrong(f"edges.{edge.id}", Text("节点不存在", "there is no such node"))
        found[edge.target].append((edge.source, edge.handle))
    return {name: tuple(parents) for name, parents in found.items()}


def _in_order(record: GraphRecord, parents: Mapping[str, Parents]) -> list[NodeRecord]:
    """Return the nodes so that each comes after its parents; refuse a circle, or a node that hangs in the air."""
    roots = [node for node in record.nodes if not parents[node.id]]
    if [node.type for node in roots] != ["inputNode"]:
        raise _wrong("nodes", Text("须恰有一个起点，且为输入节点", "it begins at one node, the input"))
    if sum(node.type == "inputNode" for node in record.nodes) > 1:
        raise _wrong("nodes", Text("只能有一个输入节点", "it has one input node"))
    placed: dict[str, NodeRecord] = {}
    waiting = list(record.nodes)
    while waiting:
        ready = [node for node in waiting if all(parent in placed for parent, _ in parents[node.id])]
        if not ready:
            raise _wrong(f"nodes.{waiting[0].id}", Text("连线成环", "the edges run in a circle"))
        placed.update({node.id: node for node in ready})
        waiting = [node for node in waiting if node.id not in placed]
    return list(placed.values())


def _check_ways(nodes: tuple[Node, ...], parents: Mapping[str, Parents]) -> None:
    handles = {node.id: {handle for handle, _ in node.ways} for node in nodes if isinstance(node, Switch)}
    for name, above in parents.items():
        for parent, handle in above:
            if handle not in handles.get(parent, {None}):
                raise _wrong(f"nodes.{name}", Text("连线的分支不存在", "an edge leaves by a way that is not there"))


# --- nodes

Content = TypeVar("Content", bound=Record)


class _Reader:
    """Reads nodes in running order; `kept` grows, `made` says what each node adds for those after it."""

    def __init__(self, kept: dict[str, Kept], required: frozenset[str]) -> None:
        self.kept = kept
        self.made: dict[str, frozenset[str]] = {}
        self._required = required
        self._paths: set[str] = set()

    def read(self, node: NodeRecord, seen: frozenset[str]) -> Node:
        before = set(self.kept) | self._paths
        made = _KINDS[node.type](self, node, seen)
        added = (set(self.kept) | self._paths) - before
        # What was seen is passed on, so only the new names are added.
        self.made[node.id] = seen | added
        return made

    def _content(self, model: type[Content], node: NodeRecord) -> Content:
        return parse(model, node.content, f"nodes.{node.id}.content")

    def plain(self, node: NodeRecord, _seen: frozenset[str]) -> Plain:
        self._content(PlainContent, node)
        return Plain(node.id, node.name, node.type == "inputNode")

    def work(self, node: NodeRecord, seen: frozenset[str]) -> Work:
        steps = []
        for line in self._content(WorkContent, node).expressions:
            where = f"nodes.{node.id}.{line.key}"
            tree = parse_expression(line.value, where)
            kept = self._judge(seen, where, line.value).kept(tree)
            self._add(line.key, kept, where)
            seen |= {line.key}
            steps.append(Step(line.key, tree, kept.type))
        return Work(node.id, node.name, tuple(steps))

    def switch(self, node: NodeRecord, seen: frozenset[str]) -> Switch:
        ways: list[tuple[str, Tree | None]] = []
        statements = self._content(SwitchContent, node).statements
        for place, line in enumerate(statements):
            where = f"nodes.{node.id}.{line.id}"
            tree = parse_expression(line.condition, where) if line.condition.strip() else None
            last = place == len(statements) - 1
            if (tree is None or line.is_default) and not (tree is None and last):
                raise _wrong(where, Text("“其余”只能是最后一条且无条件", '"otherwise" comes last, without a condition'))
            if tree is not None:
                self._judge(seen & self._required, where, line.condition).condition(tree)
            ways.append((line.id, tree))
        if len({handle for handle, _ in ways}) < len(ways):
            raise _wrong(f"nodes.{node.id}", Text("分支编号重复", "two ways have one id"))
        return Switch(node.id, node.name, tuple(ways))

    def table(self, node: NodeRecord, seen: frozenset[str]) -> Table:
        content = self._content(TableContent, node)
        where = f"nodes.{node.id}"
        collects = content.output_path is not None
        if collects != (content.hit == "collect"):
            raise _wrong(
                where, Text("collect 须有 outputPath，first 没有", "collect has an outputPath, first has none")
            )
        columns = content.column_ids
        if len(set(columns)) < len(columns):
            raise _wrong(where, Text("列编号重复", "two columns have one id"))
        rows = tuple(
            self._row(content, line, seen, f"{where}.rules.{line.get('_id', place)}")
            for place, line in enumerate(content.rules)
        )
        fields = tuple(column.field for column in content.outputs)
        if content.output_path is not None:
            if fields != ("effect", "reason"):
                raise _wrong(where, Text("规则表输出 effect 与 reason", "a table of rules gives effect and reason"))
            self._add_path(content.output_path, where)
        else:
            for name in fields:
                self._add(name, _joined([row.results[name] for row in rows], f"{where}.{name}"), where)
        return Table(node.id, node.name, content.output_path, rows, fields)

    def _row(self, content: TableContent, line: Mapping[str, str], seen: frozenset[str], where: str) -> Row:
        known = {"_id", "_description", *content.column_ids}
        if not line.get("_id") or not set(line) <= known:
            raise _wrong(where, Text("须有 _id，且没有未知的列", "a row has an _id, and no column that is not there"))
        conditions: list[Tree] = []
        for column in content.inputs:
            text = line.get(column.id, "")
            if column.field is not None:
                tree = parse_cell(text, column.field, where)
            else:
                tree = parse_expression(text, where) if text.strip() else None
            if tree is not None:
                self._judge(seen, where, text).condition(tree)
                conditions.append(tree)
        condition = conditions[0] if len(conditions) == 1 else And(tuple(conditions)) if conditions else None
        results = {column.field: _result(line.get(column.id, ""), where) for column in content.outputs}
        return Row(line["_id"], condition, results, line.get("_description", ""))

    def _judge(self, seen: frozenset[str], where: str, text: str) -> Judge:
        names = {name: self.kept[name] for name in seen if name in self.kept}
        return Judge(names, seen & self._paths, where, text)

    def _add(self, name: str, kept: Kept, where: str) -> None:
        if name in self.kept or name in self._paths:
            raise _wrong(where, Text(f"{name} 已经有了", f"{name} is there already"))
        self.kept[name] = kept

    def _add_path(self, path: str, where: str) -> None:
        if path in self.kept or path in self._paths:
            raise _wrong(where, Text(f"{path} 已经有了", f"{path} is there already"))
        self._paths.add(path)


_KINDS: dict[str, Callable[[_Reader, NodeRecord, frozenset[str]], Node]] = {
    "inputNode": _Reader.plain,
    "outputNode": _Reader.plain,
    "expressionNode": _Reader.work,
    "switchNode": _Reader.switch,
    "decisionTableNode": _Reader.table,
}


def _result(text: str, where: str) -> int | str | bool | None:
    """Return the literal of a result cell; empty and null are none."""
    if text.strip() in ("", "null"):
        return None
    tree = parse_expression(text, where)
    if not isinstance(tree, Const):
        raise _wrong(where, Text("结果须是数、文字或是非", "a result is a number, a text, or true or false"))
    return tree.value


def _joined(values: list[int | str | bool | None], where: str) -> Kept:
    kepts = [kept_of(value) for value in values if value is not None]
    if len({kept.type for kept in kepts}) != 1:
        raise _wrong(where, Text("一列的结果须同一类型", "the results of a column are of one type"))
    return Kept(kepts[0].type, min(kept.low for kept in kepts), max(kept.high for kept in kepts))


def _check_rules(graph: Graph) -> None:
    ids = [row.id for table in graph.rule_tables + graph.value_tables for row in table.rows]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise _wrong("nodes", Text(f"规则编号重复：{', '.join(twice)}", f"rules with one id: {', '.join(twice)}"))
    if len(graph.rules) > MOST_RULES:
        raise _wrong("nodes", Text(f"规则多于 {MOST_RULES} 条", f"there are more than {MOST_RULES} rules"))
    for row in graph.rules:
        if row.results["effect"] not in EFFECTS or not isinstance(row.results["reason"], str):
            problem = Text("effect 须为 decline 或 refer，并有 reason", "a rule declines or refers, with a reason")
            raise _wrong(row.id, problem)


def reads(graph: Graph, tree: Tree | None) -> frozenset[str]:
    """Return the inputs that a tree hangs on, through all that was worked out before."""
    steps = {step.key: step.tree for node in graph.nodes if isinstance(node, Work) for step in node.steps}
    tables = {name: table for table in graph.value_tables for name in table.fields}
    found: set[str] = set()
    open_names = list(names_of(tree)) if tree is not None else []
    while open_names:
        name = open_names.pop()
        if name in found:
            continue
        found.add(name)
        if name in steps:
            open_names += names_of(steps[name])
        elif name in tables:
            open_names += [n for row in tables[name].rows if row.condition is not None for n in names_of(row.condition)]
    return frozenset(found & set(graph.inputs))


def _wrong(field: str, problem: Text) -> Refusal:
    return POLICY_GRAPH.refuse(field, problem=problem)


def as_json(graph: Graph) -> dict[str, Any]:
    """Return what names the policy in a decision record."""
    return {"policy": graph.id, "version": graph.version, "hash": graph.digest}
