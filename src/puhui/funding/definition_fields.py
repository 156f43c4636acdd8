"""The fields of a funder's definition. Amounts in minor units, rates and shares in ppm; unknown fields are refused."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr

from puhui.kernel.inputs import Record
from puhui.kernel.language import Text
from puhui.kernel.rates import PPM
from puhui.products.definition_fields import LenderCode, PlaceCode, Practice, ProductFee
from puhui.products.terms import RatePpm
from puhui.rulebook.rule import Words

Value = StrictBool | StrictInt | StrictStr
Limit = Annotated[int, Field(ge=0, le=10**15)]
FactName = Annotated[str, Field(pattern="^(applicant|loan|product)\\.[a-z][a-z0-9_]*$")]
Id = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]


class Criterion(Record):
    """One condition on one fact: a range of whole numbers, its ends included, or a list of what it may be."""

    fact: FactName
    min: int | None = None
    max: int | None = None
    among: tuple[Value, ...] = ()


class Whitelist(Record):
    """Who is let in: the fact (a dealer, a person, a core enterprise) must be on the list."""

    fact: FactName
    members: tuple[Value, ...]


class Joint(Record):
    """Joint lending: the partner (a funder's id, or a name) funds `partner_share_ppm` of each loan, rounded up."""

    partner: str = Field(min_length=1)
    partner_share_ppm: Annotated[int, Field(gt=0, lt=PPM)]


class Guarantee(Record):
    """What a guarantor covers, and what the borrower pays for it; every fee goes to a guarantor or an insurer."""

    guarantor: str = Field(min_length=1)
    cover_ppm: Annotated[int, Field(gt=0, le=PPM)]
    fees: tuple[ProductFee, ...] = ()


class Quota(Record):
    """How much the funder lends, of its own share: in a day, in all, and how many loans in a day (None: any number)."""

    day_minor: Limit
    total_minor: Limit
    day_loans: Annotated[int, Field(ge=0, le=10**9)] | None = None


class Concentration(Record):
    """At most `most_ppm` of the total quota may lie with one of a kind: one city, one product, one dealer."""

    by: Literal["province", "city", "county", "product", "segment", "dealer"]
    most_ppm: Annotated[int, Field(gt=0, le=PPM)]


class Funder(Record):
    """One funder.

    `lender` is the rulebook's word for what it is. `regions` empty: everywhere. `rate_ppm`: the contract rate a year
    it lends at, `rates_ppm` that of single products. `fees`: what it or a service takes beside the product's fees.
    `practices`: facts of the rulebook that it keeps to in every loan, over those of the product. `ratios`: its own, as
    it last reported them, by the rulebook's names; who lends jointly must. `cut_off`: the Beijing time of day from
    which it takes nothing more that day.
    """

    id: Id
    version: Annotated[int, Field(ge=1)]
    title: Words
    lender: LenderCode
    effective_from: date
    effective_to: date | None = None
    regions: tuple[PlaceCode, ...] = ()
    products: tuple[Id, ...]
    criteria: tuple[Criterion, ...] = Field(default=(), max_length=100)
    whitelist: Whitelist | None = None
    rate_ppm: RatePpm
    rates_ppm: dict[Id, RatePpm] = Field(default_factory=dict)
    fees: tuple[ProductFee, ...] = Field(default=(), max_length=20)
    guarantee: Guarantee | None = None
    joint: Joint | None = None
    practices: dict[str, Practice] = Field(default_factory=dict)
    ratios: dict[str, int] = Field(default_factory=dict)
    quota: Quota
    concentration: tuple[Concentration, ...] = ()
    cut_off: Annotated[str, Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")] | None = None

    @property
    def name(self) -> Text:
        """The funder's title."""
        return Text(self.title.zh, self.title.en)

    def rate_of(self, product: str) -> int:
        """Return the contract rate for a product, ppm a year."""
        return self.rates_ppm.get(product, self.rate_ppm)
