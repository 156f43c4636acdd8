"""The rate of one loan, built up from what it costs, and held within the product and the law of the day.

    expected loss       = PD x LGD x (1 - share guaranteed)                    of the balance, a year
    interest not earned = (all costs) x PD / (1 - PD)                          who defaults pays no interest
    break-even          = funding + operating + guarantee fee + expected loss + interest not earned
    target              = break-even + margin - subsidy

All are whole ppm of the balance a year, each rounded up: a price is never below its cost by rounding. The contract rate
is the lowest of the product's whose interest, as IRR x 12, reaches the target. Where the highest rate that product
and law allow does not reach break-even there is no yes: a loss-making loan is not made dear or cheap, it is not made.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, NamedTuple

from puhui.kernel.language import Text
from puhui.kernel.rates import PPM
from puhui.kernel.refusals import declare
from puhui.products.annual_cost_plan import cost_of, interest_cost
from puhui.products.definition import resolve, terms_for
from puhui.products.definition_fields import Definition
from puhui.products.facts import offer_facts, repaid_at_once
from puhui.products.plan import Plan
from puhui.products.schedule import planned
from puhui.rulebook.book import Rulebook
from puhui.rulebook.check import Finding, check
from puhui.rulebook.subject import Subject

PRICE_INPUT = declare(
    "PRICE_INPUT",
    422,
    "定价的 {field} 有误：{problem}。请更正后再算。",
    "{field} of the price is wrong: {problem}. Correct it and try again.",
)

Outcome = Literal["offer", "refer", "decline"]
PRODUCT = "product"
# Contract rates are tried from the product's lowest in steps of 0.01 %.
STEP_PPM = 100
# So many steps on each side of the guessed rate are worked out.
REACH = 1
# Facts by which a rule speaks of the price; by others it speaks of something that a lower rate does not mend.
PRICE_FACTS = frozenset(
    {
        "irr_x12_ppm",
        "effective_ppm",
        "xirr_365_ppm",
        "contract_rate_ppm",
        "compound_simple_rate_ppm",
        "late_total_annual_ppm",
        "total_claim_annual_ppm",
    }
)
# Beyond this no price is looked for: the costs alone say no.
HIGHEST_PPM = 100 * PPM


@dataclass(frozen=True, slots=True)
class Costs:
    """What money and work cost the lender, ppm of the balance a year; `fixed_minor` once for each loan.

    `guarantee_cover_ppm` of a loss is borne by the guarantor, to whom the lender pays `guarantee_fee_ppm`;
    `subsidy_ppm` is paid to the lender by a programme and taken off the borrower's rate.
    """

    funding_ppm: int
    operating_ppm: int = 0
    fixed_minor: int = 0
    guarantee_cover_ppm: int = 0
    guarantee_fee_ppm: int = 0
    margin_ppm: int = 0
    subsidy_ppm: int = 0


@dataclass(frozen=True, slots=True)
class Risk:
    """Probability of default within a year, and the share lost then, ppm; None is not known."""

    pd_ppm: int | None
    lgd_ppm: int | None


@dataclass(frozen=True, slots=True)
class Deal:
    """The loan that is priced. `price_minor` includes the down payment; `agreed`: terms left to each loan (due_day)."""

    price_minor: int
    instalments: int
    disbursed_on: date
    lender: str
    down_payment_ppm: int = 0
    region: str | None = None
    segment: str | None = None
    agreed: Mapping[str, object] = field(default_factory=dict)


class Component(NamedTuple):
    """One part of the price, ppm a year; a subsidy is negative."""

    name: str
    ppm: int


@dataclass(frozen=True, slots=True)
class Price:
    """The answer. `annual_rate_ppm` (contract rate) is None unless it is an offer.

    `earned_ppm`: its interest as IRR x 12; `highest_ppm` the highest contract rate allowed, by `limited_by` ("product"
    or a rule); `margin_ppm` what remains of the margin, less than asked for where the cap binds.
    """

    outcome: Outcome
    annual_rate_ppm: int | None
    earned_ppm: int | None
    components: tuple[Component, ...]
    break_even_ppm: int | None
    target_ppm: int | None
    highest_ppm: int | None
    limited_by: str | None
    margin_ppm: int | None
    reasons: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the price for JSON."""
        return {
            "outcome": self.outcome,
            "annual_rate_ppm": self.annual_rate_ppm,
            "earned_ppm": self.earned_ppm,
            "components": {part.name: part.ppm for part in self.components},
            "break_even_ppm": self.break_even_ppm,
            "target_ppm": self.target_ppm,
            "highest_ppm": self.highest_ppm,
            "limited_by": self.limited_by,
            "margin_ppm": self.margin_ppm,
            "reasons": list(self.reasons),
        }


