"""Five-tier categories and stages: each reason alone, a row on each side of each boundary."""

from datetime import date

import pytest

from puhui.kernel.dates import day_number
from puhui.kernel.refusals import Refusal
from puhui.risk.category import Standing, category_of, tainted, with_debtor
from puhui.risk.floors import floors_on
from puhui.risk.observation import Clean, observe, observed
from puhui.risk.policy import OWN_FILE, POLICY_FILE, Observation, policies, policy_on, read_policies
from puhui.risk.stage import accrues, stage_of
from puhui.rulebook.loader import default_rulebook

TODAY = date(2026, 7, 31)
DAY = day_number(TODAY)
FLOORS = floors_on(TODAY, default_rulebook())
POLICY = policy_on(TODAY)
NORMAL, SM, SUB, DBT, LOSS = range(5)
FINE = {
    "past_due_days": 0,
    "category": NORMAL,
    "stage": 1,
    "cured": True,
    "recovered": True,
    "clean_since": 0,
    "restructured_on": 0,
    "npl_before": 0,
    "technical": 0,
    "card": 0,
}


def on(text):
    return day_number(date.fromisoformat(text))


# What differs from a loan that is fine, its category, its stage.
ROWS = [
    ({}, NORMAL, 1),
    # Days past due: CLS.SM, SUB, DBT, LOSS; stages IFRS9.30DPD, IFRS9.90DPD.
    ({"past_due_days": 1}, SM, 1),
    ({"past_due_days": 30}, SM, 1),
    ({"past_due_days": 31}, SM, 2),
    ({"past_due_days": 90}, SM, 2),
    ({"past_due_days": 91}, SUB, 3),
    ({"past_due_days": 270}, SUB, 3),
    ({"past_due_days": 271}, DBT, 3),
    ({"past_due_days": 360}, DBT, 3),
    ({"past_due_days": 361}, LOSS, 3),
    # A technical delay is spared up to seven days.
    ({"past_due_days": 7, "technical": 1}, NORMAL, 1),
    ({"past_due_days": 8, "technical": 1}, SM, 1),
    # A card is lost sooner: CLS.CARD.
    ({"past_due_days": 90, "card": 1}, SM, 2),
    ({"past_due_days": 91, "card": 1}, SUB, 3),
    ({"past_due_days": 120, "card": 1}, SUB, 3),
    ({"past_due_days": 121, "card": 1}, DBT, 3),
    ({"past_due_days": 180, "card": 1}, DBT, 3),
    ({"past_due_days": 181, "card": 1}, LOSS, 3),
    # Stage 3 stays, and is at least substandard (CLS.IMPAIRED), until it is cured; then through stage 2.
    ({"stage": 3, "category": SUB, "cured": False, "recovered": False}, SUB, 3),
    ({"stage": 3, "category": SUB, "cured": True, "recovered": False}, NORMAL, 2),
    ({"stage": 3, "category": SUB, "cured": True, "recovered": True}, NORMAL, 1),
    ({"stage": 2, "cured": False, "recovered": False}, NORMAL, 2),
    ({"stage": 2, "cured": False, "recovered": True}, NORMAL, 1),
    # Non-performing stays where it was while anything is late, then at least substandard.
    ({"category": DBT, "stage": 3, "past_due_days": 5, "cured": False}, DBT, 3),
    ({"category": DBT, "stage": 3, "past_due_days": 0, "cured": False}, SUB, 3),
    ({"category": LOSS, "stage": 3, "past_due_days": 91, "cured": False}, LOSS, 3),
    ({"category": SUB, "stage": 3, "past_due_days": 271, "cured": False}, DBT, 3),
    # Special mention is left on the day that nothing is late.
    ({"category": SM, "past_due_days": 0, "cured": False, "recovered": False}, NORMAL, 1),
    # Restructured (CLS.RESTRUCT): twelve months on time, from the restructuring or from the last delay.
    ({"restructured_on": on("2025-08-01")}, SM, 2),
    ({"restructured_on": on("2025-07-31")}, NORMAL, 1),
    ({"restructured_on": on("2025-08-01"), "npl_before": 1}, SUB, 3),
    ({"restructured_on": on("2025-07-31"), "npl_before": 1}, NORMAL, 1),
    ({"restructured_on": on("2024-01-01"), "clean_since": on("2025-08-01")}, SM, 2),
    ({"restructured_on": on("2024-01-01"), "clean_since": on("2025-07-31")}, NORMAL, 1),
    ({"restructured_on": on("2024-01-01"), "past_due_days": 1}, SM, 2),
]


@pytest.mark.parametrize(("differs", "category", "stage"), ROWS)
def test_category_and_stage(differs, category, stage):
    standing = Standing(**{**FINE, **differs})
    found = category_of(DAY, standing, FLOORS, POLICY)
    assert (found, stage_of(DAY, standing, found, FLOORS, POLICY)) == (category, stage)


