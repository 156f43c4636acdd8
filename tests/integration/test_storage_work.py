"""The unit of work on both engines: what is written comes back, all or nothing, and never over another's write."""

import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from puhui.kernel.dates import day_number
from puhui.kernel.refusals import Refusal
from puhui.lending.due_rows import due_rows
from puhui.storage.database import connect
from puhui.storage.loan_reads import WantedLoans
from puhui.storage.position_json import position_text
from puhui.workflows.store import Changes
from store_fixtures import (
    AT,
    DAY,
    a_fact,
    a_loan,
    a_position,
    agree,
    an_entry,
    an_event,
    database,  # noqa: F401
    repayment,
    store_url,  # noqa: F401
)


def code_of(call, *arguments, **named):
    with pytest.raises(Refusal) as raised:
        call(*arguments, **named)
    return raised.value.code


def write(database, changes, *, alone=False):  # noqa: F811
    with database.begin(alone=alone) as store:
        store.record(changes)


def test_what_is_recorded_comes_back_as_it_was(database):  # noqa: F811
    loan = a_loan(position=a_position(months=3))
    [stored] = agree(database, loan)
    assert stored == replace(loan, key=stored.key, version=1)
    changes = repayment(stored)
    changes = replace(changes, facts=[*changes.facts[:1], replace(changes.facts[1], personal={"姓名": bytes(32)})])
    write(database, changes)
    with database.read() as store:
        agreement, *facts = store.facts(loan.id)
        assert facts == list(changes.facts)
        assert agreement.body == loan.agreement
        assert store.fact(facts[0].id) == facts[0]
        assert store.next_sequence(loan.id) == 4
        assert store.next_sequence("loan_other") == 1
        assert store.ledger.entry(changes.entries[0].id) == changes.entries[0]
        assert [stored.event for stored in store.events.page(0, 10)] == list(changes.events)
        again = store.loan(loan.id)
        assert again == replace(changes.loans[0], version=2)
        assert store.loan(loan.id, for_update=database.sqlite) == again


def test_what_is_not_there_is_refused_by_name(database):  # noqa: F811
    with database.read() as store:
        assert code_of(store.loan, "loan_none") == "LOAN_UNKNOWN"
        assert code_of(store.fact, "fact_none") == "FACT_MISSING"
        assert code_of(store.ledger.entry, "entry_none") == "ENTRY_UNKNOWN"
        assert store.facts("loan_none") == []
        assert (store.watermark(), store.open_from()) == (None, None)


def test_an_exception_takes_all_of_it_back(database):  # noqa: F811
    [loan] = agree(database)

    def half():
        with database.begin() as store:
            assert store.replayed("r", "k", {}, AT) is None
            store.record(repayment(loan))
            store.loan(loan.id)  # the writes have been sent
            raise KeyError

    with pytest.raises(KeyError):
        half()
    with database.begin() as store:
        assert store.replayed("r", "k", {}, AT) is None
        assert store.loan(loan.id) == loan
        assert store.ledger.totals(None, None) == []
        store.remember({})


def test_a_loan_that_another_has_changed_is_not_overwritten(database):  # noqa: F811
    [loan] = agree(database)
    write(database, repayment(loan))
    with database.read() as store:
        now = store.loan(loan.id)
    stale = replace(repayment(loan), facts=[], events=[])
    assert code_of(write, database, stale) == "LOAN_CHANGED"
    early = replace(repayment(replace(loan, version=7)), facts=[], events=[])
    assert code_of(write, database, early) == "LOAN_CHANGED"
    with database.read() as store:
        assert store.loan(loan.id) == now
        assert len(store.ledger.totals(None, None)) == 4  # the entries of the first alone


def test_a_sequence_that_another_has_used_is_refused(database):  # noqa: F811
    [loan] = agree(database)
    assert code_of(write, database, Changes(facts=[a_fact(loan.id, 1)])) == "LOAN_CHANGED"
    write(database, Changes(facts=[a_fact("night_1", 1, "night")]))
    assert code_of(write, database, Changes(facts=[a_fact("night_1", 1, "night")])) == "LOAN_CHANGED"


