"""Funders, an application and a market for tests, and ways to change one thing of them."""

import copy
from datetime import date, datetime

from product_example import changed
from puhui.funding.application import NOTHING_USED, Used, read_application
from puhui.funding.definition import read_funder
from puhui.funding.routing import Market
from puhui.kernel.clock import CHINA

TODAY = date(2026, 11, 24)
FUNDER = {
    "id": "one",
    "version": 1,
    "title": {"zh": "甲", "en": "One"},
    "lender": "bank",
    "effective_from": "2026-01-01",
    "products": ["auto_new"],
    "rate_ppm": 50_000,
    "quota": {"day_minor": 10**9, "total_minor": 10**10},
}
APPLICATION = {
    "id": "a1",
    "product": "auto_new",
    "principal_minor": 12_000_000,
    "down_payment_ppm": 200_000,
    "instalments": 36,
    "region": "410323",
    "segment": "wage_earner",
    "applicant": {"age_years": 34, "score": 640},
    "loan": {"dealer": "dealer_xinan"},
    "facts": {"borrower_region_in_area": True},
}
RATIOS = {"partner_balance_to_tier1_ppm": 100_000, "joint_balance_to_loans_ppm": 200_000}
JOINT = (
    ("joint", {"partner": "partner", "partner_share_ppm": 300_000}),
    ("practices", {"signing_host": "LENDER"}),
)


def funder(name="one", *changes):
    """Return the funder under an id, with (dotted path, value) changes."""
    return read_funder(changed(FUNDER, ("id", name), *copy.deepcopy(changes)), "test.yaml")


def application(*changes):
    """Return the application with (dotted path, value) changes."""
    return read_application(changed(APPLICATION, *changes), TODAY)


def market(*funders, at="10:00", **used):
    """Return a market at a Beijing time of 24 November 2026; each funder unused, or as `used` says by its id."""
    hour, minute = map(int, at.split(":"))
    instant = datetime(2026, 11, 24, hour, minute, tzinfo=CHINA)
    known = {one.id: NOTHING_USED for one in funders} | used
    return Market(instant, {name: one for name, one in known.items() if one is not None})


def used(day_minor=0, day_loans=0, total_minor=0, **more):
    """Return what a funder has used."""
    return Used(day_minor=day_minor, day_loans=day_loans, total_minor=total_minor, **more)


def by_id(*funders):
    """Return funders by id."""
    return {one.id: one for one in funders}
