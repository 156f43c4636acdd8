"""Rates are whole parts per million: 24 % a year is 240000 ppm. Text is read and written exactly."""

from decimal import Decimal, InvalidOperation

from puhui.kernel.refusals import declare

PPM = 1_000_000

RATE_UNREADABLE = declare(
    "RATE_UNREADABLE",
    422,
    "{field} 不是利率：{value}。请写作 4.35%，最多四位小数。",
    "{field} is not a rate: {value}. Write 4.35 %, at most four decimals.",
)


def parse_rate_ppm(text: str, field: str = "rate") -> int:
    """Return the whole ppm of a percentage text ("2.5%", "2.5 %", "‰" is not taken); refuse more than 4 decimals.

    >>> parse_rate_ppm("2.5%"), parse_rate_ppm("0.0001 %")
    (25000, 1)
    """
    body = text.strip().removesuffix("%").strip()
    try:
        ppm = Decimal(body).scaleb(4)
    except InvalidOperation:
        raise RATE_UNREADABLE.refuse(field, value=text) from None
    if not text.strip().endswith("%") or not ppm.is_finite() or ppm != ppm.to_integral_value():
        raise RATE_UNREADABLE.refuse(field, value=text)
    return int(ppm)


def format_rate(ppm: int) -> str:
    """Return the percentage text of whole ppm, without trailing zeros.

    >>> format_rate(25000), format_rate(240000), format_rate(45834), format_rate(-1)
    ('2.5%', '24%', '4.5834%', '-0.0001%')
    """
    whole, part = divmod(abs(ppm), 10_000)
    decimals = f"{part:04d}".rstrip("0")
    return f"{'-' if ppm < 0 else ''}{whole}{'.' + decimals if decimals else ''}%"
