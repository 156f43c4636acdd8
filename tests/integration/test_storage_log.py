"""The proof log over the store: every fact has its place, in order, and an edit or a gap does not stay hidden."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy import text

from puhui.kernel.refusals import Refusal
from puhui.proof.leaf import Opening
from puhui.proof.merkle import MerkleLog
from puhui.proof.note import COSIGNATURE, Quorum, SigningKey, TrustedKeys, add_cosignature
from puhui.proof.verify import verify_bundle
from puhui.storage.database import connect
from puhui.storage.fact_rows import leaf_of
from puhui.storage.log import ProofLog
from puhui.workflows.store import Changes
from store_fixtures import AT, a_fact, agree, database, repayment, store_url  # noqa: F401

KEY = SigningKey.of_seed("puhui.example/log", bytes(range(32)))
WITNESS = SigningKey.of_seed("auditor.example/witness", bytes([7] * 32), COSIGNATURE)
KEYS = TrustedKeys(KEY.verifier, (WITNESS.verifier,))
NOBODY = Quorum()


def write(database, *facts):  # noqa: F811
    with database.begin() as store:
        store.record(Changes(facts=facts))


def order(database):  # noqa: F811
    query = text("SELECT leaf, facts.id FROM log_leaves JOIN facts ON facts.seq = fact_seq ORDER BY leaf")
    with database.read() as store:
        return [tuple(row) for row in store.connection.execute(query)]


def test_facts_get_their_place_in_the_order_they_were_written(database):  # noqa: F811
    log = ProofLog(database)
    facts = [a_fact(f"loan_{n % 3}", n // 3 + 1) for n in range(7)]
    write(database, *facts[:2])
    assert log.sequence() == 2
    assert log.sequence() == 0
    write(database, *facts[2:])
    assert ProofLog(database).sequence(limit=3) == 3
    assert log.sequence(limit=3) == 2
    assert log.catch_up() == 0
    assert order(database) == [(place, fact.id) for place, fact in enumerate(facts)]
    assert log.tree().root() == MerkleLog(leaf_of(fact).to_bytes() for fact in facts).root()


def test_a_fact_that_is_committed_late_is_found_later(store_url):  # noqa: F811
    one, other = connect(store_url), connect(store_url)
    log = ProofLog(other)
    slow, quick, last = a_fact("loan_slow"), a_fact("loan_quick"), a_fact("loan_last")
    if one.sqlite:  # one writer: nothing can be late
        write(one, slow, quick)
    else:
        with one.begin() as store:
            store.record(Changes(facts=[slow]))
            store.events.counts()  # sent: the fact has its number
            write(other, quick)
            assert [log.sequence(), log.sequence(), log.sequence()] == [1, 0, 0]
    write(other, last)
    log.catch_up()
    places = [fact for _, fact in order(one)]
    assert places == ([slow.id, quick.id, last.id] if one.sqlite else [quick.id, slow.id, last.id])
    assert log.audit() == []
    one.close()
    other.close()


def test_what_is_settled_is_not_looked_at_again(database):  # noqa: F811
    log = ProofLog(database)
    write(database, *(a_fact(f"loan_{n}") for n in range(3)))
    log.sequence()
    log.sequence()
    with database.read() as store:
        assert store.connection.execute(text("SELECT size, settled_seq FROM log_state")).one() == (3, 3)


def test_every_fact_has_one_place_with_many_writers_and_sequencers(database):  # noqa: F811
    done = threading.Event()

    def pay(number):
        for sequence in range(1, 16):
            write(database, a_fact(f"loan_{number}", sequence))

    def sequence():
        log = ProofLog(database)
        while not done.is_set():
            log.sequence(limit=7)

    writers = [threading.Thread(target=pay, args=(number,)) for number in range(3)]
    sequencers = [threading.Thread(target=sequence) for _ in range(2)]
    [thread.start() for thread in (*writers, *sequencers)]
    [thread.join() for thread in writers]
    done.set()
    [thread.join() for thread in sequencers]
    log = ProofLog(database)
    log.catch_up()
    found = order(database)
    assert [place for place, _ in found] == list(range(45))
    assert len({fact for _, fact in found}) == 45
    with database.read() as store:
        for number in range(3):
            facts = [fact.id for fact in store.facts(f"loan_{number}")]
            assert [fact for _, fact in found if fact in facts] == facts  # a subject's facts keep their order
    assert log.audit() == []


def test_a_checkpoint_is_signed_stored_and_stands_until_the_log_grows(database):  # noqa: F811
    log = ProofLog(database)
    assert log.latest() is None
    write(database, a_fact("loan_a"))
    first = log.checkpoint(KEY, AT)
    assert (first.size, first.root) == (1, log.tree().root())
    assert log.checkpoint(KEY, AT) == log.latest() == first
    write(database, a_fact("loan_a", 2))
    assert ProofLog(database).checkpoint(KEY, AT).size == 2
    assert len(log.tree()) == 2


def test_bundles_of_a_loan_and_of_the_whole_log_verify(database):  # noqa: F811
    loan, other = agree(database)[0], agree(database)[0]
    log = ProofLog(database)
    name = Opening(bytes(32), "张三")
    changes = repayment(loan)
    facts = [replace(changes.facts[0], personal={"name": name.digest}), changes.facts[1]]
    with database.begin() as store:
        store.record(replace(changes, facts=facts))
    early = log.checkpoint(KEY, AT)
    with database.begin() as store:
        store.record(repayment(other))
    later = log.checkpoint(KEY, AT)
    log.add_note(add_cosignature(later.note, WITNESS, 1_700_000_000), AT)
    quorum = Quorum(1, (WITNESS.name,))
    openings = {facts[0].id: {"name": name}}

    bundle = log.bundle(NOBODY, subject=loan.id, older=early.size, openings=openings)
    report = verify_bundle(bundle, KEYS, NOBODY)
    assert report.verified
    assert (report.covers, report.size) == ({"scope": "subject", "subject": loan.id, "count": 3}, 6)
    assert "张三" in bundle.decode()
    assert verify_bundle(log.bundle(quorum), KEYS, quorum).verified
    assert not verify_bundle(log.bundle(quorum, size=early.size), KEYS, quorum).verified  # nobody cosigned that one
    assert verify_bundle(log.bundle(NOBODY, size=early.size), KEYS, NOBODY, seen=early.note).size == 4
    assert not verify_bundle(bundle.replace(b"repayment", b"repaymemt"), KEYS, NOBODY).verified


def test_a_checkpoint_that_is_not_there_is_refused(database):  # noqa: F811
    log = ProofLog(database)
    write(database, a_fact("loan_a"))
    calls = [lambda: log.bundle(NOBODY), lambda: log.bundle(NOBODY, size=9), lambda: log.bundle(NOBODY, older=9)]
    for call in calls:
        with pytest.raises(Refusal, match="no checkpoint"):
            call()
    signed = log.checkpoint(KEY, AT)
    for call in calls[1:]:
        with pytest.raises(Refusal, match="no checkpoint"):
            call()
    with pytest.raises(Refusal, match="no checkpoint"):
        log.add_note(signed.note.replace("\n1\n", "\n2\n", 1), AT)


EDITS = {
    "kind = 'gift'": "was edited",
    "actor = 'user_b'": "was edited",
    "approved_by = 'user_b'": "was edited",
    "id = 'fact_other'": "was edited",
    "effective_on = effective_on + 1": "was edited",
    "recorded_at = recorded_at + 1": "was edited",
    "body = '{\"amount_minor\":101}'": "was edited",
    'personal = \'{"x":"eA=="}\'': "was edited",
    "subject = 'loan_b'": "was edited",
    "sequence = 2": "was edited",
    "leaf_hash = 'x'": "was edited",
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_behind_the_stores_back_is_found(database, edit):  # noqa: F811
    log = ProofLog(database)
    write(database, a_fact("loan_a"))
    log.checkpoint(KEY, AT)
    assert log.audit() == []
    without_triggers(database, f"UPDATE facts SET {edit}")
    problems = ProofLog(database).audit()
    assert any(EDITS[edit] in problem for problem in problems)


def test_a_history_that_was_made_anew_does_not_fit_its_checkpoints(database):  # noqa: F811
    log = ProofLog(database)
    one, other = a_fact("loan_a"), a_fact("loan_b")
    write(database, one, other)
    log.checkpoint(KEY, AT)
    without_triggers(
        database, "UPDATE log_leaves SET fact_seq = -fact_seq", "UPDATE log_leaves SET fact_seq = 3 + fact_seq"
    )
    assert ProofLog(database).audit() == ["the checkpoint of size 2 is of another history"]


def test_a_leaf_or_a_fact_that_was_left_out_is_found(database):  # noqa: F811
    log = ProofLog(database)
    write(database, *(a_fact(f"loan_{n}") for n in range(3)))
    log.checkpoint(KEY, AT)
    log.sequence()
    without_triggers(database, "DELETE FROM log_leaves WHERE leaf = 1")
    assert ProofLog(database).audit() == ["leaf 0 or one soon after is missing"]
    without_triggers(database, "UPDATE log_state SET size = 1, frontier = frontier")
    problems = ProofLog(database).audit()
    assert any("has no place in the log" in problem for problem in problems)
    assert any("of another history" in problem for problem in problems)


def without_triggers(database, *statements):  # noqa: F811
    with database.begin() as store:
        if database.sqlite:
            triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            for name in store.connection.execute(text(triggers)).scalars().all():
                store.connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            store.connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            store.connection.exec_driver_sql(statement)
