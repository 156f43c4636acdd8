"""The flat-fee translator: "2.5 % a year on the original principal" into the true annual cost, and back.

The borrower repays the principal in equal monthly parts, so that half of it on average is in hand, yet the fee is
charged on all of it to the end. Pure rate mathematics on a principal without cents: the flows are whole numbers
chosen so that every share is exact, and only the rate itself is rounded, half up, to ppm.
"""

from dataclasses import dataclass
from typing import Any, Literal

from puhui.kernel.inputs import one_of
from puhui.kernel.language import Text
from puhui.kernel.rates import PPM
from puhui.kernel.refusals import declare
from puhui.kernel.rounding import round_div
from puhui.products.annual_cost import YEAR_MONTHS, nominal, wrong

FLAT_TAKES_ALL = declare(
    "FLAT_TAKES_ALL",
    422,
    "费用合计不低于本金，先扣后什么也收不到：{field}。",
    "The fee comes to the whole principal or more: deducted, nothing would be received ({field}).",
)

Collect = Literal["each", "first", "deducted"]
Per = Literal["year", "total", "instalment"]

# How the fee is collected.
COLLECTS: dict[str, Text] = {
    "each": Text("逐期收取", "with every instalment"),
    "first": Text("首期一次收取", "all with the first instalment"),
    "deducted": Text("放款时扣收", "deducted from what is received"),
}
# What the advertised rate is of the principal: a year, in all, or an instalment.
PERS: dict[str, Text] = {
    "year": Text("每年", "a year"),
    "total": Text("合计", "in all"),
    "instalment": Text("每期", "an instalment"),
}
MOST_INSTALMENTS = 1200


@dataclass(frozen=True, slots=True)
class FlatCost:
    """The annual cost of a flat fee collected one way: 12 x monthly rate and effective; None where none exists."""

    collect: str
    irr_x12_ppm: int | None
    effective_ppm: int | None

    def as_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return {
            "collect": self.collect,
            "irr_x12_ppm": self.irr_x12_ppm,
            "effective_ppm": self.effective_ppm,
        }


def translate(flat_ppm: int, instalments: int, collect: Collect = "each", per: Per = "year") -> FlatCost:
    """Return the annual cost of a flat fee on equal monthly instalments of principal.

    `flat_ppm` of the original principal, by `per`; refuses FLAT_TAKES_ALL where deducting leaves nothing.

    >>> translate(25_000, 12)
    FlatCost(collect='each', irr_x12_ppm=45834, effective_ppm=46809)
    >>> translate(25_000, 12, "deducted").irr_x12_ppm
    47000
    """
    one_of("collect", collect, COLLECTS)
    principal, fee = _principal_and_fee(flat_ppm, instalments, per)
    if collect == "deducted" and fee >= principal:
        raise FLAT_TAKES_ALL.refuse("flat")
    share, fee_share = principal // instalments, fee // instalments
    flows = {
        "each": [principal] + [-(share + fee_share)] * instalments,
        "first": [principal, -(share + fee)] + [-share] * (instalments - 1),
        "deducted": [principal - fee] + [-share] * instalments,
    }[collect]
    cost = nominal(flows, range(instalments + 1))
    return FlatCost(collect, cost.irr_x12_ppm, cost.effective_ppm)


def translate_all(flat_ppm: int, instalments: int, per: Per = "year") -> list[FlatCost]:
    """Return the annual cost for each way of collecting; None for deducting a fee that takes all."""
    principal, fee = _principal_and_fee(flat_ppm, instalments, per)
    possible = [collect for collect in COLLECTS if collect != "deducted" or fee < principal]
    found = [translate(flat_ppm, instalments, collect, per) for collect in possible]  # type: ignore[arg-type]
    return found if len(found) == len(COLLECTS) else [*found, FlatCost("deducted", None, None)]


def inverse(
    ceiling_ppm: int,
    instalments: int,
    collect: Collect = "each",
    per: Per = "year",
    rounding: Literal["half_up", "down"] = "half_up",
) -> int:
    """Return the flat rate, ppm by `per`, whose 12 x monthly rate is `ceiling_ppm`; `down`: certain to be within.

    With i = ceiling / 12 and a = (1 - (1 + i)^-n) / i, the whole fee as a share of principal is n / a - 1
    (each), (1 - a / n)(1 + i) (first) or 1 - a / n (deducted). Computed in whole numbers, rounded once.

    >>> inverse(240_000, 12), inverse(240_000, 36), inverse(240_000, 36, rounding="down")
    (134715, 137461, 137460)
    """
    one_of("collect", collect, COLLECTS)
    _check(instalments, per, "ceiling", ceiling_ppm)
    year = YEAR_MONTHS * PPM
    grown, whole = (year + ceiling_ppm) ** instalments, year**instalments
    # a / n = annuity / level, both multiplied by grown * ceiling.
    annuity, level = (grown - whole) * year, instalments * ceiling_ppm * grown
    if ceiling_ppm == 0:
        return 0
    fee, one = {
        "each": (level - annuity, annuity),
        "first": ((level - annuity) * (year + ceiling_ppm), level * year),
        "deducted": (level - annuity, level),
    }[collect]
    top, bottom = _rate_of_fee(instalments, per)
    numerator, denominator = fee * top * PPM, one * bottom
    return numerator // denominator if rounding == "down" else int(round_div(numerator, denominator))


def _principal_and_fee(flat_ppm: int, instalments: int, per: Per) -> tuple[int, int]:
    """Return a principal and its whole fee, both whole and both multiples of the instalments."""
    _check(instalments, per, "flat", flat_ppm)
    top, bottom = _rate_of_fee(instalments, per)
    return instalments * YEAR_MONTHS * PPM, flat_ppm * bottom * instalments * YEAR_MONTHS // top


def _rate_of_fee(instalments: int, per: Per) -> tuple[int, int]:
    """Return the fraction of the whole fee that the rate is: 12 / n, 1, or 1 / n."""
    return {"year": (YEAR_MONTHS, instalments), "total": (1, 1), "instalment": (1, instalments)}[per]


def _check(instalments: int, per: Per, field: str, ppm: int) -> None:
    one_of("per", per, PERS)
    if not 1 <= instalments <= MOST_INSTALMENTS:
        raise wrong("instalments", f"必须在 1 到 {MOST_INSTALMENTS} 之间", f"must be 1 to {MOST_INSTALMENTS}")
    if ppm < 0:
        raise wrong(field, "不得为负", "must not be negative")
