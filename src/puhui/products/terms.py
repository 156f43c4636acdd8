"""Loan terms: everything a repayment plan depends on. Read from outside by `read_terms`.

The bounds keep every product of money, rate and days of the plan within 63 bits (see `calculation.py`).
"""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from puhui.kernel.calendar import Roll
from puhui.kernel.daycount import DayCountName, Unit
from puhui.kernel.inputs import Record, parse
from puhui.kernel.language import Text
from puhui.kernel.rates import PPM
from puhui.kernel.refusals import declare
from puhui.kernel.rounding import Rounding

LARGEST_PRINCIPAL_MINOR = 10**12
LARGEST_RATE_PPM = 3 * PPM
LONGEST_MONTHS = 600
MOST_INSTALMENTS = 1200
# The calendar ends with 2199: 50 years, and up to three months to the first due day, still lie within.
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2149, 9, 30)

TERMS_INVALID = declare(
    "TERMS_INVALID", 422, "贷款条件不成立：{field} {problem}", "The terms do not hold: {field} {problem}"
)

Amount = Annotated[int, Field(ge=0, le=LARGEST_PRINCIPAL_MINOR)]
RatePpm = Annotated[int, Field(ge=0, le=LARGEST_RATE_PPM)]
Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
Count = Annotated[int, Field(ge=0, le=MOST_INSTALMENTS)]


class Grace(Record):
    """Relief at the start, each a number of instalments.

    principal: no principal falls due. interest_payment: interest accrues and is collected with the next
    paying instalment. interest_free: no interest accrues.
    """

    principal: Count = 0
    interest_payment: Count = 0
    interest_free: Count = 0


class Fee(Record):
    """A charge beside interest: an amount, or a rate of the financed principal or of the balance.

    collect at_disbursement: at once, from the proceeds if `deducted`; each_instalment: with every instalment;
    on_date: with the instalment that falls due on `charged_on` or next after it.
    """

    name: str = Field(min_length=1)
    payee: str = Field(default="lender", min_length=1)
    collect: Literal["at_disbursement", "each_instalment", "on_date"]
    amount_minor: Amount | None = None
    rate_ppm: RatePpm | None = None
    base: Literal["principal", "outstanding"] = "principal"
    deducted: bool = False
    charged_on: Day | None = None

    @model_validator(mode="after")
    def _holds(self) -> "Fee":
        if (self.amount_minor is None) == (self.rate_ppm is None):
            raise TERMS_INVALID.refuse("fees.amount_minor", problem=_ONE_OF_AMOUNT_AND_RATE)
        if (self.charged_on is None) == (self.collect == "on_date"):
            raise TERMS_INVALID.refuse("fees.charged_on", problem=_DATE_WITH_ON_DATE)
        if self.base == "outstanding" and self.rate_ppm is None:
            raise TERMS_INVALID.refuse("fees.base", problem=_BASE_OF_RATE)
        if self.deducted and self.collect != "at_disbursement":
            raise TERMS_INVALID.refuse("fees.deducted", problem=_DEDUCTED_AT_DISBURSEMENT)
        return self


class Subsidy(Record):
    """Interest paid by a programme: `rate_ppm` of the annual rate, up to `cap_minor`, for the first `instalments`."""

    rate_ppm: Annotated[int, Field(gt=0, le=LARGEST_RATE_PPM)]
    cap_minor: Amount | None = None
    instalments: Annotated[int, Field(ge=1, le=MOST_INSTALMENTS)] | None = None
    payer: str = "government"


class Movement(Record):
    """A planned draw (positive) or repayment of principal (negative) under a revolving line."""

    moved_on: Day
    amount_minor: Annotated[int, Field(ge=-LARGEST_PRINCIPAL_MINOR, le=LARGEST_PRINCIPAL_MINOR)]


