"""Features of a file of events of any size: split by party, one task a part, parts put together.

    features_of_file(Job(source, target, as_of), engine)

A party lies in one part, and parts know nothing of each other. A task is plain data: threads run it here, a cluster
anywhere that sees the files (`batch.engines`, `batch.ray_engine`). Memory is that of the parts under way.
"""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from puhui.credit.events import checked, tidy
from puhui.credit.features.catalogue import version
from puhui.credit.features.compute import features_of
from puhui.credit.features.known import Moment
from puhui.kernel.language import Text
from puhui.kernel.refusals import INPUT_UNREADABLE, declare

TARGET_UNWRITABLE = declare(
    "TARGET_UNWRITABLE",
    400,
    "无法写入 {name}：没有该文件夹或无权写入。请换一个位置。",
    "Cannot write {name}: there is no such folder, or it may not be written. Choose another place.",
)

# A part takes about 1 GB for each million of its events while it is worked out.
PART_EVENTS: Final = 500_000


@dataclass(frozen=True, slots=True)
class Job:
    """Which events to read, where to write, as of when. folder: for parts on their way, "" for a temporary one.

    names: features, all when empty. part_events: about how many events a part has.
    """

    source: Path
    target: Path
    as_of: Moment
    names: tuple[str, ...] = ()
    part_events: int = PART_EVENTS
    folder: str = ""


@dataclass(frozen=True, slots=True)
class PartTask:
    """One part: its files of events, the file of features to write."""

    sources: tuple[str, ...]
    target: str
    as_of: Moment
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PartResult:
    """What one part came to."""

    target: str
    events: int
    parties: int


Engine = Callable[[Callable[[PartTask], PartResult], Iterable[PartTask]], Iterator[PartResult]]


def features_of_file(job: Job, engine: Engine) -> PartResult:
    """Write the features of every party of a file, sorted by party; return how many events and parties.

    The file says in its metadata as of when and by which version of the features it was made. It is there whole or
    not at all. Refuses TARGET_UNWRITABLE, INPUT_UNREADABLE, EVENTS_COLUMNS_WRONG and EVENTS_ROWS_WRONG.
    """
    if not os.access(job.target.parent, os.W_OK):
        raise TARGET_UNWRITABLE.refuse("out", name=str(job.target))
    events = count_events(job.source)
    checked(pl.scan_parquet(job.source))
    with tempfile.TemporaryDirectory(dir=job.folder or None) as name:
        folder = Path(name)
        results = list(engine(run_part, tasks_of(job, split(job, folder, events), folder)))
        parts = [result.target for result in results]
        half = job.target.with_name(job.target.name + ".half")
        pl.scan_parquet(parts).sort("party").sink_parquet(half, compression="zstd", metadata=metadata(job))
        half.replace(job.target)
    return PartResult(str(job.target), events, sum(result.parties for result in results))


def metadata(job: Job) -> dict[str, str]:
    """Return what a file of features says of itself."""
    return {"puhui.as_of": job.as_of.isoformat(), "puhui.features_version": version(job.names or None)}


def count_events(path: Path) -> int:
    """Return how many rows a Parquet file says it has; refuse INPUT_UNREADABLE."""
    try:
        return int(pl.scan_parquet(path).select(pl.len()).collect().item())
    except OSError as error:
        raise INPUT_UNREADABLE.refuse(name=str(path), problem=error.strerror or "Parquet") from None
    except pl.exceptions.ComputeError as error:
        raise INPUT_UNREADABLE.refuse(name=str(path), problem=str(error).splitlines()[0]) from None


def read_table(path: Path) -> pl.DataFrame:
    """Return a Parquet file with one row a party; refuse INPUT_UNREADABLE, also where party is missing or twice."""
    count_events(path)
    table = pl.read_parquet(path)
    if "party" not in table.columns or table["party"].is_duplicated().any():
        problem = Text("需要 party 列，每个当事人一行", "it takes a column party, one row a party")
        raise INPUT_UNREADABLE.refuse(name=str(path), problem=problem)
    return table


def split(job: Job, folder: Path, events: int) -> list[tuple[str, ...]]:
    """Return the files of each part: the source itself when it is small, else files by hash of the party, streamed."""
    parts = -(-events // job.part_events)
    if parts <= 1:
        return [(str(job.source),)]
    key = (pl.col("party").hash(seed=0) % parts).cast(pl.UInt32).alias("part")
    to: Any = pl.PartitionBy(folder.joinpath("events"), key=key, include_key=False)
    tidy(pl.scan_parquet(job.source)).sink_parquet(to, compression="lz4", statistics=False, mkdir=True)
    folders = sorted(path for path in folder.joinpath("events").iterdir() if path.is_dir())
    return [tuple(str(path) for path in sorted(each.rglob("*.parquet"))) for each in folders]


def tasks_of(job: Job, parts: Iterable[tuple[str, ...]], folder: Path) -> Iterator[PartTask]:
    """Yield the task of each part."""
    for number, sources in enumerate(parts):
        target = folder.joinpath(f"features-{number:04d}.parquet")
        yield PartTask(sources, str(target), job.as_of, job.names)


def run_part(task: PartTask) -> PartResult:
    """Work out the features of one part and write them."""
    events = pl.scan_parquet(list(task.sources))
    features = features_of(events, task.as_of, task.names or None)
    features.write_parquet(task.target, compression="lz4", statistics=False)
    return PartResult(task.target, int(events.select(pl.len()).collect().item()), features.height)
