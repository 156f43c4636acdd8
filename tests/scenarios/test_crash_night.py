"""Nights are killed, again and again, at random steps and at random times, until every day is closed.

A book of 42 loans in many states beside a book of the same loans whose nights nobody killed: every position, balance,
entry, class, figure, file and fact is the same, nothing is lost and nothing is double, on both databases. Payments are
made by a second process, which is killed too; in the last days it works while the nights are being killed.
"""

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from crash_night_worker import KEY, world_of
from night_world import BOOK, days, morning_after
from puhui.accounting.books import MIRRORED, books
from puhui.batch.book import NAMES
from puhui.batch.rows import Identity, row_of
from puhui.batch.snapshot import folder_of, manifest_of, read_part
from puhui.kernel.dates import day_number
from puhui.ledger.balances import balances, trial_balance
from puhui.ledger.chart import chart
from puhui.lending.agreement import agreement_of
from puhui.lending.fold import advance, fold
from puhui.proof.note import keys_text, parse_keys
from puhui.proof.verify import verify_bundle
from puhui.storage.database import connect
from puhui.storage.log import ProofLog
from store_fixtures import fresh_file, store_url  # noqa: F401

pytestmark = pytest.mark.skipif(os.name == "nt", reason="no SIGKILL here")

# The loans are of 15 January; the store is told of them in May, when those that pay nothing come to their 90th day.
TOLD = date(2024, 5, 12)
LOANS = 6 * len(BOOK)
# Closed through these days, with payments between; then the days in which payments come while nights are killed.
CALM = (date(2024, 5, 14), date(2024, 5, 17), date(2024, 5, 19))
BUSY, LAST = date(2024, 5, 22), date(2024, 5, 24)
# PUHUI_SEED=7 kills at other steps.
SEED, LEAST_KILLED = int(os.environ.get("PUHUI_SEED", "20240512")), 10
# A night of this book has about 140 steps; two or three take about this long.
MOST = {"steps": 200, "milliseconds": 400}
WORKER = Path(__file__).resolve().parents[1] / "crash_night_worker.py"


# --- the book ------------------------------------------------------------------------------------


def lend(world):
    """Make the loans: each seventh loan is of the same kind; each row of seven has its own past by now."""
    for place in range(LOANS):
        each = BOOK[place % len(BOOK)]
        party = f"{each['borrower']}_{place // len(BOOK)}"
        world.lend(told=TOLD, **{**each, "borrower": party})
    for place, loan_id in enumerate(world.ids):
        row, kind = divmod(place, len(BOOK))
        for what, body in PASTS[row]:
            if what != "assignment" or "funder" not in BOOK[kind]:
                world.record(loan_id, TOLD, what, **body)


# What happened, on the day on which the store was told, to the loans of each row.
PASTS = (
    [],  # never paid
    [("repayment", {"amount_minor": 2_600_000})],  # nothing is late
    [("repayment", {"amount_minor": 2_600_000}), ("repayment", {"amount_minor": 400_000})],  # money in suspense
    [("repayment", {"amount_minor": 600_000}), ("assignment", {"funder": "fund_2", "share_ppm": 700_000})],
    [("restructure", {"how": "re_age", "instalments": 18}), ("fee", {"name": "papers", "amount_minor": 3_000})],
    [("write_off", {"reason": "fled"}), ("recovery", {"amount_minor": 12_345})],
)


def payments(world, day):
    """Return (key, loan, amount) of what comes in on a day, the same in every book of these loans."""
    chance = random.Random(day.toordinal())
    places = sorted(chance.sample(range(5 * len(BOOK)), 6))
    return [(f"{day}/{place}", world.ids[place], 1_000 * chance.randrange(1, 900)) for place in places]


# What comes in while nights are killed: of loans whose class no night of those days changes, so that the outcome does
# not hang on which night a payment comes before.
MEANWHILE = (7, 8, 10, 14, 17, 18)


def busy_payments(world):
    return [(f"busy/{place}", world.ids[place], 50_000 + 1_000 * place) for place in MEANWHILE]


# --- processes -----------------------------------------------------------------------------------


