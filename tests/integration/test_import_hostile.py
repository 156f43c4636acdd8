"""Hostile and broken files: each is refused in one clear line, or its bad rows are set aside with a reason."""

import csv
import gzip
import json
import os
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from puhui.adapters.table_files import read_table
from puhui.adapters.table_import import QUARANTINE, Setting, import_files
from puhui.adapters.table_limits import Limits
from puhui.adapters.table_write import safe_cell
from puhui.credit.data.chunk import ROW
from puhui.credit.data.mapping import Reading, mapping_of
from puhui.kernel.refusals import Refusal

TITLE = {"zh": "试", "en": "test"}
APPLICATIONS = {
    "application": "编号",
    "applied_on": {"column": "日期"},
    "label": {"column": "违约", "bad": ["是"], "good": ["否"]},
    "columns": {"收入": {"type": "money", "least": 0}, "职业": {"type": "category"}},
}
MAPPING = mapping_of({"name": "t", "title": TITLE, "applications": APPLICATIONS})
HEADER = "编号,日期,收入,职业,违约"
GOOD = "A1,2024-01-15,5000,农户,否"


def write(folder, text, name="t.csv", encoding="utf-8"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def imported(path, folder, mapping=MAPPING, **limits):
    """Return the applications, and (row, code) of each reason in the quarantine file."""
    done = import_files([path], mapping, folder / "out", Setting(Limits(**limits), date(2026, 6, 30)))
    with (folder / "out" / QUARANTINE).open(encoding="utf-8-sig", newline="") as stream:
        aside = [(int(line["row"]), line["code"]) for line in csv.DictReader(stream)]
    frame = pl.read_parquet(folder / "out" / "applications" / "*.parquet")
    assert (done.rows_out, done.rows_aside) == (frame.height, len({row for row, _ in aside}))
    assert done.rows_in == done.rows_out + done.rows_aside
    return frame, aside


def refusal(path, folder, mapping=MAPPING, **limits):
    with pytest.raises(Refusal) as refused:
        imported(path, folder, mapping, **limits)
    assert not (folder / "out").exists()
    assert not (folder / "out.new").exists()
    for language in ("zh", "en"):
        assert path.name in refused.value.message(language)
    return refused.value.code


# --- rows set aside ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("A2,2024-01-15,五千,农户,否", "not_number"),
        ("A2,2024-01-15,😀,农户,否", "not_number"),
        ("A2,2024-01-15,1000000000000,农户,否", "above"),
        ("A2,2024-01-15,-1,农户,否", "below"),
        ("A2,1900-01-01,5000,农户,否", "too_early"),
        ("A2,2999-01-01,5000,农户,否", "too_late"),
        ("A2,2024-02-30,5000,农户,否", "not_date"),
        ("A2,,5000,农户,否", "required"),
        ("A2,2024-01-15,=1+1,农户,否", "not_number"),
        ("A2,2024-01-15,5000,=cmd|' /C calc'!A0,否", "formula"),
        ("A1,2024-01-16,5000,农户,否", "id_twice"),
        (",2024-01-15,5000,农户,否", "id_missing"),
        ("A2,2024-01-15,5000,农户,不知", "label"),
        ("A2,2024-01-15,5000,农\0户,否", "nul"),
        ("A2,2024-01-15,5000", "cells"),
        ("A2,2024-01-15,5000,农户,否,多", "cells"),
        ('"A2,2024-01-15,5000,农户,否"', "whole_row_quoted"),
        ('A2,2024-01-15,5000,"农户,否', "unclosed_quote"),
        ('A2,2024-01-15,5000,"农"户"",否', "quotes"),
    ],
)
def test_a_bad_row_is_set_aside_and_its_neighbours_stay(line, code, tmp_path):
    path = write(tmp_path, "\n".join([HEADER, GOOD, line, "A3,2024-01-15,5000,工薪,是"]) + "\n")
    frame, aside = imported(path, tmp_path)
    assert aside == [(2, code)]
    assert frame["application"].to_list() == ["A1", "A3"]


