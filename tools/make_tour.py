"""Write the five-minute tour of both READMEs anew, each command followed by what it really prints: `make docs`.

The tour is a list of steps; the output is cut to its first lines where it is long. `tests/architecture/test_docs.py`
fails when a README shows what the program no longer prints.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PUHUI = Path(sys.executable).with_name("puhui")
LINES = 28


class Step(NamedTuple):
    """One step: what it shows, in two languages, and the command."""

    zh: str
    en: str
    command: str


STEPS = (
    Step(
        "广告说“年费率 2.5%”，真实年化成本是多少？",
        'A dealer advertises "2.5 % a year". What does it cost?',
        "puhui flat 2.5% --instalments 12",
    ),
    Step(
        "按收成还款：6 月、10 月有收入才还本付息，县里贴息 2 个点（`examples/harvest.json`）。",
        "A plan that follows the harvest, with a county subsidy of two points (`examples/harvest.json`).",
        "puhui schedule examples/harvest.json",
    ),
    Step(
        "每月还得起 3,000 元，能借多少？",
        "What can be borrowed on 3,000 a month?",
        "puhui solve principal examples/car.json --instalment 3000",
    ),
    Step(
        "签约前给借款人看的《综合融资成本明示表》。",
        "The cost disclosure table that a borrower sees before signing.",
        "puhui disclose examples/car.json",
    ),
    Step(
        "这笔助贷报价在 2025-09-30 还可以做……",
        "This facilitated offer was legal on 30 September 2025 ...",
        "puhui rules check examples/offer.json --as-of 2025-09-30",
    ),
    Step(
        "……第二天就违规了：说明违反哪条、限值和出处，退出码 1。",
        "... and broke a rule the day after: which one, the limit, the source; exit code 1.",
        "puhui rules check examples/offer.json --as-of 2025-10-01  # broken",
    ),
    Step(
        "产品目录：在范围的每个边角都查过规则。",
        "The catalogue, checked at every corner of its ranges.",
        "puhui products check auto_nev farm_seasonal --as-of 2026-11-24",
    ),
    Step(
        "输错了，一句话说清楚，退出码 2。",
        "Bad input gets one clear line and exit code 2.",
        "puhui flat lots --instalments 12  # refused",
    ),
)


def tour(language: str) -> str:
    """Return the tour in "zh" or "en", with real output."""
    parts = []
    for step in STEPS:
        said = step.zh if language == "zh" else step.en
        parts.append(f"{said}\n\n```sh\n{step.command}\n```\n\n```text\n{output(step.command, language)}\n```")
    return "\n\n".join(parts)


def output(command: str, language: str) -> str:
    """Return what a command of the tour prints, cut where it is long."""
    arguments = shlex.split(command.split("  # ")[0])[1:]
    environment = {**os.environ, "PUHUI_LANG": language, "COLUMNS": "100", "PUHUI_TODAY": "2026-11-24"}
    environment.pop("PUHUI_HOME", None)
    done = subprocess.run([PUHUI, *arguments], capture_output=True, text=True, check=False, cwd=ROOT, env=environment)
    lines = [line.rstrip() for line in (done.stdout + done.stderr).strip("\n").splitlines()]
    return "\n".join([*lines[:LINES], *(["..."] if len(lines) > LINES else [])])


def with_tour(text: str, language: str) -> str:
    """Return the README text with its tour made anew."""
    pattern = r"(<!-- tour: begin -->\n).*?(<!-- tour: end -->)"
    made = re.subn(pattern, lambda found: f"{found[1]}\n{tour(language)}\n\n{found[2]}", text, flags=re.DOTALL)
    assert made[1] == 1, "the README has no tour marks"
    return made[0]


def readmes() -> dict[Path, str]:
    """Return both READMEs by path, as they should read."""
    files = {ROOT / "README.md": "en", ROOT / "README.zh-CN.md": "zh"}
    return {file: with_tour(file.read_text(encoding="utf-8"), language) for file, language in files.items()}


if __name__ == "__main__":
    for file, text in readmes().items():
        file.write_text(text, encoding="utf-8")
        print(f"{file.name}: the tour is what the program prints")
