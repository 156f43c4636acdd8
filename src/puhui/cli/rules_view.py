"""Drawings of the rulebook for people: lists, one rule, a report, a difference."""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from puhui.cli.output import say
from puhui.kernel.language import Text

if TYPE_CHECKING:
    from rich.table import Table

    from puhui.rulebook.book import CompiledRule, Rulebook
    from puhui.rulebook.check import Finding, Report
    from puhui.rulebook.diff import Affected, Difference, Item, RuleChange
    from puhui.rulebook.subject import Subject


def new_table(*headings: Text, title: str = "") -> "Table":
    """Return an empty table in the house's form; long cells fold."""
    from rich import box
    from rich.table import Table

    table = Table(
        title=title or None, title_justify="left", header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False
    )
    for heading in headings:
        table.add_column(heading.say(), overflow="fold")
    return table


def draw(table: "Table") -> None:
    """Draw a table in the width of the screen; long text folds, nothing is cut."""
    from rich.console import Console

    Console(highlight=False, soft_wrap=False).print(table)


def draw_list(book: "Rulebook", rules: list["CompiledRule"]) -> None:
    """Draw rules by subject."""
    from puhui.rulebook.vocabulary import CONFIDENCES, SEVERITIES, name_of

    table = new_table(
        Text("编号", "id"),
        Text("规则", "rule"),
        Text("自", "from"),
        Text("至", "to"),
        Text("力度", "force"),
        Text("来源", "source"),
    )
    for column in (0, 2, 3, 4, 5):
        table.columns[column].no_wrap = True
    shown = None
    for rule in rules:
        if rule.subject != shown:
            shown = rule.subject
            table.add_row(f"[bold]{shown}[/bold]", f"[bold]{book.subjects[shown].say()}[/bold]")
        table.add_row(
            f"  {rule.id}",
            rule.title.say(),
            rule.record.effective_from or Text("不详", "unknown").say(),
            rule.record.effective_to or "",
            name_of(rule.severity, SEVERITIES),
            name_of(rule.confidence, CONFIDENCES),
        )
    draw(table)


def draw_rule(
    book: "Rulebook", rule: "CompiledRule", on: date, checks: list[str], aside: tuple[str, ...]
) -> None:
    """Draw one rule: text, checks, who, when, source."""
    from rich.markup import escape
    from rich.table import Table

    from puhui.rulebook.vocabulary import CONFIDENCES, SEVERITIES, name_of

    record = rule.record
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    note = record.note
    rows: list[tuple[Text, str]] = [
        (Text("编号", "id"), f"{rule.id} · {book.subjects[rule.subject].say()}"),
        (Text("规则", "rule"), rule.title.say()),
        (Text("内容", "text"), Text(record.statement.zh, record.statement.en).say()),
        (Text("检查", "check"), "\n".join(checks) or Text("文字规定，由人判断", "prose, for people").say()),
        (Text("机构", "lenders"), _lender_names(record.lenders)),
        (Text("产品", "products"), _product_names(rule)),
        (Text("环节", "moments"), _moment_names(record.moments)),
        (Text("生效", "in force"), _period(rule, on)),
        (Text("力度", "force"), name_of(rule.severity, SEVERITIES)),
        (Text("替代", "supersedes"), ", ".join(record.supersedes)),
        (Text("被替代", "superseded by"), ", ".join(aside)),
        (Text("出处", "source"), _source(rule)),
        (Text("可信度", "confidence"), name_of(rule.confidence, CONFIDENCES)),
        (Text("见于", "seen at"), "\n".join(record.source.urls)),
        (Text("备注", "note"), Text(note.zh, note.en).say() if note else ""),
    ]
    for heading, value in rows:
        if value:
            table.add_row(heading.say(), escape(value))
    draw(table)


def _comma(names: Iterable[str]) -> str:
    return Text("、", ", ").say().join(names)


def _lender_names(codes: Iterable[str]) -> str:
    from puhui.rulebook.vocabulary import GROUPS, LENDERS, name_of

    return _comma(name_of(code, GROUPS if code in GROUPS else LENDERS) for code in codes)


