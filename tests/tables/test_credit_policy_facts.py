"""What a policy is told, from features; and the income of a usual year by month. What is not known stays unknown."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from puhui.credit.events import SCHEMA, empty_events
from puhui.credit.features.catalogue import FEATURES
from puhui.credit.income import income_by_month, spendable
from puhui.credit.policy_facts import ANSWERS, READS, overdue_count, policy_facts

AT = datetime(2026, 7, 31, 4, tzinfo=UTC)
REPORT_READ = {"inquiry_12m": 0, "inquiry_3m": 0}


@pytest.mark.parametrize(
    ("features", "name", "value"),
    [
        ({}, "monthly_income_minor", None),
        ({"income_mean_12m": 523_000.6}, "monthly_income_minor", 523_001),
        ({"repayment_unpaid_12m": 0}, "overdue_now_minor", 0),
        ({"repayment_unpaid_12m": 1}, "overdue_now_minor", None),
        ({}, "overdue_now_minor", None),
        # A credit report was read: it shows no debt, so nothing is overdue and nobody is owed.
        (REPORT_READ, "overdue_now_minor", 0),
        (REPORT_READ, "worst_days_late_24m", 0),
        (REPORT_READ, "lenders_count", 0),
        ({"inquiry_3m": 0}, "lenders_count", None),
        ({**REPORT_READ, "repayment_count_12m": 12}, "lenders_count", None),
        ({**REPORT_READ, "repayment_count_12m": 12, "repayment_lenders_12m": 2}, "lenders_count", 2),
        ({"credit_lenders": 1, "repayment_lenders_12m": 3}, "lenders_count", 3),
        ({"repayment_late_most_days_12m": 12, "repayment_late90_24m": 0}, "worst_days_late_24m", 12),
        ({"repayment_late_most_days_12m": 12, "repayment_late90_24m": 1}, "worst_days_late_24m", 91),
        ({"repayment_late_most_days_12m": 120, "repayment_late90_24m": 1}, "worst_days_late_24m", 120),
        ({"bill_late_share_12m": 0.25, "bill_count_12m": 24}, "bills_late_12m", 6),
        ({"bill_late_share_12m": 0.25}, "bills_late_12m", None),
        ({"invoice_sold_mean_24m": 100.0, "invoice_sold_mean_12m": 150.0}, "revenue_before_minor", 600),
        ({"invoice_sold_void_share_12m": 0.031}, "void_share_ppm", 31_000),
    ],
)
def test_a_policy_is_told(features, name, value):
    assert policy_facts(features).get(name) == value


def test_answers_read_what_is_said_and_nothing_else():
    read = set()

    class Asked(dict):
        def get(self, name, default=None):
            read.add(name)
            return super().get(name, default)

    for known in (Asked(), Asked(dict.fromkeys(READS, 0))):
        policy_facts(known)
        overdue_count(known)
    assert read == set(READS)
    assert read <= set(FEATURES)
    assert policy_facts(dict.fromkeys(READS, 0)).keys() == ANSWERS.keys()


def test_late_instalments_are_counted_only_where_they_are_known():
    assert overdue_count({"repayment_count_12m": 12, "repayment_late_share_12m": 0.25}) == 3
    assert overdue_count({"repayment_count_12m": 12}) is None


def wages(months):
    rows = [
        {
            "party": "a",
            "kind": "wage",
            "amount_minor": amount,
            "at": AT - timedelta(days=3 + 31 * ago),
            "recorded_at": AT - timedelta(days=2 + 31 * ago),
            "counterparty": "works",
            "source": "bank",
            "consent": "credit",
            "status": None,
            "late_days": None,
            "area_m2": None,
        }
        for ago, amount in months.items()
    ]
    return pl.DataFrame(rows, schema=dict(SCHEMA))


def test_a_month_before_all_that_is_known_is_not_zero():
    months = income_by_month(wages({0: 700, 2: 500}), AT)
    # July and May came in, June brought nothing; nothing is known of the rest of the year.
    assert months == (None, None, None, None, 500, 0, 700, *[None] * 5)


def test_a_month_seen_twice_is_the_mean_of_both():
    months = income_by_month(wages({**dict.fromkeys(range(12), 600), 12: 800}), AT)
    assert months[6] == 700
    assert set(months) == {600, 700}


@pytest.mark.parametrize(
    "change",
    [{"status": "returned"}, {"kind": "order"}, {"consent": "service"}, {"recorded_at": AT + timedelta(seconds=1)}],
)
def test_what_is_no_income_or_not_known_is_not_counted(change):
    one, other = (
        wages({0: 700}),
        wages({0: 900}).with_columns(pl.lit(value).alias(name) for name, value in change.items()),
    )
    assert income_by_month(pl.concat([one, other.cast(dict(SCHEMA))]), AT) == income_by_month(one, AT)


def test_without_events_no_month_is_known():
    assert income_by_month(empty_events(), AT) == (None,) * 12


@pytest.mark.parametrize(
    ("income", "to_pay_from"),
    [
        ([300] * 6 + [0] + [300] * 5, (300,) * 6 + (200,) + (300,) * 5),  # a poor month between good ones
        ([0] * 5 + [9000] + [0] * 6, (0,) * 5 + (9000, 3000, 3000) + (0,) * 4),  # a harvest stays in its month
        ([900] + [0] * 11, (900, 300, 300) + (0,) * 9),
        ([0] * 11 + [900], (300, 300) + (0,) * 9 + (900,)),  # January comes after December
    ],
)
def test_what_there_is_to_pay_from(income, to_pay_from):
    assert spendable(income) == to_pay_from
