"""What the institution decides for itself about classes and stages, as of a day: dated data with its reasons."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from puhui.kernel.home import home
from puhui.kernel.inputs import Record, parse
from puhui.kernel.language import Text
from puhui.kernel.refusals import declare
from puhui.rulebook.files import read_yaml
from puhui.rulebook.operators import CLASSES

POLICY_FILE = Path(__file__).parent / "policy.yaml"
OWN_FILE = "risk_policy.yaml"
# Places in CLASSES.
NORMAL, SPECIAL_MENTION, SUBSTANDARD, DOUBTFUL, LOSS = range(len(CLASSES))

RISK_POLICY_MISSING = declare(
    "RISK_POLICY_MISSING",
    422,
    "{day} 没有风险分类政策。请在 {file} 中补上该日有效的政策。",
    "There is no risk policy for {day}. Add one that holds on that day to {file}.",
)

Class = Literal["NORMAL", "SM", "SUB", "DBT", "LOSS"]
Confidence = Literal["quoted-primary", "quoted-secondary", "memory-unverified"]


class Words(Record):
    """A text in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class ObservationRecord(Record):
    """How long, and for how many instalments, a loan must not be late."""

    months: int = Field(ge=0)
    payments: int = Field(ge=0)


class PolicyRecord(Record):
    """One dated policy as written."""

    effective_from: date
    non_performing: Class
    impaired_from: Class
    upgrade: ObservationRecord
    recovery: ObservationRecord
    restructured_stage: int = Field(ge=1, le=3)
    non_accrual_from_stage: int = Field(ge=2, le=3)
    source: Words
    confidence: Confidence


class PolicyFile(Record):
    """The file of policies."""

    policies: list[PolicyRecord] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Observation:
    """So many whole months and so many instalments without being late."""

    months: int
    payments: int


@dataclass(frozen=True, slots=True)
class Policy:
    """The institution's policy on a day; classes are places in CLASSES."""

    effective_from: date
    non_performing: int
    impaired_from: int
    upgrade: Observation
    recovery: Observation
    restructured_stage: int
    non_accrual_from_stage: int
    source: Text


def policies() -> tuple[Policy, ...]:
    """Return the institution's policies, oldest first: its own file in the home folder, else the program's."""
    return _policies(home().joinpath(OWN_FILE))


@cache
def _policies(own: Path) -> tuple[Policy, ...]:
    return read_policies(read_yaml(own if own.is_file() else POLICY_FILE))


def read_policies(data: object) -> tuple[Policy, ...]:
    """Return the policies of parsed YAML, oldest first; refuse INPUT_INVALID."""
    file = parse(PolicyFile, data, POLICY_FILE.name)
    return tuple(sorted(map(_policy, file.policies), key=lambda policy: policy.effective_from))


def policy_on(day: date) -> Policy:
    """Return the policy that holds on a day; refuse RISK_POLICY_MISSING before the first one.

    >>> policy_on(date(2026, 1, 31)).upgrade
    Observation(months=6, payments=2)
    """
    held = [policy for policy in policies() if policy.effective_from <= day]
    if not held:
        raise RISK_POLICY_MISSING.refuse("day", day=day.isoformat(), file=OWN_FILE)
    return held[-1]


def _policy(record: PolicyRecord) -> Policy:
    return Policy(
        record.effective_from,
        CLASSES.index(record.non_performing),
        CLASSES.index(record.impaired_from),
        Observation(record.upgrade.months, record.upgrade.payments),
        Observation(record.recovery.months, record.recovery.payments),
        record.restructured_stage,
        record.non_accrual_from_stage,
        Text(record.source.zh, record.source.en),
    )
