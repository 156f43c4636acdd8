"""`puhui products list | show | check`: the catalogue, one product, and whether the law lets it be sold."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from puhui.cli.output import AsJson, AsOf, Hard, print_json, read_day
from puhui.cli.products_view import draw_list, draw_product, draw_report, say_verdict
from puhui.kernel.language import Text

if TYPE_CHECKING:
    from puhui.products.definition_fields import Definition

Folder = Annotated[
    str,
    typer.Option(
        "--products",
        metavar="DIR",
        help=Text("产品定义文件夹，默认随附目录", "folder of products; the shipped one").say(),
    ),
]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(
        no_args_is_help=True,
        help=Text(
            "产品目录：有哪些产品，合不合规", "the catalogue: which products there are, and are they lawful"
        ).say(),
    )
    group.command("list", help=Text("列出产品及其范围", "list the products and their ranges").say())(list_command)
    group.command("show", help=Text("一个产品的全部内容", "all of one product").say())(show_command)
    group.command(
        "check",
        help=Text(
            "校验产品，并按规则检查其范围的各个边角", "validate products, check the corners of their ranges"
        ).say(),
    )(check_command)
    app.add_typer(group, name="products")


def list_command(folder: Folder = "", as_json: AsJson = False) -> None:
    """List the products."""
    products = _products(folder)
    if as_json:
        print_json([_as_dict(product) for product in products])
    else:
        draw_list(products)


def show_command(
    product: Annotated[
        str, typer.Argument(metavar="ID", help=Text("产品编号或 .yaml 文件", "the product's id, or a .yaml file").say())
    ],
    as_json: AsJson = False,
) -> None:
    """Show one product."""
    (definition,) = _chosen([product])[:1]
    if as_json:
        print_json(_as_dict(definition))
    else:
        draw_product(definition)


def check_command(
    products: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ID|FILE|DIR]...",
            help=Text(
                "产品编号、文件或文件夹；不写则为随附目录", "ids, files or folders; without any, the shipped ones"
            ).say(),
        ),
    ] = None,
    as_of: AsOf = "",
    hard: Hard = None,
    as_json: AsJson = False,
) -> None:
    """Check products; exit 1 when an offer within a range would be illegal, 2 when a file is malformed."""
    from puhui.products.product_check import check_product

    today = read_day(as_of)
    reports = []
    for definition in _chosen(products or []):
        # A product to be launched later is held against the law of its first day, as far as it is known now.
        on = today if as_of else max(today, definition.effective_from)
        reports.append(check_product(definition, on, hard=hard or ()))
    ok = all(report.ok for report in reports)
    if as_json:
        print_json({"ok": ok, "products": [report.as_dict() for report in reports]})
    else:
        for report in reports:
            draw_report(report)
        say_verdict(reports)
    if not ok:
        raise typer.Exit(1)


# --- which products ---------------------------------------------------------------------------------


def _products(folder: str) -> "list[Definition]":
    from puhui.products.definition import catalogue, load_products

    return list((load_products(Path(folder)) if folder else catalogue()).values())


def _chosen(names: list[str]) -> "list[Definition]":
    """Return the products of ids, files and folders; all of the catalogue without any."""
    from puhui.products.definition import load_product, load_products, product_of

    found: list[Definition] = [] if names else _products("")
    for name in names:
        path = Path(name)
        if path.is_dir():
            found += load_products(path).values()
        elif path.suffix in (".yaml", ".yml") or path.exists():
            found.append(load_product(path))
        else:
            found.append(product_of(name))
    return found


def _as_dict(definition: "Definition") -> dict[str, Any]:
    data: dict[str, Any] = definition.model_dump(mode="json", exclude={"overrides"})
    overrides = [override.model_dump(mode="json", exclude_unset=True) for override in definition.overrides]
    return {**data, "overrides": overrides}
