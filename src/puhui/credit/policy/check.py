"""Is a graph safe to use? Its approval must be earned: every rule counted, none hit, none left open; no default yes.

The reading itself (`graph.read_graph`) refuses what is outside the subset; this finds what can be read and must not
be used. Findings are returned, all of them, so that an author sees the whole list.
"""

from collections.abc import Iterator
from typing import NamedTuple

from puhui.credit.policy.expressions import And, Arithmetic, Compare, Const, Count, Name, Tree
from puhui.credit.policy.graph import Graph, Row, Table, Work, reads
from puhui.credit.policy.reasons import reasons
from puhui.kernel.language import Text

# What the outcome is drawn from, and the effect that each counts over all tables of rules.
TALLIES = {"declines": "decline", "referrals": "refer", "open_rules": "not_evaluated"}
OUTCOMES = frozenset({"approve", "refer", "decline"})


class Problem(NamedTuple):
    """Where, and what."""

    where: str
    problem: Text


def check_graph(graph: Graph) -> tuple[Problem, ...]:
    """Return every problem that keeps a graph from being used; none is safe."""
    return (*_reasons(graph), *_tallies(graph), *_outcomes(graph), *_silent(graph))


def _reasons(graph: Graph) -> Iterator[Problem]:
    for row in graph.rules:
        if row.results["reason"] not in reasons():
            code = row.results["reason"]
            yield Problem(row.id, Text(f"原因代码未登记：{code}", f"its reason is not registered: {code}"))


def _tallies(graph: Graph) -> Iterator[Problem]:
    steps = {step.key: step.tree for node in graph.nodes if isinstance(node, Work) for step in node.steps}
    paths = sorted(str(table.path) for table in graph.rule_tables)
    if not paths:
        yield Problem("nodes", Text("没有规则表", "there is no table of rules"))
    for name, effect in TALLIES.items():
        counts = sorted(_counted(steps.get(name), effect))
        if counts != paths:
            yield Problem(
                name,
                Text(
                    f"须把每张规则表中 {effect} 的行数各加一次：{', '.join(paths)}",
                    f"it must add up the rows with {effect} of each table of rules, once: {', '.join(paths)}",
                ),
            )


def _counted(tree: Tree | None, effect: str) -> list[str]:
    """Return the paths of a plain sum of counts; a mark that fits nothing for any other tree."""
    match tree:
        case Count(path, "effect", value) if value == effect:
            return [path]
        case Arithmetic("+", left, right):
            return _counted(left, effect) + _counted(right, effect)
    return ["?"]


def _outcomes(graph: Graph) -> Iterator[Problem]:
    tables = [table for table in graph.value_tables if "outcome" in table.fields]
    if len(tables) != 1 or graph.kept["outcome"].type != "text":
        yield Problem("outcome", Text("须恰有一张表给出 outcome", "one table must give the outcome"))
        return
    given = {row.results["outcome"] for row in tables[0].rows}
    if not given <= OUTCOMES or given != OUTCOMES:
        known = ", ".join(sorted(OUTCOMES))
        yield Problem(tables[0].id, Text(f"结论须是且包括：{known}", f"its outcomes must be, each of them: {known}"))
    for row in tables[0].rows:
        yield from _yes(row)
    yield from _order(tables[0])


def _yes(row: Row) -> Iterator[Problem]:
    if row.results["outcome"] != "approve":
        return
    asked = {
        tree.left.name
        for tree in (row.condition.parts if isinstance(row.condition, And) else (row.condition,))
        if isinstance(tree, Compare) and tree.op == "==" and isinstance(tree.left, Name) and tree.right == Const(0)
    }
    lacking = sorted(set(TALLIES) - asked)
    if lacking:
        names = ", ".join(lacking)
        yield Problem(row.id, Text(f"批准须要求 {names} 为 0", f"an approval must ask that {names} be 0"))


def _order(table: Table) -> Iterator[Problem]:
    """A decline outweighs a referral: the row for declines comes first, and asks for nothing else."""
    first = table.rows[0]
    if first.results["outcome"] != "decline" or first.condition != Compare(">", Name("declines"), Const(0)):
        problem = Text("第一行须为 declines > 0 时拒绝", "its first row must decline where declines > 0")
        yield Problem(table.id, problem)


def _silent(graph: Graph) -> Iterator[Problem]:
    """An input that no rule, and no value, hangs on is a mistake: somebody believes that it counts."""
    used: set[str] = set()
    for table in graph.rule_tables + graph.value_tables:
        for row in table.rows:
            used |= reads(graph, row.condition)
    for node in graph.nodes:
        for _, tree in getattr(node, "ways", ()):
            used |= reads(graph, tree)
    for name in sorted(set(graph.inputs) - used):
        yield Problem(name, Text("没有规则用到此输入", "no rule reads this input"))
