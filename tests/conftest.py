"""Where the outside numbers lie, and the skip when they are absent."""

import json
import os
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

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
