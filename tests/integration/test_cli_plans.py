"""`puhui plans` and `puhui funders`: tables for people, JSON for programs, one line and exit code 2 on bad input."""

import json
from pathlib import Path

import pytest
import typer
import yaml

from funding_example import FUNDER, changed
from puhui.cli import app as tree
from puhui.cli import funders, plans
from puhui.cli.app import run

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def puhui(capsys, monkeypatch, tmp_path):
    """Run one command on 24 November 2026 in a home of its own; return exit code, output, errors."""
    monkeypatch.setenv("PUHUI_TODAY", "2026-11-24")
    monkeypatch.setenv("PUHUI_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "100")
    known = {command.name for command in tree.app.registered_commands}
    if "plans" not in known:
        app = typer.Typer()
        for module in (plans, funders):
            module.add_to(app)
        monkeypatch.setattr(tree, "app", app)

    def call(*arguments):
        with pytest.raises(SystemExit) as stopped:
            run(list(map(str, arguments)))
        printed = capsys.readouterr()
        return stopped.value.code, printed.out, printed.err

    return call


WISH = ("--amount", "120000", "--region", "410323", "--income", "8000", "--cash", "40000")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ["新安县", "首付最低", "月供最低", "总成本最低", "还清最快", "18,200.00", "8.9028%", "收入还可下降"]),
        ("en", ["lowest down payment", "cheapest overall", "fastest", "a year, XIRR", "income may fall"]),
    ],
)
def test_plans_side_by_side(puhui, monkeypatch, language, words):
    monkeypatch.setenv("PUHUI_LANG", language)
    code, out, _ = puhui("plans", *WISH, "--purpose", "vehicle")
    assert code == 0
    assert [word for word in words if word not in out] == []
    assert "…" not in out


def test_plans_as_json_from_options_and_from_a_file(puhui):
    code, out, _ = puhui("plans", *WISH, "--product", "auto_new", "--rate", "auto_new=6%", "--json")
    answer = json.loads(out)
    assert code == 0
    assert {plan["terms"]["annual_rate_ppm"] for plan in answer["plans"]} == {60_000}
    assert all(plan["fit"]["fits"] for plan in answer["plans"])
    code, out, _ = puhui("plans", "--file", EXAMPLES / "wish.json", "--json")
    titles = [goal for plan in json.loads(out)["plans"] for goal in plan["goals"]]
    assert code == 0
    assert sorted(titles) == ["cheapest", "fastest", "lowest_down", "lowest_instalment", "seasonal"]


def test_a_season_changes_some_months(puhui):
    wish = ("--amount", 60000, "--region", "410323", "--cash", 40000, "--segment", "farmer")
    wish = (*wish, "--product", "farm_seasonal")
    code, out, _ = puhui("plans", *wish, "--income", 3000, "--season", "9=20000,10=25000", "--json")
    assert code == 0
    assert json.loads(out)["need"]["income_minor"] == [300_000] * 8 + [2_000_000, 2_500_000, 300_000, 300_000]
    months = ",".join(f"{month}=20000" for month in range(1, 13))
    assert puhui("plans", *wish, "--season", months, "--json")[0] == 0


def test_nothing_fits_says_what_would(puhui, monkeypatch):
    monkeypatch.setenv("PUHUI_LANG", "zh")
    code, out, error = puhui("plans", *WISH[:-1], "100", "--product", "auto_new")
    assert (code, out) == (2, "")
    assert "NO_PLAN_FITS" in error
    assert "现金备足 18,200.00" in error


BAD = [
    (("--amount", "x", *WISH[2:]), "MONEY_UNREADABLE"),
    (WISH[2:], "amount_minor"),
    ((*WISH, "--season", "13=1"), "--season"),
    ((*WISH, "--season", "9=1,9=2"), "--season"),
    ((*WISH[:4], *WISH[6:], "--season", "9=1"), "--season"),
    ((*WISH, "--stress", "20"), "RATE_UNREADABLE"),
    ((*WISH, "--product", "nothing"), "PRODUCT_UNKNOWN"),
    ((*WISH, "--rate", "auto_new"), "RATE_UNREADABLE"),
    ((*WISH, "--segment", "nobody"), "segment"),
    ((*WISH[:2], "--region", "999999", *WISH[4:]), "PLACE_UNKNOWN"),
    (("--file", "/none.json"), "INPUT_UNREADABLE"),
]


