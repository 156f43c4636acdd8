"""Loan terms for property tests: every method, every option, the edges drawn often."""

from datetime import date, timedelta

from hypothesis import strategies as st

from puhui.products.kinds import KINDS
from puhui.products.terms import read_terms

EDGE_DAYS = [date(2024, 1, 31), date(2024, 2, 29), date(2023, 2, 28), date(2023, 12, 31), date(2024, 1, 1)]
DAYS = st.sampled_from(EDGE_DAYS) | st.dates(date(2000, 1, 1), date(2060, 12, 31))
PRINCIPALS = st.sampled_from([1, 2, 3, 5, 99, 100, 10**11, 10**12]) | st.integers(1, 10**11)
RATES = st.sampled_from([0, 0, 1, 120_000, 240_000, 360_000, 3_000_000]) | st.integers(0, 500_000)
COUNTS = st.sampled_from([1, 2, 3, 12, 36, 360]) | st.integers(1, 60)


@st.composite
def terms_data(draw, methods=tuple(KINDS)):
    """Return terms as read from JSON; a few combinations are refused by the program, callers skip those."""
    method = draw(st.sampled_from(methods))
    count = draw(COUNTS)
    data = {
        "principal_minor": draw(PRINCIPALS),
        "annual_rate_ppm": draw(RATES),
        "method": method,
        "instalments": count,
        "disbursed_on": draw(DAYS),
        "day_count": draw(st.sampled_from(["30/360", "act/360", "act/365", "act/364", "act/act", "period/12"])),
        "rounding": draw(st.sampled_from(["half_up", "half_even"])),
        "unit": "month" if method == "seasonal" else draw(st.sampled_from(["month", "month", "month", "week", "day"])),
        "instalment_multiple_minor": draw(st.sampled_from([None, None, 1, 100])),
        "smooth_last": draw(st.booleans()),
        "holiday_roll": draw(st.sampled_from(["none", "none", "following", "modified_following", "preceding"])),
        "down_payment_ppm": draw(st.sampled_from([0, 0, 200_000, 333_333])),
    }
    data["interest_follows_roll"] = data["day_count"].startswith("act/") and draw(st.booleans())
    data["every"] = draw(st.integers(1, 2)) if data["unit"] == "month" else draw(st.integers(7, 30))
    if data["unit"] == "month":
        data["due_day"] = draw(st.sampled_from([None, None, 1, 15, 28, 29, 30, 31]))
    if data.get("due_day") and draw(st.booleans()):
        data["first_due"] = "next_due_day"
        data["first_due_after_days"] = draw(st.sampled_from([1, 15, 31]))
    elif draw(st.booleans()):
        data["first_due_on"] = data["disbursed_on"] + timedelta(draw(st.integers(1, 70)))
    if count > 1 and method != "custom" and draw(st.booleans()):
        part = st.integers(0, count - 1)
        data["grace"] = {"principal": draw(part), "interest_payment": draw(part), "interest_free": draw(part)}
    if draw(st.booleans()):
        data["fees"] = draw(_fees(data["disbursed_on"]))
    if data["annual_rate_ppm"] and draw(st.booleans()):
        data["subsidy"] = {
            "rate_ppm": draw(st.integers(1, data["annual_rate_ppm"])),
            "cap_minor": draw(st.sampled_from([None, 0, 300_000])),
            "instalments": draw(st.sampled_from([None, 1, 12])),
        }
    return data | draw(_own_fields(method, data))


@st.composite
def _fees(draw, disbursed_on):
    rated = {"rate_ppm": draw(st.integers(0, 50_000))}
    fixed = {"amount_minor": draw(st.integers(0, 100_000))}
    each = draw(st.sampled_from([{"base": "principal"}, {"base": "outstanding"}]))
    return [
        {"name": "手续费", "collect": "at_disbursement", "deducted": draw(st.booleans()), **rated},
        {"name": "服务费", "collect": "each_instalment", **draw(st.sampled_from([rated | each, fixed]))},
        {"name": "评估费", "collect": "on_date", "charged_on": disbursed_on + timedelta(1), **fixed},
    ]


@st.composite
def _own_fields(draw, method, data):
    principal, count = data["principal_minor"], data["instalments"]
    if method == "balloon":
        longer = {"amortisation_instalments": count + draw(st.integers(1, 60))}
        residual = {"balloon_minor": draw(st.integers(0, principal - 1))}
        return draw(st.sampled_from([longer, residual]))
    if method == "seasonal":
        months = st.lists(st.integers(1, 12), min_size=1, max_size=12, unique=True)
        return {"income_months": draw(months), "interest_due": draw(st.sampled_from(["each", "with_principal"]))}
    if method == "step":
        ratio = {"step_ppm": draw(st.integers(-200_000, 200_000))}
        amount = {"step_minor": draw(st.integers(-principal // count, principal // count))}
        return {"step_every": draw(st.integers(1, 12)), **draw(st.sampled_from([ratio, amount]))}
    if method == "custom":
        weights = draw(st.lists(st.integers(0, 1000), min_size=count - 1, max_size=count - 1))
        return {"weights": [*weights, 1]}
    if method == "revolving":
        return {"day_count": draw(st.sampled_from(["act/360", "act/365", "act/act"]))}
    return {}


def read(data):
    """Return Terms of drawn data."""
    return read_terms(data)
