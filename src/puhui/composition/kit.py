"""The kit that decides here: the champion of the registry, what is shipped, and what the home folder lays over it.

What funders have lent changes with every loan, so it is added last: by `kit_here`, or, in the transaction of a
decision, by `workflows.request.decide`. A kit without it lets no funder take part.
"""

import os
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from puhui.adapters import model_files
from puhui.credit.limit import OWN_FILE as OWN_LIMITS
from puhui.funding.application import NOTHING_USED
from puhui.funding.definition import FOLDER as FUNDERS
from puhui.kernel.clock import today
from puhui.kernel.home import home
from puhui.kernel.language import Text
from puhui.kernel.refusals import Refusal, declare
from puhui.products.definition import PUBLISHED as PRODUCTS
from puhui.storage.books import OpenBooks
from puhui.workflows.case import Kit
from puhui.workflows.kit import OWN_COSTS, OWN_POLICIES, kit_of, parts_here

MODEL_NONE = declare(
    "MODEL_NONE",
    503,
    "此处没有经批准的冠军模型，不能审批。请先 puhui models approve，再 puhui models champion。",
    "No champion model is approved here, so nothing can be decided. First: puhui models approve, then champion.",
)
KIT_WRONG = declare(
    "KIT_WRONG",
    503,
    "此处用于审批的模型、产品、资金方、政策或参数有误，不能审批：{problem}",
    "What decides here (model, products, funders, policies, costs) is wrong, so nothing can be decided: {problem}",
)

FOLDERS: Final = (PRODUCTS, FUNDERS, OWN_POLICIES)

# Path, inode, size and time of each file that a kit is made of.
Stamp: TypeAlias = tuple[tuple[str, int, int, int], ...]


def champion_kit() -> Kit:
    """Return the kit in force here, what funders have lent left open.

    Refuses MODEL_NONE, and KIT_WRONG for whatever its parts refuse: who asks for a decision cannot mend them.
    """
    try:
        found = model_files.champion()
        if found is not None:
            return kit_of(parts_here(found[1].as_json()), used={})
    except Refusal as refusal:
        raise KIT_WRONG.refuse(problem=Text(refusal.message("zh"), refusal.message("en"))) from None
    raise MODEL_NONE.refuse()


class _Made(NamedTuple):
    stamp: Stamp
    kit: Kit


class Kits:
    """The kit in force, kept, and made anew when a file that it is made of has changed. One for a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: _Made | None = None

    def __call__(self) -> Kit:
        """Return the kit, what funders have lent left open; refuse what `champion_kit` does."""
        made = self._fresh()
        if made is None:
            with self._lock:
                made = self._fresh() or self._make()
        return made.kit

    def warm(self) -> None:
        """Make the kit ahead of the first who asks for it; where that is refused, he will be told why."""
        with suppress(Refusal):
            self()

    def _fresh(self) -> _Made | None:
        made = self._made
        return made if made is not None and made.stamp == stamp() else None

    def _make(self) -> _Made:
        # Looked at before it is read: what changes in between is seen by the next who asks.
        before = stamp()
        self._made = made = _Made(before, champion_kit())
        return made


_kits = Kits()


def kit_here(books: OpenBooks) -> Kit:
    """Return the kit in force here with all that funders have lent by now, today counted apart; refuse as Kits does."""
    kit = _kits()
    with books.read() as desk:
        used = desk.uses.of(today())
    return replace(kit, used={name: used.get(name, NOTHING_USED) for name in kit.funders})


def stamp() -> Stamp:
    """Return what tells whether a kit is still in force: two stamps are the same while no file has changed."""
    files, folders = _made_of(home())
    return tuple(found for each in (*map(_file, files), *map(_files_of, folders)) for found in each)


@cache
def _made_of(here: Path) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Return the files and the folders of a home folder that a kit is made of."""
    files = (model_files.folder().joinpath(model_files.LINES), here.joinpath(OWN_COSTS), here.joinpath(OWN_LIMITS))
    return files, tuple(here.joinpath(name) for name in FOLDERS)


def _file(path: Path) -> Iterable[tuple[str, int, int, int]]:
    try:
        return [_look(path.stat(), str(path))]
    except FileNotFoundError:
        return ()


def _files_of(folder: Path) -> Iterable[tuple[str, int, int, int]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(_look(entry.stat(), entry.path) for entry in entries)
    except FileNotFoundError:
        return ()


def _look(seen: os.stat_result, path: str) -> tuple[str, int, int, int]:
    return path, seen.st_ino, seen.st_size, seen.st_mtime_ns
