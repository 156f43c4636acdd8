"""Operators and kinds of limits, each side of each edge; every one in the registries has rows."""

from datetime import date

import pytest

from puhui.rulebook.limits import KINDS
from puhui.rulebook.loader import default_rulebook
from puhui.rulebook.operators import OPERATORS

ROWS = [
    ("is", True, True, True), ("is", False, True, False), ("is", "A", "A", True), ("is", "B", "A", False),
    ("==", 5, 5, True), ("==", 4, 5, False), ("==", 6, 5, False),
    ("<=", 5, 5, True), ("<=", 6, 5, False), ("<=", -1, 0, True), ("<=", 10**18, 10**18, True),
    (">=", 5, 5, True), (">=", 4, 5, False), (">=", 0, 0, True),
    ("<", 4, 5, True), ("<", 5, 5, False),
    (">", 6, 5, True), (">", 5, 5, False),
    ("between", 1, (1, 3), True), ("between", 3, (1, 3), True),
    ("between", 0, (1, 3), False), ("between", 4, (1, 3), False),
    ("within_hours", 8, (8, 22), True), ("within_hours", 21, (8, 22), True), ("within_hours", 7, (8, 22), False),
    ("within_hours", 22, (8, 22), False), ("within_hours", 0, (8, 22), False),
    ("in", "A", ("A", "B"), True), ("in", "C", ("A", "B"), False),
    ("not_in", "C", ("A", "B"), True), ("not_in", "A", ("A", "B"), False),
    ("subset_of", ["a"], ["a", "b"], True), ("subset_of", [], [], True), ("subset_of", ["a", "c"], ["a", "b"], False),
    ("none_of", ["c"], ("a", "b"), True), ("none_of", [], ("a",), True), ("none_of", ["c", "a"], ("a", "b"), False),
    ("class_at_least", "SUB", "SUB", True), ("class_at_least", "LOSS", "SUB", True),
    ("class_at_least", "DBT", "SUB", True), ("class_at_least", "SM", "SUB", False),
    ("class_at_least", "NORMAL", "SM", False), ("class_at_least", "NORMAL", "NORMAL", True),
]  # fmt: skip

SHAPES = [
    ("<=", 1, True), ("<=", "1", False), ("<=", True, False), ("<=", [1], False),
    ("is", True, True), ("is", "A", True), ("is", ["A"], False),
    ("between", [1, 2], True), ("between", [2, 2], True), ("between", [2, 1], False), ("between", [1, 2, 3], False),
    ("in", ["A"], True), ("in", [], False), ("in", "A", False),
    ("class_at_least", "SM", True), ("class_at_least", "BAD", False),
]  # fmt: skip


@pytest.mark.parametrize(("op", "figure", "limit", "holds"), ROWS)
def test_holds(op, figure, limit, holds):
    assert OPERATORS[op].holds(figure, limit) is holds


@pytest.mark.parametrize(("op", "limit", "fits"), SHAPES)
def test_fits(op, limit, fits):
    assert OPERATORS[op].fits(limit) is fits


def test_every_operator_has_a_row_each_way():
    assert {(op, holds) for op, _, _, holds in ROWS} == {(op, way) for op in OPERATORS for way in (True, False)}


DAY = date(2025, 3, 1)
LIMITS = [
    ("plain", 12, "<=", {}, 12, []),
    ("plain", [1, 2], "between", {}, (1, 2), []),
    ("fact", {"fact": "a"}, "<=", {"a": 7}, 7, []),
    ("fact", {"fact": "a"}, "<=", {}, None, ["a"]),
    ("fact", {"fact": "a", "share_ppm": 500_000}, "<=", {"a": 13}, 6, []),
    ("fact", {"fact": "a", "share_ppm": 500_000}, ">=", {"a": 13}, 7, []),
    ("fact", {"fact": "a", "share_ppm": 500_000}, ">=", {"a": 12}, 6, []),
    ("fact", {"fact": "a", "share_ppm": 500_000}, "<=", {"a": 0}, 0, []),
    ("lowest_of", {"lowest_of": ["a", "b"]}, "<=", {"a": 2, "b": 1}, 1, []),
    ("lowest_of", {"lowest_of": ["a", "b"]}, "<=", {"a": 2}, None, ["b"]),
    ("highest_of", {"highest_of": ["a", "b"]}, "<=", {"a": 2, "b": 1}, 2, []),
    ("highest_of", {"highest_of": ["a", "b"]}, "<=", {}, None, ["a", "b"]),
    ("dated", {"dated": [("2025-03-01", 2)]}, "<=", {}, 2, []),
    ("dated", {"dated": [("2024-01-01", 1), ("2025-03-01", 2)]}, "<=", {}, 2, []),
    ("dated", {"dated": [("2024-01-01", 1), ("2025-03-02", 2)]}, "<=", {}, 1, []),
    ("dated", {"dated": [("2025-03-02", 2)]}, "<=", {}, None, ["limit@2025-03-01"]),
    ("steps", {"by": "a", "steps": [(0, 1), (90, 2)]}, "<=", {"a": 1}, 1, []),
    ("steps", {"by": "a", "steps": [(0, 1), (90, 2)]}, "<=", {"a": 90}, 1, []),
    ("steps", {"by": "a", "steps": [(0, 1), (90, 2)]}, "<=", {"a": 91}, 2, []),
    ("steps", {"by": "a", "steps": [(0, 1), (90, 2)]}, "<=", {"a": 0}, None, ["a"]),
    ("steps", {"by": "a", "steps": [(0, 1)]}, "<=", {}, None, ["a"]),
    ("table", {"by": "a", "table": {"X": 1, "Y": [2, 3]}}, "<=", {"a": "X"}, 1, []),
    ("table", {"by": "a", "table": {"X": 1, "Y": [2, 3]}}, "between", {"a": "Y"}, (2, 3), []),
    ("table", {"by": "a", "table": {"X": 1}}, "<=", {"a": "Z"}, None, ["a"]),
    ("table", {"by": "a", "table": {"X": 1}}, "<=", {}, None, ["a"]),
    ("series", {"series": "lpr_1y", "times": 4, "day": "a"}, "<=", {"a": date(2024, 10, 20)}, 134_000, []),
    ("series", {"series": "lpr_1y", "times": 4, "day": "a"}, "<=", {"a": date(2024, 10, 21)}, 124_000, []),
    ("series", {"series": "lpr_1y", "day": "a"}, ">=", {"a": date(2019, 8, 20)}, 42_500, []),
    ("series", {"series": "lpr_1y", "day": "a"}, ">=", {"a": date(2019, 8, 19)}, None, ["lpr_1y@2019-08-19"]),
    ("series", {"series": "lpr_1y", "day": "a"}, ">=", {}, None, ["a"]),
]


def _record(kind, written):
    record = KINDS[kind].record
    if record is None:
        return written
    if kind == "dated":
        written = {"dated": [{"since": since, "value": value} for since, value in written["dated"]]}
    if kind == "steps":
        written = {
            **written,
            "steps": [{"above": above, "value": value} for above, value in written["steps"]],
        }
    return record.model_validate(written, strict=False)


@pytest.mark.parametrize(("kind", "written", "op", "facts", "limit", "missing"), LIMITS)
def test_limit(kind, written, op, facts, limit, missing):
    resolver = KINDS[kind].resolver(_record(kind, written), op, default_rulebook().series)
    absent = []
    assert resolver.resolve(facts, DAY, absent) == limit
    assert absent == missing
    assert set(facts) <= set(resolver.reads)


def test_every_kind_of_limit_has_rows():
    assert {row[0] for row in LIMITS} == set(KINDS)
