"""A proof bundle: one JSON file that lets an outsider check a history with `verify` and the public keys alone."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from puhui.kernel.language import Text
from puhui.kernel.refusals import declare
from puhui.proof.leaf import Leaf, Opening, canonical
from puhui.proof.merkle import MerkleLog, leaf_hash
from puhui.proof.note import Checkpoint, Quorum, parse_checkpoint, parse_note
from puhui.proof.verify import FORMAT, HASH_BYTES

PROOF_BUNDLE = declare(
    "PROOF_BUNDLE",
    422,
    "存证包无法生成：{problem}",
    "The proof bundle cannot be made: {problem}",
)

NOT_THIS_LOG = Text("检查点不属于这本日志", "the checkpoint is not of this log")


@dataclass(frozen=True)
class Entry:
    """One leaf to disclose: where it stands in the log, and which of its personal parts are opened."""

    index: int
    leaf: Leaf
    disclosed: Mapping[str, Opening] = field(default_factory=dict)


@dataclass(frozen=True)
class Scope:
    """What the bundle claims to cover.

    "log": every leaf of the log. "subject": the history of `subject` from its first leaf on, without a gap.
    "leaves": these leaves, and nothing about others.
    """

    name: str
    subject: str = ""


WHOLE_LOG = Scope("log")
LEAVES = Scope("leaves")


def subject(identifier: str) -> Scope:
    """Return the scope of one subject's history."""
    return Scope("subject", identifier)


@dataclass(frozen=True)
class State:
    """The checkpoint (signed and cosigned note) to prove against, the quorum, an older checkpoint to start from."""

    checkpoint: str
    policy: Quorum
    older: str | None = None


def make_bundle(log: MerkleLog, entries: Sequence[Entry], scope: Scope, state: State) -> bytes:
    """Return the bundle of `entries` in `log`, as canonical JSON and a newline.

    Proofs are made for the size of the checkpoint, which may be less than the log's now. Refuses PROOF_BUNDLE when
    an entry is not the log's leaf, when the checkpoint is not of this log, when a part does not open its digest.
    """
    newer = _checkpoint(log, state.checkpoint)
    whole = scope == WHOLE_LOG
    if whole and [entry.index for entry in entries] != list(range(newer.size)):
        raise PROOF_BUNDLE.refuse("entries", problem=_not_whole(newer.size))
    covers: dict[str, Any] = {"scope": scope.name, "count": len(entries)}
    if scope.subject:
        covers["subject"] = scope.subject
    bundle = {
        "format": FORMAT,
        "policy": {"required": state.policy.required, "witnesses": list(state.policy.witnesses)},
        "checkpoint": state.checkpoint,
        "older": None if state.older is None else _older(log, state.older, newer.size),
        "covers": covers,
        "leaves": [_entry(log, entry, newer.size, whole) for entry in entries],
    }
    return canonical(bundle, "bundle") + b"\n"


def _checkpoint(log: MerkleLog, note: str) -> Checkpoint:
    try:
        checkpoint = parse_checkpoint(parse_note(note)[0])
    except ValueError as error:
        raise PROOF_BUNDLE.refuse("checkpoint", problem=str(error)) from None
    if checkpoint.size > len(log) or log.root(checkpoint.size) != checkpoint.root:
        raise PROOF_BUNDLE.refuse("checkpoint", problem=NOT_THIS_LOG)
    return checkpoint


def _older(log: MerkleLog, note: str, size: int) -> dict[str, Any]:
    older = _checkpoint(log, note)
    return {"checkpoint": note, "proof": _texts(log.consistency(older.size, size))}


def _entry(log: MerkleLog, entry: Entry, size: int, whole: bool) -> dict[str, Any]:
    proof = log.inclusion(entry.index, size)
    data = entry.leaf.to_bytes()
    if leaf_hash(data) != log.leaf_digest(entry.index):
        raise PROOF_BUNDLE.refuse("entries", problem=_other_leaf(entry.index))
    for name, opening in entry.disclosed.items():
        if entry.leaf.personal.get(name) != opening.digest:
            raise PROOF_BUNDLE.refuse("entries", problem=_wrong_opening(entry.index, name))
    return {
        "index": entry.index,
        "leaf": entry.leaf.envelope(),
        "proof": [] if whole else _texts(proof),
        "disclosed": {
            name: {"salt": base64.b64encode(opening.salt).decode(), "value": opening.value}
            for name, opening in entry.disclosed.items()
        },
    }


def _texts(hashes: Sequence[bytes]) -> list[str]:
    assert all(len(each) == HASH_BYTES for each in hashes)
    return [base64.b64encode(each).decode() for each in hashes]


def _not_whole(size: int) -> Text:
    last = size - 1
    return Text(f"全部日志应为第 0 至 {last} 条，按序", f"the whole log is leaves 0 to {last} in order")


def _other_leaf(index: int) -> Text:
    return Text(f"日志第 {index} 条不是这一条", f"leaf {index} of the log is another one")


def _wrong_opening(index: int, name: str) -> Text:
    return Text(f"第 {index} 条的 {name} 与其摘要不符", f"leaf {index}: {name} does not open its digest")
