"""Provisions: what is to be set aside or released, so that the ledger holds what expected losses need."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from puhui.accounting.accounts import PROVISION
from puhui.accounting.aggregate import provision_totals
from puhui.batch.groups import Groups
from puhui.batch.steps.entries import Totals
from puhui.ledger.balances import Key, Total, balances
from puhui.ledger.entry import Dimensions
from puhui.risk.provisions import charge_minor

Changes = dict[str, dict[Dimensions, int]]


def needed_by_dimensions(needed_minor: NDArray[np.int64], groups: Groups) -> dict[Key, int]:
    """Return the provision that is needed by currency and dimensions, as keys of its account."""
    needed: dict[Key, int] = {}
    for place in np.flatnonzero(needed_minor).tolist():
        group = groups.listed[place]
        key = Key(PROVISION, group.currency, group.dimensions)
        needed[key] = needed.get(key, 0) + int(needed_minor[place])
    return needed


def provision_changes(needed: Mapping[Key, int], ledger: Sequence[Total]) -> Changes:
    """Return by currency and dimensions what is to be provided (released, where less than 0).

    ledger: the general ledger's totals through the day, write-offs that used the provision included.
    """
    held = {key: -balance for key, balance in balances(ledger).items() if key.account == PROVISION}
    changes: Changes = {}
    for key in {*needed, *held}:
        change_minor = charge_minor(needed.get(key, 0), held.get(key, 0))
        if change_minor:
            changes.setdefault(key.currency, {})[key.dimensions] = change_minor
    return changes


def totals_of_changes(changes: Changes) -> Totals:
    """Return the accounts that the changes move."""
    return {currency: provision_totals(by_dimensions) for currency, by_dimensions in changes.items()}
