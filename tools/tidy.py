"""Check the house rules that ruff cannot see, and report what has grown large: `make tidy`.

    python tools/tidy.py

Prints one line a finding (file:line, what is wrong, what to do instead) and exits 1 if there is any.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import house_rules
from house_rules import Finding, Rule, Source

ROOT = Path(__file__).resolve().parents[1]
SRC = "src/puhui/"

# rule -> path prefix -> why. An exemption that no longer spares anything is itself a finding.
EXEMPT: dict[str, dict[str, str]] = {
    "exact": {
        "src/puhui/products/annual_cost": "a root of a polynomial, not money: whole flows in, whole ppm out",
        "src/puhui/api/metrics": "latencies in seconds, as Prometheus takes them",
        "src/puhui/cli/annual_cost": "prints annual costs",
        "src/puhui/cli/decisions_view": "draws log-odds that features add",
        "src/puhui/cli/demo": "prints statistics of decisions",
        "src/puhui/cli/train": "prints statistics of models",
        "src/puhui/credit/county/": "a simulator of people, in floats: whole minor units and ppm out",
        "src/puhui/credit/data/": "statistics of columns: shares, correlations, bin edges",
        "src/puhui/credit/fairness": "shares of groups, with their intervals",
        "src/puhui/credit/features/": "ratios of whole sums, for models",
        "src/puhui/credit/levers": "steps on features, which are ratios",
        "src/puhui/credit/models/": "statistics: log-odds, probabilities, areas under curves",
        "src/puhui/credit/policy_facts": "from features, which are ratios, to whole numbers",
        "src/puhui/credit/profit_solver": "hands whole numbers to a solver that works in floats, and checks its answer",
        "src/puhui/credit/reasons": "log-odds that features add",
        "src/puhui/credit/score": "from log-odds and probabilities to whole numbers",
        "src/puhui/demo/": "statistics of decisions, and pictures of them: the books are made by workflows",
        "src/puhui/funding/solver": "hands whole numbers to a solver that works in floats, and checks its answer",
        "src/puhui/products/level": "an estimate in floats, certified or mended in whole numbers",
    },
    "frozen": {
        "src/puhui/batch/": "collects one night as its shards come in, within the night",
        "src/puhui/workflows/judge": "collects one judgement step by step, within the judgement",
    },
    "units": {
        "src/puhui/kernel/rounding": "rounds whole amounts of any unit",
    },
}

# Modules of a distribution, where they are not just its name.
MODULES_OF = {
    "argon2-cffi": ("argon2",),
    "fastapi": ("fastapi", "starlette"),  # FastAPI is a Starlette application
    "prometheus-client": ("prometheus_client",),
    "pydantic": ("pydantic", "pydantic_core"),
    "pyyaml": ("yaml",),
    "scikit-learn": ("sklearn",),
    "zen-engine": ("zen",),
}


def main() -> None:
    """Check the checkout; print findings, then the size report, then one closing line."""
    paths = tracked(ROOT)
    findings = list(check_tree(ROOT, paths))
    for finding in findings:
        print(finding)
    sources = [path for path in paths if path.startswith(("src/", "tools/", "benchmarks/")) and path.endswith(".py")]
    for path in sources if all(finding.rule != "syntax" for finding in findings) else ():
        for note in house_rules.sizes(parsed(ROOT, path), house_rules.WORTH_A_LOOK):
            print(f"  worth a look: {note.path}:{note.line} {note.problem}")
    print(f"tidy: {len(paths)} files, {len(findings)} findings")
    sys.exit(bool(findings))


def check_tree(root: Path, paths: list[str]) -> Iterator[Finding]:
    """Yield every finding in the files `paths` of the tree at `root`."""
    rules = source_rules(root)
    spares: set[tuple[str, str]] = set()
    for path in paths:
        try:
            text = (root / path).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue  # not text, or removed and not yet committed
        yield from check_text(path, text)
        if path.startswith(SRC) and path.endswith(".py"):
            yield from check_source(path, text, rules, spares)
        elif path.startswith(("tools/", "benchmarks/")) and path.endswith(".py"):
            yield from house_rules.sizes(Source.of(path, text))
    for rule, prefixes in EXEMPT.items():
        for prefix in prefixes:
            if (rule, prefix) not in spares and any(path.startswith(prefix) for path in paths):
                yield Finding(
                    "tools/tidy.py",
                    1,
                    "exempt",
                    f"{prefix} needs no exemption from {rule}",
                    "Remove it from EXEMPT",
                )


def source_rules(root: Path) -> list[Rule]:
    """Return the rules on the package's source."""
    return [
        house_rules.exact,
        house_rules.clock,
        house_rules.units,
        house_rules.law,
        house_rules.kinds,
        house_rules.frozen,
        house_rules.sizes,
        house_rules.declared(dependencies(root)),
    ]


