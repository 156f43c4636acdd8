"""The proof log over stored facts: their order, signed checkpoints, bundles for outsiders.

A fact's leaf is fixed in the fact's own transaction; its place in the log is given afterwards, in batches, by one
sequencer at a time. So no request waits for another because of the log. Facts of one subject keep their order: a later
one is written only after the earlier one is committed, and so has the larger number.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from puhui.kernel.facts import Fact
from puhui.proof.bundle import WHOLE_LOG, Entry, State, make_bundle
from puhui.proof.bundle import subject as scope_of
from puhui.proof.leaf import Opening
from puhui.proof.merkle import Frontier, MerkleLog, leaf_hash
from puhui.proof.note import Checkpoint, Quorum, SigningKey, checkpoint_text, parse_checkpoint, parse_note, sign_note
from puhui.storage.database import Database
from puhui.storage.fact_rows import COLUMNS, fact_of, instant, leaf_of, micros
from puhui.storage.refusals import CHECKPOINT_MISSING
from puhui.storage.session import Insert, statement
from puhui.storage.settled import Mark, is_settled, look
from puhui.storage.unit_of_work import UnitOfWork

BATCH = 10_000
HASH_BYTES = 32
_NO_OPENINGS: Mapping[str, Mapping[str, Opening]] = {}

# The row is locked: a second sequencer waits, and then finds nothing left to do.
STATE = statement(
    "log_state",
    "SELECT size, frontier, settled_seq FROM log_state WHERE id = 1",
    "SELECT size, frontier, settled_seq FROM log_state WHERE id = 1 FOR UPDATE",
)
MOVE = statement("log_move", "UPDATE log_state SET size = ?, frontier = ?, settled_seq = ? WHERE id = 1")
WAITING = statement(
    "log_waiting",
    "SELECT seq, leaf_hash FROM facts WHERE seq > ? "
    "AND NOT EXISTS (SELECT 1 FROM log_leaves WHERE log_leaves.fact_seq = facts.seq) ORDER BY seq LIMIT ?",
)
INSERT_LEAVES = Insert("log_leaves", ("leaf", "fact_seq"))
HASHES = statement(
    "log_hashes",
    "SELECT facts.leaf_hash FROM log_leaves JOIN facts ON facts.seq = log_leaves.fact_seq "
    "WHERE log_leaves.leaf >= ? ORDER BY log_leaves.leaf LIMIT ?",
)
_FACT = ", ".join(f"facts.{name}" for name in COLUMNS)
OF_SUBJECT = statement(
    "log_subject",
    f"SELECT log_leaves.leaf, {_FACT} FROM facts JOIN log_leaves ON log_leaves.fact_seq = facts.seq "  # noqa: S608
    "WHERE facts.subject = ? AND log_leaves.leaf < ? ORDER BY log_leaves.leaf",
)
WHOLE = statement(
    "log_whole",
    f"SELECT log_leaves.leaf, {_FACT} FROM log_leaves JOIN facts ON facts.seq = log_leaves.fact_seq "  # noqa: S608
    "WHERE log_leaves.leaf >= ? AND log_leaves.leaf < ? ORDER BY log_leaves.leaf LIMIT ?",
)
_CHECKPOINT = "SELECT note, made_at FROM checkpoints"
LATEST = statement("checkpoint", f"{_CHECKPOINT} ORDER BY seq DESC LIMIT 1")
AT_SIZE = statement("checkpoint_at", f"{_CHECKPOINT} WHERE size = ? ORDER BY seq DESC LIMIT 1")
ALL_CHECKPOINTS = statement("checkpoints", f"{_CHECKPOINT} ORDER BY seq")
INSERT_CHECKPOINT = statement(
    "checkpoint_insert", "INSERT INTO checkpoints (size, root, note, made_at) VALUES (?, ?, ?, ?)"
)


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint as it is stored: the signed note, perhaps cosigned, and what it says."""

    note: str
    size: int
    root: bytes
    made_at: datetime


