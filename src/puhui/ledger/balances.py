"""Balances: sums of postings. Nothing is updated in line; what an account holds is rolled up when it is asked for.

Amounts are minor units, debit positive. Income and expense run from the first day: the profit of a period is the
movement between two days, and no entry clears an account at a year's end.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from puhui.ledger.chart import Chart
from puhui.ledger.entry import Dimensions, Entry, Posting

By = Literal["", "institution", "product", "region", "funder"]
NO_DIMENSIONS = Dimensions()


class Key(NamedTuple):
    """What a balance is told apart by."""

    account: str
    currency: str = "CNY"
    dimensions: Dimensions = NO_DIMENSIONS


@dataclass(frozen=True, slots=True)
class Total:
    """The postings of one key summed: all debits, all credits (both as amounts of at least 0), over some days."""

    key: Key
    debit_minor: int
    credit_minor: int

    @property
    def balance_minor(self) -> int:
        """Debits less credits."""
        return self.debit_minor - self.credit_minor


class Line(NamedTuple):
    """One line of a trial balance. opening and closing: debit positive; debit and credit: what moved between."""

    group: str
    account: str
    currency: str
    opening_minor: int
    debit_minor: int
    credit_minor: int
    closing_minor: int


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """Every account's balance. `by`: the dimension that the lines are grouped by, "" for the whole."""

    by: By
    lines: tuple[Line, ...]

    def differences(self, chart: Chart) -> dict[tuple[str, str, bool], int]:
        """Return what does not sum to zero, by (group, currency, off balance): empty in sound books."""
        sums: dict[tuple[str, str, bool], int] = {}
        for line in self.lines:
            key = (line.group, line.currency, chart.account(line.account).off_balance)
            sums[key] = sums.get(key, 0) + line.closing_minor
        return {key: sum_minor for key, sum_minor in sums.items() if sum_minor}


class Difference(NamedTuple):
    """One account whose sub-ledger and general ledger disagree."""

    key: Key
    sub_ledger_minor: int
    general_ledger_minor: int

    @property
    def difference_minor(self) -> int:
        """What the general ledger has too much."""
        return self.general_ledger_minor - self.sub_ledger_minor


def totals(entries: Iterable[Entry], *, since: date = date.min, until: date = date.max) -> list[Total]:
    """Return debits and credits by account, currency and dimensions of the days `since`..`until`, both counted.

    The store does the same in SQL; this is what it is held to.
    """
    rows = (posting for entry in entries if since <= entry.effective_on <= until for posting in entry.postings)
    return totals_of(rows)


def totals_of(postings: Iterable[Posting]) -> list[Total]:
    """Return debits and credits of postings by account, currency and dimensions, in their order."""
    sums: dict[Key, list[int]] = {}
    for posting in postings:
        pair = sums.setdefault(Key(posting.account, posting.currency, posting.dimensions), [0, 0])
        pair[posting.amount_minor < 0] += abs(posting.amount_minor)
    return [Total(key, *sums[key]) for key in sorted(sums, key=_order)]


def balances(rows: Iterable[Total]) -> dict[Key, int]:
    """Return the balance of each key, debit positive, those of nothing left out."""
    sums: dict[Key, int] = {}
    for row in rows:
        sums[row.key] = sums.get(row.key, 0) + row.balance_minor
    return {key: sum_minor for key, sum_minor in sums.items() if sum_minor}


def movement(before: Mapping[Key, int], after: Mapping[Key, int]) -> dict[Key, int]:
    """Return what moved between two days' balances; adds up to the later ones.

    >>> moved = movement({Key("1303.01"): 100}, {Key("1303.01"): 80, Key("1002.01"): 20})
    >>> {key.account: amount for key, amount in moved.items()}
    {'1002.01': 20, '1303.01': -20}
    """
    moved = {key: after.get(key, 0) - before.get(key, 0) for key in sorted({*before, *after}, key=_order)}
    return {key: moved_minor for key, moved_minor in moved.items() if moved_minor}


def trial_balance(rows: Iterable[Total], opening: Mapping[Key, int] | None = None, by: By = "") -> TrialBalance:
    """Return the trial balance of the totals of some days, `opening` the balances before them.

    Without `opening` the totals are taken to run from the first day. An account that holds nothing and did not move
    has no line.
    """
    sums: dict[tuple[str, str, str], list[int]] = {}
    for key, opening_minor in (opening or {}).items():
        sums.setdefault(_group(key, by), [0, 0, 0])[0] += opening_minor
    for row in rows:
        line = sums.setdefault(_group(row.key, by), [0, 0, 0])
        line[1] += row.debit_minor
        line[2] += row.credit_minor
    lines = (
        Line(*group, opening_minor, debit_minor, credit_minor, opening_minor + debit_minor - credit_minor)
        for group, (opening_minor, debit_minor, credit_minor) in sorted(sums.items())
    )
    return TrialBalance(by, tuple(line for line in lines if any(line[3:])))


def reconcile(sub_ledger: Mapping[Key, int], general_ledger: Mapping[Key, int]) -> list[Difference]:
    """Return where the sum over loans and the general ledger disagree, account by account: empty in sound books.

    Give the general ledger's balances of the accounts that the sub-ledger mirrors, and no others.
    """
    return [
        Difference(key, sub_ledger.get(key, 0), general_ledger.get(key, 0))
        for key in movement(sub_ledger, general_ledger)
    ]


def _group(key: Key, by: By) -> tuple[str, str, str]:
    return (getattr(key.dimensions, by) if by else "", key.account, key.currency)


def _order(key: Key) -> tuple[str, str, tuple[str, ...]]:
    one = key.dimensions
    return key.account, key.currency, (one.institution, one.product, one.region, one.funder)
