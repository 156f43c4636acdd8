"""Every kind of model, fitted on a small table: what all of them must keep."""

import json
import sqlite3
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from credit_model_example import SPECIAL, example, odd_rows
from puhui.credit.models import MODEL_KINDS, boosted, load_model
from puhui.credit.models.additive import Scorecard
from puhui.credit.models.exports import zen_input
from puhui.credit.models.measures import auc
from puhui.credit.models.setting import Setting
from puhui.kernel.refusals import Refusal

SETTING = Setting("bad", special=SPECIAL, effort_seconds=1)
TABLE = example()
FRESH = example(1000, seed=1)
MODELS = {}


def model_of(kind):
    if kind not in MODELS:
        MODELS[kind] = MODEL_KINDS[kind].fit(TABLE, SETTING)
    return MODELS[kind]


@pytest.fixture(params=MODEL_KINDS)
def model(request):
    return model_of(request.param)


@pytest.fixture(params=["scorecard", "boosted_scorecard"])
def card(request):
    return model_of(request.param)


def test_finds_what_is_in_the_data(model):
    label = FRESH["bad"].to_numpy().astype(float)
    pd = model.pd(FRESH)
    assert pd.dtype == np.float64
    assert auc(label, pd) > 0.77
    assert abs(pd.mean() - label.mean()) < 0.05


def test_comes_back_from_json(model):
    text = json.dumps(model.as_json(), ensure_ascii=False)
    again = load_model(json.loads(text))
    assert again.as_json()["hash"] == model.as_json()["hash"]
    rows = pl.concat([FRESH[:200], odd_rows()], how="vertical_relaxed")
    assert (again.pd(rows) == model.pd(rows)).all()
    assert (again.contributions(rows) == model.contributions(rows)).all()


def test_one_row_is_scored_as_in_a_table(model):
    for rows in (FRESH[:60], odd_rows()):
        pd, adds = model.pd(rows), model.contributions(rows)
        points = model.points(rows) if hasattr(model, "points") else [None] * rows.height
        for place, row in enumerate(rows.iter_rows(named=True)):
            assert model.score_row(row) == (pd[place], points[place], tuple(adds[place]))


def test_a_changed_model_is_refused(model):
    data = json.loads(json.dumps(model.as_json()))
    data["calibration"]["slope"] = data["calibration"]["slope"] + 0.01
    with pytest.raises(Refusal) as refused:
        load_model(data)
    assert refused.value.code == "MODEL_TAMPERED"


@pytest.mark.parametrize("lost", ["kind", "hash", "format"])
def test_a_model_without_its_marks_is_refused(model, lost):
    data = {name: value for name, value in model.as_json().items() if name != lost}
    with pytest.raises(Refusal) as refused:
        load_model(data)
    assert refused.value.code == "MODEL_UNREADABLE"


def test_threads_change_nothing_and_the_seed_is_all(model):
    if isinstance(model, Scorecard) and model.kind == "scorecard":
        again = MODEL_KINDS[model.kind].fit(TABLE, SETTING)
    else:
        again = MODEL_KINDS[model.kind].fit(TABLE, replace(SETTING, threads=2))
    assert again.as_json()["hash"] == model.as_json()["hash"]


def test_contributions_and_their_level_sum_to_raw(model):
    rows = FRESH[:300]
    rest = model.raw(rows) - model.contributions(rows).sum(axis=1)
    assert np.ptp(rest) < 1e-9


def test_a_field_never_missing_in_training_does_not_help_when_left_out(model):
    rows = FRESH[:200]
    assert TABLE["月 收入"].null_count() == 0
    without = rows.with_columns(pl.lit(None, pl.Float64).alias("月 收入"))
    assert (model.pd(without).mean() > model.pd(rows).mean()).all()
    worst = np.max([model.pd(rows.with_columns(pl.lit(value).alias("月 收入"))).mean() for value in (-3.0, 0.0, 3.0)])
    assert model.pd(without).mean() > 0.9 * worst


def test_a_table_without_a_needed_column_is_refused(model):
    with pytest.raises(Refusal) as refused:
        model.pd(FRESH.drop("calls"))
    assert refused.value.code == "TABLE_LACKS"
    assert refused.value.fields == ("calls",)


