"""`puhui decisions | why | letter | replay`: what is printed, the exit codes, and what is refused."""

import json
from dataclasses import replace

import pytest
import typer

from county_example import kit
from decision_example import decided, one_of
from puhui.cli import decisions as commands
from puhui.kernel.refusals import Refusal
from puhui.storage.books import OpenBooks
from puhui.storage.database import connect
from puhui.storage.people_master import FILE_VARIABLE, VARIABLE, Masters, add_key


@pytest.fixture
def puhui(tmp_path, monkeypatch, capsys):
    """Run one command on books of the test's own; return exit code and output."""
    monkeypatch.setenv("PUHUI_HOME", str(tmp_path))
    monkeypatch.setenv("PUHUI_LANG", "en")
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("PUHUI_DATABASE_URL", VARIABLE, FILE_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    add_key()
    app = typer.Typer(pretty_exceptions_enable=False)
    commands.add_to(app)

    def call(*arguments):
        try:
            code = app(list(arguments), standalone_mode=False) or 0
        except Refusal as refusal:
            code = refusal.code
        return code, capsys.readouterr().out

    return call


def made(outcome, with_kit=None):
    """Return the id of a decision that is made in the books at home."""
    database = connect()
    try:
        return decided(OpenBooks(database, Masters()), one_of(outcome), with_kit).decision.id
    finally:
        database.close()


def test_decisions_are_listed_the_newest_first(puhui):
    assert puhui("decisions") == (0, "There are no decisions yet.\n")
    ids = [made("approve"), made("decline")]
    code, out = puhui("decisions", "--json")
    assert (code, [one["decision"] for one in json.loads(out)]) == (0, ids[::-1])
    code, out = puhui("decisions", "--application", one_of("approve").application)
    assert code == 0
    assert ids[0] in out
    assert ids[1] not in out
    assert puhui("decisions", "--application", "application_none")[0] == "APPLICATION_UNKNOWN"


@pytest.mark.parametrize("outcome", ["approve", "refer", "decline"])
def test_a_decision_is_explained(puhui, outcome):
    decision = made(outcome)
    code, out = puhui("why", decision)
    assert code == 0
    parts = ["The case", "The score", "The policy", "chance of default", "│", "Versions", "program"]
    parts += ["Plan 1", "chosen"] if outcome == "approve" else ["What would change it"]
    assert [part for part in parts if part not in out] == []
    code, out = puhui("why", decision, "--json")
    assert json.loads(out)["decision"] == decision


def test_the_letter_is_text_page_or_json(puhui, tmp_path):
    decision = made("refer")
    code, out = puhui("letter", decision)
    assert code == 0
    assert out.index("信贷申请结果通知") < out.index("The result of your application")
    page = tmp_path / "letter.html"
    assert puhui("letter", decision, "--html", str(page)) == (0, f"written to {page}\n")
    assert page.read_text().startswith("<!doctype html>")
    assert "要求人工" in puhui("letter", decision, "--html", str(page), "--text")[1]
    assert json.loads(puhui("letter", decision, "--json")[1])["sections"]


def test_the_letter_names_how_the_institution_is_reached(puhui, tmp_path):
    decision = made("refer")
    tmp_path.joinpath("contacts.yaml").write_text(
        "contacts: [{institution: sim_bank, name: {zh: 新安银行, en: Xin'an Bank}, phone: '0379-1', address: 东街1号}]"
    )
    _, out = puhui("letter", decision)
    assert "机构：新安银行" in out
    assert "请致电 0379-1，或到 东街1号" in out
    tmp_path.joinpath("contacts.yaml").write_text("contacts: [{institution: sim_bank}]")
    assert puhui("letter", decision)[0] == "INPUT_INVALID"


def test_a_replay_exits_0_where_identical_and_1_where_not(puhui):
    decision, other = made("approve"), made("decline", replace(kit(), lgd_ppm=900_000))
    code, out = puhui("replay", decision)
    assert (code, "✓ identical" in out) == (0, True)
    code, out = puhui("replay", other)
    assert (code, "kit.lgd_ppm" in out, "90%" in out, "45%" in out) == (1, True, True, True)
    code, out = puhui("replay", other, "--json")
    assert (code, json.loads(out)["identical"]) == (1, False)


@pytest.mark.parametrize("command", ["why", "letter", "replay"])
def test_what_cannot_be_read_is_refused(puhui, command, monkeypatch, tmp_path):
    assert puhui(command, "decision_none")[0] == "DECISION_UNKNOWN"
    decision = made("refer")
    assert puhui(command, decision, "--purpose", "curiosity")[0] == "INPUT_INVALID"
    monkeypatch.setenv(FILE_VARIABLE, str(tmp_path / "lost" / "master.key"))
    assert puhui(command, decision)[0] == "MASTER_KEY_MISSING"
