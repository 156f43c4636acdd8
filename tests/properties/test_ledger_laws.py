"""Laws of the books for all lives of a loan: every entry balances, and postings add up to what books say."""

from datetime import date
from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger_life import AGREEMENT, AT, TERMS, Life
from puhui.accounting.accounts import (
    BANK,
    FEE_RECEIVABLE,
    FUNDER_PAYABLE,
    FUNDER_STAKE,
    GUARANTOR_RECEIVABLE,
    INTEREST_ACCRUED,
    INTEREST_DUE,
    OFF_FUNDER_LOANS,
    OFF_INTEREST,
    OFF_PENALTY_AND_FEES,
    PENALTY_RECEIVABLE,
    PRINCIPAL,
    PRINCIPAL_NON_ACCRUAL,
    SUBSIDY_RECEIVABLE,
)
from puhui.accounting.aggregate import aggregated
from puhui.accounting.books import MIRRORED, TIME_ACCOUNTS, booked, books, books_columns, constants_of
from puhui.accounting.figures import POSITION_COLUMNS
from puhui.accounting.own import share_of
from puhui.accounting.rules import dimensions_of, entry_for
from puhui.accounting.vat import net_minor, vat_minor
from puhui.kernel.dates import to_date
from puhui.kernel.refusals import Refusal
from puhui.ledger.balances import Key, balances, movement, totals, totals_of
from puhui.ledger.entry import Dimensions
from puhui.lending.balances import (
    fee_receivable_minor,
    interest_receivable_minor,
    owed_minor,
    penalty_receivable_minor,
)
from puhui.lending.effects.settling import OPEN
from puhui.lending.fold import advance, standing_facts
from puhui.lending.payoff import payoff_of

SHARES = st.sampled_from([0, 0, 1, 300_000, 333_333, 999_999, 1_000_000])
FEE = {"name": "手续费", "collect": "at_disbursement", "rate_ppm": 12_345, "deducted": True}
MONTHLY = {"name": "服务费", "collect": "each_instalment", "amount_minor": 333}


@st.composite
def agreements(draw):
    method = draw(st.sampled_from(["equal_principal", "annuity", "interest_only", "bullet", "revolving"]))
    principal = draw(st.sampled_from([1, 100, 12_000_000]) | st.integers(1, 10**9))
    share = draw(SHARES)
    terms = {
        **TERMS,
        "method": method,
        "principal_minor": principal,
        "annual_rate_ppm": draw(st.sampled_from([0, 1, 120_000, 239_999])),
        "instalments": draw(st.integers(1, 12)),
        "day_count": draw(st.sampled_from(["act/360", "act/365"] if method == "revolving" else ["30/360", "act/365"])),
        "fees": draw(st.sampled_from([[], [FEE], [{**FEE, "deducted": False}, MONTHLY]])),
    }
    servicing = {
        "overdue_multiplier_ppm": 1_500_000,
        "grace_days": draw(st.sampled_from([0, 3])),
        "compounds": draw(st.booleans()),
        "interest_basis": draw(st.sampled_from(["planned", "actual"])),
        "early": draw(st.sampled_from(["suspense", "prepay"])),
        "prepayment": {"fee_ppm": draw(st.sampled_from([0, 20_000]))},
        "cooling_off_days": draw(st.sampled_from([0, 40])),
    }
    return {
        **AGREEMENT,
        "terms": terms,
        "servicing": servicing,
        "funder": "fund_1" if share else "",
        "funder_share_ppm": share,
        "limit_minor": draw(st.sampled_from([None, principal + 500_000])),
    }


PARTS = st.sampled_from([1, 50, 333, 500, 999, 1000, 1100])
KINDS = [
    "repayment", "repayment", "repayment", "prepayment", "payoff", "fee", "penalty", "waiver", "classification",
    "write_off", "recovery", "subsidy", "compensation", "reversal", "reversal", "restructure", "skip", "rate_reset",
    "disbursement", "cancellation", "assignment", "refund", "settlement", "settlement",
]  # fmt: skip
MOVES = st.lists(
    st.tuples(st.sampled_from(KINDS), PARTS, st.integers(0, 45), st.sampled_from([0, 0, 0, 1, 20])), max_size=12
)


