"""All steps of the demonstration in order, each told as it begins, moves and ends."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, closing
from datetime import date
from typing import Any, Protocol

from puhui.batch.report import night_report
from puhui.composition.kit import Kits
from puhui.composition.nights import night_setting
from puhui.credit.county import make_county
from puhui.demo import home
from puhui.demo.page import as_html
from puhui.demo.result import result_of
from puhui.demo.run import play
from puhui.demo.story import Story
from puhui.demo.training import train_models
from puhui.kernel.clock import stopwatch_ns
from puhui.kernel.language import Text
from puhui.storage.books import OpenBooks
from puhui.storage.people_master import Masters


class Steps(Protocol):
    """Who is told how far it has come."""

    def step(self, name: Text) -> AbstractContextManager[None]:
        """Tell that a step begins, and, when the block ends, that it is done."""
        ...

    def moved(self, what: str, done: int, of: int) -> None:
        """Tell how far a step has come."""
        ...


def make_demo(story: Story, steps: Steps) -> Mapping[str, Any]:
    """Play the story in the home folder from nothing; return its result, kept there with its page.

    Refuses DEMO_HOME_TAKEN.
    """
    with closing(home.prepared()) as database:
        books, nights = OpenBooks(database, Masters()), night_setting(database)
        with steps.step(Text("造一个模拟县", "a simulated county is made")):
            county = make_county(story.county)
        with steps.step(
            Text("用往年贷款训练三种模型，二人批准", "three models learn from its past; two people approve")
        ):
            models = train_models(county, lambda: stopwatch_ns() / 1e9)
        with steps.step(Text("受理、决策、放款、还款、日终", "apply, decide, lend, repay, close each day")):
            played = play(books, nights, county, story, Kits(), _day(steps))
        with steps.step(Text("汇总并画图", "figures and pictures")):
            with database.read() as store:
                night = night_report(store, played.nights[-1])
            result = result_of(story, county, models, played, night)
            home.keep(result, as_html(result))
    return result


def _day(steps: Steps) -> Any:
    def say(day: date, done: int, of: int) -> None:
        steps.moved(day.isoformat(), done, of)

    return say
