"""Rate limits: a bucket of tokens for each key, account or address, filled steadily, one token a request.

Whole numbers: a token is `per_ns` small units, and each nanosecond adds `refill` of them.
"""

import ipaddress
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

from puhui.kernel.refusals import declare

RATE_LIMITED = declare(
    "RATE_LIMITED",
    429,
    "请求过于频繁，请在 {retry_after_seconds} 秒后再试。",
    "Too many requests; try again in {retry_after_seconds} seconds.",
)

_SECOND_NS = 1_000_000_000
_MOST_BUCKETS = 100_000


@dataclass(frozen=True, slots=True)
class Pace:
    """`burst` tokens at most, `refill` of them come back every `per_ns` nanoseconds."""

    burst: int
    refill: int
    per_ns: int = _SECOND_NS


@dataclass(frozen=True, slots=True)
class Bucket:
    """What was in a bucket, in small units, at an instant of the stopwatch."""

    level: int
    at_ns: int


def take(pace: Pace, bucket: Bucket | None, at_ns: int) -> tuple[Bucket, int]:
    """Return the bucket after one request and 0, or the bucket as it is and the whole seconds to wait, rounded up.

    >>> full, wait = take(Pace(burst=1, refill=1), None, 0)
    >>> take(Pace(burst=1, refill=1), full, 400_000_000)[1]
    1
    """
    most = pace.burst * pace.per_ns
    since_ns = 0 if bucket is None else max(0, at_ns - bucket.at_ns)
    level = most if bucket is None else min(most, bucket.level + since_ns * pace.refill)
    if level >= pace.per_ns:
        return Bucket(level - pace.per_ns, at_ns), 0
    wait_ns = -(-(pace.per_ns - level) // pace.refill)
    return Bucket(level, at_ns), -(-wait_ns // _SECOND_NS)


class Buckets(Protocol):
    """Where buckets are kept: in this process, or in a table that several processes share."""

    def take(self, name: str, pace: Pace, at_ns: int) -> int:
        """Take one token of the bucket `name`; return 0, or the whole seconds to wait."""
        ...


class ProcessBuckets:
    """Buckets of this process. The least used are forgotten, and so full again, beyond `most` of them."""

    def __init__(self, most: int = _MOST_BUCKETS) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, name: str, pace: Pace, at_ns: int) -> int:
        """Take one token of the bucket `name`; return 0, or the whole seconds to wait."""
        with self._lock:
            bucket, wait = take(pace, self._buckets.get(name), at_ns)
            self._buckets[name] = bucket
            self._buckets.move_to_end(name)
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        return wait


def check_rate(buckets: Buckets, name: str, pace: Pace, at_ns: int) -> None:
    """Refuse RATE_LIMITED when the bucket is empty."""
    wait = buckets.take(name, pace, at_ns)
    if wait:
        raise RATE_LIMITED.refuse(retry_after_seconds=wait)


def network_of(address: str) -> str:
    """Return what stands for a caller's address: itself, or the /64 of IPv6, which one subscriber has whole.

    >>> network_of("203.0.113.9"), network_of("2001:db8:1:2:3::4"), network_of("::ffff:203.0.113.9"), network_of("x")
    ('203.0.113.9', '2001:db8:1:2::', '203.0.113.9', 'unknown')
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.IPv6Network((parsed, 64), strict=False).network_address)
    return str(parsed)
