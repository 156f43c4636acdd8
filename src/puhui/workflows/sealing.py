"""What is personal in a fact about a loan goes under the borrower's seal: the VIN and the plate of a vehicle.

The fact's body is without them; its `personal` holds their salted digests, by the names that they are kept under:
`vin.LOAN.ITEM`, `plate.LOAN.ITEM`. Erasing the borrower makes them unreadable.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from puhui.kernel.language import Text
from puhui.kernel.refusals import INPUT_INVALID
from puhui.lending.facts import read_body

# Keeps values of a party under seal, and returns the digest of each.
Seal: TypeAlias = Callable[[str, Mapping[str, str]], Mapping[str, bytes]]

PERSONAL = ("vin", "plate")


def no_seal(party: str, values: Mapping[str, str]) -> Mapping[str, bytes]:
    """For those who record nothing personal."""
    raise AssertionError(f"{', '.join(values)} of {party}: to be sealed, and there is no seal")


def sealed(
    kind: str, body: Mapping[str, Any], loan_id: str, party: str, seal: Seal
) -> tuple[Mapping[str, Any], Mapping[str, bytes]]:
    """Return the body of a fact without what is personal, and the digests of that, kept under the seal of `party`.

    Refuses what the body refuses, a vehicle without a VIN (INPUT_INVALID), and what sealing refuses.
    """
    items = _ITEMS.get(kind)
    if items is None:
        return body, {}
    read_body(kind, body)
    values: dict[str, str] = {}
    bare = items(body, lambda item, field: _bare(item, field, loan_id, values))
    return bare, seal(party, values) if values else {}


_Strip: TypeAlias = Callable[[Mapping[str, Any], str], Mapping[str, Any]]


def _of_agreement(body: Mapping[str, Any], strip: _Strip) -> Mapping[str, Any]:
    if not body.get("collateral"):
        return body
    return {**body, "collateral": [strip(item, f"collateral.{n}") for n, item in enumerate(body["collateral"])]}


def _of_change(body: Mapping[str, Any], strip: _Strip) -> Mapping[str, Any]:
    return {**body, "item": strip(body["item"], "item")} if body.get("item") else body


_ITEMS: dict[str, Callable[[Mapping[str, Any], _Strip], Mapping[str, Any]]] = {
    "agreement": _of_agreement,
    "collateral": _of_change,
}
_VEHICLES = frozenset({"vehicle"})


def _bare(item: Mapping[str, Any], field: str, loan_id: str, values: dict[str, str]) -> Mapping[str, Any]:
    """Return an item without what is personal, that put into `values`."""
    if item["type"] not in _VEHICLES:
        return item
    if not item.get("vin"):
        raise INPUT_INVALID.refuse(f"{field}.vin", problem=_VIN_NEEDED)
    values |= {f"{name}.{loan_id}.{item['id']}": item[name] for name in PERSONAL if item.get(name)}
    return {name: value for name, value in item.items() if name not in PERSONAL}


_VIN_NEEDED = Text("车辆须填写车架号 vin", "a vehicle needs its VIN")
