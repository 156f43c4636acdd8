"""Logs without persons: a processor for structlog, a filter for the standard logging; both the last before the line.

Two nets. Fields whose name says that they are personal or secret lose their value. In every other text, what looks
like an identity number, a telephone, a bank card, a key or a token is struck out, also inside exceptions. Whole numbers
(amounts, counts) stay: only text is looked at.
"""

import logging
import re
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from typing import Any

STRUCK = "[…]"

# Last words of a field's name that make its value personal or secret, whatever it is.
SECRET_NAMES = frozenset(
    re.findall(
        r"\w+",
        """name names id_number idcard phone mobile telephone bank_account account_number card address email birthday
        password secret token cookie authorization csrf verifier nonce salt sealed wrapped value values
        query query_string body headers input""",
    )
)
# Names of things of our own, which end in such a word and are not of a person.
PLAIN_NAMES = frozenset(("logger_name", "tag_name", "key_name"))

_PATTERNS = (
    re.compile(r"pk_(?:live|test)_[0-9a-z]{12}\w*"),
    re.compile(r"(?i)(?<![A-Za-z0-9])(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(r"\$argon2\w*\$\S+"),
    re.compile(r"(?<![0-9A-Za-z_])[1-9]\d{5}[- ]?(?:19|20)\d{6}[- ]?\d{3}[\dXx](?![0-9A-Za-z])"),
    re.compile(r"(?<![0-9A-Za-z_.])(?:(?:\+|00)?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?![0-9A-Za-z])"),
    re.compile(r"(?<![0-9A-Za-z_.])\d{4}(?:[- ]?\d{4}){2,6}[- ]?\d{0,3}(?![0-9A-Za-z])"),
)


def clean(text: str) -> str:
    """Return a text with everything struck out that looks like a person's number or a secret.

    >>> clean("refused 11010519491231002X and 138 0013 8000 for loan_01fwhe4ydgfk1shh6w1g60eecf")
    'refused […] and […] for loan_01fwhe4ydgfk1shh6w1g60eecf'
    """
    for pattern in _PATTERNS:
        text = pattern.sub(STRUCK, text)
    return text


def cleaned(value: Any, name: str = "") -> Any:
    """Return a value of a log line without what is personal or secret, all the way down."""
    if _is_secret(name) and value is not None:
        return STRUCK
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bytes | bytearray):
        return STRUCK
    if isinstance(value, Mapping):
        return {key: cleaned(each, str(key)) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [cleaned(each) for each in value]
    if isinstance(value, bool | int) or value is None:
        return value
    return clean(str(value))


def redact(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Clean one event: a processor of structlog, to stand directly before the renderer."""
    del logger, method
    return {name: cleaned(value, "" if name == "event" else name) for name, value in event.items()}


class Redacting(logging.Filter):
    """Cleans the messages of the standard logging, arguments and exception included."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return True: the line stays, cleaned."""
        record.msg, record.args = clean(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text, record.exc_info = clean(record.exc_text), None
        return True


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    lower = name.lower().replace("-", "_")
    if lower in PLAIN_NAMES:
        return False
    return any(lower == word or lower.endswith(f"_{word}") for word in SECRET_NAMES)
