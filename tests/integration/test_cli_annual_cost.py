"""`puhui annual-cost` and `puhui flat` as a person or a program runs them."""

import json

import pytest

BILL = {"convention": "NOMINAL_IRR_X_W", "periods_per_year": 12, "flows": [120_000, *[-10_600] * 12]}


def test_annual_cost_json(puhui):
    code, out, err = puhui("annual-cost", "--json", given=BILL)
    answer = json.loads(out)
    assert (code, err) == (0, "")
    assert answer == {"rate": pytest.approx(0.108964, abs=5e-7), "convention": "NOMINAL_IRR_X_W"}


def test_annual_cost_from_standard_input_for_a_person(puhui, monkeypatch):
    code, out, _ = puhui("annual-cost", "-", stdin=json.dumps(BILL))
    assert (code, out) == (
        0,
        "年化成本 10.8964%（NOMINAL_IRR_X_W：近似折算年化利率（单利）：每期内部收益率×每年期数）\n",
    )
    monkeypatch.setenv("PUHUI_LANG", "en")
    _, out, _ = puhui("annual-cost", "-", stdin=json.dumps(BILL))
    assert out == "annual cost 10.8964% (NOMINAL_IRR_X_W: rate per period x periods a year)\n"


def test_several_rates_are_said(puhui):
    case = {"convention": "IRR_PERIOD", "flows": [-100, 230, -132]}
    code, out, _ = puhui("annual-cost", "--json", given=case)
    assert (code, json.loads(out)["other_rates"]) == (0, [pytest.approx(0.2)])
    _, out, _ = puhui("annual-cost", given=case)
    assert "年化成本 10.0000%" in out
    assert "另有解：20.0000%" in out


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("{", "INPUT_UNREADABLE"),
        ('{"convention": "EFF_YEARS", "flows": [[0, NaN]]}', "INPUT_UNREADABLE"),
        ({**BILL, "flows": [1, 2]}, "ANNUAL_COST_ONE_SIGN: flows"),
        ({**BILL, "flows": [1, "x"]}, "flows.1 必须是数字"),
        ({**BILL, "convention": "APR"}, "convention 必须是其中之一"),
        ({**BILL, "ppy": 12}, "ppy 未知字段"),
    ],
    ids=str,
)
def test_bad_case_is_one_line_and_exit_2(puhui, case, words):
    code, out, err = puhui("annual-cost", given=case)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


def test_no_such_file(puhui):
    code, _, err = puhui("annual-cost", "nowhere.json")
    assert (code, err.count("\n")) == (2, 1)
    assert "nowhere.json" in err


def test_flat_json(puhui):
    code, out, _ = puhui("flat", "2.5%", "--instalments", "12", "--json")
    assert code == 0
    assert json.loads(out) == {
        "flat_ppm": 25_000,
        "instalments": 12,
        "per": "year",
        "results": [
            {"collect": "each", "irr_x12_ppm": 45_834, "effective_ppm": 46_809},
            {"collect": "first", "irr_x12_ppm": 46_814, "effective_ppm": 47_832},
            {"collect": "deducted", "irr_x12_ppm": 47_000, "effective_ppm": 48_026},
        ],
    }


def test_flat_one_way_and_per(puhui):
    code, out, _ = puhui("flat", "2.5%", "--instalments", "24", "--collect", "deducted", "--per", "total", "--json")
    assert code == 0
    assert json.loads(out)["results"] == [
        {"collect": "deducted", "irr_x12_ppm": 24_425, "effective_ppm": pytest.approx(24_700, abs=100)}
    ]


def test_flat_for_a_person(puhui, monkeypatch):
    code, out, _ = puhui("flat", "2.5%", "--instalments", "12")
    assert code == 0
    for words in ("逐期收取", "4.5834%", "4.6809%", "首期一次收取", "4.7832%", "放款时扣收", "4.7000%", "4.8026%"):
        assert words in out
    assert "真实年化成本是 4.5834%（单利），复利 4.6809%。" in out
    monkeypatch.setenv("PUHUI_LANG", "en")
    _, out, _ = puhui("flat", "2.5%", "--instalments", "12")
    assert "the true annual cost is 4.5834%, effective 4.6809%." in out


def test_flat_that_cannot_be_deducted_shows_a_dash(puhui):
    code, out, _ = puhui("flat", "12%", "--instalments", "120")
    assert code == 0
    assert out.count("—") == 2
    code, out, _ = puhui("flat", "12%", "--instalments", "120", "--json")
    assert json.loads(out)["results"][2] == {"collect": "deducted", "irr_x12_ppm": None, "effective_ppm": None}
    code, _, err = puhui("flat", "12%", "--instalments", "120", "--collect", "deducted")
    assert code == 2
    assert "FLAT_TAKES_ALL" in err


def test_flat_inverse(puhui):
    code, out, _ = puhui("flat", "24%", "--instalments", "36", "--inverse", "--json")
    assert code == 0
    assert json.loads(out) == {
        "ceiling_ppm": 240_000,
        "instalments": 36,
        "per": "year",
        "results": [
            {"collect": "each", "flat_ppm": 137_460},
            {"collect": "first", "flat_ppm": 99_272},
            {"collect": "deducted", "flat_ppm": 97_325},
        ],
    }
    code, out, _ = puhui("flat", "24%", "--instalments", "36", "--inverse", "--collect", "each")
    assert out == "逐期收取：真实年化（单利）不超过 24%，分 36 期，平息费率每年至多 13.746%\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["2.5", "--instalments", "12"], "RATE_UNREADABLE"),
        (["2.5%", "--instalments", "0"], "instalments 必须在 1 到 1200 之间"),
        (["2.5%", "--instalments", "12", "--per", "month"], "per 必须是其中之一"),
        (["2.5%", "--instalments", "12", "--collect", "late"], "collect 必须是其中之一"),
        (["2.5%"], "--instalments"),
        (["2.5%", "--instalments", "twelve"], "--instalments"),
    ],
    ids=str,
)
def test_bad_flat_is_one_line_and_exit_2(puhui, arguments, words):
    code, out, err = puhui("flat", *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1
