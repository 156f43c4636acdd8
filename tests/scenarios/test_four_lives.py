"""Four loans over 36 months on a set clock, through HTTP and the night: on time, late, early, partial, reversed,
back-dated. At the end the trial balance is zero, the sub-ledger is the general ledger, replay gives the stored state,
and an outsider verifies the log.
"""

from datetime import date, timedelta

import api_world
from puhui.accounting.books import MIRRORED, books
from puhui.adapters.proof_keys import log_key, trusted
from puhui.composition.nights import close_through
from puhui.kernel import clock
from puhui.kernel.dates import day_number
from puhui.ledger.balances import balances, trial_balance
from puhui.ledger.chart import chart
from puhui.lending.agreement import agreement_of
from puhui.lending.fold import advance, fold
from puhui.proof.verify import verify_bundle
from puhui.storage.log import ProofLog

here = api_world.here

START, END = date(2024, 1, 15), date(2027, 1, 15)
LATE = {"overdue_multiplier_ppm": 1_500_000}


def terms(method, instalments, day_count="30/360", **more):
    common = {"principal_minor": 6_000_000, "annual_rate_ppm": 72_000, "disbursed_on": START.isoformat()}
    return {"method": method, "instalments": instalments, "day_count": day_count, **common, **more}


LIVES = {
    "annuity": {"product": "auto_new", "terms": terms("annuity", 36), "servicing": LATE},
    "interest first": {
        "product": "micro_working_capital",
        "terms": terms("interest_only", 30, "act/360"),
        "servicing": LATE | {"grace_days": 3, "compounds": True},
    },
    "seasonal": {
        "product": "farm_seasonal",
        "terms": terms("seasonal", 34, "act/365", income_months=[6, 11]),
        "servicing": LATE,
    },
    "revolving": {
        "product": "personal_revolving",
        "terms": terms("revolving", 36, "act/365"),
        "servicing": LATE | {"interest_basis": "actual", "early": "prepay"},
        "limit_minor": 6_000_000,
    },
}

# What happens beside paying what is due: day -> (loan, what, body). "due" pays what is due that day.
EVENTS = {
    date(2024, 3, 25): [("annuity", "repayments", "due")],  # ten days late
    date(2024, 4, 15): [("annuity", "repayments", 100_000)],  # in part
    date(2024, 4, 20): [("annuity", "repayments", "due")],
    date(2024, 5, 2): [("revolving", "repayments", 1_500_000)],  # early, as one likes
    date(2024, 7, 9): [("revolving", "disbursements", 900_000), ("annuity", "prepayments", 800_000)],
    date(2024, 9, 1): [("interest first", "fees", 2_500)],
    date(2025, 1, 20): [("annuity", "back", 170_000)],  # paid three days ago, told today
    date(2025, 2, 3): [("interest first", "reverse", None)],  # the last repayment never came
    date(2025, 2, 27): [("interest first", "repayments", "due")],
    date(2025, 7, 28): [("seasonal", "repayments", "due")],  # the harvest was late
    date(2026, 1, 8): [("seasonal", "prepayments", 400_000)],
}
# Months in which a loan does not pay on its due day.
UNPAID = {("annuity", (2024, 3)), ("annuity", (2024, 4)), ("seasonal", (2025, 6)), ("interest first", (2025, 2))}


class Life:
    """One loan as its lender sees it through HTTP."""

    def __init__(self, here, name):
        self.here, self.name = here, name
        self.id = here.loan(**LIVES[name])["id"]
        here.act(self.id, "disbursements", amount_minor=6_000_000)
        self.repaid = []

    def due_minor(self):
        return self.here.operations.get(f"/v1/loans/{self.id}").json()["due_minor"]

    def repay(self, amount_minor, effective_on=None):
        if amount_minor:
            more = {"effective_on": effective_on.isoformat()} if effective_on else {}
            done = self.here.act(self.id, "repayments", amount_minor=amount_minor, channel="bank", **more)
            self.repaid.append(done["fact"]["id"])

    def happen(self, today, what, said):
        amount = self.due_minor() if said == "due" else said
        if what == "repayments":
            self.repay(amount)
        elif what == "back":
            self.repay(amount, today - timedelta(days=3))
        elif what == "reverse":
            self.here.act(self.id, "reversals", fact=self.repaid.pop(), reason="returned by the bank")
        elif what == "fees":
            self.here.act(self.id, "fees", name="duplicate papers", amount_minor=amount)
        elif what == "prepayments":
            self.here.act(self.id, "prepayments", amount_minor=amount, mode="smaller_instalment")
        else:
            self.here.act(self.id, what, amount_minor=amount)

    def is_open(self):
        return self.here.operations.get(f"/v1/loans/{self.id}").json()["status"] == "active"


def due_days(life):
    """Return the days on which something falls due as the plan now stands."""
    plan = life.here.operations.get(f"/v1/loans/{life.id}/schedule").json()
    return {date.fromisoformat(row["due_on"]) for row in plan["items"]}


def live(here):
    """Let 36 months pass: each morning what is due is paid, unless it is not; each month its nights are closed."""
    with clock.set_to(START):
        lives = {name: Life(here, name) for name in LIVES}
    for month in range(1, 37):
        day = (START.replace(day=1) + timedelta(days=31 * month)).replace(day=1)
        day = date(START.year + (month // 12), month % 12 + 1, 15)
        for today in sorted({day, *(event for event in EVENTS if day - timedelta(days=31) < event <= day)}):
            with clock.set_to(today):
                if today == day:
                    for name, life in lives.items():
                        if (name, (today.year, today.month)) not in UNPAID and life.is_open():
                            life.repay(life.due_minor())
                for name, what, said in EVENTS.pop(today, ()):
                    lives[name].happen(today, what, said)
        with clock.set_to(day + timedelta(days=1)):
            close_through(here.database, day)
    return lives


def test_thirty_six_months_of_four_loans(here):
    events = dict(EVENTS)
    try:
        lives = live(here)
    finally:
        EVENTS.update(events)
    with clock.set_to(END + timedelta(days=1)):
        check_books(here, lives)
        check_proof(here)


def check_books(here, lives):
    mirrored = {}
    with here.database.read() as store:
        for life in lives.values():
            loan, facts = store.loan(life.id), store.facts(life.id)
            agreement = agreement_of(loan.agreement)
            assert loan.position == fold(facts, loan.position.as_of)
            for account, balance in books(advance(loan.position, day_number(END), agreement), agreement).items():
                mirrored[account] = mirrored.get(account, 0) + balance
        rows = store.ledger.totals(None, END)
    assert trial_balance(rows).differences(chart()) == {}
    general = {}
    for key, balance in balances(rows).items():
        general[key.account] = general.get(key.account, 0) + balance
    accounts = set(MIRRORED) - {"8999.01"}
    assert {a: b for a, b in general.items() if a in accounts and b} == {
        a: b for a, b in mirrored.items() if a in accounts and b
    }
    statuses = {name: here.operations.get(f"/v1/loans/{life.id}").json()["status"] for name, life in lives.items()}
    assert statuses["annuity"] == "closed"
    assert statuses["interest first"] == "closed"


def check_proof(here):
    log = ProofLog(here.database)
    log.checkpoint(log_key(), clock.now())
    assert log.audit() == []
    keys, quorum = trusted()
    report = verify_bundle(log.bundle(quorum), keys, quorum)
    assert report.verified, report.checks
