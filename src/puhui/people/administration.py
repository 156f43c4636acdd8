"""Accounts and keys: made, granted, taken away. Each change is a fact, and nobody grants beyond his own reach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from puhui.kernel.clock import business_date
from puhui.kernel.facts import Fact
from puhui.kernel.ids import new_id
from puhui.kernel.refusals import declare
from puhui.people.access import NOT_FOUND, OUT_OF_REACH, Actor, Resource, Span
from puhui.people.account import Account, ApiKey, read_name
from puhui.people.passwords import Hasher, check_password
from puhui.people.permissions import actions
from puhui.people.ports import People
from puhui.people.roles import EVERYWHERE, ROLES, Grant, grants_text
from puhui.people.sign_in import PASSWORD_OUTSIDE
from puhui.people.tokens import KeyText, new_key, read_key

ACCOUNT_EXISTS = declare(
    "ACCOUNT_EXISTS", 409, "登录名 {name} 已被使用。请换一个。", "The sign-in name {name} is taken. Choose another."
)
SCOPE_UNKNOWN = declare(
    "SCOPE_UNKNOWN",
    422,
    "没有名为 {scope} 的操作，或此角色不能进行。请按权限表填写。",
    "There is no action {scope}, or the role may not do it. Take scopes from the table of permissions.",
)
PARTY_NEEDED = declare(
    "PARTY_NEEDED",
    422,
    "角色 {role} 须注明本人的 party 编号。",
    "The role {role} needs the id of its own party.",
)
EXPIRY_PAST = declare("EXPIRY_PAST", 422, "到期时刻须在将来。", "The expiry must lie in the future.")

MANAGES = frozenset({"administrator"})
SEES = frozenset({"administrator", "auditor"})
# Whoever may run commands on the machine itself may do all that an administrator of everything may.
OPERATOR = Actor("cli", (Grant("administrator", EVERYWHERE, EVERYWHERE),), is_person=True)


@dataclass(frozen=True, slots=True)
class NewKey:
    """An API key as it is asked for."""

    about: str
    grants: tuple[Grant, ...]
    scopes: frozenset[str]
    is_live: bool
    expires_at: datetime | None
    party: str = ""


def add_account(people: People, hasher: Hasher, wanted: Account, password: str, by: Actor) -> Account:
    """Write a new account with a password; refuse OUT_OF_REACH, PARTY_NEEDED, PASSWORD_WEAK, ACCOUNT_EXISTS.

    `wanted` comes from `new_account`. The password is hashed here, and is nowhere else.
    """
    check_password(password, wanted.name)
    _check_grants(by, wanted.grants, wanted.party)
    if people.accounts.by_name(wanted.name) is not None:
        raise ACCOUNT_EXISTS.refuse("name", name=wanted.name)
    account = Account(
        wanted.id,
        wanted.name,
        wanted.grants,
        wanted.created_at,
        password=hasher.hash(password),
        party=wanted.party,
    )
    people.accounts.add(account)
    _record(people, account.id, "account_created", {"grants": grants_text(account.grants)}, by, account.created_at)
    return account


def new_account(name: str, grants: Sequence[Grant], now: datetime, party: str = "") -> Account:
    """Return an account to add; refuse SIGN_IN_NAME_UNREADABLE."""
    return Account(new_id("account"), read_name(name), tuple(grants), now, party=party)


def add_outside(people: People, outside: str, name: str, grants: Sequence[Grant], now: datetime) -> Account:
    """Return the account of someone from an identity provider, made now or brought to the grants that it says."""
    found = people.accounts.by_outside(outside)
    if found is None:
        account = Account(new_id("account"), name, tuple(grants), now, outside=outside)
        people.accounts.add(account)
        _record(people, account.id, "account_created", {"grants": grants_text(grants)}, Actor(account.id), now)
        return account
    if grants_text(found.grants) != grants_text(grants):
        set_grants(people, found, grants, Actor(found.id), now, checked=False)
        found = people.accounts.by_outside(outside)
        assert found is not None, "the account was there a line ago"
    return found


def set_grants(
    people: People, account: Account, grants: Sequence[Grant], by: Actor, now: datetime, *, checked: bool = True
) -> None:
    """Keep other grants; refuse OUT_OF_REACH for grants given or taken beyond the actor's own, PARTY_NEEDED.

    `checked=False` only where the identity provider decides.
    """
    if checked:
        _check_grants(by, (*account.grants, *grants), account.party)
    people.accounts.set_grants(account.id, grants)
    _record(people, account.id, "grants_changed", {"grants": grants_text(grants)}, by, now)


def reset_password(people: People, hasher: Hasher, account: Account, password: str, by: Actor, now: datetime) -> None:
    """Keep a password that someone else has chosen, and end the account's sessions.

    Refuses OUT_OF_REACH, PASSWORD_OUTSIDE, PASSWORD_WEAK.
    """
    _check_grants(by, account.grants, account.party)
    if account.outside:
        raise PASSWORD_OUTSIDE.refuse("password")
    check_password(password, account.name)
    people.accounts.set_password(account.id, hasher.hash(password))
    people.sessions.end_all(account.id)
    _record(people, account.id, "password_reset", {}, by, now)


def disable(people: People, account: Account, by: Actor, now: datetime) -> None:
    """Let an account sign in no more and end its sessions at once; refuse OUT_OF_REACH."""
    _check_grants(by, account.grants, account.party)
    people.accounts.disable(account.id, now)
    people.sessions.end_all(account.id)
    _record(people, account.id, "account_disabled", {}, by, now)


def make_key(people: People, wanted: NewKey, by: Actor, now: datetime) -> tuple[ApiKey, str]:
    """Return a new key and its text, which is shown this once and kept nowhere.

    Refuses OUT_OF_REACH, PARTY_NEEDED, SCOPE_UNKNOWN, EXPIRY_PAST.
    """
    _check_grants(by, wanted.grants, wanted.party)
    _check_scopes(wanted)
    if wanted.expires_at is not None and wanted.expires_at <= now:
        raise EXPIRY_PAST.refuse("expires_at")
    text = new_key(is_live=wanted.is_live)
    parts = read_key(text)
    assert isinstance(parts, KeyText), "a key that we made has the form of one"
    key = ApiKey(
        new_id("key"),
        parts.prefix,
        parts.digest,
        wanted.about,
        wanted.grants,
        wanted.scopes,
        wanted.is_live,
        by.person,
        now,
        wanted.expires_at,
        wanted.party,
    )
    people.keys.add(key)
    body = {"grants": grants_text(key.grants), "scopes": sorted(key.scopes), "live": key.is_live}
    _record(people, key.id, "key_created", body, by, now)
    return key, text


def revoke_key(people: People, key: ApiKey | None, by: Actor, now: datetime) -> None:
    """Let a key open nothing any more; twice is once. Refuses NOT_FOUND, OUT_OF_REACH."""
    if key is None:
        raise NOT_FOUND.refuse("key")
    _check_grants(by, key.grants, key.party)
    if key.revoked_at is None:
        people.keys.revoke(key.id, now)
        _record(people, key.id, "key_revoked", {}, by, now)


def within_reach(by: Actor, grants: Sequence[Grant], roles: frozenset[str] = SEES) -> bool:
    """Return whether every grant lies where the actor has one of `roles`: to see it, administrator or auditor."""
    reach = [Span(grant.institution, grant.region) for grant in by.grants if grant.role in roles]
    return all(any(span.covers(Resource(grant.institution, grant.region)) for span in reach) for grant in grants)


def _check_grants(by: Actor, grants: Sequence[Grant], party: str) -> None:
    if not within_reach(by, grants, MANAGES):
        raise OUT_OF_REACH.refuse("grants")
    for grant in grants:
        if ROLES[grant.role].tie != "place" and not party:
            raise PARTY_NEEDED.refuse("party", role=grant.role)


def _check_scopes(wanted: NewKey) -> None:
    """A scope that the key's roles could never do would be a promise that is not kept."""
    roles = {grant.role for grant in wanted.grants}
    for scope in sorted(wanted.scopes):
        action = actions().get(scope)
        if action is None or action.person_only or not (action.any_role or roles & action.roles):
            raise SCOPE_UNKNOWN.refuse("scopes", scope=scope[:60])


def _record(people: People, subject: str, kind: str, body: Mapping[str, Any], by: Actor, now: datetime) -> None:
    fact = Fact(
        new_id("fact"), subject, people.next_sequence(subject), kind, business_date(now), now, body, actor=by.id
    )
    people.record(fact)
