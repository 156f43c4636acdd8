"""What a decision graph may not say: refused when it is read, or found by its check."""

import polars as pl
import pytest

from policy_example import INPUTS, cells, first, graph, rules, switch, work
from puhui.credit.policy.check import check_graph
from puhui.credit.policy.columns import PolicyColumns
from puhui.credit.policy.engine import PolicyEngine
from puhui.credit.policy.expressions import parse_cell, parse_expression
from puhui.credit.policy.graph import read_graph
from puhui.credit.policy.shipped import shipped
from puhui.kernel.refusals import Refusal

ALL = rules("all", [("R1", "a > 1 and b > 1 and s == 'x' and f and way == 'left'", "decline")])


def code(function, *arguments):
    with pytest.raises(Refusal) as refused:
        function(*arguments)
    return refused.value.code


@pytest.mark.parametrize(
    "text",
    [
        "a > 1.5",
        "a / b > 1",
        "floor(a + b / 2) > 1",
        "floor(a) > 1",
        "len(s) > 1",
        "a > 1 > 0",
        "not a > 1",
        "a == b == true",
        'a == "x"',
        "a > 1 &&",
        "a.b > 1",
        "a in []",
        "a in [1, 'x']",
        "b in [5..1]",
        "a in [b..5]",
        "1 == null",
        "sum([a])",
        "a ^ 2 > 1",
        "a % 2 == 0",
        "",
        "s == 'it''s'",
        "(" * 40 + "a > 1" + ")" * 40,
    ],
)
def test_a_text_outside_the_subset_is_refused(text):
    assert code(parse_expression, text, "x") == "POLICY_EXPRESSION"


@pytest.mark.parametrize(
    "text", ["-", "< ", "[1..", "'x", "1..5", "> 1, > 2", "a > 1", "in 1", "not (1)", "true, false"]
)
def test_a_cell_outside_the_subset_is_refused(text):
    assert code(parse_cell, text, "a", "x") == "POLICY_EXPRESSION"


@pytest.mark.parametrize(
    "text",
    [
        "s > 'x'",
        "a == 'x'",
        "f > true",
        "a",
        "a + 1",
        "s + 1 > 2",
        "unknown > 1",
        "f and a",
        "(f ? a : s) == 1",
        "count(nowhere, #.effect == 'decline') > 0",
        "s in [1, 2]",
    ],
)
def test_types_that_do_not_go_together_are_refused(text):
    assert code(read_graph, graph([rules("all", [("R1", text, "decline")])])) == "POLICY_EXPRESSION"


def test_numbers_that_could_overflow_are_refused():
    most = [{**INPUTS[0], "min": 0, "max": 2**31 - 1}, *INPUTS[1:]]
    square = [work("big", c="a * a"), rules("all", [("R1", "c > 1", "decline")])]
    assert read_graph(graph(square, inputs=most)).kept["c"].high == (2**31 - 1) ** 2
    wider = [{**INPUTS[0], "min": 0, "max": 2**31}, *INPUTS[1:]]
    assert code(read_graph, graph(square, inputs=wider)) == "POLICY_EXPRESSION"


def changed(path, value):
    """Return the example with one place of its file changed; None takes it away."""
    made = graph([ALL])
    place = made
    for key in path[:-1]:
        place = place[key]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return made


CONTENT = ("nodes", 1, "content")


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("nodes", 1, "type"), "functionNode", "INPUT_INVALID"),
        (("nodes", 1, "type"), "decisionNode", "INPUT_INVALID"),
        ((*CONTENT, "hitPolicy"), "unique", "INPUT_INVALID"),
        ((*CONTENT, "hitPolicy"), "first", "POLICY_GRAPH"),
        ((*CONTENT, "executionMode"), "loop", "INPUT_INVALID"),
        ((*CONTENT, "passThrough"), False, "INPUT_INVALID"),
        ((*CONTENT, "inputField"), "person", "INPUT_INVALID"),
        ((*CONTENT, "rules", 0, "extra"), "1", "POLICY_GRAPH"),
        ((*CONTENT, "rules", 0, "_id"), None, "POLICY_GRAPH"),
        ((*CONTENT, "rules", 0, "e"), "'approve'", "POLICY_GRAPH"),
        ((*CONTENT, "rules", 0, "e"), "effect", "POLICY_GRAPH"),
        ((*CONTENT, "rules", 0, "r"), "", "POLICY_GRAPH"),
        ((*CONTENT, "outputPath"), "a", "POLICY_GRAPH"),
        (("edges", 0, "sourceId"), "nobody", "POLICY_GRAPH"),
        (("edges", 0, "sourceId"), "outcome", "POLICY_GRAPH"),
        (("edges", 0, "sourceHandle"), "left", "POLICY_GRAPH"),
        (("puhui", "inputs", 0, "max"), None, "POLICY_GRAPH"),
        (("puhui", "inputs", 0, "field"), "b", "POLICY_GRAPH"),
        (("puhui", "inputs", 2, "values"), [], "POLICY_GRAPH"),
        (("puhui", "version"), 0, "INPUT_INVALID"),
        (("nodes", 3, "id"), "tally", "POLICY_GRAPH"),
    ],
)
def test_a_file_that_says_something_else_is_refused(path, value, expected):
    assert read_graph(graph([ALL])).rules[0].id == "R1"
    assert code(read_graph, changed(path, value)) == expected


