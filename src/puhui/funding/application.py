"""What is routed: one plan that a person has chosen, and what is known of them; and what funders have used up."""

from datetime import date
from typing import Annotated, Any

from pydantic import Field

from puhui.funding.definition_fields import Limit, Value
from puhui.kernel.inputs import Record, parse
from puhui.kernel.places import place
from puhui.kernel.rates import PPM
from puhui.products.definition_fields import PlaceCode, Practice, SegmentCode
from puhui.products.design.need import check_decision_facts
from puhui.products.terms import Day

FactWord = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]


class Application(Record):
    """One application to be funded. `principal_minor` is the price, the down payment included.

    `applicant` and `loan`: facts for the criteria, without their prefix ({"score": 640}, {"dealer": "..."}); what is
    not said is missing and makes nobody eligible who asks for it. `facts`: what the rulebook asks at the decision.
    """

    id: str = Field(min_length=1)
    product: str
    principal_minor: Annotated[int, Field(ge=1, le=10**12)]
    instalments: Annotated[int, Field(ge=1, le=1200)]
    disbursed_on: Day
    down_payment_ppm: Annotated[int, Field(ge=0, lt=PPM)] = 0
    due_day: Annotated[int, Field(ge=1, le=31)] | None = None
    region: PlaceCode
    segment: SegmentCode
    applicant: dict[FactWord, Value] = Field(default_factory=dict)
    loan: dict[FactWord, Value] = Field(default_factory=dict)
    facts: dict[str, Practice] = Field(default_factory=dict)

    def known(self) -> dict[str, Any]:
        """Return the facts given with the application, by their full names."""
        given = {f"applicant.{name}": value for name, value in self.applicant.items()}
        given |= {f"loan.{name}": value for name, value in self.loan.items()}
        return {**given, "applicant.region": self.region, "applicant.segment": self.segment}


class Used(Record):
    """What one funder has lent already, its own share: today, in number and amount, and in all.

    `concentrated`: of the total, by kind and key ("city:4103"); a key that is not there has nothing. `institution`:
    the lender's own ratios after this loan, as the rulebook names them; a joint lender must know them.
    """

    day_minor: Limit
    day_loans: Annotated[int, Field(ge=0)]
    total_minor: Limit
    concentrated: dict[str, Limit] = Field(default_factory=dict)
    institution: dict[str, int] = Field(default_factory=dict)


def read_application(data: object, today: date | None = None) -> Application:
    """Return the Application of parsed JSON, disbursed `today` where it does not say; refuse INPUT_INVALID."""
    if isinstance(data, dict) and today is not None:
        data = {"disbursed_on": today, **data}
    application = parse(Application, data)
    place(application.region, "region")
    check_decision_facts(application.facts)
    return application


class _UsedFile(Record):
    used: dict[str, Used]


def read_used(data: object) -> dict[str, Used]:
    """Return what each funder has used, by id, of parsed JSON {"used": {...}}; refuse INPUT_INVALID."""
    return parse(_UsedFile, data).used


NOTHING_USED = Used(day_minor=0, day_loans=0, total_minor=0)


def keys_of(application: Application) -> dict[str, str | None]:
    """Return where an application counts for concentration, by kind; None where it is not known."""
    dealer = application.loan.get("dealer")
    return {
        **keys_of_region(application.region),
        "product": application.product,
        "segment": application.segment,
        "dealer": dealer if isinstance(dealer, str) else None,
    }


def keys_of_region(region: str) -> dict[str, str | None]:
    """Return the province, city and county that a place counts for; None where it is larger.

    >>> keys_of_region("4103")
    {'province': '41', 'city': '4103', 'county': None}
    """
    code = region.ljust(6, "0")
    return {
        "province": code[:2],
        "city": code[:4] if code[2:4] != "00" else None,
        "county": code if code[4:] != "00" else None,
    }
