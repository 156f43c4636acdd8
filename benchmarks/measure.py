"""What benchmarks share: one core, wall time, peak memory, percentiles, a hash of the result."""

import hashlib
import os
import resource
import time


def one_core():
    """Keep this process on one core, so that figures are a core's."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


class Stopwatch:
    """Seconds of a `with` block."""

    def __enter__(self):
        self._start = time.perf_counter()
        return self

    def __exit__(self, *_):
        self.seconds = time.perf_counter() - self._start


def percentiles(function, times):
    """Return the p50 and p99 seconds of `function()` run `times` times, after a warm-up."""
    for _ in range(max(3, times // 20)):
        function()
    seconds = []
    for _ in range(times):
        with Stopwatch() as watch:
            function()
        seconds.append(watch.seconds)
    seconds.sort()
    return seconds[len(seconds) // 2], seconds[int(len(seconds) * 0.99)]


def peak_mb():
    """Return the largest memory this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def short_hash(*parts):
    """Return the first 16 hex digits of the SHA-256 over bytes."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()[:16]
