"""A column of loans equals the single-loan function to the minor unit, on every loan."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from puhui.kernel.dates import day_number
from puhui.kernel.refusals import Refusal
from puhui.products.schedule import schedule
from puhui.products.schedule_columns import schedule_columns
from puhui.products.terms import read_terms
from strategies import DAYS, PRINCIPALS, RATES, terms_data

FIELDS = ("principal_minor", "interest_minor", "fee_minor", "total_minor", "outstanding_principal_minor")


@st.composite
def books(draw):
    templates = draw(st.lists(terms_data(), min_size=1, max_size=3))
    loans = []
    for number in draw(st.lists(st.integers(0, len(templates) - 1), min_size=1, max_size=6)):
        own = {
            "principal_minor": draw(PRINCIPALS),
            "annual_rate_ppm": draw(RATES),
            "disbursed_on": draw(DAYS),
            "due_day": draw(st.sampled_from([0, 1, 28, 29, 30, 31])),
        }
        loans.append((number, own))
    return templates, loans


def single(template, own):
    due_day = own["due_day"] if template["unit"] == "month" else None
    return schedule(read_terms({**template, **own, "due_day": due_day or template.get("due_day")}))


def check(templates, loans):
    follows = np.array([number for number, _ in loans])
    columns = {name: np.array([own[name] for _, own in loans]) for name in ("principal_minor", "annual_rate_ppm")}
    columns["disbursed_on"] = np.array([own["disbursed_on"] for _, own in loans], dtype="datetime64[D]")
    columns["due_day"] = np.array(
        [
            (own["due_day"] if templates[n]["unit"] == "month" else 0) or templates[n].get("due_day") or 0
            for n, own in loans
        ]
    )
    seen = 0
    for block in schedule_columns([read_terms(t) for t in templates], follows, columns, block_loans=2):
        for place, loan in enumerate(block.loans):
            plan = single(templates[loans[loan][0]], loans[loan][1])
            for name in FIELDS:
                assert [getattr(row, name) for row in plan.rows] == getattr(block, name)[:, place].tolist(), name
            assert [row.subsidy_minor for row in plan.rows] == block.subsidy_minor[:, place].tolist()
            assert [day_number(row.due_on) for row in plan.rows] == block.due_days[:, place].tolist()
            assert list(plan.positions) == block.positions()[:, place].tolist()
            assert plan.upfront_fee_minor == block.upfront_fee_minor[place]
            seen += 1
    assert seen == len(loans)


def refused(template, own):
    try:
        single(template, own)
    except Refusal:
        return True
    return False


@settings(max_examples=150)
@given(books())
def test_column_equals_single(book):
    templates, loans = book
    templates = [{k: v for k, v in t.items() if k not in ("first_due_on", "fees")} for t in templates]
    loans = [(n, own) for n, own in loans if not refused(templates[n], own)]
    # A template that is refused on its own numbers is refused for its column too.
    assume(loans and not any(refused(t, {**t, "due_day": t.get("due_day") or 0}) for t in templates))
    check(templates, loans)


@settings(max_examples=150)
@given(
    terms_data(methods=("annuity", "equal_principal", "flat", "balloon")), st.lists(PRINCIPALS, min_size=1, max_size=8)
)
def test_fees_and_first_due_dates_in_columns(template, principals):
    own = [
        {
            "principal_minor": max(p, template.get("balloon_minor") or 0) + 1,
            "annual_rate_ppm": template["annual_rate_ppm"],
        }
        for p in principals
    ]
    own = [
        {
            **o,
            "principal_minor": min(o["principal_minor"], 10**12),
            "disbursed_on": template["disbursed_on"],
            "due_day": 0,
        }
        for o in own
    ]
    loans = [(0, o) for o in own if not refused(template, o)]
    if loans and not refused(template, {**template, "due_day": template.get("due_day") or 0}):
        check([template], loans)


# An exact half fen in the level instalment: one period, P x rate / 12 = x.5; and P / n = x.5 at rate 0.
TIES = [
    {"principal_minor": 50, "annual_rate_ppm": 120_000, "instalments": 1},
    {"principal_minor": 150, "annual_rate_ppm": 120_000, "instalments": 1},
    {"principal_minor": 10**11 + 50, "annual_rate_ppm": 120_000, "instalments": 1},
    {"principal_minor": 10**11 + 5, "annual_rate_ppm": 0, "instalments": 2},
    {"principal_minor": 18, "annual_rate_ppm": 0, "instalments": 36},
    {"principal_minor": 10**11 - 180, "annual_rate_ppm": 0, "instalments": 360},
    {"principal_minor": 10**11, "annual_rate_ppm": 240_000, "instalments": 360},
]


@pytest.mark.parametrize("rounding", ["half_up", "half_even"])
@pytest.mark.parametrize("method", ["annuity", "equal_principal", "flat", "interest_only", "bullet"])
@pytest.mark.parametrize("tie", TIES)
def test_exact_ties(tie, method, rounding):
    template = {**tie, "method": method, "rounding": rounding, "unit": "month", "disbursed_on": "2024-01-31"}
    template["day_count"] = "period/12"
    own = {"disbursed_on": "2024-01-31", "due_day": 0, "annual_rate_ppm": tie["annual_rate_ppm"]}
    near = [{**own, "principal_minor": tie["principal_minor"] + step} for step in (-1, 0, 1)]
    check([template], [(0, loan) for loan in near])


GOOD = {"principal_minor": 100_000, "annual_rate_ppm": 60_000, "instalments": 12, "disbursed_on": "2024-01-15"}
NEXT = {"first_due": "next_due_day", "due_day": 20}
REFUSED = [
    ({"method": "annuity", **NEXT}, "due_day", [20, 0]),
    ({"method": "annuity", **NEXT}, "first_due_on", np.array(["NaT", "2024-02-20"], dtype="datetime64[D]")),
    ({"method": "annuity", "unit": "week"}, "due_day", [0, 5]),
    ({"method": "annuity"}, "first_due_on", np.array(["2024-01-16", "2024-01-15"], dtype="datetime64[D]")),
    ({"method": "annuity", "day_count": None, "annual_rate_ppm": 0}, "annual_rate_ppm", [0, 1]),
    ({"method": "annuity", "subsidy": {"rate_ppm": 20_000}}, "annual_rate_ppm", [20_000, 19_999]),
    ({"method": "annuity"}, "balloon_minor", [0, 1]),
    ({"method": "balloon", "amortisation_instalments": 24}, "balloon_minor", [0, 1]),
    ({"method": "balloon", "balloon_minor": 1}, "balloon_minor", [99_999, 100_000]),
    ({"method": "step", "step_minor": 1}, "step_ppm", [0, 1]),
    ({"method": "step", "step_ppm": 1}, "step_minor", [0, 1]),
    ({"method": "annuity"}, "principal_minor", [1, 0]),
    ({"method": "annuity"}, "annual_rate_ppm", [3_000_000, 3_000_001]),
]


@pytest.mark.parametrize(("own", "name", "values"), REFUSED, ids=[f"{name} {own}" for own, name, _ in REFUSED])
def test_a_column_is_refused_where_the_loan_would_be(own, name, values):
    template = read_terms({**GOOD, "day_count": "30/360", **own})
    with pytest.raises(Refusal) as caught:
        list(schedule_columns([template], np.zeros(2, dtype=int), {name: np.array(values)}))
    assert (caught.value.code, caught.value.fields, caught.value.details["row"]) == ("COLUMN_INVALID", (name,), 1)
