"""The process of a night is killed, again and again, by the system; what is left is what a quiet run leaves."""

import os
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from night_world import World, morning_after
from puhui.kernel import clock
from puhui.storage.database import connect
from store_fixtures import fresh_file

TOLD, LAST = date(2024, 5, 13), date(2024, 5, 25)
ROOT = Path(__file__).resolve().parents[2]
CLOSE = """
import sys
from datetime import date
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from night_world import World, morning_after
from puhui.kernel import clock
from puhui.storage.database import connect
last = date.fromisoformat(sys.argv[4])
world = World(connect(sys.argv[2]), Path(sys.argv[3]))
print("ready", flush=True)
with clock.set_to(morning_after(last)):
    world.close(last)
print("pandas" in sys.modules)
"""


def closing(url, folder):
    """Start a process that closes every day through LAST; return it once it is about to begin."""
    command = [sys.executable, "-c", CLOSE, str(ROOT / "tests"), url, str(folder), LAST.isoformat()]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "POLARS_MAX_THREADS": "1"})
    assert started.stdout.readline() == b"ready\n"
    return started


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL here")
def test_killed_by_the_system(tmp_path, tmp_path_factory):
    base = tmp_path_factory.getbasetemp()
    worlds = {}
    for name in ("quiet", "killed"):
        url = fresh_file(tmp_path, base)
        worlds[name] = (World(connect(url), tmp_path / name).lend_all(told=TOLD), url)
    quiet, _ = worlds["quiet"]
    with clock.set_to(morning_after(LAST)):
        quiet.close(LAST)
    killed, url = worlds["killed"]
    for wait in (0.1, 0.3):
        process = closing(url, tmp_path / "killed")
        time.sleep(wait)
        process.kill()
        process.communicate()
    process = closing(url, tmp_path / "killed")
    said, _ = process.communicate()
    # A night does without pandas, whose loading takes longer than the night of a small book.
    assert (process.returncode, said) == (0, b"False\n")
    assert killed.balances(LAST) == quiet.balances(LAST)
    assert all(killed.report(day)["reconciliation"]["sound"] for day in (date(2024, 5, 20), LAST))
    assert [killed.loan(one).position for one in killed.ids] == [quiet.loan(one).position for one in quiet.ids]
    assert not list((tmp_path / "killed").glob("*.old"))
