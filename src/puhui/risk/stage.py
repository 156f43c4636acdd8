"""The stage of IFRS 9 (企业会计准则第22号): 1 as at first, 2 significantly riskier, 3 credit-impaired."""

from puhui.kernel.columns import Ints, choose, greater
from puhui.risk.category import Standing, impaired, under_restructuring
from puhui.risk.floors import Floors
from puhui.risk.policy import Policy


def stage_of(day: Ints, standing: Standing, category: Ints, floors: Floors, policy: Policy) -> Ints:
    """Return the stage at the end of `day`, given the category of that day.

    Past due by more than the two backstops is at least stage 2, stage 3. Stage 3 is left only after the observation
    for an upgrade, and then through stage 2; stage 2 only after the shorter one. Sources: IFRS9.30DPD, IFRS9.90DPD
    (both presumptions are not rebutted here), CLS.IMPAIRED; the observations are the institution's policy.
    """
    third = impaired(standing, floors) | (category >= policy.impaired_from)
    stage = choose(standing.past_due_days > floors.second_stage_days, 2, 1)
    restructured = choose(under_restructuring(day, standing, floors), policy.restructured_stage, 1)
    probation = choose((standing.stage >= 2) & (standing.recovered == 0), 2, 1)
    return choose(third, 3, greater(stage, greater(restructured, probation)))


def accrues(stage: Ints, policy: Policy) -> Ints:
    """Return whether interest is still accrued on the balance sheet in that stage."""
    return stage < policy.non_accrual_from_stage
