"""The ports that storage fills for people: one unit of work, committed at the edge."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from puhui.kernel.facts import Fact
from puhui.people.account import Account, ApiKey, Session
from puhui.people.approval import Approval
from puhui.people.backoff import Attempts
from puhui.people.roles import Grant


@dataclass(frozen=True, slots=True)
class SignInAbroad:
    """A sign-in at an identity provider that is under way. `state`: digest of the state and the browser's cookie."""

    state: bytes
    nonce: str
    verifier: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """Who reads personal data, why, in which request, when: what the log of reads says of it."""

    actor: str
    purpose: str
    request_id: str
    at: datetime


class Accounts(Protocol):
    """Accounts and the attempts to sign in."""

    def add(self, account: Account) -> None:
        """Write a new account; refuse ACCOUNT_EXISTS when its name or outside subject is taken."""
        ...

    def by_id(self, account_id: str) -> Account | None:
        """Return an account."""
        ...

    def by_name(self, name: str) -> Account | None:
        """Return the account of a sign-in name."""
        ...

    def by_outside(self, outside: str) -> Account | None:
        """Return the account of an issuer and subject."""
        ...

    def all(self) -> list[Account]:
        """Return every account, by name."""
        ...

    def set_password(self, account_id: str, password: str) -> None:
        """Keep another hash."""
        ...

    def set_grants(self, account_id: str, grants: Sequence[Grant]) -> None:
        """Keep other grants."""
        ...

    def disable(self, account_id: str, at: datetime) -> None:
        """Let the account sign in no more."""
        ...

    def attempts(self, name_digest: bytes) -> Attempts | None:
        """Return the attempts on a name."""
        ...

    def count_attempt(self, name_digest: bytes, before: Attempts | None, after: Attempts) -> bool:
        """Write `after` if what is there is still `before`; return whether it was."""
        ...

    def forget_attempts(self, name_digest: bytes, before_at: datetime) -> None:
        """Forget the attempts on a name, and all whose last one was before an instant."""
        ...


class Sessions(Protocol):
    """Sessions of browsers, and sign-ins at an identity provider that are under way."""

    def add(self, session: Session) -> None:
        """Write a new session."""
        ...

    def by_digest(self, digest: bytes) -> Session | None:
        """Return a session."""
        ...

    def note_use(self, digest: bytes, at: datetime) -> None:
        """Write down that it was used."""
        ...

    def end(self, digest: bytes) -> None:
        """Remove one."""
        ...

    def end_all(self, account_id: str, but: bytes = b"") -> None:
        """Remove all of an account, but one."""
        ...

    def end_before(self, created_at: datetime) -> None:
        """Remove those begun before an instant."""
        ...

    def begin_abroad(self, sign_in: SignInAbroad) -> None:
        """Write down a sign-in that goes to the identity provider."""
        ...

    def finish_abroad(self, state: bytes, now: datetime) -> SignInAbroad | None:
        """Return it if it has not run out, and remove it with all that have: it is good once."""
        ...


class Keys(Protocol):
    """API keys."""

    def add(self, key: ApiKey) -> None:
        """Write a new key."""
        ...

    def by_prefix(self, prefix: str) -> ApiKey | None:
        """Return the key of a prefix."""
        ...

    def by_id(self, key_id: str) -> ApiKey | None:
        """Return a key."""
        ...

    def all(self) -> list[ApiKey]:
        """Return every key, the newest first."""
        ...

    def revoke(self, key_id: str, at: datetime) -> None:
        """Let the key open nothing any more."""
        ...

    def note_use(self, key_id: str, at: datetime) -> None:
        """Write down that it was used."""
        ...


class Approvals(Protocol):
    """Approvals by a second person."""

    def add(self, approval: Approval) -> None:
        """Write a new one."""
        ...

    def by_id(self, approval_id: str) -> Approval | None:
        """Return one."""
        ...

    def waiting(self, now: datetime) -> list[Approval]:
        """Return those that wait for a decision, the oldest first."""
        ...

    def change(self, before: Approval, after: Approval) -> bool:
        """Write `after` if the state there is still that of `before`; return whether it was."""
        ...


class PersonalData(Protocol):
    """Personal data of parties, sealed; every read leaves a line."""

    def put(self, party: str, values: Mapping[str, str], at: datetime) -> dict[str, bytes]:
        """Keep checked values; return the digest of each for the fact; refuse PERSON_ERASED."""
        ...

    def read(self, party: str, fields: Sequence[str], reading: Reading) -> dict[str, str]:
        """Return the values that are kept, and log it; refuse PERSON_ERASED."""
        ...

    def find(self, field: str, value: str, reading: Reading) -> list[str]:
        """Return the parties with this very value, and log it."""
        ...

    def erase(self, party: str, reading: Reading) -> None:
        """Destroy the key of a party for ever; refuse PERSON_ERASED when it is already."""
        ...

    def erased_at(self, party: str) -> datetime | None:
        """Return when the party was erased, None for one who was not."""
        ...


class People(Protocol):
    """One unit of work."""

    @property
    def accounts(self) -> Accounts:
        """Accounts."""
        ...

    @property
    def sessions(self) -> Sessions:
        """Sessions."""
        ...

    @property
    def keys(self) -> Keys:
        """API keys."""
        ...

    @property
    def approvals(self) -> Approvals:
        """Approvals."""
        ...

    @property
    def personal(self) -> PersonalData:
        """Personal data under seal."""
        ...

    def next_sequence(self, subject: str) -> int:
        """Return the number of the subject's next fact."""
        ...

    def record(self, fact: Fact) -> None:
        """Write a fact."""
        ...


OpenPeople: TypeAlias = Callable[[], AbstractContextManager[People]]
