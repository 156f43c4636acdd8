"""Reason codes in words that a borrower understands: data in `reasons.yaml`, one list for all policies."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import Field

from puhui.kernel.inputs import Record, parse
from puhui.kernel.language import Text
from puhui.kernel.refusals import declare
from puhui.rulebook.files import read_yaml

REASONS_FILE = Path(__file__).parent / "reasons.yaml"
DATA_INCOMPLETE = "DATA_INCOMPLETE"
NO_ANSWER = "POLICY_NO_ANSWER"

REASON_UNKNOWN = declare(
    "REASON_UNKNOWN",
    422,
    "没有原因代码 {code}。请先在 reasons.yaml 中写明中英文说法。",
    "There is no reason code {code}. Put its words in both languages into reasons.yaml first.",
)


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: what the borrower is told, and whether the borrower can change it."""

    code: str
    text: Text
    changeable: bool


class ReasonRecord(Record):
    """One reason as written."""

    code: str = Field(pattern="^[A-Z][A-Z0-9_]*$")
    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)
    changeable: bool


class ReasonsFile(Record):
    """The file."""

    reasons: list[ReasonRecord] = Field(min_length=1)


@cache
def reasons() -> dict[str, Reason]:
    """Return every reason by its code."""
    file = parse(ReasonsFile, read_yaml(REASONS_FILE), REASONS_FILE.name)
    found = {item.code: Reason(item.code, Text(item.zh, item.en), item.changeable) for item in file.reasons}
    assert len(found) == len(file.reasons), "a reason code is written twice"
    return found


def reason_of(code: str) -> Reason:
    """Return a reason; refuse REASON_UNKNOWN.

    >>> reason_of("DATA_INCOMPLETE").changeable
    True
    """
    if code not in reasons():
        raise REASON_UNKNOWN.refuse("reason", code=code)
    return reasons()[code]
