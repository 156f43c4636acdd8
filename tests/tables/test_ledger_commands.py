"""`puhui ledger` on a small book: what it prints, and that explanations are reckoned anew."""

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import pytest
import typer
from typer.testing import CliRunner

from ledger_life import AGREEMENT
from puhui.cli import ledger
from puhui.kernel import clock
from puhui.kernel.ids import new_id
from puhui.kernel.refusals import Refusal
from puhui.ledger.entry import Posting
from puhui.storage.database import connect
from puhui.workflows.agree import agree
from puhui.workflows.record import Statement, record_fact
from puhui.workflows.store import Changes

APP = typer.Typer(pretty_exceptions_enable=False)
ledger.add_to(APP)


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Return a call of `puhui ledger`: exit code and what it printed, on a store of its own."""
    monkeypatch.setenv("PUHUI_HOME", str(tmp_path))
    monkeypatch.delenv("PUHUI_DATABASE_URL", raising=False)

    def run(*arguments):
        with clock.set_to(date(2024, 3, 20)):
            done = CliRunner().invoke(APP, ["ledger", *arguments])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.output

    return run


@contextmanager
def store():
    database = connect()
    try:
        with database.begin() as one:
            yield one
    finally:
        database.close()


def make_book():
    """Two loans: one lent, paid, and its payment reversed; one of a funder's, lent. Return their ids."""
    with clock.set_to(date(2024, 1, 15)), store() as books:
        first = agree(books, AGREEMENT, "officer", clock.now()).id
    with clock.set_to(date(2024, 1, 15)), store() as books:
        joint = {**AGREEMENT, "product": "auto_new", "funder": "fund_1", "funder_share_ppm": 300_000}
        second = agree(books, joint, "officer", clock.now()).id
    for day, loan, kind, body in (
        (date(2024, 1, 15), first, "disbursement", {"amount_minor": 12_000_000}),
        (date(2024, 1, 15), second, "disbursement", {"amount_minor": 12_000_000}),
        (date(2024, 2, 15), first, "repayment", {"amount_minor": 1_120_000}),
        (date(2024, 3, 14), first, "reversal", None),
        (date(2024, 2, 15), second, "repayment", {"amount_minor": 1_120_000}),
    ):
        with clock.set_to(day), store() as books:
            known = [fact for fact in books.facts(loan) if fact.kind == "repayment"]
            given = {"fact": known[-1].id} if body is None else body
            record_fact(books, loan, Statement(kind, given, day, "officer"), clock.now())
    return first, second


def test_trial_balance(call):
    make_book()
    code, text = call("trial-balance", "--json")
    found = json.loads(text)
    assert (code, found["balanced"], found["as_of"], found["differences"]) == (0, True, "2024-03-20", [])
    closing = {line["account"]: line["closing_minor"] for line in found["lines"]}
    # 120,000 and 84,000 are out; 7,000 of the second came back. The funder put in 36,000, and 3,360 are due to it.
    assert closing["1303.01"] == 12_000_000 + 8_400_000 - 700_000
    assert closing["2241.03"] == 3_600_000
    assert closing["2241.02"] == -336_000
    assert closing["1002.01"] == -24_000_000 + 1_120_000
    code, text = call("trial-balance")
    assert code == 0
    assert "贷款—本金" in text
    assert "✓" in text


def test_trial_balance_by_dimension_and_over_a_period(call):
    make_book()
    found = json.loads(call("trial-balance", "--by", "product", "--as-of", "2024-01-31", "--json")[1])
    principal = {line["group"]: line["closing_minor"] for line in found["lines"] if line["account"] == "1303.01"}
    assert principal == {"personal_instalment": 12_000_000, "auto_new": 8_400_000}
    found = json.loads(call("trial-balance", "--from", "2024-02-01", "--as-of", "2024-02-29", "--json")[1])
    line = next(line for line in found["lines"] if line["account"] == "1303.01")
    assert (line["opening_minor"], line["debit_minor"], line["credit_minor"]) == (20_400_000, 0, 1_700_000)
    assert "fund_1" in call("trial-balance", "--by", "funder")[1]
    with pytest.raises(Refusal) as caught:
        call("trial-balance", "--by", "colour")
    assert caught.value.fields == ("--by",)


def test_a_trial_balance_that_is_off_exits_1(call, monkeypatch):
    make_book()
    from puhui.ledger import balances
    from puhui.ledger.balances import Key, Total

    whole = balances.trial_balance
    monkeypatch.setattr(
        balances, "trial_balance", lambda rows, *more: whole([*rows, Total(Key("1002.01"), 5, 0)], *more)
    )
    code, text = call("trial-balance")
    assert code == 1
    assert "✗" in text
    assert "0.05" in text


