"""Laws of plan design for all wishes: no plan breaks a hard rule, more cash never costs more, every plan fits."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from plan_design_example import need
from product_example import example
from puhui.kernel.refusals import Refusal
from puhui.products.design.design import design
from puhui.products.facts import offer_facts, repaid_at_once
from puhui.products.schedule import schedule
from puhui.products.words import SEGMENTS
from puhui.rulebook.check import check
from puhui.rulebook.subject import Subject

REGIONS = st.sampled_from(["410323", "110101", "410300", "411600", "230102", "41"])
INCOMES = st.integers(0, 5_000_000) | st.lists(st.integers(0, 5_000_000), min_size=12, max_size=12)
AMOUNTS = st.sampled_from([1_000_000, 2_000_000, 12_000_000]) | st.integers(100_000, 60_000_000)
# A product that the law lets be sold in part of its range only: facilitated loans may cost 24 % at most.
DEAR = example(
    ("tags", ["personal_consumer", "facilitated"]),
    ("practices.signing_host", "LENDER"),
    ("ranges.annual_rate_ppm.max", 300_000),
    ("ranges.amount_minor.min", 100_000),
    ("fees", [{"name": "登记费", "payee": "registry", "collect": "at_disbursement", "amount_minor": 20_000}]),
)


@st.composite
def wishes(draw):
    amount = draw(AMOUNTS)
    return need(
        amount_minor=amount,
        region=draw(REGIONS),
        segment=draw(st.sampled_from(sorted(SEGMENTS))),
        income_minor=draw(INCOMES),
        cash_minor=draw(st.integers(0, amount)),
        purpose=None,
        products=draw(st.sampled_from([["auto_new"], ["farm_seasonal"], ["auto_used"], ["micro_working_capital"]])),
        most_months=draw(st.none() | st.integers(1, 60)),
        due_day=draw(st.integers(1, 31)),
        disbursed_on=draw(st.dates(date(2026, 8, 1), date(2028, 12, 31))),
    )


def proposals(wish, **more):
    """Return the plans; none where the design says why."""
    try:
        return design(wish, **more).proposals
    except Refusal as refusal:
        binding = refusal.details["binding"]
    assert binding.binds
    return ()


@settings(max_examples=20, deadline=None)
@given(wishes())
def test_every_plan_is_lawful_fits_and_is_within_the_cash(wish):
    for plan in proposals(wish):
        lawful_by_itself(plan, wish)
        assert plan.plan == schedule(plan.plan.terms)
        assert plan.cash_minor <= wish.cash_minor
        assert plan.own_minor + plan.lent_minor == wish.amount_minor
        assert wish.most_months is None or plan.months <= wish.most_months
        for row in plan.plan.instalments:
            income = wish.months_minor[row.due_on.month - 1]
            assert row.total_minor * 1_000_000**2 <= income * (1_000_000 - wish.stress_ppm) * wish.share_ppm


def lawful_by_itself(plan, wish):
    """Hold a plan against the rulebook anew: no hard rule is broken, for any lender that is named."""
    facts = offer_facts(plan.definition, plan.plan, plan.cost, wish.disbursed_on)
    tags = (*plan.definition.tags, "bullet") if repaid_at_once(plan.plan) else plan.definition.tags
    assert plan.lenders
    for lender in plan.lenders:
        report = check(Subject(lender, tags, wish.region.ljust(6, "0")), facts, wish.disbursed_on)
        assert not report.broken


@settings(max_examples=15, deadline=None)
@given(st.integers(60_000, 300_000), st.integers(100_000, 10_000_000), st.integers(0, 1_000_000))
def test_no_plan_breaks_a_cap_however_dear_the_loan(rate_ppm, amount_minor, cash_minor):
    wish = need(
        amount_minor=amount_minor,
        cash_minor=cash_minor,
        income_minor=10**9,
        purpose=None,
        rates_ppm={"example": rate_ppm},
    )
    for plan in proposals(wish, products={"example": DEAR}):
        lawful_by_itself(plan, wish)
        figures = plan.cost.contract
        assert max(figures.irr_x12_ppm, figures.effective_ppm, figures.xirr_365_ppm) <= 240_000


@settings(max_examples=12, deadline=None)
@given(wishes(), st.integers(0, 20_000_000))
def test_more_cash_never_raises_the_cheapest_cost(wish, more_minor):
    before = [plan.cost_minor for plan in proposals(wish) if "cheapest" in plan.goals]
    richer = wish.model_copy(update={"cash_minor": wish.cash_minor + more_minor})
    after = [plan.cost_minor for plan in proposals(richer) if "cheapest" in plan.goals]
    if before:
        assert after[0] <= before[0]


@settings(max_examples=10, deadline=None)
@given(wishes())
def test_the_smaller_amount_that_is_named_fits(wish):
    try:
        design(wish)
    except Refusal as refusal:
        changes = {
            "smaller_amount": "amount_minor",
            "larger_amount": "amount_minor",
            "cash": "cash_minor",
            "months": "most_months",
        }
        for one in refusal.details["binding"].remedies:
            if one.code in changes:
                assert design(wish.model_copy(update={changes[one.code]: one.value})).proposals
