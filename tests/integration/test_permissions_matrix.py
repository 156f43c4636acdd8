"""Every route of the server with every role, and with those who are nobody: what happens is what the table says.

The expectation is read from permissions.yaml by itself, not through the code that decides. Let in means: past the
door and to the thing; what the domain then says of the example body is none of this test's business.
"""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
import yaml
from fastapi.routing import iter_route_contexts

from api_world import INSTITUTION, REGION, world
from people_fixtures import PASSWORD, Crowd
from puhui.api.routes import ALL
from puhui.api.security import OPEN_PATHS, Access, check_routes
from puhui.kernel import clock
from puhui.kernel.facts import Fact
from puhui.kernel.ids import new_id
from puhui.people.access import NOBODY
from puhui.people.administration import OPERATOR, revoke_key
from puhui.people.permissions import TABLE, action_of
from puhui.people.rate import Pace
from puhui.people.roles import ROLES
from puhui.workflows.decisions import Decision, Offer
from puhui.workflows.store import Changes
from puhui.workflows.webhooks import Endpoint
from web import Web

ROWS = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
OPERATIONS = [operation for routes in ALL for operation in routes.operations]
IDS = [f"{operation.verb} {operation.path}" for operation in OPERATIONS]
each_route = pytest.mark.parametrize("operation", OPERATIONS, ids=IDS)

# Who is shown which approval is the approval's own question: see test_people_four_eyes.
OWN_QUESTION = {"/v1/approvals/{approval_id}", "/v1/approvals/{approval_id}/decision"}
BORROWER, DEALER = "borrower", "dealer_1"
AT_DOOR = {"UNAUTHENTICATED", "FORBIDDEN", "PERSON_NEEDED", "TEST_KEY", "CSRF_MISSING", "RATE_LIMITED"}
NOT_THERE = {
    "NOT_FOUND",
    "LOAN_UNKNOWN",
    "PARTY_UNKNOWN",
    "APPLICATION_UNKNOWN",
    "DECISION_UNKNOWN",
    "OFFER_UNKNOWN",
    "WEBHOOK_UNKNOWN",
    "ENTRY_UNKNOWN",
    "FACT_MISSING",
    "EVENT_UNKNOWN",
}
QUERIES = {"quote_prepayment": "?amount_minor=100000", "read_consistency": "?older=1"}
CREATES = {"/v1/loans", "/v1/parties", "/v1/applications", "/v1/webhooks"}


