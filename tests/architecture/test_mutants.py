"""The list of mutants is in order, and the runner notices one that no test kills."""

from pathlib import Path

import pytest

import mutants

ROOT = Path(__file__).resolve().parents[2]

FEE = '''"""A fee."""


def fee_minor(amount_minor: int) -> int:
    return amount_minor * 2 if amount_minor > 0 else 0
'''
TEST = """from tiny import fee_minor


def test_fee() -> None:
    assert fee_minor(5) == 10
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """Make a project of one function and one test, which never asks about an amount of zero or less."""
    root = tmp_path / "project"
    (root / "src" / "tiny").mkdir(parents=True)
    (root / "tests").mkdir()
    (root / "src" / "tiny" / "__init__.py").write_text(FEE, encoding="utf-8")
    (root / "tests" / "test_fee.py").write_text(TEST, encoding="utf-8")
    (root / "pyproject.toml").write_text("[tool.pytest.ini_options]\n", encoding="utf-8")
    return root


def test_mutants_of_the_checkout_are_in_order() -> None:
    listed = mutants.read((ROOT / "tools" / "mutants.txt").read_text(encoding="utf-8"))
    assert listed
    mutants.check(ROOT, listed)


def test_the_runner_tells_killed_from_survived_and_leaves_the_original_alone(tiny: Path) -> None:
    killed = mutants.Mutant("src/tiny/__init__.py", "* 2", "* 3", ("tests/test_fee.py",))
    survived = mutants.Mutant("src/tiny/__init__.py", "> 0 else 0", "> 0 else 1")
    outcomes = list(mutants.hunt(tiny, [killed, survived], processes=1))
    assert [(outcome.mutant, outcome.killer) for outcome in outcomes] == [
        (killed, "tests/test_fee.py::test_fee"),
        (survived, ""),
    ]
    assert (tiny / "src" / "tiny" / "__init__.py").read_text(encoding="utf-8") == FEE
    assert "SURVIVED" in mutants.line_of(outcomes[1])


def test_the_runner_refuses_a_suite_that_is_red_before_any_mutant(tiny: Path) -> None:
    (tiny / "tests" / "test_fee.py").write_text(TEST.replace("10", "11"), encoding="utf-8")
    with pytest.raises(mutants.Disorder, match=r"red without any mutant: tests/test_fee\.py::test_fee"):
        list(mutants.hunt(tiny, [], processes=1))


@pytest.mark.parametrize(
    ("mutant", "problem"),
    [
        (mutants.Mutant("src/tiny/__init__.py", "* 4", "* 3"), "stands 0 times"),
        (mutants.Mutant("src/tiny/__init__.py", "amount_minor", "amount"), "stands 3 times"),
        (mutants.Mutant("src/tiny/__init__.py", "* 2", "* 2"), "changes nothing"),
        (mutants.Mutant("src/tiny/__init__.py", "* 2", "* ("), "not valid Python"),
        (mutants.Mutant("src/tiny/gone.py", "* 2", "* 3"), "no such file: src/tiny/gone.py"),
        (
            mutants.Mutant("src/tiny/__init__.py", "* 2", "* 3", ("tests/gone.py",)),
            "no such file: tests/gone.py",
        ),
    ],
)
def test_a_mutant_that_would_prove_nothing_is_refused(tiny: Path, mutant: mutants.Mutant, problem: str) -> None:
    with pytest.raises(mutants.Disorder, match=problem):
        mutants.check(tiny, [mutant])


def test_lines_are_read_with_pipes_and_tests() -> None:
    text = "# note\n\na.py | x \\| y | x & y | tests/a.py tests/b.py\nb.py | old | new\n"
    assert mutants.read(text) == [
        mutants.Mutant("a.py", "x | y", "x & y", ("tests/a.py", "tests/b.py")),
        mutants.Mutant("b.py", "old", "new"),
    ]


@pytest.mark.parametrize("line", ["a.py | old", "a.py | a | b | c | d", "a.py |  | new"])
def test_a_line_of_another_form_is_refused(line: str) -> None:
    with pytest.raises(mutants.Disorder, match=r"mutants\.txt:1: write file"):
        mutants.read(line)
