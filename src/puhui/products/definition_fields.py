"""The fields of a product definition. Amounts in minor units, rates in ppm; unknown fields and words are refused.

A word that is not known (a tag, a lender, a payee) is refused where it stands, so that a slip of the pen can
neither hide a fee nor dodge a rule.
"""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StrictBool, StrictInt, StrictStr
from pydantic_core import PydanticCustomError

from puhui.kernel.calendar import Roll
from puhui.kernel.daycount import DayCountName, Unit
from puhui.kernel.inputs import Record
from puhui.kernel.language import Text
from puhui.kernel.rates import PPM
from puhui.kernel.rounding import Rounding
from puhui.products.kinds import KINDS
from puhui.products.terms import Amount, Count, Fee, Grace, RatePpm, Subsidy
from puhui.products.words import DATA, DATA_PURPOSES, LINES, PAYEES, PURPOSES, SEGMENTS
from puhui.rulebook.rule import Words
from puhui.rulebook.vocabulary import LENDERS, PRODUCTS


def _among(names: Iterable[str]) -> AfterValidator:
    expected = ", ".join(names)
    known = frozenset(names)

    def check(code: str) -> str:
        if code not in known:
            raise PydanticCustomError("literal_error", "must be one of: {expected}", {"expected": expected})
        return code

    return AfterValidator(check)


def _listed(names: Iterable[str]) -> Any:
    return Field(json_schema_extra={"enum": list(names)})


LineCode = Annotated[str, _among(LINES), _listed(LINES)]
KindCode = Annotated[str, _among(KINDS), _listed(KINDS)]
LenderCode = Annotated[str, _among(LENDERS), _listed(LENDERS)]
TagCode = Annotated[str, _among(PRODUCTS), _listed(PRODUCTS)]
SegmentCode = Annotated[str, _among(SEGMENTS), _listed(SEGMENTS)]
PayeeCode = Annotated[str, _among(PAYEES), _listed(PAYEES)]
PurposeCode = Annotated[str, _among(PURPOSES), _listed(PURPOSES)]
DataCode = Annotated[str, _among(DATA), _listed(DATA)]
DataPurpose = Annotated[str, _among(DATA_PURPOSES), _listed(DATA_PURPOSES)]
PlaceCode = Annotated[str, Field(pattern="^[1-9][0-9]([0-9]{2}){0,2}$")]
Tier = Annotated[int, Field(ge=1, le=5)]
Practice = StrictBool | StrictInt | StrictStr | tuple[StrictStr, ...]
Multiplier = Annotated[int, Field(ge=0, le=10 * PPM)]
DownPpm = Annotated[int, Field(ge=0, lt=PPM)]
Positive = Annotated[int, Field(ge=1, le=1200)]

# Published in the schema, refused by the loader: pydantic would count a misspelt item as an absent one, and say both.
_SOME: Any = Field(json_schema_extra={"minItems": 1})


class AmountRange(Record):
    """The loan, minor units: what is financed after the down payment."""

    min: Annotated[Amount, Field(ge=1)]
    max: Amount


class CountRange(Record):
    """How many instalments: from `min` to `max` in steps."""

    min: Positive
    max: Positive
    step: Positive = 1


class RateRange(Record):
    """The contract rate, ppm a year."""

    min: RatePpm
    max: RatePpm


class DownRange(Record):
    """The down payment, ppm of the price."""

    min: DownPpm
    max: DownPpm


class Ranges(Record):
    """Within these the terms of one loan are chosen; the ends belong to the range."""

    amount_minor: AmountRange
    instalments: CountRange
    annual_rate_ppm: RateRange
    down_payment_ppm: DownRange = DownRange(min=0, max=0)


class FixedTerms(Record):
    """The fields of `Terms` that the product fixes, with the same meaning and bounds."""

    day_count: DayCountName | None = None
    every: Annotated[int, Field(ge=1, le=366)] = 1
    unit: Unit = "month"
    first_due: Literal["one_period", "next_due_day"] = "one_period"
    first_due_after_days: Annotated[int, Field(ge=1, le=62)] = 1
    due_day: Annotated[int, Field(ge=1, le=31)] | None = None
    holiday_roll: Roll = "none"
    interest_follows_roll: bool = False
    rounding: Rounding = "half_up"
    instalment_multiple_minor: Annotated[int, Field(ge=1, le=10**9)] | None = None
    smooth_last: bool = False
    grace: Grace = Grace()
    subsidy: Subsidy | None = None
    amortisation_instalments: Annotated[int, Field(ge=2, le=1200)] | None = None
    income_months: tuple[Annotated[int, Field(ge=1, le=12)], ...] = Field(default=(), max_length=12)
    interest_due: Literal["each", "with_principal"] = "each"
    step_every: Positive | None = None
    step_ppm: Annotated[int, Field(gt=-PPM, le=PPM)] | None = None
    weights: tuple[Annotated[int, Field(ge=0, le=10**6)], ...] = Field(default=(), max_length=1200)


