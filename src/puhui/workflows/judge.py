"""From a case to a judgement: features, score, policy, limit, price, plans, funders. Pure: the same case, events and
kit give the same judgement, which is how a decision is replayed. `judge_seen` begins after the events were read: with
what is known of a person changed, it tells what would change the answer.

The steps are one list, `STEPS`; each adds what it finds to a Draft and may say no, with its reasons. What says no does
not end the walk where the later steps can still tell the person something; nothing is offered then all the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import polars as pl

from puhui.credit.features.catalogue import FEATURES
from puhui.credit.features.compute import features_of_party
from puhui.credit.income import income_by_month, spendable
from puhui.credit.limit import Ask, Caps, Limit, Means, assumptions_on, limit_for, principal_for
from puhui.credit.policy.decision import PolicyDecision
from puhui.credit.policy.reasons import reason_of
from puhui.credit.policy_facts import READS, overdue_count, policy_facts
from puhui.credit.pricing import Deal, Price, Risk, price_for
from puhui.credit.reasons import OF_RISK, Reason, reasons_of
from puhui.credit.score import Score, score_of
from puhui.funding.application import NOTHING_USED, Application
from puhui.funding.definition_fields import Funder, Quota
from puhui.funding.routing import Market, Routing, Verdict, route
from puhui.kernel.language import Text
from puhui.kernel.places import place
from puhui.kernel.rates import PPM
from puhui.kernel.refusals import Refusal
from puhui.products.definition import PRODUCT_NOT_OFFERED, resolve
from puhui.products.definition_fields import Definition
from puhui.products.design.choose import Proposal
from puhui.products.design.design import design
from puhui.products.design.need import Need
from puhui.rulebook.rule import Words
from puhui.workflows.case import Case, Kit

Outcome = Literal["approve", "refer", "decline"]
MOST_REASONS = 4
NO_QUOTA_MINOR = 10**15
# The worst of two outcomes decides.
_RANK: dict[Outcome, int] = {"approve": 0, "refer": 1, "decline": 2}


class Choice(NamedTuple):
    """One offer: the plan, who funds it, and what every funder said. `rate_ppm`: the contract rate of the offer."""

    proposal: Proposal
    verdict: Verdict
    routing: Routing


class Seen(NamedTuple):
    """What the events of a person tell: features by name, income by calendar month."""

    features: Mapping[str, Any]
    income_minor: tuple[int | None, ...]


@dataclass
class Draft:
    """A judgement in the making. products: those asked for, as they are for this place and person."""

    case: Case
    kit: Kit
    events: pl.DataFrame | Seen
    products: list[Definition] = field(default_factory=list)
    features: dict[str, Any] = field(default_factory=dict)
    income_minor: tuple[int | None, ...] = ()
    score: Score | None = None
    model_reasons: list[Reason] = field(default_factory=list)
    policy: PolicyDecision | None = None
    limit: Limit | None = None
    prices: dict[str, Price] = field(default_factory=dict)
    choices: list[Choice] = field(default_factory=list)
    outcome: Outcome = "approve"
    reasons: list[str] = field(default_factory=list)
    said: dict[str, Text] = field(default_factory=dict)

    def says(self, outcome: Outcome, *reasons: str) -> None:
        """Hold an outcome against the one so far: the worse stays, its reasons first."""
        if _RANK[outcome] > _RANK[self.outcome]:
            self.outcome = outcome
            self.reasons[:0] = reasons
        elif outcome != "approve":
            self.reasons += reasons


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of a case. reasons: up to four codes, the policy's first; `draft.said`: their words."""

    outcome: Outcome
    reasons: tuple[str, ...]
    draft: Draft

    def words(self) -> list[tuple[str, Text]]:
        """Return each reason with what the person is told."""
        return [(code, self.draft.said.get(code) or reason_of(code).text) for code in self.reasons]


def judge(case: Case, events: pl.DataFrame, kit: Kit) -> Judgement:
    """Return the judgement of a case as of its instant.

    Refuses what the parts refuse of inputs that make no sense: PLACE_UNKNOWN, PRODUCT_UNKNOWN, POLICY_UNKNOWN.
    """
    return _walked(Draft(case, kit, events))


def judge_seen(case: Case, seen: Seen, kit: Kit) -> Judgement:
    """Return the judgement of a case with what its events tell already worked out; refuses what `judge` refuses."""
    return _walked(Draft(case, kit, seen))


