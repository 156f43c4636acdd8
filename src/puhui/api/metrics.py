"""What Prometheus reads: requests, repayments, and how far behind the outbox and the nights are.

Seconds here are those of a stopwatch, as Prometheus wants them, and never money.
"""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

disable_created_metrics()  # type: ignore[no-untyped-call]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
_NANOSECONDS = 1e9

# The figures that are read from the books when asked for, and what each means.
GAUGES = {
    "puhui_outbox_depth": "Events not delivered yet.",
    "puhui_outbox_dead_letters": "Events given up on; they wait for a person.",
    "puhui_log_unsequenced": "Leaves that no checkpoint covers yet.",
    "puhui_night_watermark_age_days": "Business days since the last day that a night has closed.",
}


class Metrics:
    """The counters of one app. `read`: returns the figures of GAUGES that are known now."""

    def __init__(self, read: Callable[[], Mapping[str, int]] = dict) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "puhui_http_requests", "Requests answered.", ("method", "route", "status"), registry=self._registry
        )
        self._latency = Histogram(
            "puhui_http_request_duration_seconds",
            "From the first byte in to the last byte out.",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._facts = Counter(
            "puhui_loan_facts", "Facts about loans recorded through the API.", ("kind",), registry=self._registry
        )
        self._registry.register(_Books(read))

    def request(self, method: str, route: str, status: int, took_ns: int) -> None:
        """Count one answered request."""
        self._requests.labels(method, route, str(status)).inc()
        self._latency.labels(method, route).observe(took_ns / _NANOSECONDS)

    def fact(self, name: str) -> None:
        """Count one recorded fact of a kind ("repayment")."""
        self._facts.labels(name).inc()

    def text(self) -> bytes:
        """Return all figures in the text form of Prometheus."""
        return generate_latest(self._registry)


class _Books(Collector):
    """Figures read at the moment of asking, so that they are true for every process that serves."""

    def __init__(self, read: Callable[[], Mapping[str, int]]) -> None:
        self._read = read

    def collect(self) -> Iterable[Metric]:
        figures = self._read()
        for name, about in GAUGES.items():
            if name in figures:
                yield GaugeMetricFamily(name, about, figures[name])

    def describe(self) -> Iterable[Metric]:
        return [GaugeMetricFamily(name, about) for name, about in GAUGES.items()]