class Stage:
    """A server with one of everything in one institution and county, and a client for each who might ask."""

    def __init__(self, here):
        self.here = here
        self.crowd = Crowd(here.database)
        self.gate = here.app.state.platform.gate
        wide = Pace(10**6, 10**6)
        self.gate.rules = replace(
            self.gate.rules, key_pace=wide, account_pace=wide, stranger_pace=wide, sign_in_pace=wide
        )
        self.gate.door = self.crowd.door
        self.number = itertools.count(1)
        self.clients = {}
        self.party = here.party({"name": "张三丰", "phone": "13800138000"})
        self.things = self._things()

    def _things(self):
        here = self.here
        loan = here.lent(borrower=self.party, dealer=DEALER)
        fact = here.operations.get(f"/v1/loans/{loan}/facts").json()["items"][0]["id"]
        entry = here.operations.get(f"/v1/ledger/entries?loan={loan}").json()["items"][0]["id"]
        wish = {"amount_minor": 9_000_000, "instalments": 36}
        body = {"party": self.party, "institution": INSTITUTION, "region": REGION, "product": "auto_new", "wish": wish}
        application = here.officer.post("/v1/applications", json=body).json()["id"]
        decision, offer = self.decided(application)
        approval = here.act(loan, "restructures", expected=202, how="extend", instalments=6)["id"]
        here.sign()
        return {
            "loan_id": loan,
            "party_id": self.party,
            "application_id": application,
            "decision_id": decision,
            "offer_id": offer,
            "fact_id": fact,
            "entry_id": entry,
            "approval_id": approval,
            "webhook_id": self.webhook(),
            "key_id": self.key_to_lose(),
            "message_id": f"message_{new_id('a')[2:]}_{new_id('a')[2:]}",
            "night_of": "2024-01-14",
        }

    def decided(self, application):
        """Put a decision and an offer on an application into the store, as a model would; return their ids."""
        place = (self.party, INSTITUTION, REGION)
        decision = Decision(new_id("decision"), application, *place, "approve", clock.now())
        offer = Offer(new_id("offer"), decision.id, application, *place, "withdrawn", clock.today(), {}, {})
        body = {"decision": decision.id, "outcome": "approve", "reasons": [], "offers": [offer.id], "versions": {}}
        with self.here.app.state.platform.begin() as books:
            books.decisions.add(decision, {"outcome": "approve"})
            books.offers.add(offer)
            sequence = books.store.next_sequence(application)
            fact = Fact(new_id("fact"), application, sequence, "decision", clock.today(), clock.now(), body, actor="x")
            books.store.record(Changes(facts=[fact]))
        return decision.id, offer.id

    def webhook(self):
        """Put an endpoint into the store: making one through the interface would ask a name server."""
        made = Endpoint(
            new_id("webhook"), "https://a.example/x", "", ("*",), INSTITUTION, REGION, b"", "account_x", clock.now()
        )
        with self.here.app.state.platform.begin() as books:
            secret = books.endpoints.seal(made.id, b"s" * 32)
            books.endpoints.add(replace(made, secret=secret))
        return made.id

    def key_to_lose(self):
        key, _ = self.crowd.key(("officer", INSTITUTION, REGION), scopes=["loans.read"], at=clock.now())
        return key.id

    # --- who asks -----------------------------------------------------------------------------------

    def person(self, role, institution=INSTITUTION, region=REGION, party=""):
        """Return the client of someone who has signed in; the same for the same."""
        who = (role, institution, region, party)
        if who not in self.clients:
            tie = ROLES[role].tie
            party = party or {"party": self.party, "partner": DEALER}.get(tie, "")
            name = f"{role}.{next(self.number)}"
            self.crowd.account(name, (role, institution, region), party=party, at=clock.now())
            self.clients[who] = self.sign_in(name)
        return self.clients[who]

    def sign_in(self, name):
        response = self.here.stranger.post("/v1/sessions", json={"name": name, "password": PASSWORD})
        assert response.status_code == 201, response.text
        cookies = "; ".join(f"{each.name}={each.value}" for each in response.cookies.jar)
        return self.keep(Web(self.here.app, {"Cookie": cookies, "X-CSRF-Token": response.json()["csrf_token"]}))

    def holder(self, text):
        return self.keep(Web(self.here.app, {"Authorization": f"Bearer {text}"}))

    def keep(self, web):
        self.clients[f"client {len(self.clients)}"] = web
        return web

    def close(self):
        for web in self.clients.values():
            web.close()

    # --- what is asked ------------------------------------------------------------------------------

    def ask(self, client, operation, **things):
        """Send the example request of a route, about our things or others; return the response."""
        things = {**self.things, **self.fresh(operation), **things}
        path = operation.path.format(**things) + QUERIES.get(operation.name, "")
        options = {"headers": {"Idempotency-Key": f"matrix-{next(self.number):08d}"}}
        if operation.body is not None:
            options["json"] = self.body(operation, things)
        return client.request(operation.verb, path, **options)

    def body(self, operation, things):
        body = dict(operation.body.model_config["json_schema_extra"]["examples"][0])
        if operation.name == "change_own_password":
            return {"old_password": PASSWORD, "new_password": f"{PASSWORD} {next(self.number)}"}
        if operation.name == "create_webhook":
            body["region"] = REGION
        for name in ("party", "borrower"):
            if name in body:
                body[name] = things["party_id"]
        return body

    def fresh(self, operation):
        """Return a thing of its own for a route that takes it away."""
        makers = {
            "remove_key": ("key_id", self.key_to_lose),
            "remove_webhook": ("webhook_id", self.webhook),
            "delete_webhook": ("webhook_id", self.webhook),
        }
        if operation.name in ("erase_party", "change_personal"):
            return {"party_id": self.here.party()}
        if operation.name not in makers:
            return {}
        name, make = makers[operation.name]
        return {name: make()}


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    with world(tmp_path_factory.mktemp("home"), patch) as here:
        made = Stage(here)
        yield made
        made.close()
    patch.undo()


