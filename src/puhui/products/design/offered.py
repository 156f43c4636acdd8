"""The products as they are offered to one person, and why others are not."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from puhui.kernel.language import Text
from puhui.kernel.rates import format_rate
from puhui.kernel.refusals import Refusal, declare
from puhui.products.definition import PRODUCT_UNKNOWN, resolve
from puhui.products.definition_fields import Definition
from puhui.products.design.need import Need
from puhui.products.words import PURPOSES

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


_NOT_ON_SALE = Text("不在产品有效期内", "is outside the days it is offered")
