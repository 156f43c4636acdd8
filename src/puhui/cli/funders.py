"""`puhui funders list | check | route`: who lends, whether their definitions hold, and whom a plan goes to."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from puhui.cli.output import AsJson, InputFile, print_json, print_table, read_input, say
from puhui.kernel.language import Text

if TYPE_CHECKING:
    from puhui.funding.application import Used
    from puhui.funding.definition_fields import Funder
    from puhui.funding.routing import Routing

Folder = Annotated[
    str,
    typer.Option(
        "--funders",
        metavar="DIR",
        help=Text("资金方定义文件夹，默认随附加本机构", "folder of funders; the shipped and the house's own").say(),
    ),
]
UsedFile = Annotated[
    str,
    typer.Option(
        "--used",
        metavar="FILE",
        help=Text("各资金方已用额度的 JSON；不给则按尚未使用", "JSON of what is used; without it, nothing is").say(),
    ),
]
At = Annotated[
    str,
    typer.Option("--at", metavar="YYYY-MM-DDTHH:MM", help=Text("北京时间，默认现在", "Beijing time; now").say()),
]
Refused = Annotated[
    list[str] | None,
    typer.Option("--refused", metavar="ID", help=Text("已拒绝的资金方", "a funder that has refused").say()),
]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(
        no_args_is_help=True, help=Text("资金方：有哪些，路由到谁", "funders: who they are, whom a plan goes to").say()
    )
    group.command("list", help=Text("列出资金方", "list the funders").say())(list_command)
    group.command("check", help=Text("校验资金方定义", "validate definitions").say())(check_command)
    group.command("route", help=Text("一笔申请交给谁，为什么", "whom an application goes to, and why").say())(
        route_command
    )
    app.add_typer(group, name="funders")


def list_command(folder: Folder = "", as_json: AsJson = False) -> None:
    """List the funders."""
    funders = _funders(folder)
    if as_json:
        print_json([funder.model_dump(mode="json") for funder in funders.values()])
    else:
        draw_list(funders)


def check_command(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE|DIR]...", help=Text("文件或文件夹；不写则为全部", "files or folders; all without any").say()
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Validate funder definitions; exit 2 at the first that is malformed, naming file and field."""
    found = _chosen(names or [])
    asked = {funder.id: sorted({one.fact for one in funder.criteria}) for funder in found}
    if as_json:
        print_json({"ok": True, "funders": [{"id": name, "asks": facts} for name, facts in asked.items()]})
        return
    for funder in found:
        facts = ", ".join(asked[funder.id]) or "-"
        say(
            Text(
                f"✓ {funder.name.zh}（{funder.id}）需要：{facts}", f"✓ {funder.name.en} ({funder.id}) asks: {facts}"
            ).say()
        )


def route_command(
    file: InputFile,
    folder: Folder = "",
    used: UsedFile = "",
    at: At = "",
    refused: Refused = None,
    as_json: AsJson = False,
) -> None:
    """Route one application; exit 1 when no funder can take it."""
    from puhui.funding.application import read_application
    from puhui.funding.definition import funder_of
    from puhui.funding.routing import Market, route

    funders = _funders(folder)
    for name in refused or []:
        funder_of(name, funders)
    market = Market(_instant(at), _used(used, funders))
    application = read_application(read_input(file), market.as_of)
    routing = route(application, funders, market, refused or ())
    if as_json:
        print_json({**routing.as_dict(), "used_given": bool(used)})
    else:
        draw_routing(routing)
        if not used:
            said = Text(
                "未给出已用额度：按各家今日及累计均未使用计算。", "No usage given: every quota counts as unused."
            )
            say(said.say())
    if routing.chosen is None:
        raise typer.Exit(1)


# --- reading ----------------------------------------------------------------------------------------


def _funders(folder: str) -> "dict[str, Funder]":
    from puhui.funding.definition import funders_here, load_funders

    return load_funders(Path(folder)) if folder else funders_here()


