"""A machine that does to a loan whatever may be done, in any order, on any day, for months; the laws always hold.

After every step: the ledger balances, what it holds of the loan is what the position says, the position is the fold
of the facts, and money is conserved. Refusals are expected; they must change nothing.
"""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from puhui.accounting.books import MIRRORED, books
from puhui.kernel.dates import to_date
from puhui.kernel.facts import Fact
from puhui.kernel.refusals import Refusal
from puhui.ledger.balances import balances, totals, trial_balance
from puhui.ledger.chart import chart
from puhui.ledger.entry import Dimensions
from puhui.lending.agreement import agreement_of
from puhui.lending.fold import begin, fold
from puhui.workflows.record import Statement, decide
from puhui.workflows.store import Loan

START = to_date(19_737)  # 2024-01-15
KINDS = {
    "annuity": {"method": "annuity", "instalments": 9, "day_count": "30/360"},
    "interest first": {"method": "interest_only", "instalments": 8, "day_count": "act/360"},
    "seasonal": {"method": "seasonal", "instalments": 10, "day_count": "act/365", "income_months": [6, 11]},
    "equal principal": {"method": "equal_principal", "instalments": 7, "day_count": "period/12"},
}
SERVICING = [
    {"overdue_multiplier_ppm": 1_500_000},
    {"overdue_multiplier_ppm": 1_300_000, "grace_days": 3, "compounds": True},
    {"overdue_multiplier_ppm": 1_500_000, "interest_basis": "actual", "early": "prepay"},
]
AMOUNTS = st.integers(1, 3_000_000)


