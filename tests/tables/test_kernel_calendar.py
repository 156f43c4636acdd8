"""China's working days: each notice's days off and make-up days, rolls at month ends, years without a notice."""

from datetime import date, timedelta

import numpy as np
import pytest

from puhui.kernel import calendar
from puhui.kernel.dates import day_number, to_date
from puhui.kernel.refusals import Refusal

# year, Mondays to Fridays, statutory days off, days given or taken beside the law, working days
# The law (全国年节及纪念日放假办法) gave 11 days, from 2025 it gives 13; moving days about leaves the sum alone.
YEARS = [
    (2018, 261, 0, 0, 261),  # no notice in the data: weekends only, but for the New Year of 2019
    (2019, 261, 11, 0, 250),
    (2020, 262, 11, 2, 249),  # the epidemic: 31 January off, 1 February no longer worked
    (2021, 261, 11, 0, 250),
    (2022, 260, 11, 0, 249),
    (2023, 260, 11, 0, 249),
    (2024, 262, 11, 0, 251),
    (2025, 261, 13, 0, 248),
    (2026, 261, 13, 0, 248),
    (2027, 261, 0, 0, 261),  # no notice yet
]


@pytest.mark.parametrize(("year", "weekdays", "statutory", "beside", "working"), YEARS)
def test_a_year_has_the_working_days_the_law_leaves(year, weekdays, statutory, beside, working):
    days = [date(year, 1, 1) + timedelta(days=offset) for offset in range(366)]
    days = [day for day in days if day.year == year]
    assert sum(day.weekday() < 5 for day in days) == weekdays
    assert working == weekdays - statutory - beside
    assert sum(map(calendar.is_working_day, days)) == working
    last_year_end, year_end = date(year - 1, 12, 31), date(year, 12, 31)
    assert calendar.working_days_between(last_year_end, year_end) == working


# day, weekday, worked?
DAYS = [
    ("2018-12-29", "Sat", True),  # made up for 31 December, by the notice of 2019
    ("2018-12-31", "Mon", False),
    ("2019-01-01", "Tue", False),
    ("2019-01-02", "Wed", True),
    ("2019-04-28", "Sun", True),  # Labour Day of 2019 was changed in March
    ("2019-05-02", "Thu", False),
    ("2019-05-03", "Fri", False),
    ("2019-05-05", "Sun", True),
    ("2019-05-06", "Mon", True),
    ("2020-01-19", "Sun", True),
    ("2020-01-30", "Thu", False),
    ("2020-01-31", "Fri", False),  # the Spring Festival of 2020, extended to 2 February
    ("2020-02-01", "Sat", False),  # was to be worked; withdrawn
    ("2020-02-02", "Sun", False),
    ("2020-02-03", "Mon", True),
    ("2020-10-08", "Thu", False),  # National Day and Mid-Autumn together
    ("2022-12-31", "Sat", False),
    ("2023-01-02", "Mon", False),
    ("2024-02-09", "Fri", True),  # New Year's Eve was a working day in 2024
    ("2024-02-29", "Thu", True),
    ("2025-01-27", "Mon", True),
    ("2025-01-28", "Tue", False),  # and a day off by law from 2025
    ("2025-10-08", "Wed", False),
    ("2025-10-11", "Sat", True),
    ("2026-01-02", "Fri", False),
    ("2026-01-04", "Sun", True),
    ("2026-02-14", "Sat", True),
    ("2026-02-15", "Sun", False),
    ("2026-02-23", "Mon", False),
    ("2026-02-24", "Tue", True),
    ("2026-02-28", "Sat", True),
    ("2026-05-09", "Sat", True),
    ("2026-09-20", "Sun", True),
    ("2026-09-25", "Fri", False),
    ("2026-10-07", "Wed", False),
    ("2026-10-10", "Sat", True),
    ("2026-12-31", "Thu", True),
    ("2027-01-01", "Fri", True),  # provisional
    ("2027-01-02", "Sat", False),
    ("1970-01-01", "Thu", True),
    ("2199-12-31", "Tue", True),
]


@pytest.mark.parametrize(("day", "weekday", "worked"), DAYS)
def test_a_day_is_worked_or_off(day, weekday, worked):
    assert date.fromisoformat(day).strftime("%a") == weekday
    assert calendar.is_working_day(date.fromisoformat(day)) is worked


@pytest.mark.parametrize(
    ("day", "known"),
    [("2018-12-31", False), ("2019-01-01", True), ("2026-12-31", True), ("2027-01-01", False)],
)
def test_a_day_without_its_years_notice_is_provisional(day, known):
    assert calendar.is_known(date.fromisoformat(day)) is known


def test_the_notices_run_from_2019_to_2026():
    assert calendar.known_years() == (2019, 2026)


@pytest.mark.parametrize(
    ("day", "is_off", "holiday", "document"),
    [
        ("2019-05-03", True, "劳动节", "国办发明电〔2019〕3号"),
        ("2020-01-30", True, "春节", "国办发明电〔2019〕16号"),
        ("2020-01-31", True, "春节延长假期", "国办发明电〔2020〕1号"),
        ("2020-02-02", True, "春节延长假期", "国办发明电〔2020〕1号"),
        ("2026-02-14", False, "春节", "国办发明电〔2025〕7号"),
        ("2026-10-01", True, "国庆节", "国办发明电〔2025〕7号"),
    ],
)
def test_a_day_names_its_holiday_and_its_notice(day, is_off, holiday, document):
    said = calendar.notice(date.fromisoformat(day))
    assert (said.is_off, said.holiday.zh, said.document) == (is_off, holiday, document)


