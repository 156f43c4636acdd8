"""Balances, movements, trial balances, reconciliation and closed periods, each figure worked by hand."""

from datetime import UTC, date, datetime

import pytest

from puhui.kernel.refusals import Refusal
from puhui.ledger.balances import (
    Difference,
    Key,
    Line,
    Total,
    balances,
    movement,
    reconcile,
    totals,
    totals_of,
    trial_balance,
)
from puhui.ledger.chart import load_chart
from puhui.ledger.entry import Dimensions, Entry, Posting, reversal
from puhui.ledger.period import check_open, close_period, open_day

AT = datetime(2024, 3, 1, tzinfo=UTC)
CAR, SHOP = Dimensions(product="car", region="410323"), Dimensions(product="shop", region="410323")
CASH, LOAN, INCOME, OFF, CONTRA = "1002.01", "1303.01", "6011.01", "8041.01", "8999.01"
CHART = load_chart()


def entry(name, day, *legs):
    postings = tuple(Posting(account, amount, dimensions) for account, amount, dimensions in legs)
    return Entry(name, "test", "", date.fromisoformat(day), AT, postings)


# Lend 1,000.00 on a car and 500.00 to a shop; the shop pays back 200.00 and 3.00 interest; 90.00 off balance.
BOOK = [
    entry("e1", "2024-01-31", (LOAN, 100000, CAR), (CASH, -100000, CAR)),
    entry("e2", "2024-02-01", (LOAN, 50000, SHOP), (CASH, -50000, SHOP)),
    entry("e3", "2024-02-29", (CASH, 20300, SHOP), (LOAN, -20000, SHOP), (INCOME, -300, SHOP)),
    entry("e4", "2024-03-01", (OFF, 9000, SHOP), (CONTRA, -9000, SHOP)),
]


@pytest.mark.parametrize(
    ("since", "until", "loan", "cash", "income"),
    [
        ("2024-01-01", "2024-01-30", 0, 0, 0),
        ("2024-01-01", "2024-01-31", 100000, -100000, 0),
        ("2024-01-01", "2024-02-01", 150000, -150000, 0),
        ("2024-01-01", "2024-02-28", 150000, -150000, 0),
        ("2024-01-01", "2024-02-29", 130000, -129700, -300),
        ("2024-02-01", "2024-02-29", 30000, -29700, -300),
        ("2024-02-02", "2024-02-29", -20000, 20300, -300),
        ("2024-03-01", "2024-03-31", 0, 0, 0),
    ],
)
def test_both_ends_of_a_span_of_days_count(since, until, loan, cash, income):
    rows = totals(BOOK, since=date.fromisoformat(since), until=date.fromisoformat(until))
    held = dict.fromkeys((LOAN, CASH, INCOME), 0)
    for row in rows:
        held[row.key.account] = held.get(row.key.account, 0) + row.balance_minor
    assert (held[LOAN], held[CASH], held[INCOME]) == (loan, cash, income)


def test_debits_and_credits_are_kept_apart():
    assert totals_of(posting for one in BOOK for posting in one.postings)[2:5] == [
        Total(Key(LOAN, "CNY", CAR), 100000, 0),
        Total(Key(LOAN, "CNY", SHOP), 50000, 20000),
        Total(Key(INCOME, "CNY", SHOP), 0, 300),
    ]


def test_trial_balance_of_the_whole():
    trial = trial_balance(totals(BOOK))
    assert trial.lines == (
        Line("", CASH, "CNY", 0, 20300, 150000, -129700),
        Line("", LOAN, "CNY", 0, 150000, 20000, 130000),
        Line("", INCOME, "CNY", 0, 0, 300, -300),
        Line("", OFF, "CNY", 0, 9000, 0, 9000),
        Line("", CONTRA, "CNY", 0, 0, 9000, -9000),
    )
    assert trial.differences(CHART) == {}


def test_trial_balance_by_product_and_over_february():
    opening = balances(totals(BOOK, until=date(2024, 1, 31)))
    february = totals(BOOK, since=date(2024, 2, 1), until=date(2024, 2, 29))
    trial = trial_balance(february, opening, by="product")
    assert trial.lines == (
        Line("car", CASH, "CNY", -100000, 0, 0, -100000),
        Line("car", LOAN, "CNY", 100000, 0, 0, 100000),
        Line("shop", CASH, "CNY", 0, 20300, 50000, -29700),
        Line("shop", LOAN, "CNY", 0, 50000, 20000, 30000),
        Line("shop", INCOME, "CNY", 0, 0, 300, -300),
    )
    assert trial.differences(CHART) == {}
    assert {line.group for line in trial_balance(february, opening, by="region").lines} == {"410323"}


