"""Cells of a file, one row a case: what they become, or why their row is set aside."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from puhui.credit.data.chunk import ROW, RawChunk, bad_rows
from puhui.credit.data.mapping import mapping_of
from puhui.credit.data.reasons import REASONS, reason
from puhui.credit.data.seen import Seen
from puhui.credit.data.tidy import plan_of, tidy
from puhui.credit.events import SCHEMA, row_rules
from puhui.kernel.refusals import Refusal

TITLE = {"zh": "试", "en": "test"}
NUMBER = {"type": "number"}
MONEY = {"type": "money"}
DAY = {"type": "date"}
TEXT = {"type": "category"}
BIG = 10**12


def read(values, column, latest_on=date(2026, 6, 30), missing=("", "NA")):
    """Return (value, code of the reason or None) of the first cell."""
    table = {"missing": [*missing], "columns": {"x": column}}
    mapping = mapping_of({"name": "t", "title": TITLE, "applications": table})
    series = values if isinstance(values, pl.Series) else pl.Series(values, dtype=pl.String)
    frame = pl.DataFrame({ROW: pl.int_range(1, series.len() + 1, eager=True), "x": series})
    chunk = RawChunk("t.csv", frame, bad_rows([]))
    made = tidy(chunk, plan_of(mapping.applications, chunk, latest_on), Seen())
    assert made.frame.height + made.bad[ROW].n_unique() == frame.height
    return (made.frame["x"][0], None) if made.frame.height else (None, made.bad["code"][0])


@pytest.mark.parametrize(
    ("cell", "column", "value", "code"),
    [
        ("3", NUMBER, 3.0, None),
        (" 3.50 ", NUMBER, 3.5, None),
        ("-1e3", NUMBER, -1000.0, None),
        ("", NUMBER, None, None),
        ("NA", NUMBER, None, None),
        ("  ", NUMBER, None, None),
        ("-1", {**NUMBER, "missing": [-1]}, None, None),
        ("-1", NUMBER, -1.0, None),
        ("三", NUMBER, None, "not_number"),
        ("😀", NUMBER, None, "not_number"),
        ("inf", NUMBER, None, "not_number"),
        ("nan", NUMBER, None, "not_number"),
        ("=1+1", NUMBER, None, "not_number"),
        ("1,234", NUMBER, None, "not_number"),
        ("1,234", {**NUMBER, "strip": [","]}, 1234.0, None),
        ("36 months", {**NUMBER, "strip": ["months"]}, 36.0, None),
        # Without bounds a number is below 10^12, either way.
        (str(BIG - 1), NUMBER, BIG - 1, None),
        (str(BIG), NUMBER, None, "above"),
        (str(-BIG), NUMBER, None, "below"),
        (str(BIG), {**NUMBER, "most": str(BIG)}, BIG, None),
        ("18", {**NUMBER, "least": 18}, 18.0, None),
        ("17.9", {**NUMBER, "least": 18}, None, "below"),
        ("100", {**NUMBER, "most": 100}, 100.0, None),
        ("100.1", {**NUMBER, "most": 100}, None, "above"),
        ("0.5", {**NUMBER, "least": "0.5"}, 0.5, None),
        ("98", {**NUMBER, "most": 20, "special": [98]}, 98.0, None),
        ("97", {**NUMBER, "most": 20, "special": [98]}, None, "above"),
        ("", {**NUMBER, "required": True}, None, "required"),
        ("7.0", {"type": "whole"}, 7, None),
        ("7.5", {"type": "whole"}, None, "not_whole"),
        ("1e300", {"type": "whole"}, None, "above"),
        ("10.07", MONEY, 1007, None),
        ("0.29", MONEY, 29, None),
        ("999999999999.99", MONEY, 99999999999999, None),
        ("1000000000000", MONEY, None, "above"),
        ("10.005", MONEY, None, "not_money"),
        ("1007", {**MONEY, "unit": "fen"}, 1007, None),
        ("10.5", {**MONEY, "unit": "fen"}, None, "not_money"),
        ("2024-02-29", DAY, date(2024, 2, 29), None),
        ("2023-02-29", DAY, None, "not_date"),
        ("2024-02-29 00:00:00", DAY, date(2024, 2, 29), None),
        ("1949-12-31", DAY, None, "too_early"),
        ("1950-01-01", DAY, date(1950, 1, 1), None),
        ("1900-01-01", DAY, None, "too_early"),
        ("1900-01-01", {**DAY, "least": "1900-01-01"}, date(1900, 1, 1), None),
        ("2026-06-30", DAY, date(2026, 6, 30), None),
        ("2026-07-01", DAY, None, "too_late"),
        ("2999-12-31", DAY, None, "too_late"),
        ("4/6/2013", {**DAY, "format": "%m/%d/%Y"}, date(2013, 4, 6), None),
        ("2024-05-01 13:14:15", {**DAY, "format": "%Y-%m-%d %H:%M:%S"}, date(2024, 5, 1), None),
        # 45292 is 2024-01-01 in a spreadsheet.
        ("45292", {**DAY, "format": "excel"}, date(2024, 1, 1), None),
        ("0", {**DAY, "format": "excel"}, None, "not_date"),
        ("99999999", {**DAY, "format": "excel"}, None, "not_date"),
        ("农户", TEXT, "农户", None),
        ("😀", TEXT, "😀", None),
        ("-", TEXT, "-", None),
        ("=cmd|' /C calc'!A0", TEXT, None, "formula"),
        ("@SUM(A1)", TEXT, None, "formula"),
        ("a\0b", TEXT, None, "nul"),
        ("a\x07b", TEXT, None, "control"),
        ("长" * 500, TEXT, "长" * 500, None),
        ("长" * 501, TEXT, None, "too_long"),
        ("1", {"type": "flag"}, 1, None),
        ("是", {"type": "flag", "yes": ["是"], "no": ["否"]}, 1, None),
        ("否", {"type": "flag", "yes": ["是"], "no": ["否"]}, 0, None),
        ("也许", {"type": "flag", "yes": ["是"], "no": ["否"]}, None, "not_flag"),
    ],
)
def test_a_cell_of_text(cell, column, value, code):
    assert read([cell], column) == (value, code)


@pytest.mark.parametrize(
    ("values", "column", "value", "code"),
    [
        (pl.Series([3]), NUMBER, 3.0, None),
        (pl.Series([float("nan")]), NUMBER, None, None),
        (pl.Series([float("inf")]), NUMBER, None, "not_number"),
        (pl.Series([-1.0]), {**NUMBER, "missing": ["-1"]}, None, None),
        (pl.Series([2**63 - 1]), {"type": "whole"}, None, "above"),
        (pl.Series([10.07]), MONEY, 1007, None),
        (pl.Series([10.075]), MONEY, None, "not_money"),
        (pl.Series([True]), {"type": "flag", "yes": ["true"], "no": ["false"]}, 1, None),
        (pl.Series([3.0]), TEXT, "3", None),
        (pl.Series([datetime(2024, 2, 29, 8, tzinfo=UTC)]), DAY, date(2024, 2, 29), None),
        (pl.Series([date(2999, 1, 1)]), DAY, None, "too_late"),
        (pl.Series([None], dtype=pl.Float64), {**NUMBER, "required": True}, None, "required"),
    ],
)
def test_a_cell_that_the_file_has_typed(values, column, value, code):
    assert read(values, column) == (value, code)


def labels(values, label):
    table = {"application": "id", "label": {"column": "y", **label}, "columns": {"id": {"role": "left_out"}}}
    mapping = mapping_of({"name": "t", "title": TITLE, "applications": table})
    frame = pl.DataFrame({ROW: range(1, len(values) + 1), "id": [f"a{n}" for n in range(len(values))], "y": values})
    chunk = RawChunk("t.csv", frame, bad_rows([]))
    made = tidy(chunk, plan_of(mapping.applications, chunk), Seen())
    return made.frame["label"].to_list(), made.bad.select(ROW, "code").rows()


def test_a_label_is_bad_good_or_unknown():
    assert labels(["是", "否", "", "或许"], {"bad": ["是"], "good": ["否"]}) == ([1, 0, None], [(4, "label")])
    assert labels(["是", ""], {"bad": ["是"], "good": ["否"], "required": True}) == ([1], [(2, "label_missing")])


def test_a_label_above_a_number():
    assert labels(["0", "1", "", "x"], {"bad_above": 0}) == ([0, 1, None], [(4, "not_number")])


def test_a_target_that_is_a_number():
    assert labels(["0.25", "1"], {"number": True}) == ([0.25, 1.0], [])


def test_ids_are_there_and_there_once_across_chunks():
    table = {"application": "id", "columns": {"x": NUMBER}}
    mapping = mapping_of({"name": "t", "title": TITLE, "applications": table})
    seen, found = Seen(), []
    for first, ids in ((1, ["a", "b", "a", ""]), (5, ["c", "b"])):
        frame = pl.DataFrame({ROW: range(first, first + len(ids)), "id": ids, "x": ["1"] * len(ids)})
        chunk = RawChunk("t.csv", frame, bad_rows([]))
        found.append(tidy(chunk, plan_of(mapping.applications, chunk), seen))
    assert [made.frame["application"].to_list() for made in found] == [["a", "b"], ["c"]]
    assert found[0].bad.select(ROW, "code").rows() == [(4, "id_missing"), (3, "id_twice")]
    assert found[1].bad.select(ROW, "code").rows() == [(6, "id_twice")]


def test_a_row_with_two_faults_is_set_aside_once_with_both():
    table = {"columns": {"x": NUMBER, "y": NUMBER}}
    mapping = mapping_of({"name": "t", "title": TITLE, "applications": table})
    chunk = RawChunk("t.csv", pl.DataFrame({ROW: [1, 2], "x": ["a", "1"], "y": ["b", "2"]}), bad_rows([]))
    made = tidy(chunk, plan_of(mapping.applications, chunk), Seen())
    assert made.bad.select(ROW, "column").rows() == [(1, "x"), (1, "y")]
    assert made.frame["application"].to_list() == ["t.csv#2"]


EVENTS = {
    "files": ["*"],
    "party": "who",
    "kind": "invoice_sold",
    "amount": "amount",
    "at": {"column": "day"},
    "status_column": "state",
    "statuses": {"有效": None, "作废": "void"},
    "source": "vat_invoice",
    "consent": "credit",
}


def events(rows, **changes):
    mapping = mapping_of({"name": "t", "title": TITLE, "events": [{**EVENTS, **changes}]})
    frame = pl.DataFrame(rows, schema=["who", "amount", "day", "state"], orient="row")
    frame = frame.insert_column(0, pl.int_range(1, frame.height + 1, eager=True).alias(ROW))
    chunk = RawChunk("t.csv", frame, bad_rows([]))
    return tidy(chunk, plan_of(mapping.events[0], chunk, date(2026, 6, 30)), Seen())


def test_events_have_the_columns_of_the_event_model():
    made = events([("E1", "-943.40", "2017-07-18", "有效"), ("E1", "10", "2017-07-19", "作废")])
    assert made.frame.drop(ROW).schema == dict(SCHEMA)
    first = made.frame.row(0, named=True)
    # Midnight in Beijing is 16:00 of the day before in UTC.
    assert (first["amount_minor"], first["at"]) == (-94340, datetime(2017, 7, 17, 16, tzinfo=UTC))
    assert made.frame["recorded_at"].to_list() == made.frame["at"].to_list()
    assert made.frame["status"].to_list() == [None, "void"]


@pytest.mark.parametrize(
    ("row", "changes", "code"),
    [
        (("", "1", "2020-01-01", "有效"), {}, "id_missing"),
        (("E1", "", "2020-01-01", "有效"), {}, "required"),
        (("E1", "1.005", "2020-01-01", "有效"), {}, "not_money"),
        (("E1", "1", "", "有效"), {}, "required"),
        (("E1", "1", "1900-01-01", "有效"), {}, "too_early"),
        (("E1", "1", "2999-01-01", "有效"), {}, "too_late"),
        (("E1", "1", "2020-01-01", "红冲"), {}, "not_known_kind"),
        # Ten billion yuan is the most of one event.
        (("E1", "10000000001", "2020-01-01", "有效"), {}, "event_amount_minor"),
        (("E1", "-1", "2020-01-01", "有效"), {"kind": "sale"}, "event_sign"),
        (("E1", "1", "2020-01-01", "作废"), {"kind": "sale"}, "event_status"),
        (("E1", "1", "2020-01-01", "有效"), {"kind": "order"}, "event_sign"),
    ],
)
def test_an_event_that_breaks_a_rule_is_set_aside(row, changes, code):
    made = events([row], **changes)
    assert made.frame.height == 0
    assert made.bad["code"].to_list() == [code]


def test_amounts_written_without_a_sign_go_out():
    made = events([("E1", "10", "2020-01-01", "有效")], kind="order", outgoing=True)
    assert made.frame["amount_minor"].to_list() == [-1000]


def test_every_reason_says_what_it_is_in_both_languages():
    for code in [*REASONS, *(f"event_{name}" for name in row_rules())]:
        assert reason(code).zh
        assert reason(code).en


def test_a_column_that_the_file_lacks_is_refused_by_name():
    mapping = mapping_of({"name": "t", "title": TITLE, "applications": {"columns": {"x": NUMBER, "收入": NUMBER}}})
    chunk = RawChunk("t.csv", pl.DataFrame({ROW: [1], "x": ["1"]}), bad_rows([]))
    with pytest.raises(Refusal) as refused:
        plan_of(mapping.applications, chunk)
    assert (refused.value.code, refused.value.fields) == ("COLUMNS_MISSING", ("收入",))
