"""Plan design, in rows a banker can read: which plan is best at what, what fits, what binds and what would fit."""

from datetime import date

import pytest

from plan_design_example import HARVEST, TODAY, need
from product_example import example
from puhui.kernel.refusals import Refusal
from puhui.products.design.design import design
from puhui.products.design.fit import fit_of, income_of, room_minor
from puhui.products.design.need import read_need
from puhui.products.schedule import schedule
from puhui.products.terms import read_terms


def plans(**changes):
    return design(need(**changes)).proposals


def refused(**changes):
    with pytest.raises(Refusal) as caught:
        design(need(**changes))
    return caught.value


def codes(said):
    return [one.code for one in said]


# --- which plan is best at what ---------------------------------------------------------------------


def test_a_new_car_for_120_000_with_40_000_in_hand():
    rows = [
        (
            plan.goals,
            plan.definition.id,
            plan.own_minor,
            plan.plan.terms.instalments,
            plan.dearest_minor,
            plan.cost_minor,
        )
        for plan in plans(products=["auto_new"])
    ]
    # 8,000 a month bear 3,200: after a fall of a fifth, half of it. 40,000 pay 30 % down and 200 of registration.
    assert rows == [
        (("lowest_down",), "auto_new", 1_800_000, 48, 252_860, 1_957_277),
        (("lowest_instalment",), "auto_new", 3_600_000, 60, 173_556, 2_033_356),
        (("cheapest", "fastest"), "auto_new", 3_600_000, 36, 266_337, 1_208_112),
    ]


def test_the_same_plan_is_shown_once_with_all_its_titles():
    one_term = example(("ranges.instalments", {"min": 12, "max": 12}))
    wish = need(amount_minor=1_000_000, cash_minor=0, purpose=None, income_minor=300_000)
    (only,) = design(wish, products={"example": one_term}).proposals
    assert only.goals == ("lowest_down", "lowest_instalment", "cheapest", "fastest")
    shown = [(plan.definition.id, plan.plan.terms) for plan in plans()]
    assert len(shown) == len(set(shown))
    titles = [goal for plan in plans() for goal in plan.goals]
    assert sorted(titles) == ["cheapest", "fastest", "lowest_down", "lowest_instalment"]


def test_a_seasonal_title_goes_with_a_seasonal_income_only():
    farm = {"segment": "farmer", "purpose": "farm_inputs", "amount_minor": 6_000_000}
    seasonal = [plan for plan in plans(**farm, income_minor=HARVEST) if "seasonal" in plan.goals]
    assert [plan.definition.id for plan in seasonal] == ["farm_seasonal"]
    # All principal falls due in September and October, the months of the harvest in Luoyang.
    due = {row.due_on.month for row in seasonal[0].plan.rows if row.principal_minor}
    assert due == {9, 10}
    flat = plans(**farm, income_minor=2_000_000)
    assert not [plan for plan in flat if "seasonal" in plan.goals]


def test_overrides_of_place_and_segment_count():
    county = plans(products=["auto_new"])  # tier 5: 15 % down will do
    assert min(plan.plan.terms.down_payment_ppm for plan in county) == 150_000
    beijing = plans(products=["auto_new"], region="110101")
    assert min(plan.plan.terms.down_payment_ppm for plan in beijing) == 200_000
    new_driver = plans(products=["auto_new"], segment="new_driver")
    assert max(plan.plan.terms.instalments for plan in new_driver) <= 36


@pytest.mark.parametrize(
    ("rate_ppm", "irr_x12_ppm"),
    [(None, 89_628), (60_000, 61_601)],  # without a rate the highest of the product counts
)
def test_the_rate_of_the_person_or_the_highest(rate_ppm, irr_x12_ppm):
    rates = {} if rate_ppm is None else {"rates_ppm": {"auto_new": rate_ppm}}
    cheapest = next(plan for plan in plans(products=["auto_new"], **rates) if "cheapest" in plan.goals)
    assert cheapest.plan.terms.annual_rate_ppm == (rate_ppm or 88_000)
    assert cheapest.cost.contract.irr_x12_ppm == irr_x12_ppm


def test_every_plan_has_three_figures_rules_and_a_fit():
    for plan in plans():
        figures = plan.cost.contract
        assert 0 < figures.irr_x12_ppm < figures.effective_ppm
        assert figures.xirr_365_ppm > 0
        assert plan.lenders == ("auto_finance", "bank", "local_bank")
        assert all(rules.passed > 0 and not rules.failed for rules in plan.rules)
        assert plan.fit.fits
        assert plan.own_minor + plan.lent_minor == 12_000_000
        assert plan.cash_minor == plan.own_minor + plan.plan.upfront_fee_minor
        as_dict = plan.as_dict()
        assert sum(row["principal_minor"] for row in as_dict["rows"]) == 12_000_000


