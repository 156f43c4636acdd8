"""`puhui doctor`: what is installed, what is missing, and what to do about it."""

import re
import sys
from collections.abc import Iterator
from datetime import date
from typing import Literal, NamedTuple

import typer

from puhui.cli.output import AsJson, print_json, print_table, say
from puhui.kernel.language import Text
from puhui.kernel.refusals import Refusal

# missing: required, not there; optional: not there, not needed; warning: look at it; later: not yet built.
State = Literal["ok", "missing", "optional", "warning", "later"]

SIGNS: dict[State, str] = {"ok": "✓", "missing": "✗", "optional": "○", "warning": "!", "later": "…"}
OLDEST_PYTHON = (3, 11)
_REQUIREMENT = re.compile(
    r"(?P<name>[\w.-]+)(\[.*?\])?\s*(?P<bound>[^;]*?)\s*(;.*extra == ['\"](?P<extra>[\w-]+)['\"].*)?$"
)


class Check(NamedTuple):
    """One line of the report."""

    name: str
    state: State
    detail: Text


def add_to(app: typer.Typer) -> None:
    """Add `doctor` to the tree of commands."""
    app.command("doctor", help=Text("检查安装：有什么、缺什么", "say what is installed and what is missing").say())(
        doctor
    )


def doctor(as_json: AsJson = False) -> None:
    """Print the report; exit 1 when something required is missing."""
    checks = [*_installation(), *_settings(), *_data(), *_to_come()]
    complete = all(check.state != "missing" for check in checks)
    if as_json:
        lines = [{"name": check.name, "state": check.state, "detail": check.detail.say()} for check in checks]
        print_json({"ok": complete, "checks": lines})
    else:
        _draw(checks, complete)
    if not complete:
        raise typer.Exit(1)


def _installation() -> Iterator[Check]:
    """Python, Puhui itself, the required packages, the optional sets of packages."""
    from importlib import metadata

    version = ".".join(map(str, sys.version_info[:3]))
    enough = sys.version_info >= OLDEST_PYTHON
    oldest = ".".join(map(str, OLDEST_PYTHON))
    yield Check(
        "python",
        "ok" if enough else "missing",
        Text(f"{version}（需 {oldest} 起）", f"{version} (needs {oldest})"),
    )
    try:
        requirements = [_parsed(line) for line in metadata.requires("puhui") or []]
    except metadata.PackageNotFoundError:
        yield Check("puhui", "missing", Text("未安装，请运行 make setup", "not installed; run make setup"))
        return
    yield Check("puhui", "ok", Text(*[metadata.version("puhui")] * 2))
    extras: dict[str, list[str]] = {}
    for name, bound, extra in requirements:
        if extra:
            extras.setdefault(extra, []).append(name)
        else:
            yield _package(name, bound)
    for extra, names in sorted(extras.items()):
        yield _extra(extra, names)


def _parsed(requirement: str) -> tuple[str, str, str | None]:
    found = _REQUIREMENT.match(requirement)
    assert found, f"cannot read the requirement {requirement!r}"
    return found["name"], found["bound"], found["extra"]


def _package(name: str, bound: str) -> Check:
    version = _version(name)
    if version is None:
        return Check(name, "missing", Text("未安装，请运行 make setup", "not installed; run make setup"))
    if _numbers(version) < _numbers(bound):
        detail = Text(
            f"{version} 太旧，需 {bound}，请运行 make setup",
            f"{version} is too old, needs {bound}; run make setup",
        )
        return Check(name, "missing", detail)
    return Check(name, "ok", Text(f"{version}（需 {bound}）", f"{version} (needs {bound})"))


def _extra(extra: str, names: list[str]) -> Check:
    absent = [name for name in names if _version(name) is None]
    if not absent:
        return Check(f"extra {extra}", "ok", Text(f"{len(names)} 个包齐全", f"all {len(names)} packages"))
    listed = ", ".join(absent)
    return Check(f"extra {extra}", "optional", Text(f"可选，未安装：{listed}", f"optional, not installed: {listed}"))