class Workers:
    """Forks processes on one book, one at a time, and kills them; `died`: how many were."""

    def __init__(self, url, folder, chance):
        command = [sys.executable, str(WORKER), url, str(folder)]
        env = {**os.environ, "POLARS_MAX_THREADS": "1"}
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=env)
        self._chance = chance
        self.died = 0

    def start(self, *words, steps=0, milliseconds=0):
        """Start a process, to be killed before one of its steps, or after some time; 0: not at all."""
        self._process.stdin.write(" ".join(map(str, (milliseconds, steps, *words))) + "\n")
        self._process.stdin.flush()

    def ended(self):
        """Wait for it; return whether it did all that it should, and was not killed."""
        status = int(self._process.stdout.readline())
        assert status in (0, -signal.SIGKILL), self._process.communicate(timeout=10)[1]
        self.died += status != 0
        return status == 0

    def work(self, *words, steps, times=0):
        """Do a command: killed before so many random steps, at so many random times, then left to live."""
        ways = ["steps"] * steps + ["milliseconds"] * times
        self._chance.shuffle(ways)
        for how in ways:
            self.start(*words, **{how: self._chance.randrange(1, MOST[how])})
            if self.ended():
                return
        self.start(*words)
        assert self.ended()

    def leave(self):
        """Let them go."""
        self._process.communicate(timeout=10)


def listed(path, paid):
    path.write_text("".join(f"{key} {loan_id} {amount}\n" for key, loan_id, amount in paid), encoding="utf-8")
    return path


# --- what there is in the end --------------------------------------------------------------------


def told(world, last, *, busy=False):
    """Return all that a run leaves behind, loans by place, random ids left out.

    busy: leave out what hangs on which of two processes came first: entries that bring a loan up to date, and the
    nights that they spared; the sums of both together stay.
    """
    with world.database.read() as store:
        loans = [store.loan(loan_id) for loan_id in world.ids]
        facts = [store.facts(loan_id) for loan_id in world.ids]
        nights = {} if busy else {day: world.report(day) for day in days(date(2024, 5, 13), last)}
        entries = store.connection.exec_driver_sql(ENTRIES).all()
    for report in nights.values():
        assert report.pop("checkpoint")
    number = day_number(last)
    return {
        "positions": [advance(loan.position, number, agreement_of(loan.agreement)) for loan in loans],
        "facts": [[plain(fact, each, busy=busy) for fact in each] for each in facts],
        "sequences": [loan.sequence for loan in loans],
        "booked_on": None if busy else [loan.booked_on for loan in loans],
        "nights": nights,
        "balances": [world.balances(day) for day in ([last] if busy else days(TOLD, last))],
        "entries": summed(entries, busy=busy),
        "snapshot": snapshot(world, last),
    }


ENTRIES = (
    "SELECT entries.kind, entries.effective_on, count(DISTINCT entries.seq), count(*), "
    "sum(CASE WHEN amount_minor > 0 THEN amount_minor ELSE 0 END) "
    "FROM entries JOIN postings ON postings.entry = entries.seq GROUP BY 1, 2 ORDER BY 1, 2"
)


def summed(rows, *, busy):
    """Return count, postings and debits of the entries by kind and day; `busy`: of those that people made."""
    return [
        (kind, day, *map(int, figures))
        for kind, day, *figures in rows
        if not busy or kind not in ("catch_up", "accrual", "provision")
    ]


def plain(fact, facts, *, busy):
    """Return what a fact says; the id of another as its place among the facts of the loan."""
    places = {each.id: place for place, each in enumerate(facts)}
    body = {name: places.get(value, value) if isinstance(value, str) else value for name, value in fact.body.items()}
    return fact.sequence, fact.kind, fact.effective_on, None if busy else fact.recorded_at, fact.actor, body


def snapshot(world, day):
    """Return every column of every loan at the end of a day, groups as what they stand for."""
    folder = folder_of(world.setting.root, day)
    manifest, rows = manifest_of(folder), {}
    for part in manifest.parts:
        book = read_part(folder / part.name, part.sha256)
        for place, key in enumerate(book["key"].tolist()):
            row = {name: int(book[name][place]) for name in NAMES}
            rows[key] = {**row, "group": manifest.groups.listed[row["group"]]}
    return rows


