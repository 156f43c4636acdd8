"""Days past due and buckets: a row on each side of each boundary."""

import pytest

from puhui.risk.delinquency import BUCKETS, bucket_of, days_past_due

# day, oldest_due_on, grace_days -> days past due
DAYS = [
    (20_000, 0, 0, 0),  # nothing has fallen due
    (20_000, 20_000, 0, 0),  # paid on the due day is on time
    (20_001, 20_000, 0, 1),
    (20_003, 20_000, 3, 0),  # the last day of grace
    (20_004, 20_000, 3, 4),  # after it the days count from the due day
    (20_060, 20_000, 60, 0),
    (20_061, 20_000, 60, 61),
    (19_999, 20_000, 0, 0),  # not due yet
]


@pytest.mark.parametrize(("day", "oldest", "grace", "expected"), DAYS)
def test_days_past_due(day, oldest, grace, expected):
    assert days_past_due(day, oldest, grace) == expected


# The last day of each bucket; one more day is the next bucket.
ENDS = {"current": 0, "1-30": 30, "31-60": 60, "61-90": 90, "91-180": 180, "181-270": 270, "271-360": 360}


@pytest.mark.parametrize(("code", "last"), ENDS.items())
def test_bucket_edges(code, last):
    codes = [bucket.code for bucket in BUCKETS]
    assert codes[bucket_of(last)] == code
    assert codes[bucket_of(last + 1)] == codes[codes.index(code) + 1]


def test_last_bucket_has_no_end():
    assert BUCKETS[bucket_of(100_000)].code == ">360"


def test_column_is_the_rows():
    import numpy as np

    day, oldest, grace, expected = (np.array(column) for column in zip(*DAYS, strict=True))
    assert days_past_due(day, oldest, grace).tolist() == expected.tolist()
    days = np.arange(400, dtype=np.int16)
    assert bucket_of(days).tolist() == [bucket_of(int(each)) for each in days]
