"""Decisions over HTTP at a steady rate, against a real server (target 50/s on two cores: p50 < 10 ms, p99 < 30 ms).

A simulated county: models trained on its past, its new applicants taken up with their events, each of their
applications decided once. An open loop (`http_load`). The limit in the same run: reading applications at the same rate,
which is the door, the database and nothing else. Each database in turn; PostgreSQL where the project's runs. Server and
client share the machine.

    python benchmarks/decide_http.py [--seconds 30] [--rate 50] [--people 6000]
"""

import argparse
import asyncio
import base64
import itertools
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from http_load import new_key, ready, serving, show, steadily
from measure import Stopwatch, short_hash

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))
import postgres  # noqa: E402

# The business day of it all: the catalogue is in force, the applications of the county are new.
TODAY = "2026-09-10"
DATABASE = "puhui_decide"
WARM_UP = 20
SCOPES = ("applications.read", "applications.decide", "decisions.read")


def train(county):
    """Train models on the county's past, and appoint the champion."""
    from puhui.demo.training import train_models

    train_models(county, time.perf_counter)


def take_up(county, count):
    """Take up the new applicants with what is known of them, and `count` applications; return ids with requests."""
    from puhui.demo import people
    from puhui.kernel.clock import now
    from puhui.storage.books import OpenBooks
    from puhui.storage.database import connect
    from puhui.storage.people_master import Masters

    rows = people.new_applications(county, count)
    events = {party: frame for (party,), frame in county.events.group_by("party", maintain_order=True)}
    database = connect()
    books, parties, made = OpenBooks(database, Masters()), {}, []
    for row in itertools.islice(itertools.cycle(rows), count):
        with books.begin() as desk:
            if row["party"] not in parties:
                parties[row["party"]] = people.take_up(desk, county, row, now())
                people.take_in_events(desk, parties[row["party"]], events[row["party"]], now())
            application, request = people.apply_for(desk, parties[row["party"]], row)
        made.append((application, request.model_dump(mode="json", exclude_none=True)))
    database.close()
    print(f"{len(made):,} applications of {len(parties):,} people taken up")
    return made


async def measure(made, rate, seconds, there):
    """Print what a server that runs does, and the hash of the outcomes."""
    connection = await ready(there)
    for n, (application, request) in enumerate(made[:WARM_UP]):
        path = f"/v1/applications/{application}/decision"
        status, body = await connection.send("POST", path, request, f"warm-up-{n:09d}")
        assert status == 201, body
    await connection.close()
    reads = (("read", ("GET", f"/v1/applications/{application}")) for application, _ in itertools.cycle(made))
    floor, bad = await steadily(rate, max(1, seconds // 3), there, reads)
    show("limit", floor, bad, rate)
    told = {}

    def decisions():
        for n, (application, request) in enumerate(made[WARM_UP:]):
            yield "decision", ("POST", f"/v1/applications/{application}/decision", request, f"benchmark-{n:09d}")

    times, bad = await steadily(rate, seconds, there, decisions(), lambda n, body: told.update({n: outcome(body)}))
    show("ours", times, bad, rate)
    each, read = times["decision"], floor["read"]
    print(f"p50 is {each[len(each) // 2] / read[len(read) // 2]:.1f} times that of a read")
    counts = {name: sum(one[0] == name for one in told.values()) for name in ("approve", "refer", "decline")}
    print(f"{counts}  hash {short_hash(json.dumps([told[n] for n in sorted(told)]).encode())}")


def outcome(body):
    """Return what is compared of a decision: nothing that is drawn anew, such as ids."""
    told = json.loads(body)
    reasons = [reason["code"] for reason in told["reasons"]]
    return told["outcome"], reasons, [offer["summary"]["total_cost_minor"] for offer in told["offers"]]


def fresh_postgresql():
    """Return the URL of a new, empty database."""
    psql = [str(postgres.programs() / "psql"), "-h", "127.0.0.1", "-p", str(postgres.PORT), "-U", postgres.USER]
    for statement in (f"drop database if exists {DATABASE}", f"create database {DATABASE}"):
        subprocess.run([*psql, "-d", "postgres", "-qc", statement], check=True, capture_output=True)
    return postgres.URL.replace(postgres.DATABASE, DATABASE)


def run(county, rate, seconds, folder):
    """Take applicants up in the database of the environment, and measure a server over it."""
    from puhui.storage.database import connect

    database = connect(checked=False)
    database.migrate()
    database.close()
    made = take_up(county, rate * seconds + WARM_UP)
    key = new_key(("officer",), SCOPES)
    with serving(folder) as port:
        asyncio.run(measure(made, rate, seconds, (port, key)))


def main(seconds=30, rate=50, people=6000):
    """Train once, then measure each database."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"PUHUI_HOME": folder, "PUHUI_TODAY": TODAY}
        os.environ["PUHUI_MASTER_KEY"] = base64.b64encode(secrets.token_bytes(32)).decode()
        os.environ.pop("PUHUI_DATABASE_URL", None)
        from puhui.credit.county import make_county
        from puhui.demo.story import Story
        from puhui.kernel.clock import today

        county = make_county(Story(today(), people=people).county)
        with Stopwatch() as watch:
            train(county)
        print(f"models trained in {watch.seconds:.0f} s")
        print("SQLite")
        run(county, rate, seconds, folder)
        if postgres.programs() and postgres.answers():
            print("PostgreSQL")
            os.environ["PUHUI_DATABASE_URL"] = fresh_postgresql()
            run(county, rate, seconds, folder)
        else:
            print("PostgreSQL: not measured, it does not run (make postgres)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name, usual in (("seconds", 30), ("rate", 50), ("people", 6000)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    main(**vars(parser.parse_args()))
