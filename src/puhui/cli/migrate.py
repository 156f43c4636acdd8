"""`puhui migrate`: bring the database to the structure that the program needs."""

import typer

from puhui.cli.output import AsJson, print_json, say
from puhui.kernel.language import Text


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command(
        "migrate", help=Text("升级数据库结构（先备份）", "bring the database up to date; back it up first").say()
    )(migrate)


def migrate(as_json: AsJson = False) -> None:
    """Migrate, all or nothing, and check the result."""
    from puhui.storage.database import connect

    database = connect(checked=False)
    try:
        before, _ = database.structure()
        database.migrate()
        after, _ = database.structure()
        name = database.name
    finally:
        database.close()
    if as_json:
        print_json({"store": name, "before": before, "after": after})
    else:
        say(Text(f"{name}：结构 {before} → {after}", f"{name}: structure {before} -> {after}").say())
