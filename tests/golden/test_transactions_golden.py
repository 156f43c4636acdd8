"""Loans with transactions published by others, against the published file itself, to the cent."""

from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from conftest import golden
from loan_example import agreement_body, day, facts_of
from puhui.kernel.rounding import round_to_multiple
from puhui.lending.statement import instalments_of

TABLE = Path(__file__).parents[1] / "tables" / "published_transactions.yaml"
OURS = {case["case"]: case for case in yaml.safe_load(TABLE.read_text(encoding="utf-8"))}
CASES = {case["id"]: case for case in golden("schedules.json")["cases"] if "terms" not in case}
NAMES = {
    "due_date": lambda row: row.due_on.isoformat(),
    "principal": lambda row: row.principal_minor,
    "interest": lambda row: row.interest_minor,
    "fees": lambda row: row.fee_minor,
    "balance": lambda row: row.balance_minor,
    "paid": lambda row: row.paid_minor,
    "paid_on": lambda row: row.paid_on.isoformat() if row.paid_on else None,
}


def listed(case):
    events = [(on.isoformat(), kind, body) for on, kind, body in case["facts"]]
    return instalments_of(facts_of(agreement_body(case["terms"], case["servicing"]), events), day(case["as_of"]))


def in_minor(value, case):
    return int(Decimal(value) / Decimal(case.get("per_minor", "0.01"))) if isinstance(value, Decimal) else value


def compared(value, case):
    return round_to_multiple(value, 100) if case.get("whole") and isinstance(value, int) else value


@pytest.mark.parametrize("name", [name for name, case in OURS.items() if "facts" in case])
def test_every_published_figure(name):
    case = OURS[name]
    ours = {row.n: row for row in listed(case)}
    numbers = [int(text.split(" | ")[0]) for text in case.get("rows", [])]
    for expected in CASES[name]["expected"]:
        if expected["n"] not in numbers:
            continue
        row = ours[expected["n"]]
        wanted = {key: in_minor(expected[key], case) for key in NAMES if expected.get(key) is not None}
        assert {key: compared(NAMES[key](row), case) for key in wanted} == wanted


def test_every_case_is_stated_or_explained():
    assert OURS.keys() == CASES.keys()
    assert len(CASES) == 24
