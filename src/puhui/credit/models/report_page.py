"""The report of a model as a page of its own: pictures in SVG, no script, nothing fetched; Chinese, then English."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from puhui.credit.models.curves import EDGE, GOLD, GREEN, GREY, RED, SIZE, percent, plot, polyline
from puhui.credit.models.page_style import STYLE
from puhui.kernel.language import Text
from puhui.kernel.page import both, heading, page, table

Report = Mapping[str, Any]
MOST_TABLE_ROWS = 24
MOST_TABLES = 30


def as_html(report: Report, others: Iterable[Mapping[str, Any]] = ()) -> str:
    """Return the page of `report.report`; `others` are the figures of the kinds trained beside it."""
    title = Text(**report["title"])
    body = f"""{_cards(report)}
{_small(report)}
<section>{heading("同场比较", "side by side")}{_others(others)}</section>
<section class="two">
<div>{heading("ROC 曲线", "ROC curve")}{_roc(report)}</div>
<div>{heading("KS", "good and bad found")}{_ks(report)}</div>
</section>
<section class="two">
<div>{heading("增益", "gains")}{_gains(report)}</div>
<div>{heading("校准", "calibration")}{_calibration(report)}</div>
</section>
<section>{heading("分数段与坏账率", "score bands and bad rate")}{_bands(report)}</section>
<section>{heading("影响最大的特征", "what weighs most")}{_importance(report)}</section>
<section>{heading("稳定性（PSI，训练对测试）", "stability (PSI, training against test)")}{_psi(report)}</section>
{_vintages(report)}
{_fairness(report)}
{_tables(report)}
<section>{heading("模型卡", "model card")}{_card(report)}</section>
{_dropped(report)}
<footer><p>hash <code>{escape(report["hash"])}</code></p></footer>"""
    return page(Text(f"模型报告 {title.zh}", f"Model report: {title.en}"), body, style=STYLE)


def _cards(report: Report) -> str:
    figures = report["figures"]
    cards = (
        (Text("AUC", "95%"), f"{figures['auc']:.4f}", f"{figures['auc_low']:.4f}–{figures['auc_high']:.4f}"),
        (Text("KS", "95%"), f"{figures['ks']:.4f}", f"{figures['ks_low']:.4f}–{figures['ks_high']:.4f}"),
        (Text("Brier", ""), f"{figures['brier']:.5f}", f"log loss {figures['log_loss']:.4f}"),
        (Text("测试", "test"), f"{figures['rows']:,}", f"坏 bad {figures['bad']:,}"),
    )
    items = "".join(
        f"<div><dt>{both(name)}</dt><dd>{escape(value)}</dd><small>{escape(under)}</small></div>"
        for name, value, under in cards
    )
    return f"<dl class='cards'>{items}</dl>"


def _small(report: Report) -> str:
    small = report["small_sample"]
    inference = report["reject_inference"]
    parts = []
    if small:
        figures = f"AUC {small['auc']:.3f}（{small['auc_low']:.3f}–{small['auc_high']:.3f}），{small['way']}"
        parts.append(f"<p>{both(Text(**small['note']))} {escape(figures)}</p>")
    if inference:
        said = Text(
            f"训练用了拒绝推断（{inference}），这是假设", f"reject inference ({inference}) was used: an assumption"
        )
        parts.append(f"<p>{both(said)}</p>")
    return f"<section class='alarm'>{''.join(parts)}</section>" if parts else ""


def _others(others: Iterable[Mapping[str, Any]]) -> str:
    heads = [Text("模型", "model"), *(Text(name, "") for name in ("AUC", "95%", "KS", "Brier"))]
    heads += [Text("训练", "fit s"), Text("评分", "score s")]
    rows = [
        [
            escape(each["kind"]),
            f"{each['auc']:.4f}",
            f"{each['auc_low']:.4f}–{each['auc_high']:.4f}",
            f"{each['ks']:.4f}",
            f"{each['brier']:.5f}",
            f"{each['fit_s']:.2f}",
            f"{each['score_s']:.3f}",
        ]
        for each in others
    ]
    return table(heads, rows)


# --- curves ---------------------------------------------------------------------------------------------


DIAGONAL = ([0.0, 1.0], [0.0, 1.0])


def _roc(report: Report) -> str:
    curve = report["curve"]
    inside = polyline(*DIAGONAL, GREY, dashed=True) + polyline(curve["step"], curve["roc"], GREEN)
    return plot(inside, Text("误拒好客户", "good refused"), Text("识别坏客户", "bad found"))


def _ks(report: Report) -> str:
    """Draw the shares of bad and of good found, riskiest first; the gap is KS."""
    bands = report["bands"][::-1]
    bad_all = sum(band["bad"] for band in bands) or 1
    rows_all = sum(band["rows"] for band in bands) or 1
    good_all = rows_all - bad_all or 1
    across, bad, good = [0.0], [0.0], [0.0]
    for band in bands:
        across.append(across[-1] + band["rows"] / rows_all)
        bad.append(bad[-1] + band["bad"] / bad_all)
        good.append(good[-1] + (band["rows"] - band["bad"]) / good_all)
    gap = max(range(len(bad)), key=lambda place: bad[place] - good[place])
    mark = polyline([across[gap]] * 2, [good[gap], bad[gap]], GOLD)
    inside = polyline(across, bad, RED) + polyline(across, good, GREEN) + mark
    key = f"<p class='key'><i style='background:{RED}'></i>坏 bad <i style='background:{GREEN}'></i>好 good</p>"
    return plot(inside, Text("由高险到低险", "riskiest first"), Text("累计占比", "share so far")) + key


def _gains(report: Report) -> str:
    curve = report["curve"]
    inside = polyline(*DIAGONAL, GREY, dashed=True) + polyline(curve["step"], curve["gains"], GREEN)
    return plot(inside, Text("审视的申请人", "applicants looked at"), Text("找到的坏客户", "bad found"))


def _calibration(report: Report) -> str:
    rows = report["calibration"]
    most = min(1.0, max((row["high"] for row in rows), default=1.0) * 1.05)
    parts = [polyline([0.0, most], [0.0, most], GREY, most, dashed=True)]
    for row in rows:
        x = min(row["mean_pd"], most)
        parts.append(polyline([x, x], [row["low"], min(row["high"], most)], GREY, most))
        cx, cy = EDGE + x / most * SIZE, 10 + SIZE - row["bad_rate"] / most * SIZE
        parts.append(f"<circle cx='{cx:.1f}' cy='{cy:.1f}' r='4' fill='{GREEN}'/>")
    return plot("".join(parts), Text("预测违约率", "predicted PD"), Text("实际坏账率", "bad rate"), most)


# --- tables ---------------------------------------------------------------------------------------------


def _bands(report: Report) -> str:
    heads = [Text("段", "band"), Text("PD", ""), Text("人数", "rows"), Text("坏", "bad"), Text("坏账率", "bad rate")]
    heads += [Text("95% 区间", "interval"), Text("预测", "mean PD"), Text("累计坏占比", "bad so far")]
    most = max((band["bad_rate"] or 0.0 for band in report["bands"]), default=1.0) or 1.0
    rows = []
    for band in report["bands"]:
        share = (band["bad_rate"] or 0.0) / most
        rows.append(
            [
                str(band["band"]),
                f"{band['pd_from']:.2%}–{band['pd_to']:.2%}",
                f"{band['rows']:,}",
                f"{band['bad']:,}",
                f"<b class='bar' style='width:{80 * share:.0f}px'></b> {percent(band['bad_rate'])}",
                f"{band['bad_rate_low']:.2%}–{band['bad_rate_high']:.2%}",
                percent(band["mean_pd"]),
                f"{band['bad_found_share']:.1%}",
            ]
        )
    return table(heads, rows)


def _importance(report: Report) -> str:
    found = report["importance"][:20]
    most = max((each["mean_log_odds"] for each in found), default=0.0) or 1.0
    rows = []
    for place, each in enumerate(found):
        y = 6 + 24 * place
        width = max(1.0, each["mean_log_odds"] / most * 300)
        colour = RED if each["direction"] > 0.3 else GREEN if each["direction"] < -0.3 else GREY
        rows.append(
            f"<text x='262' y='{y + 13}' text-anchor='end'>{escape(_short(each['name'], 40))}</text>"
            f"<rect x='270' y='{y}' width='{width:.1f}' height='17' rx='2' fill='{colour}'/>"
            f"<text x='{276 + width:.1f}' y='{y + 13}'>{each['mean_log_odds']:.3f}</text>"
        )
    said = Text(
        "平均改变多少对数几率；红：值越大风险越高，绿：越低，灰：无单一方向",
        "mean change of log-odds; red: risk rises with the value, green: falls, grey: neither",
    )
    return f"<p>{both(said)}</p><svg viewBox='0 0 640 {12 + 24 * len(found)}' role='img'>{''.join(rows)}</svg>"


def _psi(report: Report) -> str:
    worst = sorted(report["psi_features"].items(), key=lambda each: -each[1])[:8]
    rows = [["<b>分数 score</b>", f"{report['psi_score']:.4f}", _steady(report["psi_score"])]]
    rows += [[escape(name), f"{value:.4f}", _steady(value)] for name, value in worst]
    return table([Text("", ""), Text("PSI", ""), Text("", "")], rows)


def _steady(value: float) -> str:
    if value < 0.1:
        return "稳定 stable"
    return "留意 watch" if value < 0.25 else "偏移 shifted"


def _vintages(report: Report) -> str:
    if not report["vintages"]:
        return ""
    heads = [Text("季度", "quarter"), Text("人数", "rows"), Text("坏账率", "bad rate"), Text("95% 区间", "interval")]
    heads += [Text("预测", "mean PD"), Text("AUC", "")]
    rows = [
        [
            escape(each["quarter"]),
            f"{each['rows']:,}",
            percent(each["bad_rate"]),
            f"{each['bad_rate_low']:.1%}–{each['bad_rate_high']:.1%}",
            percent(each["mean_pd"]),
            "—" if each["auc"] is None else f"{each['auc']:.3f}",
        ]
        for each in report["vintages"]
    ]
    return f"<section>{heading('按申请季度', 'by quarter of application')}{table(heads, rows)}</section>"


def _fairness(report: Report) -> str:
    parts = []
    heads = [Text("组", "group"), Text("人数", "rows"), Text("坏账率", "bad rate"), Text("预测", "mean PD")]
    heads += [Text("通过率", "accepted"), Text("好客户通过率", "good accepted"), Text("AUC", "")]
    for each in report["fairness"]:
        rows = [
            [
                escape(row["group"]) + (" ⚠ 人少 few" if row["small"] else ""),
                f"{row['rows']:,}",
                f"{row['bad_rate']:.1%} <small>{row['bad_rate_low']:.1%}–{row['bad_rate_high']:.1%}</small>",
                f"{row['mean_pd']:.1%}",
                f"{row['accepted']:.1%} <small>{row['accepted_low']:.1%}–{row['accepted_high']:.1%}</small>",
                f"{percent(row['good_accepted'])} "
                f"<small>{row['good_accepted_low']:.1%}–{row['good_accepted_high']:.1%}</small>",
                "—" if row["auc"] is None else f"{row['auc']:.3f}",
            ]
            for row in each["groups"]
        ]
        parts.append(f"<h3>{escape(each['column'])}</h3>{table(heads, rows)}")
    if not parts:
        return ""
    said = Text(
        "通过：假设接受风险最低的 80% 申请人。区间重叠的差别可能只是偶然。",
        "Accepted: were the 80 % of least risk taken. Where intervals overlap a difference may be chance.",
    )
    return f"<section>{heading('公平性', 'fairness')}<p>{both(said)}</p>{''.join(parts)}</section>"


def _tables(report: Report) -> str:
    if not report["features"]:
        return ""
    order = {each["name"]: place for place, each in enumerate(report["importance"])}
    features = sorted(report["features"], key=lambda each: order.get(each["name"], 0))
    heads = [Text("档", "bin"), Text("人数", "rows"), Text("坏账率", "bad rate"), Text("WOE", ""), Text("分", "points")]
    parts = []
    for each in features[:MOST_TABLES]:
        rows = [
            [
                escape(_short(row["bin"], 60)),
                f"{row['rows']:,}",
                percent(row["bad_rate"]),
                "—" if row["woe"] is None else f"{row['woe']:+.3f}",
                f"{row['points']:+d}",
            ]
            for row in merged(each["rows"])
        ]
        parts.append(f"<div><h3>{escape(each['name'])}</h3>{_shape(each)}{table(heads, rows)}</div>")
    pairs = report["notes"].get("pairs", [])
    said = "".join(f"<li>{escape(left)} × {escape(right)}</li>" for left, right in pairs)
    together = f"<h3>成对表 pairs</h3><ul>{said}</ul>" if pairs else ""
    head = heading("每个特征的档与分", "bins and points of each feature")
    return f"<section>{head}{''.join(parts)}{together}</section>"


def merged(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return at most MOST_TABLE_ROWS rows: the ends and an even choice between, missing and special ones always."""
    if len(rows) <= MOST_TABLE_ROWS:
        return list(rows)
    step = (len(rows) - 2) / (MOST_TABLE_ROWS - 2)
    places = sorted({*(int(number * step) for number in range(MOST_TABLE_ROWS - 1)), len(rows) - 2, len(rows) - 1})
    return [rows[place] for place in places]


