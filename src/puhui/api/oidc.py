"""Signing in at an institution's own identity provider: OpenID Connect, authorization code with PKCE, state, nonce.

Two pages for browsers, there only when a provider is configured: `/oidc/login` leads to it, `/oidc/callback` comes
back. A sign-in that is under way is kept in the database, once, for ten minutes, and is good only for the browser that
began it. What the ID token claims becomes grants by the configuration; claims that give nothing let nobody in.
"""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]
from authlib.integrations.base_client.sync_openid import OpenIDMixin  # type: ignore[import-untyped]
from authlib.oauth2.client import OAuth2Client  # type: ignore[import-untyped]

# joserfc comes with Authlib and does its signatures; its error by the name that Authlib has for it.
from authlib.oauth2.rfc7523.client import JoseError  # type: ignore[import-untyped]
from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse

from puhui.api.security import Gate, cookie_of, let_in
from puhui.kernel.clock import now
from puhui.kernel.refusals import declare
from puhui.people.administration import add_outside
from puhui.people.ports import SignInAbroad
from puhui.people.provider import (
    SECRET_VARIABLE,
    Provider,
    check_secure,
    grants_from,
    name_from,
    outside_of,
    provider,
)
from puhui.people.sign_in import SIGN_IN_REFUSED, begin_session
from puhui.people.tokens import digest, new_token

OIDC_UNREACHABLE = declare(
    "OIDC_UNREACHABLE",
    503,
    "身份提供方暂时无法使用。请稍后再试。",
    "The identity provider cannot be used now. Try again later.",
)
OIDC_REFUSED = declare(
    "OIDC_REFUSED",
    401,
    "统一身份认证未完成：{problem}。请重新登录。",
    "Signing in at the identity provider did not succeed: {problem}. Sign in again.",
)
OIDC_NO_GRANT = declare(
    "OIDC_NO_GRANT",
    403,
    "您的账户在本系统没有任何角色。请联系管理员。",
    "Your account has no role in this system. Ask an administrator.",
)

COOKIE = "puhui_oidc"
BEGUN_FOR = timedelta(minutes=10)
_SECONDS = 10
_LEEWAY_SECONDS = 60
# Signatures with keys that only the provider has; never "none", never a secret that we share with it.
SAFE_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")


class Relying(OpenIDMixin):  # type: ignore[misc]
    """What we are to the provider. Its addresses are asked for once, its keys again when one is not known."""

    def __init__(self, provider: Provider, http: httpx.Client | None = None) -> None:
        self.provider = provider
        self.client_id = provider.client_id
        self.server_metadata: dict[str, Any] = {}
        self._secret = os.environ.get(SECRET_VARIABLE, "")
        self._http = http or httpx.Client(timeout=_SECONDS, follow_redirects=False)
        self._lock = threading.Lock()

    def load_server_metadata(self) -> dict[str, Any]:
        """Return the provider's own description; refuse OIDC_UNREACHABLE, OIDC_INSECURE.

        It must say that it is the issuer that was configured.
        """
        with self._lock:
            if not self.server_metadata:
                self.server_metadata = self._described()
        return self.server_metadata

    def _described(self) -> dict[str, Any]:
        issuer = self.provider.issuer
        response = self._http.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        response.raise_for_status()
        found = response.json()
        if found.get("issuer") != issuer:
            raise OIDC_UNREACHABLE.refuse("issuer")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            check_secure(str(found.get(name, "")))
        offered = found.get("id_token_signing_alg_values_supported") or ["RS256"]
        found["id_token_signing_alg_values_supported"] = [each for each in offered if each in SAFE_ALGORITHMS]
        found.pop("jwks", None)  # keys come from where the description says, not from within it
        return dict(found)

    @contextmanager
    def _get_session(self) -> Iterator["_Session"]:
        yield _Session(self._http)

    def _client(self) -> Any:
        return OAuth2Client(
            self._http,
            client_id=self.client_id,
            scope=self.provider.scope,
            redirect_uri=self.provider.redirect_uri,
            code_challenge_method="S256",
        )

    def begin(self, state: str, nonce: str, verifier: str) -> str:
        """Return the address that the browser is sent to."""
        url, _ = self._client().create_authorization_url(
            self.load_server_metadata()["authorization_endpoint"], state=state, code_verifier=verifier, nonce=nonce
        )
        return str(url)

    def claims(self, code: str, begun: SignInAbroad) -> Mapping[str, Any]:
        """Return the claims of the ID token that a code is changed for, checked: signature, issuer, audience, times,
        nonce.
        """
        known_by: dict[str, Any] = {"auth": httpx.BasicAuth(self.client_id, self._secret)}
        if not self._secret:
            known_by = {"auth": httpx.Auth(), "client_id": self.client_id}
        token = self._client().fetch_token(
            self.load_server_metadata()["token_endpoint"],
            grant_type="authorization_code",
            code=code,
            code_verifier=begun.verifier,
            **known_by,
        )
        found = self.parse_id_token(token, nonce=begun.nonce, leeway=_LEEWAY_SECONDS)
        if found is None or not isinstance(found.get("sub"), str):
            raise OIDC_REFUSED.refuse(problem="id_token")
        return dict(found)