def code(response):
    return response.json()["code"] if response.status_code >= 400 else "fine"


def row(operation):
    return ROWS[operation.action]


def may(operation, role):
    roles = row(operation)["roles"]
    return roles in ("anyone", "signed_in") or role in roles


def with_place(operation):
    return row(operation).get("reach", "place") == "place"


# --- the table and the routes -----------------------------------------------------------------------


def test_every_route_of_the_app_is_walked(stage):
    found = {
        (verb, context.path)
        for context in iter_route_contexts(stage.here.app.routes)
        for verb in context.methods - {"HEAD"}
    }
    walked = {(operation.verb, operation.path) for operation in OPERATIONS}
    assert found - walked == {("GET", path) for path in OPEN_PATHS if not path.startswith("/oidc")}
    assert walked <= found


def test_every_row_has_a_route_and_every_route_a_row():
    used = {operation.action for operation in OPERATIONS}
    assert used == set(ROWS)


@pytest.mark.parametrize("action", ["", "loans.burn"])
def test_a_route_without_an_action_does_not_start(stage, action):
    app = type(stage.here.app)(openapi_url=None, docs_url=None, redoc_url=None)
    app.add_api_route("/v1/planted", lambda: None, methods=["POST"])
    planted = replace(OPERATIONS[0], verb="POST", path="/v1/planted", action=action)
    with pytest.raises(AssertionError, match="POST /v1/planted"):
        check_routes(app, [planted])
    check_routes(app, [replace(planted, action="loans.read")])


def test_a_route_that_nobody_declared_does_not_start(stage):
    app = type(stage.here.app)(openapi_url=None, docs_url=None, redoc_url=None)
    app.add_api_route("/healthz", lambda: None)
    check_routes(app, [])
    app.add_api_route("/v1/hidden", lambda: None)
    with pytest.raises(AssertionError, match="GET /v1/hidden"):
        check_routes(app, OPERATIONS)


def test_an_answer_that_was_not_held_against_the_caller_is_not_sent():
    for name, fine in (("loans.read", False), ("session.read", True), ("nights.read", True)):
        access = Access(NOBODY, action_of(name), live=True)
        if fine:
            access.finish()
        else:
            with pytest.raises(AssertionError, match="never asked"):
                access.finish()


# --- every role -------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
def test_every_route_lets_in_the_roles_of_its_row_and_no_other(stage, role):
    everywhere = stage.person(role, "*", "*")
    last = [operation for operation in OPERATIONS if operation.action == "session.end"]
    wrong = []
    for operation in [*(each for each in OPERATIONS if each not in last), *last]:
        found = code(stage.ask(everywhere, operation))
        if may(operation, role):
            good = found not in AT_DOOR and (
                found not in NOT_THERE or operation.path in OWN_QUESTION or "message_id" in operation.path
            )
        else:
            good = found == "FORBIDDEN"
        if not good:
            wrong.append((operation.verb, operation.path, operation.action, found))
    assert wrong == []
    del stage.clients[(role, "*", "*", "")]  # it has signed out
    everywhere.close()


@each_route
def test_nobody_is_let_in_but_where_anyone_is(stage, operation):
    found = code(stage.ask(stage.here.stranger, operation))
    if row(operation)["roles"] == "anyone":
        assert found not in AT_DOOR
    else:
        assert found == "UNAUTHENTICATED"


