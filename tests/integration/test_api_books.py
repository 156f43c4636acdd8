"""Ledger, proofs, events, parties, applications, keys and the pages of the server, through the interface."""

import base64
import json
import os
import time
from datetime import date

import pytest
from sqlalchemy import text

import api_world
from api_world import INSTITUTION, REGION, events
from puhui.kernel import clock
from puhui.kernel.ids import new_id
from puhui.proof.note import parse_checkpoint, parse_note
from puhui.proof.verify import leaf_hash, verify_consistency, verify_inclusion
from puhui.proof.verify import main as verify_main
from puhui.storage.people_master import VARIABLE

here = api_world.here
PERSON = {
    "name": "诸葛孔明",
    "id_number": "11010519491231002X",
    "phone": "13800138000",
    "bank_account": "6222020200112233",
}


def code(response):
    return response.status_code, response.json()["code"]


# --- ledger -----------------------------------------------------------------------------------------


def test_the_trial_balance_balances_and_moves_with_each_fact(here):
    here.lent()
    first = here.operations.get("/v1/ledger/trial-balance").json()
    assert first["balanced"]
    assert sum(line["closing_minor"] for line in first["lines"]) == 0
    assert {line["account"] for line in first["lines"]} >= {"1002.01"} or first["lines"]
    here.lent()
    second = here.operations.get("/v1/ledger/trial-balance").json()
    assert sum(line["debit_minor"] for line in second["lines"]) > sum(line["debit_minor"] for line in first["lines"])
    by = here.operations.get("/v1/ledger/trial-balance?by=institution").json()
    assert {line["group"] for line in by["lines"]} == {INSTITUTION}
    assert by["lines"][0]["name_zh"]
    nothing = here.operations.get("/v1/ledger/trial-balance?as_of=2023-12-31").json()
    assert (nothing["lines"], nothing["balanced"]) == ([], True)


def test_the_opening_is_what_was_before_the_first_day(here):
    here.lent()
    with clock.set_to(date(2024, 2, 1)):
        found = here.operations.get("/v1/ledger/trial-balance?since=2024-01-16&as_of=2024-02-01").json()
    before = here.operations.get("/v1/ledger/trial-balance?as_of=2024-01-15").json()
    opening = {line["account"]: line["opening_minor"] for line in found["lines"] if line["opening_minor"]}
    assert opening == {line["account"]: line["closing_minor"] for line in before["lines"] if line["closing_minor"]}
    # What happens on the first day itself is movement.
    first = here.operations.get("/v1/ledger/trial-balance?since=2024-01-15&as_of=2024-01-15").json()["lines"]
    assert all(line["opening_minor"] == 0 for line in first)
    assert any(line["debit_minor"] for line in first)


def test_entries_of_a_loan_and_the_one_that_takes_one_back(here):
    loan = here.lent()
    fee = here.act(loan, "fees", name="补卡", amount_minor=1000)
    here.act(loan, "reversals", fact=fee["fact"]["id"])
    page = here.operations.get(f"/v1/ledger/entries?loan={loan}&limit=1").json()
    entries, path = [], f"/v1/ledger/entries?loan={loan}&limit=1"
    while path:
        page = here.operations.get(path).json()
        entries += page["items"]
        path = page["next"] and f"/v1/ledger/entries?loan={loan}&limit=1&cursor={page['next']}"
    assert {"disbursement", "fee", "reversal"} <= {entry["kind"] for entry in entries}
    for entry in entries:
        assert sum(leg["amount_minor"] for leg in entry["postings"]) == 0
        assert {leg["subject"] for leg in entry["postings"]} <= {loan, ""}
        whole = here.operations.get(f"/v1/ledger/entries/{entry['id']}").json()
        assert whole.pop("reversed_by") is not None
        assert whole == entry
    by_fact = [entry for entry in entries if entry["fact"] == fee["fact"]["id"]]
    assert [entry["kind"] for entry in by_fact] == ["fee"]
    assert code(here.operations.get(f"/v1/ledger/entries/{new_id('entry')}")) == (404, "ENTRY_UNKNOWN")


