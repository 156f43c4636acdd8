"""Score and policy for a whole population as columns, on one core: applicants a second, all equal to the online way.

Target: at least 200,000 applicants a second and core. The people are those of Give Me Some Credit where they are beside
the project (30 % decided, repeated to the count asked for), else made up in its form; a scorecard of ten features and a
boosted one, trained on the rest; the shipped policy `personal_file`. Measured in the same run: the score alone, the
policy alone, a bare pass of Polars over the same columns (a sum of each: about what memory allows), zen called one
by one, and the whole online way (score_of, then zen), whose answers are compared with the columns' for every one.
The hash is of all answers.

    python benchmarks/decide.py [applicants] [one at a time]
"""

import os
import sys
import time
from pathlib import Path

from measure import one_core

one_core()
os.environ["POLARS_MAX_THREADS"] = "1"

import numpy as np  # noqa: E402
import polars as pl  # noqa: E402

from measure import peak_mb, short_hash  # noqa: E402
from puhui.adapters.table_labelled import read_labelled  # noqa: E402
from puhui.credit.models import MODEL_KINDS  # noqa: E402
from puhui.credit.models.folds import split  # noqa: E402
from puhui.credit.models.setting import Setting  # noqa: E402
from puhui.credit.policy.columns import PolicyColumns  # noqa: E402
from puhui.credit.policy.engine import PolicyEngine  # noqa: E402
from puhui.credit.policy.shipped import shipped  # noqa: E402
from puhui.credit.population import decide_population  # noqa: E402
from puhui.credit.score import score_of  # noqa: E402
from puhui.demo.files.people import FILE, MAPPING, POLICY, facts_of  # noqa: E402

SEED = 20_260_801
GMSC = Path(__file__).resolve().parents[2] / "shared" / "data" / "gmsc"
FEATURES = (
    "RevolvingUtilizationOfUnsecuredLines",
    "age",
    "NumberOfTime30-59DaysPastDueNotWorse",
    "DebtRatio",
    "MonthlyIncome",
    "NumberOfOpenCreditLinesAndLoans",
    "NumberOfTimes90DaysLate",
    "NumberRealEstateLoansOrLines",
    "NumberOfTime60-89DaysPastDueNotWorse",
    "NumberOfDependents",
)
KINDS = ("scorecard", "boosted_scorecard")
RUNS = 3


def applicants(folder):
    """Return whose they are, rows to learn from and rows to decide."""
    if not folder.is_dir():
        table = made_up(6_000)
        return "made up", table[:3_000], table[3_000:]
    table = read_labelled([folder / FILE], MAPPING).frame
    train, test = split(table["label"].to_numpy().astype(np.float64), 0.3, 0)
    return "Give Me Some Credit", table[train], table[test]


def made_up(rows):
    """Return people of the same ten columns, the same every time; a fifth without an income, the late ones riskier."""
    chance = np.random.default_rng(SEED)
    late = chance.poisson(0.2, (rows, 3)).astype(float)
    used = chance.gamma(0.7, 0.5, rows)
    income = np.where(chance.random(rows) < 0.2, np.nan, chance.lognormal(8.5, 0.6, rows).round())
    columns = {
        "RevolvingUtilizationOfUnsecuredLines": used,
        "age": chance.integers(18, 90, rows).astype(float),
        "NumberOfTime30-59DaysPastDueNotWorse": np.where(chance.random(rows) < 0.01, 98.0, late[:, 0]),
        "DebtRatio": chance.gamma(1.0, 0.35, rows),
        "MonthlyIncome": income,
        "NumberOfOpenCreditLinesAndLoans": chance.poisson(8, rows).astype(float),
        "NumberOfTimes90DaysLate": late[:, 1],
        "NumberRealEstateLoansOrLines": chance.poisson(1, rows).astype(float),
        "NumberOfTime60-89DaysPastDueNotWorse": late[:, 2],
        "NumberOfDependents": chance.poisson(0.8, rows).astype(float),
    }
    bad = chance.random(rows) < 1 / (1 + np.exp(3.5 - 1.2 * late.sum(axis=1) - 1.1 * used))
    return pl.DataFrame({**columns, "label": bad.astype(np.int8)}, nan_to_null=True)


def best(function, times=RUNS):
    """Return the fewest CPU seconds of some runs, and what the last returned."""
    found = []
    for _ in range(times):
        start = time.process_time()
        answer = function()
        found.append(time.process_time() - start)
    return min(found), answer


def one_by_one(people, model, engine):
    """Return the answers of the online way, the CPU seconds of it all, and those of zen alone."""
    facts = [name for name in engine.graph(POLICY).inputs if name in people.columns]
    rows = people.rows(named=True)
    start = time.process_time()
    scores = [score_of(model, row) for row in rows]
    scored = time.process_time()
    given = [
        {**{name: row[name] for name in facts}, "pd_ppm": score.pd_ppm} for row, score in zip(rows, scores, strict=True)
    ]
    decisions = [engine.decide(POLICY, each) for each in given]
    ended = time.process_time()
    answers = [
        (decision.outcome, score.pd_ppm, score.points, list(decision.reasons))
        for score, decision in zip(scores, decisions, strict=True)
    ]
    return answers, ended - start, ended - scored


def main(count=1_000_000, online=1_000_000):
    """Print for each kind the rates, how they stand to the limits, the rows that differ, and a hash."""
    source, train, test = applicants(GMSC)
    policy = PolicyColumns(shipped()[POLICY])
    engine = PolicyEngine([shipped()[POLICY]])
    people = pl.concat([test.select(FEATURES), facts_of(test)], how="horizontal")
    many = pl.concat([people] * -(-count // people.height)).head(count).rechunk()
    bare, _ = best(lambda: many.select(pl.all().sum()))
    print(f"{source}: {train.height:,} to learn from, {people.height:,} to decide, as {count:,}")
    print(f"a sum of each of the {many.width} columns in Polars: {count / bare:,.0f} a second and core")
    hashes = []
    for kind in KINDS:
        model = MODEL_KINDS[kind].fit(train, Setting(label="label", features=FEATURES, seed=0))
        whole, answers = best(lambda model=model: decide_population(many, model, policy))
        score, pd = best(lambda model=model: model.pd(many))
        given = many.with_columns(answers["pd_ppm"])
        rules, _ = best(lambda given=given: policy.decide(given))
        few = people.head(online)
        found, seconds, zen = one_by_one(few, model, engine)
        batch = decide_population(few, model, policy).select("outcome", "pd_ppm", "points", "reasons").rows()
        differ = sum(one != other for one, other in zip(found, batch, strict=True))
        hashes.append("".join(answers["outcome"]).encode() + answers["pd_ppm"].to_numpy().tobytes())
        print(
            f"{kind}: {count / whole:,.0f} applicants a second and core ({whole / bare:.0f} times the bare pass); "
            f"PD alone {count / score:,.0f}, policy alone {count / rules:,.0f}; mean PD {pd.mean():.4f}"
        )
        print(
            f"  one by one {few.height / seconds:,.0f} a second, of it zen {few.height / zen:,.0f}; "
            f"columns are {seconds / few.height * count / whole:,.0f} times as fast; "
            f"{differ} of {few.height:,} differ"
        )
    print(f"peak {peak_mb():.0f} MB; hash {short_hash(*hashes)}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
