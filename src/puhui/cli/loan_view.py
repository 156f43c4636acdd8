"""How loans are drawn for people on the terminal."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table

from puhui.cli.output import print_table, say
from puhui.kernel.facts import Fact
from puhui.kernel.language import Text
from puhui.kernel.money import format_minor
from puhui.kernel.rates import format_rate

if TYPE_CHECKING:
    from puhui.workflows.record import Recorded

STATUSES = {
    "agreed": Text("已签约", "agreed"),
    "active": Text("在贷", "active"),
    "closed": Text("已结清", "closed"),
    "written_off": Text("已核销", "written off"),
    "cancelled": Text("已撤销", "cancelled"),
}

PARTS = {
    "principal_minor": Text("本金", "principal"),
    "interest_minor": Text("利息", "interest"),
    "fee_minor": Text("费用", "fees"),
    "penalty_minor": Text("罚息", "penalty"),
    "prepayment_fee_minor": Text("提前还款费", "prepayment fee"),
    "suspense_minor": Text("暂存款", "held in suspense"),
    "total_minor": Text("合计", "total"),
}

KINDS = {
    "agreement": Text("签约", "agreement"),
    "disbursement": Text("放款", "disbursement"),
    "repayment": Text("还款", "repayment"),
    "allocation": Text("分配结果", "allocation"),
    "prepayment": Text("提前还款", "prepayment"),
    "fee": Text("收费", "fee"),
    "penalty": Text("违约金", "penalty"),
    "waiver": Text("减免", "waiver"),
    "rate_reset": Text("利率重定价", "rate reset"),
    "due_day_change": Text("变更还款日", "due-day change"),
    "skip": Text("跳期", "skip"),
    "restructure": Text("重组", "restructure"),
    "subsidy": Text("贴息", "subsidy"),
    "assignment": Text("转让", "assignment"),
    "compensation": Text("代偿", "compensation"),
    "settlement": Text("结算", "settlement"),
    "write_off": Text("核销", "write-off"),
    "recovery": Text("核销后收回", "recovery"),
    "refund": Text("退款", "refund"),
    "classification": Text("分类", "classification"),
    "reversal": Text("冲正", "reversal"),
    "collateral": Text("担保物", "collateral"),
    "cancellation": Text("撤销", "cancellation"),
}


def print_recorded(recorded: "Recorded") -> None:
    """Draw what came of a fact: where the money went, and what is left."""
    fact, position = recorded.fact, recorded.loan.position
    kind = KINDS[fact.kind]
    say(Text(f"已登记{kind.zh}，{fact.effective_on} 生效", f"{kind.en} recorded, effective {fact.effective_on}").say())
    parts = [f"{PARTS[name].say()} {format_minor(minor)}" for name, minor in recorded.allocation.items() if minor != 0]
    if parts:
        say(Text("分配：", "went to: ").say() + " · ".join(parts))
    status = STATUSES[position.status]
    left = format_minor(position.principal_minor)
    say(Text(f"剩余本金 {left}（{status.zh}）", f"principal left {left} ({status.en})").say())


def print_statement(found: Mapping[str, Any]) -> None:
    """Draw the statement of a loan."""
    status = STATUSES[found["status"]].say()
    rate = format_rate(found["annual_rate_ppm"])
    say(f"{found['loan']} · {found['product']} · {status} · {rate} · {found['as_of']}")
    _print_parts(found["owed"])
    late = found["arrears"]["past_due_days"]
    due = format_minor(found["due_minor"])
    say(Text(f"今日应付 {due}，逾期 {late} 天", f"payable now {due}, {late} days past due").say())
    _print_instalments(Text("已到期未还", "due and unpaid"), found["dues"])
    _print_instalments(Text("以后各期", "to come"), found["to_come"])


def print_quote(found: Mapping[str, Any]) -> None:
    """Draw a payoff quote."""
    say(Text(f"{found['effective_on']} 全部结清：", f"to pay all of it off on {found['effective_on']}:").say())
    _print_parts({name: found[name] for name in PARTS if name in found})


def print_facts(facts: Sequence[Fact]) -> None:
    """Draw the facts of a loan, as they were recorded."""
    table = Table(box=None, pad_edge=False)
    for zh, en in (("序", "n"), ("事实", "fact"), ("生效", "effective"), ("经办", "by"), ("金额", "amount")):
        table.add_column(Text(zh, en).say(), justify="right" if en in ("n", "amount") else "left")
    for fact in facts:
        amount = fact.body.get("amount_minor")
        shown = "" if amount is None else format_minor(amount)
        table.add_row(str(fact.sequence), KINDS[fact.kind].say(), str(fact.effective_on), fact.actor, shown)
    print_table(table)


def _print_parts(parts: Mapping[str, int]) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, minor in parts.items():
        table.add_row(PARTS[name].say(), format_minor(minor))
    print_table(table)


def _print_instalments(title: Text, rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    table = Table(title=title.say(), title_justify="left", box=None, pad_edge=False)
    for zh, en in (("期", "n"), ("到期日", "due"), ("本金", "principal"), ("利息", "interest"), ("费用", "fees")):
        table.add_column(Text(zh, en).say(), justify="right")
    table.add_column(Text("合计", "total").say(), justify="right")
    for row in rows:
        amounts = (row["principal_minor"], row["interest_minor"], row["fee_minor"], row["total_minor"])
        table.add_row(str(row["n"]), row["due_on"], *map(format_minor, amounts))
    print_table(table)
