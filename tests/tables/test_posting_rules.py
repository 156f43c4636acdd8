"""Golden lines of the posting rules: what each kind of fact posts, in the words of an accountant."""

import doctest
from datetime import date
from pathlib import Path

import pytest

from ledger_life import AGREEMENT, AT, TERMS, Life, lines
from puhui.accounting import accounts, aggregate, own, parts, vat
from puhui.accounting.aggregate import aggregated, provision_totals
from puhui.accounting.books import MIRRORED, TIME_ACCOUNTS, books
from puhui.accounting.channels import CHANNELS, settlement_account
from puhui.accounting.rules import POSTING_RULES
from puhui.accounting.vat import treatment_of, treatments, vat_minor, vat_rate
from puhui.kernel.money import parse_minor
from puhui.kernel.refusals import Refusal
from puhui.ledger.chart import load_chart
from puhui.ledger.entry import Dimensions
from puhui.lending.facts import FACT_KINDS
from puhui.rulebook.files import read_yaml

TABLE = read_yaml(Path(__file__).with_suffix("").with_name("posting_rules.yaml"))
CASES, NIGHTS = TABLE["cases"], TABLE["nights"]
OF_THE_NIGHT = ("catch_up", "accrual", "provision", "rollup")


def kind_of(case):
    return case["name"].split()[0]


def lived(case):
    """Return the life of a case before its fact."""
    own_terms = case.get("agreement", {})
    terms = {**TERMS, **own_terms.get("terms", {})}
    life = Life({**AGREEMENT, **own_terms, "terms": terms})
    for day, kind, *body in case.get("before", []):
        life.pass_to(date.fromisoformat(day))
        if kind != "pass":
            life.record(kind, *body)
    return life


def posted(case):
    if "fact" not in case:
        return night(case)
    life = lived(case)
    day, kind, *body = case["fact"]
    count = len(life.entries)
    if kind == "agreement":
        return lines(life.entries[0])
    life.pass_to(date.fromisoformat(day))
    if kind == "catch_up":
        assert len(life.entries) == count + 1
        return lines(life.entries[-1])
    on = case.get("effective_on")
    entry = life.record(kind, *body, on=date.fromisoformat(on) if on else None)
    life.check()
    return lines(entry)


def night(case):
    if "change" in case:
        totals = provision_totals({Dimensions(): parse_minor(case["change"])})
    else:
        totals = {Dimensions(): {account: parse_minor(text) for account, text in case["moved"].items()}}
    entries = aggregated(kind_of(case), totals, fact="night_1", effective_on=date(2024, 2, 15), recorded_at=AT)
    return [line for entry in entries for line in lines(entry)]


@pytest.mark.parametrize("case", [*CASES, *NIGHTS], ids=lambda case: case["name"])
def test_golden_line(case):
    assert posted(case) == case["entry"]


def test_every_kind_has_a_rule_and_every_rule_a_golden_line():
    assert set(POSTING_RULES) == {*FACT_KINDS, *OF_THE_NIGHT}
    assert {kind_of(case) for case in (*CASES, *NIGHTS)} == set(POSTING_RULES)
    for kind, rule in POSTING_RULES.items():
        assert rule.kind == kind
        assert all((*rule.title, *rule.says))


def test_every_account_that_rules_name_is_in_the_chart():
    whole = load_chart()
    named = {value for name, value in vars(accounts).items() if name.isupper() and isinstance(value, str)}
    assert {code for code in named if whole.account(code).off_balance} == accounts.OFF_BALANCE
    assert set(TIME_ACCOUNTS) <= set(MIRRORED) <= named
    # The year's profit, and what funders' transfers move, are for entries that people make.
    assert set(whole.accounts) - named == {"4103.01"}


def test_examples():
    for module in (vat, own, parts, aggregate):
        assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("channel", "account"),
    [("", "1002.01"), ("bank", "1002.01"), ("counter", "1002.01"), ("wallet", "1012.01"), ("qr", "1012.01")],
)
def test_a_channel_settles_on_its_account(channel, account):
    assert settlement_account(channel) == account
    assert CHANNELS[channel] == account


def test_an_unknown_channel_is_refused():
    with pytest.raises(Refusal) as caught:
        settlement_account("carrier pigeon")
    assert (caught.value.code, caught.value.fields) == ("CHANNEL_UNKNOWN", ("channel",))


def test_a_payoff_says_what_came_in():
    life = Life()
    life.record("disbursement", {"amount_minor": 12_000_000})
    with pytest.raises(Refusal) as caught:
        life.record("prepayment", {"mode": "payoff"})
    assert (caught.value.code, caught.value.fields) == ("AMOUNT_NEEDED", ("amount_minor",))


