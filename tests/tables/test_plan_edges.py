"""Edges where a plan would be wrong money if it were not refused, and where the calendar ends."""

from typing import Any

import pytest

from puhui.kernel.refusals import Refusal
from puhui.products.inverse import shortest_term
from puhui.products.schedule import schedule
from puhui.products.terms import read_terms

YEAR = {
    "principal_minor": 12_000_000,
    "annual_rate_ppm": 60_000,
    "method": "annuity",
    "instalments": 12,
    "disbursed_on": "2024-01-15",
    "day_count": "act/365",
}
# 1 June 2024 is a Saturday; 2 October 2024 lies in the National Day holiday.
DRAWN = {"method": "revolving", "instalments": 3, "disbursed_on": "2024-05-01"}
REPAID = [{"moved_on": "2024-06-02", "amount_minor": -1_000_000}]


def _plan(**changed: Any) -> Any:
    return schedule(read_terms({**YEAR, **changed}))


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"method": "bullet", "grace": {"interest_payment": 1}}, "grace.interest_payment"),
        ({"method": "bullet", "grace": {"interest_free": 1}}, "grace.interest_free"),
        ({"method": "bullet", "grace": {"principal": 1}}, "grace.principal"),
        ({**DRAWN, "holiday_roll": "following", "movements": REPAID}, "interest_follows_roll"),
        ({**DRAWN, "holiday_roll": "preceding", "movements": REPAID}, "interest_follows_roll"),
        ({"disbursed_on": "2024-10-02", "first_due_on": "2024-10-06", "holiday_roll": "preceding"}, "holiday_roll"),
        ({"disbursed_on": "2024-09-30", "first_due_on": "2024-10-06", "holiday_roll": "preceding"}, "holiday_roll"),
    ],
)
def test_refused_rather_than_wrong(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(Refusal) as caught:
        _plan(**changed)
    assert caught.value.fields == (field,)


def test_a_day_of_room_before_the_rolled_due_date_is_enough() -> None:
    plan = _plan(disbursed_on="2024-09-29", first_due_on="2024-10-06", holiday_roll="preceding")
    assert plan.rows[0].due_on.isoformat() == "2024-09-30"


def test_a_repayment_between_due_date_and_rolled_day_counts_once() -> None:
    plan = _plan(**DRAWN, holiday_roll="following", interest_follows_roll=True, movements=REPAID)
    assert [row.principal_minor for row in plan.rows] == [1_000_000, 0, 11_000_000]


def test_the_longest_plan_from_the_last_day_lies_within_the_calendar() -> None:
    late = {"disbursed_on": "2149-09-30", "instalments": 600, "holiday_roll": "following"}
    by_day = {"first_due": "next_due_day", "due_day": 1, "first_due_after_days": 62}
    assert _plan(**late, **by_day).rows[-1].due_on.year == 2199


def test_shortest_term_looks_beyond_600_periods_of_days() -> None:
    daily = read_terms({**YEAR, "principal_minor": 15_000_000, "unit": "day"})
    assert 600 < shortest_term(daily, 19_000) <= 1200
