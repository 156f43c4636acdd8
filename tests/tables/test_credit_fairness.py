"""Decisions by group: shares and intervals by hand, groups that stand apart, and a proxy of the sex that is found."""

import doctest
from functools import cache

import polars as pl
import pytest

from policy_example import graph, rules
from puhui.credit import fairness
from puhui.credit.county import CountySetting, make_county
from puhui.credit.fairness import fairness_of, share_of, tiers
from puhui.credit.features.compute import features_of
from puhui.credit.features.proxies import proxy_report
from puhui.credit.models import MODEL_KINDS
from puhui.credit.models.setting import Setting
from puhui.credit.policy.columns import PolicyColumns
from puhui.credit.policy.graph import read_graph
from puhui.credit.population import decide_population
from puhui.kernel.refusals import Refusal


def test_the_examples_are_true():
    assert doctest.testmod(fairness).failed == 0


# approved of all here, approved of all others, whether they stand apart
APART = [
    ((60, 100), (20, 100), True),
    ((20, 100), (60, 100), True),
    ((60, 100), (50, 100), False),
    ((6, 10), (2, 10), False),
    ((50, 100), (50, 100), False),
    ((0, 100), (4, 100), False),
    ((0, 1000), (40, 1000), True),
]


@pytest.mark.parametrize(("here", "there", "apart"), APART)
def test_a_group_stands_apart_where_the_intervals_do_not_meet(here, there, apart):
    approved = [*[True] * here[0], *[False] * (here[1] - here[0]), *[True] * there[0], *[False] * (there[1] - there[0])]
    outcome = pl.Series(["approve" if each else "refer" for each in approved])
    group = pl.DataFrame({"town": ["here"] * here[1] + ["there"] * there[1]})
    lines = {line.group: line for line in fairness_of(outcome, group)}
    assert (lines["here"].approved.count, lines["here"].approved.rows) == here
    assert lines["here"].others == lines["there"].approved == share_of(*there)
    assert [line.apart for line in lines.values()] == [apart, apart]
    assert lines["here"].small is (here[1] < 30)


def test_bad_ones_are_counted_among_the_approved_whose_outcome_is_known():
    outcome = pl.Series(["approve", "approve", "approve", "decline", "refer"])
    label = pl.Series([1, 0, None, 1, 1], dtype=pl.Int8)
    [line] = fairness_of(outcome, pl.DataFrame({"town": ["a"] * 5}), label)
    assert (line.bad.count, line.bad.rows, line.bad.share) == (1, 2, 0.5)
    [unknown] = fairness_of(outcome, pl.DataFrame({"town": ["a"] * 5}))
    assert (unknown.bad.share, unknown.bad.low, unknown.bad.high) == (None, 0.0, 1.0)


def test_ages_come_in_bands_in_order_and_who_has_none_comes_last():
    ages = [float(age) for age in range(18, 78)]
    groups = pl.DataFrame({"age": [*ages, None, None]})
    lines = fairness_of(pl.Series(["approve"] * 62), groups)
    assert [line.group for line in lines] == ["≤ 25", "25–35", "35–45", "45–55", "55–65", "> 65", None]
    assert sum(line.approved.rows for line in lines) == 62


def test_a_region_is_told_by_its_tier_and_a_wrong_one_is_refused():
    found = tiers(pl.Series(["410323", "110101", None, "410000"]))
    assert (found.name, found.to_list()) == ("tier", ["5", "1", None, None])
    with pytest.raises(Refusal):
        tiers(pl.Series(["999999"]))


# --- the simulated county, with and without a proxy -----------------------------------------------------

FEATURES = ("income_mean_12m", "bill_late_share_12m", "repayment_late_share_12m", "balance_mean_3m", "inquiry_3m")
PD = {"field": "pd_ppm", "type": "int", "min": 0, "max": 10**6, "zh": "违约概率", "en": "PD"}
POINTS = {"field": "loyalty_points", "type": "int", "min": 0, "max": 10**6, "zh": "会员积分", "en": "loyalty points"}


@cache
def people(planted):
    """Return applications of a simulated county with features, label where known, and the model learnt from these."""
    county = make_county(CountySetting(seed=2, people=600, planted_proxy=planted))
    rows = county.applications.unique("party", keep="first", maintain_order=True)
    moments = rows.select("party", pl.col("applied_at").alias("as_of"))
    table = rows.join(
        features_of(county.events, moments, [*FEATURES, "bill_mean_12m"]), on="party", maintain_order="left"
    )
    table = table.join(county.history.select("application", "label"), on="application", how="left")
    known = table.filter(pl.col("label").is_not_null())
    return table, MODEL_KINDS["scorecard"].fit(known, Setting(label="label", features=FEATURES))


def decided(table, model, *more):
    inputs = [PD, *([POINTS] if more else [])]
    policy = read_graph(graph([rules("risk", [("HIGH", "pd_ppm >= 80000", "decline"), *more])], inputs=inputs))
    return decide_population(table, model, PolicyColumns(policy))["outcome"]


def apart(outcome, table, column):
    return [line.group for line in fairness_of(outcome, table.select(column), table["label"]) if line.apart]


def test_a_planted_proxy_of_the_sex_is_named_and_without_one_nothing_is():
    """The loyalty card tells the sex; so does the telephone plan, which is in the bills."""
    found = {}
    for planted in (True, False):
        table, _ = people(planted)
        columns = [name for name in ("loyalty_points", *FEATURES, "bill_mean_12m") if name in table.columns]
        found[planted] = proxy_report(table.select(columns), {"sex": table["sex"]}, seed=0).carriers("sex")
    assert found[True][0] == "loyalty_points"
    assert found[False] == ()


def test_a_rule_on_the_proxy_sets_the_sexes_apart_and_the_model_alone_does_not():
    table, model = people(True)
    fair = decided(table, model)
    assert apart(fair, table, "sex") == []
    unfair = decided(table, model, ("CARD", "loyalty_points >= 420", "decline"))
    assert apart(unfair, table, "sex") == ["female", "male"]
    lines = {line.group: line for line in fairness_of(unfair, table.select("sex"), table["label"])}
    assert lines["female"].approved.high < lines["male"].approved.low
