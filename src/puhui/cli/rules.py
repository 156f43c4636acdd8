"""`puhui rules list | show | check | diff | facts`: the law of a day, and what it says of an offer."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from puhui.cli.output import AsJson, AsOf, Hard, print_json, read_day, read_input, say
from puhui.cli.rules_view import (
    draw,
    draw_difference,
    draw_list,
    draw_report,
    draw_rule,
    draw_touched,
    new_table,
)
from puhui.kernel.language import Text

if TYPE_CHECKING:
    from puhui.rulebook.book import CompiledRule, Rulebook
    from puhui.rulebook.diff import Item


def _option(name: str, zh: str, en: str, metavar: str) -> Any:
    return typer.Option(name, metavar=metavar, help=Text(zh, en).say())


Lender = Annotated[str, _option("--lender", "机构类型，如 bank", "kind of lender, such as bank", "CODE")]
Products = Annotated[
    str,
    _option("--product", "产品标签，逗号分隔，如 auto_used,facilitated", "product tags, by commas", "TAGS"),
]
Moment = Annotated[str, _option("--moment", "环节，如 product、offer、loan", "moment, such as offer", "CODE")]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    rules = typer.Typer(
        no_args_is_help=True,
        help=Text("规则库：哪天有哪些规定，一笔报价违反哪条", "the rulebook: the law of a day, and checks").say(),
    )
    rules.command("list", help=Text("按主题列出某天生效的规则", "list the rules of a day by subject").say())(
        list_command
    )
    rules.command("show", help=Text("一条规则的内容、限值和出处", "one rule: text, limit, source").say())(show_command)
    rules.command("check", help=Text("按某天的规则检查报价或产品文件", "check an offer or product file").say())(
        check_command
    )
    rules.command("diff", help=Text("两天之间规则有何变化，影响哪些产品", "what changed between two days").say())(
        diff_command
    )
    rules.command("facts", help=Text("检查这类业务需要提供哪些事实", "which facts a check needs").say())(facts_command)
    app.add_typer(rules, name="rules")


def list_command(
    subject: Annotated[str, _option("--subject", "只看一个主题，如 caps", "one subject only", "NAME")] = "",
    as_of: AsOf = "",
    lender: Lender = "",
    product: Products = "",
    everything: Annotated[bool, typer.Option("--all", help=Text("不论哪天生效", "whatever the day").say())] = False,
    as_json: AsJson = False,
) -> None:
    """List rules by subject."""
    from puhui.rulebook.loader import default_rulebook

    book, on = default_rulebook(), read_day(as_of)
    chosen = _chosen(book, subject, lender, product)
    rules = [rule for rule in chosen if everything or rule.in_force(on)]
    if as_json:
        print_json({"as_of": on.isoformat(), "rules": [rule.as_dict() for rule in rules]})
        return
    counted = Text(f"{len(rules)} 条规则", f"{len(rules)} rules").say()
    say(counted if everything else Text(f"{on} 生效的 {counted}", f"{counted} in force on {on}").say())
    draw_list(book, rules)


def show_command(
    rule_id: Annotated[str, typer.Argument(metavar="ID", help=Text("规则编号", "the rule's id").say())],
    as_of: AsOf = "",
    as_json: AsJson = False,
) -> None:
    """Show one rule."""
    from puhui.rulebook.describe import describe_rule
    from puhui.rulebook.loader import default_rulebook

    book, on = default_rulebook(), read_day(as_of)
    rule = book.rule(rule_id.upper())
    checks, aside = describe_rule(rule, on), book.superseded_by(rule.id, on)
    if as_json:
        state = {"as_of": on.isoformat(), "in_force": rule.in_force(on), "superseded_by": list(aside)}
        print_json({**rule.as_dict(), **state, "checks_in_words": checks})
        return
    draw_rule(book, rule, on, checks, aside)


def check_command(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help=Text(
                "报价 JSON（subject 与 facts），“-” 为标准输入；.yaml 为产品定义",
                "an offer as JSON (subject and facts), - for standard input; .yaml is a product",
            ).say(),
        ),
    ],
    as_of: AsOf = "",
    hard: Hard = None,
    as_json: AsJson = False,
) -> None:
    """Check an offer, or the corners of a product; exit 1 when a hard rule is broken or could not be evaluated."""
    on = read_day(as_of)
    if file.endswith((".yaml", ".yml")):
        ok = _check_product(file, on, hard or [], as_json)
    else:
        ok = _check_offer(read_input(file), on, hard or [], as_json)
    if not ok:
        raise typer.Exit(1)


def diff_command(
    from_on: Annotated[str, _option("--from", "起始日", "the first day", "YYYY-MM-DD")],
    to_on: Annotated[str, _option("--to", "截止日", "the second day", "YYYY-MM-DD")],
    products: Annotated[
        str,
        _option("--products", "产品定义文件夹：受影响的产品和报价", "folder of products: which are touched", "DIR"),
    ] = "",
    hard: Hard = None,
    as_json: AsJson = False,
) -> None:
    """Show what changed in law between two days, and which products and offers it touches."""
    from puhui.rulebook.diff import affected, diff

    difference = diff(read_day(from_on, "--from"), read_day(to_on, "--to"))
    touched = affected(difference, _offers(products, difference.to_on), hard=hard or ()) if products else ()
    if as_json:
        result = difference.as_dict()
        print_json({**result, "touches": [item.as_dict() for item in touched]} if products else result)
        return
    draw_difference(difference)
    if products:
        draw_touched(touched)


def facts_command(
    lender: Lender, product: Products, moment: Moment = "offer", as_of: AsOf = "", as_json: AsJson = False
) -> None:
    """List the facts that the rules for such a subject read."""
    from puhui.rulebook.loader import default_rulebook
    from puhui.rulebook.metrics import metrics
    from puhui.rulebook.subject import Subject

    subject = Subject(lender, tuple(_tags(product)), moment=moment)
    used = [metrics()[name] for name in default_rulebook().metrics_used(subject, read_day(as_of))]
    if as_json:
        print_json(
            [
                {
                    "name": m.code,
                    "title": m.name._asdict(),
                    "type": m.type,
                    "unit": m.unit,
                    "values": list(m.values),
                }
                for m in used
            ]
        )
        return
    table = new_table(Text("事实", "fact"), Text("含义", "meaning"), Text("类型", "type"), Text("可取值", "values"))
    for m in used:
        table.add_row(m.code, m.name.say(), m.type, ", ".join(m.values) or m.unit.replace("none", "—"))
    draw(table)


# --- reading


def _tags(text: str) -> list[str]:
    return [tag.strip() for tag in text.split(",") if tag.strip()]


def _chosen(book: "Rulebook", subject: str, lender: str, product: str) -> list["CompiledRule"]:
    """Return the rules of a subject that could concern such a lender and such products."""
    from puhui.rulebook.subject import SUBJECT_INVALID
    from puhui.rulebook.vocabulary import LENDERS, PRODUCTS, lender_codes, product_tags

    tags = _tags(product)
    asked = (
        ("subject", [subject] if subject else [], book.subjects),
        ("lender", [lender] if lender else [], LENDERS),
        ("product", tags, PRODUCTS),
    )
    for field, codes, known in asked:
        unknown = [code for code in codes if code not in known]
        if unknown:
            raise SUBJECT_INVALID.refuse(field, value=", ".join(unknown), known=", ".join(known))
    return [
        rule
        for rule in book.rules.values()
        if (not subject or rule.subject == subject)
        and (not lender or not rule.lenders.isdisjoint(lender_codes(lender)))
        and (not tags or rule.covers(rule.lenders, product_tags(tuple(tags)), ""))
    ]


def _offers(folder: str, on: date) -> Iterable["Item"]:
    from puhui.products.definition import offers_of_folder

    offers: Iterable[Item] = offers_of_folder(Path(folder), on)
    return offers


def _check_offer(data: Any, on: date, hard: list[str], as_json: bool) -> bool:
    from puhui.rulebook.check import check
    from puhui.rulebook.offer import read_offer

    offer = read_offer(data)
    report = check(offer.subject, offer.facts, on, hard=(*offer.hard, *hard))
    if as_json:
        print_json(report.as_dict())
    else:
        draw_report(report)
    return report.ok


def _check_product(file: str, on: date, hard: list[str], as_json: bool) -> bool:
    """Check a product as `puhui products check` does: what only the decision can tell does not fail it."""
    from puhui.cli.products_view import draw_report
    from puhui.products.definition import load_product
    from puhui.products.product_check import check_product

    report = check_product(load_product(Path(file)), on, hard=hard)
    if as_json:
        print_json(report.as_dict())
    else:
        draw_report(report)
    return report.ok
