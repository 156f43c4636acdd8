"""The kinds of facts in the life of a loan, and what the body of each says.

A body holds amounts in minor units (`*_minor`), rates in ppm, days as ISO dates, parties by id; no personal data.
`FACT_KINDS` has one line a kind; `fold.py` has what each does to the position.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, model_validator

from puhui.kernel.daycount import Unit
from puhui.kernel.inputs import Record, parse
from puhui.kernel.language import Text
from puhui.kernel.rates import PPM
from puhui.kernel.refusals import INPUT_INVALID, declare
from puhui.lending.agreement import Agreement, Name
from puhui.lending.collateral import CollateralChange
from puhui.products.terms import LARGEST_PRINCIPAL_MINOR, MOST_INSTALMENTS, RatePpm

FACT_UNKNOWN = declare(
    "FACT_UNKNOWN", 422, "未知的事实类型：{value}。可选：{known}。", "Unknown kind of fact: {value}. Known: {known}."
)

# What comes in may be principal and many years of interest.
LARGEST_SUM_MINOR = 1000 * LARGEST_PRINCIPAL_MINOR
Positive = Annotated[int, Field(ge=1, le=LARGEST_SUM_MINOR)]
Whole = Annotated[int, Field(ge=0, le=LARGEST_SUM_MINOR)]
Note: TypeAlias = Annotated[str, Field(max_length=200)]
Instalments = Annotated[int, Field(ge=1, le=MOST_INSTALMENTS)]


class Disbursement(Record):
    """Money lent: to the borrower, or entrusted (受托支付) to a payee such as the dealer."""

    amount_minor: Annotated[int, Field(ge=1, le=LARGEST_PRINCIPAL_MINOR)]
    to: Literal["borrower", "entrusted"] = "borrower"
    payee: Note = ""
    channel: Note = ""

    @model_validator(mode="after")
    def _holds(self) -> "Disbursement":
        if (self.to == "entrusted") != bool(self.payee):
            raise INPUT_INVALID.refuse("payee", problem=_PAYEE)
        return self


class Repayment(Record):
    """Money that came in for the loan; `payer`: a party other than the borrower, by id."""

    amount_minor: Positive
    channel: Note = ""
    payer: Note = ""


class Part(Record):
    """What of a sum went to one instalment; n 0: charges outside the plan."""

    n: int
    principal_minor: int = 0
    interest_minor: int = 0
    fee_minor: int = 0


class AllocationResult(Record):
    """Where the money of the fact `of` went: evidence, which the fold works out anew and never reads."""

    of: Name
    amount_minor: int
    penalty_minor: int = 0
    fee_minor: int = 0
    interest_minor: int = 0
    principal_minor: int = 0
    prepaid_minor: int = 0
    suspense_minor: int = 0
    parts: tuple[Part, ...] = ()


class Prepayment(Record):
    """Early repayment by agreement: of an amount, or of all (mode payoff, no amount needed).

    shorter_term: the instalments stay, fewer of them; smaller_instalment: as many, smaller; next_instalments: the
    money is counted against the instalments that come next. No mode: the one agreed.
    """

    amount_minor: Positive | None = None
    mode: Literal["shorter_term", "smaller_instalment", "next_instalments", "payoff"] | None = None
    channel: Note = ""
    payer: Note = ""

    @model_validator(mode="after")
    def _holds(self) -> "Prepayment":
        if self.amount_minor is None and self.mode != "payoff":
            raise INPUT_INVALID.refuse("amount_minor", problem=_AMOUNT_UNLESS_PAYOFF)
        return self


class Fee(Record):
    """A fee charged on the day, beside those of the terms."""

    name: Name
    amount_minor: Positive
    payee: Name = "lender"


class Penalty(Record):
    """A penalty of a fixed amount, charged on the day; penalty interest comes by itself."""

    name: Name
    amount_minor: Positive


class Waiver(Record):
    """Part of what is owed, given up by the lender."""

    component: Literal["penalty", "fee", "interest"]
    amount_minor: Positive
    reason: Note = ""


class RateReset(Record):
    """A new contract rate from the day on: the `value_ppm` of a published series and the agreed spread."""

    annual_rate_ppm: RatePpm
    series: Note = ""
    value_ppm: RatePpm | None = None
    spread_ppm: Annotated[int, Field(ge=-PPM, le=3 * PPM)] | None = None

    @model_validator(mode="after")
    def _holds(self) -> "RateReset":
        parts = (self.value_ppm, self.spread_ppm)
        if any(part is not None for part in parts) or self.series:
            if not self.series or self.value_ppm is None or self.spread_ppm is None:
                raise INPUT_INVALID.refuse("series", problem=_ALL_THREE)
            if self.value_ppm + self.spread_ppm != self.annual_rate_ppm:
                raise INPUT_INVALID.refuse("annual_rate_ppm", problem=_SUM_OF_BOTH)
        return self


class DueDayChange(Record):
    """The instalments to come fall due on another day of the month, the first of them on `first_due_on`."""

    due_day: Annotated[int, Field(ge=1, le=31)]
    first_due_on: date | None = None


class Skip(Record):
    """The next instalments pay no principal, and no interest either unless `pay_interest`.

    extend: as many are added at the end; else the rest carries more. Deferred interest comes with the next.
    """

    instalments: Instalments = 1
    pay_interest: bool = False
    extend: bool = True


class Restructure(Record):
    """The rest of the loan under a new plan.

    re_age: what is late goes back into the plan, unpaid interest with its first instalment; extend: `instalments`
    more; re_amortise: the rest anew over `instalments`, in instalments of `instalment_minor` where that is agreed (the
    last takes the difference; without a number, until it is paid). What is not given stays as it is.
    """

    how: Literal["re_age", "extend", "re_amortise"]
    instalments: Instalments | None = None
    instalment_minor: Positive | None = None
    first_due_on: date | None = None
    every: Annotated[int, Field(ge=1, le=366)] | None = None
    unit: Unit | None = None
    annual_rate_ppm: RatePpm | None = None
    interest_only_instalments: Annotated[int, Field(ge=0, le=MOST_INSTALMENTS)] = 0
    reason: Note = ""

    @model_validator(mode="after")
    def _holds(self) -> "Restructure":
        if self.instalment_minor is not None and self.how != "re_amortise":
            raise INPUT_INVALID.refuse("instalment_minor", problem=_WITH_RE_AMORTISE)
        if self.how == "extend" and self.instalments is None:
            raise INPUT_INVALID.refuse("instalments", problem=_HOW_MANY_MORE)
        return self


class Subsidy(Record):
    """Interest that a programme pays for the borrower; what the borrower has paid already goes to suspense."""

    amount_minor: Positive
    payer: Name = "government"


class Assignment(Record):
    """A share of the loan goes to a funder, from the end of the day; share 0 takes it back."""

    funder: Name
    share_ppm: Annotated[int, Field(ge=0, le=PPM)]
    price_minor: Whole = 0


class Compensation(Record):
    """A guarantor pays in the borrower's place (代偿); its claim on the borrower is outside the loan."""

    amount_minor: Positive
    guarantor: Name


