"""Plans published by others, restated in published_schedules.yaml, to the fen."""

from pathlib import Path

import pytest
import yaml

from puhui.kernel.money import parse_minor
from puhui.products.schedule import schedule
from puhui.products.terms import read_terms

CASES = yaml.safe_load(Path(__file__).with_name("published_schedules.yaml").read_text(encoding="utf-8"))


def figures(row):
    amounts = (row.principal_minor, row.interest_minor, row.fee_minor, row.total_minor, row.outstanding_principal_minor)
    return (row.due_on.isoformat(), *amounts)


def published(text):
    due, *amounts = text.split(" | ")
    return (None if due == "~" else due, *(None if amount == "~" else parse_minor(amount) for amount in amounts))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_case(case):
    plan = schedule(read_terms(case["terms"]))
    assert len(plan.rows) == len(case["rows"])
    for row, text in zip(plan.rows, case["rows"], strict=True):
        ours, theirs = figures(row), published(text)
        assert [a for a, b in zip(ours, theirs, strict=True) if b is not None] == [b for b in theirs if b is not None]


def test_all_are_there():
    assert len(CASES) == 23
