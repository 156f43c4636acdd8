"""What a check says beyond single boundaries: memory, overrides, missing facts, classes, refusals."""

from datetime import date

import pytest

from puhui.kernel.refusals import Refusal
from puhui.rulebook.check import check
from puhui.rulebook.loader import default_rulebook
from puhui.rulebook.subject import Subject

TODAY = date(2026, 11, 23)
LOAN = Subject("bank", ("enterprise",), moment="loan")
SOUND = {
    "risk_class": "NORMAL",
    "best_claim_class": "NORMAL",
    "dpd_days": 0,
    "technical_delay": False,
    "stage": 1,
    "debtor_npl_share_ppm": 0,
    "industry_overdue_90_share_ppm": 0,
    "restructured": False,
    "npl_before_restructure": False,
    "observation_months": 0,
    "since_classification_months": 3,
    "specific_rate_ppm": 0,
}


def finding(report, rule_id):
    return next(item for item in report.findings if item.rule_id == rule_id)


def refusal(call):
    with pytest.raises(Refusal) as refused:
        call()
    return refused.value


# --- how well a rule is known


@pytest.mark.parametrize(
    ("hard", "outcome", "ok"),
    [
        ((), "warned", True),  # CLS.FREQ is known from memory
        (("CLS.FREQ",), "broken", False),
        (("CLS.SUB",), "warned", True),
    ],
)
def test_a_rule_from_memory_warns_unless_the_lender_makes_it_hard(hard, outcome, ok):
    report = check(LOAN, {**SOUND, "since_classification_months": 4}, TODAY, hard=hard)
    found = finding(report, "CLS.FREQ")
    assert (found.outcome, report.ok) == (outcome, ok)
    assert found.overridden == ("CLS.FREQ" in hard)
    assert found.confidence == "memory-unverified"


@pytest.mark.parametrize(("hard", "blocking"), [((), False), (("CLS.FREQ",), True)])
def test_a_missing_fact_blocks_only_where_the_rule_would(hard, blocking):
    facts = {name: value for name, value in SOUND.items() if name != "since_classification_months"}
    report = check(LOAN, facts, TODAY, hard=hard)
    found = finding(report, "CLS.FREQ")
    assert (found.outcome, found.blocking, report.ok) == ("cannot_evaluate", blocking, not blocking)
    assert found.missing == ("since_classification_months",)
    assert report.missing == ("since_classification_months",)


def test_a_rule_without_dates_never_blocks_of_itself():
    subject = Subject("consumer_finance", ("personal_consumer",))
    costly = dict.fromkeys(("irr_x12_ppm", "effective_ppm", "xirr_365_ppm"), 250_000)
    assert finding(check(subject, costly, TODAY), "CAP.CFC.20").outcome == "warned"
    assert finding(check(subject, {}, TODAY), "CAP.CFC.20").blocking is False
    own = check(subject, costly, TODAY, hard=["CAP.CFC.20"])
    assert finding(own, "CAP.CFC.20").outcome == "broken"


@pytest.mark.parametrize(
    ("rule_id", "code"),
    [
        ("NO.USURY", "RULE_NOT_SWITCHABLE"),  # prose: nothing to evaluate
        ("NO.SUCH", "RULE_UNKNOWN"),
    ],
)
def test_a_rule_that_cannot_be_made_hard_is_refused(rule_id, code):
    assert refusal(lambda: check(LOAN, SOUND, TODAY, hard=[rule_id])).code == code


def test_a_hard_floor_stands_though_the_soft_upper_end_is_missed():
    subject = Subject("bank", ("all_loans",), moment="institution")
    hard = ["PROV.RATIO"]
    rows = [(1_200_000, 15_000, "warned"), (1_199_999, 15_000, "broken"), (1_200_000, 14_999, "broken")]
    for coverage, ratio, outcome in rows:
        facts = {"provision_coverage_ppm": coverage, "loan_provision_ratio_ppm": ratio}
        assert finding(check(subject, facts, TODAY, hard=hard), "PROV.RATIO").outcome == outcome


# --- what a report holds


def test_a_sound_loan_is_ok_and_nothing_is_passed_over():
    report = check(LOAN, SOUND, TODAY)
    assert report.ok
    assert report.broken == ()
    assert report.warned == ()
    assert report.missing == ()
    applicable = [rule.id for rule in default_rulebook().applicable(LOAN, TODAY)]
    assert [item.rule_id for item in report.findings] == applicable
    assert {item.outcome for item in report.findings} == {"passed", "for_people"}


