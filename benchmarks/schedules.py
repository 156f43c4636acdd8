"""Repayment plans of a book of 1,000,000 loans x 36 instalments on one core, in blocks; and of one loan.

Peer in the same run: numpy-financial's ppmt/ipmt over the same level loans (float64, no dates, no cents). Limit in
the same run: writing as many int64 figures to memory.
"""

import sys

import numpy as np

from measure import Stopwatch, one_core, peak_mb, percentiles, short_hash
from puhui.products.annual_cost_plan import plan_cost
from puhui.products.schedule import schedule
from puhui.products.schedule_columns import schedule_columns
from puhui.products.terms import read_terms

COMMON = {"principal_minor": 10**6, "annual_rate_ppm": 60_000, "instalments": 36, "disbursed_on": "2024-01-15"}
LEVEL = [{"method": m, "day_count": "30/360"} for m in ("annuity", "equal_principal", "flat", "interest_only")]
MIXED = [
    *LEVEL,
    {"method": "annuity", "day_count": "act/365"},
    {"method": "annuity", "day_count": "act/act", "rounding": "half_even"},
    {"method": "annuity", "day_count": "30/360", "grace": {"principal": 6}},
    {"method": "balloon", "day_count": "30/360", "amortisation_instalments": 60},
    {"method": "step", "day_count": "30/360", "step_every": 12, "step_ppm": 30_000},
    {"method": "seasonal", "day_count": "act/360", "income_months": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]},
    {"method": "custom", "day_count": "30/360", "weights": [1] * 35 + [10]},
    {"method": "annuity", "day_count": "30/360", "holiday_roll": "following", "down_payment_ppm": 200_000},
]


def book(templates, loans):
    """Return templates, which each loan follows, and columns; fixed seed."""
    random = np.random.default_rng(20261124)
    columns = {
        "principal_minor": random.integers(100_000, 100_000_000, loans),
        "annual_rate_ppm": random.integers(0, 240_000, loans),
        "disbursed_on": np.datetime64("2019-01-01") + random.integers(0, 2500, loans),
    }
    return [read_terms({**COMMON, **t}) for t in templates], random.integers(0, len(templates), loans), columns


def run_book(name, templates, loans):
    """Print the rate over a book, with the hash of every figure."""
    terms, follows, columns = book(templates, loans)
    rows = 0
    with Stopwatch() as watch:
        for block in schedule_columns(terms, follows, columns):
            rows += block.total_minor.size
    sums = np.zeros((5, loans), dtype=np.int64)
    for block in schedule_columns(terms, follows, columns):
        figures = (block.principal_minor, block.interest_minor, block.total_minor, block.outstanding_principal_minor)
        weight = np.arange(1, len(block.total_minor) + 1)
        for place, figure in enumerate((*figures, block.due_days)):
            sums[place, block.loans] = weight @ figure
    rate = rows / watch.seconds / 1e6
    print(
        f"{name}: {loans:,} loans, {rows:,} rows in {watch.seconds:.2f} s = {rate:.1f} million rows/s; "
        f"peak {peak_mb():.0f} MB; hash {short_hash(sums.tobytes())}"
    )
    return watch.seconds / rows


def run_peer(loans):
    """Print numpy-financial on the level loans."""
    import numpy_financial

    _, _, columns = book(LEVEL[:1], loans)
    rate = columns["annual_rate_ppm"] / 12e6 + 1e-9
    with Stopwatch() as watch:
        for period in range(1, 37):
            numpy_financial.ipmt(rate, period, 36, -columns["principal_minor"])
            numpy_financial.ppmt(rate, period, 36, -columns["principal_minor"])
    per_row = watch.seconds / (36 * loans)
    print(f"numpy-financial ipmt + ppmt, annuity, float64: {1e-6 / per_row:.1f} million rows/s")
    return per_row


def run_limit(loans):
    """Print how fast as many figures (five a row) can be written to fresh memory."""
    with Stopwatch() as watch:
        for _ in range(max(1, loans // 8192)):
            for _ in range(5):
                np.ones((36, 8192), dtype=np.int64)
    per_row = watch.seconds / (36 * 8192 * max(1, loans // 8192))
    print(f"limit, writing five int64 a row: {1e-6 / per_row:.1f} million rows/s")


def run_single(times):
    """Print one plan with its annual cost, in Python."""
    terms = read_terms({**COMMON, "method": "annuity", "day_count": "30/360"})
    for name, function in (
        ("one schedule", lambda: schedule(terms)),
        ("one schedule + annual cost (three figures)", lambda: plan_cost(schedule(terms))),
    ):
        p50, p99 = percentiles(function, times)
        print(f"{name}, 36 instalments: p50 {p50 * 1e3:.3f} ms, p99 {p99 * 1e3:.3f} ms")
    cost = plan_cost(schedule(terms)).contract
    print(f"hash {short_hash(repr((schedule(terms).rows, cost.irr_x12_ppm, cost.xirr_365_ppm)).encode())}")


def main(loans=1_000_000, times=2000):
    """Run all; `loans` and `times` small inside tests."""
    one_core()
    level = run_book("level methods", LEVEL, loans)
    run_book("twelve mixed templates", MIXED, loans)
    peer = run_peer(min(loans, 200_000))
    print(f"level methods / numpy-financial, same core: {peer / level:.1f} x")
    run_limit(loans)
    run_single(times)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