def price_for(
    definition: Definition, deal: Deal, costs: Costs, risk: Risk, *, rulebook: Rulebook | None = None
) -> Price:
    """Return the price of a deal on the day it is disbursed.

    Riskier is never cheaper. PD or LGD not known: refer (PRICE_UNKNOWN). Break-even above what the law allows:
    decline; above what the product allows only: refer, since another product may fit (PRICE_ABOVE_CAP).
    Refuses PRICE_INPUT, and what `terms_for` refuses (an amount or term outside the product).
    """
    check_costs(costs, risk)
    if risk.pd_ppm is None or risk.lgd_ppm is None:
        return _no("refer", "PRICE_UNKNOWN", ())
    lent_minor = deal.price_minor * (PPM - deal.down_payment_ppm) // PPM
    components = build_up(costs, risk, (max(1, lent_minor), deal.instalments))
    rates = _Rates(definition, deal, rulebook)
    highest, limited_by = rates.highest()
    if highest is None:
        return _no("decline", "PRICE_ABOVE_CAP", components, limited_by=limited_by)
    break_even_ppm = max(0, sum(part.ppm for part in components if part.name != "margin"))
    target_ppm = max(0, sum(part.ppm for part in components))
    most_ppm = rates.earned(highest)
    if break_even_ppm > most_ppm:
        outcome: Outcome = "refer" if limited_by == PRODUCT else "decline"
        return _no(outcome, "PRICE_ABOVE_CAP", components, highest_ppm=rates.rate(highest), limited_by=limited_by)
    chosen = rates.reaching(min(target_ppm, most_ppm), highest)
    earned_ppm = rates.earned(chosen)
    return Price(
        "offer",
        rates.rate(chosen),
        earned_ppm,
        components,
        break_even_ppm,
        target_ppm,
        rates.rate(highest),
        limited_by,
        earned_ppm - break_even_ppm,
        (),
    )


def build_up(costs: Costs, risk: Risk, loan: tuple[int, int]) -> tuple[Component, ...]:
    """Return the components of the target for a loan of (amount fen, monthly instalments); PD and LGD known.

    The fixed cost is spread over the balance of equal monthly repayments of principal: fixed x 24 / (amount x (n + 1)).

    >>> [(part.name, part.ppm) for part in build_up(Costs(30000, margin_ppm=5000), Risk(20000, 500000), (100, 12))]
    [('funding', 30000), ('expected_loss', 10000), ('interest_not_earned', 817), ('margin', 5000)]
    """
    assert risk.pd_ppm is not None
    assert risk.lgd_ppm is not None
    amount_minor, instalments = loan
    borne_ppm = PPM - costs.guarantee_cover_ppm
    parts = [
        Component("funding", costs.funding_ppm),
        Component("operating", costs.operating_ppm),
        Component("fixed_cost", _up(costs.fixed_minor * PPM * 24, amount_minor * (instalments + 1))),
        Component("guarantee_fee", costs.guarantee_fee_ppm),
        Component("expected_loss", _up(risk.pd_ppm * risk.lgd_ppm * borne_ppm, PPM * PPM)),
    ]
    spent_ppm = sum(part.ppm for part in parts)
    # Whoever is sure to default pays no interest, whatever the rate.
    lost_ppm = HIGHEST_PPM if risk.pd_ppm == PPM else _up(spent_ppm * risk.pd_ppm, PPM - risk.pd_ppm)
    parts += [
        Component("interest_not_earned", min(HIGHEST_PPM, lost_ppm)),
        Component("margin", costs.margin_ppm),
        Component("subsidy", -costs.subsidy_ppm),
    ]
    return tuple(part for part in parts if part.ppm or part.name in ("funding", "expected_loss"))


def check_costs(costs: Costs, risk: Risk) -> None:
    """Refuse PRICE_INPUT unless costs and risk are whole numbers in their ranges."""
    most = {"fixed_minor": 10**15}
    for holder in (costs, risk):
        for name in holder.__slots__:
            value = getattr(holder, name)
            high = most.get(name, PPM)
            if value is not None and (type(value) is not int or not 0 <= value <= high):
                problem = Text(f"须为 0 至 {high} 的整数", f"it must be a whole number from 0 to {high}")
                raise PRICE_INPUT.refuse(name, problem=problem)


