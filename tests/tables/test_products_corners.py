"""Offers at the corners of a product: which there are, what they cost, and which facts they give the rulebook."""

from collections import Counter
from datetime import date, timedelta

import pytest

from product_example import EXAMPLE, example, limits
from puhui.kernel.refusals import Refusal
from puhui.products import corners
from puhui.products.annual_cost_plan import plan_cost
from puhui.products.corners import costliest_term, items_of, offers_of, price_of, variants
from puhui.products.definition import (
    CATALOGUE,
    Wish,
    build_terms,
    lent_minor,
    load_product,
    offers_of_folder,
    product_of,
    resolve,
)
from puhui.products.facts import AT_DECISION, BEST_CASE, COMPUTED, data_facts, offer_facts
from puhui.products.schedule import schedule
from puhui.products.terms import read_terms
from puhui.rulebook.loader import default_rulebook
from puhui.rulebook.metrics import check_fact, metrics

TODAY = date(2026, 11, 24)
DOWN = ("ranges.down_payment_ppm", limits(300_000, 500_000))


def figures(offers, *names):
    return sorted({tuple(offer.facts[name] for name in names) for offer in offers})


def test_every_corner_of_the_four_ranges_is_there():
    offers = offers_of(example(DOWN), TODAY)
    found = {
        (o.facts["principal_minor"], o.terms.instalments, o.terms.annual_rate_ppm, o.terms.down_payment_ppm)
        for o in offers
    }
    ends = [(1_000_000, 10_000_000), (12, 24), (60_000, 120_000), (300_000, 500_000)]
    assert found >= {(a, n, r, d) for a in ends[0] for n in ends[1] for r in ends[2] for d in ends[3]}


def test_a_range_of_one_value_gives_one_corner():
    single = [
        (f"ranges.{name}", limits(value, value))
        for name, value in (("amount_minor", 5_000_000), ("instalments", 12), ("annual_rate_ppm", 60_000))
    ]
    offers = offers_of(example(*single), TODAY)
    assert figures(offers, "principal_minor", "tenor_months", "contract_rate_ppm") == [(5_000_000, 12, 60_000)]


def test_every_lender_gets_every_corner():
    offers = offers_of(example(("lenders", ["bank", "consumer_finance"])), TODAY)
    assert Counter(offer.subject.lender for offer in offers) == {
        "bank": len(offers) // 2,
        "consumer_finance": len(offers) // 2,
    }


# price range, down payment ppm, rounding multiple, what is to be lent, which way, price, what is lent then
PRICES = [
    (0, None, 5_000_000, True, 5_000_000, 5_000_000),
    (300_000, None, 7_000_000, True, 10_000_000, 7_000_000),
    (300_000, None, 7_000_000, False, 10_000_000, 7_000_000),
    (300_000, None, 1, True, 1, 1),
    (333_333, None, 2_000_000, True, 2_999_998, 2_000_000),
    (333_333, None, 2_000_000, False, 2_999_999, 2_000_000),
    # a down payment in whole thousands: none makes the loan 70,000.00 exactly but a price of 100,000.00; see 70,600.00
    (300_000, 100_000, 7_000_000, True, 10_000_000, 7_000_000),
    (300_000, 100_000, 7_060_000, True, 10_060_000, 7_060_000),
]


@pytest.mark.parametrize(("down_ppm", "multiple", "amount_minor", "up", "price_minor", "lent"), PRICES)
def test_the_price_at_which_an_amount_is_lent(down_ppm, multiple, amount_minor, up, price_minor, lent):
    terms = read_terms(
        {
            "principal_minor": 1,
            "annual_rate_ppm": 0,
            "method": "annuity",
            "instalments": 1,
            "disbursed_on": "2026-01-05",
            "down_payment_ppm": down_ppm,
            "instalment_multiple_minor": multiple,
        }
    )
    found = price_of(terms, amount_minor, up=up)
    assert found == price_minor
    assert lent_minor(terms.model_copy(update={"principal_minor": found})) == lent


# --- where the corners are not enough ---------------------------------------------------------------