def check_source(path: str, text: str, rules: list[Rule], spares: set[tuple[str, str]]) -> Iterator[Finding]:
    """Yield the findings in one Python file; note in `spares` which exemption spared one."""
    try:
        source = Source.of(path, text)
    except SyntaxError as error:
        yield Finding(path, error.lineno or 1, "syntax", str(error.msg), "Mend it first")
        return
    for finding in (each for rule in rules for each in rule(source)):
        prefix = next((each for each in EXEMPT.get(finding.rule, {}) if path.startswith(each)), None)
        if prefix is None:
            yield finding
        else:
            spares.add((finding.rule, prefix))


# Written so that the patterns do not find themselves.
MACHINE = re.compile(r"(?:^|[^A-Za-z0-9_.~])/(?:work|farm|root|tmp|home|Users)/\w|[A-Z]:\\Users\\")
REGISTRY = re.compile(
    r"pypi[.]org|pythonhosted[.]org|registry[.]npmjs|npm[m]irror|/pypi/(?:web/)?simple"
    r'|"resolved": "https?:|(?:index-url|find-links|registry)[ =]+"?https?:'
)
UNFINISHED = re.compile(r"\b(?:TO[D]O|FIX[M]E|XX[X]|NotImplemented[E]rror)\b")


def check_text(path: str, text: str) -> Iterator[Finding]:
    """Yield the places of one machine, registry addresses and unfinished marks in one text file."""
    for number, line in enumerate(text.splitlines(), start=1):
        if found := MACHINE.search(line):
            yield Finding(
                path,
                number,
                "machine",
                f"{found[0].strip()} is a path of one machine",
                "Find it from the repository's root",
            )
        if found := REGISTRY.search(line):
            yield Finding(
                path,
                number,
                "registry",
                f"{found[0]} is a registry's address",
                "Name packages only; the client knows where",
            )
        if path.startswith(("src/", "web/")) and (found := UNFINISHED.search(line)):
            yield Finding(
                path,
                number,
                "unfinished",
                f"{found[0]} left in the source",
                "Finish it, or refuse it as an expected no",
            )


def tracked(root: Path) -> list[str]:
    """Return the paths of the files of the project: known to git, or new and not ignored."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
    )
    if listing.returncode == 0:
        return sorted(set(listing.stdout.splitlines()))
    hidden = {".git", ".venv", "build", "dist", "__pycache__"}  # an unpacked archive, without git
    files = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return sorted(
        path.as_posix()
        for path in files
        if not hidden.intersection(path.parts) and not path.parts[0].endswith("_cache")
    )


def parsed(root: Path, path: str) -> Source:
    """Return the file `path` parsed."""
    return Source.of(path, (root / path).read_text(encoding="utf-8"))


def dependencies(root: Path) -> frozenset[str]:
    """Return what `src` may import: puhui, the base dependencies and the extras that users install."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project.get("optional-dependencies", {})
    wanted = [*project.get("dependencies", [])]
    wanted += [each for extra, each_list in extras.items() if extra not in ("dev", "bench") for each in each_list]
    names = [re.split(r"[^A-Za-z0-9_.-]", each)[0].lower() for each in wanted]
    modules = (module for name in names for module in MODULES_OF.get(name, (name.replace("-", "_"),)))
    return frozenset({project["name"], *modules})


if __name__ == "__main__":
    main()
