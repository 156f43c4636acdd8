"""Checkpoint: the night itself is a fact, so that its snapshot stands in the proof log; then the log is signed."""

from datetime import date, datetime
from typing import Any

from puhui.kernel.facts import Fact
from puhui.kernel.ids import new_id


def subject_of(day: date) -> str:
    """Return the subject of a night's facts."""
    return f"night_{day.isoformat()}"


def night_fact(day: date, sequence: int, actor: str, at: datetime, body: dict[str, Any]) -> Fact:
    """Return the fact that a night has closed a day; `body` says what it came to: digests and sums."""
    return Fact(new_id("fact"), subject_of(day), sequence, "night", day, at, body, actor=actor)
