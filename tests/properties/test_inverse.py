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
