"""The composition root of the server: the app with its store, keys and webhooks, and the work that goes on beside it.

`create` is what a server is told to run: `uvicorn --factory puhui.app:create`, which `puhui serve` does.
"""

import asyncio
import gc
import hmac
import os
import secrets
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date

from fastapi import FastAPI

from puhui.adapters.addresses import read_networks
from puhui.adapters.proof_keys import log_key, trusted, trusted_text
from puhui.adapters.webhooks import Webhooks, Wire
from puhui.api import oidc
from puhui.api.app import create_app
from puhui.api.logs import configure, log
from puhui.api.metrics import Metrics
from puhui.api.pages import Cursors
from puhui.api.ports import Platform
from puhui.api.security import Gate, GateRules
from puhui.api.shell import Limits
from puhui.api.telemetry import telemetry
from puhui.batch.night import NIGHT_TOO_EARLY, close
from puhui.batch.report import night_report
from puhui.composition.kit import Kits
from puhui.composition.nights import night_setting
from puhui.kernel.clock import now, today
from puhui.kernel.language import Text
from puhui.kernel.refusals import INPUT_INVALID, Refusal
from puhui.people.personal import MasterKeys, unwrap
from puhui.storage.books import OpenBooks
from puhui.storage.database import Database, connect
from puhui.storage.log_proofs import LogProofs
from puhui.storage.night_reads import NightWork, StoredNights
from puhui.storage.outbox import Dispatcher
from puhui.storage.people_master import Masters, is_configured
from puhui.storage.people_personal import sealed_keys
from puhui.storage.people_store import opener, reader

_NETWORKS = "PUHUI_WEBHOOK_NETWORKS"
_ORIGINS = "PUHUI_CORS_ORIGINS"
_SYSTEM = "PUHUI_SYSTEM"
_COOKIES = "PUHUI_INSECURE_COOKIES"
_BODY = "PUHUI_MAX_BODY_BYTES"
_TIME = "PUHUI_REQUEST_SECONDS"
_BESIDE = "PUHUI_DISPATCH"

_IDLE_SECONDS = 1
_TROUBLE_SECONDS = 5
_SIGN_EVERY = 60


@dataclass(frozen=True)
class Settings:
    """What an installation sets, in the environment. `dispatches`: the outbox is worked off in this process."""

    live: bool = True
    secure_cookies: bool = True
    networks: str = ""
    cors_origins: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    dispatches: bool = True


def settings() -> Settings:
    """Return the settings of the environment; refuse INPUT_INVALID naming the variable."""
    usual = Limits()
    return Settings(
        live=_one_of(_SYSTEM, "live", "test") == "live",
        secure_cookies=_one_of(_COOKIES, "no", "yes") == "no",
        networks=os.environ.get(_NETWORKS, ""),
        cors_origins=tuple(part.strip() for part in os.environ.get(_ORIGINS, "").split(",") if part.strip()),
        limits=Limits(_number(_BODY, usual.body_bytes), _number(_TIME, usual.seconds)),
        dispatches=_one_of(_BESIDE, "yes", "no") == "yes",
    )


def create() -> FastAPI:
    """Return the app of the environment's settings and database, its background work tied to its life."""
    configure()
    return assemble(connect(), settings())


def assemble(database: Database, chosen: Settings) -> FastAPI:
    """Return the app over a database, whose structure is the one that is needed."""
    masters = Masters()
    books = OpenBooks(database, masters)
    proofs = LogProofs(database, trusted_text, lambda: trusted()[1])
    workers = Workers(database, books, proofs, chosen)
    kits = Kits()
    kits.warm()
    platform = Platform(
        begin=books.begin,
        read=books.read,
        gate=Gate(
            reader(database),
            opener(database, masters),
            GateRules(live=chosen.live, secure_cookies=chosen.secure_cookies),
        ),
        cursors=Cursors(_cursor_secret(masters)),
        proof=proofs,
        nights=StoredNights(database, night_work(database)),
        kit=kits,
        check_url=Wire(read_networks(chosen.networks)).check,
        readiness=lambda: readiness(database, masters, workers),
        metrics=Metrics(lambda: figures(database)),
        limits=chosen.limits,
        cors_origins=chosen.cors_origins,
        telemetry=telemetry(),
    )
    app = create_app(platform, workers.lifespan)
    oidc.add_configured(app, platform.gate)
    return app


def dispatcher(database: Database, books: OpenBooks, chosen: Settings) -> Dispatcher:
    """Return what works the outbox off: each event to the webhooks that want it."""
    wire = Wire(read_networks(chosen.networks))
    return Dispatcher(database, Webhooks(books.begin, books.read, now, wire), now)


def dispatch(stop: threading.Event, *, once: bool = False) -> int:
    """Work the outbox off until `stop` is set, or, `once`, until nothing is due; return how many arrived."""
    configure()
    chosen = settings()
    database = connect()
    outbox = dispatcher(database, OpenBooks(database, Masters()), chosen)
    delivered = 0

    def step() -> bool:
        nonlocal delivered
        tally = outbox.round()
        delivered += tally.delivered
        if once and not tally.taken:
            stop.set()
        return tally.taken > 0

    Worker("dispatcher", step, stop).run()
    database.close()
    return delivered


# --- beside the requests ----------------------------------------------------------------------------


