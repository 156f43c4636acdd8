"""150,000 real people (Give Me Some Credit): learn from 70 %, decide 30 %, look at what became of those decided.

The file tells ten figures of each person and, two years later, whether they were 90 days late. A debt ratio without
an income is no ratio (in this file it is then the amount), and 96 and 98 are codes, no counts: both stay missing, and
what cannot be evaluated is referred to a person.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from puhui.adapters.table_labelled import read_labelled
from puhui.credit.fairness import fairness_of, share_of
from puhui.credit.models import Model
from puhui.credit.models.measures import band_edges, band_rows
from puhui.credit.models.setting import setting_of
from puhui.credit.models.train import CHAMPION, Plan, Training, train
from puhui.credit.policy.columns import PolicyColumns
from puhui.credit.policy.decision import OUTCOMES
from puhui.credit.policy.engine import PolicyEngine
from puhui.credit.policy.graph import Graph
from puhui.credit.policy.reasons import Reason, reason_of
from puhui.credit.policy.shipped import shipped
from puhui.credit.population import decide_population
from puhui.credit.score import score_of
from puhui.demo.files.timed import Timed
from puhui.kernel.clock import stopwatch_ns
from puhui.kernel.language import Text
from puhui.kernel.rates import PPM

MAPPING: Final = "gmsc"
FILE: Final = "cs-training.csv.zip"
POLICY: Final = "personal_file"
KINDS: Final = ("scorecard", CHAMPION)
TEST_SHARE: Final = 0.3
SEED: Final = 0
# A threshold of PD below which a loan is made, were every other rule as it is.
CUT_OFFS_PPM: Final = tuple(PPM * each // 100 for each in (1, 2, 3, 5, 7, 10, 15, 20))
CURVE_POINTS: Final = 50
MOST_REASONS: Final = 12
ONLINE_CHECKED: Final = 1_000
CODES: Final = (96.0, 98.0)
# The simple price, assumed: a loan of one year, what it earns a year after money and work, what a default loses.
LOAN_MINOR: Final = 1_000_000
EARNS_PPM: Final = 70_000
LOSES_PPM: Final = 600_000


def facts_of(table: pl.DataFrame) -> pl.DataFrame:
    """Return what the policy reads besides the PD, from the columns of the file."""
    return table.select(
        pl.col("age").cast(pl.Int64).alias("age_years"),
        (pl.col("MonthlyIncome") * 100).round().cast(pl.Int64).alias("monthly_income_minor"),
        pl.when(pl.col("MonthlyIncome").is_not_null()).then(_ppm("DebtRatio")).alias("debt_share_ppm"),
        _ppm("RevolvingUtilizationOfUnsecuredLines").alias("utilisation_ppm"),
        _count("NumberOfTime30-59DaysPastDueNotWorse").alias("late_30_count"),
        _count("NumberOfTime60-89DaysPastDueNotWorse").alias("late_60_count"),
        _count("NumberOfTimes90DaysLate").alias("late_90_count"),
    )


def _ppm(name: str) -> pl.Expr:
    return (pl.col(name) * PPM).round().cast(pl.Int64)


def _count(name: str) -> pl.Expr:
    return pl.when(~pl.col(name).is_in(CODES)).then(pl.col(name)).cast(pl.Int64)


def run(folder: Path, timed: Timed) -> dict[str, Any]:
    """Return the figures of the whole job on the file in `folder`."""
    with timed.step("read", Text("读入并按映射分型", "the file is read and typed by its mapping")):
        read = read_labelled([folder.joinpath(FILE)], MAPPING)
    with timed.step("train", Text("用 70% 训练评分卡与提升评分卡", "two kinds of scorecard learn from 70 %")):
        done = train(read.frame, setting_of(read, SEED, 2, 1), Plan(KINDS, TEST_SHARE), lambda: stopwatch_ns() / 1e9)
    champion = done.named(CHAMPION)
    assert champion is not None
    people = pl.concat([done.test, facts_of(done.test)], how="horizontal")
    with timed.step("decide", Text("决策其余 30%（评分加政策）", "the other 30 % are decided: score and policy")):
        answers = decide_population(people, champion.model, PolicyColumns(shipped()[POLICY]))
    with timed.step("online", Text(f"{ONLINE_CHECKED} 人逐个在线复核", f"{ONLINE_CHECKED} again, one by one online")):
        differ = differing(people.head(ONLINE_CHECKED), answers, champion.model)
    with timed.step("figures", Text("结果、各档门槛、原因、公平性", "outcomes, cut-offs, reasons, fairness")):
        figures = _figures(done, people, answers)
    return {
        "data": MAPPING,
        "title": read.mapping.title.model_dump(),
        "currency": read.mapping.currency,
        "policy": POLICY,
        "rows": read.frame.height,
        "split": done.as_json()["split"],
        "models": [dict(each.figures) for each in done.models],
        "price": {"loan_minor": LOAN_MINOR, "earns_ppm": EARNS_PPM, "loses_ppm": LOSES_PPM},
        "online": {"checked": min(ONLINE_CHECKED, people.height), "differ": differ},
        **figures,
    }


def _figures(done: Training, people: pl.DataFrame, answers: pl.DataFrame) -> dict[str, Any]:
    label = people[done.setting.label]
    bad = label.to_numpy().astype(np.float64)
    policy = PolicyColumns(shipped()[POLICY])
    # Whom the rules other than those on the PD let through.
    passed = policy.decide(people.with_columns(pl.lit(0, pl.Int64).alias("pd_ppm")))["outcome"] == "approve"
    champion = done.named(CHAMPION)
    assert champion is not None
    return {
        "outcomes": {name: outcome(answers["outcome"] == name, label) for name in OUTCOMES},
        "all": outcome(pl.repeat(True, label.len(), eager=True), label),
        "cut_offs": [cut_off(answers, passed, label, cut_ppm) for cut_ppm in CUT_OFFS_PPM],
        "reasons": reasons_counted(answers, people, shipped()[POLICY]),
        "bands": band_rows(bad, champion.test_pd, band_edges(champion.train_pd)),
        "curves": {
            "policy": accepted_curve(answers["pd_ppm"].to_numpy(), bad, passed.to_numpy()),
            **{each.name: accepted_curve(each.test_pd, bad, np.ones(bad.size, np.bool_)) for each in done.models},
        },
        "fairness": [line.as_dict() for line in fairness_of(answers["outcome"], people.select("age"), label)],
    }


def outcome(inside: pl.Series, label: pl.Series) -> dict[str, Any]:
    """Return how many rows are inside, what share of all, and how many of them turned bad, with the interval."""
    rows = int(inside.sum())
    bad = share_of(int(label.filter(inside).sum()), rows)
    return {
        "rows": rows,
        "share": rows / max(1, label.len()),
        "bad": bad.count,
        "bad_rate": bad.share,
        "bad_low": bad.low,
        "bad_high": bad.high,
        "value_minor": value_minor(rows - bad.count, bad.count),
    }


def value_minor(good: int, bad: int) -> int:
    """Return what loans earn at the simple price: a margin on the good ones less the loss on the bad.

    >>> value_minor(100, 10)
    1000000
    """
    return LOAN_MINOR * (good * EARNS_PPM - bad * LOSES_PPM) // PPM


def cut_off(answers: pl.DataFrame, passed: pl.Series, label: pl.Series, cut_ppm: int) -> dict[str, Any]:
    """Return what would become of approving all that the other rules pass with a PD below the cut."""
    approved = passed & (answers["pd_ppm"] < cut_ppm)
    same = bool((approved == (answers["outcome"] == "approve")).all())
    return {"cut_ppm": cut_ppm, "is_policy": same, **outcome(approved, label)}


def accepted_curve(risk: Any, bad: Any, inside: Any) -> list[tuple[float, float]]:
    """Return (share of all approved, bad rate among them), the safest first, at even steps."""
    order = np.flatnonzero(inside)[np.argsort(risk[inside], kind="stable")]
    so_far = np.cumsum(bad[order])
    steps = np.linspace(order.size / CURVE_POINTS, order.size, CURVE_POINTS).round().astype(np.int64)
    return [(float(step / bad.size), float(so_far[step - 1] / step)) for step in steps if step]


def reasons_counted(answers: pl.DataFrame, facts: pl.DataFrame, graph: Graph) -> list[dict[str, Any]]:
    """Return how often each reason decided, and how: the most frequent first. `facts` tell what is missing."""
    said = answers.select("outcome", "reasons").explode("reasons").drop_nulls()
    lacking = [item.title for name, item in graph.inputs.items() if name in facts.columns and facts[name].null_count()]
    fields = Text("、".join(each.zh for each in lacking), ", ".join(each.en for each in lacking))
    return [
        {"outcome": name, "code": code, "count": count, "text": said_of(reason_of(code), fields)._asdict()}
        for (name, code), count in Counter(said.iter_rows()).most_common(MOST_REASONS)
    ]


def said_of(reason: Reason, fields: Text) -> Text:
    """Return the words of a reason, with the fields that are missing to somebody."""
    return Text(reason.text.zh.replace("{fields}", fields.zh), reason.text.en.replace("{fields}", fields.en))


def differing(people: pl.DataFrame, answers: pl.DataFrame, model: Model) -> int:
    """Return for how many of the people the online answer is another: outcome, PD, points, reasons."""
    engine = PolicyEngine([shipped()[POLICY]])
    facts = [name for name in engine.graph(POLICY).inputs if name in people.columns]
    online = [_online(row, facts, model, engine) for row in people.iter_rows(named=True)]
    batch = answers.select("outcome", "pd_ppm", "points", "reasons").head(people.height).rows()
    return sum(one != other for one, other in zip(online, batch, strict=True))


def _online(row: Mapping[str, Any], facts: Sequence[str], model: Model, engine: PolicyEngine) -> tuple[Any, ...]:
    score = score_of(model, row)
    decision = engine.decide(POLICY, {**{name: row[name] for name in facts}, "pd_ppm": score.pd_ppm})
    return decision.outcome, score.pd_ppm, score.points, list(decision.reasons)
