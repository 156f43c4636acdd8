"""The plans to choose among: every product allowed, every term, and a fixed ladder of own money.

The ladder does not look at the cash in hand: more cash only lets more of the same plans through. So more cash never
makes the cheapest plan dearer, and what did not fit can be named.

Hundreds of plans are possible and few are shown: a plan is drawn up only when it may be the next best. What it comes
to at least is read off one plan of the same terms, since plans that differ in the loan alone are in proportion to it
but for rounding and fees of a fixed amount.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from heapq import heapify, heappop, heappush
from typing import Any, NamedTuple, TypeAlias

from puhui.kernel.rates import PPM
from puhui.kernel.refusals import Refusal
from puhui.products.calculation import down_payment_minor
from puhui.products.definition import Wish, build_terms, example_of_agreed
from puhui.products.definition_fields import Definition
from puhui.products.design.fit import Income, burden_ppm, income_of, peaks
from puhui.products.design.need import MONTHS, Need
from puhui.products.design.offered import Offered
from puhui.products.facts import tenor_months
from puhui.products.plan import Plan
from puhui.products.schedule import planned, schedule
from puhui.products.terms import LARGEST_PRINCIPAL_MINOR, Terms

# The rungs of own money: ppm of the price where the product has a down payment, else of the amount needed.
RUNG_PPM = 50_000
NEAR_RATE_PPM = 2_500


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One plan drawn up, not yet held against the rules.

    `own_minor`: the down payment, or the part of the amount that is not borrowed. `cash_minor`: it and the fees at
    disbursement, all that must be at hand on the first day. `cost_minor`: interest and fees that the borrower bears.
    `peaks_minor`: the most that falls due in each of the twelve months, `dearest_minor` in any. `burden_ppm`: the most
    that a month pays of what it has room for under stress.
    """

    family: "Family"
    plan: Plan
    peaks_minor: tuple[int, ...]
    dearest_minor: int
    burden_ppm: int
    own_minor: int
    lent_minor: int
    cash_minor: int
    cost_minor: int
    months: int

    @property
    def definition(self) -> Definition:
        """The product, as it is for this person."""
        return self.family.offered.definition


class Largest(NamedTuple):
    """The plan of the largest loan, without fees of a fixed amount; figures as of a Candidate."""

    upfront_minor: int
    cost_minor: int
    peaks_minor: tuple[int, ...]
    months: int
    rows: int


class Least(NamedTuple):
    """What every plan of a family comes to at least: its part of the largest, less `slack_minor`, and the fees.

    Fees of a fixed amount come to `fixed_minor` in all, of them `upfront_minor` at disbursement. `slack_ppm`: what the
    slack is of the room of a month.
    """

    largest: Largest
    dearest_minor: int
    burden_ppm: int
    fixed_minor: int
    upfront_minor: int
    slack_minor: int
    slack_ppm: int


@dataclass(frozen=True, eq=False)
class Family:
    """The plans of a product with one number of instalments: they differ in the loan alone.

    `drawn`: those drawn up so far, by own money and what of the terms they set.
    """

    offered: Offered
    terms: Terms
    income: Income
    drawn: dict[tuple[int, ...], Candidate | None] = field(default_factory=dict)

    @property
    def least_months(self) -> int:
        """How long the plans run at least: their first instalment may fall due soon after disbursement."""
        return (self.terms.instalments - 1) * self.terms.every + 1 if self.terms.unit == "month" else 1

    @cached_property
    def least(self) -> Least | None:
        """What the plans come to at least; None where that of the largest loan cannot be drawn up."""
        return _least(self)


