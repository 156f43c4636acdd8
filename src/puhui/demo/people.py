"""The people of the county come: they are taken up under seal, their data with consent, their wish as a case."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import polars as pl

from puhui.credit.county import County
from puhui.credit.county.personal import personal_of
from puhui.demo.story import INSTITUTION, OFFICER
from puhui.kernel.ids import new_id
from puhui.kernel.rates import PPM
from puhui.storage.books import StoredBooks
from puhui.workflows.applications import Application, receive
from puhui.workflows.case import Line
from puhui.workflows.dossiers import take_in
from puhui.workflows.parties import Kind, Party, party_fact
from puhui.workflows.request import Request
from puhui.workflows.store import Changes

Row = Mapping[str, Any]

# The policy that judges; a shop is its keeper.
LINES: Final[Mapping[str, Line]] = {"auto": "auto", "personal": "personal", "farm": "personal", "shop": "personal"}
# By the car where there is one, else by the purpose.
PRODUCTS: Final = {
    "petrol": "auto_new",
    "nev": "auto_nev",
    "used": "auto_used",
    "farm": "farm_seasonal",
    "shop": "micro_working_capital",
    "personal": "personal_instalment",
}
VEHICLE_KINDS: Final = {"petrol": "new", "nev": "nev", "used": "used"}
# What a dealer asks for at least where the buyer has it: a little more than the policy does.
DOWN_PPM: Final = {"petrol": 230_000, "nev": 190_000, "used": 355_000}
COMPANIES: Final = ("supplier",)


def new_applications(county: County, count: int) -> Sequence[Row]:
    """Return new applications, spread evenly over their month, each with its party, its vehicle and its truth's id."""
    new = county.applications.filter(pl.col("state") == "new")
    every = max(1, new.height // count)
    parties = county.parties.select("party", "group", "village")
    vehicles = county.vehicles.select("vehicle", "energy", "advertised_flat_ppm", vehicle_name="name")
    chosen = new.gather_every(every).head(count)
    joined = chosen.join(parties, on="party", how="left", maintain_order="left")
    return joined.join(vehicles, on="vehicle", how="left", maintain_order="left").sort("applied_at").to_dicts()


def take_up(books: StoredBooks, county: County, row: Row, at: datetime) -> str:
    """Take up the party of an application, its personal data under seal; return its id."""
    kind: Kind = "company" if row["group"] in COMPANIES else "person"
    party = Party(new_id("party"), kind, INSTITUTION, row["place"], at)
    digests = books.personal.put(party.id, personal_of(county.setting, row["party"], row["village"]), at)
    books.parties.add(party)
    books.store.record(Changes(facts=[party_fact(party, digests, OFFICER)]))
    return party.id


def take_in_events(books: StoredBooks, party: str, events: pl.DataFrame, at: datetime) -> None:
    """Keep what sources told of a party up to an instant, under its seal."""
    known = events.filter(pl.col("recorded_at") <= at).with_columns(pl.lit(party).alias("party"))
    take_in(books.store, books.dossiers, party, known, OFFICER, at)


def apply_for(books: StoredBooks, party: str, row: Row) -> tuple[str, Request]:
    """Take an application of the county in; return its id, and what is said beside it when it is to be decided."""
    amount = row["price_minor"] or row["amount_minor"]
    wish = {"amount_minor": amount, "instalments": row["term_months"], "purpose": row["use"]}
    if row["vehicle"]:
        wish["down_payment_ppm"] = _down_ppm(row)
    application = Application(
        id=new_id("application"),
        party=party,
        institution=INSTITUTION,
        region=row["place"],
        product=PRODUCTS[row["energy"] or row["purpose"]],
        status="received",
        wish=wish,
        received_at=row["applied_at"],
    )
    receive(books.store, books.applications, application, OFFICER)
    return application.id, _request(row)


def _request(row: Row) -> Request:
    """Return what is said beside an application; the checks all went well, as they do in the county."""
    return Request(
        segment=row["segment"],
        purpose=row["use"],
        line=LINES[row["purpose"]],
        cash_minor=row["cash_minor"],
        stated_income_minor=row["stated_income_minor"],
        stated_debt_minor=row["stated_debt_minor"],
        exposure_minor=0,
        dependants=1,
        dealer=row["dealer"] or "",
        checks=_checks(row),
    )


def _checks(row: Row) -> dict[str, int | bool | str]:
    checks: dict[str, int | bool | str] = {
        "age_years": row["age"],
        "identity_verified": True,
        "on_fraud_list": False,
        "consent_credit_report": True,
    }
    if not row["vehicle"]:
        return {**checks, "college_student": False}
    return {
        **checks,
        "vehicle_kind": VEHICLE_KINDS[row["energy"]],
        "driving_licence": True,
        "dealer_approved": True,
        "loan_to_value_ppm": PPM - _down_ppm(row),
        **_condition(row),
    }


def _down_ppm(row: Row) -> int:
    """Return what of the price is paid down: as wished, or what the dealer asks for, as far as the cash goes."""
    price = int(row["price_minor"])
    wished, cash = (int(row[name]) * PPM // price for name in ("down_payment_minor", "cash_minor"))
    return max(wished, min(DOWN_PPM[row["energy"]], cash))


def _condition(row: Row) -> dict[str, int | bool | str]:
    """Return what the dealer says of the car; the county has no age of used ones, so that is made of the car's id."""
    energy = row["energy"]
    if energy == "nev":
        return {"battery_warranty": True}
    if energy == "used":
        months = 12 + int(row["vehicle"].removeprefix("sim_v")) % 72
        return {"vehicle_age_months": months, "mileage_km": months * 1_250, "accident_record": False}
    return {}
