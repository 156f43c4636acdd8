"""At the door of every route: who asks, how often, and whether he may.

An API key comes as `Authorization: Bearer pk_…`, a signed-in browser with its session cookie; a browser's writes bring
the CSRF token too. Where both come, the key counts. A route names its action (permissions.yaml); one without does not
start. The handler then holds what it reads against the actor: `access.over(resource)` for one thing, `access.spans` for
a list; an answer of a route that did neither is a bug, and is not sent.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from fastapi import FastAPI, Request, Response
from fastapi.routing import iter_route_contexts

from puhui.kernel.clock import stopwatch_ns
from puhui.kernel.refusals import Refusal, declare
from puhui.people.access import NOBODY, UNAUTHENTICATED, Actor, Resource, Span, allowed, check, may, spans
from puhui.people.account import LONGEST, Account, ApiKey, Session
from puhui.people.passwords import Hasher
from puhui.people.permissions import Action, action_of, actions
from puhui.people.ports import OpenPeople
from puhui.people.rate import Buckets, Pace, ProcessBuckets, check_rate, network_of
from puhui.people.sign_in import Door, SignedIn, key_of, who_is_in
from puhui.people.tokens import csrf_of, same

CSRF_MISSING = declare(
    "CSRF_MISSING",
    403,
    "缺少或不符的 X-CSRF-Token。请重新载入页面后再试。",
    "The X-CSRF-Token is missing or does not fit. Load the page again, then retry.",
)
FOREIGN_SITE = declare(
    "FOREIGN_SITE",
    403,
    "该请求来自其他网站，已拒绝。请在本系统页面内操作。",
    "The request comes from another site and is refused. Use the pages of this system.",
)

SESSION_COOKIE = "puhui_session"
CSRF_COOKIE = "puhui_csrf"
CSRF_HEADER = "x-csrf-token"
READING = frozenset({"GET", "HEAD", "OPTIONS"})
_MINUTE_NS = 60_000_000_000

# Paths that need no action: they show nothing of anyone. Each with why.
OPEN_PATHS = {
    "/": "state of the server",
    "/reference": "the interface",
    "/problems/{code}": "what a problem means",
    "/openapi.json": "the interface, for programs",
    "/healthz": "for the machine that watches",
    "/readyz": "for the machine that watches",
    "/metrics": "counts only; serve it on an inner address",
    "/oidc/login": "leads to the identity provider",
    "/oidc/callback": "comes from the identity provider; what it brings is checked there",
}


@dataclass(frozen=True)
class GateRules:
    """What an installation may set. `live`: the books are real; `secure_cookies`: off only on loopback.

    `key_pace`, `account_pace`: for each key and each account; `stranger_pace`: for each address of those who are
    nobody; `sign_in_pace`: for attempts to sign in, by address.
    """

    live: bool = True
    secure_cookies: bool = True
    key_pace: Pace = field(default_factory=lambda: Pace(1000, 500))
    account_pace: Pace = field(default_factory=lambda: Pace(200, 50))
    stranger_pace: Pace = field(default_factory=lambda: Pace(100, 20))
    sign_in_pace: Pace = field(default_factory=lambda: Pace(30, 30, _MINUTE_NS))

    @property
    def session_cookie(self) -> str:
        """The cookie's name: with `__Host-` a browser takes it from this host, over https, for every path, only."""
        return f"__Host-{SESSION_COOKIE}" if self.secure_cookies else SESSION_COOKIE

    @property
    def csrf_cookie(self) -> str:
        """The name of the cookie that the page's own script may read."""
        return f"__Host-{CSRF_COOKIE}" if self.secure_cookies else CSRF_COOKIE


class Access:
    """An actor let in to one action. `token`: the session's, "" for keys and strangers."""

    def __init__(self, actor: Actor, action: Action, *, live: bool, token: str = "", account: Account | None = None):
        self.actor = actor
        self.action = action
        self.token = token
        self.account = account
        self._live = live
        self._held = action.reach != "place"

    def over(self, resource: Resource, hidden: Refusal | None = None) -> None:
        """Hold the action against a thing; refuse `hidden` (what a thing that is not there gets) out of reach."""
        self._held = True
        check(allowed(self.actor, self.action, resource, live_system=self._live), self.action, hidden)

    @property
    def spans(self) -> tuple[Span, ...]:
        """What a list may show: things that one of the spans covers."""
        self._held = True
        return spans(self.actor, self.action)

    @property
    def signed_in(self) -> SignedIn:
        """The session and its account; refuse UNAUTHENTICATED to whoever came otherwise."""
        if self.account is None:
            raise UNAUTHENTICATED.refuse()
        return SignedIn(self.token, self.account)

    def finish(self) -> None:
        """Assert, before the answer leaves, that the thing was held against the actor."""
        assert self._held, f"{self.action.name}: the handler never asked whether this thing may be shown"


