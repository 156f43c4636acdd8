"""The figures of the data report, worked by hand; the page that shows them."""

import math
from datetime import date

import polars as pl
import pytest

from puhui.credit.data.chunk import ROW, bad_rows
from puhui.credit.data.mapping import mapping_of
from puhui.credit.data.power import alone_auc, names_the_bad, sounds_afterwards
from puhui.credit.data.quality import SAMPLE_ROWS, Watch, bars, data_report, psi, shown
from puhui.credit.data.quality_page import as_html
from puhui.credit.data.tidy import Tidy

TITLE = {"zh": "试<b>", "en": "test & more"}


def test_auc_of_one_column_by_hand():
    # Of 20 rows, 10 bad; the column ranks all but one pair... 99 of 100 pairs right.
    label = pl.Series([0] * 10 + [1] * 10, dtype=pl.Int8)
    values = pl.Series([0.0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19])
    assert alone_auc(values, label) == pytest.approx(0.99)
    assert alone_auc(-values, label) == pytest.approx(0.99)
    assert alone_auc(pl.Series([1.0] * 20), label) == 0.5


def test_auc_of_what_is_missing():
    # Missing for all the bad and none of the good: it tells everything, though its values tell nothing.
    label = pl.Series([0] * 20 + [1] * 20, dtype=pl.Int8)
    assert alone_auc(pl.Series([1.0] * 20 + [None] * 20), label) == 1.0


def test_an_id_does_not_look_as_if_it_knew_the_outcome():
    label = pl.Series([0, 1] * 100, dtype=pl.Int8)
    assert alone_auc(pl.Series([f"id{n}" for n in range(200)]), label) == 0.5
    # A rating that is the label under another name does.
    assert alone_auc(pl.Series(["A", "D"] * 100), label) == 1.0


def test_a_value_that_only_the_bad_have():
    label = pl.Series([1] * 10 + [0] * 30, dtype=pl.Int8)
    # Five of ten bad are D, and no good one is; of four, it may be chance; of half the bad less one, it is not enough.
    assert names_the_bad(pl.Series(["D"] * 5 + ["C"] * 35), label)
    assert not names_the_bad(pl.Series(["D"] * 4 + ["C"] * 36), label)
    assert not names_the_bad(pl.Series(["D"] * 10 + ["D"] + ["C"] * 29), label)
    many = pl.Series([1] * 12 + [0] * 30, dtype=pl.Int8)
    assert not names_the_bad(pl.Series(["D"] * 5 + ["C"] * 37), many)


@pytest.mark.parametrize(
    ("name", "after"), [("DaysToSettle", True), ("结清日期", True), ("income", False), ("NumberOfDependents", False)]
)
def test_names_of_what_is_known_afterwards(name, after):
    assert sounds_afterwards(name) is after


def test_psi_by_hand():
    # 50/50 against 75/25: 0.25 ln 1.5 - 0.25 ln 0.5 = 0.25 ln 3.
    base, now = pl.Series(["a", "b"] * 2), pl.Series(["a", "a", "a", "b"])
    assert psi(base, now) == pytest.approx(0.25 * math.log(3))
    assert psi(base, base) == 0
    assert psi(base, pl.Series([], dtype=pl.String)) is None


def test_psi_of_numbers_uses_the_tenths_of_the_base_and_a_bin_for_missing():
    base = pl.Series([float(n) for n in range(1000)])
    assert psi(base, base) == 0
    # A tenth gone missing was none of the base: its share counts as 0.0001.
    some = pl.Series([None if n % 10 == 0 else float(n) for n in range(1000)])
    assert psi(base, some) > (0.1 - 1e-4) * math.log(0.1 / 1e-4) * 0.99
    assert psi(base, base + 5000) > 5


def test_bars_count_every_value_once():
    values = pl.Series([float(n * n) / 7 for n in range(500)] + [None])
    label = pl.Series([1] * 100 + [0] * 401, dtype=pl.Int8)
    made = bars(values, label)
    assert sum(bar["count"] for bar in made) == 500
    assert made[0]["bad"] > 0.9
    assert made[-1]["bad"] == 0.0


