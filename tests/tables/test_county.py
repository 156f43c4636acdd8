"""The simulated county: the same from the same seed, within stated bounds, with a truth that is known and hidden."""

import doctest
from datetime import date

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from puhui.credit.county import (
    CountySetting,
    assumed,
    behaviour,
    behaviours,
    fingerprint,
    impossible_id_number,
    make,
    make_county,
    paying,
    personal,
    personal_of,
    truth,
    write_county,
    write_large_county,
)
from puhui.credit.events import checked
from puhui.kernel.refusals import Refusal
from puhui.people.identity import read_id_number, read_values

SMALL = CountySetting(seed=7, people=80)
TRUTH_ONLY = {"rest", "burden_ppm", "pd_ppm", "draw_ppm", "month_draw_ppm", "punctual", "defaults"}
LATENT_ONLY = {"willingness", "stability", "ability", "drift", "shock", "shock_month", "income_minor"}


@pytest.fixture(scope="module")
def county():
    return make_county(CountySetting(seed=11, people=1_400))


@pytest.fixture(scope="module")
def known(county):
    return known_at_application(county)


def known_at_application(county):
    """The events that the lender had when each application came, with the application."""
    asked = county.applications.select("application", "party", "applied_at")
    joined = county.events.join(asked, on="party")
    in_time = (pl.col("at") <= pl.col("applied_at")) & (pl.col("recorded_at") <= pl.col("applied_at"))
    return joined.filter(in_time)


def rank_correlation(frame, left, right):
    both = frame.drop_nulls([left, right])
    return float(np.corrcoef(both[left].rank(), both[right].rank())[0, 1])


def auc(label, score):
    """The chance that a bad one has the higher score (Mann-Whitney)."""
    ranks, bad = score.rank(), label.cast(pl.Boolean)
    count = int(bad.sum())
    return float((ranks.filter(bad).sum() - count * (count + 1) / 2) / (count * (len(label) - count)))


# --- the same county --------------------------------------------------------------------------------


def test_the_same_seed_makes_the_same_county_and_another_seed_another():
    first = make_county(SMALL)
    again = make_county(CountySetting(seed=7, people=80))
    other = make_county(CountySetting(seed=8, people=80))
    assert fingerprint(again) == fingerprint(first) != fingerprint(other)
    for name in ("parties", "applications", "events", "history", "truth", "latent", "vehicles", "dealers"):
        assert not first.frames()[name].equals(other.frames()[name]), name


def test_the_files_of_the_same_seed_are_the_same_bytes(tmp_path):
    first, second = (write_county(make_county(SMALL), tmp_path.joinpath(name)) for name in ("one", "two"))
    assert {name: path.read_bytes() for name, path in first.items()} == {
        name: path.read_bytes() for name, path in second.items()
    }


def test_a_county_written_in_parts_has_the_rows_of_the_one_made_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(make, "BLOCK_PARTIES", 60)
    whole = make_county(SMALL)
    paths = write_large_county(SMALL, tmp_path)
    parts = sorted(paths["events"].glob("*.parquet"))
    assert len(parts) == -(-whole.parties.height // 60)
    assert pl.concat([pl.read_parquet(part) for part in parts]).equals(whole.events)
    assert pl.read_parquet(paths["applications"]).equals(whole.applications)


@pytest.mark.parametrize(
    ("people", "sizes"),
    [
        (2_000, {"people": 2_000, "farms": 300, "shops": 200, "suppliers": 50, "dealers": 20}),
        (2_100, {"people": 2_100, "farms": 315, "shops": 210, "suppliers": 52, "dealers": 21}),
    ],
)
def test_sizes_follow_from_the_people(people, sizes):
    assert CountySetting(people=people).sizes == sizes


def test_sizes_that_are_given_are_kept():
    small = make_county(CountySetting(people=50, farms=3, shops=0, suppliers=2, dealers=1))
    assert small.parties["group"].is_in(["farm"]).sum() == 3
    assert small.parties.filter(pl.col("group") == "shop").is_empty()
    assert small.parties.height == 55
    assert small.dealers.height == 1


@pytest.mark.parametrize("rate_ppm", [30_000, 80_000])
def test_the_bad_rate_may_be_at_either_bound(rate_ppm):
    county = make_county(CountySetting(seed=1, people=200, bad_rate_ppm=rate_ppm))
    ripe = county.truth.join(county.history.drop_nulls("label").select("application"), on="application")
    assert abs(float(ripe["pd_ppm"].mean()) - rate_ppm) < 5


@pytest.mark.parametrize(
    "wrong",
    [
        {"bad_rate_ppm": 29_999},
        {"bad_rate_ppm": 80_001},
        {"people": 39},
        {"seed": -1},
        {"dealers": 0},
        {"unknown": 1},
    ],
)
def test_a_setting_out_of_bounds_is_refused(wrong):
    with pytest.raises(ValidationError):
        CountySetting.model_validate(wrong)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"county": "411400"}, "COUNTY_SETTING_WRONG"),
        ({"county": "999999"}, "PLACE_UNKNOWN"),
        ({"until_on": date(2026, 9, 2)}, "COUNTY_SETTING_WRONG"),
        ({"until_on": date(2009, 12, 1)}, "COUNTY_SETTING_WRONG"),
        ({"until_on": date(2090, 2, 1)}, "COUNTY_SETTING_WRONG"),
    ],
)
def test_a_place_or_day_that_cannot_be_is_refused(wrong, code):
    with pytest.raises(Refusal) as refused:
        CountySetting.model_validate(wrong)
    assert refused.value.code == code


