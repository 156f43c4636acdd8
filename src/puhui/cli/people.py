"""`puhui user | key | person | keys`: accounts, API keys, personal data and the master key, from the machine itself.

Passwords and personal values are asked for, or read from standard input; never from the command line, which the
system shows to everyone and shells write down.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from puhui.cli.output import AsJson, print_json, print_table, read_day, say
from puhui.kernel.language import Text

if TYPE_CHECKING:
    from puhui.people.access import Actor
    from puhui.people.account import Account
    from puhui.people.roles import Grant
    from puhui.storage.database import Database
    from puhui.storage.people_store import PeopleStore

Name = Annotated[str, typer.Argument(metavar="NAME", help=Text("登录名", "the sign-in name").say())]
RoleName = Annotated[
    str,
    typer.Option(
        "--role",
        help="borrower | partner | officer | analyst | product | operations | auditor | administrator",
    ),
]
Institution = Annotated[
    str, typer.Option("--institution", help=Text("机构编号，* 为全部", "the institution, * for all").say())
]
Region = Annotated[
    str, typer.Option("--region", help=Text("行政区划代码，* 为全部", "GB/T 2260 code, * for all").say())
]
Party = Annotated[
    str, typer.Option("--party", help=Text("借款人或合作方自己的编号", "a borrower's or partner's own id").say())
]
Purpose = Annotated[
    str,
    typer.Option(
        "--purpose",
        help="origination | servicing | collection | complaint | audit | legal | subject_request",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", help=Text("不再询问", "do not ask again").say())]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    user = _group(app, "user", Text("账户：谁可以登录，有哪些角色", "accounts: who signs in, with which roles"))
    user.command("add", help=Text("新建账户，密码从提示或标准输入读取", "add an account; asks for its password").say())(
        user_add
    )
    user.command("list", help=Text("列出账户", "list accounts").say())(user_list)
    user.command("role", help=Text("授予或收回角色", "grant a role, or take it back").say())(user_role)
    user.command("password", help=Text("重设密码", "set another password").say())(user_password)
    user.command("disable", help=Text("停用账户", "let an account sign in no more").say())(user_disable)
    key = _group(app, "key", Text("API 密钥", "API keys"))
    key.command("create", help=Text("创建密钥，只显示一次", "make a key; it is shown once").say())(key_create)
    key.command("list", help=Text("列出密钥", "list keys").say())(key_list)
    key.command("revoke", help=Text("吊销密钥", "revoke a key").say())(key_revoke)
    person = _group(app, "person", Text("个人信息", "personal data"))
    person.command("find", help=Text("按证件号等查找（留痕）", "find by an exact number; logged").say())(person_find)
    person.command("erase", help=Text("删除个人信息（不可恢复）", "erase personal data, for ever").say())(person_erase)
    keys = _group(app, "keys", Text("主密钥", "the master key"))
    keys.command("master-new", help=Text("更换主密钥", "make a new master key and use it").say())(master_new)
    keys.command("rewrap", help=Text("改用当前主密钥加密", "wrap all keys by the current master key").say())(rewrap)
    keys.command("master-drop", help=Text("删除不再使用的旧主密钥", "remove old master keys").say())(master_drop)


def _group(app: typer.Typer, name: str, about: Text) -> typer.Typer:
    group = typer.Typer(no_args_is_help=True, help=about.say())
    app.add_typer(group, name=name)
    return group


# --- accounts ---------------------------------------------------------------------------------------


def user_add(
    name: Name, role: RoleName, institution: Institution = "*", region: Region = "*", party: Party = ""
) -> None:
    """Add an account."""
    from puhui.kernel.clock import now
    from puhui.people.administration import add_account, new_account
    from puhui.people.passwords import Hasher
    from puhui.people.roles import grant_of

    wanted = new_account(name, [grant_of(role, institution, region)], now(), party)
    password = _secret(Text("密码", "Password"), confirmed=True)
    with _people() as people:
        account = add_account(people, Hasher(), wanted, password, _operator())
    say(Text(f"已建立账户 {account.name}（{account.id}）", f"Account {account.name} ({account.id}) is there").say())


def user_list(as_json: AsJson = False) -> None:
    """List accounts."""
    with _people(reading=True) as people:
        accounts = people.accounts.all()
    if as_json:
        print_json([_account_dict(account) for account in accounts])
        return
    rows = [(account.name, "\n".join(map(str, account.grants)), account.party, _state(account)) for account in accounts]
    _draw(
        (Text("登录名", "name"), Text("角色@机构/地区", "role@institution/region"), Text("本人", "party"), _STATE), rows
    )


def user_role(
    name: Name,
    role: RoleName,
    institution: Institution = "*",
    region: Region = "*",
    remove: Annotated[bool, typer.Option("--remove", help=Text("收回", "take it back").say())] = False,
) -> None:
    """Grant a role where it holds, or take exactly that grant back."""
    from puhui.kernel.clock import now
    from puhui.people.access import NOT_FOUND
    from puhui.people.administration import set_grants
    from puhui.people.roles import grant_of, grants_text

    grant = grant_of(role, institution, region)
    with _people() as people:
        account = _account(people, name)
        if remove and grant not in account.grants:
            raise NOT_FOUND.refuse(str(grant))
        kept = tuple(each for each in account.grants if each != grant)
        grants: tuple[Grant, ...] = kept if remove else (*kept, grant)
        set_grants(people, account, grants, _operator(), now())
    say(f"{account.name}: {grants_text(grants)}")


def user_password(name: Name) -> None:
    """Set another password; all sessions of the account end."""
    from puhui.kernel.clock import now
    from puhui.people.administration import reset_password
    from puhui.people.passwords import Hasher

    password = _secret(Text("新密码", "New password"), confirmed=True)
    with _people() as people:
        account = _account(people, name)
        reset_password(people, Hasher(), account, password, _operator(), now())
    say(Text(f"已重设 {account.name} 的密码", f"{account.name} has another password").say())


def user_disable(name: Name) -> None:
    """Disable an account and end its sessions; name the keys that it made and that still open."""
    from puhui.kernel.clock import now
    from puhui.people.administration import disable

    at = now()
    with _people() as people:
        account = _account(people, name)
        disable(people, account, _operator(), at)
        made = [key.id for key in people.keys.all() if key.made_by == account.id and not key.is_over(at)]
    say(Text(f"已停用 {account.name}", f"{account.name} is disabled").say())
    for key in made:
        say(Text(f"该账户创建的密钥仍有效：{key}", f"A key that it made still opens: {key}").say())


# --- API keys -----------------------------------------------------------------------------------------


def key_create(
    role: RoleName,
    scope: Annotated[
        list[str], typer.Option("--scope", help=Text("允许的操作（可重复）", "an action; may be repeated").say())
    ],
    institution: Institution = "*",
    region: Region = "*",
    about: Annotated[str, typer.Option("--about", help=Text("用途", "what it is for").say())] = "",
    expires: Annotated[
        str,
        typer.Option("--expires", metavar="YYYY-MM-DD", help=Text("到期日", "its first day without it").say()),
    ] = "",
    test: Annotated[bool, typer.Option("--test", help=Text("测试密钥", "a test key").say())] = False,
    party: Party = "",
) -> None:
    """Make a key and print it, this once; it is the only line on standard output."""
    from puhui.kernel.clock import CHINA, now
    from puhui.people.administration import NewKey, make_key
    from puhui.people.roles import grant_of

    ends = datetime.combine(read_day(expires, "--expires"), time(), CHINA).astimezone(UTC) if expires else None
    grants = (grant_of(role, institution, region),)
    with _people() as people:
        wanted = NewKey(about, grants, frozenset(scope), not test, ends, party)
        key, text = make_key(people, wanted, _operator(), now())
    say(text)
    note = Text(f"密钥 {key.id} 只显示这一次，请立即保存。", f"Key {key.id} is shown this once; keep it now.")
    print(note.say(), file=sys.stderr)  # noqa: T201


def key_list(as_json: AsJson = False) -> None:
    """List keys, the newest first."""
    from puhui.kernel.clock import now

    at = now()
    with _people(reading=True) as people:
        keys = people.keys.all()
    if as_json:
        shown = (
            "id", "prefix", "about", "grants", "scopes", "is_live", "made_by", "created_at", "expires_at",
            "revoked_at", "used_at",
        )  # fmt: skip
        print_json([{name: _plain(getattr(key, name)) for name in shown} for key in keys])
        return
    rows = [
        (key.id, f"{key.prefix}…", "\n".join(map(str, key.grants)), _over(key.is_over(at)), _day(key.used_at))
        for key in keys
    ]
    heads = (Text("编号", "id"), Text("前缀", "prefix"), Text("角色", "grants"), _STATE, Text("上次使用", "last used"))
    _draw(heads, rows)


def key_revoke(key: Annotated[str, typer.Argument(metavar="KEY", help="key_…")]) -> None:
    """Revoke a key."""
    from puhui.kernel.clock import now
    from puhui.people.administration import revoke_key

    with _people() as people:
        revoke_key(people, people.keys.by_id(key), _operator(), now())
    say(Text(f"已吊销 {key}", f"{key} is revoked").say())


# --- personal data --------------------------------------------------------------------------------------


def person_find(
    purpose: Purpose,
    field: Annotated[str, typer.Option("--field", help="id_number | phone | bank_account")] = "id_number",
    as_json: AsJson = False,
) -> None:
    """Find the parties with an exact number, which is asked for; the search is logged."""
    from puhui.people.identity import FIELDS

    shown = FIELDS[field].name if field in FIELDS else Text(field, field)
    value = _secret(shown)
    with _people() as people:
        found = people.personal.find(field, value, _reading(purpose))
    if as_json:
        print_json(found)
        return
    for party in found:
        say(party)
    if not found:
        say(Text("没有找到。", "Nobody is found.").say())


def person_erase(
    party: Annotated[str, typer.Argument(metavar="PARTY", help="party_…")], purpose: Purpose, yes: Yes = False
) -> None:
    """Destroy the key of a person's data, after asking."""
    from puhui.people.erase import erase_person
    from puhui.storage.desk import StoredParties
    from puhui.storage.people_personal import scrub
    from puhui.storage.people_store import PeopleStore

    reading = _reading(purpose)
    with _database() as database:
        with database.read() as unit:
            StoredParties(unit.connection).by_id(party)
        if not yes:
            typer.confirm(Text(f"永久删除 {party} 的个人信息？", f"Erase {party} for ever?").say(), abort=True)
        with database.begin() as unit:
            erase_person(PeopleStore(unit), party, reading)
        with database.connection() as connection:
            scrubbed = scrub(connection)
    if not scrubbed:
        later = Text("数据库正忙，旧页将在下次检查点清除", "The database is busy: old pages go at its next checkpoint")
        say(later.say())
    say(Text(f"{party} 的个人信息已删除", f"The personal data of {party} is erased").say())


