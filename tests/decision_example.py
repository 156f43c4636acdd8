"""Decisions for tests: a case of each outcome of the simulated county, taken in and decided in books."""

from functools import cache

from county_example import events_by_party, kit, new_cases
from puhui.people.ports import Reading
from puhui.workflows.applications import Application, receive
from puhui.workflows.apply import decide_application
from puhui.workflows.dossiers import take_in
from puhui.workflows.judge import judge

OFFICER = "officer_1"
COUNT = 30


@cache
def judged():
    """Return the first cases of the county with their judgements."""
    return [(case, judge(case, events_by_party()[case.party], kit())) for case in new_cases(COUNT)]


@cache
def one_of(outcome, *reasons):
    """Return a case that is judged so, for these reasons where some are named."""
    return next(
        case
        for case, found in judged()
        if found.outcome == outcome and (not reasons or set(found.reasons) == set(reasons))
    )


def reading(case, purpose="test"):
    return Reading(OFFICER, purpose, "request_1", case.at)


def received(books, case):
    """Take the application and what is known of its party in."""
    application = Application(
        *(case.application, case.party, case.institution, case.region, "auto_new", "received"),
        {"amount_minor": case.amount_minor},
        case.at,
    )
    with books.begin() as desk:
        receive(desk.store, desk.applications, application, OFFICER)
        take_in(desk.store, desk.dossiers, case.party, events_by_party()[case.party], OFFICER, case.at)


def decided(books, case, with_kit=None):
    """Take in and decide a case; return what was decided."""
    received(books, case)
    with books.begin() as desk:
        return decide_application(desk, case, with_kit or kit(), OFFICER)
