"""The life of a loan through the interface: agreed, lent, paid, changed; who may see it; what is refused, and how."""

from datetime import date, timedelta

import pytest

import api_world
from api_world import INSTITUTION, REGION, TERMS, events
from puhui.kernel import clock
from puhui.kernel.ids import new_id
from puhui.lending.facts import FACT_KINDS, LARGEST_SUM_MINOR
from puhui.products.schedule import schedule
from puhui.products.terms import read_terms

here = api_world.here


def problem(response, status, code, *fields):
    found = response.json()
    assert (response.status_code, found["code"]) == (status, code), response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert found["fields"] == list(fields)
    return found


# --- agreed, lent, paid -----------------------------------------------------------------------------


def test_a_loan_is_agreed_lent_and_paid(here):
    first = schedule(read_terms(TERMS)).rows[0]
    agreed = here.loan()
    assert (agreed["status"], agreed["principal_minor"], agreed["as_of"]) == ("agreed", 0, "2024-01-15")
    loan = agreed["id"]
    lent = here.act(loan, "disbursements", amount_minor=12_000_000)
    assert lent["fact"]["kind"] == "disbursement"
    assert lent["fact"]["effective_on"] == "2024-01-15"
    assert lent["fact"]["actor"].startswith("key_")
    assert (lent["loan"]["status"], lent["loan"]["next_due_on"]) == ("active", "2024-02-15")
    with clock.set_to(date(2024, 2, 15)):
        found = here.operations.get(f"/v1/loans/{loan}").json()
        assert (found["as_of"], found["due_minor"]) == ("2024-02-15", first.total_minor)
        paid = here.act(loan, "repayments", amount_minor=first.total_minor, channel="bank")
    assert paid["allocation"] == {
        "penalty_minor": 0,
        "fee_minor": 0,
        "interest_minor": first.interest_minor,
        "principal_minor": first.principal_minor,
        "suspense_minor": 0,
    }
    assert paid["loan"]["principal_minor"] == first.outstanding_principal_minor
    assert paid["loan"]["due_minor"] == 0
    facts = here.operations.get(f"/v1/loans/{loan}/facts").json()["items"]
    assert [fact["kind"] for fact in facts] == ["agreement", "disbursement", "repayment", "allocation"]
    assert facts[2] == paid["fact"]


def test_terms_may_come_from_a_product(here):
    wish = {
        "principal_minor": 12_000_000,
        "instalments": 36,
        "annual_rate_ppm": 60_000,
        "disbursed_on": "2026-09-02",
        "down_payment_ppm": 250_000,
        "segment": "shopkeeper",
    }
    with clock.set_to(date(2026, 9, 1)):
        loan = here.loan(terms=None, wish=wish, agreed_on="2026-09-01", servicing=None)
    facts = here.operations.get(f"/v1/loans/{loan['id']}/facts").json()["items"]
    assert facts[0]["body"]["terms"]["principal_minor"] == 12_000_000
    assert facts[0]["body"]["product_version"] >= 1
    # What the agreement does not say is the product's: 罚息 x 1.5, 1 % on early repayment for a year.
    servicing = facts[0]["body"]["servicing"]
    assert servicing["overdue_multiplier_ppm"] == 1_500_000
    assert servicing["prepayment"] == {"allowed": True, "fee_ppm": 10_000, "free_after_instalments": 12}
    assert loan["currency"] == "CNY"


def test_the_position_of_any_day(here):
    loan = here.lent()
    plan = schedule(read_terms(TERMS)).rows
    found = here.operations.get(f"/v1/loans/{loan}/position?as_of=2024-03-16").json()
    assert [row["n"] for row in found["dues"]] == [1, 2]
    assert found["arrears"]["past_due_days"] == 30
    assert found["arrears"]["oldest_due_on"] == "2024-02-15"
    assert len(found["to_come"]) == 10
    assert found["owed"]["principal_minor"] == 12_000_000
    assert found["owed"]["penalty_minor"] > 0
    assert found["dues"][0]["total_minor"] == plan[0].total_minor
    before = here.operations.get(f"/v1/loans/{loan}/position?as_of=2024-02-15").json()
    assert before["arrears"]["past_due_days"] == 0
    due = here.operations.get(f"/v1/loans/{loan}/schedule").json()
    assert (due["due"], len(due["to_come"])) == ([], 12)


