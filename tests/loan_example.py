"""Loans for tests: facts from a line each, and the fold over them."""

from datetime import UTC, date, datetime

from puhui.kernel.dates import day_number
from puhui.kernel.facts import Fact
from puhui.lending.agreement import agreement_of
from puhui.lending.fold import advance, apply, begin, fold

AT = datetime(2026, 1, 1, tzinfo=UTC)


def day(text):
    """Return the day number of an ISO date or a date."""
    return day_number(date.fromisoformat(text) if isinstance(text, str) else text)


def agreement_body(terms, servicing=None, **others):
    """Return the body of an agreement on the day of its terms."""
    body = {"product": "test", "agreed_on": terms["disbursed_on"], "institution": "inst_1", "borrower": "party_1"}
    return {**body, "terms": terms, "servicing": servicing or {}, **others}


def fact(sequence, kind, on, body):
    """Return a fact of the loan; its id is its number."""
    on = date.fromisoformat(on) if isinstance(on, str) else on
    return Fact(f"fact_{sequence}", "loan_1", sequence, kind, on, AT, body)


def facts_of(body, events):
    """Return the agreement fact and the others, from (date, kind, body)."""
    return [
        fact(1, "agreement", body["agreed_on"], body),
        *(fact(number, kind, on, what) for number, (on, kind, what) in enumerate(events, start=2)),
    ]


class Life:
    """A loan that facts are applied to in order, each change kept."""

    def __init__(self, terms, servicing=None, **others):
        self.body = agreement_body(terms, servicing, **others)
        self.agreement = agreement_of(self.body)
        self.position = begin(self.agreement)
        self.facts = [fact(1, "agreement", self.body["agreed_on"], self.body)]
        self.allocation = None

    def on(self, when, kind, **body):
        """Apply a fact; return the position after it."""
        new = fact(len(self.facts) + 1, kind, when, body)
        self.position, self.allocation = apply(self.position, new, self.agreement)
        self.facts.append(new)
        return self.position

    def at(self, when):
        """Let time pass; return the position."""
        self.position = advance(self.position, day(when), self.agreement)
        return self.position

    def folded(self):
        """Return the fold of all facts on the same day."""
        return fold(self.facts, self.position.as_of)
