"""What an effect is, and the refusals that several share."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from puhui.kernel.refusals import declare
from puhui.lending.agreement import Agreement
from puhui.lending.allocate import Allocation
from puhui.lending.position import Position

AMOUNT_TOO_LARGE = declare(
    "AMOUNT_TOO_LARGE",
    422,
    "{field} 最多为 {most_minor} 分。",
    "{field} can be {most_minor} minor units at most.",
)
AMOUNT_TOO_SMALL = declare(
    "AMOUNT_TOO_SMALL",
    422,
    "{field} 至少为 {least_minor} 分。",
    "{field} must be {least_minor} minor units at least.",
)
TOO_EARLY = declare(
    "TOO_EARLY",
    422,
    "{field} 不得早于 {first_on}。",
    "{field} must not be before {first_on}.",
)
NOT_AGREED = declare(
    "NOT_AGREED",
    422,
    "合同没有约定 {field}，不能办理。",
    "The agreement does not provide for this ({field}).",
)
NOTHING_TO_DO = declare(
    "NOTHING_TO_DO",
    422,
    "{field} {problem}。",
    "{field} {problem}.",
)


class Applied(NamedTuple):
    """The position after a fact, and where its money went."""

    position: Position
    allocation: Allocation = Allocation()


Effect: TypeAlias = Callable[[Position, Any, Agreement], Applied]
