"""The house rules on Python source that ruff cannot see: each a function from a parsed file to its findings.

`tidy.py` runs them and holds the exemptions; `tests/architecture/test_tidy.py` plants a violation of each.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple


class Finding(NamedTuple):
    """One broken rule: where, what is wrong, and what to do instead."""

    path: str
    line: int
    rule: str
    problem: str
    instead: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.problem}. {self.instead}."


@dataclass(frozen=True)
class Source:
    """One Python file: its path from the root, its tree, and the dotted name behind each imported name."""

    path: str
    tree: ast.Module
    imports: dict[str, str]

    @classmethod
    def of(cls, path: str, text: str) -> "Source":
        """Return `text` parsed."""
        tree = ast.parse(text)
        return cls(path, tree, _imports(tree))

    def dotted(self, node: ast.AST) -> str:
        """Return the full name of an expression ("datetime.date.today"); "" when it is not a plain name."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        return ".".join([self.imports.get(node.id, node.id), *reversed(parts)])

    def finding(self, node: ast.AST, rule: str, problem: str, instead: str) -> Finding:
        """Return a finding at `node`."""
        return Finding(self.path, getattr(node, "lineno", 1), rule, problem, instead)


Rule = Callable[[Source], Iterator[Finding]]


def _imports(tree: ast.Module) -> dict[str, str]:
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.split(".")[0]
                names[alias.asname or root] = alias.name if alias.asname else root
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


# --- exact: no float and no "/" in money code -----------------------------------------------------

WHOLE_MATH = {"gcd", "lcm", "isqrt", "comb", "perm", "prod", "factorial"}
FLOAT_COLUMNS = {
    "float64",
    "float32",
    "float16",
    "double",
    "true_divide",
    "divide",
    "mean",
    "average",
    "linspace",
}


def exact(source: Source) -> Iterator[Finding]:
    """Money is int minor units, rates int ppm: no float, no true division, no rounding but the named one."""
    spared = _spared_floats(source.tree)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            yield source.finding(
                node, "exact", f"{node.value} is a float", "Write whole minor units or ppm (24 % is 240000)"
            )
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div) and not _joins_path(node):
            yield source.finding(
                node,
                "exact",
                '"/" makes a float',
                "Use puhui.kernel.rounding.round_div or //; join paths with .joinpath()",
            )
        elif isinstance(node, ast.Name) and node.id == "float" and node not in spared:
            yield source.finding(
                node,
                "exact",
                "float in money code",
                "Use int; text becomes int by parse_money or parse_rate_ppm",
            )
        elif isinstance(node, ast.Call) and source.dotted(node.func) == "round":
            yield source.finding(node, "exact", "round() rounds halves to even", "Use puhui.kernel.rounding.round_div")
        elif isinstance(node, ast.Attribute):
            yield from _float_function(source, node)


def _joins_path(node: ast.AST) -> bool:
    """Return whether a "/" has text on one side (`folder / "rules"`): then it cannot be a division."""
    return isinstance(node, ast.BinOp) and any(
        isinstance(side, ast.JoinedStr)
        or (isinstance(side, ast.Constant) and isinstance(side.value, str))
        or (isinstance(side, ast.BinOp) and isinstance(side.op, ast.Div) and _joins_path(side))
        for side in (node.left, node.right)
    )


def _float_function(source: Source, node: ast.Attribute) -> Iterator[Finding]:
    root, _, name = source.dotted(node).partition(".")
    if (root == "math" and name not in WHOLE_MATH) or (root == "numpy" and name in FLOAT_COLUMNS):
        yield source.finding(node, "exact", f"{root}.{name} works in floats", "Write the formula in whole numbers")


def _spared_floats(tree: ast.Module) -> set[ast.AST]:
    """Return the `float` names that only ask whether a value is one, so as to refuse it."""
    spared: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance":
            spared.update(part for part in ast.walk(node.args[1]) if isinstance(part, ast.Name))
    return spared


# --- clock: only kernel/clock.py reads the time ---------------------------------------------------

CLOCKS = re.compile(
    r"datetime\.(datetime\.(now|utcnow|today)|date\.today)"
    r"|time\.(time|monotonic|perf_counter|process_time|localtime|gmtime|ctime)(_ns)?"
    r"|uuid\.uuid(1|6|7)"
)


def clock(source: Source) -> Iterator[Finding]:
    """Time is an argument, so that nights can be replayed and tests can travel."""
    if source.path.endswith("kernel/clock.py"):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute | ast.Name) and CLOCKS.fullmatch(source.dotted(node)):
            yield source.finding(
                node,
                "clock",
                f"{source.dotted(node)} reads the clock",
                "Take the day or the instant as an argument; the edge asks puhui.kernel.clock",
            )


# --- units: the unit is the last part of a name ---------------------------------------------------

