"""The level instalment against an independent computation: 60 digits of decimal arithmetic, no shared formula."""

from decimal import Decimal, localcontext

from hypothesis import given, settings
from hypothesis import strategies as st

from puhui.products.schedule import schedule
from puhui.products.terms import read_terms


def decimal_level(principal, rate_ppm, count):
    """Return P i / (1 - (1 + i)^-n) of monthly i, unrounded."""
    with localcontext() as context:
        context.prec = 60
        monthly = Decimal(rate_ppm) / 12 / 1_000_000
        if monthly == 0:
            return Decimal(principal) / count
        return principal * monthly / (1 - (1 + monthly) ** -count)


@settings(max_examples=100)
@given(st.integers(10_000, 10**12), st.integers(0, 360_000), st.integers(2, 360))
def test_first_instalment(principal, rate_ppm, count):
    plan = schedule(
        read_terms(
            {
                "principal_minor": principal,
                "annual_rate_ppm": rate_ppm,
                "method": "annuity",
                "instalments": count,
                "disbursed_on": "2024-01-15",
                "day_count": "period/12",
            }
        )
    )
    assert abs(plan.rows[0].total_minor - decimal_level(principal, rate_ppm, count)) <= Decimal("0.5")
