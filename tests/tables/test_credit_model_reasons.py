"""Reasons, and what would change a decision."""

import numpy as np
import pytest

from puhui.credit.reasons import Lever, name_of, reasons, what_would_change
from puhui.kernel.language import Text

CATALOGUE = {"debt": Text("负债", "debt"), "income": Text("收入", "income")}
FEATURES = ("debt", "income", "age", "late", "calls", "gap")


def test_at_most_four_the_weightiest_first_and_only_those_that_push_up():
    pushes = np.array([[0.5, 0.1, -0.9, 0.7, 0.3, 0.2], [0.02, 0.021, 0.0, -1.0, 0.0, 0.0]])
    rows = [dict.fromkeys(FEATURES, 1.5) | {"gap": None}, dict.fromkeys(FEATURES)]
    first, second = reasons(FEATURES, pushes, rows, CATALOGUE)
    assert [reason.feature for reason in first] == ["late", "debt", "calls", "gap"]
    assert first[1].text == Text("“负债”为 1.5，风险高于一般申请人", "debt is 1.5: a higher risk than most applicants")
    assert "缺少" in first[3].text.zh
    # Exactly the least is no reason; a little more is.
    assert [reason.feature for reason in second] == ["income"]


def test_a_name_without_a_text_is_its_own():
    assert name_of("late_count", CATALOGUE) == Text("late_count", "late count")


LEVERS = (Lever("debt", -1, 10.0, steps=10, least=0.0), Lever("income", 1, 5.0, steps=10))


@pytest.mark.parametrize(
    ("debt", "changes"),
    [
        (100, None),
        (101, (("debt", 101, 91.0),)),
        (120, (("debt", 120, 100.0),)),
        (200, (("debt", 200, 100.0),)),
    ],
)
def test_the_nearest_step_on_one_lever(debt, changes):
    found = what_would_change({"debt": debt, "income": 50}, LEVERS, lambda row: row["debt"] <= 100, CATALOGUE)
    assert (found and found.changes) == changes


def test_two_levers_when_one_is_not_enough():
    def decide(row):
        return row["debt"] <= 150 and row["income"] >= 60

    found = what_would_change({"debt": 170, "income": 50}, LEVERS, decide, CATALOGUE)
    assert found.changes == (("debt", 170, 150.0), ("income", 50, 60.0))
    assert found.effort == pytest.approx(0.4)
    assert "负债" in found.text.zh
    assert "income" in found.text.en


def test_beyond_reach_and_missing_are_none():
    assert what_would_change({"debt": 201, "income": 5}, LEVERS, lambda row: row["debt"] <= 100, CATALOGUE) is None
    assert what_would_change({"debt": None, "income": 5}, LEVERS, lambda row: row["debt"] == 0, CATALOGUE) is None
    low = (Lever("debt", -1, 10.0, steps=10, least=50.0),)
    assert what_would_change({"debt": 60}, low, lambda row: row["debt"] < 50, CATALOGUE) is None


def test_a_decision_that_is_not_monotone_is_run_not_guessed():
    found = what_would_change({"debt": 100, "income": 0}, LEVERS, lambda row: row["debt"] in (70, 60), CATALOGUE)
    assert found.changes == (("debt", 100, 70.0),)