UNITS = {"minor", "ppm", "days"}
FOREIGN_UNITS = {"fen", "yuan", "cents", "pct", "percent", "bps"}
MONEY_WORDS = {
    "amount",
    "price",
    "fee",
    "fees",
    "principal",
    "interest",
    "balance",
    "payment",
    "total",
    "cost",
    "subsidy",
}
RATE_WORDS = {"rate"}
WHOLE_TYPES = {"int", "Ints", "Column"}
LOSSY_TYPES = {"float", "Decimal", "Fraction", "str", "bool", "complex"}
# Last words of a name that say well enough that it is a day, or an instant.
DAY_WORDS = re.compile("on|day|date|of|today|start|end|first|last|since|until|from|to|value|left|right|other")
INSTANT_WORDS = re.compile("at|now|instant|value")


def units(source: Source) -> Iterator[Finding]:
    """The wrong unit is the bug no type catches, so a name ends with its unit."""
    for node, name, annotation in _identifiers(source.tree):
        for problem, instead in _unit_problems(name, _types(annotation)):
            yield source.finding(node, "units", problem, instead)


def _unit_problems(name: str, types: set[str]) -> Iterator[tuple[str, str]]:
    parts = re.split(r"_(?:by|per)_", name.strip("_").lower())[0].split("_")
    last = parts[-1]
    for unit in UNITS.intersection(parts[:-1]):
        better = "_".join([part for part in parts if part != unit] + [unit])
        yield (
            f"{name} has its unit inside",
            f"Put the unit last: {better.upper() if name.isupper() else better}",
        )
    if FOREIGN_UNITS.intersection(parts):
        yield f"{name} is in a unit of its own", "Money is _minor, rates are _ppm, everywhere"
    if last in UNITS and types & LOSSY_TYPES:
        yield f"{name} is {' | '.join(sorted(types))}", f"_{last} is a whole number: int"
    if types and types <= WHOLE_TYPES:
        if last in MONEY_WORDS:
            yield f"{name} does not say its unit", f"Name it {name}_minor"
        if last in RATE_WORDS:
            yield f"{name} does not say its unit", f"Name it {name}_ppm"
    if types == {"date"} and not DAY_WORDS.fullmatch(last):
        yield f"{name} is a date", "End its name with _on"
    if types == {"datetime"} and not INSTANT_WORDS.fullmatch(last):
        yield f"{name} is an instant", "End its name with _at"


