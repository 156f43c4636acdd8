"""The rows of schedules.yaml, to the fen; refusals by field."""

from pathlib import Path

import pytest
import yaml

from puhui.kernel.money import format_minor, parse_minor
from puhui.kernel.rates import parse_rate_ppm
from puhui.kernel.refusals import Refusal
from puhui.products.kinds import KINDS
from puhui.products.schedule import schedule
from puhui.products.terms import read_terms

CASES = yaml.safe_load(Path(__file__).with_name("schedules.yaml").read_text(encoding="utf-8"))
COMMON = {"rate": "12%", "day_count": "30/360", "disbursed_on": "2024-01-15"}
GOOD = {
    "principal_minor": 100_000,
    "annual_rate_ppm": 120_000,
    "method": "annuity",
    "instalments": 12,
    "disbursed_on": "2024-01-15",
    "day_count": "30/360",
}


def plan_of(terms):
    terms = {**COMMON, **terms}
    terms["principal_minor"] = parse_minor(terms.pop("principal"))
    terms["annual_rate_ppm"] = parse_rate_ppm(terms.pop("rate"))
    return schedule(read_terms(terms))


def as_text(row):
    amounts = (row.principal_minor, row.interest_minor, row.fee_minor, row.total_minor, row.outstanding_principal_minor)
    return " | ".join([row.due_on.isoformat(), *(format_minor(amount).replace(",", "") for amount in amounts)])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_row(case):
    plan = plan_of(case["terms"])
    assert {n: as_text(plan.rows[n - 1]) for n in case.get("rows", {})} == case.get("rows", {})
    if "interest" in case:
        assert plan.totals()["interest_minor"] == parse_minor(case["interest"])
    if "due" in case:
        assert [row.due_on for row in plan.rows] == case["due"]
    if "subsidies" in case:
        assert [row.subsidy_minor for row in plan.rows] == [parse_minor(text) for text in case["subsidies"]]
    totals = plan.totals()
    assert {name: totals[name] for name in case.get("totals", {})} == case.get("totals", {})
    assert set(case) - {"case", "terms"}, "a case that asserts nothing"


def test_every_method_has_rows():
    assert {case["terms"]["method"] for case in CASES} == set(KINDS)


