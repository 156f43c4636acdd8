"""How much can this person or firm repay, and so borrow? Every bound is worked out and shown, and the one that binds.

Capacity is cash: the largest instalment x such that, from the first instalment on through a year, what is in hand
plus income less living cost less debts always covers what has fallen due, and the year pays for its instalments:

    x = min( floor((cash + surplus of the first k months) / instalments in them) for k = 1..12,
             floor(surplus of the year / instalments of the year) )

With instalments in the income months only (a harvest plan) the same formula lets a farmer borrow on the harvest. A
missing income, debt or exposure is never a zero: the answer is *refer*.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from puhui.kernel.columns import LARGEST
from puhui.kernel.home import home
from puhui.kernel.inputs import Record, parse
from puhui.kernel.language import Text
from puhui.kernel.rates import PPM
from puhui.kernel.refusals import declare
from puhui.rulebook.files import read_yaml

LIMIT_FILE = Path(__file__).parent / "limit.yaml"
OWN_FILE = "credit_limit.yaml"
MONTHS = 12

LIMIT_ASSUMPTIONS_MISSING = declare(
    "LIMIT_ASSUMPTIONS_MISSING",
    422,
    "{day} 没有额度测算假设。请在 {file} 中补上该日有效的假设。",
    "There are no assumptions for limits on {day}. Add some that hold on that day to {file}.",
)
LIMIT_INPUT = declare(
    "LIMIT_INPUT",
    422,
    "额度测算的 {field} 有误：{problem}。请更正后再算。",
    "{field} of the limit is wrong: {problem}. Correct it and try again.",
)

Outcome = Literal["offer", "refer", "decline"]
Amount = Annotated[int, Field(ge=0)]
Share = Annotated[int, Field(ge=0, le=PPM)]


# --- assumptions ------------------------------------------------------------------------------------


class WordsRecord(Record):
    """A text in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class AssumptionsRecord(Record):
    """One dated set as written."""

    effective_from: date
    living_minor: tuple[Amount, Amount, Amount, Amount, Amount]
    dependant_ppm: Share
    income_haircut_ppm: Share
    step_minor: Annotated[int, Field(ge=1)]
    source: WordsRecord
    confidence: Literal["quoted-primary", "quoted-secondary", "memory-unverified"]


class AssumptionsFile(Record):
    """The file."""

    assumptions: list[AssumptionsRecord] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What holds on a day; `living_minor[tier - 1]` a month."""

    effective_from: date
    living_minor: tuple[int, int, int, int, int]
    dependant_ppm: int
    income_haircut_ppm: int
    step_minor: int
    source: Text


def assumptions_on(day: date, known: tuple[Assumptions, ...] | None = None) -> Assumptions:
    """Return the assumptions that hold on a day, of those in force here unless given; oldest first.

    Refuses LIMIT_ASSUMPTIONS_MISSING before the first.

    >>> assumptions_on(date(2026, 8, 1)).living_minor[4]
    110000
    """
    found = _assumptions(assumptions_file()) if known is None else known
    held = [item for item in found if item.effective_from <= day]
    if not held:
        raise LIMIT_ASSUMPTIONS_MISSING.refuse("day", day=day.isoformat(), file=OWN_FILE)
    return held[-1]


def assumptions_file() -> Path:
    """Return the file of the assumptions in force here: the home folder's own, else what is shipped."""
    own = home().joinpath(OWN_FILE)
    return own if own.is_file() else LIMIT_FILE


@cache
def _assumptions(path: Path) -> tuple[Assumptions, ...]:
    return read_assumptions(read_yaml(path))


def read_assumptions(data: object) -> tuple[Assumptions, ...]:
    """Return the assumptions of parsed YAML, oldest first; refuse INPUT_INVALID."""
    file = parse(AssumptionsFile, data, LIMIT_FILE.name)
    made = [_made(record) for record in file.assumptions]
    return tuple(sorted(made, key=lambda item: item.effective_from))


def _made(record: AssumptionsRecord) -> Assumptions:
    return Assumptions(
        record.effective_from,
        record.living_minor,
        record.dependant_ppm,
        record.income_haircut_ppm,
        record.step_minor,
        Text(record.source.zh, record.source.en),
    )