def test_a_line_in_another_encoding_is_set_aside(tmp_path):
    rows = [HEADER, *(f"A{n},2024-01-15,5000,农户,否" for n in range(100))]
    text = "\n".join(rows).encode() + "\nB1,2024-01-15,5000,农户,否\nB2,2024-01-15,5000,工薪,是\n".encode("gb18030")
    frame, aside = imported(write(tmp_path, text), tmp_path)
    assert frame.height == 100
    assert aside == [(101, "encoding"), (102, "encoding")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_chinese_by_any_encoding_and_line_end(encoding, end, tmp_path):
    path = write(tmp_path, end.join([HEADER, GOOD, "A2,2024-01-15,5000,工薪,是", ""]), encoding=encoding)
    frame, aside = imported(path, tmp_path)
    assert aside == []
    assert frame["职业"].to_list() == ["农户", "工薪"]


def test_quoted_cells_hold_separators_and_line_ends(tmp_path):
    path = write(tmp_path, f'{HEADER}\nA1,2024-01-15,5000,"农户，""兼""\n零工,季节",否\n\nA2,2024-01-15,1,工薪,是')
    frame, aside = imported(path, tmp_path)
    assert aside == []
    assert frame["职业"].to_list() == ['农户，"兼"\n零工,季节', "工薪"]


def test_an_unclosed_quote_costs_one_row_however_long_the_file(tmp_path):
    lines = [f"A{n},2024-01-15,5000,农户,否" for n in range(1000)]
    lines[10] = 'A10,2024-01-15,5000,"农户,否'
    frame, aside = imported(write(tmp_path, "\n".join([HEADER, *lines])), tmp_path)
    assert aside == [(11, "unclosed_quote")]
    assert frame.height == 999


def test_rows_wholly_in_quotes_are_read_where_the_mapping_says_so(tmp_path):
    path = write(tmp_path, f'{HEADER}\n"A1,2024-01-15,5000,""农户,兼"",否"\n')
    mapping = mapping_of(
        {"name": "t", "title": TITLE, "applications": {**APPLICATIONS, "reading": {"unwrap_rows": True}}}
    )
    frame, aside = imported(path, tmp_path, mapping)
    assert (frame["职业"].to_list(), aside) == (["农户,兼"], [])


def test_json_lines_keep_numbers_as_written_and_set_bad_lines_aside(tmp_path):
    good = {"编号": "A1", "日期": "2024-01-15", "收入": 1000000.07, "职业": "农户", "违约": "否"}
    lines = [json.dumps({**good, "编号": f"A{n}"}, ensure_ascii=False) for n in range(3)]
    lines += ["{", "[1]", '{"编号":"A9","职业":["x"]}', '{"编号":"B1","编号":"B2"}', '{"编号":"A7"}']
    frame, aside = imported(write(tmp_path, "\n".join(lines), "t.jsonl"), tmp_path)
    assert frame["收入"].to_list() == [100000007] * 3
    assert aside == [(4, "json"), (5, "json"), (6, "nested"), (7, "json"), (8, "required")]


def test_a_field_that_comes_late_in_json_lines_sets_its_row_aside(tmp_path):
    lines = ['{"a":1}'] * 1000 + ['{"a":2,"b":3}', '{"a":4}']
    chunks = list(read_table(write(tmp_path, "\n".join(lines), "t.jsonl")))
    assert sum(chunk.frame.height for chunk in chunks) == 1001
    assert [row for chunk in chunks for row in chunk.bad.rows()] == [(1001, "unknown_field", "b", "")]


# --- files refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "t.csv", "TABLE_EMPTY"),
        (b"\n \n", "t.csv", "TABLE_EMPTY"),
        (HEADER.encode(), "t.csv", "TABLE_EMPTY"),
        (f"{HEADER}\n\n".encode(), "t.csv", "TABLE_EMPTY"),
        (bytes(range(256)) * 40, "t.csv", "TABLE_NOT_TEXT"),
        (HEADER.encode("utf-16-le"), "t.csv", "TABLE_NOT_TEXT"),
        ("name,é\nJosé,ü\n".encode("latin-1"), "t.csv", "TABLE_ENCODING"),
        (b"PAR1" + b"x" * 100, "t.csv", "TABLE_WRONG_FORMAT"),
        (b"%PDF-1.7 " + b"x" * 100, "t.csv", "TABLE_WRONG_FORMAT"),
        (b"a,b\n1,2\n", "t.parquet", "TABLE_WRONG_FORMAT"),
        (b"a,b\n1,2\n", "t.xlsx", "TABLE_WRONG_FORMAT"),
        (b"a,b\n1,2\n", "t.csv.gz", "TABLE_WRONG_FORMAT"),
        (b"PAR1" + b"x" * 100 + b"PAR1", "t.parquet", "TABLE_UNREADABLE"),
        (b"PK\x03\x04" + b"x" * 100, "t.xlsx", "TABLE_UNREADABLE"),
        (b"PK\x03\x04" + b"x" * 100, "t.zip", "TABLE_UNREADABLE"),
        (gzip.compress(b"a,b\n1,2\n" * 1000, mtime=0)[:40], "t.csv.gz", "TABLE_UNREADABLE"),
        (b"a,b\n1,2\n", "t.doc", "TABLE_UNKNOWN_FORMAT"),
        (b"only\n1\n2\n", "t.csv", "COLUMNS_MISSING"),
        ((",".join(f"c{n}" for n in range(10_000)) + "\n1\n").encode(), "t.csv", "TABLE_TOO_WIDE"),
        (b"{\n[\n", "t.jsonl", "TABLE_UNREADABLE"),
        (b"a,b\n" + b"x" * (17 << 20), "t.csv", "TABLE_LINE_TOO_LONG"),
    ],
)
def test_a_file_that_is_no_table_is_refused(content, name, code, tmp_path):
    assert refusal(write(tmp_path, content, name), tmp_path) == code