def test_the_ledger_of_others_is_not_shown(here):
    loan = here.lent()
    entry = here.operations.get(f"/v1/ledger/entries?loan={loan}").json()["items"][0]
    other = here.client("auditor", "other_bank")
    assert other.get("/v1/ledger/trial-balance").json()["lines"] == []
    assert other.get(f"/v1/ledger/entries?loan={loan}").json()["items"] == []
    assert code(other.get(f"/v1/ledger/entries/{entry['id']}")) == (404, "ENTRY_UNKNOWN")
    assert here.client("auditor", INSTITUTION, REGION).get(f"/v1/ledger/entries/{entry['id']}").status_code == 200


def test_the_chart_of_accounts(here):
    accounts = here.borrower.get("/v1/ledger/accounts").json()["items"]
    assert len(accounts) > 20
    assert all(account["name_zh"] and account["name_en"] for account in accounts)


# --- nights -----------------------------------------------------------------------------------------


def test_a_night_is_begun_and_told_of(here):
    loan = here.lent()
    assert code(here.operations.get("/v1/nights/2024-01-15")) == (404, "NIGHT_NOT_CLOSED")
    early = here.operations.post("/v1/nights", json={"night_of": "2024-01-16"})
    assert code(early) == (422, "NIGHT_TOO_EARLY")
    started = here.operations.post("/v1/nights", json={"night_of": "2024-01-15"})
    assert (started.status_code, started.json()) == (202, {"night_of": "2024-01-15", "state": "started"})
    for _ in range(500):
        listed = here.operations.get("/v1/nights").json()
        report = here.operations.get("/v1/nights/2024-01-15")
        if report.status_code == 200 and report.json()["report"]["checkpoint"]:
            break
        time.sleep(0.02)
    assert listed["posted_through_on"] == "2024-01-15"
    assert listed["items"][0]["night_of"] == "2024-01-15"
    assert (listed["items"][0]["state"], listed["items"][0]["set_aside"]) == ("posted", 0)
    found = report.json()["report"]
    assert found["loans"]["active"] >= 1
    assert found["reconciliation"]["sound"]
    assert here.operations.get(f"/v1/loans/{loan}").json()["principal_minor"] == 12_000_000
    assert "puhui_night_watermark_age_days 0.0" in here.stranger.get("/metrics").text


# --- proofs -----------------------------------------------------------------------------------------


def test_the_proof_of_a_loan_verifies_with_the_file_alone(here, tmp_path, capsys):
    loan = here.lent()
    here.sign()
    bundle, keys = tmp_path / "bundle.json", tmp_path / "keys.txt"
    bundle.write_bytes(here.operations.get(f"/v1/loans/{loan}/proof").content)
    keys.write_text(here.operations.get("/v1/proofs/keys").text)
    assert verify_main([str(bundle), str(keys)]) == 0
    data = bundle.read_bytes()
    assert b'"amount_minor":12000000' in data
    bundle.write_bytes(data.replace(b'"amount_minor":12000000', b'"amount_minor":12000001'))
    assert verify_main([str(bundle), str(keys)]) == 1
    capsys.readouterr()