# --- everything says simulated ----------------------------------------------------------------------


def test_every_id_name_and_file_says_simulated(county, tmp_path):
    for name, frame in county.frames().items():
        for column in ("party", "application", "loan", "dealer", "vehicle", "institution", "source"):
            if column in frame.columns:
                assert frame[column].drop_nulls().str.starts_with("sim_").all(), (name, column)
        for column in ("name", "township", "village"):
            if column in frame.columns:
                assert frame[column].str.contains("模拟").all(), (name, column)
    for path in write_county(make_county(SMALL), tmp_path).values():
        assert path.name.startswith("simulated_")
        assert "模拟" in pl.read_parquet_metadata(path)["puhui:simulated"]
    others = county.events.filter(pl.col("kind") != "located")["counterparty"]
    assert others.str.starts_with("sim_").all()


def test_personal_values_are_nobodys_and_in_no_frame(county):
    row = county.parties.row(3, named=True)
    values = personal_of(county.setting, row["party"], row["village"])
    assert read_values(values, date(2026, 9, 1)) == values
    assert "模拟" in values["name"]
    assert "模拟" in values["address"]
    assert values["phone"].startswith("000")
    for frame in county.frames().values():
        assert not {"phone", "id_number", "address", "bank_account"} & set(frame.columns)
    assert "name" not in county.parties.columns
    names = {personal_of(county.setting, party, "")["name"] for party in county.parties["party"]}
    assert len(names) == county.parties.height


def test_no_identity_number_of_the_county_can_be_real(county):
    for party in county.parties["party"].head(300):
        number = impossible_id_number(county.setting, party)
        with pytest.raises(Refusal) as refused:
            read_id_number(number, date(2026, 9, 1))
        # The form and the day are right: it is the check character that no one can have.
        assert "校验码" in refused.value.message("zh")


# --- events -----------------------------------------------------------------------------------------


def test_events_keep_the_rules_of_every_kind(county):
    events = checked(county.events.lazy()).collect()
    kinds = {
        *("wage", "bank_in", "bank_out", "wallet_in", "wallet_out", "balance", "bill", "repayment", "order", "sale"),
        *("credit_limit", "credit_used", "credit_report", "inquiry", "invoice_sold", "invoice_bought"),
        *("farm_plot", "farm_sown", "farm_harvest", "located"),
    }
    assert set(events["kind"].unique()) == kinds
    ordered = events.select(pl.col("party"), pl.col("at").dt.truncate("1m"))
    assert ordered.equals(ordered.sort("party", "at", maintain_order=True))


def test_nothing_is_known_before_it_happened_or_after_the_end(county):
    events = county.events
    assert (events["recorded_at"] >= events["at"]).all()
    end = pl.datetime(2026, 8, 31, 16, time_zone="UTC")
    assert events.filter(pl.col("recorded_at") >= end).height == events.filter(pl.col("at") >= end).height == 0