def _product_names(rule: "CompiledRule") -> str:
    from puhui.rulebook.vocabulary import PRODUCTS, name_of

    alternatives = _comma(
        " + ".join(name_of(tag.strip(), PRODUCTS) for tag in alternative.split("+"))
        for alternative in rule.record.products
    )
    if not rule.except_products:
        return alternatives
    excepted = _comma(name_of(tag, PRODUCTS) for tag in rule.record.except_products)
    return alternatives + Text(f"（{excepted} 除外）", f" (except {excepted})").say()


def _moment_names(codes: Iterable[str]) -> str:
    from puhui.rulebook.vocabulary import MOMENTS, name_of

    return _comma(name_of(code, MOMENTS) for code in codes)


def _period(rule: "CompiledRule", on: date) -> str:
    record = rule.record
    if record.dates_unknown:
        return Text(record.dates_unknown.zh, record.dates_unknown.en).say()
    first, last = record.effective_from, record.effective_to or "…"
    exact = {
        "day": Text("", ""),
        "month": Text("（只知月份）", " (month only)"),
        "year": Text("（只知年份）", " (year only)"),
    }
    state = (Text("生效", "in force") if rule.in_force(on) else Text("不生效", "not in force")).say()
    return f"{first}{exact[rule.date_precision or 'day'].say()} – {last} · {on} {state}"


def _source(rule: "CompiledRule") -> str:
    from puhui.rulebook.vocabulary import ISSUERS, name_of

    source = rule.record.source
    article = Text(f"第 {source.article} 条", f"article {source.article}").say() if source.article else ""
    parts = (
        _comma(name_of(code, ISSUERS) for code in source.issuers),
        source.document,
        source.doc_no,
        article,
    )
    return " · ".join(part for part in parts if part)


MARKS = {
    "broken": ("✗", "red"),
    "cannot_evaluate": ("?", "yellow"),
    "warned": ("!", "yellow"),
    "passed": ("✓", "green"),
    "superseded": ("↷", "dim"),
    "for_people": ("·", "dim"),
}


def draw_report(report: "Report") -> None:
    """Draw a report: what stops the proposal first, then the rest, then the verdict."""
    from puhui.rulebook.vocabulary import OUTCOMES

    say(_subject_line(report.subject) + f" · {report.as_of}")
    table = new_table(
        Text("结论", "outcome"),
        Text("规则", "rule"),
        Text("数值", "figure"),
        Text("限值", "limit"),
        Text("依据", "source"),
    )
    table.columns[0].no_wrap = True
    for outcome, (mark, style) in MARKS.items():
        for finding in report.having(outcome):
            figure, limit = _figures(finding)
            word = f"[{style}]{mark} {OUTCOMES[outcome].say()}[/{style}]"
            title = f"{finding.rule_id}\n{finding.title.say()}"
            table.add_row(word, title, figure, limit, _short_source(finding))
    draw(table)
    say(_verdict(report))


def _subject_line(subject: "Subject") -> str:
    from puhui.rulebook.vocabulary import LENDERS, MOMENTS, PRODUCTS, name_of

    products = _comma(name_of(tag, PRODUCTS) for tag in subject.products)
    return f"{name_of(subject.lender, LENDERS)} · {products} · {name_of(subject.moment, MOMENTS)}"


def _figures(finding: "Finding") -> tuple[str, str]:
    """What was supplied and what is asked, or what is missing."""
    from rich.markup import escape

    from puhui.rulebook.metrics import metrics
    from puhui.rulebook.operators import OPERATORS

    if finding.superseded_by:
        return "", Text(f"现行 {finding.superseded_by}", f"now {finding.superseded_by}").say()
    if finding.decider is None:
        return "", ""
    metric = metrics()[finding.decider.metric]
    figure = f"{metric.name.say()}\n{metric.show(finding.figure)}"
    if finding.missing:
        figure = Text("缺 ", "missing ").say() + ", ".join(finding.missing)
    limit = f"{OPERATORS[finding.decider.op].phrase.say()} {metric.show(finding.limit)}"
    if not finding.decider.called_for:
        limit = Text("条件未触发", "not called for").say()
    if finding.classified is not None:
        limit += Text(
            "\n属于" if finding.classified else "\n不属于", "\nin" if finding.classified else "\nnot in"
        ).say()
    return escape(figure), escape(limit)


