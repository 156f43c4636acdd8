"""`puhui policy show | check | run`: the rules by which applications are decided, and one decision by them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from puhui.cli.output import AsJson, print_json, print_table, read_input, say
from puhui.kernel.language import Text

if TYPE_CHECKING:
    from puhui.credit.policy.decision import PolicyDecision
    from puhui.credit.policy.graph import Graph

Policy = Annotated[
    str,
    typer.Argument(
        metavar="GRAPH",
        help=Text("政策编号（personal、auto、small_firm）或 .json 文件", "a policy's id, or a .json file").say(),
    ),
]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(
        no_args_is_help=True,
        help=Text("准入政策：规则、检查、试算一个申请", "credit policy: its rules, its check, one decision").say(),
    )
    group.command("show", help=Text("用平常的话列出政策的规则", "list a policy's rules in plain words").say())(
        show_command
    )
    group.command(
        "check",
        help=Text(
            "检查决策图能否启用：只用支持的写法（整数、+ - *、floor(a / b)、比较、[a..b]、列表、and or not、? :），"
            "原因代码已登记，没有默认通过",
            "check whether a graph may be used: only what is supported (whole numbers, + - *, floor(a / b), "
            "comparisons, [a..b], lists, and or not, ? :), reasons registered, no default yes",
        ).say(),
    )(check_command)
    group.command("run", help=Text("按政策判断一个申请", "decide one application by a policy").say())(run_command)
    app.add_typer(group, name="policy")


def show_command(
    policy: Annotated[
        str,
        typer.Argument(
            metavar="[GRAPH]",
            help=Text(
                "政策编号或 .json 文件；不写则列出随附政策", "an id or a .json file; without one, list them"
            ).say(),
        ),
    ] = "",
    zen: Annotated[
        bool, typer.Option("--zen", help=Text("显示实际执行的 JDM", "show the JDM that is run").say())
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the rules of a policy, or list the policies."""
    if not policy:
        _list(as_json)
        return
    graph = _graph(policy)
    if zen:
        from puhui.credit.policy.harden import hardened

        print_json(hardened(graph))
    elif as_json:
        print_json(_as_dict(graph))
    else:
        _draw(graph)


