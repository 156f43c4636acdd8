"""Which rate and limit for each firm earn most under one budget, when a dearer loan is taken up less often.

For a loan of `a` at rate `r`, to a firm of rating g that defaults with probability PD:

    expected profit = a x (1 - churn(g, r)) x [ (1 - PD) x r - PD x LGD - funding ]

Amounts are 0 or between a lowest and a highest, in whole steps; all amounts offered (or the part expected to be taken
up) stay within the budget, those of one rating within its share. Solved to a proven gap by HiGHS as a mixed integer
programme; the value is then worked out again in whole numbers. Flat pricing, one rate for all, is solved beside it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import Field

from puhui.credit.profit_solver import PARTS, Item, Problem, best_steps
from puhui.kernel.inputs import Record, parse
from puhui.kernel.language import Text
from puhui.kernel.rates import PPM
from puhui.kernel.refusals import Refusal, declare
from puhui.rulebook.files import read_yaml

CHURN_FILE = Path(__file__).parent / "churn.yaml"

PROFIT_INPUT = declare(
    "PROFIT_INPUT",
    422,
    "利润优化的 {field} 有误：{problem}。请更正后再算。",
    "{field} of the optimisation is wrong: {problem}. Correct it and try again.",
)
PROFIT_UNSOLVED = declare(
    "PROFIT_UNSOLVED",
    422,
    "在 {seconds} 秒内没有找到解。请放宽时限或减少企业数。",
    "No solution was found in {seconds} seconds. Allow more time, or fewer firms.",
)

Counted = Literal["offered", "expected"]
MOST_FIRMS = 20_000


# --- churn ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Churn:
    """Share of customers lost, ppm, by rating and rate: `lost_ppm[rating][place]` goes with `rates_ppm[place]`."""

    rates_ppm: tuple[int, ...]
    lost_ppm: Mapping[str, tuple[int, ...]]
    source: Text


class WordsRecord(Record):
    """A text in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class ChurnRecord(Record):
    """The file as written: a row is a rate and the share lost of each rating."""

    source: WordsRecord
    confidence: Literal["quoted-primary", "quoted-secondary", "memory-unverified"]
    ratings: tuple[str, ...] = Field(min_length=1)
    rates: list[tuple[int, ...]] = Field(min_length=1)


@cache
def shipped_churn() -> Churn:
    """Return the table that comes with the platform (its source is in the file).

    >>> shipped_churn().rates_ppm[0], shipped_churn().rates_ppm[-1], shipped_churn().lost_ppm["C"][1]
    (40000, 150000, 68725)
    """
    return read_churn(read_yaml(CHURN_FILE))


def read_churn(data: object) -> Churn:
    """Return the table of parsed YAML; refuse INPUT_INVALID, PROFIT_INPUT."""
    record = parse(ChurnRecord, data, CHURN_FILE.name)
    rates = [row[0] for row in record.rates if row]
    if rates != sorted(set(rates)) or any(len(row) != len(record.ratings) + 1 for row in record.rates):
        raise _wrong("rates", Text("利率须递增，每行对应每个评级", "rates rise, and each row has every rating"))
    if any(not 0 <= number <= PPM for row in record.rates for number in row):
        raise _wrong("rates", Text("须在 0 至 1000000 之间", "they lie in 0 to 1000000"))
    lost = {rating: tuple(row[place + 1] for row in record.rates) for place, rating in enumerate(record.ratings)}
    return Churn(tuple(rates), lost, Text(record.source.zh, record.source.en))


# --- the problem ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Firm:
    """One firm: rating and PD (ppm; None is not known), and the most it may borrow for other reasons (fen)."""

    name: str
    rating: str | None
    pd_ppm: int | None
    most_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """The lender's side, fen and ppm. `share_ppm`: the most of the budget that one rating may have.

    `counted`: whether the budget counts what is offered, or what is expected to be taken up. `gap_ppm`: how near to the
    best it must be proven; `most_seconds` ends the search.
    """

    budget_minor: int
    lgd_ppm: int = PPM
    funding_ppm: int = 0
    lowest_minor: int = 10_000_000
    highest_minor: int = 100_000_000
    step_minor: int = 1_000_000
    share_ppm: Mapping[str, int] | None = None
    counted: Counted = "offered"
    gap_ppm: int = 100
    most_seconds: int = 60