def test_a_rule_made_hard_stops_the_plans_of_one_kind_of_lender():
    # Above 20 % a year a consumer finance company is warned; one that makes the rule hard may not.
    person = need(purpose="daily_consumption", amount_minor=3_000_000, cash_minor=0, income_minor=10**6)
    dear = example(("lenders", ["bank", "consumer_finance"]), ("ranges.annual_rate_ppm.max", 210_000))
    soft, hard = (
        design(person, products={"example": dear}),
        design(person, products={"example": dear}, hard=["CAP.CFC.20"]),
    )
    assert {plan.lenders for plan in soft.proposals} == {("bank", "consumer_finance")}
    assert {plan.lenders for plan in hard.proposals} == {("bank",)}


# --- fit --------------------------------------------------------------------------------------------

# income, stress, share, other debts: the room of a month
ROOMS = [
    (600_000, 200_000, 500_000, 40_000, 200_000),  # 6,000 x 0.8 x 0.5 - 400
    (600_000, 0, 1_000_000, 0, 600_000),
    (600_000, 200_000, 500_000, 240_000, 0),
    (600_000, 200_000, 500_000, 240_001, 0),  # never below nothing
    (0, 200_000, 500_000, 0, 0),
    (3, 0, 500_000, 0, 1),  # down to a fen
]


@pytest.mark.parametrize(("income", "stress", "share", "debts", "room"), ROOMS)
def test_the_room_of_a_month(income, stress, share, debts, room):
    wish = need(income_minor=income, stress_ppm=stress, share_ppm=share, other_debts_minor=debts)
    assert room_minor(wish, 1) == room


def plan_of(**changes):
    terms = {"principal_minor": 1_200_000, "annual_rate_ppm": 0, "method": "annuity", "instalments": 12}
    return schedule(read_terms({**terms, "disbursed_on": "2026-11-24", **changes}))


# 1,000.00 a month: income, whether it fits, how far income may fall
FITS = [
    (250_000, True, 200_000),  # 2,500 x 0.8 x 0.5 = 1,000: to the fen
    (249_999, False, 199_996),
    (500_000, True, 600_000),
    (200_000, False, 0),  # only without any fall
    (199_999, False, -6),
    (0, False, None),
]


@pytest.mark.parametrize(("income", "fits", "fall_ppm"), FITS)
def test_each_instalment_is_held_against_the_income_of_its_month(income, fits, fall_ppm):
    fit = fit_of(plan_of(), income_of(need(income_minor=income)))
    assert (fit.fits, fit.fall_ppm) == (fits, fall_ppm)


def test_one_poor_month_is_the_tightest():
    income = [500_000] * 12
    income[1] = 240_000
    fit = fit_of(plan_of(), income_of(need(income_minor=income)))
    assert not fit.fits
    assert fit.tightest == (date(2027, 2, 1), 100_000, 240_000, 96_000)


def test_weekly_instalments_of_one_month_are_added_up():
    fit = fit_of(plan_of(unit="week", every=1), income_of(need(income_minor=10**7)))
    # Due on Tuesdays from 1 December 2026: five in December.
    assert fit.tightest.paid_minor == 500_000


def test_the_down_payment_is_paid_from_cash():
    fit = fit_of(plan_of(principal_minor=2_400_000, down_payment_ppm=500_000), income_of(need(income_minor=250_000)))
    assert fit.fits


# --- what binds, and what would fit -----------------------------------------------------------------


def test_cash_binds_to_the_fen():
    # 15 % of 120,000 and 200 yuan of registration.
    assert "lowest_down" in plans(products=["auto_new"], cash_minor=1_820_000)[0].goals
    answer = refused(products=["auto_new"], cash_minor=1_819_999)
    binding = answer.details["binding"]
    assert answer.code == "NO_PLAN_FITS"
    assert answer.fields == ("cash_minor",)
    assert codes(binding.binds) == ["cash"]
    assert [(one.code, one.value) for one in binding.remedies if one.code == "cash"] == [("cash", 1_820_000)]


