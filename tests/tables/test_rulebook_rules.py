"""The rules that come with the program: all there, each with its source, figures as in the table of limits."""

import csv
import json
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from conftest import SHARED
from puhui.kernel.refusals import Refusal
from puhui.rulebook.describe import describe_rule
from puhui.rulebook.loader import default_rulebook
from puhui.rulebook.metrics import metrics
from puhui.rulebook.operators import OPERATORS
from puhui.rulebook.vocabulary import GROUPS, LENDERS, MOMENTS, PRODUCTS

BOOK = default_rulebook()
LIMITS = list(csv.DictReader((Path(__file__).parent / "rule_limits.csv").read_text(encoding="utf-8").splitlines()))
COUNTS = {
    "cost": 9,
    "caps": 12,
    "penalty": 2,
    "internet_loans": 12,
    "tenor_and_payment": 11,
    "auto": 16,
    "consumer_finance": 6,
    "small_loan": 7,
    "classification": 11,
    "provisions": 5,
    "supply_chain": 10,
    "guarantee": 2,
    "statistics": 5,
    "credit_reporting": 6,
    "privacy": 9,
    "aml": 3,
    "collection": 7,
    "conduct": 3,
    "concentration": 4,
    "subsidies": 3,
}
PROSE = {
    "NO.USURY", "EARLY.REPAY", "DAY.RATE", "CAP.PRIVATE.EXEMPT7", "AUTO.PREPAY.TRADEIN", "AFC.LIQ", "CLS.LEGACY",
    "SCF.CORE.CONDUCT", "SME.PAY.CLOCK", "FACTOR.PRIORITY", "STAT.FARMER", "CR.REPAIR.ONCE", "PIPL.AUTO.FAIR",
    "PIPL.AUTO.MARKETING", "COLL.GAP.GB", "CP.COOLOFF",
}  # fmt: skip


def test_all_rules_are_there_by_subject():
    assert dict(Counter(rule.subject for rule in BOOK.rules.values())) == COUNTS
    assert list(BOOK.subjects) == list(COUNTS)
    assert len(BOOK.rules) == 143


def test_only_these_are_prose():
    assert {rule.id for rule in BOOK.rules.values() if not rule.demands} == PROSE


def test_confidence_and_dates_are_kept():
    kept = Counter(rule.confidence for rule in BOOK.rules.values())
    assert kept == {"quoted-secondary": 82, "quoted-primary": 33, "memory-unverified": 28}
    assert {r.id for r in BOOK.rules.values() if r.record.dates_unknown} == {"CAP.CFC.20", "CP.COOLOFF"}
    inexact = Counter(rule.date_precision for rule in BOOK.rules.values())
    assert inexact == {"day": 128, "month": 7, "year": 6, None: 2}


def _value(text):
    parts = [
        {"true": True, "false": False}.get(part, int(part) if part.lstrip("-").isdigit() else part)
        for part in text.split("|")
    ]
    return tuple(parts) if len(parts) > 1 else parts[0]


@pytest.mark.parametrize("row", LIMITS, ids=lambda row: f"{row['rule']}-{row['metric']}-{row['day']}")
def test_limit(row):
    found = BOOK.limits(row["rule"], date.fromisoformat(row["day"]), row["metric"])
    wanted = _value(row["limit"])
    if row["metric"] == "purposes":
        found = [tuple(sorted(value)) for value in found]
        wanted = tuple(sorted(wanted))
    assert wanted in found


def test_limits_that_other_parts_read():
    day = date(2026, 11, 23)
    assert BOOK.limit("PENALTY.OVERDUE", day) == (1_300_000, 1_500_000)
    assert BOOK.limit("CLS.SUB", day, "dpd_days") == 90
    assert BOOK.limit("CLS.SUB", day) == "SUB"
    assert BOOK.limit("CLS.CARD", day) == ((0, "SM"), (90, "SUB"), (120, "DBT"), (180, "LOSS"))
    assert dict(BOOK.limit("PROV.SPECIAL", day))["DBT"] == (400_000, 600_000)
    assert BOOK.limits("PL.BIZ.TENOR", day) == (120, 60)
    assert dict(BOOK.limit("AML.LARGE", day, "day_total_minor"))["PERSONAL_CROSS_BORDER"] == 20_000_000


