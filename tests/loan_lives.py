"""Random lives of loans for property tests: any terms, any servicing, facts of every kind on days that follow."""

import os
from datetime import timedelta

from hypothesis import assume, settings
from hypothesis import strategies as st

from loan_example import Life, day
from puhui.kernel.dates import to_date
from puhui.kernel.refusals import Refusal
from puhui.lending.balances import penalty_receivable_minor
from strategies import terms_data

# A life is long to make. PUHUI_EXAMPLES=5000 looks harder.
SOME = settings(max_examples=int(os.environ.get("PUHUI_EXAMPLES", "30")))
ORDERS = st.permutations(["penalty", "fee", "interest", "principal"])


@st.composite
def servicings(draw):
    order = {
        "order": draw(ORDERS),
        "by": draw(st.sampled_from(["instalment", "component"])),
        "sequence": draw(st.permutations(["overdue", "current"])),
    }
    return {
        "allocation": {"performing": order},
        "interest_basis": draw(st.sampled_from(["planned", "planned", "actual"])),
        "grace_days": draw(st.sampled_from([0, 0, 3, 15])),
        "overdue_multiplier_ppm": draw(st.sampled_from([1_000_000, 1_300_000, 1_500_000])),
        "compounds": draw(st.booleans()),
        "early": draw(st.sampled_from(["suspense", "current", "prepay"])),
        "round_parts": draw(st.booleans()),
        "cooling_off_days": draw(st.sampled_from([0, 30])),
        "prepayment": {
            "fee_ppm": draw(st.sampled_from([0, 0, 10_000, 33_333])),
            "free_after_instalments": draw(st.sampled_from([0, 1, 6])),
            "default_mode": draw(st.sampled_from(["shorter_term", "smaller_instalment", "next_instalments"])),
            "covers_current": draw(st.booleans()),
            "interest_now": draw(st.booleans()),
        },
    }


PART = st.integers(0, 1000)


@st.composite
def events(draw, position):
    """Return the kind and the body of a fact that may happen to a loan now."""
    owed, share = max(1, position.principal_minor), draw(PART)
    amount = max(1, owed * share // 1000)
    row = position.rows[0] if position.rows else None
    instalment = row.principal_minor + row.interest_minor + row.fee_minor if row else amount
    some = {
        "repayment": {"amount_minor": draw(st.sampled_from([amount, max(1, instalment), max(1, instalment // 3), 1]))},
        "prepayment": draw(
            st.sampled_from(
                [
                    {"mode": "payoff"},
                    {"amount_minor": amount, "mode": "shorter_term"},
                    {"amount_minor": amount, "mode": "smaller_instalment"},
                    {"amount_minor": amount, "mode": "next_instalments"},
                ]
            )
        ),
        "disbursement": {"amount_minor": amount},
        "fee": {"name": "fee", "amount_minor": 1 + share},
        "penalty": {"name": "penalty", "amount_minor": 1 + share},
        "waiver": draw(st.sampled_from(_waivers(position))),
        "due_day_change": {"due_day": draw(st.sampled_from([1, 15, 28, 31]))},
        "skip": {
            "instalments": draw(st.integers(1, 3)),
            "pay_interest": draw(st.booleans()),
            "extend": draw(st.booleans()),
        },
        "restructure": draw(
            st.sampled_from(
                [
                    {"how": "re_age", "instalments": 6},
                    {"how": "re_age"},
                    {"how": "extend", "instalments": 6},
                    {"how": "re_amortise", "annual_rate_ppm": 60_000},
                    {"how": "re_amortise", "instalments": 12, "interest_only_instalments": 3},
                    {"how": "re_amortise", "instalment_minor": max(1, owed // 7)},
                ]
            )
        ),
        "subsidy": {"amount_minor": 1 + share},
        "compensation": {"amount_minor": amount, "guarantor": "party_9"},
        "settlement": {
            "counterparty": draw(st.sampled_from(["funder", "payee", "guarantor", "subsidy"])),
            "amount_minor": 1 + share,
        },
        "refund": {"amount_minor": max(1, position.suspense_minor * share // 1000)},
        "assignment": {"funder": "fund_1", "share_ppm": draw(st.sampled_from([0, 333_333, 800_000]))},
        "classification": {"category": "SUB", "stage": 3, "accruing": draw(st.booleans())},
        "write_off": {},
        "recovery": {"amount_minor": amount},
        "cancellation": {"amount_minor": owed},
        "collateral": {"action": "take", "item": {"type": "deposit", "id": "c1", "amount_minor": share}},
    }
    fitting = ["recovery"] * 20 if position.status == "written_off" else ["repayment"] * 8 + ["prepayment"] * 3
    kind = draw(st.sampled_from([*fitting, *some, "disbursement"]))
    return kind, some[kind]


def _waivers(position):
    """Return waivers of all, and of the least, of what is due."""
    most = {
        "penalty": penalty_receivable_minor(position),
        "fee": sum(due.fee_minor for due in position.dues),
        "interest": sum(due.interest_minor for due in position.dues),
    }
    given = [(name, amount) for name, amount in most.items() if amount] or [("penalty", 1)]
    return [{"component": name, "amount_minor": part} for name, amount in given for part in (1, amount)]


@st.composite
def lives(draw, most=8, terms=None, servicing=None):
    """Return a Life in which up to `most` facts happened, and a day on which it is looked at."""
    data = draw(terms or terms_data())
    life = _begun(data, draw(servicing or servicings()), draw)
    when = data["disbursed_on"]
    for _ in range(draw(st.integers(0, most))):
        when = to_date(min(day(when + timedelta(draw(GAPS))), day(data["disbursed_on"]) + 20_000))
        life.at(when)
        kind, body = draw(events(life.position))
        try:
            life.on(when, kind, **body)
        except Refusal:
            continue
    life.at(when + timedelta(draw(GAPS)))
    return life


GAPS = st.sampled_from([0, 0, 1, 7, 15, 28, 29, 30, 31, 31, 62, 100, 400]) | st.integers(0, 60)


def _begun(data, servicing, draw):
    try:
        life = Life(data, servicing, limit_minor=draw(st.sampled_from([None, 10**12])))
        full = life.agreement.financed_minor
        first = full if draw(st.booleans()) else max(1, full * draw(PART) // 1000)
        life.on(data["disbursed_on"], "disbursement", amount_minor=first)
    except Refusal:
        assume(False)
    return life
