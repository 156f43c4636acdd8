"""Closing days on both engines: what a night writes, and what it leaves alone."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from night_world import START, World, at, days, morning_after
from puhui.accounting.books import MIRRORED, books
from puhui.batch.night import close
from puhui.batch.snapshot import folder_of, manifest_of, read_part
from puhui.kernel.dates import day_number
from puhui.kernel.refusals import Refusal
from puhui.lending.agreement import agreement_of
from puhui.lending.fold import fold
from puhui.storage.database import connect
from store_fixtures import database, fresh_file, store_url  # noqa: F401

FIRST_DUE = date(2024, 2, 15)
# The day on which the store is told of the loans, as if moved from elsewhere: instalments since 15 February are unpaid.
TOLD = date(2024, 5, 10)


@pytest.fixture
def file(tmp_path, tmp_path_factory):
    """A fresh SQLite store, where the engine does not matter."""
    made = connect(fresh_file(tmp_path, tmp_path_factory.getbasetemp()))
    yield made
    made.close()


@pytest.fixture
def world(file, tmp_path):
    """Loans of January, one night closed."""
    made = World(file, tmp_path / "snapshots").lend_all()
    made.close(START + timedelta(days=1))
    return made


def mirrored(world, day):
    """Return the sum of every loan's books at the end of a day by account, from its facts alone."""
    sums = dict.fromkeys(MIRRORED, 0)
    for loan_id in world.ids:
        loan, facts = world.loan(loan_id), world.facts(loan_id)
        agreement = agreement_of(loan.agreement)
        for account, balance in books(fold(facts, day_number(day)), agreement).items():
            sums[account] += balance
    return {account: balance for account, balance in sums.items() if balance}


def general(world, day):
    sums = {}
    for key, balance in world.balances(day).items():
        if key.account in MIRRORED:
            sums[key.account] = sums.get(key.account, 0) + balance
    return {account: balance for account, balance in sums.items() if balance}


def test_late_paid_in_part_and_cured_on_both_engines(database, tmp_path):  # noqa: F811
    """Fifteen nights around the ninetieth day of delay, with payments in full, in part and none."""
    world = World(database, tmp_path / "snapshots").lend_all(told=TOLD)
    paid, late, tainted, bad, followed, shared, farm = world.ids
    events = {
        date(2024, 5, 12): [(paid, 2_200_000), (followed, 100_000), (tainted, 1_600_000)],
        date(2024, 5, 15): [(shared, 2_170_000), (farm, 700_000), (tainted, 530_000)],
        date(2024, 5, 18): [(late, 36_000), (followed, 1_500_000)],
    }
    for day in days(date(2024, 5, 11), date(2024, 5, 25)):
        for loan_id, amount in events.get(day, ()):
            world.pay(loan_id, day, amount)
        world.close(day)
        report = world.report(day)
        assert report["reconciliation"]["sound"], (day, report["reconciliation"])
        assert not report["set_aside"]
        # The night after has nothing to read but what is written from now on.
        with database.read() as store:
            assert store.loans.dirty_versions() == {}
    assert general(world, day) == mirrored(world, day)
    classes = {loan_id: world.loan(loan_id).position for loan_id in world.ids}
    assert [(each.category, each.stage, each.accruing) for each in (classes[bad], classes[paid], classes[shared])] == [
        ("SUB", 3, False),
        ("NORMAL", 2, True),  # nothing is late any more; stage 1 takes three months on time
        ("NORMAL", 2, True),
    ]
    # Nothing of it is late, but the debtor's other loan is bad.
    assert (classes[tainted].dues, classes[tainted].category, classes[tainted].stage) == ((), "SUB", 3)
    assert [(move["from"], move["to"]) for move in world.report(date(2024, 5, 16))["moves"]] == [("61-90", "91-180")]
    for loan_id, position in classes.items():
        assert position == fold(world.facts(loan_id), position.as_of)


