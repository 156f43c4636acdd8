"""Laws of the life of a loan, for any terms, servicing and facts."""

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from loan_example import AT, day, fact
from loan_lives import GAPS, SOME, events, lives
from puhui.kernel.dates import to_date
from puhui.kernel.facts import Fact
from puhui.kernel.refusals import Refusal
from puhui.lending.balances import (
    fee_receivable_minor,
    interest_receivable_minor,
    interest_total_minor,
    penalty_receivable_minor,
    penalty_total_minor,
    running_interest_minor,
)
from puhui.lending.due_rows import next_span
from puhui.lending.fold import advance, apply, begin, fold
from puhui.lending.payoff import payoff_of
from puhui.lending.position import changed

COMPONENTS = ("penalty_minor", "fee_minor", "interest_minor", "principal_minor", "suspense_minor")


def check(position):
    """Assert what holds of every position."""
    for row in (*position.rows, *position.dues):
        assert min(row.principal_minor, row.interest_minor, row.fee_minor) >= 0
    assert position.principal_minor == sum(row.principal_minor for row in (*position.rows, *position.dues))
    assert position.drawn_minor == (
        position.principal_minor + position.principal_paid_total_minor + position.principal_written_off_minor
    )
    due_interest = sum(due.interest_minor for due in position.dues)
    assert interest_receivable_minor(position) == due_interest + running_interest_minor(position)
    assert fee_receivable_minor(position) == sum(due.fee_minor for due in position.dues)
    assert penalty_receivable_minor(position) >= 0
    assert position.suspense_minor >= 0
    assert list(position.rows) == sorted(position.rows, key=lambda row: row.due_on)
    assert list(position.dues) == sorted(position.dues, key=lambda due: due.due_on)
    assert all(row.due_on > position.as_of for row in position.rows)
    assert (position.accrual_to, position.accrual_minor) == next_span(position.rows)
    assert 0 <= position.accrual_base_minor <= position.accrual_minor


@SOME
@given(lives())
def test_a_position_adds_up(life):
    check(life.position)


@SOME
@given(lives())
def test_each_fact_puts_every_fen_somewhere(life):
    """A sum is its parts; all that came in is paid, held or recovered; what was deducted never came in."""
    position, cash, deducted = begin(life.agreement), 0, 0
    for each in life.facts[1:]:
        before = advance(position, day(each.effective_on), life.agreement)
        position, allocation = apply(position, each, life.agreement)
        check(position)
        assert allocation.amount_minor == sum(getattr(allocation, name) for name in COMPONENTS)
        assert allocation.suspense_minor == position.suspense_minor - before.suspense_minor
        cash += allocation.amount_minor
        if each.kind == "disbursement":
            deducted += position.fee_paid_total_minor - before.fee_paid_total_minor
    position = advance(position, life.position.as_of, life.agreement)
    paid = position.principal_paid_total_minor + position.interest_paid_total_minor
    paid += position.fee_paid_total_minor + position.penalty_paid_total_minor
    held = position.suspense_minor + position.recovered_minor
    assert cash + (0 if position.status == "cancelled" else deducted) == paid + held


@SOME
@given(lives())
def test_the_fold_is_what_happened(life):
    assert life.folded() == life.position


@SOME
@given(lives(), st.data())
def test_recording_late_changes_nothing(life, data):
    """Facts of different days may be recorded in any order: the fold is the same."""
    days = [each.effective_on for each in life.facts[1:]]
    if len(set(days)) < len(days):
        return
    numbers = data.draw(st.permutations(range(2, len(life.facts) + 1)))
    late = [replace(each, sequence=number) for each, number in zip(life.facts[1:], numbers, strict=True)]
    shuffled = sorted(late, key=lambda each: each.sequence)
    assert fold([life.facts[0], *shuffled], life.position.as_of) == life.position


@SOME
@given(lives(most=5), st.data())
def test_a_reversed_fact_never_happened(life, data):
    """Any fact, back-dated among the others or on the last day, then reversed."""
    kind, body = data.draw(events(life.position))
    extra = fact(len(life.facts) + 1, kind, to_date(life.position.as_of), body)
    reversal = Fact("fact_r", "loan_1", extra.sequence + 1, "reversal", extra.effective_on, AT, {"fact": extra.id})
    assert fold([*life.facts, extra, reversal], life.position.as_of) == life.position
    again = replace(reversal, id="fact_rr", sequence=reversal.sequence + 1, body={"fact": "fact_r"})
    try:
        stands = fold([*life.facts, extra], life.position.as_of)
    except Refusal:
        return
    assert fold([*life.facts, extra, reversal, again], life.position.as_of) == stands


@SOME
@given(lives(), GAPS, GAPS)
def test_time_passes_alike_in_one_step_or_two(life, first, second):
    start = life.position
    there = start.as_of + first
    in_two = advance(advance(start, there, life.agreement), there + second, life.agreement)
    assert advance(start, there + second, life.agreement) == in_two


@SOME
@given(lives(), st.lists(GAPS, min_size=1, max_size=12))
def test_interest_and_penalties_only_grow(life, gaps):
    position = life.position
    for gap in gaps:
        later = advance(position, position.as_of + gap, life.agreement)
        assert interest_total_minor(later) >= interest_total_minor(position)
        assert penalty_total_minor(later) >= penalty_total_minor(position)
        check(later)
        position = later


@SOME
@given(lives(), GAPS)
def test_penalty_interest_stays_within_its_multiple(life, gap):
    """No more than all that may be late, for all days, at contract rate x multiplier."""
    before = life.position
    after = advance(before, before.as_of + gap, life.agreement)
    late = after.principal_minor + (sum(due.interest_minor for due in after.dues) if after.compounds else 0)
    most = max(before.as_of - min((due.due_on for due in before.dues), default=before.as_of), 0) + gap
    ceiling = before.annual_rate_ppm * life.agreement.servicing.overdue_multiplier_ppm // 1_000_000
    assert after.late_numerator - before.late_numerator <= late * most * ceiling


@SOME
@given(lives())
def test_a_payoff_leaves_nothing(life):
    position = life.position
    assume(position.status == "active" and position.rows)
    payoff = payoff_of(position, life.agreement)
    life.on(to_date(position.as_of), "prepayment", mode="payoff")
    closed = life.position
    assert life.allocation.amount_minor == payoff.total_minor
    check(closed)
    assert closed.status == "closed"
    receivable = (interest_receivable_minor(closed), fee_receivable_minor(closed), penalty_receivable_minor(closed))
    assert (closed.principal_minor, *receivable, closed.rows, closed.dues) == (0, 0, 0, 0, (), ())
    assert closed.suspense_minor == max(0, payoff.suspense_minor - payoff.claims_minor)
    later = advance(closed, closed.as_of + 500, life.agreement)
    assert changed(later, as_of=closed.as_of) == closed