def test_a_finding_carries_figure_limit_source_and_article():
    report = check(LOAN, {**SOUND, "dpd_days": 91, "risk_class": "SM"}, TODAY)
    assert finding(report, "CLS.SUB").as_dict() == {
        "rule": "CLS.SUB",
        "title": {"zh": "逾期超过90天至少次级", "en": "Over 90 days: at least substandard"},
        "outcome": "broken",
        "blocking": True,
        "severity": "hard",
        "overridden": False,
        "metric": "risk_class",
        "op": "class_at_least",
        "figure": "SM",
        "limit": "SUB",
        "unit": "class",
        "missing": [],
        "confidence": "quoted-secondary",
        "basis": None,
        "source": "商业银行金融资产风险分类办法 银保监会、人民银行令2023年第1号",
        "article": "11",
        "superseded_by": None,
        "classified": None,
    }
    as_dict = report.as_dict()
    assert (as_dict["ok"], as_dict["as_of"], as_dict["counts"]["broken"]) == (False, "2026-11-23", 1)


def test_a_limit_from_a_series_shows_the_value_behind_it():
    subject = Subject("private_lender", ("personal_loan",), moment="product")
    facts = {"contract_on": date(2024, 10, 21), "contract_rate_ppm": 124_000}
    found = finding(check(subject, facts, date(2024, 10, 21)), "CAP.PRIVATE.4LPR")
    assert (found.figure, found.limit, found.unit) == (124_000, 124_000, "ppm")
    assert found.basis["value_ppm"] == 31_000
    assert found.basis["since"] == date(2024, 10, 21)
    assert found.basis["confidence"] == "memory-unverified"


def test_a_superseded_rule_is_named_with_the_one_in_its_place():
    subject = Subject("bank", ("personal_consumer",), moment="product")
    found = finding(check(subject, {"tenor_months": 72}, TODAY), "PL.CONSUMER.TENOR")
    assert (found.outcome, found.superseded_by) == ("superseded", "PL.CONSUMER.TENOR.TEMP")
    assert (found.figure, found.limit, found.blocking) == (None, None, False)


@pytest.mark.parametrize(
    ("change", "outcome", "classified"),
    [
        ({}, "passed", True),
        ({"household_credit_total_minor": 1_000_000_001}, "passed", False),
        ({"borrower_kind": "OTHER"}, "passed", False),
        ({"discounting": True}, "passed", False),
        ({"household_credit_total_minor": None}, "cannot_evaluate", None),
        ({"household_credit_total_minor": None, "borrower_kind": "OTHER"}, "passed", False),
    ],
)
def test_a_class_is_a_yes_or_a_no_and_breaks_nothing(change, outcome, classified):
    subject = Subject("bank", ("personal_business",), moment="statistics")
    facts = {"borrower_kind": "OWNER", "discounting": False, "household_credit_total_minor": 1_000_000_000}
    report = check(subject, {**facts, **change}, TODAY)
    found = finding(report, "STAT.NFRA.SME")
    assert (found.outcome, found.classified, report.ok) == (outcome, classified, True)


@pytest.mark.parametrize(
    ("kind", "total_minor", "classified"),
    [
        ("FARMER", 500_000_000, True),
        ("FARMER", 500_000_001, False),
        ("AGRI_SMALL_MICRO", 1_000_000_000, True),
        ("AGRI_SMALL_MICRO", 1_000_000_001, False),
        ("OTHER", 1, False),
    ],
)
def test_the_rural_class_depends_on_the_borrower(kind, total_minor, classified):
    subject = Subject("bank", ("farmer",), moment="statistics")
    facts = {"borrower_kind": kind, "household_credit_total_minor": total_minor}
    assert finding(check(subject, facts, TODAY), "STAT.AGRI").classified is classified


