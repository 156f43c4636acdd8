"""House rules: a planted violation of each is found, its near miss is not, and the checkout is clean."""

from pathlib import Path

import pytest

import house_rules
import tidy

ROOT = Path(__file__).resolve().parents[2]
RULES = tidy.source_rules(ROOT)

# rule, planted source, near miss that is right.
PLANTED = [
    ("exact", "share = 0.5", "share_ppm = 500_001"),
    ("exact", "half_minor = amount_minor / 2", "half_minor = amount_minor // 2"),
    ("exact", "amount_minor /= 2", "amount_minor //= 2"),
    ("exact", "file = folder / name", "file = folder / 'rules' / name"),
    ("exact", "amount = float(text)", "assert not isinstance(amount, float)"),
    (
        "exact",
        "import numpy as np\ncolumn = np.zeros(3, np.float64)",
        "import numpy as np\ncolumn = np.zeros(3, np.int64)",
    ),
    ("exact", "import math\ngrowth = math.pow(a, b)", "import math\ncommon = math.gcd(a, b)"),
    ("exact", "fee_minor = round(numerator)", "fee_minor = round_div(numerator, 2)"),
    (
        "clock",
        "from datetime import date\nday = date.today()",
        "from datetime import date\nday = date(2025, 1, 1)",
    ),
    (
        "clock",
        "import datetime as d\nnow = d.datetime.now(d.UTC)",
        "import datetime as d\nnow = d.datetime(2025, 1, 1)",
    ),
    ("clock", "from time import time as t\nseconds = t()", "time = 3\nseconds = time"),
    ("clock", "from uuid import uuid1\nid_text = uuid1()", "from uuid import UUID\nid_text = UUID(int=1)"),
    ("units", "minor_amount = 1", "amount_minor = 1"),
    ("units", "def f(days_overdue: int) -> None: ...", "def f(overdue_days: int) -> None: ..."),
    ("units", "class A:\n    amount: int", "class A:\n    amount_minor: int"),
    ("units", "class A:\n    rate: int | None = None", "class A:\n    rate_ppm: int | None = None"),
    ("units", "def f(amount_minor: Decimal) -> None: ...", "def f(amount: str) -> None: ..."),
    ("units", "from datetime import date\ndue: date", "from datetime import date\ndue_on: date"),
    (
        "units",
        "from datetime import date\ndef f(due: 'date | None') -> None: ...",
        "from datetime import date\nas_of: date",
    ),
    (
        "units",
        "from datetime import datetime\nseen: datetime",
        "from datetime import datetime\nseen_at: datetime",
    ),
    (
        "units",
        "class A:\n    @property\n    def fee(self) -> int: ...",
        "class A:\n    def fee(self) -> int: ...",
    ),
    ("units", "DAYS_LATE = 3", "DAYS_LATE = declare('DAYS_LATE', 422, '', '')"),
    ("units", "limit_yuan = 1", "limit_minor_by_region = {}"),
    ("law", "limit_ppm = 240_000", '"""24 % is 240000."""\nlimit_ppm = 240_001'),
    ("law", "rate = '超过 24%'", "rate = '超过 24.5%'"),
    ("law", "limit_ppm = 4 * lpr_ppm", "limit_ppm = multiple * lpr_ppm"),
    ("law", "LPR_PPM = 30_000", "lpr_ppm = rulebook.value('LPR.1Y', day)"),
    ("kinds", "if loan.kind == 'flat': ...", "if loan.kind.is_flat: ..."),
    ("kinds", "if method in ('flat', 'bullet'): ...", "if method in KINDS: ..."),
    ("frozen", "@dataclass\nclass A: ...", "@dataclass(frozen=True)\nclass A: ..."),
    (
        "frozen",
        "from pydantic import BaseModel\nclass A(BaseModel): ...",
        "from puhui.kernel.inputs import Record\nclass A(Record): ...",
    ),
    ("size", "def f():\n" + "    pass\n" * 101, 'def f():\n    """' + "\n" * 101 + '    """\n    pass'),
    ("size", "pass\n" * 701, "pass\n" * 700),
    ("size", "def f(a, b, c, d, e, f, g, h, i, j): ...", "def f(self, a, b, c, d, e, f, g, h, i): ..."),
    ("imports", "import pandas", "import decimal, numpy"),
    ("imports", "from click import style", "from puhui.kernel import rates"),
    ("syntax", "def f(:", "def f(): ..."),
]


