"""Offers at the corners of a product's ranges: if a rule holds for these, it holds for what lies between.

Why corners are enough: annual cost rises with the rate; a fixed fee weighs most on the smallest loan, a fee at
the start most on the shortest term; loan-to-value falls with the down payment, tenor and drawdown rise with term and
amount. So the worst offer of each rule lies on a corner. Where that is not so, more offers are added:

- a fee or interest on the original principal costs most at some term in between, which is searched for (the
  figure is taken to have one hill, not narrower than an eighth of the range);
- the day of disbursement makes the first period short or long, and February is short: every day of a year is tried,
  and of each corner the costliest days and the one of the longest tenor are kept;
- an override makes a product of its own: each set of overrides that some place and segment brings together is tried.

What is left out: rounding to the minor unit moves the figures of small loans by some ppm; a harvest loan is tried on
43 days only. A product priced that close to a cap is stopped, if at all, by the check of the offer itself.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import product as cross
from typing import Any, NamedTuple

from puhui.kernel.language import Text
from puhui.kernel.money import format_minor
from puhui.kernel.places import codes, full_name, place
from puhui.kernel.rates import PPM, format_rate
from puhui.kernel.refusals import Refusal, declare
from puhui.products.annual_cost_days import days_to_try, first_day
from puhui.products.annual_cost_plan import PlanCost, plan_cost
from puhui.products.definition import (
    PRODUCT_INVALID,
    Wish,
    build_terms,
    example_of_agreed,
    holds_for,
    lent_minor,
    must_hold,
    resolve,
)
from puhui.products.definition_fields import Definition, When
from puhui.products.facts import offer_facts, repaid_at_once
from puhui.products.plan import Plan
from puhui.products.schedule import schedule
from puhui.products.terms import Terms
from puhui.products.words import SEGMENTS
from puhui.rulebook.book import Rulebook
from puhui.rulebook.diff import Item
from puhui.rulebook.loader import default_rulebook
from puhui.rulebook.subject import Subject
from puhui.rulebook.vocabulary import LENDERS

MOST_OFFERS = 3000
FIRST_LOOK = 9

PRODUCT_TOO_VARIED = declare(
    "PRODUCT_TOO_VARIED",
    422,
    "产品 {product} 的边角报价超过 {most} 个，无法全部检查。请拆成几个产品，或减少差异化规则。",
    "Product {product} has more than {most} corner offers, too many to check. Split it, or use fewer overrides.",
)


class Variant(NamedTuple):
    """The product as it is in a place and for a segment; `region` and `segment` are one example of them."""

    definition: Definition
    region: str | None
    segment: str | None
    label: Text


@dataclass(frozen=True, slots=True)
class Offer:
    """One offer at a corner: whose it is, its plan and annual cost, and what the rulebook asks of it."""

    product: str
    text: Text
    variant: Variant
    terms: Terms
    plan: Plan
    cost: PlanCost
    subject: Subject
    facts: dict[str, Any]

    @property
    def item(self) -> Item:
        """The offer as the rulebook's diff takes it."""
        return Item(self.product, self.subject, self.facts, self.text.say())


def items_of(definition: Definition, as_of: date) -> Iterator[Item]:
    """Yield the corner offers as the rulebook's diff takes them."""
    return (offer.item for offer in offers_of(definition, as_of))


def offers_of(definition: Definition, as_of: date, rulebook: Rulebook | None = None) -> list[Offer]:
    """Return the offers at the corners of a product, the contracts made on `as_of`.

    Refuses PRODUCT_TOO_VARIED rather than leave some out, and what makes an offer impossible: terms that do not
    hold, fees that eat up the loan.
    """
    offers: list[Offer] = []
    for variant in variants(definition, rulebook or default_rulebook(), as_of):
        for terms in corner_terms(variant.definition, as_of):
            plan = schedule(terms)
            cost = plan_cost(plan)
            offers.extend(_offer(variant, lender, plan, cost, as_of) for lender in variant.definition.lenders)
            if len(offers) > MOST_OFFERS:
                raise PRODUCT_TOO_VARIED.refuse("overrides", product=definition.id, most=MOST_OFFERS)
    return offers


def _offer(variant: Variant, lender: str, plan: Plan, cost: PlanCost, as_of: date) -> Offer:
    definition = variant.definition
    # A rule on bullet loans binds whoever repays at once, whatever the product calls itself.
    tags = (*definition.tags, "bullet") if repaid_at_once(plan) else definition.tags
    subject = Subject(lender, tags, variant.region or "")
    facts = offer_facts(definition, plan, cost, as_of)
    return Offer(definition.id, _text(variant, lender, plan), variant, plan.terms, plan, cost, subject, facts)


