"""Passwords: what one must be like, and how it is kept: argon2id, never the password itself.

Parameters are the second recommendation of RFC 9106, section 4: 64 MiB, 3 passes, 4 lanes; 16 bytes of salt, 32 of
hash. A hash takes about a tenth of a second, so few are made at once: a crowd at the door cannot take all the memory.
"""

import threading
import unicodedata
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from puhui.kernel.language import Text
from puhui.kernel.refusals import declare

COMMON = Path(__file__).parent.joinpath("data", "common_passwords.txt")
SHORTEST = 12
LONGEST = 128
FEWEST_DIFFERENT = 5
_SHORTEST_NAME = 4
_AT_ONCE = 4

PASSWORD_WEAK = declare("PASSWORD_WEAK", 422, "密码不合要求：{problem}。", "The password will not do: {problem}.")

SHORT = Text(f"至少 {SHORTEST} 个字符", f"it needs at least {SHORTEST} characters")
LONG = Text(f"至多 {LONGEST} 个字符", f"it may have at most {LONGEST} characters")
COMMON_ONE = Text("太常见，请换一个", "it is too common; choose another")
SAME_CHARACTERS = Text(
    f"至少要有 {FEWEST_DIFFERENT} 种不同的字符", f"it needs at least {FEWEST_DIFFERENT} different characters"
)
HAS_NAME = Text("不得包含登录名", "it must not have the sign-in name in it")
UNREADABLE = Text("含有无法书写的字符", "it has characters that cannot be written")


@cache
def common_passwords() -> frozenset[str]:
    """Return the passwords that everyone tries first, in lower case."""
    return frozenset(COMMON.read_text(encoding="utf-8").split())


def normal(password: str) -> str:
    """Return the password as it is hashed: NFKC, so that full-width and half-width keyboards agree."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, name: str) -> None:
    """Refuse PASSWORD_WEAK: too short or long, too few different characters, common, or with the name in it."""
    problem = _problem(normal(password), name.casefold())
    if problem is not None:
        raise PASSWORD_WEAK.refuse("password", problem=problem)


def _problem(password: str, name: str) -> Text | None:
    lower = password.casefold()
    if len(password) < SHORTEST:
        return SHORT
    if len(password) > LONGEST:
        return LONG
    if not password.isprintable():
        return UNREADABLE
    if len(set(lower)) < FEWEST_DIFFERENT:
        return SAME_CHARACTERS
    if lower in common_passwords():
        return COMMON_ONE
    if len(name) >= _SHORTEST_NAME and name in lower:
        return HAS_NAME
    return None


class Hasher:
    """Makes and checks hashes of passwords; cheaper parameters are for tests only."""

    def __init__(self, memory_kib: int = 65_536, passes: int = 3, lanes: int = 4) -> None:
        self._argon2 = PasswordHasher(
            time_cost=passes, memory_cost=memory_kib, parallelism=lanes, hash_len=32, salt_len=16
        )
        self._room = threading.BoundedSemaphore(_AT_ONCE)
        self._nobody = ""

    def hash(self, password: str) -> str:
        """Return what is kept of a password: parameters, salt and hash in one text."""
        with self._room:
            return self._argon2.hash(normal(password))

    def fits(self, kept: str, password: str) -> bool:
        """Return whether it is the password. Without anything kept it is not, after the same time."""
        # Longer than any password can be: nothing is learned, and nothing is spent on hashing megabytes.
        password = password if len(password) <= LONGEST else ""
        against = kept or self._of_nobody()
        try:
            with self._room:
                self._argon2.verify(against, normal(password))
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False
        return bool(kept)

    def is_outdated(self, kept: str) -> bool:
        """Return whether a hash was made with other parameters than today's."""
        return self._argon2.check_needs_rehash(kept)

    def _of_nobody(self) -> str:
        if not self._nobody:
            self._nobody = self.hash("nobody has this password")
        return self._nobody
