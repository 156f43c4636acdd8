"""`puhui openapi`: print the OpenAPI document, as docs/openapi.json has it."""

import typer

from puhui.cli.output import print_json
from puhui.kernel.language import Text


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("openapi", help=Text("输出 OpenAPI 文档", "print the OpenAPI document").say())(openapi_command)


def openapi_command() -> None:
    """Print the OpenAPI document of the HTTP interface; no database is needed."""
    from puhui.api.app import interface

    print_json(interface())
