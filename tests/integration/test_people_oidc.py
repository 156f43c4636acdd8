"""Signing in at an identity provider that really runs: the whole way, and each way in which it may be wrong."""

import gc
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from api_world import world
from identity_provider import running
from people_fixtures import PASSWORD, Crowd, forget_people
from puhui.api import oidc
from puhui.api.oidc import Relying
from puhui.api.security import GateRules
from puhui.kernel import clock
from puhui.kernel.inputs import parse
from puhui.kernel.refusals import Refusal
from puhui.people.administration import OPERATOR, disable
from puhui.people.provider import SECRET_VARIABLE, Provider
from puhui.people.rate import Pace, ProcessBuckets
from web import Web

REDIRECT = "https://loans.example.cn/oidc/callback"


@dataclass
class Abroad:
    here: object
    issuer: object
    crowd: object

    def login(self):
        """Begin; return the address of the provider and the browser's cookie."""
        response = self.here.stranger.get("/oidc/login")
        assert response.status_code == 302, response.text
        return response.headers["location"], f"puhui_oidc={response.cookies['puhui_oidc']}"

    def provider_says(self, address):
        """Follow the browser to the provider; return the path and query it is sent back with."""
        back = httpx.get(address, follow_redirects=False).headers["location"]
        assert back.startswith(REDIRECT)
        return f"/oidc/callback?{urlsplit(back).query}"

    def callback(self, path, cookie):
        return self.here.stranger.get(path, headers={"Cookie": cookie})

    def sign_in(self):
        address, cookie = self.login()
        return self.callback(self.provider_says(address), cookie)


@pytest.fixture(scope="module")
def issuer():
    with running() as made:
        yield made


def configured(issuer, **changes):
    grants = [
        {"value": "credit", "role": "officer", "institution": "county_bank", "region": "410323"},
        {"value": "audit", "role": "auditor", "institution": "*", "region": "*"},
    ]
    fields = {"issuer": issuer.url, "client_id": "puhui", "redirect_uri": REDIRECT, "claim": "groups", "grants": grants}
    return parse(Provider, {**fields, **changes})


@pytest.fixture(scope="module")
def server(tmp_path_factory, issuer):
    patch = pytest.MonkeyPatch()
    with world(tmp_path_factory.mktemp("home"), patch) as here, httpx.Client() as http:
        gate = here.app.state.platform.gate
        crowd = Crowd(here.database)
        gate.door = crowd.door
        here.relying = Relying(configured(issuer), http)
        oidc.add_to(here.app, gate, here.relying)
        yield Abroad(here, issuer, crowd)
    patch.undo()


@pytest.fixture
def abroad(server):
    server.issuer.behave(REDIRECT)
    server.issuer.signer = server.issuer.key
    server.here.relying.server_metadata = {}
    gate = server.here.app.state.platform.gate
    gate.rules, gate._buckets = GateRules(), ProcessBuckets()
    forget_people(server.here.database)
    return server


def code(response):
    return response.status_code, response.json()["code"]


def test_the_whole_way(abroad):
    address, cookie = abroad.login()
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert (asked["client_id"], asked["redirect_uri"]) == ("puhui", REDIRECT)
    assert asked["scope"].split()[0] == "openid"
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 43
    response = abroad.callback(abroad.provider_says(address), cookie)
    assert (response.status_code, response.headers["location"]) == (303, "/")
    assert abroad.issuer.problems == []
    web = Web(abroad.here.app, {"Cookie": f"__Host-puhui_session={response.cookies['__Host-puhui_session']}"})
    who = web.get("/v1/session").json()
    web.close()
    assert who["name"] == "li.lei"
    assert who["grants"] == [{"role": "officer", "institution": "county_bank", "region": "410323"}]


def test_the_cookie_of_the_way_is_not_for_scripts_and_short(abroad):
    header = abroad.here.stranger.get("/oidc/login").headers["set-cookie"]
    for flag in ("HttpOnly", "Secure", "SameSite=lax", "Path=/oidc", "Max-Age=600"):
        assert flag in header


def test_it_is_one_account_whose_grants_follow_the_claims(abroad):
    abroad.sign_in()
    abroad.issuer.groups = ["audit", "other"]
    abroad.sign_in()
    abroad.issuer.subject = "person-8"
    abroad.sign_in()
    with abroad.crowd.read() as people:
        told = {account.outside.split()[1]: str(account.grants[0]) for account in people.accounts.all()}
    assert told == {"person-7": "auditor@*/*", "person-8": "auditor@*/*"}


