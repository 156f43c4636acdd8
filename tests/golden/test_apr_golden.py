"""Annual costs published by others (European Commission, US Regulation Z, spreadsheets, banks), each in tolerance."""

import json
from datetime import date
from decimal import Decimal

import pytest

from conftest import golden
from puhui.kernel.rounding import round_div
from puhui.products.annual_cost import annual_cost_case, eu_years

APR = golden("apr.json")
UNITS = {"percent": 100, "fraction": 1}


def plain(case):
    """Return the case as JSON is read: numbers as floats."""
    return json.loads(json.dumps(case, default=float))


@pytest.mark.parametrize("case", APR["cases"], ids=lambda case: case["id"])
def test_published_annual_cost(case):
    answer = annual_cost_case(plain(case))
    assert answer["convention"] == case["convention"]
    shown = answer["rate"] * UNITS[case["published_unit"]]
    assert abs(shown - float(case["published"])) <= float(case["tolerance"])
    if case.get("headline_reproduces"):
        assert round_div(int(shown * 10**9), 10**8) == int(Decimal(case["published_rounded"]) * 10)


@pytest.mark.parametrize("case", APR["eu_interval_cases"]["cases"], ids=lambda case: f"{case['start']} {case['end']}")
def test_published_interval(case):
    found = eu_years(date.fromisoformat(case["start"]), date.fromisoformat(case["end"]), case["unit"])
    assert found == pytest.approx(float(case["value"]), abs=1e-14)


@pytest.mark.parametrize("case", APR["rounding_cases"]["cases"], ids=str)
def test_published_rounding(case):
    scaled = int(Decimal(case["value"]) * 1000)
    assert round_div(scaled, 10 ** (3 - case["decimals"])) == Decimal(case["published"]) * 10 ** case["decimals"]


def test_several_rates_are_reported():
    several = {case["id"]: annual_cost_case(plain(case)).get("other_rates") for case in APR["cases"]}
    found = {name: len(others) for name, others in several.items() if others}
    assert found == {"XIRR-PR-random": 2, "IRR-NPF-gh44": 1}


def test_the_cases_are_all_there():
    assert (len(APR["cases"]), len(APR["eu_interval_cases"]["cases"]), len(APR["rounding_cases"]["cases"])) == (
        65,
        13,
        4,
    )
