"""What a simulated county (模拟县) is asked for: seed, sizes, place, day, bad rate. Nothing else decides it."""

import zlib
from datetime import date
from typing import Annotated, Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from puhui.kernel.dates import day_number, month_of
from puhui.kernel.inputs import Record
from puhui.kernel.places import place
from puhui.kernel.refusals import declare

Floats: TypeAlias = NDArray[np.float64]
Wholes: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]
Matrix: TypeAlias = NDArray[Any]

COUNTY_SETTING_WRONG = declare(
    "COUNTY_SETTING_WRONG",
    422,
    "模拟县的设置有误：{field} {problem}。",
    "The setting of the simulated county is wrong: {field} {problem}.",
)

# Months that the grid has: a year of flows before the earliest application, and 24 months of applications.
BEFORE_MONTHS: Final = 12
APPLICATION_MONTHS: Final = 24
MONTHS: Final = BEFORE_MONTHS + APPLICATION_MONTHS
# Months after a loan is made in which the lender goes on watching the flows.
WATCHED_MONTHS: Final = 3
# A label is ripe when these have passed since the loan was made.
LABEL_MONTHS: Final = 12

Count = Annotated[int, Field(ge=0, le=2_000_000)]


class CountySetting(Record):
    """The setting of one simulated county.

    people: villagers, wage earners, small traders and drivers together. Farms, shops, suppliers and dealers follow
    from it unless given (15, 10, 2.5 and 1 in 100 people; at least 20 dealers). `until_on`, the first of a month, is
    the day up to which everything is known. `bad_rate_ppm` is the mean true PD of ripe loans. `outcome_seed` gives
    the same people, applications and true PD another fate. `planted_proxy` lets the phone bill and a loyalty card
    tell the sex, for the test of fairness.
    """

    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    people: Annotated[int, Field(ge=40, le=2_000_000)] = 2_000
    farms: Count | None = None
    shops: Count | None = None
    suppliers: Count | None = None
    dealers: Annotated[int, Field(ge=1, le=100_000)] | None = None
    county: str = "411425"
    until_on: date = date(2026, 9, 1)
    bad_rate_ppm: Annotated[int, Field(ge=30_000, le=80_000)] = 50_000
    outcome_seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    planted_proxy: bool = False

    @model_validator(mode="after")
    def _holds(self) -> "CountySetting":
        if place(self.county, "county").level != "county":
            raise COUNTY_SETTING_WRONG.refuse("county", problem=self.county)
        if self.until_on.day != 1 or not date(2010, 1, 1) <= self.until_on <= date(2090, 1, 1):
            raise COUNTY_SETTING_WRONG.refuse("until_on", problem=self.until_on.isoformat())
        return self

    @property
    def sizes(self) -> dict[str, int]:
        """How many people, farms, shops, suppliers and dealers there are."""
        wanted = {
            "people": self.people,
            "farms": self.farms if self.farms is not None else self.people * 3 // 20,
            "shops": self.shops if self.shops is not None else self.people // 10,
            "suppliers": self.suppliers if self.suppliers is not None else self.people // 40,
        }
        return {**wanted, "dealers": self.dealers or max(20, self.people // 100)}

    @property
    def first_month(self) -> int:
        """The month number (see kernel.dates) of month 0 of the grid."""
        return int(month_of(day_number(self.until_on))) - MONTHS


def generator(setting: CountySetting, name: str, block: int = 0, outcome: bool = False) -> np.random.Generator:
    """Return the random numbers of one subject and block of parties: subjects never disturb each other.

    outcome: of the fate only, which `outcome_seed` changes too.
    """
    words = [setting.seed, block, zlib.crc32(name.encode())]
    return np.random.default_rng([*words, 1 + setting.outcome_seed] if outcome else words)
