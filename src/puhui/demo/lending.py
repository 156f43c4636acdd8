"""From an application to money paid out: decided, an offer chosen, the car pledged, the money sent to the dealer."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from puhui.demo.people import Row
from puhui.demo.story import OFFICER
from puhui.kernel.clock import business_date
from puhui.lending.collateral import VIN_LENGTH, vin_check_digit
from puhui.storage.books import OpenBooks, StoredBooks
from puhui.workflows.decisions import Offer
from puhui.workflows.offers import accept
from puhui.workflows.record import Statement, record_fact
from puhui.workflows.store import Loan

# Of a hundred people with offers, how many do not come back: the demonstration's own assumption.
WALK_AWAY: Final = 12
# How far above what was wished an instalment may be.
NEAR_WISH: Final = (11, 10)
# No maker's code begins with a zero: the VIN of a simulated car is nobody's.
VIN_STEM: Final = "0S1M0000"


def chosen(offers: Sequence[Offer], row: Row) -> Offer | None:
    """Return the offer that the person takes: the cheapest whose instalments are near what was wished, else the lowest.

    None for those who do not come back.
    """
    if not offers or _draw(row["application"]) % 100 < WALK_AWAY:
        return None
    above, below = NEAR_WISH
    near = [
        offer
        for offer in offers
        if offer.summary["most_in_a_month_minor"] * below <= row["instalment_wish_minor"] * above
    ]
    if near:
        return min(near, key=lambda offer: (offer.summary["total_cost_minor"], offer.id))
    return min(offers, key=lambda offer: (offer.summary["most_in_a_month_minor"], offer.id))


def take(books: OpenBooks, offer: Offer, row: Row, at: datetime) -> Loan:
    """Accept an offer, pledge the car, and pay the money out: to the dealer where there is one."""
    with books.begin() as desk:
        _, loan = accept(desk, offer.id, OFFICER, at)
        if row["vehicle"]:
            _pledge(desk, loan, row, at)
        body = {"amount_minor": offer.summary["lent_minor"]}
        if row["dealer"]:
            body |= {"to": "entrusted", "payee": row["dealer"]}
        return record_fact(desk.store, loan.id, _statement("disbursement", body, at), at).loan


def vin_of(vehicle: str) -> str:
    """Return the VIN of a simulated car: its check digit is right, its maker nobody.

    >>> vin_of("sim_v000012")
    '0S1M00007V0000012'
    """
    number = vehicle.removeprefix("sim_v")
    tail = f"V{number:0>{VIN_LENGTH - len(VIN_STEM) - 2}}"
    return VIN_STEM + vin_check_digit(f"{VIN_STEM}0{tail}") + tail


def _pledge(desk: StoredBooks, loan: Loan, row: Row, at: datetime) -> None:
    day = business_date(at)
    vehicle = {
        "type": "vehicle",
        "id": row["vehicle"],
        "vin": vin_of(row["vehicle"]),
        "price_minor": row["price_minor"],
        "mortgage_on": day.isoformat(),
        "insurance": [{"policy": f"模拟保单{row['vehicle']}", "until_on": (day + timedelta(days=365)).isoformat()}],
    }
    statement = _statement("collateral", {"action": "take", "item": vehicle}, at)
    record_fact(desk.store, loan.id, statement, at, lambda party, values: desk.personal.put(party, values, at))


def _statement(kind: str, body: dict[str, object], at: datetime) -> Statement:
    return Statement(kind, body, business_date(at), OFFICER)


def _draw(text: str) -> int:
    return int.from_bytes(sha256(f"puhui walks away {text}".encode()).digest()[:8], "big")
