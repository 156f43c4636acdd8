"""The home folder of a demonstration: made new, known by its mark, never one in which a lender works.

While it is made the mark says so; what was left half made is made again. Books are removed only where the mark is.
"""

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from puhui.adapters.model_files import FOLDER as MODELS
from puhui.composition.nights import SNAPSHOTS
from puhui.funding.definition import FOLDER as FUNDERS
from puhui.kernel.home import HOME_VARIABLE, home
from puhui.kernel.inputs import read_json
from puhui.kernel.refusals import declare
from puhui.storage.database import FILE, URL_VARIABLE, Database, connect
from puhui.storage.people_master import VARIABLE as MASTER_KEY
from puhui.storage.people_master import add_key

MARK: Final = "demo.json"
PAGE: Final = "demo.html"
# What there is in a home folder in which someone works.
OF_BOOKS: Final = (FILE, f"{FILE}-wal", f"{FILE}-shm", FUNDERS, MODELS, SNAPSHOTS, "keys", "products", "policies")
SHIPPED: Final = Path(__file__).parent / "funders"

DEMO_HOME_TAKEN = declare(
    "DEMO_HOME_TAKEN",
    409,
    "{place} 里已有账簿，演示不会写入其中。请用 PUHUI_HOME 指定另一个空文件夹。",
    "There are books in {place}, which a demonstration does not touch. Name an empty folder by PUHUI_HOME.",
)


DEMO_OTHER = declare(
    "DEMO_OTHER",
    409,
    "此处的演示是以 {name} = {known} 做的。加 --fresh 重做，或用 PUHUI_HOME 指定另一个文件夹。",
    "The demonstration here was made with {name} = {known}. Add --fresh, or name another folder by PUHUI_HOME.",
)


def told() -> Mapping[str, Any] | None:
    """Return what the demonstration in the home folder came to; None where there is none, or only a part of one."""
    path = home().joinpath(MARK)
    data = read_json(path) if path.is_file() else {}
    return data if data.get("simulated") else None


def must_be(result: Mapping[str, Any], asked: Mapping[str, int]) -> None:
    """Refuse DEMO_OTHER unless a demonstration was made with the sizes that are asked for."""
    for name, value in asked.items():
        if result["story"][name] != value:
            raise DEMO_OTHER.refuse(name, name=name, known=result["story"][name])


def prepared() -> Database:
    """Return new books in a home folder that is a demonstration's own; refuse DEMO_HOME_TAKEN."""
    place = home()
    there = [path for path in map(place.joinpath, OF_BOOKS) if path.exists()]
    if there and not place.joinpath(MARK).is_file():
        raise DEMO_HOME_TAKEN.refuse(HOME_VARIABLE, place=str(place))
    if URL_VARIABLE in os.environ:
        _must_be_empty()
    for path in there:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    place.mkdir(parents=True, exist_ok=True)
    _mark({"simulated": False})
    shutil.copytree(SHIPPED, place.joinpath(FUNDERS))
    if MASTER_KEY not in os.environ:
        add_key()
    database = connect(checked=False)
    database.migrate()
    return database


def keep(result: Mapping[str, Any], page: str) -> Path:
    """Keep what came of it, and with that the mark that it is whole; return the path of the page."""
    path = home().joinpath(PAGE)
    path.write_text(page, encoding="utf-8")
    _mark(result)
    return path


def _mark(result: Mapping[str, Any]) -> None:
    path = home().joinpath(MARK)
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")
    draft.replace(path)


def _must_be_empty() -> None:
    """Refuse DEMO_HOME_TAKEN where the database that is named has tables already; nothing in it is touched."""
    with closing(connect(checked=False)) as database:
        if not database.is_new():
            raise DEMO_HOME_TAKEN.refuse(URL_VARIABLE, place=database.name)