def test_the_snapshot_is_every_loan_as_its_facts_say(world):
    day = date(2024, 1, 22)
    world.close(day)
    folder = folder_of(world.setting.root, day)
    rows = {}
    for part in manifest_of(folder).parts:
        book = read_part(folder / part.name, part.sha256)
        rows |= {int(key): {name: int(column[n]) for name, column in book.items()} for n, key in enumerate(book["key"])}
    assert len(rows) == len(world.ids)
    for loan_id in world.ids:
        loan = world.loan(loan_id)
        position = fold(world.facts(loan_id), day_number(day))
        row = rows[loan.key]
        for name in ("principal_minor", "accrual_minor", "interest_due_total_minor", "annual_rate_ppm"):
            assert row[name] == getattr(position, name), name


def test_twice_is_once(world):
    day = date(2024, 1, 19)
    assert len(world.close(day)) == 3
    before, report = world.balances(day), world.report(day)
    assert world.close(day) == []
    assert world.close(day - timedelta(days=3)) == []
    assert (world.balances(day), world.report(day)) == (before, report)


def test_missing_days_come_in_order_each_with_its_own_entries(world):
    closed = world.close(date(2024, 1, 22))
    assert closed == list(days(date(2024, 1, 17), date(2024, 1, 22)))
    held = [world.balances(day) for day in closed]
    assert all(later != earlier for earlier, later in pairwise(held))


def test_quiet_days_write_no_row_a_loan(world):
    world.close(date(2024, 1, 20))
    before = {loan_id: world.loan(loan_id) for loan_id in world.ids}
    counted = counts(world)
    world.close(date(2024, 1, 21))
    grown = {name: rows - counted[name] for name, rows in counts(world).items()}
    assert {loan_id: world.loan(loan_id) for loan_id in world.ids} == before
    # The night itself; for each of five sets of dimensions interest with its VAT, and expected losses.
    assert grown == {"facts": 1, "entries": 5 * 2, "postings": 5 * (3 + 2)}


def counts(world):
    with world.database.read() as store:
        names = ("facts", "entries", "postings")
        return {name: store.connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar() for name in names}


def test_too_early_is_refused(world):
    with pytest.raises(Refusal) as refused:
        close(world.setting, date(2024, 1, 18), at(date(2024, 1, 17)))
    assert refused.value.code == "NIGHT_TOO_EARLY"
    assert close(world.setting, date(2024, 1, 17), at(date(2024, 1, 17), 23)) == [date(2024, 1, 17)]


def test_a_fact_after_its_days_night_stands_in_the_next(world):
    day = date(2024, 1, 18)
    close(world.setting, day, at(day, 20))
    world.record(world.ids[0], day, "fee", name="papers", amount_minor=5_000)
    world.close(day + timedelta(days=1))
    report = world.report(day + timedelta(days=1))
    assert report["reconciliation"]["sound"]
    assert general(world, day + timedelta(days=1)) == mirrored(world, day + timedelta(days=1))


@pytest.mark.parametrize("gap", [1, 4])
def test_back_dated_and_reversed(file, tmp_path, gap):
    world = World(file, tmp_path / "snapshots").lend_all(told=date(2024, 2, 27))
    loan_id, day = world.ids[0], date(2024, 2, 27) + timedelta(days=gap)
    world.close(date(2024, 2, 28))
    repaid = world.pay(loan_id, max(day, date(2024, 2, 29)), 400_000, effective=FIRST_DUE)
    world.close(day)
    world.record(loan_id, day + timedelta(days=2), "reversal", fact=repaid.fact.id, reason="returned")
    last = day + timedelta(days=4)
    world.close(last)
    assert all(world.report(each)["reconciliation"]["sound"] for each in days(date(2024, 2, 28), last))
    assert general(world, last) == mirrored(world, last)


def test_written_during_the_night(database, tmp_path):  # noqa: F811
    """A payment that comes while the shards are worked out is neither lost nor booked twice."""
    world = World(database, tmp_path / "snapshots").lend_all(told=date(2024, 2, 13))
    day = FIRST_DUE
    world.close(day - timedelta(days=1))
    paid = []

    def say(_day, step, _done, _of):
        if step == "columns" and not paid:
            paid.append(world.pay(world.ids[0], day + timedelta(days=1), 520_000))

    close(world.with_setting(say=say), day, morning_after(day))
    assert paid
    assert world.report(day)["reconciliation"]["sound"]
    world.close(day + timedelta(days=1))
    assert world.report(day + timedelta(days=1))["reconciliation"]["sound"]
    assert general(world, day + timedelta(days=1)) == mirrored(world, day + timedelta(days=1))


