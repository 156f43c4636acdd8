"""`puhui schedule`, `solve`, `schema` as a person or a program runs them."""

import json

import pytest

TERMS = {
    "principal_minor": 12_000_000,
    "annual_rate_ppm": 60_000,
    "method": "annuity",
    "instalments": 14,
    "disbursed_on": "2024-01-15",
    "day_count": "30/360",
}


def test_json_has_rows_totals_and_annual_cost(puhui):
    code, out, _ = puhui("schedule", "--json", given=TERMS)
    assert code == 0
    result = json.loads(out)
    assert result["instalments"][0] == {
        "n": 1,
        "due_on": "2024-02-15",
        "principal_minor": 829_633,
        "interest_minor": 60_000,
        "fee_minor": 0,
        "total_minor": 889_633,
        "outstanding_principal_minor": 11_170_367,
    }
    assert result["totals"]["total_minor"] == sum(row["total_minor"] for row in result["instalments"])
    assert result["annual_cost"]["irr_x12_ppm"] == 60_000
    assert result["annual_cost"]["effective_ppm"] == 61_678  # 1.005^12 - 1


def test_standard_input(puhui):
    code, out, _ = puhui("schedule", "-", "--json", stdin=json.dumps(TERMS))
    assert code == 0
    assert len(json.loads(out)["instalments"]) == 14


def test_a_person_sees_every_figure_uncut(puhui, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    code, out, _ = puhui(
        "schedule", given={**TERMS, "fees": [{"name": "费", "collect": "at_disbursement", "amount_minor": 50_000}]}
    )
    assert code == 0
    for text in ("2024-02-15", "8,896.33", "2024 年小计", "合计", "真实年化成本", "实际到手", "120,000.00"):
        assert text in out
    assert "…" not in out


def test_english(puhui, monkeypatch):
    monkeypatch.setenv("PUHUI_LANG", "en")
    assert "true annual cost" in puhui("schedule", given=TERMS)[1]
    assert "instalments must be at least 1" in puhui("schedule", given={**TERMS, "instalments": 0})[2]


def test_subsidy_shows_both_tracks(puhui):
    result = json.loads(puhui("schedule", "--json", given={**TERMS, "subsidy": {"rate_ppm": 10_000}})[1])
    assert result["annual_cost"]["irr_x12_ppm"] == 60_000
    assert result["annual_cost"]["borrower"]["irr_x12_ppm"] == 50_000
    assert result["instalments"][0]["subsidy_minor"] == 10_000


BAD = [
    ({**TERMS, "instalments": 0}, "instalments"),
    ({**TERMS, "colour": 1}, "colour"),
    ({**TERMS, "disbursed_on": "2024-02-30"}, "disbursed_on"),
    ("{", "JSON"),
    ("[]", "JSON"),
    ('{"principal_minor": NaN}', "NaN"),
    ("[" * 100_000, "JSON"),
    ('{"instalments": 1, "instalments": 2}', "instalments"),
]


@pytest.mark.parametrize(("terms", "word"), BAD, ids=range(len(BAD)))
def test_bad_input_is_one_line_and_exit_2(puhui, terms, word):
    code, out, err = puhui("schedule", given=terms)
    assert code == 2
    assert out == ""
    assert len(err.splitlines()) == 1
    assert word in err


@pytest.mark.parametrize(
    "arguments", [["schedule", "no-such-file.json"], ["schedule"], ["nonsense"], ["schema", "x"], ["schedule", "."]]
)
def test_bad_usage_is_one_line_and_exit_2(puhui, arguments):
    code, _, err = puhui(*arguments)
    assert code == 2
    assert len(err.splitlines()) == 1


def test_text_that_is_not_utf8(puhui, tmp_path):
    path = tmp_path / "bad.json"
    path.write_bytes(b"\xff\xfe{")
    code, _, err = puhui("schedule", str(path))
    assert code == 2
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("question", "instalment", "field", "least", "most"),
    [
        ("principal", "8896.33", "principal_minor", 11_990_000, 12_010_000),
        ("term", "8900.00", "instalments", 14, 14),
        ("rate", "9000.00", "annual_rate_ppm", 60_000, 80_000),
        ("down-payment", "8000.00", "down_payment_ppm", 90_000, 110_000),
    ],
)
def test_solve(puhui, question, instalment, field, least, most):
    code, out, _ = puhui("solve", question, "--instalment", instalment, "--json", given=TERMS)
    assert code == 0
    result = json.loads(out)
    assert least <= result["answer"][field] <= most
    rows = result["instalments"][1:] if question == "down-payment" else result["instalments"]
    assert max(row["total_minor"] for row in rows) <= result["instalment_minor"]


def test_solve_refuses_what_is_no_amount(puhui):
    code, _, err = puhui("solve", "term", "--instalment", "8,89", given=TERMS)
    assert code == 2
    assert "instalment" in err


def test_schema_lists_methods_and_fields(puhui):
    schema = json.loads(puhui("schema", "terms")[1])
    assert "seasonal" in schema["properties"]["method"]["enum"]
    assert schema["additionalProperties"] is False
