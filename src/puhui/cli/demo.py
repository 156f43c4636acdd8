"""`puhui demo`, the main job of today: from the catalogue to honest offers for three simulated people.

Everything shown is computed on the spot: plans, annual costs, rule checks, and what a change in law touches.
"""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import typer

from puhui.cli.output import AsJson, print_json, print_table, say
from puhui.kernel.language import Text

if TYPE_CHECKING:
    from puhui.products.annual_cost_plan import PlanCost
    from puhui.products.plan import Plan
    from puhui.rulebook.check import Report


@dataclass(frozen=True, slots=True)
class Person:
    """A simulated person and the offer they wish; `last_month` (1..12): a year or more on, it is repaid in."""

    who: Text
    product: str
    lender: str
    region: str
    segment: str
    wish: dict[str, int]
    last_month: int | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A person's offer, computed."""

    person: Person
    plan: "Plan"
    cost: "PlanCost"
    report: "Report"

    @property
    def may_be_made(self) -> bool:
        """Whether no rule forbids it; what only the decision can tell is left to it."""
        return not self.report.broken


PEOPLE = (
    Person(
        Text(
            "豫东夏邑县的种粮户，6 月卖麦、10 月卖玉米", "a grain farmer in Xiayi, Henan, who sells in June and October"
        ),
        "farm_seasonal",
        "local_bank",
        "411426",
        "farmer",
        {"principal_minor": 80_000_00, "annual_rate_ppm": 60_000},
        last_month=10,
    ),
    Person(
        Text(
            "新安县的工人买新能源车，店里广告“年费率 2.5%”", "a worker in Xin'an buying a car advertised at 2.5 % flat"
        ),
        "auto_nev",
        "auto_finance",
        "410323",
        "wage_earner",
        {"principal_minor": 120_000_00, "instalments": 36, "annual_rate_ppm": 25_000, "down_payment_ppm": 250_000},
    ),
    Person(
        Text("县城小店主周转进货", "a shopkeeper in a county town restocking"),
        "micro_working_capital",
        "local_bank",
        "410323",
        "shopkeeper",
        {"principal_minor": 180_000_00, "instalments": 12, "annual_rate_ppm": 60_000},
    ),
)


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    help_text = Text(
        "主流程演示：从产品目录到三位模拟客户的合规报价", "the main job: honest offers for simulated people"
    )
    app.command("demo", help=help_text.say())(demo_command)


def demo_command(as_json: AsJson = False) -> None:
    """Check the catalogue, make three offers, and show what a change in law touches."""
    from puhui.kernel.clock import today
    from puhui.products.definition import catalogue
    from puhui.rulebook.loader import default_rulebook

    as_of = today()
    if not as_json:
        rules = len(default_rulebook().rules)
        _head(
            Text(f"一、规则库 {rules} 条，产品 {len(catalogue())} 个", f"1. {rules} rules, {len(catalogue())} products")
        )
    checks = _check_catalogue(as_of, quiet=as_json)
    offers = [_offer(person, as_of) for person in PEOPLE]
    if as_json:
        print_json({"as_of": as_of, "products": checks, "offers": [_as_dict(offer) for offer in offers]})
        return
    _head(Text("二、三位模拟客户的报价（人物为虚构）", "2. Offers to three simulated people"))
    _draw_offers(offers)
    _head(Text("三、种粮户的还款计划：钱随收成走", "3. The farmer's plan: money follows the harvest"))
    _draw_harvest(offers[0])
    _head(Text("四、2025-10-01 起法规有何变化", "4. What changed in law on 2025-10-01"))
    _say_change()
    say(Text("接下来：puhui schedule、puhui rules、puhui products、puhui flat；--help 查看全部。", _NEXT).say())