def _identifiers(tree: ast.Module) -> Iterator[tuple[ast.AST, str, ast.expr | None]]:
    """Yield every name that holds a value: arguments, fields, variables, properties; with its annotation.

    The names of kinds of refusal (`DAYS_REVERSED = declare(...)`) hold none.
    """
    refusals = {
        target
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func) == "declare"
        for target in node.targets
    }
    annotations: dict[ast.AST, ast.expr] = {
        node.target: node.annotation for node in ast.walk(tree) if isinstance(node, ast.AnnAssign)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            yield node, node.arg, node.annotation
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node not in refusals:
            yield node, node.id, annotations.get(node)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node, node.attr, annotations.get(node)
        elif isinstance(node, ast.FunctionDef) and any("property" in ast.unparse(d) for d in node.decorator_list):
            yield node, node.name, node.returns


def _types(annotation: ast.expr | None) -> set[str]:
    """Return the plain type names of an annotation, without None, quotes, Annotated and module names."""
    if annotation is None:
        return set()
    text = ast.unparse(annotation).strip("'\"")
    text = re.sub(r"^(?:typing\.)?(?:Annotated|Optional)\[([^,\]]+).*\]$", r"\1", text)
    return {part.strip().split(".")[-1] for part in text.split("|")} - {"None"}


# --- law: what a regulator may change is a dated value with its source ----------------------------

LAW_NUMBERS: dict[float, str] = {
    240_000: "24 %",
    0.24: "24 %",
    360_000: "36 %",
    0.36: "36 %",
    154_000: "15.4 %, four times an old LPR",
    200_000: "20 %, or the 200,000 yuan limit",
    300_000: "30 %, or the 300,000 yuan limit",
    20_000_000: "the 200,000 yuan limit, in fen",
    30_000_000: "the 300,000 yuan limit, in fen",
    50_000_000: "the 500,000 yuan limit, in fen",
    700_000: "70 % loan-to-value",
    750_000: "75 % loan-to-value",
    800_000: "80 % loan-to-value",
    850_000: "85 % loan-to-value",
    1_300_000: "130 %, the least penalty multiple",
    1_500_000: "150 %, the largest penalty multiple",
}
LAW_TEXT = re.compile(r"(?<![\d.])(24|36)\s?%")
LAW_WORDS = {"cap", "caps", "lpr", "statutory", "usury", "regulatory"}
TO_RULES = "Put it in src/puhui/rulebook/rules with its dates and source, and ask the rulebook"


def law(source: Source) -> Iterator[Finding]:
    """A number of law in code cannot follow the day it is asked about."""
    prose = _docstrings(source.tree)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and node not in prose:
            yield from _law_constant(source, node)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            sides = (node.left, node.right)
            names = " ".join(ast.unparse(side).lower() for side in sides)
            if "lpr" in names and any(isinstance(side, ast.Constant) for side in sides):
                yield source.finding(node, "law", "a multiple of the LPR", TO_RULES)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and _is_number(node.value):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                name = ast.unparse(target).split(".")[-1]
                if LAW_WORDS.intersection(name.lower().split("_")):
                    yield source.finding(node, "law", f"{name} is a number of law", TO_RULES)


def _law_constant(source: Source, node: ast.Constant) -> Iterator[Finding]:
    value = node.value
    if isinstance(value, int | float) and value in LAW_NUMBERS:
        yield source.finding(node, "law", f"{value} is {LAW_NUMBERS[value]}", TO_RULES)
    elif isinstance(value, str) and (found := LAW_TEXT.search(value)):
        yield source.finding(node, "law", f'"{found[0]}" is a number of law in a sentence', TO_RULES)


def _is_number(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _docstrings(tree: ast.Module) -> set[ast.AST]:
    return {
        node.value for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


# --- shape: kinds, frozen facts, size -------------------------------------------------------------


def kinds(source: Source) -> Iterator[Finding]:
    """A kind is a module plus one registry line; asking for its name elsewhere scatters it again."""
    if "/kinds/" in source.path:
        return
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq | ast.NotEq | ast.In | ast.NotIn):
            continue
        *owner, asked = source.dotted(node.left).split(".")
        if asked in ("kind", "method") and "dtype" not in owner and any(_has_text(side) for side in node.comparators):
            yield source.finding(
                node,
                "kinds",
                f"asks which {asked} it is",
                "Give the kind's module an attribute or a function for it",
            )


def _has_text(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in ast.walk(node))


def frozen(source: Source) -> Iterator[Finding]:
    """Facts never change: what comes from outside is a kernel.inputs.Record, the rest frozen dataclasses."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.ClassDef):
            continue
        for decorator in node.decorator_list:
            if "dataclass" in ast.unparse(decorator) and "frozen=True" not in ast.unparse(decorator):
                yield source.finding(node, "frozen", f"{node.name} can be edited", "Write @dataclass(frozen=True)")
        if any(source.dotted(base) == "pydantic.BaseModel" for base in node.bases) and node.name != "Record":
            yield source.finding(
                node, "frozen", f"{node.name} takes any input", "Derive it from puhui.kernel.inputs.Record"
            )


@dataclass(frozen=True)
class Limits:
    """Sizes worth a look, and sizes that stop the build."""

    function_lines: int
    module_lines: int
    parameters: int


WORTH_A_LOOK = Limits(60, 500, 6)
CEILING = Limits(100, 700, 9)
SMALLER = "Move arithmetic into small pure functions, or group arguments that travel together"


def sizes(source: Source, limits: Limits = CEILING) -> Iterator[Finding]:
    """Functions, modules, argument lists over `limits`; docstrings and options of commands do not count."""
    prose = {line for node in _docstrings(source.tree) for line in _lines(node)}
    length = max((line for node in source.tree.body for line in _lines(node)), default=0)
    if length > limits.module_lines:
        yield source.finding(source.tree, "size", f"{length} lines in one module", "Split it by subject")
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        lines = len(_lines(node) - prose)
        if lines > limits.function_lines:
            yield source.finding(node, "size", f"{node.name} has {lines} lines", SMALLER)
        names = [each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        count = len([name for name in names if name not in ("self", "cls")])
        if count > limits.parameters and "/cli/" not in source.path:
            yield source.finding(node, "size", f"{node.name} has {count} parameters", SMALLER)


def _lines(node: ast.AST) -> set[int]:
    return set(range(getattr(node, "lineno", 1), (getattr(node, "end_lineno", None) or 0) + 1))


# --- imports: what the base install does not bring is not imported --------------------------------


def declared(allowed: frozenset[str]) -> Rule:
    """Return the rule that `src` imports only the standard library, itself and what pyproject.toml names."""

    def declared_imports(source: Source) -> Iterator[Finding]:
        for node in ast.walk(source.tree):
            modules: list[str] = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules = [node.module]
            for module in modules:
                root = module.split(".")[0]
                if root not in allowed and root not in sys.stdlib_module_names:
                    yield source.finding(
                        node,
                        "imports",
                        f"{root} is not a dependency in pyproject.toml",
                        "Declare it there, say why in docs/decisions/0008-dependencies.md, and run make lock",
                    )

    return declared_imports
