"""The demonstration as a page: who came, what was decided and why, what it costs, how the book stands."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from puhui.kernel.language import Text
from puhui.kernel.money import format_minor
from puhui.kernel.page import badge, both, cards, heading, page, table
from puhui.kernel.places import full_name
from puhui.kernel.rates import format_rate
from puhui.products.definition import catalogue
from puhui.risk.delinquency import BUCKETS

Result = Mapping[str, Any]

SIMULATED: Final = Text("全部为模拟数据", "all of it is simulated")
OUTCOMES: Final = {
    "approve": (Text("通过", "approved"), "#2f7d4f"),
    "refer": (Text("转人工", "to a person"), "#c9a227"),
    "decline": (Text("拒绝", "declined"), "#a3312f"),
}
PURPOSES: Final = {
    "auto": Text("购车", "a car"),
    "farm": Text("农业生产", "farming"),
    "personal": Text("个人消费", "personal"),
    "shop": Text("店铺周转", "a shop's stock"),
}
KINDS: Final = {
    "scorecard": Text("评分卡", "scorecard"),
    "boosted_scorecard": Text("提升评分卡", "boosted scorecard"),
    "challenger": Text("挑战者（LightGBM）", "challenger (LightGBM)"),
}
ROLES: Final = {
    "champion": Text("冠军：由它决策", "champion: it decides"),
    "challenger": Text("挑战者", "challenger"),
    "shadow": Text("影子", "shadow"),
}
GROUPS: Final = {
    "age": Text("年龄", "age"),
    "sex": Text("性别", "sex"),
    "township": Text("乡镇", "township"),
    "female": Text("女", "women"),
    "male": Text("男", "men"),
}
WIDTH: Final = 640
BAR: Final = 140
GREEN: Final = "#2f7d4f"
STYLE: Final = """
i { display: inline-block; width: 10px; height: 10px; margin: 0 6px 0 0; border-radius: 2px; }
b.bar { display: inline-block; height: 10px; border-radius: 2px; vertical-align: middle; }
svg.interval { display: inline-block; width: 140px; vertical-align: middle; }
"""


def as_html(result: Result) -> str:
    """Return the page of `result.result_of`."""
    body = "\n".join(part(result) for part in PARTS)
    return page(Text("模拟县演示", "The simulated county"), body, badge(SIMULATED), STYLE)


def _cards(result: Result) -> str:
    decisions, offers, servicing = result["decisions"], result["offers"], result["servicing"]
    sound = result["night"]["reconciliation"]["sound"]
    return cards(
        (
            (Text("决策", "decisions"), f"{decisions['count']:,}"),
            (Text("通过", "approved"), _share(decisions["outcomes"]["approve"]["count"], decisions["count"])),
            (Text("放款笔数", "loans"), f"{offers['taken']:,}"),
            (Text("放款金额", "lent"), _money(offers["lent_minor"])),
            (Text("平均真实年化", "mean annual cost"), _rate(offers["annual_cost_ppm"])),
            (Text("还款笔数", "payments"), f"{servicing['payments']:,}"),
            (Text("日终", "nights"), f"{servicing['nights']:,}"),
            (Text("对账", "books"), "✓ 一致 reconcile" if sound else "✗ 不一致 differ"),
        )
    )


def _about(result: Result) -> str:
    county, seed = result["county"], result["story"]["seed"]
    place = full_name(county["place"])
    said = Text(
        f"以{place}为名的模拟县：{county['parties']:,} 个当事人、{county['events']:,} 条流水、"
        f"{county['past_loans']:,} 笔往年贷款、{county['dealers']} 家车行，种子 {seed}。"
        "程序知道每个人真实的违约概率，但决策看不到；下文“真实”一栏即是它。",
        f"A simulated county that bears the name of {place}: {county['parties']:,} parties, {county['events']:,} "
        f"events, {county['past_loans']:,} past loans, {county['dealers']} dealers, seed {seed}. The program "
        "knows everybody's true chance of default, and no decision sees it; below it is called true.",
    )
    return f"<section><p>{both(said)}</p></section>"


def _decisions(result: Result) -> str:
    decisions = result["decisions"]
    heads = [
        Text("结果", "outcome"),
        Text("人数", "people"),
        Text("评分违约率", "scored PD"),
        Text("真实违约率", "true PD"),
    ]
    rows = [
        [
            f"<i style='background:{OUTCOMES[name][1]}'></i>{both(OUTCOMES[name][0])}",
            f"{each['count']:,}",
            _rate(each["scored_pd_ppm"]),
            _rate(each["true_pd_ppm"]),
        ]
        for name, each in decisions["outcomes"].items()
    ]
    said = Text(
        f"评分与真实风险的秩相关 {decisions['rank_correlation']}；"
        f"每笔决策 {decisions['took_ms']['p50']:.0f} 毫秒（中位）。",
        f"rank correlation of scored and true risk {decisions['rank_correlation']}; "
        f"{decisions['took_ms']['p50']:.0f} ms a decision (median).",
    )
    bars = "".join(
        _stacked(both(PURPOSES[purpose]), [(OUTCOMES[name][1], counts[name]) for name in OUTCOMES])
        for purpose, counts in decisions["purposes"].items()
    )
    return f"<section>{heading('决策', 'decisions')}{table(heads, rows)}<p>{both(said)}</p>{bars}</section>"


def _stacked(name: str, parts: Sequence[tuple[str, int]]) -> str:
    """Return one bar split in parts, each with its number in it where it fits."""
    whole = sum(count for _, count in parts) or 1
    x, drawn = 0, []
    for colour, count in parts:
        width = count * WIDTH // whole
        drawn.append(f"<rect x='{x}' y='0' width='{width}' height='22' fill='{colour}'/>")
        if width > 24:
            drawn.append(f"<text x='{x + 6}' y='15' style='fill:#fff'>{count}</text>")
        x += width
    return f"<p>{name} · {whole:,}</p><svg viewBox='0 0 {WIDTH} 22' aria-hidden='true'>{''.join(drawn)}</svg>"


def _reasons(result: Result) -> str:
    found = result["reasons"]
    most = max((each["count"] for each in found), default=1)
    rows = [
        [both(Text(**each["text"])), f"<code>{escape(each['code'])}</code>", _bar(each["count"], most, "#d9822b")]
        for each in found
    ]
    heads = [Text("对本人说的话", "what the person is told"), Text("代码", "code"), Text("次数", "times")]
    return f"<section>{heading('为什么没有通过', 'why not')}{table(heads, rows, 'words')}</section>"


def _auto(result: Result) -> str:
    auto = result["auto"]
    if not auto:
        return ""
    price, down, wish = (_money(auto[name]) for name in ("price_minor", "down_payment_minor", "instalment_wish_minor"))
    advertised, true = _rate(auto["advertised_flat_ppm"]), _rate(auto["advertised_true_ppm"])
    said = Text(
        f"{auto['vehicle']}，{price} 元，{auto['dealer']}；打算首付 {down}，每月约 {wish}，{auto['months']} 期。"
        f"车行广告“年费率 {advertised}”，真实年化是 {true}。",
        f"a car of {price} yuan, down {down}, about {wish} a month for {auto['months']} months. The dealer advertises "
        f"{advertised} flat, which truly is {true} a year.",
    )
    heads = [Text("方案", "plan"), Text("资金方", "funder"), Text("首付", "own money"), Text("期数", "months")]
    heads += [Text("最高月供", "dearest month"), Text("合同利率", "contract rate"), Text("真实年化", "annual cost")]
    heads += [Text("全部成本", "all costs")]
    rows = [
        [
            ("✓ " if offer["taken"] else "") + "<br>".join(both(Text(**title)) for title in offer["titles"]),
            both(Text(**offer["funder_title"])),
            _money(offer["own_minor"]),
            str(offer["months"]),
            _money(offer["most_in_a_month_minor"]),
            format_rate(offer["annual_rate_ppm"]),
            f"<b>{_rate(offer['annual_cost']['irr_x12_ppm'])}</b>",
            _money(offer["total_cost_minor"]),
        ]
        for offer in auto["offers"]
    ]
    title = heading("一笔车贷：广告与真相", "one car: the advertisement and the truth")
    return f"<section>{title}<p>{both(said)}</p>{table(heads, rows)}</section>"


def _offers(result: Result) -> str:
    offers, products = result["offers"], catalogue()
    most = max((each["lent_minor"] for each in offers["funders"]), default=1)
    heads = [Text("资金方", "funder"), Text("笔数", "loans"), Text("金额", "lent")]
    rows = [
        [both(Text(**each["title"])), f"{each['loans']:,}", _bar(each["lent_minor"], most, "#2f7d4f", money=True)]
        for each in offers["funders"]
    ]
    kinds = [
        [both(products[name].name), f"{count:,}"] for name, count in sorted(offers["products"].items(), key=_by_count)
    ]
    funders, sold = table(heads, rows), table([Text("产品", "product"), Text("笔数", "loans")], kinds)
    left = f"<div>{heading('谁出资', 'who funds')}{funders}</div>"
    return f"<section class='two'>{left}<div>{heading('哪些产品', 'which products')}{sold}</div></section>"


def _models(result: Result) -> str:
    heads = [Text("模型", "model"), Text("角色", "role"), Text("AUC", ""), Text("95% 区间", "interval")]
    heads += [Text("KS", ""), Text("训练秒", "fit s")]
    rows = [
        [
            both(KINDS[each["kind"]]),
            both(ROLES[each["role"]]),
            f"{each['auc']:.3f}",
            f"{each['auc_low']:.3f}–{each['auc_high']:.3f}",
            f"{each['ks']:.3f}",
            f"{each['fit_s']:.1f}",
        ]
        for each in result["models"]
    ]
    return f"<section>{heading('模型（测试集）', 'models, on rows not seen')}{table(heads, rows)}</section>"


def _fairness(result: Result) -> str:
    heads = [
        Text("组", "group"),
        Text("人数", "people"),
        Text("通过率", "approved"),
        Text("通过者违约", "bad of these"),
    ]
    parts = []
    for by in dict.fromkeys(line["by"] for line in result["fairness"]):
        rows = [
            [
                _group(line),
                f"{line['approved']['rows']:,}",
                _interval(line["approved"]),
                _interval(line["bad"]),
            ]
            for line in result["fairness"]
            if line["by"] == by
        ]
        parts.append(f"<h3>{both(GROUPS[by])}</h3>{table(heads, rows)}")
    said = Text(
        "性别、年龄、乡镇都不是特征。横线为 95% 区间；▲ 表示与其余人的区间不相交，须由人查明原因。",
        "Sex, age and township are no features. The lines are 95 % intervals; where one does not meet that of all "
        "others, it is marked ▲ and a person has to find out why.",
    )
    return f"<section>{heading('公平性', 'fairness')}<p>{both(said)}</p>{''.join(parts)}</section>"


def _group(line: Mapping[str, Any]) -> str:
    name = line["group"] or "—"
    return both(GROUPS.get(name, Text(name, ""))) + (" ▲" if line["apart"] else "")


def _interval(share: Mapping[str, Any]) -> str:
    """Return a share with its interval, drawn on a line from nothing to all."""
    if share["share"] is None:
        return "—"
    low, at, high = (round(share[name] * BAR) for name in ("low", "share", "high"))
    line = f"<path d='M0 8H{BAR}' stroke='#e4e6e4'/><path d='M{low} 8H{high}' stroke='{GREEN}' stroke-width='3'/>"
    dot = f"<circle cx='{at}' cy='8' r='4' fill='{GREEN}'/>"
    drawn = f"<svg viewBox='0 0 {BAR} 16' class='interval' aria-hidden='true'>{line}{dot}</svg>"
    return f"{drawn} {share['share']:.1%} <small>{share['low']:.1%}–{share['high']:.1%}</small>"


def _book(result: Result) -> str:
    night, servicing = result["night"], result["servicing"]
    names = {bucket.code: bucket.title for bucket in BUCKETS}
    heads = [
        Text("逾期分档", "delinquency"),
        Text("笔数", "loans"),
        Text("本金", "principal"),
        Text("预期损失", "expected loss"),
    ]
    rows = [
        [
            both(names[each["code"]]),
            f"{each['loans']:,}",
            _money(each["principal_minor"]),
            _money(each["expected_loss_minor"]),
        ]
        for each in night["buckets"]
        if each["loans"]
    ]
    said = Text(
        f"{servicing['from']} 至 {servicing['through']}，关账 {servicing['nights']} 个日终，"
        f"收款 {servicing['payments']:,} 笔、"
        f"{_money(servicing['paid_minor'])} 元。",
        f"{servicing['from']} to {servicing['through']}: {servicing['nights']} nights closed, "
        f"{servicing['payments']:,} payments of {_money(servicing['paid_minor'])} yuan.",
    )
    return f"<section>{heading('账簿', 'the book')}<p>{both(said)}</p>{table(heads, rows)}</section>"


PARTS: Final = (_cards, _about, _decisions, _reasons, _auto, _offers, _models, _fairness, _book)


def _bar(value: int, most: int, colour: str, *, money: bool = False) -> str:
    width = max(1, value * BAR // most)
    drawn = f"<b class='bar' style='width:{width}px;background:{colour}'></b>"
    return f"{drawn} {_money(value) if money else f'{value:,}'}"


def _by_count(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _share(part: int, whole: int) -> str:
    return f"{part * 100 / whole:.1f}%" if whole else "—"


def _rate(ppm: int | None) -> str:
    return "—" if ppm is None else f"{ppm / 10_000:.2f}%"


def _money(minor: int | None) -> str:
    return "—" if minor is None else format_minor(minor)
