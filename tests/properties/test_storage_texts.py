"""What the store writes as text comes back as it was: positions, facts; and a fact's hash is that of its leaf."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from puhui.kernel.clock import CHINA
from puhui.kernel.facts import Fact
from puhui.kernel.refusals import Refusal
from puhui.lending.position import Due, Position, Row, changed
from puhui.proof.leaf import canonical
from puhui.proof.merkle import leaf_hash
from puhui.storage.fact_rows import fact_of, instant, leaf_of, micros, row_of
from puhui.storage.position_json import FORMAT, position_text, read_position
from store_fixtures import a_position

AMOUNTS = st.sampled_from([0, 0, 1, 2**62, -(2**62)]) | st.integers(-(2**70), 2**70)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
WHOLE = st.integers(-(2**53) + 1, 2**53 - 1)
MICROSECOND = timedelta(microseconds=1)
LAST = datetime(2199, 12, 31, tzinfo=UTC)
INSTANTS = st.builds(
    lambda before, zone: (LAST - before * MICROSECOND).astimezone(zone),
    st.integers(0, 7 * 10**15),
    st.sampled_from([UTC, CHINA]),
)
BODIES = st.dictionaries(
    TEXT,
    st.recursive(st.none() | st.booleans() | WHOLE | TEXT, lambda each: st.lists(each) | st.dictionaries(TEXT, each)),
    max_size=4,
)


@st.composite
def rows(draw, kind):
    count = draw(st.integers(0, 5))
    first = draw(st.integers(-3, 400))
    numbers = draw(st.just(range(first, first + count)) | st.lists(AMOUNTS, min_size=count, max_size=count))
    same = AMOUNTS.map(lambda each: [each] * count)
    columns = [draw(same | st.lists(AMOUNTS, min_size=count, max_size=count)) for _ in range(len(kind._fields) - 1)]
    return tuple(kind(*values) for values in zip(numbers, *columns, strict=True))


@st.composite
def positions(draw):
    values = {}
    for name in Position._fields:
        default = getattr(a_position(), name)
        kind = {bool: st.booleans(), str: TEXT, int: AMOUNTS}.get(type(default))
        if kind is not None:
            values[name] = draw(kind)
    return changed(a_position(), **values, rows=draw(rows(Row)), dues=draw(rows(Due)))


@given(positions())
def test_a_position_comes_back_as_it_was(position):
    text = position_text(position)
    assert read_position(text) == position
    assert position_text(read_position(text)) == text
    assert all(type(each) is Row for each in read_position(text).rows)


@pytest.mark.parametrize("months", [0, 1, 2, 360])
def test_a_plan_is_short_text(months):
    text = position_text(a_position(months=months))
    assert read_position(text) == a_position(months=months)
    assert len(text) <= 300 + 20 * months


def test_text_for_other_fields_is_refused_not_guessed_at():
    form, values, *rest = json.loads(position_text(a_position()))
    assert form == FORMAT
    for other in (["00000000", values, *rest], ["", values, *rest]):
        with pytest.raises(Refusal, match="has format"):
            read_position(json.dumps(other))
    with pytest.raises(TypeError, match="Expected"):
        read_position(json.dumps([form, values[:-1], *rest]))


@given(
    st.builds(
        Fact,
        id=TEXT,
        subject=TEXT.filter(bool),
        sequence=st.integers(1, 2**31),
        kind=TEXT.filter(bool),
        effective_on=st.dates(date(1970, 1, 1), date(2199, 12, 31)),
        recorded_at=INSTANTS,
        body=BODIES,
        personal=st.dictionaries(TEXT, st.binary(min_size=32, max_size=32), max_size=2),
        actor=TEXT,
        approved_by=TEXT,
    )
)
def test_a_fact_comes_back_as_it_was_and_its_hash_is_that_of_its_leaf(fact):
    row = row_of(fact)
    assert fact_of(row) == fact
    leaf = leaf_of(fact)
    assert row[-1] == leaf_hash(leaf.to_bytes())
    said = leaf.envelope()["body"]
    assert (said["id"], said["actor"], said["approved_by"]) == (fact.id, fact.actor, fact.approved_by)
    assert canonical(said["body"]) == canonical(fact.body) == row[8].encode()


def test_no_two_facts_that_differ_have_one_leaf():
    fact = Fact("fact_a", "loan_a", 1, "fee", date(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC))
    others = [
        {"id": "fact_b"},
        {"subject": "loan_b"},
        {"sequence": 2},
        {"kind": "waiver"},
        {"effective_on": date(2024, 1, 2)},
        {"recorded_at": datetime(2024, 1, 1, 0, 0, 0, 1, tzinfo=UTC)},
        {"body": {"a": 1}},
        {"personal": {"a": bytes(32)}},
        {"actor": "a"},
        {"approved_by": "a"},
    ]
    values = {name: getattr(fact, name) for name in Fact.__dataclass_fields__}
    hashes = {row_of(Fact(**values | other))[-1] for other in [{}, *others]}
    assert len(hashes) == len(others) + 1
    assert len(others) == len(values)


@pytest.mark.parametrize("body", [{"a": 1.5}, {"a": 2**53}, {"a": b"x"}, {1: 2}, {"a": "\ud800"}])
def test_a_body_without_one_text_is_refused(body):
    fact = Fact("f", "s", 1, "k", date(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC), body)
    with pytest.raises(Refusal) as raised:
        row_of(fact)
    assert raised.value.code == "PROOF_VALUE"


@given(INSTANTS)
def test_an_instant_comes_back_to_the_microsecond(at):
    assert instant(micros(at)) == at
