"""An open loop of HTTP requests at a steady rate against a real server; what the benchmarks over HTTP share.

Requests are sent when they are due, whether or not earlier ones have been answered, and their times count from when
they were due: a server that stalls is not spared the ones that wait.
"""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from puhui.kernel.clock import now
from puhui.people.administration import OPERATOR, NewKey, make_key
from puhui.people.permissions import actions
from puhui.people.roles import grant_of
from puhui.storage.database import connect
from puhui.storage.people_store import opener

CONNECTIONS = 64
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


async def steadily(rate, seconds, there, requests, keep=None):
    """Send requests at a rate; return for each kind its times in ms, sorted, and the answers that were none of 2xx.

    `keep(n, body)` is given each answer by the number of its request.
    """
    idle, times, bad = asyncio.Queue(), {}, []
    for _ in range(CONNECTIONS):
        idle.put_nowait(Connection(there))

    async def one(n, due, kind, request):
        connection = await idle.get()
        status, body = await connection.send(*request)
        idle.put_nowait(connection)
        times.setdefault(kind, []).append((time.perf_counter() - due) * 1000)
        if status // 100 != 2:
            bad.append((status, body[:200]))
        elif keep is not None:
            keep(n, body)

    start, sent = time.perf_counter(), []
    for n in range(rate * seconds):
        due = start + n / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        sent.append(asyncio.create_task(one(n, due, *next(requests))))
    await asyncio.gather(*sent)
    while not idle.empty():
        await idle.get_nowait().close()
    return {kind: sorted(each) for kind, each in times.items()}, bad


def show(name, times, bad, rate):
    """Print the percentiles of each kind of request."""
    for kind, each in times.items():
        shown = ", ".join(f"p{at} {each[min(len(each) - 1, len(each) * at // 100)]:.1f}" for at in (50, 95, 99))
        print(
            f"{name}: {kind} at {rate}/s: {shown}, max {each[-1]:.1f} ms ({len(each):,}), {len(bad)} errors {bad[:1]}"
        )


def new_key(roles, scopes):
    """Return an API key that may do what is measured, in the database of the environment."""
    database = connect()
    with opener(database)() as people:
        grants = tuple(grant_of(role, "*", "*") for role in roles)
        assert set(scopes) <= set(actions())
        wanted = NewKey("benchmark", grants, frozenset(scopes), True, None)
        _, text = make_key(people, wanted, OPERATOR, now())
    database.close()
    return text


@contextmanager
def serving(folder):
    """Give the port of a server, a process of its own with the settings of the environment; stop it at the end."""
    port = free_port()
    with Path(folder).joinpath("log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-c", RUN, "serve", "--port", str(port)], stdout=subprocess.DEVNULL, stderr=log
        )
        try:
            yield port
        except BaseException:
            print(Path(folder).joinpath("log").read_text(encoding="utf-8")[-4000:], file=sys.stderr)
            raise
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()


async def ready(there):
    """Wait until the server is ready; return a connection to it."""
    connection = Connection(there)
    for _ in range(600):
        try:
            status, _ = await connection.send("GET", "/readyz")
            break
        except OSError:
            await asyncio.sleep(0.1)
    assert status == 200
    return connection


def free_port():
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
