"""Models in files under home()/models: one JSON a model, and the registry as lines that are only ever added."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from puhui.credit.models import Model, load_model
from puhui.credit.models.registry import MODEL_UNKNOWN, Entry, Record, Registry, read
from puhui.credit.models.texts import MODEL_TAMPERED
from puhui.kernel.home import home
from puhui.kernel.inputs import read_json
from puhui.kernel.refusals import INPUT_UNREADABLE

FOLDER = "models"
LINES = "registry.jsonl"


def folder() -> Path:
    """Return where models are kept; it need not exist."""
    return home().joinpath(FOLDER)


def registry() -> Registry:
    """Return the registry; refuse REGISTRY_BROKEN when a line was changed or left out."""
    return read(_lines())


def add(make: Callable[[Registry], Record]) -> Record:
    """Add the record that `make` returns for the registry as it stands, under a lock, on disk before it returns."""
    with _locked():
        record = make(registry())
        with folder().joinpath(LINES).open("a", encoding="utf-8") as file:
            file.write(json.dumps(record.as_json(), ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
    return record


def save(name: str, data: Mapping[str, Any], where: Path | None = None) -> Path:
    """Write a model (or a report) as JSON whole or not at all; return its path."""
    target = (where or folder()).joinpath(f"{name}.json")
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(".json.part")
    draft.write_text(json.dumps(data, ensure_ascii=False, allow_nan=False), encoding="utf-8")
    draft.replace(target)
    return target


def load(name: str) -> tuple[Entry, Model]:
    """Return a registered model; refuse MODEL_TAMPERED when the file is not what was registered."""
    entry = registry().one(name)
    path = folder().joinpath(f"{name}.json")
    if not path.exists():
        raise MODEL_UNKNOWN.refuse("model", model=name)
    data = read_json(path)
    if data.get("hash") != entry.model_hash:
        raise MODEL_TAMPERED.refuse("hash")
    return entry, load_model(data)


def champion() -> tuple[Entry, Model] | None:
    """Return the model that decides, None while there is none."""
    found = registry().champion
    return load(found.model) if found else None


def as_json(entry: Entry) -> dict[str, Any]:
    """Return an entry as JSON."""
    return asdict(entry)


def _lines() -> Iterator[dict[str, Any]]:
    path = folder().joinpath(LINES)
    if not path.exists():
        return
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)
    except ValueError as error:
        raise INPUT_UNREADABLE.refuse(name=str(path), problem=str(error)) from None


@contextmanager
def _locked() -> Iterator[None]:
    folder().mkdir(parents=True, exist_ok=True)
    with folder().joinpath("lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
