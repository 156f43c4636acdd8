"""The types of a column: from what a file holds to a typed value, and the ways a cell can be wrong.

Each type is a function and one line in TYPES. Text is typed here, not by the reader of the file, so that nothing is
guessed; columns that a file has typed already (Parquet) are checked by the same rules.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from puhui.credit.data.mapping import Column
from puhui.kernel.dates import LAST_YEAR

# Numbers of a person or a small firm are below 10^12; from 2^53 on, floats skip whole numbers.
MOST_NUMBER = 10**12
MOST_TEXT = 500
FIRST_DAY = date(1950, 1, 1)
LAST_DAY = date(LAST_YEAR, 12, 31)
EXCEL_EPOCH = date(1899, 12, 30)
LARGEST_EXACT = 2**53
FINER = 0.001
_CONTROL = r"\x01-\x08\x0b\x0c\x0e-\x1f\x7f"


@dataclass(frozen=True, slots=True)
class Cell:
    """What is known of a column before it is typed: its name and type in the file, which codes are missing.

    A column is typed in three stages, each a column for the next, so that nothing is computed twice: its clean
    text, its number, its value; they are named after `out`, the tidy name. `latest_on` is the last day a date may
    fall on unless the mapping says otherwise.
    """

    name: str
    out: str
    dtype: pl.DataType
    missing: tuple[str, ...]
    latest_on: date = LAST_DAY

    @property
    def text(self) -> pl.Expr:
        """The clean text, null where missing."""
        return pl.col(f"t:{self.out}")

    @property
    def number(self) -> pl.Expr:
        """The number, null where there is none."""
        return pl.col(f"n:{self.out}")

    @property
    def value(self) -> pl.Expr:
        """The typed value."""
        return pl.col(f"v:{self.out}")


@dataclass(frozen=True, slots=True)
class Typed:
    """A column typed: its stages, and for each reason the rows that it sets aside.

    `wrong`, where given, is the same as any of the checks, and faster.
    """

    value: pl.Expr
    checks: tuple[tuple[str, pl.Expr], ...] = ()
    text: pl.Expr | None = None
    number: pl.Expr | None = None
    wrong: pl.Expr | None = None

    def with_check(self, code: str, failing: pl.Expr) -> "Typed":
        """Return it with one more reason."""
        wrong = None if self.wrong is None else self.wrong | failing
        return replace(self, checks=(*self.checks, (code, failing)), wrong=wrong)


def typed(cell: Cell, column: Column) -> Typed:
    """Return the column typed as the mapping says; with `required`, a missing value is a reason too."""
    made = TYPES[column.type](cell, column)
    if not column.required:
        return made
    return made.with_check("required", (cell.value if made.text is None else cell.text).is_null())


def clean(cell: Cell, column: Column) -> pl.Expr:
    """Return the text of a column without blanks around it, null where its codes say missing."""
    raw = pl.col(cell.name)
    if cell.dtype == pl.String:
        text = raw.str.strip_chars()
    elif cell.dtype.is_float():
        # 3.0 is the code "3", as a person writes it.
        text = raw.fill_nan(None).cast(pl.String).str.replace(r"\.0$", "")
    elif cell.dtype.is_temporal():
        text = raw.cast(pl.Datetime("us")).dt.strftime("%Y-%m-%d %H:%M:%S").str.replace(r" 00:00:00$", "")
    else:
        text = raw.cast(pl.String)
    codes = [*cell.missing, *map(str, column.missing)]
    return pl.when(text.is_in(codes) | (text == "")).then(None).otherwise(text) if codes else text


def _number(cell: Cell, column: Column) -> Typed:
    if cell.dtype.is_numeric() or cell.dtype == pl.Boolean:
        checks = (("not_number", cell.number.is_infinite()), *_bounds(cell.number, column))
        return Typed(cell.number, checks, number=_native_number(cell, column))
    wrong = cell.text.is_not_null() & ~cell.number.is_finite().fill_null(False)
    return Typed(
        cell.number,
        (("not_number", wrong), *_bounds(cell.number, column)),
        text=clean(cell, column),
        number=_stripped(cell.text, column.strip).cast(pl.Float64, strict=False),
    )


def _native_number(cell: Cell, column: Column) -> pl.Expr:
    """Return a column of numbers as floats; its codes are compared as numbers, which is much faster than as text."""
    value = pl.col(cell.name).cast(pl.Float64)
    if cell.dtype.is_float():
        value = value.fill_nan(None)
    codes = _as_numbers((*cell.missing, *column.missing))
    return pl.when(value.is_in(codes)).then(None).otherwise(value) if codes else value


def _as_numbers(codes: Iterable[str | int]) -> list[float]:
    found = []
    for code in codes:
        try:
            found.append(float(code))
        except ValueError:
            continue  # "NA" among the codes of the file: no number is that
    return [code for code in found if code == code]


def _stripped(text: pl.Expr, characters: Iterable[str]) -> pl.Expr:
    for each in characters:
        text = text.str.replace_all(each, "", literal=True)
    return text.str.strip_chars() if characters else text


def _bounds(value: pl.Expr, column: Column) -> list[tuple[str, pl.Expr]]:
    """Return the checks of least and most; special codes are spared."""
    least = -float(MOST_NUMBER) if column.least is None else float(column.least)
    most = float(MOST_NUMBER) if column.most is None else float(column.most)
    below = value < least if column.least is not None else value <= least
    above = value > most if column.most is not None else value >= most
    spared = _as_numbers(column.special)
    if spared:
        below, above = below & ~value.is_in(spared), above & ~value.is_in(spared)
    return [("below", below), ("above", above)]


def _whole(cell: Cell, column: Column) -> Typed:
    # What is not finite, or too large, has a reason of its own, and must not stop the cast.
    fine = pl.when(cell.number.abs() < LARGEST_EXACT).then(cell.number).otherwise(None)
    made = replace(_number(cell, column), value=fine.floor().cast(pl.Int64))
    return made.with_check("not_whole", fine.is_not_null() & (fine != fine.floor()))


def _money(cell: Cell, column: Column) -> Typed:
    """Return whole minor units; `unit` is yuan unless it is fen. Exact below 10^12 yuan: 10^14 is below 2^53."""
    return in_minor_units(cell, _number(cell, column), 1 if column.unit == "fen" else 100)


def in_minor_units(cell: Cell, number: Typed, per_unit: int) -> Typed:
    """Return a column of numbers as whole minor units; what is finer is set aside."""
    value, finer = minor_units(cell.number, per_unit)
    return replace(number, value=value).with_check("not_money", finer)


def minor_units(value: pl.Expr, per_unit: int) -> tuple[pl.Expr, pl.Expr]:
    """Return amounts in whole minor units, and where they are finer than that."""
    scaled = value * per_unit
    fine = pl.when(scaled.abs() < LARGEST_EXACT).then(scaled).otherwise(None)
    nearest = fine.round(0)
    return nearest.cast(pl.Int64), ((fine - nearest).abs() > FINER).fill_null(False)


def _category(cell: Cell, column: Column) -> Typed:
    checks = (
        ("nul", cell.text.str.contains("\0", literal=True)),
        ("control", cell.text.str.contains(f"[{_CONTROL}]")),
        ("formula", cell.text.str.contains(r"^[=@]")),
        ("too_long", cell.text.str.len_chars() > MOST_TEXT),
    )
    wrong = cell.text.str.contains(rf"^[=@]|[\x00{_CONTROL}]") | (cell.text.str.len_chars() > MOST_TEXT)
    return Typed(cell.text, checks, text=clean(cell, column), wrong=wrong)


def _flag(cell: Cell, column: Column) -> Typed:
    yes = [*map(str, column.yes)] or ["1", "true", "True", "TRUE"]
    no = [*map(str, column.no)] or ["0", "false", "False", "FALSE"]
    value = pl.when(cell.text.is_in(yes)).then(1).when(cell.text.is_in(no)).then(0).otherwise(None).cast(pl.Int8)
    wrong = cell.text.is_not_null() & cell.value.is_null()
    return Typed(value, (("not_flag", wrong),), text=clean(cell, column))


def _date(cell: Cell, column: Column) -> Typed:
    first = FIRST_DAY if column.least is None else date.fromisoformat(str(column.least))
    last = cell.latest_on if column.most is None else date.fromisoformat(str(column.most))
    day = cell.number
    checks = (("too_early", day < first), ("too_late", day > last))
    if cell.dtype.is_temporal():
        return Typed(day, checks, number=pl.col(cell.name).cast(pl.Date))
    wrong = cell.text.is_not_null() & day.is_null()
    parsed = _parsed_day(cell.text, column.format or "%Y-%m-%d")
    return Typed(day, (("not_date", wrong), *checks), text=clean(cell, column), number=parsed)


def _parsed_day(text: pl.Expr, pattern: str) -> pl.Expr:
    if pattern == "excel":
        days = text.cast(pl.Float64, strict=False)
        # 2958465 is 9999-12-31, the last day that a spreadsheet knows.
        fine = pl.when(days.is_finite() & (days >= 1) & (days <= 2_958_465)).then(days).otherwise(None)
        return (pl.lit(EXCEL_EPOCH) + pl.duration(days=fine.floor().cast(pl.Int64))).cast(pl.Date)
    if "%H" in pattern:
        return text.str.to_datetime(pattern, strict=False).cast(pl.Date)
    return text.str.replace(r"[ T]00:00:00(\.0+)?$", "").str.to_date(pattern, strict=False)


TYPES: dict[str, Callable[[Cell, Column], Typed]] = {
    "number": _number,
    "whole": _whole,
    "money": _money,
    "category": _category,
    "flag": _flag,
    "date": _date,
}
