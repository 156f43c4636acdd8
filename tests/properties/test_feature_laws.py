"""Laws of features for any events: one party = all parties, parts = whole, the future never leaks, order is nothing."""

from datetime import UTC, datetime, time, timedelta
from random import Random

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from event_example import AS_OF, event, rows, table, tables
from puhui.batch.engines import in_turn
from puhui.credit.events import FIRST_AT, LAST_AT, checked
from puhui.credit.features.catalogue import FEATURES, version
from puhui.credit.features.compute import features_of, features_of_party
from puhui.credit.features.expressions import work_of
from puhui.credit.features.files import Job, features_of_file
from puhui.credit.features.known import known, known_rows, rows_of
from puhui.credit.features.plan import Plan
from puhui.credit.features.rows import Rows
from puhui.kernel.clock import CHINA, business_date

# An example takes a tenth of a second, and is small as drawn: it is not made smaller when it fails.
few = settings(max_examples=5, phases=[Phase.generate])


def test_what_is_drawn_is_good():
    @few
    @given(tables())
    def check(events):
        assert checked(events.lazy()).collect().equals(events)

    check()


@few
@given(tables(least=5))
def test_one_party_online_equals_all_in_batch_to_the_last_bit(events):
    batch = features_of(events, AS_OF)
    for row in batch.iter_rows(named=True):
        party = row.pop("party")
        assert features_of_party(events, party, AS_OF) == row


INSTANTS = st.datetimes(*(each.replace(tzinfo=None) for each in (FIRST_AT, LAST_AT)), timezones=st.just(UTC))


@settings(max_examples=20)
@given(INSTANTS)
def test_the_age_of_each_day_of_two_years_is_the_same_for_one_party(as_of):
    """The first and the last instant of every day that can be seen, and of some that cannot, as of any instant."""
    to = business_date(as_of)
    days = [to - timedelta(days=ago) for ago in range(-2, 800)]
    at = [datetime.combine(day, clock, CHINA).astimezone(UTC) for clock in (time.min, time.max) for day in days]
    times = pl.DataFrame({"at": at, "recorded_at": at})
    events = table(event("wage", AS_OF, 1)).select(pl.exclude(times.columns)).join(times, how="cross")
    many = known(events.lazy(), as_of).collect()
    one = known_rows(rows_of(events), as_of)
    assert [list(one["month"]), list(one["age_days"])] == [many["month"].to_list(), many["age_days"].to_list()]


NUMBERS = st.one_of(st.none(), st.integers(-3, 30), st.integers(-(10**15), 10**15))


@settings(max_examples=3)
@given(st.lists(NUMBERS, min_size=5, max_size=30), st.integers(0, 2**32))
def test_every_formula_is_the_same_in_polars_and_in_plain_python(drawn, seed):
    """On any measures, those that no events give too, to the last bit."""
    keys = sorted({key for feature in FEATURES.values() for key in feature.formula.measures})
    random = Random(seed)
    measures = {key: random.choices(drawn, k=50) for key in keys}
    formulas = [each.formula.value.cast(each.dtype).alias(name) for name, each in FEATURES.items()]
    schema = {key: pl.Int128 if "squares" in key else pl.Int64 for key in keys}
    many = pl.DataFrame(measures, schema=schema).select(formulas)
    rows = Plan().select(formulas).of(Rows(50, measures.__getitem__))
    for name in FEATURES:
        assert list(map(repr, rows[name])) == list(map(repr, many[name].to_list())), name


def test_a_word_that_plain_python_does_not_know_stops():
    for unknown in (pl.col("a").rolling_mean(2), pl.col("a").arctan(), pl.col("a").is_between(1, 2, closed="left")):
        with pytest.raises(KeyError):
            work_of(unknown)
    with pytest.raises(AssertionError):
        work_of(pl.col("a").sum())(Rows(1, lambda _: [1]))


@few
@given(tables(least=5), st.randoms(use_true_random=False))
def test_the_order_of_rows_is_nothing(events, random):
    order = list(range(events.height))
    random.shuffle(order)
    assert features_of(events[order], AS_OF).equals(features_of(events, AS_OF))


@few
@given(tables(least=5))
def test_both_engines_of_columns_agree(events):
    one = features_of(events, AS_OF)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("puhui.credit.features.compute.SMALL", 0)
        assert features_of(events, AS_OF).equals(one)


@few
@given(tables(), st.lists(rows(late=False), min_size=1, max_size=5), st.sampled_from(("at", "recorded_at", "both")))
def test_what_came_after_never_changes_a_feature(events, more, which):
    """Whatever is added with `at` or `recorded_at` after the instant, by a microsecond or more."""
    later = AS_OF.astimezone(UTC) + timedelta(microseconds=1)
    moved = [
        {
            **row,
            "at": later if which != "recorded_at" else min(row["at"], AS_OF),
            "recorded_at": later if which != "at" else min(row["at"], AS_OF),
        }
        for row in more
    ]
    added = pl.concat([events, table(*moved)])
    assert features_of(added, AS_OF).equals(features_of(events, AS_OF))


@few
@given(tables(), rows(late=False))
def test_what_was_not_given_for_credit_never_changes_a_feature(events, row):
    for consent in ("service", "marketing", "monitoring"):
        added = pl.concat([events, table({**row, "consent": consent})])
        assert features_of(added, AS_OF).equals(features_of(events, AS_OF))


@few
@given(tables(least=5), st.data())
def test_each_as_of_its_own_instant(events, data):
    """A frame of instants gives each party what that instant alone gives."""
    parties = events["party"].unique().sort().to_list()
    instants = {party: AS_OF - timedelta(days=data.draw(st.integers(0, 400))) for party in parties}
    column = pl.Series("as_of", [at.astimezone(UTC) for at in instants.values()], dtype=pl.Datetime("us", "UTC"))
    many = features_of(events, pl.DataFrame({"party": parties}).with_columns(column))
    assert many["party"].to_list() == parties
    for row in many.iter_rows(named=True):
        party = row.pop("party")
        assert features_of_party(events, party, instants[party]) == row


def test_parts_equal_the_whole(tmp_path):
    @settings(max_examples=2)
    @given(tables(least=20, parties=tuple(f"P{number}" for number in range(12))))
    def check(events):
        source, target = tmp_path / "events.parquet", tmp_path / "features.parquet"
        events.write_parquet(source)
        done = features_of_file(Job(source, target, AS_OF, part_events=5, folder=str(tmp_path)), in_turn)
        whole = features_of(events, AS_OF)
        assert pl.read_parquet(target).equals(whole)
        assert (done.events, done.parties) == (events.height, whole.height)

    check()


def test_a_formula_on_nothing_is_null():
    """So that `compute` need not work it out where no event of its kinds is there."""
    keys = {key for feature in FEATURES.values() for key in feature.formula.measures}
    nothing = pl.DataFrame({key: [None] for key in keys}, schema=dict.fromkeys(keys, pl.Int64))
    for name, feature in FEATURES.items():
        assert nothing.select(feature.formula.value).item() is None, name


@few
@given(tables(least=5))
def test_without_events_of_its_kinds_a_feature_is_null(events):
    """Missing is not zero: but for what a report says is not there."""
    features = features_of(events, AS_OF)
    there = {party: set(part["kind"]) for (party,), part in events.partition_by("party", as_dict=True).items()}
    for row in features.iter_rows(named=True):
        for name, feature in FEATURES.items():
            if not there[row["party"]] & set(feature.kinds):
                assert row[name] is None, name


def test_the_version_hangs_on_words_and_formulas():
    assert version() == version()
    assert version(["income_mean_3m"]) != version(["income_mean_12m"])