class _Session:
    """httpx as Authlib asks for keys with it."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def request(self, method: str, url: str, *, withhold_token: bool) -> httpx.Response:
        """Send a request that carries no token."""
        assert withhold_token
        return self._http.request(method, url)


@contextmanager
def _mapped() -> Iterator[None]:
    """Turn what goes wrong with the provider into refusals; what it said stays out of them."""
    try:
        yield
    except httpx.HTTPError:
        raise OIDC_UNREACHABLE.refuse() from None
    except (JoseError, AuthlibBaseError) as error:
        raise OIDC_REFUSED.refuse(problem=type(error).__name__) from None
    except (ValueError, KeyError, TypeError):
        raise OIDC_REFUSED.refuse(problem="answer") from None


def add_configured(app: FastAPI, gate: Gate) -> None:
    """Add the two pages where `oidc.yaml` names a provider; refuse what is wrong with it."""
    configured = provider()
    if configured is not None:
        add_to(app, gate, Relying(configured))


def add_to(app: FastAPI, gate: Gate, relying: Relying) -> None:
    """Add the two pages."""

    def login(request: Request) -> RedirectResponse:
        gate.pace_sign_in(request)
        return begin(gate, relying)

    def callback(request: Request) -> RedirectResponse:
        gate.pace_sign_in(request)
        return finish(gate, relying, request)

    app.add_api_route("/oidc/login", login, include_in_schema=False)
    app.add_api_route("/oidc/callback", callback, include_in_schema=False)


def begin(gate: Gate, relying: Relying) -> RedirectResponse:
    """Send the browser to the provider, with a cookie that only it has."""
    state, browser, nonce, verifier = new_token(), new_token(), new_token(), new_token()
    with _mapped():
        url = relying.begin(state, nonce, verifier)
    with gate.open_people() as people:
        people.sessions.begin_abroad(SignInAbroad(_key(state, browser), nonce, verifier, now() + BEGUN_FOR))
    response = RedirectResponse(url, 302)
    seconds = BEGUN_FOR.seconds
    response.set_cookie(
        COOKIE, browser, seconds, path="/oidc", secure=gate.rules.secure_cookies, httponly=True, samesite="lax"
    )
    return response


def finish(gate: Gate, relying: Relying, request: Request) -> RedirectResponse:
    """Begin a session for whom the provider sends back.

    Refuses OIDC_REFUSED (state of another browser, used, run out; a token that does not hold), OIDC_NO_GRANT,
    SIGN_IN_REFUSED for a disabled account, OIDC_UNREACHABLE.
    """
    given = request.query_params
    at = now()
    with gate.open_people() as people:
        begun = people.sessions.finish_abroad(_key(given.get("state", ""), cookie_of(request, COOKIE)), at)
    if begun is None:
        raise OIDC_REFUSED.refuse("state", problem="state")
    if "error" in given or not given.get("code"):
        raise OIDC_REFUSED.refuse("code", problem="code")
    with _mapped():
        claims = relying.claims(given["code"], begun)
    grants = grants_from(claims, relying.provider)
    if not grants:
        raise OIDC_NO_GRANT.refuse()
    with gate.open_people() as people:
        account = add_outside(people, outside_of(claims), name_from(claims, relying.provider), grants, at)
        if account.disabled_at is not None:
            raise SIGN_IN_REFUSED.refuse()
        found = begin_session(people, account, at)
    response = RedirectResponse(relying.provider.home_path, 303)
    let_in(response, gate.rules, found.token)
    response.delete_cookie(COOKIE, path="/oidc")
    return response


def _key(state: str, browser: str) -> bytes:
    return digest(f"{state}\0{browser}")
