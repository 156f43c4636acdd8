"""`puhui models`: which models there are, and who approves, uses and retires them."""

from typing import Annotated

import typer

from puhui.cli.output import AsJson, print_json, print_table, say
from puhui.kernel.language import Text

models = typer.Typer(
    help=Text("模型登记：批准、任用、退役", "the registry of models").say(), invoke_without_command=True
)

Name = Annotated[str, typer.Argument(metavar="MODEL", help=Text("模型编号", "the model's id").say())]
By = Annotated[str, typer.Option("--by", help=Text("谁", "who does this").say())]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(models, name="models")


@models.callback()
def list_models(context: typer.Context, as_json: AsJson = False) -> None:
    """List the models, when no other command is given."""
    if context.invoked_subcommand is not None:
        return
    from rich.table import Table

    from puhui.adapters.model_files import as_json as entry_json
    from puhui.adapters.model_files import registry
    from puhui.credit.models.registry import ROLES

    entries = list(registry().entries.values())
    if as_json:
        print_json([entry_json(entry) for entry in entries])
        return
    table = Table()
    for head in (Text("编号", "id"), Text("种类", "kind"), Text("角色", "role"), Text("AUC", "AUC"), Text("KS", "KS")):
        table.add_column(head.say())
    for head in (Text("训练", "made by"), Text("批准", "approved by"), Text("时间", "made at")):
        table.add_column(head.say())
    for entry in entries:
        figures = [f"{entry.figures[name]:.4f}" if name in entry.figures else "—" for name in ("auc", "ks")]
        role = ROLES[entry.role].say()
        table.add_row(
            entry.model, entry.kind, role, *figures, entry.made_by, entry.approved_by or "—", entry.made_at[:16]
        )
    print_table(table)


@models.command(help=Text("由第二人批准", "approve, by a second person").say())
def approve(model: Name, by: By = "") -> None:
    """Approve a model."""
    from puhui.adapters.model_files import add
    from puhui.credit.models import registry
    from puhui.kernel.clock import now

    add(lambda known: registry.approve(known, model, by, now()))
    say(Text(f"✓ {model} 已由 {by} 批准", f"✓ {model} is approved by {by}").say())


@models.command(help=Text("设为冠军：由它决策", "make it the champion: it decides").say())
def champion(model: Name, by: By = "") -> None:
    """Make a model the champion; the one before becomes a shadow."""
    _assign(model, "champion", by)


@models.command(help=Text("设为挑战者", "make it a challenger").say())
def challenger(model: Name, by: By = "") -> None:
    """Make a model a challenger."""
    _assign(model, "challenger", by)


@models.command(help=Text("设为影子：只计分不决策", "make it a shadow: it scores and does not decide").say())
def shadow(model: Name, by: By = "") -> None:
    """Make a model a shadow."""
    _assign(model, "shadow", by)


@models.command(help=Text("退役，不可恢复", "retire it, for good").say())
def retire(model: Name, by: By = "") -> None:
    """Retire a model."""
    _assign(model, "retired", by)


def _assign(model: str, role: str, by: str) -> None:
    from puhui.adapters.model_files import add
    from puhui.credit.models import registry
    from puhui.kernel.clock import now

    add(lambda known: registry.assign(known, model, role, by, now()))
    name = registry.ROLES[role]
    say(Text(f"✓ {model}：{name.zh}", f"✓ {model}: {name.en}").say())