def found(text: str, path: str = "src/puhui/lending/planted.py") -> list[house_rules.Finding]:
    return list(tidy.check_source(path, text + "\n", RULES, set()))


@pytest.mark.parametrize(("rule", "wrong", "right"), PLANTED)
def test_planted_violation_is_found_and_its_near_miss_is_not(rule: str, wrong: str, right: str) -> None:
    findings = found(wrong)
    assert [finding.rule for finding in findings] == [rule] * len(findings) != []
    line = max(number for number, text in enumerate(wrong.split("\n")[:3], start=1) if text)
    assert findings[0].line in range(1, line + 1)
    assert str(findings[0]).startswith("src/puhui/lending/planted.py:")
    assert all(finding.problem and finding.instead for finding in findings)
    assert found(right) == []


TEXTS = [
    ("machine", "see /" + "work/main/README.md"),
    ("machine", "cache = '/" + "tmp/puhui'"),
    ("machine", "#!/" + "home/anna/.venv/bin/python"),
    ("registry", "index-url = " + "https://mirror.example/simple"),
    ("registry", "files.python" + "hosted.org"),
    ("unfinished", "# TO" + "DO later"),
    ("unfinished", "raise NotImplemented" + "Error"),
]


@pytest.mark.parametrize(("rule", "line"), TEXTS)
def test_planted_line_of_text_is_found(rule: str, line: str) -> None:
    findings = list(tidy.check_text("src/puhui/planted.py", f"fine\n{line}\n"))
    assert [(finding.rule, finding.line) for finding in findings] == [(rule, 2)]


@pytest.mark.parametrize("line", ["homework/main", "https://example.cn/work/main", "the network/farm/root", "~/tmp/x"])
def test_harmless_line_of_text_is_not_found(line: str) -> None:
    assert list(tidy.check_text("docs/planted.md", line)) == []


def test_the_clock_may_read_the_time_and_kinds_may_know_their_name() -> None:
    assert found("import time\nnow = time.time()", "src/puhui/kernel/clock.py") == []
    assert found("assert terms.method == 'flat'", "src/puhui/products/kinds/flat.py") == []


def test_an_exemption_spares_its_file_and_only_its_rule() -> None:
    planted = "from datetime import date\nrate = 0.5\nday = date.today()"
    assert [finding.rule for finding in found(planted, "src/puhui/products/annual_cost.py")] == ["clock"]


def test_an_exemption_that_spares_nothing_is_found(tmp_path: Path) -> None:
    path = "src/puhui/products/annual_cost.py"
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text("rate_ppm = 1\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "puhui"\n', encoding="utf-8")
    findings = list(tidy.check_tree(tmp_path, [path]))
    assert [(finding.rule, finding.problem.split()[0]) for finding in findings] == [
        ("exempt", "src/puhui/products/annual_cost")
    ]


def test_tools_are_held_to_size_but_not_to_money(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "long.py").write_text("seconds = 0.5\n" * 701, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "puhui"\n', encoding="utf-8")
    assert [finding.rule for finding in tidy.check_tree(tmp_path, ["tools/long.py"])] == ["size"]


def test_the_checkout_is_clean() -> None:
    paths = tidy.tracked(ROOT)
    assert "pyproject.toml" in paths
    findings = [str(finding) for finding in tidy.check_tree(ROOT, paths)]
    assert not findings, "\n".join(["make tidy finds:", *findings])
