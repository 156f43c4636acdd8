"""A server in this process over a fresh SQLite file: accounts, keys and a client for each role."""

import base64
import io
import logging
import os
import time
from contextlib import contextmanager
from datetime import date

import pytest
import structlog

from puhui.adapters.proof_keys import log_key
from puhui.api.logs import configure
from puhui.app import Settings, Workers, assemble
from puhui.kernel import clock
from puhui.people.administration import OPERATOR, NewKey, add_account, make_key, new_account
from puhui.people.passwords import Hasher
from puhui.people.permissions import actions
from puhui.people.roles import ROLES, grant_of
from puhui.storage.database import connect
from puhui.storage.people_store import opener
from store_fixtures import ENGINES, address, drop_schema, fresh_file, new_schema
from web import Web

CHEAP = Hasher(memory_kib=8, passes=1, lanes=1)
DAY = date(2024, 1, 15)
INSTITUTION, REGION = "county_bank", "410323"
TERMS = {
    "principal_minor": 12_000_000,
    "annual_rate_ppm": 60_000,
    "method": "annuity",
    "instalments": 12,
    "disbursed_on": "2024-01-15",
    "day_count": "30/360",
}


class World:
    """`world.operations.post(...)`: a client by role, everywhere unless made by `client`."""

    def __init__(self, database, app):
        self.database = database
        self.app = app
        self._clients = {}
        self._keys = 0

    def __getattr__(self, role):
        if role not in ROLES:
            raise AttributeError(role)
        if role not in self._clients:
            self._clients[role] = self.client(role)
        return self._clients[role]

    def client(self, role, institution="*", region="*", party="", *, live=True, raises=True):
        known = actions().items()
        scopes = {name for name, action in known if role in action.roles or action.any_role}
        scopes = frozenset(name for name in scopes if not actions()[name].person_only)
        grant = grant_of(role, institution, region)
        party = party or ("partner_x" if ROLES[role].tie != "place" else "")
        with opener(self.database)() as people:
            wanted = NewKey(role, (grant,), scopes, live, None, party)
            _, text = make_key(people, wanted, OPERATOR, clock.now())
        web = Web(self.app, {"Authorization": f"Bearer {text}"}, raises=raises)
        self._clients[f"{role} {len(self._clients)}"] = web
        return web

    def everything(self):
        """Return the headers of a key that may do all that a key may."""
        roles = [role for role in ROLES if ROLES[role].tie == "place"]
        scopes = frozenset(
            name
            for name, action in actions().items()
            if not action.person_only and (action.any_role or action.roles & set(roles))
        )
        grants = tuple(grant_of(role, "*", "*") for role in roles)
        with opener(self.database)() as people:
            _, text = make_key(people, NewKey("all", grants, scopes, True, None, ""), OPERATOR, clock.now())
        return {"Authorization": f"Bearer {text}"}

    def person(self, role, institution="*", region="*"):
        """Return the client of someone who has signed in."""
        name, password = f"{role}.{len(self._clients)}", "correct horse battery staple"
        with opener(self.database)() as people:
            account = new_account(name, [grant_of(role, institution, region)], clock.now())
            add_account(people, CHEAP, account, password, OPERATOR)
        signed_in = self.stranger.post("/v1/sessions", json={"name": name, "password": password})
        assert signed_in.status_code == 201, signed_in.text
        cookies = "; ".join(f"{each.name}={each.value}" for each in signed_in.cookies.jar)
        web = Web(self.app, {"Cookie": cookies, "X-CSRF-Token": signed_in.json()["csrf_token"]})
        self._clients[name] = web
        return web

    @property
    def stranger(self):
        if "stranger" not in self._clients:
            self._clients["stranger"] = Web(self.app)
        return self._clients["stranger"]

    def key(self):
        """Return an idempotency key that was not used yet."""
        self._keys += 1
        return {"Idempotency-Key": f"key-{self._keys:08d}"}

    def party(self, personal=None):
        body = {"kind": "person", "institution": INSTITUTION, "region": REGION, "personal": personal or {}}
        response = self.operations.post("/v1/parties", json=body)
        assert response.status_code == 201, response.text
        return response.json()["id"]

    def loan(self, **changes):
        """Agree a loan and return it."""
        body = {
            "product": "auto_new",
            "agreed_on": "2024-01-15",
            "institution": INSTITUTION,
            "region": REGION,
            "borrower": changes.pop("borrower", None) or self.party(),
            "terms": TERMS,
            "servicing": {"overdue_multiplier_ppm": 1_400_000},
            **changes,
        }
        response = self.operations.post("/v1/loans", json=body, headers=self.key())
        assert response.status_code == 201, response.text
        return response.json()

    def lent(self, **changes):
        """Agree and disburse a loan; return its id."""
        loan = self.loan(**changes)["id"]
        self.act(loan, "disbursements", amount_minor=12_000_000)
        return loan

    def act(self, loan, path, client=None, expected=201, **body):
        response = (client or self.operations).post(f"/v1/loans/{loan}/{path}", json=body, headers=self.key())
        assert response.status_code == expected, response.text
        return response.json()

    def sign(self):
        """Give every fact its place in the log, and sign it."""
        self.app.state.platform.proof.log.checkpoint(log_key(), clock.now())

    def close(self):
        for web in self._clients.values():
            web.close()
        self.database.close()


@contextmanager
def world(folder, monkeypatch, chosen=None, url=None):
    """Give a world whose keys are in `folder`, whose books at `url` (a SQLite file there), whose clock at DAY."""
    monkeypatch.setenv("PUHUI_HOME", str(folder))
    monkeypatch.delenv("PUHUI_DATABASE_URL", raising=False)
    monkeypatch.setenv("PUHUI_MASTER_KEY", base64.b64encode(os.urandom(32)).decode())
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    configure(stream)
    database = connect(url or f"sqlite:///{folder}/puhui.db")
    made = World(database, assemble(database, chosen or Settings(dispatches=False)))
    made.logged = stream.getvalue
    try:
        with clock.set_to(DAY):
            yield made
    finally:
        made.close()
        structlog.reset_defaults()
        root.handlers, root.level = handlers, level


@pytest.fixture(scope="module", params=ENGINES)
def here(request, tmp_path_factory):
    """Give one world to all tests of a module, once on each engine."""
    folder, patch = tmp_path_factory.mktemp("home"), pytest.MonkeyPatch()
    if request.param == "sqlite":
        url, schema = fresh_file(folder, tmp_path_factory.getbasetemp()), ""
    else:
        schema = new_schema()
        url = address(schema)
        empty = connect(url, checked=False)
        empty.migrate()
        empty.close()
    with world(folder, patch, url=url) as made:
        yield made
    patch.undo()
    if schema:
        drop_schema(schema)


__all__ = ["DAY", "INSTITUTION", "REGION", "TERMS", "Workers", "World", "here", "world"]


def events(here, subject, least, query=""):
    """Read events until there are as many: while others write, those just written are held back a little."""
    for _ in range(300):
        found = here.operations.get(f"/v1/events?subject={subject}{query}").json()
        if len(found["items"]) >= least:
            return found
        time.sleep(0.02)
    raise AssertionError(f"events of {subject} do not come")
