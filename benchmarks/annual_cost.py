"""Annual cost of a book of 1,000,000 loans x 36 instalments on one core, and of one loan.

Peers on the same flows in the same run, a call a loan, on a part of the book: pyxirr and numpy-financial; and our
own scalar solver. Limit in the same run: turning the whole flows (int64) into float64 once, chunk by chunk.
"""

import sys
from datetime import date, timedelta

import numpy as np

from measure import Stopwatch, one_core, peak_mb, percentiles, short_hash
from puhui.products.annual_cost import figures, nominal
from puhui.products.annual_cost_columns import CHUNK, figures_columns, irr_columns

INSTALMENTS = 36
START = date(2024, 1, 31)


def level_book(loans):
    """Return flows (37, loans) of level loans at 3 to 36 % a year, a third of them with a fee deducted."""
    random = np.random.default_rng(20261124)
    principal = random.integers(1_000_000, 30_000_000, loans)
    rate = random.uniform(0.03, 0.36, loans) / 12
    flows = np.empty((INSTALMENTS + 1, loans), np.int64)
    flows[1:] = -np.rint(principal * rate / (1 - (1 + rate) ** -INSTALMENTS)).astype(np.int64)
    flows[0] = principal - principal * (random.integers(0, 3, loans) == 0) // 50
    return flows, random


def mixed_book(loans):
    """Return flows of every fifth: level, equal principal, interest first, flat with a fee, drawn a second time."""
    flows, random = level_book(loans)
    principal = flows[0].copy()
    interest = principal * random.uniform(0.03, 0.24, loans) / 12
    left = 1 - np.arange(INSTALMENTS)[:, None] / INSTALMENTS
    flows[1:, 1::5] = -(principal[1::5] // INSTALMENTS + (interest[1::5] * left).astype(np.int64))
    flows[1:, 2::5] = -interest[2::5].astype(np.int64)
    flows[INSTALMENTS, 2::5] -= principal[2::5]
    flows[1:, 3::5] = -(principal[3::5] // INSTALMENTS + interest[3::5].astype(np.int64))
    flows[0, 3::5] = principal[3::5] * 97 // 100
    flows[6, 4::5] += principal[4::5]
    flows[7:, 4::5] = flows[7:, 4::5] * 9 // 4
    return flows, random


def due_days(loans, random):
    """Return days since disbursement of monthly due dates, each loan on its own calendar."""
    gaps = random.integers(28, 32, (INSTALMENTS, loans), dtype=np.int32)
    return np.vstack([np.zeros((1, loans), np.int32), np.cumsum(gaps, axis=0, dtype=np.int32)])


def run_columns(name, flows, days=None):
    """Print the rate over a book, with the hash of its ppm."""
    loans = flows.shape[1]
    with Stopwatch() as watch:
        found = figures_columns(flows, days=days)
    parts = [found.irr_x12_ppm, found.effective_ppm, *([] if days is None else [found.xirr_365_ppm])]
    print(
        f"{name}: {loans:,} loans in {watch.seconds:.2f} s = {loans / watch.seconds / 1e6:.2f} million loans/s; "
        f"peak {peak_mb():.0f} MB; hash {short_hash(*(part.tobytes() for part in parts))}"
    )
    return found


def run_rates(flows):
    """Print the rate of the root finder alone."""
    with Stopwatch() as watch:
        rates = irr_columns(flows)
    loans = flows.shape[1]
    print(
        f"rate per period alone: {loans / watch.seconds / 1e6:.2f} million loans/s; "
        f"hash {short_hash(np.rint(rates * 1e12).tobytes())}"
    )


def run_limit(flows):
    """Print how fast the flows can be read and turned into floats, which any solver on columns must do."""
    with Stopwatch() as watch:
        for start in range(0, flows.shape[1], CHUNK):
            flows[:, start : start + CHUNK].astype(np.float64)
    print(f"limit, flows to float64: {flows.shape[1] / watch.seconds / 1e6:.2f} million loans/s")


def run_peers(flows, found, loans):
    """Print a call a loan: pyxirr, numpy-financial, our scalar solver; and their largest difference from ours."""
    import numpy_financial
    import pyxirr

    part = min(loans, flows.shape[1])
    columns = [flows[:, loan].astype(float) for loan in range(part)]
    ours = found.irr_x12[:part]
    for name, function, share in (
        ("pyxirr.irr", pyxirr.irr, 1),
        ("numpy-financial irr", numpy_financial.irr, 20),
        ("scalar nominal()", lambda flow: nominal(flow.tolist(), range(len(flow))).irr_x12 / 12, 2),
    ):
        some = columns[: max(1, part // share)]
        with Stopwatch() as watch:
            rates = np.array([function(flow) for flow in some])
        apart = np.abs(12 * rates - ours[: len(some)]).max()
        print(f"{name}, a call a loan: {len(some) / watch.seconds:,.0f} loans/s; at most {apart:.0e} from ours")


def run_single(times):
    """Print the three figures of one plan, in Python."""
    flows, _ = level_book(1)
    amounts = flows[:, 0].tolist()
    on = [START + timedelta(30 * month) for month in range(INSTALMENTS + 1)]
    p50, p99 = percentiles(lambda: figures(amounts, range(INSTALMENTS + 1), on), times)
    print(f"one loan, three figures: p50 {p50 * 1e3:.3f} ms, p99 {p99 * 1e3:.3f} ms")


def main(loans=1_000_000, times=2000, peers=20_000):
    one_core()
    run_single(times)
    flows, random = level_book(loans)
    run_limit(flows)
    run_rates(flows)
    found = run_columns("IRR x 12 and effective", flows)
    run_peers(flows, found, peers)
    run_columns("all three figures, own dates", flows, due_days(loans, random))
    del flows
    run_columns("mixed book, IRR x 12 and effective", mixed_book(loans)[0])


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
