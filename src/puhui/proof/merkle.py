"""The append-only Merkle tree of RFC 9162 (as RFC 6962) over leaves of bytes, and its proofs.

`MerkleLog` holds every whole node, two for each leaf, and proves; `Frontier` holds only the whole subtrees of the
right edge, at most 32 bytes for each bit of the size, and states roots. The checks stand in `verify`, the one file
that an outsider reads.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

from puhui.kernel.refusals import declare
from puhui.proof.verify import (
    EMPTY_ROOT,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
    whole_root,
)

__all__ = [
    "EMPTY_ROOT",
    "Frontier",
    "MerkleLog",
    "leaf_hash",
    "node_hash",
    "verify_consistency",
    "verify_inclusion",
    "whole_root",
]

PROOF_RANGE = declare(
    "PROOF_RANGE",
    422,
    "{field} 应在 {low} 至 {high} 之间：{value}",
    "{field} must be from {low} to {high}: {value}",
)


class Frontier:
    """The right edge of a log: enough to append and to state the root, not to prove.

    `hashes` are the roots of the whole subtrees, the largest first: one for each bit that is set in `size`.
    """

    __slots__ = ("_hashes", "_size")

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        assert size >= 0
        assert size.bit_count() == len(hashes), "a frontier has one hash for each bit that is set in its size"
        self._size = size
        self._hashes = list(hashes)

    @property
    def size(self) -> int:
        """How many leaves the log has."""
        return self._size

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """What a store keeps, to go on from here."""
        return tuple(self._hashes)

    def append(self, leaf: bytes) -> int:
        """Append a leaf; return its index."""
        return self.append_hash(leaf_hash(leaf))

    def append_hash(self, found: bytes) -> int:
        """Append a leaf by its hash; return its index."""
        index = self._size
        rest = index
        while rest & 1:
            found = node_hash(self._hashes.pop(), found)
            rest >>= 1
        self._hashes.append(found)
        self._size = index + 1
        return index

    def root(self) -> bytes:
        """Return the root of the log as it is."""
        return _folded(self._hashes)


class MerkleLog:
    """A log that proves: the whole nodes of every level, level 0 the hashes of the leaves."""

    __slots__ = ("_edges", "_levels")

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._levels: list[list[bytes]] = [[]]
        self._edges: tuple[int, dict[int, bytes]] = (0, {})
        self.extend(leaves)

    def __len__(self) -> int:
        return len(self._levels[0])

    def append(self, leaf: bytes) -> int:
        """Append a leaf; return its index."""
        levels = self._levels
        row = levels[0]
        index = rest = len(row)
        found = sha256(b"\0" + leaf).digest()
        row.append(found)
        level = 0
        while rest & 1:
            found = sha256(b"\1" + row[-2] + found).digest()
            level, rest = level + 1, rest >> 1
            if level == len(levels):
                levels.append([])
            row = levels[level]
            row.append(found)
        return index

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Append many leaves, level by level: faster than one by one."""
        self.extend_hashes([sha256(b"\0" + leaf).digest() for leaf in leaves])

    def extend_hashes(self, hashes: Iterable[bytes]) -> None:
        """Append many leaves by their hashes, for a store that keeps those."""
        self._levels[0] += hashes
        level = 0
        while len(self._levels[level]) > 1:
            if level + 1 == len(self._levels):
                self._levels.append([])
            below, above = self._levels[level], self._levels[level + 1]
            fresh = iter(below[2 * len(above) :])
            above += [sha256(b"\1" + left + right).digest() for left, right in zip(fresh, fresh, strict=False)]
            level += 1

    def leaf_digest(self, index: int) -> bytes:
        """Return the hash of leaf `index`; refuse PROOF_RANGE."""
        _within("index", index, 0, len(self) - 1)
        return self._whole(0, index)

    def frontier(self, size: int | None = None) -> Frontier:
        """Return the right edge at `size`, now by default."""
        size = self._size(size)
        bits = [level for level in reversed(range(size.bit_length())) if size >> level & 1]
        return Frontier(size, [self._whole(level, (size >> level) - 1) for level in bits])

    def root(self, size: int | None = None) -> bytes:
        """Return the root when the log had `size` leaves, now by default; refuse PROOF_RANGE."""
        return self.frontier(size).root()

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """Return the proof that leaf `index` is in the tree of `size`; refuse PROOF_RANGE."""
        size = self._size(size)
        _within("index", index, 0, size - 1)
        return self._path(0, index, size)

    def consistency(self, older: int, newer: int | None = None) -> list[bytes]:
        """Return the proof that the tree of `newer` leaves only appends to that of `older`; refuse PROOF_RANGE."""
        newer = self._size(newer)
        _within("older", older, 0, newer)
        if older in (0, newer):
            return []
        level, at = 0, older - 1
        while at & 1:
            level, at = level + 1, at >> 1
        first = [self._whole(level, at)] if at else []
        return first + self._path(level, at, newer)

    def _path(self, level: int, at: int, size: int) -> list[bytes]:
        """Return the siblings on the way from node `at` of `level` up to the root of the tree of `size`."""
        if self._edges[0] != size:
            self._edges = (size, {})  # the right edge of one size never changes, and many proofs ask for it
        edges = self._edges[1]
        last = (size - 1) >> level
        path: list[bytes] = []
        levels = self._levels
        while last:
            sibling = at ^ 1
            if sibling < last:
                path.append(levels[level][sibling])
            elif sibling == last:
                if level not in edges:
                    edges[level] = self._edge(level, size)
                path.append(edges[level])
            level, at, last = level + 1, at >> 1, last >> 1
        return path

    def _edge(self, level: int, size: int) -> bytes:
        """Return the last node of `level` in the tree of `size`, whole or not."""
        rest = size & ((1 << level) - 1)
        if not rest:
            return self._whole(level, (size >> level) - 1)
        bits = [low for low in reversed(range(rest.bit_length())) if rest >> low & 1]
        return _folded([self._whole(low, (size >> low) - 1) for low in bits])

    def _whole(self, level: int, at: int) -> bytes:
        return self._levels[level][at]

    def _size(self, size: int | None) -> int:
        if size is None:
            return len(self)
        _within("size", size, 0, len(self))
        return size


def _folded(hashes: Sequence[bytes]) -> bytes:
    """Return the root over whole subtrees, the largest first."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in hashes[-2::-1]:
        root = node_hash(left, root)
    return root


def _within(field: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise PROOF_RANGE.refuse(field, low=low, high=high, value=value)
