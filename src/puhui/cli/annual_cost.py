"""`puhui annual-cost`, `puhui flat`: the true annual cost of flows, and of an advertised flat rate."""

from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from puhui.cli.output import AsJson, InputFile, print_json, print_table, read_input, say
from puhui.kernel.language import Text

if TYPE_CHECKING:
    from puhui.products.flat import FlatCost, Per

LARGEST_SHOWN = 1e6

Rate = Annotated[
    str,
    typer.Argument(
        metavar="RATE",
        help=Text("广告费率，如 2.5%；加 --inverse 时为真实年化上限", "the advertised rate, as 2.5%").say(),
    ),
]
Instalments = Annotated[int, typer.Option(help=Text("月供期数", "monthly instalments").say())]
Collected = Annotated[
    str | None,
    typer.Option(
        "--collect", metavar="each|first|deducted", help=Text("收取方式，默认三种都列", "only this way").say()
    ),
]
By = Annotated[
    str,
    typer.Option(
        "--per", metavar="year|total|instalment", help=Text("费率口径：每年、合计、每期", "what the rate is by").say()
    ),
]
Inverse = Annotated[
    bool,
    typer.Option("--inverse", help=Text("反求不超过该真实年化的最大平息费率", "largest flat rate within RATE").say()),
]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("annual-cost", help=Text("由现金流算出年化成本", "annual cost of flows, by a convention").say())(
        annual_cost_command
    )
    app.command("flat", help=Text("把“平息”费率翻译成真实年化成本", "a flat fee as true annual cost").say())(
        flat_command
    )


def annual_cost_command(file: InputFile, as_json: AsJson = False) -> None:
    """Print the annual cost of the flows in FILE by its convention."""
    from puhui.products.annual_cost import CONVENTIONS, annual_cost_case

    answer = annual_cost_case(read_input(file))
    if as_json:
        print_json(answer)
        return
    name = answer["convention"]
    shown, text = _percent(answer["rate"]), CONVENTIONS[name].text
    say(Text(f"年化成本 {shown}（{name}：{text.zh}）", f"annual cost {shown} ({name}: {text.en})").say())
    if "other_rates" in answer:
        others = ", ".join(map(_percent, answer["other_rates"]))
        say(
            Text(
                f"现金流多次变号，另有解：{others}。以上取最小的非负解（全为负时取最大的）。",
                f"the flows change sign several times and have other rates too: {others}. Shown above is the "
                "smallest that is not negative (the greatest when all are).",
            ).say()
        )


def flat_command(
    rate: Rate,
    instalments: Instalments,
    collect: Collected = None,
    per: By = "year",
    inverse: Inverse = False,
    as_json: AsJson = False,
) -> None:
    """Print the advertised flat RATE beside the true annual cost, for each way of collecting the fee."""
    from puhui.kernel.inputs import one_of
    from puhui.kernel.rates import parse_rate_ppm
    from puhui.products.flat import COLLECTS, PERS, translate, translate_all

    one_of("per", per, PERS)
    by = cast("Per", per)
    if collect is not None:
        one_of("collect", collect, COLLECTS)
    if inverse:
        _inverse(rate, instalments, collect, by, as_json)
        return
    flat_ppm = parse_rate_ppm(rate, "rate")
    costs = (
        translate_all(flat_ppm, instalments, by)
        if collect is None
        else [translate(flat_ppm, instalments, cast("Any", collect), by)]
    )
    if as_json:
        results = [cost.as_dict() for cost in costs]
        print_json({"flat_ppm": flat_ppm, "instalments": instalments, "per": per, "results": results})
    else:
        _draw_flat(flat_ppm, instalments, by, costs)


def _draw_flat(flat_ppm: int, instalments: int, per: "Per", costs: "list[FlatCost]") -> None:
    from rich import box
    from rich.table import Table

    from puhui.kernel.rates import format_rate
    from puhui.products.flat import COLLECTS, PERS

    flat, by = format_rate(flat_ppm), PERS[per]
    title = Text(
        f"广告：按原始本金{by.zh} {flat}，分 {instalments} 期",
        f"advertised: {flat} of the original principal {by.en}, {instalments} instalments",
    )
    table = Table(title=title.say(), title_justify="left", header_style="bold", box=box.SIMPLE_HEAD)
    table.add_column(Text("手续费收取方式", "the fee is collected").say(), no_wrap=True)
    for heading in (
        Text("真实年化（单利 IRR×12）", "true annual cost (IRR x 12)"),
        Text("复利年化", "effective"),
    ):
        table.add_column(heading.say(), justify="right", no_wrap=True)
    for cost in costs:
        table.add_row(COLLECTS[cost.collect].say(), *map(_four_decimals, (cost.irr_x12_ppm, cost.effective_ppm)))
    print_table(table)
    first = costs[0]
    if first.irr_x12_ppm is None or first.effective_ppm is None:
        return
    nominal, effective = format_rate(first.irr_x12_ppm), format_rate(first.effective_ppm)
    way = COLLECTS[first.collect]
    say(
        Text(
            f"说是{by.zh} {flat}；本金逐期归还而费用仍按原始本金计收（{way.zh}），真实年化成本是 {nominal}"
            f"（单利），复利 {effective}。",
            f"It says {flat} {by.en}; but the principal is repaid month by month while the fee stays on all of it "
            f"({way.en}): the true annual cost is {nominal}, effective {effective}.",
        ).say()
    )


def _inverse(rate: str, instalments: int, collect: str | None, per: "Per", as_json: bool) -> None:
    from puhui.kernel.rates import format_rate, parse_rate_ppm
    from puhui.products.flat import COLLECTS, PERS, inverse

    ceiling_ppm = parse_rate_ppm(rate, "rate")
    ways = [collect] if collect else list(COLLECTS)
    found = {way: inverse(ceiling_ppm, instalments, cast("Any", way), per, "down") for way in ways}
    if as_json:
        results = [{"collect": way, "flat_ppm": flat_ppm} for way, flat_ppm in found.items()]
        print_json({"ceiling_ppm": ceiling_ppm, "instalments": instalments, "per": per, "results": results})
        return
    for way, flat_ppm in found.items():
        shown, name, by = format_rate(flat_ppm), COLLECTS[way], PERS[per]
        ceiling = format_rate(ceiling_ppm)
        say(
            Text(
                f"{name.zh}：真实年化（单利）不超过 {ceiling}，分 {instalments} 期，平息费率{by.zh}至多 {shown}",
                f"{name.en}: within {ceiling} (IRR x 12), {instalments} instalments, at most {shown} {by.en}",
            ).say()
        )


def _four_decimals(ppm: int | None) -> str:
    return "—" if ppm is None else f"{ppm // 10_000:,}.{ppm % 10_000:04d}%"


def _percent(rate: float) -> str:
    return f"{rate:.4%}" if abs(rate) < LARGEST_SHOWN else f"{rate:.6e}"
