"""The chart of accounts: what it must hold, and what an institution may lay over it."""

import doctest

import pytest

from puhui.kernel.refusals import Refusal
from puhui.ledger import balances, chart, entry, period
from puhui.ledger.chart import Account, lay_over, load_chart
from puhui.ledger.entry import Posting

ACCOUNT = """
- code: "{code}"
  name: {{zh: 甲, en: first}}
  type: {type}
  side: debit
  standard: 1303 贷款
  purpose: {{zh: 丙, en: third}}
"""
CONTRA = (
    '- {code: "8999.01", name: {zh: 对应, en: contra}, type: off_balance, side: credit, standard: 表外,'
    " contra: true, purpose: {zh: 对应, en: contra}}\n"
)


def written(tmp_path, *items, name="chart.yaml"):
    path = tmp_path / name
    path.write_text("accounts:\n" + "".join(items), encoding="utf-8")
    return path


def one(code="1303.01", kind="asset"):
    return ACCOUNT.format(code=code, type=kind)


def test_examples():
    for module in (chart, entry, balances, period):
        assert doctest.testmod(module).failed == 0


def test_every_account_says_what_it_is_for():
    whole = load_chart()
    assert len(whole.accounts) == 35
    assert list(whole.accounts) == sorted(whole.accounts)
    assert whole.source
    assert whole.confidence in ("quoted-primary", "quoted-secondary", "memory-unverified")
    for account in whole.accounts.values():
        assert all((*account.name, *account.purpose, account.standard)), account.code
    debits = {"asset", "expense", "off_balance"}
    odd = [a.code for a in whole.accounts.values() if (a.side == "debit") != (a.type in debits)]
    assert odd == ["1304.01", "2241.03", "8999.01", "8999.02"]


@pytest.mark.parametrize(
    ("items", "field"),
    [
        ([one("130301"), CONTRA], "code"),
        ([one("1303.1"), CONTRA], "code"),
        ([one("0303"), CONTRA], "code"),
        ([one(), one(), CONTRA], "code"),
        ([one(kind="money"), CONTRA], "type"),
        ([one(), one("1303.02", "liability"), CONTRA], "type"),
        ([one()], "contra"),
        ([one(), CONTRA.replace("off_balance", "asset")], "contra"),
        ([one().replace("side: debit", "side: left"), CONTRA], "side"),
        ([one().replace("  standard: 1303 贷款\n", ""), CONTRA], "standard"),
        ([one().replace("en: third", 'en: ""'), CONTRA], "purpose.en"),
        ([one() + "  colour: red\n", CONTRA], "colour"),
    ],
)
def test_a_chart_that_does_not_hold_is_refused(tmp_path, items, field):
    with pytest.raises(Refusal) as caught:
        load_chart(written(tmp_path, *items))
    assert (caught.value.code, caught.value.fields) == ("CHART_INVALID", (field,))


def test_the_least_chart_holds(tmp_path):
    assert list(load_chart(written(tmp_path, one("1303"), one(), CONTRA)).accounts) == ["1303", "1303.01", "8999.01"]


def test_a_file_without_accounts_is_refused(tmp_path):
    path = tmp_path / "chart.yaml"
    path.write_text("rows: []", encoding="utf-8")
    with pytest.raises(Refusal) as caught:
        load_chart(path)
    assert caught.value.fields == ("accounts",)


def overlay(tmp_path, *items):
    return lay_over(load_chart(), written(tmp_path, *items, name="own.yaml"))


def test_an_institution_calls_accounts_its_own_way(tmp_path):
    before = load_chart().account("1303.01")
    after = overlay(tmp_path, '- {code: "1303.01", name: {zh: 涉农贷款, en: Farm loans}, number: "13030001"}\n')
    changed = after.account("1303.01")
    assert (changed.name.zh, changed.number) == ("涉农贷款", "13030001")
    assert (changed.type, changed.side, changed.purpose) == (before.type, before.side, before.purpose)
    assert len(after.accounts) == len(load_chart().accounts)


def test_an_institution_adds_accounts(tmp_path):
    after = overlay(tmp_path, one("1303.07"))
    assert after.account("1303.07") == Account(
        "1303.07", chart.Text("甲", "first"), "asset", "debit", "1303 贷款", chart.Text("丙", "third")
    )


@pytest.mark.parametrize(
    ("items", "field"),
    [
        (['- {code: "1303.01", type: liability}\n'], "type"),
        (['- {code: "1303.01", side: credit}\n'], "side"),
        (['- {code: "1303.01", contra: true}\n'], "contra"),
        (['- {code: "1303.01", number: "1"}\n', '- {code: "1303.02", number: "1"}\n'], "number"),
        (['- {code: "1303.01", number: "1"}\n', '- {code: "1303.01", number: "2"}\n'], "code"),
        ([one("1303.07", "liability")], "type"),
        (['- {code: "1303.09", name: {zh: 新, en: new}}\n'], "type"),
    ],
)
def test_an_overlay_changes_words_and_never_what_an_account_is(tmp_path, items, field):
    with pytest.raises(Refusal) as caught:
        overlay(tmp_path, *items)
    assert caught.value.code == "CHART_INVALID"
    assert field in caught.value.fields


def test_the_home_folder_holds_the_overlay(tmp_path, monkeypatch):
    monkeypatch.setenv("PUHUI_HOME", str(tmp_path))
    written(tmp_path, '- {code: "6011.01", name: {zh: 我行利息收入, en: Our interest}}\n')
    assert chart.chart().account("6011.01").name.zh == "我行利息收入"
    assert load_chart().account("6011.01").name.zh == "利息收入—贷款利息"


def test_an_unknown_account_is_refused_and_a_lame_memorandum_is_a_bug():
    whole = load_chart()
    with pytest.raises(Refusal) as caught:
        whole.account("9999.99")
    assert (caught.value.code, caught.value.status) == ("ACCOUNT_UNKNOWN", 404)
    whole.check([Posting("8031.01", 5), Posting("8999.01", -5), Posting("1002.01", 7), Posting("1303.01", -7)])
    with pytest.raises(AssertionError, match="off-balance"):
        whole.check([Posting("8031.01", 5), Posting("1303.01", -5)])
