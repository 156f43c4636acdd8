"""`puhui train`: from a labelled file to a champion, a challenger and a report."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from puhui.cli.output import AsJson, print_json, print_table, say
from puhui.kernel.language import Text

if TYPE_CHECKING:
    from puhui.credit.models.train import Training


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("train", help=Text("从带标签的数据训练模型", "train models from labelled data").say())(train_command)


def train_command(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE...]", help=Text("数据文件", "files of data").say())
    ] = None,
    data: Annotated[
        list[Path] | None, typer.Option("--data", metavar="FILE", help=Text("同上", "the same").say())
    ] = None,
    label: Annotated[str, typer.Option(help=Text("标签列，1 为坏", "the label's column; 1 is bad").say())] = "",
    mapping: Annotated[
        str, typer.Option(metavar="M.yaml|NAME", help=Text("映射", "a mapping, or its name").say())
    ] = "",
    kind: Annotated[
        list[str] | None,
        typer.Option(help=Text("模型种类（可重复），默认全部", "a kind, may be repeated; all").say()),
    ] = None,
    out: Annotated[str, typer.Option(metavar="DIR", help=Text("写到哪里", "where to write").say())] = "",
    test_share: Annotated[
        float, typer.Option(min=0.05, max=0.9, help=Text("测试占比", "share to test on").say())
    ] = 0.3,
    split: Annotated[str, typer.Option(help=Text("stratified 或 time", "stratified or time").say())] = "stratified",
    reject_inference: Annotated[
        str, typer.Option(help=Text("拒绝推断：fuzzy、parcelling", "reject inference: fuzzy, parcelling").say())
    ] = "",
    register: Annotated[bool, typer.Option("--register", help=Text("登记模型", "put into the registry").say())] = False,
    by: Annotated[str, typer.Option(help=Text("谁训练的", "who trained it").say())] = "",
    seed: Annotated[int, typer.Option(min=0, help=Text("随机种子", "the seed").say())] = 0,
    threads: Annotated[int, typer.Option(min=1, help=Text("线程数，不影响结果", "changes no result").say())] = 1,
    effort: Annotated[int, typer.Option(min=1, help=Text("调参预算（秒）", "seconds of tuning, about").say())] = 20,
    as_json: AsJson = False,
) -> None:
    """Train, measure, write models and reports."""
    from puhui.adapters.table_labelled import read_labelled
    from puhui.credit.models import MODEL_KINDS
    from puhui.credit.models.setting import setting_of
    from puhui.credit.models.train import Plan, train
    from puhui.kernel.clock import stopwatch_ns
    from puhui.kernel.inputs import one_of
    from puhui.kernel.refusals import INPUT_INVALID

    paths = [*(files or ()), *(data or ())]
    if not paths:
        raise INPUT_INVALID.refuse("FILE", problem=Text("请给出数据文件", "give a file of data"))
    for each in kind or ():
        one_of("kind", each, MODEL_KINDS)
    read = read_labelled(paths, mapping or None, label=label)
    setting = setting_of(read, seed, threads, effort)
    plan = Plan(tuple(kind or MODEL_KINDS), test_share, split, (*read.groups, *read.protected), reject_inference)
    done = train(read.frame, setting, plan, lambda: stopwatch_ns() / 1e9)
    told: dict[str, Any] = {"data": [str(path) for path in paths], "notes": [note._asdict() for note in read.notes]}
    told |= done.as_json()
    told["files"] = _write(done, out, by, paths, register) if out or register else []
    if as_json:
        print_json(told)
    else:
        _tell(told)


def _write(done: "Training", out: str, by: str, paths: list[Path], register: bool) -> list[str]:
    """Write model, report and page of each kind; put them into the registry when asked. Return the paths."""
    from puhui.adapters.model_training import keep, write

    where = Path(out) if out else None
    if register:
        kept = keep(done, by, _hash_of(paths), where)
    else:
        assert where is not None, "nothing to write and nothing to register"
        kept = write(done, where)
    return [str(path) for each in kept for path in (each.model, each.report, each.page)]


def _hash_of(paths: list[Path]) -> str:
    from hashlib import sha256

    digest = sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _tell(told: dict[str, Any]) -> None:
    from rich.table import Table

    split = told["split"]
    say(
        Text(
            f"训练 {split['train_rows']:,} 行（坏 {split['train_bad']:,}），测试 {split['test_rows']:,} 行"
            f"（坏 {split['test_bad']:,}），{split['way']}，种子 {split['seed']}",
            f"trained on {split['train_rows']:,} rows ({split['train_bad']:,} bad), tested on "
            f"{split['test_rows']:,} ({split['test_bad']:,} bad), {split['way']}, seed {split['seed']}",
        ).say()
    )
    for name, why in told["dropped"].items():
        say(f"- {name}: {Text(**why).say()}")
    table = Table()
    heads = (Text("模型", "model"), *(Text(name, name) for name in ("AUC", "95%", "KS", "Brier", "fit s", "score s")))
    for head in heads:
        table.add_column(head.say(), justify="right")
    for each in told["models"]:
        interval = f"{each['auc_low']:.4f}–{each['auc_high']:.4f}"
        cells = [each["kind"], f"{each['auc']:.4f}", interval, f"{each['ks']:.4f}", f"{each['brier']:.5f}"]
        table.add_row(*cells, f"{each['fit_s']:.2f}", f"{each['score_s']:.3f}")
    print_table(table)
    small = told.get("small_sample")
    if small:
        figures = f"{small['way']}: AUC {small['auc']:.3f} ({small['auc_low']:.3f}–{small['auc_high']:.3f})"
        say(f"{Text(**small['note']).say()} {figures}")
    for path in told["files"]:
        say(path)
