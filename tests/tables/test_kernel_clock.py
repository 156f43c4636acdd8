"""The clock: the business day is Beijing's, it can be set, and nothing else reads the time."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from puhui.kernel import clock
from puhui.kernel.refusals import Refusal


@pytest.fixture(autouse=True)
def _unset(monkeypatch):
    monkeypatch.delenv("PUHUI_TODAY", raising=False)


# instant, business day in Beijing
INSTANTS = [
    ("2023-12-31T15:59:59.999999+00:00", "2023-12-31"),  # the last microsecond of the year there
    ("2023-12-31T16:00:00+00:00", "2024-01-01"),
    ("2024-02-28T16:00:00+00:00", "2024-02-29"),
    ("2024-02-29T15:59:59+00:00", "2024-02-29"),
    ("2024-03-01T00:00:00+08:00", "2024-03-01"),
    ("2024-07-01T00:30:00+09:00", "2024-06-30"),
    ("2026-06-30T12:00:00-08:00", "2026-07-01"),
]


@pytest.mark.parametrize(("instant", "day"), INSTANTS)
def test_the_business_day_begins_at_midnight_in_beijing(instant, day):
    moment = datetime.fromisoformat(instant)
    assert clock.business_date(moment).isoformat() == day
    with clock.set_to(moment):
        assert clock.today().isoformat() == day
        assert clock.now() == moment
        assert clock.now().utcoffset() == timedelta(0)


@pytest.mark.parametrize("day", ["1970-01-01", "2024-02-29", "2023-12-31", "2199-12-31"])
def test_a_date_sets_the_clock_to_noon(day):
    with clock.set_to(date.fromisoformat(day)):
        assert clock.today().isoformat() == day
        assert clock.now().isoformat() == f"{day}T04:00:00+00:00"
        assert clock.is_set()


def test_a_set_clock_stands_still_and_is_given_back():
    assert not clock.is_set()
    with clock.set_to(date(2020, 1, 1)):
        before = clock.now()
        with clock.set_to(date(2030, 1, 1)):
            assert clock.today() == date(2030, 1, 1)
        assert clock.now() == before
    assert not clock.is_set()


def test_the_clock_is_given_back_after_an_error():
    with pytest.raises(ZeroDivisionError), clock.set_to(date(2020, 1, 1)):
        raise ZeroDivisionError
    assert not clock.is_set()


def test_unset_it_is_the_machines_time():
    earliest = datetime.now(UTC)
    read = clock.now()
    assert earliest <= read <= datetime.now(UTC)
    assert clock.today() == read.astimezone(timezone(timedelta(hours=8))).date()


def test_the_environment_sets_the_day(monkeypatch):
    monkeypatch.setenv("PUHUI_TODAY", "2024-02-29")
    assert clock.today() == date(2024, 2, 29)
    assert clock.now() == datetime(2024, 2, 29, 4, tzinfo=UTC)
    assert clock.is_set()
    with clock.set_to(date(2025, 1, 1)):
        assert clock.today() == date(2025, 1, 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "today",
        "2023-02-29",
        "2024-13-01",
        "2024-1-1",
        "20240101",
        "2024-W01-1",
        "2024-01-01T00:00",
        "0000-01-01",
    ],
)
def test_a_day_that_is_none_is_refused(monkeypatch, text):
    monkeypatch.setenv("PUHUI_TODAY", text)
    for read in (clock.today, clock.now):
        with pytest.raises(Refusal) as caught:
            read()
        assert (caught.value.code, caught.value.fields) == ("CLOCK_UNREADABLE", ("PUHUI_TODAY",))


def test_an_instant_without_a_zone_is_a_bug():
    naive = datetime.fromisoformat("2024-01-01T00:00:00")
    with pytest.raises(AssertionError), clock.set_to(naive):
        pass
    with pytest.raises(AssertionError):
        clock.business_date(naive)


def test_no_time_zone_database_is_needed():
    program = "import sys; sys.modules['zoneinfo'] = None; from puhui.kernel import clock; print(clock.today())"
    environment = {**os.environ, "PYTHONTZPATH": "", "TZ": "Nowhere/Nowhere", "PUHUI_TODAY": "2024-02-29"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "2024-02-29", done.stderr
