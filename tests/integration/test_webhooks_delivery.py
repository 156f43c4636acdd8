"""From a fact to a signed message at a real receiver: spread, tried again, given up, sent again; and to nobody else."""

import base64
import json
import time
from datetime import timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

import store_fixtures
from api_world import DAY, INSTITUTION, REGION, world
from puhui.adapters.webhooks import Webhooks, Wire
from puhui.app import Settings, dispatcher
from puhui.kernel import clock
from puhui.kernel.ids import new_id
from puhui.storage.books import OpenBooks
from puhui.storage.outbox import Dispatcher, Policy
from puhui.storage.people_master import Masters
from puhui.workflows.webhooks import Endpoint, register
from receiver import receiver, status

store_url = store_fixtures.store_url
CHOSEN = Settings(dispatches=False, networks="127.0.0.0/8")


@pytest.fixture
def here(tmp_path, monkeypatch, store_url):
    with world(tmp_path, monkeypatch, CHOSEN, store_url) as made:
        made.chief = made.person("administrator")
        yield made


@pytest.fixture
def there():
    with receiver() as found:
        yield found


def endpoint(here, url, topics=("loan.*",), institution=INSTITUTION, region="*"):
    body = {"url": url, "topics": list(topics), "institution": institution, "region": region}
    response = here.chief.post("/v1/webhooks", json=body)
    assert response.status_code == 201, response.text
    return response.json()


def deliver(here, rounds=4, later=timedelta(), policy=None):
    """Work the outbox off by the real clock, which is what receivers hold timestamps against."""
    outbox = dispatcher(here.database, OpenBooks(here.database, Masters()), CHOSEN)
    if policy is not None:
        outbox._policy = policy
    with clock.set_to(real_now() + later):
        return [outbox.round() for _ in range(rounds)]


def real_now():
    token = clock._set_at.set(None)
    try:
        return clock.now()
    finally:
        clock._set_at.reset(token)


def received(there):
    return [json.loads(body) for _, _, body in there.requests]


def signed(there, secret, number=-1):
    _, headers, body = there.requests[number]
    return Webhook(secret).verify(body, headers)


def test_a_fact_arrives_signed(here, there):
    made = endpoint(here, there.url)
    assert made["secret"].startswith("whsec_")
    loan = here.lent()
    deliver(here)
    assert [message["type"] for message in received(there)] == ["loan.agreed", "loan.disbursed"]
    message = signed(there, made["secret"])
    assert set(message) == {"id", "type", "timestamp", "data"}
    assert (message["data"]["loan"], message["data"]["principal_minor"]) == (loan, 12_000_000)
    assert message["timestamp"].startswith(DAY.isoformat())
    with here.database.read() as unit:
        last = unit.events.page(0, 10, subject=loan)[-1].event
    assert there.requests[-1][1]["webhook-id"] == message["id"] == last.id
    with pytest.raises(WebhookVerificationError):
        signed(there, "whsec_" + base64.b64encode(b"x" * 32).decode())
    deliver(here)
    assert len(there.requests) == 2


def test_only_what_an_endpoint_wants_and_may_see(here, there):
    with receiver() as other, receiver() as everywhere, receiver() as elsewhere:
        endpoint(here, there.url, ["loan.disbursed"])
        endpoint(here, other.url, ["*"], institution="other_bank")
        endpoint(here, everywhere.url, ["*"], institution="*")
        endpoint(here, elsewhere.url, ["*"], region="330100")
        here.lent()
        here.lent()
        deliver(here, rounds=8)
        assert [message["type"] for message in received(there)] == ["loan.disbursed"] * 2
        assert received(other) == received(elsewhere) == []
        assert len(received(everywhere)) == 4


def test_an_endpoint_that_is_switched_off_or_removed_is_told_nothing(here, there):
    made = endpoint(here, there.url)
    here.lent()
    deliver(here, rounds=1)  # spread, not sent
    here.chief.patch(f"/v1/webhooks/{made['id']}", json={"is_active": False})
    deliver(here)
    here.lent()
    deliver(here)
    assert here.chief.delete(f"/v1/webhooks/{made['id']}").status_code == 204
    here.lent()
    deliver(here)
    assert there.requests == []
    with here.database.read() as unit:
        assert unit.events.counts() == (0, 0)


