"""Plant each small wrong edit of tools/mutants.txt in a copy of the project: the tests must turn red.

    python tools/mutants.py [WORD]      only the mutants whose line contains WORD

Each line of mutants.txt is

    file | old text | new text | tests

The old text stands exactly once in the file. `tests` (paths, optional) run first, because they should be those
that notice; when they do not, or are not named, the whole quick suite runs. A pipe within a text is written
\\|. Exits 1 when a mutant survived, 2 when mutants.txt or the suite itself is not in order.
"""

import ast
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("src", "tests", "tools", "examples", "benchmarks", "docs", "pyproject.toml", "README.md")
QUICK = ("tests/tables", "tests/properties", "tests/golden", "tests/integration")
LONGEST_SECONDS = 600
PROCESSES = 2
PYTEST = ("-m", "pytest", "-x", "-q", "--no-header", "--tb=no", "-p", "no:xdist", "--hypothesis-seed=0")


class Disorder(Exception):
    """The mutants or the suite cannot be used as they are."""


@dataclass(frozen=True)
class Mutant:
    """One wrong edit: in `path`, `old` becomes `new`; `tests` should notice."""

    path: str
    old: str
    new: str
    tests: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What happened to a mutant: the first test that failed ("" when it survived) and the seconds it took."""

    mutant: Mutant
    killer: str
    seconds: float


def main() -> None:
    """Run the mutants and print one line each, then the count of those that survived."""
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    try:
        everything = read((ROOT / "tools" / "mutants.txt").read_text(encoding="utf-8"))
        check(ROOT, everything)
        mutants = [mutant for mutant in everything if word in f"{mutant}"]
        print(
            f"Planting {len(mutants)} mutants, {PROCESSES} at a time; first the suite without any ...",
            flush=True,
        )
        survived = 0
        for number, outcome in enumerate(hunt(ROOT, mutants), start=1):
            survived += not outcome.killer
            print(f"{number:4}  {line_of(outcome)}", flush=True)
    except Disorder as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    print(f"mutants: {len(mutants) - survived} killed, {survived} survived")
    sys.exit(bool(survived))


def line_of(outcome: Outcome) -> str:
    """Return what happened to one mutant, in one line."""
    mutant = outcome.mutant
    fate = f"killed by {outcome.killer}" if outcome.killer else "SURVIVED: add a row that tells them apart"
    return f"{outcome.seconds:5.1f} s  {mutant.path}: {mutant.old}  ->  {mutant.new}\n      {'':7}  {fate}"


def read(text: str) -> list[Mutant]:
    """Return the mutants of the text of a mutants.txt; empty lines and lines that begin with # are none."""
    mutants = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = [part.replace("\0", "|") for part in line.replace("\\|", "\0").split(" | ")]
        if len(parts) not in (3, 4) or not all(parts):
            raise Disorder(f"mutants.txt:{number}: write file | old text | new text | tests; a pipe within as \\|")
        path, old, new, *tests = parts
        mutants.append(Mutant(path, old, new, tuple(" ".join(tests).split())))
    return mutants


def check(root: Path, mutants: list[Mutant]) -> None:
    """Raise Disorder, naming every mutant that is not one edit of one place that leaves valid Python."""
    problems = []
    for mutant in mutants:
        where = f"{mutant.path} | {mutant.old}"
        missing = [path for path in (mutant.path, *mutant.tests) if not (root / path.split("::")[0]).exists()]
        if missing:
            problems.append(f"{where}: no such file: {' '.join(missing)}")
            continue
        text = (root / mutant.path).read_text(encoding="utf-8")
        if (count := text.count(mutant.old)) != 1:
            problems.append(f"{where}: the old text stands {count} times in the file, not once")
        elif mutant.old == mutant.new or mutants.count(mutant) > 1:
            problems.append(f"{where}: changes nothing, or is listed twice")
        elif mutant.path.endswith(".py") and not _parses(text.replace(mutant.old, mutant.new)):
            problems.append(f"{where}: the edit is not valid Python, so any test would notice")
    if problems:
        raise Disorder("mutants.txt is not in order:\n  " + "\n  ".join(problems))


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def hunt(root: Path, mutants: list[Mutant], processes: int = PROCESSES) -> Iterator[Outcome]:
    """Yield the outcome of each mutant in order, run in copies of `root`; raise Disorder if red before."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copies: queue.Queue[Path] = queue.Queue()
        for number in range(processes):
            copies.put(copy_of(root, Path(folder) / str(number)))
        first = copies.get()
        prove_the_copy_is_tested(first)
        if killer := failing(first, _quick(first)):
            raise Disorder(f"The suite is red without any mutant: {killer}")
        copies.put(first)

        def outcome(mutant: Mutant) -> Outcome:
            copy = copies.get()
            started = time.monotonic()
            try:
                with planted(copy, mutant):
                    killer = (mutant.tests and failing(copy, mutant.tests)) or failing(copy, _quick(copy))
            finally:
                copies.put(copy)
            return Outcome(mutant, killer, time.monotonic() - started)

        with ThreadPoolExecutor(processes) as pool:
            yield from pool.map(outcome, mutants)


def copy_of(root: Path, folder: Path) -> Path:
    """Return a copy of the project under `folder`, with the shared folder beside it, as it is here."""
    copy = folder / root.name
    copy.mkdir(parents=True)
    for name in COPIED:
        source = root / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, copy / name)
    shared = root.parent / "shared"
    if shared.exists():
        (folder / "shared").symlink_to(shared)
    return copy


@contextmanager
def planted(copy: Path, mutant: Mutant) -> Iterator[None]:
    """Hold the wrong edit in `copy`, and take it out again."""
    file = copy / mutant.path
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(text, encoding="utf-8")


def failing(copy: Path, tests: tuple[str, ...]) -> str:
    """Return the first test that fails in `copy`; "" when none does. A run without end counts as failing."""
    try:
        done = python(copy, *PYTEST, *tests)
    except subprocess.TimeoutExpired:
        return f"no end after {LONGEST_SECONDS} s"
    if done.returncode in (0, 5):  # 5: all were skipped, as when the shared folder is absent
        return ""
    lines = [line.split(" - ")[0] for line in done.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    if done.returncode > 2 or not lines:
        raise Disorder(f"pytest could not run {' '.join(tests)}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return lines[0].split(" ", 1)[1]


def prove_the_copy_is_tested(copy: Path) -> None:
    """Raise Disorder unless Python in `copy` imports the copy's packages, not an installed one's."""
    for package in sorted(path.parent.name for path in (copy / "src").glob("*/__init__.py")):
        done = python(copy, "-c", f"import {package}; print({package}.__file__)")
        if not done.stdout.startswith(str(copy / "src")):
            raise Disorder(f"{package} is imported from {done.stdout.strip() or done.stderr}, not from the copy")


def python(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in `copy` on the copy's source; it writes no bytecode, which could outlive its mutant."""
    env = {**os.environ, "PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env=env,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )


def _quick(copy: Path) -> tuple[str, ...]:
    return tuple(path for path in QUICK if any((copy / path).glob("test_*.py"))) or ("tests",)


if __name__ == "__main__":
    main()
