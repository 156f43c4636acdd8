"""`puhui rules`, as a person and as a program use it."""

import json
import re

import pytest

from puhui.cli.app import run
from puhui.products.definition import CATALOGUE

OFFER = {
    "subject": {"lender": "platform", "products": ["facilitated"], "moment": "product"},
    "facts": {
        "irr_x12_ppm": 228_000,
        "effective_ppm": 240_001,
        "xirr_365_ppm": 239_000,
        "platform_fee_minor": 0,
    },
}


@pytest.fixture
def puhui(capsys, monkeypatch):
    monkeypatch.setenv("PUHUI_TODAY", "2026-11-23")
    monkeypatch.setenv("COLUMNS", "100")

    def call(*arguments):
        with pytest.raises(SystemExit) as done:
            run(["rules", *arguments])
        printed = capsys.readouterr()
        return done.value.code, printed.out, printed.err

    return call


@pytest.fixture
def offer(tmp_path):
    def write(**change):
        path = tmp_path / "offer.json"
        path.write_text(json.dumps({**OFFER, **change}), encoding="utf-8")
        return str(path)

    return write


def cheap():
    return {**OFFER["facts"], "effective_ppm": 240_000}


# --- list


def test_the_rules_of_today_are_listed_by_subject(puhui):
    code, out, _ = puhui("list")
    assert code == 0
    assert "2026-11-23 生效的 137 条规则" in out
    assert out.index("COST.APR.DISCLOSE") < out.index("CAP.FACILITATION.24") < out.index("SUB.CONS.2026")
    assert "SUB.CONS.2025" not in out
    assert "利率与综合成本上限" in out


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        (["--subject", "penalty"], {"PENALTY.OVERDUE", "PENALTY.MISUSE"}),
        (["--subject", "guarantee", "--as-of", "2017-09-30"], set()),
        (["--subject", "guarantee", "--as-of", "2017-10-01"], {"GUAR.LEV", "GUAR.SINGLE"}),
        (["--subject", "subsidies", "--as-of", "2025-12-31"], {"SUB.CONS.2025", "SUB.SERVICE"}),
        (["--subject", "subsidies", "--all"], {"SUB.CONS.2025", "SUB.CONS.2026", "SUB.SERVICE"}),
        (["--subject", "small_loan", "--lender", "small_loan"], {
            "MCC.SINGLE", "MCC.RELATED", "MCC.FUND.NONSTD", "MCC.FUND.STD", "MCC.NO.STUDENT",
        }),
        (["--subject", "auto", "--product", "dealer_floor_plan", "--lender", "bank"], {"AUTO.TENOR.DEALER"}),
        (["--subject", "internet_loans", "--product", "joint, bullet", "--lender", "trust"], {"IL.PARTNER.SHARE"}),
    ],
)  # fmt: skip
def test_lists_are_narrowed(puhui, arguments, ids):
    code, out, _ = puhui("list", *arguments, "--json")
    assert code == 0
    assert {rule["id"] for rule in json.loads(out)["rules"]} == ids