def test_after_a_rotation_both_secrets_sign_for_a_day(here, there):
    made = endpoint(here, there.url)
    with clock.set_to(real_now()):
        turned = here.person("administrator").post(f"/v1/webhooks/{made['id']}/secret-rotations").json()
    old, new = made["secret"], turned["secret"]
    assert old != new
    here.lent()
    deliver(here)
    assert signed(there, old) == signed(there, new)
    here.lent()
    deliver(here, later=timedelta(hours=24, seconds=1))
    headers = there.requests[-1][1]
    assert len(headers["webhook-signature"].split()) == 1
    text = there.requests[-1][2].decode()
    stamp = clock.now().fromtimestamp(int(headers["webhook-timestamp"]), tz=clock.UTC)
    assert headers["webhook-signature"] == Webhook(new).sign(headers["webhook-id"], stamp, text)
    assert headers["webhook-signature"] != Webhook(old).sign(headers["webhook-id"], stamp, text)


def test_what_fails_is_tried_again_in_order_and_keeps_nobody_else(here, there):
    with receiver() as fine:
        made = endpoint(here, there.url)
        endpoint(here, fine.url)
        there.replies = [status(500, b"try later"), status(429)]
        loan = here.lent()
        deliver(here)
        assert [message["type"] for message in received(there)] == ["loan.agreed"]
        assert [message["type"] for message in received(fine)] == ["loan.agreed", "loan.disbursed"]
        [first, second] = here.chief.get(f"/v1/webhooks/{made['id']}/deliveries").json()["items"]
        assert (first["state"], first["attempts"], first["last_error"]) == ("waiting", 1, "HTTP 500: try later")
        assert (second["state"], second["attempts"]) == ("waiting", 0)
        deliver(here, later=timedelta(seconds=6))
        deliver(here, rounds=8, later=timedelta(seconds=60))
        types = [message["type"] for message in received(there)]
        assert types == ["loan.agreed", "loan.agreed", "loan.agreed", "loan.disbursed"]
        assert len({there.requests[n][1]["webhook-id"] for n in range(3)}) == 1
        done = here.chief.get(f"/v1/webhooks/{made['id']}/deliveries").json()["items"]
        assert [(each["state"], each["attempts"], each["last_error"]) for each in done] == [
            ("delivered", 3, ""),
            ("delivered", 1, ""),
        ]
        assert loan in json.dumps(received(there))


def test_what_is_given_up_is_a_dead_letter_and_can_be_sent_again(here, there):
    made = endpoint(here, there.url, ["loan.agreed"])
    there.reply = status(404)
    here.lent()
    deliver(here, rounds=6, policy=Policy(first_wait_seconds=0, most_attempts=2))
    [dead] = here.chief.get(f"/v1/webhooks/{made['id']}/deliveries").json()["items"]
    assert (dead["state"], dead["attempts"], dead["next_attempt_at"]) == ("dead", 2, None)
    assert "puhui_outbox_dead_letters 1.0" in here.stranger.get("/metrics").text
    there.reply = status(204)
    path = f"/v1/webhooks/{made['id']}/deliveries/{dead['id']}/resend"
    again = here.chief.post(path)
    assert (again.status_code, again.json()["state"], again.json()["attempts"]) == (202, "waiting", 0)
    assert here.chief.post(path).json()["code"] == "EVENT_UNKNOWN"  # it waits already
    deliver(here)
    assert len(there.requests) == 3
    # What has arrived can be asked for once more too.
    assert here.chief.post(path).status_code == 202
    deliver(here)
    assert len(there.requests) == 4
    assert len({headers["webhook-id"] for _, headers, _ in there.requests}) == 1
    other = endpoint(here, there.url)
    foreign = here.chief.post(f"/v1/webhooks/{other['id']}/deliveries/{dead['id']}/resend")
    assert foreign.json()["code"] == "EVENT_UNKNOWN"


def test_a_test_message(here, there):
    made = endpoint(here, there.url, ["loan.written_off"])
    assert here.chief.post(f"/v1/webhooks/{made['id']}/tests").status_code == 202
    deliver(here)
    assert signed(there, made["secret"])["type"] == "webhook.test"
    # Messages are no events of the books.
    loan = here.lent()
    assert [event["type"] for event in settled(here, 2)] == ["loan.agreed", "loan.disbursed"], loan


def settled(here, least):
    """Read the feed until there are as many: while others write, what was just written is held back a little."""
    for _ in range(300):
        found = here.operations.get("/v1/events").json()["items"]
        if len(found) >= least:
            return found
        time.sleep(0.02)
    raise AssertionError("events do not come")


