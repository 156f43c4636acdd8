"""The whole main job on a set clock: decide, lend, be paid, close each night; and what came of it."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, TypeAlias

import polars as pl

from puhui.batch.night import close
from puhui.batch.setting import Setting
from puhui.credit.county import County
from puhui.demo import lending, people, servicing
from puhui.demo.people import Row
from puhui.demo.servicing import Payments
from puhui.demo.story import OFFICER, Story
from puhui.kernel.clock import now, set_to, stopwatch_ns
from puhui.storage.books import OpenBooks
from puhui.workflows.apply import Decided
from puhui.workflows.case import Kit
from puhui.workflows.decisions import Offer
from puhui.workflows.request import decide

# How the kit in force is had; what funders have lent comes to it in the transaction of each decision.
KitNow: TypeAlias = Callable[[], Kit]
# Told after each day: the day, days done, of how many.
SayDay: TypeAlias = Callable[[date, int, int], None]


@dataclass(frozen=True, slots=True)
class Told:
    """One application that was decided: its row of the county, what was decided, the offer that was taken.

    took_ns: from the wish to its decision in the books.
    """

    row: Row
    decided: Decided
    took_ns: int
    taken: Offer | None = None
    loan: str = ""


@dataclass(frozen=True, slots=True)
class Played:
    """What happened."""

    told: list[Told] = field(default_factory=list)
    payments: Payments = field(default_factory=Payments)
    nights: list[date] = field(default_factory=list)


def play(books: OpenBooks, nights: Setting, county: County, story: Story, kit: KitNow, say: SayDay) -> Played:
    """Let the days pass from the first new application to the last night of the story."""
    played = Played()
    wishes = _by_day(people.new_applications(county, story.applications))
    events = _events_of(county, [row["party"] for rows in wishes.values() for row in rows])
    days = list(_days(min(wishes), story.through_on))
    for done, day in enumerate(days, start=1):
        with set_to(day):
            _receive(books, played.payments, day)
        for row in wishes.get(day, ()):
            with set_to(row["applied_at"]):
                told = _serve(books, county, row, events[row["party"]], kit)
            if told.loan:
                with books.read() as desk:
                    servicing.expect(played.payments, county, row["application"], desk.store.loan(told.loan))
            played.told.append(told)
        with set_to(day):
            played.nights.extend(close(nights, day, now()))
        say(day, done, len(days))
    return played


def _serve(books: OpenBooks, county: County, row: Row, events: pl.DataFrame, kit: KitNow) -> Told:
    """Serve one person who comes with a wish: from the party to the money."""
    at = now()
    with books.begin() as desk:
        party = people.take_up(desk, county, row, at)
        people.take_in_events(desk, party, events, at)
        application, request = people.apply_for(desk, party, row)
    start = stopwatch_ns()
    with books.begin() as desk:
        decided = decide(desk, application, request, kit(), OFFICER, at)
    took = stopwatch_ns() - start
    offer = lending.chosen(decided.offers, row)
    loan = lending.take(books, offer, row, at).id if offer else ""
    return Told(row, decided, took, offer, loan)


def _receive(books: OpenBooks, payments: Payments, day: date) -> None:
    for coming in payments.coming.pop(day, ()):
        with books.begin() as desk:
            servicing.receive(desk.store, payments, coming)


def _by_day(rows: Sequence[Row]) -> Mapping[date, Sequence[Row]]:
    found: dict[date, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["applied_on"]].append(row)
    return found


def _events_of(county: County, parties: Sequence[str]) -> Mapping[Any, pl.DataFrame]:
    wanted = county.events.filter(pl.col("party").is_in(parties))
    return {party: frame for (party,), frame in wanted.group_by("party", maintain_order=True)}


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
