"""Secrets that are shown once and kept as hashes: session tokens, CSRF tokens, API keys.

All are 256 random bits, so a plain SHA-256 is enough to keep them by: there is nothing to guess.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from puhui.kernel.ids import ALPHABET

KEY_MODES = {"pk_live_": True, "pk_test_": False}
PREFIX_LENGTH = 12
SECRET_LENGTH = 52

_KEY = re.compile(f"(pk_live_|pk_test_)([{ALPHABET}]{{{PREFIX_LENGTH}}})([{ALPHABET}]{{{SECRET_LENGTH}}})")


def new_token() -> str:
    """Return a token of 256 random bits, 43 characters of base64url."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def same(left: bytes, right: bytes) -> bool:
    """Return whether two digests are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(left, right)


def csrf_of(session_token: str) -> str:
    """Return the CSRF token that belongs to a session: whoever has the cookie but cannot read it cannot make it."""
    return hmac.new(session_token.encode(), b"puhui csrf", hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class KeyText:
    """An API key taken apart: live or test, its prefix for looking it up, and the digest of the whole."""

    is_live: bool
    prefix: str
    digest: bytes


def new_key(*, is_live: bool) -> str:
    """Return a new API key: `pk_live_` or `pk_test_`, 12 characters to look it up by, 52 that are secret (260 bits)."""
    mode = "pk_live_" if is_live else "pk_test_"
    return mode + "".join(secrets.choice(ALPHABET) for _ in range(PREFIX_LENGTH + SECRET_LENGTH))


def read_key(text: str) -> KeyText | None:
    """Return the parts of an API key, None when the text has not its form."""
    found = _KEY.fullmatch(text)
    if found is None:
        return None
    return KeyText(KEY_MODES[found[1]], found[1] + found[2], digest(text))