def test_a_narrow_screen_loses_nothing(puhui, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    _, out, _ = puhui("list", "--subject", "internet_loans")
    assert "FACILITATION.NO_PLATFORM_FEE" in out
    assert "平台不得向借款人收取息费" in out


# --- show


def test_a_rule_is_shown_with_its_limit_and_source(puhui):
    code, out, _ = puhui("show", "cap.private.4lpr", "--as-of", "2024-10-21")
    assert code == 0
    for words in (
        "民间借贷利率上限",
        "2024-10-21 为 12.4%",
        "法释〔2020〕17号",
        "第 25 条",
        "原文",
        "最高人民法院",
    ):
        assert words in out


def test_a_rule_is_shown_in_english(puhui, monkeypatch):
    monkeypatch.setenv("PUHUI_LANG", "en")
    _, out, _ = puhui("show", "PL.CONSUMER.TENOR", "--as-of", "2025-03-01")
    for words in ("superseded by", "PL.CONSUMER.TENOR.TEMP", "≤ 60 months", "except housing loan"):
        assert words in " ".join(out.split())


def test_a_program_reads_one_rule(puhui):
    code, out, _ = puhui("show", "IL.CONSUMER.LIMIT.TEMP", "--json")
    rule = json.loads(out)
    assert code == 0
    assert rule["effective_from"] == "2025-03"
    assert rule["date_precision"] == "month"
    assert rule["supersedes"] == ["IL.CONSUMER.LIMIT"]
    assert rule["in_force"] is True
    assert len(rule["checks_in_words"]) == 2


# --- check


@pytest.mark.parametrize(
    ("facts", "day", "code", "said"),
    [
        (OFFER["facts"], "2025-09-30", 0, "可行"),
        (OFFER["facts"], "2025-10-01", 1, "违反 1 条"),
        (cheap(), "2025-10-01", 0, "可行"),
        ({"platform_fee_minor": 0}, "2025-10-01", 1, "缺事实无法判断 1 条"),
    ],
)
def test_an_offer_is_checked_as_of_a_day(puhui, offer, facts, day, code, said):
    done, out, _ = puhui("check", offer(facts=facts), "--as-of", day)
    assert done == code
    assert said in out


def test_what_stops_an_offer_is_named_with_figure_limit_and_article(puhui, offer):
    _, out, _ = puhui("check", offer())
    for words in ("CAP.FACILITATION.24", "24.0001%", "≤ 24%", "金规〔2025〕9号 第6条"):
        assert words in out
    assert out.index("✗ 违反") < out.index("✓ 通过")


def test_a_program_reads_the_report(puhui, offer):
    code, out, _ = puhui("check", offer(), "--json")
    report = json.loads(out)
    assert code == 1
    assert report["ok"] is False
    assert report["as_of"] == "2026-11-23"
    broken = [finding["rule"] for finding in report["findings"] if finding["outcome"] == "broken"]
    assert broken == ["CAP.FACILITATION.24"]


CONSUMER = {
    "subject": {"lender": "consumer_finance", "products": ["personal_consumer"], "moment": "product"},
    "facts": dict.fromkeys(("irr_x12_ppm", "effective_ppm", "xirr_365_ppm"), 210_000),
}


@pytest.mark.parametrize("said", ["in the file", "on the command line"])
def test_a_lender_makes_a_rule_hard(puhui, monkeypatch, said):
    import io

    def outcome(printed):
        (finding,) = [each for each in json.loads(printed)["findings"] if each["rule"] == "CAP.CFC.20"]
        return finding["outcome"]

    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(CONSUMER)))
    assert outcome(puhui("check", "-", "--json")[1]) == "warned"
    in_file = {**CONSUMER, "hard": ["CAP.CFC.20"]} if said == "in the file" else CONSUMER
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(in_file)))
    code, out, _ = puhui("check", "-", "--json", *(() if said == "in the file" else ("--hard", "CAP.CFC.20")))
    assert code == 1
    assert outcome(out) == "broken"


def test_no_file_can_soften_a_law(puhui, offer):
    code, _, err = puhui("check", offer(overrides={"CAP.FACILITATION.24": "soft"}))
    assert code == 2
    assert "overrides" in err


def test_a_rule_made_hard_fails_a_product(puhui):
    file = str(CATALOGUE / "personal_instalment.yaml")
    assert puhui("check", file, "--hard", "NO.SUCH")[0] == 2
    assert puhui("check", file, "--hard", "CAP.MCC.24")[0] == 0


def test_dates_in_facts_and_misspelt_names(puhui, offer):
    path = offer(
        subject={"lender": "private_lender", "products": ["personal_loan"], "moment": "product"},
        facts={"contract_on": "2024-10-21", "contract_rate_ppm": 124_001, "contract_rate": 1},
    )
    code, out, _ = puhui("check", path, "--as-of", "2024-10-21")
    assert code == 1
    assert "12.4001%" in out
    assert "2024-10-21，未核实" in out
    assert "拼写" in out
    assert "contract_rate\n" in out


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"facts": {"tenor_months": 1.5}}, "FACT_INVALID"),
        ({"facts": {"tenor_months": "1"}}, "FACT_INVALID"),
        ({"facts": {"contract_on": "2026-02-30"}}, "FACT_INVALID"),
        ({"subject": {"lender": "usurer", "products": ["auto"]}}, "SUBJECT_INVALID"),
        ({"subject": {"lender": "bank"}}, "INPUT_INVALID"),
        ({"hard": ["NO.SUCH"]}, "RULE_UNKNOWN"),
        ({"hard": ["NO.USURY"]}, "RULE_NOT_SWITCHABLE"),
        ({"extra": 1}, "INPUT_INVALID"),
    ],
)
def test_a_wrong_offer_is_refused_with_one_line(puhui, offer, change, code):
    done, out, err = puhui("check", offer(**change))
    assert (done, out) == (2, "")
    assert err.startswith(f"✗ 拒绝 {code}: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["check", "none.json"], "INPUT_UNREADABLE"),
        (["check", "none.json", "--as-of", "2025-02-29"], "INPUT_INVALID"),
        (["show", "NO.SUCH"], "RULE_UNKNOWN"),
        (["list", "--subject", "weather"], "SUBJECT_INVALID"),
        (["list", "--lender", "usurer"], "SUBJECT_INVALID"),
        (["list", "--product", "auto,yacht"], "SUBJECT_INVALID"),
        (["diff", "--from", "2025-10-01", "--to", "2025-09-30"], "DAYS_REVERSED"),
        (["diff", "--from", "yesterday", "--to", "2025-09-30"], "INPUT_INVALID"),
        (["facts", "--lender", "bank"], None),
    ],
)
def test_wrong_words_are_refused_with_one_line(puhui, arguments, code):
    done, _, err = puhui(*arguments)
    assert done == 2
    assert err.count("\n") == 1
    assert code is None or err.startswith(f"✗ 拒绝 {code}: ")