def test_a_switch_reads_what_is_always_there():
    nodes = [switch("fork", ("l", "f == true"), ("r", "")), ALL]
    edges = [("request", "fork"), ("fork", "all", "l"), ("all", "tally"), ("fork", "tally", "r"), ("tally", "outcome")]
    assert code(read_graph, graph(nodes, edges)) == "POLICY_EXPRESSION"
    nodes[0] = switch("fork", ("l", ""), ("r", "way == 'left'"))
    assert code(read_graph, graph(nodes, edges)) == "POLICY_GRAPH"


def test_a_node_reads_only_what_stands_before_it():
    nodes = [ALL, work("late", c="a + 1"), rules("early", [("R2", "c > 1", "refer")])]
    edges = [("request", "all"), ("request", "late"), ("request", "early")]
    edges += [("all", "tally"), ("late", "tally"), ("early", "tally"), ("tally", "outcome")]
    assert code(read_graph, graph(nodes, edges)) == "POLICY_EXPRESSION"


def problems(made):
    return {item.where for item in check_graph(read_graph(made))}


def test_the_shipped_policies_and_the_example_are_safe():
    assert not any(check_graph(each) for each in shipped().values())
    assert problems(graph([ALL])) == set()


def outcomes(*rows):
    made = graph([ALL])
    made["nodes"][-1] = first("outcome", "outcome", rows)
    return made


DECLINE, REFER = ("declines > 0", "'decline'"), ("referrals > 0 or open_rules > 0", "'refer'")
EARNED = ("declines == 0 and referrals == 0 and open_rules == 0", "'approve'")


@pytest.mark.parametrize(
    ("made", "where"),
    [
        (outcomes(DECLINE, REFER, ("", "'approve'")), {"outcome.2"}),
        (outcomes(DECLINE, REFER, ("declines == 0 and referrals == 0", "'approve'")), {"outcome.2"}),
        (outcomes(DECLINE, REFER, ("declines == 0 or referrals == 0 or open_rules == 0", "'approve'")), {"outcome.2"}),
        (outcomes(REFER, DECLINE, EARNED), {"outcome"}),
        (outcomes(DECLINE, EARNED), {"outcome"}),
        (outcomes(DECLINE, REFER, EARNED, ("declines < 0", "'maybe'")), {"outcome"}),
        (changed((*CONTENT, "rules", 0, "r"), "'BECAUSE'"), {"R1"}),
        (changed(("nodes", 2, "content", "expressions", 0, "value"), "0"), {"declines"}),
        (
            changed(("nodes", 2, "content", "expressions", 2, "value"), "count(all, #.effect == 'decline')"),
            {"open_rules"},
        ),
        (graph([rules("all", [("R1", "a > 1 and b > 1 and s == 'x' and f", "decline")])]), {"way"}),
    ],
)
def test_what_must_not_be_used_is_found(made, where):
    assert problems(made) == where
    for use in (lambda read: PolicyEngine([read]), PolicyColumns):
        assert code(use, read_graph(made)) == "POLICY_UNSAFE"


def test_a_policy_that_approves_whom_it_does_not_know_is_refused():
    made = graph(
        [rules("all", [("R1", "a != null and b != null and s != null and f != null and way == 'x'", "refer")])]
    )
    assert problems(made) == set()
    assert code(PolicyEngine, [read_graph(made)]) == "POLICY_UNSAFE"


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pl.Series("a", [1.0]), "POLICY_INPUT"),
        (pl.Series("a", [21]), "POLICY_INPUT"),
        (pl.Series("a", [2**64 - 1], dtype=pl.UInt64), "POLICY_INPUT"),
        (pl.Series("s", ["w"]), "POLICY_INPUT"),
        (pl.Series("f", [1]), "POLICY_INPUT"),
        (pl.Series("way", [None], dtype=pl.String), "POLICY_INPUT"),
    ],
)
def test_columns_that_a_policy_cannot_read_are_refused(column, expected):
    columns = PolicyColumns(read_graph(graph([ALL])))
    people = pl.DataFrame({"way": ["left"]})
    assert columns.decide(people)["outcome"].to_list() == ["refer"]
    assert code(columns.decide, people.with_columns(column)) == expected


