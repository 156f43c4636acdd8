"""Joint lending: what of a loan is ours, and what is the funder's. Fees are not shared.

The funder's claim on a part of the debt is its share of it, rounded on running totals with what was collected at the
bottom: claim(part) = round((below + part) x share) - round(below x share), where below = collected + the parts before.
So a claim never exceeds the debt, claims add up, a payment moves them by exactly what becomes due to the funder
(`lending.allocate.funder_part`), and the mere passing of time never moves the claim on principal.
"""

from typing import NamedTuple

from puhui.accounting.figures import Figures
from puhui.accounting.parts import round_part
from puhui.kernel.columns import Ints, between, largest, lesser
from puhui.kernel.rates import PPM


class Own(NamedTuple):
    """Our own part, minor units: of what is owed, of what was earned (VAT included), recovered and charged off.

    charged_off: what a write-off took from the balance sheet. funder_principal: the funder's principal, written off or
    not. funder_stake: what funders had to put in, less what was bought back from them.
    """

    principal_minor: Ints
    interest_due_minor: Ints
    interest_accrued_minor: Ints
    penalty_minor: Ints
    written_off_minor: Ints
    interest_earned_minor: Ints
    penalty_earned_minor: Ints
    recovered_minor: Ints
    charged_off_minor: Ints
    funder_principal_minor: Ints
    funder_stake_minor: Ints


def share_of(amount_minor: Ints, share_ppm: Ints) -> Ints:
    """Return round(amount x share), half up, exact for every amount of 63 bits.

    >>> share_of(5, 500_000), share_of(1_000_000_000_001, 700_000)
    (3, 700000000001)
    """
    return round_part(amount_minor, share_ppm, PPM)


def own_part(given: Figures) -> Own:
    """Return what of the figures is ours: all of it where no funder ever had a share."""
    on = given.accruing
    interest = given.interest_paid_minor + (given.interest_charged_minor - given.interest_paid_minor) * on
    penalty = given.penalty_paid_minor + (given.penalty_charged_minor - given.penalty_paid_minor) * on
    charged_off = given.principal_written_off_minor + given.charges_written_off_minor * on
    parts = (
        given.principal_minor,
        given.interest_due_minor,
        given.interest_accrued_minor,
        given.penalty_minor,
        *given.written_off_left_minor,
    )
    if not any(map(largest, (given.funder_share_ppm, given.funder_due_minor, given.funder_earned_minor))):
        nothing = 0 * charged_off
        left = parts[4] + parts[5]
        return Own(*parts[:4], left, interest, penalty, given.recovered_minor, charged_off, nothing, nothing)
    own, level = [], given.funder_collected_minor
    for part in parts:
        own.append(part - _claim(level, part, given))
        level = level + part
    of_interest, of_penalty = _funders_income(given, interest, penalty)
    before_recovery = given.funder_collected_minor - given.recovered_minor
    recovered = given.recovered_minor - _claim(before_recovery, given.recovered_minor, given)
    still_owed = sum(parts[:4], before_recovery)
    charged_off = charged_off - _claim(still_owed, charged_off, given)
    return Own(
        *(own[0], own[1], own[2], own[3], own[4] + own[5]),
        interest - of_interest,
        penalty - of_penalty,
        recovered,
        charged_off,
        parts[0] - own[0] + parts[4] - own[4],
        _stake(given),
    )


def _claim(below: Ints, part: Ints, given: Figures) -> Ints:
    return share_of(below + part, given.funder_share_ppm) - share_of(below, given.funder_share_ppm)


def _funders_income(given: Figures, interest_minor: Ints, penalty_minor: Ints) -> tuple[Ints, Ints]:
    """Return what of gross interest and of gross penalty income is the funders'.

    All that a share was taken of grows by what is charged: the funder has earned its share of that growth, and while
    the loan does not accrue, of what was paid. The penalty bears its own share, as far as that reaches.
    """
    rate_ppm = given.funder_share_ppm
    whole = given.principal_minor + given.principal_written_off_minor
    whole = whole + given.funder_collected_minor - given.recovered_minor
    unpaid = given.interest_due_minor + given.interest_accrued_minor + given.penalty_minor
    unpaid = unpaid + given.charges_written_off_minor
    whole = whole + unpaid * given.accruing
    earned = share_of(whole, rate_ppm) - share_of(given.funder_taken_minor, rate_ppm) + given.funder_earned_minor
    of_interest = between(earned - share_of(penalty_minor, rate_ppm), lesser(earned, 0 * earned), interest_minor)
    return of_interest, earned - of_interest


def _stake(given: Figures) -> Ints:
    """Return what funders had to put in, less what was bought back: the share of what the present one was taken of.

    Of shares before it, what became due beyond what was earned.
    """
    rate_ppm = given.funder_share_ppm
    before = given.funder_due_minor - share_of(given.funder_collected_minor, rate_ppm) - given.funder_earned_minor
    return before + share_of(given.funder_taken_minor, rate_ppm)