def test_columns_are_the_rows():
    import numpy as np

    standings = [Standing(**{**FINE, **differs}) for differs, _, _ in ROWS]
    columns = Standing(*(np.array(column) for column in zip(*standings, strict=True)))
    categories = category_of(DAY, columns, FLOORS, POLICY)
    assert categories.tolist() == [category for _, category, _ in ROWS]
    assert stage_of(DAY, columns, categories, FLOORS, POLICY).tolist() == [stage for _, _, stage in ROWS]


# claims, non-performing: more than a tenth taints the rest (CLS.DEBTOR10).
DEBTORS = [
    (10_000_000, 1_000_000, False),
    (10_000_000, 1_000_001, True),
    (9_999_999, 1_000_000, True),
    (9_999_990, 999_999, False),
    (0, 0, False),
    (9 * 10**18, 9 * 10**17, False),  # no overflow at the largest
    (9 * 10**18, 9 * 10**17 + 1, True),
]


@pytest.mark.parametrize(("claims", "bad", "expected"), DEBTORS)
def test_debtor(claims, bad, expected):
    import numpy as np

    assert tainted(claims, bad, FLOORS) == expected
    assert tainted(np.array([claims]), np.array([bad]), FLOORS).tolist() == [expected]


def test_debtor_makes_no_claim_better():
    assert [with_debtor(category, True, FLOORS) for category in range(5)] == [SUB, SUB, SUB, DBT, LOSS]
    assert [with_debtor(category, False, FLOORS) for category in range(5)] == [NORMAL, SM, SUB, DBT, LOSS]


# before (since, payments), watched, late, fell due -> after
OBSERVATIONS = [
    ((0, 0), True, False, 0, (DAY, 0)),  # the first day on which it is not late
    ((0, 0), True, False, 1, (DAY, 0)),  # what fell due before it began does not count
    ((DAY - 10, 0), True, False, 1, (DAY - 10, 1)),
    ((DAY - 10, 4), True, False, 0, (DAY - 10, 4)),
    ((DAY - 10, 4), True, True, 1, (0, 0)),  # late: it begins anew
    ((DAY - 10, 4), False, False, 1, (0, 0)),  # nothing left to observe
]


@pytest.mark.parametrize(("before", "watched", "late", "fell_due", "after"), OBSERVATIONS)
def test_observe(before, watched, late, fell_due, after):
    assert observe(DAY, Clean(*before), watched, late, fell_due) == after


# since, payments, paid up -> complete, for six months and two instalments
COMPLETE = [
    ("2026-01-31", 2, True, True),
    ("2026-02-01", 2, True, False),  # a day short
    ("2026-01-31", 1, True, False),  # an instalment short
    ("2026-01-31", 2, False, False),  # one of them is still unpaid, within its grace
]


@pytest.mark.parametrize(("since", "payments", "paid_up", "expected"), COMPLETE)
def test_observed(since, payments, paid_up, expected):
    assert observed(DAY, Clean(on(since), payments), paid_up, Observation(6, 2)) == expected
    assert not observed(DAY, Clean(0, payments), paid_up, Observation(0, 0))


def test_interest_is_income_before_stage_3():
    assert [accrues(stage, POLICY) for stage in (1, 2, 3)] == [True, True, False]


def test_law_is_read_and_prudent_before_it_is_in_force():
    assert FLOORS.overdue == ((0, SM), (90, SUB), (270, DBT), (360, LOSS))
    assert (FLOORS.technical_days, FLOORS.restructured_months, FLOORS.debtor_share_ppm) == (7, 12, 100_000)
    assert (FLOORS.second_stage_days, FLOORS.third_stage_days) == (30, 90)
    assert floors_on(date(2019, 1, 1), default_rulebook()) == FLOORS


def test_policy_of_a_day():
    assert policy_on(date(2018, 1, 1)) == policies()[0]
    with pytest.raises(Refusal) as refused:
        policy_on(date(2017, 12, 31))
    assert refused.value.code == "RISK_POLICY_MISSING"
    with pytest.raises(Refusal, match="non_performing"):
        read_policies({"policies": [{"non_performing": "BAD"}]})


def test_an_institutions_own_policy(tmp_path, monkeypatch):
    own = POLICY_FILE.read_text(encoding="utf-8").replace("{months: 6, payments: 2}", "{months: 9, payments: 3}")
    (tmp_path / OWN_FILE).write_text(own, encoding="utf-8")
    monkeypatch.setenv("PUHUI_HOME", str(tmp_path))
    assert policy_on(TODAY).upgrade == Observation(9, 3)
