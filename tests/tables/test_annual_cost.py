"""Annual cost by convention: the rows of annual_cost.yaml, the three figures, EU intervals, refusals by field."""

import json
import math
from datetime import date
from pathlib import Path

import pytest
import yaml

from puhui.kernel.refusals import Refusal
from puhui.products.annual_cost import (
    CONVENTIONS,
    annual_cost_case,
    eu_years,
    figures,
    nominal,
    solve,
    the_rate,
    to_ppm,
)

ROWS = yaml.safe_load(Path(__file__).with_name("annual_cost.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_row(row):
    case = {key: value for key, value in row.items() if key not in ("name", "rate")}
    answer = annual_cost_case(case)
    assert answer == {"rate": pytest.approx(row["rate"], rel=1e-12, abs=1e-15), "convention": row["convention"]}


def test_every_convention_has_rows():
    assert {row["convention"] for row in ROWS} == set(CONVENTIONS)


@pytest.mark.parametrize(
    ("flows", "rate", "others"),
    [
        ([-100, 230, -132], 0.1, (0.2,)),
        ([100, -230, 132], 0.1, (0.2,)),
        ([-100, 210, -108], 0.2, (-0.1,)),
        ([-100, 150, -54], -0.1, (-0.4,)),  # both negative: the greatest
        ([-1000, 3600, -4310, 1716], 0.1, (0.2, 0.3)),
        ([-100, 220, -120], 0.0, (0.2,)),
    ],
)
def test_several_rates(flows, rate, others):
    found = solve(flows, "IRR_PERIOD")
    assert found.rate == pytest.approx(rate, abs=1e-12)
    assert found.other_rates == pytest.approx(others, abs=1e-12)


@pytest.mark.parametrize(
    ("rates", "chosen"),
    [([0.1, 0.2], 0.1), ([-0.9, 0.2], 0.2), ([-0.1, 0.0, 0.2], 0.0), ([-0.9, -0.2], -0.2), ([5.0], 5.0)],
)
def test_the_rate_among_several(rates, chosen):
    assert the_rate(rates) == chosen


def test_a_double_root_is_one_rate():
    found = solve([-100, 220, -121], "IRR_PERIOD")
    assert (found.rate, found.other_rates) == (pytest.approx(0.1, abs=1e-6), ())


@pytest.mark.parametrize("rate", [0.0005, 0.005, 0.02, 0.5])
@pytest.mark.parametrize("periods", [1, 2, 12, 360])
def test_level_payments_from_one_to_360(rate, periods):
    payment = rate / -math.expm1(-periods * math.log1p(rate))
    found = solve([1, *[-payment] * periods], "IRR_PERIOD")
    assert found.rate == pytest.approx(rate, rel=1e-12)
    assert found.iterations <= 8


MONTHLY = [date(2024 + (k // 12), k % 12 + 1, 15) for k in range(13)]


@pytest.mark.parametrize(
    ("flows", "months", "on", "ppm"),
    [
        # 10600.00 x 12 on 120000.00: a flat fee of 6 %; published 10.8964 % / 11.4574 %.
        ([120_000_00] + [-10_600_00] * 12, range(13), MONTHLY, (108_964, 114_574, 114_503)),
        # No cost.
        ([1_200, *[-100] * 12], range(13), MONTHLY, (0, 0, 0)),
        # A year at 10 % in one payment: 12 x (1.1^(1/12) - 1); 2023 has 365 days, 2024 has 366.
        ([1000_00, -1100_00], (0, 12), (date(2023, 1, 1), date(2024, 1, 1)), (95_690, 100_000, 100_000)),
        ([1000_00, -1100_00], (0, 12), (date(2024, 1, 1), date(2025, 1, 1)), (95_690, 100_000, 99_714)),
        # Half a month: (1 + i)^0.5 = 1.01.
        ([1000_00, -1010_00], (0, 0.5), (date(2024, 2, 28), date(2024, 2, 29)), (241_200, 269_735, 36_783_434)),
        # A loss for the lender.
        ([1000_00, -990_00], (0, 1), (date(2024, 1, 31), date(2024, 2, 29)), (-120_000, -113_615, -118_822)),
        # Dates out of order with the months: the days alone decide XIRR.
        ([1000_00, -1100_00], (0, 12), (date(2024, 1, 1), date(2023, 1, 1)), (95_690, 100_000, -90_909)),
        # Fee of 3000.00 up front, listed on its own.
        (
            [120_000_00, -3_000_00] + [-10_000_00] * 12,
            (0, *range(13)),
            [MONTHLY[0], *MONTHLY],
            (47_000, 48_026, 47_996),
        ),
    ],
)
def test_the_three_figures(flows, months, on, ppm):
    found = figures(flows, list(months), list(on))
    assert (found.irr_x12_ppm, found.effective_ppm, found.xirr_365_ppm) == ppm
    assert found.other_rates == ()
    assert nominal(flows, list(months)).irr_x12_ppm == found.irr_x12_ppm


def test_figures_tell_other_rates():
    found = figures([-100, 230, -132], [0, 12, 24], [date(2021, 1, 1), date(2022, 1, 1), date(2023, 1, 1)])
    assert (found.effective_ppm, found.xirr_365_ppm) == (100_000, 100_000)
    assert found.other_rates == pytest.approx((12 * (1.2 ** (1 / 12) - 1),))
    assert found.as_dict()["other_rates"] == list(found.other_rates)
    assert "other_rates" not in figures([100, -110], [0, 12], [date(2021, 1, 1), date(2022, 1, 1)]).as_dict()


@pytest.mark.parametrize(
    ("rate", "ppm"),
    [
        (0.0, 0),
        (0.24, 240_000),
        (0.2400004999, 240_000),
        (0.2400005, 240_001),
        (0.24000049999999997, 240_001),  # the float below the tie
        (-0.0000005, 0),
        (-0.0000006, -1),
        (1000.0, 1_000_000_000),
    ],
)
def test_ppm_is_rounded_half_up(rate, ppm):
    assert to_ppm(rate) == ppm


@pytest.mark.parametrize(
    ("start", "end", "unit", "years"),
    [
        ("2023-01-15", "2023-01-15", "month", 0),
        ("2023-01-15", "2023-01-16", "month", 1 / 365),
        ("2023-01-31", "2023-02-28", "month", 28 / 365),  # back from the 28th: one month would be 28 January
        ("2023-01-28", "2023-02-28", "month", 1 / 12),
        ("2024-02-28", "2024-02-29", "month", 1 / 366),  # the year to 29 February holds it
        ("2024-02-27", "2024-02-28", "month", 1 / 365),  # the year to the 28th does not yet
        ("2025-02-27", "2025-02-28", "month", 1 / 366),  # the year from 28 February 2024 does
        ("2025-03-01", "2025-03-02", "month", 1 / 365),
        ("2024-02-29", "2025-02-28", "year", 365 / 366),
        ("2023-12-31", "2024-12-31", "year", 1),
        ("2023-01-15", "2023-08-15", "year", 212 / 365),  # no whole year
        ("2023-01-01", "2023-01-08", "week", 1 / 52),
        ("2023-01-01", "2023-01-10", "week", 1 / 52 + 2 / 365),
    ],
)
def test_eu_intervals(start, end, unit, years):
    assert eu_years(date.fromisoformat(start), date.fromisoformat(end), unit) == pytest.approx(years, abs=1e-15)


GOOD = {"convention": "EFF_YEARS", "flows": [[0, 100], [1, -110]]}
DATED = {"convention": "XIRR_365", "flows": [["2024-01-01", 100], ["2025-01-01", -110]]}


def dated(**changes):
    return {**DATED, **changes}


def good(**changes):
    return {**GOOD, **changes}


@pytest.mark.parametrize(
    ("case", "code", "field"),
    [
        ([], "INPUT_INVALID", "$"),
        ({}, "INPUT_INVALID", "convention"),
        ({"flows": [1, -1]}, "INPUT_INVALID", "convention"),
        ({"convention": "IRR_PERIOD"}, "INPUT_INVALID", "flows"),
        (good(convention="APR"), "INPUT_INVALID", "convention"),
        (good(convention=["EFF_YEARS"]), "INPUT_INVALID", "convention"),
        (good(flow=[]), "INPUT_INVALID", "flow"),
        (good(flows=[]), "INPUT_INVALID", "flows"),
        (good(flows="1,-1"), "INPUT_INVALID", "flows"),
        (good(flows={"0": 1}), "INPUT_INVALID", "flows"),
        (good(flows=[[0, 100], [1, -110, 5]]), "INPUT_INVALID", "flows.1"),
        (good(flows=[[0, 100], -110]), "INPUT_INVALID", "flows.1"),
        (good(flows=[[0, 100], [-1, -110]]), "INPUT_INVALID", "flows.1.0"),
        (good(flows=[[0, 100], [1e7, -110]]), "INPUT_INVALID", "flows.1.0"),
        (good(flows=[[0, 100], [1, math.nan]]), "INPUT_INVALID", "flows.1.1"),
        (good(flows=[[0, 100], [1, -math.inf]]), "INPUT_INVALID", "flows.1.1"),
        (good(flows=[[0, 100], [1, -(10**400)]]), "INPUT_INVALID", "flows.1.1"),
        (good(flows=[[0, 100], [1, "-110"]]), "INPUT_INVALID", "flows.1.1"),
        (good(flows=[[0, True], [1, -110]]), "INPUT_INVALID", "flows.0.1"),
        (good(flows=[[0, 100], [1, None]]), "INPUT_INVALID", "flows.1.1"),
        (good(unit="month"), "INPUT_INVALID", "unit"),
        (dated(flows=[["2024-01-01", 100], ["2025-02-30", -110]]), "INPUT_INVALID", "flows.1.0"),
        (dated(flows=[["2024-01-01", 100], ["20250101", -110]]), "INPUT_INVALID", "flows.1.0"),
        (dated(flows=[["2024-01-01", 100], [2025, -110]]), "INPUT_INVALID", "flows.1.0"),
        (dated(convention="EU_APR", unit="day"), "INPUT_INVALID", "unit"),
        ({"convention": "NOMINAL_IRR_X_W", "flows": [1, -1]}, "INPUT_INVALID", "periods_per_year"),
        ({"convention": "REGZ", "flows": [[0, 0, 1]], "periods_per_year": 0}, "INPUT_INVALID", "periods_per_year"),
        ({"convention": "REGZ", "flows": [[0, 0, 1]], "periods_per_year": "12"}, "INPUT_INVALID", "periods_per_year"),
        ({"convention": "REGZ", "flows": [[0, 1.5, 1]], "periods_per_year": 12}, "INPUT_INVALID", "flows.0.1"),
        (good(flows=[[0, 100], [1, 110]]), "ANNUAL_COST_ONE_SIGN", "flows"),
        (good(flows=[[0, 0], [1, 0]]), "ANNUAL_COST_ONE_SIGN", "flows"),
        (good(flows=[[0, 100]]), "ANNUAL_COST_ONE_SIGN", "flows"),
        (good(flows=[[1, 100], [1, -110]]), "ANNUAL_COST_ONE_SIGN", "flows"),
        (good(flows=[[0, 100], [1, -200], [2, 101]]), "ANNUAL_COST_NO_ROOT", "flows"),
        (good(flows=[[0, 1000], [1, -1e-13]]), "ANNUAL_COST_NO_ROOT", "flows"),  # -100 % to the last digit
        (good(flows=[[0, 1e-100], [0.001, -1e200]]), "ANNUAL_COST_NO_ROOT", "flows"),  # beyond any float
    ],
    ids=str,
)
def test_refused_by_name(case, code, field):
    with pytest.raises(Refusal) as refusal:
        annual_cost_case(case)
    assert (refusal.value.code, refusal.value.fields) == (code, (field,))
    assert field in refusal.value.message("zh")
    assert field in refusal.value.message("en")


def test_figures_refuse_naming_amounts():
    with pytest.raises(Refusal) as refusal:
        figures([100, 100], [0, 1], [date(2024, 1, 1), date(2024, 2, 1)])
    assert (refusal.value.code, refusal.value.fields) == ("ANNUAL_COST_ONE_SIGN", ("amounts",))
    with pytest.raises(Refusal) as refusal:
        figures([100, -110], [0, 12], [date(2024, 1, 1), date(2024, 1, 1)])  # all on one day
    assert (refusal.value.code, refusal.value.fields) == ("ANNUAL_COST_ONE_SIGN", ("amounts",))
    with pytest.raises(Refusal) as refusal:
        nominal([1000, -12_133], [0, 1])  # 12.133^12 is 1.02e13
    assert refusal.value.code == "ANNUAL_COST_TOO_HIGH"
    assert nominal([1000, -12_000], [0, 1]).effective_ppm == pytest.approx((12**12 - 1) * 1e6, rel=1e-12)


def test_descriptive_keys_of_a_published_case_change_nothing():
    described = good(id="x", title="t", published=10.0, published_unit="percent", tolerance=0.1, source={"url": "u"})
    assert annual_cost_case(described) == annual_cost_case(GOOD)


def test_the_answer_is_json():
    answer = annual_cost_case({"convention": "IRR_PERIOD", "flows": [-100, 230, -132]})
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer
    assert list(answer) == ["rate", "convention", "other_rates"]


def test_flows_that_cancel_everywhere_are_refused_not_guessed():
    # Seven rates between -24 % and -55 %, too close together for floats to tell apart.
    roots = [2.2308, 1.6184, 1.5809, 1.5115, 1.386, 1.3821, 1.3127]
    flows = [1.0]
    for root in roots:
        flows = [a - root * b for a, b in zip([*flows, 0], [0, *flows], strict=True)]
    with pytest.raises(Refusal) as refusal:
        solve(flows[::-1], "IRR_PERIOD")
    assert refusal.value.code == "ANNUAL_COST_TANGLED"
