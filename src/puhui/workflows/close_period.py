"""A period is closed: shown to be sound, then no entry takes effect in it any more. A fact says who closed it."""

from datetime import date, datetime
from typing import Protocol

from puhui.kernel.clock import business_date
from puhui.kernel.facts import Fact
from puhui.kernel.ids import new_id
from puhui.ledger.balances import trial_balance
from puhui.ledger.chart import chart
from puhui.ledger.period import close_period
from puhui.ledger.reads import LedgerReads
from puhui.workflows.store import Changes, FactStore

SUBJECT = "ledger"


class Periods(LedgerReads, Protocol):
    """The ledger, and the door that closes behind a period."""

    def close_period(self, through_on: date, at: datetime) -> None:
        """Close the books through a day, for good; only in a unit of work that is alone."""
        ...


class Ledgers(FactStore, Protocol):
    """A store with its ledger."""

    @property
    def ledger(self) -> Periods:
        """The ledger."""
        ...


def close_books(store: Ledgers, through_on: date, actor: str, at: datetime) -> date:
    """Close the books through a day, in a unit of work that is alone; return the first day that is open then.

    Refuses PERIOD_ORDER (closed already), PERIOD_NOT_READY (a night is missing), PERIOD_UNBALANCED.
    """
    trial = trial_balance(store.ledger.totals(None, through_on))
    open_from = close_period(through_on, store.open_from(), store.watermark(), trial, chart())
    body = {"closed_through": through_on.isoformat()}
    sequence = store.next_sequence(SUBJECT)
    fact = Fact(new_id("fact"), SUBJECT, sequence, "period_closed", business_date(at), at, body, actor=actor)
    store.record(Changes(facts=[fact]))
    store.ledger.close_period(through_on, at)
    return open_from