def test_income_binds_and_each_remedy_works():
    low = {"products": ["auto_new"], "income_minor": 400_000}
    answer = refused(**low)
    remedies = {one.code: one.value for one in answer.details["binding"].remedies}
    assert set(remedies) == {"cash", "income", "smaller_amount"}
    assert plans(**low, cash_minor=remedies["cash"])
    assert plans(**low, amount_minor=remedies["smaller_amount"])
    assert plans(products=["auto_new"], income_minor=-(-400_000 * remedies["income"] // 1_000_000))
    # One step dearer, one fen less: no longer.
    assert refused(**low, cash_minor=remedies["cash"] - 1)
    assert refused(**low, amount_minor=remedies["smaller_amount"] + 10_000)


def test_a_term_wished_too_short_is_answered_by_a_longer_one():
    answer = refused(products=["auto_new"], most_months=12)
    binding = answer.details["binding"]
    assert "months" in codes(binding.binds)
    longer = next(one.value for one in binding.remedies if one.code == "months")
    assert longer == 36
    assert plans(products=["auto_new"], most_months=longer)
    assert refused(products=["auto_new"], most_months=longer - 1)
    assert "期限延长到 36 个月" in answer.message("zh")
    assert "a longer term, 36 months" in answer.message("en")


def test_too_small_an_amount_is_answered_by_the_least():
    answer = refused(products=["auto_new"], amount_minor=1_000_000)
    assert [(one.code, one.value) for one in answer.details["binding"].remedies] == [
        ("larger_amount", 1_770_000)
    ]  # 15,000 lent with 15 % down


def test_too_large_an_amount_is_answered_by_a_smaller():
    answer = refused(products=["auto_new"], amount_minor=10**10)
    (smaller,) = answer.details["binding"].remedies
    assert smaller.code == "smaller_amount"
    assert plans(products=["auto_new"], amount_minor=smaller.value)


def test_a_product_not_offered_is_said():
    answer = refused(products=["farm_seasonal"], purpose=None)
    (bound,) = answer.details["binding"].binds
    assert (bound.code, bound.value) == ("product", "farm_seasonal")
    assert "农户丰收贷" in answer.message("zh")


# A facilitated loan may cost at most 24 % a year by every figure: IRR x 12, compounded, by days.
FACILITATED = example(
    ("tags", ["personal_consumer", "facilitated"]),
    ("practices.signing_host", "LENDER"),
    ("ranges.annual_rate_ppm.max", 300_000),
    ("ranges.instalments", {"min": 12, "max": 12}),
)


@pytest.mark.parametrize(("rate_ppm", "xirr_ppm"), [(216_339, 240_000), (216_400, None), (300_000, None)])
def test_a_rule_that_every_plan_breaks_is_said(rate_ppm, xirr_ppm):
    rich = {"purpose": None, "income_minor": 10**8, "cash_minor": 0}
    wish = need(amount_minor=10_000_000, rates_ppm={"example": rate_ppm}, **rich)
    if xirr_ppm:
        (plan,) = design(wish, products={"example": FACILITATED}).proposals
        assert plan.cost.contract.xirr_365_ppm == xirr_ppm
        return
    with pytest.raises(Refusal) as caught:
        design(wish, products={"example": FACILITATED})
    binding = caught.value.details["binding"]
    assert [one.value for one in binding.binds] == ["CAP.FACILITATION.24"]
    assert binding.remedies == ()


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"amount_minor": 0}, "INPUT_INVALID", "amount_minor"),
        ({"income_minor": [1] * 11}, "INPUT_INVALID", None),
        ({"income_minor": -1}, "INPUT_INVALID", None),
        ({"cash_minor": None}, "INPUT_INVALID", "cash_minor"),
        ({"segment": "nobody"}, "INPUT_INVALID", "segment"),
        ({"stress_ppm": 1_000_000}, "INPUT_INVALID", "stress_ppm"),
        ({"share_ppm": 0}, "INPUT_INVALID", "share_ppm"),
        ({"region": "999999"}, "PLACE_UNKNOWN", "region"),
        ({"facts": {"irr_x12_ppm": 1}}, "INPUT_INVALID", "facts.irr_x12_ppm"),
        ({"due_day": 32}, "INPUT_INVALID", "due_day"),
    ],
)
def test_bad_wishes_are_refused(changes, code, field):
    with pytest.raises(Refusal) as caught:
        need(**changes)
    assert caught.value.code == code
    if field:
        assert field in caught.value.fields


def test_products_and_rates_that_nobody_knows_are_refused():
    assert refused(products=["nothing"]).code == "PRODUCT_UNKNOWN"
    assert refused(products=["auto_new"], rates_ppm={"auto_nev": 30_000}).code == "RATE_NOT_OF_PRODUCT"


def test_a_rate_outside_the_product_leaves_it_out():
    answer = refused(products=["auto_new"], rates_ppm={"auto_new": 88_001})
    assert codes(answer.details["binding"].binds) == ["product"]
    assert "8.8001%" in answer.message("en")


def test_the_day_is_today_where_the_wish_does_not_say():
    assert need().disbursed_on == TODAY
    assert read_need({**need().model_dump(mode="json"), "disbursed_on": "2026-12-01"}, TODAY).disbursed_on == date(
        2026, 12, 1
    )
