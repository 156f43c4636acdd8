"""The shipped policies for one applicant at a time (zen) and for all at once (Polars), on one core; all rows compared.

Targets: a decision far below 10 ms; score and policy together at least 200,000 applicants a second and core. Measured
in the same run: zen alone, from a static loader and from a decision object; the exactness of every row; on the
contest's firms, where their data are beside the project, the most profit against flat pricing.

    python benchmarks/policy.py [applicants] [one at a time]
"""

import csv
import os
import sys
import time
from collections import Counter
from pathlib import Path

from measure import one_core

one_core()
os.environ["POLARS_MAX_THREADS"] = "1"

import json  # noqa: E402

import numpy as np  # noqa: E402
import polars as pl  # noqa: E402
import zen  # noqa: E402

from measure import Stopwatch, peak_mb, percentiles, short_hash  # noqa: E402
from puhui.credit.policy.columns import PolicyColumns  # noqa: E402
from puhui.credit.policy.engine import PolicyEngine  # noqa: E402
from puhui.credit.policy.harden import hardened  # noqa: E402
from puhui.credit.policy.shipped import shipped  # noqa: E402
from puhui.credit.profit import Firm, Setting, compare  # noqa: E402

SEED = 20_260_801
CONTEST = Path(__file__).resolve().parents[2] / "shared/data/cumcm2020c"
# Somebody of whom each policy approves; an applicant differs from it in some values, drawn within their ends.
SOUND = {
    "personal": "daily 1 0 1 40 0 15000 0 0 2 1 1000000 100000 100000 5000000 24 0",
    "auto": "used 1 0 1 40 15000 0 0 2 1 1000000 100000 200000 8000000 1 1 600000 36 24 60000 0 1",
    "small_firm": "sole_trader 1 0 1 60 15000 12 500000000 450000000 50000 20000 300000 0 50000000 30000000 0 5 A",
    "personal_file": "15000 40 1000000 300000 300000 0 0 0",
    "firm_invoices": "15000 36 12 500000000 1000000 50000 20000 300000",
}
# Where the ends of a number lie far from everyday.
USUAL = {"pd_ppm": 250_000, "worst_days_late_24m": 120, "inquiries_3m": 12, "lenders_count": 8, "age_years": 75}


def population(graph, count, missing=0.005, drawn=0.06):
    """Return `count` applicants, the same every time; `missing` and `drawn` are shares of the values."""
    chance = np.random.default_rng(SEED)
    columns = []
    for (name, item), sound in zip(graph.inputs.items(), SOUND[graph.id].split(), strict=True):
        if item.kept.type == "int":
            high = min(item.kept.high, USUAL.get(name, 4 * max(1, int(sound))))
            values = pl.Series(name, chance.integers(item.kept.low, high, count, endpoint=True), dtype=pl.Int64)
            usual = int(sound)
        else:
            words = item.values or (False, True)
            values = pl.Series(name, [words[place] for place in chance.integers(0, len(words), count)])
            usual = sound if item.values else sound == "1"
        values = values.set(pl.Series(chance.random(count) > drawn), usual)
        columns.append(values.set(pl.Series(chance.random(count) < (0 if item.required else missing)), None))
    return pl.DataFrame(columns)


def alike(graph, engine, people):
    """Return how many rows differ, as whole decisions, the seconds of the engine, and its answers."""
    columns = PolicyColumns(graph)
    decided = columns.decisions(people, columns.decide(people))
    listed = people.to_dicts()
    with Stopwatch() as watch:
        online = [engine.decide(graph.id, person) for person in listed]
    return sum(left != right for left, right in zip(online, decided, strict=True)), watch.seconds, online


def columns_of(graph, people):
    """Return the answers of all, and the seconds: inputs checked, policy run, one core."""
    columns = PolicyColumns(graph)
    columns.decide(people.head(1000))
    with Stopwatch() as watch:
        answers = columns.decide(people)
    return answers, watch.seconds


def digest(answers):
    """Return the bytes of outcomes and rules, for the hash."""
    return b"".join(str(answers[name].to_list()).encode() for name in ("outcome", "hit_bits", "open_bits"))


def zen_alone(graph, person, count):
    """Return evaluations a second from a static loader, and from a decision object that compiles at each call."""
    jdm = hardened(graph)
    engine = zen.ZenEngine({"loader": {"type": "static", "content": {"p": jdm}}})
    decision = zen.ZenEngine().create_decision(json.dumps(jdm))
    rates = []
    for run in (lambda: engine.evaluate("p", person), lambda: decision.evaluate(person)):
        run()
        start = time.process_time()
        for _ in range(count):
            run()
        rates.append(count / (time.process_time() - start))
    return rates


def contest():
    """Return the comparison on the 123 rated firms; a rating's PD is its share of defaults, (k + 1) / (n + 2)."""
    path = CONTEST / "credit_history_enterprise_information.csv"
    if not path.is_file():
        return None
    with path.open(encoding="utf-8-sig") as file:
        rows = [(row["企业代号"], row["信誉评级"], row["是否违约"] == "是") for row in csv.DictReader(file)]
    rated, failed = Counter(row[1] for row in rows), Counter(row[1] for row in rows if row[2])
    pd_ppm = {rating: (failed[rating] + 1) * 1_000_000 // (count + 2) for rating, count in rated.items()}
    firms = [Firm(name, rating, pd_ppm[rating]) for name, rating, _ in rows]
    return compare(firms, Setting(budget_minor=3_000_000_000, lgd_ppm=600_000, funding_ppm=20_000))


def main(count=1_000_000, one_by_one=5_000):
    """Print rates, p50 and p99, differences, memory and a hash of all answers."""
    graphs = shipped()
    with Stopwatch() as loading:
        engine = PolicyEngine(graphs.values())
    print(f"{len(graphs)} policies made ready in {loading.seconds * 1e3:.0f} ms")
    hashes = []
    for name, graph in graphs.items():
        people = population(graph, count)
        differ, seconds, online = alike(graph, engine, people.head(one_by_one))
        person = people.row(0, named=True)
        middle, high = percentiles(lambda g=name, p=person: engine.decide(g, p), min(one_by_one, 2000))
        loader, decision = zen_alone(graph, person, min(one_by_one, 1000))
        answers, batch = columns_of(graph, people)
        hashes.append(digest(answers))
        outcomes = Counter(item.outcome for item in online)
        print(f"{name}: {len(graph.rules)} rules; {dict(sorted(outcomes.items()))} of {len(online):,}")
        print(
            f"  one at a time {len(online) / seconds:,.0f} a second, p50 {middle * 1e3:.3f} ms, "
            f"p99 {high * 1e3:.3f} ms; "
            f"zen alone {loader:,.0f} a CPU second by static loader, {decision:,.0f} by decision object"
        )
        print(f"  columns {count / batch:,.0f} a second and core; {differ} of {len(online):,} rows differ from zen")
    print(f"peak {peak_mb():.0f} MB; hash {short_hash(*hashes)}")
    found = contest()
    if found is None:
        print("the contest's firms are not beside the project: profit not measured")
    else:
        best, flat, even = (part.profit_minor / 100 for part in (found.best, found.flat, found.even))
        print(
            f"123 rated firms, 30 million yuan: {best:,.0f} yuan a year (none earns more than "
            f"{found.best.bound_minor / 100:,.0f}); one rate for all {flat:,.0f} at {found.flat_rate_ppm / 1e4} %; "
            f"one rate and amount {even:,.0f} at {found.even_rate_ppm / 1e4} %"
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
