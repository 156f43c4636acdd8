"""What type a tree has, and between which ends its numbers lie: no policy can overflow or compare text with numbers."""

from collections.abc import Mapping
from typing import NamedTuple, NoReturn

from puhui.credit.policy.expressions import (
    POLICY_EXPRESSION,
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
    ValueType,
)
from puhui.kernel.language import Text

# Between these ends a column of int64 and zen's decimals agree exactly.
LARGEST_NUMBER = 2**62


class Kept(NamedTuple):
    """What is known of a value: its type, and the ends of a number."""

    type: ValueType
    low: int = 0
    high: int = 0


BOOL = Kept("bool")
TEXT = Kept("text")


class Judge(NamedTuple):
    """Finds the type of trees over known names; refuses POLICY_EXPRESSION, naming `field` and `text`."""

    names: Mapping[str, Kept]
    paths: frozenset[str]
    field: str
    text: str

    def condition(self, tree: Tree) -> None:
        """Refuse a tree that is not a condition."""
        if self.kept(tree).type != "bool":
            self._refuse(Text("这里要写条件", "a condition belongs here"))

    def kept(self, tree: Tree) -> Kept:
        """Return the type and ends of a tree."""
        match tree:
            case Const(value):
                return kept_of(value)
            case Name(name):
                return self._name(name)
            case Arithmetic(op, left, right):
                return self._arithmetic(op, self._number(left), self._number(right))
            case If(condition, yes, no):
                self.condition(condition)
                return self._either(self.kept(yes), self.kept(no))
            case Count(path, _, _):
                if path not in self.paths:
                    self._refuse(Text(f"前面没有表汇总到 {path}", f"no table before it collects under {path}"))
                return Kept("int", 0, 64)
        self._check_parts(tree)
        return BOOL

    def _check_parts(self, tree: Tree) -> None:
        """Refuse a condition whose parts do not go together."""
        match tree:
            case IsNull(name):
                self._name(name)
            case Compare():
                self._compare(tree)
            case OneOf(subject, values):
                if self.kept(subject).type != kept_of(values[0]).type:
                    self._refuse(_MIXED)
            case And(parts) | Or(parts):
                for part in parts:
                    self.condition(part)
            case Not(part):
                self.condition(part)

    def _name(self, name: str) -> Kept:
        if name not in self.names:
            self._refuse(Text(f"{name} 既不是输入，也不在前面算出", f"{name} is no input, nor worked out before"))
        return self.names[name]

    def _number(self, tree: Tree) -> Kept:
        kept = self.kept(tree)
        if kept.type != "int":
            self._refuse(Text("只有整数可以运算", "only whole numbers are worked with"))
        return kept

    def _compare(self, tree: Compare) -> None:
        left, right = self.kept(tree.left), self.kept(tree.right)
        if left.type != right.type:
            self._refuse(_MIXED)
        if left.type == "bool" and not (isinstance(tree.left, Name) and isinstance(tree.right, Const)):
            self._refuse(Text("是非值只能与 true、false 比", "a yes or no compares with true or false only"))
        if left.type != "int" and tree.op not in ("==", "!="):
            self._refuse(Text("只有整数可以比大小", "only whole numbers have an order"))

    def _either(self, yes: Kept, no: Kept) -> Kept:
        if yes.type != no.type:
            self._refuse(_MIXED)
        return Kept(yes.type, min(yes.low, no.low), max(yes.high, no.high))

    def _arithmetic(self, op: str, left: Kept, right: Kept) -> Kept:
        low, high = _ends(op, left, right)
        if max(abs(low), abs(high)) >= LARGEST_NUMBER:
            self._refuse(Text("结果可能超出 2^62，请收窄输入范围", "it may pass 2^62; narrow the ranges of the inputs"))
        return Kept("int", low, high)

    def _refuse(self, problem: Text) -> NoReturn:
        raise POLICY_EXPRESSION.refuse(self.field, text=self.text[:80], problem=problem)


def kept_of(value: int | str | bool) -> Kept:
    """Return what is known of a literal."""
    if isinstance(value, bool):
        return BOOL
    return TEXT if isinstance(value, str) else Kept("int", value, value)


def _ends(op: str, left: Kept, right: Kept) -> tuple[int, int]:
    if op == "+":
        return left.low + right.low, left.high + right.high
    if op == "-":
        return left.low - right.high, left.high - right.low
    if op == "*":
        corners = [a * b for a in (left.low, left.high) for b in (right.low, right.high)]
        return min(corners), max(corners)
    # Divided by a whole number that is not 0: never further from 0 than it was, but for the floor.
    furthest = max(abs(left.low), abs(left.high))
    return -furthest - 1, furthest


_MIXED = Text("两边类型不同", "the two sides are of different types")
