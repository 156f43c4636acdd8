"""What `puhui decisions`, `why` and `replay` draw for people."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from puhui.cli.output import print_table, say
from puhui.kernel.clock import business_date
from puhui.kernel.language import Text
from puhui.kernel.money import format_minor
from puhui.kernel.rates import format_rate

if TYPE_CHECKING:
    from puhui.workflows.decisions import Decision
    from puhui.workflows.replay import Replay

OUTCOMES = {
    "approve": Text("批准", "approved"),
    "refer": Text("转人工", "referred"),
    "decline": Text("拒绝", "declined"),
}
HALF_BAR = 16
MOST_DIFFERENCES = 40
BOUNDS = {
    "capacity": Text("还款能力", "capacity"),
    "product": Text("产品上限", "product"),
    "exposure": Text("敞口上限", "exposure"),
    "programme": Text("政策项目", "programme"),
    "asked": Text("申请金额", "asked for"),
}


def draw_decisions(found: "Sequence[Decision]") -> None:
    """Draw a line a decision."""
    heads = (
        Text("决定", "decision"),
        Text("申请", "application"),
        Text("机构", "institution"),
        Text("结果", "outcome"),
        Text("日期", "day"),
    )
    rows = [
        (one.id, one.application, one.institution, OUTCOMES[one.outcome].say(), f"{business_date(one.decided_at)}")
        for one in found
    ]
    if rows:
        _draw(heads, rows)
    else:
        say(Text("还没有决定。", "There are no decisions yet.").say())


# --- why ----------------------------------------------------------------------------------------------


def draw_why(found: Mapping[str, Any]) -> None:
    """Draw the explanation of a decision, part by part."""
    outcome = OUTCOMES[found["outcome"]].say()
    say(f"{found['decision']}  {outcome}  {found['decided_at']}  {found['decided_by']}")
    if not found["same_now"]:
        changed = Text(
            "本程序现在的结论与当时不同；见 puhui replay", "this program now comes to another outcome: puhui replay"
        )
        say(f"! {changed.say()}")
    for number, reason in enumerate(found["reasons"], start=1):
        say(f"  {number}. {reason['code']}  {_said(reason)}")
    for draw in (_draw_case, _draw_score, _draw_policy, _draw_limit, _draw_prices, _draw_plans):
        draw(found)
    if found["outcome"] != "approve":
        _title(Text("怎样会改变", "What would change it"))
        nothing = Text("可行范围内没有找到", "nothing within reach was found")
        say("  " + (_said(found["would_change"]["text"]) if found["would_change"] else nothing.say()))
    _title(Text("版本", "Versions"))
    for name, version in found["versions"].items():
        say(f"  {name:<28} {version[:12]}")


def _draw_case(found: Mapping[str, Any]) -> None:
    case = found["case"]
    _title(Text("申请", "The case"))
    shown = {
        Text("申请", "application"): found["application"],
        Text("当事人", "party"): found["party"],
        Text("政策、用途、地区", "line, purpose, region"): f"{case['line']} · {case['purpose']} · {case['region']}",
        Text("金额", "amount"): format_minor(case["amount_minor"]),
        Text("首付、手头现金", "down, cash in hand"): _amounts(case["down_minor"], case["cash_minor"]),
        Text("最长月数", "most months"): _or_dash(case["most_months"]),
        Text("自报月收入、还款", "stated income, debts a month"): _amounts(
            case["stated_income_minor"], case["stated_debt_minor"]
        ),
        Text("所见各月收入", "income seen, January to December"): _amounts(*found["income_minor"]),
    }
    checks = ", ".join(f"{name}={value}" for name, value in case["checks"].items())
    _pairs({**shown, Text("核验", "checks"): checks or "—"})


def _draw_score(found: Mapping[str, Any]) -> None:
    score = found["score"]
    if score is None:
        return
    _title(Text("评分", "The score"))
    points = "" if score["points"] is None else f" · {score['points']}"
    say(Text("  违约概率 ", "  chance of default ").say() + format_rate(score["pd_ppm"]) + points)
    most = max((abs(push["log_odds"]) for push in score["pushes"]), default=1)
    heads = (
        Text("更安全 ◀ ▶ 更有风险", "safer <  > riskier"),
        Text("", ""),
        Text("特征", "feature"),
        Text("取值", "value"),
    )
    rows = [
        (bar(push["log_odds"], most), f"{push['log_odds']:+.2f}", _said(push["title"]), _said(push["shown"]))
        for push in score["pushes"]
    ]
    _draw(heads, rows)


def bar(value: float, most: float) -> str:
    """Return a bar both ways from the middle: to the right for more risk, to the left for less.

    >>> bar(1.0, 1.0) == " " * 16 + "│" + "█" * 16, bar(-0.5, 1.0) == " " * 8 + "█" * 8 + "│" + " " * 16
    (True, True)
    """
    length = round(abs(value) * HALF_BAR / most) if most else 0
    full = "█" * length
    return f"{'':{HALF_BAR}}│{full:<{HALF_BAR}}" if value > 0 else f"{full:>{HALF_BAR}}│{'':{HALF_BAR}}"


def _draw_policy(found: Mapping[str, Any]) -> None:
    policy = found["policy"]
    if policy is None:
        return
    title = f"{policy['policy']} v{policy['version']} · {OUTCOMES[policy['outcome']].say()}"
    _title(Text(f"政策 {title}", f"The policy {title}"))
    say("  " + " · ".join(f"{name} {_value(name, value)}" for name, value in policy["values"].items()))
    for hit in policy["rules_hit"]:
        read = ", ".join(f"{_said(one['title'])} {_value(one['input'], one['value'])}" for one in hit["read"])
        say(f"  {hit['rule']:<18} {OUTCOMES[hit['effect']].say()}  {hit['note']}  [{read}]")
    for rule in policy["not_evaluated"]:
        lacks = Text("缺少", "lacks").say()
        say(f"  {rule['rule']:<18} {lacks} {', '.join(rule['missing'])}")


def _draw_limit(found: Mapping[str, Any]) -> None:
    limit = found["limit"]
    if limit is None:
        return
    _title(Text("额度", "The limit"))
    shown = "—" if limit["limit_minor"] is None else format_minor(limit["limit_minor"])
    say(f"  {shown}")
    for name, amount_minor in limit["bounds"].items():
        binds = Text("  ← 决定额度", "  <- binds").say() if name == limit["binds"] else ""
        said = BOUNDS[name].say() if name in BOUNDS else name
        say(f"  {said}: {format_minor(amount_minor)}{binds}")
    if limit["missing"]:
        say("  " + Text("缺少 ", "lacks ").say() + ", ".join(limit["missing"]))


def _draw_prices(found: Mapping[str, Any]) -> None:
    if not found["prices"]:
        return
    _title(Text("价格", "The prices"))
    for product, price in found["prices"].items():
        parts = " + ".join(f"{name} {format_rate(ppm)}" for name, ppm in price["components"].items())
        say(f"  {product}: {format_rate(price['annual_rate_ppm'])}  = {parts}")
        highest = Text("最高", "at most").say()
        say(f"    {highest} {format_rate(price['highest_ppm'])} ({price['limited_by']})")


def _draw_plans(found: Mapping[str, Any]) -> None:
    from puhui.funding.routing import OUTCOMES as VERDICTS

    for number, plan in enumerate(found["plans"], start=1):
        titles = Text("、".join(t["zh"] for t in plan["titles"]), ", ".join(t["en"] for t in plan["titles"]))
        _title(Text(f"方案 {number}：{titles.zh}", f"Plan {number}: {titles.en}"))
        months = Text(f"{plan['months']} 个月", f"{plan['months']} months").say()
        lent, most = format_minor(plan["lent_minor"]), format_minor(plan["most_in_a_month_minor"])
        annual = Text("年化 ", "a year ").say() + format_rate(plan["annual_cost"]["irr_x12_ppm"])
        say(f"  {_said(plan['product_title'])} · {lent} · {months} · ≤ {most} · {annual}")
        for funder in plan["funders"]:
            reasons = "; ".join(_said(reason["text"]) for reason in funder["reasons"])
            say(f"    {funder['funder']:<20} {VERDICTS[funder['outcome']].say()}  {reasons}")


# --- replay -------------------------------------------------------------------------------------------


def draw_replay(found: "Replay") -> None:
    """Draw what came of executing a decision again."""
    if found.identical:
        say(Text(f"✓ 一致：{found.decision.id}", f"✓ identical: {found.decision.id}").say())
    else:
        count = len(found.differences)
        say(Text(f"✗ 有 {count} 处不同：{found.decision.id}", f"✗ {count} values differ: {found.decision.id}").say())
        rows = [
            (one.path, _value(one.path, one.then), _value(one.path, one.now))
            for one in found.differences[:MOST_DIFFERENCES]
        ]
        _draw((Text("位置", "where"), Text("当时", "then"), Text("现在", "now")), rows)
        if count > MOST_DIFFERENCES:
            say(Text("其余见 --json", "the others: --json").say())
    if found.code:
        names = ", ".join(found.code)
        say(Text(f"随程序的部分已不同：{names}", f"of what comes with the program, now others: {names}").say())


# --- what they share ----------------------------------------------------------------------------------


def _value(name: str, value: Any) -> str:
    """Return a value of a record for people, by the unit its name ends with."""
    if value is None:
        return "—"
    if type(value) is int and name.endswith("_minor"):
        return format_minor(value)
    if type(value) is int and name.endswith("_ppm"):
        return format_rate(value)
    text = str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _amounts(*amounts_minor: int | None) -> str:
    return " · ".join("—" if amount is None else format_minor(amount) for amount in amounts_minor)


def _or_dash(value: Any) -> str:
    return "—" if value is None else str(value)


def _said(words: Mapping[str, str]) -> str:
    return Text(words["zh"], words["en"]).say()


def _title(title: Text) -> None:
    say(f"\n{title.say()}")


def _pairs(pairs: Mapping[Text, str]) -> None:
    for name, value in pairs.items():
        say(f"  {name.say()}: {value}")


def _draw(heads: Sequence[Text], rows: "Sequence[tuple[str, ...]] | Iterator[tuple[str, ...]]") -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text as Cell

    table = Table(box=box.SIMPLE_HEAD, header_style="bold")
    for head in heads:
        table.add_column(head.say(), no_wrap=True)
    for row in rows:
        table.add_row(*(Cell(cell) for cell in row))
    print_table(table)
