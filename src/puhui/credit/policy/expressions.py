"""The part of the ZEN language that our graphs may use, read into a small tree; all else is refused when it is loaded.

Literals (whole numbers, text in single quotes, true, false), names, `+ - *`, `floor(a / b)`, comparisons, ranges
`[a..b]` with round or square ends, lists, `and or not`, `c ? x : y`, `x == null`, `count(path, #.field == 'text')`.
A cell of a decision table is the same with its subject left out: `< 18`, `[18..65]`, `'a', 'b'`; empty is any.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from puhui.kernel.language import Text
from puhui.kernel.refusals import Refusal, declare

POLICY_EXPRESSION = declare(
    "POLICY_EXPRESSION",
    422,
    "{field} 的表达式“{text}”不能用：{problem}。请改写为支持的写法（见 puhui policy check --help）。",
    'The expression "{text}" at {field} cannot be used: {problem}. Rewrite it (see puhui policy check --help).',
)

ValueType = Literal["int", "text", "bool"]


@dataclass(frozen=True, slots=True)
class Const:
    """A literal."""

    value: int | str | bool


@dataclass(frozen=True, slots=True)
class Name:
    """An input, or what an earlier node worked out."""

    name: str


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`left op right` on whole numbers; "//" is floor(left / right), null where right is 0."""

    op: str
    left: "Tree"
    right: "Tree"


@dataclass(frozen=True, slots=True)
class Compare:
    """`left op right`: null where a side is."""

    op: str
    left: "Tree"
    right: "Tree"


@dataclass(frozen=True, slots=True)
class OneOf:
    """Whether the subject is among literals of one type."""

    subject: "Tree"
    values: tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class IsNull:
    """Whether a name has no value: the one question that missing answers."""

    name: str


@dataclass(frozen=True, slots=True)
class And:
    """True when all are; false when one is; else null (Kleene)."""

    parts: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """True when one is; false when all are; else null (Kleene)."""

    parts: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; null stays null."""

    part: "Tree"


@dataclass(frozen=True, slots=True)
class If:
    """`condition ? yes : no`; null where the condition is."""

    condition: "Tree"
    yes: "Tree"
    no: "Tree"


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows that a table collected under `path` have `field` equal to a text; 0 when it did not run."""

    path: str
    field: str
    value: str


Tree: TypeAlias = Const | Name | Arithmetic | Compare | OneOf | IsNull | And | Or | Not | If | Count

_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9]+(?![0-9]*\.[0-9])(?![0-9a-zA-Z_]))|(?P<text>'[^'\\]*')"
    r"|(?P<name>(?:\$\.)?[a-z][a-z0-9_]*)|(?P<sign>\.\.|==|!=|<=|>=|#\.|[<>+\-*/()\[\],?:]))"
)
_WORDS = {"and", "or", "not", "in", "true", "false", "null"}
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_SUBSET = Text("不在支持的范围内", "it is outside the part of the language that is supported")
_DEPTH = 30


def parse_expression(text: str, field: str) -> Tree:
    """Return the tree of an expression; refuse POLICY_EXPRESSION, naming `field`.

    >>> parse_expression("floor(debt * 100 / income) > 50", "x").op
    '>'
    """
    return _Reader(text, field).whole()


def parse_cell(text: str, subject: str, field: str) -> Tree | None:
    """Return the tree of a table cell about `subject`, None where it is empty (any); refuse POLICY_EXPRESSION.

    >>> parse_cell("[18..65)", "age", "x") == parse_expression("age >= 18 and age < 65", "x")
    True
    """
    if not text.strip():
        return None
    return _Reader(text, field, Name(subject)).whole()


def names_of(tree: Tree) -> frozenset[str]:
    """Return the names that a tree reads."""
    return frozenset(_names(tree))


