"""What secures a loan: a vehicle, a guarantor, a deposit; what it is worth over time, and what of it lapses when.

Owners and guarantors are parties by id; the VIN and the plate of a vehicle are said, checked here, and kept under the
borrower's seal (`workflows.sealing`): no personal data in facts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from puhui.kernel.inputs import Record
from puhui.kernel.language import Text
from puhui.kernel.rates import PPM
from puhui.kernel.refusals import INPUT_INVALID, declare

COLLATERAL_UNKNOWN = declare(
    "COLLATERAL_UNKNOWN",
    422,
    "没有编号为 {value} 的押品，或已解除。请核对编号。",
    "There is no collateral {value}, or it has been released. Check the id.",
)

VIN_LENGTH = 17
# ISO 3779 / GB 16735: no I, O, Q; the ninth place checks the others, X for ten.
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_LETTER_VALUES = (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9)
_VIN_VALUES = {str(digit): digit for digit in range(10)} | dict(zip(_LETTERS, _LETTER_VALUES, strict=True))
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VIN_CHECK = 8


def vin_check_digit(vin: str) -> str:
    """Return the character that must stand in the ninth place of a 17-character VIN: 0..9 or X.

    >>> vin_check_digit("1M8GDM9AXKP042788")
    'X'
    """
    rest = sum(_VIN_VALUES[character] * weight for character, weight in zip(vin, _VIN_WEIGHTS, strict=True)) % 11
    return "X" if rest == 10 else str(rest)


def _checked_vin(vin: str) -> str:
    if len(vin) != VIN_LENGTH or not set(vin) <= _VIN_VALUES.keys():
        raise PydanticCustomError("vin", "a VIN has 17 characters: digits and capitals without I, O, Q")
    if vin[_VIN_CHECK] != vin_check_digit(vin):
        raise PydanticCustomError("vin", "the check digit of the VIN is wrong; copy it from the vehicle's papers again")
    return vin


Vin = Annotated[str, AfterValidator(_checked_vin)]
ItemId = Annotated[str, Field(min_length=1, max_length=60)]
Value = Annotated[int, Field(ge=0, le=10**13)]


class Valuation(Record):
    """What the thing was worth on a day, and who says so."""

    valued_on: date
    value_minor: Value
    source: Annotated[str, Field(max_length=100)] = ""


class Insurance(Record):
    """A policy: through `until_on`, the last day it covers."""

    policy: Annotated[str, Field(min_length=1, max_length=60)]
    until_on: date
    covers_lender: bool = False


class Vehicle(Record):
    """A car. `registered_until_on`: the last day its registration or inspection holds; `mortgage_on`: registered.

    vin, plate: needed (the VIN) when the car is taken as security; not in the fact that says so.
    """

    type: Literal["vehicle"]
    id: ItemId
    vin: Vin = ""
    plate: Annotated[str, Field(max_length=12)] = ""
    price_minor: Annotated[int, Field(ge=1, le=10**12)]
    valuations: tuple[Valuation, ...] = Field(default=(), max_length=200)
    insurance: tuple[Insurance, ...] = Field(default=(), max_length=50)
    registered_until_on: date | None = None
    mortgage_on: date | None = None


class Guarantor(Record):
    """A party that answers for the debt, up to `limit_minor`, or for all of it; through `until_on`."""

    type: Literal["guarantor"]
    id: ItemId
    party: Annotated[str, Field(min_length=1, max_length=100)]
    limit_minor: Value | None = None
    until_on: date | None = None


class Deposit(Record):
    """Money pledged with the lender."""

    type: Literal["deposit"]
    id: ItemId
    amount_minor: Value
    account: Annotated[str, Field(max_length=100)] = ""


Collateral: TypeAlias = Annotated[Vehicle | Guarantor | Deposit, Field(discriminator="type")]


class CollateralChange(Record):
    """Something is taken as security, valued anew, insured, registered, or released. One change a fact."""

    action: Literal["take", "value", "insure", "register", "release"]
    item: Collateral | None = None
    id: Annotated[str, Field(max_length=60)] = ""
    valuation: Valuation | None = None
    insurance: Insurance | None = None
    registered_until_on: date | None = None

    @model_validator(mode="after")
    def _holds(self) -> "CollateralChange":
        given = {name for name in ("item", "valuation", "insurance", "registered_until_on") if getattr(self, name)}
        wanted = _NEEDS[self.action]
        if given != wanted or (self.action == "take") == bool(self.id):
            raise INPUT_INVALID.refuse(*sorted(wanted ^ given) or ["id"], problem=_FITTING)
        return self


_NEEDS: dict[str, set[str]] = {
    "take": {"item"},
    "value": {"valuation"},
    "insure": {"insurance"},
    "register": {"registered_until_on"},
    "release": set(),
}
_FITTING = Text("字段与 action 不符", "the fields do not fit the action")
_VEHICLES_ONLY = Text(
    "id 不是车辆，不能估值、投保或登记", "id is no vehicle: only those are valued, insured, registered"
)


def after(items: Iterable[Any], change: CollateralChange) -> tuple[Any, ...]:
    """Return the security after a change; refuse COLLATERAL_UNKNOWN for an id that is not there, or there already."""
    held = {item.id: item for item in items}
    name = change.item.id if change.item else change.id
    if (change.item is None) == (name not in held):
        raise COLLATERAL_UNKNOWN.refuse("id", value=name)
    if change.item:
        held[name] = change.item
    elif change.action == "release":
        del held[name]
    else:
        held[name] = _updated(held[name], change)
    return tuple(held.values())


def _updated(item: Any, change: CollateralChange) -> Any:
    if not isinstance(item, Vehicle):
        raise INPUT_INVALID.refuse("id", problem=_VEHICLES_ONLY)
    added: dict[str, Any] = {}
    if change.valuation:
        added["valuations"] = tuple(sorted((*item.valuations, change.valuation), key=lambda found: found.valued_on))
    if change.insurance:
        added["insurance"] = (*item.insurance, change.insurance)
    if change.registered_until_on:
        added["registered_until_on"] = change.registered_until_on
    return item.model_copy(update=added)


def value_minor(item: Any, day: date) -> int:
    """Return what the security is worth on a day: the last valuation by then, else the price; a guarantor 0."""
    if isinstance(item, Vehicle):
        known = [valuation.value_minor for valuation in item.valuations if valuation.valued_on <= day]
        return known[-1] if known else item.price_minor
    return item.amount_minor if isinstance(item, Deposit) else 0


def ltv_ppm(items: Iterable[Any], owed_minor: int, day: date) -> int | None:
    """Return what is owed as ppm of what secures it on a day, rounded up; None where nothing of value does.

    Rounded up: a loan just over a limit never shows as just within.
    """
    value = sum(value_minor(item, day) for item in items)
    return -(-owed_minor * PPM // value) if value else None


@dataclass(frozen=True, slots=True)
class Lapse:
    """Something that ends, or has ended, unless it is renewed."""

    item: str
    what: Literal["insurance", "registration", "guarantee"]
    until_on: date


def lapses_by(items: Iterable[Any], day: date) -> list[Lapse]:
    """Return what no longer holds on the day after `day`, soonest first; insurance by the longest policy.

    A vehicle without any policy has nothing to lapse: `uninsured` names those.
    """
    found: list[Lapse] = []
    for item in items:
        if isinstance(item, Vehicle):
            if item.insurance:
                found.append(Lapse(item.id, "insurance", max(policy.until_on for policy in item.insurance)))
            if item.registered_until_on:
                found.append(Lapse(item.id, "registration", item.registered_until_on))
        elif isinstance(item, Guarantor) and item.until_on:
            found.append(Lapse(item.id, "guarantee", item.until_on))
    return sorted((lapse for lapse in found if lapse.until_on <= day), key=lambda lapse: lapse.until_on)


def uninsured(items: Iterable[Any], day: date) -> list[str]:
    """Return the ids of the vehicles that no policy covers on a day."""
    return [
        item.id
        for item in items
        if isinstance(item, Vehicle) and not any(policy.until_on >= day for policy in item.insurance)
    ]
