"""`puhui places`: find a place by its name, show one by its code."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from puhui.cli.output import AsJson, print_json, print_table, say
from puhui.kernel.language import Text

if TYPE_CHECKING:
    from puhui.kernel.places import Place

MOST_ROWS = 40
LEVELS = {
    "province": Text("省级", "province"),
    "city": Text("地级", "city"),
    "county": Text("县级", "county"),
}

Words = Annotated[
    list[str],
    typer.Argument(
        metavar="NAME…",
        help=Text("名称或其一部分，可先写上级：河南 新安", "a name or part of it, after those above it").say(),
    ),
]
Code = Annotated[str, typer.Argument(help=Text("2、4 或 6 位行政区划代码", "a place code of 2, 4 or 6 digits").say())]
Tier = Annotated[
    int | None,
    typer.Option(min=1, max=5, help=Text("只要这一市场层级（1 至 5）", "only this market tier (1 to 5)").say()),
]


def add_to(app: typer.Typer) -> None:
    """Add `places find` and `places show` to the tree of commands."""
    group = typer.Typer(
        no_args_is_help=True,
        help=Text("行政区划代码、名称与市场层级", "place codes, names and market tiers").say(),
    )
    group.command("find", help=Text("按名称查找", "find places by name").say())(find)
    group.command("show", help=Text("按代码查看", "show one place by its code").say())(show)
    app.add_typer(group, name="places")


def find(words: Words, tier: Tier = None, as_json: AsJson = False) -> None:
    """Print the places with a name, the exact ones first."""
    from puhui.kernel import places

    found = [hit for hit in places.find(" ".join(words)) if tier in (None, hit.tier)]
    if as_json:
        print_json([_facts(hit) for hit in found])
    elif not found:
        say(
            Text(
                "没有找到。请只写名称的一部分，例如：新安",
                "Nothing found. Try a part of the name, in Chinese.",
            ).say()
        )
    else:
        _draw(found)


def show(code: Code, as_json: AsJson = False) -> None:
    """Print one place and those above it; refuse PLACE_UNKNOWN."""
    from puhui.kernel import places

    itself, above = places.place(code), places.ancestors(code)
    if as_json:
        parents = [{"code": parent.code, "name": parent.name} for parent in above]
        print_json({**_facts(itself), "parent": itself.parent, "ancestors": parents})
    else:
        _draw([itself, *above])


def _facts(place: "Place") -> dict[str, Any]:
    from puhui.kernel.places import full_name

    return {
        "code": place.code,
        "name": place.name,
        "full_name": full_name(place.code),
        "level": place.level,
        "tier": place.tier,
    }


def _draw(found: "list[Place]") -> None:
    from rich import box
    from rich.table import Table

    from puhui.kernel.places import full_name

    table = Table(box=box.SIMPLE)
    for heading in (
        Text("代码", "code"),
        Text("名称", "name"),
        Text("级别", "level"),
        Text("市场层级", "tier"),
    ):
        table.add_column(heading.say())
    for place in found[:MOST_ROWS]:
        tier = "–" if place.tier is None else str(place.tier)
        table.add_row(place.code, full_name(place.code), LEVELS[place.level].say(), tier)
    print_table(table)
    if len(found) > MOST_ROWS:
        more = len(found) - MOST_ROWS
        say(Text(f"另有 {more} 个，请写得更具体。", f"{more} more; be more specific.").say())
