"""One POST to one pinned address: no redirects, no proxy, no second look at the name, an end to every wait."""

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from puhui.adapters.addresses import Target

SNIPPET_BYTES = 512


@dataclass(frozen=True)
class Reply:
    """What came of a POST: the status, or 0 and why there is none; `snippet` is the start of what was answered."""

    status: int
    snippet: str = ""
    error: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the far end took it: any 2xx."""
        return self.status // 100 == 2


class _Pinned(http.client.HTTPConnection):
    """A connection to the address that was checked, speaking for the name that was asked."""

    def __init__(self, target: Target, context: ssl.SSLContext | None, seconds: int) -> None:
        super().__init__(target.host, target.port, timeout=seconds)
        self._target = target
        self._context = context
        self._late = False

    def connect(self) -> None:
        """Connect, and shake hands where the target wants TLS."""
        self.sock = socket.create_connection((self._target.address, self._target.port), self.timeout)
        if self._context is not None:
            # The handshake comes after the assignment, so that `cut` can end it too.
            self.sock = self._context.wrap_socket(
                self.sock, server_hostname=self._target.host, do_handshake_on_connect=False
            )
            self.sock.do_handshake()
        if self._late:
            raise TimeoutError("timed out")

    def cut(self) -> None:
        """End the exchange from another thread: whoever waits on it is told at once."""
        self._late = True
        if self.sock is not None:
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


def post(
    target: Target, body: bytes, headers: Mapping[str, str], seconds: int, context: ssl.SSLContext | None = None
) -> Reply:
    """Return the reply to a POST of `body`, after at most `seconds` to connect and `seconds` in all.

    Not even a server that answers a byte at a time can hold it longer: the socket is closed under it.
    """
    tls = (context or ssl.create_default_context()) if target.tls else None
    connection = _Pinned(target, tls, seconds)
    alarm = threading.Timer(seconds, connection.cut)
    alarm.daemon = True
    alarm.start()
    try:
        connection.request("POST", target.path, body, {"Host": target.host_header, **headers})
        response = connection.getresponse()
        snippet = response.read(SNIPPET_BYTES).decode("utf-8", "replace")
        return Reply(response.status, "".join(c if c.isprintable() else " " for c in snippet))
    except (OSError, http.client.HTTPException) as error:
        return Reply(0, error=f"{type(error).__name__}: {error}"[:200])
    finally:
        alarm.cancel()
        connection.close()
