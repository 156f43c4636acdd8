"""Features worked by hand: one row a case, with a row on each side of each boundary. As of 17 March 2026, 20:00."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from event_example import AS_OF, event, table
from puhui.credit.features.catalogue import FAMILIES, FEATURES, chosen, read_features
from puhui.credit.features.compute import features_of, features_of_party
from puhui.credit.features.known import known, known_rows, rows_of
from puhui.kernel.clock import CHINA
from puhui.kernel.refusals import Refusal

WAGES = [("wage", f"2025-{month:02d}-20", 500_000) for month in range(4, 13)] + [
    ("wage", "2026-01-20", 500_000),
    ("wage", "2026-02-20", 500_000),
]
HARVESTS = [("farm_harvest", f"2025-{month:02d}-01", 900 if month == 9 else 100) for month in range(4, 13)] + [
    ("farm_harvest", f"2026-{month:02d}-01", 100) for month in (1, 2, 3)
]
RETURNED = [("order", "2026-03-01", -1, {"status": "returned"}), ("order", "2026-03-01", -3)]
SHARES = [("A", 60), ("B", 30), ("C", 10)]
MOVED = [
    ("located", "2025-01-01", None, {"counterparty": "110105"}),
    ("located", "2025-02-01", None, {"counterparty": "410323"}),
]
# kind, day, amount_minor, and whatever else the row has
CASES = [
    # income: months run from the 18th to the 17th; eleven wages lie in eleven of them
    ("income_history_months", WAGES, 11),
    ("income_mean_12m", WAGES, 500_000),
    ("income_variation_12m", WAGES, 0.0),
    ("income_trend_12m", WAGES, 0.0),
    ("income_growth_3m", WAGES, 1.0),
    ("income_growth_3m", [("sale", "2025-10-01", 100), ("sale", "2026-03-01", 100)], 1.0),
    ("income_growth_3m", [("sale", "2025-10-18", 100), ("sale", "2026-03-01", 100)], None),
    ("wage_active_share_12m", WAGES, 1.0),
    ("wage_share_12m", [*WAGES, ("bank_in", "2026-03-01", 5_500_000)], 0.5),
    # 100, 200, 300 in three months: mean 200, deviation sqrt(20000/3), slope 100 a month
    (
        "income_variation_12m",
        [("sale", "2026-01-01", 100), ("sale", "2026-02-01", 200), ("sale", "2026-03-01", 300)],
        pytest.approx((20_000 / 3) ** 0.5 / 200),
    ),
    ("income_trend_12m", [("sale", "2026-01-01", 100), ("sale", "2026-02-01", 200), ("sale", "2026-03-01", 300)], 0.5),
    ("income_trend_12m", [("sale", "2026-02-01", 200), ("sale", "2026-03-01", 300)], None),
    # a silent month between counts as 0
    ("income_worst_month_12m", [("sale", "2026-01-01", 100), ("sale", "2026-03-01", 300)], 0.0),
    ("income_active_share_12m", [("sale", "2026-01-01", 100), ("sale", "2026-03-01", 300)], 2 / 3),
    ("income_worst_month_12m", [("sale", "2026-02-01", 100), ("sale", "2026-03-01", 300)], 0.5),
    ("income_since_last_months", [("sale", "2026-02-17", 1)], 1),
    ("income_since_last_months", [("sale", "2026-02-18", 1)], 0),
    ("income_mean_3m", [("sale", "2025-12-18", 300)], 100),
    ("income_mean_3m", [("sale", "2025-12-17", 300)], 0),
    ("income_mean_12m", [("sale", "2025-03-18", 1_200)], 100),
    ("income_mean_12m", [("sale", "2025-03-17", 1_200)], 0),
    ("income_history_months", [("sale", "2024-03-18", 1)], 24),
    ("income_history_months", [("sale", "2024-03-17", 1)], None),
    ("income_mean_3m", [("order", "2026-03-01", -100)], None),
    ("net_mean_12m", [("sale", "2026-03-01", 300), ("order", "2026-03-01", -100)], 200),
    ("net_mean_12m", [("sale", "2026-03-01", 300)], None),
    ("deficit_share_12m", [("sale", "2026-03-01", 100), ("order", "2026-03-01", -101)], 1.0),
    ("deficit_share_12m", [("sale", "2026-03-01", 100), ("order", "2026-03-01", -100)], 0.0),
    (
        "deficit_share_12m",
        [("sale", "2026-02-01", 100), ("sale", "2026-03-01", 100), ("order", "2026-02-01", -300)],
        0.5,
    ),
    # balance: the last of each account, whatever the order of rows
    (
        "balance_last",
        [
            ("balance", "2026-03-02", 70, {"counterparty": "A"}),
            ("balance", "2026-03-01", 900, {"counterparty": "A"}),
            ("balance", "2026-01-01", 5, {"counterparty": "B"}),
        ],
        75,
    ),
    ("balance_least_3m", [("balance", "2026-03-02", -70), ("balance", "2025-12-17", -90)], -70),
    ("balance_least_12m", [("balance", "2026-03-02", -70), ("balance", "2025-12-17", -90)], -90),
    ("balance_empty_share_12m", [("balance", "2026-03-02", 0), ("balance", "2026-03-03", 1)], 0.5),
    # bills: on the day is on time
    ("bill_late_share_12m", [("bill", "2026-03-01", -10, {"late_days": 0})], 0.0),
    ("bill_late_share_12m", [("bill", "2026-03-01", -10, {"late_days": 1})], 1.0),
    ("bill_late_share_12m", [("bill", "2026-03-01", -10, {"status": "unpaid"})], 1.0),
    ("bill_late_share_12m", [("bill", "2026-03-01", -10)], None),
    ("bill_early_share_12m", [("bill", "2026-03-01", -10, {"late_days": -1})], 1.0),
    ("bill_early_share_12m", [("bill", "2026-03-01", -10, {"late_days": 0})], 0.0),
    (
        "bill_late_mean_days_12m",
        [("bill", "2026-03-01", -10, {"late_days": -5}), ("bill", "2026-03-02", -10, {"late_days": 3})],
        1.5,
    ),
    ("bill_late_most_days_12m", [("bill", "2026-03-01", -10, {"late_days": -5})], 0),
    ("bill_since_late_months", [("bill", "2026-03-01", -10, {"late_days": 0})], None),
    ("bill_since_late_months", [("bill", "2026-02-17", -10, {"late_days": 2})], 1),
    # repayments
    ("repayment_late30_12m", [("repayment", "2026-03-01", -10, {"late_days": 30})], 0),
    ("repayment_late30_12m", [("repayment", "2026-03-01", -10, {"late_days": 31})], 1),
    ("repayment_late90_24m", [("repayment", "2025-01-01", -10, {"late_days": 90})], 0),
    ("repayment_late90_24m", [("repayment", "2025-01-01", -10, {"late_days": 91})], 1),
    ("repayment_mean_3m", [("repayment", "2026-03-01", -10, {"status": "unpaid"})], 0),
    ("repayment_to_income_3m", [("repayment", "2026-03-01", -10), ("wage", "2026-03-01", 40)], 0.25),
    ("repayment_to_income_3m", [("repayment", "2026-03-01", -10)], None),
    # orders: gaps of 2, 4 and 6 days; two orders on one day are one day
    (
        "order_gap_mean_days_12m",
        [("order", f"2026-03-{day:02d}", -1) for day in (1, 3, 3, 7, 13)],
        4.0,
    ),
    (
        "order_gap_variation_12m",
        [("order", f"2026-03-{day:02d}", -1) for day in (1, 3, 7, 13)],
        pytest.approx((8 / 3) ** 0.5 / 4),
    ),
    ("order_gap_variation_12m", [("order", f"2026-03-{day:02d}", -1) for day in (1, 3, 7)], None),
    ("order_since_last_days", [("order", "2026-03-13", -1)], 4),
    ("order_since_last_days", [("order", "2026-03-17", -1)], 0),
    ("order_returned_share_12m", RETURNED, 0.5),
    (
        "order_returned_minor_share_12m",
        RETURNED,
        0.25,
    ),
    ("order_mean_12m", RETURNED, 3),
    ("sale_gap_most_days_12m", [("sale", "2026-03-01", 1), ("sale", "2026-03-03", 1), ("sale", "2026-03-12", 1)], 9),
    # invoices: void ones count for nothing but their share; a red letter lowers the sum
    (
        "invoice_sold_mean_12m",
        [
            ("invoice_sold", "2026-03-01", 1_000),
            ("invoice_sold", "2026-03-02", -300),
            ("invoice_sold", "2026-03-03", 5_000, {"status": "void"}),
        ],
        700,
    ),
    (
        "invoice_sold_void_share_12m",
        [("invoice_sold", "2026-03-01", 1_000)] * 3 + [("invoice_sold", "2026-03-03", 5_000, {"status": "void"})],
        0.25,
    ),
    (
        "invoice_sold_void_minor_share_12m",
        [("invoice_sold", "2026-03-01", 1_000)] * 3 + [("invoice_sold", "2026-03-03", 5_000, {"status": "void"})],
        0.625,
    ),
    (
        "invoice_sold_red_share_12m",
        [("invoice_sold", "2026-03-01", 1_000), ("invoice_sold", "2026-03-02", -300)],
        0.5,
    ),
    (
        "invoice_sold_red_minor_share_12m",
        [("invoice_sold", "2026-03-01", 1_000), ("invoice_sold", "2026-03-02", -300)],
        0.3,
    ),
    ("invoice_sold_red_share_12m", [("invoice_sold", "2026-03-01", 0)], 0.0),
    ("invoice_margin_12m", [("invoice_sold", "2026-03-01", 100), ("invoice_bought", "2026-03-01", 60)], 0.4),
    ("invoice_margin_12m", [("invoice_sold", "2026-03-01", 100)], None),
    ("invoice_margin_12m", [("invoice_sold", "2026-03-01", 0), ("invoice_bought", "2026-03-01", 60)], None),
    # counterparties: 60, 30 and 10 of a hundred
    (
        "invoice_sold_concentration_12m",
        [("invoice_sold", "2026-03-01", minor, {"counterparty": who}) for who, minor in SHARES],
        0.46,
    ),
    (
        "invoice_sold_top_share_12m",
        [("invoice_sold", "2026-03-01", minor, {"counterparty": who}) for who, minor in SHARES],
        0.6,
    ),
    ("invoice_sold_concentration_12m", [("invoice_sold", "2026-03-01", 60, {"counterparty": "A"})], 1.0),
    ("invoice_sold_concentration_12m", [("invoice_sold", "2026-03-01", 60)], None),
    (
        "invoice_sold_new_share_3m",
        [("invoice_sold", "2025-09-17", 1, {"counterparty": "A"})]
        + [("invoice_sold", "2026-03-01", 1, {"counterparty": who}) for who in "ABCD"],
        0.75,
    ),
    # below six months of history nobody is new
    (
        "invoice_sold_new_share_3m",
        [("invoice_sold", day, 1, {"counterparty": who}) for who, day in (("A", "2025-10-18"), ("B", "2026-03-01"))],
        None,
    ),
    (
        "invoice_sold_lost_share_12m",
        [
            ("invoice_sold", "2025-12-17", 1, {"counterparty": "A"}),
            ("invoice_sold", "2025-12-18", 1, {"counterparty": "B"}),
        ],
        0.5,
    ),
    (
        "sale_repeat_share_12m",
        [("sale", "2026-03-01", 1, {"counterparty": who}) for who in "AAB"],
        0.5,
    ),
    # seasons: a year with one month of 900 and eleven of 100
    ("farm_harvest_best3_share", HARVESTS, 0.55),
    ("farm_harvest_amplitude", HARVESTS, 4.8),
    # 1 September lies in the month that ends on 17 September: six months on
    ("farm_harvest_months_to_peak", HARVESTS, 6),
    ("farm_harvest_months_to_peak", [("farm_harvest", "2025-04-18", 900)], None),
    ("farm_harvest_months_to_peak", [("farm_harvest", "2025-04-17", 900)], 1),
    ("farm_harvest_months_to_peak", [("farm_harvest", "2025-04-17", 9), ("farm_harvest", "2026-03-17", 900)], 12),
    # a second year counts only when whole
    (
        "farm_harvest_months_to_peak",
        [("farm_harvest", "2024-04-18", 9_000), ("farm_harvest", "2025-09-17", 5)],
        6,
    ),
    (
        "farm_harvest_months_to_peak",
        [("farm_harvest", "2024-04-17", 9_000), ("farm_harvest", "2025-09-17", 5)],
        1,
    ),
    # farms
    (
        "farm_area",
        [
            ("farm_plot", "2025-05-01", None, {"counterparty": "north", "area_m2": 2_000}),
            ("farm_plot", "2025-06-01", -500, {"counterparty": "north", "area_m2": 3_000}),
            ("farm_plot", "2025-05-01", 0, {"counterparty": "south", "area_m2": 1_000}),
        ],
        4_000,
    ),
    ("farm_yield_12m", [("farm_harvest", "2025-10-01", 300_000, {"area_m2": 1_000})], 300),
    ("farm_yield_12m", [("farm_harvest", "2025-10-01", 300_000)], None),
    # credit lines: used over limit, over all lenders
    (
        "credit_utilisation",
        [
            ("credit_limit", "2026-01-01", 1_000, {"counterparty": "A"}),
            ("credit_limit", "2026-01-01", 3_000, {"counterparty": "B"}),
            ("credit_used", "2026-02-01", 900, {"counterparty": "A"}),
            ("credit_used", "2026-03-01", 500, {"counterparty": "A"}),
        ],
        0.125,
    ),
    ("credit_utilisation", [("credit_used", "2026-03-01", 500, {"counterparty": "A"})], None),
    ("credit_utilisation", [("credit_limit", "2026-03-01", 0), ("credit_used", "2026-03-01", 500)], None),
    # inquiries: none is 0 only where a report was read within three months
    ("inquiry_3m", [("inquiry", "2026-03-01"), ("inquiry", "2025-12-17")], 1),
    ("inquiry_3m", [("credit_report", "2025-12-18")], 0),
    ("inquiry_3m", [("credit_report", "2025-12-17")], None),
    ("inquiry_3m", [("wage", "2026-03-01", 100)], None),
    ("inquiry_lenders_3m", [("inquiry", "2026-03-01", None, {"counterparty": who}) for who in "AAB"], 2),
    # places: the last one, by its tier; an unknown code has none
    ("region_tier", MOVED, 5),
    ("region_tier", [("located", "2025-01-01", None, {"counterparty": "110105"})], 1),
    ("region_tier", [("located", "2025-01-01", None, {"counterparty": "999999"})], None),
    ("region_places_24m", MOVED, 2),
]  # fmt: skip


def made(kind, day, amount_minor=None, more=None):
    return event(kind, day, amount_minor, **(more or {}))


@pytest.mark.parametrize(("name", "rows", "expected"), CASES)
def test_a_feature_by_hand(name, rows, expected):
    events = table(*(made(*row) for row in rows))
    assert features_of_party(events, "P", AS_OF, [name]) == {name: expected}
    assert (features_of(events, AS_OF, [name])[name].to_list() or [None]) == [expected]


def test_each_family_has_a_case():
    assert {FEATURES[name].family for name, _, _ in CASES} == set(FAMILIES)


# as of (the last instant of a day) -> day of the event -> month
MONTHS = [
    ("2026-03-17", "2026-03-17", 0),
    ("2026-03-17", "2026-02-18", 0),
    ("2026-03-17", "2026-02-17", 1),
    ("2026-03-31", "2026-03-01", 0),
    ("2026-03-31", "2026-02-28", 1),
    ("2026-02-28", "2026-02-01", 0),
    ("2026-02-28", "2026-01-31", 1),
    ("2024-02-29", "2024-01-31", 1),
    ("2024-02-28", "2024-01-29", 0),
    ("2024-02-28", "2024-01-28", 1),
    ("2026-01-15", "2025-12-15", 1),
    ("2026-01-15", "2025-01-16", 11),
    ("2026-03-17", "2024-03-18", 23),
]


@pytest.mark.parametrize(("as_of", "day", "month"), MONTHS)
def test_the_month_of_an_event(as_of, day, month):
    upto = datetime.combine(date.fromisoformat(as_of), datetime.max.time(), CHINA)
    events = table(event("wage", day, 1))
    for seen in (known(events.lazy(), upto).collect(), known_rows(rows_of(events), upto)):
        assert list(seen["month"]) == [month]
        assert list(seen["age_days"]) == [(date.fromisoformat(as_of) - date.fromisoformat(day)).days]


INSTANT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("at", "recorded_at", "seen"),
    [
        (AS_OF, AS_OF, 1),
        (AS_OF + INSTANT, AS_OF, 0),
        (AS_OF, AS_OF + INSTANT, 0),
        (AS_OF - timedelta(days=40), AS_OF + INSTANT, 0),
        (AS_OF - timedelta(days=40), AS_OF, 1),
    ],
)
def test_both_times_must_have_come(at, recorded_at, seen):
    events = table(event("wage", at, 1, recorded_at=recorded_at))
    assert known(events.lazy(), AS_OF).collect().height == seen
    assert known_rows(rows_of(events), AS_OF).height == seen


@pytest.mark.parametrize(("consent", "seen"), [("credit", 1), ("monitoring", 0), ("service", 0), ("marketing", 0)])
def test_only_what_was_given_for_the_purpose_is_seen(consent, seen):
    events = table(event("wage", AS_OF, 1, consent=consent))
    assert known(events.lazy(), AS_OF).collect().height == seen
    assert known_rows(rows_of(events), AS_OF).height == seen


def test_a_night_in_beijing_is_the_day_there():
    late = datetime(2026, 3, 16, 16, 30, tzinfo=UTC)  # 00:30 on the 17th
    events = table(event("sale", late, 1))
    assert features_of_party(events, "P", AS_OF, ["sale_since_last_days"]) == {"sale_since_last_days": 0}
    assert features_of(events, AS_OF, ["sale_since_last_days"])["sale_since_last_days"].to_list() == [0]


def test_a_party_without_events_is_null_throughout():
    found = features_of_party(table(event("wage", "2026-03-01", 1)), "nobody", AS_OF)
    assert set(found.values()) == {None}
    assert list(found) == list(FEATURES)


def test_a_frame_of_instants_names_the_parties():
    as_of = pl.DataFrame({"party": ["P", "Q"], "as_of": [AS_OF.astimezone(UTC)] * 2})
    found = features_of(table(event("wage", "2026-03-01", 7)), as_of, ["wage_mean_12m"])
    assert found.rows() == [("P", 7), ("Q", None)]


@pytest.mark.parametrize(
    "as_of",
    [
        datetime(2026, 3, 17),  # noqa: DTZ001
        pl.DataFrame({"party": ["P", "P"], "as_of": [AS_OF.astimezone(UTC)] * 2}),
        pl.DataFrame({"party": ["P"], "as_of": [None]}, schema={"party": pl.String, "as_of": pl.Datetime("us", "UTC")}),
        pl.DataFrame({"party": ["P"], "as_of": [date(2026, 3, 17)]}),
        pl.DataFrame({"party": ["P"]}),
    ],
)
def test_an_instant_that_cannot_be_meant_is_refused(as_of):
    with pytest.raises(Refusal) as refused:
        features_of(table(event("wage", "2026-03-01", 7)), as_of, ["wage_mean_12m"])
    assert refused.value.code == "INPUT_INVALID"


def test_one_party_refuses_what_a_population_refuses():
    events = table(event("wage", "2026-03-01", 7))
    for tables, as_of, names, code in (
        (events, AS_OF.replace(tzinfo=None), ["wage_mean_12m"], "INPUT_INVALID"),
        (events, AS_OF, ["wage_mean_13m"], "INPUT_INVALID"),
        (events.drop("consent"), AS_OF, ["wage_mean_12m"], "EVENTS_COLUMNS_WRONG"),
        (events.with_columns(extra=1), AS_OF, ["wage_mean_12m"], "EVENTS_COLUMNS_WRONG"),
    ):
        with pytest.raises(Refusal) as refused:
            features_of_party(tables, "P", as_of, names)
        assert refused.value.code == code


def test_columns_that_may_be_left_out_are_empty_for_one_party_too():
    events = table(event("wage", "2026-03-01", 7)).drop("status", "late_days", "area_m2")
    assert features_of_party(events.lazy(), "P", AS_OF, ["wage_mean_12m"]) == {"wage_mean_12m": 7}


def test_an_event_without_a_time_is_not_known():
    events = table(event("wage", "2026-03-01", 7)).with_columns(
        recorded_at=pl.lit(None, dtype=pl.Datetime("us", "UTC"))
    )
    assert known(events.lazy(), AS_OF).collect().height == known_rows(rows_of(events), AS_OF).height == 0


def test_an_unknown_feature_is_refused():
    with pytest.raises(Refusal) as refused:
        chosen(["income_mean_13m"])
    assert refused.value.code == "INPUT_INVALID"


def test_every_feature_has_words_and_a_formula(tmp_path):
    words = tmp_path / "words.csv"
    lines = open_words()
    words.write_text("".join(lines[:-1]), encoding="utf-8")
    with pytest.raises(AssertionError, match="region_history_months"):
        read_features(words, FAMILIES)
    words.write_text("".join([*lines, lines[-1]]), encoding="utf-8")
    with pytest.raises(AssertionError, match="two lines"):
        read_features(words, FAMILIES)


def test_a_window_in_a_name_is_the_window():
    for name, feature in FEATURES.items():
        said = [part[:-1] for part in name.split("_") if part[:-1].isdigit() and part.endswith("m")]
        if said and feature.family not in ("counterparties", "orders"):
            assert feature.months >= int(said[-1]), name


def open_words():
    from puhui.credit.features.catalogue import _WORDS

    return _WORDS.read_text(encoding="utf-8").splitlines(keepends=True)
