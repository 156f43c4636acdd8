"""Personal data under lock: each person's own key, wrapped by a master key that is not in the database.

AES-256-GCM with 96 random bits of nonce. What is sealed is tied to its person and field: moved elsewhere, it does not
open. To erase a person is to destroy the one wrapped key. To search without opening, a keyed hash of the exact value
(HMAC-SHA-256 under a key of its own) stands beside it.

A sealed text is a version byte, the nonce, the ciphertext with its tag; a wrapped key has the master key's id before.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from puhui.kernel.refusals import declare

MASTER_KEY_UNREADABLE = declare(
    "MASTER_KEY_UNREADABLE",
    503,
    "主密钥无法使用：{problem}。请检查 PUHUI_MASTER_KEY 或密钥文件。",
    "The master key cannot be used: {problem}. Check PUHUI_MASTER_KEY or the key file.",
)
MASTER_KEY_WRONG = declare(
    "MASTER_KEY_WRONG",
    503,
    "主密钥与数据库不符（需要 {key}）。请恢复加密这些数据时所用的主密钥。",
    "The master key does not fit the database (it needs {key}). Restore the master key that its data were sealed with.",
)
SEAL_BROKEN = declare(
    "SEAL_BROKEN",
    503,
    "加密的个人信息已损坏或被移动：{field}。请联系管理员从备份核对。",
    "Sealed personal data is damaged or was moved: {field}. Ask an administrator to check it against a backup.",
)
PERSON_ERASED = declare(
    "PERSON_ERASED",
    410,
    "此人的个人信息已依法删除，不可恢复。",
    "The personal data of this person was erased and cannot come back.",
)

KEY_BYTES = 32
KEY_ID_BYTES = 8
_NONCE_BYTES = 12
_VERSION = b"\x01"


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """The master keys that are in hand: the first wraps, all of them unwrap."""

    keys: tuple[bytes, ...]

    @property
    def current(self) -> bytes:
        """The key that new wraps are made with."""
        return self.keys[0]

    def find(self, key_id: bytes) -> bytes:
        """Return the key of an id; refuse MASTER_KEY_WRONG."""
        for key in self.keys:
            if key_id_of(key) == key_id:
                return key
        raise MASTER_KEY_WRONG.refuse(key=key_id.hex())


def new_key() -> bytes:
    """Return 256 random bits."""
    return secrets.token_bytes(KEY_BYTES)


def key_id_of(key: bytes) -> bytes:
    """Return the 8 bytes that a master key is known by; they tell nothing of it."""
    return hashlib.sha256(b"puhui master key id\0" + key).digest()[:KEY_ID_BYTES]


def read_keys(text: str) -> MasterKeys:
    """Return the master keys of a text: base64 of 32 bytes each, apart by spaces, lines or commas; # to line's end.

    Refuses MASTER_KEY_UNREADABLE.
    """
    words = " ".join(line.partition("#")[0] for line in text.splitlines()).replace(",", " ").split()
    keys = []
    for word in words:
        try:
            key = base64.b64decode(word, validate=True)
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            raise MASTER_KEY_UNREADABLE.refuse(problem="base64, 32 bytes")
        keys.append(key)
    if not keys:
        raise MASTER_KEY_UNREADABLE.refuse(problem="empty")
    return MasterKeys(tuple(keys))


def write_keys(keys: Sequence[bytes]) -> str:
    """Return the text of master keys, the current one first."""
    lines = [f"{base64.b64encode(key).decode()}  # {key_id_of(key).hex()}" for key in keys]
    return "\n".join(["# Puhui master keys, the first in use. Keep a copy apart from the database's.", *lines, ""])


def wrap(masters: MasterKeys, data_key: bytes, owner: str) -> bytes:
    """Return a data key locked by the current master key, for its owner (a party's id, or the name of a key)."""
    key_id = key_id_of(masters.current)
    return key_id + _seal(masters.current, data_key, _bound("wrap", owner, key_id.hex()))


def unwrap(masters: MasterKeys, wrapped: bytes, owner: str) -> bytes:
    """Return the data key; refuse MASTER_KEY_WRONG, and SEAL_BROKEN when it is damaged or another owner's."""
    key_id = wrapped[:KEY_ID_BYTES]
    return _open(masters.find(key_id), wrapped[KEY_ID_BYTES:], _bound("wrap", owner, key_id.hex()), "key")


def wrapped_by(wrapped: bytes) -> bytes:
    """Return the id of the master key that a wrapped key needs."""
    return wrapped[:KEY_ID_BYTES]


def seal(data_key: bytes, party: str, field: str, value: bytes) -> bytes:
    """Return a value sealed for one party and field."""
    return _seal(data_key, value, _bound("field", party, field))


def unseal(data_key: bytes, party: str, field: str, sealed: bytes) -> bytes:
    """Return the value; refuse SEAL_BROKEN when it is damaged, or sealed for another party or field."""
    return _open(data_key, sealed, _bound("field", party, field), field)


def blind(index_key: bytes, field: str, value: str) -> bytes:
    """Return what stands for an exact value in the search index: nothing to whoever has not the key."""
    return hmac.digest(index_key, _bound("index", field, value), hashlib.sha256)


def _bound(*parts: str) -> bytes:
    """Return parts as bytes that no other parts make: each with its length."""
    encoded = [part.encode() for part in ("puhui", *parts)]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def _seal(key: bytes, value: bytes, bound: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _VERSION + nonce + AESGCM(key).encrypt(nonce, value, bound)


def _open(key: bytes, sealed: bytes, bound: bytes, field: str) -> bytes:
    nonce, locked = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        if sealed[:1] != _VERSION or len(nonce) != _NONCE_BYTES:
            raise InvalidTag
        return AESGCM(key).decrypt(nonce, locked, bound)
    except InvalidTag:
        raise SEAL_BROKEN.refuse(field) from None
