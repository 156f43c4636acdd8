"""Drawings of products for people: the list, one product, and what the rulebook says of it."""

from shutil import get_terminal_size
from textwrap import fill
from typing import TYPE_CHECKING, Any

from puhui.cli.output import say
from puhui.cli.rules_view import draw
from puhui.kernel.language import Text

if TYPE_CHECKING:
    from puhui.products.definition_fields import Definition, When
    from puhui.products.product_check import ProductReport, RuleSummary


def draw_list(products: "list[Definition]") -> None:
    """Draw the products by line of business: what, how much, how long, at what rate, how much down."""
    from rich import box
    from rich.table import Table

    from puhui.products.kinds import KINDS
    from puhui.products.words import LINES

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column(Text("产品", "product").say(), overflow="fold")
    for zh, en in (("贷款金额（元）", "loan, CNY"), ("期数", "number"), ("年利率", "rate a year"), ("首付", "down")):
        table.add_column(Text(zh, en).say(), justify="right", no_wrap=True)
    for line, title in LINES.items():
        rows = [product for product in products if product.line == line]
        if rows:
            table.add_row(f"[bold]{title.say()}[/bold]")
        for product in rows:
            words = f"{product.id}\n{product.name.say()} · {KINDS[product.kind].title.say()}"
            table.add_row(words, *_ranges(product))
    draw(table)


def _ranges(product: "Definition") -> tuple[str, str, str, str]:
    from puhui.kernel.money import format_minor
    from puhui.kernel.rates import format_rate

    def span(ends: Any, show: Any) -> str:
        low, high = show(ends.min), show(ends.max)
        return low if low == high else f"{low}–{high}"

    ranges = product.ranges
    down = span(ranges.down_payment_ppm, format_rate) if ranges.down_payment_ppm.max else "—"
    count = span(ranges.instalments, str)
    if product.terms.every != 1 or product.terms.unit != "month":
        count += f" x {product.terms.every} {product.terms.unit}"
    amounts = span(ranges.amount_minor, lambda minor: format_minor(minor).removesuffix(".00"))
    return amounts, count, span(ranges.annual_rate_ppm, format_rate), down


def draw_product(product: "Definition") -> None:
    """Draw one product, field by field."""
    from rich.markup import escape
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for heading, value in _rows(product):
        if value:
            table.add_row(heading.say(), escape(value))
    draw(table)


def _rows(product: "Definition") -> list[tuple[Text, str]]:
    from puhui.products.definition_fields import When
    from puhui.products.kinds import KINDS
    from puhui.products.words import DATA, DATA_PURPOSES, LINES, PURPOSES, names
    from puhui.rulebook.vocabulary import LENDERS, PRODUCTS, name_of

    comma = Text("、", ", ").say()
    amounts, count, rates, down = _ranges(product)
    served = When(regions=product.regions, tiers=product.tiers, segments=product.segments)
    data = [_noted(DATA[item.data].name.say(), DATA_PURPOSES[item.purpose].say()) for item in product.required_data]
    until = f" – {product.effective_to}" if product.effective_to else ""
    return [
        (Text("产品", "product"), f"{product.id} · {product.name.say()} · v{product.version}"),
        (Text("条线", "line"), f"{LINES[product.line].say()} · {product.owner}"),
        (Text("有效期", "offered"), Text("自 ", "from ").say() + f"{product.effective_from}{until}"),
        (Text("还款方式", "repayment"), _noted(KINDS[product.kind].title.say(), KINDS[product.kind].definition.say())),
        (Text("固定条件", "fixed terms"), _pairs(product.terms.model_dump(mode="json", exclude_unset=True))),
        (Text("逐笔约定", "agreed by loan"), ", ".join(product.loan_terms)),
        (Text("贷款金额", "loan"), amounts),
        (Text("期数", "instalments"), _noted(count, Text("每 ", "step ").say() + str(product.ranges.instalments.step))),
        (Text("年利率", "rate a year"), rates),
        (Text("首付", "down payment"), down.replace("—", "")),
        (Text("费用", "fees"), "\n".join(map(_fee, product.fees)) or Text("无", "none").say()),
        (Text("罚息", "penalty"), _penalty(product)),
        (Text("提前还款", "prepayment"), _prepayment(product)),
        (Text("客群", "for whom"), _served(served)),
        (Text("贷款人", "lenders"), comma.join(name_of(code, LENDERS) for code in product.lenders)),
        (Text("规则标签", "tags"), comma.join(name_of(code, PRODUCTS) for code in product.tags)),
        (Text("用途", "purposes"), names(product.purposes, PURPOSES)),
        (Text("所需数据", "data asked for"), comma.join(data)),
        (Text("征得同意", "consents"), names(product.consents, DATA_PURPOSES)),
        (Text("做法", "practices"), _practices(product.practices)),
        *(
            (
                Text(f"差异化 {n}", f"override {n}"),
                f"{_served(o.when)} → {_pairs(o.set.model_dump(mode='json', exclude_unset=True))}",
            )
            for n, o in enumerate(product.overrides, start=1)
        ),
    ]


