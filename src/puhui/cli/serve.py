"""`puhui serve`, `puhui dispatch`: the HTTP server, and the outbox worked off by a process of its own."""

import os
from importlib import import_module
from typing import Annotated

import typer

from puhui.cli.output import say
from puhui.kernel.language import Text

# The server's composition root, named as servers want it; it is imported only when it runs.
APP = "puhui.app"
LOOPBACK = ("127.0.0.1", "::1", "localhost")

Host = Annotated[str, typer.Option(help=Text("监听地址", "the address to listen on").say())]
Port = Annotated[int, typer.Option(min=0, max=65535, help=Text("端口，0 为任选", "the port; 0 for any").say())]
Apart = Annotated[
    bool,
    typer.Option("--no-dispatch", help=Text("由 puhui dispatch 另行投递", "leave the outbox to puhui dispatch").say()),
]
GRACE_SECONDS = 30
# Longer than the proxies in front keep theirs, so that none of them sends into a connection that is just being closed.
KEEP_SECONDS = 75


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("serve", help=Text("启动 HTTP 服务", "run the HTTP server").say())(serve_command)
    app.command("dispatch", help=Text("单独运行发件箱投递", "deliver the outbox, apart from the server").say())(
        dispatch_command
    )


def serve_command(host: Host = "127.0.0.1", port: Port = 8000, no_dispatch: Apart = False) -> None:
    """Bring the database up to date, then serve until told to stop; requests under way are finished first."""
    import uvicorn

    if no_dispatch:
        os.environ["PUHUI_DISPATCH"] = "no"
    if host in LOOPBACK:
        os.environ.setdefault("PUHUI_INSECURE_COOKIES", "yes")  # a browser takes no secure cookie over plain http
    _migrate()
    config = uvicorn.Config(
        f"{APP}:create",
        factory=True,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=KEEP_SECONDS,
    )
    server = uvicorn.Server(config)
    shown = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    say(Text(f"普惠服务 {shown}，按 Ctrl+C 停止", f"Puhui at {shown}, Ctrl+C to stop").say())
    server.run()


def dispatch_command(
    once: Annotated[bool, typer.Option("--once", help=Text("投递完即退出", "stop when nothing is due").say())] = False,
) -> None:
    """Deliver what is in the outbox, until told to stop."""
    import signal
    import threading

    root = import_module(APP)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    delivered = root.dispatch(stop, once=once)
    say(Text(f"已投递 {delivered} 条", f"{delivered} delivered").say())


def _migrate() -> None:
    from puhui.storage.database import connect

    database = connect(checked=False)
    database.migrate()
    database.close()
