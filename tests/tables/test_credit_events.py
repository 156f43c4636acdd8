"""Events: what a row may be, and how a wrong one is refused."""

from datetime import UTC, datetime

import polars as pl
import pytest

from event_example import event, table
from puhui.credit.events import (
    COLUMNS,
    EVENT_KINDS,
    FIRST_AT,
    LAST_AT,
    MAY_BE_LEFT_OUT,
    SCHEMA,
    STATUSES,
    as_instants,
    checked,
    empty_events,
    read_events,
    tidy,
)
from puhui.credit.features.streams import STREAMS
from puhui.kernel.refusals import Refusal

DAY = "2026-03-01"
GOOD = [
    event("wage", DAY, 0),
    event("wage", DAY, 1_000_000_000_000),
    event("order", DAY, -1_000_000_000_000, status="returned"),
    event("balance", DAY, -1),
    event("invoice_sold", DAY, -5, status="void"),
    event("inquiry", DAY),
    event("located", DAY, counterparty="410323"),
    event("bill", DAY, -5, late_days=-3),
    event("bill", DAY, -5, status="unpaid"),
    event("farm_plot", DAY, area_m2=0),
    event("farm_plot", DAY, -5, area_m2=667),
    event("wage", FIRST_AT, 1),
]
# the row that is wrong -> the rule that says so
WRONG = [
    (event("wage", DAY, -1), "sign"),
    (event("order", DAY, 1), "sign"),
    (event("credit_limit", DAY, -1), "sign"),
    (event("inquiry", DAY, 0), "sign"),
    (event("wage", DAY), "amount_minor"),
    (event("wage", DAY, 1_000_000_000_001), "amount_minor"),
    (event("balance", DAY, -1_000_000_000_001), "amount_minor"),
    (event("bribe", DAY, 1), "kind"),
    (event(None, DAY, 1), "kind"),
    (event("wage", DAY, 1, party=""), "party"),
    (event("wage", DAY, 1, party=None), "party"),
    (event("wage", DAY, 1, source=None), "source"),
    (event("wage", DAY, 1, consent="curiosity"), "consent"),
    (event("wage", DAY, 1, consent=None), "consent"),
    (event("wage", DAY, 1, status="void"), "status"),
    (event("invoice_sold", DAY, 1, status="returned"), "status"),
    (event("wage", DAY, 1, late_days=1), "late_days"),
    (event("wage", DAY, 1, area_m2=1), "area_m2"),
    (event("farm_plot", DAY, 0, area_m2=-1), "area_m2"),
    (event("wage", datetime(1989, 12, 31, 23, 59, 59, tzinfo=UTC), 1), "at"),
    (event("wage", LAST_AT, 1), "at"),
    (event("wage", DAY, 1, recorded_at=LAST_AT), "recorded_at"),
]


def test_good_rows_pass_unchanged():
    rows = table(*GOOD)
    assert checked(rows.lazy()).collect().equals(rows)


@pytest.mark.parametrize(("row", "rule"), WRONG)
def test_a_wrong_row_is_refused_with_its_line(row, rule):
    with pytest.raises(Refusal) as refused:
        checked(table(*GOOD, row).lazy())
    assert refused.value.code == "EVENTS_ROWS_WRONG"
    assert refused.value.fields == (rule,)
    assert f"第 {len(GOOD) + 1} 行" in refused.value.message("zh")
    assert "1 rows" in refused.value.message("en")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda frame: frame.drop("consent"), "missing: consent"),
        (lambda frame: frame.with_columns(pl.lit("F").alias("sex")), "unknown: sex"),
        (lambda frame: frame.with_columns(pl.col("amount_minor").cast(pl.Float64)), "amount_minor: Float64"),
        (lambda frame: frame.with_columns(pl.col("at").dt.replace_time_zone(None)), "at: Datetime"),
    ],
)
def test_wrong_columns_are_named(change, words):
    with pytest.raises(Refusal) as refused:
        tidy(change(table(*GOOD)).lazy())
    assert refused.value.code == "EVENTS_COLUMNS_WRONG"
    assert words in refused.value.message("en")


def test_what_may_be_left_out_is_added_empty():
    rows = table(event("wage", DAY, 5))
    assert tidy(rows.drop(MAY_BE_LEFT_OUT).lazy()).collect().equals(rows)


def test_a_file_that_is_not_there_or_not_parquet_is_refused(tmp_path):
    other = tmp_path / "events.parquet"
    other.write_text("party,kind\n")
    for path in (tmp_path / "nothing.parquet", other):
        with pytest.raises(Refusal) as refused:
            read_events(path)
        assert refused.value.code == "INPUT_UNREADABLE"


def test_a_file_is_read(tmp_path):
    table(*GOOD).write_parquet(tmp_path / "events.parquet")
    assert read_events(tmp_path / "events.parquet").collect().height == len(GOOD)


def test_days_begin_in_beijing():
    found = pl.select(as_instants(pl.lit("2026-03-01").str.to_date())).item()
    assert found == datetime(2026, 2, 28, 16, tzinfo=UTC)


def test_the_registry_is_whole():
    """Every kind is read by a stream, has a good or wrong row here or there, and only known statuses."""
    assert set(COLUMNS) == set(SCHEMA) == set(empty_events().columns)
    read = {kind for stream in STREAMS.values() for kind in stream.kinds}
    assert read | {"farm_sown"} == set(EVENT_KINDS)
    for code, kind in EVENT_KINDS.items():
        assert code == kind.code
        assert set(kind.statuses) <= set(STATUSES)
