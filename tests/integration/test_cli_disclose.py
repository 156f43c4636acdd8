"""`puhui disclose` as a person or a program runs it."""

import json

import pytest

from puhui.cli.app import run

TERMS = {
    "principal_minor": 12_000_000,
    "annual_rate_ppm": 60_000,
    "method": "annuity",
    "instalments": 12,
    "disbursed_on": "2026-08-15",
    "day_count": "30/360",
    "fees": [{"name": "抵押登记费", "payee": "registry", "collect": "at_disbursement", "amount_minor": 20_000}],
}


@pytest.fixture
def disclose(capsys, tmp_path):
    def call(*arguments, terms=TERMS):
        path = tmp_path / "terms.json"
        path.write_text(json.dumps(terms), encoding="utf-8")
        with pytest.raises(SystemExit) as stop:
            run(["disclose", str(path), "--as-of", "2026-08-10", *arguments])
        out = capsys.readouterr()
        return stop.value.code, out.out, out.err

    return call


def test_json(disclose):
    code, out, _ = disclose("--product", "auto_new", "--lender", "某某汽车金融", "--json")
    table = json.loads(out)
    assert (code, table["complete"], table["as_of"]) == (0, True, "2026-08-10")
    assert [item["name"]["zh"] for item in table["items"]] == ["利息", "抵押登记费"]
    assert table["items"][0]["annual_ppm"] == 60_000
    assert table["total"]["irr_x12_ppm"] > 60_000
    assert table["total"]["amount_minor"] == 393_566 + 20_000
    assert table["contingent"][0]["name"]["zh"] == "逾期罚息"
    assert table["nothing_else"]["zh"] == "除上述项目外，不收取其他任何费用。"


def test_text_without_product_or_lender_is_a_draft(disclose, monkeypatch):
    code, out, _ = disclose()
    assert code == 0
    assert "贷款人：—" in out
    assert "草稿：尚未写明贷款人、或有成本，不得向借款人出示。" in out
    monkeypatch.setenv("PUHUI_LANG", "en")
    _, out, _ = disclose()
    assert "Draft: the lender and contingent costs not stated yet" in out


def test_page(disclose, tmp_path):
    page = tmp_path / "table.html"
    code, out, _ = disclose("--product", "auto_new", "--lender", "甲&乙", "--html", str(page))
    assert (code, out) == (0, f"已写入 {page}\n")
    text = page.read_text(encoding="utf-8")
    assert "甲&amp;乙" in text
    assert "草稿" not in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--product", "no_such"], "no_such"),
        (["--product", "nowhere.yaml"], "nowhere.yaml"),
        (["--html", "no/such/folder/x.html"], "OUTPUT_UNWRITABLE"),
    ],
    ids=str,
)
def test_bad_input_is_one_line_and_exit_2(disclose, arguments, words):
    code, _, err = disclose(*arguments)
    assert code == 2
    assert words in err
    assert err.count("\n") == 1


def test_bad_terms(disclose):
    code, out, err = disclose(terms={**TERMS, "instalments": 0})
    assert (code, out) == (2, "")
    assert "instalments" in err
