"""What would change a decision: levers of the person, tried on the case and on what is seen, each step judged anew."""

from collections.abc import Mapping
from typing import Any, Final

from puhui.credit.levers import Change, levers, what_would_change
from puhui.kernel.rates import PPM
from puhui.kernel.refusals import Refusal
from puhui.workflows.case import Case
from puhui.workflows.judge import Judgement, Seen, judge_seen

LOAN_TO_VALUE: Final = "loan_to_value_ppm"


def would_change(judgement: Judgement) -> Change | None:
    """Return the nearest feasible change after which the same judgement approves; None where none is within reach.

    None also where it approves already. Takes up to `levers.MOST_RUNS` judgements: not for the road of a decision.
    """
    if judgement.outcome == "approve":
        return None
    draft = judgement.draft

    def stands(facts: Mapping[str, Any]) -> frozenset[str]:
        case, seen = changed(draft.case, Seen(draft.features, draft.income_minor), facts)
        try:
            found = judge_seen(case, seen, draft.kit)
        except Refusal as refusal:
            return frozenset({refusal.code})  # beyond what some part takes: no way to a yes
        return frozenset() if found.outcome == "approve" else frozenset({found.outcome, *found.reasons})

    return what_would_change(facts_of(draft.case, draft.features), levers(), stands)


def facts_of(case: Case, features: Mapping[str, Any]) -> dict[str, Any]:
    """Return a case and features as flat facts, by the paths of `levers.yaml`."""
    own = {f"case.{name}": getattr(case, name) for name in Case.model_fields}
    checks = {f"case.checks.{name}": value for name, value in case.checks.items()}
    return own | checks | {f"features.{name}": value for name, value in features.items()}


def changed(case: Case, seen: Seen, facts: Mapping[str, Any]) -> tuple[Case, Seen]:
    """Return a case and what is seen with changed facts; a loan to value that was told moves with what is lent."""
    fields = {name: facts[f"case.{name}"] for name in Case.model_fields}
    checks = {name: facts[f"case.checks.{name}"] for name in case.checks}
    if LOAN_TO_VALUE in checks:
        checks[LOAN_TO_VALUE] = _loan_to_value(case, fields["amount_minor"], fields["down_minor"])
    features = {name: facts[f"features.{name}"] for name in seen.features}
    return case.model_copy(update={**fields, "checks": checks}), Seen(features, seen.income_minor)


def _loan_to_value(case: Case, amount_minor: int, down_minor: int) -> int:
    """Return the loan to value of another price and down payment, the value moving with the price, rounded up.

    told x (share lent now) / (share lent then): the lender's value of the car stays the same share of its price.
    """
    told_ppm = int(case.checks[LOAN_TO_VALUE])
    lent_minor, lent_then_minor = max(0, amount_minor - down_minor), case.amount_minor - case.down_minor
    if lent_then_minor <= 0:
        return told_ppm
    return min(5 * PPM, -(-told_ppm * lent_minor * case.amount_minor // (lent_then_minor * amount_minor)))
