"""The data report as a page of its own: no script, nothing fetched, every text escaped; Chinese, then English."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from puhui.credit.data.quality import PSI_MOVED, PSI_WATCH, shown, told
from puhui.credit.data.reasons import reason
from puhui.kernel.language import Text
from puhui.kernel.money import format_minor
from puhui.kernel.page import both, cards, heading, page, table

Report = Mapping[str, Any]

TITLE = Text("数据报告", "Data report")
ROLES = {
    "feature": Text("特征", "feature"),
    "group": Text("分组", "group"),
    "protected": Text("受保护，不作特征", "protected, never a feature"),
}
WIDTH, HEIGHT = 260, 64


def as_html(report: Report) -> str:
    """Return the report of `quality.data_report` as a page."""
    title = report["title"]
    parts = (
        _cards(report),
        _alarms(report),
        f"<section>{heading('文件', 'files')}{_files(report)}</section>",
        _quarantine(report),
        _events(report),
        _columns(report),
        f"<footer>{_footer(report)}</footer>",
    )
    said = Text(f"{TITLE.zh} {title['zh']}", f"{TITLE.en} {title['en']}")
    return page(said, "\n".join(parts), style=STYLE)


def _cards(report: Report) -> str:
    account, applications = report["account"], report["applications"]
    figures = [
        (Text("读入行", "rows in"), f"{account['rows_in']:,}"),
        (Text("写出行", "rows out"), f"{account['rows_out']:,}"),
        (Text("隔离行", "set aside"), f"{account['rows_aside']:,}"),
    ]
    if applications["rows"]:
        figures.append((Text("有标签", "labelled"), f"{applications['labelled']:,}"))
        if applications["labelled"]:
            figures.append((Text("坏样本率", "bad rate"), _share(applications["label_mean"])))
        figures.append((Text("各列全同的行", "rows alike"), f"{applications['same_in_all_columns']:,}"))
    return cards(figures)


def _alarms(report: Report) -> str:
    lines = []
    if report["leak_suspects"]:
        names = told(report["leak_suspects"])
        lines.append(
            Text(f"疑似泄漏（单列即可判定结果）：{names}", f"leakage suspects, telling the outcome alone: {names}")
        )
    if report["moved"]:
        names = told(report["moved"])
        lines.append(
            Text(f"分布已变（PSI ≥ {PSI_MOVED}）：{names}", f"another population (PSI ≥ {PSI_MOVED}): {names}")
        )
    for each in report["account"]["files"]:
        if each["left_out"]:
            names = told(each["left_out"])
            lines.append(
                Text(
                    f"{each['file']} 中映射未提及、未读入的列：{names}",
                    f"columns of {each['file']} not in the mapping, left out: {names}",
                )
            )
        if each["without_label"]:
            lines.append(Text(f"{each['file']} 没有标签列", f"{each['file']} has no label"))
    if not lines:
        return ""
    items = "".join(f"<li>{both(line)}</li>" for line in lines)
    return f"<section class='alarm'>{heading('请注意', 'mind')}<ul>{items}</ul></section>"


def _files(report: Report) -> str:
    heads = (Text("文件", "file"), Text("表", "table"), Text("读入", "in"), Text("写出", "out"), Text("隔离", "aside"))
    rows = [
        [escape(each["file"]), each["table"], *(f"{each[name]:,}" for name in ("rows_in", "rows_out", "rows_aside"))]
        for each in report["account"]["files"]
    ]
    return table(heads, rows)


def _quarantine(report: Report) -> str:
    if not report["quarantine"]:
        return ""
    heads = (Text("原因", "reason"), Text("列", "column"), Text("次数", "times"))
    rows = [
        [both(reason(each["code"])), escape(each["column"]), f"{each['count']:,}"] for each in report["quarantine"][:30]
    ]
    return f"<section>{heading('隔离原因', 'why rows were set aside')}{table(heads, rows)}</section>"


def _events(report: Report) -> str:
    if not report["events"]:
        return ""
    heads = (
        *(Text("种类", "kind"), Text("状态", "status"), Text("行数", "rows")),
        *(Text("金额合计", f"sum, {report['currency']}"), Text("最早", "first"), Text("最晚", "last")),
    )
    rows = [
        [
            escape(each["kind"]),
            escape(each["status"]),
            f"{each['rows']:,}",
            format_minor(each["amount_minor"]),
            str(each["first_at"])[:10],
            str(each["last_at"])[:10],
        ]
        for each in report["events"]
    ]
    return f"<section>{heading('事件', 'events')}{table(heads, rows)}</section>"


def _columns(report: Report) -> str:
    if not report["columns"]:
        return ""
    cards = "".join(_column(each) for each in report["columns"])
    key = Text("柱高为行数，圆点为坏样本率", "bars: rows; dots: bad rate")
    return f"<section>{heading('各列', 'columns')}<p>{both(key)}</p><div class='columns'>{cards}</div></section>"


def _column(each: Report) -> str:
    name = each["meaning"]["zh"] if each["meaning"] else each["name"]
    below = f"{each['name']} · {each['meaning']['en']}" if each["meaning"] else ""
    facts = [f"{both(ROLES[each['role']])} · {each['type']}{' · ' + escape(each['unit']) if each['unit'] else ''}"]
    facts.append(f"{both(Text('缺失', 'missing'))} {_share(each['missing'] / each['rows']) if each['rows'] else '—'}")
    if each["least"] is not None:
        facts.append(f"{both(Text('范围', 'range'))} {escape(shown(each['least']))} … {escape(shown(each['most']))}")
    facts.append(f"{both(Text('不同值', 'distinct'))} {each['distinct_in_sample']:,}")
    if each["auc_alone"] is not None:
        mark = " class='bad'" if each["suspect"] else ""
        facts.append(f"<span{mark}>{both(Text('单列 AUC', 'AUC alone'))} {each['auc_alone']:.3f}</span>")
    if each["psi"] is not None:
        mark = "bad" if each["psi"] >= PSI_MOVED else "watch" if each["psi"] >= PSI_WATCH else "good"
        facts.append(f"<span class='{mark}'>PSI {each['psi']:.3f}</span>")
    items = "".join(f"<li>{fact}</li>" for fact in facts)
    heading = f"<h3>{escape(name)}<small>{escape(below)}</small></h3>"
    return f"<article>{heading}{_bars(each['bars'], name)}<ul>{items}</ul></article>"


def _bars(bars: Sequence[Report], name: str) -> str:
    """Return a histogram, with the bad rate of each bar as a dot; each bar says its figures when touched."""
    if not bars:
        return f"<p class='none'>{both(Text('全部缺失', 'all missing'))}</p>"
    most = max(bar["count"] for bar in bars) or 1
    worst = max((bar["bad"] or 0 for bar in bars), default=0)
    step = WIDTH / len(bars)
    drawn = []
    for place, bar in enumerate(bars):
        height = max(1.0, bar["count"] * (HEIGHT - 8) / most) if bar["count"] else 0.0
        said = f"{bar['text']}：{bar['count']:,}" + ("" if bar["bad"] is None else f"，{_share(bar['bad'])}")
        drawn.append(
            f"<rect x='{place * step + 0.5:.1f}' y='{HEIGHT - height:.1f}' width='{step - 1:.1f}' "
            f"height='{height:.1f}'><title>{escape(said)}</title></rect>"
        )
        if bar["bad"] is not None and worst:
            y = HEIGHT - 4 - bar["bad"] * (HEIGHT - 8) / worst
            drawn.append(f"<circle cx='{(place + 0.5) * step:.1f}' cy='{y:.1f}' r='2.2'/>")
    first, last = escape(bars[0]["text"]), escape(bars[-1]["text"] if bars[-1]["text"] != "…" else bars[-2]["text"])
    ends = f"<p class='ends'><span>{first}</span><span>{last if len(bars) > 1 else ''}</span></p>"
    return f"<svg viewBox='0 0 {WIDTH} {HEIGHT}' role='img' aria-label='{escape(name)}'>{''.join(drawn)}</svg>{ends}"


def _footer(report: Report) -> str:
    return "".join(
        f"<p>{escape(each['file'])} <code>sha256 {escape(each['sha256'])}</code></p>"
        for each in report["account"]["files"]
    )


def _share(share: float) -> str:
    return f"{share:.2%}"


STYLE = """
h3 { margin: 0 0 6px; }
h3 small { display: block; }
.cards { grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); }
ul { margin: 0; padding-left: 18px; }
.columns { display: grid; grid-template-columns: repeat(auto-fill, minmax(250px, 1fr)); gap: 14px; }
article { border: 1px solid #e4e6e4; border-radius: 6px; padding: 10px 12px; break-inside: avoid; }
article ul { list-style: none; padding: 0; font-size: 12px; font-variant-numeric: tabular-nums; }
svg { border-bottom: 1px solid #b9bdba; }
svg rect { fill: #9fc3ae; }
svg circle { fill: #a3312f; }
.ends { display: flex; justify-content: space-between; margin: 2px 0 6px; font-size: 11px; color: #6b6f6c; gap: 8px; }
.none { color: #6b6f6c; }
.bad { color: #8c1d18; font-weight: bold; }
.watch { color: #8a5a00; font-weight: bold; }
.good { color: #1d5b36; }
footer p { margin: 2px 0; }
@media (max-width: 720px) { .columns { grid-template-columns: 1fr 1fr; gap: 8px; } article { padding: 8px; } }
@media (max-width: 460px) { .columns { grid-template-columns: 1fr; } }
@media print { section { break-inside: auto; } }
"""