def test_a_line_that_has_ended_is_no_commitment_any_more():
    terms = {**TERMS, "method": "revolving", "day_count": "act/360", "instalments": 1}
    life = Life({**AGREEMENT, "terms": terms, "limit_minor": 20_000_000})
    life.record("disbursement", {"amount_minor": 12_000_000})
    undrawn = []
    for day in (date(2024, 2, 14), date(2024, 2, 15)):
        life.pass_to(day)
        life.check()
        undrawn.append(books(life.position, life.agreement).get(accounts.OFF_UNDRAWN, 0))
    assert undrawn == [8_000_000, 0]
    assert life.position.status == "active"


@pytest.mark.parametrize("share", [1, 333_333, 500_000, 999_999])
@pytest.mark.parametrize("accruing", [True, False])
def test_odd_recoveries_of_a_joint_loan_balance_to_the_fen(share, accruing):
    terms = {**TERMS, "principal_minor": 101, "annual_rate_ppm": 2_000_000}
    life = Life({**AGREEMENT, "terms": terms, "funder": "fund_1", "funder_share_ppm": share})
    life.record("disbursement", {"amount_minor": 101})
    life.pass_to(70)
    for kind, body in (
        ("fee", {"name": "fee", "amount_minor": 5}),
        ("repayment", {"amount_minor": 17}),
        ("classification", {"category": "LOSS", "stage": 3, "accruing": accruing}),
        ("write_off", {}),
    ):
        life.record(kind, body)
        life.check()
    charged = books(life.position, life.agreement).get(accounts.PROVISION_USED)
    while left := life.position.written_off_minor - life.position.recovered_minor:
        life.record("recovery", {"amount_minor": min(3, left)})
        life.check()
        assert books(life.position, life.agreement).get(accounts.PROVISION_USED) == charged
    assert books(life.position, life.agreement).get(accounts.OFF_WRITTEN_OFF, 0) == 0


# --- VAT 价税分离 ------------------------------------------------------------------------------------

VAT_ROWS = [
    ("general", "2016-04-30", 0),
    ("general", "2016-05-01", 60_000),
    ("general", "2149-12-31", 60_000),
    ("simple", "2022-12-31", 30_000),
    ("simple", "2023-01-01", 10_000),
    ("simple", "2027-12-31", 10_000),
    ("simple", "2028-01-01", 30_000),
    ("exempt", "2017-12-01", 0),
    ("exempt", "2027-12-31", 0),
]


@pytest.mark.parametrize(("treatment", "day", "rate"), VAT_ROWS)
def test_vat_rate_of_a_day(treatment, day, rate):
    found = vat_rate(treatment, date.fromisoformat(day))
    assert found.rate_ppm == rate
    assert found.source


@pytest.mark.parametrize(
    ("treatment", "day"),
    [("general", "1989-12-31"), ("exempt", "2017-11-30"), ("exempt", "2028-01-01"), ("half", "2024-01-01")],
)
def test_a_day_without_a_rate_is_refused(treatment, day):
    with pytest.raises(Refusal) as caught:
        vat_rate(treatment, date.fromisoformat(day))
    assert caught.value.code == "VAT_UNKNOWN"


# gross fen, rate, tax: to the nearest fen, an exact half up (it needs a rate like 60 %).
TAXES = [
    (0, 60_000, 0),
    (8, 60_000, 0),
    (9, 60_000, 1),
    (106, 60_000, 6),
    (10_600, 60_000, 600),
    (120_000, 60_000, 6_792),
    (53, 60_000, 3),
    (101, 10_000, 1),
    (50, 10_000, 0),
    (51, 10_000, 1),
    (103, 30_000, 3),
    (12_345, 0, 0),
    (3, 600_000, 1),
    (4, 600_000, 2),
    (10**18, 60_000, 56_603_773_584_905_660),
]


@pytest.mark.parametrize(("gross", "rate", "tax"), TAXES)
def test_tax_within_a_gross_amount(gross, rate, tax):
    assert vat_minor(gross, rate) == tax


def test_an_institution_says_how_its_products_are_taxed(tmp_path, monkeypatch):
    assert treatment_of("bank_a", "farm_seasonal") == "general"
    monkeypatch.setenv("PUHUI_HOME", str(tmp_path))
    (tmp_path / "vat.yaml").write_text(
        "assign:\n- {product: farm_seasonal, treatment: exempt}\n- {institution: loan_co, treatment: simple}\n",
        encoding="utf-8",
    )
    assert [treatment_of(*one) for one in (("bank_a", "farm_seasonal"), ("loan_co", "x"), ("bank_a", "x"))] == [
        "exempt",
        "simple",
        "general",
    ]


def test_a_treatment_that_there_is_not_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("PUHUI_HOME", str(tmp_path))
    (tmp_path / "vat.yaml").write_text("assign:\n- {treatment: half}\n", encoding="utf-8")
    with pytest.raises(Refusal) as caught:
        treatment_of("bank_a", "x")
    assert caught.value.fields == ("treatment",)
    assert list(treatments()) == ["general", "simple", "exempt"]
