"""Pages that people read and print: one file, no script, nothing fetched, every text escaped; Chinese, then English.

Readable on a cheap phone and on paper. What a page shows is made where it is known; here is only how it looks.
"""

from collections.abc import Iterable, Sequence
from html import escape

from puhui.kernel.language import Text

STYLE = """
* { box-sizing: border-box; }
body { margin: 0; color: #1c1c1c; background: #f4f5f4; font: 14px/1.5 "Noto Sans CJK SC", "Noto Sans SC",
  "PingFang SC", "Microsoft YaHei", "Source Han Sans SC", sans-serif; }
main { max-width: 980px; margin: 0 auto; padding: 24px 16px 40px; }
small { color: #6b6f6c; font-size: 12px; font-weight: normal; }
header { display: flex; justify-content: space-between; align-items: baseline; gap: 16px; flex-wrap: wrap; }
h1 { margin: 0; font-size: 24px; }
h1 small { margin-left: 10px; font-size: 14px; }
h2 { margin: 0 0 10px; font-size: 16px; }
h3 { margin: 14px 0 6px; font-size: 14px; overflow-wrap: anywhere; }
p { margin: 6px 0; }
.badge { margin: 0; padding: 4px 12px; border-radius: 4px; background: #e4e6e4; font-weight: bold; }
.badge.good { background: #dcefe2; color: #1d5b36; }
.badge.bad { background: #f7dcd9; color: #8c1d18; }
.cards { display: grid; grid-template-columns: repeat(4, 1fr); gap: 10px; margin: 18px 0; }
.cards div, section > div, section { background: #fff; border-radius: 6px; }
.cards div { padding: 10px 14px; }
dt { font-size: 13px; }
dd { margin: 2px 0 0; font-size: 19px; font-weight: bold; font-variant-numeric: tabular-nums; }
section { margin: 0 0 14px; padding: 14px 16px; }
section.two { display: grid; grid-template-columns: 1fr 1fr; gap: 14px; padding: 0; background: none; }
section.two > div { padding: 14px 16px; min-width: 0; }
.alarm { border-left: 4px solid #a3312f; }
svg { display: block; width: 100%; height: auto; }
svg text { font-size: 11px; fill: #1c1c1c; font-variant-numeric: tabular-nums; }
table { width: 100%; border-collapse: collapse; font-size: 13px; }
th, td { padding: 5px 6px; border-bottom: 1px solid #e4e6e4; text-align: right; font-variant-numeric: tabular-nums; }
th { font-weight: normal; color: #3d403e; vertical-align: bottom; }
th small, td small { display: block; }
th:first-child, td:first-child { text-align: left; }
.words th, .words td { text-align: left; }
.wide { overflow-x: auto; }
footer { color: #6b6f6c; font-size: 12px; }
code { overflow-wrap: anywhere; }
@media (max-width: 720px) {
  .cards { grid-template-columns: 1fr 1fr; }
  section.two { grid-template-columns: minmax(0, 1fr); }
  section, section.two > div { padding: 12px; }
  table { font-size: 12px; }
  th, td { padding: 5px 3px; }
}
@media print { body { background: #fff; } section { break-inside: avoid; } }
"""


def page(title: Text, body: str, badge: str = "", style: str = "") -> str:
    """Return a whole page: its title, what stands beside the title, the body; `style` beyond that of all pages."""
    return f"""<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title.zh)} · {escape(title.en)}</title>
<style>{STYLE}{style}</style>
</head>
<body>
<main>
<header><h1>{both(title)}</h1>{badge}</header>
{body}
</main>
</body>
</html>
"""


def both(text: Text) -> str:
    """Return a text in both languages, the second small; "" of an empty one."""
    return f"{escape(text.zh)} <small>{escape(text.en)}</small>" if text.zh else ""


def heading(zh: str, en: str) -> str:
    """Return the heading of a section."""
    return f"<h2>{both(Text(zh, en))}</h2>"


def badge(text: Text, kind: str = "") -> str:
    """Return what stands beside the title; kind: good, bad."""
    return f"<p class='badge {kind}'>{both(text)}</p>"


def cards(figures: Iterable[tuple[Text, str]]) -> str:
    """Return the figures that come first, each large under its name."""
    items = "".join(f"<div><dt>{both(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in figures)
    return f"<dl class='cards'>{items}</dl>"


def table(heads: Iterable[Text], rows: Iterable[Sequence[str]], kind: str = "") -> str:
    """Return a table; its cells are HTML already. kind: words, where nothing is a number."""
    head = "".join(f"<th scope='col'>{both(each)}</th>" for each in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<div class='wide'><table class='{kind}'><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
