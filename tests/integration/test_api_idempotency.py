"""Once is once: the same key gives the same answer, another input is refused, and nothing is booked twice."""

import threading

import pytest

import store_fixtures
from api_world import DAY, world
from puhui.kernel import clock
from web import Web

store_url = store_fixtures.store_url


@pytest.fixture
def here(tmp_path, monkeypatch, store_url):
    with world(tmp_path, monkeypatch, url=store_url) as made:
        yield made


def code(response):
    return response.status_code, response.json()["code"]


def test_a_replay_is_the_very_same_answer_and_books_nothing(here):
    loan, key = here.lent(), here.key()
    path, body = f"/v1/loans/{loan}/repayments", {"amount_minor": 500_000, "channel": "wallet"}
    first = here.operations.post(path, json=body, headers=key)
    assert first.status_code == 201
    assert "idempotency-replayed" not in first.headers
    for _ in range(3):
        again = here.operations.post(path, json=body, headers=key)
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["idempotency-replayed"] == "true"
        assert again.headers["content-type"] == "application/json"
        assert again.headers["x-request-id"] != first.headers["x-request-id"]
    found = here.operations.get(f"/v1/loans/{loan}/position").json()
    assert found["owed"]["suspense_minor"] == 500_000
    assert here.app.state.platform.metrics.text().decode().count('puhui_loan_facts_total{kind="repayment"} 1.0') == 1


def test_the_order_of_fields_and_what_is_left_to_its_default_do_not_make_another_input(here):
    loan, key = here.lent(), here.key()
    path = f"/v1/loans/{loan}/repayments"
    headers = {**key, "Content-Type": "application/json"}
    first = here.operations.post(path, content=b'{"amount_minor":5,"channel":"bank"}', headers=headers)
    again = here.operations.post(path, content=b' {"channel": "bank", "amount_minor": 5} ', headers=headers)
    assert again.content == first.content


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("repayments", {"amount_minor": 501}),
        ("repayments", {"amount_minor": 500, "channel": "bank"}),
        ("repayments", {"amount_minor": 500, "effective_on": "2024-01-15"}),
        ("prepayments", {"amount_minor": 500}),
    ],
)
def test_the_same_key_with_another_input_is_refused(here, path, body):
    loan, key = here.lent(), here.key()
    assert here.operations.post(f"/v1/loans/{loan}/repayments", json={"amount_minor": 500}, headers=key).is_success
    response = here.operations.post(f"/v1/loans/{loan}/{path}", json=body, headers=key)
    assert code(response) == (422, "IDEMPOTENCY_MISMATCH")
    assert here.operations.get(f"/v1/loans/{loan}").json()["suspense_minor"] == 500


def test_the_same_key_on_another_loan_is_refused(here):
    one, other, key = here.lent(), here.lent(), here.key()
    assert here.operations.post(f"/v1/loans/{one}/repayments", json={"amount_minor": 5}, headers=key).is_success
    response = here.operations.post(f"/v1/loans/{other}/repayments", json={"amount_minor": 5}, headers=key)
    assert code(response) == (422, "IDEMPOTENCY_MISMATCH")


def test_keys_of_others_are_others(here):
    loan, key = here.lent(), here.key()
    other = here.client("operations")
    for client in (here.operations, other):
        response = client.post(f"/v1/loans/{loan}/repayments", json={"amount_minor": 500}, headers=key)
        assert (response.status_code, "idempotency-replayed" in response.headers) == (201, False)
    assert here.operations.get(f"/v1/loans/{loan}").json()["suspense_minor"] == 1000


@pytest.mark.parametrize("key", [None, "", "short", "a" * 129, "with space", "钥匙钥匙钥匙钥匙"])
def test_a_key_is_needed_and_has_a_form(here, key):
    loan = here.lent()
    headers = {} if key is None else {"Idempotency-Key": key.encode()}
    response = here.operations.post(f"/v1/loans/{loan}/repayments", json={"amount_minor": 500}, headers=headers)
    assert code(response) == (400, "IDEMPOTENCY_KEY_MISSING")
    assert response.json()["fields"] == ["Idempotency-Key"]


def test_what_was_refused_can_be_tried_again_under_its_key(here):
    loan, key = here.loan()["id"], here.key()
    path, body = f"/v1/loans/{loan}/repayments", {"amount_minor": 500}
    assert here.operations.post(path, json=body, headers=key).status_code in (409, 422)
    here.act(loan, "disbursements", amount_minor=12_000_000)
    response = here.operations.post(path, json=body, headers=key)
    assert (response.status_code, "idempotency-replayed" in response.headers) == (201, False)


def test_who_has_lost_the_right_is_not_shown_the_answer_again(here):
    loan, key = here.lent(), here.key()
    client = here.client("operations", "county_bank", "410323")
    path, body = f"/v1/loans/{loan}/repayments", {"amount_minor": 500}
    assert client.post(path, json=body, headers=key).is_success
    with here.database.begin() as unit:
        unit.connection.exec_driver_sql(
            "UPDATE api_keys SET grants = 'operations@other_bank/*' WHERE about = 'operations'"
        )
    assert code(client.post(path, json=body, headers=key)) == (404, "LOAN_UNKNOWN")


def test_a_bug_after_the_work_leaves_nothing(here, monkeypatch):
    loan, key = here.lent(), here.key()
    path, body = f"/v1/loans/{loan}/repayments", {"amount_minor": 500}
    finish = "puhui.storage.unit_of_work.UnitOfWork.finish"

    def fail(self):
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(finish, fail)
        with pytest.raises(ZeroDivisionError):
            here.operations.post(path, json=body, headers=key)
    assert here.operations.get(f"/v1/loans/{loan}").json()["suspense_minor"] == 0
    assert here.operations.post(path, json=body, headers=key).status_code == 201


def test_many_at_once_with_one_key_book_once(here):
    loan, key = here.lent(), here.key()
    answers, headers = [], here.operations.headers

    def send():
        web = Web(here.app, headers)
        with clock.set_to(DAY):
            answers.append(web.post(f"/v1/loans/{loan}/repayments", json={"amount_minor": 500}, headers=key))
        web.close()

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {201, 409}
    booked = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.content for answer in booked}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in booked) == 1
    assert here.operations.get(f"/v1/loans/{loan}").json()["suspense_minor"] == 500


def test_a_key_that_another_request_works_under_is_in_flight(here):
    loan, key = here.lent(), here.key()
    actor = here.operations.get("/v1/session").json()["actor"]
    path, body = f"/v1/loans/{loan}/repayments", {"amount_minor": 500}
    with here.database.begin() as other:
        assert other.replayed(actor, key["Idempotency-Key"], b"anything", clock.now()) is None
        response = here.operations.post(path, json=body, headers=key)
        assert code(response) == (409, "IDEMPOTENCY_IN_FLIGHT")
        other.remember({})
