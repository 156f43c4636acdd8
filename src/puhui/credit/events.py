"""The tidy event: one row for anything that happened to a party, whoever tells it.

Bills, wallet and bank flows, orders, shop sales, invoices, repayments, credit lines, inquiries, farm plots and
harvests all fit the columns of `SCHEMA`. A source writes each movement once, under the most telling kind (a wage
that lands in a bank account is a `wage`, not also a `bank_in`).

Two times: `at` is when it happened, `recorded_at` when the lender came to know it. What is known as of an instant
is what has both at or before it. Days are those of Beijing; an event known to the day only is at that day's midnight.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

import polars as pl

from puhui.kernel.language import Text
from puhui.kernel.refusals import INPUT_UNREADABLE, declare

Sign = Literal["in", "out", "any", "level", "none"]

EVENTS_COLUMNS_WRONG = declare(
    "EVENTS_COLUMNS_WRONG",
    422,
    "事件表的列不符：{problem}。需要的列见 puhui features events。",
    "The columns of the events are wrong: {problem}. See the columns with: puhui features events.",
)
EVENTS_ROWS_WRONG = declare(
    "EVENTS_ROWS_WRONG",
    422,
    "事件表有 {rows} 行不符：{problem}。例如第 {line} 行：{example}。请更正或剔除后再试。",
    "{rows} rows of the events are wrong: {problem}. Row {line}, for instance: {example}. Mend or leave them out.",
)

# What a row is read as. The last three may be left out of a file: `tidy` adds them, empty.
INSTANT: Final = pl.Datetime("us", "UTC")
SCHEMA: Final[Mapping[str, pl.DataType]] = {
    "party": pl.String(),
    "kind": pl.String(),
    "amount_minor": pl.Int64(),
    "at": INSTANT,
    "recorded_at": INSTANT,
    "counterparty": pl.String(),
    "source": pl.String(),
    "consent": pl.String(),
    "status": pl.String(),
    "late_days": pl.Int32(),
    "area_m2": pl.Int64(),
}
MAY_BE_LEFT_OUT: Final = ("status", "late_days", "area_m2")
COLUMNS: Final[Mapping[str, Text]] = {
    "party": Text("当事人编号", "id of the party"),
    "kind": Text("事件种类", "kind of event"),
    "amount_minor": Text("金额（分），收入为正、支出为负", "amount in minor units, in > 0, out < 0 (see the kind)"),
    "at": Text("发生时间（UTC）", "when it happened (UTC)"),
    "recorded_at": Text("我方得知时间（UTC）", "when the lender came to know it (UTC)"),
    "counterparty": Text("对方编号", "id of the other side"),
    "source": Text("数据来源", "who told it"),
    "consent": Text("同意的用途", "the purpose that the party agreed to"),
    "status": Text("状态，空为有效", "status; empty is good"),
    "late_days": Text("晚于到期日的天数，提前为负", "days after the due day, early < 0"),
    "area_m2": Text("面积（平方米）", "area in square metres"),
}

# The largest amount of one event: nine million of them in one sum stay within 63 bits.
MOST_MINOR: Final = 10**12
FIRST_AT: Final = datetime(1990, 1, 1, tzinfo=UTC)
LAST_AT: Final = datetime(2100, 1, 1, tzinfo=UTC)

# What a party may have agreed to; features for a decision on credit read only what was given for it.
PURPOSES: Final[Mapping[str, Text]] = {
    "credit": Text("授信审批", "deciding on credit"),
    "monitoring": Text("贷后管理", "watching a loan that was made"),
    "service": Text("仅为办理该项服务", "only the service itself"),
    "marketing": Text("营销", "marketing"),
}

STATUSES: Final[Mapping[str, Text]] = {
    "void": Text("作废", "made void"),
    "returned": Text("已退货或退款", "returned or refunded"),
    "cancelled": Text("已取消", "cancelled"),
    "unpaid": Text("到期未付", "due and not paid"),
}


@dataclass(frozen=True, slots=True)
class EventKind:
    """One kind of event.

    sign: "in" >= 0, "out" <= 0, "any" may be either, "level" >= 0 is a state and no movement, "none" has no amount.
    counterparty: what that column holds. statuses: those that it may have beside none.
    """

    code: str
    name: Text
    sign: Sign
    counterparty: Text
    statuses: tuple[str, ...] = ()
    has_lateness: bool = False
    has_area: bool = False


def _kinds(*kinds: EventKind) -> dict[str, EventKind]:
    return {kind.code: kind for kind in kinds}


_PAYER, _PAYEE = Text("付款人", "the payer"), Text("收款人", "the payee")
_LENDER, _SHOP = Text("放贷机构", "the lender"), Text("店铺或平台", "the shop or platform")
EVENT_KINDS: Final[Mapping[str, EventKind]] = _kinds(
    EventKind("wage", Text("工资", "wage"), "in", Text("用人单位", "the employer")),
    EventKind("bank_in", Text("银行账户收入", "money into a bank account"), "in", _PAYER),
    EventKind("bank_out", Text("银行账户支出", "money out of a bank account"), "out", _PAYEE),
    EventKind("wallet_in", Text("电子钱包收入", "money into a wallet"), "in", _PAYER),
    EventKind("wallet_out", Text("电子钱包支出", "money out of a wallet"), "out", _PAYEE),
    EventKind(
        "balance", Text("账户余额（时点）", "balance of an account, as seen"), "any", Text("账户", "the account")
    ),
    EventKind(
        "bill",
        Text("生活账单（付清日，或发现未付之日）", "bill of daily life: the day paid, or found unpaid"),
        "out",
        Text("收费单位", "the biller"),
        ("unpaid",),
        has_lateness=True,
    ),
    EventKind(
        "repayment",
        Text("一期还款（还清日，或发现未还之日）", "an instalment: the day paid, or found unpaid"),
        "out",
        _LENDER,
        ("unpaid",),
        has_lateness=True,
    ),
    EventKind("credit_limit", Text("授信额度（时点）", "credit limit, as seen"), "level", _LENDER),
    EventKind("credit_used", Text("已用额度（时点）", "credit drawn, as seen"), "level", _LENDER),
    EventKind(
        "credit_report", Text("查得征信报告", "a credit report was read"), "none", Text("征信机构", "the bureau")
    ),
    EventKind("inquiry", Text("征信查询", "an inquiry by a lender"), "none", _LENDER),
    EventKind("order", Text("下单购买", "an order placed"), "out", _SHOP, ("returned", "cancelled")),
    EventKind(
        "sale",
        Text("店铺销售（单笔或日合计）", "a shop's sale, or a day's takings"),
        "in",
        Text("顾客或平台", "the customer or platform"),
        ("returned", "cancelled"),
    ),
    EventKind(
        "invoice_sold",
        Text("销项发票，价税合计；负数为红字", "invoice issued, with tax as on the paper; < 0 is a red letter"),
        "any",
        Text("购方", "the buyer"),
        ("void",),
    ),
    EventKind(
        "invoice_bought",
        Text("进项发票，价税合计；负数为红字", "invoice received, with tax as on the paper; < 0 is a red letter"),
        "any",
        Text("销方", "the seller"),
        ("void",),
    ),
    EventKind(
        "farm_plot",
        Text("在种地块（金额为年租金支出）", "a plot under crop; the amount is a year's rent"),
        "out",
        Text("地块", "the plot"),
        has_area=True,
    ),
    EventKind("farm_sown", Text("播种投入", "cost of a sowing"), "out", Text("地块", "the plot"), has_area=True),
    EventKind("farm_harvest", Text("收获出售", "a harvest sold"), "in", Text("收购方", "the buyer"), has_area=True),
    EventKind(
        "located", Text("住所或经营地", "lives or works at a place"), "none", Text("行政区划代码", "a place code")
    ),
)


def tidy(events: pl.LazyFrame) -> pl.LazyFrame:
    """Return events with the columns of `SCHEMA`, in order; those that may be left out are added, empty.

    Refuses EVENTS_COLUMNS_WRONG for a column that is missing or of another type. Unknown columns are refused too:
    what nobody declared is read by nobody.
    """
    found = events.collect_schema()
    missing = [name for name in SCHEMA if name not in found and name not in MAY_BE_LEFT_OUT]
    unknown = [name for name in found if name not in SCHEMA]
    other = [
        f"{name}: {found[name]} ≠ {kind}"
        for name, kind in SCHEMA.items()
        if name in found and found[name] not in (kind, pl.Null())
    ]
    problems = [
        Text(f"{zh}：{', '.join(names)}", f"{en}: {', '.join(names)}")
        for zh, en, names in (("缺少", "missing", missing), ("未知", "unknown", unknown), ("类型", "type", other))
        if names
    ]
    if problems:
        problem = Text("；".join(text.zh for text in problems), "; ".join(text.en for text in problems))
        raise EVENTS_COLUMNS_WRONG.refuse(*missing, *unknown, problem=problem)
    return events.select(
        pl.col(name) if found.get(name) == kind else pl.lit(None, dtype=kind).alias(name)
        for name, kind in SCHEMA.items()
    )


def checked(events: pl.LazyFrame) -> pl.LazyFrame:
    """Return events that are tidy and whose every row keeps the rules of its kind; one pass, streamed.

    Refuses EVENTS_COLUMNS_WRONG as `tidy` does, and EVENTS_ROWS_WRONG for the first rule that rows break, with how
    many and one of them.
    """
    whole = tidy(events)
    rules = row_rules()
    broken = whole.select(rule.fill_null(True).sum().alias(name) for name, (rule, _) in rules.items())
    counts = broken.collect(engine="streaming").row(0, named=True)
    for name, (rule, text) in rules.items():
        if counts[name]:
            row = whole.with_row_index("line").filter(rule.fill_null(True)).head(1).collect().row(0, named=True)
            line = int(row.pop("line")) + 1
            example = ", ".join(f"{key}={str(value)[:40]}" for key, value in row.items() if value is not None)
            raise EVENTS_ROWS_WRONG.refuse(name, rows=counts[name], problem=text, line=line, example=example[:300])
    return whole


def row_rules() -> dict[str, tuple[pl.Expr, Text]]:
    """Return what no row may be: a condition that holds where it is wrong, with the sentence; null counts as wrong."""
    kind, amount, status = pl.col("kind"), pl.col("amount_minor"), pl.col("status")
    signs = {sign: [each.code for each in EVENT_KINDS.values() if each.sign == sign] for sign in ("in", "out", "none")}
    level = [each.code for each in EVENT_KINDS.values() if each.sign == "level"]
    late = [each.code for each in EVENT_KINDS.values() if each.has_lateness]
    area = [each.code for each in EVENT_KINDS.values() if each.has_area]
    pairs = [f"{each.code}:{name}" for each in EVENT_KINDS.values() for name in each.statuses]
    empty = [pl.col(name).str.len_bytes().fill_null(0) == 0 for name in ("party", "source")]
    times = [~pl.col(name).is_between(FIRST_AT, LAST_AT, closed="left") for name in ("at", "recorded_at")]
    wrong_sign = (
        (kind.is_in([*signs["in"], *level]) & (amount < 0))
        | (kind.is_in(signs["out"]) & (amount > 0))
        | (kind.is_in(signs["none"]) & amount.is_not_null())
    )
    return {
        "party": (empty[0], Text("没有当事人", "no party")),
        "source": (empty[1], Text("没有来源", "no source")),
        "kind": (
            ~kind.is_in(list(EVENT_KINDS)),
            Text("未知的事件种类", f"unknown kind; known are {', '.join(EVENT_KINDS)}"),
        ),
        "consent": (
            ~pl.col("consent").is_in(list(PURPOSES)),
            Text("未知或空缺的同意用途", f"purpose of consent unknown or empty; known are {', '.join(PURPOSES)}"),
        ),
        "at": (times[0], Text("发生时间空缺或不在 1990–2099 年", "at is empty or outside 1990-2099")),
        "recorded_at": (times[1], Text("得知时间空缺或不在 1990–2099 年", "recorded_at is empty or outside 1990-2099")),
        "amount_minor": (
            (~amount.is_between(-MOST_MINOR, MOST_MINOR)).fill_null(False) | _no_amount(kind, amount, signs),
            Text("金额空缺或超过一百亿元", "the amount is empty or beyond ten billion yuan"),
        ),
        "sign": (wrong_sign.fill_null(False), Text("金额正负与种类不符", "the sign of the amount is not the kind's")),
        "status": (
            status.is_not_null() & ~(kind + ":" + status.fill_null("")).is_in(pairs),
            Text("状态与种类不符", f"the status is not the kind's; statuses are {', '.join(STATUSES)}"),
        ),
        "late_days": (
            pl.col("late_days").is_not_null() & ~kind.is_in(late),
            Text(f"只有 {', '.join(late)} 可有逾期天数", f"only {', '.join(late)} may have late_days"),
        ),
        "area_m2": (
            (pl.col("area_m2").is_not_null() & ~kind.is_in(area)) | (pl.col("area_m2") < 0).fill_null(False),
            Text(f"面积只用于 {', '.join(area)}，且不得为负", f"area_m2 is for {', '.join(area)} and is not < 0"),
        ),
    }


def _no_amount(kind: pl.Expr, amount: pl.Expr, signs: Mapping[str, list[str]]) -> pl.Expr:
    """Return where a kind that must have an amount has none: a plot may be the party's own, without a rent."""
    return amount.is_null() & ~kind.is_in([*signs["none"], "farm_plot"])


def read_events(path: Path) -> pl.LazyFrame:
    """Return the checked events of a Parquet file, lazily; refuse INPUT_UNREADABLE and as `checked` does."""
    try:
        return checked(pl.scan_parquet(path))
    except OSError as error:
        raise INPUT_UNREADABLE.refuse(name=str(path), problem=error.strerror or str(error)) from None
    except pl.exceptions.ComputeError as error:
        raise INPUT_UNREADABLE.refuse(name=str(path), problem=str(error).splitlines()[0]) from None


def as_instants(days: pl.Expr) -> pl.Expr:
    """Return the instants of days that are known without an hour: midnight in Beijing, in UTC."""
    return days.cast(pl.Datetime("us")).dt.offset_by("-8h").dt.replace_time_zone("UTC")


def empty_events() -> pl.DataFrame:
    """Return no events, with the columns of `SCHEMA`."""
    return pl.DataFrame(schema=dict(SCHEMA))