def _short_source(finding: "Finding") -> str:
    from puhui.rulebook.vocabulary import CONFIDENCES, name_of

    source = finding.rule.record.source
    article = Text(f" 第{source.article}条", f" art. {source.article}").say() if source.article else ""
    return f"{source.doc_no or source.document}{article}\n{name_of(finding.confidence, CONFIDENCES)}"


def _verdict(report: "Report") -> str:
    broken, waiting = (
        len(report.broken),
        sum(finding.blocking for finding in report.having("cannot_evaluate")),
    )
    unknown = report.unknown_facts
    lines = [
        Text(
            f"✓ 可行：没有违反强制规则。警示 {len(report.warned)} 条。",
            f"✓ may go ahead; {len(report.warned)} warnings.",
        ).say()
        if report.ok
        else Text(
            f"✗ 不可行：违反 {broken} 条，因缺少事实无法判断 {waiting} 条。",
            f"✗ may not go ahead: {broken} broken, {waiting} could not be evaluated.",
        ).say()
    ]
    if report.missing:
        lines.append(Text("缺少的事实：", "Missing facts: ").say() + ", ".join(report.missing))
    if unknown:
        lines.append(
            Text("没有规则读取的事实（拼写？）：", "Facts no rule reads (spelling?): ").say()
            + ", ".join(unknown)
        )
    return "\n".join(lines)


def draw_offers(reports: "list[tuple[Item, Report]]") -> None:
    """Draw a line for each corner of a product: may it be offered, and if not, by which rules."""
    table = new_table(
        Text("产品", "product"), Text("报价", "offer"), Text("结论", "outcome"), Text("规则", "rules")
    )
    for item, report in reports:
        rules = [finding.rule_id for finding in report.findings if _stops(finding)]
        table.add_row(
            item.name, item.offer, "[green]✓[/green]" if report.ok else "[red]✗[/red]", ", ".join(rules)
        )
    draw(table)


def _stops(finding: "Finding") -> bool:
    return finding.outcome == "broken" or (finding.outcome == "cannot_evaluate" and finding.blocking)


def draw_difference(difference: "Difference") -> None:
    """Draw what changed in law."""
    from puhui.kernel.rates import format_rate
    from puhui.rulebook.diff import KINDS

    say(f"{difference.from_on} → {difference.to_on}")
    if not difference.rules and not difference.series:
        say(Text("规则没有变化。", "Nothing changed.").say())
        return
    table = new_table(
        Text("变化", "change"), Text("编号", "id"), Text("规则", "rule"), Text("详情", "detail")
    )
    table.columns[0].no_wrap = table.columns[1].no_wrap = True
    for change in difference.rules:
        table.add_row(KINDS[change.kind].say(), change.rule.id, change.rule.title.say(), _detail(change))
    for moved in difference.series:
        before = format_rate(moved.before.value_ppm) if moved.before else "—"
        after = format_rate(moved.after.value_ppm) if moved.after else "—"
        table.add_row(
            Text("数值", "value").say(), moved.series.code, moved.series.title.say(), f"{before} → {after}"
        )
    draw(table)


def _detail(change: "RuleChange") -> str:
    from puhui.rulebook.metrics import metrics

    if change.by:
        return ", ".join(change.by)
    if change.metric is None:
        statement = change.rule.record.statement
        return Text(statement.zh, statement.en).say()
    metric = metrics()[change.metric]
    return f"{metric.name.say()} {metric.show(change.before)} → {metric.show(change.after)}"


def draw_touched(touched: "tuple[Affected, ...]") -> None:
    """Draw the proposals that fare otherwise on the second day."""
    from puhui.rulebook.vocabulary import OUTCOMES, name_of

    if not touched:
        say(Text("没有产品受影响。", "No product is touched.").say())
        return
    table = new_table(
        Text("产品", "product"), Text("报价", "offer"), Text("前→后", "before→after"), Text("规则", "rules")
    )
    for item in touched:
        moves = (
            f"{rule_id}: {name_of(before or '—', OUTCOMES)} → {name_of(after or '—', OUTCOMES)}"
            for rule_id, before, after in item.moved
        )
        state = " → ".join(
            "[green]✓[/green]" if ok else "[red]✗[/red]" for ok in (item.ok_before, item.ok_after)
        )
        table.add_row(item.item.name, item.item.offer, state, "\n".join(moves))
    draw(table)
