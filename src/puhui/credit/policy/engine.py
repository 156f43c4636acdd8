"""Policies for one applicant at a time: loaded and checked once, then run by zen from a static loader.

An engine that holds its graphs by a static loader keeps them compiled; a decision object compiles at each call
(`benchmarks/policy.py` measures both).
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import zen

from puhui.credit.policy.check import check_graph
from puhui.credit.policy.decision import PolicyDecision, decided
from puhui.credit.policy.given import POLICY_UNKNOWN, POLICY_UNSAFE, check_given
from puhui.credit.policy.graph import Graph, Input
from puhui.credit.policy.harden import NOT_EVALUATED, hardened
from puhui.kernel.language import Text


class PolicyEngine:
    """Policies ready to run, by id. Graphs that fail their check are refused (POLICY_UNSAFE)."""

    def __init__(self, graphs: Iterable[Graph]) -> None:
        self._graphs = {graph.id: graph for graph in graphs}
        for graph in self._graphs.values():
            problems = check_graph(graph)
            if problems:
                raise POLICY_UNSAFE.refuse("policy", policy=graph.id, problem=problems[0].problem)
        content = {name: hardened(graph) for name, graph in self._graphs.items()}
        self._zen = zen.ZenEngine({"loader": {"type": "static", "content": content}})
        self._paths = {name: [table.path for table in graph.rule_tables] for name, graph in self._graphs.items()}
        self._values = {name: graph.values for name, graph in self._graphs.items()}
        self._rows = {name: {row.id: row for row in graph.rules} for name, graph in self._graphs.items()}
        for name, graph in self._graphs.items():
            self._try(name, graph)

    def graph(self, policy: str) -> Graph:
        """Return a policy's graph; refuse POLICY_UNKNOWN."""
        if policy not in self._graphs:
            raise POLICY_UNKNOWN.refuse("policy", policy=policy, known=", ".join(self._graphs))
        return self._graphs[policy]

    def decide(self, policy: str, given: Mapping[str, Any]) -> PolicyDecision:
        """Return what a policy answers for one applicant; None and a name left out are both missing.

        Refuses POLICY_UNKNOWN, and POLICY_INPUT: an unknown name, a wrong type, a number beyond its ends (a
        decimal too), a required one missing.
        """
        graph = self.graph(policy)
        check_given(graph.inputs, given)
        result = self._zen.evaluate(policy, dict(given))["result"]
        rows = self._rows[policy]
        spoke = [hit for path in self._paths[policy] for hit in result.get(path) or ()]
        hit = tuple(rows[item["rule"]] for item in spoke if item["effect"] != NOT_EVALUATED)
        left_open = tuple(rows[item["rule"]] for item in spoke if item["effect"] == NOT_EVALUATED)
        values = {name: result.get(name) for name in self._values[policy]}
        return decided(graph, result.get("outcome"), (hit, left_open), values, given)

    def _try(self, name: str, graph: Graph) -> None:
        """Run each policy once on as little as is allowed: what knows nothing of a person must not approve."""
        least = {item.field: _least(item) for item in graph.inputs.values() if item.required}
        if self.decide(name, least).outcome == "approve":
            problem = Text("什么都不知道时也批准", "it approves a person of whom nothing is known")
            raise POLICY_UNSAFE.refuse("policy", policy=name, problem=problem)


def _least(item: Input) -> int | str | bool:
    if item.kept.type == "int":
        return item.kept.low
    return item.values[0] if item.values else False


def hardened_text(graph: Graph) -> str:
    """Return the JDM that zen runs, as JSON text, for those who want to see it."""
    return json.dumps(hardened(graph), ensure_ascii=False, indent=1)
