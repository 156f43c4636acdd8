"""A simulated county applies: what is approved holds, what is not says why, and nothing missing ever says yes."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from county_example import case_of, county, events_by_party, kit, new_cases
from puhui.credit.models.row import RowScore
from puhui.credit.policy.reasons import reasons
from puhui.workflows.judge import judge, known_of

COUNT = 60


@pytest.fixture(scope="module")
def judged():
    return [(case, judge(case, events_by_party()[case.party], kit())) for case in new_cases(COUNT)]


def test_all_three_answers_occur(judged):
    answers = Counter(judgement.outcome for _, judgement in judged)
    assert set(answers) == {"approve", "refer", "decline"}, answers


def test_what_is_approved_has_offers_that_hold(judged):
    approved = [(case, judgement) for case, judgement in judged if judgement.outcome == "approve"]
    for case, judgement in approved:
        assert judgement.reasons == ()
        assert judgement.draft.choices
        for choice in judgement.draft.choices:
            assert all(rules.ok for rules in choice.proposal.rules)
            assert choice.verdict.offer.rules.ok
            assert choice.proposal.lent_minor <= judgement.draft.limit.limit_minor
            assert choice.proposal.cash_minor <= case.cash_minor
            assert choice.proposal.months <= case.most_months
            others = [verdict.offer.order for verdict in choice.routing.order]
            assert choice.verdict.offer.order == min(others)


def test_what_is_not_approved_says_why_in_both_languages_and_offers_nothing(judged):
    for _, judgement in judged:
        if judgement.outcome != "approve":
            assert 1 <= len(judgement.reasons) <= 4
            assert all(text.zh and text.en for _, text in judgement.words())
            assert judgement.draft.choices == []
            # That there is no offer is a reason only where nothing else said no.
            assert "NO_OFFER" not in judgement.reasons or judgement.reasons == ("NO_OFFER",)


def test_the_same_case_is_judged_the_same(judged):
    for case, judgement in judged[:8]:
        again = judge(case, events_by_party()[case.party], kit())
        assert (again.outcome, again.reasons) == (judgement.outcome, judgement.reasons)
        assert again.draft.score == judgement.draft.score
        assert [c.proposal.plan for c in again.draft.choices] == [c.proposal.plan for c in judgement.draft.choices]


def test_what_comes_to_be_known_later_changes_nothing(judged):
    for case, judgement in judged[:8]:
        own = events_by_party()[case.party]
        later = own.with_columns(pl.col("at") + timedelta(days=900), pl.col("recorded_at") + timedelta(days=900))
        again = judge(case, pl.concat([own, later]), kit())
        assert (again.outcome, again.draft.features) == (judgement.outcome, judgement.draft.features)


@pytest.mark.parametrize("check", ["identity_verified", "on_fraud_list", "consent_credit_report", "age_years"])
def test_a_check_that_was_not_made_is_never_a_yes(judged, check):
    case, _ = next((case, judgement) for case, judgement in judged if judgement.outcome == "approve")
    without = {name: value for name, value in case.checks.items() if name != check}
    judgement = judge(case.model_copy(update={"checks": without}), events_by_party()[case.party], kit())
    assert (judgement.outcome, "DATA_INCOMPLETE" in judgement.reasons) == ("refer", True)


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"stated_debt_minor": 10**9}, "decline"),
        ({"dependants": None}, "refer"),
        ({"exposure_minor": None}, "refer"),
        ({"purpose": "vacation"}, "refer"),
    ],
)
def test_what_is_owed_or_not_known_weighs(judged, changes, outcome):
    case, _ = next((case, judgement) for case, judgement in judged if judgement.outcome == "approve")
    assert judge(case.model_copy(update=changes), events_by_party()[case.party], kit()).outcome == outcome


def test_nothing_known_of_a_person_is_no_yes():
    row = county().applications.filter(pl.col("state") == "new").row(0, named=True)
    stranger = case_of(row, party="nobody", stated_debt_minor=None, stated_income_minor=None)
    judgement = judge(stranger, events_by_party()[row["party"]], kit())
    assert judgement.outcome != "approve"
    assert judgement.draft.features["income_mean_12m"] is None


def test_every_reason_that_a_step_names_has_words():
    known = reasons()
    for code in ("NO_CAPACITY", "LIMIT_TOO_SMALL", "INCOME_UNKNOWN", "DATA_INCOMPLETE", "PRICE_ABOVE_CAP"):
        assert known[code].text.zh


def test_a_model_that_sees_only_risk_approves_nobody(judged):
    class Pessimist:
        kind, features = "pessimist", ()

        def score_row(self, features):
            return RowScore(0.9, None, ())

    case, _ = next((case, judgement) for case, judgement in judged if judgement.outcome == "approve")
    dark = replace(kit(), model=Pessimist())
    judgement = judge(case, events_by_party()[case.party], dark)
    assert judgement.outcome == "decline"
    assert "RISK_TOO_HIGH" in judgement.reasons


def test_what_is_seen_stands_whatever_someone_says_to_have_checked(judged):
    late = [(*pair, known_of(pair[1].draft).get("worst_days_late_24m")) for pair in judged if pair[1].draft.products]
    case, judgement, seen = next(each for each in late if each[2])
    whitewashed = case.model_copy(update={"checks": {**case.checks, "worst_days_late_24m": 0}})
    again = judge(whitewashed, events_by_party()[case.party], kit())
    assert known_of(again.draft)["worst_days_late_24m"] == seen
    assert (again.outcome, again.reasons) == (judgement.outcome, judgement.reasons)
