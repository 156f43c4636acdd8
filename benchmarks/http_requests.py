"""Repayments and reads over HTTP: half of each, at a steady rate, against a real server (target 200/s, p99 < 50 ms).

Requests are sent when they are due, whether or not earlier ones have been answered (an open loop), and their times
count from when they were due: a server that stalls is not spared the ones that wait. The limit in the same run:
`/healthz` at the same rate, which is HTTP and nothing else. SQLite in a temporary folder; server and client share the
machine.
"""

import asyncio
import base64
import itertools
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import short_hash
from puhui.kernel.clock import now, today
from puhui.people.administration import OPERATOR, NewKey, make_key
from puhui.people.permissions import actions
from puhui.people.roles import grant_of
from puhui.storage.database import connect
from puhui.storage.people_store import opener

CONNECTIONS, LOANS = 64, 50
SCOPES = ("parties.create", "loans.create", "loans.disburse", "loans.repay", "loans.read")
PLACE = {"institution": "county_bank", "region": "410323"}
RUN = "from puhui.cli import main; main()"


class Connection:
    """One connection that is kept: the least HTTP that will do, so that the client costs little."""

    def __init__(self, there):
        self._port, self._key = there
        self._streams = None

    async def send(self, verb, path, body=None, once=""):
        """Send a request; return the status and the body."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        data = b"" if body is None else json.dumps(body).encode()
        head = [f"{verb} {path} HTTP/1.1", "Host: puhui", f"Authorization: Bearer {self._key}"]
        head += [f"Content-Length: {len(data)}", "Content-Type: application/json"]
        head += [f"Idempotency-Key: {once}"] if once else []
        writer.write("\r\n".join([*head, "", ""]).encode() + data)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        return int(answer.split()[1]), await reader.readexactly(length)

    async def close(self):
        """Close it, if it was ever opened."""
        if self._streams is not None:
            self._streams[1].close()
            await self._streams[1].wait_closed()


def terms(day):
    """Return the terms of a loan that is lent today."""
    return {
        "principal_minor": 12_000_000,
        "annual_rate_ppm": 60_000,
        "method": "annuity",
        "instalments": 36,
        "disbursed_on": day,
        "day_count": "30/360",
    }


async def lend(connection, keys):
    """Agree and disburse the loans through the interface; return their ids."""
    day, loans = today().isoformat(), []
    for _ in range(LOANS):
        status, party = await connection.send("POST", "/v1/parties", {"kind": "person", **PLACE})
        assert status == 201, party
        body = {"product": "auto_new", "agreed_on": day, "borrower": json.loads(party)["id"], "terms": terms(day)}
        body |= {**PLACE, "servicing": {"overdue_multiplier_ppm": 1_500_000}}
        status, loan = await connection.send("POST", "/v1/loans", body, next(keys))
        assert status == 201, loan
        loans.append(json.loads(loan)["id"])
        path = f"/v1/loans/{loans[-1]}/disbursements"
        status, lent = await connection.send("POST", path, {"amount_minor": 12_000_000}, next(keys))
        assert status == 201, lent
    return loans


async def steadily(rate, seconds, there, requests):
    """Send requests at a rate; return for each kind its times in ms, sorted, and the answers that were none of 2xx."""
    idle, times, bad = asyncio.Queue(), {}, []
    for _ in range(CONNECTIONS):
        idle.put_nowait(Connection(there))

    async def one(due, kind, request):
        connection = await idle.get()
        status, body = await connection.send(*request)
        idle.put_nowait(connection)
        times.setdefault(kind, []).append((time.perf_counter() - due) * 1000)
        if status // 100 != 2:
            bad.append((status, body[:200]))

    start, sent = time.perf_counter(), []
    for n in range(rate * seconds):
        due = start + n / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        sent.append(asyncio.create_task(one(due, *next(requests))))
    await asyncio.gather(*sent)
    while not idle.empty():
        await idle.get_nowait().close()
    return {kind: sorted(each) for kind, each in times.items()}, bad


async def measure(rate, seconds, there):
    """Print what a server that runs does."""
    keys = (f"benchmark-{n:09d}" for n in itertools.count())
    connection = Connection(there)
    for _ in range(600):
        try:
            status, _ = await connection.send("GET", "/readyz")
            break
        except OSError:
            await asyncio.sleep(0.1)
    assert status == 200
    loans = await lend(connection, keys)
    floor = itertools.repeat(("healthz", ("GET", "/healthz")))
    show("limit", *await steadily(rate, max(1, seconds // 6), there, floor), rate)

    def mixed():
        for loan in itertools.cycle(loans):
            yield "read", ("GET", f"/v1/loans/{loan}")
            yield "repayment", ("POST", f"/v1/loans/{loan}/repayments", {"amount_minor": 1}, next(keys))

    show("ours", *await steadily(rate, seconds, there, mixed()), rate)
    fresh = Connection(there)  # the first one has been idle too long by now
    held = [json.loads((await fresh.send("GET", f"/v1/loans/{loan}"))[1])["suspense_minor"] for loan in loans]
    await connection.close()
    await fresh.close()
    print(f"repaid in all: {sum(held):,} of {rate * seconds // 2:,}  hash {short_hash(str(held).encode())}")


def show(name, times, bad, rate):
    """Print the percentiles of each kind of request."""
    for kind, each in times.items():
        shown = ", ".join(f"p{at} {each[min(len(each) - 1, len(each) * at // 100)]:.1f}" for at in (50, 95, 99))
        print(
            f"{name}: {kind} at {rate}/s: {shown}, max {each[-1]:.1f} ms ({len(each):,}), {len(bad)} errors {bad[:1]}"
        )


def new_key():
    """Return an API key that may do what is measured."""
    database = connect()
    with opener(database)() as people:
        grants = tuple(grant_of(role, "*", "*") for role in ("operations", "officer"))
        assert set(SCOPES) <= set(actions())
        wanted = NewKey("benchmark", grants, frozenset(SCOPES), True, None)
        _, text = make_key(people, wanted, OPERATOR, now())
    database.close()
    return text


def free_port():
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def main(seconds=60, rate=200):
    """Start a server, measure it, stop it."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PUHUI_HOME"] = folder
        os.environ["PUHUI_MASTER_KEY"] = base64.b64encode(secrets.token_bytes(32)).decode()
        key, port = new_key(), free_port()
        with Path(folder).joinpath("log").open("w") as log:
            server = subprocess.Popen(
                [sys.executable, "-c", RUN, "serve", "--port", str(port)], stdout=subprocess.DEVNULL, stderr=log
            )
            try:
                asyncio.run(measure(rate, seconds, (port, key)))
            finally:
                server.send_signal(signal.SIGTERM)
                server.wait()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
