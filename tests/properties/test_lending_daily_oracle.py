"""Interest and penalty interest against an oracle that adds them up night by night, from balances alone."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from loan_example import Life, day
from loan_lives import SOME
from puhui.kernel.dates import to_date
from puhui.kernel.rounding import round_div
from puhui.lending.balances import due_minor, penalty_total_minor
from puhui.lending.fold import advance, apply, begin

YEAR = {"act/360": 360, "act/365": 365}
METHODS = ["annuity", "equal_principal", "interest_only", "bullet", "custom"]


@st.composite
def late_lives(draw, basis):
    """Return a Life of up to a year whose instalments are paid late, in part, or not."""
    count = draw(st.integers(1, 8))
    method = draw(st.sampled_from(METHODS))
    terms = {
        "principal_minor": draw(st.integers(1_000, 10**9)),
        "annual_rate_ppm": draw(st.integers(1, 360_000)),
        "method": method,
        "day_count": draw(st.sampled_from(list(YEAR))),
        "instalments": count,
        "disbursed_on": draw(st.dates(to_date(15_000), to_date(25_000))),
        "rounding": draw(st.sampled_from(["half_up", "half_even"])),
    }
    if method == "custom":
        terms["weights"] = [*draw(st.lists(st.integers(0, 9), min_size=count - 1, max_size=count - 1)), 1]
    servicing = {
        "interest_basis": basis,
        "grace_days": draw(st.sampled_from([0, 3])),
        "overdue_multiplier_ppm": 1_500_000,
        "compounds": draw(st.booleans()),
    }
    life = Life(terms, servicing)
    life.on(terms["disbursed_on"], "disbursement", amount_minor=terms["principal_minor"])
    when = terms["disbursed_on"]
    for gap, share in draw(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 1200)), max_size=8)):
        when += timedelta(gap)
        due = due_minor(life.at(when))
        if due:
            life.on(when, "repayment", amount_minor=max(1, due * share // 1000))
        if life.position.status == "closed":
            break
    life.at(when + timedelta(draw(st.integers(0, 50))))
    return life


def nights(life):
    """Yield the position at the end of each day, and at the end of the next before anything is paid on it."""
    position, facts = begin(life.agreement), life.facts[1:]
    for today in range(day(life.body["agreed_on"]), life.position.as_of):
        for each in facts:
            if day(each.effective_on) == today:
                position = apply(position, each, life.agreement).position
        after = advance(position, today + 1, life.agreement)
        yield position, after
        position = after


@SOME
@given(late_lives("actual"))
def test_interest_of_every_period_is_that_of_its_nights(life):
    """Where interest follows the balance: round(sum of principal owed each night x rate), once a period."""
    unit = YEAR[life.agreement.terms.day_count] * 1_000_000
    weight, rate = 0, life.agreement.terms.annual_rate_ppm
    for before, after in nights(life):
        weight += before.principal_minor * rate if before.rows else 0
        if len(after.rows) < len(before.rows):
            fell_due = after.interest_due_total_minor - before.interest_due_total_minor
            assert fell_due == round_div(weight, unit, life.agreement.terms.rounding)
            weight = 0


@SOME
@given(st.sampled_from(["planned", "actual"]).flatmap(late_lives))
def test_penalty_interest_is_that_of_its_nights(life):
    """A due is late once its grace is over, and then from its due day: what is unpaid of it each night x rate."""
    grace, base = life.agreement.servicing.grace_days, YEAR[life.agreement.terms.day_count]
    numerator = 0
    for before, after in nights(life):
        for due in before.dues:
            late_days = after.as_of - due.due_on
            counted = 0 if late_days <= grace else grace + 1 if late_days == grace + 1 else 1
            owed = due.principal_minor + (due.interest_minor if before.compounds else 0)
            numerator += owed * counted * before.late_rate_ppm
        assert penalty_total_minor(after) == round_div(numerator, base * 1_000_000)