def test_quotes_record_nothing(here):
    loan = here.lent()
    payoff = here.operations.get(f"/v1/loans/{loan}/payoff-quote?effective_on=2024-01-30").json()
    assert payoff["principal_minor"] == 12_000_000
    assert payoff["interest_minor"] == 29_032  # the month's 60,000 fen, 15 of its 31 days
    assert payoff["total_minor"] == 12_029_032
    quotes = here.operations.get(
        f"/v1/loans/{loan}/prepayment-quotes?effective_on=2024-02-15&amount_minor=5000000"
    ).json()
    assert {quote["mode"] for quote in quotes["modes"]} == {"shorter_term", "smaller_instalment", "next_instalments"}
    assert len(here.operations.get(f"/v1/loans/{loan}/facts").json()["items"]) == 2


def test_a_schedule_is_worked_out_for_anyone_let_in(here):
    found = here.borrower.post("/v1/schedules", json=TERMS).json()
    assert len(found["instalments"]) == 12
    assert found["annual_cost"]["irr_x12_ppm"] == 60_000
    assert found["borrower_annual_cost"] is None
    subsidised = here.borrower.post("/v1/schedules", json={**TERMS, "subsidy": {"rate_ppm": 10_000}}).json()
    assert subsidised["borrower_annual_cost"]["irr_x12_ppm"] < 60_000


@pytest.mark.parametrize(
    ("path", "kind", "body"),
    [
        ("fees", "fee", {"name": "补卡", "amount_minor": 1000}),
        ("penalties", "penalty", {"name": "违约金", "amount_minor": 1000}),
        (
            "rate-resets",
            "rate_reset",
            {"annual_rate_ppm": 44_500, "series": "LPR_1Y", "value_ppm": 34_500, "spread_ppm": 10_000},
        ),
        ("due-day-changes", "due_day_change", {"due_day": 20}),
        ("skips", "skip", {"instalments": 1}),
        ("assignments", "assignment", {"funder": "bank_b", "share_ppm": 500_000}),
        ("prepayments", "prepayment", {"amount_minor": 1_000_000, "mode": "shorter_term"}),
        (
            "collateral",
            "collateral",
            {"action": "take", "item": {"type": "deposit", "id": "d1", "amount_minor": 9, "account": ""}},
        ),
        ("cancellations", "cancellation", {"amount_minor": 12_000_000}),
    ],
)
def test_each_change_is_one_fact(here, path, kind, body):
    loan = here.lent(
        servicing={"overdue_multiplier_ppm": 1_400_000, "cooling_off_days": 7},
        floating={"series": "LPR_1Y", "spread_ppm": 10_000, "first_on": "2024-01-20"},
    )
    with clock.set_to(date(2024, 1, 20)):
        found = here.act(loan, path, **body)
    assert (found["fact"]["kind"], found["fact"]["effective_on"]) == (kind, "2024-01-20")
    for name in body:
        assert found["fact"]["body"][name] == body[name]
    assert found["loan"]["as_of"] == "2024-01-20"


def test_a_subsidy_is_of_interest_that_has_fallen_due(here):
    loan = here.lent()
    with clock.set_to(date(2024, 2, 20)):
        found = here.act(loan, "subsidies", amount_minor=1000)
    assert found["fact"]["body"] == {"amount_minor": 1000, "payer": "government"}
    assert found["allocation"]["interest_minor"] == 1000


def test_what_stands_beside_the_debt_is_settled_and_paid_back(here):
    loan = here.loan()["id"]
    here.act(loan, "disbursements", amount_minor=12_000_000, to="entrusted", payee="dealer_1")
    here.act(loan, "settlements", expected=422, counterparty="payee", amount_minor=12_000_001)
    settled = here.act(loan, "settlements", counterparty="payee", amount_minor=12_000_000, reference="T1")
    assert settled["fact"]["body"] == {
        "counterparty": "payee",
        "amount_minor": 12_000_000,
        "channel": "",
        "reference": "T1",
    }
    assert settled["loan"]["owed_minor"] == 12_000_000
    assert here.act(loan, "repayments", amount_minor=5000)["loan"]["suspense_minor"] == 5000
    here.act(loan, "refunds", expected=422, amount_minor=5001)
    refunded = here.act(loan, "refunds", amount_minor=5000, channel="wallet")
    assert (refunded["loan"]["suspense_minor"], refunded["allocation"]["suspense_minor"]) == (0, -5000)
    topics = [event["type"] for event in events(here, loan, 5)["items"]]
    assert topics[-3:] == ["loan.settled", "loan.repaid", "loan.refunded"]


