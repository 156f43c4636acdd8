"""Where the outside numbers lie, and the skip when they are absent."""

import io
import json
import os
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from puhui.cli.app import run

# No deadline and no complaint of slowness: a busy machine is no failure.
# In CI the same examples each time: a red run can be repeated.
settings.register_profile(
    "puhui", deadline=None, derandomize="CI" in os.environ, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("puhui")

SHARED = Path(__file__).resolve().parents[1].parent / "shared"


@pytest.fixture(autouse=True)
def _chinese(monkeypatch):
    monkeypatch.setenv("PUHUI_LANG", "zh")


def golden(name):
    """Return the cases of a golden file, numbers as Decimal; skip when the folder is absent."""
    path = SHARED / "golden" / name
    if not path.exists():
        pytest.skip(f"golden numbers are not here: {name}", allow_module_level=True)
    return json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


@pytest.fixture
def puhui(capsys, tmp_path, monkeypatch):
    """Return a call of the command line: exit code, output, errors; `given` is written to a file, its path last."""

    def call(*arguments, given=None, stdin=None):
        if given is not None:
            path = tmp_path / "given.json"
            path.write_text(given if isinstance(given, str) else json.dumps(given), encoding="utf-8")
            arguments = (*arguments, str(path))
        if stdin is not None:
            monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as stop:
            run(list(arguments))
        printed = capsys.readouterr()
        return stop.value.code, printed.out, printed.err

    return call
