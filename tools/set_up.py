"""Create or refresh .venv, so that .venv/bin/puhui works: `make setup`.

Starts on any Python 3, so as to say when it is too old. Quick when nothing changed:
.venv/puhui-ready holds what the environment was made from.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - the sentence is for those who start it with an older one
    sys.exit("Puhui needs Python 3.11 or newer; this is an older one: make setup PYTHON=python3.11")

import hashlib
import re
import shutil
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
READY = VENV / "puhui-ready"
LOCK = ROOT / "requirements" / "dev.txt"
PUHUI = VENV / "bin" / "puhui"


def main() -> None:
    """Bring .venv up to date, saying each step in one line; silent when there is nothing to do."""
    environment, package = fingerprints(ROOT)
    made_from = READY.read_text(encoding="utf-8").split() if READY.exists() else []
    if made_from == [environment, package] and PUHUI.exists():
        return
    if made_from[:1] != [environment]:
        make_environment()
    install_puhui()
    READY.write_text(f"{environment}\n{package}\n", encoding="utf-8")


def fingerprints(root: Path) -> tuple[str, str]:
    """Return the hashes of what decides the libraries (lock, place, Python) and the package."""
    place = f"{root} {sys.base_prefix} {sys.version}".encode()
    lock = (root / "requirements" / "dev.txt").read_bytes()
    project = (root / "pyproject.toml").read_bytes()
    return hashlib.sha256(place + lock).hexdigest(), hashlib.sha256(project).hexdigest()


def make_environment() -> None:
    """Make .venv anew and install every locked library into it, checked by hash."""
    print(f"Making .venv with Python {sys.version.split()[0]} ...", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True)
    if made.returncode:
        sys.exit(
            f"{made.stdout}{made.stderr}\nPython could not make .venv. On Debian or Ubuntu a part lacks: "
            "apt-get install python3-venv, then run the same command again."
        )
    wanted = len(re.findall(r"(?m)^\S+==", LOCK.read_text(encoding="utf-8")))
    print(f"Installing about {wanted} locked libraries, each checked by its hash ...", flush=True)
    started = time.monotonic()
    pip("--require-hashes", "-r", str(LOCK), expected=wanted)
    print(f"  done in {time.monotonic() - started:.0f} s")


def install_puhui() -> None:
    """Install the checkout itself, editable: a change in src/ works at once."""
    print("Installing puhui from this checkout ...", flush=True)
    pip("--no-deps", "--no-build-isolation", "-e", str(ROOT))
    print("Ready: .venv/bin/puhui")


def pip(*arguments: str, expected: int = 0) -> None:
    """Run pip install in .venv; on a terminal, count the libraries; on failure, show why and what to do."""
    command = [
        str(VENV / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "--no-input",
        "--disable-pip-version-check",
    ]
    lines: list[str] = []
    found = 0
    counting = expected and sys.stdout.isatty()
    with subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if counting and line.startswith(("Collecting ", "Processing ")):
                found += 1
                name = Path(line.split()[1]).name[:40]
                print(f"\r  {found}/{expected} {name:<40}", end="", flush=True)
    if counting:
        print("\r" + " " * 60 + "\r", end="")
    if process.returncode:
        print("".join(lines[-20:]))
        sys.exit(
            "pip could not install it; its last words are above. Without a network, point pip at a mirror or "
            "at a folder of wheels (PIP_INDEX_URL, PIP_FIND_LINKS) and run the same command again."
        )


if __name__ == "__main__":
    main()
