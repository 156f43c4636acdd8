"""One policy, two engines: zen for one applicant and Polars for all agree, on missing values and boundaries too."""

import polars as pl
import pytest
import zen
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from policy_example import cells, first, graph, rules, switch, work
from puhui.credit.policy.columns import PolicyColumns
from puhui.credit.policy.engine import PolicyEngine
from puhui.credit.policy.expressions import (
    And,
    Arithmetic,
    Compare,
    Const,
    If,
    IsNull,
    Name,
    Not,
    OneOf,
    Or,
    parse_cell,
    parse_expression,
)
from puhui.credit.policy.graph import read_graph
from puhui.credit.policy.shipped import shipped
from puhui.credit.policy.zen_text import ZenText
from puhui.kernel.refusals import Refusal

SHIPPED = shipped()
ENGINE = PolicyEngine(SHIPPED.values())
DTYPES = {"int": pl.Int64, "text": pl.String, "bool": pl.Boolean}

# --- texts as an author writes them -----------------------------------------------------------------

NUMBERS = st.integers(-21, 21)
INT_TEXTS = st.recursive(
    st.one_of(st.sampled_from(["a", "b"]), st.integers(0, 21).map(str)),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda p: f"{p[0]} {p[1]} {p[2]}"),
        st.tuples(inner, st.sampled_from(["+", "-"]), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        st.tuples(inner, inner).map(lambda p: f"floor(({p[0]}) / ({p[1]}))"),
        st.tuples(inner, inner, inner).map(lambda p: f"({p[0]} > {p[1]} ? {p[2]} : b)"),
    ),
    max_leaves=4,
)
COMPARED = st.tuples(INT_TEXTS, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), INT_TEXTS).map(" ".join)
LEAVES = st.one_of(
    COMPARED,
    st.sampled_from(["s == 'x'", "s != 'y'", "s in ['x', 'z']", "s not in ['y']", "f", "f == true", "f != true"]),
    st.sampled_from(["a == null", "s != null", "b in [-3..7]", "b in (0..5)", "a not in [1, 2, 3]"]),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map(lambda p: f"{p[0]}{p[1]}{p[2]}"),
        st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map(lambda p: f"({p[0]}{p[1]}{p[2]})"),
        inner.map(lambda text: f"not ({text})"),
        st.tuples(inner, inner, inner).map(lambda p: f"({p[0]} ? {p[1]} : {p[2]})"),
    ),
    max_leaves=4,
)
CELLS = st.one_of(
    st.sampled_from(["", "null", "!= null", "0", "-5", "not in [1, 2]", "1, 2, 3", "> b", "<= b - 1"]),
    NUMBERS.map(lambda n: f"< {n}"),
    NUMBERS.map(lambda n: f">= {n} or < {n - 5}"),
    st.tuples(st.sampled_from("[("), NUMBERS, st.integers(0, 9), st.sampled_from("])")).map(
        lambda p: f"{p[0]}{p[1]}..{p[1] + p[2]}{p[3]}"
    ),
)
PEOPLE = st.fixed_dictionaries(
    {"way": st.sampled_from(["left", "right"])},
    optional={
        "a": st.one_of(st.none(), st.integers(-20, 20)),
        "b": st.one_of(st.none(), st.sampled_from([-20, -1, 0, 1, 20])),
        "s": st.sampled_from([None, "x", "y", "z"]),
        "f": st.sampled_from([None, True, False]),
    },
)


def frame(read, people):
    schema = {name: DTYPES[item.kept.type] for name, item in read.inputs.items()}
    return pl.DataFrame([{name: person.get(name) for name in schema} for person in people], schema=schema)