class Gate:
    """Lets requests in. One for a process."""

    def __init__(
        self,
        read_people: OpenPeople,
        open_people: OpenPeople,
        rules: GateRules | None = None,
        buckets: Buckets | None = None,
        hasher: Hasher | None = None,
    ) -> None:
        self.rules = rules or GateRules()
        self.open_people = open_people
        self.door = Door(open_people, hasher or Hasher())
        self._read_people = read_people
        self._buckets = buckets or ProcessBuckets()

    def enter(self, request: Request, action_name: str, now: datetime) -> Access:
        """Return the access of whoever asks to an action.

        Refuses UNAUTHENTICATED, CSRF_MISSING, FOREIGN_SITE, RATE_LIMITED, FORBIDDEN, TEST_KEY, PERSON_NEEDED.
        """
        action = action_of(action_name)
        try:
            access = self._who(request, action, now)
        except Refusal:
            self._pace_stranger(request)
            raise
        if not access.actor.id:
            self._pace_stranger(request)
        else:
            pace = self.rules.account_pace if access.actor.is_person else self.rules.key_pace
            check_rate(self._buckets, access.actor.id, pace, stopwatch_ns())
        check(may(access.actor, action, live_system=self.rules.live), action)
        return access

    def pace_sign_in(self, request: Request) -> None:
        """Refuse RATE_LIMITED where one address tries to sign in too often, whatever the names."""
        check_rate(self._buckets, f"sign-in {_address(request)}", self.rules.sign_in_pace, stopwatch_ns())

    def _who(self, request: Request, action: Action, now: datetime) -> Access:
        given = request.headers.get("authorization")
        if given is not None:
            key = self._key(given, now)
            return Access(key.actor(), action, live=self.rules.live)
        token = cookie_of(request, self.rules.session_cookie)
        if not token or action.anyone:  # an old cookie is no reason to keep someone from signing in
            return Access(NOBODY, action, live=self.rules.live)
        account = self._account(token, now)
        if account is None:
            raise UNAUTHENTICATED.refuse()
        if request.method not in READING:
            check_same_site(request)
            sent = request.headers.get(CSRF_HEADER, "")
            if not same(sent.encode(), csrf_of(token).encode()):
                raise CSRF_MISSING.refuse(CSRF_HEADER)
        return Access(account.actor(), action, live=self.rules.live, token=token, account=account)

    def _key(self, header: str, now: datetime) -> ApiKey:
        scheme, _, text = header.partition(" ")
        if scheme.lower() != "bearer":
            raise UNAUTHENTICATED.refuse("authorization")
        with self._read_people() as people:
            key = key_of(people, text.strip(), now)
        if key is None:
            raise UNAUTHENTICATED.refuse("authorization")
        if key.is_to_note(now):
            self._note(key, now)
        return key

    def _account(self, token: str, now: datetime) -> Account | None:
        with self._read_people() as people:
            found = who_is_in(people, token, now)
        if found is None:
            return None
        account, session = found
        if session.is_to_note(now):
            self._note(session, now)
        return account

    def _note(self, used: ApiKey | Session, now: datetime) -> None:
        """Write down that it was used, at most once a minute; a busy database keeps nobody out for that."""
        try:
            with self.open_people() as people:
                if isinstance(used, ApiKey):
                    people.keys.note_use(used.id, now)
                else:
                    people.sessions.note_use(used.digest, now)
        except Refusal:
            return

    def _pace_stranger(self, request: Request) -> None:
        check_rate(self._buckets, f"stranger {_address(request)}", self.rules.stranger_pace, stopwatch_ns())


def check_same_site(request: Request) -> None:
    """Refuse FOREIGN_SITE when the browser says that another site made the request."""
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        raise FOREIGN_SITE.refuse()


def cookie_of(request: Request, name: str) -> str:
    """Return a cookie's value, "" without one."""
    return request.cookies.get(name, "")


def let_in(response: Response, rules: GateRules, token: str) -> None:
    """Give a browser its session and CSRF cookies; they end with the session's longest life."""
    seconds = LONGEST.days * 86_400 + LONGEST.seconds
    _set_cookie(response, rules, rules.session_cookie, token, seconds, http_only=True)
    _set_cookie(response, rules, rules.csrf_cookie, csrf_of(token), seconds, http_only=False)


def let_out(response: Response, rules: GateRules) -> None:
    """Take a browser's cookies back."""
    _set_cookie(response, rules, rules.session_cookie, "", 0, http_only=True)
    _set_cookie(response, rules, rules.csrf_cookie, "", 0, http_only=False)


def _set_cookie(response: Response, rules: GateRules, name: str, value: str, seconds: int, *, http_only: bool) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path="/",
        secure=rules.secure_cookies,
        httponly=http_only,
        samesite="lax",
    )


class HasAction(Protocol):
    """A route as it was declared: its verb, its path, the action that permits it ("" for open ones)."""

    @property
    def verb(self) -> str:
        """GET, POST …"""
        ...

    @property
    def path(self) -> str:
        """The path with its {parameters}."""
        ...

    @property
    def action(self) -> str:
        """The name in permissions.yaml."""
        ...


def check_routes(app: FastAPI, declared: Iterable[HasAction]) -> None:
    """Assert, before the first request, that every route of the app has an action or is listed as open."""
    by_route = {(route.verb, route.path): route.action for route in declared}
    problems = []
    for context in iter_route_contexts(app.routes):
        path = str(context.path)
        for verb in sorted((context.methods or {"ANY"}) - {"HEAD"}):
            action = by_route.get((verb, path), "")
            if action not in actions() and not (action == "" and path in OPEN_PATHS):
                problems.append(f"{verb} {path} ({action or 'no action'})")
    assert not problems, f"routes without an action of permissions.yaml: {', '.join(problems)}"


def _address(request: Request) -> str:
    return network_of(request.client.host if request.client else "")