def _check_catalogue(as_of: date, *, quiet: bool) -> list[dict[str, Any]]:
    """Return each product's report, with a progress bar for a person."""
    from rich.console import Console
    from rich.progress import track

    from puhui.kernel.rates import format_rate
    from puhui.products.definition import catalogue
    from puhui.products.product_check import check_product

    reports = []
    text = Text("按当日规则检查产品范围的每个边角", "checking every corner of every product").say()
    for definition in track(catalogue().values(), text, console=Console(stderr=True), disable=quiet, transient=True):
        reports.append(check_product(definition, as_of))
    for report in reports if not quiet else ():
        low, high = format_rate(report.cheapest_ppm), format_rate(report.costliest_ppm)
        mark = "✓" if report.ok else "✗"
        name = report.definition.name.say()
        zh = f"{mark} {name}：{report.offers} 个边角报价，真实年化 {low} 至 {high}，通过 {report.passed} 条规则"
        en = f"{mark} {name}: {report.offers} corner offers, true cost {low} to {high}, {report.passed} rules passed"
        say(Text(zh, en).say())
    return [report.as_dict() for report in reports]


def _offer(person: Person, as_of: date) -> Shown:
    """Return the person's offer with its cost and what the rules in force say of it."""
    from puhui.products.annual_cost_plan import plan_cost
    from puhui.products.definition import catalogue, resolve, terms_for
    from puhui.products.facts import offer_facts
    from puhui.products.schedule import schedule
    from puhui.rulebook.check import check
    from puhui.rulebook.subject import Subject

    definition = catalogue()[person.product]
    wish: dict[str, Any] = dict(person.wish)
    if person.last_month is not None:
        wish["instalments"] = 12 + (person.last_month - as_of.month) % 12
    terms = terms_for(definition, disbursed_on=as_of, region=person.region, segment=person.segment, **wish)
    plan = schedule(terms)
    cost = plan_cost(plan)
    resolved = resolve(definition, person.region, person.segment)
    subject = Subject(person.lender, resolved.tags, person.region)
    return Shown(person, plan, cost, check(subject, offer_facts(resolved, plan, cost, as_of), as_of))


def _as_dict(shown: Shown) -> dict[str, Any]:
    from puhui.cli.schedule import plan_as_dict

    return {
        "who": shown.person.who._asdict(),
        "product": shown.person.product,
        "may_be_made": shown.may_be_made,
        **plan_as_dict(shown.plan, shown.cost),
        "rules": shown.report.as_dict(),
    }


def _draw_offers(offers: list[Shown]) -> None:
    from rich import box
    from rich.table import Table

    from puhui.kernel.money import format_minor
    from puhui.kernel.rates import format_rate
    from puhui.products.definition import catalogue

    heads = (
        Text("客户", "who"),
        Text("产品", "product"),
        Text("合同利率", "advertised"),
        Text("真实年化", "true cost"),
        Text("最高一期", "dearest"),
        Text("全部成本", "all costs"),
        Text("规则", "rules"),
    )
    table = Table(box=box.SIMPLE_HEAD)
    for number, head in enumerate(heads):
        table.add_column(head.say(), justify="left" if number < 2 else "right", overflow="fold", max_width=36)
    for shown in offers:
        passed, broken = len(shown.report.having("passed")), len(shown.report.broken)
        table.add_row(
            shown.person.who.say(),
            catalogue()[shown.person.product].name.say(),
            format_rate(shown.plan.terms.annual_rate_ppm),
            format_rate(shown.cost.contract.irr_x12_ppm),
            format_minor(max(row.total_minor for row in shown.plan.instalments)),
            format_minor(shown.plan.totals()["cost_minor"]),
            Text(f"✓ 通过 {passed}", f"✓ {passed} passed").say() if shown.may_be_made else f"✗ {broken}",
        )
    print_table(table)


def _draw_harvest(shown: Shown) -> None:
    """Draw each month's payment as a bar, as long as its amount."""
    from puhui.kernel.money import format_minor

    most = max(row.total_minor for row in shown.plan.instalments)
    for row in shown.plan.instalments:
        bar = "█" * (row.total_minor * 40 // most) or "·"
        say(f"  {row.due_on:%Y-%m}  {bar:<40}  {format_minor(row.total_minor):>12}")


def _say_change() -> None:
    from puhui.rulebook.diff import diff

    for change in diff(date(2025, 9, 30), date(2025, 10, 1)).rules:
        title = change.rule.title
        say(Text(f"  {change.rule.id} {title.zh}", f"  {change.rule.id} {title.en}").say())


def _head(text: Text) -> None:
    say("")
    say(text.say())


_NEXT = "Next: puhui schedule, puhui rules, puhui products, puhui flat; --help shows all."
