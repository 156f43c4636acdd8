"""Accounts, sessions and API keys in the database: the repositories behind `people.ports`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from puhui.people.account import Account, ApiKey, Session
from puhui.people.administration import ACCOUNT_EXISTS
from puhui.people.backoff import Attempts
from puhui.people.ports import SignInAbroad
from puhui.people.roles import Grant, grants_text, read_grants
from puhui.storage import people_tables as tables
from puhui.storage.fact_rows import instant, micros


def maybe_instant(at: int | None) -> datetime | None:
    """Return the instant of a column that may be empty."""
    return None if at is None else instant(at)


def maybe_micros(at: datetime | None) -> int | None:
    """Return what a column that may be empty holds of an instant."""
    return None if at is None else micros(at)


class StoredAccounts:
    """`people.ports.Accounts`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, account: Account) -> None:
        """Write a new account; refuse ACCOUNT_EXISTS when its name or outside subject is taken."""
        row = {
            "id": account.id,
            "name": account.name,
            "grants": grants_text(account.grants),
            "created_at": micros(account.created_at),
            "password": account.password,
            "outside": account.outside,
            "party": account.party,
            "disabled_at": maybe_micros(account.disabled_at),
        }
        try:
            self._connection.execute(insert(tables.accounts), row)
        except IntegrityError:
            raise ACCOUNT_EXISTS.refuse("name", name=account.name) from None

    def by_id(self, account_id: str) -> Account | None:
        """Return an account."""
        return self._one(tables.accounts.c.id == account_id)

    def by_name(self, name: str) -> Account | None:
        """Return the account of a sign-in name."""
        return self._one(tables.accounts.c.name == name, tables.accounts.c.outside == "")

    def by_outside(self, outside: str) -> Account | None:
        """Return the account of an issuer and subject."""
        return self._one(tables.accounts.c.outside == outside) if outside else None

    def all(self) -> list[Account]:
        """Return every account, by name."""
        rows = self._connection.execute(select(tables.accounts).order_by(tables.accounts.c.name, tables.accounts.c.id))
        return [_account(row) for row in rows]

    def set_password(self, account_id: str, password: str) -> None:
        """Keep another hash."""
        self._update(account_id, password=password)

    def set_grants(self, account_id: str, grants: Sequence[Grant]) -> None:
        """Keep other grants."""
        self._update(account_id, grants=grants_text(grants))

    def disable(self, account_id: str, at: datetime) -> None:
        """Let the account sign in no more."""
        self._update(account_id, disabled_at=micros(at))

    def attempts(self, name_digest: bytes) -> Attempts | None:
        """Return the attempts on a name."""
        table = tables.sign_in_attempts
        row = self._connection.execute(select(table).where(table.c.name_digest == name_digest)).first()
        return None if row is None else Attempts(row.attempts, instant(row.last_at))

    def count_attempt(self, name_digest: bytes, before: Attempts | None, after: Attempts) -> bool:
        """Write `after` if what is there is still `before`; return whether it was."""
        table = tables.sign_in_attempts
        row = {"attempts": after.count, "last_at": micros(after.last_at)}
        if before is None:
            first = insert_or_nothing(self._connection, table).values(name_digest=name_digest, **row)
            # The count of rows of an INSERT is not to be had on every engine: what comes back is.
            return self._connection.execute(first.returning(table.c.attempts)).first() is not None
        unchanged = (table.c.attempts == before.count) & (table.c.last_at == micros(before.last_at))
        statement = update(table).where(table.c.name_digest == name_digest, unchanged).values(row)
        return self._connection.execute(statement).rowcount == 1

    def forget_attempts(self, name_digest: bytes, before_at: datetime) -> None:
        """Forget the attempts on a name, and all whose last one was before an instant."""
        table = tables.sign_in_attempts
        old = table.c.last_at < micros(before_at)
        self._connection.execute(delete(table).where(or_(table.c.name_digest == name_digest, old)))

    def _one(self, *conditions: Any) -> Account | None:
        row = self._connection.execute(select(tables.accounts).where(*conditions)).first()
        return None if row is None else _account(row)

    def _update(self, account_id: str, **values: Any) -> None:
        self._connection.execute(update(tables.accounts).where(tables.accounts.c.id == account_id).values(values))


