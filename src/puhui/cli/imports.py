"""`puhui import`: files of people's data become typed tables; bad rows are set aside, each with its reason."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from puhui.cli.output import AsJson, print_json, say
from puhui.kernel.language import Text

if TYPE_CHECKING:
    from puhui.adapters.table_import import Imported
    from puhui.adapters.table_limits import Limits
    from puhui.credit.data.mapping import Mapping
    from puhui.credit.data.quality import Watch

Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILES...",
        help=Text(
            "CSV（可 gz、zip）、Parquet、Excel、JSON lines", "CSV (also gz, zip), Parquet, Excel, JSON lines"
        ).say(),
    ),
]
MappingName = Annotated[
    str,
    typer.Option(
        "--mapping", metavar="M.yaml|NAME", help=Text("映射文件，或随附映射的名称", "a mapping, or a shipped one").say()
    ),
]
Out = Annotated[
    str,
    typer.Option(
        "--out", metavar="DIR", help=Text("写到哪里，默认数据目录/映射名", "where to write; home/data/NAME").say()
    ),
]
Suggest = Annotated[
    bool,
    typer.Option(
        "--suggest", help=Text("只看第一个文件，起草映射并打印", "look at the first file and print a draft").say()
    ),
]
Label = Annotated[
    str,
    typer.Option("--label", metavar="COLUMN", help=Text("起草时的标签列", "the label, for --suggest").say()),
]
Report = Annotated[
    str,
    typer.Option(
        "--report", metavar="PAGE.html", help=Text("写出数据报告网页", "write the data report as a page").say()
    ),
]
Base = Annotated[
    str,
    typer.Option(
        "--base", metavar="FILE", help=Text("与此文件比较分布（PSI）", "compare distributions with this file").say()
    ),
]
MaxSize = Annotated[
    str,
    typer.Option("--max-size", metavar="4G", help=Text("解压后大小的上限", "the most a file may unpack to").say()),
]


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    help_text = Text("导入数据文件：分型、隔离坏行、出报告", "import files: type them, set bad rows aside, report")
    app.command("import", help=help_text.say())(import_command)


def import_command(
    files: Files,
    mapping: MappingName = "",
    out: Out = "",
    suggest: Suggest = False,
    label: Label = "",
    report: Report = "",
    base: Base = "",
    max_size: MaxSize = "4G",
    as_json: AsJson = False,
) -> None:
    """Import files by a mapping, or draft a mapping by looking at one; exit 1 when every row was set aside."""
    from puhui.credit.data.mapping import read_mapping
    from puhui.kernel.clock import today
    from puhui.kernel.home import home

    limits = _limits(max_size)
    if suggest:
        _suggest(files[0], label, limits, as_json)
        return
    chosen = read_mapping(mapping)
    folder = Path(out) if out else home().joinpath("data", chosen.name)
    done, figures = _import(files, chosen, folder, Path(base) if base else None, limits, today())
    if report:
        _write_page(Path(report), figures)
    if as_json:
        print_json({"folder": str(folder), **done.as_dict(), "report": figures})
    else:
        _tell(done, figures)
    if not done.rows_out:
        raise typer.Exit(1)


def _import(
    files: list[Path], mapping: "Mapping", folder: Path, base: Path | None, limits: "Limits", latest_on: date
) -> "tuple[Imported, dict[str, Any]]":
    """Import, and return the account with the data report, which is written beside the tables too."""
    import json

    from puhui.adapters.table_import import Setting, import_files
    from puhui.credit.data.quality import Watch, data_report

    watch = Watch(mapping)
    setting = Setting(limits, latest_on, _progress(), watch.observe)
    # A base that cannot be read stops the import before anything is written.
    against = _watched(base, mapping, setting) if base else None
    done = import_files(files, mapping, folder, setting)
    figures = data_report(done.as_dict(), watch, against)
    text = json.dumps(figures, ensure_ascii=False, indent=1, default=str)
    folder.joinpath("report.json").write_text(text, encoding="utf-8")
    return done, figures


def _watched(base: Path, mapping: "Mapping", setting: Any) -> "Watch":
    from puhui.adapters.table_import import tidy_chunks
    from puhui.credit.data.mapping import table_of
    from puhui.credit.data.quality import Watch
    from puhui.credit.data.seen import Seen

    watch, table, seen = Watch(mapping), table_of(mapping, base.name), Seen()
    for _, made in tidy_chunks(base, table, seen, setting):
        watch.observe(table, made)
    return watch


def _suggest(file: Path, label: str, limits: "Limits", as_json: bool) -> None:
    import polars as pl

    from puhui.adapters.table_files import read_table
    from puhui.credit.data.suggest import SAMPLE_ROWS, draft

    frames = []
    for chunk in read_table(file, limits=limits):
        frames.append(chunk.frame)
        if sum(frame.height for frame in frames) >= SAMPLE_ROWS:
            break
    drafted = draft(pl.concat(frames), file.name.split(".")[0], label=label, files=[file.name])
    if as_json:
        notes = [{"zh": note.zh, "en": note.en} for note in drafted.notes]
        definition = drafted.mapping.model_dump(mode="json", by_alias=True, exclude_unset=True)
        print_json({"mapping": definition, "notes": notes, "yaml": drafted.yaml})
    else:
        say(drafted.yaml.rstrip("\n"))


def _write_page(path: Path, figures: dict[str, Any]) -> None:
    from puhui.credit.data.quality_page import as_html

    path.write_text(as_html(figures), encoding="utf-8")


def _limits(text: str) -> "Limits":
    """Return the limits by the text of --max-size: whole bytes, or K, M, G, T."""
    from puhui.adapters.table_limits import Limits
    from puhui.kernel.refusals import INPUT_INVALID

    found = re.fullmatch(r"([1-9][0-9]{0,14})([KMGT]?)B?", text.strip().upper())
    if not found:
        problem = Text(
            f"--max-size 不是大小：{text}，请写如 4G", f"--max-size {text} is no size; write 4G, for instance"
        )
        raise INPUT_INVALID.refuse("--max-size", problem=problem)
    return Limits(bytes=int(found[1]) << 10 * " KMGT".index(found[2] or " "))


def _progress() -> Callable[[str, int], None]:
    """Return what draws a line on standard error while a person waits, and nothing where nobody looks."""
    import sys

    def draw(file: str, rows: int) -> None:
        if sys.stderr.isatty():
            print(f"\r\033[K{file} {rows:,}\r", end="", file=sys.stderr, flush=True)  # noqa: T201

    return draw


def _tell(done: "Imported", figures: dict[str, Any]) -> None:
    from puhui.credit.data.quality import told
    from puhui.credit.data.reasons import reason

    for each in done.files:
        _say(
            f"{each.file}：读入 {each.rows_in:,} 行 = 写出 {each.rows_out:,} + 隔离 {each.rows_aside:,}",
            f"{each.file}: {each.rows_in:,} rows in = {each.rows_out:,} out + {each.rows_aside:,} set aside",
        )
        for code, count in each.reasons.items():
            text = reason(code)
            _say(f"  {count:,} 次 {code}：{text.zh}", f"  {count:,} x {code}: {text.en}")
        if each.left_out:
            names = told(each.left_out)
            _say(f"  映射未提及、未读入的列：{names}", f"  columns not in the mapping, left out: {names}")
        if each.without_label:
            _say("  没有标签列，全部视为无标签", "  no label column: all are unlabelled")
    if figures["leak_suspects"]:
        names = told(figures["leak_suspects"])
        _say(f"疑似泄漏：{names}", f"leakage suspects: {names}")
    if figures["moved"]:
        names = told(figures["moved"])
        _say(f"分布已变（PSI ≥ 0.25）：{names}", f"another population (PSI >= 0.25): {names}")
    _say(f"已写入 {done.folder}", f"written to {done.folder}")


def _say(zh: str, en: str) -> None:
    say(Text(zh, en).say())
