"""The folder with what this installation adds of its own: tiers of places, later the database."""

import os
from functools import cache
from pathlib import Path

HOME_VARIABLE = "PUHUI_HOME"


def home() -> Path:
    """Return the folder: PUHUI_HOME if set, else `.puhui` in the working folder. It need not exist."""
    return _folder(os.environ.get(HOME_VARIABLE) or ".puhui")


_folder = cache(Path)
