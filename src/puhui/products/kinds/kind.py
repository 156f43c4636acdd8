"""What a repayment method is: a name, the fields it reads, and its plan as a function of a calculation."""

from collections.abc import Callable
from dataclasses import dataclass

from puhui.kernel.language import Text
from puhui.products.calculation import Calculation, Parts
from puhui.products.terms import TERMS_INVALID, Terms

# Fields of terms that only some methods read, with the value that means "not given".
OPTIONAL_FIELDS: dict[str, object] = {
    "balloon_minor": None,
    "amortisation_instalments": None,
    "income_months": (),
    "interest_due": "each",
    "step_every": None,
    "step_minor": None,
    "step_ppm": None,
    "weights": (),
    "movements": (),
}


def _no_check(_: Terms) -> None:
    """Accept: the method needs nothing beyond the common fields."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A repayment method. `plan` works on one loan or a column; `one_due`: all falls due in one instalment."""

    name: str
    title: Text
    definition: Text
    plan: Callable[[Calculation], Parts]
    fields: frozenset[str] = frozenset()
    check: Callable[[Terms], None] = _no_check
    one_due: bool = False

    def no_use(self) -> Text:
        """Return the sentence that refuses a field this method does not read."""
        return Text(f"不适用于{self.title.zh}，请删除", f"has no use with method {self.name}; remove it")


def need(holds: bool, field: str, problem: Text) -> None:
    """Refuse TERMS_INVALID naming `field` unless the condition holds."""
    if not holds:
        raise TERMS_INVALID.refuse(field, problem=problem)