@pytest.mark.parametrize(("arguments", "said"), BAD)
def test_bad_wishes_are_one_line(puhui, arguments, said):
    code, out, error = puhui("plans", *arguments)
    assert (code, out) == (2, "")
    assert said in error
    assert len(error.splitlines()) == 1


# --- funders ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh", ["示例农村信用社", "河南省洛阳市", "17:00", "70%"]), ("en", ["everywhere", "Example city bank"])],
)
def test_the_list_of_funders(puhui, monkeypatch, language, words):
    monkeypatch.setenv("PUHUI_LANG", language)
    code, out, _ = puhui("funders", "list")
    assert code == 0
    assert [word for word in words if word not in out] == []
    listed = json.loads(puhui("funders", "list", "--json")[1])
    assert [one["id"] for one in listed] == ["demo_auto_finance", "demo_joint_bank", "demo_rural_coop"]


AT_TEN = ("--at", "2026-11-24T10:00")
ROUTE = ("funders", "route", EXAMPLES / "application.json", "--funders", EXAMPLES / "funders", *AT_TEN)


def test_the_example_goes_to_the_cheapest_and_then_to_the_next(puhui, monkeypatch):
    monkeypatch.setenv("PUHUI_LANG", "zh")
    used = ("--used", EXAMPLES / "used.json")
    code, out, _ = puhui(*ROUTE, *used)
    assert code == 0
    assert "今日额度剩 50,000.00，需 96,000.00" in out
    assert "出资：city_bank_joint 67,200.00 · 互联网银行（示例） 28,800.00" in out
    answer = json.loads(puhui(*ROUTE, *used, "--json")[1])
    assert answer["order"] == ["city_bank_joint", "county_bank"]
    answer = json.loads(puhui(*ROUTE, *used, "--refused", "city_bank_joint", "--json")[1])
    assert answer["chosen"] == "county_bank"
    assert {one["funder"]: one["outcome"] for one in answer["verdicts"]}["city_bank_joint"] == "refused"


def test_without_usage_it_is_said_and_a_joint_lender_is_out(puhui, monkeypatch):
    monkeypatch.setenv("PUHUI_LANG", "en")
    code, out, _ = puhui(*ROUTE)
    assert code == 0
    assert "No usage given" in out
    assert json.loads(puhui(*ROUTE, "--json")[1])["used_given"] is False


def test_nobody_is_exit_1(puhui, tmp_path):
    tmp_path.joinpath("f").mkdir()
    data = changed(FUNDER, ("regions", ["110000"]))
    tmp_path.joinpath("f", "one.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    code, out, _ = puhui("funders", "route", EXAMPLES / "application.json", "--funders", tmp_path / "f", "--json")
    assert code == 1
    assert json.loads(out)["chosen"] is None


def test_funders_are_checked(puhui, tmp_path):
    code, out, _ = puhui("funders", "check", EXAMPLES / "funders")
    assert code == 0
    assert out.count("✓") == 3
    assert json.loads(puhui("funders", "check", "--json")[1])["ok"] is True
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(yaml.safe_dump(changed(FUNDER, ("rate_ppm", 88_001)), allow_unicode=True), encoding="utf-8")
    code, out, error = puhui("funders", "check", wrong)
    assert (code, out) == (2, "")
    assert "wrong.yaml" in error


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--at", "noon"), "--at"),
        (("--refused", "nobody"), "FUNDER_UNKNOWN"),
        (("--used", EXAMPLES / "wish.json"), "INPUT_INVALID"),
        (("--funders", "/none"), "INPUT_UNREADABLE"),
    ],
)
def test_bad_questions_are_one_line(puhui, arguments, said):
    code, _, error = puhui(*ROUTE, *arguments)
    assert code == 2
    assert said in error
