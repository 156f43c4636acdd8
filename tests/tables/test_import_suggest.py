"""Drafting a mapping by looking at a table: what each column seems to be."""

import polars as pl
import pytest

from puhui.credit.data.mapping import mapping_of
from puhui.credit.data.suggest import draft
from puhui.kernel.refusals import Refusal
from puhui.rulebook.files import read_yaml

ROWS = 400
NUMBERS = list(range(ROWS))
LABEL = ["1" if n % 5 == 0 else "0" for n in NUMBERS]


def drafted(label="bad", **columns):
    """Return the draft's table for some columns beside a good feature and a label."""
    frame = pl.DataFrame({"income": [str(n * 37 % 91) for n in NUMBERS], "bad": LABEL, **columns})
    made = draft(frame, "t", label=label)
    return made.mapping.applications


def look(values, name="x"):
    column = drafted(**{name: values}).columns[name]
    return column.type, column.role


@pytest.mark.parametrize(
    ("name", "values", "kind", "role"),
    [
        ("x", [str(n * 7 % 13) for n in NUMBERS], "number", "feature"),
        ("x", [f"{n % 13}.5" for n in NUMBERS], "number", "feature"),
        ("x", ["农户" if n % 3 else "工薪" for n in NUMBERS], "category", "feature"),
        ("x", ["7"] * ROWS, "number", "left_out"),
        ("x", [None] * ROWS, "number", "left_out"),
        ("x", [f"第 {n} 段自由文字" for n in NUMBERS], "category", "left_out"),
        ("x", [f"2024-01-{n % 28 + 1:02d}" for n in NUMBERS], "date", "left_out"),
        ("x", [f"{n % 12 + 1}/{n % 28 + 1}/2020" for n in NUMBERS], "date", "left_out"),
        ("gender", ["M" if n % 2 else "F" for n in NUMBERS], "category", "protected"),
        ("x", ["男" if n % 2 else "女" for n in NUMBERS], "category", "protected"),
        ("LOAN_ID", [f"L{n % 390}" for n in NUMBERS], "category", "left_out"),
        ("phone", [f"1380000{n:04d}" for n in NUMBERS], "number", "personal"),
        ("x", [str(int(mark) * 50 + n % 40) for n, mark in enumerate(LABEL)], "number", "leak"),
        ("settled_days", [None if mark == "1" else "3" for mark in LABEL], "number", "leak"),
    ],
)
def test_what_a_column_seems_to_be(name, values, kind, role):
    if values == [None] * ROWS:
        values = pl.Series(values, dtype=pl.String)
    assert look(values, name) == (kind, role)


def test_codes_of_missing():
    columns = drafted(
        minus=["-1" if n % 9 == 0 else str(n % 50) for n in NUMBERS],
        signed=["-1" if n % 9 == 0 else str(n % 50 - 25) for n in NUMBERS],
        nines=["9999" if n % 9 == 0 else str(n % 50) for n in NUMBERS],
        amounts=["9999" if n % 9 == 0 else str(n * 50) for n in NUMBERS],
        words=["NA" if n % 9 == 0 else str(n % 50) for n in NUMBERS],
        rare=["不适用" if n == 9 else str(n % 50) for n in NUMBERS],
    )
    assert [columns.columns[name].missing for name in ("minus", "signed", "nines", "amounts")] == [
        (-1,),
        (),
        (9999,),
        (),
    ]
    assert "NA" in columns.missing
    assert columns.columns["words"].type == "number"
    assert columns.columns["rare"].missing == ("不适用",)


def test_an_id_becomes_the_application():
    table = drafted(loan_id=[f"L{n}" for n in NUMBERS])
    assert table.application == "loan_id"
    assert "loan_id" not in table.columns
    # Money that happens never to repeat is no id.
    assert drafted(amount=[str(n * 137 % 4001) for n in NUMBERS]).application is None


def test_a_day_of_application_becomes_the_time():
    table = drafted(申请日期=[f"2024-01-{n % 28 + 1:02d}" for n in NUMBERS])
    assert (table.applied_on.column, table.applied_on.format) == ("申请日期", "%Y-%m-%d")


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("0", "1"),
        ("good", "bad"),
        ("否", "是"),
        ("N", "Y"),
        ("1", "2"),
        ("B", "A"),
        ("Fully Paid", "Charged Off"),
        ("-1", "1"),
    ],
)
def test_which_of_two_values_is_bad(good, bad):
    frame = pl.DataFrame({"x": [str(n * 7 % 13) for n in NUMBERS], "y": [bad if n % 5 == 0 else good for n in NUMBERS]})
    label = draft(frame, "t", label="y").mapping.applications.label
    assert (label.bad, label.good) == ((bad,), (good,))


def test_the_label_is_found_by_its_name():
    assert drafted(label="").label.column == "bad"


@pytest.mark.parametrize(
    ("frame", "label", "code"),
    [
        ({"x": ["1", "2"], "y": ["0", "1"]}, "z", "LABEL_MISSING"),
        ({"x": ["1", "2", "3"], "y": ["0", "1", "2"]}, "y", "LABEL_NOT_TWO"),
        ({"x": ["1", "2", "3"], "y": ["0", "0", "0"]}, "y", "LABEL_NOT_TWO"),
        ({"x": ["1", "1", "1"], "y": ["0", "1", "0"]}, "y", "NOTHING_TO_LEARN"),
    ],
)
def test_what_cannot_be_drafted(frame, label, code):
    with pytest.raises(Refusal) as refused:
        draft(pl.DataFrame(frame), "t", label=label)
    assert refused.value.code == code


def test_the_yaml_of_a_draft_is_the_draft(tmp_path):
    frame = pl.DataFrame(
        {"on": ["1", "2"] * 200, '收入 "元"': [str(n) for n in NUMBERS], "no: #": ["a", "b"] * 200, "bad": LABEL}
    )
    made = draft(frame, "Mÿ table", label="bad")
    path = tmp_path / "m.yaml"
    path.write_text(made.yaml, encoding="utf-8")
    assert mapping_of(read_yaml(path)) == made.mapping
    assert made.mapping.name == "m_table"


def test_typed_columns_are_drafted_as_well():
    frame = pl.DataFrame({"x": [float(n % 7) for n in NUMBERS], "y": [n % 5 == 0 for n in NUMBERS]})
    table = draft(frame, "t", label="y").mapping.applications
    assert (table.columns["x"].type, table.label.bad) == ("number", ("true",))