class Option(NamedTuple):
    """A plan that may be drawn up. Its figures are those of a Candidate, each at least so much."""

    family: Family
    changes: Mapping[str, int]
    own_minor: int
    lent_minor: int
    cash_minor: int = 0
    cost_minor: int = 0
    dearest_minor: int = 0
    burden_ppm: int = 0
    months: int = 1

    @property
    def peaks_minor(self) -> tuple[int, ...]:
        """The most that falls due in each of the twelve months, at least."""
        least, lent_minor = self.family.least, self.lent_minor
        if least is None:
            return (0,) * MONTHS
        whole, slack_minor = LARGEST_PRINCIPAL_MINOR, least.slack_minor
        return tuple(max(0, peak * lent_minor // whole - slack_minor) for peak in least.largest.peaks_minor)

    def draw(self) -> Candidate | None:
        """Return the plan, drawn up once; None where the terms do not hold (a harvest loan that ends before it)."""
        family, key = self.family, (self.own_minor, *self.changes.values())
        if key not in family.drawn:
            plan = _drawn(family.terms.model_copy(update=self.changes), planned)
            made = None if plan is None else _candidate(family, plan, self.own_minor, self.lent_minor)
            family.drawn[key] = made
        return family.drawn[key]


Figures: TypeAlias = Option | Candidate


def families(need: Need, offered: Iterable[Offered]) -> list[Family]:
    """Return every number of instalments of the products, in a fixed order."""
    income, made = income_of(need), []
    for one in offered:
        counts = one.definition.ranges.instalments
        base = _base(need, one, counts.min)
        for count in range(counts.min, counts.max + 1, counts.step):
            made.append(Family(one, base.changed(instalments=count), income))
    return made


def _base(need: Need, offered: Offered, count: int) -> Terms:
    definition = offered.definition
    agreed = dict.fromkeys(example_of_agreed(definition), need.due_day)
    wish = Wish(need.amount_minor, count, offered.rate_ppm, need.disbursed_on)
    return build_terms(definition, wish, agreed)


def _least(family: Family) -> Least | None:
    terms, income = family.terms, family.income
    changes: dict[str, Any] = {
        "principal_minor": LARGEST_PRINCIPAL_MINOR,
        "annual_rate_ppm": terms.annual_rate_ppm // NEAR_RATE_PPM * NEAR_RATE_PPM,
        "fees": tuple(fee for fee in terms.fees if fee.amount_minor is None),
        # A smaller loan reaches the cap later, if at all.
        "subsidy": terms.subsidy and terms.subsidy.model_copy(update={"cap_minor": None}),
    }
    largest = _largest(terms.model_copy(update=changes))
    if largest is None:
        return None
    fixed = [fee for fee in terms.fees if fee.amount_minor is not None]
    upfront_minor = sum(fee.amount_minor or 0 for fee in fixed if fee.collect == "at_disbursement")
    each_minor = sum(fee.amount_minor or 0 for fee in fixed if fee.collect == "each_instalment")
    peaks_minor, slack_minor = largest.peaks_minor, _slack_minor(terms, largest.months)
    return Least(
        largest,
        max(peaks_minor),
        burden_ppm(peaks_minor, income),
        upfront_minor + each_minor * largest.rows,
        upfront_minor,
        slack_minor,
        burden_ppm(tuple(slack_minor if peak else 0 for peak in peaks_minor), income),
    )


# Those whose rates are near share one largest plan, at the lower rate: what is dearer costs more.
@lru_cache(maxsize=2048)
def _largest(terms: Terms) -> Largest | None:
    plan = _drawn(terms, schedule)
    if plan is None:
        return None
    cost_minor = plan.totals()["borrower_cost_minor"]
    return Largest(plan.upfront_fee_minor, cost_minor, peaks(plan), tenor_months(plan), len(plan.rows))


def _slack_minor(terms: Terms, months: int) -> int:
    """Return by how much, at most, all instalments of a plan together differ from their part of the largest plan.

    Rounding moves each payment by at most its multiple m; what it leaves in the balance grows with the interest, over
    the whole plan by G = e^x at most, x the rate of all its months. So the payments of n instalments are off by at most
    4 x n x m x G, in each of the two plans; where the level is smoothed, by 4 x G times that. Each step is rounded anew
    and grows with the next; a fee of the balance and a subsidy are rounded as interest is.
    """
    count, step_ppm = terms.instalments, max(0, terms.step_ppm or 0)
    steps = count // (terms.step_every or 12) if terms.step_ppm else 0
    grown_ppm = _growth_ppm(terms.annual_rate_ppm * (months + 1) // 12 + step_ppm * steps)
    slack_minor = 8 * count * (terms.instalment_multiple_minor or 1) * (1 + steps) * grown_ppm // PPM + 1
    if terms.smooth_last:
        slack_minor = 4 * slack_minor * grown_ppm // PPM
    parts = [1 + -(-count * fee.rate_ppm // PPM) for fee in terms.fees if fee.rate_ppm is not None]
    return slack_minor * (1 + sum(parts) + (terms.subsidy is not None))


def _growth_ppm(x_ppm: int) -> int:
    """Return an upper bound of e^x, ppm: e < 3, and e^x <= 1 + x + x^2 below 1."""
    whole, part = divmod(x_ppm, PPM)
    return int(3**whole) * (PPM + part + part * part // PPM + 1)


def options(need: Need, made: Iterable[Family]) -> list[Option]:
    """Return every plan that may be drawn up, in a fixed order. Cash, income, months and rules are not looked at."""
    return [option for family in made for option in _options(need, family)]


def _options(need: Need, family: Family) -> Iterator[Option]:
    least, whole = family.least, LARGEST_PRINCIPAL_MINOR
    for changes, own_minor, lent_minor in _rungs(need, family.offered.definition, family.terms):
        if least is None:
            yield Option(family, changes, own_minor, lent_minor)
            continue
        largest, slack_minor = least.largest, least.slack_minor
        yield Option(
            family,
            changes,
            own_minor,
            lent_minor,
            own_minor + least.upfront_minor + max(0, largest.upfront_minor * lent_minor // whole - slack_minor),
            least.fixed_minor + max(0, largest.cost_minor * lent_minor // whole - slack_minor),
            least.dearest_minor * lent_minor // whole - slack_minor,
            least.burden_ppm * lent_minor // whole - 1 - least.slack_ppm,
            largest.months,
        )


def in_order(
    found: Iterable[Option], key: Callable[[Figures], Any], keeps: Callable[[Figures], bool] = lambda _: True
) -> Iterator[Candidate]:
    """Yield the plans that keep a limit, the least key first, those of one key in their order.

    Each is drawn up only when no other can come before it. Both `key` and the limit must be of figures that are known
    from below: a greater figure never makes the key less, nor keeps a limit that a smaller one breaks. A key of None
    leaves a plan out. The limit may become narrower while plans are taken.
    """
    waiting: list[tuple[Any, int, Option, Candidate | None]] = []
    for place, option in enumerate(found):
        if keeps(option) and (least := key(option)) is not None:
            waiting.append((least, place, option, None))
    heapify(waiting)
    while waiting:
        _, place, option, drawn = heappop(waiting)
        if drawn is not None:
            yield drawn
        elif keeps(option) and (drawn := option.draw()) and keeps(drawn) and (exact := key(drawn)) is not None:
            heappush(waiting, (exact, place, option, drawn))


def _candidate(family: Family, plan: Plan, own_minor: int, lent_minor: int) -> Candidate:
    totals, paid_minor = plan.totals(), peaks(plan)
    return Candidate(
        family,
        plan,
        paid_minor,
        max(paid_minor),
        burden_ppm(paid_minor, family.income),
        own_minor,
        lent_minor,
        own_minor + totals["upfront_fee_minor"],
        totals["borrower_cost_minor"],
        tenor_months(plan),
    )


def _rungs(need: Need, definition: Definition, terms: Terms) -> Iterator[tuple[Mapping[str, int], int, int]]:
    """Yield each rung of own money whose loan lies within the product's amounts, least own money first.

    A rung: what of the terms it sets, own money, what is lent.
    """
    amounts, downs = definition.ranges.amount_minor, definition.ranges.down_payment_ppm
    price_minor = need.amount_minor
    most_minor = amounts.max if need.most_lent_minor is None else min(amounts.max, need.most_lent_minor)
    if downs.max:
        inner = range(downs.min // RUNG_PPM * RUNG_PPM + RUNG_PPM, downs.max, RUNG_PPM)
        for down_ppm in sorted({downs.min, *inner, downs.max}):
            own_minor = int(down_payment_minor(terms, price_minor, down_ppm))
            if amounts.min <= price_minor - own_minor <= most_minor:
                changes = {"principal_minor": price_minor, "down_payment_ppm": down_ppm}
                yield changes, own_minor, price_minor - own_minor
    else:
        for own_ppm in range(0, PPM, RUNG_PPM):
            lent_minor = price_minor - price_minor * own_ppm // PPM
            if amounts.min <= lent_minor <= most_minor:
                yield {"principal_minor": lent_minor}, price_minor - lent_minor, lent_minor


def _drawn(terms: Terms, plan_of: Callable[[Terms], Plan]) -> Plan | None:
    try:
        return plan_of(terms)
    except Refusal:
        return None
