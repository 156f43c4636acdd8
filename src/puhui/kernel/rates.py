"""Rates are whole parts per million: 24 % a year is 240000 ppm. Text is read and written exactly."""

import re

from puhui.kernel.columns import LARGEST
from puhui.kernel.refusals import declare

PPM = 1_000_000

RATE_UNREADABLE = declare(
    "RATE_UNREADABLE",
    422,
    "{field} 不是利率：{value}。请写作 4.35%，最多四位小数。",
    "{field} is not a rate: {value}. Write 4.35 %, at most four decimals.",
)

# A percentage with four decimals is a whole number of ppm.
_DECIMALS = 4
_RATE = re.compile(r"(?P<sign>-?)(?P<whole>[0-9]{1,20})(\.(?P<decimals>[0-9]{1,20}))?\s*%")


def parse_rate_ppm(text: str, field: str = "rate") -> int:
    """Return the whole ppm of a percentage text ("2.5%", "2.5 %").

    Refuses RATE_UNREADABLE: more than four decimals, no %, ‰, floats, exponents.

    >>> parse_rate_ppm("2.5%"), parse_rate_ppm("0.0001 %")
    (25000, 1)
    """
    found = _RATE.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise RATE_UNREADABLE.refuse(field, value=repr(text)[:40])
    decimals = (found["decimals"] or "").rstrip("0")
    ppm = int(found["whole"] + decimals.ljust(_DECIMALS, "0"))
    if len(decimals) > _DECIMALS or ppm > LARGEST:
        raise RATE_UNREADABLE.refuse(field, value=repr(text)[:40])
    return -ppm if found["sign"] else ppm


def format_rate(ppm: int) -> str:
    """Return the percentage text of whole ppm, without trailing zeros.

    >>> format_rate(25000), format_rate(240000), format_rate(45834), format_rate(-1)
    ('2.5%', '24%', '4.5834%', '-0.0001%')
    """
    whole, part = divmod(abs(ppm), 10_000)
    decimals = f"{part:04d}".rstrip("0")
    return f"{'-' if ppm < 0 else ''}{whole}{'.' + decimals if decimals else ''}%"