@pytest.mark.parametrize("day", ["2026-03-02", "2026-03-01", "2020-02-03", "2027-01-01"])
def test_no_notice_names_an_ordinary_day(day):
    assert calendar.notice(date.fromisoformat(day)) is None


# day, following, modified following, preceding
ROLLS = [
    ("2026-03-02", "2026-03-02", "2026-03-02", "2026-03-02"),  # a Monday stays
    ("2026-03-07", "2026-03-09", "2026-03-09", "2026-03-06"),  # a Saturday
    ("2026-01-31", "2026-02-02", "2026-01-30", "2026-01-30"),  # month end on a Saturday
    ("2025-08-31", "2025-09-01", "2025-08-29", "2025-08-29"),  # month end on a Sunday
    ("2025-08-30", "2025-09-01", "2025-08-29", "2025-08-29"),
    ("2026-02-28", "2026-02-28", "2026-02-28", "2026-02-28"),  # a Saturday that is worked
    ("2026-02-14", "2026-02-14", "2026-02-14", "2026-02-14"),
    ("2026-02-15", "2026-02-24", "2026-02-24", "2026-02-14"),  # nine days of Spring Festival
    ("2026-02-23", "2026-02-24", "2026-02-24", "2026-02-14"),
    ("2026-10-01", "2026-10-08", "2026-10-08", "2026-09-30"),
    ("2020-01-31", "2020-02-03", "2020-01-23", "2020-01-23"),  # over a month end, ten days off
    ("2020-02-02", "2020-02-03", "2020-02-03", "2020-01-23"),  # back into the month before
    ("2023-12-31", "2024-01-02", "2023-12-29", "2023-12-29"),  # over New Year
    ("2024-02-29", "2024-02-29", "2024-02-29", "2024-02-29"),
    ("2020-02-29", "2020-03-02", "2020-02-28", "2020-02-28"),  # 29 February, a Saturday
    ("2027-01-02", "2027-01-04", "2027-01-04", "2027-01-01"),  # provisional
    ("1970-01-03", "1970-01-05", "1970-01-05", "1970-01-02"),
    ("1970-01-01", "1970-01-01", "1970-01-01", "1970-01-01"),
    ("2199-12-31", "2199-12-31", "2199-12-31", "2199-12-31"),
]
RULES = ("following", "modified_following", "preceding")


@pytest.mark.parametrize("row", ROLLS, ids=lambda row: row[0])
def test_a_day_rolls_by_its_rule(row):
    day = date.fromisoformat(row[0])
    assert calendar.roll(day, "none") == day
    for rule, expected in zip(RULES, row[1:], strict=True):
        assert calendar.roll(day, rule).isoformat() == expected
        assert to_date(calendar.roll_days(day_number(day), rule)).isoformat() == expected


def test_a_column_rolls_as_its_rows_do():
    days = np.array([day_number(date.fromisoformat(row[0])) for row in ROLLS])
    for index, rule in enumerate(("none", *RULES)):
        rolled = calendar.roll_days(days, rule)
        assert rolled.dtype == np.int64
        assert [to_date(day).isoformat() for day in rolled.tolist()] == [row[index] for row in ROLLS]
        assert rolled is not days
    assert calendar.roll_days(days[:0], "following").tolist() == []


@pytest.mark.parametrize("rule", ["none", *RULES])
@pytest.mark.parametrize("day", [-1, 84_006])
def test_a_day_before_1970_or_after_2199_is_refused(day, rule):
    for days in (day, np.array([5, day, 6])):
        with pytest.raises(Refusal) as caught:
            calendar.roll_days(days, rule)
        assert caught.value.code == "DAY_OUTSIDE_CALENDAR"
        assert str(day) in caught.value.message()


@pytest.mark.parametrize("rule", ["forward", "", "NONE"])
def test_an_unknown_rule_is_a_bug_not_a_default(rule):
    with pytest.raises(KeyError):
        calendar.roll(date(2026, 1, 31), rule)
    with pytest.raises(AssertionError):
        calendar.roll_days(np.array([0]), rule)


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        ("2026-03-02", 1, "2026-03-03"),  # T+1
        ("2026-03-06", 1, "2026-03-09"),
        ("2026-03-06", 2, "2026-03-10"),
        ("2026-03-07", 1, "2026-03-09"),  # from a Saturday
        ("2026-02-13", 1, "2026-02-14"),  # to a Saturday that is worked
        ("2026-02-13", 2, "2026-02-24"),
        ("2026-02-13", 6, "2026-02-28"),
        ("2026-12-31", 1, "2027-01-01"),
    ],
)
def test_the_next_working_days_are_counted(day, count, expected):
    assert calendar.next_working_day(date.fromisoformat(day), count).isoformat() == expected


@pytest.mark.parametrize(
    ("start", "end", "count"),
    [
        ("2026-03-02", "2026-03-02", 0),
        ("2026-03-02", "2026-03-03", 1),
        ("2026-03-06", "2026-03-08", 0),
        ("2026-03-06", "2026-03-09", 1),
        ("2026-03-08", "2026-03-09", 1),
        ("2026-02-13", "2026-02-24", 2),
        ("2026-02-24", "2026-02-13", -2),
        ("2026-02-28", "2026-03-01", 0),
        ("2026-02-27", "2026-02-28", 1),
    ],
)
def test_working_days_between_two_days_are_counted(start, end, count):
    assert calendar.working_days_between(date.fromisoformat(start), date.fromisoformat(end)) == count
