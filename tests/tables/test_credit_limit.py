"""Limits by hand: what is left of income, which bound binds, what is not known; and laws for all incomes and debts."""

import doctest
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from puhui.credit import limit
from puhui.credit.limit import Ask, Caps, Limit, Means, assumptions_on, largest_instalment, limit_for, principal_for
from puhui.kernel.refusals import Refusal

# Living cost 1,100 of an adult in tier 5, half for each supported; a tenth of income not counted on; steps of 100 yuan.
TODAY = assumptions_on(date(2026, 8, 1))
LEVEL = Ask(rate_ppm=0, instalments=10, first_month=1)
CAPS = Caps(product_minor=(100_000, 20_000_000))
WORKER = Means(income_minor=(300_000,) * 12, debts_minor=20_000, tier=5, dependants=1)
HARVEST = Ask(rate_ppm=0, instalments=12, first_month=1, months=(10,))
FARMER = Means(income_minor=(0,) * 9 + (4_000_000, 0, 0), debts_minor=0, tier=5)


def test_the_examples_are_true():
    assert doctest.testmod(limit).failed == 0
    assert doctest.testmod(limit).attempted >= 6


def test_a_worker_by_hand():
    # 3,000 x 0.9 - 1,100 x 1.5 - 200 = 850 a month; ten of them
    answer = limit_for(WORKER, LEVEL, CAPS, TODAY)
    assert (answer.outcome, answer.instalment_minor, answer.limit_minor, answer.binds) == (
        "offer",
        85_000,
        850_000,
        "capacity",
    )
    assert answer.surplus_minor == (85_000,) * 12
    assert answer.as_dict()["bounds"] == {"capacity": 850_000, "product": 20_000_000}


def test_a_farmer_borrows_on_the_harvest_and_not_month_by_month():
    # 40,000 x 0.9 in October; 1,100 a month to live on: 36,000 - 10 x 1,100 by then, 36,000 - 12 x 1,100 in the year
    assert limit_for(FARMER, HARVEST, CAPS, TODAY).instalment_minor == 3_600_000 - 12 * 110_000
    monthly = limit_for(FARMER, replace(HARVEST, months=()), CAPS, TODAY)
    assert (monthly.outcome, monthly.reasons) == ("decline", ("NO_CAPACITY",))


def test_cash_bridges_the_months_before_income_but_pays_no_year():
    cash = replace(FARMER, cash_minor=2_000_000)
    ask = replace(HARVEST, months=())
    # 20,000 - 9 x 1,100 over nine instalments; in the year 22,800 over twelve
    assert limit_for(cash, ask, CAPS, TODAY).instalment_minor == (2_000_000 - 9 * 110_000) // 9
    rich = replace(FARMER, cash_minor=10**9)
    assert limit_for(rich, ask, CAPS, TODAY).instalment_minor == (3_600_000 - 12 * 110_000) // 12


@pytest.mark.parametrize(
    ("caps", "binds", "limit_minor"),
    [
        (Caps((100_000, 849_999)), "product", 840_000),
        (Caps((100_000, 850_000)), "capacity", 850_000),
        (Caps((100_000, 900_000), exposure_cap_minor=1_000_000, exposure_minor=150_001), "exposure", 840_000),
        (Caps((100_000, 900_000), exposure_cap_minor=1_000_000, exposure_minor=150_000), "capacity", 850_000),
        (Caps((100_000, 900_000), programme_minor=849_999), "programme", 840_000),
        (Caps((100_000, 900_000), other_minor={"funder": 500_000, "group": 700_000}), "funder", 500_000),
    ],
)
def test_the_lowest_bound_binds_and_is_named(caps, binds, limit_minor):
    answer = limit_for(WORKER, LEVEL, caps, TODAY)
    assert (answer.binds, answer.limit_minor) == (binds, limit_minor)


@pytest.mark.parametrize(
    ("caps", "outcome", "reasons"),
    [
        (Caps((850_000, 900_000)), "offer", ()),
        (Caps((850_001, 900_000)), "decline", ("LIMIT_TOO_SMALL",)),
        (Caps((1, 900_000), exposure_cap_minor=10, exposure_minor=11), "decline", ("LIMIT_TOO_SMALL",)),
        (Caps((0, 900_000), programme_minor=9_999), "decline", ("LIMIT_TOO_SMALL",)),
    ],
)
def test_a_limit_below_the_product_is_none(caps, outcome, reasons):
    answer = limit_for(WORKER, LEVEL, caps, TODAY)
    assert (answer.outcome, answer.reasons) == (outcome, reasons)
    assert (answer.limit_minor is None) == (outcome == "decline")


@pytest.mark.parametrize(
    ("means", "reason", "missing"),
    [
        (replace(WORKER, income_minor=None), "INCOME_UNKNOWN", ("income_minor",)),
        (replace(WORKER, income_minor=(300_000,) * 11 + (None,)), "INCOME_UNKNOWN", ("income_minor",)),
        (replace(WORKER, tier=None), "INCOME_UNKNOWN", ("tier",)),
        (replace(WORKER, dependants=None), "INCOME_UNKNOWN", ("dependants",)),
        (replace(WORKER, debts_minor=None), "DATA_INCOMPLETE", ("debts_minor",)),
    ],
)
def test_what_is_not_known_is_referred_never_taken_as_zero(means, reason, missing):
    answer = limit_for(means, LEVEL, CAPS, TODAY)
    assert (answer.outcome, answer.limit_minor, answer.reasons, answer.missing) == ("refer", None, (reason,), missing)


