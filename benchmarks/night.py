"""A night of 1,000,000 and 10,000,000 loans: snapshot read, one day on columns, snapshot written, sums for the ledger.

The book is synthetic (fixed seed): 2,000 groups, 5 % of loans late, 3 % with an instalment today, 2 % touched today
and put in from rows. Peers in the same run: a bare Polars pass that reads and writes the same files, and the same day
loan by loan in Python on a sample. The hash is that of all files written; the ledger sums are in it too.
"""

import os
import shutil
import sys
import tempfile
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import polars as pl

from measure import Stopwatch
from puhui.accounting.books import books
from puhui.batch.book import NAMES, TYPES, at, empty_book
from puhui.batch.day import Events, frozen
from puhui.batch.engines import in_turn, threads
from puhui.batch.groups import Group, Groups
from puhui.batch.rows import Identity, book_of_rows, row_of
from puhui.batch.setting import SHARD_LOANS
from puhui.batch.shard import ShardTask, run_shard, today_of
from puhui.batch.snapshot import COMPRESSION, Manifest, part_name, sync, write_manifest, write_part
from puhui.kernel.dates import day_number, to_date
from puhui.kernel.facts import Fact
from puhui.lending.accrual import penalty
from puhui.lending.agreement import agreement_of
from puhui.lending.fold import advance, apply, begin
from puhui.risk.category import Standing, category_of
from puhui.risk.delinquency import bucket_of, days_past_due
from puhui.risk.expected_loss import Exposure, expected_loss_minor
from puhui.risk.observation import Clean, observe, observed
from puhui.risk.stage import stage_of

DAY = date(2026, 7, 31)
TODAY = day_number(DAY)
GROUPS = 2_000
NONE = np.zeros(0, np.int64)


def make_groups(count=GROUPS):
    """Return groups: products in counties, three of four retail, one of ten with a funder's share."""
    made = []
    for number in range(count):
        together = int(number % 4 == 0)
        tags = ("all_loans", "any", "auto") if together else ("all_loans", "any", "personal_loan")
        funder, share = ("fund_1", 700_000) if number % 10 == 0 else ("", 0)
        dimensions = ("inst_1", f"product_{number % 40}", f"{410_000 + number // 40}", funder)
        made.append(Group(*dimensions, "CNY", tags, share, 60_000, 0, 3, 360, 0, 0, 0, 1, together))
    return tuple(made)


