"""Bad input never shows a traceback: one line on standard error and exit code 2."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from puhui.products.definition import CATALOGUE

COMMAND = [sys.executable, "-c", "from puhui.cli import main; main()"]
TERMS = b'{"principal_minor":100,"annual_rate_ppm":0,"method":"annuity","instalments":1,"disbursed_on":"2024-01-15"}'


def _run(arguments: list[str], encoding: str, given: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PUHUI_LANG": "zh"}
    return subprocess.run([*COMMAND, *arguments], input=given, capture_output=True, env=environment, check=False)


def test_binary_standard_input_is_refused() -> None:
    done = _run(["schedule", "-"], "utf-8:strict", b"\xff\xfe")
    assert done.returncode == 2
    assert done.stderr.decode().count("\n") == 1
    assert "INPUT_UNREADABLE" in done.stderr.decode()


@pytest.mark.parametrize("encoding", ["ascii", "gbk"])
def test_a_terminal_without_the_characters_still_gets_the_plan(encoding: str) -> None:
    done = _run(["schedule", "-"], encoding, TERMS)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"2024-02-15" in done.stdout


@pytest.mark.parametrize("text", ["", "[" * 3000 + "]" * 3000])
def test_an_empty_or_bottomless_product_file_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "product.yaml"
    file.write_text(text, encoding="utf-8")
    done = _run(["products", "check", str(file)], "utf-8")
    assert done.returncode == 2
    assert done.stderr.decode().count("\n") == 1
    assert "INPUT_UNREADABLE" in done.stderr.decode()


def test_a_full_disk_is_one_line():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*COMMAND, "rules", "list"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_a_reader_that_leaves_early_is_no_error():
    line = f"{sys.executable} -c 'from puhui.cli import main; main()' rules list | head -1"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)
    assert done.stderr == ""


@pytest.mark.parametrize("day", ["20240101", "2024-W01-1", "2024-1-1", "2024-02-30", "today"])
def test_a_day_is_written_one_way(puhui, day):
    code, _, err = puhui("rules", "list", "--as-of", day)
    assert code == 2
    assert "YYYY-MM-DD" in err


def test_one_document_in_a_yaml_file(puhui, tmp_path):
    text = (CATALOGUE / "auto_nev.yaml").read_text(encoding="utf-8")
    (tmp_path / "two.yaml").write_text(f"{text}\n---\n{text}", encoding="utf-8")
    code, _, err = puhui("products", "check", str(tmp_path / "two.yaml"))
    assert code == 2
    assert "document" in err
