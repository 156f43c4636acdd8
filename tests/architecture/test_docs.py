"""The documents tell the truth: generated pages match the code, commands of the README run, links lead somewhere."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import make_docs
import make_tour
import tidy

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
READMES = ("README.md", "README.zh-CN.md")
PAGES = sorted(path for path in tidy.tracked(ROOT) if path.endswith(".md") and (ROOT / path).exists())
TARGETS = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
PROGRAMS = {"puhui", ".venv/bin/puhui", "echo", "cat"}


def commands(text: str) -> dict[str, int]:
    """Return the command lines of the fenced sh blocks, each with the exit code it should have.

    A line that ends with a backslash goes on; one with the note "# refused" (or 拒绝) should exit 2, with
    "# broken" exit 1.
    """
    lines = "\n".join(re.findall(r"(?ms)^```sh\n(.*?)^```", text)).replace("\\\n", "").splitlines()
    parts = [re.split(r"\s+# ", line, maxsplit=1) for line in lines if line.strip() and not line.startswith("#")]
    codes = {"refused": 2, "拒绝": 2, "broken": 1}
    return {
        line: next((code for word, code in codes.items() if note and note[0].startswith(word)), 0)
        for line, *note in parts
    }


def readme(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


# A command that goes on from one before it ($LOAN) is run with it, in one shell, by the test of the tours.
README_COMMANDS = {line: code for name in READMES for line, code in commands(readme(name)).items() if "$" not in line}


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return make_docs.pages()


def test_generated_pages_are_what_the_code_says(pages: dict[str, str]) -> None:
    for name, text in pages.items():
        file = make_docs.FOLDER / name
        assert file.exists(), f"docs/reference/{name} is not there: run make docs"
        assert file.read_text(encoding="utf-8") == text, f"docs/reference/{name} is stale: run make docs"


@pytest.mark.parametrize("name", READMES)
def test_the_tour_shows_what_the_program_prints(name: str) -> None:
    text = readme(name)
    assert text == make_tour.with_tour(text, make_tour.LANGUAGES[name]), f"the tour of {name} is stale: run make docs"


def test_generated_pages_list_what_exists(pages: dict[str, str]) -> None:
    assert "| `INPUT_INVALID` | 422 |" in pages["refusals.md"]
    assert "## `puhui doctor`" in pages["commands.md"]


@pytest.mark.parametrize(("line", "code"), README_COMMANDS.items())
def test_command_of_the_readme_does_what_it_says(line: str, code: int, tmp_path: Path) -> None:
    program, *arguments = shlex.split(line)
    if program == "make":
        assert set(arguments) <= TARGETS
        return
    assert program in PROGRAMS
    env = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "PUHUI_LANG": "zh"}
    env["PUHUI_HOME"] = str(tmp_path)
    here = line.replace(".venv/bin/puhui", "puhui")
    done = subprocess.run(["sh", "-c", here], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert (done.stderr if code == 2 else done.stdout).strip()


def test_both_readmes_have_the_same_commands_and_every_target() -> None:
    assert commands(readme(READMES[0])) == commands(readme(READMES[1]))
    for name in READMES:
        assert set(re.findall(r"\| `make ([a-z-]+)`", readme(name))) == TARGETS - {"help"}


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as the usual viewers make them."""
    heads = re.findall(r"(?m)^#+ (.*)$", text)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def broken_links(file: Path) -> list[str]:
    """Return the links of a page to files or headings that do not exist; web addresses are not followed."""
    text = re.sub(r"(?ms)^```.*?^```", "", file.read_text(encoding="utf-8"))
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        target, _, anchor = link.partition("#")
        goal = file.parent / target if target else file
        if not re.match(r"[a-z]+:", link) and not (
            goal.exists() and (not anchor or anchor in anchors(goal.read_text(encoding="utf-8")))
        ):
            broken.append(link)
    return broken


@pytest.mark.parametrize("path", PAGES)
def test_links_of_a_page_lead_somewhere(path: str) -> None:
    assert broken_links(ROOT / path) == []


def test_every_decision_is_in_the_index_by_its_number_and_title() -> None:
    folder = ROOT / "docs" / "decisions"
    rows = []
    for file in sorted(folder.glob("0*.md")):
        number, title = file.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ").split(". ", 1)
        assert int(number) == int(file.name[:4])
        rows.append(f"| {number} | [{title}]({file.name}) |")
    assert (folder / "README.md").read_text(encoding="utf-8").splitlines()[-len(rows) :] == rows


def test_planted_lies_are_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A page\n[a](gone.md) [b](page.md#what-is-not) [c](page.md#what-it-is-today) [d](https://x.cn)\n"
        "## What it is, today\n```sh\npuhui schedule \\\n  x.json   # refused: no such file\n# only a note\n```\n",
        encoding="utf-8",
    )
    assert broken_links(page) == ["gone.md", "page.md#what-is-not"]
    assert commands(page.read_text(encoding="utf-8")) == {"puhui schedule   x.json": 2}
