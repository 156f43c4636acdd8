"""The stored ledger against the pure one: balances whenever rolled up, pages of entries, periods that stay closed."""

import threading
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from puhui.kernel.refusals import Refusal
from puhui.ledger import balances
from puhui.ledger.entry import Dimensions
from puhui.ledger.reads import Wanted
from puhui.storage import rollups
from puhui.storage.database import connect
from puhui.storage.rollups import roll_up
from puhui.workflows.store import Changes
from store_fixtures import (
    AT,
    DAY,
    an_entry,
    database,  # noqa: F401
    fresh_file,
    store_url,  # noqa: F401
)

FEBRUARY = date(2024, 2, 29)


def code_of(call, *arguments, **named):
    with pytest.raises(Refusal) as raised:
        call(*arguments, **named)
    return raised.value.code


def write(database, *entries):  # noqa: F811
    with database.begin() as store:
        store.record(Changes(entries=entries))


def totals(database, since=None, until=None):  # noqa: F811
    with database.read() as store:
        return list(store.ledger.totals(since, until))


def rolled(database):  # noqa: F811
    with database.read() as store:
        return store.connection.execute(text("SELECT seq FROM progress WHERE name = 'rollups'")).scalar()


# --- balances --------------------------------------------------------------------------------------

DAYS = st.integers(0, 5).map(lambda number: DAY + timedelta(days=number))
AMOUNTS = st.lists(st.sampled_from([1, 5, 100, 10**14, -3]), min_size=1, max_size=3).map(
    lambda amounts: (*amounts, -sum(amounts))
)
DIMENSIONS = st.builds(Dimensions, *[st.sampled_from(["", "甲", "b"])] * 4)


@st.composite
def entries(draw):
    made = an_entry(draw(st.sampled_from(["", "loan_a"])), draw(AMOUNTS), draw(DAYS))
    dimensions = draw(DIMENSIONS)
    return replace(made, postings=tuple(replace(each, dimensions=dimensions) for each in made.postings))


# A list of entries is written in one transaction; None rolls up.
STEPS = st.lists(st.none() | st.lists(entries(), min_size=1, max_size=3), max_size=5)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, first=DAYS, last=DAYS)
def test_balances_are_the_sum_of_all_postings_whenever_rolled_up(tmp_path, steps, first, last):
    made = connect(fresh_file(tmp_path))
    _check_totals(made, steps, first, last)
    made.close()


def test_balances_are_the_same_on_postgresql_too(database):  # noqa: F811
    """One long history, checked at each step, on both engines."""
    days = [DAY + timedelta(days=number) for number in (3, 0, 3, 5, 1, 0)]
    steps = [[an_entry("loan_a", (7, -7 + n, -n), day), an_entry("", (1, -1), DAY)] for n, day in enumerate(days)]
    for place in (6, 4, 3, 1):
        steps.insert(place, None)
    _check_totals(database, steps, days[4], days[0])


def _check_totals(made, steps, first, last):
    written = []
    for step in steps:
        if step is None:
            assert roll_up(made) == len(written)
        else:
            write(made, *step)
            written += step
        for since, until in ((None, None), (first, last), (None, last), (first, None)):
            expected = balances.totals(written, since=since or date.min, until=until or date.max)
            found = totals(made, since, until)
            assert sorted(found, key=repr) == sorted(expected, key=repr)


def test_a_roll_up_leaves_fewer_postings_to_read_and_does_nothing_twice(database):  # noqa: F811
    for _ in range(3):
        write(database, an_entry("loan_a", (4, -4)))
    assert rolled(database) == 0
    assert roll_up(database) == roll_up(database) == rolled(database) == 3
    with database.read() as store:
        rows = store.connection.execute(text("SELECT account, debit_minor, credit_minor FROM rollups")).fetchall()
    assert sorted(map(tuple, rows)) == [("1002.01", 12, 0), ("1303.01", 0, 12)]


def test_a_roll_up_that_another_overtook_moves_nothing_back(database, monkeypatch):  # noqa: F811
    for _ in range(3):
        write(database, an_entry("loan_a", (4, -4)))
    before = totals(database)
    roll_up(database)
    with monkeypatch.context() as patch:
        patch.setattr(rollups, "settled_through", lambda *_: 1)
        assert roll_up(database) == 3
    assert roll_up(database) == rolled(database) == 3
    assert totals(database) == before


def test_a_roll_up_never_passes_a_writer_that_is_still_at_work(store_url):  # noqa: F811
    """On PostgreSQL a transaction may commit entries with smaller numbers than others that were there before."""
    one, other = connect(store_url), connect(store_url)
    if not one.sqlite:
        with one.begin() as store:
            store.record(Changes(entries=[an_entry("loan_slow", (1, -1))]))
            store.events.counts()  # sent: the entry has its number
            write(other, an_entry("loan_quick", (2, -2)))
            assert _impatient(other) == rolled(other) == 0
    assert roll_up(other) == (0 if one.sqlite else 2)
    assert sum(total.debit_minor for total in totals(other)) == (0 if one.sqlite else 3)
    one.close()
    other.close()


def _impatient(made):
    """Roll up with the patience of a moment."""
    from puhui.storage import settled

    patience, settled.PATIENCE = settled.PATIENCE, 5
    try:
        return roll_up(made)
    finally:
        settled.PATIENCE = patience


def test_balances_hold_while_writers_and_roll_ups_run_side_by_side(database):  # noqa: F811
    def work():
        for _ in range(15):
            write(database, an_entry("loan_a", (3, -3)))

    threads = [threading.Thread(target=work) for _ in range(3)]
    [thread.start() for thread in threads]
    while any(thread.is_alive() for thread in threads):
        roll_up(database)
        found = totals(database)
        assert sum(total.balance_minor for total in found) == 0
    [thread.join() for thread in threads]
    before = totals(database)
    assert roll_up(database) == 45
    assert totals(database) == before
    assert [total.debit_minor + total.credit_minor for total in before] == [135, 135]


