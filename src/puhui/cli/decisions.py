"""`puhui decisions | why | letter | replay`: decisions listed, explained, told to the person, executed again.

Each reading of a sealed record is logged, with who reads and why.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from puhui.cli.books import acting
from puhui.cli.output import AsJson, print_json, say
from puhui.kernel.language import Text

if TYPE_CHECKING:
    from puhui.people.ports import Reading
    from puhui.storage.books import StoredBooks
    from puhui.workflows.letter import Letter

DecisionId = Annotated[
    str, typer.Argument(metavar="DECISION", help=Text("决定编号 decision_…", "a decision's id, decision_...").say())
]
Purpose = Annotated[
    str,
    typer.Option(
        "--purpose",
        help="origination | servicing | collection | complaint | audit | legal | subject_request",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("decisions", help=Text("列出审批决定", "list decisions").say())(decisions)
    app.command("why", help=Text("向审批人员解释一个决定", "explain a decision to an officer").say())(why)
    app.command("letter", help=Text("给本人的结果通知", "the letter to the person a decision is about").say())(letter)
    app.command("replay", help=Text("按当时的版本重新执行", "execute a decision again as of its day").say())(replay)


def decisions(
    application: Annotated[str, typer.Option("--application", help=Text("申请编号", "of one application").say())] = "",
    most: Annotated[int, typer.Option("--most", min=1, max=1000, help=Text("最多几条", "how many at most").say())] = 50,
    as_json: AsJson = False,
) -> None:
    """List decisions, the newest first; of one application, in order."""
    from puhui.cli.decisions_view import draw_decisions

    with _desk() as desk:
        if application:
            desk.applications.by_id(application)
        found = desk.decisions.of(application) if application else desk.decisions.recent(most)
    if as_json:
        print_json(
            [
                {
                    "decision": one.id,
                    "application": one.application,
                    "party": one.party,
                    "institution": one.institution,
                    "region": one.region,
                    "outcome": one.outcome,
                    "decided_at": one.decided_at.isoformat(),
                }
                for one in found
            ]
        )
    else:
        draw_decisions(found)


def why(decision: DecisionId, purpose: Purpose = "origination", as_json: AsJson = False) -> None:
    """Explain a decision: score, rules, limit, prices, plans, funders, and what would change it."""
    from puhui.cli.decisions_view import draw_why
    from puhui.workflows.replay import read_decision
    from puhui.workflows.why import why as explain

    with _desk() as desk:
        made = read_decision(desk, decision, _reading(purpose))
        offers = [one for one in desk.offers.of(made.decision.application) if one.decision == decision]
        found = explain(desk, made, offers)
    if as_json:
        print_json(found)
    else:
        draw_why(found)


def letter(
    decision: DecisionId,
    html: Annotated[
        str, typer.Option("--html", metavar="FILE", help=Text("写成可打印的网页", "write a page for print").say())
    ] = "",
    text: Annotated[bool, typer.Option("--text", help=Text("同时输出文字", "print the text too").say())] = False,
    purpose: Purpose = "subject_request",
    as_json: AsJson = False,
) -> None:
    """Write the letter, as text in both languages unless a page or JSON is asked for."""
    from pathlib import Path

    from puhui.workflows.letter_page import as_html, as_text

    with _desk() as desk:
        found = _letter(desk, decision, _reading(purpose))
    if html:
        Path(html).write_text(as_html(found), encoding="utf-8")
        say(Text(f"已写入 {html}", f"written to {html}").say())
    if as_json:
        print_json(found.as_dict())
    elif text or not html:
        say(as_text(found))


def _letter(desk: "StoredBooks", decision: str, reading: "Reading") -> "Letter":
    from puhui.workflows.letter import contact_of, letter_of
    from puhui.workflows.replay import judged_again, read_decision
    from puhui.workflows.why import change_of

    made = read_decision(desk, decision, reading)
    offers = [one for one in desk.offers.of(made.decision.application) if one.decision == decision]
    change = change_of(made, judged_again(desk, made.record))
    dossiers = desk.store.facts(made.decision.party)
    contact = contact_of(made.decision.institution)
    return letter_of(made.decision, made.record, change, offers=offers, dossiers=dossiers, contact=contact)


def replay(decision: DecisionId, purpose: Purpose = "audit", as_json: AsJson = False) -> None:
    """Execute a decision again; exit 0 where the same comes out, 1 where something differs."""
    from puhui.cli.decisions_view import draw_replay
    from puhui.workflows.replay import replay as execute_again

    with _desk() as desk:
        found = execute_again(desk, decision, _reading(purpose))
    if as_json:
        print_json(found.as_dict())
    else:
        draw_replay(found)
    if not found.identical:
        raise typer.Exit(1)


@contextmanager
def _desk() -> "Iterator[StoredBooks]":
    """Give the books, to read and to log the reading; the master key is asked for when something sealed is read."""
    from puhui.storage.books import OpenBooks
    from puhui.storage.database import connect
    from puhui.storage.people_master import Masters

    database = connect()
    try:
        with OpenBooks(database, Masters()).begin() as desk:
            yield desk
    finally:
        database.close()


def _reading(purpose: str) -> "Reading":
    from puhui.kernel.clock import now
    from puhui.kernel.ids import new_id
    from puhui.people.erase import reading_of

    return reading_of(acting(""), purpose, new_id("req"), now())
