"""The parts of a night one by one: rows that a banker can check."""

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from loan_example import Life, day
from night_example import Shard, today_of
from puhui.accounting.accounts import IMPAIRMENT_LOSS, INTEREST_ACCRUED, INTEREST_INCOME, PRINCIPAL, PROVISION
from puhui.batch.book import (
    LARGEST_NUMERATOR,
    NAMES,
    TYPES,
    Dues,
    at,
    empty_book,
    joined,
    lowered,
    places_of,
    size_of,
)
from puhui.batch.day import Events, alone_today, frozen, no_events, passed
from puhui.batch.engines import in_turn, threads
from puhui.batch.gather import is_tail
from puhui.batch.groups import Group, Groups, groups_from_json, still_hold, tags_of
from puhui.batch.rows import book_of_rows, debtor_of
from puhui.batch.shard import in_order, shard_of
from puhui.batch.snapshot import Manifest, install, manifest_of, read_part, write_manifest, write_part
from puhui.batch.steps.entries import by_dimensions, entries_of, moved_of
from puhui.batch.steps.expected_loss import exposure_of, months_left
from puhui.batch.steps.provisions import needed_by_dimensions, provision_changes, totals_of_changes
from puhui.batch.steps.reconcile import reconciled
from puhui.kernel.refusals import Refusal
from puhui.ledger.balances import Key, Total
from puhui.ledger.chart import load_chart
from puhui.ledger.entry import Dimensions

DAY, AT = date(2026, 7, 31), datetime(2026, 8, 1, tzinfo=UTC)
NONE = np.zeros(0, np.int64)
TERMS = {
    "method": "annuity",
    "instalments": 12,
    "day_count": "30/360",
    "principal_minor": 6_000_000,
    "annual_rate_ppm": 72_000,
    "disbursed_on": "2026-01-15",
}


def group(product="auto_used", funder="", share_ppm=0):
    made = Group("bank_a", product, "410323", funder, "CNY", tags_of(product), share_ppm, *[0] * 3, 360, *[0] * 5)
    return made._replace(together=int(product == "auto_used"))


def shard(*servicings):
    """Return loans of 15 January, instalment unpaid since, on the evening of 20 February."""
    lives = []
    for servicing in servicings or ({},):
        life = Life(TERMS, {"overdue_multiplier_ppm": 1_500_000, **servicing})
        life.on(date(2026, 1, 15), "disbursement", amount_minor=6_000_000)
        lives.append(life)
    return Shard(lives, day("2026-02-20"))


# --- the book ---------------------------------------------------------------------------------------

