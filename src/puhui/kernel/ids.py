"""Ids that say what they name and sort by the time they were made: `loan_01m8…`, a UUIDv7 (RFC 9562)."""

import re
import secrets
import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID

from puhui.kernel.clock import now
from puhui.kernel.refusals import declare

# Crockford's base 32: no i, l, o, u, so that ids can be read aloud; in ASCII order, so that text sorts by time.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = tuple(first + second for first in ALPHABET for second in ALPHABET)
LENGTH = 26

ID_UNREADABLE = declare(
    "ID_UNREADABLE",
    422,
    "{field} 不是 {prefix}_ 开头的编号：{value}。请原样复制完整编号。",
    "{field} is not an id that begins with {prefix}_: {value}. Copy the whole id as it was given.",
)

_PREFIX = re.compile(r"[a-z]+(_[a-z]+)*")
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_TAIL_BITS = 74
_STEP_BITS = 46


class _Sequence:
    """The last id made: within one millisecond each id is larger than the one before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._millisecond = -1
        self._tail = 0

    def next(self, millisecond: int) -> tuple[int, int]:
        """Return the millisecond and the 74 random bits of the next id.

        The first of a millisecond leaves the top bit free for those that follow. Each of those is larger by a
        random step, not by one: two processes forked from one still part ways, and no id tells its neighbour.
        """
        with self._lock:
            if millisecond == self._millisecond:
                self._tail += 1 + secrets.randbits(_STEP_BITS)
                assert self._tail >> _TAIL_BITS == 0, "too many ids in one millisecond"
            else:
                self._millisecond, self._tail = millisecond, secrets.randbits(_TAIL_BITS - 1)
            return self._millisecond, self._tail


_sequence = _Sequence()


def new_uuid() -> UUID:
    """Return a new UUIDv7: 48 bits of Unix milliseconds by the clock, then random bits.

    Ids of one process and one millisecond are in order; of different milliseconds by the clock's order.
    """
    return UUID(int=_new_number())


def _new_number() -> int:
    since_1970 = (now() - _EPOCH) // _MILLISECOND
    assert 0 <= since_1970 < 1 << 48, "the clock is set outside the years a UUIDv7 can hold"
    millisecond, tail = _sequence.next(since_1970)
    high, low = tail >> 62, tail & (1 << 62) - 1
    return millisecond << 80 | 7 << 76 | high << 64 | 2 << 62 | low


def new_id(prefix: str) -> str:
    """Return a new id, `prefix` (lower-case letters, `_` between words), `_`, 26 characters.

    >>> new_id("loan")[:5], len(new_id("loan"))
    ('loan_', 31)
    """
    return _text(prefix, _new_number())


def format_id(prefix: str, uuid: UUID) -> str:
    """Return the text of a UUID under a prefix.

    >>> format_id("loan", UUID("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"))
    'loan_01fwhe4ydgfk1shh6w1g60eecf'
    """
    return _text(prefix, uuid.int)


def _text(prefix: str, value: int) -> str:
    assert _PREFIX.fullmatch(prefix), f"{prefix!r} is not a prefix: lower-case words joined by _"
    return f"{prefix}_{''.join([_PAIRS[value >> shift & 1023] for shift in _SHIFTS])}"


# 26 characters, two at a time.
_SHIFTS = range(120, -1, -10)


def parse_id(text: object, prefix: str, field: str = "id") -> UUID:
    """Return the UUID of an id made by `new_id(prefix)`; refuse ID_UNREADABLE anything else.

    One id has one text: capitals and look-alikes are refused, not mended.
    """
    refusal = ID_UNREADABLE.refuse(field, prefix=prefix, value=repr(text)[:80])
    if not isinstance(text, str) or not text.startswith(f"{prefix}_"):
        raise refusal
    body = text[len(prefix) + 1 :]
    if len(body) != LENGTH or not set(body) <= _VALUES.keys() or body[0] > "7":
        raise refusal
    value = 0
    for character in body:
        value = value << 5 | _VALUES[character]
    if value >> 76 & 15 != 7 or value >> 62 & 3 != 2:
        raise refusal
    return UUID(int=value)
