"""API keys: made (shown once), listed, revoked."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from puhui.api.fields import Instant, KeyId, Line
from puhui.api.routing import Call, Given, Routes
from puhui.kernel.inputs import Record
from puhui.kernel.language import Text
from puhui.people.account import ApiKey
from puhui.people.administration import NewKey, make_key, revoke_key, within_reach
from puhui.people.roles import ROLES, grant_of

routes = Routes("keys", Text("API 密钥", "API keys"))


class GrantIn(Record):
    """A role where it holds; `*`: everywhere."""

    role: Annotated[str, Field(json_schema_extra={"enum": list(ROLES)})]
    institution: Annotated[str, Field(pattern=r"^(\*|[A-Za-z0-9][A-Za-z0-9._-]{0,39})$")]
    region: Annotated[str, Field(pattern=r"^(\*|[0-9]{6})$")]


class KeyIn(Record):
    """A new key. `scopes`: the only actions it may do, beside what its grants allow. `live` false: a test key."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "about": "核心系统对接",
                    "grants": [{"role": "operations", "institution": "county_bank", "region": "410323"}],
                    "scopes": ["loans.read", "loans.repay"],
                    "live": True,
                    "expires_at": "2027-01-01T00:00:00Z",
                }
            ]
        }
    )

    about: Line
    grants: tuple[GrantIn, ...] = Field(min_length=1, max_length=50)
    scopes: tuple[Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z_]+$", max_length=60)], ...] = Field(
        min_length=1, max_length=200
    )
    live: bool
    expires_at: datetime | None = None
    party: Annotated[str, Field(max_length=100)] = ""


class KeyOut(Record):
    """A key, without its secret."""

    id: str
    prefix: str
    about: str
    grants: tuple[GrantIn, ...]
    scopes: tuple[str, ...]
    live: bool
    made_by: str
    created_at: Instant
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None


class KeySecretOut(KeyOut):
    """A new key with its text, which is shown this once and kept nowhere."""

    key: str


class KeysOut(Record):
    """The keys within reach, the newest first."""

    items: tuple[KeyOut, ...]


@routes.post("/keys", "keys.manage", Text("创建密钥（只显示一次）", "Make a key; shown once"))
def create_key(call: Call, body: Given[KeyIn]) -> KeySecretOut:
    """Make a key. Nobody grants beyond his own reach."""
    wanted = NewKey(
        about=body.about,
        grants=tuple(grant_of(one.role, one.institution, one.region) for one in body.grants),
        scopes=frozenset(body.scopes),
        is_live=body.live,
        expires_at=body.expires_at,
        party=body.party,
    )
    with call.begin() as books:
        key, text = make_key(books.people, wanted, call.access.actor, call.at)
    return KeySecretOut(**dict(_key_out(key)), key=text)


@routes.get("/keys", "keys.read", Text("密钥列表", "List keys"))
def list_keys(call: Call) -> KeysOut:
    """List the keys whose grants lie within reach."""
    with call.read() as books:
        found = [key for key in books.people.keys.all() if within_reach(call.access.actor, key.grants)]
    return KeysOut(items=tuple(map(_key_out, found)))


@routes.delete("/keys/{key_id}", "keys.manage", Text("吊销密钥", "Revoke a key"))
def remove_key(call: Call, key_id: KeyId) -> None:
    """Let a key open nothing any more; twice is once."""
    with call.begin() as books:
        revoke_key(books.people, books.people.keys.by_id(key_id), call.access.actor, call.at)


def _key_out(key: ApiKey) -> KeyOut:
    return KeyOut(
        id=key.id,
        prefix=key.prefix,
        about=key.about,
        grants=tuple(GrantIn(role=one.role, institution=one.institution, region=one.region) for one in key.grants),
        scopes=tuple(sorted(key.scopes)),
        live=key.is_live,
        made_by=key.made_by,
        created_at=key.created_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        used_at=key.used_at,
    )
