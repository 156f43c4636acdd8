"""The master keys, outside the database: PUHUI_MASTER_KEY itself, or a file for its owner's eyes only.

The file is PUHUI_MASTER_KEY_FILE, else `keys/master.key` in the home folder. It is looked at before every use and read
anew when it has changed, so that programs which run follow a rotation.
"""

import os
from pathlib import Path

from puhui.kernel.home import home
from puhui.kernel.refusals import declare
from puhui.people.personal import MASTER_KEY_UNREADABLE, MasterKeys, new_key, read_keys, write_keys

VARIABLE = "PUHUI_MASTER_KEY"
FILE_VARIABLE = "PUHUI_MASTER_KEY_FILE"
_OTHERS = 0o077

MASTER_KEY_MISSING = declare(
    "MASTER_KEY_MISSING",
    503,
    "没有主密钥：{store}。新装系统请运行 puhui keys master-new；否则请恢复原来的主密钥。",
    "There is no master key: {store}. On a new system run: puhui keys master-new; else restore the one it had.",
)
MASTER_KEY_EXPOSED = declare(
    "MASTER_KEY_EXPOSED",
    503,
    "主密钥文件 {store} 可被他人读取。请运行 chmod 600，并考虑更换主密钥。",
    "The master key file {store} can be read by others. Run chmod 600 on it, and consider a new master key.",
)
MASTER_KEY_GIVEN = declare(
    "MASTER_KEY_GIVEN",
    422,
    "主密钥由环境变量 PUHUI_MASTER_KEY 提供。请在变量中把新密钥写在旧密钥之前，再运行 puhui keys rewrap。",
    "The master key comes from PUHUI_MASTER_KEY. Put the new key before the old one there, then run: "
    "puhui keys rewrap.",
)


class Masters:
    """Where the master keys come from."""

    def __init__(self) -> None:
        self._stamp: tuple[int, int, int] | None = None
        self._keys: MasterKeys | None = None

    def keys(self) -> MasterKeys:
        """Return the keys as they are now.

        Refuses MASTER_KEY_MISSING, MASTER_KEY_EXPOSED, MASTER_KEY_UNREADABLE.
        """
        given = os.environ.get(VARIABLE)
        if given is not None:
            return read_keys(given)
        path = key_file()
        try:
            seen = path.stat()
        except FileNotFoundError:
            raise MASTER_KEY_MISSING.refuse(store=str(path)) from None
        except OSError as error:
            raise MASTER_KEY_UNREADABLE.refuse(problem=error.strerror) from None
        if seen.st_mode & _OTHERS:
            raise MASTER_KEY_EXPOSED.refuse(store=str(path))
        stamp = (seen.st_mtime_ns, seen.st_ino, seen.st_size)
        if self._keys is None or stamp != self._stamp:
            self._keys, self._stamp = read_keys(_text(path)), stamp
        return self._keys


def is_configured() -> bool:
    """Return whether this installation is set to have a master key: a variable names it, or its file is there."""
    return VARIABLE in os.environ or FILE_VARIABLE in os.environ or key_file().exists()


def key_file() -> Path:
    """Return the path of the file; it need not exist."""
    named = os.environ.get(FILE_VARIABLE)
    return Path(named) if named else home().joinpath("keys", "master.key")


def add_key() -> MasterKeys:
    """Put a new key before those in the file, or make the file; refuse MASTER_KEY_GIVEN, and what reading refuses.

    The older ones stay: what they have wrapped must still open.
    """
    if VARIABLE in os.environ:
        raise MASTER_KEY_GIVEN.refuse()
    known = Masters().keys().keys if key_file().exists() else ()
    return _write((new_key(), *known))


def drop_old_keys() -> MasterKeys:
    """Leave only the current key in the file; the caller has made sure that nothing needs the others."""
    if VARIABLE in os.environ:
        raise MASTER_KEY_GIVEN.refuse()
    return _write((Masters().keys().current,))


def _write(keys: tuple[bytes, ...]) -> MasterKeys:
    """Write the file anew beside itself and put it in its place: whole or not at all, also when the power fails."""
    path = key_file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(write_keys(keys))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return MasterKeys(keys)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise MASTER_KEY_UNREADABLE.refuse(problem=type(error).__name__) from None
