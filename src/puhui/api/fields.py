"""The types that bodies, paths and queries share: ids, money, days, lines of text. Each documents itself."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from puhui.kernel.ids import ALPHABET, parse_id
from puhui.products.terms import FIRST_DAY, LARGEST_PRINCIPAL_MINOR, LAST_DAY

# What one movement of money may be.
AmountMinor = Annotated[
    int, Field(ge=1, le=LARGEST_PRINCIPAL_MINOR, description="金额，最小货币单位（分）/ minor units (fen)")
]
AnyAmountMinor = Annotated[int, Field(description="金额，分，可为负 / minor units, may be negative")]
Currency = Annotated[Literal["CNY", "HKD", "USD", "EUR", "JPY"], Field(description="币种 / currency, ISO 4217")]
Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY, description="营业日 / business day")]

# Text that is stored and shown: a control character in it is a mistake or worse.
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Code = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]*$")]
Instant = Annotated[datetime, Field(description="时刻，RFC 3339，UTC / instant, RFC 3339 in UTC")]
Region = Annotated[str, Field(pattern="^[0-9]{6}$", description="行政区划代码（GB/T 2260）/ region code")]


def id_pattern(prefix: str) -> str:
    """Return the pattern of ids made by `new_id(prefix)`: a UUIDv7, so three of its places are narrow."""
    any_of = f"[{ALPHABET}]"
    version = f"[{ALPHABET[14]}{ALPHABET[15]}]"
    variant = f"[{ALPHABET[8:12]}{ALPHABET[24:28]}]"
    return f"^{prefix}_[0-7]{any_of}{{9}}{version}{any_of}{{2}}{variant}{any_of}{{12}}$"


def _check(prefix: str) -> AfterValidator:
    """Return what refuses ID_UNREADABLE, naming the id."""

    def check(text: str) -> str:
        parse_id(text, prefix, f"{prefix}_id")
        return text

    return AfterValidator(check)


def _in_path(prefix: str) -> Any:
    return Path(json_schema_extra={"pattern": id_pattern(prefix)}, description=f"{prefix}_…")


LoanId = Annotated[str, _check("loan"), _in_path("loan")]
PartyId = Annotated[str, _check("party"), _in_path("party")]
ApplicationId = Annotated[str, _check("application"), _in_path("application")]
DecisionId = Annotated[str, _check("decision"), _in_path("decision")]
OfferId = Annotated[str, _check("offer"), _in_path("offer")]
FactId = Annotated[str, _check("fact"), _in_path("fact")]
EntryId = Annotated[str, _check("entry"), _in_path("entry")]
WebhookId = Annotated[str, _check("webhook"), _in_path("webhook")]
KeyId = Annotated[str, _check("key"), _in_path("key")]
ApprovalId = Annotated[str, _check("approval"), _in_path("approval")]

# In bodies and queries.
PartyRef = Annotated[str, Field(pattern=id_pattern("party"), description="party_…")]
OfLoan = Annotated[str | None, Query(pattern=id_pattern("loan"), description="loan_…")]
OfParty = Annotated[str | None, Query(pattern=id_pattern("party"), description="party_…")]


def _read_day(value: object) -> date:
    """Return the day of a query: exactly YYYY-MM-DD, nothing that only looks like one."""
    try:
        day = date.fromisoformat(str(value))
    except ValueError:
        raise PydanticCustomError("date_parsing", "not a date") from None
    if day.isoformat() != value:
        raise PydanticCustomError("date_parsing", "not a date")
    if day < FIRST_DAY:
        raise PydanticCustomError("greater_than_equal", "too early", {"ge": FIRST_DAY.isoformat()})
    if day > LAST_DAY:
        raise PydanticCustomError("less_than_equal", "too late", {"le": LAST_DAY.isoformat()})
    return day


PathDay = Annotated[date, BeforeValidator(_read_day), Path(description="营业日 / business day")]
QueryDay = Annotated[date | None, BeforeValidator(_read_day), Query(description="营业日 / business day")]
