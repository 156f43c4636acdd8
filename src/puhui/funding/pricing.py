"""The offer of one funder for one application: terms at its rate with all fees, plan, all-in cost, shares, rules."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from puhui.funding.application import Application
from puhui.funding.definition_fields import Funder, Joint
from puhui.kernel.rates import PPM
from puhui.kernel.remember import remember
from puhui.products.annual_cost import Figures
from puhui.products.annual_cost_plan import PlanCost, cost_of
from puhui.products.definition import resolve, terms_for
from puhui.products.definition_fields import Definition
from puhui.products.design.rules import LenderRules, rules_of, tags_of
from puhui.products.facts import financed_minor, offer_facts
from puhui.products.plan import Plan
from puhui.products.schedule import planned
from puhui.products.terms import Fee, Terms
from puhui.rulebook.book import Rulebook
from puhui.rulebook.subject import Subject


class Share(NamedTuple):
    """What one party funds of a loan; `share_ppm` of what is lent, the party's amount over the whole, rounded down."""

    party: str
    amount_minor: int
    share_ppm: int


@dataclass(frozen=True, slots=True)
class Offer:
    """What a funder would lend at. `all_in` are the annual-cost figures of what the borrower bears, every fee in.

    `rules` is what the rulebook says with this funder as the lender.
    """

    funder: str
    definition: Definition
    plan: Plan
    cost: PlanCost
    shares: tuple[Share, ...]
    rules: LenderRules

    @property
    def all_in(self) -> Figures:
        """The annual cost that the borrower bears, after a subsidy where there is one."""
        return self.cost.borrower or self.cost.contract

    @property
    def lent_minor(self) -> int:
        """What is lent, all shares together."""
        return financed_minor(self.plan)

    @property
    def cost_minor(self) -> int:
        """Interest and fees that the borrower bears over the life of the plan."""
        return self.plan.totals()["borrower_cost_minor"]

    @property
    def order(self) -> tuple[int, int, int, str]:
        """Cheapest for the borrower first; a tie goes by XIRR, by the cost in money, then by the funder's id."""
        figures = self.all_in
        return figures.irr_x12_ppm, figures.xirr_365_ppm, self.cost_minor, self.funder

    def as_dict(self) -> dict[str, Any]:
        """Return the offer for JSON, without its rows."""
        return {
            "annual_rate_ppm": self.plan.terms.annual_rate_ppm,
            "lent_minor": self.lent_minor,
            "total_cost_minor": self.cost_minor,
            "annual_cost": self.all_in.as_dict(),
            "fees": [
                {"name": charge.name, "payee": charge.payee, "amount_minor": charge.amount_minor}
                for charge in self.plan.charges
            ],
            "shares": [share._asdict() for share in self.shares],
            "rules": self.rules.as_dict(),
        }


def funder_terms(application: Application, funder: Funder, definition: Definition) -> Terms:
    """Return the terms under which a funder would lend: its rate, and the fees of product, guarantee and funder.

    Refuses as `terms_for`: out of the product's ranges, not offered there.
    """
    agreed: dict[str, object] = {} if application.due_day is None else {"due_day": application.due_day}
    terms = terms_for(
        definition,
        principal_minor=application.principal_minor,
        instalments=application.instalments,
        annual_rate_ppm=funder.rate_of(definition.id),
        disbursed_on=application.disbursed_on,
        down_payment_ppm=application.down_payment_ppm,
        region=application.region,
        segment=application.segment,
        **agreed,
    )
    return terms.model_copy(update={"fees": (*terms.fees, *_added_fees(funder))})


@remember(256)
def _added_fees(funder: Funder) -> tuple[Fee, ...]:
    added = (*(funder.guarantee.fees if funder.guarantee else ()), *funder.fees)
    return tuple(Fee.model_validate(fee.model_dump()) for fee in added)


def shares_of(funder: Funder, lent_minor: int) -> tuple[Share, ...]:
    """Return who funds how much of a loan; they add up to it. The partner's share is rounded up, never below its ppm.

    1,000.01 lent with 30 % from the partner: 300.01 and 700.00.
    """
    if funder.joint is None:
        return (Share(funder.id, lent_minor, PPM),)
    partner_minor = partner_share_minor(funder.joint, lent_minor)
    parts = ((funder.id, lent_minor - partner_minor), (funder.joint.partner, partner_minor))
    return tuple(Share(party, amount, amount * PPM // lent_minor) for party, amount in parts)


def partner_share_minor(joint: Joint, lent_minor: int) -> int:
    """Return what the partner funds of a loan, rounded up to the minor unit."""
    return -(-lent_minor * joint.partner_share_ppm // PPM)


def offer_of(
    application: Application,
    funder: Funder,
    definition: Definition,
    as_of: date,
    *,
    rulebook: Rulebook | None = None,
    hard: Collection[str] = (),
) -> Offer:
    """Return a funder's offer, the rules as of `as_of`. Refuses as `funder_terms`, `schedule`, `plan_cost`."""
    resolved = resolve(definition, application.region, application.segment)
    plan = planned(funder_terms(application, funder, definition))
    cost = cost_of(plan)
    shares = shares_of(funder, financed_minor(plan))
    tags = (*tags_of(resolved, plan), *(("joint",) if funder.joint else ()))
    subject = Subject(funder.lender, tags, application.region.ljust(6, "0"))
    said = {**funder.practices, **application.facts, **_joint_facts(shares)}
    facts = {**offer_facts(resolved, plan, cost, as_of), **said}
    rules = rules_of(subject, facts, as_of, rulebook=rulebook, hard=hard)
    return Offer(funder.id, resolved, plan, cost, shares, rules)


def _joint_facts(shares: tuple[Share, ...]) -> Mapping[str, Any]:
    return {"partner_share_ppm": shares[1].share_ppm} if len(shares) > 1 else {}
