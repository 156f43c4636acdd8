"""`puhui train` and `puhui models` on files, from a table never seen to a champion; and the benchmark in small."""

import importlib
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from credit_model_example import example
from puhui.adapters import model_files
from puhui.cli import models, train
from puhui.credit.models.reject import WEIGHT, with_rejected
from puhui.credit.models.setting import Setting
from puhui.credit.models.train import Plan, parted, small_sample
from puhui.kernel.refusals import Refusal

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
app = typer.Typer()
train.add_to(app)
models.add_to(app)


def run(*arguments):
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("PUHUI_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_from_a_file_to_a_champion(home, tmp_path):
    table = example(400).with_row_index("application_id")
    table.write_csv(tmp_path / "people.csv")
    arguments = ("train", tmp_path / "people.csv", "--label", "bad", "--kind", "scorecard", "--out", tmp_path / "out")
    told = json.loads(run(*arguments, "--register", "--by", "张三", "--json"))
    assert told["split"]["train_rows"] == 280
    assert told["split"]["test_rows"] == 120
    champion = told["champion"]
    assert champion["kind"] == "scorecard"
    assert {"auc", "ks", "brier", "fit_s", "score_s"} <= champion.keys()
    assert champion["auc"] > 0.6
    assert "application_id" not in told["features"]
    page = next(Path(path) for path in told["files"] if path.endswith(".html")).read_text(encoding="utf-8")
    assert "<script" not in page
    assert "校准" in page
    assert "模型卡" in page
    name = json.loads(run("models", "--json"))[0]["model"]
    with pytest.raises(Refusal, match="cannot approve"):
        run("models", "approve", name, "--by", "张三")
    run("models", "approve", name, "--by", "李四")
    run("models", "champion", name, "--by", "李四")
    entry, model = model_files.champion()
    assert entry.approved_by == "李四"
    assert model.as_json()["hash"] == champion["hash"]
    assert name in run("models")
    path = home / "models" / f"{name}.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"base_points": ', '"base_points": 1'), encoding="utf-8")
    with pytest.raises(Refusal) as refused:
        model_files.champion()
    assert refused.value.code == "MODEL_TAMPERED"


def test_a_kind_nobody_knows_is_refused(home, tmp_path):
    example(100).write_csv(tmp_path / "people.csv")
    with pytest.raises(Refusal) as refused:
        run("train", tmp_path / "people.csv", "--label", "bad", "--kind", "oracle")
    assert refused.value.code == "INPUT_INVALID"


def test_a_split_by_time_tests_on_the_newest():
    table = pl.DataFrame({"when": [5, 1, 4, 2, 3, 6, 8, 7, 10, 9], "bad": [0, 1] * 5})
    label = table["bad"].to_numpy().astype(float)
    older, newer = parted(table, label, Setting("bad", time="when"), Plan(way="time"))
    assert table["when"][newer].to_list() == [8, 9, 10]
    assert sorted(table["when"][older].to_list()) == [1, 2, 3, 4, 5, 6, 7]
    with pytest.raises(Refusal) as refused:
        parted(table, label, Setting("bad"), Plan(way="time"))
    assert refused.value.code == "SPLIT_UNKNOWN"


@pytest.mark.parametrize("way", ["fuzzy", "parcelling"])
def test_rejected_rows_enter_with_their_whole_weight(way):
    accepted, rejected = example(300), example(50, seed=2)
    setting = Setting("bad", features=("月 收入", "calls", "owner"))
    whole, changed = with_rejected(accepted, rejected, setting, way)
    assert changed == replace(setting, weight=WEIGHT)
    assert whole[WEIGHT].sum() == pytest.approx(350)
    bad = whole.filter(pl.col("bad") == 1)[WEIGHT].sum() - accepted["bad"].sum()
    assert 0 < bad < 50


def test_few_rows_are_judged_one_by_one():
    random = np.random.default_rng(0)
    bad = np.array([0, 0, 1] * 10)
    table = pl.DataFrame({"x": random.normal(size=30) + bad, "bad": bad})
    told = small_sample(table, bad.astype(float), Setting("bad"), Plan(kinds=("scorecard",)))
    assert told["way"] == "leave_one_out"
    assert told["rows"] == 30
    assert told["auc_low"] < told["auc"] < told["auc_high"]


def test_small_run_of_the_benchmark(monkeypatch, capsys, tmp_path):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    credit = importlib.import_module("credit")
    monkeypatch.setattr(credit, "DATA", tmp_path)
    (tmp_path / "german").mkdir()
    example(300).with_columns((pl.col("bad") + 1).alias("class")).drop("bad").write_csv(
        tmp_path / "german" / "german_named.csv"
    )
    hashes = []
    for _ in range(2):
        credit.main(["german", "gmsc"], ["scorecard"], shap=False)
        out = capsys.readouterr().out
        assert "gmsc: skipped, no data" in out
        assert re.search(r"scorecard +AUC 0\.\d{4}", out)
        hashes += re.findall(r"hash ([0-9a-f]{16})", out)
    assert len(hashes) == 2
    assert len(set(hashes)) == 1
