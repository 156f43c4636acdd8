"""What no feature may read, by name and by values; and that a proxy is found under another name."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from puhui.credit.features.catalogue import FEATURES
from puhui.credit.features.forbidden import forbidden_group, forbidden_values, refuse_forbidden
from puhui.credit.features.proxies import CLEAR, proxy_report
from puhui.kernel.language import Text
from puhui.kernel.refusals import Refusal

NAMES = [
    ("sex", "sex"),
    ("CODE_GENDER", "sex"),
    ("applicantSex", "sex"),
    ("is_female", "sex"),
    ("personal_status_and_gender", "sex"),
    ("客户性别", "sex"),
    ("是否男性", "sex"),
    ("xingbie", "sex"),
    ("race", "ethnicity"),
    ("ethnicGroup", "ethnicity"),
    ("民族", "ethnicity"),
    ("MINZU", "ethnicity"),
    ("religion_code", "belief"),
    ("宗教信仰", "belief"),
    ("政治面貌", "belief"),
    ("party_member", "belief"),
    ("health_score", "health"),
    ("medical_spending", "health"),
    ("既往病史", "health"),
    ("是否残疾", "health"),
    # words that hold another word, and words that are fine
    ("trace_count", None),
    ("essex_branch", None),
    ("manager_id", None),
    ("payment_terms", None),
    ("子女人数", None),
    ("skill", None),
    ("changed_on", None),
    ("age", None),
    ("party", None),
    ("婚姻状况", None),
]


@pytest.mark.parametrize(("name", "group"), NAMES)
def test_a_name_is_judged(name, group):
    assert forbidden_group(name) == group
    if group:
        with pytest.raises(Refusal) as refused:
            refuse_forbidden(["income", name])
        assert refused.value.code == "FEATURE_FORBIDDEN"
        assert refused.value.fields == (name,)
    else:
        refuse_forbidden([name])


@pytest.mark.parametrize(
    ("values", "group"),
    [
        (["男", "女", None], "sex"),
        (["Male", "female", "unknown"], "sex"),
        (["汉族", "回族", "苗族", "其他"], "ethnicity"),
        (["佛教", "无"], "belief"),
        (["A", "B", "C"], None),
        ([], None),
        ([None], None),
        ([1, 2], None),
    ],
)
def test_values_are_judged_under_any_name(values, group):
    assert forbidden_values(values) == group
    if group:
        with pytest.raises(Refusal):
            refuse_forbidden(["col7"], {"col7": values})


@pytest.mark.parametrize(
    "change",
    [{"name": "gender_share"}, {"meaning": Text("女性收入", "income")}, {"meaning": Text("收入", "income of women")}],
)
def test_a_feature_cannot_be_registered_with_a_forbidden_name_or_meaning(change):
    with pytest.raises(Refusal) as refused:
        replace(FEATURES["income_mean_3m"], **change)
    assert refused.value.code == "FEATURE_FORBIDDEN"


def planted(rows=1_200, seed=0):
    """Return features of chance but for three that carry sex: by value, by what is missing, by a word; and sex."""
    random = np.random.default_rng(seed)
    sex = random.integers(0, 2, rows)
    noise = {f"noise_{number}": random.normal(size=rows) for number in range(10)}
    gaps = pl.Series(random.random(rows) < 0.1 + 0.3 * sex)
    frame = pl.DataFrame(
        {
            **noise,
            "sparse": random.integers(0, 3, rows),
            "shop": np.where(random.random(rows) < 0.2 + 0.3 * sex, "salon", "garage"),
            "planted": 0.8 * sex + random.normal(size=rows),
            "gappy": random.normal(size=rows),
        }
    ).with_columns(pl.when(~gaps).then("gappy").alias("gappy"))
    return frame, pl.Series(np.where(sex == 1, "F", "M"))


def test_a_planted_proxy_is_found_and_nothing_else():
    frame, sex = planted()
    report = proxy_report(frame, {"sex": sex}, seed=0)
    assert set(report.carriers()) == {"planted", "gappy", "shop"}
    found = {line.feature: line for line in report.lines}
    for line in report.lines:
        assert line.carries == (line.v > line.band)
        assert 0 <= line.v_low <= line.v_high
    assert found["planted"].v > CLEAR
    # "F" comes first: a larger value speaks for "M" above a half, for "F" below
    assert found["planted"].auc_high < 0.5
    assert found["gappy"].auc_low < 0.5 < found["gappy"].auc_high, "its value tells nothing: what is missing does"
    assert found["shop"].auc is None
    assert found["noise_0"].strength == "none"
    assert report.as_dict()["carriers"] == list(report.carriers())


def test_many_groups_are_told_apart():
    frame, sex = planted()
    random = np.random.default_rng(1)
    groups = random.integers(0, 4, frame.height)
    frame = frame.with_columns(pl.Series("dish", groups * 1.0 + random.normal(size=frame.height)))
    frame = frame.select("noise_0", "noise_1", "shop", "planted", "dish")
    report = proxy_report(frame, {"ethnicity": pl.Series(groups), "sex": sex}, seed=0)
    assert report.carriers("ethnicity") == ("dish",)
    assert set(report.carriers("sex")) == {"planted", "shop"}
    assert set(report.carriers()) == {"dish", "planted", "shop"}


def test_what_is_missing_is_a_group_of_its_own():
    """A tenth of M have 0 where a tenth of F have nothing: as one, they would tell no more than chance."""
    frame = pl.DataFrame({"x": [*range(10), None, *range(1, 10)] * 50})
    (line,) = proxy_report(frame, {"sex": pl.Series((["M"] * 10 + ["F"] * 10) * 50)}, seed=0).lines
    assert line.v > 0.25


def test_the_band_is_that_of_all_features_together():
    frame, sex = planted(rows=300)
    names = ["noise_0", "noise_1", "sparse"]
    each = [proxy_report(frame.select(name), {"sex": sex}, seed=0).lines[0].band for name in names]
    together = {proxy_report(frame.select(order), {"sex": sex}, seed=0).lines[0].band for order in (names, names[::-1])}
    assert len(together) == 1
    assert together.pop() >= max(each)
    assert len(set(each)) == 3


def test_the_same_seed_gives_the_same_report():
    frame, sex = planted(rows=200)
    assert proxy_report(frame, {"sex": sex}, seed=3) == proxy_report(frame, {"sex": sex}, seed=3)


def test_rows_whose_group_is_not_known_are_left_out():
    frame, sex = planted(rows=300)
    known = pl.select(pl.when(pl.int_range(300) < 150).then(sex)).to_series()
    one = proxy_report(frame, {"sex": known}, seed=0)
    assert {line.rows for line in one.lines} == {150}
    assert one == proxy_report(frame[:150], {"sex": sex[:150]}, seed=0)


@pytest.mark.parametrize(
    "values",
    [
        ["M"] * 200,
        ["M", "F"] * 49 + ["M"],
        ["M"] * 191 + ["F"] * 9,
        [str(number) for number in range(200)],
        [None] * 200,
    ],
)
def test_too_little_to_tell_is_refused(values):
    frame = pl.DataFrame({"income": np.arange(len(values), dtype=np.float64)})
    with pytest.raises(Refusal) as refused:
        proxy_report(frame, {"sex": pl.Series(values, dtype=pl.String)}, seed=0)
    assert refused.value.code == "PROXY_INPUT"