# --- the master key -----------------------------------------------------------------------------------


def master_new() -> None:
    """Make a new master key, the first in use from now on, and wrap every key by it."""
    from puhui.people.personal import key_id_of
    from puhui.storage.people_master import add_key, key_file

    made = add_key()
    say(Text(f"新主密钥 {key_id_of(made.current).hex()}", f"New master key {key_id_of(made.current).hex()}").say())
    say(Text(f"文件：{key_file()}。请与数据库分开备份。", f"File: {key_file()}. Back it up, apart.").say())
    if len(made.keys) > 1:
        rewrap()
        say(
            Text(
                "所有程序都在使用新密钥后，运行 puhui keys master-drop 删除旧密钥。",
                "When every program uses the new key, remove the old one: puhui keys master-drop.",
            ).say()
        )


def rewrap() -> None:
    """Wrap every key by the current master key."""
    from puhui.storage.people_store import rewrap_all

    with _database() as database:
        count = rewrap_all(database)
    say(Text(f"已改用当前主密钥：{count} 个", f"{count} keys are wrapped anew").say())


def master_drop() -> None:
    """Remove the old master keys from the file, after wrapping what they may still wrap."""
    from puhui.storage.people_master import drop_old_keys

    rewrap()
    drop_old_keys()
    say(Text("旧主密钥已删除", "The old master keys are removed").say())


