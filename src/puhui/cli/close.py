"""`puhui close`: close the business day, and every day before it that is still open."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

import typer

from puhui.cli.output import AsJson, print_json, read_day, say
from puhui.kernel.language import Text

Day = Annotated[
    str,
    typer.Option(
        "--date",
        metavar="YYYY-MM-DD",
        help=Text("关到哪一天，默认昨天", "the day to close through; yesterday unless given").say(),
    ),
]
Rebuild = Annotated[
    bool,
    typer.Option(
        "--rebuild",
        help=Text("不用上一日快照，由账本重建", "do not use the last snapshot: read all loans from the books").say(),
    ),
]


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("close", help=Text("日终：关账到某一天", "close the day: the night").say())(close_command)


def close_command(day: Day = "", rebuild: Rebuild = False, as_json: AsJson = False) -> None:
    """Close every open day through a day; exit 1 when the books of one do not reconcile."""
    from puhui.batch.report import night_report
    from puhui.batch.setting import say_nothing
    from puhui.composition.nights import close_through
    from puhui.storage.database import connect

    database = connect()
    try:
        closed = close_through(database, _day(day), rebuild=rebuild, say=say_nothing if as_json else _progress())
        with database.read() as store:
            reports = [night_report(store, each) for each in closed]
    finally:
        database.close()
    if as_json:
        print_json({"closed": reports})
    else:
        _tell(closed, reports)
    if not all(report["reconciliation"]["sound"] for report in reports):
        raise typer.Exit(1)


def _day(text: str) -> date:
    from datetime import timedelta

    return read_day(text, "--date") if text else read_day("", "--date") - timedelta(days=1)


def _progress() -> Callable[[date, str, int, int], None]:
    """Return what draws a line on standard error while a person waits, and nothing where nobody looks."""
    import sys

    from puhui.batch.setting import say_nothing

    if not sys.stderr.isatty():
        return say_nothing

    def draw(day: date, step: str, done: int, of: int) -> None:
        share = f"{min(done, of):,}/{of:,}"
        print(f"\r\033[K{day} {step} {share}", end="", file=sys.stderr, flush=True)  # noqa: T201

    return draw


def _tell(closed: list[date], reports: list[Any]) -> None:
    if not closed:
        say(Text("没有需要关账的日子。", "Every day is closed already.").say())
        return
    for report in reports:
        loans, aside = report["loans"]["all"], len(report["set_aside"])
        mark = "✓" if report["reconciliation"]["sound"] else "✗"
        line = Text(
            f"{mark} {report['night_of']} 已关账：{loans:,} 笔，搁置 {aside} 笔",
            f"{mark} {report['night_of']} closed: {loans:,} loans, {aside} set aside",
        )
        say(line.say())