def test_charged_waived_and_taken_back(here):
    loan = here.lent()
    fee = here.act(loan, "fees", name="补卡", amount_minor=1000)
    assert fee["loan"]["owed_minor"] == 12_001_000
    waived = here.act(loan, "waivers", component="fee", amount_minor=400)
    assert waived["loan"]["owed_minor"] == 12_000_600
    here.act(loan, "reversals", fact=waived["fact"]["id"])
    back = here.act(loan, "reversals", fact=fee["fact"]["id"], reason="重复")
    assert back["loan"]["owed_minor"] == 12_000_000


def test_every_kind_that_a_person_may_state_has_a_route(here):
    paths = here.stranger.get("/openapi.json").json()["paths"]
    named = {operation["operationId"] for path in paths.values() for operation in path.values()}
    by_nobody = {"agreement", "allocation", "classification"}  # create_loan; the fold; the night
    assert {f"record_{kind}" for kind in FACT_KINDS.keys() - by_nobody} <= named


# --- a second person --------------------------------------------------------------------------------


def test_a_write_off_needs_a_second_person(here):
    loan, other = here.lent(), here.lent()
    body, path = {"reason": "终结执行"}, f"/v1/loans/{loan}/write-offs"
    asked = here.act(loan, "write-offs", expected=202, **body)
    assert (asked["state"], asked["action"], asked["subject"]) == ("asked", "loans.write_off", loan)
    assert here.operations.get(f"/v1/loans/{loan}").json()["status"] == "active"
    approval = {"Puhui-Approval": asked["id"]}
    problem(
        here.operations.post(path, json=body, headers={**here.key(), **approval}), 409, "APPROVAL_WAITS", "approval"
    )
    decision, word = f"/v1/approvals/{asked['id']}/decision", {"decision": "approve"}
    # A key never decides: a person signs in for it, and not one from elsewhere.
    problem(here.operations.post(decision, json=word), 403, "PERSON_NEEDED")
    problem(here.person("operations", "other_bank").post(decision, json=word), 404, "NOT_FOUND", "approval")
    chief = here.person("operations", INSTITUTION)
    assert asked["id"] in [each["id"] for each in chief.get("/v1/approvals").json()["items"]]
    approved = chief.post(decision, json=word).json()
    assert approved["state"] == "approved"
    # For this loan and this reason only, and once.
    wrong = here.operations.post(path, json={"reason": "其他"}, headers={**here.key(), **approval})
    problem(wrong, 422, "APPROVAL_UNFIT", "approval")
    elsewhere = f"/v1/loans/{other}/write-offs"
    wrong = here.operations.post(elsewhere, json=body, headers={**here.key(), **approval})
    problem(wrong, 422, "APPROVAL_UNFIT", "approval")
    done = here.operations.post(path, json=body, headers={**here.key(), **approval})
    assert done.status_code == 201
    assert done.json()["loan"]["status"] == "written_off"
    assert done.json()["fact"]["approved_by"] == approved["decided_by"]
    again = here.operations.post(path, json=body, headers={**here.key(), **approval})
    problem(again, 409, "APPROVAL_CLOSED", "approval")


def test_what_waits_is_answered_the_same_under_its_key(here):
    loan, key = here.lent(), here.key()
    path, body = f"/v1/loans/{loan}/restructures", {"how": "extend", "instalments": 6}
    first = here.operations.post(path, json=body, headers=key)
    second = here.operations.post(path, json=body, headers=key)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.content == second.content
    assert second.headers["idempotency-replayed"] == "true"


# --- who may see it ---------------------------------------------------------------------------------


def test_out_of_reach_is_as_if_it_were_not_there(here):
    loan = here.lent()
    unknown = new_id("loan")
    other = here.client("operations", "other_bank", "*")
    elsewhere = here.client("operations", INSTITUTION, "330100")
    inside = here.client("operations", INSTITUTION, "410300")
    for path in ("", "/position", "/facts", "/schedule", "/payoff-quote", "/proof"):
        real, made_up = other.get(f"/v1/loans/{loan}{path}"), other.get(f"/v1/loans/{unknown}{path}")
        problem(real, 404, "LOAN_UNKNOWN", "loan")
        assert {**real.json(), "request_id": ""} == {
            name: value.replace(unknown, loan) if isinstance(value, str) else value
            for name, value in {**made_up.json(), "request_id": ""}.items()
            if name != "messages"
        } | {"messages": real.json()["messages"]}
        problem(elsewhere.get(f"/v1/loans/{loan}{path}"), 404, "LOAN_UNKNOWN", "loan")
    assert inside.get(f"/v1/loans/{loan}").status_code == 200
    paid = other.post(f"/v1/loans/{loan}/repayments", json={"amount_minor": 1}, headers=here.key())
    problem(paid, 404, "LOAN_UNKNOWN", "loan")
    assert other.get("/v1/loans").json()["items"] == []
    assert loan in [each["id"] for each in inside.get("/v1/loans?limit=200").json()["items"]]


