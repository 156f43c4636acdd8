"""What is read from the real files and how it is counted, row by row."""

import doctest

import numpy as np
import polars as pl
import pytest

from puhui.demo.files import firms, page, people
from puhui.demo.files.people import accepted_curve, cut_off, facts_of, outcome, value_minor

COLUMNS = {
    "age": "age_years",
    "MonthlyIncome": "monthly_income_minor",
    "DebtRatio": "debt_share_ppm",
    "RevolvingUtilizationOfUnsecuredLines": "utilisation_ppm",
    "NumberOfTime30-59DaysPastDueNotWorse": "late_30_count",
    "NumberOfTime60-89DaysPastDueNotWorse": "late_60_count",
    "NumberOfTimes90DaysLate": "late_90_count",
}
WHOLE = dict.fromkeys(COLUMNS, 1.0)


@pytest.mark.parametrize("module", [people, page])
def test_the_examples_are_true(module):
    assert doctest.testmod(module).failed == 0
    assert doctest.testmod(module).attempted


# the column of the file, its value, the fact, what it becomes
ROWS = [
    ("age", 42.0, "age_years", 42),
    ("age", None, "age_years", None),
    ("MonthlyIncome", 9120.0, "monthly_income_minor", 912_000),
    ("MonthlyIncome", 0.0, "monthly_income_minor", 0),
    ("MonthlyIncome", None, "monthly_income_minor", None),
    ("DebtRatio", 0.802982, "debt_share_ppm", 802_982),
    # Without an income the file's ratio is an amount.
    ("MonthlyIncome", None, "debt_share_ppm", None),
    ("MonthlyIncome", 0.0, "debt_share_ppm", 1_000_000),
    ("RevolvingUtilizationOfUnsecuredLines", 0.9999999, "utilisation_ppm", 1_000_000),
    ("RevolvingUtilizationOfUnsecuredLines", 50_708.0, "utilisation_ppm", 50_708_000_000),
    ("NumberOfTimes90DaysLate", 17.0, "late_90_count", 17),
    ("NumberOfTimes90DaysLate", 96.0, "late_90_count", None),
    ("NumberOfTime60-89DaysPastDueNotWorse", 98.0, "late_60_count", None),
    ("NumberOfTime30-59DaysPastDueNotWorse", 0.0, "late_30_count", 0),
]


@pytest.mark.parametrize(("column", "value", "fact", "wanted"), ROWS)
def test_a_column_of_the_file_becomes_a_fact_of_the_policy(column, value, fact, wanted):
    table = pl.DataFrame([{**WHOLE, column: value}], schema=dict.fromkeys(COLUMNS, pl.Float64))
    assert facts_of(table)[fact].to_list() == [wanted]


def test_a_cut_off_takes_those_below_it_whom_the_other_rules_pass():
    answers = pl.DataFrame({"pd_ppm": [9_999, 10_000, 5_000, 1], "outcome": ["approve", "refer", "refer", "approve"]})
    passed, label = pl.Series([True, True, False, True]), pl.Series([1, 0, 1, 0])
    found = cut_off(answers, passed, label, 10_000)
    assert (found["rows"], found["bad"], found["share"], found["is_policy"]) == (2, 1, 0.5, True)
    assert found["value_minor"] == value_minor(1, 1) == 1_000_000 * (70_000 - 600_000) // 1_000_000
    assert not cut_off(answers, passed, label, 10_001)["is_policy"]


def test_nobody_has_no_bad_rate():
    found = outcome(pl.Series([False, False]), pl.Series([0, 1]))
    assert (found["rows"], found["bad_rate"], found["bad_low"], found["bad_high"]) == (0, None, 0.0, 1.0)


def test_the_curve_goes_from_the_safest_to_all():
    risk, bad = np.array([0.4, 0.1, 0.3, 0.2]), np.array([1.0, 0.0, 1.0, 0.0])
    found = accepted_curve(risk, bad, np.array([True, True, True, False]))
    assert set(found) == {(0.25, 0.0), (0.5, 0.5), (0.75, 2 / 3)}
    assert found[-1] == (0.75, 2 / 3)


def test_an_amount_is_never_above_the_share_of_sales_and_the_declined_are_left_out():
    rows = {
        "outcome": ["approve", "refer", "decline", "decline", "approve"],
        "grade": ["A", "B", "D", "A", "A"],
        "pd_ppm": [1, 2, 3, 4, 5],
    }
    facts = pl.DataFrame({"party": list("abcde"), "revenue_12m_minor": [100, 205, 300, 400, None]})
    found = [
        (each.name, each.rating, each.pd_ppm, each.most_minor) for each in firms.borrowers(facts, pl.DataFrame(rows))
    ]
    assert found == [("a", "A", 1, 20), ("b", "B", 2, 41), ("e", "A", 5, 0)]


def test_facts_of_firms_come_from_features_and_what_is_not_known_stays_so():
    row = dict.fromkeys(firms.read_by_policy(), 0.5) | {
        "invoice_sold_mean_12m": 1_000,
        "invoice_sold_history_months": 14,
        "invoice_sold_year_growth": None,
        "invoice_sold_top_share_12m": None,
    }
    [found] = firms.facts_of(pl.DataFrame([row])).to_dicts()
    assert found == {
        "history_months": 14,
        "active_months_12m": 6,
        "revenue_12m_minor": 12_000,
        "year_growth_ppm": None,
        "void_share_ppm": 500_000,
        "negative_share_ppm": 500_000,
        "top_buyer_share_ppm": None,
    }
