"""What the simulated county (模拟县) assumes: magnitudes, seasons, shares. Our own, but for the sources named.

Money in whole yuan here, as an official would write it; the generator makes minor units of it.
Sources: per-head disposable income of rural residents 21,691 and of urban residents 51,821 yuan in 2023 (National
Bureau of Statistics, annual communiqué), which an earner with one dependant reaches at about 3,600 and 8,600 a month;
a county seat lies between. Least price of wheat 2.36 yuan/kg in 2024 (National Development and Reform Commission).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from puhui.credit.county.setting import Floats


@dataclass(frozen=True, slots=True)
class Group:
    """One kind of borrower. `income`: median yuan a month; `spread`: of its logarithm; `risk`: added to the log-odds.

    `purposes`: chances of auto, farm, shop, personal. `season`: name in `SEASONS`. `segment`: the catalogue's word.
    """

    code: str
    zh: str
    segment: str
    income: int
    spread: float
    noise: float
    season: str
    risk: float
    purposes: tuple[float, float, float, float]


GROUPS: Final = (
    Group("villager", "模拟村民", "farmer", 3_300, 0.28, 0.22, "village", 0.15, (0.15, 0.25, 0.0, 0.60)),
    Group("wage_earner", "模拟职工", "wage_earner", 4_800, 0.30, 0.07, "wages", -0.35, (0.42, 0.0, 0.0, 0.58)),
    Group("trader", "模拟商贩", "sole_trader", 5_200, 0.34, 0.20, "trade", 0.10, (0.22, 0.0, 0.50, 0.28)),
    Group("driver", "模拟司机", "gig_worker", 5_600, 0.26, 0.16, "road", 0.20, (0.65, 0.0, 0.0, 0.35)),
    Group("farm", "模拟农场", "farmer", 5_800, 0.32, 0.18, "village", 0.0, (0.15, 0.85, 0.0, 0.0)),
    Group("shop", "模拟商店", "shopkeeper", 6_400, 0.32, 0.15, "trade", 0.0, (0.15, 0.0, 0.85, 0.0)),
    Group("supplier", "模拟供应商", "micro_firm", 8_200, 0.28, 0.18, "wages", 0.05, (0.10, 0.0, 0.90, 0.0)),
)
VILLAGER, WAGE_EARNER, TRADER, DRIVER, FARM, SHOP, SUPPLIER = range(len(GROUPS))
# Of the people; the other groups are counted by the setting.
PEOPLE_SHARES: Final = (0.40, 0.34, 0.14, 0.12)
LEAST_INCOME, MOST_INCOME = 2_000, 12_000
HIGHEST_SEASON: Final = 4.0

# Of the twelve months from January; mean 1 after `season_table`.
SEASONS: Final = {
    "wages": (1.25, 0.95, 0.95, 0.95, 0.97, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.05),
    "village": (0.75, 0.60, 0.60, 0.65, 0.70, 2.20, 0.90, 0.70, 0.90, 2.40, 0.90, 0.80),
    "trade": (1.50, 1.05, 0.85, 0.90, 0.95, 0.95, 0.90, 0.90, 1.05, 1.10, 0.95, 1.05),
    "road": (1.30, 0.80, 0.95, 1.00, 1.05, 1.00, 0.90, 0.90, 1.05, 1.15, 1.00, 1.05),
}


# Yield in kg per mu (666.7 m2) and yuan per kg; sown and harvested in the months given (1..12).
@dataclass(frozen=True, slots=True)
class Crop:
    """One harvest of a year on a plot. `sowing`: yuan spent on a mu."""

    code: str
    zh: str
    sown: int
    harvested: int
    kg: int
    price: float
    sowing: int


CROPS: Final = (
    Crop("wheat", "小麦", 10, 6, 430, 2.40, 420),
    Crop("maize", "玉米", 6, 10, 480, 2.20, 380),
    Crop("garlic", "大蒜", 9, 5, 1_100, 2.60, 1_500),
    Crop("vegetables", "蔬菜", 3, 8, 2_200, 1.20, 1_100),
)
# What a farm grows: the crops above by index, and how many farms do so.
ROTATIONS: Final = ((0, 1), (2, 3))
ROTATION_SHARES: Final = (0.75, 0.25)
SQUARE_METRES_PER_MU: Final = 667
RENT_A_MU: Final = 700
# What a mu sells for in a year, and what a farm sells for one yuan that stays with it.
SALES_A_MU: Final = 2_100
FARM_SALES_TIMES: Final = 1.6

# A shock: chance within the 36 months, what is left of the income, and how many months it lasts.
SHOCK_CHANCE: Final = 0.26
SHOCK_MONTHS: Final = 4
SHOCK_LEFT: Final = (0.25, 0.70)
SHOCKS: Final = ("none", "illness", "lost_work", "crop_failure", "closed")

TOWNSHIPS: Final = (
    "模拟城关镇",
    "模拟柳河镇",
    "模拟青石镇",
    "模拟枣林乡",
    "模拟北岗乡",
    "模拟南湾乡",
    "模拟石桥镇",
    "模拟沙河乡",
)
# Income beside the county's, town by town: the seat earns more than the edge.
TOWNSHIP_INCOME: Final = (1.18, 1.06, 1.02, 0.96, 0.92, 0.90, 1.00, 0.94)
TOWNSHIP_SHARES: Final = (0.30, 0.13, 0.12, 0.09, 0.08, 0.08, 0.11, 0.09)
VILLAGES: Final = ("东村", "西村", "前村", "后村", "上村", "下村")


def season_table() -> Floats:
    """Return what each group earns in the months from January beside its mean: groups x 12, mean 1 each."""
    table = np.array([SEASONS[group.season] for group in GROUPS])
    return np.asarray(table / table.mean(axis=1, keepdims=True))
