"""`puhui plans`: three to five plans for a wish, side by side."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from puhui.cli.output import AsJson, AsOf, Hard, print_json, print_table, read_day, read_input, say
from puhui.kernel.language import Text

if TYPE_CHECKING:
    from puhui.products.design.choose import Design, Proposal

Amount = Annotated[str, typer.Option(metavar="YUAN", help=Text("价款或所需资金", "the price, or money needed").say())]
Region = Annotated[str, typer.Option(metavar="CODE", help=Text("行政区划代码", "the place, GB/T 2260").say())]
Income = Annotated[str, typer.Option(metavar="YUAN", help=Text("每月收入", "income of a month").say())]
Season = Annotated[
    str,
    typer.Option(
        metavar="MONTH=YUAN,...",
        help=Text("收入不同的月份，如 9=20000,10=25000", "months whose income differs, as 9=20000,10=25000").say(),
    ),
]
Cash = Annotated[str, typer.Option(metavar="YUAN", help=Text("手头现金", "cash in hand").say())]
Segment = Annotated[str, typer.Option(metavar="CODE", help=Text("客群", "who asks").say())]
Purpose = Annotated[str, typer.Option(metavar="CODE", help=Text("用途", "what for").say())]
Products = Annotated[
    list[str] | None, typer.Option("--product", metavar="ID", help=Text("只看这些产品", "only these products").say())
]
Rates = Annotated[
    list[str] | None,
    typer.Option("--rate", metavar="ID=RATE", help=Text("产品利率，默认最高", "rate of a product; the highest").say()),
]
Months = Annotated[int, typer.Option(metavar="N", help=Text("最长几个月还清，0 不限", "repaid within; 0: any").say())]
Stress = Annotated[str, typer.Option(metavar="RATE", help=Text("收入下降多少仍须还得起", "income may fall by").say())]
Share = Annotated[str, typer.Option(metavar="RATE", help=Text("还款占收入上限", "most of income for debts").say())]
Debts = Annotated[str, typer.Option(metavar="YUAN", help=Text("其他债务每月还款", "other debts a month").say())]
WishFile = Annotated[
    str, typer.Option("--file", metavar="FILE", help=Text("从 JSON 文件读取愿望", "a wish from a JSON file").say())
]


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command(
        "plans", help=Text("按金额、地区、收入和现金设计还款方案", "plans that fit an amount, a place, an income").say()
    )(plans_command)


def plans_command(
    amount: Amount = "",
    region: Region = "",
    income: Income = "",
    cash: Cash = "",
    season: Season = "",
    segment: Segment = "wage_earner",
    purpose: Purpose = "",
    product: Products = None,
    rate: Rates = None,
    months: Months = 0,
    stress: Stress = "",
    share: Share = "",
    other_debts: Debts = "",
    file: WishFile = "",
    as_of: AsOf = "",
    hard: Hard = None,
    as_json: AsJson = False,
) -> None:
    """Design plans for a wish; exit 2 when nothing fits, with what binds and what would fit."""
    from puhui.products.design.design import design
    from puhui.products.design.need import read_need

    if file:
        data = read_input(file)
    else:
        money = {"amount_minor": amount, "income_minor": income, "cash_minor": cash, "other_debts_minor": other_debts}
        data = {**_amounts(money), **_rates({"stress_ppm": stress, "share_ppm": share})}
        data |= {"region": region, "segment": segment, "products": product or [], "rates_ppm": _product_rates(rate)}
        data |= {"purpose": purpose} if purpose else {}
        data |= {"most_months": months} if months else {}
        if season:
            data["income_minor"] = _season(data.get("income_minor"), season)
    answer = design(read_need(data, read_day(as_of)), hard=hard or ())
    if as_json:
        print_json(answer.as_dict())
    else:
        draw_design(answer)


# --- reading ----------------------------------------------------------------------------------------


def _amounts(given: dict[str, str]) -> dict[str, Any]:
    from puhui.kernel.money import parse_minor

    # What is not said is left out, so that the record says which field is missing.
    return {name: parse_minor(text, field=_option(name)) for name, text in given.items() if text}


def _rates(given: dict[str, str]) -> dict[str, int]:
    from puhui.kernel.rates import parse_rate_ppm

    return {name: parse_rate_ppm(text, _option(name)) for name, text in given.items() if text}


def _option(name: str) -> str:
    return "--" + name.removesuffix("_minor").removesuffix("_ppm").replace("_", "-")


def _product_rates(rates: list[str] | None) -> dict[str, int]:
    from puhui.kernel.rates import parse_rate_ppm

    pairs = [text.partition("=") for text in rates or []]
    return {name.strip(): parse_rate_ppm(value, "--rate") for name, _, value in pairs}


def _season(flat_minor: int | None, season: str) -> list[int]:
    """Return the income of twelve months: the flat one, changed in the months of the season."""
    from puhui.kernel.money import parse_minor
    from puhui.kernel.refusals import INPUT_INVALID

    changed: dict[int, int] = {}
    for pair in season.split(","):
        month, _, value = pair.partition("=")
        if month.strip() not in {str(number) for number in range(1, 13)} or int(month) in changed:
            problem = Text(f"--season 写作 9=20000,10=25000：{pair}", f"--season: write 9=20000,10=25000, not {pair}")
            raise INPUT_INVALID.refuse("--season", problem=problem)
        changed[int(month)] = parse_minor(value, field="--season")
    if flat_minor is None and len(changed) < 12:
        problem = Text("未给 --income 时 --season 须写全 12 个月", "--season needs all 12 months without --income")
        raise INPUT_INVALID.refuse("--season", problem=problem)
    return [changed.get(month, flat_minor or 0) for month in range(1, 13)]


# --- drawing ----------------------------------------------------------------------------------------


def draw_design(answer: "Design") -> None:
    """Draw the plans side by side, what binds them, and the products left out."""
    from rich import box
    from rich.table import Table

    from puhui.kernel.money import format_minor
    from puhui.kernel.places import full_name
    from puhui.kernel.rates import format_rate
    from puhui.products.words import SEGMENTS

    need = answer.need
    parts = [full_name(need.region), SEGMENTS[need.segment].say(), format_minor(need.amount_minor)]
    parts += [Text(f"现金 {format_minor(need.cash_minor)}", f"cash {format_minor(need.cash_minor)}").say()]
    table = Table(title=" · ".join(parts), title_justify="left", box=box.SIMPLE_HEAD, header_style="bold")
    table.add_column("")
    for number, _ in enumerate(answer.proposals, start=1):
        table.add_column(Text(f"方案 {number}", f"plan {number}").say(), justify="right", no_wrap=True)
    for heading, cells in _lines(answer):
        table.add_row(heading.say(), *cells)
    print_table(table)
    stress, share = format_rate(need.stress_ppm), format_rate(need.share_ppm)
    zh = f"每期都不超过当月收入下降 {stress} 后的 {share}（含其他债务）；未给利率的产品按最高利率计算，只会更低。"
    en = (
        f"Every instalment, other debts included, is within {share} of the income of its month after a fall of "
        f"{stress}; without a rate given, the highest of the product counts."
    )
    say(Text(zh, en).say())
    for rule, title in _open_rules(answer).items():
        say(Text(f"放款时再查 {rule} {title.zh}", f"at the decision: {rule} {title.en}").say())
    for one in answer.left_out if need.products else ():
        say(Text(f"未列入 {one.title.zh}：{one.why.zh}", f"left out {one.title.en}: {one.why.en}").say())
    if answer.left_out and not need.products:
        names = Text("、", ", ").say().join(one.title.say() for one in answer.left_out)
        say(Text(f"不适用的产品：{names}（用 --product 看原因）", f"left out: {names} (--product says why)").say())


def _lines(answer: "Design") -> list[tuple[Text, list[str]]]:
    from puhui.kernel.money import format_minor
    from puhui.kernel.rates import format_rate
    from puhui.products.design.choose import GOALS
    from puhui.products.kinds import KINDS

    plans = answer.proposals

    def money(name: str) -> list[str]:
        return [format_minor(getattr(plan, name)) for plan in plans]

    def cost(name: str) -> list[str]:
        return [format_rate(getattr(plan.cost.borrower or plan.cost.contract, name)) for plan in plans]

    titles = [[GOALS[goal].title.say() for goal in plan.goals] for plan in plans]
    most = max(map(len, titles))
    lines = [
        (
            Text("最适合", "best at") if row == 0 else Text("", ""),
            [each[row] if row < len(each) else "" for each in titles],
        )
        for row in range(most)
    ]
    return [
        *lines,
        (Text("产品", "product"), [plan.definition.name.say() for plan in plans]),
        (Text("还款方式", "method"), [KINDS[plan.plan.terms.method].title.say() for plan in plans]),
        (Text("首付或自付", "paid from own money"), money("own_minor")),
        (Text("首日须备现金", "cash needed"), money("cash_minor")),
        (Text("贷款", "lent"), money("lent_minor")),
        (Text("期数", "instalments"), [str(plan.plan.terms.instalments) for plan in plans]),
        (Text("还清（月）", "months"), [str(plan.months) for plan in plans]),
        (Text("单月最多应还", "most in a month"), money("dearest_minor")),
        (Text("总成本", "total cost"), money("cost_minor")),
        (Text("合同年利率", "contract rate"), [format_rate(plan.plan.terms.annual_rate_ppm) for plan in plans]),
        (Text("年化 单利 IRR×12", "a year, IRR x 12"), cost("irr_x12_ppm")),
        (Text("年化 复利", "a year, effective"), cost("effective_ppm")),
        (Text("年化 按日 XIRR", "a year, XIRR"), cost("xirr_365_ppm")),
        (Text("收入还可下降", "income may fall"), [_fall(plan) for plan in plans]),
        (Text("规则通过", "rules passed"), [str(plan.rules[0].passed) for plan in plans]),
        (Text("警示", "warned"), [str(len(plan.rules[0].warned)) for plan in plans]),
    ]


def _fall(plan: "Proposal") -> str:
    from puhui.kernel.rates import format_rate

    return "—" if plan.fit.fall_ppm is None else format_rate(plan.fit.fall_ppm // 10_000 * 10_000)


def _open_rules(answer: "Design") -> dict[str, Text]:
    return {finding.rule_id: finding.title for plan in answer.proposals for finding in plan.rules[0].at_decision}
