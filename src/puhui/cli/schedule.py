"""`puhui schedule`, `puhui solve`, `puhui schema`: plans, inverse questions, published schemas."""

from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import typer

from puhui.cli.output import AsJson, InputFile, print_json, print_table, read_input, say
from puhui.kernel.language import Text

if TYPE_CHECKING:
    from puhui.products.annual_cost_plan import PlanCost
    from puhui.products.plan import Plan


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command(
        "schedule", help=Text("由贷款条件算出还款计划和真实年化成本", "plan and true annual cost of terms").say()
    )(schedule_command)
    app.command("solve", help=Text("由想要的期供反求本金、期限、利率或首付", "what fits a wished instalment").say())(
        solve_command
    )
    app.command("schema", help=Text("输出 JSON Schema", "print a published JSON Schema").say())(schema_command)


def schedule_command(file: InputFile, as_json: AsJson = False) -> None:
    """Print the plan of the terms in FILE."""
    from puhui.products.annual_cost_plan import plan_cost
    from puhui.products.schedule import schedule
    from puhui.products.terms import read_terms

    plan = schedule(read_terms(read_input(file)))
    cost = plan_cost(plan)
    if as_json:
        print_json(plan_as_dict(plan, cost))
    else:
        draw_plan(plan, cost)


def plan_as_dict(plan: "Plan", cost: "PlanCost") -> dict[str, Any]:
    """Return instalments, totals, charges and annual cost, as the JSON of `puhui schedule`."""
    names = [name for name in plan.rows[0]._fields if name != "subsidy_minor" or plan.terms.subsidy]
    return {
        "instalments": [{name: getattr(row, name) for name in names} for row in plan.rows],
        "totals": plan.totals(),
        "charges": [
            {"name": c.name, "payee": c.payee, "collect": c.collect, "amount_minor": c.amount_minor}
            for c in plan.charges
        ],
        "annual_cost": cost.as_dict(),
    }


def draw_plan(plan: "Plan", cost: "PlanCost") -> None:
    """Draw the plan: rows, a subtotal a year, totals, and the three figures of annual cost."""
    from rich import box
    from rich.table import Table

    from puhui.kernel.money import format_minor
    from puhui.kernel.rates import format_rate
    from puhui.products.kinds import KINDS

    digits = plan.terms.currency_digits
    subsidised = plan.terms.subsidy is not None
    title = (
        f"{KINDS[plan.terms.method].title.say()} · {format_minor(plan.terms.principal_minor, digits)} · "
        + Text(
            f"合同年利率 {format_rate(plan.terms.annual_rate_ppm)}",
            f"contract rate {format_rate(plan.terms.annual_rate_ppm)} a year",
        ).say()
    )
    table = Table(title=title, title_justify="left", header_style="bold", box=box.SIMPLE_HEAD)
    for heading in (Text("期", "n"), Text("到期日", "due")):
        table.add_column(heading.say(), justify="right", no_wrap=True)
    amounts = [Text("本金", "principal"), Text("利息", "interest"), Text("费用", "fees"), Text("应还", "total")]
    for heading in [*amounts, *([Text("贴息", "subsidy")] if subsidised else []), Text("剩余本金", "balance")]:
        table.add_column(heading.say(), justify="right", no_wrap=True)
    years = sorted({row.due_on.year for row in plan.rows})
    for year in years:
        rows = [row for row in plan.rows if row.due_on.year == year]
        for row in rows:
            cells = [*_sums([row], subsidised), row.outstanding_principal_minor]
            table.add_row(str(row.n), row.due_on.isoformat(), *(format_minor(cell, digits) for cell in cells))
        if len(years) > 1:
            sums = [format_minor(cell, digits) for cell in _sums(rows, subsidised)]
            table.add_row("", Text(f"{year} 年小计", f"{year}").say(), *sums, "", style="dim", end_section=True)
    sums = [format_minor(cell, digits) for cell in _sums(list(plan.rows), subsidised)]
    table.add_row("", Text("合计", "sum").say(), *sums, "", style="bold")
    print_table(table)
    _say_costs(plan, cost)


