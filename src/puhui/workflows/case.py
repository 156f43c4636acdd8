"""A case: one application with all that is known of it; and the kit that it is judged with, each part by version."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from puhui.credit.limit import Assumptions
from puhui.credit.models import Model
from puhui.credit.policy.engine import PolicyEngine
from puhui.credit.pricing import Costs
from puhui.funding.application import Used
from puhui.funding.definition_fields import Funder
from puhui.kernel.clock import business_date
from puhui.kernel.inputs import Record
from puhui.products.definition_fields import Definition
from puhui.products.terms import Amount
from puhui.rulebook.book import Rulebook

Word = Annotated[str, Field(min_length=1, max_length=100)]
Line = Literal["auto", "personal", "small_firm"]


class Case(Record):
    """One application, as it is judged.

    amount_minor: the price of what is bought, or the money needed. most_months: no longer than this. cash_minor: in
    hand; down_minor: the down payment wished. stated: what the applicant says; checks: what was looked up (age_years,
    identity_verified, driving_licence ...), by the names of the policy's inputs. What is not there is missing, never
    a no and never a yes.
    """

    application: Word
    party: Word
    at: datetime
    institution: Word
    region: Annotated[str, Field(pattern="^[0-9]{6}$")]
    line: Line
    segment: Word
    purpose: Word
    amount_minor: Annotated[int, Field(ge=1, le=10**12)]
    cash_minor: Amount
    down_minor: Amount = 0
    most_months: Annotated[int, Field(ge=1, le=360)] | None = None
    products: tuple[str, ...] = ()
    stated_income_minor: Amount | None = None
    stated_debt_minor: Amount | None = None
    exposure_minor: Amount | None = None
    dependants: Annotated[int, Field(ge=0, le=20)] | None = None
    dealer: str = ""
    checks: dict[str, int | bool | str] = Field(default_factory=dict)

    @property
    def day(self) -> date:
        """The business day in Beijing."""
        return business_date(self.at)


@dataclass(frozen=True)
class Kit:
    """What a case is judged with on a day. `parts`: the plain JSON it was made of; `versions`: the hash of each.

    used: what each funder has lent already. assumptions: what limits take for granted, by day. own_lenders: what the
    institution is, in the rulebook's words. hard: rules that this institution makes hard, see `rulebook.check`.
    """

    model: Model
    engine: PolicyEngine
    products: Mapping[str, Definition]
    funders: Mapping[str, Funder]
    used: Mapping[str, Used]
    costs: Costs
    lgd_ppm: int
    assumptions: tuple[Assumptions, ...]
    rulebook: Rulebook
    parts: Mapping[str, Any]
    versions: Mapping[str, str]
    own_lenders: tuple[str, ...] = ("local_bank", "bank")
    hard: frozenset[str] = field(default_factory=frozenset)

    def as_record(self) -> dict[str, Any]:
        """Return what the record of a decision says of the kit."""
        return {
            "versions": dict(self.versions),
            "costs": {name: getattr(self.costs, name) for name in self.costs.__slots__},
            "lgd_ppm": self.lgd_ppm,
            "used": {name: used.model_dump(mode="json") for name, used in self.used.items()},
            "own_lenders": list(self.own_lenders),
            "hard": sorted(self.hard),
        }
