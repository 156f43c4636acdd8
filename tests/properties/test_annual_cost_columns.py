"""Annual cost of a whole book: every loan as the scalar solver has it, to the ppm, whatever its neighbours are."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from puhui.kernel.refusals import Refusal
from puhui.products import annual_cost_columns
from puhui.products.annual_cost import figures, nominal, solve
from puhui.products.annual_cost_columns import figures_columns, irr_columns

START = date(2024, 1, 31).toordinal()


def book(loans):
    """Return flows as columns, zeros where a loan is shorter than the longest."""
    table = np.zeros((max(map(len, loans)), len(loans)), np.int64)
    for column, flows in enumerate(loans):
        table[: len(flows), column] = flows
    return table


def assert_equal(found, loans, months, days):
    for column, flows in enumerate(loans):
        on = [date.fromordinal(START + int(day)) for day in days]
        scalar = figures(flows, list(months)[: len(flows)], on[: len(flows)])
        assert found.irr_x12[column] == pytest.approx(scalar.irr_x12, rel=1e-10, abs=1e-13)
        ppm = (found.irr_x12_ppm[column], found.effective_ppm[column], found.xirr_365_ppm[column])
        assert ppm == (scalar.irr_x12_ppm, scalar.effective_ppm, scalar.xirr_365_ppm)


PLAIN = st.builds(
    lambda received, payments: [received, *(-a for a in payments)],
    st.integers(1, 10**11),
    st.lists(st.integers(0, 10**10), min_size=1, max_size=40).filter(any),
)
# Level loans at ordinary cost, fee up front, drawn again later, a deposit that comes back at the end.
ORDINARY = st.builds(
    lambda level, n, cheap, fee, again, back: [
        level * n * cheap // 100 - fee,
        *[-level] * (n // 2),
        again - level,
        *[-level] * (n // 2),
        back,
    ],
    st.integers(10_000, 10**8),
    st.integers(1, 60),
    st.integers(40, 105),
    st.integers(0, 20_000),
    st.sampled_from([0, 0, 200_000]),
    st.sampled_from([0, 0, 5_000]),
)


@given(st.lists(PLAIN | ORDINARY, min_size=1, max_size=12), st.data())
@settings(max_examples=60)
def test_columns_equal_the_scalar(loans, data):
    months = range(max(map(len, loans)))
    gaps = data.draw(st.lists(st.integers(1, 40), min_size=len(months), max_size=len(months)))
    days = np.cumsum([0, *gaps[1:]])
    on = [date.fromordinal(START + int(day)) for day in days]
    loans = [flows for flows in loans if _solved(flows, on)]
    if loans:
        days, months = days[: max(map(len, loans))], range(max(map(len, loans)))
        table = book(loans)
        assert_equal(figures_columns(table, days=days), loans, months, days)


def _solved(flows, on):
    try:
        return figures(flows, list(range(len(flows))), on[: len(flows)])
    except Refusal:
        return None


def sample(loans, instalments, seed=7):
    random = np.random.default_rng(seed)
    table = -random.integers(90_000, 110_000, (instalments + 1, loans))
    table[0] = random.integers(60_000, 101_000, loans) * instalments
    return table, random


@pytest.mark.parametrize("chunk", [1, 7, 64, 4096])
def test_the_chunk_changes_nothing(monkeypatch, chunk):
    table, _ = sample(65, 24)
    expected = figures_columns(table)
    monkeypatch.setattr(annual_cost_columns, "CHUNK", chunk)
    found = figures_columns(table)
    assert (found.irr_x12_ppm == expected.irr_x12_ppm).all()
    assert (found.effective_ppm == expected.effective_ppm).all()


@pytest.mark.parametrize("instalments", [1, 2, 36, 360])
def test_positions_shared_or_own_whole_or_not(instalments):
    table, random = sample(40, instalments)
    shared = np.concatenate([[0.0], np.arange(instalments) + 0.4])
    days = np.cumsum(np.vstack([np.zeros(40, np.int64), random.integers(20, 50, (instalments, 40))]), axis=0)
    own = days / 30.0
    for months in (shared, own):
        found = figures_columns(table, months, days)
        for loan in range(40):
            at = months if months.ndim == 1 else months[:, loan]
            on = [date.fromordinal(START + int(day)) for day in days[:, loan]]
            scalar = figures(table[:, loan].tolist(), at.tolist(), on)
            assert found.irr_x12_ppm[loan] == scalar.irr_x12_ppm
            assert found.effective_ppm[loan] == scalar.effective_ppm
            assert found.xirr_365_ppm[loan] == scalar.xirr_365_ppm


def test_rates_per_period():
    table, _ = sample(30, 12)
    rates = irr_columns(table.astype(float))
    assert rates == pytest.approx([solve(flows.tolist(), "IRR_PERIOD").rate for flows in table.T], rel=1e-10)


def test_several_draws_are_solved_in_step_not_one_by_one(monkeypatch):
    random = np.random.default_rng(3)
    table = -random.integers(200, 300, (25, 50))
    table[0], table[6] = random.integers(2500, 3000, 50), 2000
    expected = [nominal(flows.tolist(), range(25)).irr_x12_ppm for flows in table.T]
    alone = []
    monkeypatch.setattr(annual_cost_columns, "_alone", lambda *call: alone.append(call) or 0.0)
    assert figures_columns(table).irr_x12_ppm.tolist() == expected
    assert alone == []


@pytest.mark.parametrize("ppm", [0, 1, 1_000, 35_999, 240_000, 359_999])
def test_exact_ties_round_up_alone_and_in_a_column(ppm):
    """One month: 24,000,000 lent, 2 ppm + 1 of interest, is ppm + 0.5 a year exactly."""
    flows = [24_000_000, -(24_000_000 + 2 * ppm + 1)]
    assert nominal(flows, [0, 1]).irr_x12_ppm == ppm + 1
    assert figures_columns(book([flows] * 3)).irr_x12_ppm.tolist() == [ppm + 1] * 3


def test_no_cost_and_losses():
    loans = [[1200, *[-100] * 12], [1200, *[-99] * 12], [1200, *[-101] * 12], [10**11, -1, *[0] * 11]]
    found = figures_columns(book(loans[:3]))
    assert found.irr_x12_ppm[0] == 0
    assert found.irr_x12_ppm[1] < 0 < found.irr_x12_ppm[2]
    assert found.xirr_365_ppm is None


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ([100, 100], "ANNUAL_COST_ONE_SIGN"),
        ([0, 0], "ANNUAL_COST_ONE_SIGN"),
        ([-5, 0], "ANNUAL_COST_ONE_SIGN"),
        ([100, -200, 101], "ANNUAL_COST_NO_ROOT"),
        ([10**11, -1], "ANNUAL_COST_NO_ROOT"),  # -100 % a year to the last digit
        ([1, -(10**2)], "ANNUAL_COST_TOO_HIGH"),  # 1e26 % a year
    ],
)
def test_a_loan_without_annual_cost_is_named(bad, code):
    with pytest.raises(Refusal) as refusal:
        figures_columns(book([[100, -110], [100, -50, -51], bad]))
    assert (refusal.value.code, refusal.value.fields) == (code, ("amounts.2",))


def test_other_rates_do_not_disturb_the_one_chosen():
    loans = [[-100, 230, -132], [100, -230, 132], [100, -60, -70]]
    expected = [nominal(flows, range(3)).irr_x12_ppm for flows in loans]
    assert figures_columns(book(loans)).irr_x12_ppm.tolist() == expected
    assert expected[:2] == [1_200_000] * 2


def test_several_crossings_are_not_solved_in_step():
    """Rates of 28, 74 and 209 %: a column that stops at any of them would stop at the last."""
    flows = [1000, -8160, 25134, -37000, 26266, -7241]
    assert irr_columns(book([flows]))[0] == pytest.approx(0.27745804, abs=1e-6)


def test_a_small_run_of_the_benchmark():
    table, random = sample(3000, 36)
    days = np.cumsum(np.vstack([np.zeros(3000, np.int64), random.integers(28, 32, (36, 3000))]), axis=0)
    found = figures_columns(table, days=days)
    for loan in range(0, 3000, 211):
        on = [date.fromordinal(START + int(day)) for day in days[:, loan]]
        scalar = figures(table[:, loan].tolist(), list(range(37)), on)
        assert (found.irr_x12_ppm[loan], found.xirr_365_ppm[loan]) == (scalar.irr_x12_ppm, scalar.xirr_365_ppm)


def test_half_a_ppm_goes_up_as_in_the_scalar():
    """One payment of 24,000,000 + I: 12 x irr is I / 2 ppm, an exact half for every odd I."""
    interest = np.arange(1, 20_001, 2)
    found = figures_columns(np.stack([np.full(len(interest), 24_000_000), -24_000_000 - interest]))
    assert found.irr_x12_ppm.tolist() == ((interest + 1) // 2).tolist()


def test_a_rate_of_billions_is_the_scalar_one_to_the_last_digit():
    """Paid back within days: beyond 15 digits the two ways differ, and the scalar decides."""
    loans, days = [[1, -1], [70_399, *[-10_000] * 11, 0]], np.arange(13)
    assert_equal(figures_columns(book(loans), days=days), loans, range(13), days)
