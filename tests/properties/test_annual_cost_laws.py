"""Laws of annual cost: what is put in comes out, nothing is lost silently, fees never make a loan cheaper."""

import json
import math
import sys
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from puhui.kernel.refusals import Refusal
from puhui.products.annual_cost import CONVENTIONS, annual_cost_case, eu_years, figures, nominal, solve, to_ppm

RATES = st.floats(-0.2, 2) | st.sampled_from([0.0, 1e-9, 1e-6, 0.0054, 0.02, 0.36])
PERCENTS = st.integers(20, 150)
PAYMENTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=60).filter(any)


def loan(percent, payments):
    """Return flows of which `percent` of what is paid later is received at first."""
    return [max(1, sum(payments) * percent // 100), *(-amount for amount in payments)]


@given(RATES, st.lists(st.floats(0.01, 1e6), min_size=1, max_size=360), st.data())
@settings(max_examples=60)
def test_the_rate_put_in_comes_out(rate, payments, data):
    """Times in years, unequal; the sum received is the present value at `rate`."""
    gaps = data.draw(st.lists(st.floats(0.02, 1), min_size=len(payments), max_size=len(payments)))
    times = [sum(gaps[: k + 1]) for k in range(len(gaps))]
    received = math.fsum(a * math.exp(-t * math.log1p(rate)) for a, t in zip(payments, times, strict=True))
    found = solve([[0, received], *([t, -a] for t, a in zip(times, payments, strict=True))], "EFF_YEARS")
    assert found.other_rates == ()
    lasts = math.fsum(a * t for a, t in zip(payments, times, strict=True)) / math.fsum(payments)
    # What was put in is itself only known to the last digit of the sum received.
    assert found.rate == pytest.approx(rate, rel=1e-11, abs=4e-15 * (1 + 1 / lasts) * (1 + abs(rate)))


@given(st.lists(st.integers(-95, 300), min_size=2, max_size=5, unique=True), st.sampled_from([1, -1]))
def test_every_rate_is_found(percents, sign):
    """Flows made from chosen rates: the product of (1 - (1 + r) x) has just those."""
    wanted = sorted(percent / 100 for percent in percents)
    flows = [float(sign)]
    for rate in wanted:
        flows = [a - (1 + rate) * b for a, b in zip([*flows, 0], [0, *flows], strict=True)]
    found = solve(flows, "IRR_PERIOD")
    rates = sorted([found.rate, *found.other_rates])
    near = [b - a < 0.02 * (1 + a) for a, b in pairwise(wanted)]
    if not any(near):  # rates a hair apart shift when the flows are rounded
        assert rates == pytest.approx(wanted, abs=1e-5)
    assert found.rate == min((rate for rate in rates if rate >= 0), default=rates[-1])


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=12))
def test_every_rate_fits_and_none_is_missing(flows):
    found, refusal = answered(solve, flows, "IRR_PERIOD")
    assert found or refusal.code in ("ANNUAL_COST_ONE_SIGN", "ANNUAL_COST_NO_ROOT")
    rates = [found.rate, *found.other_rates] if found else []
    for rate in rates:
        terms = [a * math.exp(-t * math.log1p(rate)) for t, a in enumerate(flows)]
        assert abs(math.fsum(terms)) <= 1e-9 * math.fsum(map(abs, terms))
    kept = [a for a in flows if a]
    changes = sum((a > 0) != (b > 0) for a, b in pairwise(kept))
    assert len(rates) <= changes  # Descartes
    assert len(rates) % 2 == changes % 2 or _touches(flows, rates)
    assert _crossings(flows) <= len(rates)


def answered(function, *arguments):
    """Return (answer, None) or (None, refusal)."""
    try:
        return function(*arguments), None
    except Refusal as refusal:
        return None, refusal


def _value(flows, u):
    return math.fsum(a * math.exp(-u * t) for t, a in enumerate(flows))


def _crossings(flows):
    """Sign changes of the present value over a fine grid of u: no more than there are rates."""
    signs = [math.copysign(1, v) for k in range(-300, 301) if abs(v := _value(flows, k / 97)) > 1e-9]
    return sum(a != b for a, b in pairwise(signs))


def _touches(flows, rates):
    """A rate where the value touches zero without crossing counts once here and twice for Descartes."""
    slopes = [math.fsum(t * a * math.exp(-t * math.log1p(r)) for t, a in enumerate(flows)) for r in rates]
    return any(abs(slope) < 1e-3 for slope in slopes)


