"""What a day makes of each loan, in columns, is what the functions for one loan make of it; debtors by brute force."""

from dataclasses import replace
from datetime import date

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from loan_lives import lives
from night_example import Shard, today_of
from puhui.accounting.books import MIRRORED, books
from puhui.batch.book import ACTIVE, Dues, at, empty_book
from puhui.batch.day import judged
from puhui.batch.groups import Group, Groups
from puhui.batch.steps.expected_loss import exposure_of
from puhui.batch.sums import books_by_group, group_sums
from puhui.kernel.dates import day_number
from puhui.risk.category import Standing, category_of, tainted, with_debtor
from puhui.risk.delinquency import bucket_of, days_past_due
from puhui.risk.expected_loss import Exposure, expected_loss_minor
from puhui.risk.observation import Clean, observe, observed
from puhui.risk.stage import accrues, stage_of

DAY = day_number(date(2026, 7, 31))
NOBODY = ("inst_1", "test", "410329", "", "CNY")
GROUPS = Groups(
    [
        Group(*NOBODY, ("any", "personal_loan"), 0, 60_000, 0, 3, 360, 0, 0, 0, 1, 0),
        Group(*NOBODY, ("any", "auto"), 800_000, 60_000, 0, 0, 360, 0, 0, 0, 0, 1),
        Group(*NOBODY, ("any", "credit_card", "personal_loan"), 0, 60_000, 1, 0, 365, 0, 0, 0, 0, 0),
    ]
)
TODAY = replace(today_of(DAY, GROUPS), dues=Dues(np.zeros(0, np.intp), {}))


