"""How long `import puhui` and `puhui --help` take in a fresh process, against Python's own start in the same run."""

import subprocess
import sys
from pathlib import Path

from measure import percentiles, short_hash

PUHUI = Path(sys.executable).with_name("puhui")


def run(*command):
    """Run a command, its output aside."""
    return subprocess.run(command, check=True, capture_output=True).stdout


def main(times=15):
    """Print medians; targets: import under 0.15 s, help under 0.4 s."""
    python, _ = percentiles(lambda: run(sys.executable, "-c", "pass"), times)
    imported, _ = percentiles(lambda: run(sys.executable, "-c", "import puhui"), times)
    helped, worst = percentiles(lambda: run(PUHUI, "--help"), times)
    print(f"python alone p50 {python * 1e3:.0f} ms")
    print(f"import puhui p50 {imported * 1e3:.0f} ms (of it Python {python * 1e3:.0f} ms)")
    print(f"puhui --help p50 {helped * 1e3:.0f} ms, p99 {worst * 1e3:.0f} ms; hash {short_hash(run(PUHUI, '--help'))}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
