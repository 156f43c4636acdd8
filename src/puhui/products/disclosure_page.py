"""The cost disclosure table for people: as text for a terminal, and as a page that prints on one A4 sheet.

The page stands alone: no script, nothing fetched, every text escaped. Chinese first.
"""

import unicodedata
from collections.abc import Sequence
from html import escape

from puhui.kernel.language import Text, spoken
from puhui.kernel.money import format_minor
from puhui.kernel.rates import format_rate
from puhui.products.disclosure import (
    LEVELS_DO_NOT_ADD,
    NO_CONTINGENT,
    NOTHING_ELSE,
    TITLE,
    Disclosure,
)

NORMAL = Text("一、正常履约时的成本", "1. Costs in the normal course")
CONTINGENT = Text(
    "二、或有成本（违约、提前还款等情形才收取）", "2. Contingent costs (only on default, early repayment etc.)"
)
DECLARATION = Text("三、声明", "3. Declaration")
NORMAL_HEADS = (
    Text("成本项目", "item"),
    Text("收取方", "payee"),
    Text("收取方式", "collected"),
    Text("收费标准", "standard"),
    Text("金额", "amount"),
    Text("年化水平", "a year"),
)
CONTINGENT_HEADS = (
    Text("成本项目", "item"),
    Text("收取方", "payee"),
    Text("收取情形", "when"),
    Text("收费标准", "standard"),
)
TOTAL = Text("合计", "total")
ANNUAL = Text("年化综合融资成本", "total annual cost")
AFTER = Text("贴息后由借款人承担", "after the subsidy, borne by the borrower")
SIGNED = (Text("借款人确认", "borrower"), Text("日期", "date"))
READ = Text(
    "本人已阅读并知悉上述全部成本。",
    "I have read the above and know all these costs.",
)


def as_text(table: Disclosure, language: str | None = None) -> str:
    """Return the table as lines of text, columns aligned where Chinese takes two places."""
    language = language or spoken()
    lines = [TITLE.say(language), ""]
    lines += [
        f"{label}: {value}" if language == "en" else f"{label}：{value}" for label, value in _facts(table, language)
    ]
    lines += ["", NORMAL.say(language), *_aligned([_heads(NORMAL_HEADS, language), *_normal(table, language)], (4, 5))]
    lines += [f"{name}  {value}" for name, value in _totals(table, language)]
    lines += ["", CONTINGENT.say(language)]
    if table.contingent:
        lines += _aligned([_heads(CONTINGENT_HEADS, language), *_contingent(table, language)])
    else:
        lines.append("—" if table.contingent is None else NO_CONTINGENT.say(language))
    draft = table.draft(language)
    lines += ["", *([draft] if draft else []), NOTHING_ELSE.say(language), LEVELS_DO_NOT_ADD.say(language)]
    return "\n".join(lines)


def as_html(table: Disclosure, language: str = "zh") -> str:
    """Return the table as a page of its own that prints on A4."""
    facts = "".join(
        f"<div><dt>{escape(label)}</dt><dd>{escape(value)}</dd></div>" for label, value in _facts(table, language)
    )
    totals = "".join(
        f"<tr><th scope='row'>{escape(name)}</th><td>{escape(value)}</td></tr>"
        for name, value in _totals(table, language)
    )
    if table.contingent:
        contingent = _table(_heads(CONTINGENT_HEADS, language), _contingent(table, language))
    else:
        contingent = f"<p>{'—' if table.contingent is None else escape(NO_CONTINGENT.say(language))}</p>"
    draft = table.draft(language)
    warning = f"<p class='draft'>{escape(draft)}</p>" if draft else ""
    signed = "".join(f"<span>{escape(text.say(language))}<i></i></span>" for text in SIGNED)
    return f"""<!doctype html>
<html lang="{"zh-CN" if language == "zh" else "en"}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(TITLE.say(language))}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>{escape(TITLE.say(language))}</h1>
{warning}
<dl>{facts}</dl>
<h2>{escape(NORMAL.say(language))}</h2>
{_table(_heads(NORMAL_HEADS, language), _normal(table, language), right=(4, 5), foot=True)}
<table class="totals">{totals}</table>
<p class="note">{escape(LEVELS_DO_NOT_ADD.say(language))}</p>
<h2>{escape(CONTINGENT.say(language))}</h2>
{contingent}
<h2>{escape(DECLARATION.say(language))}</h2>
<p class="declaration">{escape(NOTHING_ELSE.say(language))}</p>
<p>{escape(READ.say(language))}</p>
<p class="signed">{signed}</p>
</main>
</body>
</html>
"""


def _facts(table: Disclosure, language: str) -> list[tuple[str, str]]:
    heading = table.heading
    facts = [
        (Text("贷款人", "lender"), heading.lender.say(language) if heading.lender else "—"),
        (Text("产品", "product"), heading.product.say(language)),
        (Text("贷款本金", "principal"), _money(table, heading.principal_minor, language)),
        (Text("实际到手", "received"), _money(table, heading.received_minor, language)),
        (Text("还款期数", "instalments"), str(heading.instalments)),
        (Text("出示日期", "shown on"), heading.as_of.isoformat()),
    ]
    return [(label.say(language), value) for label, value in facts]


def _normal(table: Disclosure, language: str) -> list[list[str]]:
    """Return the rows of costs in the normal course, the sum last."""
    rows = [
        [
            *(text.say(language) for text in (item.name, item.payee, item.collection, item.standard)),
            format_minor(item.amount_minor, table.heading.currency_digits),
            format_rate(item.annual_ppm),
        ]
        for item in table.items
    ]
    sum_minor = format_minor(table.total_minor, table.heading.currency_digits)
    return [*rows, [TOTAL.say(language), "", "", "", sum_minor, format_rate(table.cost.irr_x12_ppm)]]


