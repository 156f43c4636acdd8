"""Models as text: canonical JSON with a hash over it, so that what is loaded is what was approved."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from puhui.kernel.refusals import declare

FORMAT = 1

MODEL_TAMPERED = declare(
    "MODEL_TAMPERED",
    422,
    "模型文件与其哈希不符，可能被改动或损坏，拒绝使用。请从登记处重新取得。",
    "The model does not fit its hash: it was changed or damaged, and is not used. Get it from the registry again.",
)
MODEL_UNREADABLE = declare(
    "MODEL_UNREADABLE",
    422,
    "模型文件缺少 {field}，或格式版本不是 1。请用本程序重新训练。",
    "The model file lacks {field}, or its format is not 1. Train it again with this program.",
)


def canonical(body: object) -> str:
    """Return JSON that is the same text for the same content: sorted keys, no spaces, shortest floats."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def hash_of(body: object) -> str:
    """Return the SHA-256 of the canonical JSON, in hex."""
    return hashlib.sha256(canonical(body).encode()).hexdigest()


def sealed(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body with its format and hash."""
    whole = {"format": FORMAT, **body}
    return {**whole, "hash": hash_of(whole)}


def unsealed(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body after checking its hash; refuse MODEL_UNREADABLE, MODEL_TAMPERED."""
    for name in ("format", "kind", "hash"):
        if name not in data:
            raise MODEL_UNREADABLE.refuse(name, field=name)
    body = {name: value for name, value in data.items() if name != "hash"}
    if hash_of(body) != data["hash"]:
        raise MODEL_TAMPERED.refuse("hash")
    if body["format"] != FORMAT:
        raise MODEL_UNREADABLE.refuse("format", field="format")
    return body
