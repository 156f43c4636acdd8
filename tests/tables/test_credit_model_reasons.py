"""Reasons of a model, in words: for an officer by feature, for the person by family."""

import numpy as np
import pytest

from puhui.credit.features.catalogue import FAMILIES
from puhui.credit.policy.reasons import reason_of
from puhui.credit.reasons import ASKED, OF_RISK, OTHER, Named, known_names, name_of, reasons, reasons_of, shown_value
from puhui.kernel.language import Text

CATALOGUE = {"debt": Named(Text("负债", "debt")), "income": Named(Text("收入", "income"), "minor", "income")}
FEATURES = ("debt", "income", "age", "late", "calls", "gap")


def test_at_most_four_the_weightiest_first_and_only_those_that_push_up():
    pushes = np.array([[0.5, 0.1, -0.9, 0.7, 0.3, 0.2], [0.02, 0.021, 0.0, -1.0, 0.0, 0.0]])
    rows = [dict.fromkeys(FEATURES, 1.5) | {"gap": None}, dict.fromkeys(FEATURES)]
    first, second = reasons(FEATURES, pushes, rows, CATALOGUE)
    assert [reason.feature for reason in first] == ["late", "debt", "calls", "gap"]
    assert first[1].text == Text("“负债”为 1.5，风险高于一般申请人", "debt is 1.5: a higher risk than most applicants")
    assert "缺少" in first[3].text.zh
    # Exactly the least is no reason; a little more is.
    assert [reason.feature for reason in second] == ["income"]


def test_a_name_without_a_text_is_its_own():
    assert name_of("late_count", CATALOGUE) == Named(Text("late_count", "late count"))


def test_one_applicant_is_told_what_the_population_is_told():
    adds = {"bill_late_share_12m": 0.4, "asked_minor": 0.1, "who_knows": 0.3, "income_mean_12m": -1.0}
    found = reasons_of(adds, {"bill_late_share_12m": 0.25, "asked_minor": 900_000})
    assert [(reason.feature, reason.code) for reason in found] == [
        ("bill_late_share_12m", "MODEL_BILLS"),
        ("who_knows", "MODEL_OTHER"),
        ("asked_minor", "MODEL_ASKED"),
    ]
    assert found[0].text.zh == "“近12月账单逾期占比”为 25.0%，风险高于一般申请人"
    assert found[2].text.en == "amount asked for is 9,000.00 yuan: a higher risk than most applicants"
    assert reasons_of({}, {}) == []


@pytest.mark.parametrize(
    ("value", "unit", "zh"),
    [
        (True, "", "是"),
        (1_234_567, "minor", "12,345.67 元"),
        (0.5, "share", "50.0%"),
        (7, "months", "7 个月"),
        (12.5, "mean_days", "12.5 天"),
        (3, "count", "3"),
        ("new", "", "new"),
    ],
)
def test_a_value_is_shown_in_its_unit(value, unit, zh):
    assert shown_value(value, unit).zh == zh


@pytest.mark.parametrize("family", [*FAMILIES, OTHER, *{one.family for one in ASKED.values()}])
def test_every_family_has_words_for_the_person(family):
    text = reason_of(f"MODEL_{family.upper()}").text
    assert text.zh
    assert text.en


def test_every_feature_has_a_family_with_words_and_the_codes_of_risk_are_known():
    assert all(reason_of(f"MODEL_{one.family.upper()}") for one in known_names().values())
    assert all(reason_of(code) for code in OF_RISK)
