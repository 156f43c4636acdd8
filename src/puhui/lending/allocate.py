"""Where money goes: what is due, in the agreed order; what is left over waits in suspense."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from puhui.lending.agreement import Agreement, Order
from puhui.lending.balances import penalty_receivable_minor
from puhui.lending.facts import Part
from puhui.lending.funder import collected
from puhui.lending.line import followed, part_closed
from puhui.lending.plan_ahead import method_of
from puhui.lending.position import Due, Position, changed


@dataclass(frozen=True, slots=True)
class Allocation:
    """Where a sum went, minor units: amount = penalty + fee + interest + principal + suspense.

    suspense_minor is negative where the suspense account paid. prepaid_minor: what of the principal had not fallen
    due. parts: by instalment (n, principal, interest, fee); n 0: charges outside the plan.
    """

    amount_minor: int = 0
    penalty_minor: int = 0
    fee_minor: int = 0
    interest_minor: int = 0
    principal_minor: int = 0
    prepaid_minor: int = 0
    suspense_minor: int = 0
    parts: tuple[tuple[int, int, int, int], ...] = field(default=())

    def __add__(self, other: "Allocation") -> "Allocation":
        names = [each.name for each in fields(self)]
        return Allocation(*(getattr(self, name) + getattr(other, name) for name in names))

    def as_body(self, fact_id: str) -> dict[str, Any]:
        """Return the body of the allocation fact: evidence of where the money of `fact_id` went."""
        amounts = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "parts"}
        parts = [Part(n=n, principal_minor=p, interest_minor=i, fee_minor=f).model_dump() for n, p, i, f in self.parts]
        return {"of": fact_id, **amounts, "parts": parts}


class Paid(NamedTuple):
    """A position after money paid what is due, where it went, and what is left of it."""

    position: Position
    allocation: Allocation
    left_minor: int


def order_of(position: Position, agreement: Agreement) -> Order:
    """Return the order of allocation in the loan's present state."""
    allocation = agreement.servicing.allocation
    return allocation.performing if position.accruing else allocation.non_accruing


def pay_due(position: Position, money_minor: int, agreement: Agreement, only: tuple[str, ...] = ()) -> Paid:
    """Pay what is due by `as_of` in the agreed order; `only`: no other components. `left_minor`: what is not used."""
    order = order_of(position, agreement)
    dues = list(position.dues)
    paid = {"penalty": 0, "fee": 0, "interest": 0, "principal": 0}
    penalty, left = penalty_receivable_minor(position), money_minor
    for component, place in _steps(order, dues, position.as_of):
        if not left:
            break
        if only and component not in only:
            continue
        if component == "penalty":
            part, penalty = min(left, penalty), penalty - min(left, penalty)
        else:
            due = dues[place]
            part = min(left, getattr(due, _FIELDS[component]))
            if part:
                dues[place] = due._replace(**{_FIELDS[component]: getattr(due, _FIELDS[component]) - part})
        paid[component] += part
        left -= part
    if left == money_minor:
        return Paid(position, Allocation(), left)
    parts = tuple(_difference(old, new) for old, new in zip(position.dues, dues, strict=True) if old != new)
    allocation = Allocation(
        money_minor - left, paid["penalty"], paid["fee"], paid["interest"], paid["principal"], parts=parts
    )
    return Paid(_after(position, agreement, dues, allocation), allocation, left)


_FIELDS = {"fee": "fee_minor", "interest": "interest_minor", "principal": "principal_minor"}


def _steps(order: Order, dues: list[Due], day: int) -> Iterator[tuple[str, int]]:
    """Yield what is paid next: a component of the due at a place; the penalty, one for the loan, only once."""
    places: Sequence[int] = range(len(dues))
    if order.sequence[0] == "current":
        places = sorted(places, key=lambda place: dues[place].due_on != day)
    if order.by == "component":
        for component in order.order:
            yield from ((component, place) for place in (places if component != "penalty" else (0,)))
        return
    for place in places:
        yield from ((component, place) for component in order.order if component != "penalty" or place == places[0])
    if not dues:
        yield "penalty", 0


def _difference(old: Due, new: Due) -> tuple[int, int, int, int]:
    return (
        old.n,
        old.principal_minor - new.principal_minor,
        old.interest_minor - new.interest_minor,
        old.fee_minor - new.fee_minor,
    )


def _after(position: Position, agreement: Agreement, dues: list[Due], allocation: Allocation) -> Position:
    """Return the position after what is due was paid so."""
    if allocation.principal_minor:
        position = part_closed(position, agreement)
    left = tuple(due for due in dues if due.principal_minor or due.interest_minor or due.fee_minor)
    changes: dict[str, Any] = {
        "dues": left,
        "principal_minor": position.principal_minor - allocation.principal_minor,
        "principal_paid_total_minor": position.principal_paid_total_minor + allocation.principal_minor,
        "interest_paid_total_minor": position.interest_paid_total_minor + allocation.interest_minor,
        "fee_paid_total_minor": position.fee_paid_total_minor + allocation.fee_minor,
        "penalty_paid_total_minor": position.penalty_paid_total_minor + allocation.penalty_minor,
    }
    new = changed(position, **{**changes, **funder_part(position, allocation)})
    if new.as_of > new.period_from and allocation.principal_minor:
        new = followed(new, agreement)
    return new


def funder_part(position: Position, allocation: Allocation) -> dict[str, int]:
    """Return the changes by which the funder's share of what was allocated becomes due to it."""
    shared = allocation.principal_minor + allocation.interest_minor + allocation.penalty_minor
    return collected(position, shared)


def is_settled(position: Position, agreement: Agreement) -> bool:
    """Return whether nothing is owed any more; a line is settled only after its last day."""
    if position.principal_minor or position.dues or penalty_receivable_minor(position) or position.accrual_minor:
        return False
    return not position.rows or not (
        method_of(agreement).is_line or any(row.fee_minor or row.interest_minor for row in position.rows)
    )


def closed(position: Position, agreement: Agreement) -> Position:
    """Return the position, closed if nothing is owed any more."""
    if position.status != "active" or not is_settled(position, agreement):
        return position
    return changed(position, status="closed", rows=(), **NO_LINE)


NO_LINE: dict[str, Any] = {
    "accrual_from": 0,
    "accrual_to": 0,
    "accrual_base_minor": 0,
    "accrual_minor": 0,
    "accrual_on_minor": 0,
    "period_from": 0,
    "period_weight": 0,
    "period_closed_minor": 0,
    "deferred_minor": 0,
}
