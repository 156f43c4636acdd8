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

# Below this many columns a table stacks what it would otherwise set side by side.
WIDE = 100


def new_table(*headings: Text, title: str = "") -> "Table":
    """Return an empty table in the house's form; long cells fold."""
    from rich import box
    from rich.table import Table

    table = Table(title=title or None, title_justify="left", header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(heading.say(), overflow="fold")
    return table


def draw(table: "Table") -> None:
    """Draw a table in the width of the screen; long text folds, nothing is cut."""
    from rich.console import Console

    Console(highlight=False, soft_wrap=False).print(table)


def draw_list(book: "Rulebook", rules: list["CompiledRule"]) -> None:
    """Draw rules by subject; on a narrow screen the title stands under the id."""
    from rich.console import Console

    from puhui.rulebook.vocabulary import CONFIDENCES, SEVERITIES, name_of

    narrow = Console().width < WIDE
    names = [Text("规则", "rule")] if narrow else [Text("编号", "id"), Text("规则", "rule")]
    table = new_table(*names, Text("起止", "dates"), Text("力度", "force"), Text("来源", "source"))
    table.columns[-3].no_wrap = table.columns[-2].no_wrap = True
    table.columns[0].no_wrap = not narrow

    def named(name: str, title: str) -> list[str]:
        return [f"{name}\n  {title}"] if narrow else [name, title]

    shown = None
    for rule in rules:
        if rule.subject != shown:
            shown = rule.subject
            table.add_row(*named(f"[bold]{shown}[/bold]", f"[bold]{book.subjects[shown].say()}[/bold]"))
        record = rule.record
        last = f"\n– {record.effective_to}" if record.effective_to else ""
        table.add_row(
            *named(f"  {rule.id}", rule.title.say()),
            (record.effective_from or Text("不详", "unknown").say()) + last,
            name_of(rule.severity, SEVERITIES),
            name_of(rule.confidence, CONFIDENCES),
        )
    draw(table)


def draw_rule(book: "Rulebook", rule: "CompiledRule", on: date, checks: list[str], aside: tuple[str, ...]) -> None:
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
    from rich.markup import escape

    from puhui.rulebook.vocabulary import OUTCOMES

    say(_subject_line(report.subject) + f" · {report.as_of}")
    table = new_table(
        Text("结论", "outcome"),
        Text("规则", "rule"),
        Text("数值与限值", "figure and limit"),
        Text("依据", "source"),
    )
    table.columns[0].no_wrap = True
    table.columns[1].min_width = max((len(finding.rule_id) for finding in report.findings), default=0)
    asides = []
    for outcome, (mark, style) in MARKS.items():
        for finding in report.having(outcome):
            word = f"{mark} {OUTCOMES[outcome].say()}"
            if style == "dim":
                asides.append(f"{word} {finding.rule_id} {_aside(finding)}")
                continue
            rule = f"{finding.rule_id}\n{finding.title.say()}"
            table.add_row(f"[{style}]{word}[/{style}]", rule, escape(_figures(finding)), _short_source(finding))
    if table.rows:
        draw(table)
    for line in (*asides, "", *_verdict(report)):
        say(line)


def _aside(finding: "Finding") -> str:
    """What is said of a rule that was not evaluated: its title, and the rule that stands in its place."""
    instead = finding.superseded_by
    return finding.title.say() + (Text(f"（现行 {instead}）", f" (now {instead})").say() if instead else "")


def _subject_line(subject: "Subject") -> str:
    from puhui.rulebook.vocabulary import LENDERS, MOMENTS, PRODUCTS, name_of

    products = _comma(name_of(tag, PRODUCTS) for tag in subject.products)
    return f"{name_of(subject.lender, LENDERS)} · {products} · {name_of(subject.moment, MOMENTS)}"


def _figures(finding: "Finding") -> str:
    """What was supplied and what is asked, or what is missing."""
    from puhui.rulebook.metrics import metrics
    from puhui.rulebook.operators import OPERATORS
    from puhui.rulebook.vocabulary import CONFIDENCES

    if finding.missing:
        return Text("缺 ", "missing ").say() + "\n".join(map(_fact, finding.missing))
    if finding.decider is None:
        return ""
    metric = metrics()[finding.decider.metric]
    if not finding.decider.called_for:
        return Text(f"{metric.name.zh}：条件未触发", f"{metric.name.en}: not called for").say()
    limit = f"{OPERATORS[finding.decider.op].phrase.say()} {metric.show(finding.limit)}"
    line = Text(
        f"{metric.name.zh} {metric.show(finding.figure)}\n要求 {limit}",
        f"{metric.name.en} {metric.show(finding.figure)}\nasked {limit}",
    ).say()
    if finding.basis:
        since, known = finding.basis["since"], CONFIDENCES[str(finding.basis["confidence"])]
        line += Text(f"（LPR 自 {since}，{known.zh}）", f" (LPR since {since}, {known.en})").say()
    if finding.classified is not None:
        line += Text("\n属于" if finding.classified else "\n不属于", "\nin" if finding.classified else "\nnot in").say()
    return line


def _fact(name: str) -> str:
    from puhui.rulebook.metrics import metrics

    known = metrics().get(name)
    return f"{name} {known.name.say()}" if known else name


def _short_source(finding: "Finding") -> str:
    from puhui.rulebook.vocabulary import CONFIDENCES, name_of

    source = finding.rule.record.source
    article = Text(f" 第{source.article}条", f" art. {source.article}").say() if source.article else ""
    return f"{source.doc_no or source.document}{article} · {name_of(finding.confidence, CONFIDENCES)}"


def _verdict(report: "Report") -> list[str]:
    broken, warned = len(report.broken), len(report.warned)
    waiting = sum(finding.stops for finding in report.findings) - broken
    if report.ok:
        verdict = Text(f"✓ 可行：未违反强制规则；警示 {warned} 条", f"✓ may go ahead; {warned} warnings")
    else:
        verdict = Text(
            f"✗ 不可行：违反 {broken} 条，缺事实无法判断 {waiting} 条；警示 {warned} 条",
            f"✗ may not go ahead: {broken} broken, {waiting} could not be evaluated; {warned} warnings",
        )
    lines = [verdict.say()]
    if report.missing:
        lines.append(Text("缺少的事实：", "Missing facts: ").say() + ", ".join(report.missing))
    if report.unknown_facts:
        unread = Text("词表里没有的事实（拼写？）：", "Facts that are not listed (spelling?): ").say()
        lines.append(unread + ", ".join(report.unknown_facts))
    return lines


def _some(items: "list[Item]") -> str:
    """How many offers, and the first of them."""
    count = Text(f"{len(items)} 个，如：", f"{len(items)}, such as: ").say()
    return count + items[0].offer


def draw_difference(difference: "Difference") -> None:
    """Draw what changed in law."""
    from puhui.kernel.rates import format_rate
    from puhui.rulebook.diff import KINDS

    say(f"{difference.from_on} → {difference.to_on}")
    if not difference.rules and not difference.series:
        say(Text("规则没有变化。", "Nothing changed.").say())
        return
    table = new_table(Text("变化", "change"), Text("规则", "rule"), Text("详情", "detail"))
    table.columns[0].no_wrap = True
    for change in difference.rules:
        rule = f"{change.rule.id}\n{change.rule.title.say()}"
        table.add_row(KINDS[change.kind].say(), rule, _detail(change))
    for moved in difference.series:
        before = format_rate(moved.before.value_ppm) if moved.before else "—"
        after = format_rate(moved.after.value_ppm) if moved.after else "—"
        series = f"{moved.series.code}\n{moved.series.title.say()}"
        table.add_row(Text("数值", "value").say(), series, f"{before} → {after}")
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
    """Draw the proposals that fare otherwise on the second day, alike ones together."""
    from puhui.rulebook.vocabulary import OUTCOMES, name_of

    if not touched:
        say(Text("没有产品受影响。", "No product is touched.").say())
        return
    alike: dict[tuple[str, bool, bool, str], list[Item]] = {}
    for one in touched:
        moves = (
            f"{rule_id}: {name_of(before or '—', OUTCOMES)} → {name_of(after or '—', OUTCOMES)}"
            for rule_id, before, after in one.moved
        )
        key = (one.item.name, one.ok_before, one.ok_after, "\n".join(moves))
        alike.setdefault(key, []).append(one.item)
    table = new_table(Text("产品", "product"), Text("报价", "offers"), Text("可行", "may go"), Text("规则", "rules"))
    table.columns[2].no_wrap = True
    for (name, before, after, moved), items in alike.items():
        table.add_row(name, _some(items), f"{_mark(before)} → {_mark(after)}", moved)
    draw(table)


def _mark(ok: bool) -> str:
    return "[green]✓[/green]" if ok else "[red]✗[/red]"
