"""A leaf of the log: one fact in canonical JSON, its personal parts only as salted hashes.

Erasing a person's salt and value leaves 32 bytes that look random; the leaf, and every proof, stays as it was.
"""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from puhui.kernel.refusals import declare
from puhui.proof import verify
from puhui.proof.verify import SALT_BYTES, commitment

__all__ = ["SALT_BYTES", "Leaf", "Opening", "canonical", "commit", "commitment"]

PROOF_VALUE = declare(
    "PROOF_VALUE",
    422,
    "{field} 不能写入存证：{problem}。只接受文字、2^53 以内的整数、真假、空、列表和对象；金额用分，不用小数。",
    "{field} cannot be put into the proof: {problem}. Text, whole numbers within 2^53, true, false, null, lists and "
    "objects only; money in minor units, no decimals.",
)


def canonical(value: object, field: str = "$") -> bytes:
    """Return the one JSON text of `value` (RFC 8785), in UTF-8; refuse PROOF_VALUE for a float, a date, 2**53.

    >>> canonical({"b": 1, "a": ["普惠", None, True]}).decode()
    '{"a":["普惠",null,true],"b":1}'
    """
    try:
        return verify.canonical(value)
    except ValueError as error:
        raise PROOF_VALUE.refuse(field, problem=str(error)) from None


def commit(value: object, salt: bytes | None = None) -> tuple[bytes, bytes]:
    """Return (salt, digest): SHA-256(salt || canonical JSON), the salt 32 fresh random bytes unless given.

    Keep salt and value where they can be erased; only the digest goes into the log. Refuses PROOF_VALUE.
    """
    salt = secrets.token_bytes(SALT_BYTES) if salt is None else salt
    canonical(value)
    return salt, commitment(salt, value)


@dataclass(frozen=True)
class Opening:
    """What opens one personal part of a leaf: its salt and its value."""

    salt: bytes
    value: Any

    @property
    def digest(self) -> bytes:
        """What the leaf holds of it."""
        return commit(self.value, self.salt)[1]


@dataclass(frozen=True)
class Leaf:
    """One fact, decision, change of configuration or checkpoint of a night.

    `sequence` counts the leaves of one subject from 1, so that a history with a leaf left out is seen to have a gap.
    `body` holds no personal data; `personal` maps names of parts to their digests by `commit`.
    """

    kind: str
    subject: str
    sequence: int
    effective_on: date
    recorded_at: datetime
    body: Mapping[str, Any] = field(default_factory=dict)
    personal: Mapping[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        assert self.kind, "a leaf has a kind"
        assert self.subject, "a leaf has a subject"
        assert self.sequence >= 1, "a subject's leaves are counted from 1"
        assert self.recorded_at.tzinfo is not None, "an instant has a time zone"

    def envelope(self) -> dict[str, Any]:
        """Return the leaf as JSON: the day as ISO text, the instant in UTC to the microsecond, digests in base64."""
        return {
            "kind": self.kind,
            "subject": self.subject,
            "sequence": self.sequence,
            "effective_on": self.effective_on.isoformat(),
            "recorded_at": self.recorded_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "body": dict(self.body),
            "personal": {name: base64.b64encode(digest).decode() for name, digest in self.personal.items()},
        }

    def to_bytes(self) -> bytes:
        """Return what is hashed into the log; refuse PROOF_VALUE."""
        return canonical(self.envelope(), "leaf")
