"""Loans: agreed, listed, read; their position on any day; the facts they are made of."""

from datetime import date
from typing import Annotated, Any

from fastapi import Query
from pydantic import ConfigDict, Field, model_validator

from puhui.api.answers import FactOut, LoanOut, fact_out, loan_out
from puhui.api.call import covered, resource_of
from puhui.api.fields import (
    AmountMinor,
    AnyAmountMinor,
    Code,
    Currency,
    Day,
    LoanId,
    OfParty,
    PartyRef,
    QueryDay,
    Region,
)
from puhui.api.pages import Cursor, Limit, filled, split
from puhui.api.ports import Books
from puhui.api.routing import Call, Given, Routes
from puhui.kernel.dates import to_date
from puhui.kernel.inputs import Record, parse
from puhui.kernel.language import Text
from puhui.kernel.rates import PPM
from puhui.kernel.refusals import INPUT_INVALID
from puhui.lending.agreement import PrepaymentRules, RateRule, Servicing
from puhui.lending.collateral import Collateral
from puhui.people.access import OUT_OF_REACH, Resource
from puhui.products.definition import product_of, resolve, terms_for
from puhui.products.definition_fields import Definition
from puhui.products.terms import Amount, Terms
from puhui.workflows.agree import agree
from puhui.workflows.statement import position_on, statement

routes = Routes("loans", Text("贷款", "Loans"))

_ID = "loan_01jcx4q8h2e6x8v5tq3k9m7w1a"
_PARTY = "party_01jcx4q8h2e6x8v5tq3k9m7w1a"


class WishIn(Record):
    """What is chosen within a product; `principal_minor` is the price, the down payment included.

    `due_day` only where the product leaves it to each loan; `segment` where it is offered only to some.
    """

    principal_minor: AmountMinor
    instalments: Annotated[int, Field(ge=1, le=1200)]
    annual_rate_ppm: Annotated[int, Field(ge=0, le=3 * PPM)]
    disbursed_on: Day
    down_payment_ppm: Annotated[int, Field(ge=0, lt=PPM)] = 0
    due_day: Annotated[int, Field(ge=1, le=31)] | None = None
    segment: Code | None = None


class AgreementIn(Record):
    """A loan agreement: the terms whole (`terms`), or chosen within a product (`wish`); how it is served; by whom.

    Without `servicing`, penalty and early repayment are those of the product.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "product": "auto_new",
                    "agreed_on": "2024-01-10",
                    "institution": "county_bank",
                    "region": "410323",
                    "borrower": _PARTY,
                    "wish": {
                        "principal_minor": 12000000,
                        "instalments": 36,
                        "annual_rate_ppm": 60000,
                        "disbursed_on": "2024-01-15",
                        "down_payment_ppm": 250000,
                    },
                    "servicing": {"grace_days": 3, "overdue_multiplier_ppm": 1400000},
                }
            ]
        }
    )

    product: Code
    agreed_on: Day
    institution: Code
    region: Region
    borrower: PartyRef
    terms: Terms | None = None
    wish: WishIn | None = None
    servicing: Servicing | None = None
    dealer: Annotated[str, Field(max_length=100)] = ""
    funder: Annotated[str, Field(max_length=100)] = ""
    funder_share_ppm: Annotated[int, Field(ge=0, le=PPM)] = 0
    limit_minor: Amount | None = None
    floating: RateRule | None = None
    collateral: tuple[Collateral, ...] = Field(default=(), max_length=20)
    currency: Currency = "CNY"

    @model_validator(mode="after")
    def _one_of_both(self) -> "AgreementIn":
        if (self.terms is None) == (self.wish is None):
            raise INPUT_INVALID.refuse("terms", "wish", problem=_ONE_OF_BOTH)
        return self


class LoansOut(Record):
    """A page of loans, as they were when last written."""

    items: tuple[LoanOut, ...]
    next: str | None


class InstalmentOut(Record):
    """An instalment: what of it is due, or to come."""

    n: int
    due_on: date
    principal_minor: AnyAmountMinor
    interest_minor: AnyAmountMinor
    fee_minor: AnyAmountMinor
    total_minor: AnyAmountMinor


class OwedOut(Record):
    """All that is owed, part by part, less what is held in suspense."""

    principal_minor: AnyAmountMinor
    interest_minor: AnyAmountMinor
    fee_minor: AnyAmountMinor
    penalty_minor: AnyAmountMinor
    suspense_minor: AnyAmountMinor
    total_minor: AnyAmountMinor


class ArrearsOut(Record):
    """How late a loan is. `*_days`: of the oldest that is late now; `*_total_days`: all days since the first."""

    past_due_days: int
    principal_days: int
    interest_days: int
    principal_total_days: int
    interest_total_days: int
    principal_minor: AnyAmountMinor
    interest_minor: AnyAmountMinor
    oldest_due_on: date | None
    instalments: int


class PositionOut(Record):
    """Where a loan stands at the end of a day."""

    loan: str
    as_of: date
    status: str
    product: str
    institution: str
    currency: Currency
    annual_rate_ppm: int
    owed: OwedOut
    due_minor: AnyAmountMinor
    arrears: ArrearsOut
    category: str
    stage: int
    accruing: bool
    dues: tuple[InstalmentOut, ...]
    to_come: tuple[InstalmentOut, ...]
    agreed_on: date
    borrower: str


class FactsOut(Record):
    """A page of a subject's facts, in order."""

    items: tuple[FactOut, ...]
    next: str | None