def _sums(rows: list[Any], subsidised: bool) -> list[int]:
    names = ["principal_minor", "interest_minor", "fee_minor", "total_minor"]
    return [sum(getattr(row, name) for row in rows) for name in [*names, *(["subsidy_minor"] if subsidised else [])]]


def _say_costs(plan: "Plan", cost: "PlanCost") -> None:
    from puhui.kernel.calendar import is_known
    from puhui.kernel.money import format_minor
    from puhui.kernel.rates import format_rate

    digits, totals = plan.terms.currency_digits, plan.totals()

    def money(name: str) -> str:
        return format_minor(totals[name], digits)

    if totals["upfront_fee_minor"]:
        zh = f"放款时费用 {money('upfront_fee_minor')}，实际到手 {money('received_minor')}"
        say(Text(zh, f"fees at disbursement {money('upfront_fee_minor')}, received {money('received_minor')}").say())
    say(Text(f"全部成本（利息和费用） {money('cost_minor')}", f"all costs {money('cost_minor')}").say())
    tracks = [(Text("真实年化成本", "true annual cost"), cost.contract)]
    if cost.borrower is not None:
        tracks.append((Text("贴息后由借款人承担", "after subsidy, for the borrower"), cost.borrower))
    for name, track in tracks:
        irr, effective = format_rate(track.irr_x12_ppm), format_rate(track.effective_ppm)
        xirr = format_rate(track.xirr_365_ppm)
        zh = f"{name.zh}：近似折算年化利率（单利） {irr} · 复利年化 {effective} · 按日 XIRR {xirr}"
        say(Text(zh, f"{name.en}: IRR x 12 {irr} · effective {effective} · XIRR/365 {xirr}").say())
        if track.other_rates:
            others = ", ".join(f"{rate:.4%}" for rate in track.other_rates)
            say(Text(f"现金流多次变号，另有解：{others}", f"the flows have other rates too: {others}").say())
    if plan.terms.holiday_roll != "none" and not is_known(plan.rows[-1].due_on):
        zh = "部分到期日所在年份的放假安排尚未公布，暂只避开周末"
        say(Text(zh, "holidays of the later years are not published yet: only weekends are avoided there").say())


def solve_command(
    question: Annotated[str, typer.Argument(metavar="principal|term|rate|down-payment")],
    file: InputFile,
    instalment: Annotated[str, typer.Option(help=Text("想要的期供，如 1500.00", "the wished instalment").say())],
    as_json: AsJson = False,
) -> None:
    """Find what fits the wished instalment."""
    from puhui.kernel.inputs import one_of
    from puhui.kernel.money import format_minor, parse_minor
    from puhui.kernel.rates import format_rate
    from puhui.products.annual_cost_plan import plan_cost
    from puhui.products.inverse import QUESTIONS
    from puhui.products.schedule import schedule
    from puhui.products.terms import read_terms

    one_of("question", question, QUESTIONS)
    terms = read_terms(read_input(file))
    wished_minor = parse_minor(instalment, terms.currency_digits, "instalment")
    field, solve = QUESTIONS[question]
    answer = solve(terms, wished_minor)
    plan = schedule(terms.model_copy(update={field: answer}))
    cost = plan_cost(plan)
    if as_json:
        print_json({"answer": {field: answer}, "instalment_minor": wished_minor, **plan_as_dict(plan, cost)})
        return
    shown = format_rate(answer) if field.endswith("_ppm") else str(answer)
    say(f"{field}: {format_minor(answer, terms.currency_digits) if field.endswith('_minor') else shown}")
    draw_plan(plan, cost)


def schema_command(name: Annotated[str, typer.Argument(metavar="terms|product|rule|offer")]) -> None:
    """Print the JSON Schema of terms, a product definition, a rule or an offer."""
    from puhui.kernel.inputs import one_of

    one_of("schema", name, _SCHEMAS)
    module, function = _SCHEMAS[name].split(":")
    print_json(getattr(import_module(module), function)())


# Imported only when asked for, so that the command line starts quickly.
_SCHEMAS = {
    "terms": "puhui.products.terms:terms_schema",
    "product": "puhui.products.definition:product_schema",
    "rule": "puhui.rulebook.rule:rule_schema",
    "offer": "puhui.rulebook.offer:offer_schema",
}
