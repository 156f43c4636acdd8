"""Rules in words that a person reads, in both languages, made from the graph itself so that they cannot drift."""

from collections.abc import Mapping
from typing import TypeVar

from puhui.credit.policy.expressions import (
    And,
    Arithmetic,
    Compare,
    Const,
    Count,
    If,
    IsNull,
    Name,
    Not,
    OneOf,
    Or,
    Tree,
)
from puhui.credit.policy.graph import Graph, Row
from puhui.kernel.language import Text
from puhui.kernel.money import format_minor
from puhui.kernel.rates import format_rate

EFFECTS = {"decline": Text("拒绝", "decline"), "refer": Text("转人工", "refer to a person")}
OUTCOMES = {**EFFECTS, "approve": Text("通过", "approve")}

_COMPARED = {
    "==": Text("等于", "is"),
    "!=": Text("不等于", "is not"),
    "<": Text("小于", "is less than"),
    "<=": Text("不大于", "is at most"),
    ">": Text("大于", "is more than"),
    ">=": Text("不小于", "is at least"),
}
_SIGNS = {"+": "+", "-": "-", "*": "×", "//": "÷"}
_ALWAYS = Text("总是", "always")

Spoken = TypeVar("Spoken", str, tuple[str, str, str])


def say_rule(graph: Graph, row: Row) -> Text:
    """Return one rule as a sentence: when, and what then."""
    when = say_condition(graph, row.condition)
    effect = EFFECTS[str(row.results["effect"])]
    return Text(f"{when.zh} → {effect.zh}", f"{when.en} → {effect.en}")


def say_condition(graph: Graph, tree: Tree | None) -> Text:
    """Return a condition in words; None is always."""
    if tree is None:
        return _ALWAYS
    titles = {name: item.title for name, item in graph.inputs.items()}
    return Text(_Speaker(titles, "zh").say(tree), _Speaker(titles, "en").say(tree))


class _Speaker:
    """Says trees in one language."""

    def __init__(self, titles: Mapping[str, Text], language: str) -> None:
        self._titles, self._language = titles, language

    def say(self, tree: Tree) -> str:
        match tree:
            case Const(value):
                return self._value(value, "")
            case Name(name):
                return self._name(name)
            case IsNull(name):
                return self._name(name) + self._pick(" 未知", " is not known")
            case Arithmetic(op, left, right):
                return f"({self.say(left)} {_SIGNS[op]} {self.say(right)})"
            case Compare(op, left, right):
                unit = left.name if isinstance(left, Name) else ""
                shown = self._value(right.value, unit) if isinstance(right, Const) else self.say(right)
                return f"{self.say(left)} {_COMPARED[op].say(self._language)} {shown}"
            case OneOf(subject, values):
                listed = self._pick("、", ", ").join(str(value) for value in values)
                return f"{self.say(subject)} {self._pick('是其中之一', 'is one of')} {listed}"
            case And(parts):
                return self._pick(" 且 ", " and ").join(self._part(part) for part in parts)
            case Or(parts):
                return self._pick(" 或 ", " or ").join(self._part(part) for part in parts)
            case Not(part):
                return f"{self._pick('并非', 'not')} ({self.say(part)})"
            case If(condition, yes, no):
                words = self._pick(("若", "则", "否则"), ("if", "then", "else"))
                return f"{words[0]} {self.say(condition)} {words[1]} {self.say(yes)} {words[2]} {self.say(no)}"
            case Count(path, _, value):
                return f"{path}: {value}"

    def _part(self, tree: Tree) -> str:
        return f"({self.say(tree)})" if isinstance(tree, And | Or | If) else self.say(tree)

    def _name(self, name: str) -> str:
        return self._titles[name].say(self._language) if name in self._titles else name

    def _value(self, value: int | str | bool, unit: str) -> str:
        if isinstance(value, bool):
            return self._pick("是", "yes") if value else self._pick("否", "no")
        if isinstance(value, int) and unit.endswith("_ppm"):
            return format_rate(value)
        if isinstance(value, int) and unit.endswith("_minor"):
            return f"¥{format_minor(value)}"
        return f"“{value}”" if isinstance(value, str) else str(value)

    def _pick(self, zh: Spoken, en: Spoken) -> Spoken:
        return zh if self._language == "zh" else en
