"""A night that is killed, and a loan that cannot be closed: the books come out as if nothing had happened."""

from datetime import date, timedelta

import pytest

from night_world import World, morning_after
from puhui.batch import gather, night, posting
from puhui.batch.lock import only_one
from puhui.batch.night import close
from puhui.kernel.refusals import Refusal
from puhui.storage.database import connect
from store_fixtures import fresh_file

TOLD = date(2024, 5, 13)
LAST = date(2024, 5, 17)


class Killed(BaseException):
    """What no code catches: the process is gone."""


def make_world(tmp_path, tmp_path_factory, name):
    database = connect(fresh_file(tmp_path, tmp_path_factory.getbasetemp()))
    return World(database, tmp_path / name).lend_all(told=TOLD)


def told(world):
    """Return all that a run leaves behind, ids and instants aside."""
    loans = [world.loan(loan_id) for loan_id in world.ids]
    reports = [world.report(day) for day in (date(2024, 5, 15), LAST)]
    for report in reports:
        for name in ("posted_at", "snapshot_sha256", "checkpoint"):
            del report[name]
    numbers = {loan_id: place for place, loan_id in enumerate(world.ids)}
    kinds = [[(fact.kind, fact.effective_on, fact.body) for fact in world.facts(loan_id)][2:] for loan_id in world.ids]
    return (
        world.balances(LAST),
        reports,
        [(numbers[loan.id], loan.position, loan.booked_on, loan.sequence) for loan in loans],
        kinds,
    )


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    world = make_world(tmp_path_factory.mktemp("straight"), tmp_path_factory, "snapshots")
    world.close(LAST)
    return told(world)


def killing(name, place, monkeypatch):
    """Kill the night at the `place`-th call of a function, before or after it did its work."""
    module, _, after = {
        "gathered": (gather.Gathered, "add", False),
        "shard": (night, "run_shard", False),
        "shard done": (night, "run_shard", True),
        "manifest": (posting, "write_manifest", True),
        "switched": (posting, "_switch", True),
        "classified": (posting, "tell", False),
        "told": (posting, "tell", True),
        "installed": (posting, "install", False),
        "not committed": (posting, "install", True),
        "reconciled": (posting, "reconciled", True),
    }[name]
    called = {
        "gathered": "add",
        "shard": "run_shard",
        "shard done": "run_shard",
        "manifest": "write_manifest",
        "switched": "_switch",
        "classified": "tell",
        "told": "tell",
        "installed": "install",
        "not committed": "install",
        "reconciled": "reconciled",
    }[name]
    real, calls = getattr(module, called), [0]

    def stand_in(*given, **named):
        calls[0] += 1
        if calls[0] == place and not after:
            raise Killed
        result = real(*given, **named)
        if calls[0] == place:
            raise Killed
        return result

    monkeypatch.setattr(module, called, stand_in)


POINTS = [
    ("gathered", 1),
    ("shard", 2),
    ("shard done", 4),
    ("manifest", 2),
    ("switched", 3),
    ("classified", 1),
    ("told", 1),
    ("installed", 1),
    ("not committed", 1),
    ("not committed", 4),
    ("reconciled", 2),
]


@pytest.mark.parametrize(("name", "place"), POINTS)
def test_killed_and_started_again(name, place, straight, tmp_path, tmp_path_factory):
    world = make_world(tmp_path, tmp_path_factory, "snapshots")
    with pytest.MonkeyPatch.context() as patch:
        killing(name, place, patch)
        with pytest.raises(Killed):
            world.close(LAST)
    world.close(LAST)
    assert told(world) == straight


def test_signing_fails_and_is_made_up_for(straight, tmp_path, tmp_path_factory):
    world = make_world(tmp_path, tmp_path_factory, "snapshots")

    def no_pen(_):
        raise Killed

    with pytest.raises(Killed):
        close(world.with_setting(sign=no_pen), LAST, morning_after(LAST))
    assert world.report(date(2024, 5, 14))["checkpoint"] == {}
    world.close(LAST)
    assert world.report(date(2024, 5, 14))["checkpoint"]
    assert told(world) == straight


# --- a loan that cannot be closed ----------------------------------------------------------------


