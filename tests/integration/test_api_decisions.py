"""Decisions over HTTP on both databases: from a party to a loan, once each, with a clear no to everything else."""

import os
import threading
from datetime import date, timedelta
from functools import cache

import pytest

import api_world
from county_example import champion, events_by_party, kit, new_cases
from puhui.adapters import model_files
from puhui.composition.kit import Kits, kit_here, stamp
from puhui.funding.application import Used
from puhui.kernel import clock
from puhui.kernel.ids import new_id
from puhui.kernel.rates import PPM
from puhui.people.ports import Reading
from puhui.storage.books import OpenBooks
from puhui.storage.people_master import Masters
from puhui.workflows.judge import judge
from web import Web

TODAY = date(2026, 9, 10)
here = api_world.here

PRODUCTS = {"vehicle": "auto_new", "daily_consumption": "personal_instalment", "stock": "micro_working_capital"}
# A funder that lends cheaper than the house, twice a day.
CHEAP = """
id: cheap_fund
version: 1
title: {zh: 便宜资金, en: Cheap fund}
lender: bank
effective_from: 2026-08-01
products: [personal_instalment]
rate_ppm: 72000
quota: {day_minor: 100000000, total_minor: 100000000, day_loans: 1}
"""


@pytest.fixture(autouse=True)
def on_the_day():
    with clock.set_to(TODAY):
        yield


@pytest.fixture(scope="module")
def bank(here):
    """Give a world that can decide."""
    with clock.set_to(TODAY):
        champion()
    return here


@cache
def one_of(outcome, purpose=None):
    """Return a case of the example county that is judged so on TODAY, of a product that is applied for."""
    at = new_cases(1)[0].at.replace(year=TODAY.year, month=TODAY.month, day=TODAY.day, hour=4, minute=0)
    for case in new_cases(60):
        if case.purpose in PRODUCTS and purpose in (None, case.purpose):
            changed = case.model_copy(
                update={"at": at, "products": (PRODUCTS[case.purpose],), "down_minor": 0, "dealer": ""}
            )
            if judge(changed, events_by_party()[case.party], kit()).outcome == outcome:
                return changed
    raise AssertionError(outcome)


# --- by HTTP alone ----------------------------------------------------------------------------------


def posted(client, path, body, headers, expected=201):
    options = {} if body is None else {"json": body}
    response = client.post(path, headers=headers, **options)
    assert response.status_code == expected, response.text
    return response.json()


def events_of(case):
    rows = events_by_party()[case.party].drop("party", "source").to_dicts()
    return [
        {name: each.isoformat() if hasattr(each, "isoformat") else each for name, each in row.items()} for row in rows
    ]


def request_of(case):
    body = case.model_dump(mode="json", exclude_none=True)
    names = ("segment", "purpose", "line", "cash_minor", "stated_income_minor", "stated_debt_minor")
    return {name: body[name] for name in (*names, "exposure_minor", "dependants") if name in body} | {
        "checks": {
            name: value for name, value in body["checks"].items() if name in kit().engine.graph(case.line).inputs
        }
    }


def taken_up(bank, case, events=True, **wish):
    """Take a party up with its events, and its application; return the ids of both."""
    body = {"kind": "person", "institution": "sim_bank", "region": case.region, "personal": {"phone": "13800138000"}}
    party = posted(bank.officer, "/v1/parties", body, {})["id"]
    if events:
        told = {"source": "county", "events": events_of(case)}
        assert posted(bank.officer, f"/v1/parties/{party}/events", told, bank.key())["events"] == len(told["events"])
    body = {"party": party, "institution": "sim_bank", "region": case.region, "product": case.products[0]}
    body["wish"] = {"amount_minor": case.amount_minor, "instalments": case.most_months, **wish}
    return party, posted(bank.officer, "/v1/applications", body, {})["id"]


def decided(bank, application, case, expected=201, key=None, client=None, **changes):
    body = {**request_of(case), **changes}
    path = f"/v1/applications/{application}/decision"
    return posted(client or bank.officer, path, body, key or bank.key(), expected)


def code(response):
    return response.status_code, response.json()["code"]


