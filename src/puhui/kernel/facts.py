"""A fact: what happened, said once and never changed. Everything that the books hold follows from facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact about one subject (a loan, a party, a night, a configuration), with its two times.

    `sequence` counts the facts of the subject from 1. `effective_on`: the business day it holds from;
    `recorded_at`: the instant it was written down. `body`: whole numbers, text, lists and objects, no personal data;
    `personal` maps names of personal parts to their salted digests. `actor`: who said it, a party, key or programme;
    `approved_by`: the second person, where one was needed.
    """

    id: str
    subject: str
    sequence: int
    kind: str
    effective_on: date
    recorded_at: datetime
    body: Mapping[str, Any] = field(default_factory=dict)
    personal: Mapping[str, bytes] = field(default_factory=dict)
    actor: str = ""
    approved_by: str = ""
