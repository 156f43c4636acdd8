"""Made-up folders in the form of the real files that `puhui demo --data` knows: nobody in them is real."""

import zipfile
from datetime import date, timedelta

import numpy as np
import polars as pl

from puhui.credit.data.mapping import read_mapping
from puhui.demo.files import firms, people

LABELLED, OTHERS = 24, 12


def write_people(folder, rows=1_500, seed=0):
    """Write a file of people: a fifth without an income, the late ones riskier, some with a code, a nameless index."""
    chance = np.random.default_rng(seed)
    late = chance.poisson(0.2, (rows, 3)).astype(float)
    used = chance.gamma(0.7, 0.5, rows).round(3)
    bad = chance.random(rows) < 1 / (1 + np.exp(3.2 - 1.2 * late.sum(axis=1) - 1.1 * used))
    late[chance.random(rows) < 0.01] = 98
    table = pl.DataFrame(
        {
            "": np.arange(1, rows + 1),
            "SeriousDlqin2yrs": bad.astype(int),
            "RevolvingUtilizationOfUnsecuredLines": used,
            "age": chance.integers(18, 90, rows),
            "NumberOfTime30-59DaysPastDueNotWorse": late[:, 0].astype(int),
            "DebtRatio": chance.gamma(1.0, 0.35, rows).round(4),
            "MonthlyIncome": chance.lognormal(8.5, 0.6, rows).astype(int),
            "NumberOfOpenCreditLinesAndLoans": chance.poisson(8, rows),
            "NumberOfTimes90DaysLate": late[:, 1].astype(int),
            "NumberRealEstateLoansOrLines": chance.poisson(1, rows),
            "NumberOfTime60-89DaysPastDueNotWorse": late[:, 2].astype(int),
            "NumberOfDependents": chance.poisson(0.8, rows),
        }
    )
    unknown = pl.Series(chance.random(rows) < 0.2)
    table = table.with_columns(pl.when(~unknown).then("MonthlyIncome").alias("MonthlyIncome"))
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / people.FILE, "w") as whole:
        whole.writestr(people.FILE.removesuffix(".zip"), table.write_csv(null_value="NA"))


def write_firms(folder, seed=0):
    """Write the files of small firms: larger and steadier ones are better, every fifth of the labelled is bad."""
    chance = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"E{number}" for number in range(1, LABELLED + OTHERS + 1)]
    bad = [number % 5 == 0 for number in range(LABELLED)]
    columns = [name for name in read_mapping("cumcm2020c").applications.columns if name not in ("企业名称", "信誉评级")]
    known = {
        "企业代号": names[:LABELLED],
        "企业名称": ["***"] * LABELLED,
        "信誉评级": ["D" if each else "B" for each in bad],
    }
    known |= {"是否违约": ["是" if each else "否" for each in bad], **{name: [1.0] * LABELLED for name in columns}}
    pl.DataFrame(known).write_csv(folder / firms.LABELLED, include_bom=True)
    size = dict(zip(names, [*(0.4 if each else 1.0 for each in bad), *chance.uniform(0.4, 1.2, OTHERS)], strict=True))
    for name in firms.INVOICES:
        whose = names[:LABELLED] if name.startswith("123") else names[LABELLED:]
        side = "销方单位代号" if "进项" in name else "购方单位代号"
        rows = [row for firm in whose for row in _invoices(firm, size[firm], side, chance)]
        pl.DataFrame(rows).write_parquet(folder / name)


def _invoices(firm, size, side, chance):
    for day in range(0, 1_100, int(9 / size)):
        net = round(float(chance.lognormal(11, 0.5)) * size, 2)
        yield {
            "企业代号": firm,
            "开票日期": date(2017, 2, 1) + timedelta(days=day),
            side: f"B{chance.integers(0, 12)}",
            "价税合计": round(net * 1.13, 2),
            "发票状态": "作废发票" if chance.random() < 0.04 else "有效发票",
        }
