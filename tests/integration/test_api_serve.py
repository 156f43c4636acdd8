"""The server as a process: it brings its database up to date, serves, works beside, and ends when it is told to."""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import httpx
import pytest

from api_world import World, world
from puhui.api.telemetry import TELEMETRY_OFF, telemetry
from puhui.app import Settings, Worker, Workers, assemble, readiness, settings
from puhui.kernel import clock
from puhui.kernel.refusals import Refusal, declare
from puhui.storage.database import connect
from puhui.storage.people_master import Masters, add_key, key_file
from puhui.storage.people_store import PeopleStore
from receiver import receiver

RUN = "import typer; from puhui.cli import serve; app = typer.Typer(); serve.add_to(app); app()"
BUSY = declare("TOY_BUSY", 503, "忙", "Busy")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("PUHUI_HOME", str(tmp_path))
    monkeypatch.setenv("PUHUI_MASTER_KEY", base64.b64encode(os.urandom(32)).decode())
    monkeypatch.delenv("PUHUI_DATABASE_URL", raising=False)
    return tmp_path


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def started(*arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "-c", RUN, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Buffered, as it is where nobody set it otherwise: what the server says must come all the same.
        env={name: value for name, value in {**os.environ, **environment}.items() if name != "PYTHONUNBUFFERED"},
    )


def until(question, seconds=20):
    end = time.monotonic() + seconds
    while True:
        try:
            found = question()
        except httpx.TransportError:
            found = None
        if found:
            return found
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


def test_the_server_serves_works_beside_and_ends_when_told(home):
    database = connect()
    known = World(database, None)
    headers = known.everything()
    database.close()
    port = free_port()
    with receiver() as there:
        process = started("serve", "--port", str(port), PUHUI_WEBHOOK_NETWORKS="127.0.0.0/8")
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False) as web:
                ready = until(lambda: web.get("/readyz"))
                named = ("database", "log_key", "master_key", "workers")
                assert ready.json() == {"status": "ok", "checks": dict.fromkeys(named, "ok")}
                assert "server" not in ready.headers
                body = {"url": there.url, "topics": ["application.*"], "institution": "*", "region": "*"}
                assert web.post("/v1/webhooks", json=body).status_code == 201
                place = {"institution": "county_bank", "region": "410323"}
                party = web.post("/v1/parties", json={"kind": "person", **place}).json()["id"]
                wish = {"amount_minor": 9_000_000, "instalments": 36}
                body = {"party": party, **place, "product": "auto_new", "wish": wish}
                assert web.post("/v1/applications", json=body).status_code == 201
                until(lambda: there.requests)
                note = until(lambda: web.get("/v1/proofs/checkpoint").text.startswith("puhui") and "ok")
                assert note == "ok"
        finally:
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=20)
    assert process.returncode in (0, -signal.SIGTERM), err
    assert f":{port}/" in out
    lines = [json.loads(line) for line in err.splitlines()]
    assert {line["event"] for line in lines} == {"request"}
    assert "POST" in {line["method"] for line in lines}
    with connect().read() as store:
        assert store.events.counts() == (0, 0)


def test_the_outbox_can_be_worked_off_apart(home):
    with receiver() as there:
        made = assemble(connect(), Settings(dispatches=False, networks="127.0.0.0/8"))
        world = World(connect(), made)
        chief = world.person("administrator")
        body = {"url": there.url, "topics": ["*"], "institution": "*", "region": "*"}
        hook = chief.post("/v1/webhooks", json=body).json()["id"]
        assert chief.post(f"/v1/webhooks/{hook}/tests").status_code == 202
        process = started("dispatch", "--once", PUHUI_WEBHOOK_NETWORKS="127.0.0.0/8", PUHUI_LANG="en")
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out) == (0, "1 delivered\n"), err
        assert len(there.requests) == 1
        world.close()


def test_workers_live_with_the_server_and_a_refusal_does_not_end_them():
    stop, steps = threading.Event(), []

    def step():
        steps.append(1)
        if len(steps) == 1:
            raise BUSY.refuse()
        stop.set()
        return False

    worker = Worker("toy", step, stop)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("puhui.app._TROUBLE_SECONDS", 0)
        worker.start()
        worker.join(timeout=5)
    assert len(steps) == 2