def test_inclusion_and_consistency_by_the_rfc(here):
    loan = here.lent()
    here.sign()
    older = parse_checkpoint(parse_note(here.operations.get("/v1/proofs/checkpoint").text)[0])
    fact = here.act(loan, "repayments", amount_minor=5)["fact"]["id"]
    assert code(here.operations.get(f"/v1/proofs/inclusion/{fact}"))[0] == 404
    here.sign()
    found = here.operations.get(f"/v1/proofs/inclusion/{fact}").json()
    newer = parse_checkpoint(parse_note(found["checkpoint"])[0])
    hashes = [base64.b64decode(each) for each in found["proof"]]
    leaf = found["leaf"].encode()
    assert json.loads(leaf)["kind"] == "repayment"
    assert base64.b64decode(found["leaf_hash"]) == leaf_hash(leaf)
    assert verify_inclusion(leaf, found["index"], newer.size, hashes, newer.root)
    assert not verify_inclusion(leaf + b" ", found["index"], newer.size, hashes, newer.root)
    grown = here.operations.get(f"/v1/proofs/consistency?older={older.size}").json()
    assert (grown["older"], grown["newer"]) == (older.size, newer.size)
    hashes = [base64.b64decode(each) for each in grown["proof"]]
    assert verify_consistency(older.size, newer.size, hashes, older.root, newer.root)
    assert code(here.operations.get("/v1/proofs/consistency?older=999999")) == (422, "PROOF_RANGE")


# --- events -----------------------------------------------------------------------------------------


def test_events_are_read_on_from_a_cursor(here):
    loan = here.lent()
    first = events(here, loan, 2)
    assert [event["type"] for event in first["items"]] == ["loan.agreed", "loan.disbursed"]
    assert first["items"][1]["data"]["loan"] == loan
    again = here.operations.get(f"/v1/events?subject={loan}&cursor={first['next']}").json()
    assert again == {"items": [], "next": first["next"]}
    here.act(loan, "repayments", amount_minor=5)
    more = events(here, loan, 1, f"&cursor={first['next']}")
    assert [event["type"] for event in more["items"]] == ["loan.repaid"]
    everything, cursor = [], ""
    while page := here.operations.get(f"/v1/events?limit=7{cursor}").json()["items"]:
        everything += page
        cursor = f"&cursor={here.operations.get(f'/v1/events?limit=7{cursor}').json()['next']}"
    assert more["items"][0] in everything
    assert len({event["id"] for event in everything}) == len(everything)
    stranger = here.client("auditor", "other_bank")
    assert stranger.get(f"/v1/events?subject={loan}").json()["items"] == []


# --- parties ----------------------------------------------------------------------------------------


def test_personal_data_goes_in_whole_and_comes_out_masked_for_a_purpose(here):
    party = here.party(PERSON)
    shown = here.operations.get(f"/v1/parties/{party}").json()
    assert set(shown) == {"id", "kind", "institution", "region", "created_at"}
    ask = {"fields": ["name", "phone", "address"], "purpose": "servicing"}
    found = here.operations.post(f"/v1/parties/{party}/personal", json=ask).json()
    assert found == {"party": party, "personal": {"name": "诸***", "phone": "138****8000"}}
    whole = here.operations.post(f"/v1/parties/{party}/personal", json={**ask, "masked": False}).json()
    assert whole["personal"]["phone"] == "13800138000"
    with here.database.read() as unit:
        query = text("SELECT actor, fields, purpose, request_id FROM personal_reads WHERE party = :party")
        rows = unit.connection.execute(query, {"party": party}).fetchall()
    assert [(fields, purpose) for _, fields, purpose, _ in rows] == [('["address", "name", "phone"]', "servicing")] * 2
    assert all(actor.startswith("key_") and request.startswith("req_") for actor, _, _, request in rows)
    curious = here.operations.post(f"/v1/parties/{party}/personal", json={**ask, "purpose": "curiosity"})
    assert code(curious) == (422, "INPUT_INVALID")


def test_personal_data_is_found_by_its_exact_value_and_only_within_reach(here):
    phone = "13912345678"
    party = here.party({"name": "王五", "phone": phone})
    search = {"field": "phone", "value": "+86 139-1234-5678", "purpose": "servicing"}
    found = here.operations.post("/v1/party-searches", json=search).json()["items"]
    assert [each["id"] for each in found] == [party]
    other = here.client("officer", "other_bank")
    assert other.post("/v1/party-searches", json=search).json()["items"] == []
    assert code(other.get(f"/v1/parties/{party}")) == (404, "PARTY_UNKNOWN")
    assert code(here.operations.post("/v1/party-searches", json={**search, "field": "name"})) == (422, "SEARCH_UNKNOWN")


