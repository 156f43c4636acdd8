"""Setting up is done again only when what it was made from has changed; CI runs every check, pytest last."""

import re
from pathlib import Path

import set_up

ROOT = Path(__file__).resolve().parents[2]


def project(folder: Path, lock: str = "a==1\n", pyproject: str = "[project]\n") -> Path:
    (folder / "requirements").mkdir(parents=True, exist_ok=True)
    (folder / "requirements" / "dev.txt").write_text(lock, encoding="utf-8")
    (folder / "pyproject.toml").write_text(pyproject, encoding="utf-8")
    return folder


def test_libraries_follow_the_lock_and_the_place_and_the_package_follows_pyproject(tmp_path: Path) -> None:
    libraries, package = set_up.fingerprints(project(tmp_path / "here"))
    assert set_up.fingerprints(project(tmp_path / "here")) == (libraries, package)

    moved = set_up.fingerprints(project(tmp_path / "there"))
    assert (moved[0] != libraries, moved[1] == package) == (True, True)

    relocked = set_up.fingerprints(project(tmp_path / "here", lock="a==2\n"))
    assert (relocked[0] != libraries, relocked[1] == package) == (True, True)

    edited = set_up.fingerprints(project(tmp_path / "here", pyproject="[project]\nname = 'x'\n"))
    assert (edited[0] == libraries, edited[1] != package) == (True, True)


def test_every_locked_library_has_a_hash_and_no_registry() -> None:
    for name in ("base.txt", "dev.txt"):
        lock = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        entries = re.split(r"(?m)^(?=[a-z0-9])", lock)[1:]
        assert entries
        assert all("--hash=sha256:" in entry for entry in entries)
        assert "://" not in lock


def test_ci_runs_every_check_and_the_tests_last() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.findall(r"(?m)^make (\w+)$", script) == ["setup", "tidy", "types", "contracts", "postgres", "test"]
    assert script.endswith("make test\n")
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o100