class _Rates:
    """The contract rates of a product for one deal, by their place in steps from the lowest; plans are made once."""

    def __init__(self, definition: Definition, deal: Deal, rulebook: Rulebook | None) -> None:
        self._definition, self._deal, self._rulebook = definition, deal, rulebook
        self._resolved = resolve(definition, deal.region, deal.segment)
        ends = self._resolved.ranges.annual_rate_ppm
        self._low, self._high = ends.min, ends.max
        self._terms = terms_for(
            definition,
            principal_minor=deal.price_minor,
            instalments=deal.instalments,
            annual_rate_ppm=ends.max,
            disbursed_on=deal.disbursed_on,
            down_payment_ppm=deal.down_payment_ppm,
            region=deal.region,
            segment=deal.segment,
            **deal.agreed,
        )
        self._earned: dict[int, int] = {}

    @property
    def _last(self) -> int:
        return -(-(self._high - self._low) // STEP_PPM)

    def rate(self, place: int) -> int:
        """Return the contract rate, ppm."""
        return min(self._high, self._low + place * STEP_PPM)

    def earned(self, place: int) -> int:
        """Return what the interest of a rate comes to, IRR x 12, ppm; the lender's fees are not counted on."""
        if place not in self._earned:
            self._earned[place] = interest_cost(self._plan(place)).irr_x12_ppm
        return self._earned[place]

    def highest(self) -> tuple[int | None, str]:
        """Return the highest place that no rule stops, and what limits it: the product, or the rule of the next one."""
        stopped = self._stopped(self._last)
        if stopped is None:
            return self._last, PRODUCT
        if (lowest := self._stopped(0)) is not None:
            return None, lowest
        over = _first(lambda place: self._stopped(place) is not None, self._last)
        return over - 1, self._stopped(over) or stopped

    def reaching(self, wanted_ppm: int, high: int) -> int:
        """Return the least place whose interest reaches `wanted_ppm`, as that of `high` does.

        Interest is nearly in proportion to the rate: only the rates near a guess are worked out, the others are told
        from it. Where the answer is not among those near, all are asked.
        """
        near = high
        for _ in range(2):
            rate_ppm = self.rate(near) * wanted_ppm // max(1, self.earned(near))
            near = max(0, min(high, -((self._low - rate_ppm) // STEP_PPM)))
        low, top = near - REACH, min(high, near + REACH)
        found = _first(lambda place: place > top or (place >= low and self.earned(place) >= wanted_ppm), high)
        if low < found <= top:
            return found
        return _first(lambda place: self.earned(place) >= wanted_ppm, high)

    def _plan(self, place: int) -> Plan:
        return planned(self._terms.changed(annual_rate_ppm=self.rate(place)))

    def _stopped(self, place: int) -> str | None:
        """Return the rule that stops the rate on the day, None where none does."""
        plan, day = self._plan(place), self._deal.disbursed_on
        tags = (*self._resolved.tags, "bullet") if repaid_at_once(plan) else self._resolved.tags
        subject = Subject(self._deal.lender, tags, self._deal.region or "")
        facts = offer_facts(self._resolved, plan, cost_of(plan), day)
        found = check(subject, facts, day, rulebook=self._rulebook).findings
        return next((finding.rule_id for finding in found if finding.stops and _of_price(finding)), None)


def _of_price(finding: Finding) -> bool:
    return finding.decider is not None and finding.decider.metric in PRICE_FACTS


def _first(holds: Callable[[int], bool], high: int) -> int:
    """Return the least place of 0..high at which it holds; it does at `high`, and from the answer on."""
    low = -1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _no(
    outcome: Outcome,
    reason: str,
    components: tuple[Component, ...],
    *,
    highest_ppm: int | None = None,
    limited_by: str | None = None,
) -> Price:
    costs = [part.ppm for part in components if part.name != "margin"]
    margin_ppm = sum(part.ppm for part in components if part.name == "margin")
    break_even_ppm = max(0, sum(costs)) if costs else None
    target_ppm = max(0, sum(costs) + margin_ppm) if costs else None
    return Price(outcome, None, None, components, break_even_ppm, target_ppm, highest_ppm, limited_by, None, (reason,))


def _up(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)
