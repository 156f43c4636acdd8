"""A request that is sent twice is done once, on both engines: replayed, refused, or told to wait."""

import threading
from dataclasses import replace

import pytest

from puhui.kernel.refusals import Refusal
from puhui.storage.database import connect
from puhui.workflows.store import Changes
from store_fixtures import AT, a_loan, agree, database, repayment, store_url  # noqa: F401

INPUT = {"loan": "loan_x", "amount_minor": 100}


def code_of(call, *arguments, **named):
    with pytest.raises(Refusal) as raised:
        call(*arguments, **named)
    return raised.value.code


def pay(database, loan, key="key-1", given=INPUT, scope="repayments"):  # noqa: F811
    """Return the result, and whether it was a replay."""
    with database.begin() as store:
        if replay := store.replayed(scope, key, given, AT, loan=loan.id):
            return replay.result, True
        store.record(repayment(store.loan(loan.id, for_update=True)))
    return None, False


def version(database, loan):  # noqa: F811
    with database.read() as store:
        return store.loan(loan.id).version


def test_the_same_request_again_gets_the_first_result_and_does_nothing(database):  # noqa: F811
    [loan] = agree(database)
    assert pay(database, loan) == (None, False)
    with database.read() as store:
        fact = store.facts(loan.id)[1].id
    for _ in range(2):
        assert pay(database, loan, given=dict(reversed(INPUT.items()))) == ({"fact": fact}, True)
    assert version(database, loan) == 2


def test_the_key_is_one_callers_own(database):  # noqa: F811
    [loan] = agree(database)
    assert pay(database, loan, scope="a") == (None, False)
    assert pay(database, loan, scope="b") == (None, False)
    assert pay(database, loan, key="key-2") == (None, False)
    assert version(database, loan) == 4


@pytest.mark.parametrize("other", [{**INPUT, "amount_minor": 101}, {}, b"bytes", {**INPUT, "more": None}])
def test_the_same_key_with_another_input_is_refused(database, other):  # noqa: F811
    [loan] = agree(database)
    pay(database, loan)
    assert code_of(pay, database, loan, given=other) == "IDEMPOTENCY_MISMATCH"
    assert version(database, loan) == 2


def test_a_request_that_failed_may_be_tried_again_under_its_key(database):  # noqa: F811
    [loan] = agree(database)

    def fail():
        with database.begin() as store:
            store.replayed("repayments", "key-1", INPUT, AT)
            store.record(repayment(loan))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert pay(database, loan) == (None, False)


def test_a_request_with_a_key_must_leave_a_result(database):  # noqa: F811
    with pytest.raises(AssertionError), database.begin() as store:
        store.replayed("r", "k", {}, AT)
    with database.begin() as store:
        store.replayed("r", "k", {}, AT)
        store.remember({"说": ["好"]})
        with pytest.raises(AssertionError):
            store.remember({})
    with database.begin() as store:
        assert store.replayed("r", "k", {}, AT).result == {"说": ["好"]}
    with pytest.raises(AssertionError), database.begin() as store:
        store.remember({})


def test_a_second_record_of_a_unit_leaves_the_first_result(database):  # noqa: F811
    with database.begin() as store:
        store.replayed("r", "k", {}, AT)
        store.record(Changes(result={"first": 1}))
        store.record(Changes(result={"second": 2}))
    with database.begin() as store:
        assert store.replayed("r", "k", {}, AT).result == {"first": 1}


def test_a_request_whose_twin_is_being_worked_on_is_told_so_at_once(database):  # noqa: F811
    [loan] = agree(database)
    codes = []

    def twin():
        codes.append(code_of(pay, database, loan))

    with database.begin() as store:
        assert store.replayed("repayments", "key-1", INPUT, AT, loan=loan.id) is None
        mine = store.loan(loan.id, for_update=True)  # the twin must not wait for this row
        thread = threading.Thread(target=twin)
        thread.start()
        thread.join(5)
        assert codes == ["IDEMPOTENCY_IN_FLIGHT"]
        store.record(repayment(mine))
        assert store.loan(loan.id).version == 2
    assert pay(database, loan)[1]
    assert version(database, loan) == 2


def test_a_twin_of_another_process_is_told_or_waits_for_the_result(store_url):  # noqa: F811
    one, other = connect(store_url), connect(store_url)
    [loan] = agree(one)
    outcomes = []

    def twin():
        try:
            outcomes.append(pay(other, loan)[1])
        except Refusal as refusal:
            outcomes.append(refusal.code)

    with one.begin() as store:
        assert store.replayed("repayments", "key-1", INPUT, AT) is None
        thread = threading.Thread(target=twin)
        thread.start()
        thread.join(0.2)
        store.record(repayment(store.loan(loan.id)))
    thread.join(5)
    # SQLite has one writer in all: the twin waits for its turn, and finds the result.
    assert outcomes == ([True] if one.sqlite else ["IDEMPOTENCY_IN_FLIGHT"])
    assert version(one, loan) == 2
    one.close()
    other.close()


def test_a_loan_that_is_read_ahead_is_the_same_loan(database):  # noqa: F811
    one, other = agree(database, a_loan(), a_loan())
    with database.begin() as store:
        assert store.replayed("r", "k", {}, AT, loan=one.id) is None
        assert store.loan(other.id, for_update=True) == other
        assert store.loan(one.id, for_update=True) == one
        store.record(repayment(one))
        assert store.loan(one.id, for_update=True).version == 2
    with database.begin() as store:
        assert store.replayed("r", "k2", {}, AT, loan=one.id) is None
        store.record(repayment(replace(one, version=2, sequence=3)))
        assert store.loan(one.id).version == 3  # not what was read ahead, before the write
    with database.begin() as store:
        assert store.replayed("r", "k3", {}, AT, loan="loan_none") is None
        assert code_of(store.loan, "loan_none", for_update=True) == "LOAN_UNKNOWN"
        store.remember({})


def test_a_crowd_of_twins_is_done_once(database):  # noqa: F811
    [loan] = agree(database)
    done, start = [], threading.Barrier(6)

    def twin():
        start.wait()
        try:
            done.append("replay" if pay(database, loan)[1] else "done")
        except Refusal as refusal:
            done.append(refusal.code)

    threads = [threading.Thread(target=twin) for _ in range(6)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert done.count("done") == 1
    assert set(done) <= {"done", "replay", "IDEMPOTENCY_IN_FLIGHT"}
    assert version(database, loan) == 2
