"""A store with loans for tests of the night: make them, pay, close days; compare what the books say."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from puhui.batch.engines import in_turn
from puhui.batch.night import close
from puhui.batch.ports import Checkpoint
from puhui.batch.report import night_report
from puhui.batch.setting import Setting
from puhui.kernel import clock
from puhui.kernel.clock import CHINA
from puhui.ledger.balances import balances
from puhui.workflows.agree import agree
from puhui.workflows.record import Statement, record_fact

START = date(2024, 1, 15)
TERMS = {
    "principal_minor": 6_000_000,
    "annual_rate_ppm": 72_000,
    "method": "annuity",
    "instalments": 12,
    "day_count": "30/360",
}
# A little of everything: planned and actual interest, grace, interest first, a funder's share, one debtor twice.
BOOK = [
    {"product": "personal_instalment", "borrower": "party_1"},
    {
        "product": "micro_working_capital",
        "borrower": "party_2",
        "terms": {"method": "interest_only", "day_count": "act/360"},
    },
    {"product": "auto_used", "borrower": "party_3", "servicing": {"grace_days": 3, "compounds": True}},
    {"product": "auto_used", "borrower": "party_3"},
    {"product": "personal_instalment", "borrower": "party_4", "servicing": {"interest_basis": "actual"}},
    {"product": "auto_new", "borrower": "party_5", "funder": "fund_1", "funder_share_ppm": 800_000},
    {"product": "farm_seasonal", "borrower": "party_6", "terms": {"method": "equal_principal", "day_count": "act/365"}},
]


def at(day, hour=12):
    """Return an instant of a day in Beijing."""
    return datetime.combine(day, time(hour), CHINA)


def morning_after(day):
    return at(day + timedelta(days=1), 1)


class World:
    def __init__(self, database, root, **setting):
        self.database = database
        self.ids = []
        self.setting = Setting(database, root, in_turn, lambda _: Checkpoint(0, ""), **{"shard_loans": 3, **setting})

    def lend(self, day=START, *, told=None, terms=None, servicing=None, **others):
        """Make a loan and disburse it, told on a later day perhaps; return its id."""
        told = told or day
        body = {
            "institution": "bank_a",
            "region": "410323",
            "agreed_on": day.isoformat(),
            "terms": {**TERMS, "disbursed_on": day.isoformat(), **(terms or {})},
            "servicing": {"overdue_multiplier_ppm": 1_500_000, **(servicing or {})},
            **others,
        }
        with clock.set_to(at(told)):
            with self.database.begin() as store:
                loan = agree(store, body, "teller", clock.now())
            self.ids.append(loan.id)
            amount = body["terms"]["principal_minor"]
            self.record(loan.id, told, "disbursement", day, amount_minor=amount)
        return loan.id

    def lend_all(self, book=BOOK, day=START, told=None):
        for each in book:
            self.lend(day, told=told, **each)
        return self

    def record(self, loan_id, day, kind, effective=None, **body):
        statement = Statement(kind, body, effective or day, "teller", "checker")
        with self.database.begin() as store:
            return record_fact(store, loan_id, statement, at(day))

    def pay(self, loan_id, day, amount_minor, effective=None):
        return self.record(loan_id, day, "repayment", effective, amount_minor=amount_minor)

    def close(self, day, setting=None, **how):
        """Close through a day, the morning after; return the days closed."""
        return close(setting or self.setting, day, morning_after(day), **how)

    def with_setting(self, **changes):
        return replace(self.setting, **changes)

    def report(self, day):
        with self.database.read() as store:
            return night_report(store, day)

    def balances(self, day):
        with self.database.read() as store:
            return balances(store.ledger.totals(None, day))

    def loan(self, loan_id):
        with self.database.read() as store:
            return store.loan(loan_id)

    def facts(self, loan_id):
        with self.database.read() as store:
            return store.facts(loan_id)


def days(first, last):
    """Yield the days from first to last, both counted."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