def test_addresses_that_are_not_public_are_refused_when_named_and_when_called(tmp_path, monkeypatch):
    with world(tmp_path, monkeypatch, Settings(dispatches=False)) as here, receiver() as there:
        here.chief = here.person("administrator")
        body = {"url": there.url, "topics": ["*"], "institution": "*", "region": "*"}
        for url in (there.url, "https://127.0.0.1/", "https://169.254.169.254/latest/meta-data", "https://[::1]/"):
            response = here.chief.post("/v1/webhooks", json={**body, "url": url})
            assert (response.status_code, response.json()["code"]) == (422, "WEBHOOK_ADDRESS")
        # The name was public when it was registered, and is not when it is called.
        books, addresses = OpenBooks(here.database, Masters()), ["93.184.215.14"]
        wire = Wire(resolver=lambda host, port: addresses)
        wire.check("https://partner.example/")
        made = register_unchecked(here, books, f"https://partner.example:{there.port}/")
        here.lent()
        addresses[:] = ["127.0.0.1"]
        outbox = Dispatcher(here.database, Webhooks(books.begin, books.read, clock.now, wire), clock.now)
        for _ in range(3):
            outbox.round()
        assert there.requests == []
        [first, *_] = here.chief.get(f"/v1/webhooks/{made}/deliveries").json()["items"]
        assert first["last_error"].startswith("WEBHOOK_ADDRESS")


def register_unchecked(here, books, url):
    wanted = Endpoint(new_id("webhook"), url, "", ("*",), "*", "*", b"", "test", clock.now())
    with books.begin() as desk:
        return register(desk.endpoints, wanted)[0].id


def test_secrets_are_sealed_and_never_shown_again(here, there):
    made = endpoint(here, there.url)
    secret = made.pop("secret")
    assert here.chief.get(f"/v1/webhooks/{made['id']}").json() == made
    assert here.chief.get("/v1/webhooks").json()["items"] == [made]
    raw = base64.b64decode(secret.removeprefix("whsec_"))
    with here.database.read() as unit:
        rows = unit.connection.exec_driver_sql("SELECT * FROM webhook_endpoints").fetchall()
        facts = unit.facts(made["id"])
    assert raw not in b"".join(each for row in rows for each in row if isinstance(each, bytes))
    assert [fact.kind for fact in facts] == ["webhook_created"]
    assert secret not in json.dumps([dict(fact.body) for fact in facts])
    assert secret not in here.logged()


def test_endpoints_of_others_are_as_if_they_were_not_there(here, there):
    made = endpoint(here, there.url)
    other = here.person("administrator", "other_bank")
    assert other.get("/v1/webhooks").json()["items"] == []
    for method, path in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/secret-rotations"),
        ("POST", "/tests"),
        ("GET", "/deliveries"),
    ):
        body = {"json": {"is_active": False}} if method == "PATCH" else {}
        response = other.request(method, f"/v1/webhooks/{made['id']}{path}", **body)
        assert (response.status_code, response.json()["code"]) == (404, "WEBHOOK_UNKNOWN")
    body = {"url": there.url, "topics": ["*"], "institution": "*", "region": "*"}
    assert other.post("/v1/webhooks", json=body).json()["code"] == "OUT_OF_REACH"


def test_an_institution_has_a_bounded_number_of_endpoints(here, there, monkeypatch):
    monkeypatch.setattr("puhui.workflows.webhooks.MOST_ENDPOINTS", 2)
    endpoint(here, there.url)
    endpoint(here, there.url)
    body = {"url": there.url, "topics": ["*"], "institution": INSTITUTION, "region": REGION}
    assert here.chief.post("/v1/webhooks", json=body).json()["code"] == "WEBHOOKS_MANY"
    endpoint(here, there.url, institution="other_bank")


def test_an_event_that_is_spread_twice_is_sent_once(here, there):
    endpoint(here, there.url)
    here.lent()
    books = OpenBooks(here.database, Masters())
    with books.read() as desk:
        events = [stored.event for stored in desk.outbox.feed(0, 10)]
    spread = Webhooks(books.begin, books.read, clock.now, Wire())
    for event in events * 2:
        assert spread(event) == ""
    deliver(here, rounds=6)
    assert len(there.requests) == 2