class ProofLog:
    """The log of one database, one for a process. Once asked to prove, it keeps the tree in memory: 2 hashes a leaf."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._mark: Mark | None = None
        self._tree = MerkleLog()
        self._lock = threading.Lock()

    def sequence(self, limit: int = BATCH) -> int:
        """Give a place to facts that have none, up to `limit`, in the order of their numbers; return how many.

        Safe beside writers: a fact that is committed late, behind larger numbers, is found by a later call.
        """
        with self._database.connection() as connection:
            mark = self._mark or look(connection, "facts")
            settled = is_settled(connection, mark)
        with self._database.begin() as store:
            [[(size, hashes, settled_seq)]] = store.work.ask((STATE, ()))
            [waiting] = store.work.ask((WAITING, (settled_seq, limit)))
            low = settled_seq
            if settled:
                low = max(low, min(mark.high, waiting[-1][0]) if len(waiting) == limit else mark.high)
            if waiting or low > settled_seq:
                frontier = Frontier(size, [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)])
                rows = [(frontier.append_hash(leaf), seq) for seq, leaf in waiting]
                INSERT_LEAVES.queue(store.work.queue, rows)
                store.work.queue(MOVE, (frontier.size, b"".join(frontier.hashes), low))
        self._mark = None if settled else mark
        return len(waiting)

    def catch_up(self) -> int:
        """Sequence until nothing waits; return how many leaves were added."""
        added = 0
        while found := self.sequence():
            added += found
        return added

    def checkpoint(self, key: SigningKey, at: datetime) -> Signed:
        """Sequence what waits, sign the log as it then is, under the key's name, and store it.

        The last checkpoint stands where the log has not grown since.
        """
        self.catch_up()
        with self._database.begin() as store:
            [[(size, hashes, _)], last] = store.work.ask((STATE, ()), (LATEST, ()))
            if last and (newest := _signed(*last[0])).size == size:
                return newest
            root = Frontier(size, [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]).root()
            note = sign_note(checkpoint_text(key.name, size, root), key)
            store.work.queue(INSERT_CHECKPOINT, (size, root, note, micros(at)))
        return Signed(note, size, root, at)

    def add_note(self, note: str, at: datetime) -> None:
        """Store a note of a checkpoint that we signed, with cosignatures added; refuse CHECKPOINT_MISSING."""
        stated = _stated(note)
        with self._database.begin() as store:
            [known] = store.work.ask((AT_SIZE, (stated.size,)))
            if not known or _signed(*known[0]).root != stated.root:
                raise CHECKPOINT_MISSING.refuse("note", size=stated.size)
            store.work.queue(INSERT_CHECKPOINT, (stated.size, stated.root, note, micros(at)))

    def latest(self) -> Signed | None:
        """Return the newest checkpoint, None before the first."""
        with self._database.read() as store:
            [rows] = store.work.ask((LATEST, ()))
        return _signed(*rows[0]) if rows else None

    def tree(self) -> MerkleLog:
        """Return the tree over all that has a place, read on from where the last call stopped."""
        with self._lock, self._database.read() as store:
            while True:
                [rows] = store.work.ask((HASHES, (len(self._tree), BATCH)))
                self._tree.extend_hashes([found for (found,) in rows])
                if len(rows) < BATCH:
                    return self._tree

    def bundle(
        self,
        policy: Quorum,
        *,
        subject: str = "",
        size: int | None = None,
        older: int | None = None,
        openings: Mapping[str, Mapping[str, Opening]] = _NO_OPENINGS,
    ) -> bytes:
        """Return the proof of a subject's history, of the whole log where none is named, at the newest checkpoint.

        `size` asks for the checkpoint of that size instead, `older` adds the proof from an older one; `openings`: by
        fact, the personal parts to disclose. Refuses CHECKPOINT_MISSING, PROOF_BUNDLE.
        """
        tree = self.tree()
        with self._database.read() as store:
            newest = _checkpoint(store, size)
            state = State(newest.note, policy, None if older is None else _checkpoint(store, older).note)
            if subject:
                [rows] = store.work.ask((OF_SUBJECT, (subject, newest.size)))
            else:
                [rows] = store.work.ask((WHOLE, (0, newest.size, newest.size)))
        entries = [Entry(leaf, leaf_of(fact), openings.get(fact.id, {})) for leaf, fact in map(_leaf_and_fact, rows)]
        with self._lock:
            return make_bundle(tree, entries, scope_of(subject) if subject else WHOLE_LOG, state)

    def audit(self) -> list[str]:
        """Return what in the log does not hold together, in words: empty when all does.

        Each fact still gives the hash that was stored with it, leaves have no gap, no fact waits that should long have
        a place, and every checkpoint's root is that of the leaves up to its size.
        """
        problems: list[str] = []
        tree = MerkleLog()
        with self._database.read() as store:
            [[(size, _, settled_seq)]] = store.work.ask((READ_STATE, ()))
            while len(tree) < size:
                [rows] = store.work.ask((WHOLE, (len(tree), size, BATCH)))
                if not rows or [row[0] for row in rows] != list(range(len(tree), len(tree) + len(rows))):
                    return [*problems, f"leaf {len(tree)} or one soon after is missing"]
                problems += _edited(rows)
                tree.extend([leaf_of(fact).to_bytes() for _, fact in map(_leaf_and_fact, rows)])
            [lost] = store.work.ask((LOST, (settled_seq,)))
            problems += [f"fact {fact} has no place in the log" for (fact,) in lost]
            [notes] = store.work.ask((ALL_CHECKPOINTS, ()))
        for signed in (_signed(*row) for row in notes):
            if signed.size > len(tree) or tree.root(signed.size) != signed.root:
                problems.append(f"the checkpoint of size {signed.size} is of another history")
        return problems


READ_STATE = statement("log_state_read", "SELECT size, frontier, settled_seq FROM log_state WHERE id = 1")
LOST = statement(
    "log_lost",
    "SELECT id FROM facts WHERE seq <= ? "
    "AND NOT EXISTS (SELECT 1 FROM log_leaves WHERE log_leaves.fact_seq = facts.seq) ORDER BY seq LIMIT 20",
)


def _edited(rows: list[tuple[Any, ...]]) -> list[str]:
    """Return the facts whose columns no longer give the stored hash."""
    return [
        f"fact {row[1]} was edited: it no longer gives the hash that was stored with it"
        for row in rows
        if leaf_hash(leaf_of(fact_of(row[1:])).to_bytes()) != row[-1]
    ]


def _leaf_and_fact(row: tuple[Any, ...]) -> tuple[int, Fact]:
    return row[0], fact_of(row[1:])


def _checkpoint(store: UnitOfWork, size: int | None) -> Signed:
    [rows] = store.work.ask((LATEST, ()) if size is None else (AT_SIZE, (size,)))
    if not rows:
        raise CHECKPOINT_MISSING.refuse("size", size="-" if size is None else size)
    return _signed(*rows[0])


def _stated(note: str) -> Checkpoint:
    return parse_checkpoint(parse_note(note)[0])


def _signed(note: str, made_at: int) -> Signed:
    stated = _stated(note)
    return Signed(note, stated.size, stated.root, instant(made_at))
