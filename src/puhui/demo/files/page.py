"""What came of real files, as pages: pictures in SVG, no script, nothing fetched; Chinese, then English."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final

from puhui.credit.models import MODEL_KINDS
from puhui.credit.models.curves import GREEN, GREY, RED, at, percent, plot, polyline
from puhui.kernel.language import Text
from puhui.kernel.money import format_minor
from puhui.kernel.page import both, cards, heading, page, table
from puhui.kernel.rates import PPM, format_rate

Figures = Mapping[str, Any]
ORANGE: Final = "#d9822b"
OUTCOMES: Final = {
    "approve": (Text("批准", "approved"), GREEN),
    "refer": (Text("转人工", "referred"), ORANGE),
    "decline": (Text("拒绝", "declined"), RED),
}
WAYS: Final = {
    "best": Text("逐户定价定额", "rate and limit for each"),
    "flat": Text("统一利率，额度最优", "one rate, best limits"),
    "even": Text("统一利率，平均额度", "one rate, one limit"),
}
STYLE: Final = """
section p { max-width: 46em; }
.grid { stroke: #e4e6e4; stroke-width: 1; }
.key { margin: 6px 0 0; font-size: 12px; }
.key span { display: inline-block; margin-right: 8px; }
.key i { display: inline-block; width: 10px; height: 10px; margin: 0 4px 0 0; border-radius: 2px; }
b.bar { display: block; height: 8px; border-radius: 2px; margin-top: 3px; }
svg.span { width: 130px; height: 14px; display: inline-block; }
td small { white-space: nowrap; }
.words td small { white-space: normal; }
details summary { cursor: pointer; font-size: 13px; }
@media (max-width: 720px) { svg.span { width: 72px; } }
"""


# --- people ---------------------------------------------------------------------------------------------


def people_page(told: Figures) -> str:
    """Return the page of `people.run`."""
    approved, every = told["outcomes"]["approve"], told["all"]
    champion = told["models"][-1]
    first = cards(
        (
            (Text("决策人数", "people decided"), f"{every['rows']:,}"),
            (Text("批准", "approved"), f"{approved['share']:.1%}"),
            (Text("批准者坏账率", "bad among them"), percent(approved["bad_rate"])),
            (Text("全体坏账率", "bad among all"), percent(every["bad_rate"])),
        )
    )
    body = f"""{first}
<section>{heading("结果与真实表现", "outcomes, and what became of them")}{_outcomes(told)}</section>
<section class="two">
<div>{heading("分数段与坏账率", "bad rate by score band")}{_bands(told["bands"])}</div>
<div>{heading("批准多少，坏账多少", "how many approved, how many bad")}{_acceptance(told)}</div>
</section>
<section>{heading("各档门槛", "at several cut-offs")}{_cut_offs(told)}</section>
<section>{heading("原因", "reasons")}{_reasons(told["reasons"])}</section>
<section>{heading("按年龄组的公平性", "fairness by age group")}{_fairness(told["fairness"])}</section>
<section>{heading("模型（测试集）", "models, on people they had not seen")}{_models(told["models"])}</section>
{_how(told, people_notes(told))}
<footer><p>{escape(told["policy"])} · {escape(champion["kind"])} <code>{escape(champion["hash"])}</code></p></footer>"""
    return page(_title(told), body, style=STYLE)


def _title(told: Figures) -> Text:
    return Text(**told["title"])


def _outcomes(told: Figures) -> str:
    most = max(each["bad_high"] for each in told["outcomes"].values())
    heads = [Text("结果", "outcome"), Text("人数", "people"), Text("占比", "share")]
    heads += [Text("坏账率与区间", "bad rate, interval"), Text("收益", "value")]
    rows = []
    for name, each in told["outcomes"].items():
        title, colour = OUTCOMES[name]
        drawn = _span(each["bad_rate"], each["bad_low"], each["bad_high"], most, colour)
        rate = f"{percent(each['bad_rate'])} {drawn}<small>{each['bad_low']:.2%}–{each['bad_high']:.2%}</small>"
        rows.append([both(title), f"{each['rows']:,}", f"{each['share']:.1%}", rate, whole(each["value_minor"])])
    return table(heads, rows)


def _span(share: float | None, low: float, high: float, most: float, colour: str) -> str:
    """Return a share with its interval as a dot on a line, 0 to `most`."""
    if share is None:
        return "—"
    places = [4 + 192 * min(value, most) / (most or 1.0) for value in (low, high, share)]
    return (
        "<svg class='span' viewBox='0 0 200 20' aria-hidden='true'><line x1='4' x2='196' y1='10' y2='10' class='grid'/>"
        f"<line x1='{places[0]:.1f}' x2='{places[1]:.1f}' y1='10' y2='10' stroke='{colour}' stroke-width='5'/>"
        f"<circle cx='{places[2]:.1f}' cy='10' r='6' fill='{colour}'/></svg>"
    )


def _bar(share: float, colour: str) -> str:
    """Return a bar below a figure, as long as its share of the widest."""
    return f"<b class='bar' style='width:{max(1, round(100 * share))}px;background:{colour}'></b>"


def whole(amount_minor: int) -> str:
    """Return an amount in whole units of money, rounded down: a page of many needs no cents."""
    return f"{amount_minor // 100:,}"


def even_end(most: float) -> float:
    """Return where an axis ends, so that its quarters are even figures.

    >>> even_end(0.377), even_end(0.067), even_end(0.9)
    (0.4, 0.08, 1.0)
    """
    return next((end for end in (0.02, 0.04, 0.08, 0.12, 0.16, 0.2, 0.4, 0.6, 0.8) if most <= end), 1.0)


def _bands(bands: Sequence[Figures]) -> str:
    most = even_end(max(band["bad_rate_high"] for band in bands))
    width = 300 / len(bands)
    parts = []
    for place, band in enumerate(bands):
        if not band["rows"]:
            continue
        left, top = at((place + 0.15) / len(bands), band["bad_rate"], 1.0, most)
        _, bottom = at(0, 0)
        middle = left + width * 0.35
        low, high = at(0, band["bad_rate_low"], 1.0, most)[1], at(0, band["bad_rate_high"], 1.0, most)[1]
        box = f"x='{left:.1f}' y='{top:.1f}' width='{width * 0.7:.1f}' height='{max(bottom - top, 0):.1f}'"
        parts.append(f"<rect {box} fill='{ORANGE}'/>")
        parts.append(f"<line x1='{middle:.1f}' x2='{middle:.1f}' y1='{low:.1f}' y2='{high:.1f}' stroke='#1c1c1c'/>")
    across = Text("申请人，由低险到高险", "applicants, safest first")
    return plot("".join(parts), across, Text("真实坏账率", "true bad rate"), 1.0, most)


CURVES: Final = (
    ("policy", GREEN, Text("政策加提升评分卡", "policy and boosted scorecard")),
    ("boosted_scorecard", ORANGE, Text("仅提升评分卡", "boosted scorecard alone")),
    ("scorecard", GREY, Text("仅经典评分卡", "classical scorecard alone")),
)


def _acceptance(told: Figures) -> str:
    most = even_end(max(point[1] for points in told["curves"].values() for point in points))
    parts, key = [], ""
    for name, colour, title in CURVES:
        shares, rates = zip(*told["curves"][name], strict=True)
        parts.append(polyline(shares, rates, colour, 1.0, most_up=most))
        key += f"<span><i style='background:{colour}'></i>{both(title)}</span> "
    approved = told["outcomes"]["approve"]
    x, y = at(approved["share"], approved["bad_rate"] or 0.0, 1.0, most)
    parts.append(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='6' fill='none' stroke='{GREEN}' stroke-width='3'/>")
    here = both(Text("圆圈为当前政策", "the circle is the policy as it is"))
    drawn = plot("".join(parts), Text("批准占比", "share approved"), Text("批准者坏账率", "bad among them"), 1.0, most)
    return f"{drawn}<p class='key'>{key}</p><p class='key'>{here}</p>"


def _cut_offs(told: Figures) -> str:
    heads = [Text("违约概率低于", "PD below"), Text("批准", "approved"), Text("占比", "share")]
    heads += [Text("坏账率与区间", "bad rate, interval"), Text("收益", "value")]
    rows = []
    for each in told["cut_offs"]:
        mark = f" {both(Text('← 当前政策', 'the policy'))}" if each["is_policy"] else ""
        cells = [f"{format_rate(each['cut_ppm'])}{mark}", f"{each['rows']:,}", f"{each['share']:.1%}"]
        interval = f"<small>{each['bad_low']:.2%}–{each['bad_high']:.2%}</small>"
        rows.append([*cells, f"{percent(each['bad_rate'])}{interval}", whole(each["value_minor"])])
    return f"{table(heads, rows)}<p>{both(price_said(told))}</p>"


def price_said(told: Figures) -> Text:
    """Say the assumed price by which value is counted."""
    price = told["price"]
    loan, currency = format_minor(price["loan_minor"]), told["currency"]
    earns, loses = format_rate(price["earns_ppm"]), format_rate(price["loses_ppm"])
    return Text(
        f"收益按假设的简单价格计：每人借 {loan} {currency} 一年，好客户净赚 {earns}，坏客户损失 {loses}。",
        f"Value at an assumed simple price: {loan} {currency} each for a year; a good one earns {earns}, a bad one "
        f"loses {loses}.",
    )


def _reasons(reasons: Sequence[Figures]) -> str:
    most = max((each["count"] for each in reasons), default=1)
    rows = []
    for each in reasons:
        title, colour = OUTCOMES[each["outcome"]]
        bar = f"{each['count']:,}{_bar(each['count'] / most, colour)}"
        rows.append([f"{both(title)}", bar, both(Text(**each["text"]))])
    heads = [Text("结果", "outcome"), Text("次数", "times"), Text("告知申请人的原因", "what the applicant is told")]
    return table(heads, rows, "words")


def _fairness(lines: Sequence[Figures]) -> str:
    heads = [Text("组", "group"), Text("人数", "people"), Text("批准率", "approved"), Text("95% 区间", "interval")]
    heads += [Text("批准者坏账率", "bad among them"), Text("95% 区间", "interval")]
    most = max((line["bad"]["high"] for line in lines if line["bad"]["rows"]), default=1.0)
    rows = []
    for line in lines:
        approved, bad = line["approved"], line["bad"]
        mark = " ◆" if line["apart"] else ""
        few = f" {both(Text('人少', 'few'))}" if line["small"] else ""
        rows.append(
            [
                f"{escape(line['group'] or '—')}{mark}{few}",
                f"{approved['rows']:,}",
                f"{approved['share']:.1%}",
                f"{_span(approved['share'], approved['low'], approved['high'], 1.0, GREEN)}{_ends(approved)}",
                percent(bad["share"]),
                f"{_span(bad['share'], bad['low'], bad['high'], most, RED)}{_ends(bad)}",
            ]
        )
    said = Text(
        "◆ 批准率区间与其余各组合计不相交：须有人说明原因。坏账率更低而批准率也更低的组，可能受了亏待。",
        "◆ the interval of the approvals does not meet that of all others: somebody should say why. A group with fewer "
        "approvals and fewer bad ones may have been treated too hard.",
    )
    return f"{table(heads, rows)}<p>{both(said)}</p>"


def _ends(share: Figures) -> str:
    return f"<small>{share['low']:.1%}–{share['high']:.1%}</small>"


def _models(models: Iterable[Figures]) -> str:
    heads = [Text("模型", "model"), Text("AUC", ""), Text("95% 区间", "interval"), Text("KS", ""), Text("Brier", "")]
    heads += [Text("训练秒", "fit s"), Text("评分秒", "score s")]
    rows = [
        [
            both(MODEL_KINDS[each["kind"]].title),
            f"{each['auc']:.4f}",
            f"{each['auc_low']:.4f}–{each['auc_high']:.4f}",
            f"{each['ks']:.4f}",
            f"{each['brier']:.5f}",
            f"{each['fit_s']:.1f}",
            f"{each['score_s']:.3f}",
        ]
        for each in models
    ]
    return table(heads, rows)


def people_notes(told: Figures) -> tuple[Text, ...]:
    """Say what a reader must know of the figures."""
    split, online = told["split"], told["online"]
    return (
        Text(
            f"训练 {split['train_rows']:,} 人，决策 {split['test_rows']:,} 人，分层划分，种子 {split['seed']}。",
            f"Learnt from {split['train_rows']:,} people, decided {split['test_rows']:,}; stratified, "
            f"seed {split['seed']}.",
        ),
        Text(
            "缺收入者一律转人工，不当作零。96、98 是代码，按缺失计。",
            "Who has no income on file is referred, never taken for zero. 96 and 98 are codes and count as missing.",
        ),
        Text(
            f"逐个在线复核 {online['checked']} 人，{online['differ']} 人不同。",
            f"{online['checked']} decided again one by one online; {online['differ']} differ.",
        ),
    )


def _how(told: Figures, notes: Iterable[Text]) -> str:
    said = "".join(f"<p>{both(note)}</p>" for note in notes)
    took = "，".join(f"{STEPS[key].zh} {value:.2f} 秒" for key, value in told["seconds"].items())
    took_en = ", ".join(f"{STEPS[key].en} {value:.2f} s" for key, value in told["seconds"].items())
    return f"<section>{heading('怎样得来', 'how it was done')}{said}<p>{both(Text(took, took_en))}</p></section>"


STEPS: Final = {
    "read": Text("读入", "read"),
    "features": Text("特征", "features"),
    "train": Text("训练", "training"),
    "decide": Text("决策", "decisions"),
    "online": Text("在线复核", "online check"),
    "figures": Text("汇总", "figures"),
    "price": Text("定价定额", "rates and limits"),
}


# --- firms ----------------------------------------------------------------------------------------------


def firms_page(told: Figures) -> str:
    """Return the page of `firms.run`."""
    worth, profit = told["worth"], told["profit"]
    first = cards(
        (
            (Text("发票", "invoices"), f"{told['invoices']:,}"),
            (Text("决策企业", "firms decided"), f"{sum(told['outcomes'].values()):,}"),
            (
                Text(f"AUC {worth['auc_low']:.2f}–{worth['auc_high']:.2f}", "95 %, leave one out"),
                f"{worth['auc']:.3f}",
            ),
            (Text("比统一利率多赚（元）", "above one rate, yuan"), whole(profit["gain_minor"])),
        )
    )
    body = f"""{first}
<section>{heading("评级与决策", "grades and decisions")}{_grades(told["grades"])}</section>
<section class="two">
<div>{heading("风险、利率与额度", "risk, rate and limit")}{_rates(told["offers"])}</div>
<div>{heading("期望年利润", "expected profit a year")}{_profit(profit)}</div>
</section>
<section>{heading("原因", "reasons")}{_reasons(told["reasons"])}</section>
<section>{heading("模型看什么", "what the model looks at")}{_weighs(told["weighs"])}</section>
<section>{heading("报价计划", "planned offers")}{_offers(told["offers"])}</section>
{_how(told, firms_notes(told))}
<footer><p>{escape(told["policy"])}</p></footer>"""
    return page(_title(told), body, style=STYLE)


def _grades(grades: Sequence[Figures]) -> str:
    heads = [Text("等级", "grade"), Text("企业", "firms"), Text("平均违约概率", "mean PD")]
    heads += [title for title, _ in OUTCOMES.values()]
    rows = [
        [
            escape(each["grade"] or "—"),
            f"{each['firms']:,}",
            f"{each['mean_pd_ppm'] / PPM:.2%}",
            *(f"{each[name]:,}" for name in OUTCOMES),
        ]
        for each in grades
    ]
    return table(heads, rows)


def _rates(offers: Sequence[Figures]) -> str:
    if not offers:
        return f"<p>{both(Text('没有报价', 'no offers'))}</p>"
    most = even_end(max(each["pd_ppm"] for each in offers) / PPM)
    most_up = even_end(max(each["rate_ppm"] for each in offers) / PPM)
    largest = max(each["amount_minor"] for each in offers)
    parts = []
    for each in offers:
        x, y = at(each["pd_ppm"] / PPM, each["rate_ppm"] / PPM, most, most_up)
        radius = 2 + 4 * each["amount_minor"] / largest
        colour = OUTCOMES[each["outcome"]][1]
        parts.append(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='{radius:.1f}' fill='{colour}' fill-opacity='.55'/>")
    used = [OUTCOMES[name] for name in ("approve", "refer") if any(each["outcome"] == name for each in offers)]
    key = " ".join(f"<span><i style='background:{colour}'></i>{both(title)}</span>" for title, colour in used)
    size = both(Text("圆越大额度越高", "the larger the circle, the higher the limit"))
    drawn = plot("".join(parts), Text("违约概率", "PD"), Text("年利率", "annual rate"), most, most_up)
    return f"{drawn}<p class='key'>{key}</p><p class='key'>{size}</p>"


def _profit(profit: Figures) -> str:
    most = max(1, *(profit[way]["profit_minor"] for way in WAYS))
    rows = []
    for way, title in WAYS.items():
        each = profit[way]
        bar = f"{whole(each['profit_minor'])}{_bar(each['profit_minor'] / most, GREEN)}"
        rate = "—" if each["rate_ppm"] is None else format_rate(each["rate_ppm"])
        rows.append([both(title), bar, rate, f"{each['firms']:,}", whole(each["used_minor"])])
    heads = [Text("方式", "way"), Text("利润", "profit"), Text("利率", "rate")]
    heads += [Text("企业", "firms"), Text("额度", "lent")]
    return f"{table(heads, rows, 'words')}<p>{both(profit_said(profit))}</p>"


def profit_said(profit: Figures) -> Text:
    """Say under what terms the profit was sought, and how far it is proven."""
    budget, low, high, proven = (
        format_minor(profit[name]) for name in ("budget_minor", "lowest_minor", "highest_minor", "bound_minor")
    )
    lgd, funding, sales = (format_rate(profit[name]) for name in ("lgd_ppm", "funding_ppm", "sales_ppm"))
    return Text(
        f"总额度 {budget} 元，每户 {low} 至 {high} 元且不超过年销售额的 {sales}，年利率 4%–15%，客户流失率按附件 3；"
        f"假设违约损失 {lgd}、资金成本 {funding}。可证明：任何方案不超过 {proven} 元。",
        f"A budget of {budget} yuan, {low} to {high} each and at most {sales} of a year's sales, 4 % to 15 % a year, "
        f"customers lost as in annex 3; a default is assumed to lose {lgd}, money to cost {funding}. Proven: nothing "
        f"earns more than {proven}.",
    )


def _weighs(weighs: Sequence[Figures]) -> str:
    most = max((each["mean_log_odds"] for each in weighs), default=1.0)
    rows = [
        [
            both(Text(**each["meaning"])),
            f"{each['mean_log_odds']:.2f}{_bar(each['mean_log_odds'] / most, RED if each['direction'] > 0 else GREEN)}",
        ]
        for each in weighs
    ]
    said = Text(
        "平均改变多少对数几率；红：值越大风险越高，绿：越低。",
        "Mean change of log-odds; red: risk rises with the value, green: it falls.",
    )
    heads = [Text("特征", "feature"), Text("作用", "weight")]
    return f"{table(heads, rows, 'words')}<p>{both(said)}</p>"


def _offers(offers: Sequence[Figures]) -> str:
    heads = [Text("企业", "firm"), Text("结果", "outcome"), Text("等级", "grade"), Text("违约概率", "PD")]
    heads += [Text("利率", "rate"), Text("额度", "limit"), Text("期望利润", "profit")]
    rows = [
        [
            escape(each["firm"]),
            both(OUTCOMES[each["outcome"]][0]),
            escape(each["grade"]),
            f"{each['pd_ppm'] / PPM:.2%}",
            format_rate(each["rate_ppm"]),
            whole(each["amount_minor"]),
            whole(each["profit_minor"]),
        ]
        for each in offers
    ]
    said = Text(f"{len(offers)} 家企业，由低险到高险", f"{len(offers)} firms, the safest first")
    return f"<details><summary>{both(said)}</summary>{table(heads, rows)}</details>"


def firms_notes(told: Figures) -> tuple[Text, ...]:
    """Say what a reader must know of the figures."""
    labelled, worth, seconds = told["labelled"], told["worth"], told["seconds"]
    return (
        Text(
            f"{told['invoices']:,} 张发票到 {told['firms']} 家企业的特征：读入 {seconds['read']:.2f} 秒，"
            f"计算 {seconds['features']:.2f} 秒。",
            f"{told['invoices']:,} invoices to features of {told['firms']} firms: {seconds['read']:.2f} s to read, "
            f"{seconds['features']:.2f} s to work out.",
        ),
        Text(
            f"只有 {labelled['firms']} 家企业有标签，其中 {labelled['bad']} 家违约，样本很小：AUC {worth['auc']:.3f}，"
            f"95% 区间 {worth['auc_low']:.3f} 至 {worth['auc_high']:.3f}。",
            f"Only {labelled['firms']} firms have a label, {labelled['bad']} of them bad: a small sample. AUC "
            f"{worth['auc']:.3f}, 95 % interval {worth['auc_low']:.3f} to {worth['auc_high']:.3f}.",
        ),
        Text(
            "违约日期不详，最后的发票可能已含违约之后的信息，因此以上是乐观的估计。信誉评级 D 即违约，不作特征。",
            "When a firm defaulted is not told, so its last invoices may know of it: these figures are at best. "
            "Rating D is the default itself and is no feature.",
        ),
        Text(
            "转人工的企业，须先由人批准，才会得到计划中的报价。",
            "A firm that is referred gets the planned offer only after a person has said yes.",
        ),
    )
