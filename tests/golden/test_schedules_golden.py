"""Repayment plans published by others (Apache Fineract, Frappe Lending), reproduced to the cent."""

from decimal import Decimal

import pytest

from conftest import golden
from puhui.products.schedule import schedule
from puhui.products.terms import read_terms

CASES = [case for case in golden("schedules.json")["cases"] if "terms" in case]


def cents(value):
    return None if value is None else int(Decimal(value) * 100)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_every_published_figure(case):
    plan = schedule(read_terms(case["terms"]))
    assert len(plan.rows) == len(case["expected"])
    for row, expected in zip(plan.rows, case["expected"], strict=True):
        ours = {
            "due_date": row.due_on.isoformat(),
            "principal": row.principal_minor,
            "interest": row.interest_minor,
            "fees": row.fee_minor,
            "total": row.total_minor,
            "balance": row.outstanding_principal_minor,
        }
        theirs = {
            name: expected[name] if name == "due_date" else cents(expected[name])
            for name in ours
            if expected.get(name) is not None
        }
        assert {name: ours[name] for name in theirs} == theirs


def test_the_cases_are_all_there():
    assert len(CASES) == 23
