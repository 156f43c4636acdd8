"""Score and policy for all at once are, for every applicant, what the online way answers."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit_model_example import SPECIAL, example, odd_rows
from policy_example import graph, rules
from puhui.credit.models import MODEL_KINDS
from puhui.credit.models.setting import Setting
from puhui.credit.policy.columns import PolicyColumns
from puhui.credit.policy.engine import PolicyEngine
from puhui.credit.policy.graph import read_graph
from puhui.credit.population import SLICE, decide_population
from puhui.credit.score import score_of

GMSC = Path(__file__).resolve().parents[3] / "shared/data/gmsc"
PD = {"field": "pd_ppm", "type": "int", "min": 0, "max": 10**6, "zh": "违约概率", "en": "PD"}
DEBT = {"field": "debt_ppm", "type": "int", "min": 0, "max": 10**9, "zh": "负债", "en": "debt"}
LATE = {"field": "late", "type": "bool", "zh": "逾期", "en": "late"}
POLICY = read_graph(
    graph(
        [
            rules(
                "risk",
                [
                    ("HIGH", "pd_ppm >= 400000", "decline"),
                    ("SOME", "pd_ppm >= 150000 and pd_ppm < 400000", "refer"),
                    ("DEBT", "debt_ppm > 500000", "decline"),
                    ("LATE", "late", "refer"),
                ],
            )
        ],
        inputs=[PD, DEBT, LATE],
    )
)
COLUMNS, ENGINE = PolicyColumns(POLICY), PolicyEngine([POLICY])
TABLE = example()
SETTING = Setting(label="bad", special=SPECIAL)
MODELS = {kind: MODEL_KINDS[kind].fit(TABLE, SETTING) for kind in ("scorecard", "boosted_scorecard")}
ROWS = odd_rows().rows(named=True)
APPLICANTS = st.fixed_dictionaries(
    {
        name: st.sampled_from([row[name] for row in (*ROWS, *TABLE.head(40).rows(named=True))])
        for name in ("月 收入", "calls", "shop", "owner")
    }
    | {
        "debt_ppm": st.sampled_from([None, 0, 500_000, 500_001, 10**9]),
        "late": st.sampled_from([None, True, False]),
    }
)
SCHEMA = {**{name: TABLE.schema[name] for name in ("月 收入", "calls", "shop", "owner")}, "debt_ppm": pl.Int64}


def people_of(rows):
    return pl.DataFrame(rows, schema={**SCHEMA, "late": pl.Boolean})


def online(model, row, policy=POLICY, engine=ENGINE):
    score = score_of(model, row)
    facts = {name: row[name] for name in policy.inputs if name != "pd_ppm"}
    decision = engine.decide(policy.id, {**facts, "pd_ppm": score.pd_ppm})
    return decision.outcome, score.pd_ppm, score.points, list(decision.reasons)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(APPLICANTS, min_size=1, max_size=12), kind=st.sampled_from(sorted(MODELS)))
def test_each_row_is_what_the_online_way_answers(rows, kind):
    answers = decide_population(people_of(rows), MODELS[kind], COLUMNS)
    found = answers.select("outcome", "pd_ppm", "points", "reasons").rows()
    assert found == [online(MODELS[kind], row) for row in rows]


def test_every_outcome_and_what_is_missing_occur():
    people = people_of([{**row, "debt_ppm": debt, "late": False} for row in ROWS for debt in (None, 0, 600_000)])
    answers = decide_population(people, MODELS["scorecard"], COLUMNS)
    assert set(answers["outcome"]) == {"approve", "refer", "decline"}
    assert "DATA_INCOMPLETE" in set(answers["reasons"].explode())
    assert answers.filter(pl.col("outcome") == "approve")["reasons"].list.len().to_list().count(0) > 0


def test_a_field_left_out_never_turns_a_no_into_a_yes():
    people = people_of([{**row, "debt_ppm": 400_000, "late": False} for row in TABLE.head(200).rows(named=True)])
    less = people.with_columns(pl.lit(None, dtype=pl.Int64).alias("debt_ppm"))
    assert "approve" in set(decide_population(people, MODELS["scorecard"], COLUMNS)["outcome"])
    assert "approve" not in set(decide_population(less, MODELS["scorecard"], COLUMNS)["outcome"])


def test_slices_meet_without_a_seam(monkeypatch):
    people = people_of([{**row, "debt_ppm": 1, "late": None} for row in TABLE.head(100).rows(named=True)])
    whole = decide_population(people, MODELS["scorecard"], COLUMNS)
    monkeypatch.setattr("puhui.credit.population.SLICE", 7)
    assert decide_population(people, MODELS["scorecard"], COLUMNS).equals(whole)
    assert SLICE > 7


def test_nobody_is_decided_as_nobody():
    answers = decide_population(people_of([]), MODELS["scorecard"], COLUMNS)
    assert answers.height == 0
    assert answers.columns[:4] == ["outcome", "pd_ppm", "points", "reasons"]


def test_a_model_without_points_has_none():
    fitted = MODEL_KINDS["challenger"].fit(TABLE, Setting(label="bad", effort_seconds=1))
    answers = decide_population(people_of([{**ROWS[0], "debt_ppm": 0, "late": False}]), fitted, COLUMNS)
    assert answers["points"].to_list() == [None]


@pytest.mark.skipif(not GMSC.is_dir(), reason="the file of Give Me Some Credit is not here")
def test_all_45_000_real_people_are_decided_as_online():
    """A scorecard on four columns: fitting all ten takes longer than it tells."""
    from puhui.adapters.table_labelled import read_labelled
    from puhui.credit.models.folds import split
    from puhui.credit.policy.shipped import shipped
    from puhui.demo.files.people import FILE, facts_of

    read = read_labelled([GMSC / FILE], "gmsc").frame
    train, test = split(read["label"].to_numpy().astype(float), 0.3, 0)
    names = ("RevolvingUtilizationOfUnsecuredLines", "age", "NumberOfTimes90DaysLate", "MonthlyIncome")
    model = MODEL_KINDS["scorecard"].fit(read[train[:20_000]], Setting(label="label", features=names))
    policy = shipped()["personal_file"]
    people = pl.concat([read[test], facts_of(read[test])], how="horizontal")
    answers = decide_population(people, model, PolicyColumns(policy))
    engine = PolicyEngine([policy])
    found = answers.select("outcome", "pd_ppm", "points", "reasons")
    differ = sum(
        online(model, row, policy, engine) != other
        for row, other in zip(people.iter_rows(named=True), found.iter_rows(), strict=True)
    )
    assert (people.height, differ) == (45_000, 0)
    assert set(answers["outcome"]) == {"approve", "refer", "decline"}
