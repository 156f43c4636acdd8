"""The outbox: at least once, in order within a subject, patient, and with many dispatchers at once."""

import threading
from collections import Counter
from datetime import timedelta

import pytest

from puhui.kernel.refusals import Refusal
from puhui.storage.events import Failure
from puhui.storage.outbox import Dispatcher, Policy, Tally
from puhui.workflows.store import Changes
from store_fixtures import AT, an_event, database, store_url  # noqa: F401

POLICY = Policy(first_wait_seconds=10, longest_wait_seconds=60, most_attempts=4, lease_seconds=30)


class Receiver:
    """Keeps what arrives; fails the topics it is told to."""

    def __init__(self):
        self.got = []
        self.failing = set()

    def __call__(self, event):
        if event.topic in self.failing:
            return f"{event.topic} failed"
        self.got.append(event)
        return ""

    @property
    def topics(self):
        return [event.topic for event in self.got]


class Watch:
    """A clock to set."""

    def __init__(self):
        self.at = AT

    def __call__(self):
        return self.at

    def pass_seconds(self, seconds):
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def receiver():
    return Receiver()


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def dispatcher(database, receiver, watch):  # noqa: F811
    return Dispatcher(database, receiver, watch, policy=POLICY, below=lambda n: n - 1)


def tell(database, *pairs):  # noqa: F811
    """Write events (topic, subject) in one transaction; return them."""
    events = [an_event(subject, topic) for topic, subject in pairs]
    with database.begin() as store:
        store.record(Changes(events=events))
    return events


def stored(database):  # noqa: F811
    with database.read() as store:
        return {each.event.topic: each for each in store.events.page(0, 100)}


def test_events_arrive_as_they_were_written_and_once(database, dispatcher, receiver, watch):  # noqa: F811
    written = tell(database, ("one", "a"), ("two", "b"))
    assert dispatcher.round() == Tally(delivered=2)
    assert receiver.got == written
    watch.pass_seconds(10_000)
    assert dispatcher.round() == Tally()
    assert {each.delivered_at for each in stored(database).values()} == {AT}
    with database.read() as store:
        assert store.events.counts() == (0, 0)


def test_an_event_of_a_transaction_that_failed_is_never_told(database, dispatcher):  # noqa: F811
    def fail():
        with database.begin() as store:
            store.record(Changes(events=[an_event("a")]))
            store.events.counts()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert dispatcher.round() == Tally()


def test_a_later_event_of_a_subject_waits_and_other_subjects_do_not(database, dispatcher, receiver, watch):  # noqa: F811
    tell(database, ("a1", "a"), ("b1", "b"), ("a2", "a"), ("b2", "b"), ("a3", "a"))
    receiver.failing = {"a1"}
    assert dispatcher.round() == Tally(delivered=1, failed=1)
    assert dispatcher.round() == Tally(delivered=1)
    assert dispatcher.round() == Tally()
    assert receiver.topics == ["b1", "b2"]
    receiver.failing = set()
    watch.pass_seconds(10)
    while dispatcher.round().taken:
        pass
    assert receiver.topics == ["b1", "b2", "a1", "a2", "a3"]


def test_waits_double_up_to_the_longest_and_then_the_letter_is_dead(database, dispatcher, receiver, watch):  # noqa: F811
    policy = Policy(first_wait_seconds=10, longest_wait_seconds=25, most_attempts=4, lease_seconds=1)
    patient = Dispatcher(database, receiver, watch, policy=policy, below=lambda n: n - 1)
    tell(database, ("one", "a"), ("next", "a"))
    receiver.failing = {"one"}
    for wait in (10, 20, 25):
        assert patient.round() == Tally(failed=1)
        watch.pass_seconds(wait)
        watch.at -= timedelta(milliseconds=1)
        assert patient.round() == Tally()
        watch.at += timedelta(milliseconds=1)
    assert patient.round() == Tally(dead=1)
    dead = stored(database)["one"]
    assert (dead.dead_at, dead.attempts, dead.last_error) == (watch.at, 4, "one failed")
    assert patient.round() == Tally(delivered=1)  # those behind it go on
    assert receiver.topics == ["next"]


