"""`puhui demo`, the main job, small: from applications to a book that reconciles, in a home of its own."""

import json
from contextlib import closing

import pytest

from puhui.cli.app import run
from puhui.demo import home
from puhui.demo.lending import vin_of
from puhui.lending.collateral import vin_check_digit
from puhui.storage.database import connect

SMALL = ("--people", "700", "--applications", "60", "--no-serve")
TODAY = "2026-10-15"


def said(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        run([*arguments])
    captured = capsys.readouterr()
    return stop.value.code or 0, captured.out, captured.err


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("demo").joinpath("home")


@pytest.fixture
def here(place, monkeypatch):
    monkeypatch.setenv("PUHUI_HOME", str(place))
    monkeypatch.setenv("PUHUI_TODAY", TODAY)
    monkeypatch.delenv("PUHUI_DATABASE_URL", raising=False)
    return place


@pytest.fixture
def result(here, capsys):
    """The demonstration, made once."""
    code, out, _ = said(capsys, "demo", *SMALL, "--json")
    assert code == 0
    return json.loads(out)


def test_from_applications_to_a_book_that_reconciles(result, here):
    decisions, offers = result["decisions"], result["offers"]
    counts = {name: each["count"] for name, each in decisions["outcomes"].items()}
    assert sum(counts.values()) == decisions["count"] == 60
    assert all(counts.values()), counts
    assert 0 < offers["taken"] <= counts["approve"]
    assert result["night"]["reconciliation"]["sound"]
    assert result["night"]["set_aside"] == []
    assert (result["servicing"]["from"], result["servicing"]["through"]) == ("2026-08-03", "2026-10-14")
    assert result["servicing"]["payments"] > offers["taken"]


def test_decisions_see_the_truth_without_knowing_it(result):
    outcomes = result["decisions"]["outcomes"]
    assert outcomes["approve"]["true_pd_ppm"] * 2 < outcomes["decline"]["true_pd_ppm"]
    assert result["decisions"]["rank_correlation"] > 0.4


def test_every_refusal_has_words(result):
    assert result["reasons"]
    assert all(reason["text"]["zh"] and reason["text"]["en"] for reason in result["reasons"])


def test_what_is_in_the_books_is_what_is_told(result, here):
    with closing(connect()) as database, database.read() as store:
        assert store.loans.count() == result["offers"]["taken"]
        assert store.watermark().isoformat() == result["servicing"]["through"]


def test_a_second_time_it_is_there_already(result, here, capsys):
    code, out, _ = said(capsys, "demo", *SMALL, "--json")
    assert (code, json.loads(out)) == (0, result)
    code, out, _ = said(capsys, "demo", "--no-serve")
    assert code == 0
    for text in ("模拟", "--fresh", "puhui why decision_", "对账一致"):
        assert text in out


def test_another_one_is_not_passed_off_as_what_was_asked_for(result, here, capsys):
    code, _, error = said(capsys, "demo", "--seed", "9", "--no-serve", "--json")
    assert (code, "DEMO_OTHER" in error) == (2, True)


def test_its_page_says_that_all_is_simulated(result, here):
    page = here.joinpath(home.PAGE).read_text()
    for text in ("全部为模拟数据", "为什么没有通过", "公平性", "对账"):
        assert text in page
    assert "<script" not in page
    assert "http" not in page


def test_books_of_others_are_not_touched(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PUHUI_HOME", str(tmp_path))
    tmp_path.joinpath("puhui.db").write_bytes(b"someone works here")
    code, _, error = said(capsys, "demo", "--no-serve")
    assert (code, "DEMO_HOME_TAKEN" in error) == (2, True)
    assert tmp_path.joinpath("puhui.db").read_bytes() == b"someone works here"


def test_what_was_left_half_made_is_made_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("PUHUI_HOME", str(tmp_path))
    monkeypatch.delenv("PUHUI_DATABASE_URL", raising=False)
    home.prepared().close()
    assert home.told() is None
    tmp_path.joinpath("of_mine.txt").write_text("stays")
    with closing(home.prepared()) as database:
        assert database.is_new()
    assert tmp_path.joinpath("of_mine.txt").read_text() == "stays"


@pytest.mark.parametrize(("today", "people"), [("2026-09-15", "700"), (TODAY, "399")])
def test_what_cannot_be_told_is_refused(here, monkeypatch, capsys, tmp_path, today, people):
    monkeypatch.setenv("PUHUI_HOME", str(tmp_path))
    monkeypatch.setenv("PUHUI_TODAY", today)
    code, _, error = said(capsys, "demo", "--no-serve", "--people", people)
    assert (code, len(error.splitlines())) == (2, 1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [1, 7, 88, 1234, 999_999])
def test_the_vin_of_a_simulated_car_is_nobodys(number):
    vin = vin_of(f"sim_v{number:06d}")
    assert (len(vin), vin[0], vin[8]) == (17, "0", vin_check_digit(vin))
