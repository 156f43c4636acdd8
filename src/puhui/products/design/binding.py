"""Why no plan fits, and what would: what binds, and single changes with which a plan would fit.

A remedy is never guessed: each changes one thing, and was tried with everything else as wished. The least cash, income
and months are exact over the plans that can be drawn up; the smaller amount is the largest found, in hundreds of yuan.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from puhui.kernel.language import Text
from puhui.kernel.money import format_minor
from puhui.kernel.rates import PPM, format_rate
from puhui.products.design.candidates import Family, Figures, Option, in_order, options
from puhui.products.design.choose import LIMITS, Judge, keeping
from puhui.products.design.fit import fit_of, income_of, scale_ppm
from puhui.products.design.need import Need
from puhui.products.design.offered import LeftOut, Offered

STEP_MINOR = 10_000
# So many of the most promising products and terms are tried for a smaller amount.
TRIED = 6


class Said(NamedTuple):
    """One thing that binds or would help: a code, a figure for programs, a sentence."""

    code: str
    value: int | str | None
    text: Text

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"code": self.code, "value": self.value, "text": self.text._asdict()}


@dataclass(frozen=True, slots=True)
class Binding:
    """Why nothing fits: what binds, and single changes with which something would."""

    binds: tuple[Said, ...]
    remedies: tuple[Said, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"binds": [one.as_dict() for one in self.binds], "remedies": [one.as_dict() for one in self.remedies]}


def _but(code: str) -> list[str]:
    return [limit for limit in LIMITS if limit != code]


def _same(_: Figures) -> int:
    return 0


class Board(NamedTuple):
    """All that a wish may choose from: the products offered, those left out, families; `options` of some of these."""

    offered: Sequence[Offered]
    left_out: Sequence[LeftOut]
    families: Sequence[Family]
    options: Sequence[Option]

    def all_options(self, need: Need) -> list[Option]:
        """Return the options of every family, in the order of the families."""
        place = {family: n for n, family in enumerate(self.families)}
        done = {option.family for option in self.options}
        others = options(need, (family for family in self.families if family not in done))
        return sorted([*self.options, *others], key=lambda option: place[option.family])


def what_binds(need: Need, board: Board, judge: Judge) -> Binding:
    """Return what keeps every plan from fitting, and the single changes with which one would.

    A limit binds when letting go of it alone would give a plan; where no single one would, each limit that every
    plan breaks binds. A rule binds that is broken by a plan which keeps every limit.
    """
    if not board.offered:
        return Binding(tuple(map(_product, board.left_out)) or (_NO_PRODUCT,), ())
    found = board.all_options(need)
    amounts = _another_amount(need, board, found, judge)
    if not any(one.draw() for one in found):
        return Binding((_amount_range(board.offered),), tuple(amounts))
    singles = _single_changes(need, found, judge)
    binds = [_bound(need, found, code, remedy) for code, remedy in singles.items()]
    if not binds:
        binds = [_bound(need, found, code) for code in LIMITS if _all_break(need, found, code)]
    binds += _broken_rules(need, found, judge)
    return Binding(tuple(binds or [_TOGETHER]), (*singles.values(), *amounts))


# --- the limits of a wish ---------------------------------------------------------------------------


def _single_changes(need: Need, found: Sequence[Option], judge: Judge) -> dict[str, Said]:
    """Return, for each limit with which alone let go a plan fits, the least change of it."""
    income = income_of(need)
    measures: dict[str, Callable[[Figures], int | None]] = {
        "months": lambda one: one.months,
        "cash": lambda one: one.cash_minor,
        "income": lambda one: scale_ppm(one.peaks_minor, income, need.stress_ppm),
    }
    said = {}
    for code, measure in measures.items():
        best = next((one for one in in_order(found, measure, keeping(need, _but(code))) if judge.lawful(one)), None)
        if best is not None:
            value = measure(best)
            assert value is not None, "a plan without the measure is left out"
            said[code] = _remedy(code, value)
    return said


def _all_break(need: Need, found: Sequence[Option], code: str) -> bool:
    return next(in_order(found, _same, keeping(need, (code,))), None) is None


def _remedy(code: str, value: int) -> Said:
    if code == "cash":
        amount = format_minor(value)
        return Said(code, value, Text(f"现金备足 {amount}", f"cash of {amount}"))
    if code == "months":
        return Said(code, value, Text(f"期限延长到 {value} 个月", f"a longer term, {value} months"))
    times = format_rate(value)
    return Said(code, value, Text(f"各月收入达到现在的 {times}", f"income in every month {times} of what it is"))


def _bound(need: Need, found: Sequence[Option], code: str, remedy: Said | None = None) -> Said:
    """Return how a limit binds, with the figures of its remedy, or of the plan that comes closest."""
    if code == "months":
        said = Text(f"限 {need.most_months} 个月内还清", f"to be repaid within {need.most_months} months")
        return Said(code, need.most_months, said)
    if code == "cash":
        least_minor = next(in_order(found, lambda one: one.cash_minor)).cash_minor
        if remedy is not None and isinstance(remedy.value, int):
            least_minor = remedy.value
        have, asked = format_minor(need.cash_minor), format_minor(least_minor)
        said = Text(f"手头现金 {have}，至少要 {asked}", f"cash {have}, where {asked} is needed")
        return Said(code, least_minor, said)
    near = in_order(found, lambda one: one.burden_ppm, keeping(need, _but(code) if remedy else ()))
    month = fit_of(next(near).plan, income_of(need)).tightest
    paid, room = format_minor(month.paid_minor), format_minor(month.room_minor)
    zh = f"收入：最宽松的方案 {month.first_on:%Y-%m} 应还 {paid}，收入下降后当月只能承受 {room}"
    en = f"income: the easiest plan takes {paid} in {month.first_on:%Y-%m}, which under stress has room for {room}"
    return Said(code, month.paid_minor, Text(zh, en))


def _broken_rules(need: Need, found: Sequence[Option], judge: Judge) -> list[Said]:
    """Return the rules that plans break which keep every limit of the wish."""
    rules: dict[str, Text] = {}
    for one in in_order(found, _same, keeping(need)):
        for lender in judge.of(one)[1]:
            rules.update({finding.rule_id: finding.title for finding in lender.failed})
    return [
        Said("rule", code, Text(f"规则 {code} {title.zh}", f"rule {code} {title.en}"))
        for code, title in sorted(rules.items())
    ]


def _product(one: LeftOut) -> Said:
    return Said("product", one.product, Text(f"{one.title.zh}：{one.why.zh}", f"{one.title.en}: {one.why.en}"))


def _amount_range(offered: Sequence[Offered]) -> Said:
    parts = [(one.definition.name, one.definition.ranges.amount_minor) for one in offered]
    shown = [(name, f"{format_minor(ends.min)} – {format_minor(ends.max)}") for name, ends in parts]
    zh = "金额超出产品的贷款范围：" + "、".join(f"{name.zh} {ends}" for name, ends in shown)
    en = "the amount is outside what the products lend: " + ", ".join(f"{name.en} {ends}" for name, ends in shown)
    return Said("amount", None, Text(zh, en))


# --- another amount ---------------------------------------------------------------------------------


def _another_amount(need: Need, board: Board, found: Sequence[Option], judge: Judge) -> list[Said]:
    """Return the largest smaller amount found that fits, else the least larger one that a product lends."""
    best_minor = _smaller_amount(need, board, found, judge)
    if best_minor:
        shown = format_minor(best_minor)
        return [Said("smaller_amount", best_minor, Text(f"金额减到 {shown}", f"a smaller amount, {shown}"))]
    least_minor = min(map(_least_price_minor, board.offered))
    if least_minor > need.amount_minor and _fits(need, least_minor, board.families, judge):
        shown = format_minor(least_minor)
        return [Said("larger_amount", least_minor, Text(f"金额不低于 {shown}", f"an amount of at least {shown}"))]
    return []


def _least_price_minor(offered: Offered) -> int:
    """Return the least amount under a product with the least down payment, up to the next step."""
    ranges = offered.definition.ranges
    price_minor = -(-ranges.amount_minor.min * PPM // (PPM - ranges.down_payment_ppm.min))
    return -(-price_minor // STEP_MINOR) * STEP_MINOR


def _of_amount(need: Need, amount_minor: int) -> Need:
    return need.model_copy(update={"amount_minor": amount_minor})


def _fits(need: Need, amount_minor: int, families: Sequence[Family], judge: Judge) -> bool:
    tried = options(_of_amount(need, amount_minor), families)
    return any(judge.lawful(one) for one in in_order(tried, _same, keeping(need)))


def _smaller_amount(need: Need, board: Board, found: Sequence[Option], judge: Judge) -> int:
    """Return the largest amount below the wish that fits, in steps of 100 yuan; 0 where none is found.

    A plan grows as its amount does: what a plan bears of income and cash says about how much smaller it must be. The
    most promising terms are tried from there, and upwards as far as they fit.
    """
    return STEP_MINOR * max(
        (_most_steps(need, family, steps, judge) for family, steps in _guesses(need, board, found).items()), default=0
    )


def _guesses(need: Need, board: Board, found: Sequence[Option]) -> dict[Family, int]:
    """Return about how many steps of the amount the most promising products and terms can bear, best first."""
    tried = list(found)
    for family in board.families:
        most_minor = family.offered.definition.ranges.amount_minor.max
        if most_minor < need.amount_minor:
            tried += options(_of_amount(need, most_minor), [family])
    place = {family: n for n, family in enumerate(board.families)}
    guesses: dict[Family, int] = {}

    in_time = keeping(need, ("months",))

    def keeps(one: Figures) -> bool:
        return one.family not in guesses and in_time(one)

    def most_first(one: Figures) -> tuple[int, int] | None:
        steps = _steps(need, one)
        return (-steps, place[one.family]) if steps else None

    for one in in_order(tried, most_first, keeps):
        guesses[one.family] = _steps(need, one)
        if len(guesses) == TRIED:
            break
    return guesses


def _steps(need: Need, one: Figures) -> int:
    """Return about how many steps of its amount a plan may keep for income and cash to bear it, as it is shaped."""
    amount_minor = one.own_minor + one.lent_minor
    by_income = amount_minor * PPM // max(PPM, one.burden_ppm)
    spare_minor = max(0, need.cash_minor - one.cash_minor + one.own_minor)
    by_cash = amount_minor if one.own_minor <= spare_minor else amount_minor * spare_minor // one.own_minor
    return min(by_income, by_cash) // STEP_MINOR


def _most_steps(need: Need, family: Family, guess: int, judge: Judge) -> int:
    """Return the most steps from the guess up that fit, 0 where not even a little below it does.

    From what fits, the stride upwards doubles until it no longer fits, and the last stride is halved.
    """

    def fits(steps: int) -> bool:
        return steps > 0 and _fits(need, steps * STEP_MINOR, [family], judge)

    end = -(-need.amount_minor // STEP_MINOR)
    low = next((steps for steps in (min(guess, end - 1), guess - 1) if fits(steps)), 0)
    if not low:
        return 0
    stride, high = 1, end
    while low + stride < end:
        if not fits(low + stride):
            high = low + stride
            break
        low, stride = low + stride, 2 * stride
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


_NO_PRODUCT = Said("product", None, Text("没有产品", "there is no product"))
_TOGETHER = Said("together", None, Text("现金、收入与期限合在一起", "cash, income and term together"))