@given(PERCENTS, PAYMENTS, st.integers(1, 10**6), st.randoms())
def test_size_sign_and_order_change_no_rate(percent, payments, times, random):
    flows = [list(flow) for flow in enumerate(loan(percent, payments))]
    found, _ = answered(solve, flows, "EFF_YEARS")
    assume(found)
    other = [[t, -a * times] for t, a in flows]
    random.shuffle(other)
    assert solve(other, "EFF_YEARS").rate == pytest.approx(found.rate, rel=1e-11, abs=1e-14)


@given(PERCENTS, PAYMENTS, st.integers(0, 10**8), st.integers(0, 60))
def test_a_fee_never_makes_a_loan_cheaper(percent, payments, fee, place):
    flows = loan(percent, payments)
    fee = min(fee, flows[0] - 1)
    dearer = flows.copy()
    dearer[place % len(flows)] -= fee
    before, _ = answered(nominal, flows, range(len(flows)))
    after, _ = answered(nominal, dearer, range(len(flows)))
    assume(before and after)
    assert after.irr_x12_ppm >= before.irr_x12_ppm


@given(
    PERCENTS,
    st.lists(st.integers(1, 10**9), min_size=1, max_size=48),
    st.dates(date(2000, 1, 1), date(2060, 1, 1)),
    st.integers(1, 60),
)
def test_the_three_figures_agree_with_the_conventions(percent, payments, start, gap):
    flows = loan(percent, payments)
    months = range(len(flows))
    on = [start + timedelta(gap * k) for k in months]
    found, _ = answered(figures, flows, months, on)
    assume(found)
    assert found.irr_x12 == pytest.approx(solve(flows, "NOMINAL_IRR_X_W", 12).rate, rel=1e-11, abs=1e-14)
    by_years = solve([[k / 12, a] for k, a in enumerate(flows)], "EFF_YEARS")
    assert found.effective == pytest.approx(by_years.rate, rel=1e-11, abs=1e-13)
    by_days = solve([[day.isoformat(), a] for day, a in zip(on, flows, strict=True)], "XIRR_365")
    assert found.xirr_365 == pytest.approx(by_days.rate, rel=1e-11, abs=1e-13)
    assert found.irr_x12_ppm == to_ppm(found.irr_x12)
    assert found.effective_ppm >= found.irr_x12_ppm or found.irr_x12 > -12


@given(st.floats(0, 0.5), st.lists(st.sampled_from([0, 0.25, 0.5, 13 / 15]), min_size=1, max_size=24))
def test_reg_z_rate_put_in_comes_out(rate, parts):
    payments = [100.0 + k for k in range(len(parts))]
    received = math.fsum(
        a / ((1 + f * rate) * (1 + rate) ** (k + 1)) for k, (a, f) in enumerate(zip(payments, parts, strict=True))
    )
    flows = [[0, 0, received], *([k + 1, f, -payments[k]] for k, f in enumerate(parts))]
    found = solve(flows, "REGZ", 12)
    assert (found.rate, found.other_rates) == (pytest.approx(12 * rate, rel=1e-11, abs=1e-14), ())


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(0, 5000), st.sampled_from(["year", "month", "week"]))
def test_eu_intervals_are_near_the_days_and_grow(start, days, unit):
    end = start + timedelta(days)
    years = eu_years(start, end, unit)
    # 52 weeks are taken for a year, which is a day and a quarter short of it.
    assert abs(years - days / 365.25) <= (0.01 if unit != "week" else 0.0035 * (days / 365 + 1))
    assert eu_years(start, end + timedelta(40), unit) > years


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.just("2024-01-31")
ROWS = st.lists(st.lists(SCALARS, max_size=3) | SCALARS, max_size=4)


@given(
    st.fixed_dictionaries(
        {"convention": st.sampled_from(list(CONVENTIONS)) | SCALARS, "flows": ROWS},
        optional={"periods_per_year": SCALARS, "unit": SCALARS, "id": SCALARS},
    )
    | st.dictionaries(st.text(max_size=5), SCALARS)
    | SCALARS
)
def test_any_input_is_answered_or_refused(data):
    answer, refusal = answered(annual_cost_case, data)
    if refusal:
        assert refusal.fields
        assert refusal.message("zh")
    else:
        assert math.isfinite(answer["rate"])
        json.dumps(answer, allow_nan=False)


NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**30), 10**30)


@given(st.lists(st.tuples(st.floats(0, 50) | st.integers(0, 3), NUMBERS), min_size=2, max_size=6))
@example([(0.0, sys.float_info.max), (1.0, -sys.float_info.max), (2.0, 1.0)])  # a rate of 10^-308
def test_any_numbers_are_answered_or_refused(flows):
    found, refusal = answered(solve, flows, "EFF_YEARS")
    assert refusal.code.startswith("ANNUAL_COST_") if refusal else -1 < found.rate < math.inf
