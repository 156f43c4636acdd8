"""The tree of commands, and the one place where a refusal becomes a line and an exit code."""

import os
import sys

import typer

from puhui.cli import (
    annual_cost,
    close,
    decisions,
    demo,
    disclose,
    doctor,
    features,
    funders,
    imports,
    ledger,
    loan,
    migrate,
    models,
    night_report,
    openapi,
    people,
    places,
    plans,
    policy,
    products,
    proof,
    rules,
    schedule,
    serve,
    train,
    verify,
)
from puhui.kernel.language import Text
from puhui.kernel.refusals import Refusal

app = typer.Typer(
    name="puhui",
    help=Text("普惠：把好的信贷带到县城、乡村和小店。", "Puhui: good credit, honestly priced.").say(),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
COMMANDS = (
    *(demo, schedule, products, rules, annual_cost, disclose, places),
    *(imports, features, train, models, policy, plans, funders, decisions),
    *(loan, close, night_report, ledger, proof, verify, people, serve, openapi, migrate, doctor),
)
for module in COMMANDS:
    module.add_to(app)


def run(arguments: list[str] | None = None) -> None:
    """Run one command; exit 0 when done, 2 with one line on bad input. A bug still shows its traceback."""
    try:
        code = app(arguments, standalone_mode=False) or 0
        sys.stdout.flush()
        sys.exit(code)
    except Refusal as refusal:
        _refuse(f"{refusal.code}: {refusal.message()}")
    except typer.TyperException as error:
        if not error.format_message():
            sys.exit(0)  # without a command, Typer has printed the help
        _refuse(error.format_message())
    except typer.Abort:
        _refuse(Text("已中止。", "Stopped.").say())
    except BrokenPipeError:
        _drop_output()
        sys.exit(141)
    except OSError as error:
        _drop_output()
        _refuse(Text("无法写出结果：", "Cannot write the result: ").say() + str(error.strerror))


def _drop_output() -> None:
    """Send what is still to be printed nowhere, so that the end of the process does not try again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refuse(line: str) -> None:
    print(Text("✗ 拒绝 ", "✗ refused ").say() + " ".join(line.split()), file=sys.stderr)  # noqa: T201
    sys.exit(2)
