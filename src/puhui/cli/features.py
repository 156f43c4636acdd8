"""`puhui features`: the catalogue of features, features of a file of events, and which carry what may not be used."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from puhui.cli.output import AsJson, print_json, print_table, read_day, say
from puhui.kernel.language import Text

if TYPE_CHECKING:
    from puhui.batch.engines import Engine
    from puhui.credit.features.feature import Feature

Family = Annotated[
    str, typer.Option("--family", metavar="NAME", help=Text("只看一族，如 invoices", "one family only").say())
]
Name = Annotated[str, typer.Argument(metavar="NAME", help=Text("特征名", "the name of a feature").say())]
Source = Annotated[Path, typer.Argument(metavar="EVENTS.parquet", help=Text("事件文件", "a file of events").say())]
Out = Annotated[Path, typer.Option("--out", metavar="FILE", help=Text("写出的 Parquet", "the Parquet to write").say())]
AsOfDay = Annotated[
    str,
    typer.Option(
        "--as-of",
        metavar="YYYY-MM-DD",
        help=Text("截至哪天（含当天，北京时间）；默认今天", "as known at the end of the day (Beijing); today").say(),
    ),
]
Only = Annotated[
    list[str] | None,
    typer.Option("--feature", metavar="NAME", help=Text("只算这个特征（可重复）", "only this; may be repeated").say()),
]
RunsOn = Annotated[str, typer.Option("--engine", help=Text("threads 或 ray", "threads or ray").say())]
Address = Annotated[
    str, typer.Option("--ray", metavar="HOST:PORT", help=Text("Ray 集群地址", "address of the Ray cluster").say())
]
Groups = Annotated[
    Path,
    typer.Option(
        "--groups",
        metavar="GROUPS.parquet",
        help=Text("party 与受保护属性，只用于本报告", "party and protected attributes, for this report alone").say(),
    ),
]
Seed = Annotated[int, typer.Option(help=Text("随机种子", "seed of the shuffling").say())]
ENGINES = ("threads", "ray")
MOST_LINES = 30
STRENGTHS = {"weak": Text("弱", "weak"), "clear": Text("明显", "clear"), "strong": Text("强", "strong")}


def add_to(app: typer.Typer) -> None:
    """Add `features` and its commands to the tree; `puhui features` alone lists the catalogue."""
    group = typer.Typer(
        invoke_without_command=True,
        help=Text("特征目录，与由事件计算特征", "the catalogue of features, and features from events").say(),
    )
    group.callback()(_alone)
    group.command("list", help=Text("列出特征", "list the features").say())(list_command)
    group.command("show", help=Text("一个特征的含义与出处", "one feature: meaning, window, source").say())(show)
    group.command("events", help=Text("事件表的列与种类", "columns and kinds of the table of events").say())(events)
    group.command("run", help=Text("由事件文件计算特征", "work out the features of a file of events").say())(run)
    group.command("proxies", help=Text("哪些特征暗含受保护属性", "which features carry what may not be used").say())(
        proxies
    )
    app.add_typer(group, name="features")


def _alone(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_command()


def list_command(family: Family = "", as_json: AsJson = False) -> None:
    """List the catalogue, by family."""
    from puhui.credit.features.catalogue import FAMILIES, FEATURES, version
    from puhui.credit.features.feature import UNITS
    from puhui.kernel.inputs import one_of

    if family:
        one_of("family", family, FAMILIES)
    features = [each for each in FEATURES.values() if family in ("", each.family)]
    if as_json:
        print_json({"version": version(), "features": [each.as_dict() for each in features]})
        return
    table = _table(
        Text("特征", "feature"),
        Text("含义", "meaning"),
        Text("窗口（月）", "months"),
        Text("单位", "unit"),
        Text("风险", "risk"),
        Text("本人可改变", "own influence"),
    )
    for each in features:
        table.add_row(
            each.name,
            each.meaning.say(),
            str(each.months),
            UNITS[each.unit].say(),
            _direction(each),
            _yes(each.influence),
        )
    print_table(table)
    counted = Text(
        f"{len(features)} 个特征，版本 {version()[:12]}。性别、民族、信仰、健康不得作为特征。",
        f"{len(features)} features, version {version()[:12]}. None may tell of sex, ethnicity, belief or health.",
    )
    say(counted.say())


def show(name: Name, as_json: AsJson = False) -> None:
    """Show one feature."""
    from puhui.credit.events import EVENT_KINDS, PURPOSES
    from puhui.credit.features.catalogue import FAMILIES, chosen
    from puhui.credit.features.feature import UNITS

    (feature,) = chosen([name]).values()
    if as_json:
        print_json(feature.as_dict())
        return
    kinds = Text(
        "、".join(EVENT_KINDS[kind].name.zh for kind in feature.kinds),
        ", ".join(EVENT_KINDS[kind].name.en for kind in feature.kinds),
    )
    observed = Text("查得征信报告时记为 0，否则为空", "0 where a credit report was read, else empty")
    unknown = Text("为空，不是 0", "empty, not 0")
    for label, value in (
        (Text("含义", "meaning"), feature.meaning),
        (Text("特征族", "family"), FAMILIES[feature.family][0]),
        (Text("窗口", "window"), Text(f"{feature.months} 个月", f"{feature.months} months")),
        (Text("单位", "unit"), UNITS[feature.unit]),
        (Text("来自", "from"), kinds),
        (Text("同意的用途", "purpose agreed to"), PURPOSES[feature.consent]),
        (Text("风险", "risk"), Text(_direction(feature), _direction(feature))),
        (Text("本人可改变", "own influence"), Text(_yes(feature.influence), _yes(feature.influence))),
        (Text("没有事件时", "without events"), observed if feature.absence_observed else unknown),
    ):
        say(Text(f"{label.zh}：{value.zh}", f"{label.en}: {value.en}").say())


def events(as_json: AsJson = False) -> None:
    """Show what a table of events looks like."""
    from puhui.credit.events import COLUMNS, EVENT_KINDS, MAY_BE_LEFT_OUT, SCHEMA

    if as_json:
        columns = [
            {
                "name": name,
                "type": str(kind),
                "meaning": COLUMNS[name]._asdict(),
                "may_be_left_out": name in MAY_BE_LEFT_OUT,
            }
            for name, kind in SCHEMA.items()
        ]
        kinds = [
            {"kind": each.code, "name": each.name._asdict(), "sign": each.sign, "statuses": list(each.statuses)}
            for each in EVENT_KINDS.values()
        ]
        print_json({"columns": columns, "kinds": kinds})
        return
    columns_table = _table(Text("列", "column"), Text("类型", "type"), Text("含义", "meaning"))
    for name, kind in SCHEMA.items():
        columns_table.add_row(name, str(kind), COLUMNS[name].say())
    print_table(columns_table)
    kinds_table = _table(
        Text("种类", "kind"),
        Text("名称", "name"),
        Text("正负", "sign"),
        Text("对方", "counterparty"),
        Text("状态", "status"),
    )
    for each in EVENT_KINDS.values():
        kinds_table.add_row(
            each.code, each.name.say(), each.sign, each.counterparty.say(), ", ".join(each.statuses) or "–"
        )
    print_table(kinds_table)


def run(
    source: Source,
    out: Out,
    as_of: AsOfDay = "",
    feature: Only = None,
    engine: RunsOn = "threads",
    address: Address = "",
) -> None:
    """Work out the features of every party in a file of events; refuse EVENTS_COLUMNS_WRONG and EVENTS_ROWS_WRONG."""
    from puhui.credit.features.catalogue import chosen
    from puhui.credit.features.files import Job, features_of_file

    names = tuple(chosen(feature)) if feature else ()
    day = read_day(as_of)
    done = features_of_file(Job(source, out, end_of_day(day), names), _engine(engine, address))
    counted = len(names or chosen())
    say(
        Text(
            f"截至 {day}：{done.events} 个事件，{done.parties} 个当事人，{counted} 个特征，写入 {out}",
            f"As of {day}: {done.events} events, {done.parties} parties, {counted} features, written to {out}",
        ).say()
    )


def proxies(
    features: Annotated[Path, typer.Argument(metavar="FEATURES.parquet", help=Text("特征文件", "a file").say())],
    groups: Groups,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Say which features carry a protected attribute; refuse PROXY_INPUT where there is too little to tell."""
    from puhui.credit.features.files import read_table
    from puhui.credit.features.proxies import proxy_report

    table = read_table(features)
    by_party = table.select("party").join(read_table(groups), on="party", how="left", maintain_order="left")
    protected = {name: by_party[name] for name in by_party.columns if name != "party"}
    report = proxy_report(table.drop("party"), protected, seed)
    if as_json:
        print_json(report.as_dict())
        return
    drawn = _table(
        Text("特征", "feature"),
        Text("属性", "attribute"),
        Text("关联 V（95% 区间）", "V (95 % interval)"),
        Text("偶然上限", "by chance up to"),
        Text("AUC（95% 区间）", "AUC (95 % interval)"),
        Text("结论", "verdict"),
    )
    carried = [line for line in report.lines if line.carries]
    for line in carried[:MOST_LINES]:
        auc = "–" if line.auc is None else f"{line.auc:.3f} ({line.auc_low:.3f}–{line.auc_high:.3f})"
        v = f"{line.v:.3f} ({line.v_low:.3f}–{line.v_high:.3f})"
        drawn.add_row(line.feature, line.protected, v, f"{line.band:.3f}", auc, STRENGTHS[line.strength].say())
    print_table(drawn)
    every, found = len(report.lines), len(carried)
    say(Text(f"{every} 项检验，{found} 项暗含受保护属性", f"{every} tests, {found} carry a protected attribute").say())


def end_of_day(day: date) -> datetime:
    """Return the last instant of a day in Beijing."""
    from datetime import time

    from puhui.kernel.clock import CHINA

    return datetime.combine(day, time.max, CHINA)


def _engine(name: str, address: str) -> "Engine":
    from puhui.batch.engines import threads
    from puhui.kernel.inputs import one_of

    one_of("engine", name, ENGINES)
    if name == "ray":
        from puhui.batch.ray_engine import ray_tasks

        return ray_tasks(address)
    return threads()


def _direction(feature: "Feature") -> str:
    from puhui.credit.features.feature import DIRECTIONS

    return DIRECTIONS[feature.direction].say()


def _yes(value: bool) -> str:
    return Text("是", "yes").say() if value else Text("否", "no").say()


def _table(*headings: Text) -> Any:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE)
    for heading in headings:
        table.add_column(heading.say())
    return table