def _totals(table: Disclosure, language: str) -> list[tuple[str, str]]:
    """Return the lines below the table: annual cost, the other two figures, and the borrower's after a subsidy."""
    cost = table.cost
    lines = [
        (f"{ANNUAL.say(language)}{_way(language)}", format_rate(cost.irr_x12_ppm)),
        (
            Text("复利年化 · 按实际天数（XIRR/365）", "effective · by days (XIRR/365)").say(language),
            f"{format_rate(cost.effective_ppm)} · {format_rate(cost.xirr_365_ppm)}",
        ),
    ]
    if cost.other_rates:
        others = ", ".join(f"{rate:.4%}" for rate in cost.other_rates)
        lines.append((Text("现金流多次变号，另有解", "the flows have other rates too").say(language), others))
    if table.payer is not None and table.borrower is not None:
        paid = _money(table, table.subsidy_minor, language)
        name = Text(f"贴息（{table.payer.zh}支付）", f"subsidy (paid by {table.payer.en})")
        lines.append((name.say(language), paid))
        lines.append((f"{AFTER.say(language)}{_way(language)}", format_rate(table.borrower.irr_x12_ppm)))
    return lines


def _way(language: str) -> str:
    return Text("（单利，IRR×12）", " (IRR x 12)").say(language)


def _contingent(table: Disclosure, language: str) -> list[list[str]]:
    return [
        [text.say(language) for text in (item.name, item.payee, item.collection, item.standard)]
        for item in table.contingent or ()
    ]


def _money(table: Disclosure, amount_minor: int, language: str) -> str:
    return f"{format_minor(amount_minor, table.heading.currency_digits)} {table.heading.currency.say(language)}"


def _heads(heads: Sequence[Text], language: str) -> list[str]:
    return [head.say(language) for head in heads]


def _table(heads: list[str], rows: list[list[str]], right: Sequence[int] = (), *, foot: bool = False) -> str:
    def cells(row: list[str], tag: str) -> str:
        kinds = [" class='number'" if place in right else "" for place in range(len(row))]
        parts = (f"<{tag}{kind}>{escape(cell)}</{tag}>" for kind, cell in zip(kinds, row, strict=True))
        return f"<tr>{''.join(parts)}</tr>"

    body = "".join(cells(row, "td") for row in (rows[:-1] if foot else rows))
    last = f"<tfoot>{cells(rows[-1], 'td')}</tfoot>" if foot else ""
    return f"<table><thead>{cells(heads, 'th')}</thead><tbody>{body}</tbody>{last}</table>"


def _aligned(rows: list[list[str]], right: Sequence[int] = ()) -> list[str]:
    """Return rows as lines, each column as wide as its widest cell."""
    widths = [max(map(_places, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = []
        for place, (cell, width) in enumerate(zip(row, widths, strict=True)):
            gap = " " * (width - _places(cell))
            cells.append(gap + cell if place in right else cell + gap)
        lines.append("  ".join(cells).rstrip())
    return lines


def _places(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


STYLE = """
@page { size: A4; margin: 16mm 15mm; }
* { box-sizing: border-box; }
body { margin: 0; color: #111; background: #fff; font: 14px/1.55 "Noto Sans CJK SC", "Noto Sans SC", "PingFang SC",
  "Microsoft YaHei", "Source Han Sans SC", sans-serif; }
main { max-width: 180mm; margin: 0 auto; padding: 10mm 4mm; }
h1 { margin: 0 0 5mm; font-size: 22px; text-align: center; letter-spacing: .04em; }
h2 { margin: 6mm 0 2mm; font-size: 15px; break-after: avoid; }
dl { display: grid; grid-template-columns: 1fr 1fr; margin: 0; border: solid #111; border-width: 1px 0 0 1px; }
dl div { display: flex; border-right: 1px solid #111; border-bottom: 1px solid #111; }
dt { flex: none; width: 6.5em; padding: 1.2mm 2mm; background: #f2f2f2; }
dd { margin: 0; padding: 1.2mm 2mm; }
table { width: 100%; border-collapse: collapse; font-size: 13px; }
tr { break-inside: avoid; }
th, td { padding: 1.2mm 2mm; border: 1px solid #111; text-align: left; vertical-align: top; font-weight: normal; }
thead th { background: #f2f2f2; white-space: nowrap; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
tfoot td { font-weight: bold; border-top: 2px solid #111; }
.totals { margin-top: -1px; }
.totals td { width: 40%; text-align: right; font-variant-numeric: tabular-nums; }
.totals tr:first-child * { font-size: 17px; font-weight: bold; }
.note { margin: 2mm 0 0; font-size: 12px; color: #444; }
.declaration { font-weight: bold; }
.draft { padding: 2mm; border: 2px solid #a00; color: #a00; font-weight: bold; }
p { margin: 1mm 0; }
.signed { display: flex; gap: 10mm; margin-top: 12mm; }
.signed span { display: flex; flex: 1; gap: 2mm; white-space: nowrap; }
.signed i { flex: 1; border-bottom: 1px solid #111; }
@media print { main { max-width: none; padding: 0; } }
@media screen and (max-width: 640px) {
  dl { grid-template-columns: 1fr; }
  main { padding: 4mm 3mm; }
  table { font-size: 12px; }
  th, td { padding: 1mm; }
}
"""
