"""The night's entries: one for each set of dimensions, from sums over its loans. No leg names a loan."""

from collections.abc import Mapping
from datetime import date, datetime

from puhui.accounting.accounts import IMPAIRMENT_LOSS, PROVISION
from puhui.kernel.ids import new_id
from puhui.ledger.entry import Dimensions, Entry, Posting

Totals = Mapping[Dimensions, Mapping[str, int]]


def aggregated(
    kind: str, totals: Totals, *, fact: str, effective_on: date, recorded_at: datetime, currency: str = "CNY"
) -> tuple[Entry, ...]:
    """Return one entry for each set of dimensions whose accounts moved, in order of the dimensions.

    totals: what each account moved by (minor units, debit positive), summed over the loans of the dimensions. The
    legs of one set must balance: that they do not is a bug of what was summed, so it asserts.
    kind: the posting rule ("accrual", "provision"). fact: the id of the night.
    """
    entries = []
    for dimensions in sorted(totals, key=_order):
        moved = totals[dimensions]
        assert not sum(moved.values()), f"{kind} of {dimensions} is off by {sum(moved.values())}"
        legs = tuple(
            Posting(account, int(moved[account]), dimensions, currency=currency)
            for account in sorted(moved, key=lambda each: (moved[each] < 0, each))
            if moved[account]
        )
        if legs:
            entries.append(Entry(new_id("entry"), kind, fact, effective_on, recorded_at, legs))
    return tuple(entries)


def provision_totals(changes: Mapping[Dimensions, int]) -> dict[Dimensions, dict[str, int]]:
    """Return the accounts that a change of expected losses moves: more loss, more provision; less, and it goes back.

    changes: by dimensions, the provision that is needed less the one that is held (minor units, may be negative).

    >>> list(provision_totals({Dimensions(): 500}).values())
    [{'6702.01': 500, '1304.01': -500}]
    """
    return {
        dimensions: {IMPAIRMENT_LOSS: change_minor, PROVISION: -change_minor}
        for dimensions, change_minor in changes.items()
    }


def _order(dimensions: Dimensions) -> tuple[str, ...]:
    return dimensions.institution, dimensions.product, dimensions.region, dimensions.funder
