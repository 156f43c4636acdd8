"""The night report as a page of its own: no script, nothing fetched, every text escaped; Chinese, then English."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from puhui.kernel.language import Text
from puhui.kernel.money import format_minor
from puhui.kernel.page import badge, both, cards, heading, page, table
from puhui.kernel.rates import PPM, format_rate
from puhui.kernel.rounding import round_div
from puhui.risk.delinquency import BUCKETS
from puhui.rulebook.metrics import CLASS_NAMES

Report = Mapping[str, Any]

TITLE = Text("日终报告", "Night report")
SOUND = Text("对账一致", "books reconcile")
UNSOUND = Text("对账不一致", "books do not reconcile")
PENDING = Text("尚未对账", "not reconciled yet")
BUCKET_NAMES = {bucket.code: bucket.title for bucket in BUCKETS}
STAGE_NAMES = {
    "1": Text("阶段一", "stage 1"),
    "2": Text("阶段二", "stage 2"),
    "3": Text("阶段三", "stage 3"),
}
CLASSES = {code: Text(name.zh, name.en) for code, name in CLASS_NAMES.items()}
NEW = Text("新增", "new")
ACCRUED = {
    "interest_minor": Text("利息收入（不含税）", "interest income, without VAT"),
    "penalty_minor": Text("罚息收入（不含税）", "penalty income, without VAT"),
    "fee_minor": Text("费用收入（不含税）", "fee income, without VAT"),
    "vat_minor": Text("增值税", "VAT"),
    "off_balance_minor": Text("表外应计", "accrued off balance"),
}
COLOURS = ("#2f7d4f", "#c9a227", "#d9822b", "#c4532d", "#a3312f", "#83232c", "#611a28", "#3f1221")
WIDTH = 640


def as_html(report: Report) -> str:
    """Return the report of `report.night_report` as a page."""
    day = report["night_of"]
    delinquency = f"<section>{heading('逾期分档', 'delinquency')}{_late_bars(report)}</section>"
    moves = f"<section>{heading('逾期迁徙', 'who moved bucket')}{_moves(report)}</section>"
    classes = _pair(
        heading("五级分类", "risk categories") + _shares(report["categories"], CLASSES, COLOURS),
        heading("减值阶段", "stages of IFRS 9") + _shares(report["stages"], STAGE_NAMES, COLOURS[::2]),
    )
    amounts = _pair(
        heading("当日入账", "accrued on the day") + _accrued(report),
        heading("当日到期", "fell due on the day") + _fell_due(report),
    )
    alarms = _differences(report) + _aside(report)
    parts = (_cards(report), alarms, delinquency, moves, classes, amounts, f"<footer>{_footer(report)}</footer>")
    title = Text(f"{TITLE.zh} {day}", f"{TITLE.en} {day}")
    return page(title, "\n".join(parts), _badge(report), STYLE)


def _pair(left: str, right: str) -> str:
    return f"<section class='two'><div>{left}</div><div>{right}</div></section>"


def _badge(report: Report) -> str:
    reconciliation = report["reconciliation"]
    if "balances" not in reconciliation:
        return badge(PENDING)
    kind, mark, text = ("good", "✓ ", SOUND) if reconciliation["sound"] else ("bad", "✗ ", UNSOUND)
    return badge(Text(mark + text.zh, text.en), kind)


def _cards(report: Report) -> str:
    ratios = report["ratios"]
    figures = (
        (Text("在贷笔数", "active loans"), f"{report['loans']['active']:,}"),
        (Text("当日利息收入", "interest income"), format_minor(report["accrued"]["interest_minor"])),
        (Text("减值损失", "impairment loss"), format_minor(report["provisions"]["charged_minor"])),
        (Text("逾期本金", "past-due principal"), format_minor(report["past_due_principal_minor"])),
        (Text("不良率", "non-performing"), _share(ratios["non_performing_ppm"])),
        (Text("贷款拨备率", "provisions to loans"), _share(ratios["provision_to_loans_ppm"])),
        (Text("拨备覆盖率", "coverage"), _share(ratios["coverage_ppm"])),
        (Text("搁置", "set aside"), f"{len(report['set_aside']):,}"),
    )
    return cards(figures)


def _late_bars(report: Report) -> str:
    """Return bars of the principal of each bucket that is late; the rest in a sentence, or it would hide them."""
    current, *late = report["buckets"]
    whole_minor = sum(bucket["principal_minor"] for bucket in report["buckets"])
    most_minor = max((bucket["principal_minor"] for bucket in late), default=0)
    rows = []
    for place, bucket in enumerate(late):
        length = _part(bucket["principal_minor"], most_minor, WIDTH - 330)
        y = 10 + 30 * place
        name = BUCKET_NAMES[bucket["code"]]
        figures = f"{format_minor(bucket['principal_minor'])} · {bucket['loans']:,} 笔"
        rows.append(
            f"<text x='92' y='{y + 15}' text-anchor='end'>{escape(name.zh)}</text>"
            f"<rect x='100' y='{y}' width='{length}' height='22' rx='2' fill='{COLOURS[place + 1]}'/>"
            f"<text x='{108 + length}' y='{y + 15}' class='figure'>{escape(figures)}</text>"
        )
    share = _share(round_div(current["principal_minor"] * PPM, whole_minor) if whole_minor else None)
    said = Text(
        f"正常 {current['loans']:,} 笔，占本金 {share}。下图为逾期部分（本金，元）。",
        f"{current['loans']:,} loans are current, {share} of principal. Below: what is late (principal, yuan).",
    )
    label = escape(Text("逾期各档本金", "principal of each late bucket").zh)
    chart = f"<svg viewBox='0 0 {WIDTH} {20 + 30 * len(late)}' role='img' aria-label='{label}'>{''.join(rows)}</svg>"
    return f"<p>{both(said)}</p>{chart}"


def _moves(report: Report) -> str:
    """Return the matrix of who moved: from above to below, by loans; worse is red, better green."""
    moves = {(move["from"], move["to"]): move for move in report["moves"]}
    if not moves:
        return f"<p>{both(Text('没有贷款换档。', 'No loan changed its bucket.'))}</p>"
    codes = [bucket.code for bucket in BUCKETS]
    head = "".join(f"<th scope='col'>{escape(BUCKET_NAMES[code].zh)}</th>" for code in codes)
    rows = []
    for place, old in enumerate([*codes, None]):
        name = BUCKET_NAMES[old] if old else NEW
        cells = []
        for column, new in enumerate(codes):
            move = moves.get((old, new))
            if move is None:
                cells.append("<td class='same'>·</td>" if old == new else "<td></td>")
                continue
            kind = "" if old is None else " class='worse'" if column > place else " class='better'"
            title = escape(f"{format_minor(move['principal_minor'])} 元")
            cells.append(f"<td{kind} title='{title}'>{move['loans']:,}</td>")
        rows.append(f"<tr><th scope='row'>{escape(name.zh)}</th>{''.join(cells)}</tr>")
    corner = f"<th>{both(Text('原档 → 现档', 'from, to'))}</th>"
    return f"<div class='wide'><table class='moves'><tr>{corner}{head}</tr>{''.join(rows)}</table></div>"


def _shares(parts: Sequence[Report], names: Mapping[str, Text], colours: Sequence[str]) -> str:
    """Return one bar split by principal, and a table of loans, principal, expected loss and its share."""
    whole_minor = sum(part["principal_minor"] for part in parts)
    x, bars, rows = 0, [], []
    for part, colour in zip(parts, colours, strict=False):
        length = _part(part["principal_minor"], whole_minor, WIDTH)
        bars.append(f"<rect x='{x}' y='0' width='{length}' height='26' fill='{colour}'/>")
        x += length
        lost = part["expected_loss_minor"]
        covered = round_div(lost * PPM, part["principal_minor"]) if part["principal_minor"] else None
        rows.append(
            [
                f"<i style='background:{colour}'></i>{both(names[part['code']])}",
                f"{part['loans']:,}",
                format_minor(part["principal_minor"]),
                format_minor(lost),
                _share(covered),
            ]
        )
    heads = (
        Text("", ""),
        Text("笔数", "loans"),
        Text("本金", "principal"),
        Text("预期损失", "expected loss"),
        Text("比例", "share"),
    )
    bar = (
        f"<svg viewBox='0 0 {WIDTH} 26' preserveAspectRatio='none' class='bar' aria-hidden='true'>{''.join(bars)}</svg>"
    )
    return bar + table(heads, rows)


def _accrued(report: Report) -> str:
    rows = [[both(ACCRUED[name]), format_minor(amount)] for name, amount in report["accrued"].items()]
    rows.append([both(Text("减值损失", "impairment loss")), format_minor(report["provisions"]["charged_minor"])])
    return table((Text("", ""), Text("元", "yuan")), rows)


def _fell_due(report: Report) -> str:
    due = report["fell_due"]
    rows = [
        [both(Text("笔数", "loans")), f"{due['loans']:,}"],
        [both(Text("本金", "principal")), format_minor(due["principal_minor"])],
        [both(Text("利息", "interest")), format_minor(due["interest_minor"])],
        [both(Text("费用", "fees")), format_minor(due["fee_minor"])],
        [both(Text("分类变动", "classes changed")), f"{report['classified'] or 0:,}"],
        [both(Text("非应计笔数", "loans not accruing")), f"{report['non_accrual']['loans']:,}"],
    ]
    return table((Text("", ""), Text("", "")), rows)


def _differences(report: Report) -> str:
    differences = report["reconciliation"].get("differences", [])
    if not differences:
        return ""
    heads = (
        Text("科目", "account"),
        Text("维度", "dimensions"),
        Text("明细账", "sub-ledger"),
        Text("总账", "general ledger"),
    )
    rows = [
        [
            escape(each["account"]),
            escape(" · ".join(filter(None, (each[name] for name in ("institution", "product", "region", "funder"))))),
            format_minor(each["sub_ledger_minor"]),
            format_minor(each["general_ledger_minor"]),
        ]
        for each in differences
    ]
    return f"<section class='alarm'>{heading('对账差异', 'where the books differ')}{table(heads, rows)}</section>"


def _aside(report: Report) -> str:
    if not report["set_aside"]:
        return ""
    rows = [[escape(each["loan"]), escape(each["problem"])] for each in report["set_aside"]]
    drawn = table((Text("贷款", "loan"), Text("原因", "why")), rows)
    return f"<section class='alarm'>{heading('搁置的贷款', 'loans set aside')}{drawn}</section>"


def _footer(report: Report) -> str:
    signed = report["checkpoint"]
    parts = [f"{both(Text('快照', 'snapshot'))} <code>{escape(report['snapshot_sha256'])}</code>"]
    if signed:
        parts.append(f"{both(Text('存证根', 'proof root'))} <code>{escape(signed['root'])}</code> · {signed['size']:,}")
    return "".join(f"<p>{part}</p>" for part in parts)


def _part(amount_minor: int, whole_minor: int, width: int) -> int:
    """Return a length in pixels; at least one for what is not nothing."""
    if not amount_minor or not whole_minor:
        return 0
    return max(1, int(round_div(amount_minor * width, whole_minor)))


def _share(ppm: int | None) -> str:
    """Return a share with two decimals of a per cent."""
    if ppm is None:
        return "—"
    return format_rate(round_div(ppm, 100) * 100)


STYLE = """
svg text { font-size: 10px; }
svg.bar { height: 22px; margin-bottom: 8px; border-radius: 3px; }
td small { margin-left: 16px; }
td i { display: inline-block; width: 10px; height: 10px; margin-right: 6px; border-radius: 2px; }
.alarm th, .alarm td { text-align: left; }
.moves th, .moves td { text-align: center; white-space: nowrap; }
.moves .same { color: #b9bdba; }
.moves .worse { background: #fae3dd; color: #8c1d18; font-weight: bold; }
.moves .better { background: #dcefe2; color: #1d5b36; font-weight: bold; }
footer p { margin: 2px 0; }
@media (max-width: 720px) {
  section, section.two > div { overflow-x: auto; }
  section > svg:not(.bar) { min-width: 560px; }
}
"""
