"""Observation: since when a watched loan has not been late, and whether that is long enough to believe it."""

from typing import NamedTuple

from puhui.kernel.columns import Ints, choose
from puhui.kernel.dates import whole_months
from puhui.risk.policy import Observation


class Clean(NamedTuple):
    """Since which day (number; 0: not under observation) a loan has not been late, and how many instalments since."""

    since: Ints
    payments: Ints


def observe(day: Ints, clean: Clean, watched: Ints, late: Ints, fell_due: Ints) -> Clean:
    """Return the observation at the end of `day`, from that of the day before.

    watched: the loan is worse than normal, beyond stage 1 or restructured; else nothing is observed. late: it is past
    due; the observation then begins anew on the first day that it is not. fell_due: instalments that fell due on
    `day`; they count from the day after the observation began.

    >>> observe(20_010, Clean(20_000, 0), True, False, 1), observe(20_010, Clean(20_000, 0), True, True, 0)
    (Clean(since=20000, payments=1), Clean(since=0, payments=0))
    """
    runs = watched & (late == 0)
    begun = runs & (clean.since > 0)
    since = choose(begun, clean.since, choose(runs, day, 0))
    return Clean(since, choose(begun, clean.payments + fell_due, 0))


def observed_months(day: Ints, since: Ints) -> Ints:
    """Return the whole months from `since` to `day`, 0 when there is no observation (since = 0)."""
    months, _ = whole_months(choose(since > 0, since, day), day)
    return months


def observed(day: Ints, clean: Clean, paid_up: Ints, required: Observation) -> Ints:
    """Return whether an observation is complete: long enough, enough instalments, and nothing of them unpaid.

    paid_up: nothing that fell due is unpaid, not even within the days of grace.
    """
    months = observed_months(day, clean.since)
    complete = (months >= required.months) & (clean.payments >= required.payments)
    return complete & (clean.since > 0) & (paid_up > 0)