def _walked(draft: Draft) -> Judgement:
    for_this = _for_this_purpose(draft)
    draft.products = _offered(draft.case, for_this)
    if draft.products:
        for step in STEPS:
            step(draft)
    else:
        draft.says("refer", "NOT_OFFERED" if for_this else "NO_PRODUCT")
    if draft.outcome == "approve" and not draft.choices:
        draft.says("refer", "NO_OFFER")
    if draft.outcome != "approve":
        draft.choices.clear()
    return Judgement(draft.outcome, _told(draft), draft)


def _told(draft: Draft) -> tuple[str, ...]:
    """Return the reasons that are told, at most four: where the risk is one, the model's own have the last places."""
    codes = list(dict.fromkeys(draft.reasons))
    of_model = list(dict.fromkeys(reason.code for reason in draft.model_reasons))
    if OF_RISK.isdisjoint(codes) or not of_model:
        return tuple(codes[:MOST_REASONS])
    return tuple([*codes[: MOST_REASONS - 1], *of_model][:MOST_REASONS])


# --- the steps ----------------------------------------------------------------------------------------


def _look(draft: Draft) -> None:
    seen = draft.events if isinstance(draft.events, Seen) else seen_of(draft.case, draft.events, draft.kit)
    draft.features = {**seen.features, **asked(draft.case)}
    draft.income_minor = seen.income_minor


def seen_of(case: Case, events: pl.DataFrame, kit: Kit) -> Seen:
    """Return what events tell of the party of a case: the features that model and policy read, and income by month."""
    read = {*kit.model.features, *READS}
    needed = [name for name in FEATURES if name in read]
    return Seen(features_of_party(events, case.party, case.at, needed), income_by_month(events, case.at))


def _score(draft: Draft) -> None:
    draft.score = score_of(draft.kit.model, draft.features)
    draft.model_reasons = reasons_of(draft.score.adds, draft.features)


def _policy(draft: Draft) -> None:
    assert draft.score is not None
    graph = draft.kit.engine.graph(draft.case.line)
    known = known_of(draft) | {"pd_ppm": draft.score.pd_ppm}
    decision = draft.kit.engine.decide(
        draft.case.line, {name: value for name, value in known.items() if name in graph.inputs}
    )
    draft.policy = decision
    for reason in decision.as_dict(graph)["reasons"]:
        draft.said[reason["code"]] = Text(reason["zh"], reason["en"])
    draft.says(decision.outcome, *decision.reasons)  # type: ignore[arg-type]


def _limit(draft: Draft) -> None:
    case, months = draft.case, _months(draft)
    tier = place(case.region).tier
    debts = known_of(draft).get("monthly_debt_minor")
    means = Means(draft.income_minor, debts, case.cash_minor, tier, case.dependants)
    least, most = _amounts(draft)
    cap = draft.policy.values.get("most_exposure_minor") if draft.policy else None
    caps = Caps((least, most), cap, case.exposure_minor if cap is not None else None)
    lent = _lent(draft)
    ask = Ask(_rate(draft), months, case.day.month % 12 + 1, amount_minor=lent)
    draft.limit = limit_for(means, ask, caps, assumptions_on(case.day, draft.kit.assumptions))
    if draft.limit.outcome != "offer":
        draft.says(draft.limit.outcome, *draft.limit.reasons)


def _price(draft: Draft) -> None:
    assert draft.score is not None
    risk = Risk(draft.score.pd_ppm, draft.kit.lgd_ppm)
    noes: list[Price] = []
    is_refused = False
    for definition in draft.products:
        try:
            price = _price_of(draft, definition, risk)
        except Refusal:
            is_refused = True  # the product is not for this place, person or amount
            continue
        if price.outcome == "offer":
            draft.prices[definition.id] = price
        else:
            noes.append(price)
    if not draft.prices and noes:
        best = min(noes, key=lambda one: _RANK[one.outcome])  # type: ignore[index]
        draft.says(best.outcome, *best.reasons)  # type: ignore[arg-type]
    elif not draft.prices and is_refused:
        draft.says("refer", "NOT_OFFERED")