def both(read, people, engine=None):
    """Return the decisions of both engines, one beside the other."""
    engine = engine or PolicyEngine([read])
    columns = PolicyColumns(read)
    many = frame(read, people)
    return [engine.decide(read.id, person) for person in people], columns.decisions(many, columns.decide(many))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    derived=INT_TEXTS,
    flag=CONDITIONS,
    bands=st.lists(CONDITIONS, min_size=1, max_size=3),
    left=st.lists(CONDITIONS, min_size=1, max_size=3),
    right=st.lists(CELLS, min_size=1, max_size=3),
    people=st.lists(PEOPLE, min_size=1, max_size=40),
)
def test_zen_and_columns_agree_on_any_graph(derived, flag, bands, left, right, people):
    nodes = [
        work("made", d=derived, g=flag, e="d + 1"),
        first("band", "level", [(text, str(place)) for place, text in enumerate(bands)]),
        switch("fork", ("l", "way == 'left'"), ("r", "")),
        rules("lefts", [(f"L{n}", text, ["decline", "refer"][n % 2]) for n, text in enumerate(left)]),
        cells("rights", "a", right),
        rules(
            "all", [("LEVEL", "level >= 1 and d < 10", "decline"), ("G", "g", "refer"), ("E", "e != d + 1", "refer")]
        ),
    ]
    edges = [("request", "made"), ("made", "band"), ("band", "fork"), ("fork", "lefts", "l"), ("fork", "rights", "r")]
    edges += [("band", "all"), ("lefts", "tally"), ("rights", "tally"), ("all", "tally"), ("tally", "outcome")]
    try:
        read = read_graph(graph(nodes, edges))
        engine = PolicyEngine([read])
    except Refusal as refusal:
        # An input that nobody reads, or conditions that approve a person of whom nothing is known.
        if refusal.code != "POLICY_UNSAFE":
            raise
        return
    online, columns = both(read, people, engine)
    assert online == columns
    for person, decision in zip(people, online, strict=True):
        assert_fails_closed(decision)
        passed_by = "L" if person["way"] == "right" else "rights"
        assert not any(hit.rule.startswith(passed_by) and hit.rule != "LEVEL" for hit in decision.hits)


def assert_fails_closed(decision):
    effects = {hit.effect for hit in decision.hits}
    if "decline" in effects:
        assert decision.outcome == "decline"
    elif "refer" in effects or decision.not_evaluated:
        assert decision.outcome == "refer"
    else:
        assert decision.outcome == "approve"
    assert decision.reasons or decision.outcome == "approve"


def near(item):
    """The ends of a number, what rules compare it with, one less, one more, and missing."""
    if item.kept.type == "int":
        marks = {0, 1, 6, 12, 18, 30, 36, 65, 90, 96, 132, 20_000, 50_000, 100_000, 200_000, 500_000, 650_000, 10**6}
        around = {mark + step for mark in marks for step in (-1, 0, 1)} | {item.kept.low, item.kept.high}
        values = [value for value in sorted(around) if item.kept.low <= value <= item.kept.high]
        numbers = st.one_of(st.sampled_from(values), st.integers(item.kept.low, item.kept.high))
        return numbers if item.required else st.one_of(st.none(), numbers)
    values = st.sampled_from(item.values or (True, False))
    return values if item.required else st.one_of(st.none(), values)


@pytest.mark.parametrize("name", sorted(SHIPPED))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_zen_and_columns_agree_on_the_shipped_policies(name, data):
    read = SHIPPED[name]
    person = st.fixed_dictionaries({field: near(item) for field, item in read.inputs.items()})
    people = data.draw(st.lists(person, min_size=1, max_size=20))
    online, columns = both(read, people, ENGINE)
    assert online == columns
    for decision in online:
        assert_fails_closed(decision)


@pytest.mark.parametrize("name", sorted(SHIPPED))
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_taking_a_fact_away_never_helps(name, data):
    read = SHIPPED[name]
    person = data.draw(st.fixed_dictionaries({field: near(item) for field, item in read.inputs.items()}))
    known = [field for field, item in read.inputs.items() if person[field] is not None and not item.required]
    if not known:
        return
    less = {**person, data.draw(st.sampled_from(known)): None}
    before, after = ENGINE.decide(name, person), ENGINE.decide(name, less)
    assert after.outcome != "approve" or before.outcome == "approve"


# --- what is parsed is what zen reads ---------------------------------------------------------------


