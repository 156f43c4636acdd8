"""Dated series that limits hang on (the loan prime rate): each value with its first day, source and confidence."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from typing import Literal

from pydantic import Field

from puhui.kernel.inputs import Record
from puhui.kernel.language import Text


class _Words(Record):
    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class SeriesValueRecord(Record):
    """One value of a series as written: first day, whole ppm, where it was seen."""

    since: date
    value_ppm: int = Field(ge=0)
    confidence: Literal["quoted-primary", "quoted-secondary", "memory-unverified"]
    source: str = Field(min_length=1)


class SeriesRecord(Record):
    """A series as written."""

    title: _Words
    issuer: str
    source: str = Field(min_length=1)
    values: list[SeriesValueRecord] = Field(min_length=1)


class SeriesFile(Record):
    """The file of all series."""

    series: dict[str, SeriesRecord]


@dataclass(frozen=True, slots=True)
class SeriesValue:
    """A value from its first day until the next one."""

    since: date
    value_ppm: int
    confidence: str
    source: str


@dataclass(frozen=True, slots=True)
class Series:
    """A dated series, oldest value first."""

    code: str
    title: Text
    values: tuple[SeriesValue, ...]
    days: tuple[date, ...]

    def at(self, day: date) -> SeriesValue | None:
        """Return the value in force on `day`, None before the first one."""
        place = bisect_right(self.days, day)
        return self.values[place - 1] if place else None


def compile_series(code: str, record: SeriesRecord) -> Series:
    """Return the series of a record."""
    values = tuple(
        SeriesValue(item.since, item.value_ppm, item.confidence, item.source)
        for item in sorted(record.values, key=lambda item: item.since)
    )
    return Series(code, Text(record.title.zh, record.title.en), values, tuple(item.since for item in values))