@routes.post("/loans", "loans.create", Text("签订借款合同", "Agree a loan"), once=True)
def create_loan(call: Call, body: Given[AgreementIn]) -> LoanOut:
    """Record the agreement of a loan. No money moves yet."""
    resource = Resource(body.institution, body.region, body.borrower, body.dealer or body.funder)

    def work(books: Books, _: None) -> tuple[int, Record]:
        call.party(books, body.borrower, "borrower")
        loan = agree(books.store, agreement_body(body), call.actor, call.at, call.seal(books))
        return 201, loan_out(loan)

    def hold(_: Books) -> None:
        call.access.over(resource, OUT_OF_REACH.refuse("institution"))

    return call.once(body, hold, work)  # type: ignore[return-value]


@routes.get("/loans", "loans.read", Text("贷款列表", "List loans"))
def list_loans(
    call: Call,
    party: OfParty = None,
    product: Annotated[Code | None, Query(description="产品 / product")] = None,
    status: Annotated[Code | None, Query(description="状态 / status")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> LoansOut:
    """List loans within reach, the oldest first."""
    spans = call.access.spans
    institutions = {span.institution for span in spans}
    reach = () if "*" in institutions else tuple(sorted(institutions))
    (after,) = call.place(cursor) or (0,)
    if not spans:
        return LoansOut(items=(), next=None)
    with call.read() as books:
        found = filled(
            lambda place, count: books.loans(
                party=party or "",
                product=product or "",
                status=status or "",
                institutions=reach,
                after=place,
                limit=count,
            ),
            lambda loan: covered(spans, resource_of(loan)),
            lambda loan: loan.key,
            after,
            limit,
        )
    items, place = split(found, limit, lambda loan: (loan.key,))
    return LoansOut(items=tuple(map(loan_out, items)), next=call.cursor(place))


@routes.get("/loans/{loan_id}", "loans.read", Text("查询贷款", "Read a loan"))
def read_loan(call: Call, loan_id: LoanId) -> LoanOut:
    """Read a loan in a few figures, as of today."""
    with call.read() as books:
        loan = call.loan(books, loan_id)
        return loan_out(loan, position_on(books.store, loan, call.today_of(loan)))


@routes.get("/loans/{loan_id}/position", "loans.read", Text("任一日的贷款状况", "The position on any day"))
def read_position(call: Call, loan_id: LoanId, as_of: QueryDay = None) -> PositionOut:
    """Read where a loan stands at the end of a day: what is owed, due, late, and still to come."""
    with call.read() as books:
        loan = call.loan(books, loan_id)
        day = as_of or call.today_of(loan)
        return position_out(statement(loan, position_on(books.store, loan, day)))


@routes.get("/loans/{loan_id}/facts", "loans.read", Text("贷款的全部事实", "The facts of a loan"))
def list_facts(call: Call, loan_id: LoanId, limit: Limit = 50, cursor: Cursor = None) -> FactsOut:
    """List what a loan is made of, in order."""
    (after,) = call.place(cursor) or (0,)
    with call.read() as books:
        call.loan(books, loan_id)
        facts = [fact for fact in books.store.facts(loan_id) if fact.sequence > after]
    items, place = split(facts, limit, lambda fact: (fact.sequence,))
    return FactsOut(items=tuple(map(fact_out, items)), next=call.cursor(place))


def servicing_of(definition: Definition) -> Servicing:
    """Return how a product's loans are served where the agreement does not say."""
    return Servicing(
        overdue_multiplier_ppm=definition.penalty.overdue_multiplier_ppm,
        prepayment=PrepaymentRules(**definition.prepayment.model_dump()),
    )


def position_out(said: dict[str, Any]) -> PositionOut:
    """Return the statement of a loan as it is answered: days as dates."""
    arrears = dict(zip(ArrearsOut.model_fields, said["arrears"].values(), strict=True))
    oldest = arrears["oldest_due_on"]
    arrears["oldest_due_on"] = to_date(oldest) if oldest else None
    return parse(PositionOut, {**said, "arrears": arrears})


_ONE_OF_BOTH = Text("terms 与 wish 须且只须填一个", "give terms or wish, one of the two")


def agreement_body(body: AgreementIn) -> dict[str, Any]:
    """Return the body of the agreement's fact; refuse what the product refuses."""
    definition = product_of(body.product)
    said = body.model_dump(mode="json", exclude_none=True, exclude={"terms", "wish"})
    if body.wish is not None:
        wish = body.wish.model_dump(exclude_none=True)
        terms = terms_for(definition, region=body.region, **wish)
        definition = resolve(definition, body.region, body.wish.segment)
    else:
        assert body.terms is not None
        terms = body.terms
    return {
        **said,
        "servicing": said.get("servicing") or servicing_of(definition).model_dump(mode="json", exclude_unset=True),
        "product_version": definition.version,
        "terms": terms.model_dump(mode="json", exclude_unset=True),
    }