# A figure of the smallest loan wavers by this much, because amounts are whole fen.
WAVER_PPM = 10
# changes, range of terms, the costliest term in between, None: an end; "search": whichever trying every one finds
FLAT = ("kind", "flat"), ("terms", {"day_count": "period/12"})
UPFRONT = {"name": "费", "collect": "at_disbursement", "amount_minor": 20_000}
MONTHLY = {"name": "费", "collect": "each_instalment", "rate_ppm": 3_000}
TERMS = [
    ((("fees", [UPFRONT]),), limits(12, 24), None),
    ((("fees", [UPFRONT]),), limits(12, 12), None),
    ((*FLAT, ("ranges.annual_rate_ppm", limits(25_000, 25_000))), limits(12, 60), "search"),
    ((*FLAT, ("ranges.annual_rate_ppm", limits(25_000, 25_000))), limits(12, 60, step=12), 36),
    ((*FLAT, ("ranges.annual_rate_ppm", limits(120_000, 120_000))), limits(3, 60), "search"),
    ((("fees", [MONTHLY]),), limits(6, 120), "search"),
    ((("fees", [UPFRONT, MONTHLY]),), limits(6, 120), None),
    ((("fees", [{**UPFRONT, "amount_minor": 1_000}, MONTHLY]),), limits(6, 120), "search"),
]


@pytest.mark.parametrize(("changes", "instalments", "expected"), TERMS)
def test_the_costliest_term_between_the_ends_is_found(changes, instalments, expected):
    definition = resolve(example(*changes, ("ranges.instalments", instalments)))
    ranges = definition.ranges
    wish = Wish(ranges.amount_minor.min, ranges.instalments.min, ranges.annual_rate_ppm.max, TODAY)
    terms = build_terms(definition, wish, {})
    found = costliest_term(definition, terms)
    if expected != "search":
        assert found == expected
        return
    every = range(ranges.instalments.min, ranges.instalments.max + 1)
    cost = {count: corners._figure(terms, count) for count in every}
    worst = max(cost.values())
    assert found is not None
    assert cost[found] >= worst - WAVER_PPM > max(cost[every[0]], cost[every[-1]])
    assert max(offer.cost.contract.irr_x12_ppm for offer in offers_of(definition, TODAY)) >= worst - WAVER_PPM


# --- the day of disbursement ------------------------------------------------------------------------

# terms, fields agreed by loan, fee at the start, days of the first period on the first day, longest tenor in months
FEE_OF_100 = {"name": "费", "collect": "at_disbursement", "amount_minor": 10_000}
DAYS = [
    ({"day_count": "30/360"}, [], [], 30, 4),
    ({"day_count": "act/360"}, [], [], 30, 4),
    ({"day_count": "30/360", "due_day": 20}, [], [FEE_OF_100], 26, 5),
    ({"day_count": "act/365", "due_day": 31}, [], [FEE_OF_100], 37, 5),
    ({"day_count": "30/360", "first_due": "next_due_day"}, ["due_day"], [FEE_OF_100], 21, 4),
    ({"day_count": "30/360", "first_due": "next_due_day", "first_due_after_days": 15}, ["due_day"], [], 21, 5),
    ({"day_count": "act/364", "unit": "week", "holiday_roll": "following"}, [], [FEE_OF_100], 7, 1),
]


@pytest.mark.parametrize(("terms", "agreed", "fees", "first_days", "tenor"), DAYS)
def test_the_costliest_and_longest_of_all_days_of_a_year_are_tried(terms, agreed, fees, first_days, tenor):
    definition = resolve(
        example(
            ("terms", terms), ("loan_terms", agreed), ("fees", fees), ("ranges.instalments", limits(4, 4)),
            ("ranges.amount_minor", limits(1_000_000, 1_000_000)), ("ranges.annual_rate_ppm", limits(120_000, 120_000)),
        )
    )  # fmt: skip
    offers = offers_of(definition, TODAY)
    first = offers[0].plan.rows[0].due_on - offers[0].terms.disbursed_on
    assert (offers[0].terms.disbursed_on, first.days) == (TODAY, first_days)
    every = [
        offer_facts(definition, plan, plan_cost(plan), TODAY)
        for day in range(366)
        for plan in [schedule(offers[0].terms.model_copy(update={"disbursed_on": TODAY + timedelta(days=day)}))]
    ]
    for name in ("irr_x12_ppm", "effective_ppm", "xirr_365_ppm", "tenor_months"):
        assert max(offer.facts[name] for offer in offers) == max(facts[name] for facts in every), name
    assert max(facts["tenor_months"] for facts in every) == tenor
    assert len(offers) <= 4


