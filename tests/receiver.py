"""A real HTTP receiver on loopback, for webhooks: keeps what it was sent, answers what it was told to."""

import socket
import ssl
import threading
from contextlib import contextmanager


class Receiver:
    """What has come in, and what goes out: `reply` as it is, a byte every `drip` seconds if that is set."""

    def __init__(self):
        self.requests = []
        self.reply = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        self.replies = []
        self.drip = 0
        self.stopping = threading.Event()
        self.port = 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/hook"

    def serve(self, listener, context):
        while not self.stopping.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            try:
                if context is not None:
                    connection = context.wrap_socket(connection, server_side=True)
                self._answer(connection)
            except (OSError, ssl.SSLError):
                pass
            finally:
                connection.close()

    def _answer(self, connection):
        connection.settimeout(5)
        head = b""
        while b"\r\n\r\n" not in head:
            part = connection.recv(65536)
            if not part:
                return
            head += part
        head, _, body = head.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        headers = {name.lower(): value for name, value in headers.items()}
        while len(body) < int(headers.get("content-length", 0)):
            body += connection.recv(65536)
        self.requests.append((first, headers, body))
        reply = self.replies.pop(0) if self.replies else self.reply
        if not self.drip:
            connection.sendall(reply)
            return
        for byte in reply:
            connection.sendall(bytes([byte]))
            if self.stopping.wait(self.drip):
                return


@contextmanager
def receiver(context=None):
    """Serve in a thread until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    found = Receiver()
    found.port = listener.getsockname()[1]
    thread = threading.Thread(target=found.serve, args=(listener, context), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        found.stopping.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=6)


def status(code, body=b"", *lines):
    """Return a reply of one status."""
    head = [f"HTTP/1.1 {code} X", f"Content-Length: {len(body)}", "Connection: close", *lines]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body