def broken(monkeypatch, key):
    """Make the fold of one loan fail."""
    real = gather.position_on

    def position_on(loan, day, facts):
        assert loan.key != key, "its plan does not add up"
        return real(loan, day, facts)

    monkeypatch.setattr(gather, "position_on", position_on)


def test_set_aside_then_mended(tmp_path, tmp_path_factory):
    """Two nights cannot close a loan that was paid; the third can, and all agrees with a run without the fault."""
    first, second, third = (date(2024, 5, 14) + timedelta(days=n) for n in range(3))
    worlds = [make_world(tmp_path, tmp_path_factory, name) for name in ("one", "two")]
    for world, has_fault in zip(worlds, (True, False), strict=True):
        loan_id = world.ids[0]
        world.close(first)
        world.pay(loan_id, second, 500_000)
        with pytest.MonkeyPatch.context() as patch:
            if has_fault:
                broken(patch, world.loan(loan_id).key)
            world.close(second)
            world.close(third)
        for day in (second, third):
            report = world.report(day)
            assert [each["loan"] for each in report["set_aside"]] == [loan_id] * has_fault
            assert report["reconciliation"]["sound"]
        world.pay(loan_id, third + timedelta(days=1), 1_200_000)
        world.close(third + timedelta(days=1))
        report = world.report(third + timedelta(days=1))
        assert report["reconciliation"]["sound"]
        assert not report["set_aside"]
    one, two = (world.balances(third + timedelta(days=1)) for world in worlds)
    assert one == two
    positions = [world.loan(world.ids[0]).position for world in worlds]
    assert positions[0] == positions[1]


def test_set_aside_from_the_first_night(tmp_path, tmp_path_factory):
    """A loan that no night has closed yet: it comes into the book when it can."""
    world = make_world(tmp_path, tmp_path_factory, "one")
    with pytest.MonkeyPatch.context() as patch:
        broken(patch, world.loan(world.ids[1]).key)
        world.close(date(2024, 5, 15))
    report = world.report(date(2024, 5, 15))
    assert report["loans"]["all"] == len(world.ids) - 1
    assert "does not add up" in report["set_aside"][0]["problem"]
    assert report["reconciliation"]["sound"]
    world.close(date(2024, 5, 16))
    report = world.report(date(2024, 5, 16))
    assert report["loans"]["all"] == len(world.ids)
    assert report["reconciliation"]["sound"], report["reconciliation"]


def test_set_aside_and_the_snapshot_lost(tmp_path, tmp_path_factory):
    """Rebuilt from the books while a loan stands set aside: it is booked once all the same."""
    worlds = [make_world(tmp_path, tmp_path_factory, name) for name in ("one", "two")]
    day = date(2024, 5, 16)
    for world, has_fault in zip(worlds, (True, False), strict=True):
        world.close(day - timedelta(days=2))
        with pytest.MonkeyPatch.context() as patch:
            if has_fault:
                broken(patch, world.loan(world.ids[0]).key)
                world.pay(world.ids[0], day - timedelta(days=1), 500_000)
            else:
                world.pay(world.ids[0], day - timedelta(days=1), 500_000)
            world.close(day - timedelta(days=1))
        world.close(day, rebuild=has_fault)
        assert world.report(day)["reconciliation"]["sound"], world.report(day)["reconciliation"]
    assert worlds[0].balances(day) == worlds[1].balances(day)


def test_one_night_at_a_time(tmp_path, tmp_path_factory):
    world = make_world(tmp_path, tmp_path_factory, "one")
    world.setting.root.mkdir()
    with only_one(world.setting.root), pytest.raises(Refusal) as refused:
        world.close(LAST)
    assert refused.value.code == "NIGHT_BUSY"


def test_a_night_that_another_has_posted_meanwhile_is_not_posted_again(straight, tmp_path, tmp_path_factory):
    """Two machines with folders of their own: no lock of files keeps them apart, the watermark does."""
    world, first = make_world(tmp_path, tmp_path_factory, "one"), TOLD + timedelta(days=1)
    other = World(world.database, tmp_path / "other")

    def say(_day, step, _done, _of):
        if step == "columns" and not other.setting.root.exists():
            assert other.close(first) == [first]

    with pytest.raises(Refusal) as refused:
        close(world.with_setting(say=say), LAST, morning_after(LAST))
    assert refused.value.code == "NIGHT_BUSY"
    other.close(LAST)
    assert told(world) == straight