def test_from_a_party_to_a_loan(bank):
    case = one_of("approve")
    party, application = taken_up(bank, case)
    decision = decided(bank, application, case)
    assert (decision["outcome"], decision["reasons"], decision["party"]) == ("approve", [], party)
    ours = judge(case, events_by_party()[case.party], kit())
    assert [offer["summary"]["lent_minor"] for offer in decision["offers"]] == [
        choice.verdict.offer.lent_minor for choice in ours.draft.choices
    ]
    assert decision["versions"]["model"] == kit().versions["model"]
    assert bank.officer.get(f"/v1/applications/{application}").json()["status"] == "approved"
    assert bank.officer.get(f"/v1/decisions/{decision['id']}").json() == decision
    assert bank.officer.get(f"/v1/applications/{application}/decisions").json() == {"items": [decision]}
    first = decision["offers"][0]
    assert first["expires_on"] == (TODAY + timedelta(days=7)).isoformat()
    accepted = posted(bank.officer, f"/v1/offers/{first['id']}/accept", None, bank.key())
    assert accepted["offer"]["status"] == "accepted"
    loan = bank.operations.get(f"/v1/loans/{accepted['loan']['id']}").json()
    assert (loan["borrower"], loan["status"]) == (party, "agreed")
    offers = bank.officer.get(f"/v1/applications/{application}/offers").json()["items"]
    assert [offer["status"] for offer in offers] == ["accepted", *["withdrawn"] * (len(offers) - 1)]
    assert bank.officer.get(f"/v1/applications/{application}").json()["status"] == "accepted"
    for offer in offers:
        response = bank.officer.post(f"/v1/offers/{offer['id']}/accept", headers=bank.key())
        assert code(response) == (409, "OFFER_CLOSED")
    again = decided(bank, application, case, expected=409)
    assert again["code"] == "APPLICATION_CLOSED"


@pytest.mark.parametrize("outcome", ["refer", "decline"])
def test_a_no_says_why_in_both_languages_and_offers_nothing(bank, outcome):
    case = one_of(outcome)
    _, application = taken_up(bank, case)
    decision = decided(bank, application, case)
    assert (decision["outcome"], decision["offers"]) == (outcome, [])
    assert decision["reasons"]
    told = bank.officer.get(f"/v1/decisions/{decision['id']}").json()
    assert [each["code"] for each in told["reasons"]] == [each["code"] for each in decision["reasons"]]
    for reason in (*decision["reasons"], *told["reasons"]):
        assert reason["zh"]
        assert reason["en"]
        assert "{" not in reason["zh"] + reason["en"]
    assert bank.officer.get(f"/v1/applications/{application}/offers").json() == {"items": []}


def test_of_whom_nothing_is_known_nothing_is_approved(bank):
    case = one_of("approve")
    _, application = taken_up(bank, case, events=False)
    decision = decided(bank, application, case)
    assert (decision["outcome"] in ("refer", "decline"), decision["offers"]) == (True, [])


def test_the_record_is_read_for_a_purpose_and_the_reading_is_logged(bank):
    case = one_of("approve")
    party, application = taken_up(bank, case)
    decision = decided(bank, application, case)["id"]
    path = f"/v1/decisions/{decision}/record"
    record = posted(bank.auditor, path, {"purpose": "complaint"}, {}, 200)["record"]
    assert record["case"]["party"] == party
    assert record["kit"]["versions"]["model"] == kit().versions["model"]
    with bank.database.read() as unit:
        rows = unit.connection.exec_driver_sql(
            f"SELECT fields, purpose FROM personal_reads WHERE party = '{party}' ORDER BY seq"
        ).all()
    assert rows[-1] == (f'["{decision}"]', "complaint")
    assert code(bank.auditor.post(path, json={"purpose": "curiosity"})) == (422, "INPUT_INVALID")
    for role in ("analyst", "operations"):
        assert code(getattr(bank, role).post(path, json={"purpose": "complaint"})) == (403, "FORBIDDEN")