def test_a_trial_balance_that_does_not_balance_says_where():
    rows = [
        Total(Key(LOAN, "CNY", CAR), 100, 0),
        Total(Key(CASH, "CNY", CAR), 0, 99),
        Total(Key(OFF, "CNY", SHOP), 7, 0),
        Total(Key(CASH, "USD", SHOP), 5, 0),
        Total(Key(LOAN, "USD", SHOP), 0, 5),
    ]
    assert trial_balance(rows).differences(CHART) == {("", "CNY", False): 1, ("", "CNY", True): 7}
    assert trial_balance(rows, by="product").differences(CHART) == {
        ("car", "CNY", False): 1,
        ("shop", "CNY", True): 7,
    }


def test_movement_adds_up():
    before, after = balances(totals(BOOK, until=date(2024, 1, 31))), balances(totals(BOOK, until=date(2024, 2, 29)))
    moved = movement(before, after)
    assert moved == balances(totals(BOOK, since=date(2024, 2, 1), until=date(2024, 2, 29)))
    assert movement(after, after) == {}


def test_reconciliation_names_each_account_that_differs():
    sub = {Key(LOAN, "CNY", CAR): 100, Key(LOAN, "CNY", SHOP): 50, Key(INCOME): -3}
    general = {Key(LOAN, "CNY", CAR): 100, Key(LOAN, "CNY", SHOP): 49, Key(OFF): 2}
    found = reconcile(sub, general)
    assert found == [
        Difference(Key(LOAN, "CNY", SHOP), 50, 49),
        Difference(Key(INCOME), -3, 0),
        Difference(Key(OFF), 0, 2),
    ]
    assert [each.difference_minor for each in found] == [-1, 3, 2]
    assert reconcile(sub, dict(sub)) == []


def test_a_reversal_takes_every_leg_back_on_its_own_day():
    back = reversal(BOOK[2], "e9", "fact_9", date(2024, 3, 5), AT)
    assert (back.reverses, back.fact, back.kind, back.effective_on) == ("e3", "fact_9", "test", date(2024, 3, 5))
    assert balances(totals([BOOK[2], back])) == {}
    assert balances(totals([BOOK[2], back], until=date(2024, 3, 4))) == balances(totals([BOOK[2]]))
    with pytest.raises(AssertionError, match="reversal"):
        reversal(back, "e10", "fact_10", date(2024, 3, 6), AT)


def test_an_entry_balances_in_each_currency():
    legs = (Posting(CASH, 5), Posting(LOAN, -5, currency="USD"))
    with pytest.raises(Refusal) as caught:
        Entry("e", "test", "", date(2024, 1, 1), AT, legs)
    assert caught.value.code == "ENTRY_UNBALANCED"
    with pytest.raises(AssertionError, match="nothing"):
        Entry("e", "test", "", date(2024, 1, 1), AT, (Posting(CASH, 0),))


# --- closed periods ---------------------------------------------------------------------------------

FIRST = date(2024, 2, 1)


@pytest.mark.parametrize(
    ("day", "open_from", "refused", "lands_on"),
    [
        (date(2024, 1, 31), FIRST, True, FIRST),
        (date(2024, 2, 1), FIRST, False, date(2024, 2, 1)),
        (date(2024, 2, 2), FIRST, False, date(2024, 2, 2)),
        (date(1990, 1, 1), None, False, date(1990, 1, 1)),
    ],
)
def test_no_entry_takes_effect_in_a_closed_period(day, open_from, refused, lands_on):
    assert open_day(day, open_from) == lands_on
    if not refused:
        check_open(day, open_from)
        return
    with pytest.raises(Refusal) as caught:
        check_open(day, open_from)
    assert (caught.value.code, caught.value.fields) == ("PERIOD_CLOSED", ("effective_on",))


@pytest.mark.parametrize(
    ("through", "open_from", "watermark", "code"),
    [
        (date(2024, 1, 31), None, date(2024, 1, 31), ""),
        (date(2024, 1, 31), None, date(2024, 1, 30), "PERIOD_NOT_READY"),
        (date(2024, 1, 31), None, None, "PERIOD_NOT_READY"),
        (date(2024, 1, 31), FIRST, date(2024, 2, 29), "PERIOD_ORDER"),
        (date(2024, 2, 1), FIRST, date(2024, 2, 29), ""),
    ],
)
def test_a_period_closes_after_its_nights_and_once(through, open_from, watermark, code):
    trial = trial_balance(totals(BOOK))
    if not code:
        assert close_period(through, open_from, watermark, trial, CHART) == date(2024, 2, 1 if through < FIRST else 2)
        return
    with pytest.raises(Refusal) as caught:
        close_period(through, open_from, watermark, trial, CHART)
    assert caught.value.code == code


def test_a_period_does_not_close_on_a_trial_balance_that_is_off():
    trial = trial_balance([Total(Key(LOAN), 1, 0)])
    with pytest.raises(Refusal) as caught:
        close_period(date(2024, 1, 31), None, date(2024, 1, 31), trial, CHART)
    assert caught.value.code == "PERIOD_UNBALANCED"
