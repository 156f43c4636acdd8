"""The machines that guard the habits see a planted violation: import contracts, ruff, mypy."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


def run(*command: str, cwd: Path, text: str | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, input=text, capture_output=True, text=True, env={**os.environ, **env}, check=False
    )


def imports_kept(root: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of the tree at `root`, whichever puhui is installed."""
    return run(f"{BIN}/lint-imports", "--no-cache", "--no-logo", cwd=root, PYTHONPATH=str(root / "src"))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Make a copy of the package's source and configuration."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "data"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def plant(root: Path, path: str, line: str) -> None:
    file = root / "src" / "puhui" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    file.write_text(f"{before}\n{line}\n", encoding="utf-8")


def test_imports_of_the_checkout_go_only_downward(copy: Path) -> None:
    done = imports_kept(copy)
    assert done.returncode == 0, done.stdout
    assert "1 kept, 0 broken" in done.stdout


def test_planted_imports_upward_and_sideways_are_found(copy: Path) -> None:
    plant(copy, "kernel/rates.py", "import puhui.rulebook")
    plant(copy, "lending/__init__.py", "import puhui.ledger")
    plant(copy, "ledger/__init__.py", "")
    done = imports_kept(copy)
    assert done.returncode == 1
    assert "puhui.kernel is not allowed to import puhui.rulebook" in done.stdout
    assert "puhui.lending is not allowed to import puhui.ledger" in done.stdout


def test_a_planted_package_without_a_layer_is_found(copy: Path) -> None:
    plant(copy, "somewhere/__init__.py", "")
    done = imports_kept(copy)
    assert done.returncode == 1
    assert "somewhere" in done.stdout


RUFF = [
    ("BLE001", "try:\n    pay()\nexcept Exception:\n    raise ValueError from None\n"),
    ("T201", "print(1)\n"),
    ("DTZ011", "from datetime import date\n\nday = date.today()\n"),
    ("D103", "def f() -> None: ...\n"),
]


@pytest.mark.parametrize(("code", "planted"), RUFF)
def test_ruff_finds_a_planted_violation(code: str, planted: str) -> None:
    name = "src/puhui/kernel/planted.py"
    done = run(f"{BIN}/ruff", "check", "--no-cache", "--stdin-filename", name, "-", cwd=ROOT, text=planted)
    assert done.returncode == 1
    assert code in done.stdout


def test_mypy_finds_planted_violations(tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text(
        'amount_minor: int = "1"\n\n\ndef fee(amount_minor):\n    return amount_minor\n', encoding="utf-8"
    )
    config = ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(tmp_path)]
    done = run(sys.executable, "-m", "mypy", *config, "planted.py", cwd=tmp_path)
    assert done.returncode == 1
    assert "planted.py:1: error: Incompatible types" in done.stdout
    assert "planted.py:4: error: Function is missing a type annotation" in done.stdout
