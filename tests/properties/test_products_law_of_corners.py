"""The law of corners: no offer within a product's ranges is worse, by any figure that rules read, than its corners."""

from datetime import date, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from puhui.products.annual_cost_days import makes_a_plan
from puhui.products.annual_cost_plan import plan_cost
from puhui.products.corners import offers_of, price_of
from puhui.products.definition import Wish, build_terms, catalogue, example_of_agreed, resolve
from puhui.products.facts import offer_facts, repaid_at_once
from puhui.products.schedule import schedule

TODAY = date(2026, 11, 24)
# Whole fen move the figures of small loans by this much; a harvest loan is tried on fewer days (see corners.py).
WAVER_PPM, HARVEST_WAVER_PPM = 5, 400
MOST = ("tenor_months", "ltv_ppm", "single_drawdown_minor", "late_total_annual_ppm", "platform_fee_minor")
COSTS = ("irr_x12_ppm", "effective_ppm", "xirr_365_ppm")
WORST = {}


def worst(name):
    """The largest of each figure over the corners of a product, overrides left out."""
    if name not in WORST:
        definition = catalogue()[name].model_copy(update={"overrides": (), "segments": ()})
        offers = [offer.facts for offer in offers_of(definition, TODAY)]
        WORST[name] = {fact: max(facts[fact] for facts in offers) for fact in (*MOST, *COSTS)}
    return WORST[name]


@st.composite
def offers(draw):
    name = draw(st.sampled_from(list(catalogue())))
    definition = resolve(catalogue()[name].model_copy(update={"overrides": (), "segments": ()}))
    ranges = definition.ranges
    within = {
        field: draw(st.integers(ends.min, ends.max))
        for field, ends in ((field, getattr(ranges, field)) for field in type(ranges).model_fields)
    }
    count = ranges.instalments
    instalments = count.min + (within["instalments"] - count.min) // count.step * count.step
    on = TODAY + timedelta(days=draw(st.integers(0, 365)))
    wish = Wish(within["amount_minor"], instalments, within["annual_rate_ppm"], on, within["down_payment_ppm"])
    terms = build_terms(definition, wish, example_of_agreed(definition))
    return definition, terms.model_copy(update={"principal_minor": price_of(terms, wish.principal_minor, up=False)})


@settings(max_examples=300, deadline=None)
@given(offers())
def test_no_offer_within_the_ranges_is_worse_than_the_corners(offer):
    definition, terms = offer
    assume(makes_a_plan(terms, terms.disbursed_on))  # a harvest loan cannot end outside a harvest
    plan = schedule(terms)
    facts, limits = offer_facts(definition, plan, plan_cost(plan), TODAY), worst(definition.id)
    for fact in MOST:
        assert facts[fact] <= limits[fact], fact
    waver_ppm = HARVEST_WAVER_PPM if definition.kind == "seasonal" else WAVER_PPM
    for fact in COSTS:
        assert facts[fact] <= limits[fact] + waver_ppm, fact
    assert definition.ranges.amount_minor.min - 1 <= facts["principal_minor"] <= definition.ranges.amount_minor.max


@pytest.mark.parametrize("name", list(catalogue()))
def test_the_corners_of_a_product_are_its_own_offers(name):
    for offer in offers_of(catalogue()[name], TODAY):
        ranges, terms = offer.variant.definition.ranges, offer.terms
        assert ranges.amount_minor.min <= offer.facts["principal_minor"] <= ranges.amount_minor.max
        assert ranges.instalments.min <= terms.instalments <= ranges.instalments.max
        assert (terms.instalments - ranges.instalments.min) % ranges.instalments.step == 0
        assert ranges.annual_rate_ppm.min <= terms.annual_rate_ppm <= ranges.annual_rate_ppm.max
        assert ranges.down_payment_ppm.min <= terms.down_payment_ppm <= ranges.down_payment_ppm.max
        assert ("bullet" in offer.subject.products) == repaid_at_once(offer.plan)