def _version(name: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def _settings() -> Iterator[Check]:
    """What the environment says: home folder, language, characters, the date."""
    from puhui.kernel import clock, home

    folder = home.home()
    if folder.is_dir():
        yield Check("home", "ok", Text(*[str(folder.absolute())] * 2))
    else:
        detail = Text(
            f"{folder} 尚不存在（可用 PUHUI_HOME 指定）",
            f"{folder} does not exist yet (PUHUI_HOME names another)",
        )
        yield Check("home", "optional", detail)
    yield Check("language", "ok", Text("中文（PUHUI_LANG=en 换英文）", "English (PUHUI_LANG=zh for Chinese)"))
    encoding = (sys.stdout.encoding or "ascii").lower()
    if "utf" in encoding or encoding.startswith("gb"):
        yield Check("encoding", "ok", Text(*[encoding] * 2))
    else:
        detail = Text(f"{encoding} 写不出汉字，请设 PYTHONUTF8=1", f"{encoding} cannot write Chinese; set PYTHONUTF8=1")
        yield Check("encoding", "warning", detail)
    today = clock.today().isoformat()
    if clock.is_set():
        detail = Text(f"{today}，由 PUHUI_TODAY 设定，不是真实日期", f"{today}, set by PUHUI_TODAY, not the real date")
        yield Check("today", "warning", detail)
    else:
        yield Check("today", "ok", Text(f"{today}（北京日期）", f"{today} (in Beijing)"))


def _data() -> Iterator[Check]:
    """The facts shipped with the program: calendar, places, rules."""
    from puhui.kernel import calendar, clock, places

    first, last = calendar.known_years()
    known = Text(f"节假日与调休 {first}-{last}", f"days off and make-up days {first}-{last}")
    if clock.today().year <= last:
        after = Text(f"；{last + 1} 年起的日期为暂定", f"; dates from {last + 1} are provisional")
        yield Check("calendar", "ok", _joined(known, after))
    else:
        after = Text("，已过期：按国务院新通知补充 holidays.csv", ", out of date: add the new notice to holidays.csv")
        yield Check("calendar", "warning", _joined(known, after))
    try:
        count = len(places.codes())
        yield Check("places", "ok", Text(f"{count} 个行政区划", f"{count} places"))
    except Refusal as refusal:
        yield Check("places", "missing", _reason(refusal))
    yield _rulebook(clock.today())


def _rulebook(today: date) -> Check:
    """The dated rules; none, or one that cannot be read, is a lack: an offer would go unchecked."""
    try:
        from puhui.rulebook.loader import default_rulebook

        book = default_rulebook()
    except ImportError as error:
        return Check("rulebook", "missing", Text(f"缺少包：{error.name}", f"needs the package {error.name}"))
    except Refusal as refusal:
        return Check("rulebook", "missing", _reason(refusal))
    count, in_force = len(book.rules), len(book.in_force(today))
    detail = Text(f"{count} 条规则，今日有效 {in_force} 条", f"{count} rules, {in_force} in force today")
    return Check("rulebook", "ok" if count else "missing", detail)


def _reason(refusal: Refusal) -> Text:
    return Text(refusal.message("zh"), refusal.message("en"))


def _to_come() -> Iterator[Check]:
    """What this version does not have yet."""
    yield Check("database", "later", Text("本版本尚无", "not in this version yet"))
    yield Check("chain", "later", Text("本版本尚无", "not in this version yet"))


def _joined(left: Text, right: Text) -> Text:
    return Text(left.zh + right.zh, left.en + right.en)


def _draw(checks: list[Check], complete: bool) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE, show_header=False)
    for check in checks:
        table.add_row(SIGNS[check.state], check.name, escape(check.detail.say()))
    print_table(table)
    if complete:
        say(Text("可以使用。", "Ready.").say())
    else:
        say(Text("缺少必需的部分，见上面带 ✗ 的行。", "Something required is missing: see the lines with ✗.").say())