def test_entries_by_loan_account_and_day_in_pages(call):
    first, second = make_book()
    found = json.loads(call("entries", "--subject", second, "--json")[1])["entries"]
    assert {posting["subject"] for entry in found for posting in entry["postings"]} == {second}
    repaid = json.loads(call("entries", "--account", "2241.02", "--json")[1])["entries"]
    assert [(entry["kind"], entry["effective_on"]) for entry in repaid] == [("repayment", "2024-02-15")]
    assert json.loads(call("entries", "--from", "2024-03-15", "--json")[1])["entries"] == []
    assert [
        len(json.loads(call("entries", "--to", day, "--json")[1])["entries"]) for day in ("2024-01-14", "2024-01-15")
    ] == [0, 4]
    page = json.loads(call("entries", "--subject", first, "--limit", "2", "--json")[1])
    assert len(page["entries"]) == 2
    after = json.loads(call("entries", "--subject", first, "--limit", "2", "--cursor", page["cursor"], "--json")[1])
    assert not {entry["id"] for entry in page["entries"]} & {entry["id"] for entry in after["entries"]}
    text = call("entries", "--subject", first, "--limit", "1")[1]
    assert "签订合同" in text
    assert "--cursor" in text
    assert "没有" in call("entries", "--from", "2030-01-01")[1]
    with pytest.raises(Refusal) as caught:
        call("entries", "--subject", "loan-1")
    assert caught.value.code == "ID_UNREADABLE"


def test_every_entry_is_explained_and_agrees_with_its_facts(call):
    first, second = make_book()
    seen = set()
    for loan in (first, second):
        for entry in json.loads(call("entries", "--subject", loan, "--limit", "200", "--json")[1])["entries"]:
            code, text = call("explain", entry["id"], "--json")
            found = json.loads(text)
            assert (code, found["agrees"], found["kind"]) == (0, True, entry["kind"])
            assert [leg["amount_minor"] for leg in found["legs"]] == [p["amount_minor"] for p in entry["postings"]]
            seen.add(entry["kind"])
            if entry["kind"] == "repayment":
                moved = {each["name"]: each["after"] - each["before"] for each in found["figures"]}
                assert moved["principal_minor"] == -1_000_000
                assert found["fact"]["body"]["amount_minor"] == 1_120_000
                shown = call("explain", entry["id"])[1]
                for words in ("还款", "amount_minor=1120000", "未还本金", "贷款—本金", "✓"):
                    assert words in shown
    assert seen == {"agreement", "disbursement", "repayment", "reversal", "catch_up"}


def test_an_entry_that_its_facts_do_not_make_exits_1(call):
    make_book()
    listed = json.loads(call("entries", "--account", "2241.02", "--json")[1])["entries"]
    with store() as books:
        entry = books.ledger.entry(listed[0]["id"])
        legs = tuple(Posting(p.account, 2 * p.amount_minor, p.dimensions, p.subject) for p in entry.postings)
        wrong = replace(entry, id=new_id("entry"), postings=legs)
        books.record(Changes(entries=[wrong]))
    code, text = call("explain", wrong.id)
    assert code == 1
    assert "✗" in text


def test_an_entry_of_the_night_is_of_no_one_loan(call):
    with clock.set_to(date(2024, 1, 16)), store() as books:
        from puhui.accounting.aggregate import aggregated, provision_totals
        from puhui.ledger.entry import Dimensions

        [entry] = aggregated(
            "provision",
            provision_totals({Dimensions(product="auto_new"): 500}),
            fact="",
            effective_on=date(2024, 1, 16),
            recorded_at=clock.now(),
        )
        books.record(Changes(entries=[entry]))
    code, text = call("explain", entry.id)
    assert code == 0
    assert "汇总" in text
    assert json.loads(call("explain", entry.id, "--json")[1])["agrees"] is None
    with pytest.raises(Refusal) as caught:
        call("explain", new_id("entry"))
    assert caught.value.code == "ENTRY_UNKNOWN"


def test_accounts(call):
    found = json.loads(call("accounts", "--json")[1])
    assert [account["code"] for account in found] == sorted(account["code"] for account in found)
    assert found[0] == {
        "code": "1002.01",
        "number": "",
        "name": {"zh": "银行存款—放还款专户", "en": "Bank account for lending and repayment"},
        "type": "asset",
        "side": "debit",
        "standard": "1002 银行存款",
        "purpose": {
            "zh": "经银行账户放出和收回的款项",
            "en": "Money lent and repaid through the bank account.",
        },
    }
    assert "8999.02" in call("accounts")[1]
