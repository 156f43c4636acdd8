"""Features at scale: events to features of every party, split by party; and 1.1 million real VAT invoices.

The events are synthetic (fixed seed): wages, wallet and bank flows, bills, orders, sales, repayments, inquiries,
invoices; about 100 a party, 24 months. Peers in the same run: three bare aggregates (by month, by counterparty, days)
over the same file in Polars streaming and, where installed, DuckDB: they make 3 small tables, where features make
every line of the catalogue. Each workload runs in a process of its own, so that its peak memory is its own. The hash
is of all features of all parties in order, and the same for any number of parts and either engine.

    python benchmarks/features.py [events] [events a part] [ray]
"""

import multiprocessing
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from measure import Stopwatch, peak_mb, short_hash
from puhui.batch.engines import in_turn, threads
from puhui.credit.events import SCHEMA, as_instants
from puhui.credit.features.catalogue import FEATURES
from puhui.credit.features.compute import features_of, features_of_party
from puhui.credit.features.files import PART_EVENTS, Job, features_of_file

AS_OF = datetime(2026, 6, 30, 15, 59, 59, 999999, tzinfo=UTC)
CHUNK = 1_000_000
EVENTS_A_PARTY = 100
# kind -> share of the events, sign, counterparties
MIX = {
    "wallet_out": (0.30, -1, 400),
    "order": (0.20, -1, 200),
    "sale": (0.12, 1, 300),
    "bank_in": (0.08, 1, 20),
    "bank_out": (0.08, -1, 50),
    "bill": (0.08, -1, 8),
    "repayment": (0.05, -1, 10),
    "wage": (0.03, 1, 3),
    "invoice_sold": (0.02, 1, 40),
    "invoice_bought": (0.02, 1, 40),
    "balance": (0.01, 1, 3),
    "inquiry": (0.01, 0, 30),
}
INVOICES = Path(__file__).resolve().parents[2] / "shared" / "data" / "cumcm2020c"
SIDES = (("进项", "invoice_bought", "销方单位代号"), ("销项", "invoice_sold", "购方单位代号"))


class Clocks(Stopwatch):
    """Seconds of a block, and the seconds of all cores in this process: a busy machine does not lengthen these."""

    def __enter__(self):
        self._cores = time.process_time()
        return super().__enter__()

    def __exit__(self, *_):
        super().__exit__()
        self.core_seconds = time.process_time() - self._cores