class ProductFee(Fee):
    """A fee of the product; `payee` is a known party, so that what a platform collects is seen."""

    payee: PayeeCode = "lender"
    collect: Literal["at_disbursement", "each_instalment"]


class Penalty(Record):
    """The rate on what is late, and on what is misused, in ppm of the contract rate (one and a half: 1500000)."""

    overdue_multiplier_ppm: Multiplier
    misuse_multiplier_ppm: Multiplier


class Prepayment(Record):
    """Early repayment: `fee_ppm` of the principal prepaid, nothing once `free_after_instalments` are paid."""

    allowed: bool = True
    fee_ppm: RatePpm = 0
    free_after_instalments: Count = 0


class RequiredData(Record):
    """One kind of data that a decision reads, and what for."""

    data: DataCode
    purpose: DataPurpose


class When(Record):
    """Where and for whom: every list that is given must hold the place or the person; at least one is given."""

    regions: tuple[PlaceCode, ...] = ()
    tiers: tuple[Tier, ...] = ()
    segments: tuple[SegmentCode, ...] = ()


class Ends(Record):
    """The ends or the step of a range that an override moves."""

    min: int | None = None
    max: int | None = None
    step: int | None = None


class RangeChanges(Record):
    """The ranges that an override changes."""

    amount_minor: Ends | None = None
    instalments: Ends | None = None
    annual_rate_ppm: Ends | None = None
    down_payment_ppm: Ends | None = None


class Changes(Record):
    """What an override sets. Groups of fields change field by field; lists, fees too, are replaced whole."""

    kind: KindCode | None = None
    terms: FixedTerms | None = None
    ranges: RangeChanges | None = None
    tags: tuple[TagCode, ...] | None = None
    lenders: tuple[LenderCode, ...] | None = None
    purposes: tuple[PurposeCode, ...] | None = None
    required_data: tuple[RequiredData, ...] | None = None
    consents: tuple[DataPurpose, ...] | None = None
    practices: dict[str, Practice] | None = None
    fees: tuple[ProductFee, ...] | None = None
    penalty: dict[str, Multiplier] | None = None
    prepayment: Prepayment | None = None


class Override(Record):
    """A change for some places or people; overrides apply in their order."""

    when: When
    set: Changes


class Definition(Record):
    """One product.

    `tags` and `lenders` are the rulebook's words. `regions` (GB/T 2260), `tiers` and `segments`: where and to whom it
    is offered; an empty list means everywhere, to all. `loan_terms`: the fields of terms that are agreed loan by
    loan. `consents`: the purposes the borrower is asked to consent to. `practices`: facts of the rulebook that
    every offer under the product keeps to.
    """

    id: str = Field(pattern="^[a-z][a-z0-9_]*$")
    version: Annotated[int, Field(ge=1)]
    title: Words
    line: LineCode
    owner: str = Field(min_length=1)
    effective_from: date
    effective_to: date | None = None
    kind: KindCode
    terms: FixedTerms
    ranges: Ranges
    loan_terms: tuple[Literal["due_day", "movements"], ...] = ()
    tags: tuple[TagCode, ...] = _SOME
    lenders: tuple[LenderCode, ...] = _SOME
    regions: tuple[PlaceCode, ...] = ()
    tiers: tuple[Tier, ...] = ()
    segments: tuple[SegmentCode, ...] = ()
    purposes: tuple[PurposeCode, ...] = _SOME
    required_data: tuple[RequiredData, ...] = _SOME
    consents: tuple[DataPurpose, ...] = ()
    practices: dict[str, Practice] = Field(default_factory=dict)
    fees: tuple[ProductFee, ...] = Field(default=(), max_length=50)
    penalty: Penalty
    prepayment: Prepayment
    overrides: tuple[Override, ...] = Field(default=(), max_length=100)

    @property
    def name(self) -> Text:
        """The product's title."""
        return Text(self.title.zh, self.title.en)