def test_deciding_again_takes_the_offers_of_before_back(bank):
    case = one_of("approve")
    _, application = taken_up(bank, case)
    before = decided(bank, application, case)
    after = decided(bank, application, case, checks={**request_of(case)["checks"], "on_fraud_list": True})
    assert (before["outcome"], after["outcome"]) == ("approve", "decline")
    offers = bank.officer.get(f"/v1/applications/{application}/offers").json()["items"]
    assert {offer["status"] for offer in offers} == {"withdrawn"}
    response = bank.officer.post(f"/v1/offers/{offers[0]['id']}/accept", headers=bank.key())
    assert code(response) == (409, "OFFER_CLOSED")
    listed = bank.officer.get(f"/v1/applications/{application}/decisions").json()["items"]
    assert [each["id"] for each in listed] == [before["id"], after["id"]]


def test_an_offer_is_gone_after_its_last_day(bank):
    case = one_of("approve")
    _, application = taken_up(bank, case)
    offer = decided(bank, application, case)["offers"][0]["id"]
    with clock.set_to(TODAY + timedelta(days=8)):
        response = bank.officer.post(f"/v1/offers/{offer}/accept", headers=bank.key())
    assert code(response) == (409, "OFFER_EXPIRED")


def test_the_wish_is_the_case(bank):
    case = one_of("approve", "vehicle")
    _, application = taken_up(bank, case, down_payment_ppm=333_333)
    body = {name: value for name, value in request_of(case).items() if name not in ("purpose", "line")}
    path = f"/v1/applications/{application}/decision"
    decision = posted(bank.officer, path, body, bank.key())["id"]
    record = posted(bank.officer, f"/v1/decisions/{decision}/record", {"purpose": "audit"}, {}, 200)["record"]["case"]
    assert (record["line"], record["purpose"], record["products"]) == ("auto", "vehicle", ["auto_new"])
    assert (record["amount_minor"], record["most_months"]) == (case.amount_minor, case.most_months)
    assert record["down_minor"] == -(-case.amount_minor * 333_333 // PPM)


# --- bad input --------------------------------------------------------------------------------------

WRONG_REQUESTS = [
    ({"segment": None}, "INPUT_INVALID", "segment"),
    ({"segment": "martian"}, "INPUT_INVALID", "segment"),
    ({"purpose": "gambling"}, "INPUT_INVALID", "purpose"),
    ({"purpose": "vehicle"}, "INPUT_INVALID", "purpose"),
    ({"purpose": None}, "INPUT_INVALID", "purpose"),
    ({"line": "corporate"}, "INPUT_INVALID", "line"),
    ({"line": "auto"}, "INPUT_INVALID", "line"),
    ({"cash_minor": None}, "INPUT_INVALID", "cash_minor"),
    ({"cash_minor": -1}, "INPUT_INVALID", "cash_minor"),
    ({"cash_minor": 1.5}, "INPUT_INVALID", "cash_minor"),
    ({"cash_minor": "100"}, "INPUT_INVALID", "cash_minor"),
    ({"stated_income_minor": -1}, "INPUT_INVALID", "stated_income_minor"),
    ({"stated_debt_minor": 10**13}, "INPUT_INVALID", "stated_debt_minor"),
    ({"exposure_minor": True}, "INPUT_INVALID", "exposure_minor"),
    ({"dependants": 21}, "INPUT_INVALID", "dependants"),
    ({"dealer": "d" * 101}, "INPUT_INVALID", "dealer"),
    ({"dealer": "a\0b"}, "INPUT_INVALID", "dealer"),
    ({"party": "party_x"}, "INPUT_INVALID", "party"),
    ({"institution": "sim_bank"}, "INPUT_INVALID", "institution"),
    ({"amount_minor": 1}, "INPUT_INVALID", "amount_minor"),
    ({"checks": []}, "INPUT_INVALID", "checks"),
    ({"checks": {"no_such_thing": 1}}, "INPUT_INVALID", "checks.no_such_thing"),
    ({"checks": {"monthly_income_minor": 10**8}}, "INPUT_INVALID", "checks.monthly_income_minor"),
    ({"checks": {"pd_ppm": 0}}, "INPUT_INVALID", "checks.pd_ppm"),
    ({"checks": {"vehicle_kind": "new"}}, "INPUT_INVALID", "checks.vehicle_kind"),
    ({"checks": {"AGE": 34}}, "INPUT_INVALID", "checks.AGE"),
    ({"checks": {"age_years": None}}, "INPUT_INVALID", "checks.age_years"),
    ({"checks": {"age_years": 10**20}}, "INPUT_INVALID", "checks.age_years"),
    ({"checks": {"age_years": 34.5}}, "INPUT_INVALID", "checks.age_years"),
    ({"checks": {"age_years": "3\n4"}}, "INPUT_INVALID", "checks.age_years"),
    ({"checks": {"age_years": "34"}}, "POLICY_INPUT", "age_years"),
    ({"checks": {"age_years": 200}}, "POLICY_INPUT", "age_years"),
    ({"checks": {"identity_verified": 1}}, "POLICY_INPUT", "identity_verified"),
]


@pytest.fixture(scope="module")
def waiting(bank):
    """Give an application that waits, and its case."""
    with clock.set_to(TODAY):
        case = one_of("approve", "daily_consumption")
        return case, taken_up(bank, case)[1]


@pytest.mark.parametrize(("changes", "refused", "field"), WRONG_REQUESTS, ids=lambda each: str(each)[:50])
def test_a_wrong_request_names_what_is_wrong_and_leaves_nothing(bank, waiting, changes, refused, field):
    case, application = waiting
    body = {name: value for name, value in {**request_of(case), **changes}.items() if value is not None}
    response = bank.officer.post(f"/v1/applications/{application}/decision", json=body, headers=bank.key())
    assert code(response) == (422, refused)
    assert response.json()["fields"] == [field]
    assert all(field.rpartition(".")[2] in response.json()["messages"][language] for language in ("zh", "en"))
    assert bank.officer.get(f"/v1/applications/{application}/decisions").json() == {"items": []}
    assert bank.officer.get(f"/v1/applications/{application}").json()["status"] == "received"


def test_a_decision_needs_a_key_and_a_body(bank, waiting):
    case, application = waiting
    path = f"/v1/applications/{application}/decision"
    assert code(bank.officer.post(path, json=request_of(case))) == (400, "IDEMPOTENCY_KEY_MISSING")
    assert code(bank.officer.post(path, headers=bank.key())) == (415, "MEDIA_TYPE_UNKNOWN")
    assert code(bank.officer.post(path, json=[], headers=bank.key())) == (422, "INPUT_INVALID")


def test_a_wish_in_another_currency_is_not_decided(bank):
    case = one_of("approve", "daily_consumption")
    _, application = taken_up(bank, case, events=False, currency="USD")
    told = decided(bank, application, case, expected=422)
    assert (told["code"], told["fields"]) == ("INPUT_INVALID", ["wish.currency"])


WAGE = {"kind": "wage", "amount_minor": 500_000, "at": "2026-09-01T10:00:00+08:00", "consent": "credit"}
WRONG_EVENTS = [
    ({"kind": "gift"}, "EVENTS_ROWS_WRONG", "kind"),
    ({"kind": None}, "INPUT_INVALID", "events.0.kind"),
    ({"amount_minor": -500_000}, "EVENTS_ROWS_WRONG", "sign"),
    ({"amount_minor": None}, "EVENTS_ROWS_WRONG", "amount_minor"),
    ({"amount_minor": 10**12 + 1}, "INPUT_INVALID", "events.0.amount_minor"),
    ({"amount_minor": 5.5}, "INPUT_INVALID", "events.0.amount_minor"),
    ({"at": "2026-09-01"}, "INPUT_INVALID", "events.0.at"),
    ({"at": "2026-09-01T10:00:00"}, "INPUT_INVALID", "events.0.at"),
    ({"at": 1_800_000_000}, "INPUT_INVALID", "events.0.at"),
    ({"at": "1899-01-01T10:00:00Z"}, "EVENTS_ROWS_WRONG", "at"),
    ({"recorded_at": "2026-09-11T10:00:00+08:00"}, "INPUT_INVALID", "events.0.recorded_at"),
    ({"consent": "anything"}, "EVENTS_ROWS_WRONG", "consent"),
    ({"consent": None}, "INPUT_INVALID", "events.0.consent"),
    ({"status": "void"}, "EVENTS_ROWS_WRONG", "status"),
    ({"late_days": 3}, "EVENTS_ROWS_WRONG", "late_days"),
    ({"area_m2": 3}, "EVENTS_ROWS_WRONG", "area_m2"),
    ({"area_m2": -3}, "INPUT_INVALID", "events.0.area_m2"),
    ({"counterparty": "a\nb"}, "INPUT_INVALID", "events.0.counterparty"),
    ({"party": "party_x"}, "INPUT_INVALID", "events.0.party"),
]


@pytest.mark.parametrize(("changes", "refused", "field"), WRONG_EVENTS, ids=lambda each: str(each)[:50])
def test_a_wrong_event_names_what_is_wrong_and_keeps_nothing(bank, changes, refused, field):
    party = bank.party()
    event = {name: value for name, value in {**WAGE, **changes}.items() if value is not None}
    path = f"/v1/parties/{party}/events"
    response = bank.officer.post(path, json={"source": "wallet", "events": [event]}, headers=bank.key())
    assert code(response) == (422, refused)
    assert response.json()["fields"] == [field]
    with bank.app.state.platform.read() as books:
        assert [fact.kind for fact in books.store.facts(party)] == ["party"]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"source": "wallet", "events": []}, 422, "events"),
        ({"source": "wallet", "events": [WAGE] * 5001}, 422, "events"),
        ({"source": "our wallet", "events": [WAGE]}, 422, "source"),
        ({"events": [WAGE]}, 422, "source"),
        ({"source": "wallet", "events": WAGE}, 422, "events"),
        ({"source": "wallet", "events": [{**WAGE, "counterparty": "c" * 199}] * 4000}, 413, None),
    ],
    ids=["none", "too many", "source", "no source", "no list", "too large"],
)
def test_the_body_of_events_is_bounded(bank, body, status, field):
    party = bank.party()
    response = bank.officer.post(f"/v1/parties/{party}/events", json=body, headers=bank.key())
    assert response.status_code == status
    assert response.json()["fields"] == ([field] if field else [])


