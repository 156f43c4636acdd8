"""`puhui demo --data FOLDER`: the main job on real files; what came of it, printed for a person or as JSON."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from puhui.cli.output import print_json, print_table, say
from puhui.kernel.language import Text

Figures = Mapping[str, Any]


def run_on_files(folder: Path, *, as_json: bool) -> dict[str, Any]:
    """Do the main job on a folder of real files, print what came of it and where its page is; return the figures.

    Refuses DATA_FOLDER_UNKNOWN, DATA_FILE_MISSING, and what reading the files refuses.
    """
    # Read when numpy is loaded. Of hundreds of small regressions a second thread only gets in the way of the first.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from puhui.cli.demo import Progress
    from puhui.demo.files.data_sets import run_files

    told = run_files(folder, Progress(quiet=as_json))
    if as_json:
        print_json(told)
    else:
        tell(told)
    return told


def tell(told: Figures) -> None:
    """Draw what came of real files for a person, in their language."""
    say("")
    say(Text(**told["title"]).say())
    (_tell_firms if "invoices" in told else _tell_people)(told)
    say(Text(f"图表：{told['page']}", f"pictures: {told['page']}").say())


# --- people ---------------------------------------------------------------------------------------------


def _tell_people(told: Figures) -> None:
    from puhui.demo.files.page import people_notes, price_said

    _models(told["models"])
    _outcomes(told)
    _cut_offs(told)
    say(price_said(told).say())
    _reasons(told["reasons"])
    _fairness(told["fairness"])
    for note in people_notes(told):
        say(note.say())


def _models(models: Sequence[Figures]) -> None:
    from puhui.credit.models import MODEL_KINDS

    rows = [
        [
            MODEL_KINDS[each["kind"]].title.say(),
            f"{each['auc']:.4f}",
            f"{each['auc_low']:.4f}–{each['auc_high']:.4f}",
            f"{each['ks']:.4f}",
            f"{each['brier']:.5f}",
        ]
        for each in models
    ]
    heads = (Text("模型", "model"), Text("AUC", "AUC"), _INTERVAL, Text("KS", "KS"), Text("Brier", "Brier"))
    _table(Text("模型（没见过的人）", "models, on people they had not seen"), heads, rows)


def _outcomes(told: Figures) -> None:
    from puhui.demo.files.page import OUTCOMES

    rows = [[OUTCOMES[name][0].say(), *_tally(each)] for name, each in told["outcomes"].items()]
    rows.append([Text("全部", "all").say(), *_tally(told["all"])])
    title = Text("结果与真实表现", "outcomes, and what became of them")
    _table(title, (Text("结果", "outcome"), *_TALLY), rows)


def _cut_offs(told: Figures) -> None:
    from puhui.kernel.rates import format_rate

    here = Text(" ← 当前政策", " <- the policy").say()
    rows = [
        [format_rate(each["cut_ppm"]) + (here if each["is_policy"] else ""), *_tally(each)] for each in told["cut_offs"]
    ]
    _table(Text("各档门槛：其余规则不变", "at several cut-offs, other rules the same"), (_PD_BELOW, *_TALLY), rows)


def _tally(each: Figures) -> list[str]:
    from puhui.kernel.money import format_minor

    rate = "—" if each["bad_rate"] is None else f"{each['bad_rate']:.2%}"
    interval = f"{each['bad_low']:.2%}–{each['bad_high']:.2%}"
    return [f"{each['rows']:,}", f"{each['share']:.1%}", rate, interval, format_minor(each["value_minor"])]


_INTERVAL = Text("95% 区间", "95% interval")
_PD_BELOW = Text("违约概率低于", "PD below")
_TALLY = (
    Text("人数", "people"),
    Text("占比", "share"),
    Text("坏账率", "bad rate"),
    _INTERVAL,
    Text("收益", "value"),
)


def _fairness(lines: Sequence[Figures]) -> None:
    rows = []
    for line in lines:
        approved, bad = line["approved"], line["bad"]
        rows.append(
            [
                f"{line['group'] or '—'}{' ◆' if line['apart'] else ''}",
                f"{approved['rows']:,}",
                f"{approved['share']:.1%}",
                f"{approved['low']:.1%}–{approved['high']:.1%}",
                "—" if bad["share"] is None else f"{bad['share']:.1%}",
                f"{bad['low']:.1%}–{bad['high']:.1%}",
            ]
        )
    heads = (Text("年龄", "age"), Text("人数", "people"), Text("批准率", "approved"), _INTERVAL)
    _table(
        Text("公平性（◆ 与其余各组的区间不相交）", "fairness (◆ its interval does not meet that of all others)"),
        (*heads, Text("批准者坏账率", "bad among them"), _INTERVAL),
        rows,
    )


def _reasons(reasons: Sequence[Figures]) -> None:
    from puhui.demo.files.page import OUTCOMES

    rows = [[OUTCOMES[each["outcome"]][0].say(), Text(**each["text"]).say(), f"{each['count']:,}"] for each in reasons]
    heads = (Text("结果", "outcome"), Text("告知申请人的原因", "what the applicant is told"), Text("次数", "times"))
    _table(Text("原因", "reasons"), heads, rows)


# --- firms ----------------------------------------------------------------------------------------------


def _tell_firms(told: Figures) -> None:
    from puhui.demo.files.page import firms_notes, profit_said

    _grades(told["grades"])
    _reasons(told["reasons"])
    _profit(told["profit"])
    say(profit_said(told["profit"]).say())
    for note in firms_notes(told):
        say(note.say())


def _grades(grades: Sequence[Figures]) -> None:
    from puhui.demo.files.page import OUTCOMES
    from puhui.kernel.rates import format_rate

    rows = [
        [
            each["grade"] or "—",
            f"{each['firms']:,}",
            format_rate(each["mean_pd_ppm"]),
            *(f"{each[name]:,}" for name in OUTCOMES),
        ]
        for each in grades
    ]
    heads = (Text("等级", "grade"), Text("企业", "firms"), Text("平均违约概率", "mean PD"))
    _table(Text("评级与决策", "grades and decisions"), (*heads, *(title for title, _ in OUTCOMES.values())), rows)


def _profit(profit: Figures) -> None:
    from puhui.demo.files.page import WAYS
    from puhui.kernel.money import format_minor
    from puhui.kernel.rates import format_rate

    rows = [
        [
            title.say(),
            format_minor(profit[way]["profit_minor"]),
            "—" if profit[way]["rate_ppm"] is None else format_rate(profit[way]["rate_ppm"]),
            f"{profit[way]['firms']:,}",
            format_minor(profit[way]["used_minor"]),
        ]
        for way, title in WAYS.items()
    ]
    heads = (Text("方式", "way"), Text("期望年利润", "profit a year"), Text("利率", "rate"))
    _table(
        Text("利率与额度", "rates and limits"), (*heads, Text("企业", "firms"), Text("额度合计", "lent in all")), rows
    )


def _table(title: Text, heads: Sequence[Text], rows: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.table import Table

    drawn: Table = Table(title=title.say(), title_justify="left", box=box.SIMPLE_HEAD)
    for number, head in enumerate(heads):
        words = number == 0 or head.zh.startswith("告知")
        drawn.add_column(head.say(), justify="left" if words else "right", overflow="fold", max_width=64)
    for row in rows:
        drawn.add_row(*row)
    print_table(drawn)