def test_changed_and_erased(here):
    party = here.party(PERSON)
    changed = here.operations.patch(f"/v1/parties/{party}/personal", json={"phone": "13700137000"})
    assert changed.status_code == 200
    ask = {"fields": ["phone"], "purpose": "servicing", "masked": False}
    assert here.operations.post(f"/v1/parties/{party}/personal", json=ask).json()["personal"]["phone"] == "13700137000"
    erased = here.person("administrator").post(f"/v1/parties/{party}/erasure", json={"purpose": "subject_request"})
    assert erased.status_code == 200
    assert code(here.operations.post(f"/v1/parties/{party}/personal", json=ask)) == (410, "PERSON_ERASED")
    assert here.operations.get(f"/v1/parties/{party}").status_code == 200


def test_a_wrong_value_is_refused_without_being_repeated(here):
    body = {
        "kind": "person",
        "institution": INSTITUTION,
        "region": REGION,
        "personal": {"id_number": "110105194912310021"},
    }
    response = here.operations.post("/v1/parties", json=body)
    assert code(response) == (422, "PERSONAL_INVALID")
    assert "110105194912310021" not in response.text


def test_logs_and_facts_and_metrics_never_show_a_person(here):
    party = here.party(PERSON)
    here.operations.post("/v1/party-searches", json={"field": "phone", "value": PERSON["phone"], "purpose": "audit"})
    here.operations.get(f"/v1/loans?party={PERSON['phone']}")
    here.operations.get(f"/{PERSON['id_number']}")
    raw = here.client("operations", raises=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "puhui.api.routes.parties._party_out", lambda _: int(f"nobody {PERSON['phone']} {PERSON['name']}")
        )
        response = raw.get(f"/v1/parties/{party}", headers={"User-Agent": PERSON["id_number"]})
    assert code(response) == (500, "INTERNAL_ERROR")
    with here.database.read() as unit:
        facts = json.dumps([dict(fact.body) for fact in unit.facts(party)])
    for told in (here.logged(), facts, here.stranger.get("/metrics").text, response.text):
        for value in (PERSON["id_number"], PERSON["phone"], PERSON["bank_account"]):
            assert value not in told
    assert "ValueError" in here.logged()


# --- applications -----------------------------------------------------------------------------------


def test_an_application_is_taken_in_and_listed(here):
    party = here.party()
    body = {
        "party": party,
        "institution": INSTITUTION,
        "region": REGION,
        "product": "auto_new",
        "wish": {"amount_minor": 9_000_000, "instalments": 36, "purpose": "购车"},
    }
    made = here.officer.post("/v1/applications", json=body)
    assert made.status_code == 201
    assert made.json()["status"] == "received"
    assert made.json()["wish"]["amount_minor"] == 9_000_000
    assert here.officer.get(f"/v1/applications?party={party}").json()["items"] == [made.json()]
    assert here.officer.get(f"/v1/applications/{made.json()['id']}").json() == made.json()
    other = here.client("officer", "other_bank")
    assert other.get(f"/v1/applications?party={party}").json()["items"] == []
    assert code(other.get(f"/v1/applications/{made.json()['id']}")) == (404, "APPLICATION_UNKNOWN")
    assert code(other.post("/v1/applications", json=body)) == (403, "OUT_OF_REACH")
    told = events(here, made.json()["id"], 1)["items"]
    assert [event["type"] for event in told] == ["application.received"]
    assert code(here.officer.post("/v1/applications", json={**body, "product": "gold"})) == (404, "PRODUCT_UNKNOWN")


# --- keys -------------------------------------------------------------------------------------------


