"""A real OpenID provider on loopback, strict as one should be, and wrong in one way at a time when told to."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from contextlib import contextmanager
from urllib.parse import parse_qsl, urlencode

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse
from joserfc import jwt
from joserfc.jwk import RSAKey


class Issuer:
    """`issuer.claims`, `issuer.header`: what differs from a good token. `issuer.problems`: what it refused."""

    def __init__(self):
        self.behave()
        self.url = ""
        self.key = self.signer = new_key()
        self.app = FastAPI()
        self.app.get("/.well-known/openid-configuration")(self._description)
        self.app.get("/jwks")(self._keys)
        self.app.get("/authorize")(self._authorize)
        self.app.post("/token")(self._token)

    def behave(self, redirect_uri=""):
        """Be good again, and forget what was."""
        self.redirect_uri = redirect_uri
        self.client_id, self.secret = "puhui", ""
        self.subject, self.groups = "person-7", ["credit"]
        self.claims, self.algorithm, self.tamper = {}, "RS256", lambda token: token
        self.described = {}
        self.problems, self.codes, self.asked = [], {}, []

    def rotate(self):
        self.key = self.signer = new_key()

    def _description(self):
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            **self.described,
        }

    def _keys(self):
        return {"keys": [self.key.as_dict(private=False)]}

    def _authorize(self, request: Request):
        asked = dict(request.query_params)
        self.asked.append(asked)
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}")

    async def _token(self, request: Request):
        form = dict(parse_qsl((await request.body()).decode()))
        problem = self._problem(form, request.headers.get("authorization", ""))
        if problem:
            self.problems.append(problem)
            return JSONResponse({"error": "invalid_grant", "error_description": problem}, 400)
        asked = self.codes.pop(form["code"])
        access = secrets.token_urlsafe(8)
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": self.subject,
            "aud": self.client_id,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            "groups": self.groups,
            "preferred_username": "Li.Lei",
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        return {"access_token": access, "token_type": "Bearer", "id_token": self.tamper(self._signed(claims))}

    def _signed(self, claims):
        header = {"alg": self.algorithm, "kid": self.key.kid}
        if self.algorithm == "RS256":
            return jwt.encode(header, claims, self.signer, ["RS256"])
        # By hand, what no library would sign: not at all, or with the public key as if it were a secret.
        signed = ".".join(_base64(json.dumps(part).encode()) for part in (header, claims))
        if self.algorithm == "none":
            return f"{signed}."
        return f"{signed}.{_base64(hmac.digest(self.key.as_pem(private=False), signed.encode(), 'sha256'))}"

    def _problem(self, form, authorization):
        asked = self.codes.get(form.get("code", ""))
        if asked is None:
            return "code"
        challenge = _base64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if asked.get("code_challenge_method") != "S256" or challenge != asked["code_challenge"]:
            return "verifier"
        if form.get("redirect_uri") != self.redirect_uri or form.get("grant_type") != "authorization_code":
            return "redirect_uri"
        if self.secret:
            basic = base64.b64encode(f"{self.client_id}:{self.secret}".encode()).decode()
            return "" if authorization == f"Basic {basic}" else "client"
        return "" if form.get("client_id") == self.client_id and not authorization else "client"


def new_key():
    return RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig", "alg": "RS256"})


def _base64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@contextmanager
def running():
    """Give an issuer that answers on a port of its own."""
    issuer = Issuer()
    server = uvicorn.Server(uvicorn.Config(issuer.app, "127.0.0.1", 0, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    assert server.started
    issuer.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield issuer
    finally:
        server.should_exit = True
        thread.join(10)
