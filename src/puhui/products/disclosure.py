"""The cost disclosure table 个人贷款综合融资成本明示表: everything that a loan costs, on one page, before it is signed.

Each cost in the normal course is shown with its payee, its way of collection, its standard, its amount, and its
annualised level: 12 x the monthly rate of a loan with the same principal flows whose only cost it is. The total is
the annual cost of all of them together; the levels do not add up to it exactly, since rates are not additive. What
falls due only on default or early repayment stands apart, without an amount. Then: nothing else is charged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from puhui.kernel.language import Text
from puhui.products.annual_cost import Figures, figures_of

TITLE = Text("个人贷款综合融资成本明示表", "Cost disclosure table of a personal loan")
NOTHING_ELSE = Text("除上述项目外，不收取其他任何费用。", "Nothing else is charged beyond the items above.")
DRAFT = Text(
    "草稿：尚未写明{missing}，不得向借款人出示。", "Draft: {missing} not stated yet; not to be shown to a borrower."
)
LENDER_MISSING = Text("贷款人", "the lender")
CONTINGENT_MISSING = Text("或有成本", "contingent costs")
CURRENCY = Text("元", "CNY")
NO_CONTINGENT = Text("无。", "None.")
LEVELS_DO_NOT_ADD = Text(
    "各项年化水平为“只有该项成本时”的年化利率（单利，每月内部收益率×12），不能简单相加；合计按全部现金流一并计算。",
    "The level of an item is the annual rate (12 x monthly rate) if it were the only cost; levels do not simply "
    "add up. The total is computed on all flows together.",
)


class DatedFlow(NamedTuple):
    """Money on a date; `position` in months x positions_a_month from disbursement."""

    on: date
    position: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Cost:
    """A cost in the normal course as it goes in: who takes it, how, by which standard; `paid`, positive amounts."""

    name: Text
    payee: Text
    collection: Text
    standard: Text
    paid: tuple[DatedFlow, ...]


@dataclass(frozen=True, slots=True)
class CostItem:
    """A cost in the normal course as it is shown; `annual_ppm`: 12 x monthly rate with this cost alone."""

    name: Text
    payee: Text
    collection: Text
    standard: Text
    amount_minor: int
    annual_ppm: int


@dataclass(frozen=True, slots=True)
class Contingent:
    """A cost that falls due only on default, misuse or early repayment; `collection` says when."""

    name: Text
    payee: Text
    collection: Text
    standard: Text


@dataclass(frozen=True, slots=True)
class Subsidy:
    """What a programme pays of the costs: `received`, positive amounts on their dates."""

    payer: Text
    received: tuple[DatedFlow, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """Whose loan it is: `principal_minor` lent, `received_minor` of it in hand at disbursement.

    `lender` None: not stated.
    """

    lender: Text | None
    product: Text
    as_of: date
    principal_minor: int
    received_minor: int
    instalments: int
    currency: Text = CURRENCY
    currency_digits: int = 2


@dataclass(frozen=True, slots=True)
class Disclosure:
    """The table. `contingent` None: not stated; empty: there are none.

    `cost`: all items together; `borrower`: the same after the subsidy.
    """

    heading: Heading
    items: tuple[CostItem, ...]
    cost: Figures
    contingent: tuple[Contingent, ...] | None
    payer: Text | None = None
    subsidy_minor: int = 0
    borrower: Figures | None = None

    @property
    def total_minor(self) -> int:
        """All costs in the normal course."""
        return sum(item.amount_minor for item in self.items)

    @property
    def missing(self) -> list[Text]:
        """What must still be stated before a borrower may see the table."""
        lender = [LENDER_MISSING] if self.heading.lender is None else []
        return lender + ([CONTINGENT_MISSING] if self.contingent is None else [])

    def draft(self, language: str) -> str | None:
        """Return the sentence that says what is missing; None of a complete table."""
        names = Text("、", " and ").say(language).join(text.say(language) for text in self.missing)
        return DRAFT.say(language).format(missing=names) if names else None

    def as_dict(self) -> dict[str, Any]:
        """Return the table for JSON, texts in both languages."""
        heading = self.heading
        result: dict[str, Any] = {
            "title": TITLE._asdict(),
            "lender": None if heading.lender is None else heading.lender._asdict(),
            "product": heading.product._asdict(),
            "as_of": heading.as_of.isoformat(),
            "principal_minor": heading.principal_minor,
            "received_minor": heading.received_minor,
            "instalments": heading.instalments,
            "items": [
                {**_texts(item), "amount_minor": item.amount_minor, "annual_ppm": item.annual_ppm}
                for item in self.items
            ],
            "total": {"amount_minor": self.total_minor, **self.cost.as_dict()},
            "contingent": None if self.contingent is None else [_texts(item) for item in self.contingent],
            "nothing_else": NOTHING_ELSE._asdict(),
            "complete": not self.missing,
        }
        if self.payer is not None and self.borrower is not None:
            borne = {"amount_minor": self.subsidy_minor, "borrower": self.borrower.as_dict()}
            result["subsidy"] = {"payer": self.payer._asdict(), **borne}
        return result


def from_flows(
    heading: Heading,
    principal: Sequence[DatedFlow],
    costs: Sequence[Cost],
    contingent: Sequence[Contingent] | None,
    subsidy: Subsidy | None = None,
    positions_a_month: int = 1,
) -> Disclosure:
    """Return the table of a loan from its flows, amounts in minor units.

    `principal`: the flows of principal alone, + lent, - repaid; `costs`: every cost in the normal course, those
    deducted from what is lent too; `contingent` None where nobody has said. Refuses as `annual_cost.figures`.
    """
    flows = [*principal, *(flow for cost in costs for flow in _negative(cost.paid))]
    items = tuple(
        CostItem(
            cost.name,
            cost.payee,
            cost.collection,
            cost.standard,
            sum(flow.amount_minor for flow in cost.paid),
            figures_of([*principal, *_negative(cost.paid)], positions_a_month).irr_x12_ppm,
        )
        for cost in costs
    )
    stated = None if contingent is None else tuple(contingent)
    total = figures_of(flows, positions_a_month)
    if subsidy is None:
        return Disclosure(heading, items, total, stated)
    paid_minor = sum(flow.amount_minor for flow in subsidy.received)
    borrower = figures_of([*flows, *subsidy.received], positions_a_month)
    return Disclosure(heading, items, total, stated, subsidy.payer, paid_minor, borrower)


def _negative(flows: Sequence[DatedFlow]) -> list[DatedFlow]:
    return [flow._replace(amount_minor=-flow.amount_minor) for flow in flows]


def _texts(item: CostItem | Contingent) -> dict[str, Any]:
    return {name: getattr(item, name)._asdict() for name in ("name", "payee", "collection", "standard")}