def alone(function, *arguments):
    """Return what a function returns, run in a process of its own, and that process's peak memory in MB."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_with_peak, function, arguments).result()


def _with_peak(function, arguments):
    return function(*arguments), peak_mb()


# --- synthetic events


def make_events(path, events, seed=0):
    """Write so many events, in no order of party or time."""
    with tempfile.TemporaryDirectory() as name:
        parts = []
        for number, start in enumerate(range(0, events, CHUNK)):
            rows = min(CHUNK, events - start)
            part = Path(name) / f"{number:04d}.parquet"
            _chunk(rows, max(1, events // EVENTS_A_PARTY), np.random.default_rng((seed, number))).write_parquet(part)
            parts.append(part)
        pl.scan_parquet(parts).sink_parquet(path)


def _chunk(rows, parties, random):
    kinds, signs = list(MIX), np.array([sign for _, sign, _ in MIX.values()])
    kind = random.choice(len(kinds), rows, p=[share for share, _, _ in MIX.values()])
    many = np.array([count for _, _, count in MIX.values()])
    hours = random.integers(0, 730 * 24, rows)
    at = np.datetime64("2026-06-30T12", "us") - hours * np.timedelta64(1, "h")
    amount = np.exp(random.normal(9.5, 1.2, rows)).astype(np.int64) + 1
    due, back = np.isin(kind, [kinds.index("bill"), kinds.index("repayment")]), random.random(rows) < 0.05
    returns, paper = (kind == kinds.index("order")) | (kind == kinds.index("sale")), kind >= kinds.index("invoice_sold")
    late = np.clip(random.normal(-2, 6, rows), -20, 60).astype(np.int32)
    frame = pl.DataFrame(
        {
            "party": random.integers(0, parties, rows),
            "kind": pl.Series(kind).replace_strict(list(range(len(kinds))), kinds, return_dtype=pl.String),
            "amount_minor": amount * signs[kind],
            "at": at,
            "recorded_at": at + random.integers(0, 48, rows) * np.timedelta64(1, "h"),
            "counterparty": random.integers(0, 10**6, rows) % many[kind],
            "late_days": late,
        }
    )
    paper &= kind <= kinds.index("invoice_bought")
    status = (
        pl.when(pl.Series(returns & back)).then(pl.lit("returned")).when(pl.Series(paper & back)).then(pl.lit("void"))
    )
    return frame.select(
        pl.format("P{}", "party").alias("party"),
        "kind",
        pl.when(pl.col("kind") != "inquiry").then("amount_minor").alias("amount_minor"),
        pl.col("at").dt.replace_time_zone("UTC"),
        pl.col("recorded_at").dt.replace_time_zone("UTC"),
        pl.format("{}-{}", "kind", "counterparty").alias("counterparty"),
        pl.lit("made").alias("source"),
        pl.lit("credit").alias("consent"),
        status.alias("status"),
        pl.when(pl.Series(due)).then("late_days").alias("late_days"),
        pl.lit(None, dtype=SCHEMA["area_m2"]).alias("area_m2"),
    )


# --- ours


def hash_of(frame):
    """Return a hash of every value of a frame, in order, with what is null."""
    columns = (frame[name] for name in frame.columns)
    return short_hash(
        *(
            "\n".join(column).encode()
            if column.dtype == pl.String
            else column.is_null().to_numpy().tobytes() + column.fill_null(0).to_numpy().tobytes()
            for column in columns
        )
    )


def run_features(source, target, part_events, engine):
    """Return seconds, parties and the hash of the features of a file."""
    if engine == "ray":
        from puhui.batch.ray_engine import ray_tasks

        runs = ray_tasks()
    else:
        runs = threads() if engine == "threads" else in_turn
    job = Job(Path(source), Path(target), AS_OF, part_events=part_events, folder=str(Path(target).parent))
    with Clocks() as watch:
        done = features_of_file(job, runs)
    return watch.seconds, watch.core_seconds, done.parties, hash_of(pl.read_parquet(target))


# --- peers: three aggregates, the first step of features and no more


def bare_polars(source):
    """Return seconds and rows of sums by month, sums by counterparty, and active days."""
    events = pl.scan_parquet(source).filter(pl.col("at") <= AS_OF, pl.col("recorded_at") <= AS_OF)
    good = events.filter(pl.col("status").is_null())
    month = (pl.col("at").dt.year() * 12 + pl.col("at").dt.month()).alias("month")
    plans = [
        good.group_by("party", "kind", month).agg(pl.len(), pl.col("amount_minor").sum()),
        good.group_by("party", "kind", "counterparty").agg(pl.len(), pl.col("amount_minor").sum()),
        good.group_by("party", "kind").agg(pl.col("at").dt.date().n_unique()),
    ]
    with Clocks() as watch:
        rows = [frame.height for frame in pl.collect_all(plans, engine="streaming")]
    return watch.seconds, watch.core_seconds, rows


def bare_duckdb(source):
    """Return seconds and rows of the same in DuckDB."""
    import duckdb

    good = f"from '{source}' where at <= $1 and recorded_at <= $1 and status is null"
    queries = (
        f"select party, kind, date_trunc('month', at), count(*), sum(amount_minor) {good} group by all",
        f"select party, kind, counterparty, count(*), sum(amount_minor) {good} group by all",
        f"select party, kind, count(distinct at::date) {good} group by all",
    )
    with duckdb.connect() as connection, Clocks() as watch:
        rows = [connection.execute(query, [AS_OF]).fetch_arrow_table().num_rows for query in queries]
    return watch.seconds, watch.core_seconds, rows


def _peer(name, measured, peak):
    seconds, cores, rows = measured
    return f"{name}: {seconds:.2f} s ({cores:.1f} core seconds), {sum(rows):,} rows; peak {peak:.0f} MB"


# --- real invoices


def invoice_events(folder=INVOICES):
    """Return the events of the invoices of cumcm2020c, lazily: face amounts, the day of the paper."""
    return pl.concat(
        _invoices(folder / f"{firms}家_{side}发票.parquet", kind, other)
        for firms in (123, 302)
        for side, kind, other in SIDES
    )


def _invoices(path, kind, other):
    at = as_instants(pl.col("开票日期"))
    return pl.scan_parquet(path).select(
        pl.col("企业代号").alias("party"),
        pl.lit(kind).alias("kind"),
        (pl.col("价税合计") * 100).round().cast(pl.Int64).alias("amount_minor"),
        at.alias("at"),
        at.alias("recorded_at"),
        pl.col(other).alias("counterparty"),
        pl.lit("cumcm2020c").alias("source"),
        pl.lit("credit").alias("consent"),
        pl.when(pl.col("发票状态") == "作废发票").then(pl.lit("void")).alias("status"),
    )


def run_invoices(times=3):
    """Return the seconds from files to features, firms, filled features, a hash, and seconds of one firm online."""
    as_of = datetime(2020, 2, 29, 15, 59, 59, 999999, tzinfo=UTC)
    seconds, cores = [], []
    for _ in range(times):
        with Clocks() as watch:
            features = features_of(invoice_events(), as_of)
        seconds.append(watch.seconds)
        cores.append(watch.core_seconds)
    filled = sum(features[name].count() > 0 for name in FEATURES)
    one = invoice_events().filter(pl.col("party") == "E20").collect()
    online = []
    for _ in range(times * 3):
        with Clocks() as watch:
            features_of_party(one, "E20", as_of)
        online.append(watch.seconds)
    return seconds, cores, features.height, filled, hash_of(features), sorted(online)[len(online) // 2], one.height


def main(events=1_000_000, part_events=PART_EVENTS, with_ray=False):
    """Run all; small inside tests."""
    print(f"{events:,} events, {len(FEATURES)} features, {part_events:,} events a part, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name:
        source, target = Path(name) / "events.parquet", Path(name) / "features.parquet"
        (_, _) = alone(make_events, source, events)
        print(f"file: {source.stat().st_size / 1e6:.0f} MB")
        for engine in ("threads", *(["ray"] if with_ray else [])):
            (seconds, cores, parties, digest), peak = alone(run_features, source, target, part_events, engine)
            rate = events / seconds / 1e6
            print(
                f"features, {engine}: {seconds:.2f} s ({cores:.1f} core seconds) = {rate:.2f} million events/s, "
                f"{parties:,} parties; peak {peak:.0f} MB{' without the workers' * (engine == 'ray')}; hash {digest}"
            )
        print(_peer("bare Polars, 3 aggregates", *alone(bare_polars, source)))
        try:
            print(_peer("DuckDB, the same 3", *alone(bare_duckdb, source)))
        except ImportError:
            print("DuckDB is not installed: not measured")
    if INVOICES.is_dir():
        (seconds, cores, firms, filled, digest, online, own), peak = alone(run_invoices)
        print(
            f"cumcm2020c, 4 files of 1,099,441 invoices to {filled} filled features of {firms} firms: "
            f"{', '.join(f'{each:.2f}' for each in seconds)} s ({min(cores):.1f} core seconds); "
            f"peak {peak:.0f} MB; hash {digest}"
        )
        print(f"one firm online, {own:,} invoices: p50 {online * 1e3:.0f} ms")
    else:
        print("cumcm2020c is not here: not measured")
    print(f"load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]), with_ray=sys.argv[3:] == ["ray"])