def test_a_harvest_loan_is_tried_from_days_that_end_at_a_harvest():
    for offer in offers_of(product_of("farm_seasonal"), TODAY):
        assert offer.plan.rows[-1].due_on.month in offer.variant.definition.terms.income_months


def test_a_loan_that_no_day_makes_possible_is_refused():
    steep = (("kind", "step"), ("terms", {"day_count": "30/360", "step_every": 1, "step_ppm": 1_000_000}))
    with pytest.raises(Refusal) as refused:
        offers_of(example(*steep), TODAY)
    assert refused.value.fields == ("step_ppm",)


# --- variants ---------------------------------------------------------------------------------------

LAYERS = [
    {"when": {"regions": ["41"]}, "set": {"kind": "equal_principal"}},
    {"when": {"tiers": [5]}, "set": {"terms": {"every": 3}}},
    {"when": {"segments": ["farmer"]}, "set": {"tags": ["personal_business", "farmer"]}},
]


def test_each_set_of_overrides_that_comes_together_is_one_variant():
    definition = example(("segments", ["wage_earner", "farmer", "driver"]), ("overrides", LAYERS))
    found = variants(definition, default_rulebook(), TODAY)
    kinds = Counter(
        (v.definition.kind, v.definition.terms.every, "farmer" in v.definition.tags, v.label.zh) for v in found
    )
    assert kinds == Counter(
        {
            ("annuity", 1, False, ""): 1,
            ("annuity", 1, True, "农户"): 1,
            ("annuity", 3, False, "层级 5"): 1,
            ("annuity", 3, True, "层级 5 · 农户"): 1,
            ("equal_principal", 1, False, "河南省"): 1,
            ("equal_principal", 1, True, "河南省 · 农户"): 1,
            ("equal_principal", 3, False, "河南省郑州市中牟县 · 层级 5"): 1,
            ("equal_principal", 3, True, "河南省郑州市中牟县 · 层级 5 · 农户"): 1,
        }
    )


def test_a_product_of_one_region_has_no_variant_elsewhere():
    definition = example(("regions", ["41"]), ("overrides", LAYERS[:2]))
    found = variants(definition, default_rulebook(), TODAY)
    assert {v.definition.kind for v in found} == {"equal_principal"}
    assert {v.definition.terms.every for v in found} == {1, 3}


def test_overrides_that_do_not_hold_together_are_refused():
    longer = {"when": {"segments": ["farmer"]}, "set": {"ranges": {"instalments": {"min": 24}}}}
    shorter = {"when": {"tiers": [5]}, "set": {"ranges": {"instalments": {"max": 18}}}}
    definition = example(("segments", ["farmer", "driver"]), ("overrides", [longer, shorter]))
    with pytest.raises(Refusal) as refused:
        offers_of(definition, TODAY)
    assert (refused.value.code, refused.value.fields) == ("PRODUCT_INVALID", ("overrides",))
    assert "ranges.instalments.min" in refused.value.message("en")


def test_too_many_corners_are_refused_not_cut(monkeypatch):
    monkeypatch.setattr(corners, "MOST_OFFERS", 20)
    with pytest.raises(Refusal) as refused:
        offers_of(example(("lenders", ["bank", "consumer_finance"])), TODAY)
    assert refused.value.code == "PRODUCT_TOO_VARIED"


# --- facts ------------------------------------------------------------------------------------------


def one_offer(*changes):
    single = [
        ("ranges.amount_minor", limits(7_000_000, 7_000_000)),
        ("ranges.instalments", limits(12, 12)),
        ("ranges.annual_rate_ppm", limits(60_000, 60_000)),
    ]
    return offers_of(example(*single, *changes), date(2026, 3, 2))[0]


FEE = {"name": "费", "collect": "at_disbursement", "amount_minor": 30_000}
BY_PLATFORM = {"name": "费", "payee": "platform", "collect": "each_instalment", "amount_minor": 1_000}