def _shape(feature: Mapping[str, Any]) -> str:
    """Draw points by bin as bars, above and below nothing."""
    points = [row["points"] for row in feature["rows"]]
    most = max((abs(point) for point in points), default=0) or 1
    width = 600 / max(len(points), 1)
    bars = []
    for place, point in enumerate(points):
        high = abs(point) / most * 40
        y = 44 - high if point > 0 else 44
        colour = GREEN if point > 0 else RED
        box = f"x='{place * width:.1f}' y='{y:.1f}' width='{max(width - 1, 1):.1f}' height='{high:.1f}'"
        bars.append(f"<rect {box} fill='{colour}'/>")
    axis = "<line x1='0' x2='600' y1='44' y2='44' class='grid'/>"
    return f"<svg viewBox='0 0 600 90' class='shape' aria-hidden='true'>{axis}{''.join(bars)}</svg>"


def _card(report: Report) -> str:
    rows = [[both(Text(**each["name"])), both(Text(**each["text"]))] for each in report["card"]]
    return table([Text("", ""), Text("", "")], rows, "card")


def _dropped(report: Report) -> str:
    if not report["dropped"]:
        return ""
    rows = [[escape(name), both(Text(**why))] for name, why in report["dropped"].items()]
    heads = [Text("列", "column"), Text("原因", "why")]
    return f"<section>{heading('未使用的列', 'columns left out')}{table(heads, rows, 'card')}</section>"


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
