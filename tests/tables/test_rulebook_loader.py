"""Rules that the loader refuses: each names the rule and says what to do."""

import json
from datetime import date

import pytest

from puhui.kernel.refusals import Refusal
from puhui.rulebook.files import read_yaml
from puhui.rulebook.loader import default_rulebook, load_rulebook
from puhui.rulebook.rule import rule_schema

HEAD = {"subject": "law", "order": 1, "title": {"zh": "法", "en": "law"}}
RULE = {
    "id": "A.RULE",
    "title": {"zh": "规则", "en": "A rule"},
    "statement": {"zh": "内容", "en": "Its text."},
    "moments": ["offer"],
    "lenders": ["bank"],
    "products": ["all_loans"],
    "effective_from": "2024-01-01",
    "effective_to": None,
    "severity": "hard",
    "confidence": "quoted-primary",
    "source": {"issuers": ["npc"], "document": "法律", "urls": ["https://example.org/law"]},
    "checks": [{"metric": "tenor_months", "op": "<=", "limit": 12}],
}
REASON = {"zh": "无文件", "en": "no document"}


def rule(drop=(), **change):
    return {name: value for name, value in {**RULE, **change}.items() if name not in drop}


def book_of(folder, *rules, head=HEAD):
    # JSON is YAML
    (folder / "law.yaml").write_text(json.dumps({**head, "rules": list(rules)}), encoding="utf-8")
    return load_rulebook(folder)


def check(**change):
    return rule(checks=[{"metric": "tenor_months", "op": "<=", "limit": 12, **change}])


def source(**change):
    return rule(source={**RULE["source"], **change})


HALF = {"fact": "extension_months", "share_ppm": 500_000}
FALLING = {"by": "dpd_days", "steps": [{"above": 2, "value": 1}, {"above": 1, "value": 2}]}
MOOD = {"metric": "mood", "op": "is", "limit": True}

REFUSED = [
    ("no source", rule(drop=["source"]), "RULE_WITHOUT_SOURCE", "source"),
    ("an empty source", rule(source={}), "RULE_WITHOUT_SOURCE", "source"),
    ("quoted, but no address", source(urls=[]), "RULE_WITHOUT_SOURCE", "source.urls"),
    ("no issuer", source(issuers=[]), "INPUT_INVALID", "source.issuers"),
    ("no document", source(document=""), "INPUT_INVALID", "source.document"),
    ("an unknown issuer", source(issuers=["king"]), "RULE_INVALID", "source.issuers"),
    ("no first day", rule(drop=["effective_from"]), "RULE_WITHOUT_DATES", "effective_from"),
    ("a null first day", rule(effective_from=None), "RULE_WITHOUT_DATES", "effective_from"),
    ("unknown dates, yet hard", rule(effective_from=None, dates_unknown=REASON), "RULE_INVALID", "severity"),
    ("unknown dates, yet dated", rule(severity="soft", dates_unknown=REASON), "RULE_INVALID", "dates_unknown"),
    ("not a date", rule(effective_from="01.02.2024"), "INPUT_INVALID", "effective_from"),
    ("no such day", rule(effective_from="2023-02-29"), "RULE_INVALID", "effective_from"),
    ("no such month", rule(effective_to="2024-13"), "RULE_INVALID", "effective_to"),
    ("ends before it starts", rule(effective_to="2023-12-31"), "RULE_INVALID", "effective_to"),
    ("an unknown lender", rule(lenders=["usurer"]), "RULE_INVALID", "lenders"),
    ("no lender", rule(lenders=[]), "INPUT_INVALID", "lenders"),
    ("an unknown tag", rule(products=["auto + yacht"]), "RULE_INVALID", "products"),
    ("an unknown exception", rule(except_products=["yacht"]), "RULE_INVALID", "except_products"),
    ("an unknown moment", rule(moments=["later"]), "RULE_INVALID", "moments"),
    ("not a region", rule(regions=["41"]), "RULE_INVALID", "regions"),
    ("an unknown severity", rule(severity="fatal"), "INPUT_INVALID", "severity"),
    ("an unknown confidence", rule(confidence="sure"), "INPUT_INVALID", "confidence"),
    ("an unknown field", rule(color="red"), "INPUT_INVALID", "color"),
    ("an unknown rule superseded", rule(supersedes=["NO.SUCH"]), "RULE_INVALID", "supersedes"),
    ("itself superseded", rule(supersedes=["A.RULE"]), "RULE_INVALID", "supersedes"),
    ("an unknown operator", check(op="~"), "RULE_INVALID", "op"),
    ("an unknown metric", check(metric="mood"), "RULE_INVALID", "metric"),
    ("an operator for lists", check(op="subset_of", limit=["a"]), "RULE_INVALID", "op"),
    ("a limit of the wrong shape", check(op="between", limit=[2, 1]), "RULE_INVALID", "limit"),
    ("a word as a number", check(limit="12"), "RULE_INVALID", "limit"),
    ("a yes as a number", check(limit=True), "RULE_INVALID", "limit"),
    ("a decimal limit", check(limit=12.5), "RULE_INVALID", "limit"),
    ("a limit of no kind", check(limit={"guess": 1}), "INPUT_INVALID", "checks"),
    ("an unknown series", check(limit={"series": "libor", "day": "contract_on"}), "RULE_INVALID", "series"),
    ("an unknown fact as limit", check(limit={"fact": "mood"}), "RULE_INVALID", "limit"),
    ("itself as limit", check(limit={"fact": "tenor_months"}), "RULE_INVALID", "limit"),
    ("a share of an equality", check(op="==", limit=HALF), "RULE_INVALID", "share_ppm"),
    ("steps that fall", check(limit=FALLING), "RULE_INVALID", "limit"),
    ("an unknown figure", check(metric="annual_cost", figures=["eir_ppm"]), "RULE_INVALID", "figures"),
    ("an unknown word in a closed list", check(metric="apr_method", op="in", limit=["GUESS"]), "RULE_INVALID", "limit"),
    ("an unknown word in a condition", check(when=[MOOD]), "RULE_INVALID", "metric"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "written", "code", "field"), REFUSED, ids=[row[0] for row in REFUSED])
