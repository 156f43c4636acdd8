"""`puhui night-report DAY`: what a night did, as text, as JSON, as a page with charts."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from puhui.cli.books import reading
from puhui.cli.output import AsJson, print_json, print_table, read_day, say
from puhui.kernel.language import Text

if TYPE_CHECKING:
    from rich.table import Table

Day = Annotated[str, typer.Argument(metavar="DAY", help=Text("哪一天，YYYY-MM-DD", "the day, YYYY-MM-DD").say())]
Html = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", help=Text("写成带图表的网页", "write a page with charts").say()),
]


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("night-report", help=Text("日终报告", "what a night did").say())(night_report_command)


def night_report_command(day: Day, html: Html = None, as_json: AsJson = False) -> None:
    """Show the report of a closed day; exit 1 when its books do not reconcile."""
    from puhui.batch.report import night_report

    with reading() as store:
        report = night_report(store, read_day(day, "DAY"))
    if html is not None:
        from puhui.batch.report_page import as_html

        html.write_text(as_html(report), encoding="utf-8")
    if as_json:
        print_json(report)
    elif html is not None:
        say(Text(f"已写入 {html}", f"wrote {html}").say())
    else:
        draw(report)
    if not report["reconciliation"]["sound"]:
        raise typer.Exit(1)


def draw(report: dict[str, Any]) -> None:
    """Draw the report for a person at a terminal."""
    from puhui.kernel.money import format_minor

    _headline(report)
    for name, amount in _amounts(report):
        say(f"  {name.say()}  {format_minor(amount)}")
    print_table(_by(Text("逾期分档", "delinquency"), report["buckets"], _bucket_names()))
    if report["moves"]:
        print_table(_moves(report["moves"]))
    print_table(_by(Text("五级分类", "risk category"), report["categories"], _class_names()))
    print_table(_by(Text("减值阶段", "stage"), report["stages"], _stage_names()))
    for each in report["set_aside"]:
        say(Text(f"✗ 搁置 {each['loan']}：{each['problem']}", f"✗ set aside {each['loan']}: {each['problem']}").say())
    for each in report["reconciliation"].get("differences", []):
        said = f"{format_minor(each['sub_ledger_minor'])} ≠ {format_minor(each['general_ledger_minor'])}"
        say(f"✗ {each['account']} {each['institution']} {each['product']} {each['region']} {each['funder']}  {said}")


def _headline(report: dict[str, Any]) -> None:
    from puhui.batch.report_page import PENDING, SOUND, UNSOUND

    reconciliation = report["reconciliation"]
    state = SOUND if reconciliation["sound"] else UNSOUND if "balances" in reconciliation else PENDING
    mark = "✓" if reconciliation["sound"] else "✗"
    loans = report["loans"]["active"]
    line = Text(
        f"{mark} {report['night_of']} 日终：在贷 {loans:,} 笔，{state.zh}",
        f"{mark} night of {report['night_of']}: {loans:,} active loans, {state.en}",
    )
    say(line.say())


def _amounts(report: dict[str, Any]) -> list[tuple[Text, int]]:
    from puhui.batch.report_page import ACCRUED

    found = [(ACCRUED[name], amount) for name, amount in report["accrued"].items() if amount]
    found.append((Text("减值损失", "impairment loss"), report["provisions"]["charged_minor"]))
    found.append((Text("逾期本金", "past-due principal"), report["past_due_principal_minor"]))
    return found


def _by(title: Text, parts: list[dict[str, Any]], names: dict[str, Text]) -> "Table":
    from puhui.kernel.money import format_minor

    table = _table(title, (Text("笔数", "loans"), Text("本金", "principal"), Text("预期损失", "expected loss")))
    for part in parts:
        if part["loans"]:
            name = names.get(part["code"], Text(part["code"], part["code"])).say()
            amounts = (format_minor(part[key]) for key in ("principal_minor", "expected_loss_minor"))
            table.add_row(name, f"{part['loans']:,}", *amounts)
    return table


def _moves(moves: list[dict[str, Any]]) -> "Table":
    from puhui.batch.report_page import NEW
    from puhui.kernel.money import format_minor

    names = _bucket_names()
    table = _table(Text("换档", "moved"), (Text("到", "to"), Text("笔数", "loans"), Text("本金", "principal")))
    for move in moves:
        before = names[move["from"]] if move["from"] else NEW
        amount = format_minor(move["principal_minor"])
        table.add_row(before.say(), names[move["to"]].say(), f"{move['loans']:,}", amount)
    return table


def _table(title: Text, heads: tuple[Text, ...]) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(header_style="bold", box=box.SIMPLE_HEAD)
    table.add_column(title.say(), no_wrap=True)
    for head in heads:
        table.add_column(head.say(), justify="right", no_wrap=True)
    return table


def _bucket_names() -> dict[str, Text]:
    from puhui.risk.delinquency import BUCKETS

    return {bucket.code: bucket.title for bucket in BUCKETS}


def _class_names() -> dict[str, Text]:
    from puhui.rulebook.metrics import CLASS_NAMES

    return dict(CLASS_NAMES)


def _stage_names() -> dict[str, Text]:
    from puhui.batch.report_page import STAGE_NAMES

    return STAGE_NAMES