def test_waits_are_drawn_from_half_to_all():
    for attempts, most in ((1, 10_000), (2, 20_000), (3, 40_000), (4, 60_000), (90, 60_000)):
        draws = [POLICY.wait(attempts, lambda n, at=at: at * (n - 1) // 4) for at in range(5)]
        assert draws[0] == timedelta(milliseconds=most // 2)
        assert draws[-1] == timedelta(milliseconds=most)
        assert draws == sorted(set(draws))


def test_a_dead_letter_is_sent_again_only_when_asked(database, dispatcher, receiver, watch):  # noqa: F811
    [event, other] = tell(database, ("one", "a"), ("two", "b"))
    receiver.failing = {"one"}
    for _ in range(4):
        dispatcher.round()
        watch.pass_seconds(60)
    with database.begin() as store:
        assert [each.event for each in store.events.dead(0, 10)] == [event]
        assert store.events.counts() == (0, 1)
        for wrong in (other.id, "event_none"):
            with pytest.raises(Refusal, match="no event"):
                store.events.resend(wrong, watch.at)
        assert store.events.resend(event.id, watch.at).attempts == 0
    receiver.failing = set()
    assert dispatcher.round() == Tally(delivered=1)
    with database.begin() as store, pytest.raises(Refusal):
        store.events.resend(event.id, watch.at)


def test_what_a_dead_dispatcher_took_comes_free_when_its_lease_ends(database, dispatcher, receiver, watch):  # noqa: F811
    tell(database, ("one", "a"), ("two", "a"))

    class Killed(Exception):
        pass

    def die(_event):
        raise Killed

    dying = Dispatcher(database, die, watch, policy=POLICY)
    with pytest.raises(Killed):
        dying.round()
    watch.pass_seconds(29)
    assert dispatcher.round() == Tally()
    watch.pass_seconds(1)
    assert dispatcher.round() == Tally(delivered=1)
    assert stored(database)["one"].attempts == 2


def test_an_event_that_kills_every_dispatcher_ends_as_a_dead_letter(database, dispatcher, watch):  # noqa: F811
    tell(database, ("one", "a"), ("two", "a"))

    def die(event):
        assert event.topic != "one"
        return ""

    dying = Dispatcher(database, die, watch, policy=POLICY)
    for _ in range(4):
        with pytest.raises(AssertionError):
            dying.round()
        watch.pass_seconds(30)
    assert dying.round() == Tally(delivered=1)
    assert stored(database)["one"].dead_at == watch.at


def test_a_dispatcher_past_its_lease_leaves_the_rest_to_others(database, receiver, watch):  # noqa: F811
    tell(database, ("one", "a"), ("two", "b"), ("three", "c"))

    def slow(event):
        watch.pass_seconds(20)
        return receiver(event)

    assert Dispatcher(database, slow, watch, policy=POLICY).round() == Tally(delivered=2)
    assert Dispatcher(database, receiver, watch, policy=POLICY).round() == Tally(delivered=1)
    assert sorted(receiver.topics) == ["one", "three", "two"]


def test_a_failure_noted_too_late_does_not_undo_a_delivery(database, dispatcher, receiver, watch):  # noqa: F811
    tell(database, ("one", "a"))

    def overtaken(_event):
        watch.pass_seconds(31)
        assert dispatcher.round() == Tally(delivered=1)
        return "too late"

    Dispatcher(database, overtaken, watch, policy=POLICY).round()
    assert stored(database)["one"].delivered_at is not None
    assert stored(database)["one"].last_error == ""


def test_a_failure_noted_too_late_leaves_the_event_to_whoever_has_it_now(database, watch):  # noqa: F811
    tell(database, ("one", "a"))
    begun, lease = watch(), timedelta(seconds=30)
    taken = []
    for at in (begun, begun + lease):
        with database.begin() as store:
            taken += store.events.claim(at, at + lease, 16, 10)
    with database.begin() as store:
        store.events.failed(Failure(taken[0], "too late", begun + lease, False), begun + lease)
    now = stored(database)["one"]
    assert (now.attempts, now.next_attempt_at, now.last_error) == (2, begun + 2 * lease, "")


def test_no_more_than_asked_are_taken_at_once(database, receiver, watch):  # noqa: F811
    tell(database, *((f"t{n}", f"s{n}") for n in range(5)))
    few = Dispatcher(database, receiver, watch, policy=Policy(at_once=2))
    assert [few.round().taken for _ in range(4)] == [2, 2, 1, 0]


def test_long_problems_are_cut(database, watch):  # noqa: F811
    tell(database, ("one", "a"))
    Dispatcher(database, lambda _: "x" * 10_000, watch, policy=POLICY).round()
    assert len(stored(database)["one"].last_error) == 500


def test_what_was_delivered_long_ago_can_be_forgotten(database, dispatcher, watch):  # noqa: F811
    tell(database, ("one", "a"))
    dispatcher.round()
    tell(database, ("two", "a"))
    with database.begin() as store:
        store.events.forget_delivered(AT)
        assert len(store.events.page(0, 10)) == 2
        store.events.forget_delivered(AT + timedelta(seconds=1))
        assert [each.event.topic for each in store.events.page(0, 10)] == ["two"]
        assert [each.event.topic for each in store.events.page(0, 10, subject="a")] == ["two"]
        assert store.events.page(0, 10, subject="b") == []


def test_many_dispatchers_deliver_each_event_once_and_in_order(database, receiver, watch):  # noqa: F811
    subjects = [f"s{n}" for n in range(6)]
    for turn in range(5):
        tell(database, *((f"t{turn}", subject) for subject in subjects))
    stop = threading.Event()

    def run():
        Dispatcher(database, receiver, watch, policy=Policy(at_once=2)).run(stop)

    threads = [threading.Thread(target=run) for _ in range(3)]
    [thread.start() for thread in threads]
    for _ in range(400):
        if len(receiver.got) >= 30:
            break
        stop.wait(0.02)
    stop.set()
    [thread.join() for thread in threads]
    assert set(Counter(event.id for event in receiver.got).values()) == {1}
    for subject in subjects:
        assert [event.topic for event in receiver.got if event.subject == subject] == [f"t{n}" for n in range(5)]
