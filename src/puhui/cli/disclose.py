"""`puhui disclose`: the cost disclosure table 综合融资成本明示表 of a loan, as text, JSON or a page to print."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from puhui.cli.output import AsJson, AsOf, InputFile, print_json, read_day, read_input, say
from puhui.kernel.language import Text
from puhui.kernel.refusals import declare

if TYPE_CHECKING:
    from puhui.products.definition_fields import Definition

OUTPUT_UNWRITABLE = declare(
    "OUTPUT_UNWRITABLE",
    400,
    "无法写入 {name}：{problem}。",
    "Cannot write {name}: {problem}.",
)

Product = Annotated[
    str,
    typer.Option(
        "--product",
        metavar="ID|FILE",
        help=Text("产品，给出名称和或有成本", "the product: its name and contingent costs").say(),
    ),
]
Lender = Annotated[str, typer.Option("--lender", metavar="NAME", help=Text("贷款人名称", "the lender's name").say())]
Page = Annotated[
    str,
    typer.Option("--html", metavar="FILE", help=Text("写成可打印的 A4 网页", "write a page that prints on A4").say()),
]


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("disclose", help=Text("综合融资成本明示表", "cost disclosure table of a loan").say())(disclose_command)


def disclose_command(
    file: InputFile,
    product: Product = "",
    lender: Lender = "",
    html: Page = "",
    as_of: AsOf = "",
    as_json: AsJson = False,
) -> None:
    """Print the cost disclosure table of the terms in FILE."""
    from puhui.kernel.language import spoken
    from puhui.products.disclosure_page import as_html, as_text
    from puhui.products.disclosure_plan import contingent_of, disclosure_of
    from puhui.products.kinds import KINDS
    from puhui.products.schedule import schedule
    from puhui.products.terms import read_terms

    terms = read_terms(read_input(file))
    definition = _definition(product)
    table = disclosure_of(
        schedule(terms),
        Text(lender, lender) if lender else None,
        definition.name if definition else KINDS[terms.method].title,
        read_day(as_of),
        contingent_of(definition, terms) if definition else None,
    )
    if html:
        _write(Path(html), as_html(table, spoken()))
    if as_json:
        print_json(table.as_dict())
    elif html:
        say(Text(f"已写入 {html}", f"wrote {html}").say())
    else:
        say(as_text(table))


def _definition(product: str) -> "Definition | None":
    from puhui.products.definition import load_product, product_of

    if not product:
        return None
    return load_product(Path(product)) if product.endswith((".yaml", ".yml")) else product_of(product)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OUTPUT_UNWRITABLE.refuse(name=str(path), problem=error.strerror) from None
