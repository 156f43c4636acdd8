"""`puhui features`: the catalogue, and features of a file, as a person and as a program use it."""

import json

import polars as pl
import pytest
import typer

from event_example import event, table
from puhui.cli import app as tree
from puhui.cli import features as commands
from puhui.credit.features.catalogue import FEATURES, version
from puhui.credit.features.files import PartResult


@pytest.fixture(autouse=True)
def _wired(monkeypatch):
    """The tree of commands with this module, whether or not the tool has it yet."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    commands.add_to(app)
    app.command("other")(lambda: None)
    monkeypatch.setattr(tree, "app", app)


@pytest.fixture
def events(tmp_path):
    path = tmp_path / "events.parquet"
    rows = [event("wage", "2026-03-01", 300, party=party) for party in ("Q", "P")]
    late = event("wage", "2026-03-01", 600, recorded_at="2026-03-18")
    table(*rows, late).write_parquet(path)
    return path


def test_the_catalogue_for_a_person(puhui):
    code, out, _ = puhui("features")
    assert code == 0
    assert "income_mean_3m" in out
    assert "近3月月均收入" in out
    assert f"{len(FEATURES)} 个特征" in out
    _, out, _ = puhui("features", "list", "--family", "region")
    assert "region_tier" in out
    assert "income_mean_3m" not in out


def test_the_catalogue_for_a_program(puhui):
    code, out, _ = puhui("features", "list", "--json")
    listed = json.loads(out)
    assert code == 0
    assert [each["name"] for each in listed["features"]] == list(FEATURES)
    assert len(listed["version"]) == 64
    by_name = {each["name"]: each for each in listed["features"]}
    assert by_name["inquiry_3m"] == {
        "name": "inquiry_3m",
        "family": "credit_lines",
        "meaning": {"zh": "近3月征信查询数", "en": "inquiries, 3 months"},
        "window_months": 3,
        "unit": "count",
        "kinds": ["credit_report", "inquiry"],
        "consent": "credit",
        "direction": "riskier",
        "influence": True,
        "absence_observed": True,
    }


def test_one_feature(puhui):
    code, out, _ = puhui("features", "show", "bill_late_share_3m")
    assert code == 0
    assert "来自：生活账单" in out
    assert "没有事件时：为空，不是 0" in out
    assert json.loads(puhui("features", "show", "bill_late_share_3m", "--json")[1])["kinds"] == ["bill"]


def test_what_a_table_of_events_looks_like(puhui):
    code, out, _ = puhui("features", "events")
    assert code == 0
    assert "recorded_at" in out
    assert "invoice_sold" in out
    told = json.loads(puhui("features", "events", "--json")[1])
    assert told["columns"][0] == {
        "name": "party",
        "type": "String",
        "meaning": {"zh": "当事人编号", "en": "id of the party"},
        "may_be_left_out": False,
    }
    assert {each["kind"] for each in told["kinds"]} >= {"wage", "bill", "farm_plot"}


def test_features_of_a_file(puhui, events, tmp_path):
    out = tmp_path / "features.parquet"
    code, said, _ = puhui("features", "run", str(events), "--as-of", "2026-03-17", "--out", str(out))
    assert code == 0
    assert "3 个事件，2 个当事人" in said
    made = pl.read_parquet(out)
    assert made.columns == ["party", *FEATURES]
    assert made.select("party", "wage_mean_12m").rows() == [("P", 300), ("Q", 300)]
    told = pl.read_parquet_metadata(out)
    assert told["puhui.as_of"] == "2026-03-17T23:59:59.999999+08:00"
    assert told["puhui.features_version"] == version()
    assert not list(tmp_path.glob("*.half"))


def test_the_day_counts_to_its_end(puhui, events, tmp_path):
    """What was recorded on the 18th is known as of the 18th, not of the 17th."""
    out = tmp_path / "features.parquet"
    only = ("--feature", "wage_mean_12m")
    puhui("features", "run", str(events), "--as-of", "2026-03-18", "--out", str(out), *only)
    assert pl.read_parquet(out).rows() == [("P", 900), ("Q", 300)]


def test_a_proxy_is_named(puhui, tmp_path):
    parties = [f"P{number}" for number in range(400)]
    features, groups = tmp_path / "features.parquet", tmp_path / "groups.parquet"
    carried = [number % 2 + number % 7 * 0.1 for number in range(400)]
    even = [number // 2 * 7 % 200 for number in range(400)]
    pl.DataFrame({"party": parties, "salon_share": carried, "even": even}).write_parquet(features)
    sexes = pl.DataFrame({"party": parties, "sex": ["F", "M"] * 200})
    sexes.sample(fraction=1, shuffle=True, seed=1).write_parquet(groups)
    code, out, _ = puhui("features", "proxies", str(features), "--groups", str(groups))
    assert code == 0
    assert "salon_share" in out
    assert "强" in out
    told = json.loads(puhui("features", "proxies", str(features), "--groups", str(groups), "--json")[1])
    assert told["carriers"] == ["salon_share"]
    sexes.drop("party").write_parquet(groups)
    assert puhui("features", "proxies", str(features), "--groups", str(groups))[0] == 2


def test_ray_is_asked_for_by_name(puhui, events, tmp_path, monkeypatch):
    def ray_tasks(address):
        assert address == "head:6379"
        return lambda run, tasks: (PartResult(run(task).target, 1, 2) for task in tasks)

    monkeypatch.setattr("puhui.batch.ray_engine.ray_tasks", ray_tasks)
    arguments = ("--as-of", "2026-03-17", "--out", str(tmp_path / "f.parquet"), "--engine", "ray", "--ray", "head:6379")
    assert puhui("features", "run", str(events), *arguments)[0] == 0


def test_a_wrong_call_is_one_line_and_exit_2(puhui, events, tmp_path):
    out = ("--out", str(tmp_path / "f.parquet"))
    wrong = tmp_path / "wrong.parquet"
    table(event("wage", "2026-03-01", -1)).write_parquet(wrong)
    for arguments, word in (
        (("list", "--family", "sex"), "INPUT_INVALID"),
        (("show", "nothing"), "INPUT_INVALID"),
        (("run", str(tmp_path / "absent.parquet"), *out), "INPUT_UNREADABLE"),
        (("run", str(wrong), *out), "EVENTS_ROWS_WRONG"),
        (("run", str(events), "--out", str(tmp_path / "absent" / "f.parquet")), "TARGET_UNWRITABLE"),
        (("run", str(events), *out, "--as-of", "2026-02-30"), "INPUT_INVALID"),
        (("run", str(events), *out, "--feature", "nothing"), "INPUT_INVALID"),
        (("run", str(events), *out, "--engine", "spark"), "INPUT_INVALID"),
    ):
        code, said, error = puhui("features", *arguments)
        assert (code, said, error.count("\n")) == (2, "", 1)
        assert word in error
    assert not (tmp_path / "f.parquet").exists()