def test_a_borrower_sees_only_his_own(here):
    party = here.party()
    own, others = here.lent(borrower=party), here.lent()
    borrower = here.client("borrower", party=party)
    assert [each["id"] for each in borrower.get("/v1/loans").json()["items"]] == [own]
    assert borrower.get(f"/v1/loans/{own}/position").status_code == 200
    problem(borrower.get(f"/v1/loans/{others}"), 404, "LOAN_UNKNOWN", "loan")
    refused = borrower.post(f"/v1/loans/{own}/repayments", json={"amount_minor": 1}, headers=here.key())
    problem(refused, 403, "FORBIDDEN")


def test_nobody_agrees_loans_for_others(here):
    body = {
        "product": "auto_new",
        "agreed_on": "2024-01-15",
        "institution": "other_bank",
        "region": REGION,
        "borrower": here.party(),
        "terms": TERMS,
        "servicing": {"overdue_multiplier_ppm": 1_400_000},
    }
    officer = here.client("officer", INSTITUTION, "*")
    problem(officer.post("/v1/loans", json=body, headers=here.key()), 403, "OUT_OF_REACH", "institution")
    body["institution"] = INSTITUTION
    assert officer.post("/v1/loans", json=body, headers=here.key()).status_code == 201


# --- pages ------------------------------------------------------------------------------------------


def test_a_list_is_read_page_by_page(here):
    party = here.party()
    loans = [here.loan(borrower=party)["id"] for _ in range(5)]
    found, path = [], f"/v1/loans?party={party}&limit=2"
    while path:
        page = here.operations.get(path).json()
        assert len(page["items"]) <= 2
        found += [each["id"] for each in page["items"]]
        path = page["next"] and f"/v1/loans?party={party}&limit=2&cursor={page['next']}"
    assert found == loans
    cursor = here.operations.get(f"/v1/loans?party={party}&limit=2").json()["next"]
    problem(here.operations.get(f"/v1/loans?limit=2&cursor={cursor}"), 422, "CURSOR_UNREADABLE", "cursor")
    problem(here.operations.get("/v1/loans?cursor=AAAA"), 422, "CURSOR_UNREADABLE", "cursor")
    for limit in (0, 201):
        problem(here.operations.get(f"/v1/loans?limit={limit}"), 422, "INPUT_INVALID", "limit")


def test_filters(here):
    party = here.party()
    agreed, lent = here.loan(borrower=party)["id"], here.lent(borrower=party)

    def listed(query):
        return [each["id"] for each in here.operations.get(f"/v1/loans?party={party}&{query}").json()["items"]]

    assert listed("status=active") == [lent]
    assert listed("status=agreed") == [agreed]
    assert listed("product=auto_new") == [agreed, lent]
    assert listed("product=farm_seasonal") == []


def test_a_filter_that_is_misspelt_or_given_twice_is_refused(here):
    problem(here.operations.get("/v1/loans?parti=x"), 422, "INPUT_INVALID", "parti")
    problem(here.operations.get("/v1/loans?status=active&status=closed"), 422, "INPUT_INVALID", "status")