def test_each_application_finds_a_year_of_events_a_report_and_a_place(county, known):
    seen = known.group_by("application").agg(
        months=pl.col("at").dt.truncate("1mo").n_unique(),
        reports=(pl.col("kind") == "credit_report").sum(),
        places=(pl.col("kind") == "located").sum(),
    )
    assert seen.height == county.applications.height
    assert seen["months"].min() >= 12
    assert (seen["reports"] >= 1).all()
    assert (seen["places"] == 1).all()


def test_there_are_rows_that_came_too_late_and_flows_of_after_the_application(county):
    asked = county.applications.filter(pl.col("state") != "new").unique("party", keep="first")
    joined = county.events.join(asked.select("party", "applied_at", "booked"), on="party")
    late = joined.filter((pl.col("at") < pl.col("applied_at")) & (pl.col("recorded_at") > pl.col("applied_at")))
    assert 0.003 < late.height / joined.height < 0.03
    after = joined.filter(pl.col("at") > pl.col("applied_at"))
    assert after.filter("booked").height > 1_000
    again = county.applications.filter(pl.col("party").is_duplicated())["party"]
    assert after.filter(~pl.col("booked") & ~pl.col("party").is_in(again.to_list())).is_empty()


def test_some_gave_their_telephone_bills_for_the_service_only(county):
    telephone = county.events.filter(pl.col("source") == "sim_telecom")
    share = (telephone["consent"] == "service").mean()
    assert 0.01 < share < 0.08
    assert (county.events.filter(pl.col("consent") == "service")["source"] == "sim_telecom").all()


# --- magnitudes -------------------------------------------------------------------------------------


def test_incomes_are_between_two_and_twelve_thousand_yuan(county):
    income = county.latent["income_minor"]
    assert income.min() >= 200_000
    assert income.max() <= 1_200_000
    median = county.latent.join(county.parties, on="party").group_by("group").agg(pl.col("income_minor").median())
    medians = dict(median.iter_rows())
    for group in assumed.GROUPS:
        assert abs(medians[group.code] / 100 / group.income - 1) < 0.35, group.code


def test_no_wage_is_beyond_what_the_season_allows(county):
    wages = county.events.filter(pl.col("kind") == "wage").join(county.latent, on="party")
    assert (wages["amount_minor"] <= wages["income_minor"] * assumed.HIGHEST_SEASON).all()
    assert 200_000 < wages["amount_minor"].median() < 1_200_000


def test_harvests_come_in_the_months_of_the_crops_and_sowings_before_them(county):
    def months(kind):
        local = pl.col("at").dt.convert_time_zone("Asia/Shanghai").dt.month()
        return set(county.events.filter(pl.col("kind") == kind).select(local).to_series().unique())

    assert months("farm_harvest") == {each.harvested for each in assumed.CROPS} == {5, 6, 8, 10}
    assert months("farm_sown") == {each.sown for each in assumed.CROPS} == {3, 6, 9, 10}


def test_a_season_has_mean_one():
    table = assumed.season_table()
    assert table.shape == (len(assumed.GROUPS), 12)
    assert np.allclose(table.mean(axis=1), 1)
    # The village earns more than twice its mean in the months of wheat and maize.
    assert (table[assumed.FARM, [5, 9]] > 2).all()


def test_shops_take_several_times_the_income_of_their_owner(county):
    takings = (
        county.events.filter(pl.col("source") == "sim_till")
        .group_by("party")
        .agg(pl.col("amount_minor").sum(), months=pl.col("at").dt.truncate("1mo").n_unique())
    )
    joined = takings.join(county.latent, on="party")
    times = (joined["amount_minor"] / joined["months"] / joined["income_minor"]).median()
    assert 3.5 < times < 6


def test_applications_are_of_what_they_are_for(county):
    asked = county.applications
    auto = asked.filter(pl.col("purpose") == "auto")
    assert auto.select("dealer", "vehicle", "price_minor").null_count().row(0) == (0, 0, 0)
    assert asked.filter(pl.col("purpose") != "auto")["vehicle"].is_null().all()
    offered = auto.join(county.vehicles, on=["vehicle", "dealer", "price_minor"], how="semi")
    assert offered.height == auto.height
    assert (auto["price_minor"] >= auto["amount_minor"]).all()
    assert (auto["cash_minor"] + 10_000 >= auto["down_payment_minor"]).all()
    assert set(asked["purpose"].unique()) == {"auto", "farm", "shop", "personal"}
    assert asked["age"].is_between(17, 62).all()
    assert asked["applied_on"].min() >= date(2024, 9, 1)
    assert asked["applied_on"].max() < date(2026, 9, 1)
    new = asked.filter(pl.col("state") == "new")
    assert new["applied_on"].min() >= date(2026, 8, 1)
    assert not new["booked"].any()