# --- entries ---------------------------------------------------------------------------------------


def test_pages_of_entries_come_by_day_then_as_recorded(database):  # noqa: F811
    late = an_entry("loan_a", (5, -5), DAY + timedelta(days=2))
    first = an_entry("loan_b", (1, 2, -3), DAY, memo="摘要", reverses=late.id)
    second = an_entry("loan_a", (9, -9), DAY)
    write(database, late, first)
    write(database, second)
    with database.read() as store:
        ledger = store.ledger
        assert ledger.entries(Wanted(), 10) == replace(ledger.entries(Wanted(), 10), entries=[first, second, late])
        cases = [
            (Wanted(subject="loan_a"), [second, late]),
            (Wanted(subject="loan_none"), []),
            (Wanted(account="1303"), [first, second, late]),
            (Wanted(account="6011.01"), [first]),
            (Wanted(account="6011.0"), []),
            (Wanted(account="%"), []),
            (Wanted(subject="loan_a", account="6011"), []),
            (Wanted(from_on=DAY + timedelta(days=1)), [late]),
            (Wanted(to_on=DAY), [first, second]),
            (Wanted(from_on=DAY, to_on=DAY, subject="loan_b"), [first]),
        ]
        for wanted, expected in cases:
            page = ledger.entries(wanted, 10)
            assert (list(page.entries), page.cursor) == (expected, "")
        assert ledger.entry(first.id) == first
        assert ledger.reversed_by(late.id) == first.id
        assert ledger.reversed_by(first.id) == ledger.reversed_by("") == ""


def test_an_entry_of_several_loans_is_found_by_each_of_them(database):  # noqa: F811
    pair = an_entry("loan_a", (6, -6))
    mixed = replace(pair, id="entry_mixed", postings=(pair.postings[0], replace(pair.postings[1], subject="loan_b")))
    half = replace(pair, id="entry_half", postings=(pair.postings[0], replace(pair.postings[1], subject="")))
    write(database, pair, mixed, half)
    with database.read() as store:
        for wanted, expected in [
            (Wanted(subject="loan_a"), [pair, mixed, half]),
            (Wanted(subject="loan_b"), [mixed]),
            (Wanted(subject="loan_a", account="1303"), [pair]),
            (Wanted(subject="loan_a", account="1002"), [pair, mixed, half]),
            (Wanted(subject="loan_b", account="1303.01"), [mixed]),
            (Wanted(subject="loan_b", account="1002"), []),
            (Wanted(account="1303"), [pair, mixed, half]),
        ]:
            assert list(store.ledger.entries(wanted, 10).entries) == expected


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7])
def test_every_entry_is_on_one_page(database, limit):  # noqa: F811
    made = [an_entry("loan_a", (n, 1, -n - 1), DAY + timedelta(days=n % 2)) for n in range(1, 7)]
    write(database, *made)
    found, cursor, pages = [], "", 0
    with database.read() as store:
        while pages == 0 or cursor:
            page = store.ledger.entries(Wanted(), limit, cursor)
            assert 1 <= len(page.entries) <= limit
            found += page.entries
            cursor, pages = page.cursor, pages + 1
    assert found == sorted(made, key=lambda entry: (entry.effective_on, made.index(entry)))
    assert pages == -(-6 // limit)


@pytest.mark.parametrize("cursor", ["x", "é", "MS4y!", "LTEuMg", "MS4yLjM", "MS4tMg", "MDEuMg", "OTk5OTk5OTk5OTkuMg"])
def test_a_cursor_that_was_not_given_is_refused(database, cursor):  # noqa: F811
    with database.read() as store:
        assert code_of(store.ledger.entries, Wanted(), 5, cursor) == "PLACE_UNREADABLE"


# --- periods ---------------------------------------------------------------------------------------


def test_nothing_takes_effect_in_a_closed_period(database):  # noqa: F811
    write(database, an_entry("", (1, -1), FEBRUARY))
    with database.begin(alone=True) as store:
        store.ledger.close_period(FEBRUARY, AT)
        assert store.open_from() == date(2024, 3, 1)
        assert store.ledger.closed_periods() == [FEBRUARY]
    assert code_of(write, database, an_entry("", (1, -1), FEBRUARY)) == "PERIOD_CLOSED"
    write(database, an_entry("", (1, -1), date(2024, 3, 1)))
    with database.begin(alone=True) as store, pytest.raises(AssertionError):
        store.ledger.close_period(FEBRUARY, AT)
    assert len(totals(database)) == 2


def test_a_period_closes_only_when_no_writer_is_at_work(store_url):  # noqa: F811
    one, other = connect(store_url), connect(store_url)
    closed = threading.Event()

    def close():
        with other.begin(alone=True) as store:
            store.ledger.close_period(FEBRUARY, AT)
        closed.set()

    with one.begin() as store:
        store.record(Changes(entries=[an_entry("", (1, -1), FEBRUARY)]))
        store.events.counts()
        thread = threading.Thread(target=close)
        thread.start()
        assert not closed.wait(0.2)
    thread.join()
    assert closed.is_set()
    assert code_of(write, one, an_entry("", (1, -1), FEBRUARY)) == "PERIOD_CLOSED"
    if not one.sqlite:
        with one.begin() as store, pytest.raises(AssertionError):
            store.ledger.close_period(DAY, AT)
    one.close()
    other.close()