def _noted(word: str, note: str) -> str:
    return Text(f"{word}（{note}）", f"{word} ({note})").say()


def _served(when: "When") -> str:
    from puhui.kernel.places import full_name
    from puhui.products.words import SEGMENTS, names

    parts = [
        Text("、", ", ").say().join(full_name(code) for code in when.regions),
        Text("层级 ", "tier ").say() + ", ".join(map(str, when.tiers)) if when.tiers else "",
        names(when.segments, SEGMENTS),
    ]
    return " · ".join(part for part in parts if part) or Text("不限", "everyone, everywhere").say()


def _pairs(data: dict[str, Any]) -> str:
    """Return field names with their values, amounts and rates as people write them."""
    return ", ".join(f"{path} {_shown(path, value)}" for path, value in _leaves(data, ""))


def _leaves(data: dict[str, Any], above: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in data.items():
        path = f"{above}{key}"
        found += _leaves(value, f"{path}.") if isinstance(value, dict) else [(path, value)]
    return found


def _shown(path: str, value: Any) -> str:
    from puhui.kernel.money import format_minor
    from puhui.kernel.rates import format_rate

    if isinstance(value, bool) or value is None:
        return {True: Text("是", "yes"), False: Text("否", "no"), None: Text("无", "none")}[value].say()
    if isinstance(value, list):
        return "[" + ", ".join(_pairs(item) if isinstance(item, dict) else str(item) for item in value) + "]"
    units = {part.rsplit("_", 1)[-1] for part in path.split(".")}
    if isinstance(value, int) and "minor" in units:
        return format_minor(value)
    return format_rate(value) if isinstance(value, int) and "ppm" in units else str(value)


def _practices(practices: dict[str, Any]) -> str:
    from puhui.rulebook.metrics import metrics

    colon = Text("：", ": ").say()
    lines = [f"{metrics()[name].name.say()}{colon}{metrics()[name].show(value)}" for name, value in practices.items()]
    return "\n".join(lines)


def _fee(fee: Any) -> str:
    from puhui.products.words import PAYEES

    collect = {
        "at_disbursement": Text("放款时收取", "at disbursement"),
        "each_instalment": Text("每期收取", "with each instalment"),
    }[fee.collect].say()
    of = {"principal": Text("按贷款本金", "of the loan"), "outstanding": Text("按剩余本金", "of the balance")}[
        fee.base
    ].say()
    amount = _shown("_minor", fee.amount_minor) if fee.rate_ppm is None else f"{of} {_shown('_ppm', fee.rate_ppm)}"
    kept = Text("，从放款中扣除", ", kept back from the loan").say() if fee.deducted else ""
    return f"{fee.name} {amount} · {collect}{kept} · {PAYEES[fee.payee].say()}"


def _penalty(product: "Definition") -> str:
    from puhui.kernel.rates import format_rate

    late, misused = product.penalty.overdue_multiplier_ppm, product.penalty.misuse_multiplier_ppm
    zh = f"逾期为合同利率的 {format_rate(late)}，挪用为 {format_rate(misused)}"
    return Text(zh, f"late {format_rate(late)} of the contract rate, misused {format_rate(misused)}").say()


def _prepayment(product: "Definition") -> str:
    from puhui.kernel.rates import format_rate

    terms = product.prepayment
    if not terms.allowed:
        return Text("不允许", "not allowed").say()
    if not terms.fee_ppm:
        return Text("随时，不收费", "at any time, free").say()
    rate, free = format_rate(terms.fee_ppm), terms.free_after_instalments
    zh = f"收提前归还本金的 {rate}" + (f"，还满 {free} 期后不收" if free else "")
    en = f"{rate} of the principal prepaid" + (f", free after {free} instalments" if free else "")
    return Text(zh, en).say()


# --- the check --------------------------------------------------------------------------------------


MARKS = {"broken": "✗", "not_stated": "?", "warned": "!", "at_decision": "·"}


def draw_report(report: "ProductReport") -> None:
    """Draw what the rulebook says of a product: what stops it, then warnings, then what is left to the decision."""
    from puhui.kernel.rates import format_rate

    product = report.definition
    mark = "✓" if report.ok else "✗"
    tried = Text(f"{report.offers} 个边角报价", f"{report.offers} corner offers").say()
    passed = Text(f"通过 {report.passed} 条规则", f"{report.passed} rules passed").say()
    cost = f"{format_rate(report.cheapest_ppm)}–{format_rate(report.costliest_ppm)}"
    cost = Text(f"年化成本 {cost}", f"annual cost {cost}").say()
    say(f"{mark} {product.id} {product.name.say()} · {report.as_of} · {cost} · {tried} · {passed}")
    if not report.on_sale:
        say("    " + Text("这一天不在产品有效期内", "not offered on that day").say())
    for rule in report.rules:
        if rule.outcome != "at_decision":
            for line in _said(rule):
                say(f"    {line}")
    later = [rule.finding.rule_id for rule in report.having("at_decision")]
    if later:
        lead = "    " + Text("· 放款时再查：", "· left to the decision: ").say()
        width = max(60, get_terminal_size().columns - 12)
        say(fill(", ".join(later), width, initial_indent=lead, subsequent_indent="      ", break_on_hyphens=False))


def _said(rule: "RuleSummary") -> list[str]:
    """Return what a rule says: its number, figure and limit, article, and how many offers it touches."""
    from puhui.products.product_check import OUTCOMES
    from puhui.rulebook.vocabulary import CONFIDENCES, LENDERS, name_of

    source, found = rule.finding.rule.record.source, rule.finding
    lenders = Text("、", ", ").say().join(name_of(code, LENDERS) for code in rule.lenders)
    law = " · ".join(filter(None, (source.document, _article(source.article), name_of(found.confidence, CONFIDENCES))))
    return [
        f"{MARKS[rule.outcome]} {OUTCOMES[rule.outcome].say()} {found.rule_id} {found.title.say()}",
        "  " + _figures(rule),
        "  " + law,
        "  " + Text(f"{rule.offers} 个报价：{lenders}", f"{rule.offers} offers: {lenders}").say(),
        "  " + Text("如 ", "as ").say() + rule.example.say(),
    ]


def _article(article: str | None) -> str:
    if not article or "条" in article:
        return article or ""
    return Text(f"第 {article} 条", f"article {article}").say()


def _figures(rule: "RuleSummary") -> str:
    from puhui.rulebook.metrics import metrics
    from puhui.rulebook.operators import OPERATORS

    decider = rule.finding.decider
    if rule.missing or decider is None:
        names = [metrics()[name].name.say() if name in metrics() else name for name in rule.missing]
        codes = ", ".join(rule.missing)
        return Text("缺少：", "missing: ").say() + Text("、", ", ").say().join(names) + f" ({codes})"
    metric = metrics()[decider.metric]
    asked = f"{OPERATORS[decider.op].phrase.say()} {metric.show(rule.finding.limit)}"
    return f"{metric.name.say()} {metric.show(rule.finding.figure)}" + Text("，应 ", "; must be ").say() + asked


def say_verdict(reports: "list[ProductReport]") -> None:
    """Say in one line which products may not be sold."""
    failed = [report.definition.id for report in reports if not report.ok]
    count = len(reports)
    if not failed:
        say(Text(f"✓ {count} 个产品都可以销售", f"✓ all {count} products may be sold").say())
        return
    names = ", ".join(failed)
    zh, en = (
        f"✗ {count} 个产品中 {len(failed)} 个不可销售：{names}",
        f"✗ {len(failed)} of {count} products may not be sold: {names}",
    )
    say(Text(zh, en).say())