def test_a_key_is_made_by_a_person_shown_once_and_revoked(here):
    chief = here.person("administrator", INSTITUTION)
    body = {
        "about": "对接",
        "grants": [{"role": "operations", "institution": INSTITUTION, "region": "*"}],
        "scopes": ["loans.read"],
        "live": True,
    }
    assert code(here.administrator.post("/v1/keys", json=body)) == (403, "PERSON_NEEDED")
    made = chief.post("/v1/keys", json=body).json()
    assert made["key"].startswith(made["prefix"])
    listed = chief.get("/v1/keys").json()["items"]
    assert made["id"] in [key["id"] for key in listed]
    assert all("key" not in key for key in listed)
    holder = type(here.stranger)(here.app, {"Authorization": f"Bearer {made['key']}"})
    assert holder.get("/v1/loans").status_code == 200
    assert code(holder.get("/v1/events")) == (403, "FORBIDDEN")
    assert chief.delete(f"/v1/keys/{made['id']}").status_code == 204
    assert code(holder.get("/v1/loans")) == (401, "UNAUTHENTICATED")
    holder.close()
    beyond = {**body, "grants": [{"role": "operations", "institution": "other_bank", "region": "*"}]}
    assert code(chief.post("/v1/keys", json=beyond)) == (403, "OUT_OF_REACH")


def test_a_test_key_moves_no_money_in_a_live_system(here):
    loan = here.lent()
    tester = here.client("operations", live=False)
    assert tester.get(f"/v1/loans/{loan}").status_code == 200
    response = tester.post(f"/v1/loans/{loan}/repayments", json={"amount_minor": 1}, headers=here.key())
    assert code(response) == (403, "TEST_KEY")


# --- the server's own pages -------------------------------------------------------------------------


def test_the_pages_are_plain_and_load_nothing_from_elsewhere(here):
    for path in ("/", "/reference", "/problems/LOAN_UNKNOWN"):
        response = here.stranger.get(path)
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/html")
        for bad in ("<script", "src=", "href=http", 'href="', "@import", "url("):
            assert bad not in response.text, (path, bad)
        assert "default-src 'none'" in response.headers["content-security-policy"]
    home = here.stranger.get("/").text
    assert home.index("服务已启动") < home.index("The service is running")
    assert "2024-01-15" in home
    reference = here.stranger.get("/reference").text
    for name in ("record_repayment", "schema-RepaymentIn", "IDEMPOTENCY_MISMATCH", "loans.repay"):
        assert name in reference
    assert code(here.stranger.get("/problems/NONE")) == (404, "ROUTE_UNKNOWN")


def test_health_and_readiness(here, monkeypatch):
    assert here.stranger.get("/healthz").json() == {"status": "ok"}
    ready = here.stranger.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "ok")
    assert ready.json()["checks"] == {"database": "ok", "log_key": "ok", "master_key": "ok", "workers": "ok"}
    monkeypatch.setattr("puhui.storage.migrate.needed", lambda: "9999")
    behind = here.stranger.get("/readyz")
    assert (behind.status_code, behind.json()["checks"]["database"]) == (503, "STORE_BEHIND")
    assert "STORE_BEHIND" in here.stranger.get("/").text


def test_a_master_key_that_opens_nothing_is_not_ready(here, monkeypatch):
    here.party(PERSON)
    kept = os.environ[VARIABLE]
    for keys, problem in (
        (base64.b64encode(bytes(32)).decode(), "MASTER_KEY_WRONG"),
        ("short", "MASTER_KEY_UNREADABLE"),
        (kept, "ok"),
    ):
        monkeypatch.setenv(VARIABLE, keys)
        found = here.stranger.get("/readyz")
        assert found.json()["checks"]["master_key"] == problem
        assert found.status_code == (200 if problem == "ok" else 503)


def test_metrics_tell_how_far_the_outbox_is(here):
    before = here.stranger.get("/metrics").text
    here.lent()
    after = here.stranger.get("/metrics").text

    def depth(text):
        return float(next(line.split()[-1] for line in text.splitlines() if line.startswith("puhui_outbox_depth ")))

    assert depth(after) == depth(before) + 2
    assert "puhui_outbox_dead_letters 0.0" in after