# --- what is known, what is asked -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Means:
    """What a person or firm has, fen a month; None is not known.

    `income_minor`: January to December, what comes in during a usual year (a firm: after its suppliers).
    `debts_minor`: what is repaid already each month; `cash_minor`: in hand, None counts as none (it can only lower
    the limit). `costs_minor`: fixed costs a month where they are known (a firm); else living cost is taken by `tier`
    and `dependants`.
    """

    income_minor: tuple[int | None, ...] | None
    debts_minor: int | None
    cash_minor: int | None = None
    tier: int | None = None
    dependants: int | None = 0
    costs_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """The loan: `instalments` monthly from month `first_month` (1..12), at `rate_ppm` a year.

    `months`: the calendar months in which instalments fall; empty: every month.
    """

    rate_ppm: int
    instalments: int
    first_month: int
    months: tuple[int, ...] = ()
    amount_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Caps:
    """Caps in fen; None where there is none, but `exposure_minor` None beside a cap is a fact that is missing.

    `product_minor`: smallest and largest loan of the product. `exposure_cap_minor` on all that the borrower owes
    this lender (`exposure_minor`). `programme_minor`: what is left of a programme for this borrower.
    """

    product_minor: tuple[int, int]
    exposure_cap_minor: int | None = None
    exposure_minor: int | None = None
    programme_minor: int | None = None
    other_minor: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Bound:
    """One bound on the loan, fen."""

    name: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Limit:
    """The answer. `limit_minor` is None unless it is an offer; `binds` names the bound that decided.

    `instalment_minor` is what can be repaid a month; `surplus_minor` by calendar month.
    """

    outcome: Outcome
    limit_minor: int | None
    bounds: tuple[Bound, ...]
    binds: str | None
    reasons: tuple[str, ...]
    missing: tuple[str, ...]
    instalment_minor: int | None
    surplus_minor: tuple[int, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the limit for JSON."""
        return {
            "outcome": self.outcome,
            "limit_minor": self.limit_minor,
            "binds": self.binds,
            "bounds": {bound.name: bound.amount_minor for bound in self.bounds},
            "reasons": list(self.reasons),
            "missing": list(self.missing),
            "instalment_minor": self.instalment_minor,
            "surplus_minor": list(self.surplus_minor),
        }


# --- the limit --------------------------------------------------------------------------------------


def limit_for(means: Means, ask: Ask, caps: Caps, assumptions: Assumptions) -> Limit:
    """Return the limit, every bound, and the one that binds (the first of the lowest).

    Higher income never lowers it; higher debts never raise it. Rounded down to `step_minor`. Refer: INCOME_UNKNOWN
    where income or living cost is not known, DATA_INCOMPLETE where debts or exposure are not. Decline: NO_CAPACITY,
    LIMIT_TOO_SMALL. Refuses LIMIT_INPUT.
    """
    _check(means, ask, caps)
    missing = _missing(means, caps)
    if missing:
        income = {"income_minor", "tier", "dependants"} & set(missing)
        reason = "INCOME_UNKNOWN" if income else "DATA_INCOMPLETE"
        return Limit("refer", None, (), None, (reason,), missing, None, ())
    surplus = surplus_by_month(means, assumptions)
    instalment_minor = largest_instalment(surplus, means.cash_minor or 0, ask)
    bounds = (Bound("capacity", principal_for(instalment_minor, ask)), *_caps(ask, caps))
    lowest = min(bounds, key=lambda bound: bound.amount_minor)
    limit_minor = lowest.amount_minor // assumptions.step_minor * assumptions.step_minor
    reasons: tuple[str, ...] = ()
    if limit_minor < max(1, caps.product_minor[0]):
        reasons = ("NO_CAPACITY",) if instalment_minor == 0 else ("LIMIT_TOO_SMALL",)
    offered = None if reasons else limit_minor
    outcome: Outcome = "decline" if reasons else "offer"
    return Limit(outcome, offered, bounds, lowest.name, reasons, (), instalment_minor, surplus)


def surplus_by_month(means: Means, assumptions: Assumptions) -> tuple[int, ...]:
    """Return what is left of each month's income, January to December, fen; negative where it does not suffice.

    Income less the haircut (rounded up), less costs, less debts.
    """
    assert means.income_minor is not None
    assert means.debts_minor is not None
    costs_minor = means.costs_minor if means.costs_minor is not None else living_minor(means, assumptions)
    kept_ppm = PPM - assumptions.income_haircut_ppm
    return tuple(
        income_minor * kept_ppm // PPM - costs_minor - means.debts_minor
        for income_minor in means.income_minor
        if income_minor is not None
    )


def living_minor(means: Means, assumptions: Assumptions) -> int:
    """Return the living cost a month of an adult and those supported, fen, rounded up."""
    assert means.tier is not None
    assert means.dependants is not None
    adult_minor = assumptions.living_minor[means.tier - 1]
    return adult_minor + -(-adult_minor * means.dependants * assumptions.dependant_ppm // PPM)


def largest_instalment(surplus_minor: tuple[int, ...], cash_minor: int, ask: Ask) -> int:
    """Return the largest instalment that every month of the first year, and the year itself, can pay; 0 when none.

    >>> level = Ask(rate_ppm=0, instalments=12, first_month=1)
    >>> largest_instalment((100,) * 12, 0, level), largest_instalment((0, *(100,) * 11), 60, level)
    (100, 60)
    >>> harvest = Ask(rate_ppm=0, instalments=12, first_month=1, months=(10,))
    >>> largest_instalment((-10,) * 9 + (1000,) + (-10,) * 2, 0, harvest)
    890
    """
    due, saved, least = 0, cash_minor, LARGEST
    months = [(ask.first_month - 1 + k) % MONTHS for k in range(MONTHS)]
    for place, month in enumerate(months):
        saved += surplus_minor[month]
        # After the last instalment nothing falls due: a short loan is not asked about the months beyond.
        due += place < ask.instalments and _falls_due(ask, month)
        if due:
            least = min(least, saved // due)
    # Cash is there once; a loan of a year and more must be paid from the year.
    if due and ask.instalments >= MONTHS:
        least = min(least, (saved - cash_minor) // due)
    return max(0, least) if due else 0


def _falls_due(ask: Ask, month: int) -> bool:
    return not ask.months or month + 1 in ask.months


def principal_for(instalment_minor: int, ask: Ask) -> int:
    """Return what instalments of `instalment_minor` repay: their present value at rate / 12 a month, rounded down.

    Exact: a ratio of whole numbers.

    >>> principal_for(100, Ask(rate_ppm=0, instalments=12, first_month=1))
    1200
    >>> principal_for(888488, Ask(rate_ppm=120000, instalments=12, first_month=1))
    10000001
    """
    base = MONTHS * PPM
    grown = base + ask.rate_ppm
    # Horner over the months from the last: value = (value + payment) / (1 + rate).
    numerator, denominator = 0, 1
    for place in reversed(range(ask.instalments)):
        paid = _falls_due(ask, (ask.first_month - 1 + place) % MONTHS)
        numerator = (numerator + denominator * paid) * base
        denominator *= grown
    return instalment_minor * numerator // denominator


def _caps(ask: Ask, caps: Caps) -> list[Bound]:
    bounds = [Bound("product", caps.product_minor[1])]
    if caps.exposure_cap_minor is not None:
        assert caps.exposure_minor is not None
        bounds.append(Bound("exposure", max(0, caps.exposure_cap_minor - caps.exposure_minor)))
    if caps.programme_minor is not None:
        bounds.append(Bound("programme", caps.programme_minor))
    bounds += [Bound(name, amount) for name, amount in sorted((caps.other_minor or {}).items())]
    if ask.amount_minor is not None:
        bounds.append(Bound("asked", ask.amount_minor))
    return bounds


def _missing(means: Means, caps: Caps) -> tuple[str, ...]:
    lacking = []
    if means.income_minor is None or any(income is None for income in means.income_minor):
        lacking.append("income_minor")
    if means.debts_minor is None:
        lacking.append("debts_minor")
    if means.costs_minor is None:
        lacking += [name for name in ("tier", "dependants") if getattr(means, name) is None]
    if caps.exposure_cap_minor is not None and caps.exposure_minor is None:
        lacking.append("exposure_minor")
    return tuple(lacking)


def _check(means: Means, ask: Ask, caps: Caps) -> None:
    if means.income_minor is not None and len(means.income_minor) != MONTHS:
        raise LIMIT_INPUT.refuse("income_minor", problem=Text("须有12个月", "it has twelve months"))
    amounts: dict[str, list[int | None]] = {
        "income_minor": [income for income in means.income_minor or () if income is not None],
        "debts_minor": [means.debts_minor],
        "cash_minor": [means.cash_minor],
        "dependants": [means.dependants],
        "costs_minor": [means.costs_minor],
        "product_minor": list(caps.product_minor),
        "exposure_cap_minor": [caps.exposure_cap_minor],
        "exposure_minor": [caps.exposure_minor],
        "programme_minor": [caps.programme_minor],
        "other_minor": [*(caps.other_minor or {}).values()],
        "amount_minor": [ask.amount_minor],
        "rate_ppm": [ask.rate_ppm],
    }
    for name, values in amounts.items():
        if any(value is not None and (type(value) is not int or not 0 <= value <= LARGEST) for value in values):
            raise LIMIT_INPUT.refuse(name, problem=Text("须为非负整数", "it must be a whole number, not negative"))
    for name, number, low, high in (
        ("tier", means.tier if means.tier is not None else 1, 1, 5),
        ("instalments", ask.instalments, 1, 600),
        ("first_month", ask.first_month, 1, MONTHS),
        *(("months", month, 1, MONTHS) for month in ask.months),
    ):
        if type(number) is not int or not low <= number <= high:
            raise LIMIT_INPUT.refuse(
                name, problem=Text(f"须在 {low} 至 {high} 之间", f"it must lie in {low} to {high}")
            )
