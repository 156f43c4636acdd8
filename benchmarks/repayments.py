"""Repayments end to end through the domain: read, fold, allocate, post, record, each in a transaction of its own.

A repayment is what the API does for one: idempotency key, the loan brought up to date, the fact with its allocation,
the entries, the position, the event, on the disk at the commit. SQLite one by one (target 1,000/s); PostgreSQL with
8 client processes (target: at least half of pgbench TPC-B on the same server, measured in the same run; skipped where
the project's PostgreSQL does not run: make postgres).
"""

import multiprocessing
import re
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

from measure import Stopwatch, peak_mb, short_hash
from puhui.storage.database import connect
from puhui.workflows.agree import agree
from puhui.workflows.record import Statement, record_fact

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))
import postgres  # noqa: E402

CLIENTS = 8
LENT_ON, PAID_ON = date(2026, 8, 10), date(2026, 9, 10)
LENT_AT = datetime(2026, 8, 10, 2, tzinfo=UTC)
PAID_AT = datetime(2026, 9, 10, 2, tzinfo=UTC)


def agreement(n):
    """Return the agreement of loan n: a used-car loan of 36 instalments."""
    return {
        "product": "auto_used",
        "terms": {
            "principal_minor": 5_000_000 + n % 1000 * 1000,
            "annual_rate_ppm": 98_000,
            "method": "annuity",
            "instalments": 36,
            "disbursed_on": LENT_ON.isoformat(),
            "day_count": "30/360",
        },
        "agreed_on": LENT_ON.isoformat(),
        "institution": "county_bank",
        "region": "410323",
        "borrower": f"party_{n}",
        "servicing": {"overdue_multiplier_ppm": 1_500_000},
    }


def lend(url, count):
    """Make `count` loans, lent and booked until the day before the repayments; return (id, instalment) of each."""
    made = []
    database = connect(url)
    for n in range(count):
        with database.begin() as store:
            loan = agree(store, agreement(n), "benchmark", LENT_AT)
            amount = {"amount_minor": agreement(n)["terms"]["principal_minor"]}
            lent = record_fact(store, loan.id, Statement("disbursement", amount, LENT_ON, "benchmark"), LENT_AT)
        row = lent.loan.position.rows[0]
        made.append((loan.id, row.principal_minor + row.interest_minor))
    database.close()
    return made


def repay(url, loans, watch_start=None):
    """Repay the first instalment of each loan, one transaction each; return what was allocated in all."""
    database = connect(url)
    sums = [0, 0]
    if watch_start is not None:
        watch_start.wait()
    for loan_id, amount_minor in loans:
        body = {"amount_minor": amount_minor, "channel": "bank"}
        with database.begin() as store:
            assert store.replayed("benchmark", f"pay-{loan_id}", body, PAID_AT) is None
            done = record_fact(store, loan_id, Statement("repayment", body, PAID_ON, "benchmark"), PAID_AT)
            store.remember({"fact": done.fact.id, "allocation": dict(done.allocation)})
        sums[0] += done.allocation["interest_minor"]
        sums[1] += done.allocation["principal_minor"]
    database.close()
    return sums


def one_by_one(url, count):
    """Return repayments a second of one client, and the sums allocated."""
    loans = lend(url, count)
    night(url)
    with Stopwatch() as watch:
        sums = repay(url, loans)
    return count / watch.seconds, sums


def night(url):
    """Mark the day before the repayments as closed, so that each loan has one day to catch up, as in service."""
    database = connect(url)
    with database.begin(alone=True) as store:
        store.nights.move_watermark(date(2026, 9, 9), {}, PAID_AT)
    database.close()


def _client(url, loans, start, results):
    results.put(repay(url, loans, start))


def side_by_side(url, count):
    """Return repayments a second of 8 client processes, and the sums allocated."""
    loans = lend(url, count)
    night(url)
    context = multiprocessing.get_context("spawn")
    start, results = context.Barrier(CLIENTS + 1), context.Queue()
    parts = [loans[n::CLIENTS] for n in range(CLIENTS)]
    clients = [context.Process(target=_client, args=(url, part, start, results)) for part in parts]
    for client in clients:
        client.start()
    start.wait()
    with Stopwatch() as watch:
        sums = [results.get() for _ in clients]
    for client in clients:
        client.join()
    return count / watch.seconds, [sum(part) for part in zip(*sums, strict=True)]


def pgbench(seconds):
    """Return the transactions a second of pgbench TPC-B with 8 clients on the project's PostgreSQL."""
    program = str(postgres.programs() / "pgbench")
    where = ["-h", "127.0.0.1", "-p", str(postgres.PORT), "-U", postgres.USER, "puhui_pgbench"]
    psql = [str(postgres.programs() / "psql"), *where[:-1], "-d", "postgres", "-qc"]
    subprocess.run([*psql, "drop database if exists puhui_pgbench"], check=True, capture_output=True)
    subprocess.run([*psql, "create database puhui_pgbench"], check=True)
    subprocess.run([program, "-i", "-s", "20", "-q", *where], check=True, capture_output=True)
    run = subprocess.run(
        [program, "-c", str(CLIENTS), "-j", "2", "-T", str(seconds), *where], check=True, capture_output=True, text=True
    )
    subprocess.run([*psql, "drop database puhui_pgbench"], check=True)
    return float(re.search(r"tps = ([\d.]+)", run.stdout)[1])


def fresh_postgresql():
    """Return the URL of a new, empty database with its tables."""
    psql = [str(postgres.programs() / "psql"), "-h", "127.0.0.1", "-p", str(postgres.PORT), "-U", postgres.USER]
    for statement in ("drop database if exists puhui_bench", "create database puhui_bench"):
        subprocess.run([*psql, "-d", "postgres", "-qc", statement], check=True, capture_output=True)
    url = postgres.URL.replace(postgres.DATABASE, "puhui_bench")
    database = connect(url, checked=False)
    database.migrate()
    database.close()
    return url


def main(sqlite_count=5000, postgresql_count=16_000, pgbench_seconds=10):
    """Measure both databases; print rates, the peer, and a hash of what was allocated."""
    with tempfile.TemporaryDirectory() as folder:
        rate, sums = one_by_one(f"sqlite:///{folder}/puhui.db", sqlite_count)
    print(f"SQLite, one by one: {rate:,.0f} repayments/s ({sqlite_count:,})  hash {short_hash(str(sums).encode())}")
    if postgresql_count and postgres.programs() and postgres.answers():
        peer = pgbench(pgbench_seconds)
        rate, sums = side_by_side(fresh_postgresql(), postgresql_count)
        print(f"PostgreSQL, {CLIENTS} clients: {rate:,.0f} repayments/s  hash {short_hash(str(sums).encode())}")
        print(f"pgbench TPC-B, {CLIENTS} clients: {peer:,.0f} tps; ours is {rate / peer:.2f} of it (target 0.50)")
    elif postgresql_count:
        print("PostgreSQL: not measured, it does not run (make postgres)")
    print(f"peak memory {peak_mb():.0f} MB")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
