"""Limits: what a figure is held against. A fixed value, or one found in a dated series, in other facts, in a table.

Each kind is a record (how it is written in YAML), a resolver (how it is found) and one line in `KINDS`.
There is no expression language: what these kinds cannot say is left to people.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, NamedTuple, Protocol

from pydantic import Discriminator, Field, StrictBool, StrictInt, StrictStr, Tag

from puhui.kernel.inputs import Record
from puhui.kernel.rates import PPM
from puhui.rulebook.series import Series, SeriesValue

Scalar = StrictBool | StrictInt | StrictStr
Plain = StrictBool | StrictInt | StrictStr | list[StrictInt] | list[StrictStr]
Facts = Mapping[str, Any]


class SeriesLimit(Record):
    """A whole multiple of a dated series ("4 x LPR") on the day in the date fact `day`."""

    series: str
    times: int = Field(default=1, ge=1)
    day: str


class FactLimit(Record):
    """Another fact, or a share of it in ppm (rounded towards the stricter whole number)."""

    fact: str
    share_ppm: int | None = Field(default=None, gt=0)


class LowestLimit(Record):
    """The lowest of several facts."""

    lowest_of: list[str] = Field(min_length=2)


class HighestLimit(Record):
    """The highest of several facts."""

    highest_of: list[str] = Field(min_length=2)


class DatedValue(Record):
    """A value that holds from a day on."""

    since: date
    value: StrictInt | StrictStr


class DatedLimit(Record):
    """A value that changed: the latest one that had begun on the day of the check."""

    dated: list[DatedValue] = Field(min_length=1)


class Step(Record):
    """A value for figures strictly above a bound."""

    above: int
    value: StrictInt | StrictStr


class StepsLimit(Record):
    """A value by the size of another fact: the step with the highest bound that the fact exceeds."""

    by: str
    steps: list[Step] = Field(min_length=1)


class TableLimit(Record):
    """A value by the word of another fact; a word not in the table cannot be evaluated."""

    by: str
    table: dict[str, Plain] = Field(min_length=1)


class Resolver(Protocol):
    """How a limit is found: `resolve` returns None, and adds to `missing`, when a fact is not there."""

    @property
    def reads(self) -> tuple[str, ...]:
        """The facts it reads."""
        ...

    def resolve(self, facts: Facts, as_of: date, missing: list[str], /) -> Any:
        """Return the limit for these facts on that day."""
        ...

    def fixed(self, as_of: date, /) -> Any:
        """Return the limit that hangs on the day alone, None when it hangs on facts."""
        ...


@dataclass(frozen=True, slots=True)
class FixedValue:
    """A value written in the rule."""

    value: Any
    reads: tuple[str, ...] = ()

    def resolve(self, _facts: Facts, _as_of: date, _missing: list[str]) -> Any:
        """Return the value."""
        return self.value

    def fixed(self, _as_of: date) -> Any:
        """Return the value."""
        return self.value


@dataclass(frozen=True, slots=True)
class SeriesMultiple:
    """`times` x the series' value on the day in the fact `day_fact`."""

    series: Series
    times: int
    day_fact: str

    @property
    def reads(self) -> tuple[str, ...]:
        """The date fact."""
        return (self.day_fact,)

    def resolve(self, facts: Facts, _as_of: date, missing: list[str]) -> int | None:
        """Return the multiple in the series' unit; before its first value it cannot be evaluated."""
        value = self.value(facts)
        if value is None:
            day = facts.get(self.day_fact)
            missing.append(self.day_fact if day is None else f"{self.series.code}@{day.isoformat()}")
            return None
        return self.times * value.value_ppm

    def value(self, facts: Facts) -> SeriesValue | None:
        """Return the series' value on the day in the fact, None when there is no day or no value yet."""
        day = facts.get(self.day_fact)
        return None if day is None else self.series.at(day)

    def fixed(self, as_of: date) -> int | None:
        """Return the multiple for a date fact equal to the day itself."""
        return self.resolve({self.day_fact: as_of}, as_of, [])


