"""What funders have lent of their own share: counted when an offer is accepted, asked before each decision."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from puhui.funding.application import NOTHING_USED, Used, keys_of_region
from puhui.workflows.case import Case, Kit


@dataclass(frozen=True, slots=True)
class Lent:
    """A funder's own share of one loan. places: where it counts for concentration, by kind ("city": "4103")."""

    funder: str
    lent_on: date
    amount_minor: int
    places: Mapping[str, str]


class Uses(Protocol):
    """The port that storage fills: running sums by funder."""

    def add(self, lent: Lent) -> None:
        """Count a loan: of its day, in all, and in each of its places."""
        ...

    def of(self, day: date, places: Collection[tuple[str, str]] | None = None) -> Mapping[str, Used]:
        """Return what each funder that ever lent has used: on the day, in all, in these places (None: in each)."""
        ...


def places_of(region: str, product: str, segment: str, dealer: str) -> dict[str, str]:
    """Return where a loan counts for concentration, by kind; what is empty or not known counts nowhere.

    >>> places_of("410300", "auto_new", "farmer", "")
    {'province': '41', 'city': '4103', 'product': 'auto_new', 'segment': 'farmer'}
    """
    found = {**keys_of_region(region), "product": product, "segment": segment, "dealer": dealer}
    return {kind: key for kind, key in found.items() if key}


def with_uses(kit: Kit, uses: Uses, case: Case) -> Kit:
    """Return the kit with what its funders have used by now, as far as it matters to a case.

    The books are complete: a funder that is not in them has lent nothing.
    """
    products = case.products or tuple(kit.products)
    places = {
        place for product in products for place in places_of(case.region, product, case.segment, case.dealer).items()
    }
    return with_used(kit, uses.of(case.day, places))


def with_used(kit: Kit, used: Mapping[str, Used]) -> Kit:
    """Return the kit with what each of its funders has used, and the ratios that each reported."""
    whole = {
        name: used.get(name, NOTHING_USED).model_copy(update={"institution": funder.ratios})
        for name, funder in kit.funders.items()
    }
    return replace(kit, used=whole)