def test_claims_that_give_nothing_let_nobody_in(abroad):
    abroad.issuer.groups = ["canteen"]
    assert code(abroad.sign_in()) == (403, "OIDC_NO_GRANT")
    with abroad.crowd.read() as people:
        assert people.accounts.all() == []


def test_a_disabled_account_stays_out_and_a_local_one_of_that_name_is_another(abroad):
    abroad.crowd.account("li.lei", ("auditor", "*", "*"), at=clock.now())
    abroad.sign_in()
    with abroad.crowd.open() as people:
        account = people.accounts.by_outside(f"{abroad.issuer.url} person-7")
        disable(people, account, OPERATOR, clock.now())
    assert code(abroad.sign_in()) == (401, "SIGN_IN_REFUSED")
    local = abroad.here.stranger.post("/v1/sessions", json={"name": "li.lei", "password": PASSWORD})
    assert local.status_code == 201


def test_the_state_is_good_once_for_the_browser_that_began_and_for_ten_minutes(abroad):
    address, cookie = abroad.login()
    path = abroad.provider_says(address)
    _, other = abroad.login()
    assert code(abroad.callback(path, other)) == (401, "OIDC_REFUSED")
    assert code(abroad.callback(path, "")) == (401, "OIDC_REFUSED")
    assert code(abroad.callback(path.replace("state=", "state=x"), cookie)) == (401, "OIDC_REFUSED")
    assert abroad.callback(path, cookie).status_code == 303
    assert code(abroad.callback(path, cookie)) == (401, "OIDC_REFUSED")
    for wait, status in ((timedelta(minutes=10) - timedelta(seconds=1), 303), (timedelta(minutes=10), 401)):
        address, cookie = abroad.login()
        path = abroad.provider_says(address)
        with clock.set_to(clock.now() + wait):
            assert abroad.callback(path, cookie).status_code == status


def test_a_code_that_the_provider_refuses_and_an_error_that_it_sends(abroad):
    address, cookie = abroad.login()
    path = abroad.provider_says(address)
    begun = path.partition("state=")[2]
    assert code(abroad.callback(f"/oidc/callback?code=stolen&state={begun}", cookie)) == (401, "OIDC_REFUSED")
    assert abroad.issuer.problems == ["code"]
    address, cookie = abroad.login()
    begun = parse_qs(urlsplit(address).query)["state"][0]
    denied = abroad.callback(f"/oidc/callback?error=access_denied&code=x&state={begun}", cookie)
    assert code(denied) == (401, "OIDC_REFUSED")
    assert "access_denied" not in denied.text


def test_a_code_of_another_sign_in_does_not_fit_this_ones_verifier(abroad):
    """An attacker's code put into a victim's callback: PKCE and the nonce both stand against it."""
    theirs = parse_qs(urlsplit(abroad.provider_says(abroad.login()[0])).query)["code"][0]
    address, cookie = abroad.login()
    state = parse_qs(urlsplit(address).query)["state"][0]
    assert code(abroad.callback(f"/oidc/callback?code={theirs}&state={state}", cookie)) == (401, "OIDC_REFUSED")
    assert abroad.issuer.problems == ["verifier"]


