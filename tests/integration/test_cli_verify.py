"""`puhui verify`, and the verifier's one file alone, as an outsider uses them."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from proof_example import KEYS, POLICY, checkpoint, loan_bundle, the_log, whole_bundle
from puhui.cli import verify as command
from puhui.cli.app import run
from puhui.proof import verify as verifier
from puhui.proof.note import keys_text

WITNESS_KEYS = dict(zip(("auditor", "core", "funder"), KEYS.witnesses, strict=True))


@pytest.fixture
def files(tmp_path):
    (tmp_path / "keys").write_text(keys_text(KEYS.log, WITNESS_KEYS, POLICY.required), encoding="utf-8")
    (tmp_path / "loan.json").write_bytes(loan_bundle())
    (tmp_path / "whole.json").write_bytes(whole_bundle())
    (tmp_path / "forged.json").write_bytes(loan_bundle().replace(b"430000", b"430001"))
    return tmp_path


@pytest.fixture
def puhui(capsys, files, monkeypatch):
    monkeypatch.chdir(files)

    def call(*arguments):
        with pytest.raises(SystemExit) as done:
            run(["verify", *arguments])
        printed = capsys.readouterr()
        return done.value.code or 0, printed.out, printed.err

    return call


def test_a_supplier_verifies_its_history(puhui):
    code, out, _ = puhui("loan.json", "--keys", "keys")
    assert code == 0
    assert out.count("✓") == 10
    assert "核验通过：loan_a 自第一条起的 3 条历史；检查点 5 条。" in out


def test_in_english(puhui, monkeypatch):
    monkeypatch.setenv("PUHUI_LANG", "en")
    code, out, _ = puhui("whole.json", "--keys", "keys")
    assert code == 0
    assert "Verified: all 5 leaves of the log; checkpoint of 5 leaves." in out


def test_a_forged_amount_is_named(puhui):
    code, out, _ = puhui("forged.json", "--keys", "keys")
    assert code == 1
    assert "✗ 每一条都在日志的所称位置：不在日志的该位置 (4)" in out
    assert "未通过核验" in out


def test_the_report_as_json(puhui):
    code, out, _ = puhui("forged.json", "--keys", "keys", "--json")
    report = json.loads(out)
    assert code == 1
    assert report["verified"] is False
    assert [check for check in report["checks"] if not check["passed"]] == [
        {"name": "inclusion", "passed": False, "problem": "inclusion", "about": "4"}
    ]
    code, out, _ = puhui("loan.json", "--keys", "keys", "--json")
    report = json.loads(out)
    assert code == 0
    assert report["verified"] is True
    assert report["root"] == the_log().root().hex()
    assert set(report["cosigned_at_seconds"]) == set(POLICY.witnesses[:2])


def test_a_checkpoint_kept_from_before(puhui, files):
    (files / "kept").write_text(checkpoint(the_log(), 3), encoding="utf-8")
    assert puhui("loan.json", "--keys", "keys", "--seen", "kept")[0] == 0
    (files / "kept").write_text(checkpoint(the_log(), 2), encoding="utf-8")
    code, out, _ = puhui("loan.json", "--keys", "keys", "--seen", "kept")
    assert code == 1
    assert "未涉及以前保存的检查点 (2)" in out


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["gone.json", "--keys", "keys"], "gone.json"),
        (["loan.json", "--keys", "gone"], "gone"),
        (["keys", "--keys", "keys"], "not JSON"),
        (["loan.json", "--keys", "loan.json"], "keys, line 1"),
        (["loan.json", "--keys", "bytes"], "bytes"),
        (["loan.json"], "--keys"),
    ],
)
def test_unreadable_input_is_one_line(puhui, files, arguments, word):
    (files / "bytes").write_bytes(b"\xff")
    code, out, err = puhui(*arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert word in err


def test_every_check_and_problem_of_the_verifier_has_words():
    source = Path(verifier.__file__).read_text(encoding="utf-8")
    problems = set(re.findall(r'Failed\("(\w+)"', source))
    assert problems == set(command.PROBLEMS)
    plain = set(re.findall(r'check\("(\w+)"', source)) | set(re.findall(r'check_checkpoint\("(\w+)"', source))
    assert plain | {"checkpoint quorum", "older quorum"} == set(command.CHECKS)


@pytest.mark.parametrize(
    ("names", "code", "last"),
    [
        (["loan.json", "keys"], 0, "verified"),
        (["forged.json", "keys"], 1, "NOT VERIFIED"),
        (["keys", "keys"], 2, ""),
        (["loan.json", "gone"], 2, ""),
        (["loan.json"], 2, ""),
    ],
)
def test_the_one_file_is_enough(files, names, code, last):
    shutil.copy(verifier.__file__, files / "alone.py")
    program = "import sys; sys.modules['puhui'] = None; sys.path.insert(0, '.'); import alone; "
    program += "sys.exit(alone.main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", program, *names], cwd=files, capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert bool(done.stderr) == (code == 2)
    if last:
        assert done.stdout.splitlines()[-1] == last
