"""The registry of models: who made, approved, used and retired which; a fold over records that are only ever added."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from puhui.credit.models.texts import hash_of
from puhui.kernel.language import Text
from puhui.kernel.refusals import declare

ROLES = {
    "candidate": Text("候选", "candidate"),
    "shadow": Text("影子", "shadow"),
    "challenger": Text("挑战者", "challenger"),
    "champion": Text("冠军", "champion"),
    "retired": Text("已退役", "retired"),
}

MODEL_UNKNOWN = declare(
    "MODEL_UNKNOWN",
    404,
    "没有模型 {model}。用 puhui models 查看现有模型。",
    "There is no model {model}. List them with puhui models.",
)
MODEL_OWN = declare(
    "MODEL_OWN",
    403,
    "{by} 训练了该模型，不能自己批准。请由另一人批准。",
    "{by} made this model and cannot approve it. Another person must.",
)
MODEL_NOT_APPROVED = declare(
    "MODEL_NOT_APPROVED",
    409,
    "模型 {model} 未经第二人批准，不能用于决策。请先 puhui models approve。",
    "The model {model} is not approved by a second person and may not decide. First: puhui models approve.",
)
MODEL_CLOSED = declare(
    "MODEL_CLOSED",
    409,
    "模型 {model} 已是 {state}，不能再这样改。",
    "The model {model} is {state} already; this cannot be changed.",
)
REGISTRY_BROKEN = declare(
    "REGISTRY_BROKEN",
    409,
    "模型登记第 {line} 行与前面的记录接不上，可能被改动。请从备份恢复。",
    "Line {line} of the model registry does not follow from those before it; it may have been changed. Restore it.",
)
WHO_MISSING = declare("WHO_MISSING", 422, "请写明是谁（--by）。", "Say who does this (--by).")


@dataclass(frozen=True, slots=True)
class Record:
    """One change. `follows` is the hash of the record before, so that none can be changed or left out."""

    action: str
    model: str
    by: str
    at: str
    follows: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the record as JSON, with its own hash."""
        body = {
            "action": self.action,
            "model": self.model,
            "by": self.by,
            "at": self.at,
            "follows": self.follows,
            "details": dict(self.details),
        }
        return {**body, "hash": hash_of(body)}


@dataclass(frozen=True, slots=True)
class Entry:
    """A model as the records leave it."""

    model: str
    kind: str
    model_hash: str
    data_hash: str
    code_version: str
    seed: int
    figures: Mapping[str, Any]
    made_by: str
    made_at: str
    approved_by: str = ""
    approved_at: str = ""
    role: str = "candidate"


@dataclass(frozen=True, slots=True)
class Registry:
    """All models, and the hash that the next record follows."""

    entries: Mapping[str, Entry]
    last: str = ""

    def one(self, model: str) -> Entry:
        """Return a model by its id; refuse MODEL_UNKNOWN."""
        if model not in self.entries:
            raise MODEL_UNKNOWN.refuse("model", model=model)
        return self.entries[model]

    @property
    def champion(self) -> Entry | None:
        """The model that decides."""
        return next((each for each in self.entries.values() if each.role == "champion"), None)


def read(records: Iterable[Mapping[str, Any]]) -> Registry:
    """Return the registry that records make; refuse REGISTRY_BROKEN."""
    registry = Registry({})
    for line, data in enumerate(records, 1):
        body = {name: value for name, value in data.items() if name != "hash"}
        if data.get("hash") != hash_of(body) or data.get("follows") != registry.last:
            raise REGISTRY_BROKEN.refuse("registry", line=line)
        registry = _after(registry, Record(**body), str(data["hash"]))
    return registry


def _after(registry: Registry, record: Record, own: str) -> Registry:
    entries = dict(registry.entries)
    before = entries.get(record.model)
    if record.action == "registered":
        entries[record.model] = Entry(record.model, made_by=record.by, made_at=record.at, **record.details)
    elif before is not None and record.action == "approved":
        entries[record.model] = replace(before, approved_by=record.by, approved_at=record.at)
    elif before is not None:
        role = str(record.details["role"])
        if role == "champion":
            for name, each in entries.items():
                entries[name] = replace(each, role="shadow") if each.role == "champion" else each
        entries[record.model] = replace(before, role=role)
    return Registry(entries, own)


def register(registry: Registry, model: str, by: str, at: datetime, details: Mapping[str, Any]) -> Record:
    """Return the record of a new model; `details` are the fields of Entry that the maker knows."""
    _named(by)
    if model in registry.entries:
        raise MODEL_CLOSED.refuse("model", model=model, state=registry.entries[model].role)
    return Record("registered", model, by, at.isoformat(), registry.last, details)


def approve(registry: Registry, model: str, by: str, at: datetime) -> Record:
    """Return the approval by a second person; refuses MODEL_OWN, MODEL_CLOSED, MODEL_UNKNOWN."""
    _named(by)
    entry = registry.one(model)
    if entry.approved_by or entry.role == "retired":
        raise MODEL_CLOSED.refuse("model", model=model, state="approved" if entry.approved_by else entry.role)
    if by.strip().casefold() == entry.made_by.strip().casefold():
        raise MODEL_OWN.refuse("by", by=by)
    return Record("approved", model, by, at.isoformat(), registry.last)


def assign(registry: Registry, model: str, role: str, by: str, at: datetime) -> Record:
    """Return the record that gives a model a role; a new champion makes the old one a shadow.

    Refuses MODEL_NOT_APPROVED for a role that decides (champion, challenger), MODEL_CLOSED after retirement.
    """
    _named(by)
    entry = registry.one(model)
    assert role in ROLES
    if role == entry.role or entry.role == "retired":
        raise MODEL_CLOSED.refuse("model", model=model, state=entry.role)
    if role in ("champion", "challenger") and not entry.approved_by:
        raise MODEL_NOT_APPROVED.refuse("model", model=model)
    return Record("assigned", model, by, at.isoformat(), registry.last, {"role": role})


def _named(by: str) -> None:
    if not by.strip():
        raise WHO_MISSING.refuse("by")
