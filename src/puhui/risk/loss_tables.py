"""Tables of expected loss by segment, as of a day: dated data with its source, read from YAML."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from pydantic import Field

from puhui.kernel.home import home
from puhui.kernel.inputs import Record, parse
from puhui.kernel.language import Text
from puhui.kernel.rates import PPM
from puhui.kernel.refusals import declare
from puhui.risk.policy import Words
from puhui.rulebook.files import read_yaml

LOSS_FILE = Path(__file__).parent / "loss_tables.yaml"
OWN_FILE = "loss_tables.yaml"
# Buckets up to 90 days past due have a probability of default of their own; beyond them a loan is in default.
LIVE_BUCKETS = 4

LOSS_TABLE_MISSING = declare(
    "LOSS_TABLE_MISSING",
    422,
    "{day} 没有预期损失参数表。请在 {file} 中补上该日有效的参数表。",
    "There is no table of expected loss for {day}. Add one that holds on that day to {file}.",
)
LOSS_TABLE_INVALID = declare(
    "LOSS_TABLE_INVALID",
    422,
    "预期损失参数表有误：{problem}。",
    "The table of expected loss is wrong: {problem}.",
)
_CATCH_ALL = Text("最后一个分组必须不带标签，以容纳其余贷款", "the last segment must have no tags: it takes the rest")
_RISING = Text("违约概率不得随逾期加重而下降", "a probability of default must not fall as the delay grows")


class SegmentRecord(Record):
    """A segment as written; see loss_tables.yaml."""

    code: str = Field(min_length=1)
    title: Words
    all_tags: tuple[str, ...]
    default_ppm: list[int] = Field(min_length=LIVE_BUCKETS, max_length=LIVE_BUCKETS)
    watched_ppm: int = Field(ge=0, le=PPM)
    later_ppm: list[int] = Field(min_length=1)
    loss_ppm: int = Field(ge=0, le=PPM)
    drawn_ppm: int = Field(ge=0, le=PPM)
    recovery_months: int = Field(ge=0, le=600)


class TableRecord(Record):
    """The table of a day on."""

    effective_from: date
    source: Words
    segments: list[SegmentRecord] = Field(min_length=1)


class LossFile(Record):
    """The file of tables."""

    tables: list[TableRecord] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Segment:
    """Loans that default and recover alike; figures as in loss_tables.yaml."""

    code: str
    title: Text
    tags: frozenset[str]
    default_ppm: tuple[int, ...]
    watched_ppm: int
    later_ppm: tuple[int, ...]
    loss_ppm: int
    drawn_ppm: int
    recovery_months: int


@dataclass(frozen=True, slots=True)
class LossTables:
    """The segments of a day, and where their figures come from."""

    effective_from: date
    source: Text
    segments: tuple[Segment, ...]

    def segment_of(self, tags: Iterable[str]) -> int:
        """Return the place of the segment of a loan with these product tags (those they imply included)."""
        known = frozenset(tags)
        return next(place for place, segment in enumerate(self.segments) if segment.tags <= known)


def loss_tables() -> tuple[LossTables, ...]:
    """Return the tables of expected loss, oldest first: the institution's own file in the home folder, else ours."""
    return _loss_tables(home().joinpath(OWN_FILE))


@cache
def _loss_tables(own: Path) -> tuple[LossTables, ...]:
    return read_tables(read_yaml(own if own.is_file() else LOSS_FILE))


def read_tables(data: object) -> tuple[LossTables, ...]:
    """Return the tables of parsed YAML, oldest first; refuse INPUT_INVALID, LOSS_TABLE_INVALID."""
    file = parse(LossFile, data, LOSS_FILE.name)
    return tuple(sorted(map(_tables, file.tables), key=lambda tables: tables.effective_from))


def loss_tables_on(day: date) -> LossTables:
    """Return the tables that hold on a day; refuse LOSS_TABLE_MISSING before the first ones."""
    held = [tables for tables in loss_tables() if tables.effective_from <= day]
    if not held:
        raise LOSS_TABLE_MISSING.refuse("day", day=day.isoformat(), file=OWN_FILE)
    return held[-1]


def _tables(record: TableRecord) -> LossTables:
    if record.segments[-1].all_tags:
        raise LOSS_TABLE_INVALID.refuse("segments", problem=_CATCH_ALL)
    segments = tuple(map(_segment, record.segments))
    return LossTables(record.effective_from, Text(record.source.zh, record.source.en), segments)


def _segment(record: SegmentRecord) -> Segment:
    chances = record.default_ppm
    if sorted(chances) != chances or not (chances[0] >= 0 and chances[-1] <= PPM and min(record.later_ppm) >= 0):
        raise LOSS_TABLE_INVALID.refuse(record.code, problem=_RISING)
    return Segment(
        record.code,
        Text(record.title.zh, record.title.en),
        frozenset(record.all_tags),
        tuple(chances),
        record.watched_ppm,
        tuple(record.later_ppm),
        record.loss_ppm,
        record.drawn_ppm,
        record.recovery_months,
    )
