"""The chart of accounts: data in `chart.yaml`, with what an institution lays over it in its home folder."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import Field

from puhui.kernel.home import home
from puhui.kernel.inputs import Record, parse
from puhui.kernel.language import Text
from puhui.kernel.refusals import INPUT_INVALID, Refusal, declare
from puhui.ledger.entry import Posting
from puhui.rulebook.files import read_yaml

AccountType = Literal["asset", "liability", "equity", "income", "expense", "off_balance"]
Side = Literal["debit", "credit"]

CHART_FILE = Path(__file__).parent / "chart.yaml"
OVERLAY_FILE = "chart.yaml"
OFF_BALANCE: AccountType = "off_balance"

TYPE_NAMES: dict[AccountType, Text] = {
    "asset": Text("资产", "assets"),
    "liability": Text("负债", "liabilities"),
    "equity": Text("所有者权益", "equity"),
    "income": Text("收入", "income"),
    "expense": Text("费用", "expense"),
    "off_balance": Text("表外", "off balance"),
}

CHART_INVALID = declare(
    "CHART_INVALID",
    422,
    "科目表 {file} 有误：科目 {account} {problem}。",
    "Chart of accounts {file} is wrong: account {account} {problem}.",
)
ACCOUNT_UNKNOWN = declare(
    "ACCOUNT_UNKNOWN",
    404,
    "科目表里没有 {account}。用 puhui ledger accounts 查看全部科目。",
    "The chart has no account {account}. List them with: puhui ledger accounts.",
)

_CODE = re.compile(r"[1-9][0-9]{3}(\.[0-9]{2}){0,3}", re.ASCII)
_HEAD = 4


class _Words(Record):
    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class _AccountRecord(Record):
    """An account as written in full."""

    code: str
    name: _Words
    type: AccountType
    side: Side
    standard: str = Field(min_length=1)
    purpose: _Words
    contra: bool = False
    number: str = ""


class _ChangeRecord(Record):
    """What an overlay may say of an account that is there already: how it is called, not what it is."""

    code: str
    name: _Words | None = None
    purpose: _Words | None = None
    standard: str | None = Field(default=None, min_length=1)
    number: str | None = Field(default=None, min_length=1)


@dataclass(frozen=True, slots=True)
class Account:
    """One account. `number`: the institution's own number for it, or ""; `contra`: stands against others."""

    code: str
    name: Text
    type: AccountType
    side: Side
    standard: str
    purpose: Text
    contra: bool = False
    number: str = ""

    @property
    def off_balance(self) -> bool:
        """Whether the account is a memorandum outside the balance sheet."""
        return self.type == OFF_BALANCE

    def as_dict(self) -> dict[str, object]:
        """Return what a program reads."""
        return {
            "code": self.code,
            "number": self.number,
            "name": self.name._asdict(),
            "type": self.type,
            "side": self.side,
            "standard": self.standard,
            "purpose": self.purpose._asdict(),
        }


@dataclass(frozen=True, slots=True)
class Chart:
    """The accounts by code, in order of code. `source`: where the mapping to 企业会计准则 comes from."""

    accounts: Mapping[str, Account]
    source: str
    confidence: str

    def account(self, code: str, field: str = "account") -> Account:
        """Return the account of a code; refuse ACCOUNT_UNKNOWN."""
        found = self.accounts.get(code)
        if found is None:
            raise ACCOUNT_UNKNOWN.refuse(field, account=repr(code)[:40])
        return found

    def check(self, postings: Iterable[Posting]) -> None:
        """Refuse ACCOUNT_UNKNOWN; assert that the off-balance legs balance among themselves in each currency."""
        sums: dict[str, int] = {}
        for posting in postings:
            if self.account(posting.account).off_balance:
                sums[posting.currency] = sums.get(posting.currency, 0) + posting.amount_minor
        assert not any(sums.values()), f"off-balance legs do not balance among themselves: {sums}"


def chart() -> Chart:
    """Return the chart with this installation's overlay; refuse CHART_INVALID."""
    return _chart(home())


@cache
def _chart(folder: Path) -> Chart:
    whole, overlay = load_chart(), folder.joinpath(OVERLAY_FILE)
    return lay_over(whole, overlay) if overlay.is_file() else whole


