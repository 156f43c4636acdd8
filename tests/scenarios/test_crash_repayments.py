"""A process is killed at random points in 200 repayments and started again until all are made.

Nothing is lost, nothing is double: each loan has paid once, the ledger says what the loans say, the log holds.
"""

import random
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from crash_worker import PAID_ON
from puhui.accounting.books import MIRRORED, books
from puhui.kernel.dates import day_number
from puhui.ledger.balances import balances, trial_balance
from puhui.ledger.chart import chart
from puhui.lending.agreement import agreement_of
from puhui.lending.fold import fold
from puhui.proof.note import SigningKey
from puhui.storage.database import connect
from puhui.storage.log import ProofLog
from puhui.workflows.agree import agree
from puhui.workflows.record import Statement, record_fact
from store_fixtures import store_url  # noqa: F401

LOANS, PER_LOAN, KILLS = 50, 4, 8
LENT_ON = date(2026, 8, 10)
LENT_AT = datetime(2026, 8, 10, 2, tzinfo=UTC)
WORKER = Path(__file__).resolve().parents[1] / "crash_worker.py"


def agreement(n):
    terms = {
        "principal_minor": 4_000_000 + 777 * n,
        "annual_rate_ppm": 98_000,
        "method": "annuity",
        "instalments": 24,
        "disbursed_on": LENT_ON.isoformat(),
        "day_count": "30/360",
    }
    return {
        "product": "auto_used",
        "terms": terms,
        "agreed_on": LENT_ON.isoformat(),
        "institution": "county_bank",
        "region": "410323",
        "borrower": f"party_{n}",
        "servicing": {"overdue_multiplier_ppm": 1_500_000},
    }


def lend(url):
    """Make the loans; return (id, what each repays) of every one."""
    made = []
    database = connect(url)
    for n in range(LOANS * PER_LOAN):
        with database.begin() as store:
            loan = agree(store, agreement(n), "officer", LENT_AT)
            body = {"amount_minor": agreement(n)["terms"]["principal_minor"], "to": "entrusted", "payee": "dealer_1"}
            record_fact(store, loan.id, Statement("disbursement", body, LENT_ON, "officer"), LENT_AT)
        made.append((loan.id, 150_000 + 1_000 * (n % 50)))
    database.close()
    return made


def run_until_done(url, path, seed):
    """Kill the worker at KILLS random points, then let it finish; return how often it died."""
    chance = random.Random(seed)
    died = 0
    for kill in range(KILLS + 1):
        steps = chance.randrange(1, 700) if kill < KILLS else 10**9
        command = [sys.executable, str(WORKER), url, str(steps), str(path)]
        worker = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert worker.returncode in (0, 9), worker.stderr
        died += worker.returncode == 9
        if worker.returncode == 0:
            return died
    raise AssertionError("the worker never finished")


@pytest.mark.parametrize("seed", [20_260_910])
def test_killed_at_random_points_nothing_is_lost_or_double(store_url, tmp_path, seed):  # noqa: F811
    loans = lend(store_url)
    path = tmp_path / "loans.txt"
    path.write_text("".join(f"{loan} {amount}\n" for loan, amount in loans), encoding="utf-8")
    assert run_until_done(store_url, path, seed) >= 5

    database = connect(store_url)
    mirrored = {}
    with database.read() as store:
        for loan_id, amount_minor in loans:
            facts = store.facts(loan_id)
            assert [fact.kind for fact in facts] == ["agreement", "disbursement", "repayment", "allocation"]
            assert facts[2].body["amount_minor"] == amount_minor
            loan = store.loan(loan_id)
            position = loan.position
            assert position == fold(facts, day_number(PAID_ON))
            for account, balance in books(position, agreement_of(loan.agreement)).items():
                mirrored[account] = mirrored.get(account, 0) + balance
        held = balances(store.ledger.totals(None, None))
        rows = store.ledger.totals(None, None)
    assert trial_balance(rows).differences(chart()) == {}
    general = {key.account: 0 for key in held}
    for key, balance in held.items():
        general[key.account] += balance
    mirror_accounts = set(MIRRORED) - {"8999.01"}
    assert {a: b for a, b in general.items() if a in mirror_accounts and b} == {
        a: b for a, b in mirrored.items() if a in mirror_accounts and b
    }
    log = ProofLog(database)
    log.checkpoint(SigningKey.of_seed("crash.test/log", bytes(32)), LENT_AT)
    assert log.audit() == []
    with database.read() as store:
        events = [event for event in store.events.page(0, 10_000) if event.event.topic == "loan.repaid"]
    assert sorted(event.event.subject for event in events) == sorted(loan for loan, _ in loans)
    database.close()