def check_command(
    policies: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[GRAPH]...",
            help=Text(
                "政策编号或 .json 文件；不写则为全部随附政策", "ids or files; without any, the shipped ones"
            ).say(),
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check graphs; exit 1 when one may not be used, 2 when one cannot be read."""
    from puhui.credit.policy.check import check_graph
    from puhui.credit.policy.shipped import shipped

    graphs = [_graph(name) for name in policies] if policies else list(shipped().values())
    found = [(graph, check_graph(graph)) for graph in graphs]
    ok = not any(problems for _, problems in found)
    if as_json:
        listed = [
            {
                "policy": graph.id,
                "ok": not problems,
                "problems": [{"where": item.where, **item.problem._asdict()} for item in problems],
            }
            for graph, problems in found
        ]
        print_json({"ok": ok, "policies": listed})
    else:
        for graph, problems in found:
            verdict = Text("可以启用", "may be used") if not problems else Text("不能启用", "may not be used")
            say(
                f"{graph.id} {graph.version} · {Text(f'{len(graph.rules)} 条规则', f'{len(graph.rules)} rules').say()}"
                f" · {verdict.say()}"
            )
            for item in problems:
                say(f"  {item.where}: {item.problem.say()}")
    if not ok:
        raise typer.Exit(1)


def run_command(
    policy: Policy,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help=Text(
                "JSON 文件：输入名与值（金额为分，比例为 ppm）；“-” 为标准输入",
                "a JSON file of inputs and values (money in fen, shares in ppm), - for standard input",
            ).say(),
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Decide one application; exit 0 whatever the answer."""
    from collections.abc import Mapping

    from puhui.credit.policy.engine import PolicyEngine
    from puhui.kernel.refusals import INPUT_INVALID

    graph = _graph(policy)
    given = read_input(file)
    if not isinstance(given, Mapping):
        raise INPUT_INVALID.refuse("$", problem=Text("必须是一个 JSON 对象", "must be a JSON object"))
    decision = PolicyEngine([graph]).decide(graph.id, given)
    if as_json:
        print_json(decision.as_dict(graph))
    else:
        _draw_decision(graph, decision)


# --- reading and drawing ----------------------------------------------------------------------------


def _graph(name: str) -> "Graph":
    from puhui.credit.policy.given import POLICY_UNKNOWN
    from puhui.credit.policy.shipped import load_graph, shipped

    path = Path(name)
    if path.suffix == ".json" or path.is_file():
        return load_graph(path)
    if name not in shipped():
        raise POLICY_UNKNOWN.refuse("policy", policy=name, known=", ".join(shipped()))
    return shipped()[name]


def _list(as_json: bool) -> None:
    from puhui.credit.policy.shipped import shipped

    if as_json:
        print_json([{**_head(graph), "rules": len(graph.rules)} for graph in shipped().values()])
        return
    for graph in shipped().values():
        count = Text(f"{len(graph.rules)} 条规则", f"{len(graph.rules)} rules").say()
        say(f"{graph.id} {graph.version} · {graph.title.say()} · {count}")


def _head(graph: "Graph") -> dict[str, Any]:
    return {"policy": graph.id, "version": graph.version, "hash": graph.digest, "title": graph.title._asdict()}


def _as_dict(graph: "Graph") -> dict[str, Any]:
    from puhui.credit.policy.reasons import reason_of
    from puhui.credit.policy.words import say_rule

    return {
        **_head(graph),
        "line": graph.line,
        "source": graph.source._asdict(),
        "inputs": [
            {"field": item.field, "type": item.kept.type, "required": item.required, "title": item.title._asdict()}
            for item in graph.inputs.values()
        ],
        "rules": [
            {
                "table": table.id,
                "rule": row.id,
                "words": say_rule(graph, row)._asdict(),
                "effect": row.results["effect"],
                "reason": row.results["reason"],
                "said": reason_of(str(row.results["reason"])).text._asdict(),
                "reads": list(graph.needs[row.id]),
            }
            for table in graph.rule_tables
            for row in table.rows
        ],
        "values": list(graph.values),
    }


def _draw(graph: "Graph") -> None:
    from rich.table import Table

    from puhui.credit.policy.graph import Work
    from puhui.credit.policy.words import say_condition, say_rule

    say(f"{graph.title.say()} · {graph.id} {graph.version} · {graph.digest[:16]}")
    say(graph.source.say())
    for node in graph.nodes:
        for step in node.steps if isinstance(node, Work) and node.id != "tally" else ():
            say(f"  {step.key} = {say_condition(graph, step.tree).say()}")
    for values in graph.value_tables:
        if "outcome" not in values.fields:
            _draw_values(graph, values)
    for table in graph.rule_tables:
        drawn = Table(title=table.name, title_justify="left")
        for name in (Text("规则", "rule"), Text("当……则……", "when … then …"), Text("原因", "reason")):
            drawn.add_column(name.say())
        for row in table.rows:
            drawn.add_row(row.id, say_rule(graph, row).say(), str(row.results["reason"]))
        print_table(drawn)
    say(
        Text(
            "缺少输入的规则不判断；只要有规则不能判断，就不会自动通过，而是转人工。",
            "A rule whose input is missing is not evaluated; while one is not, nobody is approved: a person looks.",
        ).say()
    )


def _draw_values(graph: "Graph", table: Any) -> None:
    from rich.table import Table

    from puhui.credit.policy.words import say_condition

    drawn = Table(title=table.name, title_justify="left")
    for name in (Text("当", "when").say(), *table.fields):
        drawn.add_column(name)
    for row in table.rows:
        drawn.add_row(say_condition(graph, row.condition).say(), *(str(row.results[name]) for name in table.fields))
    print_table(drawn)


def _draw_decision(graph: "Graph", decision: "PolicyDecision") -> None:
    from puhui.credit.policy.words import OUTCOMES

    shown = decision.as_dict(graph)
    say(f"{OUTCOMES[decision.outcome].say()} · {graph.id} {graph.version}")
    for reason in shown["reasons"]:
        say(f"  {reason['code']}: {Text(reason['zh'], reason['en']).say()}")
    for hit in decision.hits:
        say(f"  {Text('命中', 'hit').say()} {hit.rule} ({OUTCOMES[hit.effect].say()})")
    for rule in decision.not_evaluated:
        lacking = ", ".join(rule.missing)
        say(f"  {Text('未能判断', 'not evaluated').say()} {rule.rule} ({lacking})")
    for name, value in decision.values.items():
        say(f"  {name}: {'—' if value is None else value}")
