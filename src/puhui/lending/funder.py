"""Joint lending: what becomes due to the funder, and what its share was taken of.

The funder has its share of principal, interest and penalties; fees are the lender's. Amounts are shares of running
totals, rounded once: share_of(after) - share_of(before).
"""

from puhui.kernel.rates import PPM
from puhui.kernel.rounding import round_div
from puhui.lending.balances import interest_receivable_minor, penalty_receivable_minor
from puhui.lending.position import Position


def share_of(amount_minor: int, share_ppm: int) -> int:
    """Return a share of an amount, rounded half up."""
    return int(round_div(amount_minor * share_ppm, PPM))


def collected(position: Position, amount_minor: int) -> dict[str, int]:
    """Return the changes by which the funder's share of principal, interest and penalties collected becomes due to it.

    amount_minor is negative where what was collected is given back.
    """
    share = position.funder_share_ppm
    if not share:
        return {}
    before = position.funder_collected_minor
    part = share_of(before + amount_minor, share) - share_of(before, share)
    return {
        "funder_collected_minor": before + amount_minor,
        "funder_due_total_minor": position.funder_due_total_minor + part,
    }


def lent(position: Position, amount_minor: int) -> dict[str, int]:
    """Return the changes by which the funder has its share of a further draw too."""
    if not position.funder_taken_minor:
        return {}
    return {"funder_taken_minor": position.funder_taken_minor + amount_minor}


def unsettled_minor(position: Position) -> int:
    """Return what became due to the funder and was not paid over to it yet."""
    return position.funder_due_total_minor - position.funder_settled_total_minor


def owed_to_both_minor(position: Position) -> int:
    """Return principal, interest and penalties owed: what a share is taken of."""
    return position.principal_minor + interest_receivable_minor(position) + penalty_receivable_minor(position)


def assigned(position: Position, funder: str, share_ppm: int) -> dict[str, int | str]:
    """Return the changes by which a funder takes a share of what is owed and of all that will be.

    What funders had earned by now: the share of what was collected and is still owed, less the share of what it was
    taken of. Of a loan that does not accrue, unpaid interest and penalties were not earned.

    A funder whose share is taken back stays named while something is due to it.
    """
    share = position.funder_share_ppm
    counted = owed_to_both_minor(position) if position.accruing else position.principal_minor
    taken = position.funder_taken_minor or position.drawn_minor
    earned = share_of(counted + position.funder_collected_minor, share) - share_of(taken, share)
    return {
        "funder": funder if share_ppm or unsettled_minor(position) else "",
        "funder_share_ppm": share_ppm,
        "funder_collected_minor": 0,
        "funder_taken_minor": owed_to_both_minor(position),
        "funder_earned_total_minor": position.funder_earned_total_minor + earned,
    }
