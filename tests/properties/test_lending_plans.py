"""A loan keeps to its plan: what the schedule says is what it costs; columns and quotes say what then happens."""

from datetime import timedelta

import numpy as np
from hypothesis import assume, event, given
from hypothesis import strategies as st

from loan_example import Life, day
from loan_lives import SOME, lives, servicings
from puhui.kernel.dates import day_number, to_date
from puhui.kernel.refusals import Refusal
from puhui.lending.accrual import accrued, penalty
from puhui.lending.arrears import arrears_of
from puhui.lending.balances import due_minor, penalty_total_minor, running_interest_minor
from puhui.lending.due_rows import due_rows
from puhui.lending.fold import advance
from puhui.lending.payoff import payoff_of
from puhui.lending.plan_ahead import own_terms
from puhui.lending.quote import payoff_quote, prepayment_quotes
from puhui.lending.statement import instalments_of
from puhui.products.schedule import schedule
from puhui.products.terms import read_terms
from strategies import terms_data


def begun(data, servicing=None, **others):
    """Return a Life with all of it drawn on the day of the terms; leave out what the schedule refuses."""
    try:
        life = Life(data, servicing, **others)
        life.on(data["disbursed_on"], "disbursement", amount_minor=life.agreement.financed_minor)
    except Refusal:
        assume(False)
    return life


@SOME
@given(terms_data(), servicings())
def test_paid_on_time_it_costs_what_the_schedule_says(data, servicing):
    """For every repayment method, whatever the servicing: each row on its day, interest and fees to the fen."""
    life = begun(data, servicing)
    plan = schedule(own_terms(life.agreement, life.agreement.financed_minor, life.position.as_of))
    paid = []
    if due_minor(life.position):
        life.on(data["disbursed_on"], "repayment", amount_minor=due_minor(life.position))
    while life.position.rows:
        on = to_date(life.position.rows[0].due_on)
        before = life.at(on)
        paid.append((on, due_minor(before)))
        if due_minor(before):
            life.on(on, "repayment", amount_minor=due_minor(before))
    position = life.position
    by_day = {}
    for row in plan.rows:
        by_day[row.due_on] = by_day.get(row.due_on, 0) + row.total_minor
    assert [each for each in paid if each[1]] == [each for each in by_day.items() if each[1]]
    assert position.interest_paid_total_minor == sum(row.interest_minor for row in plan.rows)
    assert position.principal_paid_total_minor == life.agreement.financed_minor
    assert penalty_total_minor(position) == 0
    assert position.status == "closed"


@SOME
@given(st.data())
def test_a_line_is_the_schedule_of_its_movements(data):
    """Draws and repayments of a line, as facts, bear the interest of the schedule that knows them beforehand.

    Not under act/act in a period across New Year: within a period a loan's interest runs evenly.
    """
    first = data.draw(st.dates(to_date(15_000), to_date(25_000)))
    count = data.draw(st.integers(2, 14))
    terms = {
        "principal_minor": data.draw(st.integers(1_000, 10**9)),
        "annual_rate_ppm": data.draw(st.integers(1, 500_000)),
        "method": "revolving",
        "day_count": data.draw(st.sampled_from(["act/360", "act/365"])),
        "rounding": data.draw(st.sampled_from(["half_up", "half_even"])),
        "instalments": count,
        "disbursed_on": first,
    }
    balance, when, movements = terms["principal_minor"], first, []
    for gap, share in data.draw(st.lists(st.tuples(st.integers(1, 40), st.integers(-900, 900)), max_size=8)):
        when += timedelta(gap)
        amount = balance * share // 1000
        if amount and when < first + timedelta(28 * count - 1):
            movements.append({"moved_on": when, "amount_minor": amount})
            balance += amount
    plan = schedule(read_terms({**terms, "movements": movements}))
    life = Life(terms, {"early": "prepay"}, limit_minor=10**12)
    life.on(first, "disbursement", amount_minor=terms["principal_minor"])
    for movement in movements:
        _bills_paid(life, movement["moved_on"])
        if movement["amount_minor"] > 0:
            life.on(movement["moved_on"], "disbursement", amount_minor=movement["amount_minor"])
        else:
            life.on(movement["moved_on"], "repayment", amount_minor=-movement["amount_minor"])
    _bills_paid(life, plan.rows[-1].due_on)
    assert life.position.interest_paid_total_minor == sum(row.interest_minor for row in plan.rows)
    assert life.position.status == "closed"
    listed = {row.due_on: row.interest_minor for row in instalments_of(life.facts, life.position.as_of)}
    assert all(listed.get(row.due_on, 0) == row.interest_minor for row in plan.rows)


def _bills_paid(life, when):
    while life.position.rows and life.position.rows[0].due_on <= day(when):
        on = to_date(life.position.rows[0].due_on)
        life.at(on)
        if due_minor(life.position):
            life.on(on, "repayment", amount_minor=due_minor(life.position))
    life.at(when)