def test_refused(tmp_path, what, written, code, field):
    with pytest.raises(Refusal) as refused:
        book_of(tmp_path, written)
    assert refused.value.code == code
    assert any(name.startswith(f"A.RULE.{field}") for name in refused.value.fields), refused.value.fields
    assert "A.RULE" in refused.value.message("zh")
    assert "A.RULE" in refused.value.message("en")


def test_the_rule_itself_is_taken(tmp_path):
    assert book_of(tmp_path, RULE).rule("A.RULE").starts_on == date(2024, 1, 1)


def test_a_number_twice_is_refused(tmp_path):
    with pytest.raises(Refusal) as refused:
        book_of(tmp_path, RULE, RULE)
    assert (refused.value.code, refused.value.fields) == ("RULE_INVALID", ("A.RULE.id",))


def test_memory_needs_no_address_and_unknown_dates_need_a_reason(tmp_path):
    loose = rule(
        confidence="memory-unverified",
        source={"issuers": ["npc"], "document": "法律"},
        severity="soft",
        effective_from=None,
        dates_unknown=REASON,
    )
    kept = book_of(tmp_path, loose).rule("A.RULE")
    assert (kept.starts_on, kept.ends_on, kept.date_precision) == (date.min, date.max, None)


@pytest.mark.parametrize(
    ("written", "first", "last", "precision"),
    [
        (("2024-02-29", "2024-02-29"), date(2024, 2, 29), date(2024, 2, 29), "day"),
        (("2024-02", "2024-02"), date(2024, 2, 1), date(2024, 2, 29), "month"),
        (("2023-12", "2024-12"), date(2023, 12, 1), date(2024, 12, 31), "month"),
        (("2025", "2025"), date(2025, 1, 1), date(2025, 12, 31), "year"),
        (("2025", None), date(2025, 1, 1), date.max, "year"),
    ],
)
def test_dates_known_in_part_are_taken_whole(tmp_path, written, first, last, precision):
    kept = book_of(tmp_path, rule(effective_from=written[0], effective_to=written[1])).rule("A.RULE")
    assert (kept.starts_on, kept.ends_on, kept.date_precision) == (first, last, precision)
    assert kept.record.effective_from == written[0]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("rules: []", "INPUT_INVALID"),
        ("subject: other\norder: 1\ntitle: {zh: 法, en: law}\nrules: []", "RULE_INVALID"),
        ("subject: law", "RULE_INVALID"),
        ("- just a list", "RULE_INVALID"),
        ("subject: law\nsubject: law\nrules: []", "INPUT_UNREADABLE"),
        ("rules: [", "INPUT_UNREADABLE"),
        ("rules: !!python/object:os.system [x]", "INPUT_UNREADABLE"),
        ("a: &x 1\nb: *x", "INPUT_UNREADABLE"),
        ("subject: law\norder: 1\ntitle: {zh: 法, en: law}\nrules: [text]", "RULE_WITHOUT_SOURCE"),
    ],
)
def test_files_that_are_no_rules_are_refused(tmp_path, text, code):
    (tmp_path / "law.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(Refusal) as refused:
        load_rulebook(tmp_path)
    assert refused.value.code == code


def test_only_plain_values_are_read(tmp_path):
    path = tmp_path / "plain.yaml"
    text = "a: 2024-01-01\nb: on\nc: 12\nd: '12'\ne: true\nf:\ng: 1.5\nh: ~\ni: -3\nj: 007\nk: Yes"
    path.write_text(text, encoding="utf-8")
    assert read_yaml(path) == {
        "a": "2024-01-01", "b": "on", "c": 12, "d": "12", "e": True, "f": None, "g": "1.5", "h": None, "i": -3,
        "j": "007", "k": "Yes",
    }  # fmt: skip
    with pytest.raises(Refusal) as refused:
        read_yaml(tmp_path / "none.yaml")
    assert refused.value.code == "INPUT_UNREADABLE"


@pytest.mark.parametrize(
    "values",
    [
        [("2024-01-01", 1), ("2024-01-01", 2)],
        [("2024-02-01", 1), ("2024-01-01", 2)],
    ],
)
def test_a_series_whose_days_do_not_increase_is_refused(tmp_path, values):
    record = {
        "title": {"zh": "利率", "en": "rate"},
        "issuer": "pbc",
        "source": "x",
        "values": [
            {"since": day, "value_ppm": ppm, "confidence": "quoted-primary", "source": "x"} for day, ppm in values
        ],
    }
    path = tmp_path / "series.yaml"
    path.write_text(json.dumps({"series": {"rate": record}}), encoding="utf-8")
    with pytest.raises(Refusal) as refused:
        load_rulebook(tmp_path / "rules", path)
    assert refused.value.code == "RULE_INVALID"


def test_the_schema_is_published():
    schema = rule_schema()
    assert {"subject", "order", "title", "rules"} <= schema["properties"].keys()
    rule_fields = schema["$defs"]["Rule"]["properties"].keys()
    assert {"id", "source", "effective_from", "effective_to", "checks"} <= rule_fields
    assert schema["$defs"]["Rule"]["additionalProperties"] is False


def test_the_rulebook_is_read_once():
    assert default_rulebook() is default_rulebook()
