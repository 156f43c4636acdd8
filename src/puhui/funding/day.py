"""A day's applications: which funder may take which, at what cost, within which limits; shared out; checked again.

Costs come from columns; criteria, quotas and places are held as in routing. Before the answer stands, every pair
that was chosen goes through the whole assessment of routing, rules too; a pair that fails is taken out and the day is
shared out anew. So a batch never places what routing one by one would not.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from puhui.funding.allocate import Gain, Pair, Problem, allocate, cost_a_year_minor
from puhui.funding.application import Application, keys_of
from puhui.funding.day_prices import Price, prices
from puhui.funding.definition_fields import Funder
from puhui.funding.eligibility import asked_reasons, concentration_minor, known_reasons
from puhui.funding.pricing import shares_of
from puhui.funding.routing import Market, Verdict, assess


@dataclass(frozen=True, slots=True)
class Placement:
    """One application of the day and its verdict; None where nobody could be found for it."""

    application: Application
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class DayPlan:
    """The day shared out: a placement for every application, the gain over greedy, the names of the limits.

    `taken_out`: pairs that the solver chose and the full assessment did not let stand.
    """

    placements: tuple[Placement, ...]
    gain: Gain
    limits: tuple[str, ...]
    taken_out: int

    def as_dict(self) -> dict[str, Any]:
        """Return the day for JSON."""
        return {
            "placements": {
                one.application.id: one.verdict.funder.id if one.verdict else None for one in self.placements
            },
            "gain": self.gain.as_dict(),
            "taken_out": self.taken_out,
        }


class _Limits:
    """The limits of all funders as rooms by number, made as pairs need them."""

    def __init__(self, funders: Mapping[str, Funder], market: Market) -> None:
        self._funders, self._market = funders, market
        self._number: dict[str, int] = {}
        self.rooms: list[int] = []

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._number)

    def uses(self, application: Application, funder: Funder, lent_minor: int) -> tuple[tuple[int, int], ...] | None:
        """Return what a loan uses of each limit; None where a party's use or a key is not known."""
        uses: list[tuple[int, int]] = []
        for share in shares_of(funder, lent_minor):
            party = self._funders.get(share.party)
            if party is not None:
                parts = self._party(application, party, share.amount_minor)
                if parts is None:
                    return None
                uses += parts
        return tuple(uses)

    def _party(self, application: Application, party: Funder, amount_minor: int) -> list[tuple[int, int]] | None:
        used = self._market.used.get(party.id)
        if used is None:
            return None
        quota = party.quota
        parts = [
            (self._limit(f"{party.id}:day", quota.day_minor - used.day_minor), amount_minor),
            (self._limit(f"{party.id}:total", quota.total_minor - used.total_minor), amount_minor),
        ]
        if quota.day_loans is not None:
            parts.append((self._limit(f"{party.id}:loans", quota.day_loans - used.day_loans), 1))
        keys = keys_of(application) if party.concentration else {}
        for limit in party.concentration:
            key = keys[limit.by]
            if key is None:
                return None
            name = f"{limit.by}:{key}"
            room = concentration_minor(party, limit.most_ppm) - used.concentrated.get(name, 0)
            parts.append((self._limit(f"{party.id}:{name}", room), amount_minor))
        return parts

    def _limit(self, name: str, room: int) -> int:
        if name not in self._number:
            self._number[name] = len(self.rooms)
            self.rooms.append(max(0, room))
        return self._number[name]


def day_problem(
    applications: Sequence[Application],
    funders: Mapping[str, Funder],
    market: Market,
    without: Collection[tuple[int, str]] = (),
) -> tuple[Problem, tuple[str, ...]]:
    """Return the problem of a day and the names of its limits; `without`: pairs known not to stand."""
    limits = _Limits(funders, market)
    pairs: list[Pair] = []
    known = [application.known() for application in applications]
    for number, funder in enumerate(funders.values()):
        wanted = [
            n
            for n, application in enumerate(applications)
            if application.product in market.products
            and (n, funder.id) not in without
            and not any(known_reasons(application, funder, market.as_of, market.time_of_day))
        ]
        for n, price in _all_prices(applications, wanted, funder, funders, market).items():
            uses = limits.uses(applications[n], funder, price.lent_minor)
            if uses is not None and not any(asked_reasons(funder, known[n], price.facts)):
                pairs.append(Pair(n, number, cost_a_year_minor(price.lent_minor, price.annual_cost_ppm), uses))
    pairs.sort(key=lambda pair: (pair.application, pair.funder))
    return Problem(len(applications), tuple(pairs), tuple(limits.rooms)), limits.names


def _all_prices(
    applications: Sequence[Application],
    wanted: list[int],
    funder: Funder,
    funders: Mapping[str, Funder],
    market: Market,
) -> dict[int, Price]:
    """Return the prices by columns, and one by one of those that columns left out and the assessment lets through."""
    found = prices(applications, wanted, funder, market.products)
    for n in wanted:
        if n not in found:
            verdict = assess(applications[n], funder, funders, market)
            if verdict.eligible and verdict.offer is not None:
                offer = verdict.offer
                found[n] = Price(offer.lent_minor, offer.all_in.irr_x12_ppm, _planned(verdict))
    return found


def _planned(verdict: Verdict) -> Mapping[str, Any]:
    from puhui.funding.facts import plan_facts

    assert verdict.offer is not None
    return plan_facts(verdict.offer.definition, verdict.offer.plan)


def share_out(
    applications: Sequence[Application], funders: Mapping[str, Funder], market: Market, *, seconds: int = 120
) -> DayPlan:
    """Return the day shared out: as many placed as possible, then at the least all-in cost a year to borrowers."""
    without: set[tuple[int, str]] = set()
    names = list(funders)
    while True:
        problem, limits = day_problem(applications, funders, market, without)
        gain = allocate(problem, seconds=seconds)
        chosen = {problem.pairs[n].application: names[problem.pairs[n].funder] for n in gain.allocation.pairs}
        verdicts = {n: assess(applications[n], funders[name], funders, market) for n, name in chosen.items()}
        failed = {(n, chosen[n]) for n, verdict in verdicts.items() if not verdict.eligible}
        if not failed:
            placements = tuple(Placement(one, verdicts.get(n)) for n, one in enumerate(applications))
            return DayPlan(placements, gain, limits, len(without))
        without |= failed
