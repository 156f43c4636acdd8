"""What the store keeps of nights: which steps are done, the watermark, loans set aside, and what falls due on a day."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from puhui.kernel.dates import day_number, to_date
from puhui.storage.fact_rows import instant, micros
from puhui.storage.session import compact, statement
from puhui.storage.work import POSTED, Work

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

MARK = statement(
    "night_mark",
    "INSERT INTO nights (step, night_of, done_at, result) VALUES (?, ?, ?, ?) ON CONFLICT (step, night_of) "
    "DO UPDATE SET done_at = excluded.done_at, result = excluded.result",
)
STEP = statement("night_step", "SELECT result, done_at FROM nights WHERE step = ? AND night_of = ?")
STEPS = statement("night_steps", "SELECT step, result, done_at FROM nights WHERE night_of = ? ORDER BY done_at, step")
NOTE_ERROR = statement(
    "night_error",
    "INSERT INTO night_errors (night_of, loan, step, problem, noted_at) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (night_of, loan) DO UPDATE SET step = excluded.step, problem = excluded.problem, "
    "noted_at = excluded.noted_at",
)
CLEAR_ERRORS = statement("night_errors_clear", "DELETE FROM night_errors WHERE night_of = ?")
ERRORS = statement(
    "night_errors", "SELECT loan, step, problem, noted_at FROM night_errors WHERE night_of = ? ORDER BY loan"
)
DUE_COLUMNS = (
    "loan_key",
    "n",
    "due_on",
    "principal_minor",
    "interest_minor",
    "fee_minor",
    "next_due_on",
    "accrual_to",
    "accrual_minor",
)
DUES = statement(
    "dues",
    f"SELECT {', '.join(DUE_COLUMNS)} FROM dues WHERE due_on BETWEEN ? AND ? ORDER BY due_on, loan_key, n",  # noqa: S608
)


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a night that is done, with what it came to."""

    name: str
    result: Mapping[str, Any]
    done_at: datetime


@dataclass(frozen=True, slots=True)
class SetAside:
    """A loan that a night could not close, and why."""

    loan: str
    step: str
    problem: str
    noted_at: datetime


class Nights:
    """Nights within one unit of work. `night_of` is the business day that a night closes."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def step_done(self, night_of: date, step: str) -> Step | None:
        """Return the step as it was done, None when it was not."""
        [rows] = self._work.ask((STEP, (step, day_number(night_of))))
        return Step(step, json.loads(rows[0][0]), instant(rows[0][1])) if rows else None

    def steps(self, night_of: date) -> list[Step]:
        """Return the steps that are done, in the order they were."""
        [rows] = self._work.ask((STEPS, (day_number(night_of),)))
        return [Step(name, json.loads(result), instant(done_at)) for name, result, done_at in rows]

    def mark_step(self, night_of: date, step: str, result: Mapping[str, Any], at: datetime) -> None:
        """Note that a step is done, with what it came to; a step done again is noted anew."""
        assert step != POSTED, "the watermark has its own way"
        self._mark(night_of, step, result, at)

    def move_watermark(self, night_of: date, result: Mapping[str, Any], at: datetime) -> None:
        """Note, in the transaction that posts its entries, that a day is in the ledger: the watermark moves there.

        Only in a unit of work that is alone: a writer beside it would book the day once more.
        """
        assert self._work.alone, "the watermark moves only while no other writer works"
        known = self._work.state()[0]
        assert known is None or known < day_number(night_of), f"{night_of} is posted already"
        self._mark(night_of, POSTED, result, at)
        self._work.forget_state()

    def first_posted(self) -> date | None:
        """Return the first day that a night posted, None before the first night."""
        [rows] = self._work.ask((FIRST_POSTED, ()))
        return None if rows[0][0] is None else to_date(rows[0][0])

    def set_aside(self, night_of: date, loan: str, step: str, problem: str, at: datetime) -> None:
        """Note that a loan could not be closed; a later word on the same loan takes the place of the first."""
        self._work.queue(NOTE_ERROR, (day_number(night_of), loan, step, problem, micros(at)))

    def clear_set_aside(self, night_of: date) -> None:
        """Forget who was set aside, before the night is tried anew."""
        self._work.queue(CLEAR_ERRORS, (day_number(night_of),))

    def set_asides(self, night_of: date) -> list[SetAside]:
        """Return the loans that a night could not close."""
        [rows] = self._work.ask((ERRORS, (day_number(night_of),)))
        return [SetAside(loan, step, problem, instant(at)) for loan, step, problem, at in rows]

    def dues_on(self, day: date, last_on: date | None = None) -> "pa.Table":
        """Return what falls due on a day (through `last_on`), one int64 column for each of DUE_COLUMNS.

        Ordered by due day, loan key and number. A cache of the plans: days are day numbers, amounts minor units.
        """
        import numpy as np
        import pyarrow as pa

        [rows] = self._work.ask((DUES, (day_number(day), day_number(last_on or day))))
        columns = np.ascontiguousarray(np.array(rows, dtype=np.int64).reshape(len(rows), len(DUE_COLUMNS)).T)
        # From buffers: given arrays, Arrow would first load pandas where it is installed, half a second for nothing.
        arrays = [pa.Array.from_buffers(pa.int64(), len(rows), [None, pa.py_buffer(column)]) for column in columns]
        return pa.Table.from_arrays(arrays, names=list(DUE_COLUMNS))

    def _mark(self, night_of: date, step: str, result: Mapping[str, Any], at: datetime) -> None:
        text = compact(result)
        self._work.queue(MARK, (step, day_number(night_of), micros(at), text))


FIRST_POSTED = statement("night_first", f"SELECT min(night_of) FROM nights WHERE step = '{POSTED}'")  # noqa: S608
