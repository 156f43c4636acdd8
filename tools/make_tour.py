"""Write the five-minute tour of both READMEs anew, each command followed by what it really prints: `make docs`.

The tour is a list of steps; the output is cut to its first lines where it is long. `tests/architecture/test_docs.py`
fails when a README shows what the program no longer prints.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PUHUI = Path(sys.executable).with_name("puhui")
LINES = 28
LANGUAGES = {"README.md": "en", "README.zh-CN.md": "zh"}
MARK = "@@@ step"


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
        "签约并受托支付放款给车商（`examples/loan.json`；`PUHUI_TODAY` 设定营业日）。车架号和号牌由主密钥加密保存。",
        "A loan is agreed, its money sent to the dealer (`examples/loan.json`; `PUHUI_TODAY` sets the business day). "
        "VIN and plate are kept under seal, by a master key.",
        """NEW_KEY=$(puhui keys master-new)
LOAN=$(PUHUI_TODAY=2026-10-20 puhui loan agree examples/loan.json --id-only)
PUHUI_TODAY=2026-10-20 puhui loan disburse $LOAN 80,000 --payee dealer_example""",
    ),
    Step(
        "夜间批处理逐日关账，直到 11 月 23 日。",
        "Nights close the days, through 23 November.",
        "puhui close --date 2026-11-23 | tail -3",
    ),
    Step(
        "迟了四天还款：先抵罚息，再抵利息和本金。",
        "The borrower pays, four days late: penalty first, then interest and principal.",
        "puhui loan repay $LOAN 3,690",
    ),
    Step(
        "账是平的：每一分钱都在总账里，价税分离。",
        "The books balance: every cent is in the general ledger, VAT apart from income.",
        "puhui ledger trial-balance",
    ),
    Step(
        "把这笔贷款的全部历史做成存证包，任何人凭公钥即可离线核验。",
        "The loan's whole history as a proof bundle, which anyone can check offline with the public key.",
        """puhui proof keys > "$PUHUI_HOME/keys.txt"
puhui proof bundle $LOAN > "$PUHUI_HOME/loan.bundle"
puhui verify "$PUHUI_HOME/loan.bundle" --keys "$PUHUI_HOME/keys.txt" """.rstrip(),
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
    for step, output in zip(STEPS, outputs(language), strict=True):
        said = step.zh if language == "zh" else step.en
        shown = f"\n\n```text\n{output}\n```" if output else ""
        parts.append(f"{said}\n\n```sh\n{step.command}\n```{shown}")
    return "\n\n".join(parts)


def outputs(language: str) -> list[str]:
    """Return what each command of the tour prints, run in one shell and one new home; cut where it is long.

    Ids and the like differ each time: only their beginning is shown.
    """
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PUHUI_LANG": language, "COLUMNS": "100", "PUHUI_TODAY": "2026-11-24"}
        environment |= {"PUHUI_HOME": folder, "PATH": f"{PUHUI.parent}:{os.environ['PATH']}"}
        environment.pop("PUHUI_DATABASE_URL", None)
        script = "".join(f"echo {MARK}; {{ {step.command.split('  # ')[0]}\n}} 2>&1\n" for step in STEPS)
        done = subprocess.run(
            ["bash", "-c", script], capture_output=True, text=True, check=False, cwd=ROOT, env=environment
        )
    return [shortened(part) for part in done.stdout.split(f"{MARK}\n")[1:]]


def shortened(text: str) -> str:
    """Return the first lines of an output, its random parts masked."""
    masked = re.sub(r"\b([a-z]+_)[0-9a-hjkmnp-tv-z]{26}\b", r"\1…", text)
    lines = [line.rstrip() for line in masked.strip("\n").splitlines()]
    return "\n".join([*lines[:LINES], *(["..."] if len(lines) > LINES else [])])


def with_tour(text: str, language: str) -> str:
    """Return the README text with its tour made anew."""
    pattern = r"(<!-- tour: begin -->\n).*?(<!-- tour: end -->)"
    made = re.subn(pattern, lambda found: f"{found[1]}\n{tour(language)}\n\n{found[2]}", text, flags=re.DOTALL)
    assert made[1] == 1, "the README has no tour marks"
    return made[0]


if __name__ == "__main__":
    for name, language in LANGUAGES.items():
        file = ROOT / name
        file.write_text(with_tour(file.read_text(encoding="utf-8"), language), encoding="utf-8")
        print(f"{name}: the tour is what the program prints")
