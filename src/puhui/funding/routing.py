"""Which funder a plan goes to: the eligible one with the lowest all-in cost to the borrower, and why not the others.

Fail closed: a fact that is not known makes nobody eligible who asks for it, and a funder whose use of its quotas is
not known gets nothing. Every funder gets a verdict with all its reasons, in two languages.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from puhui.funding.application import Application, Used
from puhui.funding.definition_fields import Funder
from puhui.funding.eligibility import Reason, joint_reasons, known_reasons, offer_reasons, room_reasons
from puhui.funding.pricing import Offer, offer_of
from puhui.kernel.clock import CHINA
from puhui.kernel.language import Text
from puhui.kernel.rates import format_rate
from puhui.kernel.refusals import Refusal, declare
from puhui.products.definition import PRODUCT_UNKNOWN, catalogue
from puhui.products.definition_fields import Definition
from puhui.rulebook.book import Rulebook

NO_FUNDER = declare(
    "NO_FUNDER",
    422,
    "没有资金方可以承接：{why}。",
    "No funder can take it: {why}.",
)

OUTCOMES: dict[str, Text] = {
    "chosen": Text("选中", "chosen"),
    "next": Text("备选", "next in line"),
    "refused": Text("已拒绝", "refused it"),
    "not_eligible": Text("不符合", "not eligible"),
}


@dataclass(frozen=True, slots=True)
class Market:
    """What routing is told: the instant (aware), what each funder has used, products and rules of the day.

    A funder that `used` does not name gets nothing: what it has lent is not known, and not known is not zero.
    """

    at: datetime
    used: Mapping[str, Used]
    products: Mapping[str, Definition] = field(default_factory=catalogue)
    rulebook: Rulebook | None = None
    hard: Collection[str] = ()

    @property
    def as_of(self) -> date:
        """The business day in Beijing."""
        return self.at.astimezone(CHINA).date()

    @property
    def time_of_day(self) -> str:
        """The Beijing time of day, as cut-offs are written."""
        return f"{self.at.astimezone(CHINA):%H:%M}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one funder; `offer` is None where none could be worked out."""

    funder: Funder
    outcome: str
    reasons: tuple[Reason, ...]
    offer: Offer | None

    @property
    def eligible(self) -> bool:
        """Whether the funder may take it."""
        return self.outcome in ("chosen", "next")

    def as_dict(self) -> dict[str, Any]:
        """Return the verdict for JSON."""
        return {
            "funder": self.funder.id,
            "version": self.funder.version,
            "outcome": self.outcome,
            "reasons": [reason.as_dict() for reason in self.reasons],
            "offer": self.offer.as_dict() if self.offer else None,
        }


@dataclass(frozen=True, slots=True)
class Routing:
    """The order of funders for one application: the chosen, the next in line by cost, then those out, with reasons."""

    application: Application
    verdicts: tuple[Verdict, ...]

    @property
    def order(self) -> tuple[Verdict, ...]:
        """The eligible funders, the cheapest for the borrower first."""
        return tuple(verdict for verdict in self.verdicts if verdict.eligible)

    @property
    def chosen(self) -> Verdict | None:
        """The funder it goes to; None where nobody can take it."""
        return next(iter(self.order), None)

    def next_after(self, refused: Collection[str]) -> Verdict | None:
        """Return the next funder in line when those `refused` it; None where none is left."""
        return next((verdict for verdict in self.order if verdict.funder.id not in refused), None)

    def as_dict(self) -> dict[str, Any]:
        """Return the routing for JSON."""
        chosen = self.chosen
        return {
            "application": self.application.id,
            "chosen": chosen.funder.id if chosen else None,
            "order": [verdict.funder.id for verdict in self.order],
            "verdicts": [verdict.as_dict() for verdict in self.verdicts],
        }


