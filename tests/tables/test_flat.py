"""The flat-fee translator, row by row: every printed digit is a ppm."""

import csv
from pathlib import Path

import pytest

from puhui.kernel.rates import parse_rate_ppm
from puhui.kernel.refusals import Refusal
from puhui.products.flat import FlatCost, inverse, translate, translate_all

ROWS = list(csv.DictReader((Path(__file__).parent / "flat_rates.csv").read_text(encoding="utf-8").splitlines()))

# Ceiling on 12 x monthly rate -> largest flat rate a year, fee with every instalment: 12, 24, 36, 60 instalments.
CEILINGS = {
    "12%": ["6.6185%", "6.4882%", "6.5238%", "6.6933%"],
    "18%": ["10.0160%", "9.9089%", "10.0495%", "10.4721%"],
    "20%": ["11.1614%", "11.0750%", "11.2630%", "11.7927%"],
    "24%": ["13.4715%", "13.4453%", "13.7461%", "14.5216%"],
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(row.values()))
def test_flat_to_annual_cost(row):
    cost = translate(parse_rate_ppm(row["flat"]), int(row["instalments"]), row["collect"], row["per"])
    assert cost.irr_x12_ppm == parse_rate_ppm(row["irr_x12"])
    if row["effective"]:
        assert cost.effective_ppm == parse_rate_ppm(row["effective"])


def test_the_published_table_is_all_there():
    assert sum(row["per"] == "year" and row["effective"] > "" for row in ROWS) >= 8 * 4 * 3


@pytest.mark.parametrize(("instalments", "printed"), [(6, "7.78"), (12, "8.31"), (18, "8.47")])
def test_a_bank_notice_of_2021_prints_two_decimals(instalments, printed):
    cost = translate(parse_rate_ppm("0.38%"), instalments, "each", "instalment")
    assert f"{(cost.irr_x12_ppm + 50) // 100 / 100:.2f}" == printed


@pytest.mark.parametrize("ceiling", CEILINGS)
def test_largest_flat_rate_under_a_ceiling(ceiling):
    found = [inverse(parse_rate_ppm(ceiling), n) for n in (12, 24, 36, 60)]
    assert found == [parse_rate_ppm(text) for text in CEILINGS[ceiling]]


@pytest.mark.parametrize("collect", ["each", "first", "deducted"])
@pytest.mark.parametrize("per", ["year", "total", "instalment"])
@pytest.mark.parametrize("instalments", [1, 3, 12, 60])
def test_inverse_turns_the_translation_round(collect, per, instalments):
    flat_ppm = 2_345
    cost = translate(flat_ppm, instalments, collect, per)
    assert abs(inverse(cost.irr_x12_ppm, instalments, collect, per) - flat_ppm) <= 1


def test_rounded_down_is_within_the_ceiling_and_one_more_is_not():
    flat_ppm = inverse(240_000, 36, rounding="down")
    assert flat_ppm == 137_460
    assert translate(flat_ppm, 36).irr_x12_ppm == 240_000 - 1  # one ppm of the flat rate is near two of the true one
    assert translate(flat_ppm + 2, 36).irr_x12_ppm > 240_000


def test_no_cost_at_no_ceiling():
    assert inverse(0, 12) == 0


def test_a_fee_of_the_whole_principal_cannot_be_deducted():
    with pytest.raises(Refusal) as refusal:
        translate(120_000, 100, "deducted")  # 12 % a year for 100 months: all of it
    assert (refusal.value.code, refusal.value.fields) == ("FLAT_TAKES_ALL", ("flat",))
    assert translate(120_000, 99, "deducted").irr_x12_ppm > 1_000_000
    assert translate_all(120_000, 100)[-1] == FlatCost("deducted", None, None)
    assert [cost.collect for cost in translate_all(120_000, 99)] == ["each", "first", "deducted"]


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ((-1, 12), "flat"),
        ((25_000, 0), "instalments"),
        ((25_000, 1201), "instalments"),
        ((25_000, 12, "monthly"), "collect"),
        ((25_000, 12, "each", "month"), "per"),
    ],
)
def test_refused_by_name(arguments, field):
    with pytest.raises(Refusal) as refusal:
        translate(*arguments)
    assert refusal.value.fields == (field,)


def test_longest():
    assert translate(25_000, 1200).irr_x12_ppm > 25_000