REFUSED = [
    ({"principal_minor": 0}, "principal_minor"),
    ({"principal_minor": -1}, "principal_minor"),
    ({"principal_minor": 1.5}, "principal_minor"),
    ({"principal_minor": "100"}, "principal_minor"),
    ({"principal_minor": 10**12 + 1}, "principal_minor"),
    ({"annual_rate_ppm": -1}, "annual_rate_ppm"),
    ({"annual_rate_ppm": 3_000_001}, "annual_rate_ppm"),
    ({"instalments": 0}, "instalments"),
    ({"instalments": 601}, "instalments"),
    ({"instalments": 301, "every": 2}, "instalments"),
    ({"disbursed_on": "2024-02-30"}, "disbursed_on"),
    ({"disbursed_on": "2023-02-29"}, "disbursed_on"),
    ({"disbursed_on": "1989-12-31"}, "disbursed_on"),
    ({"disbursed_on": "2150-01-01"}, "disbursed_on"),
    ({"disbursed_on": 20240115}, "disbursed_on"),
    ({"first_due_on": "2024-01-15"}, "first_due_on"),
    ({"due_day": 32}, "due_day"),
    ({"due_day": 0}, "due_day"),
    ({"unit": "year"}, "unit"),
    ({"unit": "week", "due_day": 5}, "due_day"),
    ({"day_count": "30/365"}, "day_count"),
    ({"day_count": None}, "day_count"),
    ({"method": "magic"}, "method"),
    ({"colour": "red"}, "colour"),
    ({"grace": {"principal": 12}}, "grace.principal"),
    ({"grace": {"holiday": 1}}, "grace.holiday"),
    ({"down_payment_ppm": 1_000_000}, "down_payment_ppm"),
    ({"weights": [1, 2]}, "weights"),
    ({"method": "custom"}, "weights"),
    ({"method": "custom", "instalments": 2, "weights": [1, 0]}, "weights"),
    ({"method": "balloon"}, "balloon_minor"),
    ({"method": "balloon", "balloon_minor": 100_000}, "balloon_minor"),
    ({"method": "balloon", "amortisation_instalments": 12}, "amortisation_instalments"),
    ({"method": "seasonal"}, "income_months"),
    ({"method": "seasonal", "income_months": [13]}, "income_months.0"),
    ({"method": "seasonal", "income_months": [2]}, "income_months"),
    ({"method": "step", "step_ppm": 1, "step_minor": 1}, "step_minor"),
    ({"method": "step", "step_every": 1, "step_ppm": 500_000}, "step_ppm"),
    ({"method": "step", "step_every": 1, "step_minor": 100_000}, "step_minor"),
    ({"method": "revolving"}, "day_count"),
    (
        {
            "method": "revolving",
            "day_count": "act/360",
            "movements": [{"moved_on": "2024-03-01", "amount_minor": -100_001}],
        },
        "movements",
    ),
    (
        {"method": "revolving", "day_count": "act/360", "movements": [{"moved_on": "2024-01-15", "amount_minor": 1}]},
        "movements",
    ),
    (
        {"method": "revolving", "day_count": "act/360", "movements": [{"moved_on": "2025-01-15", "amount_minor": 1}]},
        "movements",
    ),
    (
        {
            "method": "revolving",
            "day_count": "act/360",
            "holiday_roll": "following",
            "movements": [{"moved_on": "2024-03-01", "amount_minor": 1}],
        },
        "interest_follows_roll",
    ),
    ({"fees": [{"name": "费", "collect": "each_instalment"}]}, "fees.amount_minor"),
    ({"fees": [{"name": "费", "collect": "on_date", "amount_minor": 1}]}, "fees.charged_on"),
    (
        {"fees": [{"name": "费", "collect": "on_date", "amount_minor": 1, "charged_on": "2025-01-16"}]},
        "fees.charged_on",
    ),
    ({"fees": [{"name": "费", "collect": "each_instalment", "amount_minor": -1}]}, "fees.0.amount_minor"),
    ({"fees": [{"name": "费", "collect": "each_instalment", "amount_minor": 1, "deducted": True}]}, "fees.deducted"),
    (
        {"fees": [{"name": "费", "collect": "on_date", "amount_minor": 1, "charged_on": "2024-01-15"}]},
        "fees.charged_on",
    ),
    ({"fees": [{"name": "费", "collect": "each_instalment", "amount_minor": 1, "base": "outstanding"}]}, "fees.base"),
    ({"fees": [{"name": "费", "collect": "at_disbursement", "amount_minor": 100_000}]}, "fees"),
    ({"holiday_roll": "following", "interest_follows_roll": True}, "interest_follows_roll"),
    ({"first_due_after_days": 15}, "first_due_after_days"),
    ({"subsidy": {"rate_ppm": 120_001}}, "subsidy.rate_ppm"),
    ({"first_due": "next_due_day"}, "first_due"),
    ({"method": "bullet", "grace": {"interest_free": 1}}, "grace.interest_free"),
    ({"method": "bullet", "grace": {"interest_payment": 1}}, "grace.interest_payment"),
    # 1 October 2024 rolls back to 30 September, the day of disbursement.
    ({"disbursed_on": "2024-09-30", "first_due_on": "2024-10-01", "holiday_roll": "preceding"}, "holiday_roll"),
    ({"last_instalment": "is_larger"}, "last_instalment"),
]


@pytest.mark.parametrize(("change", "field"), REFUSED, ids=lambda value: str(value)[:60])
def test_refused_naming_the_field(change, field):
    with pytest.raises(Refusal) as caught:
        schedule(read_terms({**GOOD, **change}))
    assert field in caught.value.fields
    assert caught.value.status == 422
    assert field.split(".")[0] in caught.value.message("zh")
    assert field.split(".")[0] in caught.value.message("en")


@pytest.mark.parametrize(
    "change", [{"principal_minor": 1}, {"principal_minor": 10**12}, {"annual_rate_ppm": 3_000_000}]
)
@pytest.mark.parametrize("count", [1, 600])
def test_the_bounds_themselves_are_accepted(change, count):
    plan = schedule(read_terms({**GOOD, **change, "instalments": count}))
    assert plan.rows[-1].outstanding_principal_minor == 0