# --- the truth --------------------------------------------------------------------------------------


def test_the_truth_is_in_no_observed_column(county):
    for name in ("parties", "applications", "events", "history", "vehicles", "dealers", "institutions"):
        assert not (TRUTH_ONLY | LATENT_ONLY) & set(county.frames()[name].columns), name
    asked = county.applications.join(county.truth.select("application", "pd_ppm", "defaults"), on="application")
    numbers = [name for name in county.applications.columns if asked[name].dtype.is_numeric()]
    for name in numbers:
        assert abs(rank_correlation(asked, name, "pd_ppm")) < 0.6, name


def test_another_fate_changes_nothing_that_was_known_at_the_application():
    setting = CountySetting(seed=5, people=160)
    one = make_county(setting)
    two = make_county(setting.model_copy(update={"outcome_seed": 1}))
    assert one.applications.equals(two.applications)
    assert one.parties.equals(two.parties)
    assert one.truth["pd_ppm"].equals(two.truth["pd_ppm"])
    assert not one.truth["default_month"].equals(two.truth["default_month"])
    # The bank's own books are the fate of an earlier loan: they may differ. All else may not.
    first, second = (known_at_application(each).filter(pl.col("source") != "sim_own_books") for each in (one, two))
    assert first.equals(second)


def test_the_mean_of_the_true_pd_is_the_bad_rate_and_the_realised_rate_is_near(county):
    ripe = county.history.drop_nulls("label").join(county.truth.select("application", "pd_ppm"), on="application")
    assert abs(float(ripe["pd_ppm"].mean()) - county.setting.bad_rate_ppm) < 5
    assert 0.03 < float(ripe["label"].mean()) < 0.08
    # One default more or less is expected of as many as there are: within four standard deviations.
    chances = ripe["pd_ppm"].to_numpy() / 1_000_000
    off = abs(int(ripe["label"].sum()) - chances.sum()) / np.sqrt((chances * (1 - chances)).sum())
    assert off < 4


