"""Signed notes, checkpoints and cosignatures in the forms of C2SP: what a log and its witnesses write.

Reading and checking them is in `verify`; here are the private keys. Ed25519 (RFC 8032) throughout.
"""

import base64
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from puhui.proof.verify import (
    COSIGNATURE,
    ED25519,
    Checkpoint,
    Quorum,
    TrustedKeys,
    VerifierKey,
    cosigned,
    key_name,
    parse_checkpoint,
    parse_key,
    parse_keys,
    parse_note,
)

__all__ = [
    "COSIGNATURE",
    "ED25519",
    "Checkpoint",
    "Quorum",
    "SigningKey",
    "TrustedKeys",
    "VerifierKey",
    "add_cosignature",
    "checkpoint_text",
    "keys_text",
    "parse_checkpoint",
    "parse_key",
    "parse_keys",
    "parse_note",
    "sign_note",
    "signers",
]


@dataclass(frozen=True)
class SigningKey:
    """A private key with its owner's name; `kind` is ED25519 for a log, COSIGNATURE for a witness."""

    name: str
    kind: int
    private: Ed25519PrivateKey

    def __post_init__(self) -> None:
        key_name(self.name)
        assert self.kind in (ED25519, COSIGNATURE)

    @classmethod
    def new(cls, name: str, kind: int = ED25519) -> "SigningKey":
        """Return a new random key."""
        return cls(name, kind, Ed25519PrivateKey.generate())

    @classmethod
    def of_seed(cls, name: str, seed: bytes, kind: int = ED25519) -> "SigningKey":
        """Return the key of a secret of 32 bytes (RFC 8032)."""
        return cls(name, kind, Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def verifier(self) -> VerifierKey:
        """The public half; as text, what others write into their file of keys."""
        return VerifierKey(self.name, self.kind, self.private.public_key().public_bytes_raw())

    def line(self, signed: bytes) -> str:
        """Return the signature line for the bytes that follow the key id."""
        return f"— {self.name} {base64.b64encode(self.verifier.id + signed).decode()}\n"


def sign_note(text: str, *keys: SigningKey) -> str:
    """Return the signed note of `text`, which ends with a newline, by keys of type ED25519."""
    assert text.endswith("\n"), "the text of a note ends with a newline"
    assert not any(c < " " and c != "\n" for c in text), "a note has no control characters"
    assert keys, "a note has a signature"
    assert all(key.kind == ED25519 for key in keys), "a cosignature has its own function"
    return f"{text}\n" + "".join(key.line(key.private.sign(text.encode())) for key in keys)


def add_cosignature(note: str, key: SigningKey, stamp: int) -> str:
    """Return the checkpoint `note` with a witness's cosignature/v1 of `stamp`, seconds since 1970.

    The witness vouches for size and root only after it has seen them follow from the last it signed.
    """
    text, _ = parse_note(note)
    parse_checkpoint(text)
    assert key.kind == COSIGNATURE, "a witness has a key of its own type"
    signature = key.private.sign(cosigned(text, stamp).encode())
    return note + key.line(stamp.to_bytes(8, "big") + signature)


def checkpoint_text(origin: str, size: int, root: bytes, extensions: Iterable[str] = ()) -> str:
    """Return the text of a checkpoint: origin, size, root in base64, one line each, then the extensions."""
    text = "".join(f"{line}\n" for line in (origin, str(size), base64.b64encode(root).decode(), *extensions))
    assert parse_checkpoint(text) == (origin, size, root, tuple(extensions)), "a checkpoint reads back as written"
    return text


def signers(note: str, keys: Iterable[VerifierKey]) -> list[str]:
    """Return the names of those of `keys` whose signature on `note` is right.

    A signature by a key that is not asked about is passed over, as C2SP wants; a wrong one by a key that is asked
    about is a ValueError.
    """
    text, signatures = parse_note(note)
    known = {(key.name, key.id): key for key in keys}
    names = []
    for name, identifier, signature in signatures:
        key = known.get((name, identifier))
        if key is None:
            continue
        if not key.verify(signature, text):
            raise ValueError(f"the signature of {name} is not right")
        names.append(name)
    return names


def keys_text(log: VerifierKey, witnesses: dict[str, VerifierKey], required: int = 0) -> str:
    """Return a file of keys: the log's, the witnesses' by short names, and how many of them must cosign."""
    lines = [f"log {log}", *(f"witness {name} {key}" for name, key in witnesses.items())]
    if required:
        lines += [f"group partners {required} {' '.join(witnesses)}", "quorum partners"]
    else:
        lines += ["quorum none"]
    text = "\n".join(lines) + "\n"
    parse_keys(text)
    return text