# --- what they share ----------------------------------------------------------------------------------

_STATE = Text("状态", "state")


@contextmanager
def _database() -> "Iterator[Database]":
    from puhui.storage.database import connect

    database = connect()
    try:
        yield database
    finally:
        database.close()


@contextmanager
def _people(*, reading: bool = False) -> "Iterator[PeopleStore]":
    from puhui.storage.people_store import PeopleStore

    with _database() as database, database.read() if reading else database.begin() as unit:
        yield PeopleStore(unit)


def _operator() -> "Actor":
    """Whoever may run commands on the machine itself, by the name the system knows."""
    from dataclasses import replace

    from puhui.cli.books import acting
    from puhui.people.administration import OPERATOR

    return replace(OPERATOR, id=acting(""))


def _account(people: "PeopleStore", name: str) -> "Account":
    from puhui.people.access import NOT_FOUND
    from puhui.people.account import read_name

    found = people.accounts.by_name(read_name(name))
    if found is None:
        raise NOT_FOUND.refuse(name)
    return found


def _reading(purpose: str) -> Any:
    from puhui.cli.books import acting
    from puhui.kernel.clock import now
    from puhui.kernel.ids import new_id
    from puhui.people.erase import reading_of

    return reading_of(acting(""), purpose, new_id("req"), now())


def _secret(asked: Text, *, confirmed: bool = False) -> str:
    """Return what is typed without being shown, or the first line of standard input where nobody types."""
    if sys.stdin.isatty():
        return str(typer.prompt(asked.say(), hide_input=True, confirmation_prompt=confirmed))
    return sys.stdin.readline().rstrip("\r\n")


def _draw(heads: tuple[Text, ...], rows: Sequence[tuple[str, ...]]) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE)
    for head in heads:
        table.add_column(head.say())
    for row in rows:
        table.add_row(*row)
    print_table(table)


def _account_dict(account: "Account") -> dict[str, Any]:
    shown = ("id", "name", "grants", "party", "created_at", "disabled_at")
    return {name: _plain(getattr(account, name)) for name in shown} | {"outside": bool(account.outside)}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple | frozenset):
        return sorted(map(str, value))
    return value


def _state(account: "Account") -> str:
    return _over(account.disabled_at is not None)


def _over(over: bool) -> str:
    return Text("停用", "off").say() if over else Text("有效", "on").say()


def _day(at: datetime | None) -> str:
    return "–" if at is None else at.date().isoformat()
