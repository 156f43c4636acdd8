"""A tree written out for zen so that a missing value can neither raise nor pass: three-valued, as columns are.

zen raises on `null < 5`, and takes a cell that raised for one that did not match: a rule that declines would then be
passed by leaving its field out. So of each tree four texts are made: `known` (it has a value), `holds` (it is
true), `fails` (it is false), and `value` (null where not known). None of them can raise or be null but `value`.
"""

from collections.abc import Set
from dataclasses import dataclass
from typing import assert_never

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


@dataclass(frozen=True, slots=True)
class ZenText:
    """`own` are names that the same expression node has worked out before: zen reads them as `$.name`."""

    own: Set[str] = frozenset()

    def value(self, tree: Tree, is_bool: bool) -> str:
        """Return the text of the value, null where a name it hangs on is missing."""
        if is_bool:
            return f"{self.holds(tree)} ? true : ({self.fails(tree)} ? false : null)"
        known = self.known(tree)
        return self.raw(tree) if known == "true" else f"{known} ? {self.raw(tree)} : null"

    def known(self, tree: Tree) -> str:
        """Return the text that says whether a number or text has a value."""
        return _all(self._guards(tree))

    def holds(self, tree: Tree) -> str:
        """Return the text that is true where the condition is true, false elsewhere."""
        match tree:
            case And(parts):
                return _all([text for part in parts for text in self._conjuncts(part)])
            case Or(parts):
                return _any([self.holds(part) for part in parts])
            case Not(part):
                return self.fails(part)
            case If(condition, yes, no):
                return self._if(condition, self.holds(yes), self.holds(no))
            case IsNull(name):
                return f"({self._name(name)} == null)"
            case Name(name):
                return f"({self._name(name)} != null and {self._name(name)} == true)"
            case Const(value):
                return "true" if value is True else "false"
        return _all([*self._guards(tree), self.raw(tree)])

    def fails(self, tree: Tree) -> str:
        """Return the text that is true where the condition is false, false elsewhere."""
        match tree:
            case And(parts):
                return _any([self.fails(part) for part in parts])
            case Or(parts):
                return _all([self.fails(part) for part in parts])
            case Not(part):
                return self.holds(part)
            case If(condition, yes, no):
                return self._if(condition, self.fails(yes), self.fails(no))
            case IsNull(name):
                return f"({self._name(name)} != null)"
            case Name(name):
                return f"({self._name(name)} != null and {self._name(name)} == false)"
            case Const(value):
                return "true" if value is False else "false"
        return _all([*self._guards(tree), f"not ({self.raw(tree)})"])

    def may_hold(self, tree: Tree) -> str:
        """Return the text that is false only where the condition is false: true, or left open by what is missing."""
        match tree:
            case And(parts):
                return _all([self.may_hold(part) for part in parts])
            case Or(parts):
                return _any([self.may_hold(part) for part in parts])
            case Not(part):
                return self.may_fail(part)
            case If():
                return f"not ({self.fails(tree)})"
            case IsNull() | Const():
                return self.holds(tree)
            case Name(name):
                return f"({self._name(name)} == null or {self._name(name)} == true)"
        return _any([*self._lacks(tree), self.raw(tree)])

    def may_fail(self, tree: Tree) -> str:
        """Return the text that is false only where the condition is true."""
        match tree:
            case And(parts):
                return _any([self.may_fail(part) for part in parts])
            case Or(parts):
                return _all([self.may_fail(part) for part in parts])
            case Not(part):
                return self.may_hold(part)
            case If():
                return f"not ({self.holds(tree)})"
            case IsNull() | Const():
                return self.fails(tree)
            case Name(name):
                return f"({self._name(name)} == null or {self._name(name)} == false)"
        return _any([*self._lacks(tree), f"not ({self.raw(tree)})"])

    def may_be_open(self, tree: Tree) -> bool:
        """Return whether a missing value can leave the condition untold."""
        return self.may_hold(tree) != self.holds(tree)

    def raw(self, tree: Tree) -> str:
        """Return the text as it would be written if nothing were missing; safe where `known` or a guard holds."""
        match tree:
            case Const(value):
                return _literal(value)
            case Name(name):
                return self._name(name)
            case Arithmetic("//", left, right):
                return f"floor(({self.raw(left)}) / ({self.raw(right)}))"
            case Arithmetic(op, left, right) | Compare(op, left, right):
                return f"({self.raw(left)} {op} {self.raw(right)})"
            case OneOf(subject, values):
                return f"({self.raw(subject)} in [{', '.join(map(_literal, values))}])"
            case If(condition, yes, no):
                return f"({self.holds(condition)} ? {self.raw(yes)} : {self.raw(no)})"
            case Count(path, field, value):
                # A table that a switch passed by has collected nothing.
                path = self._name(path)
                return f"({path} == null ? 0 : count({path}, #.{field} == {_literal(value)}))"
            case And() | Or() | Not() | IsNull():
                return self.holds(tree)
        assert_never(tree)

    def _if(self, condition: Tree, yes: str, no: str) -> str:
        return _any([_all([self.holds(condition), yes]), _all([self.fails(condition), no])])

    def _conjuncts(self, tree: Tree) -> list[str]:
        """Return what must hold, one by one, for a condition to be true: a guard that two parts share is asked once."""
        match tree:
            case And(parts):
                return [text for part in parts for text in self._conjuncts(part)]
            case Compare() | OneOf():
                return [*self._guards(tree), self.raw(tree)]
        return [self.holds(tree)]

    def _lacks(self, tree: Tree) -> list[str]:
        """Return the opposites of the guards, in their order: each may be read once those before it are false."""
        return [_opposite(guard) for guard in self._guards(tree)]

    def _guards(self, tree: Tree) -> list[str]:
        """Return what must hold for `raw` to be read without a missing value; none twice."""
        match tree:
            case Name(name):
                return [f"({self._name(name)} != null)"]
            case Arithmetic(op, left, right):
                divides = op == "//" and not (isinstance(right, Const) and right.value)
                divisor = [f"({self.raw(right)} != 0)"] if divides else []
                return _once([*self._guards(left), *self._guards(right), *divisor])
            case Compare(_, left, right):
                return _once([*self._guards(left), *self._guards(right)])
            case OneOf(subject, _):
                return self._guards(subject)
            case If(condition, yes, no):
                return [self._if(condition, self.known(yes), self.known(no))]
            case And() | Or() | Not():
                return [_any([self.holds(tree), self.fails(tree)])]
        return []

    def _name(self, name: str) -> str:
        return f"$.{name}" if name in self.own else name


def _literal(value: int | str | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}'" if isinstance(value, str) else str(value)


def _opposite(guard: str) -> str:
    for end, other in ((" != null)", " == null)"), (" != 0)", " == 0)")):
        if guard.endswith(end) and guard.count("(") == 1:
            return guard.removesuffix(end) + other
    return f"not {guard}"


def _once(parts: list[str]) -> list[str]:
    return list(dict.fromkeys(parts))


def _all(parts: list[str]) -> str:
    needed = _once([part for part in parts if part != "true"])
    if "false" in needed:
        return "false"
    return needed[0] if len(needed) == 1 else f"({' and '.join(needed)})" if needed else "true"


def _any(parts: list[str]) -> str:
    needed = _once([part for part in parts if part != "false"])
    if "true" in needed:
        return "true"
    return needed[0] if len(needed) == 1 else f"({' or '.join(needed)})" if needed else "false"