class Placed(NamedTuple):
    """What one firm is offered; amount 0 where it is not. `reason`: why nothing could be worked out for it."""

    name: str
    rate_ppm: int | None
    amount_minor: int
    profit_minor: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class Allocation:
    """The answer, expected profit a year in fen. `bound_minor`: no allocation earns more than this (proven)."""

    placed: tuple[Placed, ...]
    profit_minor: int
    bound_minor: int
    used_minor: int
    profit_parts: int

    def as_dict(self) -> dict[str, Any]:
        """Return the allocation for JSON."""
        return {
            "profit_minor": self.profit_minor,
            "bound_minor": self.bound_minor,
            "used_minor": self.used_minor,
            "firms": [item._asdict() for item in self.placed],
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """The best allocation beside flat pricing: one rate for all with the best amounts, and the same amount too."""

    best: Allocation
    flat: Allocation
    flat_rate_ppm: int
    even: Allocation
    even_rate_ppm: int

    @property
    def gain_minor(self) -> int:
        """What rates made for each firm earn above one rate for all."""
        return self.best.profit_minor - self.flat.profit_minor

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison for JSON."""
        return {
            "best": self.best.as_dict(),
            "flat": {"rate_ppm": self.flat_rate_ppm, "profit_minor": self.flat.profit_minor},
            "even": {"rate_ppm": self.even_rate_ppm, "profit_minor": self.even.profit_minor},
            "gain_minor": self.gain_minor,
        }


class _Option(NamedTuple):
    """One rate for one firm: for each fen offered, profit in PARTS and budget used in ppm."""

    firm: int
    rate_ppm: int
    value: int
    use_ppm: int


def best_allocation(firms: Sequence[Firm], setting: Setting, churn: Churn | None = None) -> Allocation:
    """Return the amounts and rates that earn most, within `gap_ppm` of the best (proven, see `bound_minor`).

    A firm without PD, or whose rating is not in the table, gets nothing, and the reason. Refuses PROFIT_INPUT,
    PROFIT_UNSOLVED.
    """
    table = churn or shipped_churn()
    _check(firms, setting, table)
    return _solve(firms, setting, _options(firms, setting, table), table)


def compare(firms: Sequence[Firm], setting: Setting, churn: Churn | None = None) -> Comparison:
    """Return the best allocation and what flat pricing earns; refuses as `best_allocation`."""
    table = churn or shipped_churn()
    best = best_allocation(firms, setting, table)
    flats, evens = [], []
    for rate_ppm in table.rates_ppm:
        options = _options(firms, setting, _at_one_rate(table, rate_ppm), keep_losses=True)
        flats.append((rate_ppm, _solve(firms, setting, [option for option in options if option.value > 0], table)))
        evens.append((rate_ppm, _even(firms, setting, options, table)))
    flat_rate_ppm, flat = max(flats, key=lambda item: item[1].profit_parts)
    even_rate_ppm, even = max(evens, key=lambda item: item[1].profit_parts)
    return Comparison(best, flat, flat_rate_ppm, even, even_rate_ppm)


def _at_one_rate(churn: Churn, rate_ppm: int) -> Churn:
    place = churn.rates_ppm.index(rate_ppm)
    return replace(
        churn, rates_ppm=(rate_ppm,), lost_ppm={name: (lost[place],) for name, lost in churn.lost_ppm.items()}
    )


def _options(firms: Sequence[Firm], setting: Setting, churn: Churn, *, keep_losses: bool = False) -> list[_Option]:
    """Return the rates worth trying for each firm: those that no other rate beats in both profit and budget."""
    found = []
    for place, firm in enumerate(firms):
        if _reason(firm, setting, churn) is not None:
            continue
        assert firm.rating is not None
        assert firm.pd_ppm is not None
        options = []
        for rate_ppm, lost_ppm in zip(churn.rates_ppm, churn.lost_ppm[firm.rating], strict=True):
            kept_ppm = PPM - lost_ppm
            net = (PPM - firm.pd_ppm) * rate_ppm - firm.pd_ppm * setting.lgd_ppm - setting.funding_ppm * PPM
            use_ppm = PPM if setting.counted == "offered" else kept_ppm
            if (net > 0 and kept_ppm > 0) or keep_losses:
                options.append(_Option(place, rate_ppm, kept_ppm * net, use_ppm))
        found += _undominated(options)
    return found


def _undominated(options: Iterable[_Option]) -> list[_Option]:
    kept: list[_Option] = []
    for option in sorted(options, key=lambda item: (item.use_ppm, -item.value, item.rate_ppm)):
        if not kept or option.value > kept[-1].value:
            kept.append(option)
    return kept


def _reason(firm: Firm, setting: Setting, churn: Churn) -> str | None:
    if firm.pd_ppm is None or firm.rating is None:
        return "DATA_INCOMPLETE"
    if firm.rating not in churn.lost_ppm:
        return "RISK_TOO_HIGH"
    return "LIMIT_TOO_SMALL" if _most_steps(firm, setting) * setting.step_minor < setting.lowest_minor else None


def _most_steps(firm: Firm, setting: Setting) -> int:
    most_minor = setting.highest_minor if firm.most_minor is None else min(setting.highest_minor, firm.most_minor)
    return most_minor // setting.step_minor


# --- the answer -------------------------------------------------------------------------------------


def _solve(firms: Sequence[Firm], setting: Setting, options: Sequence[_Option], churn: Churn) -> Allocation:
    """Return the best amounts over the options."""
    lowest = -(-setting.lowest_minor // setting.step_minor)
    items = [
        Item(option.firm, str(firms[option.firm].rating), option.value, option.use_ppm, lowest, most)
        for option in options
        for most in (_most_steps(firms[option.firm], setting),)
    ]
    solved = best_steps(
        Problem(
            tuple(items),
            setting.budget_minor,
            setting.step_minor,
            setting.share_ppm or {},
            setting.gap_ppm,
            setting.most_seconds,
        )
    )
    if solved is None:
        raise PROFIT_UNSOLVED.refuse("most_seconds", seconds=setting.most_seconds)
    chosen = {option.firm: (option, steps) for option, steps in zip(options, solved.steps, strict=True) if steps}
    return _allocation(firms, (setting, churn), chosen, solved.bound_minor)


def _even(firms: Sequence[Firm], setting: Setting, options: Sequence[_Option], churn: Churn) -> Allocation:
    """Return the same amount for every firm that may be lent to, as the budget and the range allow, losses taken."""
    if not options:
        return _allocation(firms, (setting, churn), {}, 0)
    use_ppm = sum(option.use_ppm for option in options)
    steps = min(
        setting.budget_minor * PPM // (max(1, use_ppm) * setting.step_minor),
        setting.highest_minor // setting.step_minor,
    )
    least = -(-setting.lowest_minor // setting.step_minor)
    ordered = options
    if steps < least:
        # Too many for the budget: the first come, in their order.
        steps, ordered, left = least, [], setting.budget_minor * PPM
        for option in options:
            left -= option.use_ppm * least * setting.step_minor
            if left < 0:
                break
            ordered.append(option)
    chosen = {option.firm: (option, min(steps, _most_steps(firms[option.firm], setting))) for option in ordered}
    return _allocation(firms, (setting, churn), chosen, 0)


def _allocation(
    firms: Sequence[Firm], given: tuple[Setting, Churn], chosen: Mapping[int, tuple[_Option, int]], bound_minor: int
) -> Allocation:
    """Work the value out again in whole numbers."""
    setting, churn = given
    placed, parts, used = [], 0, 0
    for place, firm in enumerate(firms):
        option, steps = chosen.get(place, (None, 0))
        amount_minor = steps * setting.step_minor
        mine = amount_minor * option.value if option else 0
        parts += mine
        used += amount_minor * option.use_ppm if option else 0
        reason = None if option else _reason(firm, setting, churn)
        rate_ppm = option.rate_ppm if option else None
        placed.append(Placed(firm.name, rate_ppm, amount_minor, mine // PARTS, reason))
    profit_minor = parts // PARTS
    return Allocation(tuple(placed), profit_minor, max(profit_minor, bound_minor), -(-used // PPM), parts)


def _check(firms: Sequence[Firm], setting: Setting, churn: Churn) -> None:
    names = [firm.name for firm in firms]
    if len(set(names)) < len(names) or len(names) > MOST_FIRMS:
        problem = Text(f"名称不得重复，至多 {MOST_FIRMS} 家", f"names differ, and there are at most {MOST_FIRMS}")
        raise _wrong("firms", problem)
    for firm in firms:
        _whole("pd_ppm", firm.pd_ppm, 0, PPM)
        _whole("most_minor", firm.most_minor, 0, 10**15)
    _whole("budget_minor", setting.budget_minor, 0, 10**15)
    _whole("lgd_ppm", setting.lgd_ppm, 0, PPM)
    _whole("funding_ppm", setting.funding_ppm, 0, PPM)
    _whole("step_minor", setting.step_minor, 1, 10**13)
    _whole("lowest_minor", setting.lowest_minor, 1, 10**13)
    _whole("highest_minor", setting.highest_minor, setting.lowest_minor, 10**13)
    _whole("gap_ppm", setting.gap_ppm, 0, PPM)
    for rating, share_ppm in (setting.share_ppm or {}).items():
        if rating not in churn.lost_ppm:
            raise _wrong("share_ppm", Text(f"没有评级 {rating}", f"there is no rating {rating}"))
        _whole("share_ppm", share_ppm, 0, PPM)


def _whole(field: str, value: int | None, low: int, high: int) -> None:
    if value is not None and (type(value) is not int or not low <= value <= high):
        raise _wrong(field, Text(f"须为 {low} 至 {high} 的整数", f"it must be a whole number from {low} to {high}"))


def _wrong(field: str, problem: Text) -> Refusal:
    return PROFIT_INPUT.refuse(field, problem=problem)