def test_a_worker_that_has_died_makes_the_server_not_ready(home):
    workers = Workers.__new__(Workers)
    dead = Worker("dispatcher", bool, clock)
    workers._threads = [dead]
    assert workers.problem() == "dispatcher"
    workers._threads = []
    assert workers.problem() == ""


def test_a_master_key_is_asked_for_only_where_one_is_needed(home, monkeypatch):
    database, workers = connect(), Workers.__new__(Workers)
    workers._threads = []

    def said():
        return readiness(database, Masters(), workers)["master_key"]

    kept = os.environ["PUHUI_MASTER_KEY"]
    monkeypatch.delenv("PUHUI_MASTER_KEY")
    assert said() == ""
    monkeypatch.setenv("PUHUI_MASTER_KEY_FILE", str(home / "away.key"))
    assert said() == "MASTER_KEY_MISSING"
    monkeypatch.delenv("PUHUI_MASTER_KEY_FILE")
    add_key()
    assert said() == ""
    key_file().chmod(0o644)
    assert said() == "MASTER_KEY_EXPOSED"
    key_file().unlink()
    assert said() == ""
    monkeypatch.setenv("PUHUI_MASTER_KEY", kept)
    with database.begin() as unit:
        PeopleStore(unit).personal.put("party_1", {"phone": "13800138000"}, clock.now())
    assert said() == ""
    monkeypatch.delenv("PUHUI_MASTER_KEY")
    assert said() == "MASTER_KEY_MISSING"
    database.close()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PUHUI_SYSTEM", "prod"),
        ("PUHUI_INSECURE_COOKIES", "1"),
        ("PUHUI_MAX_BODY_BYTES", "0"),
        ("PUHUI_MAX_BODY_BYTES", "1MB"),
        ("PUHUI_REQUEST_SECONDS", "-1"),
        ("PUHUI_DISPATCH", ""),
    ],
)
def test_a_setting_that_says_nothing_is_refused(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises(Refusal) as refusal:
        settings()
    assert refusal.value.fields == (variable,)


def test_settings_of_the_environment(monkeypatch):
    assert settings() == Settings()
    monkeypatch.setenv("PUHUI_SYSTEM", "test")
    monkeypatch.setenv("PUHUI_CORS_ORIGINS", "https://a.example, https://b.example")
    monkeypatch.setenv("PUHUI_MAX_BODY_BYTES", "10")
    found = settings()
    assert (found.live, found.cors_origins, found.limits.body_bytes) == (
        False,
        ("https://a.example", "https://b.example"),
        10,
    )


def test_telemetry_is_off_unless_named_and_refused_when_it_is_not_installed(monkeypatch):
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    assert telemetry() == TELEMETRY_OFF
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.setattr("puhui.api.telemetry.find_spec", lambda name: None)
    with pytest.raises(Refusal) as refusal:
        telemetry()
    assert refusal.value.code == "TELEMETRY_MISSING"
    monkeypatch.setattr("puhui.api.telemetry.find_spec", lambda name: name)
    found = telemetry()
    assert (found["tracing"], found["metrics"], found["logs"]) == (True, True, False)


def test_cors_is_off_unless_named(tmp_path, monkeypatch):
    ask = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
    with world(tmp_path, monkeypatch) as closed:
        assert closed.stranger.request("OPTIONS", "/v1/loans", headers=ask).status_code == 405
        assert "access-control-allow-origin" not in closed.stranger.get("/healthz", headers=ask).headers
    (tmp_path / "two").mkdir()
    with world(
        tmp_path / "two", monkeypatch, Settings(dispatches=False, cors_origins=("https://a.example",))
    ) as shared:
        found = shared.stranger.request("OPTIONS", "/v1/loans", headers=ask)
        assert found.headers["access-control-allow-origin"] == "https://a.example"
        other = shared.stranger.get("/healthz", headers={"Origin": "https://b.example"})
        assert "access-control-allow-origin" not in other.headers