def test_written_in_the_night_that_stops_its_accrual(file, tmp_path):
    """The 91st day of delay, and a payment of the next morning comes first: the next night stops the accrual."""
    world = World(file, tmp_path / "snapshots").lend_all(told=date(2024, 5, 14))
    day, paid = date(2024, 5, 16), []
    world.close(day - timedelta(days=1))

    def say(_day, step, _done, _of):
        if step == "columns" and not paid:
            paid.append(world.pay(world.ids[1], day + timedelta(days=1), 1_000))

    close(world.with_setting(say=say), day, morning_after(day))
    assert world.report(day)["reconciliation"]["sound"], world.report(day)["reconciliation"]
    assert [world.loan(one).position.accruing for one in world.ids[:3]] == [False, True, False]
    last = day + timedelta(days=2)
    world.close(last)
    assert all(world.report(each)["reconciliation"]["sound"] for each in days(day, last))
    assert not world.loan(world.ids[1]).position.accruing
    assert general(world, last) == mirrored(world, last)


def test_written_before_and_again_during_the_night_of_the_same_day(world):
    day, paid = date(2024, 1, 17), []
    world.pay(world.ids[0], day, 1_000)

    def say(_day, step, _done, _of):
        if step == "columns" and not paid:
            paid.append(world.pay(world.ids[0], day, 2_000))

    close(world.with_setting(say=say), day, at(day, 22))
    assert paid
    assert world.report(day)["reconciliation"]["sound"], world.report(day)["reconciliation"]
    assert general(world, day) == mirrored(world, day)


def test_written_while_nights_are_made_up_for(file, tmp_path):
    """Three nights closed on one morning, the first stops an accrual: a payment of that morning knows of it at once."""
    world = World(file, tmp_path / "snapshots").lend_all(told=date(2024, 5, 14))
    first, last, paid = date(2024, 5, 16), date(2024, 5, 18), []
    world.close(first - timedelta(days=1))

    def say(day, step, _done, _of):
        if (day, step) == (first + timedelta(days=1), "columns") and not paid:
            paid.append(world.pay(world.ids[1], last + timedelta(days=1), 1_000))

    close(world.with_setting(say=say), last, morning_after(last))
    assert paid
    world.close(last + timedelta(days=1))
    for day in days(first, last + timedelta(days=1)):
        assert world.report(day)["reconciliation"]["sound"], (day, world.report(day)["reconciliation"])
    assert not world.loan(world.ids[1]).position.accruing
    assert general(world, day) == mirrored(world, day)


def test_rebuilt_from_the_books(world):
    day = date(2024, 1, 18)
    world.close(day)
    manifest = folder_of(world.setting.root, day) / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"day"', b'"dai"'))
    with pytest.raises(Refusal) as refused:
        world.close(day + timedelta(days=1))
    assert refused.value.code == "SNAPSHOT_WRONG"
    world.close(day + timedelta(days=2), rebuild=True)
    for each in (day + timedelta(days=1), day + timedelta(days=2)):
        assert world.report(each)["reconciliation"]["sound"]
    assert general(world, each) == mirrored(world, each)


def test_a_flipped_byte_in_a_shard_is_found(world):
    day = START + timedelta(days=1)
    path = folder_of(world.setting.root, day) / "part-0000.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(Refusal) as refused:
        world.close(day + timedelta(days=1))
    assert refused.value.code == "SNAPSHOT_WRONG"


def test_a_split_book_is_the_same_book(world):
    """More loans than the shards hold: each shard becomes two; the books stay what they are."""
    for _ in range(12):
        world.lend(date(2024, 1, 19), product="personal_instalment", borrower="party_9")
    world.close(date(2024, 1, 20))
    manifest = manifest_of(folder_of(world.setting.root, date(2024, 1, 20)))
    assert len(manifest.parts) == 12
    assert manifest.rows == 19
    assert world.report(date(2024, 1, 20))["reconciliation"]["sound"]
    assert general(world, date(2024, 1, 20)) == mirrored(world, date(2024, 1, 20))
