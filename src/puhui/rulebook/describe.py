"""Checks in words: what a rule demands, with its limit as of a day, in the user's language."""

from datetime import date
from functools import singledispatch

from puhui.kernel.language import Text
from puhui.kernel.rates import PPM, format_rate
from puhui.rulebook.book import Comparison, CompiledRule, Demand
from puhui.rulebook.limits import (
    Extreme,
    FactShare,
    Resolver,
    SeriesMultiple,
    StepsBy,
    TableBy,
)
from puhui.rulebook.metrics import Metric, metrics
from puhui.rulebook.operators import OPERATORS


def describe_rule(rule: CompiledRule, on: date) -> list[str]:
    """Return one sentence for each check of a rule, with limits as of `on`; an empty list for prose."""
    return [describe_demand(demand, on) for demand in rule.demands]


def describe_demand(demand: Demand, on: date) -> str:
    """Return one check as a sentence: condition, demand, exception, and whether it only warns."""
    metric = metrics()[demand.metric]
    sentence = _compared(metric, demand.op, demand.limit, on)
    if metric.figures and demand.figures != metric.figures:
        names = Text("、", ", ").say().join(metrics()[name].name.say() for name in demand.figures)
        sentence += Text(f"（只看 {names}）", f" ({names} only)").say()
    if demand.when:
        condition = _joined(demand.when, on)
        sentence = Text(f"当 {condition} 时，{sentence}", f"When {condition}: {sentence}").say()
    if demand.unless:
        condition = _joined(demand.unless, on)
        sentence += Text(f"；除非 {condition}", f"; unless {condition}").say()
    return sentence + (Text("（仅提示）", " (warns only)").say() if demand.soft else "")


def _joined(conditions: tuple[Comparison, ...], on: date) -> str:
    known = metrics()
    parts = [_compared(known[item.metric], item.op, item.limit, on) for item in conditions]
    return Text(" 且 ", " and ").say().join(parts)


def _compared(metric: Metric, op: str, limit: Resolver, on: date) -> str:
    phrase = Text("为", "is") if op in ("is", "==") else OPERATORS[op].phrase
    return f"{metric.name.say()} {phrase.say()} {describe_limit(limit, metric, on)}"


@singledispatch
def describe_limit(limit: Resolver, metric: Metric, on: date) -> str:
    """Return a limit in words: its value on the day, or what it is made of."""
    return metric.show(limit.fixed(on))


@describe_limit.register
def _series(limit: SeriesMultiple, metric: Metric, on: date) -> str:
    times = f"{limit.times} × " if limit.times != 1 else ""
    value = metric.show(limit.fixed(on))
    day = metrics()[limit.day_fact].name.say()
    return (
        times
        + Text(
            f"{limit.series.title.zh}（取{day}；{on} 为 {value}）",
            f"{limit.series.title.en} (on the {day}; {value} on {on})",
        ).say()
    )


@describe_limit.register
def _share(limit: FactShare, _metric: Metric, _on: date) -> str:
    name = metrics()[limit.fact].name.say()
    if limit.share_ppm == PPM:
        return name
    share = format_rate(limit.share_ppm)
    return Text(f"{name}的 {share}", f"{share} of {name}").say()


@describe_limit.register
def _extreme(limit: Extreme, _metric: Metric, _on: date) -> str:
    names = Text("、", ", ").say().join(metrics()[name].name.say() for name in limit.reads)
    which = Text("较低者", "the lowest of") if limit.pick is min else Text("较高者", "the highest of")
    return Text(f"{names} 中{which.zh}", f"{which.en} {names}").say()


@describe_limit.register
def _steps(limit: StepsBy, metric: Metric, on: date) -> str:
    by = metrics()[limit.by]
    steps = (f"＞{by.show(bound)} → {metric.show(value)}" for bound, value in limit.fixed(on))
    return f"{by.name.say()}: {'; '.join(steps)}"


@describe_limit.register
def _table(limit: TableBy, metric: Metric, _on: date) -> str:
    by = metrics()[limit.by]
    rows = (f"{by.show(word)} → {metric.show(value)}" for word, value in limit.table.items())
    return f"{by.name.say()}: {'; '.join(rows)}"
