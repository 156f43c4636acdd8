"""What funders have lent, as running sums: of the day, in all, and where it lies; rows that a funder can check."""

from datetime import date

import pytest

from puhui.funding.application import Used
from puhui.storage.credit_store import StoredUses
from puhui.workflows.uses import Lent, places_of
from store_fixtures import database, store_url  # noqa: F401

TODAY, YESTERDAY = date(2026, 9, 10), date(2026, 9, 9)
COUNTY = places_of("411425", "auto_new", "farmer", "dealer_1")
LENT = [
    # funder, day, fen, places
    ("fund_a", YESTERDAY, 5_000_000, COUNTY),
    ("fund_a", TODAY, 3_000_000, COUNTY),
    ("fund_a", TODAY, 1_000_001, places_of("411400", "auto_used", "farmer", "")),
    ("fund_b", YESTERDAY, 7, places_of("110000", "auto_new", "wage_earner", "")),
]


@pytest.fixture
def uses(database):  # noqa: F811
    with database.begin() as unit:
        made = StoredUses(unit)
        for row in LENT:
            made.add(Lent(*row))
        yield made


@pytest.mark.parametrize(
    ("day", "place", "funder", "used"),
    [
        (TODAY, ("city", "4114"), "fund_a", (4_000_001, 2, 9_000_001, {"city:4114": 9_000_001})),
        (TODAY, ("county", "411425"), "fund_a", (4_000_001, 2, 9_000_001, {"county:411425": 8_000_000})),
        (TODAY, ("dealer", "dealer_1"), "fund_a", (4_000_001, 2, 9_000_001, {"dealer:dealer_1": 8_000_000})),
        (TODAY, ("product", "auto_used"), "fund_a", (4_000_001, 2, 9_000_001, {"product:auto_used": 1_000_001})),
        (TODAY, ("county", "110101"), "fund_a", (4_000_001, 2, 9_000_001, {})),
        (YESTERDAY, ("segment", "farmer"), "fund_a", (5_000_000, 1, 9_000_001, {"segment:farmer": 9_000_001})),
        (TODAY, ("province", "11"), "fund_b", (0, 0, 7, {"province:11": 7})),
        (YESTERDAY, ("city", "1100"), "fund_b", (7, 1, 7, {})),
    ],
)
def test_what_a_funder_has_used(uses, day, place, funder, used):
    day_minor, day_loans, total_minor, concentrated = used
    expected = Used(day_minor=day_minor, day_loans=day_loans, total_minor=total_minor, concentrated=concentrated)
    assert uses.of(day, {place})[funder] == expected


def test_without_places_each_place_is_told(uses):
    found = uses.of(TODAY)["fund_a"].concentrated
    assert found["province:41"] == 9_000_001
    assert set(found) == {
        "province:41",
        "city:4114",
        "county:411425",
        "product:auto_new",
        "product:auto_used",
        "segment:farmer",
        "dealer:dealer_1",
    }


def test_who_never_lent_is_not_there(uses):
    assert set(uses.of(TODAY, ())) == {"fund_a", "fund_b"}
    assert "fund_c" not in uses.of(TODAY)


def test_many_places_are_told_as_each_by_itself(uses):
    others = {("county", f"4101{n:02}") for n in range(20)}
    found = uses.of(TODAY, {("city", "4114"), ("dealer", "dealer_1"), *others})["fund_a"]
    assert found.concentrated == {"city:4114": 9_000_001, "dealer:dealer_1": 8_000_000}
    assert (found.day_minor, found.total_minor) == (4_000_001, 9_000_001)
