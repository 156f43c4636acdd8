"""Once is once: a POST that moves money or decides carries a key, and is answered the same however often it is sent."""

import re
from typing import Any

from fastapi import Request

from puhui.kernel.refusals import declare

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEY_PATTERN = "^[A-Za-z0-9._:-]{8,128}$"

KEY_MISSING = declare(
    "IDEMPOTENCY_KEY_MISSING",
    400,
    "动用资金或作出决定的请求须带 Idempotency-Key 头（8 至 128 个字母、数字或 . _ : -），重试时保持不变。",
    "A request that moves money or decides needs an Idempotency-Key header (8 to 128 letters, digits or . _ : -), kept "
    "the same when it is tried again.",
)

_KEY = re.compile(KEY_PATTERN)


def key_of(request: Request) -> str:
    """Return the key of a request; refuse IDEMPOTENCY_KEY_MISSING, also when it has not the form of one."""
    given = request.headers.getlist(HEADER)
    if len(given) != 1 or not _KEY.fullmatch(given[0]):
        raise KEY_MISSING.refuse(HEADER)
    return given[0]


def input_of(request: Request, body: Any) -> dict[str, Any]:
    """Return what a key is bound to: the verb, the whole path with its query, and the body as it was read."""
    query = request.scope["query_string"].decode("latin-1")
    return {"verb": request.method, "path": request.url.path, "query": query, "body": body}