def _text(variant: Variant, lender: str, plan: Plan) -> Text:
    terms, name = plan.terms, LENDERS[lender].name
    lent, rate = format_minor(lent_minor(terms)), format_rate(terms.annual_rate_ppm)
    down = format_rate(terms.down_payment_ppm)
    zh = [f"贷款 {lent}", f"{terms.instalments} 期", f"年利率 {rate}"]
    en = [f"{lent} lent", f"{terms.instalments} instalments", f"{rate} a year"]
    if terms.down_payment_ppm:
        zh.append(f"首付 {down}")
        en.append(f"{down} down")
    zh += [f"{terms.disbursed_on} 放款", name.zh, *([variant.label.zh] if variant.label.zh else [])]
    en += [f"from {terms.disbursed_on}", name.en, *([variant.label.en] if variant.label.en else [])]
    return Text(" · ".join(zh), " · ".join(en))


# --- variants: places and segments ------------------------------------------------------------------


def variants(definition: Definition, rulebook: Rulebook, as_of: date) -> list[Variant]:
    """Return the product once for each set of overrides that some place and segment bring together.

    Places that differ by a regional rule in force are kept apart too.
    """
    regional = sorted({rule.regions for rule in rulebook.in_force(as_of) if rule.regions})
    found: dict[tuple[Any, ...], Variant] = {}
    for region, by_place, laws in _places(definition, regional):
        for segment, by_segment in _segments(definition):
            applied = tuple(n for n in by_place if n in by_segment)
            if (applied, laws) not in found:
                label = _label(definition, applied, region, segment, bool(regional))
                found[applied, laws] = Variant(_resolved(definition, region, segment), region, segment, label)
    return list(found.values())


def _resolved(definition: Definition, region: str | None, segment: str | None) -> Definition:
    """Return the product for a place and a segment; refuse where overrides that hold alone do not hold together."""
    resolved = resolve(definition, region, segment)
    try:
        must_hold(resolved)
    except Refusal as refusal:
        where = f"{region or '-'}, {segment or '-'}"
        zh = f"overrides 合在一起不成立（{where}）：{refusal.message('zh')}"
        problem = Text(zh, f"overrides do not hold together ({where}): {refusal.message('en')}")
        raise PRODUCT_INVALID.refuse("overrides", file=definition.id, problem=problem) from None
    return resolved


def _places(
    definition: Definition, regional: list[tuple[str, ...]]
) -> Iterator[tuple[str | None, frozenset[int], tuple[bool, ...]]]:
    """Yield one place for each way that overrides and regional rules hold, first of all no place in particular."""
    offered = When(regions=definition.regions, tiers=definition.tiers)
    wheres = [When(regions=o.when.regions, tiers=o.when.tiers) for o in definition.overrides]
    everywhere: list[str | None] = [None]
    if regional or any(where.regions or where.tiers for where in (offered, *wheres)):
        everywhere += codes()
    seen = set()
    for region in everywhere:
        if holds_for(offered, region, None):
            laws = tuple(region is None or region.startswith(prefixes) for prefixes in regional)
            held = frozenset(n for n, where in enumerate(wheres) if holds_for(where, region, None))
            if (held, laws) not in seen:
                seen.add((held, laws))
                yield region, held, laws


def _segments(definition: Definition) -> list[tuple[str | None, frozenset[int]]]:
    mentioned = {segment for override in definition.overrides for segment in override.when.segments}
    served: list[str | None] = list(definition.segments) or [None, *sorted(mentioned)]
    found: dict[frozenset[int], str | None] = {}
    for segment in served:
        held = frozenset(
            n for n, o in enumerate(definition.overrides) if holds_for(When(segments=o.when.segments), None, segment)
        )
        found.setdefault(held, segment)
    return [(segment, held) for held, segment in found.items()]


def _label(
    definition: Definition, applied: Iterable[int], region: str | None, segment: str | None, regional: bool
) -> Text:
    conditions = [definition.overrides[n].when for n in applied]
    parts: list[Text] = []
    if region is not None and (regional or any(when.regions for when in conditions)):
        parts.append(Text(full_name(region), full_name(region)))
    if region is not None and any(when.tiers for when in conditions):
        tier = place(region).tier
        parts.append(Text(f"层级 {tier}", f"tier {tier}"))
    if segment is not None and any(when.segments for when in conditions):
        parts.append(SEGMENTS[segment])
    return Text(" · ".join(part.zh for part in parts), " · ".join(part.en for part in parts))


