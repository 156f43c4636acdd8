"""A process that repays loans, and dies before its n-th step on the database: `python crash_worker.py URL N FILE`.

FILE lists "loan amount_minor" a line; the idempotency key is the loan's id. Every statement that the store sends, every
commit begun and every commit done is a step. Prints "done" when all loans are paid.
"""

import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from puhui.storage.database import connect
from puhui.storage.session_postgresql import PostgresqlSession
from puhui.storage.session_sqlite import SqliteSession
from puhui.workflows.record import Statement, record_fact

PAID_ON = date(2026, 9, 10)
PAID_AT = datetime(2026, 9, 10, 2, tzinfo=UTC)


def die_before(steps):
    """Make the process die before its n-th step, as at a power cut: nothing is flushed, nothing is closed."""
    left = [steps]

    def step():
        left[0] -= 1
        if left[0] < 0:
            os._exit(9)

    for session in (SqliteSession, PostgresqlSession):
        for name in ("queue", "ask", "hold", "commit"):
            setattr(session, name, _counted(getattr(session, name), step, after=name == "commit"))


def _counted(method, step, after):
    def counted(*arguments):
        step()
        result = method(*arguments)
        if after:
            step()
        return result

    return counted


def repay_all(url, loans):
    """Repay each loan once, under its key."""
    database = connect(url)
    for loan_id, amount_minor in loans:
        body = {"amount_minor": amount_minor, "channel": "bank"}
        with database.begin() as store:
            if store.replayed("crash", loan_id, body, PAID_AT) is None:
                done = record_fact(store, loan_id, Statement("repayment", body, PAID_ON, "worker"), PAID_AT)
                store.remember({"fact": done.fact.id})
    database.close()


def main(url, steps, path):
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    loans = [(loan, int(amount)) for loan, amount in map(str.split, lines)]
    die_before(int(steps))
    repay_all(url, loans)
    print("done")


if __name__ == "__main__":
    main(*sys.argv[1:])