def _chosen(names: list[str]) -> "list[Funder]":
    from puhui.funding.definition import load_funder, load_funders

    found: list[Funder] = [] if names else list(_funders("").values())
    for name in names:
        path = Path(name)
        found += load_funders(path).values() if path.is_dir() else [load_funder(path)]
    return found


def _instant(text: str) -> datetime:
    from puhui.kernel.clock import CHINA, now
    from puhui.kernel.refusals import INPUT_INVALID

    if not text:
        return now()
    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        problem = Text(f"--at 写作 2026-11-24T10:30：{text}", f"--at: write 2026-11-24T10:30, not {text}")
        raise INPUT_INVALID.refuse("--at", problem=problem) from None
    return said if said.tzinfo is not None else said.replace(tzinfo=CHINA)


def _used(file: str, funders: "dict[str, Funder]") -> "dict[str, Used]":
    from puhui.funding.application import NOTHING_USED, read_used

    return read_used(read_input(file)) if file else dict.fromkeys(funders, NOTHING_USED)


# --- drawing ----------------------------------------------------------------------------------------


def draw_list(funders: "dict[str, Funder]") -> None:
    """Draw the funders: what they are, where, at what rate, under which quotas."""
    from rich import box
    from rich.table import Table

    from puhui.kernel.money import format_minor
    from puhui.kernel.places import full_name
    from puhui.kernel.rates import PPM, format_rate
    from puhui.rulebook.vocabulary import LENDERS

    table = Table(box=box.SIMPLE_HEAD, header_style="bold")
    table.add_column(Text("资金方", "funder").say(), no_wrap=True)
    table.add_column(Text("机构", "what it is").say())
    table.add_column(Text("地区", "where").say())
    for heading in (
        Text("利率", "rate"), Text("自身出资", "own share"), Text("日额度", "a day"), Text("总额度", "in all"),
        Text("截止", "cut-off"),
    ):  # fmt: skip
        table.add_column(heading.say(), justify="right", no_wrap=True)
    for funder in funders.values():
        where = "、".join(map(full_name, funder.regions)) or Text("全国", "everywhere").say()
        rates = sorted({funder.rate_of(product) for product in funder.products})
        shown = format_rate(rates[0]) if len(rates) == 1 else f"{format_rate(rates[0])}–{format_rate(rates[-1])}"
        share = format_rate(PPM - (funder.joint.partner_share_ppm if funder.joint else 0))
        quotas = [format_minor(funder.quota.day_minor), format_minor(funder.quota.total_minor)]
        table.add_row(
            f"{funder.name.say()}\n{funder.id}", LENDERS[funder.lender].name.say(), where, shown, share, *quotas,
            funder.cut_off or "—",
        )  # fmt: skip
    print_table(table)


def draw_routing(routing: "Routing") -> None:
    """Draw every funder with its verdict, all-in cost and reasons."""
    from rich import box
    from rich.table import Table

    from puhui.funding.routing import OUTCOMES
    from puhui.kernel.money import format_minor
    from puhui.kernel.rates import format_rate

    table = Table(title=routing.application.id, title_justify="left", box=box.SIMPLE_HEAD, header_style="bold")
    for heading in (Text("资金方", "funder"), Text("结论", "verdict")):
        table.add_column(heading.say(), no_wrap=True)
    for heading in (Text("综合年化", "all-in a year"), Text("总成本", "total cost")):
        table.add_column(heading.say(), justify="right", no_wrap=True)
    table.add_column(Text("理由", "why").say())
    for verdict in routing.verdicts:
        offer = verdict.offer
        figures = [format_rate(offer.all_in.irr_x12_ppm), format_minor(offer.cost_minor)] if offer else ["—", "—"]
        why = "\n".join(reason.text.say() for reason in verdict.reasons)
        table.add_row(verdict.funder.name.say(), OUTCOMES[verdict.outcome].say(), *figures, why)
    print_table(table)
    chosen = routing.chosen
    if chosen is not None and chosen.offer is not None and len(chosen.offer.shares) > 1:
        parts = [f"{share.party} {format_minor(share.amount_minor)}" for share in chosen.offer.shares]
        say(Text("出资：", "shares: ").say() + " · ".join(parts))
