"""A labelled table: what a model is trained on and a population is decided from, in memory."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from puhui.credit.data.chunk import ROW, RawChunk
from puhui.credit.data.mapping import Applications, Column, Mapping, Reading, read_mapping, table_of
from puhui.credit.data.seen import Seen
from puhui.credit.data.suggest import SAMPLE_ROWS, draft
from puhui.credit.data.tidy import columns_needed, plan_of, tidy
from puhui.credit.data.types import LAST_DAY
from puhui.kernel.language import Text
from puhui.kernel.refusals import declare

NO_ROWS = declare(
    "NO_ROWS",
    422,
    "没有可用的行：{aside} 行全部被隔离（{reasons}）。请检查映射。",
    "No row can be used: all {aside} were set aside ({reasons}). Check the mapping.",
)
NO_LABEL_SAID = declare(
    "NO_LABEL_SAID",
    422,
    "请写 --mapping 或 --label，说明要预测什么。",
    "Say what is to be predicted: give --mapping or --label.",
)

# Reads one file in chunks: path, how it is read, columns wanted (None is all).
ReadTable = Callable[[Path, Reading, Sequence[str] | None], Iterator[RawChunk]]


@dataclass(frozen=True, slots=True)
class LabelledTable:
    """Applications with features and label.

    frame: `application`, `party`, `applied_on` where there is a time, the label, features, groups, protected columns.
    label: the name of its column, Int8 with 1 bad, null unlabelled (Float64 where the target is a number).
    features: tidy name -> column of the mapping, in order; numbers are Float64, categories String, flags Int8.
    groups, protected: columns to judge fairness by; never features.
    """

    frame: pl.DataFrame
    label: str
    features: dict[str, Column]
    time: str | None
    party: str
    notes: tuple[Text, ...]
    mapping: Mapping
    groups: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()

    @property
    def labelled(self) -> pl.DataFrame:
        """The rows that have a label."""
        return self.frame.filter(pl.col(self.label).is_not_null())


def read_labelled(
    paths: str | Path | Sequence[str | Path],
    mapping: Mapping | str | Path | None = None,
    *,
    read: ReadTable,
    label: str = "",
    latest_on: date = LAST_DAY,
) -> LabelledTable:
    """Return the applications of files by a mapping (or the name of one), or by one drafted from the first file.

    `read` reads a file in chunks (`adapters.table_labelled` passes it in); event files among the paths are passed
    over. Rows set aside are counted in the notes. Refuses what reading, the mapping and the draft refuse, NO_ROWS.
    """
    files = [Path(each) for each in ([paths] if isinstance(paths, str | Path) else paths)]
    notes: list[Text] = []
    if mapping is None:
        if not label:
            raise NO_LABEL_SAID.refuse("label")
        drafted = draft(_sample(read(files[0], Reading(), None)), files[0].name.split(".")[0], label=label)
        mapping, notes = drafted.mapping, [*drafted.notes]
    chosen = mapping if isinstance(mapping, Mapping) else read_mapping(mapping)
    frames: list[pl.DataFrame] = []
    bad: list[pl.DataFrame] = []
    seen = Seen()
    for path in files:
        table = table_of(chosen, path.name)
        if not isinstance(table, Applications):
            continue
        plan = None
        for chunk in read(path, table.reading, columns_needed(table)):
            plan = plan or plan_of(table, chunk, latest_on)
            made = tidy(chunk, plan, seen)
            frames.append(made.frame.drop(ROW))
            bad.append(made.bad)
    return _table(chosen, frames, bad, notes)


def _sample(chunks: Iterable[RawChunk]) -> pl.DataFrame:
    frames: list[pl.DataFrame] = []
    for chunk in chunks:
        frames.append(chunk.frame)
        if sum(frame.height for frame in frames) >= SAMPLE_ROWS:
            break
    return pl.concat(frames)


def _table(mapping: Mapping, frames: list[pl.DataFrame], bad: list[pl.DataFrame], notes: list[Text]) -> LabelledTable:
    frame = pl.concat(frames) if frames else pl.DataFrame()
    aside = sum(each[ROW].n_unique() for each in bad)
    if aside:
        counts = pl.concat(bad)["code"].value_counts(sort=True)
        said = ", ".join(f"{code} {count:,}" for code, count in counts.iter_rows())
        notes.append(Text(f"隔离 {aside:,} 行：{said}", f"{aside:,} rows set aside: {said}"))
    if not frame.height:
        raise NO_ROWS.refuse("data", aside=aside, reasons=notes[-1] if aside else "-")
    assert mapping.applications is not None
    roles = {column.name or name: column.role for name, column in mapping.applications.columns.items()}
    return LabelledTable(
        frame=frame,
        label="label",
        features=mapping.features,
        time="applied_on" if mapping.applications.applied_on else None,
        party="party",
        notes=tuple(notes),
        mapping=mapping,
        groups=tuple(name for name in frame.columns if roles.get(name) == "group"),
        protected=tuple(name for name in frame.columns if roles.get(name) == "protected"),
    )
