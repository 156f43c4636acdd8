"""Importing a Parquet file of 10,000,000 applications: typed, checked, ids held apart, written as parts.

Limit in the same run: a bare Polars scan of the same columns, streamed into one Parquet file (nothing checked).
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

from measure import Stopwatch, peak_mb, short_hash
from puhui.adapters.table_import import import_files
from puhui.credit.data.mapping import mapping_of

SEED = 20261124
PART_ROWS = 250_000
MAPPING = {
    "name": "benchmark",
    "title": {"zh": "基准", "en": "Benchmark"},
    "applications": {
        "application": "id",
        "applied_on": {"column": "day"},
        "label": {"column": "outcome", "bad": ["bad"], "good": ["good"]},
        "columns": {
            "income": {"type": "money", "least": 0, "missing": [-1]},
            "ratio": {"type": "number", "least": 0, "most": 10},
            "age": {"type": "whole", "least": 18, "most": 110},
            "late": {"type": "whole", "special": [96, 98], "least": 0},
            "limit": {"type": "number"},
            "job": {"type": "category"},
            "owner": {"type": "flag"},
        },
    },
}


def make(path, rows):
    """Write `rows` applications, one in a thousand of them wrong; fixed seed, row groups of PART_ROWS."""
    import pyarrow.parquet as pq

    writer = None
    for start in range(0, rows, PART_ROWS):
        random = np.random.default_rng(SEED + start)
        count = min(PART_ROWS, rows - start)
        age = random.integers(18, 90, count)
        age[random.random(count) < 0.001] = 7
        frame = pl.DataFrame(
            {
                "id": np.arange(start, start + count),
                "day": np.datetime64("2019-01-01") + random.integers(0, 2000, count).astype("timedelta64[D]"),
                "outcome": np.where(random.random(count) < 0.07, "bad", "good"),
                "income": np.where(random.random(count) < 0.05, -1.0, random.integers(0, 5_000_000, count) / 100),
                "ratio": random.random(count),
                "age": age,
                "late": random.choice([0, 0, 0, 1, 2, 96], count),
                "limit": random.random(count) * 1e6,
                "job": random.choice(["农户", "个体", "工薪", "企业主"], count),
                "owner": random.integers(0, 2, count),
                "unread": random.random(count),
            }
        )
        table = frame.to_arrow()
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    writer.close()


def run_import(path, folder):
    """Print the import; return its seconds."""
    with Stopwatch() as watch:
        done = import_files([path], mapping_of(MAPPING), folder)
    assert done.rows_in == done.rows_out + done.rows_aside
    parts = pl.scan_parquet(folder / "applications" / "*.parquet")
    sums = parts.select(pl.len(), pl.col("income").sum(), pl.col("age", "late", "label").cast(pl.Int64).sum())
    figures = repr((sums.collect().rows(), done.rows_aside)).encode()
    account = f"{done.rows_in:,} rows = {done.rows_out:,} out + {done.rows_aside:,} set aside"
    rate = done.rows_in / watch.seconds / 1e6
    print(
        f"import: {account} in {watch.seconds:.2f} s = {rate:.2f} million rows/s; "
        f"peak {peak_mb():.0f} MB; hash {short_hash(figures)}"
    )
    return watch.seconds


def run_bare(path, folder):
    """Print a bare scan and sink of the same columns; return its seconds."""
    columns = ["id", "day", "outcome", *MAPPING["applications"]["columns"]]
    with Stopwatch() as watch:
        pl.scan_parquet(path).select(columns).sink_parquet(folder / "bare.parquet")
    print(f"limit, bare Polars scan and sink: {watch.seconds:.2f} s; peak {peak_mb():.0f} MB")
    return watch.seconds


def main(rows=10_000_000):
    """Run both, each in a process of its own when large so that each has its own peak; small inside tests."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "applications.parquet"
        make(path, rows)
        print(f"file: {path.stat().st_size / 2**20:.0f} MB of Parquet")
        if rows <= PART_ROWS:
            taken, bare = run_import(path, folder / "out"), run_bare(path, folder)
        else:
            taken, bare = _apart("import", folder), _apart("bare", folder)
        print(f"import / bare: {taken / bare:.1f} x the time")


def _apart(what, folder):
    """Run one of the two in a process of its own; print what it prints; return its seconds."""
    done = subprocess.run([sys.executable, __file__, what, str(folder)], capture_output=True, text=True, check=True)
    *lines, seconds = done.stdout.splitlines()
    print(*lines, sep="\n")
    return float(seconds)


if __name__ == "__main__":
    if sys.argv[1:2] == ["import"]:
        print(run_import(Path(sys.argv[2]) / "applications.parquet", Path(sys.argv[2]) / "out"))
    elif sys.argv[1:2] == ["bare"]:
        print(run_bare(Path(sys.argv[2]) / "applications.parquet", Path(sys.argv[2])))
    else:
        main(*map(int, sys.argv[1:]))
