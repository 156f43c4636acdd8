"""Signing in through the server: cookies, CSRF, other sites, paces, waits; keys before cookies."""

from dataclasses import replace
from datetime import timedelta

import pytest

from api_world import DAY, world
from people_fixtures import PASSWORD, Crowd, forget_people
from puhui.api.security import GateRules
from puhui.kernel import clock
from puhui.people.rate import Pace, ProcessBuckets
from puhui.people.tokens import csrf_of
from web import Web

NAME = "li.lei"
JSON = {"name": NAME, "password": PASSWORD}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    with world(tmp_path_factory.mktemp("home"), patch) as made:
        made.crowd = Crowd(made.database)
        made.app.state.platform.gate.door = made.crowd.door
        yield made
    patch.undo()


@pytest.fixture
def here(server):
    gate = server.app.state.platform.gate
    gate.rules, gate._buckets = GateRules(), ProcessBuckets()
    forget_people(server.database)
    server.crowd.account(NAME, ("operations", "*", "*"), at=clock.now())
    return server


def sign_in(here, **headers):
    return here.stranger.post("/v1/sessions", json=JSON, headers=headers)


def browser(here, response):
    cookies = "; ".join(f"{each.name}={each.value}" for each in response.cookies.jar)
    web = Web(here.app, {"Cookie": cookies})
    here._clients[f"browser {len(here._clients)}"] = web
    return web


def code(response):
    return response.status_code, response.json()["code"]


def test_the_cookies_are_for_this_host_over_https_and_not_for_scripts(here):
    response = sign_in(here)
    assert response.status_code == 201
    session, csrf = response.headers.get_list("set-cookie")
    assert session.startswith("__Host-puhui_session=")
    for flag in ("HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=43200"):
        assert flag in session
    assert "Domain" not in session
    assert csrf.startswith("__Host-puhui_csrf=")
    assert "HttpOnly" not in csrf
    token = session.partition("=")[2].partition(";")[0]
    assert response.json()["csrf_token"] == csrf_of(token) == csrf.partition("=")[2].partition(";")[0]
    assert token not in response.text
    assert response.json()["grants"] == [{"role": "operations", "institution": "*", "region": "*"}]
    assert response.headers["cache-control"] == "no-store"


def test_without_https_the_cookies_have_plain_names(here):
    gate = here.app.state.platform.gate
    gate.rules = GateRules(secure_cookies=False)
    response = sign_in(here)
    session = response.headers.get_list("set-cookie")[0]
    assert session.startswith("puhui_session=")
    assert "Secure" not in session
    assert browser(here, response).get("/v1/session").json()["name"] == NAME


def test_a_browser_reads_with_its_cookie_and_writes_with_the_csrf_token(here):
    response = sign_in(here)
    web, csrf = browser(here, response), response.json()["csrf_token"]
    assert web.get("/v1/session").json()["actor"] == response.json()["actor"]
    other = sign_in(here).json()["csrf_token"]
    body = {"kind": "person", "institution": "county_bank", "region": "410323"}
    for headers in (
        {},
        {"X-CSRF-Token": ""},
        {"X-CSRF-Token": csrf[:-1] + "x"},
        {"X-CSRF-Token": other},
        {"X-CSRF-Token": "é"},
    ):
        headers = {name: value.encode() for name, value in headers.items()}
        assert code(web.post("/v1/parties", json=body, headers=headers)) == (403, "CSRF_MISSING")
    assert web.post("/v1/parties", json=body, headers={"X-CSRF-Token": csrf}).status_code == 201


@pytest.mark.parametrize(
    ("site", "good"), [("same-origin", True), ("none", True), ("same-site", False), ("cross-site", False)]
)
def test_what_another_site_sends_is_refused_though_it_had_the_token(here, site, good):
    response = sign_in(here)
    web, csrf = browser(here, response), response.json()["csrf_token"]
    headers = {"X-CSRF-Token": csrf, "Sec-Fetch-Site": site}
    ended = web.delete("/v1/session", headers=headers)
    begun = sign_in(here, **{"Sec-Fetch-Site": site})
    if good:
        assert (ended.status_code, begun.status_code) == (204, 201)
    else:
        assert code(ended) == code(begun) == (403, "FOREIGN_SITE")


def test_signed_out_is_out_and_the_cookies_are_taken_back(here):
    response = sign_in(here)
    web, csrf = browser(here, response), {"X-CSRF-Token": response.json()["csrf_token"]}
    out = web.delete("/v1/session", headers=csrf)
    assert out.status_code == 204
    assert all("Max-Age=0" in each for each in out.headers.get_list("set-cookie"))
    assert code(web.get("/v1/session")) == (401, "UNAUTHENTICATED")
    assert web.post("/v1/sessions", json=JSON).status_code == 201  # an old cookie keeps nobody from signing in


def test_whoever_is_in_may_sign_in_again_and_gets_a_session_of_its_own(here):
    response = sign_in(here)
    web = browser(here, response)
    again = web.post("/v1/sessions", json=JSON)
    assert again.status_code == 201
    assert again.cookies["__Host-puhui_session"] != response.cookies["__Host-puhui_session"]
    assert web.get("/v1/session").status_code == 200


def test_a_session_ends_by_the_clock(here):
    web = browser(here, sign_in(here))
    start = clock.now()
    with clock.set_to(start + timedelta(minutes=29)):
        assert web.get("/v1/session").status_code == 200
    with clock.set_to(start + timedelta(minutes=58)):
        assert web.get("/v1/session").status_code == 200  # use prolonged it
    with clock.set_to(start + timedelta(minutes=88)):
        assert code(web.get("/v1/session")) == (401, "UNAUTHENTICATED")


