"""Processes that close nights, or pay loans, and are killed on their way: `python crash_night_worker.py URL FOLDER`.

This process only reads commands, a line each, and forks a process for each, so that the modules are read once:

    MILLISECONDS N close THROUGH       close every open day through THROUGH
    MILLISECONDS N pay DAY FILE        record the payments of FILE ("key loan amount_minor" a line) on DAY, each once

The forked process is killed after MILLISECONDS, and kills itself before its N-th step; 0: not at all. A step is
whatever could be left half done: each statement, each answer waited for, each commit begun and each commit done, each
file written, synced, renamed or removed. Its exit status is printed when it has ended.
"""

import os
import shutil
import signal
import sys
import time
from datetime import date
from pathlib import Path

import polars as pl

from night_world import World, at, morning_after
from puhui.batch import snapshot
from puhui.batch.night import close
from puhui.batch.ports import Checkpoint
from puhui.kernel import clock
from puhui.products.definition import catalogue
from puhui.proof.note import SigningKey
from puhui.rulebook.loader import default_rulebook
from puhui.storage.database import connect
from puhui.storage.log import ProofLog
from puhui.storage.session_postgresql import PostgresqlSession
from puhui.storage.session_sqlite import SqliteSession
from puhui.workflows.record import Statement, record_fact

KEY = SigningKey.of_seed("crash.test/night", bytes(range(32)))


class Steps:
    """Counts steps; at the one that was chosen the process is gone, as at a power cut."""

    def __init__(self, fatal):
        self.fatal, self.taken = fatal, 0

    def __call__(self):
        self.taken += 1
        if self.taken == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)


def count(step):
    """Make every write of this process a step."""
    for session in (SqliteSession, PostgresqlSession):
        for name in ("queue", "ask", "hold", "commit"):
            counted(session, name, step, after=name == "commit")
    counted(PostgresqlSession, "_received", step)
    for name in ("replace", "rename", "mkdir", "write_bytes"):
        counted(Path, name, step)
    counted(shutil, "rmtree", step)
    counted(snapshot, "sync", step)
    counted(pl.DataFrame, "write_parquet", step)


def counted(owner, name, step, *, after=False):
    method = getattr(owner, name)

    def stand_in(*given, **named):
        step()
        result = method(*given, **named)
        if after:
            step()
        return result

    setattr(owner, name, stand_in)


def world_of(database, folder):
    """Return the nights of a database, in shards of 12 loans, each signed."""

    def sign(when):
        signed = ProofLog(database).checkpoint(KEY, when)
        return Checkpoint(signed.size, signed.root.hex())

    world = World(database, Path(folder), shard_loans=12)
    world.setting = world.with_setting(sign=sign)
    return world


def close_all(database, folder, through):
    """Close every open day through a day, on the morning after it."""
    day = date.fromisoformat(through)
    with clock.set_to(morning_after(day)):
        close(world_of(database, folder).setting, day, morning_after(day))


def pay_all(database, _folder, on, path):
    """Make each payment once, under its key."""
    day = date.fromisoformat(on)
    with clock.set_to(at(day)):
        for line in Path(path).read_text(encoding="utf-8").splitlines():
            key, loan_id, amount = line.split()
            body = {"amount_minor": int(amount)}
            with database.begin() as store:
                if store.replayed("crash", key, body, at(day)) is None:
                    done = record_fact(store, loan_id, Statement("repayment", body, day, "teller", "checker"), at(day))
                    store.remember({"fact": done.fact.id})


COMMANDS = {"close": close_all, "pay": pay_all}


def run(url, folder, fatal, words):
    """Do one command, and leave at once."""
    what, *given = words
    database = connect(url)
    count(Steps(fatal))
    COMMANDS[what](database, folder, *given)
    os._exit(0)


def main(url, folder):
    # Read once: what each process would else read again. Nothing that starts a thread.
    default_rulebook()
    catalogue()
    for line in sys.stdin:
        milliseconds, fatal, *words = line.split()
        pid = os.fork()
        if pid == 0:
            run(url, folder, int(fatal), words)
        if int(milliseconds):
            time.sleep(int(milliseconds) * 0.001)
            os.kill(pid, signal.SIGKILL)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