@settings(max_examples=80, deadline=None)
@given(text=CONDITIONS, a=st.integers(-20, 20), b=st.integers(-20, 20), s=st.sampled_from("xyz"), f=st.booleans())
@example(text="a - b - 1 > 0 or f and s == 'x'", a=5, b=4, s="y", f=False)
def test_a_text_means_to_us_what_it_means_to_zen(text, a, b, s, f):
    context = {"a": a, "b": b, "s": s, "f": f}
    tree = parse_expression(text, "text")
    hard = ZenText()
    mine = oracle(tree, context)
    holds = zen.evaluate_expression(hard.holds(tree), context)
    fails = zen.evaluate_expression(hard.fails(tree), context)
    assert (holds, fails) == (mine is True, mine is False)
    if not divides_by_zero(tree, context):
        assert zen.evaluate_expression(text, context) is mine


@settings(max_examples=50, deadline=None)
@given(text=CELLS.filter(bool), a=st.integers(-25, 25), b=st.integers(-25, 25))
@example(text="[1..5)", a=5, b=0)
@example(text="(1..5]", a=1, b=0)
def test_a_cell_means_to_us_what_it_means_to_zen(text, a, b):
    mine = oracle(parse_cell(text, "a", "cell"), {"a": a, "b": b})
    assert zen.evaluate_unary_expression(text, {"$": a, "a": a, "b": b}) is mine


@settings(max_examples=80, deadline=None)
@given(text=CONDITIONS, person=PEOPLE)
def test_hardened_texts_are_three_valued_and_never_raise(text, person):
    context = {name: person.get(name) for name in ("a", "b", "s", "f")}
    tree, hard = parse_expression(text, "text"), ZenText()
    mine = oracle(tree, context)
    said = [
        zen.evaluate_expression(make(tree), context) for make in (hard.holds, hard.fails, hard.may_hold, hard.may_fail)
    ]
    assert said == [mine is True, mine is False, mine is not False, mine is not True]
    column = pl.DataFrame([context], schema={"a": pl.Int64, "b": pl.Int64, "s": pl.String, "f": pl.Boolean})
    assert column.select(maker().value(tree)).item() is mine


def maker():
    from puhui.credit.policy import columns

    return columns._Maker(SHIPPED["personal"])


def oracle(tree, facts):
    """Kleene's logic written out: None is not known."""
    match tree:
        case Const(value):
            return value
        case Name(name):
            return facts[name]
        case IsNull(name):
            return facts[name] is None
        case Arithmetic(op, left, right):
            return arithmetic(op, oracle(left, facts), oracle(right, facts))
        case Compare(op, left, right):
            return compared(op, oracle(left, facts), oracle(right, facts))
        case OneOf(subject, values):
            value = oracle(subject, facts)
            return None if value is None else value in values
        case And(parts):
            answers = [oracle(part, facts) for part in parts]
            return False if False in answers else None if None in answers else True
        case Or(parts):
            answers = [oracle(part, facts) for part in parts]
            return True if True in answers else None if None in answers else False
        case Not(part):
            answer = oracle(part, facts)
            return None if answer is None else not answer
        case If(condition, yes, no):
            asked = oracle(condition, facts)
            return None if asked is None else oracle(yes if asked else no, facts)
    raise AssertionError(tree)


def divides_by_zero(tree, facts):
    """Whether a division by 0 is anywhere in the tree: zen, given the bare text, raises there."""
    if isinstance(tree, Arithmetic) and tree.op == "//" and oracle(tree.right, facts) in (0, None):
        return True
    return any(divides_by_zero(part, facts) for part in parts_of(tree))


def parts_of(tree):
    values = [getattr(tree, name) for name in tree.__slots__]
    return [
        part
        for value in values
        for part in (value if isinstance(value, tuple) else (value,))
        if hasattr(part, "__slots__")
    ]


def arithmetic(op, left, right):
    if left is None or right is None or (op == "//" and right == 0):
        return None
    return {"+": left + right, "-": left - right, "*": left * right}[op] if op != "//" else left // right


def compared(op, left, right):
    if left is None or right is None:
        return None
    if op in ("==", "!="):
        return (left == right) is (op == "==")
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[op]
