"""The same policy for a whole population: the graph compiled to Polars expressions, equal to zen row by row.

Three-valued logic is Polars' own: a comparison with null is null, and `&`, `|` are Kleene's. A rule hits where its
condition is true, and is left open where it is null.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import TypeAlias, assert_never

import polars as pl

from puhui.credit.policy.check import check_graph
from puhui.credit.policy.decision import PolicyDecision, decided
from puhui.credit.policy.expressions import (
    And,
    Arithmetic,
    Compare,
    Const,
    Count,
    If,
    IsNull,
    Name,
    Not,
    OneOf,
    Or,
    Tree,
)
from puhui.credit.policy.given import POLICY_INPUT, POLICY_UNSAFE, REQUIRED, beyond, not_listed, wrong_type
from puhui.credit.policy.graph import Graph, Node, Switch, Table, Work
from puhui.credit.policy.harden import NOT_EVALUATED

Frame = pl.LazyFrame
_DTYPES: dict[str, pl.DataType] = {"int": pl.Int64(), "text": pl.String(), "bool": pl.Boolean()}


@dataclass(frozen=True, slots=True)
class PolicyColumns:
    """A policy over columns; refuses POLICY_UNSAFE as the engine does."""

    graph: Graph

    def __post_init__(self) -> None:
        problems = check_graph(self.graph)
        if problems:
            raise POLICY_UNSAFE.refuse("policy", policy=self.graph.id, problem=problems[0].problem)

    def decide(self, people: pl.DataFrame) -> pl.DataFrame:
        """Return for each row `outcome`, `hit_bits` and `open_bits` (bit i is rule i of the graph), and the values.

        Columns that are not there are missing for everybody; columns that the policy does not read are left alone
        and out. Refuses POLICY_INPUT: a wrong type, a value beyond its ends, a required one missing.
        """
        return self.plan(self.checked(people)).collect()

    def plan(self, people: pl.DataFrame) -> Frame:
        """Return the lazy frame of `decide` over people that `checked` has passed."""
        maker = _Maker(self.graph)
        frame = people.lazy()
        for node in self.graph.nodes:
            frame = maker.add(node, frame)
        return frame.select(
            # A graph that gives no answer has approved nobody.
            pl.col("outcome").fill_null("refer"),
            maker.bits("hit").alias("hit_bits"),
            maker.bits("open").alias("open_bits"),
            pl.col("outcome").is_null().alias("no_answer"),
            *(pl.col(name) for name in self.graph.values),
        )

    def checked(self, people: pl.DataFrame) -> pl.DataFrame:
        """Return the columns that the policy reads, typed, null where absent; refuse POLICY_INPUT."""
        columns: list[pl.Series] = []
        for name, item in self.graph.inputs.items():
            dtype = _DTYPES[item.kept.type]
            if name not in people.columns:
                column = pl.Series(name, [None], dtype=dtype).new_from_index(0, people.height)
            else:
                column = people.get_column(name)
                right = column.dtype.is_integer() if item.kept.type == "int" else column.dtype == dtype
                if not (right or column.dtype == pl.Null()):
                    raise POLICY_INPUT.refuse(name, problem=wrong_type(item))
                if column.dtype == pl.UInt64() and _beyond(column, pl.col(name) > 2**63 - 1):
                    raise POLICY_INPUT.refuse(name, problem=beyond(item))
                column = column.cast(dtype)
            self._check_values(name, column)
            columns.append(column)
        return pl.DataFrame(columns)

    def _check_values(self, name: str, column: pl.Series) -> None:
        item = self.graph.inputs[name]
        if item.required and column.null_count():
            raise POLICY_INPUT.refuse(name, problem=REQUIRED)
        if item.kept.type == "int" and _beyond(column, ~pl.col(name).is_between(item.kept.low, item.kept.high)):
            raise POLICY_INPUT.refuse(name, problem=beyond(item))
        if item.values and _beyond(column, ~pl.col(name).is_in(item.values)):
            raise POLICY_INPUT.refuse(name, problem=not_listed(item))

    def decisions(self, people: pl.DataFrame, answers: pl.DataFrame) -> list[PolicyDecision]:
        """Return the whole decision of each row, as the engine gives it: for letters, not for millions."""
        given = self.checked(people).to_dicts()
        return [self._decision(answer, facts) for answer, facts in zip(answers.to_dicts(), given, strict=True)]

    def _decision(self, answer: dict[str, object], given: dict[str, object]) -> PolicyDecision:
        rows = self.graph.rules
        hit_bits, open_bits = answer["hit_bits"], answer["open_bits"]
        assert isinstance(hit_bits, int)
        assert isinstance(open_bits, int)
        spoke = (
            tuple(row for place, row in enumerate(rows) if hit_bits >> place & 1),
            tuple(row for place, row in enumerate(rows) if open_bits >> place & 1),
        )
        values = {name: answer[name] for name in self.graph.values}
        outcome = None if answer["no_answer"] else str(answer["outcome"])
        return decided(self.graph, outcome, spoke, values, given)


def _beyond(column: pl.Series, wrong: pl.Expr) -> bool:
    return bool(column.to_frame().select(wrong.any()).item())


class _Maker:
    """Adds one node after another to a frame. Helper columns begin with "~", which no name of ours can."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._active: dict[tuple[str, str | None], pl.Expr] = {}
        self._places = {row.id: place for place, row in enumerate(graph.rules)}
        self._tables = {str(table.path): table for table in graph.rule_tables}

    def add(self, node: Node, frame: Frame) -> Frame:
        """Return the frame with what the node works out."""
        above = [self._active[parent] for parent in self._graph.parents[node.id]]
        always = not above or any(expression is _ALWAYS for expression in above)
        active = _ALWAYS if always else reduce(or_, above)
        if isinstance(node, Switch):
            return self._switch(node, active, frame)
        self._active[node.id, None] = active
        if isinstance(node, Work):
            for step in node.steps:
                frame = frame.with_columns(_while(active, self.value(step.tree)).alias(step.key))
        elif isinstance(node, Table):
            frame = self._rules(node, active, frame) if node.path else self._values(node, active, frame)
        return frame

    def bits(self, what: str) -> pl.Expr:
        """Return the whole number whose bit i says that rule i was hit, or left open."""
        parts = [
            pl.col(f"~{what}.{name}").cast(pl.UInt64) * pl.lit(1 << place, dtype=pl.UInt64)
            for name, place in self._places.items()
        ]
        return pl.sum_horizontal(parts)

    def _switch(self, node: Switch, active: pl.Expr, frame: Frame) -> Frame:
        before: list[pl.Expr] = []
        for place, (handle, tree) in enumerate(node.ways):
            taken = (
                reduce(and_, [active, *before]) if tree is None else reduce(and_, [active, *before, self.value(tree)])
            )
            name = f"~way.{node.id}.{place}"
            frame = frame.with_columns(taken.alias(name))
            self._active[node.id, handle] = pl.col(name)
            if tree is not None:
                before.append(~self.value(tree))
        return frame

    def _rules(self, table: Table, active: pl.Expr, frame: Frame) -> Frame:
        made = []
        for row in table.rows:
            condition = pl.lit(True) if row.condition is None else self.value(row.condition)
            made += [
                _also(active, condition.fill_null(False)).alias(f"~hit.{row.id}"),
                _also(active, condition.is_null()).alias(f"~open.{row.id}"),
            ]
        return frame.with_columns(made)

    def _values(self, table: Table, active: pl.Expr, frame: Frame) -> Frame:
        """The first row that holds, unless one before it was left open: then there is no value."""
        conditions = [None if row.condition is None else self.value(row.condition) for row in table.rows]
        names = [f"~row.{table.id}.{place}" for place in range(len(conditions))]
        frame = frame.with_columns(
            (pl.lit(True) if tree is None else tree).alias(name) for tree, name in zip(conditions, names, strict=True)
        )
        made = []
        for field in table.fields:
            dtype = _DTYPES[self._graph.kept[field].type]
            value = pl.lit(None, dtype=dtype)
            for row, name in reversed(list(zip(table.rows, names, strict=True))):
                nothing = pl.lit(None, dtype=dtype)
                here = pl.lit(row.results[field], dtype=dtype)
                value = pl.when(pl.col(name).is_null()).then(nothing).when(pl.col(name)).then(here).otherwise(value)
            made.append(_while(active, value).alias(field))
        return frame.with_columns(made)

    def value(self, tree: Tree) -> pl.Expr:
        """Return the expression of a tree, null where it is not known."""
        match tree:
            case Const(value):
                return pl.lit(value)
            case Name(name):
                return pl.col(name)
            case IsNull(name):
                return pl.col(name).is_null()
            case Arithmetic(op, left, right):
                return _ARITHMETIC[op](self.value(left), self.value(right))
            case Compare(op, left, right):
                return _COMPARE[op](self.value(left), self.value(right))
            case OneOf(subject, values):
                return reduce(or_, [self.value(subject) == value for value in values])
            case And(parts):
                return reduce(and_, [self.value(part) for part in parts])
            case Or(parts):
                return reduce(or_, [self.value(part) for part in parts])
            case Not(part):
                return ~self.value(part)
            case If(condition, yes, no):
                asked = self.value(condition)
                return pl.when(asked).then(self.value(yes)).when(~asked).then(self.value(no))
            case Count(path, _, value):
                return self._count(self._tables[path], value)
        assert_never(tree)

    def _count(self, table: Table, effect: str) -> pl.Expr:
        if effect == NOT_EVALUATED:
            names = [f"~open.{row.id}" for row in table.rows]
        else:
            names = [f"~hit.{row.id}" for row in table.rows if row.results["effect"] == effect]
        if not names:
            return pl.lit(0, dtype=pl.Int64)
        return pl.sum_horizontal([pl.col(name).cast(pl.Int64) for name in names])


_ALWAYS = pl.lit(True)


def _while(active: pl.Expr, value: pl.Expr) -> pl.Expr:
    return value if active is _ALWAYS else pl.when(active).then(value)


def _also(active: pl.Expr, condition: pl.Expr) -> pl.Expr:
    return condition if active is _ALWAYS else active & condition


def _floor_div(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    return pl.when(right != 0).then(left // right)


Operator: TypeAlias = Callable[[pl.Expr, pl.Expr], pl.Expr]
_ARITHMETIC: dict[str, Operator] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "//": _floor_div,
}
_COMPARE: dict[str, Operator] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def rules_of(graph: Graph, bits: int) -> Sequence[str]:
    """Return the ids of the rules whose bits are set."""
    return [row.id for place, row in enumerate(graph.rules) if bits >> place & 1]
