"""`puhui close` and `puhui night-report`, as operations use them."""

import json
import re
from datetime import date

import pytest
import typer

from night_world import BOOK, World, morning_after
from puhui.cli import close, night_report
from puhui.kernel import clock
from puhui.kernel.refusals import Refusal
from puhui.storage.database import connect

TOLD, DAY = date(2024, 5, 13), date(2024, 5, 15)


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """Return a call of the two commands over a store of its own, in the morning after DAY."""
    monkeypatch.setenv("PUHUI_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PUHUI_DATABASE_URL", raising=False)
    database = connect()
    World(database, tmp_path / "unused").lend_all(BOOK[:4], told=TOLD)
    database.close()
    app = typer.Typer()
    close.add_to(app)
    night_report.add_to(app)

    def run(*arguments):
        with clock.set_to(morning_after(DAY)):
            code = app(list(arguments), standalone_mode=False)
        return code or 0, capsys.readouterr().out

    return run


def test_close_says_what_it_closed(call):
    code, out = call("close")
    assert code == 0
    assert out.splitlines() == [f"✓ 2024-05-{day} 已关账：4 笔，搁置 0 笔" for day in (14, 15)]
    assert call("close", "--date", "2024-05-15") == (0, "没有需要关账的日子。\n")


def test_close_in_json(call):
    _, out = call("close", "--json")
    closed = json.loads(out)["closed"]
    assert [night["night_of"] for night in closed] == ["2024-05-14", "2024-05-15"]
    assert all(night["reconciliation"]["sound"] for night in closed)
    assert closed[1]["checkpoint"]["size"] > 0


def test_report_for_people_and_programs(call):
    call("close")
    code, out = call("night-report", "2024-05-15")
    assert code == 0
    # Four loans with three instalments unpaid since 15 February: on the 90th day the oldest is 61-90 days late.
    assert out.startswith("✓ 2024-05-15 日终：在贷 4 笔，对账一致")
    assert re.search(r"61–90 天 +4 ", out)
    report = json.loads(call("night-report", "2024-05-15", "--json")[1])
    assert report["buckets"][3]["loans"] == 4
    assert report["fell_due"]["loans"] == 4
    assert report["accrued"]["interest_minor"] > 0
    assert report["stages"][1]["loans"] == 4


def test_report_as_a_page(call, tmp_path):
    call("close")
    page = tmp_path / "night.html"
    assert call("night-report", "2024-05-15", "--html", str(page))[0] == 0
    text = page.read_text(encoding="utf-8")
    assert text.count("<svg") == 3
    assert "对账一致" in text
    assert "books reconcile" in text
    assert "<script" not in text
    assert "http" not in text


def test_no_report_of_an_open_day(call):
    with pytest.raises(Refusal) as refused:
        call("night-report", "2024-05-15")
    assert refused.value.code == "NIGHT_NOT_CLOSED"


def test_unsound_books_are_said_and_fail(call, monkeypatch):
    """A ledger that somebody tampered with: the exit code and the report say so."""
    from puhui.batch import posting

    real = posting.reconciled

    def reconciled(held, needed, ledger, chart):
        return real(held, {key: minor + 7 for key, minor in needed.items()}, ledger, chart)

    monkeypatch.setattr(posting, "reconciled", reconciled)
    code, out = call("close", "--date", "2024-05-14")
    assert code == 1
    assert out.startswith("✗ 2024-05-14")
    code, out = call("night-report", "2024-05-14")
    assert code == 1
    assert "对账不一致" in out
    assert "≠" in out
