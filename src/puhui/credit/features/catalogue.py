"""The catalogue: every feature by name. Its words are a line of `catalogue.csv`, its formula a line of its family.

A family is a module and one line here.
"""

import csv
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from puhui.credit.features.families import (
    balance,
    bills,
    counterparties,
    credit_lines,
    farm,
    income,
    invoices,
    orders,
    region,
    repayment,
    seasons,
    spending,
)
from puhui.credit.features.feature import Feature
from puhui.credit.features.formulas import Formula
from puhui.kernel.inputs import one_of
from puhui.kernel.language import Text

FAMILIES: Final[Mapping[str, tuple[Text, Mapping[str, Formula]]]] = {
    "income": (Text("收入", "income"), income.FORMULAS),
    "spending": (Text("支出与结余", "spending and surplus"), spending.FORMULAS),
    "balance": (Text("余额", "balance"), balance.FORMULAS),
    "bills": (Text("缴费", "bills"), bills.FORMULAS),
    "repayment": (Text("还款", "repayment"), repayment.FORMULAS),
    "orders": (Text("订单与销售", "orders and sales"), orders.FORMULAS),
    "invoices": (Text("发票", "invoices"), invoices.FORMULAS),
    "counterparties": (Text("交易对手", "counterparties"), counterparties.FORMULAS),
    "seasons": (Text("季节性", "seasons"), seasons.FORMULAS),
    "farm": (Text("农业", "farm"), farm.FORMULAS),
    "credit_lines": (Text("授信与查询", "credit lines and inquiries"), credit_lines.FORMULAS),
    "region": (Text("地区", "region"), region.FORMULAS),
}
_WORDS: Final = Path(__file__).parent / "catalogue.csv"
_YES: Final = {"yes": True, "no": False}
_OBSERVED: Final = {"observed": True, "unknown": False}


def read_features(words: Path, families: Mapping[str, tuple[Text, Mapping[str, Formula]]]) -> dict[str, Feature]:
    """Return the features of a file of words and the formulas of families: each has a line in both, once."""
    with words.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    features = {line["name"]: _feature(line, families[line["family"]][1][line["name"]]) for line in lines}
    formulas = [name for _, family in families.values() for name in family]
    assert len(lines) == len(features), "a feature has two lines of words"
    assert sorted(features) == sorted(formulas), f"words or formula missing: {set(features) ^ set(formulas)}"
    return features


def _feature(line: Mapping[str, str], formula: Formula) -> Feature:
    return Feature(
        name=line["name"],
        family=line["family"],
        meaning=Text(line["zh"], line["en"]),
        months=int(line["months"]),
        unit=line["unit"],
        direction=line["direction"],
        influence=_YES[line["influence"]],
        consent=line["consent"],
        absence_observed=_OBSERVED[line["absence"]],
        formula=formula,
    )


FEATURES: Final[Mapping[str, Feature]] = read_features(_WORDS, FAMILIES)


def chosen(names: Iterable[str] | None = None) -> dict[str, Feature]:
    """Return the features of these names, in order; all without names. Refuses INPUT_INVALID for an unknown one."""
    if names is None:
        return dict(FEATURES)
    wanted = list(names)
    for name in wanted:
        one_of("feature", name, FEATURES)
    return {name: FEATURES[name] for name in wanted}


def version(names: Iterable[str] | None = None) -> str:
    """Return the hash of what the features are: their words and their formulas; a decision record keeps it."""
    digest = hashlib.sha256()
    for feature in chosen(names).values():
        digest.update(json.dumps(feature.as_dict(), ensure_ascii=False).encode())
        digest.update(str(feature.formula.value).encode())
        for key, measure in sorted(feature.formula.measures.items()):
            digest.update(f"{key}={measure.value}".encode())
    return digest.hexdigest()
