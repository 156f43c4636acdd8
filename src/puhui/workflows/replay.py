"""A decision is executed again with the parts of its day: identical, or what differs, path by path.

Rules, features, places and the program come with the code: where they are others now, they are named beside.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, Protocol

from puhui.funding.application import Used
from puhui.kernel.facts import Fact
from puhui.kernel.inputs import parse
from puhui.kernel.refusals import declare
from puhui.people.ports import Reading
from puhui.workflows.apply import record_of
from puhui.workflows.case import Case, Kit
from puhui.workflows.decisions import Decision, Decisions
from puhui.workflows.dossiers import Dossiers, events_of
from puhui.workflows.judge import Judgement, Seen, judge, judge_seen
from puhui.workflows.kit import CODE, kit_of
from puhui.workflows.kit_parts import KeptParts, parts_of
from puhui.workflows.store import FactStore

DECISION_TAMPERED = declare(
    "DECISION_TAMPERED",
    409,
    "决定 {decision} 的记录与当时登记的摘要不符，可能被改动，不予采用。",
    "The record of decision {decision} does not fit the digest that was recorded with it: it was changed.",
)


_DECIDED: Final = frozenset({"decision"})


class Desk(Protocol):
    """What reading a decision needs of the books, in one unit of work."""

    @property
    def store(self) -> FactStore:
        """Facts."""
        ...

    @property
    def dossiers(self) -> Dossiers:
        """What sources told."""
        ...

    @property
    def decisions(self) -> Decisions:
        """Decisions."""
        ...

    @property
    def parts(self) -> KeptParts:
        """The parts that decisions were made with."""
        ...


@dataclass(frozen=True, slots=True)
class KeptDecision:
    """A decision as it was made, read with its record, which fits the digest of its fact."""

    decision: Decision
    fact: Fact
    record: Mapping[str, Any]


class Difference(NamedTuple):
    """One value that is another now; `path` by dots, None where there is none."""

    path: str
    then: Any
    now: Any


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of executing a decision again. code: what comes with the code and is another now, by name."""

    decision: Decision
    differences: tuple[Difference, ...]
    code: tuple[str, ...]

    @property
    def identical(self) -> bool:
        """Whether the same came out, to the last figure."""
        return not self.differences

    def as_dict(self) -> dict[str, Any]:
        """Return the replay for JSON."""
        return {
            "decision": self.decision.id,
            "decided_at": self.decision.decided_at.isoformat(),
            "identical": self.identical,
            "differences": [difference._asdict() for difference in self.differences],
            "other_code": list(self.code),
        }


def read_decision(desk: Desk, decision_id: str, reading: Reading) -> KeptDecision:
    """Return a decision with its record, and log that it was read.

    Refuses DECISION_UNKNOWN, PERSON_ERASED, SEAL_BROKEN; DECISION_TAMPERED where the record is not that of the fact.
    """
    decision = desk.decisions.by_id(decision_id)
    record, digest = desk.decisions.opened(decision, reading)
    facts = desk.store.facts(decision.application)
    fact = next((one for one in facts if one.kind in _DECIDED and one.body["decision"] == decision.id), None)
    if fact is None or fact.personal.get("record") != digest:
        raise DECISION_TAMPERED.refuse("decision", decision=decision.id)
    return KeptDecision(decision, fact, record)


def kit_then(desk: Desk, record: Mapping[str, Any]) -> Kit:
    """Return the kit that a record was made with; refuse PART_MISSING, PART_TAMPERED."""
    kept = record["kit"]
    used = {name: Used.model_validate(value) for name, value in kept["used"].items()}
    kit = kit_of(parts_of(desk.parts, kept["versions"]), used, hard=frozenset(kept["hard"]))
    return replace(kit, own_lenders=tuple(kept["own_lenders"]))


def judged_again(desk: Desk, record: Mapping[str, Any]) -> Judgement:
    """Return the judgement of a record from what it says was seen, events unread; refuses what `kit_then` refuses."""
    seen = Seen(record["features"], tuple(record["income_minor"]))
    return judge_seen(parse(Case, record["case"]), seen, kit_then(desk, record))


def replay(desk: Desk, decision_id: str, reading: Reading) -> Replay:
    """Execute a decision again, from the events that were there then, with the parts of that day.

    Refuses what `read_decision` and `kit_then` refuse.
    """
    made = read_decision(desk, decision_id, reading)
    now = again(made.record, desk, kit_then(desk, made.record), reading)
    versions = now["kit"]["versions"]
    code = tuple(name for name in CODE if versions[name] != made.record["kit"]["versions"].get(name))
    return Replay(made.decision, tuple(differences(made.record, now)), code)


def again(record: Mapping[str, Any], desk: Desk, kit: Kit, reading: Reading) -> dict[str, Any]:
    """Return the record that a kit makes of a recorded case now; what sources told after the decision is not read."""
    case = parse(Case, record["case"])
    events = events_of(desk.dossiers, case.party, reading, until_at=case.at)
    return record_of(judge(case, events, kit))


def differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield what differs between two records, in order; what only later programs record is not looked at.

    The hashes of what comes with the code are not results, and are left out.
    """
    before, after = (dict(_flat(record)) for record in (then, {name: now.get(name) for name in then}))
    for path in [*before, *(path for path in after if path not in before)]:
        if path not in _CODE_PATHS and before.get(path) != after.get(path):
            yield Difference(path, before.get(path), after.get(path))


_CODE_PATHS = frozenset(f"kit.versions.{name}" for name in CODE)


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each plain value with its path; what is empty is a value."""
    if isinstance(value, Mapping) and value:
        items = [(str(name), each) for name, each in value.items()]
    elif isinstance(value, list) and value:
        items = [(str(place), each) for place, each in enumerate(value)]
    else:
        yield path, value
        return
    for name, each in items:
        yield from _flat(each, f"{path}.{name}" if path else name)