def test_another_password_through_the_server(here):
    first, second = sign_in(here), sign_in(here)
    web, other = browser(here, first), browser(here, second)
    csrf = {"X-CSRF-Token": first.json()["csrf_token"]}
    body = {"old_password": PASSWORD, "new_password": "another horse battery"}
    assert code(web.post("/v1/session/password", json={**body, "new_password": "short"}, headers=csrf)) == (
        422,
        "PASSWORD_WEAK",
    )
    assert web.post("/v1/session/password", json=body, headers=csrf).status_code == 204
    assert web.get("/v1/session").status_code == 200
    assert code(other.get("/v1/session")) == (401, "UNAUTHENTICATED")
    assert code(sign_in(here)) == (401, "SIGN_IN_REFUSED")


def test_wrong_names_and_passwords_read_alike_and_the_wait_says_how_long(here):
    wrong = {"name": NAME, "password": "wrong password here"}
    nobody = {"name": "nobody", "password": "wrong password here"}
    told = []
    for body in (wrong, nobody):
        for _ in range(5):
            response = here.stranger.post("/v1/sessions", json=body)
            told.append({**response.json(), "request_id": ""})
        response = here.stranger.post("/v1/sessions", json=body)
        assert code(response) == (429, "SIGN_IN_WAIT")
        assert response.headers["retry-after"] == "4"
    assert all(each == told[0] for each in told)
    assert told[0]["code"] == "SIGN_IN_REFUSED"
    assert NAME not in str(told)


def test_one_address_does_not_try_for_ever(here):
    gate = here.app.state.platform.gate
    gate.rules = replace(gate.rules, sign_in_pace=Pace(3, 1, 60_000_000_000))
    answers = [here.stranger.post("/v1/sessions", json={"name": f"x{n}", "password": "y"}) for n in range(5)]
    assert [response.status_code for response in answers] == [401, 401, 401, 429, 429]
    assert code(answers[-1]) == (429, "RATE_LIMITED")
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60


def test_each_key_each_account_and_each_stranger_has_a_pace_of_its_own(here):
    gate = here.app.state.platform.gate
    slow = Pace(2, 1, 3_600_000_000_000)
    one, two = here.client("operations"), here.client("operations")
    web = browser(here, sign_in(here))
    gate.rules = replace(gate.rules, key_pace=slow, account_pace=slow, stranger_pace=slow)
    gate._buckets = ProcessBuckets()
    for client in (one, web, two):
        assert [client.get("/v1/session").status_code for _ in range(3)] == [200, 200, 429]
    assert [here.stranger.get("/v1/session").status_code for _ in range(3)] == [401, 401, 429]
    wrong = Web(here.app, {"Authorization": "Bearer wrong"})
    assert code(wrong.get("/v1/session")) == (429, "RATE_LIMITED")  # guesses of keys are strangers too
    wrong.close()


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic eDp5", "Bearer pk_live_x", "Digest x", "bearer  x y"]
)
def test_a_header_that_is_no_key_is_nobody_even_beside_a_good_cookie(here, header):
    web = browser(here, sign_in(here))
    assert code(web.get("/v1/session", headers={"Authorization": header})) == (401, "UNAUTHENTICATED")


def test_a_key_sees_itself_and_its_use_is_noted_once_a_minute(here):
    client = here.client("operations")
    found = client.get("/v1/session").json()
    assert (found["name"], found["csrf_token"], found["live"]) == (None, None, True)
    start = clock.now()
    used = []
    for seconds in (30, 60, 90):
        with clock.set_to(start + timedelta(seconds=seconds)):
            client.get("/v1/session")
            with here.crowd.read() as people:
                used.append(people.keys.by_id(found["actor"]).used_at)
    assert used == [start, start + timedelta(seconds=60), start + timedelta(seconds=60)]


def test_a_database_that_is_busy_keeps_nobody_out_for_a_note(here, monkeypatch):
    from puhui.storage.refusals import STORE_BUSY

    client = here.client("operations")

    def busy():
        raise STORE_BUSY.refuse(store="x")

    monkeypatch.setattr(here.app.state.platform.gate, "open_people", busy)
    assert client.get("/v1/session").status_code == 200


def test_a_disabled_account_is_out_at_the_next_request(here):
    from puhui.people.administration import OPERATOR, disable

    web = browser(here, sign_in(here))
    with here.crowd.open() as people:
        disable(people, people.accounts.by_name(NAME), OPERATOR, clock.now())
    assert code(web.get("/v1/session")) == (401, "UNAUTHENTICATED")
    assert code(sign_in(here)) == (401, "SIGN_IN_REFUSED")


def test_the_log_of_signing_in_has_no_secret(here):
    response = sign_in(here)
    here.stranger.post("/v1/sessions", json={"name": NAME, "password": "wrong password here"})
    _, text = here.crowd.key(("operations", "*", "*"), scopes=["session.read"], at=clock.now())
    holder = Web(here.app, {"Authorization": f"Bearer {text}"})
    assert holder.get("/v1/session").status_code == 200
    holder.close()
    logged = here.logged()
    for secret in (
        PASSWORD,
        "wrong password here",
        response.json()["csrf_token"],
        response.cookies["__Host-puhui_session"],
    ):
        assert secret not in logged
    assert text not in logged
    assert '"status": 201' in logged
    assert DAY.isoformat() in response.json()["at"]