def test_a_missing_file_is_refused(tmp_path):
    assert refusal(tmp_path / "none.csv", tmp_path) == "INPUT_UNREADABLE"


def test_a_zip_that_declares_five_gigabytes_is_refused_unread(tmp_path):
    path = tmp_path / "t.csv.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("t.csv", f"{HEADER}\n{GOOD}\n")
        archive.filelist[0].file_size = 5 << 30
    assert refusal(path, tmp_path) == "TABLE_TOO_LARGE"


def test_a_zip_that_declares_less_than_it_holds_is_refused(tmp_path):
    path = tmp_path / "t.csv.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("t.csv", f"{HEADER}\n{GOOD}\n" * 1000)
        archive.filelist[0].file_size = 60
    assert refusal(path, tmp_path) == "TABLE_UNREADABLE"


@pytest.mark.parametrize("names", [[], ["a.csv", "b.csv"]])
def test_a_zip_holds_one_table(names, tmp_path):
    path = tmp_path / "t.csv.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, f"{HEADER}\n{GOOD}\n")
        archive.writestr("__MACOSX/._a.csv", "x")
    assert refusal(path, tmp_path) in ("TABLE_ARCHIVE", "TABLE_WRONG_FORMAT")


def test_the_limit_of_size_has_two_sides(tmp_path):
    text = f"{HEADER}\n{GOOD}\n".encode()
    path = write(tmp_path, text)
    assert refusal(path, tmp_path, bytes=len(text) - 1) == "TABLE_TOO_LARGE"
    assert imported(path, tmp_path, bytes=len(text))[0].height == 1


def test_the_limit_of_width_has_two_sides(tmp_path):
    path = write(tmp_path, f"{HEADER}\n{GOOD}\n")
    assert refusal(path, tmp_path, columns=4) == "TABLE_TOO_WIDE"
    assert imported(path, tmp_path, columns=5)[0].height == 1


def test_a_bomb_is_stopped_within_bounded_memory(tmp_path):
    path = tmp_path / "t.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(f"{HEADER}\n".encode())
        for _ in range(16):
            stream.write(b"A1,2024-01-15,5000,x,y\n" * 44_000)
    code = (
        "import resource, sys\n"
        "from puhui.adapters.table_files import read_table\n"
        "from puhui.adapters.table_limits import Limits\n"
        "from puhui.kernel.refusals import Refusal\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n"
        "    for _ in read_table(sys.argv[1], limits=Limits(bytes=5 << 20, chunk_rows=20_000)): pass\n"
        "except Refusal as refusal: print(refusal.code)\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    name, grown_mb = done.stdout.split()
    assert name == "TABLE_TOO_LARGE"
    assert int(grown_mb) < 120


# --- Excel -------------------------------------------------------------------------------------------


def workbook(path, cells):
    """Write a small workbook: a map from a cell's name to its text."""
    rows = {}
    for name, text in cells.items():
        rows.setdefault(int("".join(filter(str.isdigit, name))), []).append(
            f'<c r="{name}" t="inlineStr"><is><t>{text}</t></is></c>'
        )
    sheet = "".join(f'<row r="{row}">{"".join(each)}</row>' for row, each in sorted(rows.items()))
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{kinds}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kinds}.worksheet+xml"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}"><Relationship Id="r1" Type="{office}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook {main} xmlns:r="{office}"><sheets><sheet name="表" sheetId="1" r:id="r1"/></sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}"><Relationship Id="r1" Type="{office}/worksheet" '
            'Target="worksheets/sheet1.xml"/></Relationships>',
        )
        archive.writestr("xl/worksheets/sheet1.xml", f"<worksheet {main}><sheetData>{sheet}</sheetData></worksheet>")
    return path