def route(
    application: Application, funders: Mapping[str, Funder], market: Market, refused: Collection[str] = ()
) -> Routing:
    """Return the order of funders for an application, with a verdict and its reasons for every one.

    `refused`: funders that have said no already. Refuses PRODUCT_UNKNOWN; a funder that cannot lend is never a
    refusal but a verdict.
    """
    if application.product not in market.products:
        raise PRODUCT_UNKNOWN.refuse("product", product=application.product, known=", ".join(market.products))
    assessed = [assess(application, funder, funders, market) for funder in funders.values()]
    assessed = [_refuse(verdict) if verdict.funder.id in refused else verdict for verdict in assessed]
    line = sorted((verdict for verdict in assessed if verdict.eligible), key=_order)
    out = [verdict for verdict in assessed if not verdict.eligible]
    return Routing(application, (*_explained(line), *out))


def chosen_or_refuse(routing: Routing) -> Verdict:
    """Return the chosen verdict; refuse NO_FUNDER with the reasons of every funder."""
    chosen = routing.chosen
    if chosen is None:
        parts = [(verdict.funder.name, reason.text) for verdict in routing.verdicts for reason in verdict.reasons[:1]]
        zh = "；".join(f"{name.zh} {text.zh}" for name, text in parts)
        en = "; ".join(f"{name.en}: {text.en}" for name, text in parts)
        raise NO_FUNDER.refuse("funders", why=Text(zh or "没有资金方", en or "there is no funder"))
    return chosen


def assess(application: Application, funder: Funder, funders: Mapping[str, Funder], market: Market) -> Verdict:
    """Return whether one funder may take an application, with all reasons against it, not just the first.

    What it does not lend for at all is neither priced nor asked about.
    """
    reasons = list(known_reasons(application, funder, market.as_of, market.time_of_day))
    if application.product not in funder.products:
        return Verdict(funder, "not_eligible", tuple(reasons), None)
    offer: Offer | None = None
    try:
        definition = market.products[application.product]
        offer = offer_of(application, funder, definition, market.as_of, rulebook=market.rulebook, hard=market.hard)
    except Refusal as refusal:
        reasons.append(Reason("terms", Text(refusal.message("zh"), refusal.message("en"))))
    reasons += offer_reasons(application, funder, offer)
    if offer is not None:
        for share in offer.shares:
            # A partner that is itself among the funders has quotas of its own.
            party = funders.get(share.party)
            if party is not None:
                reasons += room_reasons(application, party, share.amount_minor, market.used.get(party.id))
        if funder.joint is not None:
            used = market.used.get(funder.id)
            reasons += joint_reasons(offer, funder, used, market.as_of, market.rulebook)
    return Verdict(funder, "not_eligible" if reasons else "next", tuple(reasons), offer)


def _order(verdict: Verdict) -> tuple[int, int, int, str]:
    assert verdict.offer is not None, "an eligible funder has an offer"
    return verdict.offer.order


def _refuse(verdict: Verdict) -> Verdict:
    return replace(verdict, outcome="refused", reasons=(_SAID_NO, *verdict.reasons))


def _explained(line: list[Verdict]) -> Iterator[Verdict]:
    """Yield the eligible in order, each with why it is where it is."""
    for place, verdict in enumerate(line):
        assert verdict.offer is not None
        assert line[0].offer is not None
        own_ppm, best_ppm = verdict.offer.all_in.irr_x12_ppm, line[0].offer.all_in.irr_x12_ppm
        shown = format_rate(own_ppm)
        if place == 0:
            zh = f"借款人综合年化成本最低：{shown}（{len(line)} 家符合）"
            reason = Reason("cheapest", Text(zh, f"lowest all-in annual cost, {shown}, of {len(line)} eligible"))
            yield replace(verdict, outcome="chosen", reasons=(reason,))
        else:
            more = format_rate(own_ppm - best_ppm).removesuffix("%")
            name = line[0].funder.name
            zh = f"符合，但综合年化成本 {shown}，比{name.zh}高 {more} 个百分点"
            reason = Reason("dearer", Text(zh, f"eligible, but costs {shown}, {more} points more than {name.en}"))
            yield replace(verdict, reasons=(reason,))


_SAID_NO = Reason("refused", Text("该资金方已拒绝", "this funder has refused it"))
