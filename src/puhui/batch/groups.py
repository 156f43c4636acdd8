"""What many loans have in common, written once: their dimensions, and the terms that a night asks for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from puhui.accounting.books import constants_of
from puhui.ledger.entry import Dimensions
from puhui.lending.agreement import Agreement
from puhui.lending.plan_ahead import method_of
from puhui.lending.position import Position
from puhui.products.definition import catalogue
from puhui.risk.loss_tables import LossTables
from puhui.rulebook.book import Rulebook
from puhui.rulebook.loader import default_rulebook
from puhui.rulebook.vocabulary import product_tags


class Group(NamedTuple):
    """What the loans of a group share. `tags`: of the product; the others as in Position and `books.constants_of`.

    follows: interest runs on late principal too. surplus: until the last instalment, what is late bears only the
    surplus of the penalty rate. amortising: principal is repaid along the way. together: claims on one debtor are
    judged together (CLS.DEBTOR10), which is not done for retail.
    """

    institution: str
    product: str
    region: str
    funder: str
    currency: str
    tags: tuple[str, ...]
    funder_share_ppm: int
    vat_ppm: int
    is_line: int
    grace_days: int
    late_day_base: int
    compounds: int
    follows: int
    surplus: int
    amortising: int
    together: int

    @property
    def dimensions(self) -> Dimensions:
        """Its dimensions in the ledger."""
        return Dimensions(self.institution, self.product, self.region, self.funder)


def group_of(dimensions: Dimensions, position: Position, agreement: Agreement) -> Group:
    """Return the group of a loan; its funder is the one that has a share now."""
    vat_ppm, _, is_line = constants_of(agreement)
    tags = tags_of(agreement.product)
    return Group(
        *(dimensions.institution, dimensions.product, dimensions.region, position.funder),
        agreement.currency,
        tags,
        position.funder_share_ppm,
        vat_ppm,
        is_line,
        position.grace_days,
        position.late_day_base,
        int(position.compounds),
        int(agreement.follows_balance and not method_of(agreement).keeps_interest),
        int(agreement.follows_balance),
        int(agreement.terms.method not in PAID_AT_THE_END),
        int(is_judged_together(tags)),
    )


# Repayment methods whose principal stays until the end, or comes mostly there: no run-off is assumed.
PAID_AT_THE_END = frozenset({"bullet", "interest_only", "balloon", "revolving", "custom"})


@lru_cache(maxsize=1024)
def tags_of(product: str) -> tuple[str, ...]:
    """Return the tags of a product of the catalogue, those they imply included; only "any" of one it does not know."""
    definition = catalogue().get(product)
    return tuple(sorted(product_tags(tuple(definition.tags) if definition else ())))


@dataclass(slots=True)
class Groups:
    """The groups of a book, in the order of their places. New ones are added at the end; none is ever taken out."""

    listed: list[Group] = field(default_factory=list)
    _places: dict[Group, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._places = {group: place for place, group in enumerate(self.listed)}

    def place_of(self, group: Group) -> int:
        """Return the place of a group, a new one at the end."""
        place = self._places.setdefault(group, len(self.listed))
        if place == len(self.listed):
            self.listed.append(group)
        return place

    def as_json(self) -> list[list[Any]]:
        """Return the groups for the manifest."""
        return [[*group] for group in self.listed]


def groups_from_json(data: list[list[Any]]) -> Groups:
    """Return the groups of a manifest."""
    listed = []
    for item in data:
        values = dict(zip(Group._fields, item, strict=True))
        listed.append(Group(**{**values, "tags": tuple(values["tags"])}))
    return Groups(listed)


_NUMBERS = Group._fields[Group._fields.index("funder_share_ppm") :]


def group_columns(groups: Groups, rulebook: Rulebook, tables: LossTables) -> Mapping[str, NDArray[np.int64]]:
    """Return the terms of the groups as int64 arrays by place, with what a day's rules say of them.

    segment: place in the tables of expected loss. card: classes by the steps of cards (CLS.CARD).
    """
    columns = {name: [getattr(group, name) for group in groups.listed] for name in _NUMBERS}
    columns["segment"] = [tables.segment_of(group.tags) for group in groups.listed]
    cards = rulebook.rule("CLS.CARD").products
    columns["card"] = [int(any(tags <= set(group.tags) for tags in cards)) for group in groups.listed]
    return {name: np.array(values, np.int64) for name, values in columns.items()}


@lru_cache(maxsize=1024)
def is_judged_together(tags: tuple[str, ...]) -> bool:
    """Return whether claims on one debtor with a product of these tags are judged together (CLS.DEBTOR10)."""
    return default_rulebook().rule("CLS.DEBTOR10").except_products.isdisjoint(tags)


def still_hold(groups: Groups) -> bool:
    """Return whether the groups of a snapshot are judged together as today's catalogue and rules say."""
    return all(group.together == is_judged_together(tags_of(group.product)) for group in groups.listed)
