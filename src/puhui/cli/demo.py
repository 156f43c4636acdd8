"""`puhui demo`, the main job: from applications to offers, loans and a book, on a simulated county or a real file."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from puhui.cli.output import AsJson, print_json, print_table, say
from puhui.kernel.language import Text

People = Annotated[
    int | None,
    typer.Option("--people", min=400, max=150_000, help=Text("模拟县有多少人", "how many people live there").say()),
]
Applications = Annotated[
    int | None,
    typer.Option(
        "--applications", min=20, max=100_000, help=Text("决定多少笔申请", "how many applications are decided").say()
    ),
]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help=Text("随机种子", "the seed of the county").say())]
NoServe = Annotated[
    bool, typer.Option("--no-serve", help=Text("做完即退出，不启动服务", "stop when it is done; do not serve").say())
]
Fresh = Annotated[bool, typer.Option("--fresh", help=Text("重新做一遍", "do it anew").say())]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="FOLDER", help=Text("用真实数据集的文件夹代替模拟县", "a folder of real data instead").say()
    ),
]
Port = Annotated[
    int, typer.Option("--port", min=0, max=65535, help=Text("服务端口，0 任选", "the server's port").say())
]


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    about = Text(
        "主流程：申请、决策、报价、放款、还款、日终（模拟县，或真实数据）",
        "the main job, from applications to a book: on a simulated county, or on real data",
    )
    app.command("demo", help=about.say())(demo_command)


def demo_command(
    people: People = None,
    applications: Applications = None,
    seed: Seed = None,
    data: Data = None,
    no_serve: NoServe = False,
    fresh: Fresh = False,
    port: Port = 8000,
    as_json: AsJson = False,
) -> None:
    """Do the main job, show what came of it, then serve it, unless told not to."""
    if data is not None:
        from puhui.cli.demo_data import run_on_files

        run_on_files(data, as_json=as_json)
        return
    wanted = {"people": people, "applications": applications, "seed": seed}
    asked = {name: value for name, value in wanted.items() if value is not None}
    result = _made(asked, fresh=fresh, as_json=as_json)
    if as_json:
        print_json(result)
        return
    _tell(result)
    if not no_serve:
        from puhui.cli.serve import serve_command

        serve_command(port=port)


def _made(asked: Mapping[str, int], *, fresh: bool, as_json: bool) -> Mapping[str, Any]:
    """Return the result of the demonstration in the home folder, made now where there is none.

    Refuses DEMO_OTHER where the one that is there is not what was asked for.
    """
    from puhui.demo import home
    from puhui.demo.story import story_on
    from puhui.demo.whole import make_demo
    from puhui.kernel.clock import today

    known = None if fresh else home.told()
    if known is not None:
        home.must_be(known, asked)
        if not as_json:
            say(Text("演示已在，重做请加 --fresh。", "The demonstration is there already; --fresh does it anew.").say())
        return known
    return make_demo(story_on(today(), **asked), Progress(quiet=as_json))


class Progress:
    """A line for each step with its seconds, and a bar where a person waits."""

    def __init__(self, *, quiet: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Bar(*columns, console=console, transient=True, disable=quiet or not sys.stderr.isatty())
        self._quiet = quiet
        self._task = self._bar.add_task("", total=None)

    @contextmanager
    def step(self, name: Text) -> Iterator[None]:
        """Show a bar while the step goes on, and then its line."""
        from puhui.kernel.clock import stopwatch_ns

        start = stopwatch_ns()
        self._bar.reset(self._task, description=name.say(), total=None)
        with self._bar:
            yield
        if not self._quiet:
            say(f"✓ {name.say()}  {(stopwatch_ns() - start) / 1e9:.1f} s")

    def moved(self, what: str, done: int, of: int) -> None:
        """Move the bar."""
        self._bar.update(self._task, description=what, completed=done, total=of)


def _tell(result: Mapping[str, Any]) -> None:
    """Draw what came of it, and what to try next."""
    from puhui.demo.home import PAGE
    from puhui.kernel.home import home

    say("")
    say(Text("全部为模拟数据；“真实”一栏只有程序知道。", "All simulated; what is called true no decision sees.").say())
    print_table(_decisions(result))
    if result["auto"]:
        print_table(_auto(result))
    print_table(_funders(result))
    _say_book(result)
    say(Text(f"图表：{home() / PAGE}", f"pictures: {home() / PAGE}").say())
    _say_next(result)


def _decisions(result: Mapping[str, Any]) -> Any:
    from puhui.demo.page import OUTCOMES

    title = Text(f"决策 {result['decisions']['count']} 笔", f"{result['decisions']['count']} decisions")
    table = _table(
        title, Text("结果", "outcome"), Text("人数", "people"), Text("评分违约率", "scored PD"), Text("真实", "true PD")
    )
    for name, each in result["decisions"]["outcomes"].items():
        rates = ["—" if each[rate] is None else f"{each[rate] / 10_000:.2f}%" for rate in _RATES]
        table.add_row(OUTCOMES[name][0].say(), f"{each['count']:,}", *rates)
    return table


_RATES = ("scored_pd_ppm", "true_pd_ppm")


def _auto(result: Mapping[str, Any]) -> Any:
    from puhui.kernel.money import format_minor
    from puhui.kernel.rates import format_rate

    auto = result["auto"]
    advertised, true = format_rate(auto["advertised_flat_ppm"]), format_rate(auto["advertised_true_ppm"])
    price = format_minor(auto["price_minor"])
    title = Text(
        f"{auto['vehicle']} {price} 元：车行广告年费率 {advertised}，真实年化 {true}",
        f"a car of {price}: advertised at {advertised} flat, truly {true} a year",
    )
    heads = (Text("方案", "plan"), Text("资金方", "funder"), Text("首付", "own money"), Text("期数", "months"))
    more = (Text("最高月供", "dearest month"), Text("真实年化", "annual cost"), Text("全部成本", "all costs"))
    table = _table(title, *heads, *more)
    for offer in auto["offers"]:
        names = " · ".join(Text(**goal).say() for goal in offer["titles"])
        table.add_row(
            ("✓ " if offer["taken"] else "  ") + names,
            Text(**offer["funder_title"]).say(),
            format_minor(offer["own_minor"]),
            str(offer["months"]),
            format_minor(offer["most_in_a_month_minor"]),
            format_rate(offer["annual_cost"]["irr_x12_ppm"]),
            format_minor(offer["total_cost_minor"]),
        )
    return table


def _funders(result: Mapping[str, Any]) -> Any:
    from puhui.kernel.money import format_minor

    title = Text(f"放款 {result['offers']['taken']} 笔", f"{result['offers']['taken']} loans")
    table = _table(title, Text("资金方", "funder"), Text("笔数", "loans"), Text("金额", "lent"))
    for each in result["offers"]["funders"]:
        table.add_row(Text(**each["title"]).say(), f"{each['loans']:,}", format_minor(each["lent_minor"]))
    return table


def _say_book(result: Mapping[str, Any]) -> None:
    from puhui.kernel.money import format_minor

    servicing, sound = result["servicing"], result["night"]["reconciliation"]["sound"]
    paid = format_minor(servicing["paid_minor"])
    late = sum(bucket["loans"] for bucket in result["night"]["buckets"][1:])
    say(
        Text(
            f"日终 {servicing['nights']} 个（至 {servicing['through']}），收款 {servicing['payments']:,} 笔 {paid} 元，"
            f"逾期 {late} 笔，{'✓ 对账一致' if sound else '✗ 对账不一致'}",
            f"{servicing['nights']} nights through {servicing['through']}, {servicing['payments']:,} payments of "
            f"{paid}, {late} loans late, {'✓ the books reconcile' if sound else '✗ the books differ'}",
        ).say()
    )


def _say_next(result: Mapping[str, Any]) -> None:
    from puhui.kernel.home import HOME_VARIABLE, home

    found = result["try"]
    say(Text("接下来可以试：", "Try next:").say())
    say(f"  export {HOME_VARIABLE}={home().resolve()}")
    for command, name in (("why", "approve"), ("letter", "decline"), ("replay", "approve"), ("loan show", "loan")):
        if name in found:
            say(f"  puhui {command} {found[name]}")


def _table(title: Text, *heads: Text) -> Any:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, title=title.say(), title_justify="left", title_style="bold")
    for number, head in enumerate(heads):
        table.add_column(head.say(), justify="left" if number == 0 else "right", overflow="fold")
    return table
