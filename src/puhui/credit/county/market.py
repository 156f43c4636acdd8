"""Who lends and who sells in the simulated county (模拟县): the bank, three funders by name, dealers and vehicles."""

from typing import Final

import numpy as np
import polars as pl

from puhui.credit.county import assumed
from puhui.credit.county.setting import CountySetting, Wholes, generator

INSTITUTION: Final = ("sim_bank", "模拟县农村商业银行")
FUNDERS: Final = (
    ("sim_funder_a", "模拟资金方甲（农商行）"),
    ("sim_funder_b", "模拟资金方乙（消费金融公司）"),
    ("sim_funder_c", "模拟资金方丙（汽车金融公司）"),
)
VEHICLES_A_DEALER: Final = 8
# Kind of vehicle: share, median price in yuan, what dealers advertise as flat rate a year.
ENERGIES: Final = (
    ("petrol", "燃油车", 0.40, 95_000, 35_000),
    ("nev", "新能源车", 0.35, 105_000, 25_000),
    ("used", "二手车", 0.25, 48_000, 45_000),
)
LEAST_PRICE_MINOR, MOST_PRICE_MINOR = 2_500_000, 26_000_000


def institutions() -> pl.DataFrame:
    """Return the bank and the funders: id, name, role."""
    rows = [(*INSTITUTION, "lender"), *((*funder, "funder") for funder in FUNDERS)]
    return pl.DataFrame(rows, schema=["institution", "name", "role"], orient="row")


def ids(stem: str, numbers: Wholes, digits: int = 7) -> pl.Series:
    """Return ids that say simulated: sim_, the stem, a number."""
    text = pl.Series(numbers, dtype=pl.Int64).cast(pl.String).str.zfill(digits)
    return (f"sim_{stem}" + text).alias("id")


def make_dealers(setting: CountySetting) -> pl.DataFrame:
    """Return the dealers: id, name, township; what they sell is in `make_vehicles`."""
    count = setting.sizes["dealers"]
    random = generator(setting, "dealers")
    towns = random.choice(len(assumed.TOWNSHIPS), count, p=assumed.TOWNSHIP_SHARES)
    numbers = np.arange(1, count + 1)
    return pl.DataFrame(
        {
            "dealer": ids("d", numbers, 5),
            "name": "模拟车行" + pl.Series(numbers).cast(pl.String) + "号",
            "place": pl.Series([setting.county] * count),
            "township": pl.Series([assumed.TOWNSHIPS[town] for town in towns]),
        }
    )


def make_vehicles(setting: CountySetting) -> pl.DataFrame:
    """Return the vehicles on offer: id, dealer, energy, price, and the flat rate that the dealer advertises."""
    count = setting.sizes["dealers"] * VEHICLES_A_DEALER
    random = generator(setting, "vehicles")
    kind = random.choice(len(ENERGIES), count, p=[share for _, _, share, _, _ in ENERGIES])
    median = np.array([price for _, _, _, price, _ in ENERGIES])[kind]
    price = (median * np.exp(random.normal(0, 0.32, count))).astype(np.int64) // 100 * 10_000
    flat = np.array([rate for *_, rate in ENERGIES])[kind] + random.integers(-2, 3, count) * 1_000
    numbers = np.arange(1, count + 1)
    return pl.DataFrame(
        {
            "vehicle": ids("v", numbers, 6),
            "dealer": ids("d", 1 + np.arange(count) // VEHICLES_A_DEALER, 5),
            "name": pl.Series([f"模拟{ENERGIES[each][1]}" for each in kind]) + pl.Series(numbers).cast(pl.String),
            "energy": pl.Series([ENERGIES[each][0] for each in kind]),
            "price_minor": np.clip(price, LEAST_PRICE_MINOR, MOST_PRICE_MINOR),
            "advertised_flat_ppm": flat,
        }
    )