def test_a_figure_named_by_the_rule_is_the_only_one_that_counts(tmp_path):
    """A rule may name one of the three figures of annual cost; the others are then not asked for."""
    book = one_rule(tmp_path, checks=[{"metric": "annual_cost", "op": "<=", "limit": 1, "figures": ["irr_x12_ppm"]}])
    subject = Subject("bank", ("personal_loan",))
    assert check(subject, {"irr_x12_ppm": 1}, TODAY, rulebook=book).findings[0].outcome == "passed"
    assert check(subject, {"irr_x12_ppm": 2}, TODAY, rulebook=book).findings[0].outcome == "broken"
    assert book.metrics_used(subject, TODAY) == ("irr_x12_ppm",)


@pytest.mark.parametrize(
    ("rule_regions", "region", "applies"),
    [
        (["410000"], "410329", True),
        (["410300"], "410329", True),
        (["410329"], "410329", True),
        (["410329"], "410323", False),
        (["410400"], "410329", False),
        (["110000", "410000"], "410329", True),
        (["110000"], "", True),  # an unknown place is covered
        ([], "650000", True),
    ],
)
def test_a_rule_of_a_place(tmp_path, rule_regions, region, applies):
    book = one_rule(tmp_path, regions=rule_regions)
    report = check(Subject("bank", ("personal_loan",), region=region), {}, TODAY, rulebook=book)
    assert bool(report.findings) is applies


def test_the_last_day_is_included(tmp_path):
    book = one_rule(tmp_path, effective_from="2024-02", effective_to="2024-02")
    days = {date(2024, 1, 31): 0, date(2024, 2, 1): 1, date(2024, 2, 29): 1, date(2024, 3, 1): 0}
    subject = Subject("bank", ("personal_loan",))
    assert {day: len(check(subject, {}, day, rulebook=book).findings) for day in days} == days
    assert book.rule("A.RULE").date_precision == "month"


def one_rule(folder, **change):
    """Return a rulebook of one rule, written with `change`."""
    from test_rulebook_loader import book_of, rule

    return book_of(folder, rule(**change))


# --- refusals


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"tenor_months": 12.0}, "tenor_months"),
        ({"no_such_fact": 0.5}, "no_such_fact"),
        ({"tenor_months": "12"}, "tenor_months"),
        ({"tenor_months": True}, "tenor_months"),
        ({"apr_displayed": 1}, "apr_displayed"),
        ({"apr_method": "irr"}, "apr_method"),
        ({"risk_class": "B"}, "risk_class"),
        ({"contract_on": "2026-01-01"}, "contract_on"),
        ({"purposes": "travel"}, "purposes"),
        ({"purposes": [1]}, "purposes"),
        ({"annual_cost": 240_000}, "annual_cost"),
    ],
)
def test_facts_of_the_wrong_kind_are_refused(facts, field):
    refused = refusal(lambda: check(Subject("bank", ("facilitated",)), facts, TODAY))
    assert (refused.code, refused.fields) == ("FACT_INVALID", (field,))
    assert field in refused.message("zh")
    assert field in refused.message("en")


def test_a_fact_that_is_none_is_missing_and_an_unknown_one_is_reported():
    report = check(Subject("bank", ("facilitated",)), {"apr_displayed": None, "apr_shown": True}, TODAY)
    assert report.unknown_facts == ("apr_shown",)
    assert "apr_displayed" in report.missing
    assert not report.ok


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"lender": "usurer", "products": ("personal_loan",)}, "lender"),
        ({"lender": "all_lenders", "products": ("personal_loan",)}, "lender"),
        ({"lender": "bank", "products": ("yacht",)}, "products"),
        ({"lender": "bank", "products": ()}, "products"),
        ({"lender": "bank", "products": ["auto"]}, "products"),
        ({"lender": "bank", "products": ("auto",), "moment": "later"}, "moment"),
        ({"lender": "bank", "products": ("auto",), "region": "4103"}, "region"),
        ({"lender": "bank", "products": ("auto",), "region": "41032x"}, "region"),
    ],
)
def test_subjects_with_unknown_words_are_refused(arguments, field):
    refused = refusal(lambda: Subject(**arguments))
    assert (refused.code, refused.fields) == ("SUBJECT_INVALID", (field,))


def test_which_facts_an_offer_needs():
    used = default_rulebook().metrics_used(Subject("platform", ("facilitated",), moment="product"), TODAY)
    assert used == ("effective_ppm", "irr_x12_ppm", "platform_fee_minor", "xirr_365_ppm")
    before = default_rulebook().metrics_used(Subject("platform", ("facilitated",), moment="product"), date(2025, 9, 30))
    assert before == ()
