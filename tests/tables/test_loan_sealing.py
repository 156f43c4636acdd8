"""What of a fact about a loan goes under the borrower's seal, and what its body keeps."""

import pytest

from puhui.kernel.refusals import Refusal
from puhui.workflows.sealing import no_seal, sealed

VIN, OTHER = "1M8GDM9AXKP042788", "1M8GDM9A8LP042788"
CAR = {"type": "vehicle", "id": "car", "price_minor": 9_000_000}
DEPOSIT = {"type": "deposit", "id": "d1", "amount_minor": 5}
AGREEMENT = {
    "product": "auto_new",
    "agreed_on": "2024-01-15",
    "institution": "bank_a",
    "borrower": "party_1",
    "terms": {
        "principal_minor": 12_000_000,
        "annual_rate_ppm": 60_000,
        "method": "annuity",
        "instalments": 12,
        "disbursed_on": "2024-01-15",
        "day_count": "30/360",
    },
}


def asked(kind, body):
    """Return the body that is left, and what was sealed for whom."""
    kept = []

    def seal(party, values):
        kept.append((party, dict(values)))
        return dict.fromkeys(values, b"digest")

    bare, digests = sealed(kind, body, "loan_1", "party_1", seal)
    assert set(digests) == {name for _, values in kept for name in values}
    return bare, kept


# kind, body, what the body is without, what is sealed
ROWS = [
    ("repayment", {"amount_minor": 5}, {"amount_minor": 5}, []),
    ("collateral", {"action": "release", "id": "car"}, {"action": "release", "id": "car"}, []),
    ("collateral", {"action": "take", "item": DEPOSIT}, {"action": "take", "item": DEPOSIT}, []),
    (
        "collateral",
        {"action": "take", "item": {**CAR, "vin": VIN}},
        {"action": "take", "item": CAR},
        [("party_1", {"vin.loan_1.car": VIN})],
    ),
    (
        "collateral",
        {"action": "take", "item": {**CAR, "vin": VIN, "plate": "豫C12345"}},
        {"action": "take", "item": CAR},
        [("party_1", {"vin.loan_1.car": VIN, "plate.loan_1.car": "豫C12345"})],
    ),
    ("agreement", AGREEMENT, AGREEMENT, []),
    (
        "agreement",
        {**AGREEMENT, "collateral": [{**CAR, "vin": VIN}, DEPOSIT, {**CAR, "id": "van", "vin": OTHER, "plate": ""}]},
        {**AGREEMENT, "collateral": [CAR, DEPOSIT, {**CAR, "id": "van"}]},
        [("party_1", {"vin.loan_1.car": VIN, "vin.loan_1.van": OTHER})],
    ),
]


@pytest.mark.parametrize(("kind", "body", "left", "kept"), ROWS)
def test_what_is_sealed(kind, body, left, kept):
    assert asked(kind, body) == (left, kept)


@pytest.mark.parametrize(
    ("kind", "body", "field"),
    [
        ("collateral", {"action": "take", "item": CAR}, "item.vin"),
        ("collateral", {"action": "take", "item": {**CAR, "plate": "豫C12345"}}, "item.vin"),
        ("agreement", {**AGREEMENT, "collateral": [DEPOSIT, CAR]}, "collateral.1.vin"),
        ("collateral", {"action": "take", "item": {**CAR, "vin": VIN[:-1]}}, "item.vehicle.vin"),
    ],
)
def test_a_vehicle_needs_its_number(kind, body, field):
    with pytest.raises(Refusal) as refusal:
        asked(kind, body)
    assert (refusal.value.code, refusal.value.fields) == ("INPUT_INVALID", (field,))


def test_nothing_personal_is_recorded_without_a_seal():
    assert sealed("repayment", {"amount_minor": 5}, "loan_1", "party_1", no_seal) == ({"amount_minor": 5}, {})
    with pytest.raises(AssertionError, match=r"vin\.loan_1\.car of party_1"):
        sealed("collateral", {"action": "take", "item": {**CAR, "vin": VIN}}, "loan_1", "party_1", no_seal)