def _price_of(draft: Draft, definition: Definition, risk: Risk) -> Price:
    """Return the price of what is wished, within what the product allows here; of the longest time that it may have."""
    case, kit = draft.case, draft.kit
    ranges = definition.ranges
    lent = max(ranges.amount_minor.min, min(_lent(draft), ranges.amount_minor.max))
    down = ranges.down_payment_ppm.min
    price_minor = -(-lent * PPM // (PPM - down))
    lender = next((one for one in kit.own_lenders if one in definition.lenders), kit.own_lenders[0])
    lengths = ranges.instalments
    longest = max(lengths.min, min(_months(draft), lengths.max))
    for months in range(longest - (longest - lengths.min) % lengths.step, lengths.min - 1, -lengths.step):
        deal = Deal(price_minor, months, case.day, lender, down, case.region, case.segment, _agreed(definition))
        try:
            return price_for(definition, deal, kit.costs, risk, rulebook=kit.rulebook)
        except Refusal as refusal:
            # A harvest loan ends in a month in which the harvest is sold: not every length does.
            if "income_months" not in refusal.fields or months == lengths.min:
                raise
    raise AssertionError("a product has a least number of instalments")


def _plans(draft: Draft) -> None:
    """Design the plans and find who funds each; a plan that nobody funds is not offered."""
    case, kit = draft.case, draft.kit
    if draft.outcome == "decline" or not draft.prices or draft.limit is None or draft.limit.limit_minor is None:
        return
    rates = {name: price.annual_rate_ppm for name, price in draft.prices.items() if price.annual_rate_ppm is not None}
    need = Need(
        amount_minor=_within_limit(draft),
        region=case.region,
        segment=case.segment,
        income_minor=spendable([value for value in draft.income_minor if value is not None]),
        cash_minor=case.cash_minor,
        disbursed_on=case.day,
        purpose=case.purpose,
        products=tuple(rates),
        rates_ppm=rates,
        other_debts_minor=known_of(draft)["monthly_debt_minor"],
        most_lent_minor=draft.limit.limit_minor,
        most_months=case.most_months,
    )
    try:
        found = design(need, products=kit.products, rulebook=kit.rulebook, hard=kit.hard)
    except Refusal as refusal:
        draft.said[refusal.code] = Text(refusal.message("zh"), refusal.message("en"))
        draft.says("refer", refusal.code)
        return
    used = {**kit.used, case.institution: NOTHING_USED}
    market = Market(case.at, used, kit.products, kit.rulebook, kit.hard)
    for proposal in found.proposals:
        own = _own_book(case, kit, proposal)
        routing = route(_to_fund(draft, proposal), {**kit.funders, own.id: own}, market)
        if routing.chosen is not None:
            draft.choices.append(Choice(proposal, routing.chosen, routing))
    if not draft.choices:
        draft.says("refer", "NO_FUNDER")


STEPS: tuple[Callable[[Draft], None], ...] = (_look, _score, _price, _policy, _limit, _plans)


# --- what the steps ask -------------------------------------------------------------------------------


def asked(case: Case) -> dict[str, Any]:
    """Return the features of the application itself, beside those of events."""
    return {
        "asked_minor": case.amount_minor,
        "asked_months": case.most_months,
        "stated_income_minor": case.stated_income_minor,
        "stated_debt_minor": case.stated_debt_minor,
    }


def known_of(draft: Draft) -> dict[str, Any]:
    """Return what is known of the policy's inputs: from events, what was stated, and what was checked.

    Income is the lower of what is seen and what is stated, debts the higher: neither makes the other up. What someone
    says to have checked fills only what is not seen.
    """
    case, seen = draft.case, policy_facts(draft.features)
    income = [seen.get("monthly_income_minor"), case.stated_income_minor]
    debts = [seen.get("monthly_debt_minor"), case.stated_debt_minor]
    amounts: dict[str, Any] = {"amount_minor": _lent(draft), "instalment_minor": _instalment(draft)}
    if income[0] is not None:
        amounts["monthly_income_minor"] = min(each for each in income if each is not None)
    if any(each is not None for each in debts):
        amounts["monthly_debt_minor"] = max(each for each in debts if each is not None)
    worked_out = {**seen, **amounts, "instalments": _months(draft), "purpose": _PURPOSES.get(case.purpose)}
    return {**case.checks, **worked_out}


def _instalment(draft: Draft) -> int:
    """Return the level instalment that the wish comes to, at the lowest price of the products."""
    whole = 10**12
    repaid = principal_for(whole, Ask(_rate(draft), _months(draft), 1))
    return -(-_lent(draft) * whole // repaid)


def _rate(draft: Draft) -> int:
    """Return what the lowest price comes to a year, interest alone; the highest rate where there is no price."""
    earned = [price.earned_ppm for price in draft.prices.values() if price.earned_ppm is not None]
    return min(earned) if earned else _highest_rate(draft)


def _for_this_purpose(draft: Draft) -> list[Definition]:
    case, products = draft.case, draft.kit.products
    wanted = case.products or tuple(products)
    return [products[name] for name in wanted if name in products and case.purpose in products[name].purposes]


def _offered(case: Case, definitions: Sequence[Definition]) -> list[Definition]:
    """Return the products as they are for this place and segment, without those not offered there."""
    found = []
    for definition in definitions:
        try:
            found.append(resolve(definition, case.region, case.segment))
        except Refusal as refusal:
            if refusal.kind is not PRODUCT_NOT_OFFERED:
                raise
    return found


def _months(draft: Draft) -> int:
    longest = [definition.ranges.instalments.max for definition in draft.products]
    return min(draft.case.most_months or 360, max(longest))


def _highest_rate(draft: Draft) -> int:
    return max(definition.ranges.annual_rate_ppm.max for definition in draft.products)


def _amounts(draft: Draft) -> tuple[int, int]:
    ranges = [definition.ranges.amount_minor for definition in draft.products]
    return min(one.min for one in ranges), max(one.max for one in ranges)


def _lent(draft: Draft) -> int:
    """Return what of the amount is to be lent: all, less what is paid down: as wished, or the least of the products."""
    downs = [definition.ranges.down_payment_ppm.min for definition in draft.products]
    amount = draft.case.amount_minor
    return max(1, amount - max(draft.case.down_minor, -(-amount * min(downs) // PPM)))


def _within_limit(draft: Draft) -> int:
    """Return the amount that plans are drawn for: what was asked, less what is beyond the limit.

    Of a purchase the price stays: what is beyond the limit has to be paid down.
    """
    assert draft.limit is not None
    assert draft.limit.limit_minor is not None
    has_price = any(definition.ranges.down_payment_ppm.max for definition in draft.products)
    return draft.case.amount_minor if has_price else min(draft.case.amount_minor, draft.limit.limit_minor)


def _agreed(definition: Definition) -> dict[str, object]:
    open_day = "due_day" in definition.loan_terms and definition.terms.due_day is None
    return {"due_day": 15} if open_day else {}


def _own_book(case: Case, kit: Kit, proposal: Proposal) -> Funder:
    """Return the institution as a funder of a plan: at the price of the risk, without a quota of its own."""
    definition = proposal.definition
    lender = next((one for one in kit.own_lenders if one in definition.lenders), kit.own_lenders[0])
    return Funder(
        id=case.institution,
        version=1,
        title=Words(zh="本机构自有资金", en="the institution's own book"),
        lender=lender,
        effective_from=case.day,
        products=(definition.id,),
        rate_ppm=proposal.plan.terms.annual_rate_ppm,
        quota=Quota(day_minor=NO_QUOTA_MINOR, total_minor=NO_QUOTA_MINOR),
    )


def _to_fund(draft: Draft, proposal: Proposal) -> Application:
    case, terms = draft.case, proposal.plan.terms
    assert draft.score is not None
    known = [value for value in draft.income_minor if value is not None]
    applicant: dict[str, Any] = {
        "pd_ppm": draft.score.pd_ppm,
        "score": draft.score.points,
        "age_years": case.checks.get("age_years"),
        "income_year_minor": sum(known) if len(known) == len(draft.income_minor) else None,
        "overdue_count": overdue_count(draft.features),
        "months_in_business": case.checks.get("firm_age_months"),
    }
    loan: dict[str, int | bool | str] = {"dealer": case.dealer} if case.dealer else {}
    return Application(
        id=case.application,
        product=proposal.definition.id,
        principal_minor=terms.principal_minor,
        instalments=terms.instalments,
        disbursed_on=case.day,
        down_payment_ppm=terms.down_payment_ppm,
        due_day=terms.due_day,
        region=case.region,
        segment=case.segment,
        applicant={name: value for name, value in applicant.items() if value is not None},
        loan=loan,
    )


# The catalogue's words for a purpose, and those of the personal policy.
_PURPOSES = {
    "daily_consumption": "daily",
    "home_appliances": "daily",
    "renovation": "renovation",
    "education": "education",
    "medical": "medical",
    "travel": "travel",
    "farm_inputs": "business",
    "farm_machinery": "business",
    "livestock": "business",
    "stock": "business",
    "rent_and_wages": "business",
    "equipment": "business",
    "trade_payables": "business",
}
