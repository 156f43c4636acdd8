"""The five-tier risk category of each loan (places in CLASSES: NORMAL 0, SM 1, SUB 2, DBT 3, LOSS 4).

A category is the worst that any reason demands: days past due, credit impairment, restructuring, the debtor's
other claims, and an upgrade that has not been earned yet. Sources: CLS.* of the rulebook.
"""

from typing import NamedTuple

from puhui.kernel.columns import Ints, choose, greater
from puhui.kernel.rates import PPM
from puhui.risk.floors import Floors, overdue_floor
from puhui.risk.observation import observed_months
from puhui.risk.policy import NORMAL, Policy


class Standing(NamedTuple):
    """What a category and a stage hang on; an int or a column each.

    category, stage: of the day before. cured: the observation for an upgrade is complete. recovered: the shorter one,
    back to stage 1. clean_since: day number since which the loan has not been late, 0 when it is not observed.
    restructured_on: day number, 0 for none. technical: the delay has an operational or technical reason. card: it
    follows the steps of credit cards.
    """

    past_due_days: Ints
    category: Ints
    stage: Ints
    cured: Ints
    recovered: Ints
    clean_since: Ints
    restructured_on: Ints
    npl_before: Ints
    technical: Ints
    card: Ints


def impaired(standing: Standing, floors: Floors) -> Ints:
    """Return whether a loan is credit-impaired: past due beyond the presumption of default, or not cured since.

    Source: IFRS9.90DPD.
    """
    return (standing.past_due_days > floors.third_stage_days) | ((standing.stage == 3) & (standing.cured == 0))


def category_of(day: Ints, standing: Standing, floors: Floors, policy: Policy) -> Ints:
    """Return the loan's own category at the end of `day`, before the debtor's other claims are looked at."""
    floor = days_floor(standing, floors)
    floor = greater(floor, choose(impaired(standing, floors), floors.impaired, NORMAL))
    floor = greater(floor, restructured_floor(day, standing, floors))
    return greater(floor, held_back(standing, policy))


def days_floor(standing: Standing, floors: Floors) -> Ints:
    """Return the least category by days past due. A technical delay is spared the first step for some days.

    Source: CLS.SM, CLS.SUB, CLS.DBT, CLS.LOSS; cards CLS.CARD.
    """
    days = standing.past_due_days
    floor = choose(standing.card > 0, overdue_floor(days, floors.card), overdue_floor(days, floors.overdue))
    spared = (standing.technical > 0) & (days <= floors.technical_days)
    return choose(spared, NORMAL, floor)


def under_restructuring(day: Ints, standing: Standing, floors: Floors) -> Ints:
    """Return whether a restructured loan is still under observation: late, or not yet so many months on time.

    The months count from the restructuring, or from the day after which it was late no more. Source: CLS.RESTRUCT.
    """
    start = greater(standing.restructured_on, standing.clean_since)
    young = observed_months(day, start) < floors.restructured_months
    return (standing.restructured_on > 0) & (young | (standing.past_due_days > 0))


def restructured_floor(day: Ints, standing: Standing, floors: Floors) -> Ints:
    """Return the least category of a restructured loan under observation, NORMAL of any other."""
    least = choose(standing.npl_before > 0, floors.restructured_npl, floors.restructured)
    return choose(under_restructuring(day, standing, floors), least, NORMAL)


def held_back(standing: Standing, policy: Policy) -> Ints:
    """Return the least category of a loan that was non-performing and has not earned its upgrade.

    While it is past due it stays where it was; once nothing is, it is at least at the edge of non-performing until
    its observation is complete.
    """
    held = (standing.category >= policy.non_performing) & (standing.cured == 0)
    least = choose(standing.past_due_days > 0, standing.category, policy.non_performing)
    return choose(held, least, NORMAL)


def tainted(claims_minor: Ints, non_performing_minor: Ints, floors: Floors) -> Ints:
    """Return whether so much of a debtor's claims is non-performing that all of them are.

    non_performing / claims > debtor_share_ppm / 1,000,000, in whole numbers without loss. Source: CLS.DEBTOR10; not
    for retail.

    >>> from types import SimpleNamespace
    >>> tenth = SimpleNamespace(debtor_share_ppm=100_000)
    >>> tainted(1000, 100, tenth), tainted(1000, 101, tenth)
    (False, True)
    """
    whole = claims_minor // PPM
    limit_minor = whole * floors.debtor_share_ppm + (claims_minor - whole * PPM) * floors.debtor_share_ppm // PPM
    return non_performing_minor > limit_minor


def with_debtor(category: Ints, is_tainted: Ints, floors: Floors) -> Ints:
    """Return the category after the debtor's other claims are looked at."""
    return choose(is_tainted, greater(category, floors.debtor), category)