def check_books(world, last):
    """The books alone: replay gives the state, the ledger is the sum of the loans, the log holds, nothing is left."""
    mirrored = Counter()
    with world.database.read() as store:
        for loan_id in world.ids:
            loan, facts = store.loan(loan_id), store.facts(loan_id)
            agreement = agreement_of(loan.agreement)
            assert loan.position == fold(facts, loan.position.as_of)
            assert [fact.sequence for fact in facts] == list(range(1, len(facts) + 1))
            mirrored.update(books(fold(facts, day_number(last)), agreement))
        totals = store.ledger.totals(None, last)
        nights = [[fact.kind for fact in store.facts(f"night_{day}")] for day in days(date(2024, 5, 13), last)]
        twice = store.connection.exec_driver_sql(TWICE).all()
        paid = [event.event.subject for event in store.events.page(0, 10_000) if event.event.topic == "loan.repaid"]
        repaid = [fact.subject for loan_id in world.ids for fact in store.facts(loan_id) if fact.kind == "repayment"]
    assert nights == [["night"]] * len(nights)
    assert twice == []
    assert sorted(paid) == sorted(repaid)
    assert trial_balance(totals).differences(chart()) == {}
    general = Counter()
    for key, balance in balances(totals).items():
        general[key.account] += balance
    assert {a: general[a] for a in MIRRORED if general[a]} == {a: mirrored[a] for a in MIRRORED if mirrored[a]}
    for day in days(date(2024, 5, 13), last):
        report = world.report(day)
        assert report["reconciliation"]["sound"], (day, report["reconciliation"])
        assert report["set_aside"] == []
    assert sorted(path.name for path in world.setting.root.iterdir() if not path.name.startswith("date=")) == [".lock"]
    check_log(world, last)


# A night's entry for the same kind, day, account and dimensions as another's.
TWICE = (
    "SELECT entries.kind, postings.effective_on, account, institution, product, region, funder FROM entries "
    "JOIN postings ON postings.entry = entries.seq WHERE entries.kind IN ('accrual', 'provision') "
    "GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING count(*) > 1"
)


def check_log(world, last):
    log = ProofLog(world.database)
    log.checkpoint(KEY, morning_after(last))
    assert log.audit() == []
    keys, quorum = parse_keys(keys_text(KEY.verifier, {}))
    report = verify_bundle(log.bundle(quorum), keys, quorum)
    assert report.verified, report.checks


def check_rows(world, last):
    """Each row of the last snapshot is what the loan's facts give, but for what only the night knows."""
    rows = snapshot(world, last)
    assert len(rows) == LOANS
    for loan_id in world.ids:
        loan = world.loan(loan_id)
        agreement = agreement_of(loan.agreement)
        position = fold(world.facts(loan_id), day_number(last))
        right = dict(zip(NAMES, row_of(Identity(loan.key, 0, 0), position, agreement), strict=True))
        for name in ("principal_minor", "due_principal_minor", "accrual_minor", "suspense_minor", "oldest_due_on"):
            assert rows[loan.key][name] == right[name], (loan.key, name)


# --- the test ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    """A book whose nights nobody killed: what it says when all was calm, and in the end."""
    base = tmp_path_factory.mktemp("quiet")
    world = world_of(connect(fresh_file(base)), base / "snapshots")
    lend(world)
    world.close(CALM[0])
    for before, through in pairwise(CALM):
        for _, loan_id, amount in payments(world, before + timedelta(days=1)):
            world.pay(loan_id, before + timedelta(days=1), amount)
        world.close(through)
    calm = told(world, CALM[-1])
    world.close(BUSY)
    for _, loan_id, amount in busy_payments(world):
        world.pay(loan_id, BUSY + timedelta(days=1), amount)
    world.close(LAST)
    yield calm, told(world, LAST, busy=True)
    world.database.close()


def differences(one, two):
    return {name: (one[name], two[name]) for name in one if one[name] != two[name]}


@pytest.fixture
def workers(store_url, tmp_path):  # noqa: F811
    """Two processes on one book: one closes nights, the other takes payments."""
    chance = random.Random(SEED)
    two = [Workers(store_url, tmp_path / "snapshots", chance) for _ in range(2)]
    yield two
    for each in two:
        each.leave()


def test_killed_nights_leave_what_quiet_nights_leave(store_url, workers, tmp_path, quiet):  # noqa: F811
    closing, paying = workers
    database = connect(store_url)
    world = world_of(database, tmp_path / "snapshots")
    lend(world)

    closing.work("close", CALM[0], steps=5, times=1)
    for before, through in pairwise(CALM):
        day = before + timedelta(days=1)
        paying.work("pay", day, listed(tmp_path / "paid.txt", payments(world, day)), steps=2)
        closing.work("close", through, steps=5, times=1)
    assert differences(told(world, CALM[-1]), quiet[0]) == {}
    check_books(world, CALM[-1])

    words = ("pay", BUSY + timedelta(days=1), listed(tmp_path / "paid.txt", busy_payments(world)))
    paying.start(*words, steps=30)
    closing.work("close", BUSY, steps=4, times=2)
    paying.ended()
    paying.work(*words, steps=1)
    closing.work("close", LAST, steps=3)
    assert differences(told(world, LAST, busy=True), quiet[1]) == {}
    check_books(world, LAST)
    check_rows(world, LAST)
    assert closing.died >= LEAST_KILLED
    assert paying.died >= 1
    database.close()