class Worker(threading.Thread):
    """One piece of work that is done again and again. `step` returns whether there was anything to do.

    A refusal (the database is busy, a key is missing) is logged and tried again; a bug ends the worker, and the server
    is no longer ready.
    """

    def __init__(self, name: str, step: Callable[[], bool], stop: threading.Event) -> None:
        super().__init__(name=name, daemon=True)
        self._step = step
        self._stop_event = stop

    def run(self) -> None:
        """Work until told to stop."""
        while not self._stop_event.is_set():
            try:
                rest = 0 if self._step() else _IDLE_SECONDS
            except Refusal as refusal:
                log().warning("worker refused", worker=self.name, code=refusal.code, problem=refusal.message("en"))
                rest = _TROUBLE_SECONDS
            self._stop_event.wait(rest)


class Workers:
    """The work beside the requests: the outbox is dispatched, facts are given their place in the log and signed."""

    def __init__(self, database: Database, books: OpenBooks, proofs: LogProofs, chosen: Settings) -> None:
        self._stop = threading.Event()
        self._threads: list[Worker] = []
        self._idle = 0
        self._proofs = proofs
        self._steps: dict[str, Callable[[], bool]] = {"sequencer": self._sequence}
        if chosen.dispatches:
            outbox = dispatcher(database, books, chosen)
            self._steps["dispatcher"] = lambda: outbox.round().taken > 0

    @asynccontextmanager
    async def lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        """Start with the server, and end with it, when what is under way is done."""
        # What is loaded by now stays for good: the collector need not look at it, which stops everything for 0.1 s.
        gc.collect()
        gc.freeze()
        self.start()
        yield
        await asyncio.to_thread(self.stop)

    def start(self) -> None:
        """Start all."""
        self._threads = [Worker(name, step, self._stop) for name, step in self._steps.items()]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let each finish what it is at; sign the log a last time."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def problem(self) -> str:
        """Return which workers have died, "" when none has."""
        return ", ".join(thread.name for thread in self._threads if not thread.is_alive())

    def _sequence(self) -> bool:
        """Give facts their place; sign the log once a minute while it grows."""
        added = self._proofs.log.catch_up()
        self._idle += 1
        if self._idle >= _SIGN_EVERY or (added and self._proofs.log.latest() is None):
            self._proofs.log.checkpoint(log_key(), now())
            self._idle = 0
        return False


# --- nights -------------------------------------------------------------------------------------------


def night_work(database: Database) -> NightWork:
    """Return what a night is here, for those who ask for one over HTTP."""

    def allow(night_of: date) -> None:
        if night_of > today():
            raise NIGHT_TOO_EARLY.refuse("night_of", day=night_of.isoformat(), today=today().isoformat())

    def note(night_of: date, refusal: Refusal) -> None:
        log().error("night refused", night_of=night_of.isoformat(), code=refusal.code, problem=refusal.message("en"))

    setting = night_setting(database)
    return NightWork(allow, lambda night_of: close(setting, night_of, now()), night_report, note)


# --- what can be seen from outside --------------------------------------------------------------------


def readiness(database: Database, masters: Masters, workers: Workers) -> dict[str, str]:
    """Return what is not ready and why, by name; "" for what is."""
    structure = _problem(lambda: database.check_structure())
    return {
        "database": structure,
        "log_key": _problem(lambda: log_key()),
        # What is sealed can only be looked for where the tables are.
        "master_key": "" if structure else _problem(lambda: _master_key(database, masters)),
        "workers": workers.problem(),
    }


def _master_key(database: Database, masters: Masters) -> None:
    """Refuse if the master key is configured and cannot be read, or does not open what is sealed in the database."""
    with database.read() as unit:
        sealed = sealed_keys(unit.connection)
    if sealed or is_configured():
        keys = masters.keys()
        for owner, wrapped in sealed:
            unwrap(keys, wrapped, owner)


def figures(database: Database) -> dict[str, int]:
    """Return the figures of `metrics.GAUGES` that are known now."""
    with database.read() as store:
        waiting, dead = store.events.counts()
        watermark = store.watermark()
    found = {"puhui_outbox_depth": waiting, "puhui_outbox_dead_letters": dead}
    if watermark is not None:
        found["puhui_night_watermark_age_days"] = (today() - watermark).days
    return found


def _problem(check: Callable[[], object]) -> str:
    try:
        check()
    except Refusal as refusal:
        return refusal.code
    return ""


def _cursor_secret(masters: Masters) -> bytes:
    """Return a secret that every process of the installation derives alike; one of this process without master key."""
    try:
        keys: MasterKeys = masters.keys()
    except Refusal:
        return secrets.token_bytes(32)
    return hmac.digest(keys.current, b"puhui cursors", "sha256")


def _one_of(variable: str, usual: str, other: str) -> str:
    value = os.environ.get(variable, usual)
    if value not in (usual, other):
        raise INPUT_INVALID.refuse(
            variable, problem=Text(f"{variable} 应为 {usual} 或 {other}", f"{variable}: {usual} or {other}")
        )
    return value


def _number(variable: str, usual: int) -> int:
    text = os.environ.get(variable, str(usual))
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 1 << 31:
        raise INPUT_INVALID.refuse(
            variable, problem=Text(f"{variable} 须为正整数", f"{variable} must be a whole number")
        )
    return int(text)