def _names(tree: Tree) -> Iterator[str]:
    match tree:
        case Name(name) | IsNull(name):
            yield name
        case Arithmetic(_, left, right) | Compare(_, left, right):
            yield from _names(left)
            yield from _names(right)
        case OneOf(part, _) | Not(part):
            yield from _names(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from _names(part)
        case If(condition, yes, no):
            for part in (condition, yes, no):
                yield from _names(part)


class _Reader:
    """Recursive descent over the tokens; `subject` is what a cell is about."""

    def __init__(self, text: str, field: str, subject: Name | None = None) -> None:
        self._text, self._field, self._subject = text, field, subject
        self._depth = 0
        self._tokens = self._split(text)
        self._at = 0

    def whole(self) -> Tree:
        tree = self._cell() if self._subject else self._ternary()
        if self._peek():
            raise self._no()
        return tree

    # --- tokens

    def _split(self, text: str) -> list[str]:
        tokens, at = [], 0
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if found is None:
                raise self._no()
            tokens.append(found.group(0).strip())
            at = found.end()
        return tokens

    def _peek(self, ahead: int = 0) -> str:
        return self._tokens[self._at + ahead] if self._at + ahead < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        if not token:
            raise self._no()
        self._at += 1
        return token

    def _skip(self, *tokens: str) -> None:
        for token in tokens:
            if self._next() != token:
                raise self._no()

    def _accept(self, *tokens: str) -> str:
        return self._next() if self._peek() in tokens else ""

    def _no(self, problem: Text = _SUBSET) -> Refusal:
        return POLICY_EXPRESSION.refuse(self._field, text=self._text[:80], problem=problem)

    # --- a cell: the subject is left out

    def _cell(self) -> Tree:
        parts = [self._cell_and()]
        while self._accept("or"):
            parts.append(self._cell_and())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _cell_and(self) -> Tree:
        parts = [self._test()]
        while self._accept("and"):
            parts.append(self._test())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _test(self) -> Tree:
        assert self._subject is not None
        op = self._accept(*_COMPARISONS)
        if op:
            return self._compared(op, self._subject, None if self._accept("null") else self._sum())
        if self._peek() in ("in", "not"):
            return self._membership(self._subject)
        if self._peek() in ("[", "(") and ".." in self._tokens[self._at : self._at + 4]:
            return self._range(self._subject)
        if self._accept("null"):
            return IsNull(self._subject.name)
        values = [self._literal()]
        while self._accept(","):
            values.append(self._literal())
        return self._listed(self._subject, values) if len(values) > 1 else self._equal(self._subject, values[0])

    # --- an expression

    def _ternary(self) -> Tree:
        self._depth += 1
        if self._depth > _DEPTH:
            raise self._no(Text("嵌套太深", "it is nested too deeply"))
        tree = self._or()
        if self._accept("?"):
            yes = self._ternary()
            self._skip(":")
            tree = If(tree, yes, self._ternary())
        self._depth -= 1
        return tree

    def _or(self) -> Tree:
        parts = [self._and()]
        while self._accept("or"):
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _and(self) -> Tree:
        parts = [self._opposite()]
        while self._accept("and"):
            parts.append(self._opposite())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _opposite(self) -> Tree:
        # "not" binds tightly in ZEN: not a == b is not what it reads as, so brackets are asked for.
        if self._accept("not"):
            self._skip("(")
            part = self._ternary()
            self._skip(")")
            return Not(part)
        return self._comparison()

    def _comparison(self) -> Tree:
        left = self._sum()
        op = self._accept(*_COMPARISONS)
        if op:
            return self._compared(op, left, None if self._accept("null") else self._sum())
        return self._membership(left) if self._peek() in ("in", "not") else left

    def _compared(self, op: str, left: Tree, right: Tree | None) -> Tree:
        if right is not None:
            return Compare(op, left, right)
        if not isinstance(left, Name) or op not in ("==", "!="):
            raise self._no()
        return IsNull(left.name) if op == "==" else Not(IsNull(left.name))

    def _membership(self, subject: Tree) -> Tree:
        negated = bool(self._accept("not"))
        self._skip("in")
        if ".." in self._tokens[self._at : self._at + 4]:
            tree = self._range(subject)
        else:
            self._skip("[")
            values = [self._literal()]
            while self._accept(","):
                values.append(self._literal())
            self._skip("]")
            tree = self._listed(subject, values)
        return Not(tree) if negated else tree

    def _range(self, subject: Tree) -> Tree:
        low_op = {"[": ">=", "(": ">"}.get(self._next())
        low = self._whole_number()
        self._skip("..")
        high = self._whole_number()
        high_op = {"]": "<=", ")": "<"}.get(self._next())
        if low_op is None or high_op is None:
            raise self._no()
        if low > high:
            raise self._no(Text("区间上下限颠倒", "the range is upside down"))
        return And((Compare(low_op, subject, Const(low)), Compare(high_op, subject, Const(high))))

    def _listed(self, subject: Tree, values: list[int | str | bool]) -> Tree:
        if any(isinstance(value, bool) for value in values) or len({type(value) for value in values}) > 1:
            raise self._no()
        return OneOf(subject, tuple(value for value in values if not isinstance(value, bool)))

    def _equal(self, subject: Tree, value: int | str | bool) -> Tree:
        return Compare("==", subject, Const(value))

    def _sum(self) -> Tree:
        tree = self._product()
        while op := self._accept("+", "-"):
            tree = Arithmetic(op, tree, self._product())
        return tree

    def _product(self) -> Tree:
        tree = self._atom()
        while op := self._accept("*"):
            tree = Arithmetic(op, tree, self._atom())
        return tree

    def _atom(self) -> Tree:
        word = self._peek()
        if word == "(":
            self._skip("(")
            tree = self._ternary()
            self._skip(")")
            return tree
        if self._peek(1) == "(" and word in ("floor", "count"):
            return self._floor() if word == "floor" else self._count()
        name = word.removeprefix("$.")
        if word and (word[0].isalpha() or word[0] == "$") and name not in _WORDS:
            self._next()
            if self._peek() == "(":
                raise self._no(Text(f"没有函数 {word}", f"there is no function {word}"))
            return Name(name)
        return Const(self._literal())

    def _floor(self) -> Tree:
        self._skip("floor", "(")
        # Not a sum: a + b / c would divide b alone in ZEN.
        left = self._product()
        self._skip("/")
        right = self._atom()
        self._skip(")")
        return Arithmetic("//", left, right)

    def _count(self) -> Tree:
        self._skip("count", "(")
        path = self._next().removeprefix("$.")
        self._skip(",", "#.")
        field = self._next()
        self._skip("==")
        value = self._literal()
        self._skip(")")
        if not isinstance(value, str) or not path.isidentifier() or not field.isidentifier():
            raise self._no()
        return Count(path, field, value)

    # --- literals

    def _whole_number(self) -> int:
        value = self._literal()
        if type(value) is not int:
            raise self._no()
        return value

    def _literal(self) -> int | str | bool:
        word = self._next()
        if word in ("true", "false"):
            return word == "true"
        if word == "-" and self._peek().isdigit():
            return -int(self._next())
        if word.isdigit():
            return int(word)
        if word.startswith("'"):
            return word[1:-1]
        raise self._no()