@SOME
@given(lives(most=4), st.integers(1, 6))
def test_due_rows_say_what_time_then_brings(life, steps):
    """Each row to come, and the span that begins on its day, where interest keeps to the plan and nothing is held."""
    position = life.position
    assume(not position.suspense_minor and not life.agreement.follows_balance)
    for row in due_rows(position)[:steps]:
        after = advance(position, row.due_on, life.agreement)
        if len({each.due_on for each in position.rows}) < len(position.rows):
            return
        fallen = [due for due in after.dues if due.n == row.n]
        assert [due[2:] for due in fallen] == ([row[2:5]] if any(row[2:5]) else [])
        assert after.interest_due_total_minor - position.interest_due_total_minor == row.interest_minor
        assert after.fee_charged_total_minor - position.fee_charged_total_minor == row.fee_minor
        assert (after.rows[0].due_on if after.rows else 0) == row.next_due_on
        if row.due_on == position.accrual_to:
            assert (after.accrual_to, after.accrual_minor) == (row.accrual_to, row.accrual_minor)
        elif position.accrual_to:
            assert (row.accrual_to, after.accrual_to) == (0, position.accrual_to)
        position = after


@SOME
@given(st.lists(lives(most=4), min_size=1, max_size=6), st.integers(0, 40))
def test_columns_of_interest_and_penalties_equal_the_scalar(all_lives, ahead):
    positions = [life.position for life in all_lives]

    def column(name):
        return np.array([getattr(position, name) for position in positions], dtype=np.int64)

    assume(all(position.late_numerator < 2**62 for position in positions))
    days = column("as_of") + ahead
    span = ("accrual_base_minor", "accrual_minor", "accrual_from", "accrual_to")
    spans = [[getattr(position, name) for name in span] for position in positions]
    scalar = [accrued(*numbers, int(on)) for numbers, on in zip(spans, days, strict=True)]
    assert accrued(*(column(name) for name in span), days).tolist() == scalar
    penalties = penalty(column("late_numerator"), column("late_day_base")).tolist()
    assert penalties == [penalty(position.late_numerator, position.late_day_base) for position in positions]


@SOME
@given(lives())
def test_the_statement_adds_up(life):
    rows = instalments_of(life.facts, life.position.as_of)
    position = life.position
    assert [row.n for row in rows] == sorted({row.n for row in rows})
    assert all(row.total_minor == row.paid_minor + row.outstanding_minor for row in rows)
    assert all((row.paid_on is not None) <= (row.outstanding_minor == 0) for row in rows)
    unpaid = sum(row.total_minor - row.paid_minor for row in rows)
    open_rows = [due for due in position.dues if due.n]
    to_come = sum(row.outstanding_minor for row in rows if row.due_on > to_date(position.as_of))
    assert unpaid == sum(sum(due[2:]) for due in open_rows) + to_come
    if position.status in ("active", "closed"):
        assert sum(row.principal_minor for row in rows) == position.drawn_minor


@SOME
@given(lives(most=5), st.integers(0, 45), st.integers(1, 10**9))
def test_a_quote_is_what_then_happens(life, ahead, amount):
    start = life.position
    assume(start.status == "active")
    on = start.as_of + ahead
    assert payoff_quote(start, on, life.agreement) == payoff_of(advance(start, on, life.agreement), life.agreement)
    try:
        quotes = prepayment_quotes(start, on, amount, life.agreement)
    except Refusal as refusal:
        event(refusal.code)
        return
    quote = quotes[amount % len(quotes)]
    life.on(to_date(on), "prepayment", amount_minor=amount, mode=quote.mode)
    assert quote.suspense_minor == life.allocation.suspense_minor
    assert quote.principal_minor == life.allocation.prepaid_minor
    assert quote.instalments == len(life.position.rows)
    assert quote.due_minor + quote.principal_minor + quote.fee_minor + quote.suspense_minor == amount
    assert quote.saved_minor >= -quote.fee_minor - 1


@SOME
@given(lives())
def test_days_past_due_follow_the_oldest_claim(life):
    position, arrears = life.position, arrears_of(life.position)
    claims = [due for due in position.dues if due.principal_minor or due.interest_minor]
    late = [due for due in claims if position.as_of - due.due_on > position.grace_days]
    assert arrears.past_due_days == max((position.as_of - due.due_on for due in late), default=0)
    assert arrears.past_due_days == max(arrears.principal_days, arrears.interest_days)
    assert arrears.principal_minor + arrears.interest_minor == sum(
        due.principal_minor + due.interest_minor for due in late
    )
    assert arrears.instalments == len(late)


@SOME
@given(lives())
def test_running_interest_is_that_of_the_row_it_falls_due_with(life):
    position = life.position
    assert running_interest_minor(position) <= position.accrual_minor
    if position.accrual_to:
        before = advance(position, max(position.as_of, position.accrual_to - 1), life.agreement)
        assert running_interest_minor(before) <= before.accrual_minor
    assert day_number(to_date(position.as_of)) == position.as_of
