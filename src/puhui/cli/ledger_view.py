"""How the ledger is drawn for people on the terminal, and laid out for programs."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from rich import box
from rich.table import Table

from puhui.accounting.explain import Explanation, FigureMove, leg_dict
from puhui.accounting.rules import POSTING_RULES
from puhui.cli.output import print_table, say
from puhui.kernel.language import Text
from puhui.kernel.money import DIGITS, format_minor
from puhui.kernel.rates import format_rate
from puhui.ledger.balances import Line, TrialBalance
from puhui.ledger.chart import TYPE_NAMES, Chart
from puhui.ledger.entry import Entry, Posting

DEBIT, CREDIT = Text("借", "Dr"), Text("贷", "Cr")
BY_NAMES = {
    "institution": Text("机构", "institution"),
    "product": Text("产品", "product"),
    "region": Text("地区", "region"),
    "funder": Text("资金方", "funder"),
}


# --- trial balance ----------------------------------------------------------------------------------


def trial_balance_dict(trial: TrialBalance, whole: Chart, since: date | None, until: date) -> dict[str, Any]:
    """Return the trial balance as a program reads it; amounts in minor units, debit positive."""
    return {
        "from": None if since is None else since.isoformat(),
        "as_of": until.isoformat(),
        "by": trial.by,
        "balanced": not trial.differences(whole),
        "lines": [{**line._asdict(), "name": whole.account(line.account).name._asdict()} for line in trial.lines],
        "differences": [
            {"group": group, "currency": currency, "off_balance": off, "difference_minor": difference_minor}
            for (group, currency, off), difference_minor in trial.differences(whole).items()
        ],
    }


def draw_trial_balance(trial: TrialBalance, whole: Chart, since: date | None, until: date) -> None:
    """Draw the balances, debits and credits in columns of their own, each group with its sums."""
    say(Text(f"试算平衡表，截至 {until}", f"trial balance as of {until}").say())
    if not trial.lines:
        say(Text("没有分录。", "There are no entries.").say())
        return
    table = Table(box=box.SIMPLE)
    for heading in ([BY_NAMES[trial.by]] if trial.by else []) + [Text("科目", "account"), Text("名称", "name")]:
        table.add_column(heading.say())
    opening = [Text(f"{since} 期初", f"before {since}")] if since else []
    for heading in (*opening, Text("借方发生", "debits"), Text("贷方发生", "credits"), *_SIDES):
        table.add_column(heading.say(), justify="right")
    for line in trial.lines:
        table.add_row(*([line.group or "-"] if trial.by else []), *_cells(line, whole, since))
    print_table(table)
    _say_whether(trial, whole)


def _cells(line: Line, whole: Chart, since: date | None) -> list[str]:
    digits = DIGITS[line.currency]
    debit_minor, credit_minor = max(line.closing_minor, 0), max(-line.closing_minor, 0)
    amounts = [line.debit_minor, line.credit_minor, debit_minor, credit_minor]
    shown = [format_minor(amount, digits) if amount else "" for amount in amounts]
    opening = [format_minor(line.opening_minor, digits)] if since else []
    return [line.account, whole.account(line.account).name.say(), *opening, *shown]


def _say_whether(trial: TrialBalance, whole: Chart) -> None:
    differences = trial.differences(whole)
    if not differences:
        say(Text("✓ 借贷平衡，表外自平", "✓ debits equal credits, off balance too").say())
    for (group, currency, off), difference_minor in differences.items():
        where = Text("表外", "off balance") if off else Text("表内", "on balance")
        amount = format_minor(difference_minor, DIGITS[currency])
        say(Text(f"✗ {group} {where.zh}不平：{amount}", f"✗ {group} {where.en} is off by {amount}").say())


# --- entries ----------------------------------------------------------------------------------------


def entry_dict(entry: Entry) -> dict[str, Any]:
    """Return an entry as a program reads it."""
    return {
        "id": entry.id,
        "kind": entry.kind,
        "fact": entry.fact,
        "effective_on": entry.effective_on.isoformat(),
        "recorded_at": entry.recorded_at.isoformat(),
        "reverses": entry.reverses,
        "memo": entry.memo,
        "postings": [leg_dict(posting) for posting in entry.postings],
    }


def draw_entries(entries: Sequence[Entry], whole: Chart) -> None:
    """Draw entries one after another, a line a leg."""
    if not entries:
        say(Text("没有符合条件的分录。", "No entry fits.").say())
        return
    table = Table(box=box.SIMPLE)
    for heading in _ENTRY_HEADS:
        table.add_column(heading.say())
    for heading in (DEBIT, CREDIT):
        table.add_column(heading.say(), justify="right")
    for entry in entries:
        rule = POSTING_RULES.get(entry.kind)
        first = [entry.effective_on.isoformat(), entry.id, rule.title.say() if rule else entry.kind]
        for place, posting in enumerate(entry.postings):
            head = ["", "", ""] if place else first
            table.add_row(*head, *_leg(posting, whole), end_section=place == len(entry.postings) - 1)
    print_table(table)


def _leg(posting: Posting, whole: Chart) -> list[str]:
    amount = format_minor(abs(posting.amount_minor), DIGITS[posting.currency])
    sides = [amount, ""] if posting.amount_minor > 0 else ["", amount]
    return [f"{posting.account} {whole.account(posting.account).name.say()}", *sides]


# --- one entry in words -----------------------------------------------------------------------------


def draw_explanation(explained: Explanation, reversed_by: str) -> None:
    """Say in words what an entry is: the fact, the rule, the legs, the figures."""
    entry, fact = explained.entry, explained.fact
    say(f"{entry.id}  {explained.title.say()}")
    on, at = entry.effective_on, entry.recorded_at
    say(Text(f"{on} 生效，{at} 登记", f"effective {on}, recorded {at}").say())
    if fact is not None:
        body = "，".join(f"{name}={value}" for name, value in fact.body.items() if not isinstance(value, dict | list))
        say(Text(f"事实 {fact.id}：{body}", f"fact {fact.id}: {body}").say())
    if reversed_by:
        say(Text(f"已被 {reversed_by} 冲回", f"taken back by {reversed_by}").say())
    say(Text(f"规则：{explained.says.zh}", f"rule: {explained.says.en}").say())
    table = Table(box=box.SIMPLE)
    for heading in ("", Text("科目", "account").say()):
        table.add_column(heading)
    table.add_column(Text("金额", "amount").say(), justify="right")
    table.add_column(Text("用途", "what it is for").say())
    for leg in explained.legs:
        side = DEBIT if leg.posting.amount_minor > 0 else CREDIT
        amount = format_minor(abs(leg.posting.amount_minor), DIGITS[leg.posting.currency])
        table.add_row(side.say(), f"{leg.posting.account} {leg.name.say()}", amount, leg.purpose.say())
    print_table(table)
    if explained.agrees is None:
        say(Text("此分录按维度汇总，不属于单笔贷款。", "This entry is an aggregate: it is of no one loan.").say())
        return
    _draw_moves(explained.moves)
    say(_AGREES.say() if explained.agrees else _DIFFERS.say())


def _draw_moves(moves: Iterable[FigureMove]) -> None:
    table = Table(box=box.SIMPLE)
    table.add_column(Text("贷款的数字", "figures of the loan").say())
    for heading in (Text("之前", "before"), Text("之后", "after"), Text("变动", "moved")):
        table.add_column(heading.say(), justify="right")
    for move in moves:
        table.add_row(move.title.say(), *(_figure(move, value) for value in (move.before, move.after)), _moved(move))
    print_table(table)


def _figure(move: FigureMove, value: int) -> str:
    if move.name.endswith("_minor"):
        return format_minor(value)
    return format_rate(value) if move.name.endswith("_ppm") else (_YES if value else _NO).say()


def _moved(move: FigureMove) -> str:
    return format_minor(move.after - move.before) if move.name.endswith("_minor") else ""


# --- the chart --------------------------------------------------------------------------------------


def draw_accounts(whole: Chart) -> None:
    """Draw the chart of accounts."""
    table = Table(box=box.SIMPLE)
    for heading in _ACCOUNT_HEADS:
        table.add_column(heading.say())
    for account in whole.accounts.values():
        side = DEBIT if account.side == "debit" else CREDIT
        table.add_row(
            account.code,
            account.number,
            account.name.say(),
            TYPE_NAMES[account.type].say(),
            side.say(),
            account.standard,
        )
    print_table(table)


_SIDES = (Text("借方余额", "debit balance"), Text("贷方余额", "credit balance"))
_ENTRY_HEADS = (Text("日期", "day"), Text("分录", "entry"), Text("摘要", "what"), Text("科目", "account"))
_ACCOUNT_HEADS = (
    Text("科目", "account"),
    Text("自有编号", "own number"),
    Text("名称", "name"),
    Text("类型", "type"),
    Text("方向", "side"),
    Text("会计准则科目", "standard account"),
)
_YES, _NO = Text("是", "yes"), Text("否", "no")
_AGREES = Text("✓ 按事实重算，分录一致", "✓ reckoned anew from the facts, the entry agrees")
_DIFFERS = Text("✗ 按事实重算，分录不一致", "✗ reckoned anew from the facts, the entry differs")