def test_defaults_come_as_often_as_the_true_pd_says(county):
    rank = pl.col("pd_ppm").rank("ordinal").cast(pl.Int64) - 1
    bands = county.truth.with_columns((rank * 5 // pl.len()).alias("band"))
    assert bands["band"].n_unique() == 5
    for _, band in bands.group_by("band"):
        chances = band["pd_ppm"].to_numpy() / 1_000_000
        assert abs(int(band["defaults"].sum()) - chances.sum()) < 4 * np.sqrt((chances * (1 - chances)).sum()) + 1
    # The truth itself orders the fates well, and not perfectly.
    assert 0.75 < auc(county.truth["defaults"], county.truth["pd_ppm"]) < 0.93


def test_what_is_observed_tells_of_the_truth(county, known):
    kind, late = pl.col("kind"), pl.col("late_days")
    seen = known.group_by("application").agg(
        bills_late=(late.filter(kind == "bill") > 0).mean(),
        debts_late=(late.filter(kind == "repayment") > 0).mean(),
        inquiries=(kind == "inquiry").sum(),
        balance=pl.col("amount_minor").filter(kind == "balance").mean(),
    )
    joined = county.truth.join(seen, on="application")
    assert rank_correlation(joined, "bills_late", "pd_ppm") > 0.5
    assert rank_correlation(joined, "debts_late", "pd_ppm") > 0.4
    assert rank_correlation(joined, "inquiries", "pd_ppm") > 0.25
    assert rank_correlation(joined, "balance", "pd_ppm") < -0.15
    assert 0.6 < auc(joined["defaults"], joined["bills_late"]) < 0.9


def test_worse_traits_debts_and_shocks_never_lower_the_pd():
    rest = np.array([-4.0, -2.0, 0.0, 2.0])
    burden = np.array([0, 100_000, 400_000, 1_000_000, 5_000_000])
    table = np.array([truth.pd_of(np.full(len(burden), each), burden) for each in rest])
    assert (np.diff(table, axis=0) >= 0).all()
    assert (np.diff(table, axis=1) >= 0).all()
    assert truth.pd_of(np.array([-99.0, 99.0]), np.array([0, 0])).tolist() == [500, 900_000]


@pytest.mark.parametrize(
    ("draw_ppm", "month_draw_ppm", "term_months", "month"),
    [
        (99_999, 0, 24, 4),
        (99_999, 119_999, 24, 4),
        (99_999, 120_000, 24, 5),
        (99_999, 999_999, 24, 12),
        (99_999, 999_999, 6, 9),
        (100_000, 0, 24, 13),
        (159_999, 999_999, 24, 24),
        (160_000, 0, 24, 0),
        (159_999, 999_999, 20, 0),
        (159_999, 999_999, 21, 24),
    ],
)
def test_the_fate_of_a_draw_at_ten_per_cent(draw_ppm, month_draw_ppm, term_months, month):
    one = [np.array([value]) for value in (100_000, draw_ppm, month_draw_ppm, term_months)]
    assert truth.default_month_of(*one).tolist() == [month]


# --- history ----------------------------------------------------------------------------------------


def test_labels_are_of_ripe_booked_loans_only_and_are_the_truth(county):
    joined = county.history.join(county.applications.drop("party", "term_months"), on="application")
    joined = joined.join(county.truth.drop("party", "term_months"), on="application")
    assert joined["booked"].all()
    ripe = pl.col("state") == "ripe"
    assert joined.filter(ripe)["label"].null_count() == 0
    assert joined.filter(~ripe)["label"].is_not_null().sum() == 0
    assert (joined.filter(ripe)["months_on_book"] >= 6).all()
    agrees = joined.filter(ripe).select((pl.col("label") == 1) == pl.col("defaults")).to_series()
    assert agrees.all()
    told = joined.filter(pl.col("default_month").is_not_null())
    assert (told["default_month"] == told["default_month_right"]).all()
    declined = county.applications.filter((pl.col("state") == "ripe") & ~pl.col("booked"))
    assert 0.02 < declined.height / county.applications.filter(pl.col("state") == "ripe").height < 0.3


def test_a_bad_label_is_three_instalments_unpaid_in_the_banks_books(county):
    again = county.applications.filter(pl.col("party").is_duplicated())["party"].to_list()
    bad = county.history.filter((pl.col("label") == 1) & ~pl.col("party").is_in(again))
    own = county.events.filter(pl.col("source") == "sim_own_books").join(bad, on="party", how="semi")
    unpaid = own.filter(pl.col("status") == "unpaid").group_by("party").len()
    assert unpaid.height == bad.height > 20
    # A short loan has fewer left to miss.
    assert (unpaid["len"] >= 3).mean() > 0.75
    good = county.history.filter((pl.col("label") == 0) & ~pl.col("party").is_in(again))
    own = county.events.filter(pl.col("source") == "sim_own_books").join(good, on="party", how="semi")
    spoiled = own.filter(pl.col("status") == "unpaid")["party"].n_unique()
    assert spoiled < 0.08 * good.height


# --- behaviour --------------------------------------------------------------------------------------


def test_one_loan_and_a_table_of_loans_behave_alike(county):
    loans = county.history.select("loan", "application").head(40)
    table = behaviours(loans, 14, county.truth)
    rows = {row["application"]: row for row in county.truth.iter_rows(named=True)}
    applications = dict(loans.iter_rows())
    for loan, month, way, share_ppm, late_days in table.iter_rows():
        paid = behaviour(loan, month, rows[applications[loan]])
        assert (paid.way, paid.share_ppm, paid.late_days) == (way, share_ppm, late_days)
    assert table.height == 40 * 14
    assert behaviours(loans, 14, county.truth).equals(table)


def test_who_defaults_misses_what_is_due_three_months_before_and_who_does_not_never_stops(county):
    table = behaviours(county.history.select("loan", "application"), 24, county.truth)
    fate = county.history.select("loan", "application").join(
        county.truth.select("application", "default_month"), on="application"
    )
    joined = table.join(fate, on="loan")
    stopped = (pl.col("default_month") > 0) & (pl.col("month") >= pl.col("default_month") - 3)
    assert joined.select(((pl.col("way") == "stopped") == stopped).all()).item()
    until = stopped & (pl.col("month") <= pl.col("default_month"))
    assert (joined.filter(until)["share_ppm"] == 0).all()
    before = joined.filter((pl.col("default_month") > 4) & (pl.col("month") == pl.col("default_month") - 4))
    assert (before["share_ppm"] == 1_000_000).all()
    assert (before["way"] == "late").mean() > 0.6
    later = joined.filter(stopped & ~until)["share_ppm"]
    assert later.max() < 500_000
    assert 0.03 < (later > 0).mean() < 0.09
    assert set(table["way"].unique()) == {"on_time", "late", "partly", "early", "stopped", "ended"}
    first_early = table.filter(pl.col("way") == "early").group_by("loan").agg(pl.col("month").min().alias("early"))
    after = table.join(first_early, on="loan").filter(pl.col("month") > pl.col("early"))
    assert set(after["way"].unique()) == {"ended"}
    assert table.filter(pl.col("way").is_in(["late", "partly"]))["late_days"].is_between(1, 25).all()
    assert (table.filter(~pl.col("way").is_in(["late", "partly"]))["late_days"] == 0).all()
    part = table.filter(pl.col("way") == "partly")["share_ppm"]
    assert part.is_between(1, 999_999).all()


def test_the_less_punctual_are_late_more_often(county):
    table = behaviours(county.history.select("loan", "application"), 6, county.truth).join(
        county.history.select("loan", "application"), on="loan"
    )
    late = table.group_by("application").agg(pl.col("way").is_in(["late", "partly"]).mean().alias("late"))
    assert rank_correlation(county.truth.join(late, on="application"), "late", "punctual") < -0.25


def test_a_lower_instalment_can_only_mend_a_fate(county):
    loans = county.history.select("loan", "application", "instalment_minor")
    wished = behaviours(loans.drop("instalment_minor"), 24, county.truth)
    same = behaviours(loans, 24, county.truth)
    assert same.equals(wished)

    def stops(times):
        changed = loans.with_columns((pl.col("instalment_minor") * times).cast(pl.Int64))
        table = behaviours(changed, 24, county.truth)
        return table.group_by("loan", maintain_order=True).agg((pl.col("way") == "stopped").any())["way"]

    low, as_wished, high = (stops(times) for times in (0.3, 1.0, 3.0))
    assert (low <= as_wished).all()
    assert (as_wished <= high).all()
    assert int(low.sum()) < int(as_wished.sum()) < int(high.sum())


def test_a_loan_of_another_id_has_other_small_accidents(county):
    one = county.truth.filter(pl.col("default_month") == 0).row(0, named=True)
    ways = {tuple(behaviour(f"loan_{number}", month, one).way for month in range(1, 20)) for number in range(20)}
    assert len(ways) > 5


# --- fairness ---------------------------------------------------------------------------------------


def test_a_proxy_of_the_sex_is_planted_when_asked_for_and_else_there_is_none():
    setting = CountySetting(seed=2, people=400)
    plain, planted = make_county(setting), make_county(setting.model_copy(update={"planted_proxy": True}))

    def plan(county):
        bills = county.events.filter(pl.col("source") == "sim_telecom")
        mean = bills.group_by("party").agg(pl.col("amount_minor").abs().mean().alias("plan"))
        return county.applications.join(mean, on="party").with_columns((pl.col("sex") == "female").alias("woman"))

    assert "loyalty_points" not in plain.applications.columns
    assert auc(plan(planted)["woman"], plan(planted)["loyalty_points"]) > 0.9
    assert auc(plan(planted)["woman"], plan(planted)["plan"]) < 0.15
    assert 0.42 < auc(plan(plain)["woman"], plan(plain)["plan"]) < 0.58
    # The proxy tells nothing of who pays: the truth is the same county's.
    assert plain.truth.equals(planted.truth)
    told = planted.truth.join(planted.applications, on="application")
    assert abs(rank_correlation(told, "loyalty_points", "pd_ppm")) < 0.2


def test_the_truth_does_not_know_the_sex(county):
    known = county.truth.join(county.applications, on="application").filter(pl.col("segment") == "wage_earner")
    known = known.with_columns((pl.col("sex") == "female").cast(pl.Int8).alias("woman"))
    assert abs(rank_correlation(known, "woman", "pd_ppm")) < 0.15


@pytest.mark.parametrize("module", [truth, personal, paying])
def test_examples_of_the_docstrings_hold(module):
    assert doctest.testmod(module).failed == 0