@dataclass(frozen=True, slots=True)
class FactShare:
    """Another fact, or `share_ppm` of it; `up` rounds up (for lower bounds), else down."""

    fact: str
    share_ppm: int
    up: bool

    @property
    def reads(self) -> tuple[str, ...]:
        """The fact."""
        return (self.fact,)

    def resolve(self, facts: Facts, _as_of: date, missing: list[str]) -> Any:
        """Return the fact, or its share."""
        value = facts.get(self.fact)
        if value is None:
            missing.append(self.fact)
            return None
        if self.share_ppm == PPM:
            return value
        return -((-value * self.share_ppm) // PPM) if self.up else (value * self.share_ppm) // PPM

    def fixed(self, _as_of: date) -> None:
        """Return None: it hangs on facts."""
        return


@dataclass(frozen=True, slots=True)
class Extreme:
    """The lowest or highest of several facts; all of them are needed."""

    reads: tuple[str, ...]
    pick: Callable[[list[int]], int]

    def resolve(self, facts: Facts, _as_of: date, missing: list[str]) -> int | None:
        """Return the extreme."""
        absent = [name for name in self.reads if facts.get(name) is None]
        missing.extend(absent)
        return None if absent else self.pick([facts[name] for name in self.reads])

    def fixed(self, _as_of: date) -> None:
        """Return None: it hangs on facts."""
        return


@dataclass(frozen=True, slots=True)
class DatedSteps:
    """The latest of several values that had begun."""

    since: tuple[date, ...]
    values: tuple[Any, ...]
    reads: tuple[str, ...] = ()

    def resolve(self, _facts: Facts, as_of: date, missing: list[str]) -> Any:
        """Return the value of the day; before the first one it cannot be evaluated."""
        value = self.fixed(as_of)
        if value is None:
            missing.append(f"limit@{as_of.isoformat()}")
        return value

    def fixed(self, as_of: date) -> Any:
        """Return the value of the day, None before the first one."""
        place = bisect_right(self.since, as_of)
        return self.values[place - 1] if place else None


@dataclass(frozen=True, slots=True)
class StepsBy:
    """A value by the size of a fact."""

    by: str
    bounds: tuple[int, ...]
    values: tuple[Any, ...]

    @property
    def reads(self) -> tuple[str, ...]:
        """The fact that chooses."""
        return (self.by,)

    def resolve(self, facts: Facts, _as_of: date, missing: list[str]) -> Any:
        """Return the value of the highest bound that the fact exceeds."""
        figure = facts.get(self.by)
        place = 0 if figure is None else sum(figure > bound for bound in self.bounds)
        if place == 0:
            missing.append(self.by)
            return None
        return self.values[place - 1]

    def fixed(self, _as_of: date) -> tuple[tuple[int, Any], ...]:
        """Return the whole table: (bound to exceed, value)."""
        return tuple(zip(self.bounds, self.values, strict=True))


@dataclass(frozen=True, slots=True)
class TableBy:
    """A value by the word of a fact."""

    by: str
    table: Mapping[str, Any]

    @property
    def reads(self) -> tuple[str, ...]:
        """The fact that chooses."""
        return (self.by,)

    def resolve(self, facts: Facts, _as_of: date, missing: list[str]) -> Any:
        """Return the value of the word."""
        value = self.table.get(facts.get(self.by, ""))
        if value is None:
            missing.append(self.by)
        return value

    def fixed(self, _as_of: date) -> tuple[tuple[str, Any], ...]:
        """Return the whole table: (word, value)."""
        return tuple(self.table.items())


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


class _Kind(NamedTuple):
    record: type[Record] | None
    resolver: Callable[[Any, str, Mapping[str, Series]], Resolver]


# The key that tells the kind -> how it is written and found. The operator says which way a share is rounded.
KINDS: dict[str, _Kind] = {
    "plain": _Kind(None, lambda limit, _op, _series: FixedValue(_plain(limit))),
    "series": _Kind(
        SeriesLimit, lambda limit, _op, series: SeriesMultiple(series[limit.series], limit.times, limit.day)
    ),
    "fact": _Kind(FactLimit, lambda limit, op, _series: FactShare(limit.fact, limit.share_ppm or PPM, op == ">=")),
    "lowest_of": _Kind(LowestLimit, lambda limit, _op, _series: Extreme(tuple(limit.lowest_of), min)),
    "highest_of": _Kind(HighestLimit, lambda limit, _op, _series: Extreme(tuple(limit.highest_of), max)),
    "dated": _Kind(
        DatedLimit,
        lambda limit, _op, _series: DatedSteps(
            tuple(item.since for item in limit.dated),
            tuple(item.value for item in limit.dated),
        ),
    ),
    "steps": _Kind(
        StepsLimit,
        lambda limit, _op, _series: StepsBy(
            limit.by, tuple(step.above for step in limit.steps), tuple(step.value for step in limit.steps)
        ),
    ),
    "table": _Kind(
        TableLimit,
        lambda limit, _op, _series: TableBy(limit.by, {word: _plain(value) for word, value in limit.table.items()}),
    ),
}


def kind_of(limit: object) -> str | None:
    """Return the kind of a limit as read or as parsed; None when it is a mapping of no kind."""
    for key, kind in KINDS.items():
        if kind.record is not None and (isinstance(limit, kind.record) or (isinstance(limit, dict) and key in limit)):
            return key
    return None if isinstance(limit, dict) or limit is None else "plain"


Limit = Annotated[
    Annotated[Plain, Tag("plain")]
    | Annotated[SeriesLimit, Tag("series")]
    | Annotated[FactLimit, Tag("fact")]
    | Annotated[LowestLimit, Tag("lowest_of")]
    | Annotated[HighestLimit, Tag("highest_of")]
    | Annotated[DatedLimit, Tag("dated")]
    | Annotated[StepsLimit, Tag("steps")]
    | Annotated[TableLimit, Tag("table")],
    Discriminator(kind_of),
]


def resolver(limit: Any, op: str, series: Mapping[str, Series]) -> Resolver:
    """Return how a parsed limit is found; the series it names exists."""
    kind = kind_of(limit)
    assert kind is not None, "a parsed limit has a kind"
    return KINDS[kind].resolver(limit, op, series)