@pytest.mark.parametrize(
    ("rule_id", "day", "metric", "code"),
    [
        ("NO.SUCH", date(2026, 1, 1), None, "RULE_UNKNOWN"),
        ("CAP.FACILITATION.24", date(2025, 9, 30), None, "RULE_NOT_IN_FORCE"),
        ("WC.NEED", date(2026, 1, 1), None, "LIMIT_NOT_FIXED"),
        ("PENALTY.OVERDUE", date(2026, 1, 1), "tenor_months", "LIMIT_NOT_FIXED"),
        ("NO.USURY", date(2026, 1, 1), None, "LIMIT_NOT_FIXED"),
    ],
)
def test_limit_refusals(rule_id, day, metric, code):
    with pytest.raises(Refusal) as refused:
        BOOK.limit(rule_id, day, metric)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("day", "ppm"),
    [
        (date(2019, 8, 19), None),
        (date(2019, 8, 20), 42_500),
        (date(2019, 9, 20), 42_000),
        (date(2019, 11, 20), 41_500),
        (date(2020, 2, 29), 40_500),
        (date(2020, 4, 19), 40_500),
        (date(2020, 4, 20), 38_500),
        (date(2021, 12, 19), 38_500),
        (date(2021, 12, 20), 38_000),
        (date(2022, 1, 20), 37_000),
        (date(2022, 8, 22), 36_500),
        (date(2023, 6, 20), 35_500),
        (date(2023, 8, 21), 34_500),
        (date(2024, 7, 22), 33_500),
        (date(2024, 10, 20), 33_500),
        (date(2024, 10, 21), 31_000),
        (date(2025, 5, 19), 31_000),
        (date(2025, 5, 20), 30_000),
        (date(2099, 12, 31), 30_000),
    ],
)
def test_lpr(day, ppm):
    value = BOOK.series["lpr_1y"].at(day)
    assert (value and value.value_ppm) == ppm


def test_every_word_of_the_vocabulary_is_written_once_and_known():
    for terms in (LENDERS, PRODUCTS):
        assert all(wider in terms for term in terms.values() for wider in term.implies)
    assert all(member in LENDERS for group in GROUPS.values() for member in group.implies)
    assert not LENDERS.keys() & GROUPS.keys()
    used = {moment for rule in BOOK.rules.values() for moment in rule.record.moments}
    assert used == set(MOMENTS)


def test_every_metric_is_read_by_a_rule_and_carries_its_unit():
    read = {name for rule in BOOK.rules.values() for demand in rule.demands for name in demand.reads}
    suffix = {"minor": "_minor", "ppm": "_ppm", "days": "_days", "months": "_months", "count": "_count"}
    for code, metric in metrics().items():
        if metric.type == "figures":
            assert set(metric.figures) <= metrics().keys()
            continue
        assert code in read, f"no rule reads {code}"
        assert code.endswith(suffix.get(metric.unit, "")), code
        assert (metric.type == "date") == code.endswith("_on"), code


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_check_reads_as_a_sentence(language, monkeypatch):
    monkeypatch.setenv("PUHUI_LANG", language)
    for rule in BOOK.rules.values():
        sentences = describe_rule(rule, date(2026, 11, 23))
        assert len(sentences) == len(rule.demands)
        assert all("None" not in sentence and "—" not in sentence for sentence in sentences), rule.id
    operators = {demand.op for rule in BOOK.rules.values() for demand in rule.demands}
    operators |= {item.op for r in BOOK.rules.values() for d in r.demands for item in (*d.when, *d.unless)}
    assert operators == set(OPERATORS)


def test_what_a_check_says(monkeypatch):
    rule, day = BOOK.rule("CLS.SM"), date(2026, 11, 23)
    assert describe_rule(rule, day) == [
        "当 逾期天数 ＞ 0 天 时，五级分类 不好于 关注 SM；除非 操作性或技术性原因逾期 为 是 且 逾期天数 ≤ 7 天"
    ]
    monkeypatch.setenv("PUHUI_LANG", "en")
    assert describe_rule(BOOK.rule("SUB.CONS.2026"), day)[1] == "subsidy rate a year ≤ 50% of contract rate a year"
    assert describe_rule(BOOK.rule("SME.PAY.LARGE"), day)[1] == "days from delivery to payment ≤ 60 days (warns only)"


def test_against_the_list_of_facts():
    """Ids, dates, severity, confidence and addresses are those of the outside list, where it is at hand."""
    path = SHARED / "facts" / "rules.json"
    if not path.exists():
        pytest.skip("the outside list of rules is not here")
    facts = {item["id"]: item for item in json.loads(path.read_text(encoding="utf-8"))["rules"]}
    assert facts.keys() == BOOK.rules.keys()
    for rule in BOOK.rules.values():
        fact, record = facts[rule.id], rule.record
        assert (record.effective_from, record.effective_to) == (fact["effective_from"], fact["effective_to"])
        assert (record.severity, record.confidence) == (fact["severity"], fact["confidence"])
        assert bool(record.checks) == (fact["check"] is not None)
        for address in record.source.urls:
            if address.startswith("http"):
                assert any(address in other["source_url"] for other in facts.values()), address