class StoredSessions:
    """`people.ports.Sessions`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, session: Session) -> None:
        """Write a new session."""
        row = {
            "digest": session.digest,
            "account": session.account,
            "created_at": micros(session.created_at),
            "seen_at": micros(session.seen_at),
        }
        self._connection.execute(insert(tables.sessions), row)

    def by_digest(self, digest: bytes) -> Session | None:
        """Return a session."""
        table = tables.sessions
        row = self._connection.execute(select(table).where(table.c.digest == digest)).first()
        return None if row is None else Session(row.digest, row.account, instant(row.created_at), instant(row.seen_at))

    def note_use(self, digest: bytes, at: datetime) -> None:
        """Write down that it was used."""
        table = tables.sessions
        self._connection.execute(update(table).where(table.c.digest == digest).values(seen_at=micros(at)))

    def end(self, digest: bytes) -> None:
        """Remove one."""
        self._connection.execute(delete(tables.sessions).where(tables.sessions.c.digest == digest))

    def end_all(self, account_id: str, but: bytes = b"") -> None:
        """Remove all of an account, but one."""
        table = tables.sessions
        self._connection.execute(delete(table).where(table.c.account == account_id, table.c.digest != but))

    def end_before(self, created_at: datetime) -> None:
        """Remove those begun before an instant."""
        self._connection.execute(delete(tables.sessions).where(tables.sessions.c.created_at < micros(created_at)))

    def begin_abroad(self, sign_in: SignInAbroad) -> None:
        """Write down a sign-in that goes to the identity provider."""
        row = {
            "state": sign_in.state,
            "nonce": sign_in.nonce,
            "verifier": sign_in.verifier,
            "expires_at": micros(sign_in.expires_at),
        }
        self._connection.execute(insert(tables.sign_ins_abroad), row)

    def finish_abroad(self, state: bytes, now: datetime) -> SignInAbroad | None:
        """Return it if it has not run out, and remove it with all that have: it is good once."""
        table = tables.sign_ins_abroad
        row = self._connection.execute(select(table).where(table.c.state == state).with_for_update()).first()
        over = table.c.expires_at <= micros(now)
        self._connection.execute(delete(table).where(or_(table.c.state == state, over)))
        if row is None or instant(row.expires_at) <= now:
            return None
        return SignInAbroad(row.state, row.nonce, row.verifier, instant(row.expires_at))


class StoredKeys:
    """`people.ports.Keys`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, key: ApiKey) -> None:
        """Write a new key."""
        row = {
            "id": key.id,
            "prefix": key.prefix,
            "digest": key.digest,
            "about": key.about,
            "grants": grants_text(key.grants),
            "scopes": " ".join(sorted(key.scopes)),
            "is_live": key.is_live,
            "made_by": key.made_by,
            "created_at": micros(key.created_at),
            "expires_at": maybe_micros(key.expires_at),
            "party": key.party,
            "revoked_at": maybe_micros(key.revoked_at),
            "used_at": maybe_micros(key.used_at),
        }
        self._connection.execute(insert(tables.api_keys), row)

    def by_prefix(self, prefix: str) -> ApiKey | None:
        """Return the key of a prefix."""
        return self._one(tables.api_keys.c.prefix == prefix)

    def by_id(self, key_id: str) -> ApiKey | None:
        """Return a key."""
        return self._one(tables.api_keys.c.id == key_id)

    def all(self) -> list[ApiKey]:
        """Return every key, the newest first."""
        table = tables.api_keys
        order = (table.c.created_at.desc(), table.c.id.desc())
        return [_key(row) for row in self._connection.execute(select(table).order_by(*order))]

    def revoke(self, key_id: str, at: datetime) -> None:
        """Let the key open nothing any more."""
        self._update(key_id, revoked_at=micros(at))

    def note_use(self, key_id: str, at: datetime) -> None:
        """Write down that it was used."""
        self._update(key_id, used_at=micros(at))

    def _one(self, condition: Any) -> ApiKey | None:
        row = self._connection.execute(select(tables.api_keys).where(condition)).first()
        return None if row is None else _key(row)

    def _update(self, key_id: str, **values: Any) -> None:
        self._connection.execute(update(tables.api_keys).where(tables.api_keys.c.id == key_id).values(values))


def _account(row: Any) -> Account:
    return Account(
        id=row.id,
        name=row.name,
        grants=read_grants(row.grants),
        created_at=instant(row.created_at),
        password=row.password,
        outside=row.outside,
        party=row.party,
        disabled_at=maybe_instant(row.disabled_at),
    )


def _key(row: Any) -> ApiKey:
    return ApiKey(
        id=row.id,
        prefix=row.prefix,
        digest=row.digest,
        about=row.about,
        grants=read_grants(row.grants),
        scopes=frozenset(row.scopes.split()),
        is_live=row.is_live,
        made_by=row.made_by,
        created_at=instant(row.created_at),
        expires_at=maybe_instant(row.expires_at),
        party=row.party,
        revoked_at=maybe_instant(row.revoked_at),
        used_at=maybe_instant(row.used_at),
    )


def insert_or_nothing(connection: Connection, table: Any) -> Any:
    """Return an insert that does nothing where the row is there already, in the engine's own words."""
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert as insert_on
    else:
        from sqlalchemy.dialects.postgresql import insert as insert_on  # type: ignore[assignment]
    return insert_on(table).on_conflict_do_nothing()