def test_a_cap_on_exposure_asks_what_is_owed():
    answer = limit_for(WORKER, LEVEL, replace(CAPS, exposure_cap_minor=1), TODAY)
    assert (answer.outcome, answer.missing) == ("refer", ("exposure_minor",))


def test_an_income_of_zero_is_known_and_declined():
    assert limit_for(replace(WORKER, income_minor=(0,) * 12), LEVEL, CAPS, TODAY).reasons == ("NO_CAPACITY",)


def test_a_firm_with_its_own_costs_needs_no_tier():
    firm = Means(income_minor=(300_000,) * 12, debts_minor=0, costs_minor=170_000, tier=None, dependants=None)
    assert limit_for(firm, LEVEL, CAPS, TODAY).instalment_minor == 100_000


@pytest.mark.parametrize(
    ("means", "ask", "field"),
    [
        (replace(WORKER, income_minor=(1,) * 11), LEVEL, "income_minor"),
        (replace(WORKER, income_minor=(1.0,) * 12), LEVEL, "income_minor"),
        (replace(WORKER, debts_minor=-1), LEVEL, "debts_minor"),
        (replace(WORKER, tier=6), LEVEL, "tier"),
        (replace(WORKER, tier=0), LEVEL, "tier"),
        (WORKER, replace(LEVEL, instalments=0), "instalments"),
        (WORKER, replace(LEVEL, first_month=13), "first_month"),
        (WORKER, replace(LEVEL, months=(0,)), "months"),
        (WORKER, replace(LEVEL, rate_ppm=-1), "rate_ppm"),
    ],
)
def test_wrong_numbers_are_refused_by_name(means, ask, field):
    with pytest.raises(Refusal) as refused:
        limit_for(means, ask, CAPS, TODAY)
    assert (refused.value.code, refused.value.fields) == ("LIMIT_INPUT", (field,))


def test_there_are_no_assumptions_before_the_first():
    with pytest.raises(Refusal) as refused:
        assumptions_on(date(2017, 12, 31))
    assert refused.value.code == "LIMIT_ASSUMPTIONS_MISSING"


AMOUNTS = st.integers(0, 10**8)
INCOMES = st.lists(AMOUNTS, min_size=12, max_size=12).map(tuple)
ASKS = st.builds(
    Ask,
    rate_ppm=st.integers(0, 360_000),
    instalments=st.integers(1, 60),
    first_month=st.integers(1, 12),
    months=st.lists(st.integers(1, 12), max_size=3).map(tuple),
)


def offered(answer: Limit) -> int:
    return answer.limit_minor or 0


@given(income=INCOMES, more=INCOMES, debts=AMOUNTS, ask=ASKS, cash=AMOUNTS)
def test_more_income_never_lowers_and_more_debt_never_raises(income, more, debts, ask, cash):
    means = Means(income_minor=income, debts_minor=debts, cash_minor=cash, tier=3)
    base = offered(limit_for(means, ask, CAPS, TODAY))
    richer = tuple(left + right for left, right in zip(income, more, strict=True))
    assert offered(limit_for(replace(means, income_minor=richer), ask, CAPS, TODAY)) >= base
    assert offered(limit_for(replace(means, debts_minor=debts + more[0]), ask, CAPS, TODAY)) <= base
    assert offered(limit_for(replace(means, dependants=2), ask, CAPS, TODAY)) <= base


@given(surplus=st.lists(st.integers(-(10**6), 10**6), min_size=12, max_size=12), cash=AMOUNTS, ask=ASKS)
def test_the_instalment_is_paid_every_month_and_one_fen_more_is_not(surplus, cash, ask):
    instalment = largest_instalment(tuple(surplus), cash, ask)

    def paid(each):
        saved, due, months = cash, 0, [(ask.first_month - 1 + k) % 12 for k in range(12)]
        for place, month in enumerate(months):
            falls = place < ask.instalments and (not ask.months or month + 1 in ask.months)
            due += falls
            saved += surplus[month] - each * falls
            if due and saved < 0:
                return False
        return not due or ask.instalments < 12 or each * due <= sum(surplus)

    falls_due = any(
        not ask.months or (ask.first_month - 1 + k) % 12 + 1 in ask.months for k in range(min(12, ask.instalments))
    )
    if falls_due:
        assert instalment == 0 or paid(instalment)
        assert not paid(instalment + 1)
    else:
        assert instalment == 0


@given(instalment=st.integers(1, 10**7), ask=ASKS)
def test_the_principal_is_what_the_instalments_repay(instalment, ask):
    """Run the debt forward in exact fractions: the instalments clear the principal, and one fen more would stay."""
    from fractions import Fraction

    def left(principal):
        debt = Fraction(principal)
        for place in range(ask.instalments):
            debt *= 1 + Fraction(ask.rate_ppm, 12_000_000)
            debt -= instalment * (not ask.months or (ask.first_month - 1 + place) % 12 + 1 in ask.months)
        return debt

    principal = principal_for(instalment, ask)
    assert left(principal) <= 0 < left(principal + 1)
