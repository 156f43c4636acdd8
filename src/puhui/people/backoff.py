"""How long a name must wait after wrong passwords: nothing at first, then twice as long each time.

Counted by the name that was typed, known or not, so that the wait tells nobody which names exist. An attempt is
counted before its password is looked at: a thousand guesses at once are not one guess.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from puhui.kernel.refusals import declare

SIGN_IN_WAIT = declare(
    "SIGN_IN_WAIT",
    429,
    "尝试次数过多，请在 {retry_after_seconds} 秒后再试。",
    "Too many attempts; try again in {retry_after_seconds} seconds.",
)

FREE_ATTEMPTS = 5
FIRST_WAIT = timedelta(seconds=4)
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=24)
_SECOND = timedelta(seconds=1)
_DOUBLINGS = 10


@dataclass(frozen=True, slots=True)
class Attempts:
    """The attempts on a name that did not end well, and when the last one was."""

    count: int
    last_at: datetime


def wait_after(count: int) -> timedelta:
    """Return the wait after `count` attempts in a row: none up to the fifth, then 4 s, 8 s, 16 s … 15 min.

    >>> [wait_after(count).seconds for count in (0, 4, 5, 6, 12, 13, 5000)]
    [0, 0, 4, 8, 512, 900, 900]
    """
    if count < FREE_ATTEMPTS:
        return timedelta()
    return min(FIRST_WAIT * (1 << min(count - FREE_ATTEMPTS, _DOUBLINGS)), LONGEST_WAIT)


def standing(attempts: Attempts | None, now: datetime) -> int:
    """Return the attempts that still count: those of a day without any are forgotten."""
    if attempts is None or now - attempts.last_at >= FORGOTTEN_AFTER:
        return 0
    return attempts.count


def check_wait(attempts: Attempts | None, now: datetime) -> None:
    """Refuse SIGN_IN_WAIT while the name must wait."""
    if attempts is None:
        return
    left = attempts.last_at + wait_after(standing(attempts, now)) - now
    if left > timedelta():
        raise SIGN_IN_WAIT.refuse(retry_after_seconds=-(-left // _SECOND))
