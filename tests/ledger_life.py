"""A loan's life beside its ledger: facts are recorded, each posts its entry, time is caught up in steps."""

from dataclasses import replace
from datetime import UTC, date, datetime

from puhui.accounting.accounts import OFF_COLLATERAL
from puhui.accounting.books import MIRRORED, booked, books
from puhui.accounting.rules import Context, dimensions_of, entry_for
from puhui.kernel.dates import day_number, to_date
from puhui.kernel.facts import Fact
from puhui.kernel.money import format_minor
from puhui.ledger.balances import Key, balances, reconcile, totals, trial_balance
from puhui.ledger.chart import load_chart
from puhui.ledger.entry import Dimensions, Entry
from puhui.lending.agreement import agreement_of
from puhui.lending.collateral import after as secured_after
from puhui.lending.collateral import value_minor
from puhui.lending.facts import read_body
from puhui.lending.fold import advance, apply, begin, fold, in_order, standing_facts

AT = datetime(2024, 1, 1, tzinfo=UTC)
CHART = load_chart()

# 120,000.00 over 12 months at 12 %, equal principal, from 15 January 2024; penalty interest at 1.5 times.
TERMS = {
    "principal_minor": 12_000_000,
    "annual_rate_ppm": 120_000,
    "method": "equal_principal",
    "instalments": 12,
    "disbursed_on": "2024-01-15",
    "day_count": "30/360",
}
AGREEMENT = {
    "product": "personal_instalment",
    "terms": TERMS,
    "servicing": {"overdue_multiplier_ppm": 1_500_000, "allocation": {}},
    "agreed_on": "2024-01-15",
    "institution": "bank_a",
    "region": "410323",
    "borrower": "party_1",
}


class Life:
    """One loan: its facts, its position at the end of `day`, and every entry that was posted."""

    def __init__(self, agreement=AGREEMENT):
        self.agreement = agreement_of(agreement)
        self.facts = []
        self.entries = []
        self.day = day_number(self.agreement.agreed_on)
        one = self.agreement
        self.context = Context(one, Dimensions(one.institution, one.product, one.region), "loan_1")
        fact = self._fact("agreement", one.agreed_on, agreement)
        self.position = begin(one)
        self._post("agreement", None, self.position, fact)

    def record(self, kind, body=None, on=None):
        """Record a fact effective on a day (today, or earlier); return its entry, None when it posts nothing."""
        effective_on = to_date(self.day) if on is None else on
        read_body(kind, body or {})
        fact = Fact(f"fact_{len(self.facts) + 1}", "loan_1", len(self.facts) + 1, kind, effective_on, AT, body or {})
        before = self.position
        secured = self._secured()
        if in_order(before, fact):
            after = apply(before, fact, self.agreement).position
        else:
            after = fold([*self.facts, fact], self.day)
        self.facts.append(fact)
        self.position = after
        context = replace(self.context, reverses=self._chain(fact), security_minor=(secured, self._secured()))
        return self._post(kind, before, after, fact, context)

    def pass_to(self, day, step=400):
        """Let time pass to a day (a date or a number of days), caught up `step` days at a time."""
        end = day_number(day) if isinstance(day, date) else self.day + day
        while self.day < end:
            self.day = min(end, self.day + step)
            before, self.position = self.position, advance(self.position, self.day, self.agreement)
            self._post("catch_up", before, self.position, None)

    def check(self):
        """Assert that the sum of all postings is what books say of the position, and that everything balances."""
        held = balances(totals(self.entries))
        dimensions = dimensions_of(self.position, self.context)
        mirrored = {Key(a, "CNY", dimensions): b for a, b in books(self.position, self.agreement).items()}
        general = {key: balance for key, balance in held.items() if key.account in MIRRORED}
        assert reconcile(mirrored, general) == []
        secured = sum(balance for key, balance in held.items() if key.account == OFF_COLLATERAL)
        assert secured == self._secured()
        for by in ("", "funder"):
            assert trial_balance(totals(self.entries), by=by).differences(CHART) == {}
        assert self.position == fold(self.facts, self.day)

    def _fact(self, kind, on, body):
        fact = Fact(f"fact_{len(self.facts) + 1}", "loan_1", len(self.facts) + 1, kind, on, AT, body)
        self.facts.append(fact)
        return fact

    def _post(self, kind, before, after, fact, context=None):
        was = before and booked(before, self.agreement)
        legs = entry_for(kind, was, booked(after, self.agreement), fact, context or self.context)
        if not legs:
            return None
        name = f"entry_{len(self.entries) + 1}"
        self.entries.append(Entry(name, kind, fact.id if fact else "", to_date(self.day), AT, legs))
        return self.entries[-1]

    def _chain(self, fact):
        known = {each.id: each for each in self.facts}
        chain = []
        while fact.kind == "reversal":
            fact = known[fact.body["fact"]]
            chain.append(fact)
        return tuple(chain)

    def _secured(self):
        items = self.agreement.collateral
        for fact in standing_facts(self.facts):
            if fact.kind == "collateral":
                items = secured_after(items, read_body("collateral", fact.body))
        return sum(value_minor(item, to_date(self.day)) for item in items)


def lines(entry):
    """Return the legs of an entry as an accountant writes them: side, account, amount in yuan.

    Where balances move from one funder's dimension to another's, the leg names the funder.
    """
    postings = entry.postings if entry else ()
    several = len({leg.dimensions for leg in postings}) > 1
    return [
        f"{'借' if leg.amount_minor > 0 else '贷'} {leg.account} {CHART.account(leg.account).name.zh} "
        f"{format_minor(abs(leg.amount_minor))}" + (f" [{leg.dimensions.funder or '-'}]" if several else "")
        for leg in postings
    ]