def sheet_cells(*lines):
    return {
        f"{'ABCDEFG'[place]}{row}": cell
        for row, line in enumerate(lines, 1)
        for place, cell in enumerate(line.split(","))
    }


def test_a_sheet_is_read_as_text(tmp_path):
    path = workbook(tmp_path / "t.xlsx", sheet_cells(HEADER, GOOD, "A2,2024-01-15,x,工薪,是"))
    frame, aside = imported(path, tmp_path)
    assert (frame["收入"].to_list(), aside) == ([500000], [(2, "not_number")])


def test_a_sheet_with_a_cell_in_the_farthest_corner_is_refused_before_it_is_held(tmp_path):
    path = workbook(tmp_path / "t.xlsx", {**sheet_cells(HEADER, GOOD), "BXX1048576": "x"})
    assert refusal(path, tmp_path) == "TABLE_UNREADABLE"
    assert (
        refusal(workbook(tmp_path / "t.xlsx", {**sheet_cells(HEADER, GOOD), "XFD2": "x"}), tmp_path) == "TABLE_TOO_WIDE"
    )


def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path):
    path = workbook(tmp_path / "t.xlsx", sheet_cells(HEADER, GOOD))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/big.bin", bytes(2 << 20))
    assert refusal(path, tmp_path, bytes=1 << 20) == "TABLE_TOO_LARGE"


# --- names, chunks, what is written ------------------------------------------------------------------


def test_columns_without_a_name_and_with_the_same_name(tmp_path):
    (chunk,) = read_table(write(tmp_path, ",age,age\n1,2,3\n"))
    assert chunk.frame.columns == [ROW, "column_1", "age", "age__2"]


def test_rows_are_numbered_through_chunks(tmp_path):
    path = write(tmp_path, "a\n" + "\n".join(str(number) for number in range(10)))
    chunks = list(read_table(path, Reading(), Limits(chunk_rows=4)))
    assert [chunk.frame[ROW].to_list() for chunk in chunks] == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10]]


def test_a_nested_column_of_parquet_is_left_unread(tmp_path):
    pl.DataFrame({"a": [1, 2], "b": [[1], [2]]}).write_parquet(tmp_path / "t.parquet")
    (chunk,) = read_table(tmp_path / "t.parquet")
    assert (chunk.frame.columns, chunk.unread) == ([ROW, "a"], ("b",))


def test_a_parquet_file_that_declares_too_much_is_refused(tmp_path):
    pl.DataFrame({"编号": [str(number) for number in range(10_000)]}).write_parquet(tmp_path / "t.parquet")
    assert refusal(tmp_path / "t.parquet", tmp_path, bytes=50_000) == "TABLE_TOO_LARGE"


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("  =1", "'  =1"),
        ("＝1", "'＝1"),
        ("农户", "农户"),
        ("a=1", "a=1"),
        (-5, -5),
    ],
)
def test_a_cell_that_a_spreadsheet_would_run_is_neutralised(cell, written):
    assert safe_cell(cell) == written


def test_the_quarantine_holds_no_formula(tmp_path):
    path = write(tmp_path, f"{HEADER}\nA2,2024-01-15,5000,=cmd|' /C calc'!A0,否\n")
    imported(path, tmp_path)
    text = (tmp_path / "out" / QUARANTINE).read_text(encoding="utf-8-sig")
    assert "'=cmd" in text
    assert ",=cmd" not in text


def test_a_folder_with_something_else_is_not_overwritten(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    with pytest.raises(Refusal, match="holds something else"):
        import_files([write(tmp_path, f"{HEADER}\n{GOOD}\n")], MAPPING, tmp_path / "out")
    assert os.listdir(tmp_path / "out") == ["thesis.txt"]  # noqa: PTH208


def test_a_broken_import_leaves_the_old_one(tmp_path):
    imported(write(tmp_path, f"{HEADER}\n{GOOD}\n"), tmp_path)
    with pytest.raises(Refusal):
        import_files([write(tmp_path, b"", "empty.csv")], MAPPING, tmp_path / "out")
    assert pl.read_parquet(tmp_path / "out" / "applications" / "*.parquet").height == 1
    assert sorted(Path(each).name for each in tmp_path.iterdir()) == ["empty.csv", "out", "t.csv"]
