"""Prices by hand, held within product and law; riskier is never cheaper; no loss-making yes."""

import doctest
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from puhui.credit import pricing
from puhui.credit.pricing import STEP_PPM, Costs, Deal, Risk, _first, _Rates, build_up, price_for
from puhui.kernel.refusals import Refusal
from puhui.products.annual_cost_plan import plan_cost
from puhui.products.definition import catalogue, product_of, terms_for
from puhui.products.schedule import schedule

PERSONAL = product_of("personal_instalment")
DEAL = Deal(5_000_000, 12, date(2026, 9, 1), "bank", region="410323", segment="wage_earner", agreed={"due_day": 15})
COSTS = Costs(funding_ppm=30_000, operating_ppm=20_000, margin_ppm=10_000)
SOUND = Risk(pd_ppm=40_000, lgd_ppm=500_000)


def test_the_examples_are_true():
    assert doctest.testmod(pricing).failed == 0
    assert doctest.testmod(pricing).attempted == 1


def test_a_price_by_hand():
    # 3 % + 2 % + 4 % x 50 % = 7 %; of 7 % a twenty-fourth is not earned: 0.291667 %; margin 1 %
    price = price_for(PERSONAL, DEAL, COSTS, SOUND)
    assert dict(price.components) == {
        "funding": 30_000,
        "operating": 20_000,
        "expected_loss": 20_000,
        "interest_not_earned": 2_917,
        "margin": 10_000,
    }
    assert (price.break_even_ppm, price.target_ppm) == (72_917, 82_917)
    # the lowest rate in steps of 0.01 % whose interest reaches the target
    assert price.outcome == "offer"
    assert price.annual_rate_ppm == 83_000
    assert price.earned_ppm >= price.target_ppm
    assert price.margin_ppm == price.earned_ppm - 72_917
    assert (price.highest_ppm, price.limited_by) == (174_000, "product")


def test_guarantee_subsidy_and_fixed_cost_are_shown():
    costs = replace(COSTS, guarantee_cover_ppm=800_000, guarantee_fee_ppm=5_000, subsidy_ppm=15_000, fixed_minor=6_500)
    parts = dict(build_up(costs, SOUND, (5_000_000, 12)))
    # 65 yuan x 24 / (50,000 x 13) a year = 0.24 %; of the loss of 2 % a fifth is borne
    assert (parts["fixed_cost"], parts["expected_loss"], parts["subsidy"]) == (2_400, 4_000, -15_000)
    assert sum(parts.values()) == price_for(PERSONAL, DEAL, costs, SOUND).target_ppm


def test_the_price_is_never_below_the_product():
    price = price_for(PERSONAL, DEAL, Costs(funding_ppm=10_000), Risk(0, 0))
    assert (price.annual_rate_ppm, price.highest_ppm) == (72_000, 174_000)


def test_a_flat_rate_is_set_by_what_it_really_earns():
    car = Deal(
        10_000_000, 36, date(2026, 9, 1), "bank", down_payment_ppm=300_000, region="410323", segment="wage_earner"
    )
    price = price_for(product_of("auto_nev"), car, Costs(22_000, 5_000, margin_ppm=8_000), Risk(10_000, 400_000))
    assert price.annual_rate_ppm < 21_000 < 39_000 < price.earned_ppm


@pytest.mark.parametrize("risk", [Risk(None, 500_000), Risk(40_000, None)])
def test_a_risk_that_is_not_known_is_referred(risk):
    price = price_for(PERSONAL, DEAL, COSTS, risk)
    assert (price.outcome, price.annual_rate_ppm, price.reasons) == ("refer", None, ("PRICE_UNKNOWN",))


@pytest.mark.parametrize(
    ("pd_ppm", "outcome", "full"),
    [
        (193_000, "offer", True),
        (202_000, "offer", False),
        (219_000, "refer", False),
        (1_000_000, "refer", False),
    ],
)
def test_the_margin_gives_way_at_the_cap_and_below_break_even_there_is_no_yes(pd_ppm, outcome, full):
    price = price_for(PERSONAL, DEAL, COSTS, Risk(pd_ppm, 420_000))
    assert price.outcome == outcome
    if outcome == "offer":
        assert price.earned_ppm >= price.break_even_ppm
        assert (price.margin_ppm >= COSTS.margin_ppm) is full
        assert (price.annual_rate_ppm == 174_000) is not full
    else:
        assert price.reasons == ("PRICE_ABOVE_CAP",)
        assert price.annual_rate_ppm is None
        assert price.break_even_ppm > price.highest_ppm


def dear():
    """The product with a range that reaches beyond the law: 7.2 % to 36 %."""
    ranges = PERSONAL.ranges
    wide = ranges.model_copy(update={"annual_rate_ppm": ranges.annual_rate_ppm.model_copy(update={"max": 360_000})})
    return PERSONAL.model_copy(update={"ranges": wide})


def test_the_law_of_the_day_limits_the_price_and_is_named():
    price = price_for(dear(), DEAL, COSTS, Risk(300_000, 400_000))
    assert price.limited_by == "CAP.FACILITATION.24"
    assert price.annual_rate_ppm is None or price.annual_rate_ppm < 240_000
    assert price.highest_ppm < 240_000
    beyond = price_for(dear(), DEAL, COSTS, Risk(400_000, 500_000))
    assert (beyond.outcome, beyond.reasons) == ("decline", ("PRICE_ABOVE_CAP",))


