"""Signing in with name and password, seeing who one is, changing the password, going out."""

from datetime import datetime
from typing import Annotated

from fastapi import Response
from pydantic import ConfigDict, Field

from puhui.api.routing import Call, Given, Routes, written
from puhui.api.security import Access, check_same_site, let_in, let_out
from puhui.kernel.inputs import Record
from puhui.kernel.language import Text
from puhui.people.passwords import LONGEST
from puhui.people.sign_in import change_password, sign_in, sign_out
from puhui.people.tokens import csrf_of

routes = Routes("sessions", Text("登录", "Signing in"))

# Wider than any password may be: one that is too long is refused for what it is, in a sentence that helps.
Secret = Annotated[str, Field(min_length=1, max_length=8 * LONGEST, json_schema_extra={"format": "password"})]


class SignInIn(Record):
    """Name and password."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "li.lei", "password": "correct horse battery staple"}]}
    )

    name: Annotated[str, Field(min_length=1, max_length=64)]
    password: Secret


class PasswordIn(Record):
    """The password that was, and the one that shall be."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"old_password": "correct horse battery staple", "new_password": "another horse, another day"}]
        }
    )

    old_password: Secret
    new_password: Secret


class GrantOut(Record):
    """A role and where it holds; `*`: everywhere."""

    role: str
    institution: str
    region: str


class SessionOut(Record):
    """Who asks. `csrf_token`: to be sent as X-CSRF-Token with every write of this session; null for API keys."""

    actor: str
    name: str | None
    grants: tuple[GrantOut, ...]
    party: str | None
    live: bool
    csrf_token: str | None
    at: datetime


@routes.post("/sessions", "session.begin", Text("登录", "Sign in"))
def sign_in_session(call: Call, body: Given[SignInIn]) -> SessionOut:
    """Begin a session: its cookie is for the browser only, its CSRF token for the page."""
    gate = call.platform.gate
    check_same_site(call.request)
    gate.pace_sign_in(call.request)
    found = sign_in(gate.door, body.name, body.password, call.at)
    access = Access(found.account.actor(), call.access.action, live=gate.rules.live, token=found.token)
    access.account = found.account
    response = written(_session(access, call.at), 201)
    let_in(response, gate.rules, found.token)
    return response  # type: ignore[return-value]


@routes.get("/session", "session.read", Text("查看当前登录", "See who one is"))
def read_session(call: Call) -> SessionOut:
    """Return who asks, with which grants."""
    return _session(call.access, call.at)


@routes.delete("/session", "session.end", Text("退出登录", "Sign out"))
def end_session(call: Call) -> None:
    """End the session and take its cookies back."""
    gate = call.platform.gate
    with gate.open_people() as people:
        sign_out(people, call.access.signed_in.token)
    response = Response(status_code=204)
    let_out(response, gate.rules)
    return response  # type: ignore[return-value]


@routes.post("/session/password", "password.change", Text("修改密码", "Change one's password"), status=204)
def change_own_password(call: Call, body: Given[PasswordIn]) -> None:
    """Keep another password; all other sessions end."""
    gate = call.platform.gate
    gate.pace_sign_in(call.request)
    change_password(gate.door, call.access.signed_in, body.old_password, body.new_password, call.at)


def _session(access: Access, at: datetime) -> SessionOut:
    actor = access.actor
    return SessionOut(
        actor=actor.id,
        name=access.account.name if access.account else None,
        grants=tuple(
            GrantOut(role=grant.role, institution=grant.institution, region=grant.region) for grant in actor.grants
        ),
        party=actor.party or None,
        live=actor.is_live,
        csrf_token=csrf_of(access.token) if access.token else None,
        at=at,
    )