@pytest.fixture(scope="module")
def dead_keys(stage):
    now = clock.now()
    grant = ("operations", "*", "*")
    _, expired = stage.crowd.key(
        grant, scopes=["loans.read"], expires_at=now + timedelta(seconds=1), at=now - timedelta(days=1)
    )
    key, revoked = stage.crowd.key(grant, scopes=["loans.read"], at=now)
    with stage.crowd.open() as people:
        people.keys._update(people.keys.by_prefix(expired[:20]).id, expires_at=0)
        revoke_key(people, key, OPERATOR, now)
    _, alive = stage.crowd.key(grant, scopes=["loans.read"], at=now)
    texts = (expired, revoked, alive[:-1] + ("0" if alive[-1] != "0" else "1"))
    return [stage.holder(text) for text in texts]


@each_route
def test_a_key_that_opens_nothing_is_nobody(stage, dead_keys, operation):
    for client in dead_keys:
        assert code(stage.ask(client, operation)) == "UNAUTHENTICATED"


@pytest.fixture(scope="module")
def keys(stage):
    """Return the holder of a live and a test key with all scopes that the roles of each allow, everywhere."""
    made = {}
    for role, live in itertools.product(ROLES, (True, False)):
        scopes = [
            name
            for name, each in ROWS.items()
            if not each.get("person_only") and (each["roles"] == "signed_in" or role in each["roles"])
        ]
        party = {"party": stage.party, "partner": DEALER}.get(ROLES[role].tie, "")
        _, text = stage.crowd.key((role, "*", "*"), scopes=scopes, live=live, party=party, at=clock.now())
        made[role, live] = stage.holder(text)
    return made


@each_route
def test_keys_do_what_their_roles_do_but_what_a_person_must_and_test_keys_move_no_money(stage, keys, operation):
    if row(operation)["roles"] == "anyone":
        return
    # One role of each kind: that every role does what the row says was walked above.
    roles = {may(operation, role): role for role in ROLES}
    for (role, live), client in keys.items():
        if role not in roles.values():
            continue
        found = code(stage.ask(client, operation))
        if row(operation).get("person_only"):
            assert found == "PERSON_NEEDED"
        elif not may(operation, role):
            assert found == "FORBIDDEN", role
        elif row(operation).get("moves_money") and not live:
            assert found == "TEST_KEY", role
        else:
            assert found not in AT_DOOR, role


@pytest.fixture(scope="module")
def narrow(stage):
    _, text = stage.crowd.key(("operations", "*", "*"), scopes=["session.read"], at=clock.now())
    return stage.holder(text)


@each_route
def test_a_key_does_nothing_beyond_its_scopes(stage, narrow, operation):
    found = code(stage.ask(narrow, operation))
    if operation.action == "session.read":
        assert found == "fine"
    elif row(operation)["roles"] != "anyone":
        assert found == ("PERSON_NEEDED" if row(operation).get("person_only") else "FORBIDDEN")


# --- every place ------------------------------------------------------------------------------------

ELSEWHERE = [("city_bank", "*"), (INSTITUTION, "410324")]
BY_PLACE = [role for role in ROLES if ROLES[role].tie == "place"]
OTHER = {
    "loan_id": "loan",
    "party_id": "party",
    "application_id": "application",
    "decision_id": "decision",
    "offer_id": "offer",
    "entry_id": "entry",
    "fact_id": "fact",
    "webhook_id": "webhook",
}


def its_thing(operation):
    """Return the parameter that names the thing of a route, "" for a list or a new thing."""
    return next((name for name in OTHER if f"{{{name}}}" in operation.path), "")


PLACED = [each for each in OPERATIONS if ROWS[each.action].get("reach", "place") == "place"]
one_thing = pytest.mark.parametrize(
    "operation", [each for each in PLACED if its_thing(each)], ids=lambda each: f"{each.verb} {each.path}"
)


@one_thing
def test_a_thing_elsewhere_is_answered_as_one_that_is_not_there(stage, operation):
    name = its_thing(operation)
    for role, place in itertools.product([role for role in BY_PLACE if may(operation, role)], ELSEWHERE):
        client = stage.person(role, *place)
        ours = stage.ask(client, operation)
        nothing = new_id(OTHER[name])
        none = stage.ask(client, operation, **{name: nothing})
        assert (ours.status_code, code(ours)) == (404, code(none)), (role, place)
        thing = stage.things[name]
        if not stage.fresh(operation):
            assert blind(ours, thing) == blind(none, nothing), (role, place)


