"""The facts that rules read: a flat list of named figures, each with a name in two languages, a type and a unit.

A rule may only read what is listed in `metrics.yaml`. Money is whole minor units, rates and ratios whole ppm,
spans of time whole days or months; a float is refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Literal

from puhui.kernel.inputs import Record, parse
from puhui.kernel.language import Text
from puhui.kernel.money import format_minor
from puhui.kernel.rates import format_rate
from puhui.kernel.refusals import declare
from puhui.rulebook.files import read_yaml
from puhui.rulebook.operators import CLASSES

METRICS_FILE = Path(__file__).parent / "metrics.yaml"

FACT_INVALID = declare(
    "FACT_INVALID",
    422,
    "事实 {field} 的值 {value} 不合要求：{problem}。",
    "Fact {field} = {value} is not acceptable: {problem}.",
)

Type = Literal["int", "bool", "text", "list", "date", "figures"]
Unit = Literal["minor", "ppm", "days", "months", "count", "hour", "stage", "class", "none"]


class _Words(Record):
    zh: str
    en: str


class _MetricRecord(Record):
    name: _Words
    type: Type
    unit: Unit = "none"
    values: list[str] | None = None
    figures: list[str] | None = None


class _MetricsFile(Record):
    metrics: dict[str, _MetricRecord]


@dataclass(frozen=True, slots=True)
class Metric:
    """One fact: code, names, type, unit; `values` closes a list of texts; `figures` are the facts a composite reads."""

    code: str
    name: Text
    type: Type
    unit: Unit
    values: tuple[str, ...]
    figures: tuple[str, ...]

    def show(self, value: object) -> str:
        """Return a value for people: yuan, per cent, months, names."""
        if value is None:
            return "—"
        if isinstance(value, tuple | list):
            return " – ".join(map(self.show, value)) if self.type == "int" else ", ".join(map(self.show, value))
        if isinstance(value, bool):
            return (Text("是", "yes") if value else Text("否", "no")).say()
        if isinstance(value, int):
            return _SHOWN[self.unit](value)
        if self.unit == "class" and value in CLASS_NAMES:
            return f"{CLASS_NAMES[str(value)].say()} {value}"
        return str(value)


CLASS_NAMES = {
    "NORMAL": Text("正常", "normal"),
    "SM": Text("关注", "special mention"),
    "SUB": Text("次级", "substandard"),
    "DBT": Text("可疑", "doubtful"),
    "LOSS": Text("损失", "loss"),
}


def _yuan(amount: str) -> str:
    return Text(f"{amount} 元", f"CNY {amount}").say()


_SHOWN: dict[str, Callable[[int], str]] = {
    "minor": lambda value: _yuan(format_minor(value).removesuffix(".00")),
    "ppm": lambda value: format_rate(value),
    "days": lambda value: Text(f"{value} 天", f"{value} days").say(),
    "months": lambda value: Text(f"{value} 个月", f"{value} months").say(),
    "count": str,
    "hour": lambda value: f"{value}:00",
    "stage": lambda value: Text(f"阶段 {value}", f"stage {value}").say(),
    "none": str,
    "class": str,
}


@lru_cache(maxsize=1)
def metrics() -> Mapping[str, Metric]:
    """Return every metric by its code."""
    file = parse(_MetricsFile, read_yaml(METRICS_FILE), METRICS_FILE.name)
    return {code: _compile(code, record) for code, record in file.metrics.items()}


def _compile(code: str, record: _MetricRecord) -> Metric:
    values = CLASSES if record.unit == "class" else tuple(record.values or ())
    return Metric(
        code,
        Text(record.name.zh, record.name.en),
        record.type,
        record.unit,
        values,
        tuple(record.figures or ()),
    )


_PYTHON: dict[str, type] = {"int": int, "bool": bool, "text": str, "date": date}
_PROBLEM: dict[str, Text] = {
    "int": Text("必须是整数，不接受小数", "must be a whole number, not a decimal"),
    "bool": Text("必须是 true 或 false", "must be true or false"),
    "text": Text("必须是文字", "must be text"),
    "date": Text("必须是日期 YYYY-MM-DD", "must be a date, YYYY-MM-DD"),
    "list": Text("必须是文字的列表", "must be a list of texts"),
    "figures": Text("由其他事实组成，请提供 {figures}", "is made of other facts; supply {figures}"),
}


def check_fact(metric: Metric, value: object) -> None:
    """Refuse FACT_INVALID unless `value` has the metric's type and, where the list is closed, one of its values."""
    if metric.type == "list":
        right = isinstance(value, list | tuple | set | frozenset) and all(type(item) is str for item in value)
    else:
        right = type(value) is _PYTHON.get(metric.type)
    if not right:
        figures = ", ".join(metric.figures)
        problem = Text(*(sentence.format(figures=figures) for sentence in _PROBLEM[metric.type]))
        raise FACT_INVALID.refuse(metric.code, value=repr(value), problem=problem)
    if metric.values:
        given = value if isinstance(value, list | tuple | set | frozenset) else (value,)
        if not set(given) <= set(metric.values):
            known = ", ".join(metric.values)
            problem = Text(f"必须是其中之一：{known}", f"must be one of: {known}")
            raise FACT_INVALID.refuse(metric.code, value=repr(value), problem=problem)


def refuse_floats(facts: Mapping[str, object]) -> None:
    """Refuse FACT_INVALID for a float under any name, known or not."""
    for name, value in facts.items():
        if isinstance(value, float):
            raise FACT_INVALID.refuse(name, value=repr(value), problem=_PROBLEM["int"])


def read_facts(data: Mapping[str, object]) -> dict[str, object]:
    """Return facts of parsed JSON, with the ISO texts of date metrics as dates; refuse FACT_INVALID."""
    known = metrics()
    return {name: _from_json(known[name], value) if name in known else value for name, value in data.items()}


def _from_json(metric: Metric, value: object) -> object:
    if metric.type != "date" or not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise FACT_INVALID.refuse(metric.code, value=repr(value), problem=_PROBLEM["date"]) from None