def random_book(seed, loans):
    """Return a book in which every reason of every class is common."""
    random = np.random.default_rng(seed)

    def some(values, dtype=np.int64):
        return random.choice(np.array(values), loans).astype(dtype)

    book = empty_book(loans)
    book["key"] = np.arange(loans)
    book["group"] = some([0, 1, 2], np.int32)
    book["debtor"] = np.where(book["group"] == 1, random.integers(1, max(2, loans // 4), loans), 0)
    book["status"] = some([ACTIVE, ACTIVE, ACTIVE, ACTIVE, 2, 3], np.int8)
    late = [0, 0, 1, 3, 4, 7, 8, 30, 31, 90, 91, 120, 121, 180, 181, 270, 271, 360, 361, 900]
    book["oldest_due_on"] = np.where((gap := some(late)) > 0, DAY - gap, 0).astype(np.int32)
    book["category"], book["stage"] = some([0, 0, 0, 1, 2, 3, 4], np.int8), some([1, 1, 1, 2, 3], np.int8)
    book["restructured_on"] = np.where(some([0, 0, 1]) > 0, DAY - some([1, 100, 364, 365, 366, 700]), 0).astype(
        np.int32
    )
    book["npl_before"] = some([0, 1], np.int8)
    book["clean_since"] = np.where(some([0, 1]) > 0, DAY - some([1, 88, 92, 93, 180, 181, 182, 400]), 0).astype(
        np.int32
    )
    book["clean_payments"] = np.where(book["clean_since"] > 0, some([0, 1, 2, 3]), 0).astype(np.int16)
    book["accruing"] = some([0, 1], np.int8)
    book["principal_minor"] = random.integers(0, 10**7, loans) * some([1, 1, 1, 100_000])
    book["drawn_minor"] = book["principal_minor"] + some([0, 10**6])
    book["most_minor"], book["can_draw"] = book["drawn_minor"] + some([0, 5 * 10**6]), some([0, 1], np.int8)
    book["annual_rate_ppm"] = random.integers(0, 240_000, loans).astype(np.int32)
    book["last_due_on"] = (DAY + some([-50, 0, 1, 30, 31, 366, 2000])).astype(np.int32)
    book["interest_due_total_minor"] = random.integers(0, 10**6, loans)
    book["interest_running_minor"] = random.integers(0, 10**5, loans)
    told = {f"told_{name}": book[name] for name in ("category", "stage", "accruing")}
    return {
        **book,
        **told,
        "fell_due": some([0, 0, 1], np.int8),
        "old_bucket": book["bucket"],
        "ahead": some([0, 0, 1], np.int8),
    }


def judged_one(row):
    """Return what the day makes of one loan, before its debtor's other claims, by the functions for one."""
    if row["status"] != ACTIVE:
        return None
    terms = {name: int(column[row["group"]]) for name, column in TODAY.groups.items()}
    days = days_past_due(DAY, row["oldest_due_on"], terms["grace_days"])
    watched = row["category"] > 0 or row["stage"] > 1 or row["restructured_on"] > 0
    clean = Clean(row["clean_since"], row["clean_payments"])
    clean = observe(DAY, clean, watched, days > 0, row["fell_due"])
    paid_up = row["oldest_due_on"] == 0
    standing = Standing(
        days,
        row["category"],
        row["stage"],
        observed(DAY, clean, paid_up, TODAY.policy.upgrade),
        observed(DAY, clean, paid_up, TODAY.policy.recovery),
        clean.since,
        row["restructured_on"],
        row["npl_before"],
        0,
        terms["card"],
    )
    return standing, clean, category_of(DAY, standing, TODAY.floors, TODAY.policy)


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.integers(1, 60))
def test_judged_in_columns_is_judged_one_by_one(seed, loans):
    book = random_book(seed, loans)
    rows = [{name: int(column[place]) for name, column in book.items()} for place in range(loans)]
    after = judged(book, TODAY)
    ones = [judged_one(row) for row in rows]
    for place, (row, one) in enumerate(zip(rows, ones, strict=True)):
        got = {name: int(column[place]) for name, column in after.items()}
        if one is None:
            assert (got["category"], got["stage"], got["accruing"]) == (row["category"], row["stage"], row["accruing"])
            assert (got["past_due_days"], got["bucket"], got["expected_loss_minor"]) == (0, 0, 0)
            continue
        standing, clean, category = one
        mine = [
            (other["principal_minor"], judgement[2] >= TODAY.policy.non_performing)
            for other, judgement in zip(rows, ones, strict=True)
            if judgement and row["debtor"] and other["debtor"] == row["debtor"]
        ]
        claims, bad = sum(minor for minor, _ in mine), sum(minor for minor, is_bad in mine if is_bad)
        category = with_debtor(category, tainted(claims, bad, TODAY.floors), TODAY.floors)
        stage = stage_of(DAY, standing, category, TODAY.floors, TODAY.policy)
        assert (got["past_due_days"], got["bucket"]) == (standing.past_due_days, bucket_of(standing.past_due_days))
        assert (got["clean_since"], got["clean_payments"]) == clean
        assert (got["category"], got["stage"]) == (category, stage)
        assert got["accruing"] == (row["accruing"] if row["ahead"] else accrues(stage, TODAY.policy))
        part = at(after, [place])
        exposure = Exposure(*(int(column[0]) for column in exposure_of(part, TODAY)))
        assert got["expected_loss_minor"] == expected_loss_minor(exposure, TODAY.losses)


@settings(max_examples=15)
@given(st.lists(lives(most=6), min_size=1, max_size=5), st.integers(0, 3))
def test_sums_of_the_book_are_the_sums_of_the_books(some, days):
    shard = Shard(some, max(life.position.as_of for life in some))
    for _ in range(days):
        shard.next_day()
    sums = books_by_group(shard.book, today_of(shard.day, shard.groups), shard.day)
    right = dict.fromkeys(MIRRORED, 0)
    for life, position in zip(some, shard.positions, strict=True):
        for account, balance in books(position, life.agreement).items():
            right[account] += balance
    assert {account: int(column.sum()) for account, column in sums.items()} == right


@given(st.lists(st.integers(0, 6), max_size=40))
def test_sums_by_group_in_any_order(groups):
    place = np.array(groups, np.int32)
    amounts = np.arange(1, len(groups) + 1) * 10**15
    found = group_sums(place, {"a": amounts}, 7)["a"]
    assert found.tolist() == [int(amounts[place == group].sum()) for group in range(7)]