def amount(life, part, whole=None):
    owed = owed_minor(life.position) if whole is None else whole
    return max(1, owed * part // 1000)


def settlement(life, part):
    counterparty = ("funder", "guarantor", "subsidy")[part % 3]
    left = OPEN[counterparty].left_minor(life.position)
    return {"counterparty": counterparty, "amount_minor": amount(life, part, left)}


SAID = {
    "restructure": lambda life, part: {"how": "re_age"},
    "rate_reset": lambda life, part: {"annual_rate_ppm": part * 300},
    "refund": lambda life, part: {"amount_minor": amount(life, part, life.position.suspense_minor)},
    "settlement": settlement,
}


def body_of(kind, life, part):
    one = life.position
    if kind == "payoff":
        return {"mode": "payoff", "amount_minor": max(1, payoff_of(one, life.agreement).total_minor)}
    if kind == "fee" or kind == "penalty":
        return {"name": kind, "amount_minor": part}
    if kind == "waiver":
        chosen = ("penalty", "fee", "interest")[part % 3]
        held = {"penalty": penalty_receivable_minor, "fee": fee_receivable_minor, "interest": interest_receivable_minor}
        return {"component": chosen, "amount_minor": amount(life, part, held[chosen](one))}
    if kind == "classification":
        return {"category": "LOSS", "stage": 3, "accruing": part > 500}
    if kind == "recovery":
        return {"amount_minor": amount(life, part, one.written_off_minor - one.recovered_minor)}
    if kind == "compensation":
        return {"amount_minor": amount(life, part), "guarantor": "party_2"}
    if kind == "reversal":
        return {"fact": life.facts[1 + part % max(1, len(life.facts) - 1)].id if len(life.facts) > 1 else "none"}
    if kind in SAID:
        return SAID[kind](life, part)
    if kind == "assignment":
        # Now and then at a price, not at what the share stands at.
        return {"funder": "fund_1", "share_ppm": part * 900, "price_minor": 0 if part % 2 else 12_345}
    if kind == "cancellation":
        paid = one.interest_paid_total_minor + one.fee_paid_total_minor + one.penalty_paid_total_minor
        return {"amount_minor": max(0, one.principal_minor - paid - one.suspense_minor)}
    return {} if kind in ("write_off", "skip") else {"amount_minor": amount(life, part)}


def live(agreement, moves):
    """Return a life after moves: each a kind, a part of what is owed, days to pass first, days it is back-dated."""
    life = Life(agreement)
    life.record("disbursement", {"amount_minor": max(1, life.agreement.financed_minor)})
    for kind, part, days, back in moves:
        life.pass_to(days)
        day = to_date(max(life.day - back, life.position.as_of - 60))
        real = "prepayment" if kind == "payoff" else kind
        try:
            life.record(real, body_of(kind, life, part), max(day, date(2024, 1, 15)))
        except Refusal:
            continue
    return life


# A guarantor's or a programme's settlement comes in and is owed no more: it moves nothing of the sum.
def said_to_move(fact):
    out = fact.kind in ("disbursement", "refund") or fact.body.get("counterparty") in ("funder",)
    return fact.body["amount_minor"] * ((fact.kind in IN) - out)


IN = {"repayment", "prepayment", "recovery", "subsidy", "compensation", "cancellation"}
SETTLED = {BANK, GUARANTOR_RECEIVABLE, SUBSIDY_RECEIVABLE}


@settings(max_examples=100)
@given(agreements(), MOVES)
def test_postings_add_up_to_the_books_whatever_happens(agreement, moves):
    life = live(agreement, moves)
    life.check()
    life.pass_to(30)
    life.check()
    # What moved on the settlement accounts is what the facts say that moved, and nothing else.
    if not any(fee.get("deducted") for fee in agreement["terms"]["fees"]):
        held = balances(totals(life.entries))
        said = sum(
            said_to_move(fact)
            for fact in standing_facts(life.facts)
            if fact.kind in IN | {"disbursement", "refund", "settlement"}
        )
        assert sum(balance for key, balance in held.items() if key.account in SETTLED) == said


@settings(max_examples=100)
@given(agreements(), MOVES)
def test_books_agree_with_lending_on_what_is_receivable(agreement, moves):
    life = live(agreement, moves)
    one, held = life.position, books(life.position, life.agreement)

    def sum_of(*accounts):
        return sum(held.get(account, 0) for account in accounts)

    accrues, assigned = one.accruing, any(fact.kind == "assignment" for fact in life.facts)
    interest = sum_of(INTEREST_ACCRUED, INTEREST_DUE) if accrues else sum_of(OFF_INTEREST)
    claims = interest_receivable_minor(one) + penalty_receivable_minor(one)
    principal = sum_of(PRINCIPAL if accrues else PRINCIPAL_NON_ACCRUAL)
    assert sum_of(PRINCIPAL_NON_ACCRUAL if accrues else PRINCIPAL) == 0
    fee = fee_receivable_minor(one)
    penalty = sum_of(PENALTY_RECEIVABLE) if accrues else sum_of(OFF_PENALTY_AND_FEES) - fee
    assert sum_of(FEE_RECEIVABLE) == (fee if accrues else 0)
    if not one.funder_share_ppm:
        assert (principal, interest) == (one.principal_minor, interest_receivable_minor(one))
        assert penalty == penalty_receivable_minor(one)
        if not assigned:
            assert sum_of(OFF_FUNDER_LOANS, FUNDER_PAYABLE, FUNDER_STAKE) == 0
        return
    # Ours and the funder's make the whole; the funder's is its share, to the rounding of what it is laid on.
    owed = one.principal_minor + claims
    below, share = one.funder_collected_minor, one.funder_share_ppm
    assert owed - principal - interest - penalty == share_of(below + owed, share) - share_of(below, share)
    assert 0 <= principal <= one.principal_minor
    assert 0 <= interest <= interest_receivable_minor(one)
    assert 0 <= penalty <= penalty_receivable_minor(one)
    # It has put in its share of what was lent; what it earned is due to it or still owed.
    if not assigned:
        assert held.get(FUNDER_STAKE, 0) == share_of(one.drawn_minor, share)


@settings(max_examples=60)
@given(agreements(), MOVES, PARTS, st.sampled_from(KINDS))
def test_a_fact_and_its_reversal_leave_nothing(agreement, moves, part, kind):
    life = live(agreement, moves)
    posted = len(life.entries)
    before = life.position
    try:
        life.record("prepayment" if kind == "payoff" else kind, body_of(kind, life, part))
        life.record("reversal", {"fact": life.facts[-1].id})
    except Refusal:
        return
    assert balances(totals(life.entries[posted:])) == {}
    assert life.position == before


@settings(max_examples=60)
@given(agreements(), MOVES, st.integers(1, 100))
def test_time_moves_only_the_accounts_of_time_and_days_add_up(agreement, moves, days):
    life = live(agreement, moves)
    before, posted = life.position, len(life.entries)
    life.pass_to(days, step=7)
    moved = movement(_books(before, life), _books(life.position, life))
    assert balances(totals(life.entries[posted:])) == {
        key._replace(dimensions=dimensions_of(life.position, life.context)): leg for key, leg in moved.items()
    }
    assert sum(moved.values()) == 0
    if not before.suspense_minor:
        assert {key.account for key in moved} <= set(TIME_ACCOUNTS)


def _books(position, life):
    return {Key(account): balance for account, balance in books(position, life.agreement).items()}


@settings(max_examples=25)
@given(st.lists(st.tuples(agreements(), MOVES), min_size=1, max_size=4), st.booleans())
def test_columns_equal_the_books_of_each_loan(lives, one_rate):
    loans = []
    for agreement, moves in lives:
        life = live(agreement, moves)
        loans += [(life, advance(life.position, life.day + days, life.agreement)) for days in (0, 1, 40)]
    columns = {
        name: np.array([getattr(position, name) for _, position in loans], dtype=np.int64) for name in POSITION_COLUMNS
    }
    constants = np.array([constants_of(life.agreement) for life, _ in loans], dtype=np.int64)
    columns |= {"most_minor": constants[:, 1], "is_line": constants[:, 2]}
    columns["vat_ppm"] = int(constants[0, 0]) if one_rate else constants[:, 0]
    columns["can_draw"] = np.array(
        [one.status == "agreed" or (one.status == "active" and bool(one.rows)) for _, one in loans], dtype=np.int64
    )
    held = books_columns(columns, MIRRORED)
    assert set(books_columns(columns)) == set(TIME_ACCOUNTS)
    for place, (life, position) in enumerate(loans):
        of_column = {account: int(balance[place]) for account, balance in held.items() if balance[place]}
        assert of_column == books(position, life.agreement)


AMOUNTS = st.sampled_from([0, 1, 8, 9, 17, 18, 10**12, 2**62]) | st.integers(0, 10**12)


@given(st.lists(st.integers(0, 10**9), max_size=20), st.sampled_from([0, 10_000, 30_000, 60_000, 130_000]))
def test_pieces_of_tax_add_up_to_the_tax_of_the_whole(parts, rate):
    whole, pieces = 0, 0
    for part in parts:
        before, whole = vat_minor(whole, rate), whole + part
        pieces += vat_minor(whole, rate) - before
        assert net_minor(whole, rate) + vat_minor(whole, rate) == whole
    assert pieces == vat_minor(whole, rate)


@given(st.lists(AMOUNTS, min_size=1, max_size=10), st.sampled_from([0, 10_000, 30_000, 60_000, 130_000]))
def test_tax_is_the_nearest_whole_for_a_number_and_a_column(amounts, rate):
    column = vat_minor(np.array(amounts, dtype=np.int64), rate)
    for amount_minor, of_column in zip(amounts, column.tolist(), strict=True):
        exact = Fraction(amount_minor * rate, 1_000_000 + rate)
        assert of_column == vat_minor(amount_minor, rate) == floor(exact + Fraction(1, 2))


def test_a_night_in_aggregate_is_the_sum_of_its_loans():
    a, b = live({**AGREEMENT, "product": "auto_new"}, []), live(AGREEMENT, [("repayment", 1, 40, 0)])
    sums, single = {}, []
    for life in (a, b):
        later = advance(life.position, life.day + 1, life.agreement)
        legs = entry_for(
            "catch_up", booked(life.position, life.agreement), booked(later, life.agreement), None, life.context
        )
        single += legs
        sums[life.context.dimensions] = {leg.account: leg.amount_minor for leg in legs}
    night = aggregated("accrual", sums, fact="night_1", effective_on=date(2024, 3, 1), recorded_at=AT)
    assert [entry.kind for entry in night] == ["accrual", "accrual"]
    assert balances(totals(night)) == balances(totals_of(single))
    with pytest.raises(AssertionError, match="off by 5"):
        aggregated("accrual", {Dimensions(): {BANK: 5}}, fact="night_1", effective_on=date(2024, 3, 1), recorded_at=AT)
