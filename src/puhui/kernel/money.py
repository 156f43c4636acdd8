"""Money is a whole number of minor units (fen) and a currency. No floats; text is exact both ways."""

import re
from dataclasses import dataclass

from puhui.kernel.columns import LARGEST
from puhui.kernel.refusals import declare

MONEY_UNREADABLE = declare(
    "MONEY_UNREADABLE",
    422,
    "{field} 不是金额：{value}。请写作 1234.56，小数不超过 {digits} 位。",
    "{field} is not an amount: {value}. Write 1234.56 with at most {digits} decimals.",
)
CURRENCY_UNKNOWN = declare("CURRENCY_UNKNOWN", 422, "未知币种：{value}。", "Unknown currency: {value}.")
CURRENCY_MIXED = declare(
    "CURRENCY_MIXED",
    422,
    "币种不同，不能相加：{left} 与 {right}。",
    "Different currencies do not add: {left} and {right}.",
)

# Digits after the decimal point (ISO 4217), of the currencies the platform keeps books in.
DIGITS = {"CNY": 2, "HKD": 2, "USD": 2, "EUR": 2, "JPY": 0}

# Plain digits, with thousands separators or without; the length keeps the number readable at all.
_AMOUNT = re.compile(r"(?P<sign>-?)(?P<whole>[0-9]{1,20}|[0-9]{1,3}(,[0-9]{3}){1,6})(\.(?P<decimals>[0-9]{1,20}))?")


@dataclass(frozen=True, slots=True)
class Money:
    """`amount_minor` whole minor units of `currency` (CNY: fen); may be negative."""

    amount_minor: int
    currency: str = "CNY"

    def __post_init__(self) -> None:
        if type(self.amount_minor) is not int:
            raise MONEY_UNREADABLE.refuse("amount_minor", value=repr(self.amount_minor), digits=0)
        if self.currency not in DIGITS:
            raise CURRENCY_UNKNOWN.refuse("currency", value=self.currency)

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount_minor + other.amount_minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount_minor - other.amount_minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount_minor, self.currency)

    def __str__(self) -> str:
        return f"{format_minor(self.amount_minor, DIGITS[self.currency])} {self.currency}"

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise CURRENCY_MIXED.refuse("currency", left=self.currency, right=other.currency)


def parse_money(text: str, currency: str = "CNY", field: str = "amount") -> Money:
    """Return the Money of a decimal text ("1234.5", "1,234.56"), at most 2**63 - 1 minor units.

    Refuses CURRENCY_UNKNOWN, and MONEY_UNREADABLE: more decimals than the currency has, too large, a float.

    >>> parse_money("1,234.5")
    Money(amount_minor=123450, currency='CNY')
    """
    if currency not in DIGITS:
        raise CURRENCY_UNKNOWN.refuse("currency", value=currency)
    return Money(parse_minor(text, DIGITS[currency], field), currency)


def parse_minor(text: str, digits: int = 2, field: str = "amount") -> int:
    """Return the whole minor units of a decimal text with at most `digits` decimals; refuse MONEY_UNREADABLE."""
    match = _AMOUNT.fullmatch(text.strip()) if isinstance(text, str) else None
    decimals = (match["decimals"] or "") if match else ""
    if match is None or len(decimals.rstrip("0")) > digits:
        raise MONEY_UNREADABLE.refuse(field, value=str(text)[:40], digits=digits)
    minor = int(match["whole"].replace(",", "") + decimals[:digits].ljust(digits, "0"))
    if minor > LARGEST:
        raise MONEY_UNREADABLE.refuse(field, value=str(text)[:40], digits=digits)
    return -minor if match["sign"] else minor


def format_minor(amount_minor: int, digits: int = 2) -> str:
    """Return whole minor units as text with thousands separators.

    >>> format_minor(123456789), format_minor(-5), format_minor(12, 0)
    ('1,234,567.89', '-0.05', '12')
    """
    whole, part = divmod(abs(amount_minor), 10**digits)
    decimals = f".{part:0{digits}d}" if digits else ""
    return f"{'-' if amount_minor < 0 else ''}{whole:,}{decimals}"