# --- diff and facts


def test_what_changed_is_shown(puhui):
    code, out, _ = puhui("diff", "--from", "2025-09-30", "--to", "2025-10-01")
    assert code == 0
    for words in (
        "开始生效",
        "CAP.FACILITATION.24",
        "FACILITATION.WHITELIST",
        "FACILITATION.NO_PLATFORM_FEE",
    ):
        assert words in out
    _, out, _ = puhui("diff", "--from", "2025-10-01", "--to", "2025-10-02")
    assert "没有变化" in out
    _, out, _ = puhui("diff", "--from", "2025-05-19", "--to", "2025-05-20")
    assert "12.4% → 12%" in out
    assert "3.1% → 3%" in out


def test_a_program_reads_what_changed(puhui):
    code, out, _ = puhui("diff", "--from", "2025-09-30", "--to", "2025-10-01", "--json")
    assert code == 0
    difference = json.loads(out)
    assert {change["kind"] for change in difference["rules"]} == {"starts"}
    assert "touches" not in difference


@pytest.fixture
def two_products(monkeypatch):
    """Stand in for the products: an offer that the cap lets through, and two that it stops."""
    from puhui.products import definition
    from puhui.rulebook.diff import Item
    from puhui.rulebook.subject import Subject

    subject = Subject("platform", ("facilitated",), moment="product")
    items = [
        Item("cheap", subject, cheap(), "12 months"),
        Item("dear", subject, OFFER["facts"], "24 months"),
        Item("dear", subject, OFFER["facts"], "36 months"),
    ]
    monkeypatch.setattr(definition, "offers_of_folder", lambda folder, on: iter(items), raising=False)


@pytest.mark.usefixtures("two_products")
def test_which_products_a_change_touches(puhui):
    arguments = ("diff", "--from", "2025-09-30", "--to", "2025-10-01", "--products", "catalogue")
    _, out, _ = puhui(*arguments)
    assert "2 个，如：24 months" in out
    assert "✓ → ✗" in out
    _, out, _ = puhui(*arguments, "--json")
    touches = json.loads(out)["touches"]
    assert [(item["name"], item["offer"], item["ok_after"]) for item in touches] == [
        ("cheap", "12 months", True),
        ("dear", "24 months", False),
        ("dear", "36 months", False),
    ]
    _, out, _ = puhui("diff", "--from", "2025-10-01", "--to", "2025-10-02", "--products", "catalogue")
    assert "没有产品受影响" in out


def test_a_product_is_checked_as_by_products_check(puhui):
    file = str(CATALOGUE / "personal_instalment.yaml")
    code, out, _ = puhui("check", file, "--as-of", "2026-11-24")
    assert code == 0
    assert "personal_instalment" in out
    code, out, _ = puhui("check", file, "--as-of", "2026-11-24", "--json")
    report = json.loads(out)
    assert report["ok"] is True
    assert report["offers"] > 1


def test_a_product_that_is_dear_breaks_the_cap(puhui, tmp_path):
    text = (CATALOGUE / "personal_instalment.yaml").read_text(encoding="utf-8")
    dear = re.sub(r"(annual_rate_ppm: \{min: \d+, max: )\d+", r"\g<1>300000", text)
    assert dear != text
    (tmp_path / "dear.yaml").write_text(dear, encoding="utf-8")
    code, out, _ = puhui("check", str(tmp_path / "dear.yaml"), "--as-of", "2026-11-24")
    assert code == 1
    assert "CAP.FACILITATION.24" in out


def test_the_facts_of_an_offer_are_listed(puhui):
    code, out, _ = puhui("facts", "--lender", "platform", "--product", "facilitated", "--moment", "product")
    assert code == 0
    assert "platform_fee_minor" in out
    code, out, _ = puhui("facts", "--lender", "platform", "--product", "facilitated", "--moment", "product", "--json")
    assert [fact["name"] for fact in json.loads(out)] == [
        "effective_ppm", "irr_x12_ppm", "platform_fee_minor", "xirr_365_ppm",
    ]  # fmt: skip
