"""`puhui loan`: the verbs of money on the command line."""

import json

import pytest
import typer

from puhui.cli import loan as commands
from puhui.kernel.refusals import Refusal
from puhui.storage.database import connect

AGREEMENT = {
    "product": "auto_new",
    "agreed_on": "2024-01-15",
    "institution": "county_bank",
    "region": "410323",
    "borrower": "party_1",
    "terms": {
        "principal_minor": 12_000_000,
        "annual_rate_ppm": 60_000,
        "method": "annuity",
        "instalments": 12,
        "disbursed_on": "2024-01-15",
        "day_count": "30/360",
    },
    "servicing": {"overdue_multiplier_ppm": 1_400_000},
}


@pytest.fixture
def puhui(tmp_path, monkeypatch, capsys):
    """Run one command on books of its own, on 15 January 2024; return what it printed."""
    monkeypatch.setenv("PUHUI_HOME", str(tmp_path))
    monkeypatch.setenv("PUHUI_TODAY", "2024-01-15")
    monkeypatch.setenv("PUHUI_LANG", "en")
    monkeypatch.delenv("PUHUI_DATABASE_URL", raising=False)
    connect().close()
    app = typer.Typer(pretty_exceptions_enable=False)
    commands.add_to(app)

    def call(*arguments):
        app(["loan", *arguments], standalone_mode=False)
        return capsys.readouterr().out

    return call


def test_lent_settled_paid_and_paid_back(puhui, tmp_path):
    file = tmp_path / "agreement.json"
    file.write_text(json.dumps(AGREEMENT), encoding="utf-8")
    loan = puhui("agree", str(file), "--id-only").strip()
    puhui("disburse", loan, "120,000.00", "--payee", "dealer_1")
    with pytest.raises(Refusal) as refusal:
        puhui("settle", loan, "payee", "120,000.01")
    assert refusal.value.code == "AMOUNT_TOO_LARGE"
    with pytest.raises(Refusal) as refusal:
        puhui("settle", loan, "dealer", "1.00")
    assert (refusal.value.code, refusal.value.fields) == ("INPUT_INVALID", ("counterparty",))
    settled = json.loads(puhui("settle", loan, "payee", "120,000.00", "--reference", "T1", "--json"))
    assert settled["fact"]["body"] == {
        "counterparty": "payee",
        "amount_minor": 12_000_000,
        "channel": "bank",
        "reference": "T1",
    }
    assert len(settled["entries"]) == 1
    puhui("repay", loan, "50.00")
    assert "refund recorded" in puhui("refund", loan, "49.99", "--channel", "wallet")
    refunded = json.loads(puhui("refund", loan, "0.01", "--json"))
    assert refunded["allocation"]["suspense_minor"] == -1
    assert "settlement" in puhui("facts", loan)
