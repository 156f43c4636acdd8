"""Delinquency: how many days a loan is past due, and which bucket that is."""

from dataclasses import dataclass

from puhui.kernel.columns import Ints, choose
from puhui.kernel.language import Text


@dataclass(frozen=True, slots=True)
class Bucket:
    """A delinquency bucket: loans more than `above_days` past due, up to the next bucket's bound (included)."""

    code: str
    above_days: int
    title: Text


# Bounds follow the classes: 90, 270 and 360 days part substandard, doubtful and loss, 30 days the stages of IFRS 9.
BUCKETS = (
    Bucket("current", -1, Text("正常", "current")),
    Bucket("1-30", 0, Text("1–30 天", "1–30 days")),
    Bucket("31-60", 30, Text("31–60 天", "31–60 days")),
    Bucket("61-90", 60, Text("61–90 天", "61–90 days")),
    Bucket("91-180", 90, Text("91–180 天", "91–180 days")),
    Bucket("181-270", 180, Text("181–270 天", "181–270 days")),
    Bucket("271-360", 270, Text("271–360 天", "271–360 days")),
    Bucket(">360", 360, Text("360 天以上", "over 360 days")),
)


def days_past_due(day: Ints, oldest_due_on: Ints, grace_days: Ints) -> Ints:
    """Return how many days past due a loan is at the end of `day` (a day number); 0 within the days of grace.

    day - oldest_due_on once day > oldest_due_on + grace_days, else 0. oldest_due_on: the day number of the oldest
    instalment not paid in full, 0 when there is none. After the grace the days count from the due day.

    >>> days_past_due(20003, 20000, 3), days_past_due(20004, 20000, 3), days_past_due(20004, 0, 3)
    (0, 4, 0)
    """
    days = day - oldest_due_on
    return choose((days > grace_days) & (oldest_due_on > 0), days, days * 0)


def bucket_of(past_due_days: Ints) -> Ints:
    """Return the place in BUCKETS of so many days past due.

    >>> [bucket_of(days) for days in (0, 1, 30, 31, 360, 361)]
    [0, 1, 1, 2, 6, 7]
    """
    place = past_due_days * 0
    for bucket in BUCKETS[1:]:
        place = place + (past_due_days > bucket.above_days)
    return place