def test_bars_of_counts_and_of_texts():
    counts = bars(pl.Series([0.0] * 990 + [1.0] * 500 + [float(n) for n in range(2, 15)]), None)
    assert [bar["text"] for bar in counts[:2]] == ["0", "1"]
    texts = bars(pl.Series(["b", "a", "a"] + [f"x{n}" for n in range(20)]), None)
    assert (texts[0]["text"], texts[0]["count"], texts[-1]["text"]) == ("a", 2, "…")
    assert sum(bar["count"] for bar in texts) == 23


def test_bars_of_nothing():
    assert bars(pl.Series([None, None], dtype=pl.Float64), None) == []


@pytest.mark.parametrize(
    ("value", "text"), [(0.054651, "0.0547"), (5.96403e9, "5,964,030,000"), (21.0, "21"), ("A", "A")]
)
def test_numbers_as_a_person_reads_them(value, text):
    assert shown(value) == text


def watched(*frames):
    columns = {
        "x": {"type": "number"},
        "late_fee": {"type": "number"},
        "sex": {"type": "category", "role": "protected"},
    }
    label = {"column": "y", "bad": [1], "good": [0]}
    table = {"label": label, "applied_on": {"column": "d"}, "columns": columns}
    mapping = mapping_of({"name": "t", "title": TITLE, "applications": table})
    watch = Watch(mapping)
    for frame in frames:
        watch.observe(mapping.applications, Tidy(frame, bad_rows([(1, "not_number", "x", "?")])))
    return watch


def frame(rows, start=0):
    numbers = pl.int_range(start, start + rows, eager=True)
    label = (numbers % 5 == 0).cast(pl.Int8)
    columns = {"application": numbers.cast(pl.String), "party": numbers.cast(pl.String)}
    columns |= {"applied_on": pl.Series([date(2024, 1, 1)] * rows), "label": label}
    columns |= {"x": (numbers % 97).cast(pl.Float64), "late_fee": label * 100.0 + 1, "sex": pl.Series(["f"] * rows)}
    return pl.DataFrame({ROW: numbers, **columns})


ACCOUNT = {
    "rows_in": 202,
    "rows_out": 200,
    "rows_aside": 2,
    "files": [
        {
            "file": "<t>.csv",
            "table": "applications",
            "sha256": "0" * 64,
            "rows_in": 202,
            "rows_out": 200,
            "rows_aside": 2,
            "left_out": ["extra"],
            "without_label": False,
        }
    ],
}


def test_a_report_and_its_page():
    watch = watched(frame(100), frame(100, 100))
    report = data_report(ACCOUNT, watch, watched(frame(100)))
    assert report["applications"]["labelled"] == 200
    assert report["applications"]["label_mean"] == pytest.approx(0.2)
    assert report["leak_suspects"] == ["late_fee"]
    assert report["quarantine"] == [{"code": "not_number", "column": "x", "count": 2}]
    by_name = {each["name"]: each for each in report["columns"]}
    assert (by_name["x"]["least"], by_name["x"]["most"], by_name["x"]["missing"]) == (0.0, 96.0, 0)
    assert by_name["sex"]["auc_alone"] is None
    assert by_name["x"]["psi"] < 0.1
    page = as_html(report)
    assert "疑似泄漏" in page
    assert "late_fee" in page
    assert "<b>" not in page
    assert "&lt;t&gt;.csv" in page
    assert "<script" not in page


def test_the_sample_is_even_and_bounded():
    rows = 50_000
    watch = watched(*(frame(rows, start) for start in range(0, 10 * rows, rows)))
    sample = watch.sample
    assert SAMPLE_ROWS < sample.height <= 2 * SAMPLE_ROWS
    assert sample[ROW].diff().drop_nulls().n_unique() == 1


def test_rows_alike_in_every_column_are_counted():
    one = frame(50)
    assert watched(one, one).twice == 50
