"""Quotes worked by hand: 120,000.00 at 12 %, equal principal over 12 months, the first instalment paid."""

import pytest

from loan_example import Life, day
from puhui.kernel.dates import to_date
from puhui.kernel.refusals import Refusal
from puhui.lending.quote import payoff_quote, prepayment_quotes

TERMS = {
    "principal_minor": 12_000_000,
    "annual_rate_ppm": 120_000,
    "method": "equal_principal",
    "day_count": "30/360",
    "instalments": 12,
    "disbursed_on": "2024-01-15",
}


def loan(**prepayment):
    life = Life(TERMS, {"overdue_multiplier_ppm": 1_500_000, "prepayment": prepayment})
    life.on("2024-01-15", "disbursement", amount_minor=12_000_000)
    life.on("2024-02-15", "repayment", amount_minor=1_120_000)
    return life


# on, principal, interest, prepayment fee, penalty
PAYOFFS = [
    ("2024-02-15", 11_000_000, 0, 110_000, 0),
    ("2024-02-25", 11_000_000, 37_931, 110_000, 0),
    ("2024-03-15", 11_000_000, 110_000, 100_000, 0),
    ("2024-03-20", 11_000_000, 126_129, 100_000, 2_500),
    ("2025-01-15", 11_000_000, 660_000, 0, 841_500),
]


@pytest.mark.parametrize(("on", "principal", "interest", "fee", "penalty"), PAYOFFS)
def test_a_payoff(on, principal, interest, fee, penalty):
    life = loan(fee_ppm=10_000)
    quote = payoff_quote(life.position, day(on), life.agreement)
    assert (quote.principal_minor, quote.interest_minor, quote.prepayment_fee_minor) == (principal, interest, fee)
    assert quote.penalty_minor == penalty
    assert quote.total_minor == principal + interest + fee + penalty


def test_a_payoff_is_less_what_the_loan_holds():
    life = loan()
    life.on("2024-02-20", "repayment", amount_minor=500_000)
    quote = payoff_quote(life.position, day("2024-02-20"), life.agreement)
    assert (quote.suspense_minor, quote.total_minor) == (500_000, 11_000_000 + 18_966 - 500_000)


# mode: instalments left, the next, the last, interest saved less the fee of 100.00
MODES = {
    "shorter_term": (10, 1_100_000, "2024-12-15", 100_000),
    "smaller_instalment": (11, 1_009_091, "2025-01-15", 50_000),
    "next_instalments": (11, 100_000, "2025-01-15", 0),
}


def test_a_prepayment_in_each_mode():
    life = loan(fee_ppm=10_000)
    quotes = prepayment_quotes(life.position, day("2024-02-15"), 1_010_000, life.agreement)
    assert {quote.mode: (quote.principal_minor, quote.fee_minor) for quote in quotes} == dict.fromkeys(
        MODES, (1_000_000, 10_000)
    )
    assert {
        quote.mode: (quote.instalments, quote.next_minor, to_date(quote.last_on).isoformat(), quote.saved_minor)
        for quote in quotes
    } == MODES


def test_a_prepayment_pays_what_is_due_first():
    life = loan()
    for quote in prepayment_quotes(life.position, day("2024-03-20"), 2_112_500, life.agreement):
        assert (quote.due_minor, quote.principal_minor, quote.suspense_minor) == (1_112_500, 1_000_000, 0)


def test_a_prepayment_of_all_leaves_no_plan():
    life = loan()
    for quote in prepayment_quotes(life.position, day("2024-02-15"), 11_000_005, life.agreement):
        assert (quote.instalments, quote.next_minor, quote.last_on, quote.suspense_minor) == (0, 0, 0, 5)
        assert quote.saved_minor == 660_000


def test_no_quote_where_prepayment_is_not_agreed():
    life = loan(allowed=False)
    with pytest.raises(Refusal) as refusal:
        prepayment_quotes(life.position, day("2024-02-15"), 1, life.agreement)
    assert (refusal.value.code, refusal.value.fields) == ("NOT_AGREED", ("prepayment",))
