"""Logs as lines of JSON, each with the id of its request. Never a body, a query, a name or a number of a person."""

import logging
import sys
from typing import Any, TextIO

import structlog

from puhui.people.redact import redact


def log() -> Any:
    """Return the logger of the process; what `bind_contextvars` has bound comes with each line."""
    return structlog.get_logger("puhui")


def configure(stream: TextIO | None = None) -> None:
    """Send the logs of the program, and those of its libraries from warnings on, to `stream` (standard error)."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    last: list[Any] = [redact, structlog.processors.JSONRenderer(ensure_ascii=False)]
    out = stream or sys.stderr
    structlog.configure(
        processors=[*shared, *last],
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
