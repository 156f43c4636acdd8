"""Laws of days: months, day counts, working days; an int and a column of ints agree on every day to 2199."""

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from puhui.kernel import calendar, dates
from puhui.kernel.dates import day_number, to_date, whole_months
from puhui.kernel.daycount import CONVENTIONS, span

LAST = day_number(date(2199, 12, 31))
days = st.integers(0, LAST - 1)
rules = st.sampled_from(["none", "following", "modified_following", "preceding"])
lent = st.dates(date(2018, 6, 1), date(2027, 6, 30))


@given(st.lists(days, min_size=1, max_size=30))
def test_an_int_and_a_column_lie_in_the_same_month(numbers):
    column = np.array(numbers)
    assert dates.month_of(column).tolist() == [dates.month_of(number) for number in numbers]
    assert dates.day_of_month(column).tolist() == [dates.day_of_month(number) for number in numbers]
    for number in numbers:
        civil = to_date(number)
        assert dates.month_of(number) == (civil.year - 1970) * 12 + civil.month - 1
        assert dates.day_of_month(number) == civil.day


@given(st.integers(0, 2759), st.integers(1, 31))
def test_the_day_of_a_month_is_clamped_to_its_last(month, wanted):
    day = to_date(dates.day_in_month(month, wanted))
    assert (day.year, day.month) == (1970 + month // 12, month % 12 + 1)
    assert day.day == wanted or (day.day < wanted and (day + timedelta(days=1)).day == 1)


@given(st.integers(0, LAST - 31), st.integers(0, LAST - 31))
@example(day_number(date(2024, 2, 29)), day_number(date(2028, 2, 28)))
def test_whole_months_and_odd_days_make_up_the_period(one, other):
    start, end = sorted((one, other))
    months, odd_days = whole_months(start, end)
    of_month = dates.day_of_month(start)
    reached = dates.day_in_month(dates.month_of(start) + months, of_month)
    assert reached + odd_days == end
    assert 0 <= odd_days <= 30
    after = dates.day_in_month(dates.month_of(start) + months + 1, of_month)
    assert reached <= end < after


def part_of_year(start, end):
    """The act/act part of a year, counted night by night."""
    nights = [to_date(number) for number in range(start + 1, end + 1)]
    leap = sum(date(night.year, 12, 31).timetuple().tm_yday == 366 for night in nights)
    return Fraction(leap, 366) + Fraction(len(nights) - leap, 365)


@given(st.integers(0, LAST - 1_200), st.integers(0, 1_200))
@example(day_number(date(2023, 12, 31)), 366)
@example(day_number(date(2099, 12, 31)), 365)
def test_act_act_counts_each_night_in_its_own_year(start, nights):
    convention = CONVENTIONS["act/act"]
    period = span(start, start + nights)
    assert Fraction(convention.numerator(period), convention.denominator) == part_of_year(start, start + nights)


@pytest.mark.parametrize("name", sorted(CONVENTIONS))
@given(st.lists(st.tuples(days, days).map(sorted), min_size=1, max_size=20))
def test_a_day_count_of_a_column_is_that_of_its_rows(name, periods):
    convention = CONVENTIONS[name]
    starts, ends = (np.array(side) for side in zip(*periods, strict=True))
    expected = [convention.numerator(span(*period)) for period in periods]
    assert convention.numerator(span(starts, ends)).tolist() == expected


@pytest.mark.parametrize("name", ["act/360", "act/365", "act/364", "act/act"])
@given(st.lists(days, min_size=3, max_size=3).map(sorted))
def test_actual_days_add_up_over_a_cut(name, cut):
    first, middle, last = cut
    numerator = CONVENTIONS[name].numerator
    assert numerator(span(first, middle)) + numerator(span(middle, last)) == numerator(span(first, last))


@given(lent, rules)
def test_a_rolled_day_is_worked_and_near(day, rule):
    rolled = calendar.roll(day, rule)
    if rule == "none":
        assert rolled == day
        return
    assert calendar.is_working_day(rolled)
    assert calendar.roll(rolled, rule) == rolled
    assert abs(rolled - day) <= timedelta(days=10)
    if rule == "modified_following":
        assert (rolled.year, rolled.month) == (day.year, day.month)
    else:
        assert (rolled - day).days * (1 if rule == "following" else -1) >= 0
    low, high = sorted((day, rolled))
    between = [low + timedelta(days=offset) for offset in range(1, (high - low).days)]
    assert not any(map(calendar.is_working_day, between))


@given(st.lists(st.integers(0, LAST), min_size=1, max_size=50), rules)
@example([0, LAST], "following")
def test_a_column_rolls_as_its_days_do(numbers, rule):
    column = calendar.roll_days(np.array(numbers), rule)
    assert column.tolist() == [calendar.roll_days(number, rule) for number in numbers]
    assert column.tolist() == [day_number(calendar.roll(to_date(number), rule)) for number in numbers]


@given(lent, lent, lent)
def test_working_days_add_up_over_a_cut(one, other, third):
    between = calendar.working_days_between
    assert between(one, other) + between(other, third) == between(one, third)


@given(lent, st.integers(1, 30))
def test_the_next_working_days_are_those_counted(day, count):
    reached = calendar.next_working_day(day, count)
    assert calendar.is_working_day(reached)
    assert calendar.working_days_between(day, reached) == count


@given(st.dates(date(1970, 1, 1), date(2199, 12, 31)))
def test_without_a_notice_the_weekend_alone_is_off(day):
    assume(calendar.notice(day) is None)
    assert calendar.is_working_day(day) == (day.weekday() < 5)


def test_every_notice_moves_days_it_does_not_give_them_away():
    """In each notice a day worked is a weekend day, and no day is both off and worked."""
    known = [date(2018, 12, 1) + timedelta(days=offset) for offset in range(3_000)]
    named = {day: calendar.notice(day) for day in known if calendar.notice(day)}
    assert len(named) == 291
    assert all(day.weekday() >= 5 for day, said in named.items() if not said.is_off)
    assert all(said.document.startswith("国办发明电〔") for said in named.values())
    assert all(earlier < later for earlier, later in pairwise(named))
