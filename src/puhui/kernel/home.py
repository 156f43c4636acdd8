"""The folder with what this installation adds of its own: tiers of places, products, funders, the database."""

import os
from functools import cache
from pathlib import Path
from typing import TypeAlias

HOME_VARIABLE = "PUHUI_HOME"


def home() -> Path:
    """Return the folder: PUHUI_HOME if set, else `.puhui` in the working folder. It need not exist."""
    return _folder(os.environ.get(HOME_VARIABLE) or ".puhui")


_folder = cache(Path)

# Path, inode, size and time of change of each file: two stamps are the same while no file has changed.
Stamp: TypeAlias = tuple[tuple[str, int, int, int], ...]


def stamp_of(path: Path) -> Stamp:
    """Return the stamp of a file, or of the files of a folder; () where there is nothing."""
    try:
        if not path.is_dir():
            return (_look(path.stat(), str(path)),)
        with os.scandir(path) as entries:
            return tuple(sorted(_look(entry.stat(), entry.path) for entry in entries))
    except FileNotFoundError:
        return ()


def _look(seen: os.stat_result, path: str) -> tuple[str, int, int, int]:
    return path, seen.st_ino, seen.st_size, seen.st_mtime_ns
