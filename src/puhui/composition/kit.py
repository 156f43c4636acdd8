"""The kit that decides here: the champion of the registry, what is shipped, and what the home folder lays over it.

What funders have lent changes with every loan, so it is added last: by `kit_here`, or, in the transaction of a
decision, by `workflows.request.decide`. A kit without it lets no funder take part.
"""

import threading
from contextlib import suppress
from typing import Final, NamedTuple

from puhui.adapters import model_files
from puhui.credit.limit import assumptions_file
from puhui.funding.definition import FOLDER as FUNDERS
from puhui.kernel.clock import today
from puhui.kernel.home import Stamp, home, stamp_of
from puhui.kernel.language import Text
from puhui.kernel.refusals import Refusal, declare
from puhui.products.definition import PUBLISHED as PRODUCTS
from puhui.storage.books import OpenBooks
from puhui.workflows.case import Kit
from puhui.workflows.kit import OWN_COSTS, OWN_POLICIES, kit_of, parts_here
from puhui.workflows.uses import with_used

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
    return with_used(kit, used)


def stamp() -> Stamp:
    """Return what tells whether a kit is still in force: two stamps are the same while no file has changed."""
    here = home()
    files = (model_files.folder().joinpath(model_files.LINES), here.joinpath(OWN_COSTS), assumptions_file())
    return tuple(found for path in (*files, *map(here.joinpath, FOLDERS)) for found in stamp_of(path))
