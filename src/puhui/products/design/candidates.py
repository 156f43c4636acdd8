"""The plans to choose among: every product allowed, every term, and a fixed ladder of own money.

The ladder does not look at the cash in hand: more cash only lets more of the same plans through. So more cash never
makes the cheapest plan dearer, and what did not fit can be named.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from puhui.kernel.language import Text
from puhui.kernel.rates import PPM, format_rate
from puhui.kernel.refusals import Refusal, declare
from puhui.products.calculation import down_payment_minor
from puhui.products.definition import PRODUCT_UNKNOWN, Wish, build_terms, resolve
from puhui.products.definition_fields import Definition
from puhui.products.design.fit import Income, burden_ppm, income_of, peaks
from puhui.products.design.need import Need
from puhui.products.facts import tenor_months
from puhui.products.plan import Plan
from puhui.products.schedule import schedule
from puhui.products.terms import Terms
from puhui.products.words import PURPOSES

# The rungs of own money: ppm of the price where the product has a down payment, else of the amount needed.
RUNG_PPM = 50_000

RATE_NOT_OF_PRODUCT = declare(
    "RATE_NOT_OF_PRODUCT",
    422,
    "给出了未参与设计的产品的利率：{field}。请删除或把产品加入范围。",
    "A rate is given for a product that is not among those considered: {field}. Remove it or add the product.",
)


class Offered(NamedTuple):
    """A product as it is for this person, and its rate for them."""

    definition: Definition
    rate_ppm: int


class LeftOut(NamedTuple):
    """A product that is not offered to this person, and why."""

    product: str
    title: Text
    why: Text


@dataclass(frozen=True, slots=True)
class Candidate:
    """One plan that can be drawn up, not yet held against the rules.

    `own_minor`: the down payment, or the part of the amount that is not borrowed. `cash_minor`: it and the fees at
    disbursement, all that must be at hand on the first day. `cost_minor`: interest and fees that the borrower bears.
    `peaks_minor`: the most that falls due in each of the twelve months. `burden_ppm`: the most that a month pays of
    what it has room for under stress.
    """

    offered: Offered
    plan: Plan
    peaks_minor: tuple[int, ...]
    burden_ppm: int
    own_minor: int
    cash_minor: int
    cost_minor: int
    months: int

    @property
    def fits(self) -> bool:
        """Whether every instalment fits the income of its month under stress."""
        return self.burden_ppm <= PPM

    @property
    def dearest_minor(self) -> int:
        """The most that falls due in one month."""
        return max(self.peaks_minor)


def offered_to(need: Need, products: Mapping[str, Definition]) -> tuple[list[Offered], list[LeftOut]]:
    """Return the products as they are offered to the person, and those left out with the reason.

    Refuses PRODUCT_UNKNOWN for a product named and not known, RATE_NOT_OF_PRODUCT for a rate without its product.
    """
    wanted = need.products or tuple(products)
    for name in wanted:
        if name not in products:
            raise PRODUCT_UNKNOWN.refuse("products", product=name, known=", ".join(products))
    stray = sorted(set(need.rates_ppm) - set(wanted))
    if stray:
        raise RATE_NOT_OF_PRODUCT.refuse(*(f"rates_ppm.{name}" for name in stray))
    offered, left_out = [], []
    for name in dict.fromkeys(wanted):
        found = _offered(need, products[name])
        if isinstance(found, Offered):
            offered.append(found)
        else:
            left_out.append(LeftOut(name, products[name].name, found))
    return offered, left_out


def _offered(need: Need, definition: Definition) -> Offered | Text:
    """Return the product for the person, or why it is not offered."""
    try:
        resolved = resolve(definition, need.region, need.segment)
    except Refusal as refusal:
        return Text(refusal.message("zh"), refusal.message("en"))
    if not _on_sale(definition, need.disbursed_on):
        return _NOT_ON_SALE
    if need.purpose is not None and need.purpose not in resolved.purposes:
        name = PURPOSES[need.purpose]
        return Text(f"不能用于{name.zh}", f"is not for {name.en}")
    rates = resolved.ranges.annual_rate_ppm
    rate_ppm = need.rates_ppm.get(definition.id, rates.max)
    if not rates.min <= rate_ppm <= rates.max:
        allowed = f"{format_rate(rates.min)} – {format_rate(rates.max)}"
        said = format_rate(rate_ppm)
        return Text(f"利率 {said} 不在 {allowed} 内", f"its rate {said} is not within {allowed}")
    return Offered(resolved, rate_ppm)


def _on_sale(definition: Definition, on: date) -> bool:
    ends_on = definition.effective_to
    return definition.effective_from <= on and (ends_on is None or on <= ends_on)


def candidates(need: Need, offered: list[Offered], most_cash_minor: int | None = None) -> Iterator[Candidate]:
    """Yield every plan of the products that can be drawn up with the cash, in a fixed order.

    `most_cash_minor` None: whatever cash it takes. Income, months wished and rules are not looked at here.
    """
    income = income_of(need)
    for one in offered:
        counts = one.definition.ranges.instalments
        for count in range(counts.min, counts.max + 1, counts.step):
            base = _base(need, one, count)
            for terms, own_minor in _rungs(need, one.definition, base):
                if most_cash_minor is not None and own_minor > most_cash_minor:
                    break
                plan = _drawn(terms)
                if plan is None:
                    continue
                cash_minor = own_minor + plan.upfront_fee_minor
                if most_cash_minor is None or cash_minor <= most_cash_minor:
                    yield _candidate(income, one, plan, own_minor)


def _candidate(income: Income, offered: Offered, plan: Plan, own_minor: int) -> Candidate:
    totals, paid_minor = plan.totals(), peaks(plan)
    return Candidate(
        offered,
        plan,
        paid_minor,
        burden_ppm(paid_minor, income),
        own_minor,
        own_minor + totals["upfront_fee_minor"],
        totals["borrower_cost_minor"],
        tenor_months(plan),
    )


def _base(need: Need, offered: Offered, count: int) -> Terms:
    definition = offered.definition
    open_day = "due_day" in definition.loan_terms and definition.terms.due_day is None
    agreed: dict[str, object] = {"due_day": need.due_day} if open_day else {}
    wish = Wish(need.amount_minor, count, offered.rate_ppm, need.disbursed_on)
    return build_terms(definition, wish, agreed)


def _rungs(need: Need, definition: Definition, base: Terms) -> Iterator[tuple[Terms, int]]:
    """Yield the terms of each rung of own money whose loan lies within the product's amounts, least own money first."""
    amounts, downs = definition.ranges.amount_minor, definition.ranges.down_payment_ppm
    most_minor = amounts.max if need.most_lent_minor is None else min(amounts.max, need.most_lent_minor)
    if downs.max:
        inner = range(downs.min // RUNG_PPM * RUNG_PPM + RUNG_PPM, downs.max, RUNG_PPM)
        for down_ppm in sorted({downs.min, *inner, downs.max}):
            own_minor = int(down_payment_minor(base, need.amount_minor, down_ppm))
            if amounts.min <= need.amount_minor - own_minor <= most_minor:
                yield base.model_copy(update={"down_payment_ppm": down_ppm}), own_minor
    else:
        for own_ppm in range(0, PPM, RUNG_PPM):
            lent_minor = need.amount_minor - need.amount_minor * own_ppm // PPM
            if amounts.min <= lent_minor <= most_minor:
                yield base.model_copy(update={"principal_minor": lent_minor}), need.amount_minor - lent_minor


def _drawn(terms: Terms) -> Plan | None:
    """Return the plan, None where the terms do not hold (a harvest loan that would end outside the harvest)."""
    try:
        return schedule(terms)
    except Refusal:
        return None


_NOT_ON_SALE = Text("不在产品有效期内", "is outside the days it is offered")
