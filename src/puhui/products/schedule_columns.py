"""Repayment plans of a whole book: the formulas of `schedule`, on int64 columns, block by block.

A book is a few products times many loans: `templates` are Terms, `template` says which one each loan follows, and
the columns give what differs from loan to loan. Every figure equals the single-loan function's to the cent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from puhui.kernel.columns import Ints, is_column
from puhui.kernel.dates import day_number
from puhui.kernel.inputs import PROBLEMS
from puhui.kernel.language import Text
from puhui.kernel.rates import PPM
from puhui.kernel.refusals import declare
from puhui.products.calculation import Values
from puhui.products.due_dates import NO_DAY
from puhui.products.kinds import kind_of
from puhui.products.schedule import Rows, rows_of, values_of
from puhui.products.terms import (
    DAY_COUNT_NEEDED,
    DUE_DAY_MONTHLY,
    DUE_DAY_NEEDED,
    FIRST_DAY,
    FIRST_DUE_LATER,
    LARGEST_PRINCIPAL_MINOR,
    LARGEST_RATE_PPM,
    LAST_DAY,
    ONE_FIRST_DUE,
    SUBSIDY_WITHIN,
    TERMS_INVALID,
    Terms,
)

if TYPE_CHECKING:
    from puhui.kernel.columns import Column

COLUMN_INVALID = declare(
    "COLUMN_INVALID",
    422,
    "列 {field} 第 {row} 行（从 0 起）：{problem}",
    "Column {field}, row {row} (from 0): {problem}",
)

_DAYS = (day_number(FIRST_DAY), day_number(LAST_DAY))
# Least and greatest of each column; a missing date of `first_due_on` is NaT, a missing `due_day` 0.
BOUNDS: dict[str, tuple[int, int]] = {
    "principal_minor": (1, LARGEST_PRINCIPAL_MINOR),
    "annual_rate_ppm": (0, LARGEST_RATE_PPM),
    "disbursed_on": _DAYS,
    "first_due_on": _DAYS,
    "due_day": (0, 31),
    "down_payment_ppm": (0, PPM - 1),
    "balloon_minor": (0, LARGEST_PRINCIPAL_MINOR),
    "step_minor": (-LARGEST_PRINCIPAL_MINOR, LARGEST_PRINCIPAL_MINOR),
    "step_ppm": (1 - PPM, PPM),
}


@dataclass(frozen=True, slots=True)
class Block:
    """The plans of some loans of one template: arrays of rows x loans, amounts in minor units, days as numbers.

    `loans` are the places of the loans in the columns given. `upfront_fee_minor` by loan. `positions()`: how far
    each row lies from disbursement, in 1/`positions_a_month` of a month.
    """

    template: int
    loans: NDArray[np.intp]
    due_days: Column
    principal_minor: Column
    interest_minor: Column
    fee_minor: Column
    total_minor: Column
    outstanding_principal_minor: Column
    subsidy_minor: Column
    upfront_fee_minor: Column
    position_rows: list[Ints]
    positions_a_month: int

    def positions(self) -> Column:
        """Return the positions, rows x loans."""
        return _stack(self.position_rows, len(self.loans))


def schedule_columns(
    templates: Sequence[Terms],
    template: Any,
    columns: Mapping[str, Any],
    block_loans: int = 8192,
) -> Iterator[Block]:
    """Yield the plans of a book in blocks of at most `block_loans` loans, template by template.

    template: an int array, one element a loan. columns: by field of Terms (those of BOUNDS), arrays of the same
    length: whole numbers, days as datetime64[D]; what has no column is the template's. Memory is bounded by the
    block. Refuses COLUMN_INVALID naming the column and the first row at fault, and what `schedule` refuses.
    """
    follows = np.asarray(template)
    checked = {name: _checked(name, values, follows.shape) for name, values in columns.items()}
    if follows.size and not (follows.min() >= 0 and follows.max() < len(templates)):
        row = int(np.flatnonzero((follows < 0) | (follows >= len(templates)))[0])
        raise COLUMN_INVALID.refuse("template", row=row, problem=_NO_TEMPLATE)
    _check_rows(follows, checked, templates)
    order = np.argsort(follows, kind="stable")
    ends = np.searchsorted(follows[order], np.arange(len(templates) + 1))
    for number, terms in enumerate(templates):
        if ends[number] == ends[number + 1]:
            continue
        kind = kind_of(terms)
        if terms.movements:
            raise TERMS_INVALID.refuse("movements", problem=_SINGLE_ONLY)
        for start in range(ends[number], ends[number + 1], block_loans):
            loans = order[start : min(start + block_loans, ends[number + 1])]
            own = {name: values[loans] for name, values in checked.items()}
            yield _block(number, loans, rows_of(terms, _values(terms, own, len(loans)), kind))


def _values(terms: Terms, own: Mapping[str, Column], count: int) -> Values:
    values = {name: getattr(values_of(terms), name) for name in BOUNDS}
    values["principal_minor"] = np.full(count, terms.principal_minor, dtype=np.int64)
    return Values(**{**values, **own})


def _checked(name: str, values: Any, shape: tuple[int, ...]) -> Column:
    """Return a column as int64 within its bounds; refuse floats, text, NaN, gaps and what lies outside."""
    if name not in BOUNDS:
        raise COLUMN_INVALID.refuse(name, row=0, problem=PROBLEMS["extra_forbidden"])
    array = np.asarray(values)
    if array.shape != shape:
        raise COLUMN_INVALID.refuse(name, row=0, problem=_OTHER_LENGTH)
    dated = name.endswith("_on")
    if dated and array.dtype.kind == "M":
        missing = np.isnat(array)
        array = np.where(missing, NO_DAY, array.astype("datetime64[D]").astype(np.int64))
    elif dated or array.dtype.kind not in "iu":
        raise COLUMN_INVALID.refuse(name, row=0, problem=_NOT_DAYS if dated else PROBLEMS["int_type"])
    least, greatest = BOUNDS[name]
    outside = (array < least) | (array > greatest)
    if name == "first_due_on":
        outside &= array != NO_DAY
    if outside.any():
        problem = Text(f"超出 {least} 至 {greatest} 的范围", f"lies outside {least} to {greatest}")
        raise COLUMN_INVALID.refuse(name, row=int(np.flatnonzero(outside)[0]), problem=_NOT_DAYS if dated else problem)
    return array.astype(np.int64)


def _check_rows(follows: Any, columns: Mapping[str, Column], templates: Sequence[Terms]) -> None:
    """Refuse the first row that the terms of a single loan would refuse, naming the column."""
    for name, wrong, problem in _conditions(follows, columns, templates):
        if wrong.any():
            raise COLUMN_INVALID.refuse(name, row=int(np.flatnonzero(wrong)[0]), problem=problem)


def _conditions(
    follows: Any, columns: Mapping[str, Column], templates: Sequence[Terms]
) -> Iterator[tuple[str, NDArray[np.bool_], Text]]:
    """Yield column, rows at fault and problem: the conditions of Terms, and columns that a template does not read."""
    base = [values_of(terms) for terms in templates]

    def column(name: str) -> Column:
        given = columns.get(name)
        return np.array([getattr(values, name) for values in base])[follows] if given is None else given

    def where(holds: Callable[[Terms], object]) -> NDArray[np.bool_]:
        rows: NDArray[np.bool_] = np.array([bool(holds(terms)) for terms in templates])[follows]
        return rows

    first, due_day, rate_ppm = column("first_due_on"), column("due_day"), column("annual_rate_ppm")
    next_due = where(lambda terms: terms.first_due == "next_due_day")
    subsidies = np.array([terms.subsidy.rate_ppm if terms.subsidy else 0 for terms in templates])[follows]
    yield "first_due_on", (first != NO_DAY) & (first <= column("disbursed_on")), FIRST_DUE_LATER
    yield "first_due_on", (first != NO_DAY) & next_due, ONE_FIRST_DUE
    yield "due_day", (due_day == 0) & next_due, DUE_DAY_NEEDED
    yield "due_day", (due_day > 0) & where(lambda terms: terms.unit != "month"), DUE_DAY_MONTHLY
    yield "annual_rate_ppm", (rate_ppm > 0) & where(lambda terms: terms.day_count is None), DAY_COUNT_NEEDED
    yield "annual_rate_ppm", rate_ppm < subsidies, SUBSIDY_WITHIN
    balloon = column("balloon_minor")
    yield "balloon_minor", (balloon > 0) & (balloon >= column("principal_minor")), _BALLOON_LESS
    for name in ("balloon_minor", "step_minor", "step_ppm"):
        yield name, (column(name) != 0) & where(partial(_leaves_out, name)), _UNREAD


def _leaves_out(name: str, terms: Terms) -> bool:
    return getattr(terms, name) is None


def _block(number: int, loans: NDArray[np.intp], rows: Rows) -> Block:
    count = len(loans)
    dates = rows.calculation.dates
    down = [0] * (len(rows.due) - len(dates.position))
    upfront = sum(rows.upfront, start=np.zeros(count, dtype=np.int64))
    return Block(
        number,
        loans,
        _stack(rows.due, count),
        _stack(rows.principal, count),
        _stack(rows.interest, count),
        _stack(rows.fee, count),
        _stack(rows.total, count),
        _stack(rows.outstanding, count),
        _stack(rows.subsidy, count),
        upfront,
        [*down, *dates.position],
        dates.positions_a_month,
    )


def _stack(by_row: list[Ints], count: int) -> Column:
    """Return rows x loans; rows of plain ints are not copied out."""
    if not any(map(is_column, by_row)):
        return np.broadcast_to(np.array(by_row, dtype=np.int64)[:, None], (len(by_row), count))
    out = np.empty((len(by_row), count), dtype=np.int64)
    for row, values in enumerate(by_row):
        out[row] = values
    return out


_NO_TEMPLATE = Text("没有这个模板", "there is no such template")
_OTHER_LENGTH = Text("与 template 列的长度不同", "its length differs from the template column's")
_NOT_DAYS = Text("须为 datetime64[D] 日期，且在允许的范围内", "must be datetime64[D] days within the bounds")
_BALLOON_LESS = Text("必须小于贷款本金", "must be less than the principal")
_UNREAD = Text("该行的模板不使用此列，请填 0", "the template of this row does not read it; put 0")
_SINGLE_ONLY = Text("只能逐笔计算", "are computed loan by loan only")
