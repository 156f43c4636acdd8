"""Value-added tax within what is earned 价税分离: rates are dated data, the split rounds a running total once."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Literal

from pydantic import Field

from puhui.accounting.parts import round_part
from puhui.kernel.columns import Ints
from puhui.kernel.home import home
from puhui.kernel.inputs import Record, one_of, parse
from puhui.kernel.language import Text
from puhui.kernel.rates import PPM
from puhui.kernel.refusals import declare
from puhui.rulebook.files import read_yaml

VAT_FILE = Path(__file__).parent / "vat.yaml"
OWN_FILE = "vat.yaml"
GENERAL = "general"

VAT_UNKNOWN = declare(
    "VAT_UNKNOWN",
    422,
    "{day} 没有“{treatment}”的增值税率。可选：{known}。",
    "There is no VAT rate for {treatment} on {day}. Known: {known}.",
)


class _Words(Record):
    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class _ValueRecord(Record):
    from_on: date
    to_on: date | None = None
    rate_ppm: int = Field(ge=0, lt=PPM)
    confidence: Literal["quoted-primary", "quoted-secondary", "memory-unverified"]
    source: str = Field(min_length=1)


class _TreatmentRecord(Record):
    title: _Words
    values: list[_ValueRecord] = Field(min_length=1)
    note: _Words


class _File(Record):
    treatments: dict[str, _TreatmentRecord]


class _Assigned(Record):
    treatment: str
    institution: str = ""
    product: str = ""


class _OwnFile(Record):
    assign: list[_Assigned]


@dataclass(frozen=True, slots=True)
class VatRate:
    """A rate on the price without tax, from its first day through its last (None: open)."""

    from_on: date
    to_on: date | None
    rate_ppm: int
    confidence: str
    source: str


@dataclass(frozen=True, slots=True)
class Treatment:
    """A way to be taxed, with its rates, the oldest first."""

    code: str
    title: Text
    note: Text
    rates: tuple[VatRate, ...]


@cache
def treatments() -> dict[str, Treatment]:
    """Return the ways to be taxed by code, read once from `vat.yaml`."""
    file = parse(_File, read_yaml(VAT_FILE), VAT_FILE.name)
    return {code: _treatment(code, record) for code, record in file.treatments.items()}


def _treatment(code: str, record: _TreatmentRecord) -> Treatment:
    rates = tuple(
        VatRate(value.from_on, value.to_on, value.rate_ppm, value.confidence, value.source) for value in record.values
    )
    for earlier, later in pairwise(rates):
        assert earlier.to_on is not None, f"{code}: an open rate is followed by another"
        assert earlier.to_on < later.from_on, f"{code}: rates overlap"
    note = Text(record.note.zh, record.note.en)
    return Treatment(code, Text(record.title.zh, record.title.en), note, rates)


def treatment_of(institution: str, product: str) -> str:
    """Return how the loans of an institution's product are taxed: the general method, unless its own file says else.

    The file is `vat.yaml` in the home folder: `assign`, a list of {treatment, institution, product}; what is left out
    means any, the first that fits counts. Refuses INPUT_INVALID, INPUT_UNREADABLE.
    """
    for item in _assigned(home().joinpath(OWN_FILE)):
        if item.institution in ("", institution) and item.product in ("", product):
            return item.treatment
    return GENERAL


@cache
def _assigned(path: Path) -> tuple[_Assigned, ...]:
    if not path.is_file():
        return ()
    items = parse(_OwnFile, read_yaml(path)).assign
    for item in items:
        one_of("treatment", item.treatment, treatments())
    return tuple(items)


def vat_rate(treatment: str, day: date) -> VatRate:
    """Return the rate of a treatment in force on a day; refuse VAT_UNKNOWN, also before its first and after its last.

    >>> vat_rate("general", date(2024, 1, 1)).rate_ppm
    60000
    """
    found = treatments().get(treatment)
    for rate in found.rates if found else ():
        if rate.from_on <= day and (rate.to_on is None or day <= rate.to_on):
            return rate
    raise VAT_UNKNOWN.refuse("vat", treatment=treatment, day=day, known=", ".join(treatments()))


def vat_minor(gross_minor: Ints, rate_ppm: Ints) -> Ints:
    """Return the tax within a running total that includes it: round(gross x rate / (1 + rate)), half up.

    `gross_minor` >= 0: all that was earned since the first day, so that the pieces of tax add up to the tax of the
    whole; an int or a column. Exact for every amount of 63 bits.

    >>> vat_minor(106_00, 60_000), vat_minor(9, 60_000), vat_minor(8, 60_000)
    (600, 1, 0)
    """
    return round_part(gross_minor, rate_ppm, PPM + rate_ppm)


def net_minor(gross_minor: Ints, rate_ppm: Ints) -> Ints:
    """Return what is left of a running total without its tax."""
    return gross_minor - vat_minor(gross_minor, rate_ppm)
