"""Signing in, staying in, going out; and the key of a program. Services over the ports; time is an argument.

Each step of signing in is its own transaction: the attempt is counted and committed before the password is looked
at, and no transaction waits for argon2.
"""

from dataclasses import dataclass
from datetime import datetime

from puhui.kernel.clock import business_date
from puhui.kernel.facts import Fact
from puhui.kernel.ids import new_id
from puhui.kernel.refusals import declare
from puhui.people.account import LONGEST, Account, ApiKey, Session
from puhui.people.backoff import FORGOTTEN_AFTER, SIGN_IN_WAIT, Attempts, check_wait, standing
from puhui.people.passwords import Hasher, check_password
from puhui.people.ports import OpenPeople, People
from puhui.people.tokens import digest, new_token, read_key, same

SIGN_IN_REFUSED = declare(
    "SIGN_IN_REFUSED",
    401,
    "登录名或密码不正确。忘记密码请联系管理员。",
    "The sign-in name or the password is not right. Ask an administrator if you forgot it.",
)
PASSWORD_OUTSIDE = declare(
    "PASSWORD_OUTSIDE",
    422,
    "此账户通过统一身份认证登录，没有本地密码。",
    "This account signs in at the identity provider; it has no password here.",
)


@dataclass(frozen=True, slots=True)
class Door:
    """What signing in needs: a unit of work for each step, and the hasher."""

    open_people: OpenPeople
    hasher: Hasher


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The token of a new session, shown to the browser this once, and whose it is."""

    token: str
    account: Account


def sign_in(door: Door, name: str, password: str, now: datetime) -> SignedIn:
    """Return a new session; refuse SIGN_IN_REFUSED, SIGN_IN_WAIT.

    A name that nobody has, a wrong password and a disabled account are answered alike, after the same work.
    """
    account = _attempt(door, name.strip().casefold(), now)
    fits = door.hasher.fits(account.password if account else "", password)
    if account is None or not fits or account.disabled_at is not None:
        raise SIGN_IN_REFUSED.refuse("name", "password")
    better = door.hasher.hash(password) if door.hasher.is_outdated(account.password) else ""
    with door.open_people() as people:
        _forgive(people, account.name, now)
        if better:
            people.accounts.set_password(account.id, better)
        return begin_session(people, account, now)


def begin_session(people: People, account: Account, now: datetime) -> SignedIn:
    """Return a new session of someone who has proven who he is; old sessions that ran out are cleared away."""
    token = new_token()
    people.sessions.end_before(now - LONGEST)
    people.sessions.add(Session(digest(token), account.id, now, now))
    return SignedIn(token, account)


def who_is_in(people: People, token: str, now: datetime) -> tuple[Account, Session] | None:
    """Return the account and session of a token; None for an unknown, ended or disabled one."""
    session = people.sessions.by_digest(digest(token))
    if session is None or session.is_over(now):
        return None
    account = people.accounts.by_id(session.account)
    if account is None or account.disabled_at is not None:
        return None
    return account, session


def key_of(people: People, text: str, now: datetime) -> ApiKey | None:
    """Return the key of a text; None for what has not its form, is unknown, revoked or has run out."""
    given = read_key(text)
    if given is None:
        return None
    key = people.keys.by_prefix(given.prefix)
    # Nobody's digest in its place, so that an unknown prefix takes the same way.
    fits = same(key.digest if key else bytes(32), given.digest)
    return key if key is not None and fits and not key.is_over(now) else None


def sign_out(people: People, token: str) -> None:
    """End a session; one that is not there has ended already."""
    people.sessions.end(digest(token))


def change_password(door: Door, signed_in: SignedIn, old: str, new: str, now: datetime) -> None:
    """Keep another password and end all other sessions.

    Refuses PASSWORD_OUTSIDE, SIGN_IN_WAIT, SIGN_IN_REFUSED when the old one is wrong, PASSWORD_WEAK.
    """
    account = signed_in.account
    if account.outside:
        raise PASSWORD_OUTSIDE.refuse("password")
    check_password(new, account.name)
    _attempt(door, account.name, now)
    if not door.hasher.fits(account.password, old):
        raise SIGN_IN_REFUSED.refuse("old_password")
    kept = door.hasher.hash(new)
    with door.open_people() as people:
        _forgive(people, account.name, now)
        people.accounts.set_password(account.id, kept)
        people.sessions.end_all(account.id, but=digest(signed_in.token))
        people.record(
            Fact(
                new_id("fact"),
                account.id,
                people.next_sequence(account.id),
                "password_changed",
                business_date(now),
                now,
                actor=account.id,
            )
        )


def _attempt(door: Door, name: str, now: datetime) -> Account | None:
    """Count an attempt on a name and return its account; refuse SIGN_IN_WAIT.

    The count is compared and set: of attempts made at once only one is looked at, the others wait a second.
    """
    key = digest(f"sign-in name\0{name}")
    with door.open_people() as people:
        before = people.accounts.attempts(key)
        check_wait(before, now)
        if not people.accounts.count_attempt(key, before, Attempts(standing(before, now) + 1, now)):
            raise SIGN_IN_WAIT.refuse(retry_after_seconds=1)
        return people.accounts.by_name(name)


def _forgive(people: People, name: str, now: datetime) -> None:
    people.accounts.forget_attempts(digest(f"sign-in name\0{name}"), now - FORGOTTEN_AFTER)