def test_one_of_many_writers_of_a_version_wins(database):  # noqa: F811
    [loan] = agree(database)
    outcomes, start = [], threading.Barrier(4)

    def pay():
        start.wait()
        try:
            write(database, repayment(loan))
            outcomes.append("written")
        except Refusal as refusal:
            outcomes.append(refusal.code)

    threads = [threading.Thread(target=pay) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(outcomes) == ["LOAN_CHANGED"] * 3 + ["written"]


def test_a_reader_for_update_waits_for_the_writer_before_it(database):  # noqa: F811
    [loan] = agree(database)
    turns, start = [], threading.Barrier(3)

    def pay():
        start.wait()
        with database.begin() as store:
            mine = store.loan(loan.id, for_update=True)
            turns.append(mine.version)
            store.record(repayment(mine))

    threads = [threading.Thread(target=pay) for _ in range(3)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(turns) == [1, 2, 3]


def test_reads_see_one_state_however_long_they_take(database):  # noqa: F811
    [loan] = agree(database)
    with database.read() as store:
        assert store.loan(loan.id).version == 1
        write(database, repayment(loan))
        assert store.loan(loan.id).version == 1
        assert len(store.facts(loan.id)) == 1
    with database.read() as store:
        assert store.loan(loan.id).version == 2


def test_a_unit_that_is_alone_has_no_writer_beside_it(database):  # noqa: F811
    seen = []

    def other():
        with database.begin() as store:
            seen.append(store.watermark())

    with database.begin(alone=True) as store:
        assert store.watermark() is None
        thread = threading.Thread(target=other)
        thread.start()
        time.sleep(0.15)
        assert seen == []
        store.nights.move_watermark(DAY, {}, AT)
        assert store.watermark() == DAY
    thread.join()
    assert seen == [DAY]  # it waited, and then did not see the day before


@pytest.mark.parametrize("bad", ["a\0b", "\ud800"])
def test_text_that_no_database_keeps_is_refused(database, bad):  # noqa: F811
    [loan] = agree(database)
    for changes in (
        Changes(entries=[an_entry(loan.id, memo=bad)]),
        Changes(events=[replace(an_event(loan.id), topic=bad)]),
        Changes(loans=[replace(loan, party=bad)]),
    ):
        assert code_of(write, database, changes) == "STORE_TEXT"


def test_any_other_text_comes_back(database):  # noqa: F811
    strange = '\'; DROP TABLE facts; -- %s %% ? $1 {} \\ \n\t 𠮷 {"a": 1}'
    [loan] = agree(database, a_loan(party=strange))
    assert loan.party == strange
    write(database, Changes(facts=[a_fact(loan.id, 2, body={strange: [strange]}, actor=strange)]))
    with database.read() as store:
        assert store.facts(loan.id)[1].body == {strange: [strange]}
        assert [one.party for one in store.loans.page(WantedLoans(party=strange), 0, 5)] == [strange]


# --- plans, pages, caches --------------------------------------------------------------------------


def dues(database, loan):  # noqa: F811
    query = text("SELECT * FROM dues WHERE loan_key = :key ORDER BY n")
    with database.read() as store:
        return [tuple(row)[1:] for row in store.connection.execute(query, {"key": loan.key})]


def test_dues_follow_the_plan_of_new_and_replanned_loans_and_no_others(database):  # noqa: F811
    loans = agree(database, *(a_loan(position=a_position(months=months)) for months in (3, 70, 1)))
    for loan in loans:
        assert dues(database, loan) == due_rows(loan.position)
    shorter = replace(loans[1], position=a_position(months=2))
    write(database, Changes(loans=[shorter]))
    assert len(dues(database, loans[1])) == 70
    again = replace(shorter, version=2)
    write(database, Changes(loans=[again], replanned=frozenset({again.id})))
    assert dues(database, loans[1]) == due_rows(shorter.position)
    assert len(dues(database, loans[0])) == 3


def test_pages_of_loans_hold_what_is_wanted_and_go_on_where_they_stopped(database):  # noqa: F811
    rows = [
        ("party_a", "rural-bank", "330102", "harvest"),
        ("party_a", "city-bank", "330203", "harvest"),
        ("party_b", "rural-bank", "320102", "tractor"),
    ]
    made = [
        a_loan(party=party, dimensions=replace(a_loan().dimensions, institution=bank, region=region, product=product))
        for party, bank, region, product in rows
    ]
    agree(database, *made)
    cases = [
        (WantedLoans(), [0, 1, 2]),
        (WantedLoans(party="party_a"), [0, 1]),
        (WantedLoans(product="tractor"), [2]),
        (WantedLoans(status="active", funder=""), [0, 1, 2]),
        (WantedLoans(status="closed"), []),
        (WantedLoans(institutions=("rural-bank", "none")), [0, 2]),
        (WantedLoans(regions=("33",)), [0, 1]),
        (WantedLoans(regions=("3301", "32")), [0, 2]),
        (WantedLoans(institutions=("rural-bank",), regions=("33",)), [0]),
    ]
    with database.read() as store:
        for wanted, places in cases:
            assert [loan.id for loan in store.loans.page(wanted, 0, 10)] == [made[place].id for place in places]
        first = store.loans.page(WantedLoans(), 0, 2)
        rest = store.loans.page(WantedLoans(), first[-1].key, 2)
        assert [loan.id for loan in (*first, *rest)] == [loan.id for loan in made]
        assert [len(chunk) for chunk in store.loans.chunks(2)] == [2, 1]
        assert [len(chunk) for chunk in store.loans.chunks(3)] == [3]
        assert store.loans.count() == 3
        keys = [loan.key for loan in (*first, *rest)]
        assert [loan.key for loan in store.loans.by_keys([keys[2], 999, keys[0]])] == [keys[2], keys[0]]


def test_a_loan_is_dirty_until_the_night_has_read_its_last_version(database):  # noqa: F811
    one, other = agree(database, a_loan(), a_loan())
    with database.begin() as store:
        read = store.loans.dirty()
        assert [loan.id for loan in read] == [one.id, other.id]
    write(database, repayment(one))
    with database.begin() as store:
        store.loans.clean(read)
    with database.read() as store:
        assert [loan.id for loan in store.loans.dirty()] == [one.id]
        assert store.loan(other.id).version == 1
    write(database, repayment(other))
    with database.read() as store:
        assert store.loans.dirty_versions() == {one.key: 2, other.key: 2}


@pytest.mark.parametrize(("through", "left"), [(-1, [True, True]), (0, [False, True]), (1, [False, False])])
def test_the_night_has_every_loan_that_is_booked_no_further_than_its_day(database, through, left):  # noqa: F811
    day = day_number(DAY)
    loans = agree(database, a_loan(), a_loan(booked_on=day + 1))
    with database.begin(alone=True) as store:
        store.loans.clean_through(day + through)
    with database.read() as store:
        dirty = {loan.id for loan in store.loans.dirty()}
    assert [loan.id in dirty for loan in loans] == left


def test_a_position_of_other_fields_is_stale_and_can_be_written_anew(database):  # noqa: F811
    [loan] = agree(database)
    old = position_text(loan.position).replace('["', '["0', 1).replace('",', "", 1)[:11] + '",[],[0],[0]]'
    with database.begin() as store:
        store.connection.execute(text("UPDATE loans SET position = :old"), {"old": old})
    with database.begin() as store:
        assert code_of(store.loan, loan.id) == "POSITION_STALE"
        assert store.loans.stale() == [(loan.id, 1)]
        store.loans.rewrite(loan.id, 1, loan.position)
        assert store.loans.stale() == []
        assert store.loan(loan.id).position == loan.position
    assert code_of(_rewrite, database, loan) == "LOAN_CHANGED"


def _rewrite(database, loan):  # noqa: F811
    with database.begin() as store:
        store.loans.rewrite(loan.id, 1, loan.position)


# --- nights ----------------------------------------------------------------------------------------


def test_a_nights_steps_are_kept_and_the_watermark_only_moves_on(database):  # noqa: F811
    with database.begin(alone=True) as store:
        assert store.nights.first_posted() is None
        store.nights.mark_step(DAY, "accrue", {"loans": 3}, AT)
        store.nights.mark_step(DAY, "accrue", {"loans": 4}, AT + timedelta(seconds=1))
        assert store.nights.step_done(DAY, "accrue").result == {"loans": 4}
        assert store.nights.step_done(DAY, "age") is None
        store.nights.move_watermark(DAY, {"entries": 1}, AT + timedelta(seconds=2))
        assert [step.name for step in store.nights.steps(DAY)] == ["accrue", "posted"]
        assert store.watermark() == DAY
        for day in (DAY, DAY - timedelta(days=1)):
            with pytest.raises(AssertionError):
                store.nights.move_watermark(day, {}, AT)
    with database.read() as store:
        assert store.nights.first_posted() == store.watermark() == DAY


def test_the_watermark_moves_only_alone(database):  # noqa: F811
    with database.begin() as store:
        if database.sqlite:
            store.nights.move_watermark(DAY, {}, AT)
        else:
            with pytest.raises(AssertionError):
                store.nights.move_watermark(DAY, {}, AT)


def test_loans_set_aside_are_kept_by_night(database):  # noqa: F811
    with database.begin() as store:
        store.nights.set_aside(DAY, "loan_b", "accrue", "负数", AT)
        store.nights.set_aside(DAY, "loan_a", "age", "x", AT)
        store.nights.set_aside(DAY, "loan_b", "age", "later word", AT)
        assert [(one.loan, one.step, one.problem) for one in store.nights.set_asides(DAY)] == [
            ("loan_a", "age", "x"),
            ("loan_b", "age", "later word"),
        ]
        store.nights.clear_set_aside(DAY)
        assert store.nights.set_asides(DAY) == []


def test_what_falls_due_comes_as_columns(database):  # noqa: F811
    loans = agree(database, *(a_loan(position=a_position(months=2)) for _ in range(3)))
    day = DAY + timedelta(days=30)
    with database.read() as store:
        table = store.nights.dues_on(day)
        assert table["loan_key"].to_pylist() == [loan.key for loan in loans]
        assert set(table["due_on"].to_pylist()) == {day_number(day)}
        assert table["interest_minor"].to_pylist() == [4_999] * 3
        assert len(store.nights.dues_on(day, day + timedelta(days=30))) == 6
        assert len(store.nights.dues_on(day + timedelta(days=1))) == 0
        assert store.nights.dues_on(DAY).schema.types[0] == "int64"


# --- killed ----------------------------------------------------------------------------------------

KILLED = """
import os, sys
sys.path[:0] = {path!r}
from store_fixtures import AT, repayment
from puhui.storage.database import connect
database = connect({url!r})
with database.begin() as store:
    store.replayed("r", "k", {{}}, AT)
    loan = store.loan({loan!r}, for_update=True)
    store.record(repayment(loan))
    store.loan(loan.id)  # all of it has been sent
    if {when!r} == "before":
        os.kill(os.getpid(), 9)
os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize(("when", "version"), [("before", 1), ("after", 2)])
def test_a_process_that_is_killed_leaves_all_or_nothing(store_url, when, version):  # noqa: F811
    mine = connect(store_url)
    [loan] = agree(mine)
    code = KILLED.format(path=sys.path, url=store_url, loan=loan.id, when=when)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == -9, done.stderr
    with mine.begin() as store:
        assert store.loan(loan.id, for_update=True).version == version
        assert len(store.facts(loan.id)) == {1: 1, 2: 3}[version]
        assert len(store.events.page(0, 10)) == version - 1
        assert len(store.ledger.totals(None, None)) == {1: 0, 2: 4}[version]
        assert (store.replayed("r", "k", {}, AT) is None) == (version == 1)
        if version == 1:
            store.remember({})
    mine.close()


def test_more_threads_than_connections_take_turns(store_url, monkeypatch):  # noqa: F811
    monkeypatch.setattr("puhui.storage.engine.MOST", 2)
    mine = connect(store_url)
    [loan] = agree(mine)
    seen, start = [], threading.Barrier(8)

    def read():
        start.wait()
        for _ in range(5):
            with mine.read() as store:
                seen.append(store.loan(loan.id).version)

    threads = [threading.Thread(target=read) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert seen == [1] * 40
    monkeypatch.setattr("puhui.storage.engine.BUSY_SECONDS", 0)
    with mine.read(), mine.read():
        assert code_of(mine.read().__enter__) == "STORE_BUSY"
    with mine.read() as store:
        assert store.loan(loan.id).version == 1
    mine.close()


def test_a_connection_that_the_server_ended_is_replaced(store_url):  # noqa: F811
    if store_url.startswith("sqlite"):
        return
    mine, other = connect(store_url), connect(store_url)
    end = text("SELECT pg_terminate_backend(:pid)")
    with mine.read() as store:
        pid = store.connection.execute(text("SELECT pg_backend_pid()")).scalar()
    with other.read() as store:
        store.connection.execute(end, {"pid": pid})
    time.sleep(0.1)
    [loan] = agree(mine)  # an idle one that is over is noticed

    def cut_off():
        with mine.begin() as store:
            pid = store.connection.execute(text("SELECT pg_backend_pid()")).scalar()
            with other.read() as killer:
                killer.connection.execute(end, {"pid": pid})
            time.sleep(0.1)
            store.record(repayment(loan))

    assert code_of(cut_off) == "STORE_UNREACHABLE"
    with mine.read() as store:
        assert store.loan(loan.id).version == 1
    mine.close()
    other.close()