class Terms(Record):
    """The terms of one loan. Amounts in minor units, rates in ppm a year, days as dates.

    due_day: the day of the month that due dates keep, clamped in short months. first_due_on null: by
    `first_due`. A down payment is row 1, due on the disbursement date, not counted in instalments.
    The last instalment takes the remainder. Where a method has no level instalment, smooth_last and
    instalment_multiple_minor do not act (flat rounds its parts to the multiple).
    """

    principal_minor: Annotated[int, Field(ge=1, le=LARGEST_PRINCIPAL_MINOR)]
    annual_rate_ppm: RatePpm
    method: Annotated[str, Field(min_length=1)]
    instalments: Annotated[int, Field(ge=1, le=MOST_INSTALMENTS)]
    disbursed_on: Day
    day_count: DayCountName | None = None

    every: Annotated[int, Field(ge=1, le=366)] = 1
    unit: Unit = "month"
    first_due_on: Day | None = None
    first_due: Literal["one_period", "next_due_day"] = "one_period"
    first_due_after_days: Annotated[int, Field(ge=1, le=62)] = 1
    due_day: Annotated[int, Field(ge=1, le=31)] | None = None
    holiday_roll: Roll = "none"
    interest_follows_roll: bool = False

    currency_digits: Annotated[int, Field(ge=0, le=3)] = 2
    rounding: Rounding = "half_up"
    instalment_multiple_minor: Annotated[int, Field(ge=1, le=10**9)] | None = None
    # One value so far: written in files that say it, so that another can be told apart one day.
    last_instalment: Literal["takes_remainder"] = "takes_remainder"
    smooth_last: bool = False

    down_payment_ppm: Annotated[int, Field(ge=0, lt=PPM)] = 0
    grace: Grace = Grace()
    fees: tuple[Fee, ...] = Field(default=(), max_length=50)
    subsidy: Subsidy | None = None

    balloon_minor: Amount | None = None
    amortisation_instalments: Annotated[int, Field(ge=2, le=MOST_INSTALMENTS)] | None = None
    income_months: tuple[Annotated[int, Field(ge=1, le=12)], ...] = Field(default=(), max_length=12)
    interest_due: Literal["each", "with_principal"] = "each"
    step_every: Annotated[int, Field(ge=1, le=MOST_INSTALMENTS)] | None = None
    step_minor: Annotated[int, Field(ge=-LARGEST_PRINCIPAL_MINOR, le=LARGEST_PRINCIPAL_MINOR)] | None = None
    step_ppm: Annotated[int, Field(gt=-PPM, le=PPM)] | None = None
    weights: tuple[Annotated[int, Field(ge=0, le=10**6)], ...] = Field(default=(), max_length=MOST_INSTALMENTS)
    movements: tuple[Movement, ...] = Field(default=(), max_length=1000)

    @model_validator(mode="after")
    def _holds(self) -> "Terms":
        self._check()
        return self

    def _check(self) -> None:
        for field, holds, problem in self._conditions():
            if not holds:
                raise TERMS_INVALID.refuse(field, problem=problem)

    def changed(self, **values: Any) -> "Terms":
        """Return the terms with other values, each of the type and within the bounds of its field already.

        Refuses TERMS_INVALID where they do not hold together; quicker than reading them anew.
        """
        terms = self.model_copy(update=values)
        terms._check()
        return terms

    def _conditions(self) -> tuple[tuple[str, bool, Text], ...]:
        months = self.span_months
        first = self.first_due_on
        subsidy = self.subsidy
        return (
            ("instalments", months <= LONGEST_MONTHS, _TOO_LONG),
            ("day_count", self.day_count is not None or self.annual_rate_ppm == 0, DAY_COUNT_NEEDED),
            ("first_due_on", first is None or first > self.disbursed_on, FIRST_DUE_LATER),
            ("first_due", self.first_due == "one_period" or first is None, ONE_FIRST_DUE),
            ("first_due", self.first_due == "one_period" or self.due_day is not None, DUE_DAY_NEEDED),
            ("first_due_after_days", self.first_due_after_days == 1 or self.first_due == "next_due_day", _WITH_NEXT),
            ("interest_follows_roll", not self.interest_follows_roll or self._counts_days(), _ACTUAL_ONLY),
            ("due_day", self.due_day is None or self.unit == "month", DUE_DAY_MONTHLY),
            ("grace.principal", self.grace.principal < self.instalments, _GRACE_SHORTER),
            ("grace.interest_payment", self.grace.interest_payment < self.instalments, _GRACE_SHORTER),
            ("grace.interest_free", self.grace.interest_free <= self.instalments, _GRACE_SHORTER),
            ("fees.charged_on", all(self._charged_later(fee) for fee in self.fees), FIRST_DUE_LATER),
            ("subsidy.rate_ppm", subsidy is None or subsidy.rate_ppm <= self.annual_rate_ppm, SUBSIDY_WITHIN),
        )

    def _counts_days(self) -> bool:
        return self.day_count is None or self.day_count.startswith("act/")

    def _charged_later(self, fee: Fee) -> bool:
        return fee.charged_on is None or fee.charged_on > self.disbursed_on

    @property
    def span_months(self) -> int:
        """Return the length of the plan in months, weeks and days rounded up."""
        units = self.instalments * self.every
        return units if self.unit == "month" else -(-units * (7 if self.unit == "week" else 1) // 30)


def read_terms(data: object) -> Terms:
    """Return the Terms of parsed JSON; refuse INPUT_INVALID or TERMS_INVALID naming the field."""
    return parse(Terms, data)


def terms_schema() -> dict[str, Any]:
    """Return the JSON Schema of terms, the repayment methods listed by name."""
    from puhui.products.kinds import KINDS

    schema = Terms.model_json_schema()
    schema["properties"]["method"]["enum"] = list(KINDS)
    return schema


_ONE_OF_AMOUNT_AND_RATE = Text("与 rate_ppm 须且只须填一个", "or rate_ppm: give one of the two")
_DATE_WITH_ON_DATE = Text("只在 collect 为 on_date 时填写，且必填", "goes with collect = on_date, and only with it")
_DEDUCTED_AT_DISBURSEMENT = Text("只适用于放款时收取的费用", "applies only to fees collected at disbursement")
_TOO_LONG = Text(f"× every 超过 {LONGEST_MONTHS} 个月", f"x every is more than {LONGEST_MONTHS} months")
DAY_COUNT_NEEDED = Text("计息方式必填（利率不为 0）", "is required when the rate is not 0")
FIRST_DUE_LATER = Text("必须晚于 disbursed_on", "must be later than disbursed_on")
ONE_FIRST_DUE = Text("与 first_due_on 不能同时填写", "and first_due_on exclude each other")
DUE_DAY_NEEDED = Text("为 next_due_day 时必须填写 due_day", "= next_due_day needs due_day")
DUE_DAY_MONTHLY = Text("只适用于按月还款", "applies only when unit is month")
_GRACE_SHORTER = Text("必须少于期数", "must be less than the number of instalments")
_WITH_NEXT = Text("只与 first_due = next_due_day 同用", "goes with first_due = next_due_day only")
_ACTUAL_ONLY = Text("只适用于按实际天数计息（act/…）", "goes with day counts of actual days (act/...) only")
_BASE_OF_RATE = Text("只与 rate_ppm 同用", "goes with rate_ppm only")
SUBSIDY_WITHIN = Text("不得超过合同利率", "must not be more than the contract rate")