# --- who, once, and when not ------------------------------------------------------------------------


def test_a_replay_is_the_same_decision_and_the_same_loan(bank):
    case, key = one_of("approve"), bank.key()
    party, application = taken_up(bank, case)
    first = decided(bank, application, case, key=key)
    assert decided(bank, application, case, key=key) == first
    assert len(bank.officer.get(f"/v1/applications/{application}/decisions").json()["items"]) == 1
    other = decided(bank, application, case, key=key, expected=422, cash_minor=1)
    assert other["code"] == "IDEMPOTENCY_MISMATCH"
    path, key = f"/v1/offers/{first['offers'][0]['id']}/accept", bank.key()
    loan = posted(bank.officer, path, None, key)
    assert posted(bank.officer, path, None, key) == loan
    assert len(bank.operations.get(f"/v1/loans?party={party}").json()["items"]) == 1
    events, key = {"source": "wallet", "events": [WAGE]}, bank.key()
    kept = [posted(bank.officer, f"/v1/parties/{party}/events", events, key) for _ in range(2)]
    assert kept[0] == kept[1]


def at_once(bank, paths, body=None):
    """Send POSTs at the same time, each under a key of its own; return the responses."""
    gate, found = threading.Barrier(len(paths)), []

    def send(path, key):
        web = Web(bank.app, bank.officer.headers)
        gate.wait()
        with clock.set_to(TODAY):
            found.append(web.post(path, headers=key, **({} if body is None else {"json": body})))
        web.close()

    threads = [threading.Thread(target=send, args=(path, bank.key())) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.parametrize("which", ["the same offer", "two offers"])
def test_two_who_accept_at_once_make_one_loan(bank, which):
    case = one_of("approve")
    party, application = taken_up(bank, case)
    offers = decided(bank, application, case)["offers"]
    chosen = [offers[0], offers[0 if which == "the same offer" else 1]]
    found = at_once(bank, [f"/v1/offers/{offer['id']}/accept" for offer in chosen])
    assert sorted(response.status_code for response in found) == [201, 409]
    assert {response.json().get("code") for response in found} == {None, "OFFER_CLOSED"}
    assert len(bank.operations.get(f"/v1/loans?party={party}").json()["items"]) == 1


def test_two_who_decide_at_once_leave_the_offers_of_one(bank):
    case = one_of("approve")
    _, application = taken_up(bank, case)
    found = at_once(bank, [f"/v1/applications/{application}/decision"] * 2, request_of(case))
    assert [response.status_code for response in found] == [201, 201]
    offers = bank.officer.get(f"/v1/applications/{application}/offers").json()["items"]
    assert len({offer["decision"] for offer in offers if offer["status"] == "open"}) == 1


def test_a_borrower_sees_and_accepts_his_own_and_nothing_else(bank):
    case = one_of("approve")
    party, application = taken_up(bank, case)
    decision = decided(bank, application, case)
    mine, other = (bank.client("borrower", "sim_bank", "*", each) for each in (party, new_id("party")))
    assert mine.get(f"/v1/decisions/{decision['id']}").json() == decision
    assert code(mine.post(f"/v1/decisions/{decision['id']}/record", json={"purpose": "audit"})) == (403, "FORBIDDEN")
    told = decided(bank, application, case, client=mine, expected=403)
    assert told["code"] == "FORBIDDEN"
    offer = decision["offers"][0]["id"]
    paths = {
        f"/v1/decisions/{decision['id']}": "DECISION_UNKNOWN",
        f"/v1/applications/{application}/decisions": "APPLICATION_UNKNOWN",
        f"/v1/applications/{application}/offers": "APPLICATION_UNKNOWN",
    }
    for path, unknown in paths.items():
        assert code(other.get(path)) == (404, unknown)
    assert code(other.post(f"/v1/offers/{offer}/accept", headers=bank.key())) == (404, "OFFER_UNKNOWN")
    assert posted(mine, f"/v1/offers/{offer}/accept", None, bank.key())["loan"]["borrower"] == party


@pytest.mark.parametrize("what", ["decision", "offer", "application", "party"])
def test_what_is_not_there_is_unknown(bank, what):
    none = new_id(what)
    ask = {
        "decision": lambda: bank.officer.get(f"/v1/decisions/{none}"),
        "offer": lambda: bank.officer.post(f"/v1/offers/{none}/accept", headers=bank.key()),
        "application": lambda: bank.officer.post(
            f"/v1/applications/{none}/decision", json=request_of(one_of("approve")), headers=bank.key()
        ),
        "party": lambda: bank.officer.post(
            f"/v1/parties/{none}/events", json={"source": "wallet", "events": [WAGE]}, headers=bank.key()
        ),
    }
    assert code(ask[what]()) == (404, f"{what.upper()}_UNKNOWN")


def test_of_an_erased_person_nothing_is_taken_in_decided_accepted_or_read(bank):
    case = one_of("approve")
    party, application = taken_up(bank, case)
    decision = decided(bank, application, case)
    with bank.app.state.platform.begin() as books:
        books.personal.erase(party, Reading("officer", "subject_request", "request", clock.now()))
    assert decided(bank, application, case, expected=410)["code"] == "PERSON_ERASED"
    for path, body in (
        (f"/v1/offers/{decision['offers'][0]['id']}/accept", None),
        (f"/v1/parties/{party}/events", {"source": "wallet", "events": [WAGE]}),
        (f"/v1/decisions/{decision['id']}/record", {"purpose": "audit"}),
    ):
        assert posted(bank.officer, path, body, bank.key(), 410)["code"] == "PERSON_ERASED"
    assert bank.officer.get(f"/v1/decisions/{decision['id']}").json()["outcome"] == "approve"
    assert bank.operations.get(f"/v1/loans?party={party}").json()["items"] == []


def test_without_a_champion_nothing_is_decided_or_written(bank):
    case = one_of("approve")
    _, application = taken_up(bank, case)
    lines = model_files.folder().joinpath(model_files.LINES)
    kept = lines.read_text(encoding="utf-8")
    approved = "".join(f"{line}\n" for line in kept.splitlines()[:-1])
    try:
        for text in (approved, ""):
            lines.write_text(text, encoding="utf-8")
            told = decided(bank, application, case, expected=503)
            assert (told["code"], told["fields"]) == ("MODEL_NONE", [])
    finally:
        lines.write_text(kept, encoding="utf-8")
    assert bank.officer.get(f"/v1/applications/{application}/decisions").json() == {"items": []}
    with bank.app.state.platform.read() as books:
        assert [fact.kind for fact in books.store.facts(application)] == ["application"]
    assert decided(bank, application, case)["outcome"] == "approve"


def test_what_is_wrong_here_is_not_the_fault_of_who_asks(bank):
    case = one_of("approve")
    _, application = taken_up(bank, case)
    costs = model_files.folder().parent.joinpath("costs.yaml")
    try:
        costs.write_text("funding_ppm: -1\n", encoding="utf-8")
        told = decided(bank, application, case, expected=503)
        assert (told["code"], "funding_ppm" in told["messages"]["en"]) == ("KIT_WRONG", True)
    finally:
        costs.unlink()
    assert decided(bank, application, case)["outcome"] == "approve"


# --- the kit in the server --------------------------------------------------------------------------


def test_a_kit_is_kept_until_what_it_is_made_of_changes(bank, tmp_path_factory):
    kits = Kits()
    first = kits()
    assert kits() is first
    costs = model_files.folder().parent.joinpath("costs.yaml")
    shipped = "funding_ppm: 30000\noperating_ppm: 10000\nfixed_minor: 0\nmargin_ppm: 5000\nlgd_ppm: 400000\nsource: x\n"
    before = stamp()
    try:
        costs.write_text(shipped, encoding="utf-8")
        assert stamp() != before
        dearer = kits()
        assert dearer.versions["costs"] != first.versions["costs"]
        assert dearer.lgd_ppm == 400_000
        costs.write_text(shipped.replace("400000", "500000"), encoding="utf-8")
        os.utime(costs, ns=(1, 1))
        assert kits().lgd_ppm == 500_000
    finally:
        costs.unlink()
    assert kits().versions == first.versions


def test_what_a_funder_has_lent_counts_from_the_next_decision_on(bank):
    folder = model_files.folder().parent.joinpath("funders")
    folder.joinpath("cheap_fund.yaml").write_text(CHEAP, encoding="utf-8")
    try:
        case = one_of("approve", "daily_consumption")
        _, application = taken_up(bank, case)
        offers = decided(bank, application, case)["offers"]
        assert {offer["summary"]["funder"] for offer in offers} == {"cheap_fund"}
        lent_minor = offers[0]["summary"]["lent_minor"]
        _, beside = taken_up(bank, case)
        [also, *_] = decided(bank, beside, case)["offers"]
        posted(bank.officer, f"/v1/offers/{offers[0]['id']}/accept", None, bank.key())
        # Its one loan of the day is lent: an offer that was open before is none any more, and leaves nothing.
        full = bank.officer.post(f"/v1/offers/{also['id']}/accept", headers=bank.key())
        assert code(full) == (409, "OFFER_NO_ROOM")
        assert bank.officer.get(f"/v1/applications/{beside}").json()["status"] == "approved"
        _, later = taken_up(bank, case)
        again = decided(bank, later, case)
        assert {offer["summary"]["funder"] for offer in again["offers"]} == {"sim_bank"}
        books = OpenBooks(bank.database, Masters())
        used = kit_here(books).used["cheap_fund"]
        places = {"province": "41", "city": "4114", "county": "411425", "product": case.products[0]}
        places["segment"] = case.segment
        concentrated = {f"{kind}:{key}": lent_minor for kind, key in places.items()}
        assert used == Used(day_minor=lent_minor, day_loans=1, total_minor=lent_minor, concentrated=concentrated)
        with clock.set_to(TODAY + timedelta(days=1)):
            _, tomorrow = taken_up(bank, case)
            assert {offer["summary"]["funder"] for offer in decided(bank, tomorrow, case)["offers"]} == {"cheap_fund"}
            assert kit_here(books).used["cheap_fund"].day_loans == 0
    finally:
        folder.joinpath("cheap_fund.yaml").unlink()
