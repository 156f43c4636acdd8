"""One night at a time over one folder of snapshots, whatever process runs it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from puhui.kernel.refusals import declare

try:
    import fcntl
except ImportError:  # Windows has none; there the store's watermark alone keeps a second night from posting
    fcntl = None  # type: ignore[assignment]

NIGHT_BUSY = declare(
    "NIGHT_BUSY",
    409,
    "另一个进程正在关账。请等它结束。",
    "Another process is closing the day. Wait until it is done.",
)


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the folder for the block; refuse NIGHT_BUSY where another holds it. A killed holder holds nothing."""
    handle = os.open(folder.joinpath(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        if fcntl is not None:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise NIGHT_BUSY.refuse() from None
        yield
    finally:
        os.close(handle)
