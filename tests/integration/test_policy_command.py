"""`puhui policy` as its users meet it: rules in words, a check, one decision."""

import json

import pytest
import typer
from typer.testing import CliRunner

from policy_example import graph, rules
from puhui.cli.policy import add_to
from puhui.kernel.refusals import Refusal

APP = typer.Typer()
add_to(APP)
SAFE = rules("all", [("R1", "a > 1 and b > 1 and s == 'x' and f and way == 'left'", "decline")])


@APP.command()
def other():
    """A second command, so that the group keeps its name."""


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setenv("PUHUI_LANG", "en")

    def call(*words, given=None):
        done = CliRunner().invoke(APP, ["policy", *words], input=given)
        if isinstance(done.exception, Refusal):
            raise done.exception
        return done.exit_code, done.stdout

    return call


def written(folder, made):
    path = folder.joinpath("own.json")
    path.write_text(json.dumps(made), encoding="utf-8")
    return str(path)


def test_the_policies_are_listed(run):
    code, said = run("show")
    assert code == 0
    listed = ["auto", "firm_invoices", "personal", "personal_file", "small_firm"]
    assert [line.split()[0] for line in said.splitlines()] == listed
    assert [item["rules"] for item in json.loads(run("show", "--json")[1])] == [27, 10, 22, 10, 22]


@pytest.mark.parametrize(
    ("language", "words"), [("en", "age is less than 18 → decline"), ("zh", "年龄 小于 18 → 拒绝")]
)
def test_a_policy_is_shown_in_plain_words(run, monkeypatch, language, words):
    monkeypatch.setenv("PUHUI_LANG", language)
    code, said = run("show", "personal")
    assert code == 0
    assert words in said
    assert "AGE_OUT_OF_RANGE" in said


def test_a_policy_is_shown_to_programs(run):
    shown = json.loads(run("show", "small_firm", "--json")[1])
    assert shown["policy"] == "small_firm"
    trend = next(rule for rule in shown["rules"] if rule["rule"] == "INVOICES.TREND")
    assert trend["reads"] == ["revenue_12m_minor", "revenue_before_minor"]
    assert trend["words"]["en"] == "sales_trend_ppm is less than -50% → decline"
    assert {"zh", "en"} == set(trend["said"])
    assert {node["id"] for node in json.loads(run("show", "small_firm", "--zen")[1])["nodes"]} >= {"grade", "tally"}


def test_the_check_says_yes_and_no(run, tmp_path):
    assert run("check")[0] == 0
    assert json.loads(run("check", written(tmp_path, graph([SAFE])), "--json")[1])["ok"] is True
    unsafe = graph([SAFE])
    unsafe["nodes"][-1]["content"]["rules"][-1]["any"] = ""
    code, said = run("check", written(tmp_path, unsafe))
    assert code == 1
    assert "outcome.3: an approval must ask that declines, open_rules, referrals be 0" in said
    report = json.loads(run("check", written(tmp_path, unsafe), "--json")[1])
    assert report["ok"] is False
    assert report["policies"][0]["problems"][0]["where"] == "outcome.3"


def test_a_file_that_is_no_graph_is_refused(run, tmp_path):
    for text, code in (("{", "INPUT_UNREADABLE"), ("{}", "INPUT_INVALID"), ('{"a":1,"a":2}', "INPUT_UNREADABLE")):
        path = tmp_path.joinpath("bad.json")
        path.write_text(text, encoding="utf-8")
        with pytest.raises(Refusal) as refused:
            run("check", str(path))
        assert refused.value.code == code
    with pytest.raises(Refusal) as refused:
        run("show", "mortgage")
    assert refused.value.code == "POLICY_UNKNOWN"


def test_one_application_is_decided(run, tmp_path):
    code, said = run("run", "personal", "-", given='{"purpose": "daily", "age_years": 17}')
    assert code == 0
    assert said.startswith("decline · personal 1")
    assert "An applicant must be 18 or older." in said
    assert "not evaluated IDENTITY (identity_verified)" in said
    path = tmp_path.joinpath("person.json")
    path.write_text('{"purpose": "daily", "age_years": 18}', encoding="utf-8")
    decision = json.loads(run("run", "personal", str(path), "--json")[1])
    assert decision["outcome"] == "refer"
    assert [reason["code"] for reason in decision["reasons"]] == ["DATA_INCOMPLETE"]
    assert "pd_ppm" in decision["missing"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("[]", "INPUT_INVALID"),
        ("nothing", "INPUT_UNREADABLE"),
        ("{}", "POLICY_INPUT"),
        ('{"purpose": "daily", "age_years": 1e3}', "POLICY_INPUT"),
        ('{"purpose": "daily", "age": 40}', "POLICY_INPUT"),
    ],
)
def test_an_application_that_cannot_be_read_is_refused(run, given, code):
    with pytest.raises(Refusal) as refused:
        run("run", "personal", "-", given=given)
    assert refused.value.code == code
