"""Around every request: its id, its limits of size and time, the headers of safety, one line of log, one count.

A plain ASGI layer: it costs tens of microseconds, and sees what no route sees, such as a body that never ends.
"""

import asyncio
import re
from dataclasses import dataclass
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars

from puhui.api.headers import REQUEST_ID, completed
from puhui.api.logs import log
from puhui.api.metrics import Metrics
from puhui.api.problems import BODY_TOO_LARGE, TOO_BUSY, TOO_SLOW, answer
from puhui.kernel.clock import stopwatch_ns
from puhui.kernel.ids import new_id
from puhui.kernel.refusals import Refusal

_GIVEN_ID = re.compile(rb"[A-Za-z0-9._-]{8,80}")
_MICROSECOND_NS = 1000

# Routes that machines ask for all day; they are counted but not logged one by one.
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})


@dataclass(frozen=True)
class Limits:
    """How large a body may be, how long an answer may take, and how many requests may be under way at once."""

    body_bytes: int = 1 << 20
    seconds: int = 30
    at_once: int = 100


class Shell:
    """The layer itself: wraps the app that has the routes."""

    def __init__(self, app: ASGIApp, metrics: Metrics, limits: Limits) -> None:
        self._app = app
        self._metrics = metrics
        self._limits = limits
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_ns = stopwatch_ns()
        exchange = _Exchange(scope, receive, send, self._limits)
        clear_contextvars()
        bind_contextvars(request_id=scope["puhui.request_id"])
        self._under_way += 1
        try:
            await self._within_time(scope, exchange)
        finally:
            self._under_way -= 1
            self._note(scope, exchange, stopwatch_ns() - started_ns)

    async def _within_time(self, scope: Scope, exchange: "_Exchange") -> None:
        """Let the app answer, or say that it took too long.

        What a thread has begun by then ends by itself, and is booked whole or not at all.
        """
        time = asyncio.timeout(self._limits.seconds)
        try:
            async with time:
                if refusal := self._refusal(scope, exchange):
                    await answer(refusal, scope)(scope, exchange.receive, exchange.send)
                else:
                    await self._app(scope, exchange.receive, exchange.send)
        except TimeoutError:
            if exchange.started or not time.expired():
                raise
            refusal = TOO_SLOW.refuse(seconds=self._limits.seconds, retry_after_seconds=1)
            await answer(refusal, scope)(scope, exchange.receive, exchange.send)

    def _refusal(self, scope: Scope, exchange: "_Exchange") -> Refusal | None:
        """Return why a request is not even looked at; those who watch the server are always heard."""
        if exchange.too_large():
            return exchange.refusal()
        if self._under_way > self._limits.at_once and scope["path"] not in QUIET:
            return TOO_BUSY.refuse(retry_after_seconds=1)
        return None

    def _note(self, scope: Scope, exchange: "_Exchange", took_ns: int) -> None:
        route = getattr(scope.get("route"), "path", "-")
        method = scope["method"] if route != "-" else "-"
        self._metrics.request(method, route, exchange.status, took_ns)
        if route not in QUIET:
            took_us = took_ns // _MICROSECOND_NS
            log().info("request", method=method, route=route, status=exchange.status, took_us=took_us)


class _Exchange:
    """One request and its answer, between the server and the app."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, limits: Limits) -> None:
        self._receive = receive
        self._send = send
        self._limits = limits
        self._received = 0
        self.started = False
        self.status = int(HTTPStatus.INTERNAL_SERVER_ERROR)
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"0")
        self._declared = int(length[:20]) if length.isdigit() else 0
        given = headers.get(REQUEST_ID, b"")
        self._request_id = given if _GIVEN_ID.fullmatch(given) else new_id("req").encode()
        scope["puhui.request_id"] = self._request_id.decode()

    def too_large(self) -> bool:
        """Return whether the request says of itself that its body is too large."""
        return self._declared > self._limits.body_bytes

    def refusal(self) -> Refusal:
        """Return the refusal of a body that is too large."""
        return BODY_TOO_LARGE.refuse(limit=self._limits.body_bytes)

    async def receive(self) -> Message:
        """Return the next part of the body; refuse BODY_TOO_LARGE."""
        message = await self._receive()
        self._received += len(message.get("body", b""))
        if self._received > self._limits.body_bytes:
            raise self.refusal()
        return message

    async def send(self, message: Message) -> None:
        """Send a part of the answer, with the headers that every answer has."""
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            message = {**message, "headers": completed(list(message.get("headers", ())), self._request_id)}
        await self._send(message)
