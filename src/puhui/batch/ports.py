"""What a night needs of the store: the ports that `storage.database.Database` fills, wired by the edge."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from puhui.kernel.facts import Fact
from puhui.ledger.balances import Total
from puhui.ledger.reads import Page, Wanted
from puhui.workflows.store import Changes, Loan


class StepDone(Protocol):
    """A step of a night that is done, with what it came to."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def result(self) -> Mapping[str, Any]:
        """What it came to."""
        ...

    @property
    def done_at(self) -> datetime:
        """When it was done."""
        ...


class Aside(Protocol):
    """A loan that a night could not close, and why."""

    @property
    def loan(self) -> str:
        """Its id."""
        ...

    @property
    def step(self) -> str:
        """Where it failed."""
        ...

    @property
    def problem(self) -> str:
        """What the matter was."""
        ...


class Nights(Protocol):
    """What the store keeps of nights."""

    def step_done(self, night_of: date, step: str, /) -> StepDone | None:
        """Return the step as it was done, None when it was not."""
        ...

    def steps(self, night_of: date, /) -> Sequence[StepDone]:
        """Return the steps that are done, in the order they were."""
        ...

    def mark_step(self, night_of: date, step: str, result: Mapping[str, Any], at: datetime, /) -> None:
        """Note that a step is done."""
        ...

    def move_watermark(self, night_of: date, result: Mapping[str, Any], at: datetime, /) -> None:
        """Note that a day is in the ledger; only in a unit of work that is alone."""
        ...

    def set_aside(self, night_of: date, loan: str, step: str, problem: str, at: datetime, /) -> None:
        """Note that a loan could not be closed."""
        ...

    def clear_set_aside(self, night_of: date, /) -> None:
        """Forget who was set aside."""
        ...

    def set_asides(self, night_of: date, /) -> Sequence[Aside]:
        """Return the loans that a night could not close."""
        ...

    def dues_on(self, day: date, /) -> Any:
        """Return what falls due on a day, an Arrow table in the order of loan_key."""
        ...


class ManyLoans(Protocol):
    """Many loans at once."""

    def chunks(self, size: int = 1000, *, dirty: bool = False) -> Iterator[Sequence[Loan]]:
        """Yield all loans by key; with `dirty` only those written since the night read them."""
        ...

    def by_keys(self, keys: Iterable[int], /) -> Sequence[Loan]:
        """Return the loans of these keys."""
        ...

    def dirty_versions(self) -> Mapping[int, int]:
        """Return key and version of the loans written since the night read them."""
        ...

    def clean(self, loans: Iterable[Loan], /) -> None:
        """Note that the night has these loans as they are; one of another version stays marked."""
        ...

    def clean_through(self, day: int, /) -> None:
        """Note that the night has every loan booked no further than `day`; only in a unit of work that is alone."""
        ...

    def count(self) -> int:
        """Return how many loans there are."""
        ...


class Ledger(Protocol):
    """What a night reads of the general ledger."""

    def totals(self, since: date | None, until: date | None, /) -> Sequence[Total]:
        """Return debits and credits by account, currency and dimensions of entries effective on those days."""
        ...

    def entries(self, wanted: Wanted, limit: int, cursor: str = "", /) -> Page:
        """Return a page of entries."""
        ...


class Unit(Protocol):
    """One transaction on the books."""

    @property
    def loans(self) -> ManyLoans:
        """Many loans at once."""
        ...

    @property
    def ledger(self) -> Ledger:
        """The general ledger."""
        ...

    @property
    def nights(self) -> Nights:
        """Steps, watermark, loans set aside, dues."""
        ...

    def loan(self, loan_id: str, /) -> Loan:
        """Return a loan; refuse LOAN_UNKNOWN."""
        ...

    def watermark(self) -> date | None:
        """Return the last day that a night has posted."""
        ...

    def facts(self, subject: str) -> list[Fact]:
        """Return the facts of a subject, by sequence."""
        ...

    def next_sequence(self, subject: str) -> int:
        """Return the sequence of the next fact of a subject."""
        ...

    def record(self, changes: Changes) -> None:
        """Write all of it."""
        ...


class Books(Protocol):
    """Opens the books."""

    def begin(self, *, alone: bool = False) -> AbstractContextManager[Unit]:
        """Give a unit of work that commits at the end of the block; `alone` keeps other writers out until then."""
        ...

    def read(self) -> AbstractContextManager[Unit]:
        """Give a unit of work that reads one state of the books."""
        ...


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the proof log says after a night: how many leaves, their root in hex."""

    size: int
    root: str


class Sign(Protocol):
    """Puts all facts into the proof log and signs a checkpoint over it."""

    def __call__(self, at: datetime, /) -> Checkpoint:
        """Return what was signed."""
        ...
