"""A PostgreSQL of the project's own on loopback, for tests and benchmarks: `make postgres`, `make postgres-stop`.

A cluster in the folder for temporary files, port 54329, trusted on loopback only, never to be used for real data.
The server refuses to run as root: started by root, it runs as the system's user postgres.
"""

import argparse
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

PORT = 54329
USER = "puhui"
DATABASE = "puhui_test"
URL = f"postgresql+psycopg://{USER}@127.0.0.1:{PORT}/{DATABASE}"
OLDEST = 15
# As a production server would be, but for the memory: commits reach the disk.
SETTINGS = {
    "listen_addresses": "'127.0.0.1'",
    "port": str(PORT),
    "unix_socket_directories": "''",
    "max_connections": "100",
    "shared_buffers": "'256MB'",
    "timezone": "'UTC'",
}


def programs() -> Path | None:
    """Return the folder of the newest PostgreSQL (15 or later) with initdb, None when there is none."""
    found = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if int(path.parent.name) >= OLDEST]
    if found:
        return max(found, key=lambda path: int(path.parent.name))
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


def answers() -> bool:
    """Return whether something listens on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", PORT)) == 0


def cluster() -> Path:
    """Return the folder of the cluster, one for each user of the machine."""
    return Path(tempfile.gettempdir()) / f"puhui-postgres-{os.getuid()}"


def run(folder: Path, program: str, *arguments: str) -> None:
    """Run a program of the server, as postgres where we are root; on failure show what it said and stop."""
    bin_folder = programs()
    assert bin_folder is not None
    user = "postgres" if os.getuid() == 0 else None
    done = subprocess.run(
        [str(bin_folder / program), *arguments],
        user=user,
        group=pwd.getpwnam(user).pw_gid if user else None,
        extra_groups=[] if user else None,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
    )
    if done.returncode:
        log = folder / "log"
        sys.exit(f"{program} failed:\n{done.stdout}\n{log.read_text() if log.exists() else ''}")


def start() -> None:
    """Make the cluster where it does not exist, start it, make the database."""
    if answers():
        return
    folder = cluster()
    data = folder / "data"
    if not (data / "PG_VERSION").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        run(folder, "initdb", "-D", str(data), "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        with (data / "postgresql.auto.conf").open("a", encoding="utf-8") as settings:
            settings.writelines(f"{name} = {value}\n" for name, value in SETTINGS.items())
    print(f"Starting PostgreSQL on 127.0.0.1:{PORT} ...", flush=True)
    # -l: the server must not hold on to our output, or a pipe that reads it never ends.
    run(folder, "pg_ctl", "-D", str(data), "-l", str(folder / "log"), "-w", "-t", "60", "start")
    connection = ("-h", "127.0.0.1", "-p", str(PORT), "-U", USER)
    bin_folder = programs()
    assert bin_folder is not None
    names = subprocess.run(
        [str(bin_folder / "psql"), *connection, "-d", "postgres", "-Atc", "select datname from pg_database"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    if DATABASE not in names:
        run(folder, "createdb", *connection, DATABASE)


def stop() -> None:
    """Stop the cluster and remove it."""
    folder = cluster()
    if answers():
        run(folder, "pg_ctl", "-D", str(folder / "data"), "-m", "fast", "-w", "stop")
    shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Start or stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=["start", "stop"])
    parser.add_argument("--if-installed", action="store_true", help="say so and go on where PostgreSQL is missing")
    arguments = parser.parse_args()
    if programs() is None and not answers():
        message = f"PostgreSQL {OLDEST} or later is not installed (Debian, Ubuntu: apt-get install postgresql)"
        if arguments.if_installed:
            print(f"{message}: its tests will be skipped.")
            return
        sys.exit(f"{message}.")
    start() if arguments.action == "start" else stop()


if __name__ == "__main__":
    main()