# --- corners of the ranges --------------------------------------------------------------------------


def corner_terms(definition: Definition, as_of: date) -> list[Terms]:
    """Return the terms at the corners of a product without overrides, and where corners are not enough."""
    ranges = definition.ranges
    amounts, rates = _ends(ranges.amount_minor), _ends(ranges.annual_rate_ppm)
    counts, downs = _ends(ranges.instalments), _ends(ranges.down_payment_ppm)
    found: list[Terms] = []
    for count in counts:
        corners = [_terms(definition, as_of, *ends) for ends in cross(amounts, [count], rates, downs)]
        found += _on_their_days(corners, rates[-1])
    between = costliest_term(definition, _terms(definition, as_of, amounts[0], counts[0], rates[-1], downs[0]))
    if between is not None and between not in counts:
        found += _on_their_days([_terms(definition, as_of, amounts[0], between, rates[-1], downs[0])], rates[-1])
    return found


def _on_their_days(corners: list[Terms], highest_rate_ppm: int) -> list[Terms]:
    """Return each corner on the first day that gives a plan, and those of the highest rate on their worst days too."""
    tried = []
    for terms, days in zip(corners, days_to_try(corners), strict=True):
        worst = days if terms.annual_rate_ppm == highest_rate_ppm else days[:1]
        tried += [terms.model_copy(update={"disbursed_on": day}) for day in worst]
    return tried


def _ends(ends: Any) -> list[int]:
    return sorted({ends.min, ends.max})


def _terms(definition: Definition, on: date, amount_minor: int, count: int, rate_ppm: int, down_ppm: int) -> Terms:
    """Return terms under which `amount_minor` is lent, or the nearest within the range that a whole price gives."""
    wish = Wish(amount_minor, count, rate_ppm, on, down_ppm)
    draft = build_terms(definition, wish, example_of_agreed(definition))
    up = amount_minor == definition.ranges.amount_minor.min
    return draft.model_copy(update={"principal_minor": price_of(draft, amount_minor, up=up)})


def price_of(terms: Terms, amount_minor: int, *, up: bool) -> int:
    """Return the price at which `amount_minor` is lent after the down payment of the terms.

    Where the rounding of the down payment leaves no such price: `up`, the lowest at which more is lent; else
    the highest at which less is.

    >>> from puhui.products.terms import read_terms
    >>> terms = read_terms({"principal_minor": 1, "annual_rate_ppm": 0, "method": "annuity", "instalments": 1,
    ...                     "disbursed_on": "2026-01-05", "down_payment_ppm": 300000})
    >>> price_of(terms, 7_000_000, up=True)
    10000000
    """

    def lent(price_minor: int) -> int:
        return lent_minor(terms.model_copy(update={"principal_minor": price_minor}))

    low, high = 0, 2 * (amount_minor + (terms.instalment_multiple_minor or 1)) * PPM // (PPM - terms.down_payment_ppm)
    while high - low > 1:
        middle = (low + high) // 2
        enough = lent(middle) >= amount_minor if up else lent(middle) > amount_minor
        low, high = (low, middle) if enough else (middle, high)
    return high if up else low


def costliest_term(definition: Definition, terms: Terms) -> int | None:
    """Return the number of instalments between the ends that costs most, None where an end does.

    Looks at nine terms spread over the range, then closes in around the best of them.
    """
    count = definition.ranges.instalments
    every = range(count.min, count.max + 1, count.step)
    figures: dict[int, int] = {}
    low, high = 0, len(every) - 1
    best = low
    while True:
        spread = {low + (high - low) * k // (FIRST_LOOK - 1) for k in range(FIRST_LOOK)}
        for term in sorted(spread - figures.keys()):
            figures[term] = _figure(terms, every[term])
        best = max(figures, key=lambda term: figures[term])
        if best in (0, len(every) - 1) or figures[best] < 0:
            return None
        near = sorted(figures)
        around = near[near.index(best) - 1], near[near.index(best) + 1]
        if around == (best - 1, best + 1):
            return every[best]
        low, high = around


def _figure(terms: Terms, count: int) -> int:
    """Return the annual cost (IRR x 12, ppm) with another number of instalments, -1 where no day gives a plan."""
    changed = terms.model_copy(update={"instalments": count})
    on = first_day(changed)
    if on is None:
        return -1
    return plan_cost(schedule(changed.model_copy(update={"disbursed_on": on}))).contract.irr_x12_ppm
