"""What secures a loan: vehicles and their numbers, values over time, what lapses by a day."""

from datetime import date

import pytest

from puhui.kernel.refusals import Refusal
from puhui.lending.collateral import after, lapses_by, ltv_ppm, uninsured, value_minor, vin_check_digit
from puhui.lending.facts import read_body

VIN = "1M8GDM9AXKP042788"
CAR = {"type": "vehicle", "id": "car_1", "vin": VIN, "price_minor": 10_000_000}


def changes(*bodies):
    items = ()
    for body in bodies:
        items = after(items, read_body("collateral", body))
    return items


# VIN, the character that must stand in the ninth place
VINS = [
    ("1M8GDM9AXKP042788", "X"),
    ("11111111111111111", "1"),
    ("5GZCZ43D13S812715", "1"),
    ("LSVAA49J132047371", "1"),
    ("00000000000000000", "0"),
]


@pytest.mark.parametrize(("vin", "digit"), VINS)
def test_the_check_digit(vin, digit):
    assert vin_check_digit(vin) == digit == vin[8]


WRONG_VINS = [
    "1M8GDM9AXKP042789",
    "1M8GDM9A1KP042788",
    "1m8gdm9axkp042788",
    "1M8GDM9AXKP04278",
    "IM8GDM9AXKP042788",
    "",
]


@pytest.mark.parametrize("vin", WRONG_VINS)
def test_a_wrong_vin(vin):
    with pytest.raises(Refusal) as refusal:
        read_body("collateral", {"action": "take", "item": {**CAR, "vin": vin}})
    assert "item.vehicle.vin" in refusal.value.fields


def test_value_over_time():
    (car,) = changes(
        {"action": "take", "item": CAR},
        {"action": "value", "id": "car_1", "valuation": {"valued_on": "2025-01-01", "value_minor": 8_000_000}},
        {"action": "value", "id": "car_1", "valuation": {"valued_on": "2024-06-01", "value_minor": 9_000_000}},
    )
    worth = [value_minor(car, date(*on)) for on in ((2024, 5, 31), (2024, 6, 1), (2024, 12, 31), (2025, 1, 1))]
    assert worth == [10_000_000, 9_000_000, 9_000_000, 8_000_000]


# owed, ppm: rounded up, so that just over a limit never shows as within
LTVS = [(0, 0), (8_000_000, 800_000), (8_000_001, 800_001), (7_999_999, 800_000), (10_000_000, 1_000_000)]


@pytest.mark.parametrize(("owed", "ppm"), LTVS)
def test_loan_to_value(owed, ppm):
    assert ltv_ppm(changes({"action": "take", "item": CAR}), owed, date(2024, 1, 1)) == ppm


def test_loan_to_value_of_several_and_of_none():
    deposit = {"type": "deposit", "id": "dep_1", "amount_minor": 6_000_000}
    guarantor = {"type": "guarantor", "id": "g_1", "party": "party_9"}
    items = changes(*({"action": "take", "item": item} for item in (CAR, deposit, guarantor)))
    assert ltv_ppm(items, 8_000_000, date(2024, 1, 1)) == 500_000
    assert ltv_ppm(items[2:], 8_000_000, date(2024, 1, 1)) is None


def test_what_lapses():
    items = changes(
        {"action": "take", "item": {**CAR, "registered_until_on": "2026-05-31"}},
        {"action": "insure", "id": "car_1", "insurance": {"policy": "P1", "until_on": "2025-01-31"}},
        {
            "action": "take",
            "item": {"type": "guarantor", "id": "g_1", "party": "party_9", "until_on": "2025-01-31"},
        },
    )
    assert lapses_by(items, date(2025, 1, 30)) == []
    assert [(each.item, each.what) for each in lapses_by(items, date(2025, 1, 31))] == [
        ("car_1", "insurance"),
        ("g_1", "guarantee"),
    ]
    renewed = after(
        items,
        read_body(
            "collateral",
            {"action": "insure", "id": "car_1", "insurance": {"policy": "P2", "until_on": "2026-01-31"}},
        ),
    )
    assert [each.what for each in lapses_by(renewed, date(2026, 1, 30))] == ["guarantee"]
    registered = after(
        renewed, read_body("collateral", {"action": "register", "id": "car_1", "registered_until_on": "2028-05-31"})
    )
    assert "registration" in [each.what for each in lapses_by(renewed, date(2026, 5, 31))]
    assert "registration" not in [each.what for each in lapses_by(registered, date(2026, 5, 31))]


def test_uninsured_vehicles():
    items = changes({"action": "take", "item": CAR})
    assert uninsured(items, date(2024, 1, 1)) == ["car_1"]
    insured = after(
        items,
        read_body(
            "collateral", {"action": "insure", "id": "car_1", "insurance": {"policy": "P", "until_on": "2024-12-31"}}
        ),
    )
    assert uninsured(insured, date(2024, 12, 31)) == []
    assert uninsured(insured, date(2025, 1, 1)) == ["car_1"]


def test_released_is_gone():
    items = changes({"action": "take", "item": CAR})
    assert after(items, read_body("collateral", {"action": "release", "id": "car_1"})) == ()


UNKNOWN = [
    ({"action": "release", "id": "car_2"}, "COLLATERAL_UNKNOWN", "id"),
    ({"action": "take", "item": CAR}, "COLLATERAL_UNKNOWN", "id"),
]


@pytest.mark.parametrize(("body", "code", "field"), UNKNOWN)
def test_not_there_or_there_already(body, code, field):
    items = changes({"action": "take", "item": CAR})
    with pytest.raises(Refusal) as refusal:
        after(items, read_body("collateral", body))
    assert (refusal.value.code, refusal.value.fields) == (code, (field,))


def test_only_vehicles_are_valued():
    items = changes({"action": "take", "item": {"type": "deposit", "id": "dep_1", "amount_minor": 1}})
    body = {"action": "value", "id": "dep_1", "valuation": {"valued_on": "2025-01-01", "value_minor": 2}}
    with pytest.raises(Refusal) as refusal:
        after(items, read_body("collateral", body))
    assert refusal.value.code == "INPUT_INVALID"
