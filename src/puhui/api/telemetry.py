"""Traces and measurements to an OpenTelemetry collector: on where the extra is installed and an endpoint is named.

FastAPI makes the spans. Its logs stay off: they would carry exception messages, which may quote a person.
"""

import os
from importlib.util import find_spec

from fastapi.telemetry import TelemetryConfig

from puhui.kernel.refusals import declare

__all__ = ["TELEMETRY_OFF", "TelemetryConfig", "telemetry"]

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"

TELEMETRY_MISSING = declare(
    "TELEMETRY_MISSING",
    503,
    "已设置 {variable}，但未安装 telemetry 附加组件。请安装 puhui[telemetry]，或取消该变量。",
    "{variable} is set, but the telemetry extra is not installed. Install puhui[telemetry], or unset it.",
)

TELEMETRY_OFF: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


def telemetry() -> TelemetryConfig:
    """Return what FastAPI is told: all off without OTEL_EXPORTER_OTLP_ENDPOINT; refuse TELEMETRY_MISSING."""
    if not os.environ.get(ENDPOINT):
        return TELEMETRY_OFF
    if find_spec("opentelemetry.sdk") is None or find_spec("opentelemetry.exporter") is None:
        raise TELEMETRY_MISSING.refuse(variable=ENDPOINT)
    return {**TELEMETRY_OFF, "tracing": True, "metrics": True, "auto_configure": True}
