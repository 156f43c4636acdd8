"""The inverse questions: the answer fits the wished instalment, and one step further does not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from puhui.kernel.refusals import Refusal
from puhui.products.inverse import QUESTIONS, highest_rate, largest_principal, shortest_term, smallest_down_payment
from puhui.products.schedule import schedule
from puhui.products.terms import Terms, read_terms

CAR = {
    "principal_minor": 10_000_000,
    "annual_rate_ppm": 60_000,
    "method": "annuity",
    "instalments": 36,
    "disbursed_on": "2024-01-15",
    "day_count": "30/360",
}
METHODS = st.sampled_from(["annuity", "equal_principal", "flat"])


def dearest(terms, **changed):
    plan = schedule(Terms.model_validate({**dict(terms), **changed}))
    return max(row.total_minor for row in plan.instalments)


@settings(max_examples=25)
@given(METHODS, st.integers(100_000, 1_000_000))
def test_principal(method, wished_minor):
    terms = read_terms({**CAR, "method": method})
    answer = largest_principal(terms, wished_minor)
    assert dearest(terms, principal_minor=answer) <= wished_minor < dearest(terms, principal_minor=answer + 1)


@settings(max_examples=15)
@given(METHODS, st.integers(200_000, 9_000_000))
def test_term(method, wished_minor):
    terms = read_terms({**CAR, "method": method})
    answer = shortest_term(terms, wished_minor)
    assert dearest(terms, instalments=answer) <= wished_minor
    assert answer == 1 or dearest(terms, instalments=answer - 1) > wished_minor


@settings(max_examples=25)
@given(METHODS, st.integers(300_000, 500_000))
def test_rate(method, wished_minor):
    terms = read_terms({**CAR, "method": method})
    answer = highest_rate(terms, wished_minor)
    assert dearest(terms, annual_rate_ppm=answer) <= wished_minor < dearest(terms, annual_rate_ppm=answer + 1)


@settings(max_examples=25)
@given(METHODS, st.integers(10_000, 250_000))
def test_down_payment(method, wished_minor):
    terms = read_terms({**CAR, "method": method})
    answer = smallest_down_payment(terms, wished_minor)
    assert dearest(terms, down_payment_ppm=answer) <= wished_minor < dearest(terms, down_payment_ppm=answer - 1)


def test_the_standard_car():
    # Worked backwards from the plan of 100,000.00 at 6 % over 36 months: 3,042.19 a month.
    terms = read_terms(CAR)
    level = dearest(terms)
    assert level == 304_236  # the last takes the remainder: 0.17 above the level 3,042.19
    assert shortest_term(terms, level) == 36
    assert largest_principal(terms, level) >= 10_000_000
    assert smallest_down_payment(terms, level) == 0


@pytest.mark.parametrize("question", ["rate", "term", "down-payment"])
def test_a_wish_too_small_is_refused(question):
    terms = read_terms({**CAR, "method": "interest_only" if question == "term" else "annuity"})
    with pytest.raises(Refusal) as caught:
        QUESTIONS[question][1](terms, 0 if question == "down-payment" else 100)
    assert caught.value.code == "INSTALMENT_TOO_SMALL"
    assert caught.value.fields == ("instalment_minor",)


def test_any_wish_that_everything_fits_gives_the_bound():
    terms = read_terms({**CAR, "instalments": 1})
    assert largest_principal(terms, 10**13) == 10**12
    assert highest_rate(terms, 10**12) == 3_000_000
    assert smallest_down_payment(terms, 10**12) == 0


def test_custom_weights_fix_the_term():
    terms = read_terms({**CAR, "method": "custom", "instalments": 2, "weights": [1, 1]})
    with pytest.raises(Refusal, match="weights"):
        shortest_term(terms, 100_000)


def fitting(terms, wished_minor, **changed):
    try:
        return dearest(terms, **changed) <= wished_minor
    except Refusal:
        return False


@settings(max_examples=25)
@given(
    METHODS,
    st.integers(2, 6),
    st.sampled_from([None, 7, 50, 100]),
    st.integers(60, 700),
    st.sampled_from([0, 60_000, 240_000]),
)
def test_the_largest_principal_of_all_by_trying_each(method, count, multiple, wished_minor, rate_ppm):
    terms = read_terms(
        {
            **CAR,
            "method": method,
            "instalments": count,
            "instalment_multiple_minor": multiple,
            "annual_rate_ppm": rate_ppm,
        }
    )
    tried = [
        value
        for value in range(1, (wished_minor + 100) * count + 1)
        if fitting(terms, wished_minor, principal_minor=value)
    ]
    assert largest_principal(terms, wished_minor) == max(tried)


@pytest.mark.parametrize(
    ("own", "wished_minor"),
    [
        ({"method": "step", "step_minor": 50_000, "step_every": 3, "instalments": 12}, 1_500_000),
        ({"method": "balloon", "balloon_minor": 5_000_000}, 6_000_000),
        (
            {
                "method": "revolving",
                "day_count": "act/360",
                "movements": [{"moved_on": "2024-03-01", "amount_minor": -2_000_000}],
            },
            6_000_000,
        ),
    ],
)
def test_terms_that_a_small_principal_breaks_still_have_an_answer(own, wished_minor):
    terms = read_terms({**CAR, **own})
    answer = largest_principal(terms, wished_minor)
    assert dearest(terms, principal_minor=answer) <= wished_minor < dearest(terms, principal_minor=answer + 1)


def test_terms_that_never_hold_are_refused_as_what_they_are():
    terms = read_terms({**CAR, "method": "seasonal", "income_months": [3], "instalments": 12})
    with pytest.raises(Refusal) as caught:
        largest_principal(terms, 1_000_000)
    assert caught.value.fields == ("income_months",)


def test_a_down_payment_that_rounds_to_the_price_is_refused():
    own = {"principal_minor": 9_999, "down_payment_ppm": 577_210, "instalment_multiple_minor": 10_000}
    with pytest.raises(Refusal) as caught:
        schedule(read_terms({**CAR, **own}))
    assert caught.value.fields == ("down_payment_ppm",)
    # 10,000 is the least that can be lent of 100,000; a level of 0 leaves it all, with interest of 50, to the last.
    terms = read_terms({**CAR, **own, "principal_minor": 100_000, "down_payment_ppm": 0})
    # 84.9995 % is 85,000 to the fen and 90,000 to the multiple; one ppm less is 80,000.
    assert smallest_down_payment(terms, 10_050) == 849_995
    with pytest.raises(Refusal):
        smallest_down_payment(terms, 10_049)