def test_a_column_of_small_whole_numbers_and_one_of_nothing_are_read():
    columns = PolicyColumns(read_graph(graph([ALL, cells("more", "b", ["< 0"])])))
    people = pl.DataFrame({"way": ["left"] * 2, "a": pl.Series([0, 2], dtype=pl.Int8), "s": [None] * 2})
    answers = columns.decide(people.with_columns(b=pl.Series([3, -1]), f=pl.Series([True, False])))
    assert answers["outcome"].to_list() == ["approve", "refer"]
    assert answers["hit_bits"].to_list() == [0, 2]


def test_a_graph_that_gives_no_answer_approves_nobody():
    edges = [("request", "fork"), ("fork", "all", "l"), ("all", "tally"), ("tally", "outcome")]
    made = read_graph(graph([switch("fork", ("l", "way == 'left'")), ALL], edges))
    people = pl.DataFrame({"way": ["left", "right"], "a": [0, 0], "b": [0, 0]})
    columns = PolicyColumns(made)
    online = [PolicyEngine([made]).decide("example", person) for person in people.to_dicts()]
    assert [decision.outcome for decision in online] == ["approve", "refer"]
    assert online[1].reasons == ("POLICY_NO_ANSWER",)
    assert columns.decisions(people, columns.decide(people)) == online


def test_a_division_by_nothing_leaves_the_rule_open_and_says_by_what():
    nodes = [work("made", c="floor(a / b)"), ALL, rules("more", [("R2", "c >= 2", "refer")])]
    made = read_graph(graph(nodes))
    facts = {"way": "right", "s": "y", "f": False}
    decide = PolicyEngine([made]).decide
    assert decide("example", {**facts, "a": 3, "b": 2}).outcome == "approve"
    assert decide("example", {**facts, "a": 4, "b": 2}).outcome == "refer"
    undivided = decide("example", {**facts, "a": 4, "b": 0})
    assert (undivided.outcome, undivided.missing) == ("refer", ("c",))
    assert decide("example", {**facts, "a": 4, "b": None}).missing == ("b",)


# what both engines answer where a value is missing: the text of a rule, the facts, whether it is hit or left open
OPEN_ROWS = [
    ("a > 1", {"a": 2}, "hit"),
    ("a > 1", {"a": 1}, "passed"),
    ("a > 1", {}, "open"),
    ("a > 1 and b > 1", {"a": 1}, "passed"),
    ("a > 1 and b > 1", {"a": 2}, "open"),
    ("a > 1 or b > 1", {"a": 2}, "hit"),
    ("a > 1 or b > 1", {"a": 1}, "open"),
    ("not (a > 1)", {}, "open"),
    ("a == null", {}, "hit"),
    ("(f ? a > 1 : b > 1)", {"a": 2, "b": 2}, "open"),
    ("(f ? a > 1 : b > 1)", {"f": False, "b": 2}, "hit"),
    ("(f ? a : b) > 1", {"a": 2, "b": 2}, "open"),
    ("level == 1", {"a": 0, "b": 5}, "hit"),
    ("level == 1", {"a": 6}, "passed"),
    ("level == 1", {"b": 5}, "open"),
]


@pytest.mark.parametrize(("text", "facts", "expected"), OPEN_ROWS)
def test_a_rule_is_hit_passed_or_left_open_alike_in_both_engines(text, facts, expected):
    made = read_graph(
        graph([first("band", "level", [("a > 5", "0"), ("b > 4", "1")]), ALL, rules("more", [("R2", text, "refer")])])
    )
    person = {"way": "right", "s": None, "f": None, "a": None, "b": None, **facts}
    online = PolicyEngine([made]).decide("example", person)
    dtypes = {
        name: {"int": pl.Int64, "text": pl.String, "bool": pl.Boolean}[item.kept.type]
        for name, item in made.inputs.items()
    }
    people, columns = pl.DataFrame([person], schema_overrides=dtypes), PolicyColumns(made)
    assert columns.decisions(people, columns.decide(people)) == [online]
    hit = "R2" in [item.rule for item in online.hits]
    left_open = "R2" in [item.rule for item in online.not_evaluated]
    assert (hit, left_open) == (expected == "hit", expected == "open")
