"""Loans with transactions published by others, restated in published_transactions.yaml, to the fen."""

from pathlib import Path

import pytest
import yaml

from loan_example import Life, agreement_body, day, facts_of
from puhui.kernel.money import parse_minor
from puhui.kernel.rounding import round_to_multiple
from puhui.lending.statement import instalments_of

CASES = yaml.safe_load(Path(__file__).with_name("published_transactions.yaml").read_text(encoding="utf-8"))
STATED = [case for case in CASES if "facts" in case]


def figures(row):
    amounts = (row.principal_minor, row.interest_minor, row.fee_minor, row.balance_minor, row.outstanding_minor)
    return (row.n, row.due_on.isoformat(), *amounts)


def published(text):
    n, due, *amounts = text.split(" | ")
    read = (None if amount == "~" else parse_minor(amount) for amount in amounts)
    return (int(n), None if due == "~" else due, *read)


def compared(value, case):
    return round_to_multiple(value, 100) if case.get("whole") and isinstance(value, int) else value


def listed(case):
    events = [(on.isoformat(), kind, body) for on, kind, body in case["facts"]]
    return instalments_of(facts_of(agreement_body(case["terms"], case["servicing"]), events), day(case["as_of"]))


@pytest.mark.parametrize("case", STATED, ids=lambda case: case["case"])
def test_case(case):
    ours = {row.n: figures(row) for row in listed(case)}
    for text in case.get("rows", []):
        theirs = published(text)
        number, due, *rest = ours[theirs[0]]
        mine = (number, due, *(compared(value, case) for value in rest))
        assert [a for a, b in zip(mine, theirs, strict=True) if b is not None] == [b for b in theirs if b is not None]


def totals(case):
    life = Life(case["terms"], case["servicing"])
    for on, kind, body in case["facts"]:
        life.on(on, kind, **body)
    life.at(case["as_of"])
    rows = listed(case)
    return {
        "rows": len(rows),
        "principal_minor": sum(row.principal_minor for row in rows),
        "interest_minor": compared(sum(row.interest_minor for row in rows), case),
        "penalty_minor": life.position.penalty_charged_total_minor,
    }


@pytest.mark.parametrize("case", [case for case in STATED if "totals" in case], ids=lambda case: case["case"])
def test_totals(case):
    found = totals(case)
    assert {name: found[name] for name in case["totals"]} == case["totals"]


def test_all_are_there():
    assert (len(STATED), len(CASES)) == (21, 24)
    assert all("why" in case for case in CASES if "facts" not in case)
