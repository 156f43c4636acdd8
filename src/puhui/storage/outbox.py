"""The dispatcher: takes events from the outbox and delivers them, at least once, in order within a subject.

Several may run at once, in threads or on machines. Each takes events for a while (a lease); when it dies, they come
free when the lease ends. A later event of a subject never overtakes an earlier one that is neither delivered nor dead.
"""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from puhui.storage.database import Database
from puhui.storage.events import Failure, Stored
from puhui.workflows.store import Event

LONGEST_PROBLEM = 500


class Deliver(Protocol):
    """Brings one event to the outside; whoever receives it twice must know it by its id."""

    def __call__(self, event: Event) -> str:
        """Return "" when it arrived, else the problem in words without personal data."""
        ...


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient a dispatcher is: waits double from the first to the longest, then come dead letters."""

    first_wait_seconds: int = 5
    longest_wait_seconds: int = 6 * 3600
    most_attempts: int = 16
    lease_seconds: int = 120
    at_once: int = 32
    idle_seconds: int = 1

    def wait(self, attempts: int, below: Callable[[int], int]) -> timedelta:
        """Return the wait after the attempt of that number: at random from half to all of its doubled wait.

        `below(n)` draws a whole number from 0 to n - 1. Random, so that those who failed together do not come back
        together.

        >>> [Policy().wait(attempts, lambda n: n - 1).seconds for attempts in (1, 2, 3, 16)]
        [5, 10, 20, 21600]
        """
        longest = self.longest_wait_seconds * 1000
        most = min(longest, self.first_wait_seconds * 1000 << min(attempts - 1, 40))
        return timedelta(milliseconds=most - most // 2 + below(most // 2 + 1))


@dataclass(frozen=True, slots=True)
class Tally:
    """What one round came to."""

    delivered: int = 0
    failed: int = 0
    dead: int = 0

    @property
    def taken(self) -> int:
        """All that were taken up."""
        return self.delivered + self.failed + self.dead


class Dispatcher:
    """Delivers what is due, round by round. `now` tells the time, `below` draws for the waits."""

    def __init__(
        self,
        database: Database,
        deliver: Deliver,
        now: Callable[[], datetime],
        *,
        policy: Policy = Policy(),
        below: Callable[[int], int] = secrets.randbelow,
    ) -> None:
        self._database = database
        self._deliver = deliver
        self._now = now
        self._policy = policy
        self._below = below

    def round(self) -> Tally:
        """Deliver what is due now, up to `policy.at_once` events of as many subjects.

        An event whose lease runs out before its turn is left to others. What arrived is noted at the end of the round
        or after a tenth of the lease, so a dispatcher that dies sends at most those again.
        """
        at, policy = self._now(), self._policy
        until = at + timedelta(seconds=policy.lease_seconds)
        with self._database.begin() as store:
            taken = store.events.claim(at, until, policy.most_attempts, policy.at_once)
        tally = Tally()
        outcomes: list[tuple[Stored, str]] = []
        noted_at = at
        for each in taken:
            now = self._now()
            if now >= until:
                break
            outcomes.append((each, self._deliver(each.event)))
            if (now - noted_at) * 10 > until - at:
                tally, noted_at = self._noted(outcomes, tally), now
                outcomes = []
        return self._noted(outcomes, tally)

    def run(self, stop: threading.Event) -> None:
        """Deliver until `stop` is set; rest while nothing is due."""
        while not stop.is_set():
            if not self.round().taken:
                stop.wait(self._policy.idle_seconds)

    def _noted(self, outcomes: list[tuple[Stored, str]], tally: Tally) -> Tally:
        if not outcomes:
            return tally
        at = self._now()
        failures = [self._failure(taken, problem, at) for taken, problem in outcomes if problem]
        arrived = [taken for taken, problem in outcomes if not problem]
        with self._database.begin() as store:
            for taken in arrived:
                store.events.delivered(taken, at)
            for failure in failures:
                store.events.failed(failure, at)
        dead = sum(failure.dead for failure in failures)
        return Tally(tally.delivered + len(arrived), tally.failed + len(failures) - dead, tally.dead + dead)

    def _failure(self, taken: Stored, problem: str, at: datetime) -> Failure:
        dead = taken.attempts >= self._policy.most_attempts
        return Failure(taken, problem[:LONGEST_PROBLEM], at + self._policy.wait(taken.attempts, self._below), dead)