# what the product says, the fact, its value
FACTS = [
    ((), "principal_minor", 7_000_000),
    ((), "contract_rate_ppm", 60_000),
    ((), "contract_on", date(2026, 3, 2)),
    ((), "tenor_months", 12),
    ((), "irr_x12_ppm", 60_000),
    ((), "ltv_ppm", 1_000_000),
    ((("ranges.down_payment_ppm", limits(300_000, 300_000)),), "ltv_ppm", 700_000),
    ((("ranges.down_payment_ppm", limits(300_000, 300_000)),), "principal_minor", 7_000_000),
    ((("ranges.down_payment_ppm", limits(300_000, 300_000)),), "amount_received_minor", 7_000_000),
    ((("ranges.down_payment_ppm", limits(299_999, 299_999)),), "ltv_ppm", 700_001),
    ((), "amount_received_minor", 7_000_000),
    ((), "prededucted_interest_minor", 0),
    ((("fees", [FEE]),), "amount_received_minor", 7_000_000),
    ((("fees", [FEE]),), "prededucted_interest_minor", 0),
    ((("fees", [{**FEE, "deducted": True}]),), "amount_received_minor", 6_970_000),
    ((("fees", [{**FEE, "deducted": True}]),), "prededucted_interest_minor", 30_000),
    ((("fees", [{**FEE, "deducted": True, "payee": "insurer"}]),), "prededucted_interest_minor", 0),
    ((("fees", [BY_PLATFORM, FEE]),), "platform_fee_minor", 12_000),
    ((("fees", [FEE]),), "platform_fee_minor", 0),
    ((), "overdue_multiplier_ppm", 1_500_000),
    ((), "late_total_annual_ppm", 90_000),
    ((), "single_drawdown_minor", 7_000_000),
    ((), "consumer_total_minor", 7_000_000),
    ((), "purposes", ["daily_consumption"]),
    ((("kind", "bullet"),), "compound_simple_rate_ppm", 60_000),
    ((("terms", {"day_count": "act/365", "unit": "day", "every": 30}),), "tenor_months", 12),
    ((("terms", {"day_count": "act/365", "unit": "day", "every": 31}),), "tenor_months", 13),
    ((("practices.long_cash_cycle", True),), "long_cash_cycle", True),
]


@pytest.mark.parametrize(("changes", "name", "value"), FACTS)
def test_what_the_rulebook_is_told(changes, name, value):
    assert one_offer(*changes).facts[name] == value


# kind, number of instalments: does the rule on bullet loans bind it
@pytest.mark.parametrize(
    ("kind", "bullet"), [("bullet", True), ("interest_only", True), ("annuity", False), ("equal_principal", False)]
)
def test_who_repays_at_once_is_a_bullet_loan_whatever_it_calls_itself(kind, bullet):
    assert ("bullet" in one_offer(("kind", kind)).subject.products) is bullet


def test_the_facts_are_those_of_the_rulebook():
    for offer in (one_offer(), one_offer(("fees", [BY_PLATFORM]))):
        for name, value in {**offer.facts, **data_facts(offer.variant.definition)}.items():
            check_fact(metrics()[name], value)


def test_the_kinds_of_facts_do_not_overlap_and_are_all_known():
    assert COMPUTED.isdisjoint(AT_DECISION)
    assert BEST_CASE < COMPUTED
    assert metrics().keys() >= COMPUTED | AT_DECISION
    offer = one_offer()
    practices = EXAMPLE["practices"].keys()
    assert (offer.facts.keys() | data_facts(offer.variant.definition).keys()) - practices == COMPUTED


def test_a_purpose_without_consent_shows():
    data = [{"data": "identity", "purpose": "verify_identity"}, {"data": "face", "purpose": "marketing"}]
    facts = data_facts(example(("required_data", data)))
    assert facts["processing_purposes"] == ["marketing", "verify_identity"]
    assert facts["consented_purposes"] == ["verify_identity"]
    assert facts["sensitive_data"] is True
    assert data_facts(example())["sensitive_data"] is False


def test_data_about_no_person_needs_no_consent():
    data = [{"data": "invoices", "purpose": "assess_collateral"}]
    assert data_facts(example(("required_data", data)))["processing_purposes"] == []


# --- what the rulebook's commands read --------------------------------------------------------------


def test_offers_of_a_folder_are_those_of_its_products(tmp_path):
    for name in ("receivable_finance.yaml", "inventory_finance.yaml"):
        tmp_path.joinpath(name).write_bytes(CATALOGUE.joinpath(name).read_bytes())
    one = list(items_of(load_product(tmp_path.joinpath("receivable_finance.yaml")), TODAY))
    whole = list(offers_of_folder(tmp_path, TODAY))
    assert [item for item in whole if item.name == "receivable_finance"] == one
    assert {item.name for item in whole} == {"receivable_finance", "inventory_finance"}
    assert {item.subject.lender for item in one} == {"bank", "factor"}
    assert "5,000.00" in one[0].offer