# --- what is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "field", "zh"),
    [
        ({}, "amount_minor", "缺少必填字段"),
        ({"amount_minor": "100"}, "amount_minor", "必须是整数"),
        ({"amount_minor": 100.0}, "amount_minor", "必须是整数"),
        ({"amount_minor": True}, "amount_minor", "必须是整数"),
        ({"amount_minor": 0}, "amount_minor", "不得小于 1"),
        ({"amount_minor": LARGEST_SUM_MINOR + 1}, "amount_minor", "不得大于"),
        ({"amount_minor": 1, "amount": 1}, "amount", "未知字段"),
        ({"amount_minor": 1, "effective_on": "15/01/2024"}, "effective_on", "日期"),
        ({"amount_minor": 1, "effective_on": "1989-12-31"}, "effective_on", "不得小于"),
        ({"amount_minor": 1, "currency": "XXX"}, "currency", "必须是其中之一"),
    ],
)
def test_a_body_is_read_strictly(here, body, field, zh):
    loan = here.lent()
    response = here.operations.post(f"/v1/loans/{loan}/repayments", json=body, headers=here.key())
    found = problem(response, 422, "INPUT_INVALID", field)
    assert zh in found["messages"]["zh"]
    assert found["messages"]["en"] != found["messages"]["zh"]


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 400, "BODY_UNREADABLE"),
        (b"{", 400, "BODY_UNREADABLE"),
        (b"\xff\xfe", 400, "BODY_UNREADABLE"),
        (b'{"amount_minor": NaN}', 400, "BODY_UNREADABLE"),
        (b'{"amount_minor": 1, "amount_minor": 2}', 400, "BODY_UNREADABLE"),
        (b"[" * 100_000, 400, "BODY_UNREADABLE"),
        (b"[]", 422, "INPUT_INVALID"),
        (b"null", 422, "INPUT_INVALID"),
        (b'{"amount_minor": ' + b"9" * 5000 + b"}", 400, "BODY_UNREADABLE"),
    ],
)
def test_what_is_no_json_object(here, content, status, code):
    loan = here.lent()
    headers = {**here.key(), "Content-Type": "application/json"}
    response = here.operations.post(f"/v1/loans/{loan}/repayments", content=content, headers=headers)
    assert (response.status_code, response.json()["code"]) == (status, code)


@pytest.mark.parametrize("media", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
def test_a_body_of_another_kind(here, media):
    loan = here.lent()
    headers = {**here.key(), "Content-Type": media}
    response = here.operations.post(f"/v1/loans/{loan}/repayments", content=b'{"amount_minor":1}', headers=headers)
    problem(response, 415, "MEDIA_TYPE_UNKNOWN", "body")


def test_refusals_of_the_domain_keep_their_code(here):
    loan = here.lent()
    tomorrow = (date(2024, 1, 15) + timedelta(days=1)).isoformat()
    response = here.operations.post(
        f"/v1/loans/{loan}/repayments", json={"amount_minor": 1, "effective_on": tomorrow}, headers=here.key()
    )
    problem(response, 422, "FACT_IN_FUTURE", "effective_on")
    response = here.operations.post(
        f"/v1/loans/{loan}/repayments", json={"amount_minor": 1, "currency": "USD"}, headers=here.key()
    )
    problem(response, 422, "CURRENCY_MIXED", "currency")
    found = here.operations.post(
        f"/v1/loans/{loan}/disbursements",
        json={"amount_minor": 1, "to": "entrusted"},
        headers={**here.key(), "Accept-Language": "en"},
    ).json()
    assert found["fields"] == ["payee"]
    assert found["detail"] == found["messages"]["en"]


def test_ids_that_are_none_and_ids_of_nothing(here):
    problem(here.operations.get("/v1/loans/loan_1"), 422, "ID_UNREADABLE", "loan_id")
    problem(here.operations.get(f"/v1/loans/{new_id('party')}"), 422, "ID_UNREADABLE", "loan_id")
    problem(here.operations.get(f"/v1/loans/{new_id('loan')}"), 404, "LOAN_UNKNOWN", "loan")
    response = here.operations.get(f"/v1/loans/{here.lent()}/position?as_of=2024-02-30")
    problem(response, 422, "INPUT_INVALID", "as_of")


def test_a_method_that_is_not_there_is_told_all_that_are(here):
    response = here.stranger.request("PUT", f"/v1/webhooks/{new_id('webhook')}")
    problem(response, 405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "DELETE, GET, PATCH"
    assert here.stranger.request("PUT", "/v1/loans").headers["allow"] == "GET, POST"


def test_an_unknown_borrower_or_product(here):
    body = {
        "product": "auto_new",
        "agreed_on": "2024-01-15",
        "institution": INSTITUTION,
        "region": REGION,
        "borrower": new_id("party"),
        "terms": TERMS,
        "servicing": {"overdue_multiplier_ppm": 1_400_000},
    }
    problem(here.operations.post("/v1/loans", json=body, headers=here.key()), 404, "PARTY_UNKNOWN", "borrower")
    body |= {"borrower": here.party(), "product": "gold"}
    problem(here.operations.post("/v1/loans", json=body, headers=here.key()), 404, "PRODUCT_UNKNOWN", "product")
    body |= {"product": "auto_new", "wish": None, "terms": None}
    problem(here.operations.post("/v1/loans", json=body, headers=here.key()), 422, "INPUT_INVALID", "terms", "wish")
