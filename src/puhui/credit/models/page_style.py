"""The style of model reports: readable on a cheap phone and on paper."""

STYLE = """
* { box-sizing: border-box; }
body { margin: 0; color: #1c1c1c; background: #f4f5f4; font: 14px/1.5 "Noto Sans CJK SC", "Noto Sans SC",
  "PingFang SC", "Microsoft YaHei", "Source Han Sans SC", sans-serif; }
main { max-width: 980px; margin: 0 auto; padding: 24px 16px 40px; }
small { color: #6b6f6c; font-size: 12px; font-weight: normal; }
h1 { margin: 0; font-size: 24px; }
h1 small { margin-left: 10px; font-size: 14px; }
h2 { margin: 0 0 10px; font-size: 16px; }
h3 { margin: 14px 0 6px; font-size: 14px; overflow-wrap: anywhere; }
.cards { display: grid; grid-template-columns: repeat(4, 1fr); gap: 10px; margin: 18px 0; }
.cards div, section > div, section { background: #fff; border-radius: 6px; }
.cards div { padding: 10px 14px; }
dt { font-size: 13px; }
dd { margin: 2px 0 0; font-size: 19px; font-weight: bold; font-variant-numeric: tabular-nums; }
section { margin: 0 0 14px; padding: 14px 16px; }
section.two { display: grid; grid-template-columns: 1fr 1fr; gap: 14px; padding: 0; background: none; }
section.two > div { padding: 14px 16px; min-width: 0; }
.alarm { border-left: 4px solid #c9a227; }
svg { display: block; width: 100%; height: auto; }
svg.shape { max-width: 600px; height: 70px; }
svg text { font-size: 11px; fill: #1c1c1c; font-variant-numeric: tabular-nums; }
.grid { stroke: #e4e6e4; stroke-width: 1; }
.key { margin: 6px 0 0; font-size: 12px; }
i { display: inline-block; width: 10px; height: 10px; margin: 0 4px 0 10px; border-radius: 2px; }
b.bar { display: inline-block; height: 10px; background: #d9822b; border-radius: 2px; vertical-align: middle; }
table { width: 100%; border-collapse: collapse; font-size: 13px; }
th, td { padding: 5px 6px; border-bottom: 1px solid #e4e6e4; text-align: right; font-variant-numeric: tabular-nums; }
th { font-weight: normal; color: #3d403e; vertical-align: bottom; }
th small { display: block; }
td small { display: block; }
th:first-child, td:first-child { text-align: left; }
.card td { text-align: left; }
.wide { overflow-x: auto; }
ul { margin: 0; padding-left: 20px; columns: 2; font-size: 13px; overflow-wrap: anywhere; }
footer { color: #6b6f6c; font-size: 12px; }
code { overflow-wrap: anywhere; }
@media (max-width: 720px) {
  .cards { grid-template-columns: 1fr 1fr; }
  section.two { grid-template-columns: 1fr; }
  ul { columns: 1; }
}
@media print { body { background: #fff; } section { break-inside: avoid; } }
"""