class Settlement(Record):
    """Money changes hands with someone other than the borrower.

    funder: paid over to it, its part of what was collected; payee: paid on to the payee of entrusted payments;
    guarantor, subsidy: came in from the guarantor, from the programme. reference: of the transfer at the bank.
    """

    counterparty: Literal["funder", "payee", "guarantor", "subsidy"]
    amount_minor: Positive
    channel: Note = ""
    reference: Note = ""


class WriteOff(Record):
    """The lender gives up expecting payment; the debt itself stays."""

    reason: Note = ""


class Recovery(Record):
    """Money that came in after the write-off."""

    amount_minor: Positive
    channel: Note = ""
    payer: Note = ""


class Refund(Record):
    """What lies in suspense, or a part of it, is paid back to the borrower."""

    amount_minor: Positive
    channel: Note = ""


class Classification(Record):
    """Risk category and stage from the day on, and whether unpaid interest is still income."""

    category: Name
    stage: Annotated[int, Field(ge=1, le=3)]
    accruing: bool


class Reversal(Record):
    """Another fact is taken back, as if it had never been."""

    fact: Name
    reason: Note = ""


class Cancellation(Record):
    """The borrower withdraws within the cooling-off days (冷静期): the money back, no interest and no fees."""

    amount_minor: Whole
    reason: Note = ""


FACT_KINDS: dict[str, type[Record]] = {
    "agreement": Agreement,
    "disbursement": Disbursement,
    "repayment": Repayment,
    "allocation": AllocationResult,
    "prepayment": Prepayment,
    "fee": Fee,
    "penalty": Penalty,
    "waiver": Waiver,
    "rate_reset": RateReset,
    "due_day_change": DueDayChange,
    "skip": Skip,
    "restructure": Restructure,
    "subsidy": Subsidy,
    "assignment": Assignment,
    "compensation": Compensation,
    "settlement": Settlement,
    "write_off": WriteOff,
    "recovery": Recovery,
    "refund": Refund,
    "classification": Classification,
    "reversal": Reversal,
    "collateral": CollateralChange,
    "cancellation": Cancellation,
}


def read_body(kind: str, data: Mapping[str, Any]) -> Any:
    """Return the body of a fact as the Record of its kind; refuse FACT_UNKNOWN and INPUT_INVALID.

    >>> read_body("repayment", {"amount_minor": 100}).amount_minor
    100
    """
    model = FACT_KINDS.get(kind)
    if model is None:
        raise FACT_UNKNOWN.refuse("kind", value=kind, known=", ".join(FACT_KINDS))
    return parse(model, data)


_PAYEE = Text("受托支付须填写 payee，否则不填", "payee goes with to = entrusted, and only with it")
_AMOUNT_UNLESS_PAYOFF = Text("amount_minor 必填（全部结清除外）", "amount_minor is required unless mode is payoff")
_ALL_THREE = Text(
    "series、value_ppm、spread_ppm 须同时填写", "series, value_ppm and spread_ppm are given together or not at all"
)
_SUM_OF_BOTH = Text("annual_rate_ppm 须等于 value_ppm + spread_ppm", "annual_rate_ppm must be value_ppm + spread_ppm")
_WITH_RE_AMORTISE = Text("instalment_minor 只用于 re_amortise", "instalment_minor goes with re_amortise only")
_HOW_MANY_MORE = Text("extend 须填写 instalments", "extend needs instalments: how many more")