def blind(response, thing):
    return {name: str(value).replace(thing, "…") for name, value in response.json().items() if name != "request_id"}


@one_thing
def test_a_borrower_and_a_partner_see_nothing_of_others(stage, operation):
    for role, party in (("borrower", new_id("party")), ("partner", "dealer_2")):
        if may(operation, role):
            found = stage.ask(stage.person(role, "*", "*", party), operation)
            assert (found.status_code, code(found) in NOT_THERE) == (404, True), role
            mine = stage.ask(stage.person(role, "*", "*", stage.party if role == "borrower" else DEALER), operation)
            assert code(mine) not in AT_DOOR | NOT_THERE, role


@pytest.mark.parametrize(
    "operation",
    [each for each in PLACED if not its_thing(each) and each.path in CREATES and each.verb == "POST"],
    ids=lambda each: each.path,
)
def test_nothing_new_is_made_elsewhere(stage, operation):
    for role, place in itertools.product([role for role in BY_PLACE if may(operation, role)], ELSEWHERE):
        found = stage.ask(stage.person(role, *place), operation)
        assert (found.status_code, code(found)) == (403, "OUT_OF_REACH"), (role, place)


def test_nothing_new_names_a_party_of_another_institution(stage):
    body = {"kind": "person", "institution": "city_bank", "region": "370000"}
    theirs = stage.here.operations.post("/v1/parties", json=body).json()["id"]
    nearby = stage.here.operations.post("/v1/parties", json={**body, "institution": INSTITUTION}).json()["id"]
    for operation in OPERATIONS:
        if operation.name in ("create_loan", "create_application"):
            client = stage.person("officer")
            theirs_told = stage.ask(client, operation, party_id=theirs)
            none = new_id("party")
            none_told = stage.ask(client, operation, party_id=none)
            assert code(theirs_told) == code(none_told) == "PARTY_UNKNOWN"
            assert blind(theirs_told, theirs) == blind(none_told, none)
            assert code(stage.ask(client, operation, party_id=nearby)) not in AT_DOOR | NOT_THERE


LISTS = [
    each
    for each in PLACED
    if (not its_thing(each) and each.path not in CREATES) or (each.path in CREATES and each.verb == "GET")
]


@pytest.mark.parametrize("operation", LISTS, ids=lambda each: f"{each.verb} {each.path}")
def test_a_list_shows_nothing_of_elsewhere(stage, operation):
    things = [stage.things[name] for name in OTHER]
    for role in [role for role in BY_PLACE if may(operation, role)]:
        here = stage.ask(stage.person(role), operation)
        assert here.status_code == 200, here.text
        for place in ELSEWHERE:
            found = stage.ask(stage.person(role, *place), operation)
            assert found.status_code == 200, found.text
            assert not any(thing in found.text for thing in things), (role, place)
        if operation.path not in ("/v1/events", "/v1/ledger/trial-balance", "/v1/ledger/entries"):
            assert any(thing in here.text for thing in things), role
    for role, mine, other in (("borrower", stage.party, new_id("party")), ("partner", DEALER, "dealer_2")):
        if may(operation, role):
            assert any(thing in stage.ask(stage.person(role, "*", "*", mine), operation).text for thing in things)
            found = stage.ask(stage.person(role, "*", "*", other), operation)
            assert not any(thing in found.text for thing in things), role


def test_the_walk_of_lists_is_the_whole_of_it():
    walked = {(each.verb, each.path) for each in LISTS}
    walked |= {("POST", path) for path in CREATES} | {(each.verb, each.path) for each in PLACED if its_thing(each)}
    assert walked == {(each.verb, each.path) for each in PLACED}


def test_the_whole_installation_is_for_those_who_have_all_of_it(stage):
    for operation in OPERATIONS:
        if row(operation).get("reach") == "everywhere":
            for role in row(operation)["roles"]:
                assert code(stage.ask(stage.person(role), operation)) == "FORBIDDEN"