# numerator, day base -> numerator, whole units taken: nothing up to the bound
LOWERED = [
    (LARGEST_NUMERATOR, 360, (LARGEST_NUMERATOR, 0)),
    (LARGEST_NUMERATOR + 1, 360, ((LARGEST_NUMERATOR + 1) % 360_000_000, (LARGEST_NUMERATOR + 1) // 360_000_000)),
    (5, 365, (5, 0)),
]


@pytest.mark.parametrize(("numerator", "base", "expected"), LOWERED)
def test_a_numerator_is_kept_within_63_bits(numerator, base, expected):
    assert lowered(numerator, base) == expected
    column, whole = lowered(np.array([numerator]), np.array([base]))
    assert (column[0], whole[0]) == expected


def test_places_of_keys():
    book = {**empty_book(3), "key": np.array([30, 10, 20])}
    assert places_of(book, np.array([10, 15, 30])).tolist() == [1, -1, 0]
    assert places_of(empty_book(), np.array([10])).tolist() == [-1]


def test_a_value_too_wide_for_its_column_is_a_bug():
    row = [0] * len(NAMES)
    row[NAMES.index("category")] = 200
    with pytest.raises(AssertionError, match="category"):
        book_of_rows([row])


def test_one_debtor_is_one_number_in_each_institution():
    assert debtor_of("bank_a", "party_1") == debtor_of("bank_a", "party_1") != debtor_of("bank_b", "party_1")
    assert 0 < debtor_of("bank_a", "party_1") < 2**63


def test_loans_of_one_debtor_share_a_shard():
    assert shard_of(np.array([7, 7, 0, 0]), np.array([1, 2, 1, 2]), 4).tolist() == [3, 3, 1, 2]


def test_groups_survive_their_manifest():
    groups = Groups([group(), group(funder="fund_1", share_ppm=800_000)])
    assert groups_from_json(groups.as_json()).listed == groups.listed
    assert groups.place_of(group(funder="fund_1", share_ppm=800_000)) == 1
    assert groups.place_of(group("personal_instalment")) == 2
    assert still_hold(groups)
    assert not still_hold(Groups([group()._replace(together=0)]))


# --- one day ----------------------------------------------------------------------------------------


def test_grace_ends_and_penalty_counts_from_the_due_day():
    """Due 15 February, three days of grace: fresh through the 18th; on the 19th four days of penalty at once."""
    grace = shard({"grace_days": 3})
    grace.positions = [life.folded() for life in grace.lives]
    early = Shard(grace.lives, day("2026-02-14"))
    seen = []
    for _ in range(6):
        early.next_day()
        seen.append((int(early.book["fresh_due_on"][0] > 0), int(early.book["penalty_running_minor"][0])))
    unpaid = int(early.book["due_principal_minor"][0])
    a_day = unpaid * 108_000 / 360e6
    assert [fresh for fresh, _ in seen] == [1, 1, 1, 1, 0, 0]
    assert [minor for _, minor in seen] == [0, 0, 0, 0, round(4 * a_day), round(5 * a_day)]


def test_what_the_book_remembers_outlives_an_event():
    one = shard()
    book = {
        **one.book,
        "clean_since": np.array([day("2026-02-01")], np.int32),
        "clean_payments": np.array([3], np.int16),
    }
    rows = one.rows([0])
    after = passed(book, today_of(one.day + 1, one.groups), Events(rows, frozen(rows), NONE, NONE)).book
    assert (int(after["clean_since"][0]), int(after["clean_payments"][0])) == (day("2026-02-01"), 3)
    assert int(after["old_bucket"][0]) == 0


def test_a_new_loan_comes_at_the_end_and_a_moved_one_too():
    one = shard({}, {}, {})
    today = today_of(one.day + 1, one.groups)
    moved, new = one.rows([1]), {**one.rows([0]), "key": np.array([9])}
    moved["group"] = moved["group"] + 1
    after = passed(
        one.book,
        today_of(one.day + 1, Groups([*one.groups.listed, group()])),
        Events(joined([moved, new]), moved, NONE, NONE),
    )
    assert after.book["key"].tolist() == [0, 2, 1, 9]
    assert after.book["old_bucket"].tolist() == [0, 0, 0, -1]
    assert after.gone["key"].tolist() == [1]
    assert passed(one.book, today, no_events()).book["key"].tolist() == [0, 1, 2]


def test_a_loan_set_aside_stands_still():
    one = shard({}, {})
    aside = Events(empty_book(), empty_book(), np.array([1]), NONE)
    book = one.book
    for days in (1, 2):
        after = passed(book, today_of(one.day + days, one.groups), aside).book
        book = {name: after[name] for name in NAMES}
    assert book["alone"].tolist() == [0, 1]
    assert int(book["interest_running_minor"][1]) == int(one.book["interest_running_minor"][1])
    assert int(book["interest_running_minor"][0]) > int(one.book["interest_running_minor"][0])
    assert book["late_numerator"][1] == one.book["late_numerator"][1]


def test_frozen_rows_no_longer_hang_on_the_day():
    rows = frozen(shard().book)
    assert rows["accrual_minor"].tolist() == rows["interest_running_minor"].tolist()
    assert rows["accrual_to"].tolist() == [0]


# What differs of a due row or a loan -> whether columns can state the day.
ALONE = [
    ({}, {}, False),
    ({}, {"suspense_minor": 1}, True),
    ({}, {"fresh_due_on": day("2026-03-14")}, True),
    ({}, {"alone": 1}, True),
    ({}, {"follow": 1}, True),
    ({"interest_minor": 1}, {}, True),  # the store says another interest than the book
    ({"next_due_on": 0}, {}, False),
    ({"next_due_on": 0}, {"principal_minor": 0}, True),  # the plan ends with nothing owed: it may be closed
    ({}, {"late_weight_minor": 2**40, "late_rate_ppm": 3_000_000}, True),
]


@pytest.mark.parametrize(("due", "loan", "expected"), ALONE)
def test_what_columns_cannot_state(due, loan, expected):
    one = shard()
    dues = {name: column[column.size and one.dues["due_on"] == day("2026-03-15")] for name, column in one.dues.items()}
    dues |= {name: np.array([value]) for name, value in due.items()}
    book = {**one.book, **{name: np.array([value], TYPES[name]) for name, value in loan.items()}}
    today = replace(today_of(day("2026-03-15"), one.groups), dues=Dues(np.array([0]), dues))
    assert alone_today(book, today).tolist() == [expected]


def test_a_due_that_the_store_does_not_know_is_looked_at():
    one = shard()
    assert alone_today(one.book, today_of(day("2026-03-15"), one.groups)).tolist() == [True]
    assert alone_today(one.book, today_of(day("2026-03-14"), one.groups)).tolist() == [False]


TAILS = [
    ([1, 2, 3], [1, 2, 3], True),
    ([2, 3], [1, 2, 3], True),
    ([], [1], True),
    ([1, 2], [1, 2, 3], False),
    ([1, 2], [2], False),
]


@pytest.mark.parametrize(("rows", "of", "expected"), TAILS)
def test_nothing_but_falling_due(rows, of, expected):
    assert is_tail(rows, of) == expected


def test_our_share_alone_is_exposed():
    one = shard()
    groups = Groups([one.groups.listed[0]._replace(funder_share_ppm=800_000)])
    owed = 6_000_000 + int(one.book["interest_due_total_minor"][0] + one.book["interest_running_minor"][0])
    whole, part = (exposure_of(one.book, today_of(one.day, each)) for each in (one.groups, groups))
    assert int(whole.exposure_minor[0]) == owed
    assert int(part.exposure_minor[0]) == owed - round(owed * 0.8)


# last due day, from day 100 -> months
MONTHS = [
    (0, 1),
    (100, 1),
    (101, 1),
    (130, 1),
    (131, 1),
    (132, 2),
    (465, 12),
    (466, 12),
    (467, 13),
    (100 + 10 * 365, 120),
]


@pytest.mark.parametrize(("last", "months"), MONTHS)
def test_months_left(last, months):
    assert months_left(np.array([last], np.int32), 100).tolist() == [months]


# --- order and files --------------------------------------------------------------------------------


def test_rows_are_put_in_order_when_they_have_lost_it():
    book = {**empty_book(40), "key": np.arange(40)}
    book["group"] = np.arange(40, dtype=np.int32) % 2
    assert in_order(book, 20)["key"].tolist() == list(range(40))
    ordered = in_order(book, 2)
    assert ordered["key"].tolist() == [*range(0, 40, 2), *range(1, 40, 2)]


def test_a_snapshot_is_read_as_it_was_written(tmp_path):
    book = at(shard({}, {}).book, [1, 0])
    part = write_part(tmp_path / "new" / "part-0000.parquet", book)
    again = read_part(tmp_path / "new" / part.name, part.sha256)
    assert all((again[name] == book[name]).all() and again[name].dtype == book[name].dtype for name in NAMES)
    manifest = Manifest(DAY, (part,), Groups([group()]), {"1303.01": [7]}, {"loans": [2, 2]}, AT.isoformat())
    digest = write_manifest(tmp_path / "new", manifest)
    for _ in range(2):  # a snapshot that stood there goes
        if not (tmp_path / "new").exists():
            write_manifest(tmp_path / "new", manifest)
        install(tmp_path / "new", tmp_path / "date=2026-07-31")
    found = manifest_of(tmp_path / "date=2026-07-31", digest)
    assert (found.rows, found.groups.listed, found.sums) == (2, [group()], {"1303.01": [7]})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["date=2026-07-31"]
    for wrong in ("0" * 64, ""):
        if not wrong:
            path = tmp_path / "date=2026-07-31" / "manifest.json"
            path.write_bytes(path.read_bytes().replace(b'"format":1', b'"format":0'))
        with pytest.raises(Refusal) as refused:
            manifest_of(tmp_path / "date=2026-07-31", wrong)
        assert refused.value.code == "SNAPSHOT_WRONG"
    with pytest.raises(Refusal):
        read_part(tmp_path / "date=2026-07-31" / "part-0000.parquet", part.sha256)


def test_engines_give_results_in_order():
    tasks = list(range(20))
    assert list(in_turn(abs, tasks)) == list(threads(3)(abs, tasks)) == list(threads()(abs, tasks[:1])) + tasks[1:]


# --- what is posted ---------------------------------------------------------------------------------

GROUPS = Groups([group(), group("personal_instalment"), group()._replace(grace_days=3)])


def column(*values):
    return np.array(values, np.int64)


def test_what_the_night_posts_is_what_the_ledger_lacks():
    held = {INTEREST_ACCRUED: column(100, 50, 7), INTEREST_INCOME: column(-100, -50, -7)}
    before = {INTEREST_ACCRUED: column(90, 20, 7), INTEREST_INCOME: column(-90, -20, -7)}
    posted = {INTEREST_ACCRUED: column(0, 30, 0), INTEREST_INCOME: column(0, -30, 0)}
    totals = by_dimensions(moved_of(held, before, posted), GROUPS)
    entries = entries_of("accrual", totals, "fact_1", DAY, AT)
    assert [(each.kind, each.fact, each.effective_on) for each in entries] == [("accrual", "fact_1", DAY)]
    legs = {leg.account: (leg.amount_minor, leg.dimensions, leg.subject) for leg in entries[0].postings}
    where = Dimensions("bank_a", "auto_used", "410323", "")
    assert legs == {INTEREST_ACCRUED: (10, where, ""), INTEREST_INCOME: (-10, where, "")}


def test_groups_of_the_same_dimensions_are_one():
    totals = by_dimensions({PRINCIPAL: column(1, 10, 100)}, GROUPS)
    assert [accounts[PRINCIPAL] for accounts in totals["CNY"].values()] == [101, 10]


def key(account, product="auto_used"):
    return Key(account, "CNY", Dimensions("bank_a", product, "410323", ""))


def test_provisions_bring_the_ledger_to_what_is_needed():
    """500 are held, of which a write-off used 120; 430 are needed: 50 more; of the other product none."""
    ledger = [Total(key(PROVISION), 120, 500), Total(key(PROVISION, "personal_instalment"), 0, 30)]
    changes = provision_changes(needed_by_dimensions(column(400, 0, 30), GROUPS), ledger)
    moved = totals_of_changes(changes)["CNY"]
    assert moved[key(PROVISION).dimensions] == {IMPAIRMENT_LOSS: 50, PROVISION: -50}
    assert moved[key(PROVISION, "personal_instalment").dimensions] == {IMPAIRMENT_LOSS: -30, PROVISION: 30}


def test_reconcile_finds_a_fen():
    held = {"CNY": {key(PRINCIPAL).dimensions: {PRINCIPAL: 1000}}}
    bank = Key("1002.01", "CNY", Dimensions())
    sound = [
        Total(key(PRINCIPAL), 1000, 0),
        Total(bank, 0, 1000),
        Total(key(PROVISION), 0, 5),
        Total(key(IMPAIRMENT_LOSS), 5, 0),
    ]
    needed = {key(PROVISION): 5}
    assert reconciled(held, needed, sound, load_chart()).is_sound
    wrong = reconciled(held, {key(PROVISION): 6}, sound, load_chart())
    assert [(each.key.account, each.difference_minor) for each in wrong.differences] == [(PROVISION, 1)]
    lopsided = reconciled(held, needed, [*sound, Total(bank, 1, 0)], load_chart())
    assert not lopsided.is_sound
    assert lopsided.unbalanced_minor == 1


def test_an_empty_book_has_every_column():
    assert size_of(empty_book()) == 0
    assert tuple(empty_book()) == NAMES