def make_book(number, shards, loans, groups):
    """Return a shard of the book on the day before, and the instalments of the day."""
    random = np.random.default_rng((20261124, number))
    book = empty_book(loans)
    late = random.random(loans) < 0.05
    due = random.random(loans) < 0.033
    book["key"] = 1 + number + shards * np.arange(loans, dtype=np.int64)
    book["group"] = np.sort(random.integers(0, len(groups), loans)).astype(np.int32)
    together = np.array([group.together for group in groups])[book["group"]]
    book["debtor"] = together * (1 + number + shards * random.integers(0, max(1, loans // 3), loans))
    book["status"][:] = 1
    book["accruing"][:] = 1
    book["stage"][:] = 1
    book["annual_rate_ppm"] = (random.integers(30, 240, loans) * 1000).astype(np.int32)
    book["late_rate_ppm"] = book["annual_rate_ppm"] * 3 // 2
    book["principal_minor"] = random.integers(10_000, 50_000_000, loans)
    book["drawn_minor"] = book["principal_minor"] * random.integers(1, 4, loans)
    book["most_minor"] = book["drawn_minor"]
    book["interest_paid_total_minor"] = (book["drawn_minor"] - book["principal_minor"]) // 9
    since = random.integers(0, 30, loans)
    book["accrual_from"] = np.where(due, TODAY - 31, TODAY - 1 - since).astype(np.int32)
    book["accrual_to"] = book["accrual_from"] + np.int32(31)
    book["next_due_on"] = book["accrual_to"]
    book["can_draw"][:] = 1
    book["last_due_on"] = book["next_due_on"] + (random.integers(0, 59, loans) * 30).astype(np.int32)
    book["accrual_minor"] = book["principal_minor"] * book["annual_rate_ppm"] // 12_000_000
    book["interest_running_minor"] = book["accrual_minor"] * (TODAY - 1 - book["accrual_from"]) // 31
    days = np.where(late, random.integers(4, 400, loans), 0)
    arrears = late * (book["principal_minor"] // 30)
    book["oldest_due_on"] = np.where(late, TODAY - 1 - days, 0).astype(np.int32)
    book["past_due_days"] = days.astype(np.int32)
    book["due_principal_minor"] = book["late_weight_minor"] = arrears
    book["late_numerator"] = arrears * days * book["late_rate_ppm"]
    book["penalty_running_minor"] = penalty(book["late_numerator"], 360)
    book["interest_due_total_minor"] = book["interest_paid_total_minor"] + late * book["accrual_minor"]
    return book, dues_of(book)


def dues_of(book):
    """Return the instalments of the day: a thirtieth of the principal, the next one a month later."""
    rows = np.flatnonzero(book["next_due_on"] == TODAY)
    rows = rows[np.argsort(book["key"][rows])]
    principal, interest = book["principal_minor"][rows], book["accrual_minor"][rows]
    later = np.where(book["last_due_on"][rows] > TODAY, TODAY + 31, 0)
    zero = np.zeros_like(principal)
    return {
        "loan_key": book["key"][rows],
        "principal_minor": principal // 30,
        "interest_minor": interest,
        "fee_minor": zero,
        "next_due_on": later,
        "accrual_to": later,
        "accrual_minor": (interest - interest // 30) * (later > 0),
    }


def events_of(book, number):
    """Return rows of loans touched today: one in fifty, each with a payment of a fen of interest."""
    random = np.random.default_rng((7, number))
    rows = np.sort(random.choice(len(book["key"]), len(book["key"]) // 50, replace=False))
    rows = rows[np.argsort(book["key"][rows])]
    touched = at(book, rows)
    touched["interest_paid_total_minor"] = touched["interest_paid_total_minor"] + 1
    return Events(touched, frozen(touched), NONE, NONE)


def prepare(folder, loans, shard_loans):
    """Write the book of the day before; return the tasks of the night."""
    groups, shards, tasks = make_groups(), -(-loans // shard_loans), []
    for number in range(shards):
        count = min(shard_loans, loans - number * shard_loans)
        book, dues = make_book(number, shards, count, groups)
        part = write_part(folder.joinpath("before", part_name(number)), book)
        source = str(folder.joinpath("before", part.name))
        to = str(folder.joinpath("after"))
        event = events_of(book, number)
        tasks.append(ShardTask(DAY, source, part.sha256, to, number, shards, shards, groups, event, dues))
    return tasks


def forget_peak():
    """Begin to measure peak memory anew, where the system lets one."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_mb():
    """Return the largest memory held since then, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def run_night(tasks, engine):
    """Return the seconds of a night, of which syncing files, its peak memory, a hash of what it wrote."""
    forget_peak()
    held, parts = None, []
    with Stopwatch() as watch:
        for result in engine(run_shard, tasks):
            parts += result.parts
            held = result.held if held is None else {name: held[name] + result.held[name] for name in held}
        sums = {name: column.tolist() for name, column in sorted(held.items())}
        groups = Groups(list(tasks[0].groups))
        with Stopwatch() as syncing:
            digest = write_manifest(Path(tasks[0].folder), Manifest(DAY, tuple(parts), groups, sums, {}, ""))
    return watch.seconds, syncing.seconds, peak_mb(), digest[:16]


def run_polars(tasks, folder):
    """Return the seconds of a bare Polars pass file by file, and in one stream, its files synced too; and its peak."""
    out = folder.joinpath("bare")
    seconds = []
    forget_peak()
    for bare_pass in (by_file, in_one_stream):
        out.mkdir()
        with Stopwatch() as watch:
            bare_pass([task.source for task in tasks], out)
            for path in out.iterdir():
                sync(path)
        seconds.append(watch.seconds)
        shutil.rmtree(out)
    return (*seconds, peak_mb())


def by_file(sources, out):
    for source in sources:
        frame = pl.read_parquet(source)
        frame.write_parquet(out.joinpath(Path(source).name), compression=COMPRESSION, statistics=False)


def in_one_stream(sources, out):
    frame = pl.scan_parquet(sources)
    frame.sink_parquet(out.joinpath("all.parquet"), compression=COMPRESSION, statistics=False)


# --- the same day, loan by loan ---------------------------------------------------------------------


def make_positions(count):
    """Return agreements and positions of loans on the day before, a third of them with an instalment unpaid."""
    made = []
    for number in range(count):
        begun = date(2026, 1 + number % 6, 1 + number % 28)
        terms = {
            "method": ("annuity", "equal_principal", "interest_only")[number % 3],
            "instalments": 12 + number % 48,
            "day_count": ("30/360", "act/365")[number % 2],
            "principal_minor": 1_000_000 + 7_919 * number,
            "annual_rate_ppm": 60_000 + 1000 * (number % 90),
            "disbursed_on": begun.isoformat(),
        }
        servicing = {"grace_days": 3, "overdue_multiplier_ppm": 1_500_000}
        parties = {"institution": "inst_1", "borrower": f"party_{number}", "product": "auto_used"}
        agreement = agreement_of({"terms": terms, "servicing": servicing, "agreed_on": begun.isoformat(), **parties})
        amount = {"amount_minor": terms["principal_minor"]}
        fact = Fact("f", "l", 2, "disbursement", begun, datetime(2026, 1, 1, tzinfo=UTC), amount)
        position = advance(apply(begin(agreement), fact, agreement).position, TODAY - 1, agreement)
        owed = sum(due.principal_minor + due.interest_minor for due in position.dues)
        if number % 3 and owed:
            fact = Fact("g", "l", 3, "repayment", to_date(TODAY - 1), fact.recorded_at, {"amount_minor": owed})
            position = apply(position, fact, agreement).position
        made.append((agreement, position))
    return made


def one_by_one(made, today):
    """Return what the day moves in the books of each loan, and what it makes of it, by the functions for one."""
    total = 0
    for agreement, before in made:
        after = advance(before, TODAY, agreement)
        old, new = books(before, agreement), books(after, agreement)
        total += sum(abs(new.get(account, 0) - old.get(account, 0)) for account in {*old, *new})
        oldest = after.dues[0].due_on if after.dues else 0
        days = days_past_due(TODAY, oldest, after.grace_days)
        clean = observe(TODAY, Clean(0, 0), after.stage > 1, days > 0, 0)
        paid_up = not after.dues
        cured = observed(TODAY, clean, paid_up, today.policy.upgrade)
        recovered = observed(TODAY, clean, paid_up, today.policy.recovery)
        standing = Standing(days, 0, after.stage, cured, recovered, clean.since, 0, 0, 0, 0)
        category = category_of(TODAY, standing, today.floors, today.policy)
        stage = stage_of(TODAY, standing, category, today.floors, today.policy)
        left = after.rows[-1].due_on - TODAY if after.rows else 1
        exposure = Exposure(after.principal_minor, 0, 0, stage, bucket_of(days), -(-left // 30), 60_000, 1)
        total += expected_loss_minor(exposure, today.losses)
    return total


def run_python(sample):
    """Return seconds a loan: the day loan by loan, time alone; and from a stored position to a row of the book."""
    made, today = make_positions(sample), today_of(DAY, make_groups(1))
    one_by_one(made[:10], today)
    with Stopwatch() as whole:
        one_by_one(made, today)
    with Stopwatch() as alone:
        for agreement, position in made:
            advance(position, TODAY, agreement)
    with Stopwatch() as rows:
        book_of_rows([row_of(Identity(0, 0, 0), position, agreement) for agreement, position in made])
    return whole.seconds / sample, alone.seconds / sample, rows.seconds / sample


def main(loans=1_000_000, shard_loans=SHARD_LOANS, workers=2, sample=2000):
    """Run all; small inside tests."""
    bytes_a_loan = sum(TYPES[name].itemsize for name in NAMES)
    print(f"{loans:,} loans, {len(NAMES)} columns, {bytes_a_loan} bytes a loan in memory")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tasks = prepare(folder, loans, shard_loans)
        engine = threads(workers) if workers > 1 else in_turn
        today_of(DAY, tasks[0].groups)  # rules are read when a process begins
        seconds, syncing, peak, digest = run_night(tasks, engine)
        size = sum(path.stat().st_size for path in folder.joinpath("after").iterdir())
        rate = loans / seconds / 1e6
        print(
            f"night: {seconds:.2f} s, {syncing:.2f} s of it syncing files = {rate:.2f} million loans/s; "
            f"peak {peak:.0f} MB; {size / loans:.0f} bytes a loan on disk; hash {digest}"
        )
        *bare, peak = run_polars(tasks, folder)
        print(
            f"bare Polars pass: file by file {bare[0]:.2f} s, in one stream {bare[1]:.2f} s, synced; peak {peak:.0f} MB"
        )
        print(f"night / bare Polars pass: {seconds / min(bare):.2f} x")
    whole, alone, rows = run_python(sample)
    print(
        f"loan by loan in Python, {sample:,} loans: {whole * 1e6:.0f} us a loan, {alone * 1e6:.1f} us the fold alone; "
        f"night is {whole * loans / seconds:.0f} x and {alone * loans / seconds:.1f} x as fast"
    )
    print(f"loans touched today, stored position to row: {1 / rows:,.0f} a second on one core")
    print(f"load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