def test_the_highest_rate_is_the_last_that_the_law_allows():
    """Its effective cost is at most 24 %; a hundredth of a per cent more passes it."""
    highest_ppm = price_for(dear(), DEAL, COSTS, SOUND).highest_ppm

    def dearest(rate_ppm):
        terms = terms_for(
            dear(),
            principal_minor=DEAL.price_minor,
            instalments=DEAL.instalments,
            annual_rate_ppm=rate_ppm,
            disbursed_on=DEAL.disbursed_on,
            region=DEAL.region,
            segment=DEAL.segment,
            due_day=15,
        )
        cost = plan_cost(schedule(terms)).contract
        return max(cost.irr_x12_ppm, cost.effective_ppm, cost.xirr_365_ppm)

    assert dearest(highest_ppm) <= 240_000 < dearest(highest_ppm + 100)


def test_the_same_deal_before_the_rule_was_in_force_is_not_limited_by_it():
    early = dear().model_copy(update={"effective_from": date(2025, 1, 1)})
    before = price_for(early, replace(DEAL, disbursed_on=date(2025, 9, 30)), COSTS, SOUND)
    after = price_for(early, replace(DEAL, disbursed_on=date(2025, 10, 1)), COSTS, SOUND)
    assert (before.highest_ppm, before.limited_by) == (360_000, "product")
    assert after.limited_by == "CAP.FACILITATION.24"


@pytest.mark.parametrize(
    ("costs", "risk", "field"),
    [
        (replace(COSTS, funding_ppm=-1), SOUND, "funding_ppm"),
        (replace(COSTS, margin_ppm=0.01), SOUND, "margin_ppm"),
        (replace(COSTS, guarantee_cover_ppm=1_000_001), SOUND, "guarantee_cover_ppm"),
        (COSTS, Risk(1_000_001, 0), "pd_ppm"),
        (COSTS, Risk(True, 0), "pd_ppm"),
    ],
)
def test_wrong_numbers_are_refused_by_name(costs, risk, field):
    with pytest.raises(Refusal) as refused:
        price_for(PERSONAL, DEAL, costs, risk)
    assert (refused.value.code, refused.value.fields) == ("PRICE_INPUT", (field,))


def test_a_loan_outside_the_product_is_refused_not_priced():
    with pytest.raises(Refusal) as refused:
        price_for(PERSONAL, replace(DEAL, price_minor=20_000_001), COSTS, SOUND)
    assert refused.value.code == "PRODUCT_OUT_OF_RANGE"


SHARES = st.integers(0, 1_000_000)


@given(pd=SHARES, more=SHARES, lgd=SHARES, worse=SHARES, cover=SHARES, fixed=st.integers(0, 10**6))
def test_a_riskier_loan_costs_no_less(pd, more, lgd, worse, cover, fixed):
    costs = replace(COSTS, guarantee_cover_ppm=cover, fixed_minor=fixed)

    def cost(risk):
        return sum(part.ppm for part in build_up(costs, risk, (5_000_000, 12)))

    low, high = Risk(min(pd, more), min(lgd, worse)), Risk(max(pd, more), max(lgd, worse))
    assert cost(low) <= cost(high)


@settings(max_examples=10, deadline=None)
@given(risks=st.lists(st.integers(0, 260_000), min_size=2, max_size=3).map(sorted))
def test_a_riskier_person_never_gets_a_lower_rate_and_never_a_yes_after_a_no(risks):
    prices = [price_for(PERSONAL, DEAL, COSTS, Risk(pd_ppm, 450_000)) for pd_ppm in risks]
    rates = [price.annual_rate_ppm if price.outcome == "offer" else 10**9 for price in prices]
    assert rates == sorted(rates)
    for price in prices:
        assert price.outcome != "offer" or price.earned_ppm >= price.break_even_ppm


@pytest.mark.parametrize(
    "product", ["auto_new", "auto_nev", "auto_used", "personal_instalment", "micro_working_capital"]
)
def test_the_rate_found_near_a_guess_is_the_one_found_by_asking_all(product):
    """Of the smallest loan too, where a step of the rate moves the interest by a cent or two."""
    definition = catalogue()[product]
    ranges, segment = definition.ranges, (definition.segments or ("wage_earner",))[0]
    down_ppm, months = ranges.down_payment_ppm.min, ranges.instalments.min
    agreed = {"due_day": 15} if "due_day" in definition.loan_terms else {}
    for lent_minor in (ranges.amount_minor.min, ranges.amount_minor.max // 3):
        price_minor = -(-lent_minor * 1_000_000 // (1_000_000 - down_ppm))
        deal = Deal(price_minor, months, DEAL.disbursed_on, definition.lenders[0], down_ppm, "110101", segment, agreed)
        rates = _Rates(definition, deal, None)
        high = -(-(ranges.annual_rate_ppm.max - ranges.annual_rate_ppm.min) // STEP_PPM)
        least_ppm, most_ppm = rates.earned(0), rates.earned(high)
        for wanted_ppm in range(least_ppm - 500, most_ppm, (most_ppm - least_ppm) // 4):
            found = rates.reaching(wanted_ppm, high)
            assert rates.earned(found) >= wanted_ppm
            assert found == 0 or rates.earned(found - 1) < wanted_ppm
            assert found == _first(lambda n, at=rates.earned, least=wanted_ppm: at(n) >= least, high)
