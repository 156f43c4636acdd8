"""Laws of importing: nothing is lost, chunks do not matter, what was written is read, whatever the bytes."""

import csv
import tempfile
from datetime import date
from pathlib import Path

import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from puhui.adapters.table_files import read_table
from puhui.adapters.table_import import Setting, tidy_chunks
from puhui.adapters.table_limits import Limits
from puhui.credit.data.chunk import ROW
from puhui.credit.data.mapping import Reading, mapping_of
from puhui.credit.data.seen import Seen
from puhui.kernel.refusals import Refusal

# Cells that a CSV can hold and give back: no NUL, no carriage return; blanks around a cell are the reader's to keep.
CELL = st.text(st.characters(blacklist_categories=("Cs", "Cc"), whitelist_characters="\n"), max_size=12)
CELLS = st.one_of(
    st.sampled_from(
        ["", "NA", "1", "-1", "2.5", "1e400", "10.005", "2024-02-29", "2999-01-01", "=1+1", "是", "😀", '"', ","]
    ),
    CELL,
)
TABLE = {
    "application": "id",
    "applied_on": {"column": "day"},
    "label": {"column": "y", "bad": ["是"], "good": ["否", "1"]},
    "missing": ["", "NA"],
    "columns": {"money": {"type": "money"}, "flag": {"type": "flag"}, "text": {"type": "category"}},
}
MAPPING = mapping_of({"name": "t", "title": {"zh": "试", "en": "test"}, "applications": TABLE})
COLUMNS = ["id", "day", "y", "money", "flag", "text"]


def written(folder, rows, separator=","):
    path = Path(folder) / "t.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=separator, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerows([COLUMNS, *rows])
    return path


@settings(max_examples=50)
@given(st.lists(st.tuples(*[CELL] * 6), min_size=1, max_size=12), st.sampled_from(",;\t|"))
def test_what_csv_wrote_is_read(rows, separator):
    with tempfile.TemporaryDirectory() as folder:
        path = written(folder, rows, separator)
        frames = [chunk.frame for chunk in read_table(path, Reading(), Limits(chunk_rows=3))]
        assert [row[1:] for frame in frames for row in frame.rows()] == rows


def imported(path, chunk_rows):
    """Return the tidy rows and what was set aside."""
    setting = Setting(Limits(chunk_rows=chunk_rows), date(2026, 6, 30))
    frames, bad, rows_in = [], [], 0
    for chunk, made in tidy_chunks(path, MAPPING.applications, Seen(), setting):
        assert chunk.rows == made.frame.height + made.bad[ROW].n_unique()
        frames.append(made.frame)
        bad.append(made.bad)
        rows_in += chunk.rows
    return pl.concat(frames), pl.concat(bad).sort(ROW, "code", "column"), rows_in


@settings(max_examples=40)
@given(st.lists(st.tuples(*[CELLS] * 6), min_size=1, max_size=20), st.integers(1, 7))
def test_no_row_is_lost_and_chunks_do_not_matter(rows, chunk_rows):
    with tempfile.TemporaryDirectory() as folder:
        path = written(folder, rows)
        whole, aside, rows_in = imported(path, 1000)
        assert rows_in == len(rows)
        assert sorted([*whole[ROW], *aside[ROW].unique()]) == list(range(1, len(rows) + 1))
        parts, parts_aside, _ = imported(path, chunk_rows)
        assert whole.equals(parts)
        assert aside.equals(parts_aside)


@given(st.binary(max_size=300))
@example(b'a,b\n"1,2\n3,4\n')
@example(b'a\n"\n"\n"')
@example("编号,额\n一,二\n".encode("gb18030"))
@example(b"\xff\xfea\x00")
@example(b"a,b\r\r\n\r1,2")
def test_any_bytes_are_refused_or_read_with_every_row_numbered(content):
    with tempfile.TemporaryDirectory() as folder:
        for name in ("t.csv", "t.jsonl", "t.parquet", "t.xlsx", "t.csv.gz", "t.csv.zip"):
            path = Path(folder) / name
            path.write_bytes(content)
            try:
                chunks = list(read_table(path))
            except Refusal:
                continue
            numbers = [number for chunk in chunks for number in [*chunk.frame[ROW], *chunk.bad[ROW].unique()]]
            assert sorted(numbers) == list(range(1, len(numbers) + 1))


@given(st.lists(st.lists(st.sampled_from("abcdefghij"), max_size=8), max_size=8))
def test_ids_seen_are_a_set(chunks):
    seen, known = Seen(), set()
    for ids in chunks:
        series = pl.Series(ids, dtype=pl.String)
        assert seen.has(series).to_list() == [each in known for each in ids]
        expected = []
        for each in ids:
            expected.append(each in known)
            known.add(each)
        assert seen.again(series).to_list() == expected
