"""The agreement of a loan: its terms, and how it is served: interest, allocation, prepayment, grace.

Everything that differs from product to product is data here; nothing in the fold asks for a product's name.
"""

import json
from collections.abc import Mapping
from datetime import date
from functools import cached_property, lru_cache
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, model_validator

from puhui.kernel.daycount import DayCount, day_count
from puhui.kernel.inputs import Record, parse
from puhui.kernel.language import Text
from puhui.kernel.rates import PPM
from puhui.kernel.refusals import declare
from puhui.lending.collateral import Collateral
from puhui.products.calculation import down_payment_minor
from puhui.products.kinds import kind_of
from puhui.products.terms import Amount, Count, RatePpm, Terms

AGREEMENT_INVALID = declare(
    "AGREEMENT_INVALID", 422, "借款合同不成立：{field} {problem}", "The agreement does not hold: {field} {problem}"
)

Component: TypeAlias = Literal["penalty", "fee", "interest", "principal"]
Mode: TypeAlias = Literal["shorter_term", "smaller_instalment", "next_instalments"]
Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=100)]
_ALL_COMPONENTS = frozenset({"penalty", "fee", "interest", "principal"})


class Order(Record):
    """The order in which money pays what is due.

    by instalment: the oldest instalment in full before the next; the penalty, one sum for the loan, comes with the
    first that is paid, at its place. by component: all of a component, oldest first, before the next. sequence: what
    fell due before today (overdue) and today (current).
    """

    order: tuple[Component, ...] = ("penalty", "fee", "interest", "principal")
    by: Literal["instalment", "component"] = "instalment"
    sequence: tuple[Literal["overdue", "current"], ...] = ("overdue", "current")

    @model_validator(mode="after")
    def _holds(self) -> "Order":
        if len(self.order) != len(_ALL_COMPONENTS) or set(self.order) != _ALL_COMPONENTS:
            raise AGREEMENT_INVALID.refuse("servicing.allocation.order", problem=_EACH_ONCE)
        if sorted(self.sequence) != ["current", "overdue"]:
            raise AGREEMENT_INVALID.refuse("servicing.allocation.sequence", problem=_EACH_ONCE)
        return self


class Allocations(Record):
    """The order by the state of the loan: performing, or not accruing (principal first: what can still be saved)."""

    performing: Order = Order()
    non_accruing: Order = Order(order=("principal", "interest", "fee", "penalty"), by="component")


class PrepaymentRules(Record):
    """Early repayment of principal: whether, and at `fee_ppm` of it until `free_after_instalments` have fallen due.

    free_after_instalments 0: the fee never ends. covers_current: money that comes within a period counts as the
    principal of that period's instalment first. interest_now: interest so far is paid with it, not with the
    instalment.
    """

    allowed: bool = True
    fee_ppm: RatePpm = 0
    free_after_instalments: Count = 0
    default_mode: Mode = "smaller_instalment"
    covers_current: bool = False
    interest_now: bool = False


class RateRule(Record):
    """A floating rate: the value of a series plus a spread, reset every so many months from `first_on`."""

    series: Name
    spread_ppm: Annotated[int, Field(ge=-PPM, le=3 * PPM)]
    first_on: date
    every_months: Annotated[int, Field(ge=1, le=120)] = 12


class Servicing(Record):
    """How the loan is served. `late_rate = contract rate x overdue_multiplier_ppm`.

    interest_basis planned: contract interest on principal not yet due, and penalty interest on what is late;
    actual: contract interest on all outstanding principal day by day, and on what is late the surplus of the penalty
    rate over it. early: money beyond what is due is held in suspense until the next due day; or pays down the
    principal of the current instalment at once (current); or is a prepayment (prepay). round_parts: a payment
    within a period rounds its interest so far to the minor unit; else the parts are summed exactly and rounded once.
    """

    allocation: Allocations = Allocations()
    interest_basis: Literal["planned", "actual"] = "planned"
    grace_days: Annotated[int, Field(ge=0, le=60)] = 0
    overdue_multiplier_ppm: Annotated[int, Field(ge=PPM, le=10 * PPM)] = PPM
    compounds: bool = False
    prepayment: PrepaymentRules = PrepaymentRules()
    early: Literal["suspense", "current", "prepay"] = "suspense"
    round_parts: bool = False
    cooling_off_days: Annotated[int, Field(ge=0, le=60)] = 0


class Agreement(Record):
    """What the parties agreed. `limit_minor`: the most that may be outstanding of a line, or drawn of a loan.

    Parties by id: borrower, dealer (payee of an entrusted payment), funder with its share. floating: the rate
    follows a series; without it the rate is fixed.
    """

    product: Name
    product_version: Annotated[int, Field(ge=1)] = 1
    terms: Terms
    servicing: Servicing = Servicing()
    agreed_on: date
    institution: Name
    region: Annotated[str, Field(max_length=12)] = ""
    borrower: Name
    dealer: Annotated[str, Field(max_length=100)] = ""
    funder: Annotated[str, Field(max_length=100)] = ""
    funder_share_ppm: Annotated[int, Field(ge=0, le=PPM)] = 0
    limit_minor: Amount | None = None
    floating: RateRule | None = None
    collateral: tuple[Collateral, ...] = Field(default=(), max_length=20)
    currency: Annotated[str, Field(min_length=3, max_length=3)] = "CNY"

    @model_validator(mode="after")
    def _holds(self) -> "Agreement":
        terms, servicing = self.terms, self.servicing
        kind_of(terms)
        for field, holds, problem in (
            ("agreed_on", self.agreed_on <= terms.disbursed_on, _NOT_LATER),
            ("servicing.early", servicing.early != "prepay" or servicing.prepayment.allowed, _PREPAY_ALLOWED),
            ("funder_share_ppm", bool(self.funder) == bool(self.funder_share_ppm), _FUNDER_AND_SHARE),
        ):
            if not holds:
                raise AGREEMENT_INVALID.refuse(field, problem=problem)
        return self

    @cached_property
    def financed_minor(self) -> int:
        """What is lent: the principal of the terms less the down payment."""
        terms = self.terms
        return terms.principal_minor - int(down_payment_minor(terms, terms.principal_minor, terms.down_payment_ppm))

    @cached_property
    def convention(self) -> DayCount:
        """The day count of the terms; a year is its denominator."""
        return day_count(self.terms.day_count or "period/12", self.terms.unit)

    @cached_property
    def rate_unit(self) -> int:
        """What balance x rate_ppm x numerator is divided by."""
        return self.convention.denominator * PPM

    @cached_property
    def follows_balance(self) -> bool:
        """Whether contract interest runs on all outstanding principal, late or not."""
        return self.servicing.interest_basis == "actual"


def agreement_of(body: Mapping[str, Any]) -> Agreement:
    """Return the Agreement of the body of an agreement fact, read once; refuse INPUT_INVALID and AGREEMENT_INVALID."""
    return _read(json.dumps(body, default=_iso))


@lru_cache(maxsize=4096)
def _read(text: str) -> Agreement:
    return parse(Agreement, json.loads(text))


def _iso(value: object) -> str:
    assert isinstance(value, date), "the body of a fact is JSON, and dates"
    return value.isoformat()


_EACH_ONCE = Text("须包含每一项各一次", "must hold each of its words once")
_NOT_LATER = Text("不得晚于 terms.disbursed_on", "must not be later than terms.disbursed_on")
_PREPAY_ALLOWED = Text("为 prepay 时须允许提前还款", "= prepay needs prepayment to be allowed")
_FUNDER_AND_SHARE = Text("与 funder 须同时填写", "and funder are given together")
