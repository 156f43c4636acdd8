"""Reconcile: the sum over all loans against the general ledger, account by account, and the trial balance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from puhui.accounting.accounts import PROVISION
from puhui.accounting.books import MIRRORED
from puhui.batch.steps.entries import Totals
from puhui.ledger.balances import Difference, Key, Total, balances, reconcile, trial_balance
from puhui.ledger.chart import Chart


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Where the books disagree: empty in sound books. accounts: how many balances were compared."""

    accounts: int
    differences: tuple[Difference, ...]
    unbalanced_minor: int

    @property
    def is_sound(self) -> bool:
        """Whether all agrees."""
        return not self.differences and not self.unbalanced_minor


def reconciled(held: Totals, needed: Mapping[Key, int], ledger: Sequence[Total], chart: Chart) -> Reconciliation:
    """Return the comparison at the end of a day.

    held: the sub-ledger, summed from the columns of the snapshot. needed: provisions by key. ledger: the general
    ledger's totals through the day. Accounts that no loan mirrors (bank, settlement) have nothing to agree with.
    """
    sub_ledger = {
        Key(account, currency, dimensions): balance_minor
        for currency, by_dimensions in held.items()
        for dimensions, accounts in by_dimensions.items()
        for account, balance_minor in accounts.items()
    }
    sub_ledger |= {key: -needed_minor for key, needed_minor in needed.items()}
    mirrored = {*MIRRORED, PROVISION}
    general = {key: balance for key, balance in balances(ledger).items() if key.account in mirrored}
    sums = trial_balance(ledger).differences(chart)
    unbalanced_minor = sum(abs(sum_minor) for sum_minor in sums.values())
    return Reconciliation(len({*sub_ledger, *general}), tuple(reconcile(sub_ledger, general)), unbalanced_minor)
