"""What a person needs and has: the amount, the place, the income of each month, the cash in hand."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from pydantic import Field

from puhui.kernel.inputs import Record, parse
from puhui.kernel.language import Text
from puhui.kernel.places import place
from puhui.kernel.rates import PPM
from puhui.kernel.refusals import INPUT_INVALID
from puhui.products.definition_fields import PlaceCode, Practice, PurposeCode, SegmentCode
from puhui.products.facts import AT_DECISION
from puhui.products.terms import LONGEST_MONTHS, Amount, Day, RatePpm

MONTHS = 12

Income = Annotated[int, Field(ge=0, le=10**12)]


class Need(Record):
    """One wish. `amount_minor` is the price of what is bought, or the money needed, own money included.

    `income_minor`: of a month, or of the twelve months from January. `cash_minor`: what can be paid at once, for the
    down payment (or the part not borrowed) and the fees at disbursement. An instalment fits when it and
    `other_debts_minor` a month are at most `share_ppm` of the income of its month after that fell by `stress_ppm`.
    `most_lent_minor`: the limit of this person. `rates_ppm`: the rate of a product for this person; without one the
    highest of its range counts, so that the plan can only get cheaper. `facts`: what the rulebook asks at the decision
    (see `products.facts`).
    """

    amount_minor: Annotated[int, Field(ge=1, le=10**12)]
    region: PlaceCode
    segment: SegmentCode
    income_minor: Income | Annotated[tuple[Income, ...], Field(min_length=MONTHS, max_length=MONTHS)]
    cash_minor: Amount
    disbursed_on: Day
    purpose: PurposeCode | None = None
    products: tuple[str, ...] = ()
    rates_ppm: dict[str, RatePpm] = Field(default_factory=dict)
    other_debts_minor: Amount = 0
    stress_ppm: Annotated[int, Field(ge=0, lt=PPM)] = PPM // 5
    share_ppm: Annotated[int, Field(ge=1, le=PPM)] = PPM // 2
    most_lent_minor: Annotated[int, Field(ge=1, le=10**12)] | None = None
    most_months: Annotated[int, Field(ge=1, le=LONGEST_MONTHS)] | None = None
    due_day: Annotated[int, Field(ge=1, le=31)] = 15
    facts: dict[str, Practice] = Field(default_factory=dict)

    @property
    def months_minor(self) -> tuple[int, ...]:
        """The income of the twelve months, January first."""
        given = self.income_minor
        return given if isinstance(given, tuple) else (given,) * MONTHS

    @property
    def is_seasonal(self) -> bool:
        """Whether the income differs from month to month."""
        return len(set(self.months_minor)) > 1


def read_need(data: object, today: date | None = None) -> Need:
    """Return the Need of parsed JSON, disbursed `today` where it does not say.

    Refuses INPUT_INVALID, PLACE_UNKNOWN, and facts that the plan itself says or that no rule asks at the decision.
    """
    if isinstance(data, dict) and today is not None:
        data = {"disbursed_on": today, **data}
    need = parse(Need, data)
    place(need.region, "region")
    check_decision_facts(need.facts)
    return need


def check_decision_facts(facts: Mapping[str, object]) -> None:
    """Refuse INPUT_INVALID for a fact that the plan itself says, or that no rule asks at the decision."""
    for name in facts:
        if name not in AT_DECISION:
            problem = Text(f"facts.{name} {_NOT_ASKED.zh}", f"facts.{name} {_NOT_ASKED.en}")
            raise INPUT_INVALID.refuse(f"facts.{name}", problem=problem)


_NOT_ASKED = Text("不是决策时才知道的事实，请删除", "is not a fact that only the decision knows; remove it")