def load_chart(path: Path = CHART_FILE) -> Chart:
    """Return the chart of a file; refuse INPUT_UNREADABLE, CHART_INVALID."""
    data = _read(path)
    accounts: dict[str, Account] = {}
    for item in data["accounts"]:
        account = _account(item, path.name)
        if account.code in accounts:
            raise _invalid(path.name, account.code, "code", _TWICE)
        accounts[account.code] = account
    whole = Chart(_in_order(accounts), str(data.get("source", "")), str(data.get("confidence", "")))
    _must_hold(whole, path.name)
    return whole


def lay_over(whole: Chart, path: Path) -> Chart:
    """Return `whole` with an institution's file laid over it: accounts called otherwise, accounts added.

    What an account is (type, side) cannot be changed, and none is taken away: the posting rules name them.
    Refuses INPUT_UNREADABLE, CHART_INVALID.
    """
    accounts, seen = dict(whole.accounts), set[str]()
    for item in _read(path)["accounts"]:
        code = _code_of(item)
        if code in seen:
            raise _invalid(path.name, code, "code", _TWICE)
        seen.add(code)
        known = accounts.get(code)
        accounts[code] = _account(item, path.name) if known is None else _changed(known, item, path.name)
    result = Chart(_in_order(accounts), whole.source, whole.confidence)
    _must_hold(result, path.name)
    return result


def _read(path: Path) -> dict[str, Any]:
    data = read_yaml(path)
    if not isinstance(data, dict) or not isinstance(data.get("accounts"), list):
        raise _invalid(path.name, "-", "accounts", _NO_LIST)
    return cast(dict[str, Any], data)


def _code_of(item: object) -> str:
    return str(item.get("code", "-")) if isinstance(item, Mapping) else "-"


def _parsed(model: type[Any], item: object, file: str) -> Any:
    try:
        return parse(model, item)
    except Refusal as refusal:
        problem = refusal.details["problem"] if refusal.kind is INPUT_INVALID else refusal.message()
        raise CHART_INVALID.refuse(*refusal.fields, file=file, account=_code_of(item), problem=problem) from None


def _account(item: object, file: str) -> Account:
    record: _AccountRecord = _parsed(_AccountRecord, item, file)
    if not _CODE.fullmatch(record.code):
        raise _invalid(file, record.code, "code", _BAD_CODE)
    return Account(
        record.code,
        Text(record.name.zh, record.name.en),
        record.type,
        record.side,
        record.standard,
        Text(record.purpose.zh, record.purpose.en),
        record.contra,
        record.number,
    )


def _changed(known: Account, item: object, file: str) -> Account:
    record: _ChangeRecord = _parsed(_ChangeRecord, item, file)
    return Account(
        known.code,
        Text(record.name.zh, record.name.en) if record.name else known.name,
        known.type,
        known.side,
        record.standard or known.standard,
        Text(record.purpose.zh, record.purpose.en) if record.purpose else known.purpose,
        known.contra,
        record.number or known.number,
    )


def _in_order(accounts: Mapping[str, Account]) -> dict[str, Account]:
    return {code: accounts[code] for code in sorted(accounts)}


def _must_hold(whole: Chart, file: str) -> None:
    """Refuse one first-level account of two types, numbers used twice, and no off-balance contra."""
    types: dict[str, AccountType] = {}
    numbers: dict[str, str] = {}
    for account in whole.accounts.values():
        if types.setdefault(account.code[:_HEAD], account.type) != account.type:
            raise _invalid(file, account.code, "type", _MIXED)
        if account.number and numbers.setdefault(account.number, account.code) != account.code:
            raise _invalid(file, account.code, "number", _TWICE_NUMBERED)
        if account.contra and not account.off_balance:
            raise _invalid(file, account.code, "contra", _CONTRA_OFF)
    if not any(account.contra for account in whole.accounts.values()):
        raise _invalid(file, "-", "contra", _NO_CONTRA)


def _invalid(file: str, account: str, field: str, problem: Text) -> Refusal:
    return CHART_INVALID.refuse(field, file=file, account=account, problem=problem)


_TWICE = Text("写了两次", "is written twice")
_NO_LIST = Text("缺少 accounts 列表", "the file has no list of accounts")
_BAD_CODE = Text("的编号应为四位数字，下级每级加点和两位数字，如 1132.01", "needs four digits, then .01 a level")
_MIXED = Text("的类型与同一一级科目的其他科目不同", "has another type than its first-level account")
_TWICE_NUMBERED = Text("的 number 已被另一科目使用", "has a number that another account has")
_CONTRA_OFF = Text("不是表外科目，不能作对应科目", "is not off balance and cannot be the contra")
_NO_CONTRA = Text("缺少表外对应科目（contra: true）", "there must be one with contra: true")
