"""Accounts of people, their sessions, and the API keys of programs, as they are kept."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from puhui.kernel.refusals import declare
from puhui.people.access import Actor
from puhui.people.roles import Grant

SIGN_IN_NAME_UNREADABLE = declare(
    "SIGN_IN_NAME_UNREADABLE",
    422,
    "{field} 不是登录名：请写 2 至 64 个小写字母、数字、“.”“_”“-”“@”，以字母开头。不要使用身份证号或手机号。",
    "{field} is not a sign-in name: write 2 to 64 lower-case letters, digits, '.', '_', '-', '@', a letter first. "
    "Do not use an ID or telephone number.",
)

# A session ends when it was not used for so long, and in any case so long after signing in.
IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
# "Last used" is written no more often than this: a row is not rewritten at every request.
NOTED_EVERY = timedelta(minutes=1)

_NAME = re.compile(r"[a-z][a-z0-9._@-]{1,63}")


def read_name(name: str, field: str = "name") -> str:
    """Return a sign-in name in its one spelling, lower case; refuse SIGN_IN_NAME_UNREADABLE.

    >>> read_name(" Li.Lei ")
    'li.lei'
    """
    plain = name.strip().casefold()
    if not _NAME.fullmatch(plain):
        raise SIGN_IN_NAME_UNREADABLE.refuse(field)
    return plain


@dataclass(frozen=True, slots=True)
class Account:
    """A person who signs in. `password`: the argon2id text, "" for those who sign in at an identity provider.

    `outside`: issuer and subject there, "" for local accounts. `party`: the borrower's or partner's own id.
    """

    id: str
    name: str
    grants: tuple[Grant, ...]
    created_at: datetime
    password: str = ""
    outside: str = ""
    party: str = ""
    disabled_at: datetime | None = None

    def actor(self) -> Actor:
        """Return who asks when this person does."""
        return Actor(self.id, self.grants, person=self.id, party=self.party, is_person=True)


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser. Only the digest of its token is kept."""

    digest: bytes
    account: str
    created_at: datetime
    seen_at: datetime

    def is_over(self, now: datetime) -> bool:
        """Return whether it has run out: unused for 30 minutes, or 12 hours old."""
        return now >= min(self.seen_at + IDLE, self.created_at + LONGEST)

    def is_to_note(self, now: datetime) -> bool:
        """Return whether its use now is worth writing down."""
        return now - self.seen_at >= NOTED_EVERY


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A program's key. Only the digest of its text is kept; `prefix` is its first 20 characters, to find it by.

    `scopes`: the only actions it may do, beside what its grants allow. `made_by`: the account that made it.
    """

    id: str
    prefix: str
    digest: bytes
    about: str
    grants: tuple[Grant, ...]
    scopes: frozenset[str]
    is_live: bool
    made_by: str
    created_at: datetime
    expires_at: datetime | None
    party: str = ""
    revoked_at: datetime | None = None
    used_at: datetime | None = None

    def is_over(self, now: datetime) -> bool:
        """Return whether it was revoked or has run out; at the instant of its expiry it has."""
        return self.revoked_at is not None or (self.expires_at is not None and now >= self.expires_at)

    def is_to_note(self, now: datetime) -> bool:
        """Return whether its use now is worth writing down."""
        return self.used_at is None or now - self.used_at >= NOTED_EVERY

    def actor(self) -> Actor:
        """Return who asks when this key does."""
        return Actor(self.id, self.grants, self.made_by, self.party, self.scopes, self.is_live)