@pytest.mark.parametrize("labels", [[0] * 20, [0] * 19 + [1], [0, 1] * 9 + [0, 2], [0, 1] * 9 + [None, 1]])
def test_an_unfit_label_is_refused(labels):
    table = pl.DataFrame({"x": list(range(20)), "bad": labels})
    for kind in MODEL_KINDS.values():
        with pytest.raises(Refusal) as refused:
            kind.fit(table, Setting("bad"))
        assert refused.value.code == "LABEL_UNFIT"


# --- scorecards ----------------------------------------------------------------------------------------


def test_points_follow_risk(card):
    points = card.points(FRESH)
    assert points.dtype == np.int64
    exact = card.scale.base_points - card.factor * (card.raw(FRESH) + np.log(card.scale.base_odds))
    most = (1 + len(card.tables) + len(card.pairs)) / 2
    assert np.abs(points - exact).max() <= most


def test_sql_is_points_row_by_row(card):
    rows = pl.concat([FRESH[:400], odd_rows()], how="vertical_relaxed")
    store = sqlite3.connect(":memory:")
    store.execute('CREATE TABLE "my ""t" ("月 收入" REAL, calls REAL, shop TEXT, owner INT, bad INT)')
    store.executemany('INSERT INTO "my ""t" VALUES (?, ?, ?, ?, ?)', rows.rows())
    scored = [row[-1] for row in store.execute(card.as_sql('my "t'))]
    store.close()
    assert scored == card.points(rows).tolist()


def test_zen_is_points_row_by_row(card):
    import zen

    rows = pl.concat([FRESH[:200], odd_rows()], how="vertical_relaxed")
    decision = zen.ZenEngine().create_decision(json.dumps(card.as_zen()))
    scored = [decision.evaluate(zen_input(card, row))["result"]["points"] for row in rows.to_dicts()]
    assert scored == card.points(rows).tolist()


def test_tables_sum_to_the_ensemble():
    ensemble = boosted.fit_ensemble(TABLE, SETTING)
    card = boosted.collapse(ensemble, TABLE, SETTING)
    assert card.pairs
    assert np.abs(card.raw_of(ensemble.codes) - ensemble.raw(ensemble.codes)).max() < 1e-9
    codes = card.codes(FRESH)
    seen = np.column_stack([count[codes[:, place]] > 0 for place, count in enumerate(card.counts)]).all(axis=1)
    assert seen.sum() > 900
    assert np.abs(card.raw_of(codes[seen]) - ensemble.raw(codes[seen])).max() < 1e-9


def test_a_sign_that_was_told_is_kept():
    told = MODEL_KINDS["boosted_scorecard"].fit(TABLE, replace(SETTING, monotone={"月 收入": -1, "calls": 1}))
    ladder = pl.DataFrame({"月 收入": np.linspace(-3, 3, 200), "calls": [2.0] * 200, "shop": ["县城"] * 200})
    ladder = ladder.with_columns(pl.lit(True).alias("owner"))
    assert (np.diff(told.raw(ladder)) <= 1e-12).all()


def test_special_and_missing_have_bins_of_their_own(card):
    rows = odd_rows()[:1]
    values = [None, -99.0, 0.0]
    scores = [card.raw(rows.with_columns(pl.lit(value, pl.Float64).alias("calls")))[0] for value in values]
    assert len({round(float(score), 9) for score in scores}) == 3


def test_coefficients_are_never_negative():
    random = np.random.default_rng(3)
    base = random.normal(size=2000)
    columns = {f"x{number}": base + random.normal(size=2000) * 0.9 for number in range(6)}
    bad = (random.random(2000) < 1 / (1 + np.exp(1 - base))).astype(int)
    card = MODEL_KINDS["scorecard"].fit(pl.DataFrame({**columns, "bad": bad}), Setting("bad"))
    assert card.notes["coefficients"]
    assert min(card.notes["coefficients"].values()) > 0
    for name, count in zip(card.features, card.counts, strict=True):
        assert count.sum() == 2000, name


def test_of_two_alike_the_stronger_stays():
    random = np.random.default_rng(4)
    strong = random.normal(size=2000)
    bad = (random.random(2000) < 1 / (1 + np.exp(1 - 1.5 * strong))).astype(int)
    table = pl.DataFrame({"weak": strong + 0.05 * random.normal(size=2000), "strong": strong, "bad": bad})
    card = MODEL_KINDS["scorecard"].fit(table, Setting("bad"))
    strengths = card.notes["information_value"]
    best = max(strengths, key=strengths.get)
    assert card.features == (best,)
    assert set(card.notes["dropped"].values()) == {"correlated"}