class LoanMachine(RuleBasedStateMachine):
    """One loan, its facts and its entries; `today` only moves on."""

    @initialize(kind=st.sampled_from(sorted(KINDS)), servicing=st.sampled_from(SERVICING), floats=st.booleans())
    def agree(self, kind, servicing, floats):
        terms = {"principal_minor": 2_000_000, "annual_rate_ppm": 98_000, "disbursed_on": START.isoformat()}
        body = {
            "product": "auto_used",
            "terms": terms | KINDS[kind],
            "agreed_on": START.isoformat(),
            "institution": "bank",
            "region": "410323",
            "borrower": "party_1",
            "servicing": servicing,
        }
        if floats:
            body["floating"] = {"series": "LPR_1Y", "spread_ppm": 10_000, "first_on": "2024-02-01", "every_months": 1}
        self.agreement = agreement_of(body)
        self.today = START
        position = begin(self.agreement)
        self.facts = [Fact("fact_1", "loan_1", 1, "agreement", START, self.at(), body)]
        self.entries = []
        self.loan = Loan("loan_1", 1, "party_1", Dimensions("bank", "auto_used", "410323"), position, 1, 1,
                         position.as_of, body)  # fmt: skip
        # The commitment stands off balance from the agreement on; the machine begins after it.
        self.opening = books(position, self.agreement)
        self.say("disbursement", {"amount_minor": 2_000_000})

    def at(self):
        return datetime.combine(self.today, time(4), UTC)

    def say(self, kind, body, back_days=0, approved_by=""):
        statement = Statement(kind, body, self.today - timedelta(days=back_days), "officer", approved_by)
        before = self.loan
        try:
            recorded = decide(self.loan, statement, self.at(), None, lambda: list(self.facts))
        except Refusal:
            assert self.loan == before
            return None
        self.facts += recorded.changes.facts
        self.entries += recorded.changes.entries
        self.loan = replace(recorded.loan, version=self.loan.version + 1)
        return recorded

    # --- what may happen ---------------------------------------------------------------------------

    @rule(days=st.integers(1, 45))
    def time_passes(self, days):
        self.today += timedelta(days=days)

    @rule(amount_minor=AMOUNTS, back_days=st.sampled_from([0, 0, 0, 1, 9, 40]))
    def repay(self, amount_minor, back_days):
        self.say("repayment", {"amount_minor": amount_minor}, back_days)

    @rule()
    def pay_what_is_due(self):
        recorded = self.say("fee", {"name": "letter", "amount_minor": 100})
        if recorded:
            due = sum(sum(due[2:]) for due in self.loan.position.dues)
            if due:
                self.say("repayment", {"amount_minor": due})

    @rule(
        amount_minor=st.integers(1, 900_000),
        mode=st.sampled_from(["shorter_term", "smaller_instalment", "next_instalments"]),
    )
    def prepay(self, amount_minor, mode):
        self.say("prepayment", {"amount_minor": amount_minor, "mode": mode})

    @rule(rate_ppm=st.sampled_from([60_000, 98_000, 150_000]), back_days=st.sampled_from([0, 5]))
    def reset_rate(self, rate_ppm, back_days):
        self.today = (self.today.replace(day=1) + timedelta(days=31)).replace(day=1) + timedelta(days=back_days)
        body = {"series": "LPR_1Y", "value_ppm": rate_ppm - 10_000, "spread_ppm": 10_000}
        self.say("rate_reset", {"annual_rate_ppm": rate_ppm, **body}, back_days)

    @rule(component=st.sampled_from(["penalty", "fee", "interest"]), amount_minor=st.integers(1, 20_000))
    def waive(self, component, amount_minor):
        self.say("waiver", {"component": component, "amount_minor": amount_minor})

    @rule(amount_minor=st.integers(1, 5_000))
    def penalise(self, amount_minor):
        self.say("penalty", {"name": "breach", "amount_minor": amount_minor})

    @rule(day=st.integers(1, 28))
    def move_due_day(self, day):
        self.say("due_day_change", {"due_day": day})

    @rule()
    def skip(self):
        self.say("skip", {"instalments": 1})

    @rule(how=st.sampled_from(["re_age", "extend", "re_amortise"]), instalments=st.integers(1, 6))
    def restructure(self, how, instalments):
        self.say("restructure", {"how": how, "instalments": instalments}, approved_by="manager")

    @rule(accruing=st.booleans(), stage=st.integers(1, 3))
    def classify(self, accruing, stage):
        self.say("classification", {"category": "SM" if accruing else "SUB", "stage": stage, "accruing": accruing})

    @rule(share_ppm=st.sampled_from([300_000, 700_000]))
    def assign(self, share_ppm):
        self.say("assignment", {"funder": "city_bank", "share_ppm": share_ppm, "price_minor": 100_000})

    @rule(amount_minor=st.integers(1, 300_000))
    def guarantor_pays(self, amount_minor):
        self.say("compensation", {"amount_minor": amount_minor, "guarantor": "party_9"})

    @rule(which=st.integers(0, 30))
    @precondition(lambda self: len(self.facts) > 2)
    def reverse(self, which):
        candidates = [fact for fact in self.facts[2:] if fact.kind not in ("allocation", "agreement")]
        if candidates:
            self.say("reversal", {"fact": candidates[which % len(candidates)].id})

    @rule()
    def write_off(self):
        if self.today > START + timedelta(days=60):
            self.say("write_off", {"reason": "gone"}, approved_by="manager")

    # --- what always holds -------------------------------------------------------------------------

    @invariant()
    def every_entry_balances(self):
        if getattr(self, "entries", None):
            assert trial_balance(totals(self.entries)).differences(chart()) == {}

    @invariant()
    def the_ledger_says_what_the_position_says(self):
        if not getattr(self, "entries", None):
            return
        sums = dict(self.opening)
        for key, balance in balances(totals(self.entries)).items():
            sums[key.account] = sums.get(key.account, 0) + balance
        general = {account: b for account, b in sums.items() if account in MIRROR and b}
        assert general == {a: b for a, b in books(self.loan.position, self.agreement).items() if a in MIRROR}

    @invariant()
    def the_position_is_the_fold_of_the_facts(self):
        if getattr(self, "entries", None):
            assert self.loan.position == fold(self.facts, self.loan.position.as_of)

    @invariant()
    def nothing_is_negative(self):
        if getattr(self, "entries", None):
            position = self.loan.position
            assert position.principal_minor >= 0
            assert position.suspense_minor >= 0
            assert all(min(due[2:]) >= 0 for due in position.dues)
            assert position.principal_minor >= sum(due.principal_minor for due in position.dues)


MIRROR = frozenset(MIRRORED) - {"8999.01"}

TestLoanMachine = LoanMachine.TestCase
TestLoanMachine.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
