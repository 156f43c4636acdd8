"""What commands share: the --json option, reading the input file, printing JSON or a drawing for people."""

import json
import sys
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from puhui.kernel.language import Text

if TYPE_CHECKING:
    from rich.table import Table

AsJson = Annotated[bool, typer.Option("--json", help=Text("输出 JSON", "print JSON").say())]
InputFile = Annotated[
    str,
    typer.Argument(
        metavar="FILE", help=Text("JSON 文件，“-” 为标准输入", "a JSON file, or - for standard input").say()
    ),
]

AsOf = Annotated[
    str,
    typer.Option(
        "--as-of", metavar="YYYY-MM-DD", help=Text("按哪一天的规则，默认今天", "the day whose rules count; today").say()
    ),
]

Hard = Annotated[
    list[str] | None,
    typer.Option(
        "--hard",
        metavar="RULE",
        help=Text("把一条规则设为强制（可重复）", "make a rule hard; may be repeated").say(),
    ),
]


def read_input(path: str) -> Any:
    """Return the parsed JSON of a file, or of standard input for "-"; refuse INPUT_UNREADABLE."""
    from puhui.kernel.inputs import read_json
    from puhui.kernel.refusals import INPUT_UNREADABLE

    try:
        text = sys.stdin.read() if path == "-" else None
    except UnicodeDecodeError as error:
        raise INPUT_UNREADABLE.refuse(name=path, problem=str(error)) from None
    return read_json(path, text)


def read_day(text: str, name: str = "--as-of") -> date:
    """Return the day of an option, today when it is empty; refuse INPUT_INVALID."""
    from puhui.kernel.clock import today
    from puhui.kernel.refusals import INPUT_INVALID

    if not text:
        return today()
    try:
        day = date.fromisoformat(text)
        if day.isoformat() != text:
            raise ValueError(text)
    except ValueError:
        problem = Text(
            f"{name} 不是有效日期：{text}，请写作 YYYY-MM-DD",
            f"{name} {text} is not a date; write YYYY-MM-DD",
        )
        raise INPUT_INVALID.refuse(name, problem=problem) from None
    return day


def print_json(value: object) -> None:
    """Print `value` as JSON, readable, text unescaped, dates as ISO."""
    print(json.dumps(value, ensure_ascii=False, indent=1, default=str))  # noqa: T201


def print_table(table: "Table") -> None:
    """Draw a Rich table for a person, as wide as its figures need: a figure is never cut."""
    from rich.console import Console

    needed = Console(width=10_000).measure(table).maximum
    Console(highlight=False, width=max(Console().width, needed)).print(table)


def say(line: str) -> None:
    """Print one line for a person, at once, whoever reads it; square brackets stay as they are."""
    print(line, flush=True)  # noqa: T201
