"""Rule checks of 2,000 random proposals (every kind of lender, product and moment, complete and incomplete facts).

Target: p50 under 1 ms for the check of one offer. Measured in the same run: a full retail offer of a bank (the
longest list of rules), the share of merely finding the rules, and reading the rulebook from YAML.
"""

import random
import sys
from datetime import date, timedelta

from measure import Stopwatch, one_core, peak_mb, percentiles, short_hash
from puhui.rulebook.check import check
from puhui.rulebook.loader import default_rulebook, load_rulebook
from puhui.rulebook.metrics import metrics
from puhui.rulebook.subject import Subject
from puhui.rulebook.vocabulary import LENDERS, MOMENTS, PRODUCTS

SEED = 20_260_801
OFFER = Subject("bank", ("facilitated", "personal_consumer", "bullet", "revolving"), region="410329")


def fact(chance, metric, day):
    """Draw a value that the metric takes, of everyday size."""
    if metric.type == "bool":
        return chance.random() < 0.5
    if metric.type == "date":
        return day - timedelta(days=chance.randrange(2000))
    if metric.type == "list":
        return chance.sample(["travel", "renovation", "house", "medical"], 2)
    if metric.type == "text":
        return chance.choice(metric.values or ("CNY", "USD"))
    return chance.choice((0, 12, 60, 90, 240_000, 240_001, 700_000, 20_000_000, chance.randrange(10**8)))


def proposal(chance, subject, day, known=0.85):
    """Return a proposal with `known` of the facts that its rules read."""
    names = default_rulebook().metrics_used(subject, day)
    facts = {name: fact(chance, metrics()[name], day) for name in names if chance.random() < known}
    return subject, facts, day


def proposals(count):
    """Return the same `count` proposals every time."""
    chance = random.Random(SEED)
    lenders, tags, moments = sorted(LENDERS), sorted(PRODUCTS), sorted(MOMENTS)
    made = []
    for _ in range(count):
        products = tuple(chance.sample(tags, chance.randint(1, 4)))
        subject = Subject(chance.choice(lenders), products, "410329", chance.choice(moments))
        day = date(2020, 1, 1) + timedelta(days=chance.randrange(3000))
        made.append(proposal(chance, subject, day))
    return made


def run(count=2000):
    """Check `count` proposals one by one; return seconds of each and the bytes of their outcomes."""
    seconds, outcomes = [], []
    for subject, facts, day in proposals(count):
        with Stopwatch() as watch:
            report = check(subject, facts, day)
        seconds.append(watch.seconds)
        outcomes.append(",".join(f"{item.rule_id}:{item.outcome}" for item in report.findings))
    return sorted(seconds), "\n".join(outcomes).encode()


def main(count=2000):
    """Print loading, p50, p99, rate, memory and a hash of the outcomes."""
    one_core()
    with Stopwatch() as reading:
        default_rulebook()
    again, _ = percentiles(load_rulebook, 5)
    seconds, outcomes = run(count)
    offer = proposal(random.Random(SEED), OFFER, date(2026, 11, 23), known=1)
    findings = len(check(*offer).findings)
    one, worst = percentiles(lambda: check(*offer), count)
    found, _ = percentiles(lambda: default_rulebook().applicable(OFFER, offer[2]), count)
    middle, high = seconds[len(seconds) // 2], seconds[int(len(seconds) * 0.99)]
    print(f"reading the rulebook {reading.seconds * 1e3:.0f} ms (143 rules; again {again * 1e3:.0f} ms)")
    print(
        f"{count} random proposals: p50 {middle * 1e3:.3f} ms, p99 {high * 1e3:.3f} ms, "
        f"{count / sum(seconds):,.0f} a second"
    )
    print(f"one retail offer, {findings} rules: p50 {one * 1e3:.3f} ms, p99 {worst * 1e3:.3f} ms (target p50 < 1 ms)")
    print(f"of it finding the rules {found * 1e3:.3f} ms; peak {peak_mb():.0f} MB; hash {short_hash(outcomes)}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