NOW = int(time.time())
WRONG_CLAIMS = [
    {"nonce": "another"},
    {"nonce": None},
    {"aud": "another"},
    {"aud": ["another", "third"]},
    {"aud": None},
    {"iss": "https://another.example"},
    {"iss": None},
    {"exp": NOW - 120},
    {"exp": None},
    {"nbf": NOW + 600},
    {"iat": NOW + 600},
    {"sub": None},
    {"sub": 7},
    {"azp": "another"},
    {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
]


@pytest.mark.parametrize("claims", WRONG_CLAIMS, ids=lambda each: next(iter(each)))
def test_a_token_that_claims_wrong_is_refused(abroad, claims):
    abroad.issuer.claims = claims
    assert code(abroad.sign_in()) == (401, "OIDC_REFUSED")
    with abroad.crowd.read() as people:
        assert people.accounts.all() == []


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_of_an_unsafe_algorithm_is_refused_though_the_provider_offers_it(abroad, algorithm):
    abroad.issuer.algorithm = algorithm
    assert code(abroad.sign_in()) == (401, "OIDC_REFUSED")


@pytest.mark.parametrize(
    "tamper",
    [
        lambda token: token[:-4] + "AAAA",
        lambda token: token.replace(".", ".A", 1),
        lambda token: token.rpartition(".")[0] + ".",
        lambda token: "nonsense",
        lambda token: None,
        lambda token: 7,
    ],
)
def test_a_token_that_was_touched_is_refused(abroad, tamper):
    abroad.issuer.tamper = tamper
    assert code(abroad.sign_in()) == (401, "OIDC_REFUSED")


def test_a_token_of_another_key_is_refused_and_a_new_key_is_fetched(abroad):
    assert abroad.sign_in().status_code == 303
    known = abroad.issuer.key
    abroad.issuer.rotate()
    assert abroad.sign_in().status_code == 303
    stranger, abroad.issuer.key = abroad.issuer.key, known
    abroad.issuer.signer = stranger
    assert code(abroad.sign_in()) == (401, "OIDC_REFUSED")


def test_a_provider_that_says_it_is_another_is_not_used(abroad):
    abroad.issuer.described = {"issuer": "https://another.example"}
    assert code(abroad.here.stranger.get("/oidc/login")) == (503, "OIDC_UNREACHABLE")


def test_a_provider_that_leads_to_plain_http_elsewhere_is_not_used(abroad):
    abroad.issuer.described = {"token_endpoint": "http://token.example.cn/"}
    assert code(abroad.here.stranger.get("/oidc/login")) == (422, "OIDC_INSECURE")


def test_keys_within_the_description_are_not_taken(abroad):
    other = type(abroad.issuer.key).generate_key(2048, {"kid": abroad.issuer.key.kid})
    abroad.issuer.described = {"jwks": {"keys": [other.as_dict(private=False)]}}
    abroad.issuer.signer = other
    assert code(abroad.sign_in()) == (401, "OIDC_REFUSED")


def test_a_provider_that_does_not_answer(abroad):
    gone = type("Gone", (), {"url": "http://127.0.0.1:9"})
    with httpx.Client() as http, pytest.raises(Refusal) as refused:
        oidc.begin(abroad.here.app.state.platform.gate, Relying(configured(gone), http))
    assert refused.value.code == "OIDC_UNREACHABLE"


def test_a_client_with_a_secret_shows_it_to_the_token_endpoint_only(abroad, monkeypatch):
    abroad.issuer.secret = "s3cret"
    assert code(abroad.sign_in()) == (401, "OIDC_REFUSED")
    assert abroad.issuer.problems == ["client"]
    monkeypatch.setattr(abroad.here.relying, "_secret", "s3cret")
    address, cookie = abroad.login()
    assert "s3cret" not in address
    assert abroad.callback(abroad.provider_says(address), cookie).status_code == 303


def test_the_secret_comes_from_the_environment(abroad, monkeypatch):
    monkeypatch.setenv(SECRET_VARIABLE, "s3cret")
    with httpx.Client() as http:
        assert Relying(configured(abroad.issuer), http)._secret == "s3cret"


def test_attempts_from_one_address_have_a_pace(abroad):
    gate = abroad.here.app.state.platform.gate
    gate.rules = replace(gate.rules, sign_in_pace=Pace(2, 1, 60_000_000_000))
    statuses = [abroad.here.stranger.get("/oidc/login").status_code for _ in range(3)]
    assert statuses == [302, 302, 429]


def test_a_file_in_the_home_folder_switches_it_on(tmp_path, monkeypatch, issuer):
    text = configured(issuer).model_dump_json()
    tmp_path.joinpath("oidc.yaml").write_text(text, encoding="utf-8")
    with world(tmp_path, monkeypatch) as here:
        response = here.stranger.get("/oidc/login")
    assert response.status_code == 302
    assert response.headers["location"].startswith(f"{issuer.url}/authorize?")
    gc.collect()


def test_without_a_configuration_there_is_no_such_page(tmp_path, monkeypatch):
    with world(tmp_path, monkeypatch) as here:
        assert code(here.stranger.get("/oidc/login")) == (404, "ROUTE_UNKNOWN")
