"""The Merkle tree against the published tree of Certificate Transparency, row by row."""

import csv
from pathlib import Path

import pytest

from puhui.kernel.refusals import Refusal
from puhui.proof.merkle import (
    EMPTY_ROOT,
    Frontier,
    MerkleLog,
    node_hash,
    verify_consistency,
    verify_inclusion,
    whole_root,
)

# Roots and proofs that the projects of Certificate Transparency publish for these eight leaves.
ROWS = list(csv.DictReader((Path(__file__).parent / "merkle_tree.csv").read_text(encoding="utf-8").splitlines()))
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
LOG = MerkleLog(LEAVES)


def rows(what):
    found = [(int(row["first"] or 0), int(row["size"]), row["hashes"].split()) for row in ROWS if row["what"] == what]
    return pytest.mark.parametrize(("first", "size", "hashes"), found)


def raw(hashes):
    return [bytes.fromhex(each) for each in hashes]


@rows("root")
def test_published_root(first, size, hashes):
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier.append(leaf)
    one_by_one = MerkleLog()
    for leaf in LEAVES[:size]:
        one_by_one.append(leaf)
    found = [LOG.root(size), frontier.root(), one_by_one.root(), whole_root(LEAVES[:size])]
    assert found == raw(hashes) * 4


@rows("inclusion")
def test_published_inclusion_proof(first, size, hashes):
    assert LOG.inclusion(first, size) == raw(hashes)
    assert verify_inclusion(LEAVES[first], first, size, raw(hashes), LOG.root(size))


@rows("consistency")
def test_published_consistency_proof(first, size, hashes):
    assert LOG.consistency(first, size) == raw(hashes)
    assert verify_consistency(first, size, raw(hashes), LOG.root(first), LOG.root(size))


def test_every_published_row_is_there():
    assert [sum(row["what"] == what for row in ROWS) for what in ("root", "inclusion", "consistency")] == [9, 5, 4]


def test_a_log_goes_on_from_its_frontier():
    kept = LOG.frontier(5)
    assert (kept.size, len(kept.hashes)) == (5, 2)
    later = Frontier(5, kept.hashes)
    assert [later.append(leaf) for leaf in LEAVES[5:]] == [5, 6, 7]
    assert later.root() == LOG.root()
    with pytest.raises(AssertionError):
        Frontier(5, kept.hashes[:1])


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: LOG.root(9), "size"),
        (lambda: LOG.root(-1), "size"),
        (lambda: LOG.inclusion(8), "index"),
        (lambda: LOG.inclusion(5, 5), "index"),
        (lambda: LOG.inclusion(-1), "index"),
        (lambda: LOG.inclusion(0, 0), "index"),
        (lambda: LOG.consistency(6, 5), "older"),
        (lambda: LOG.consistency(-1), "older"),
        (lambda: LOG.leaf_digest(8), "index"),
    ],
)
def test_outside_the_log_is_refused(call, field):
    with pytest.raises(Refusal) as refused:
        call()
    assert (refused.value.code, refused.value.fields) == ("PROOF_RANGE", (field,))


ROOT, PROOF = LOG.root(), LOG.inclusion(5)


@pytest.mark.parametrize(
    ("leaf", "index", "size", "proof", "root"),
    [
        (LEAVES[4], 5, 8, PROOF, ROOT),
        (LEAVES[5], 4, 8, PROOF, ROOT),
        (LEAVES[5], 5, 6, PROOF, ROOT),
        (LEAVES[5], 13, 8, PROOF, ROOT),
        (LEAVES[5], -1, 8, PROOF, ROOT),
        (LEAVES[5], 5, 8, PROOF[:-1], ROOT),
        (LEAVES[5], 5, 8, [*PROOF, ROOT], ROOT),
        (LEAVES[5], 5, 8, PROOF[::-1], ROOT),
        (LEAVES[5], 5, 8, PROOF, LOG.root(7)),
        (LEAVES[0], 0, 0, [], EMPTY_ROOT),
        (LEAVES[0], 0, 2, [], LOG.root(1)),
        # A node passed off as a leaf: the first byte tells them apart.
        (LOG.leaf_digest(0) + LOG.leaf_digest(1), 0, 4, LOG.inclusion(0, 8)[1:], ROOT),
    ],
)
def test_false_inclusion_is_not_believed(leaf, index, size, proof, root):
    assert verify_inclusion(LEAVES[5], 5, 8, PROOF, ROOT)
    assert not verify_inclusion(leaf, index, size, proof, root)


GROWN = LOG.consistency(6)


@pytest.mark.parametrize(
    ("older", "newer", "proof", "old_root", "new_root"),
    [
        (6, 8, GROWN, LOG.root(5), ROOT),
        (6, 8, GROWN, LOG.root(6), LOG.root(7)),
        (5, 8, GROWN, LOG.root(5), ROOT),
        (6, 8, GROWN[:-1], LOG.root(6), ROOT),
        (6, 8, [*GROWN, ROOT], LOG.root(6), ROOT),
        (6, 8, [], LOG.root(6), ROOT),
        (8, 6, GROWN, ROOT, LOG.root(6)),
        (8, 8, [], LOG.root(7), ROOT),
        (8, 8, [ROOT], ROOT, ROOT),
        (4, 8, [], LOG.root(4), ROOT),
        (0, 8, [], LOG.root(1), ROOT),
        (0, 8, [ROOT], EMPTY_ROOT, ROOT),
        (-1, 8, [], EMPTY_ROOT, ROOT),
    ],
)
def test_false_consistency_is_not_believed(older, newer, proof, old_root, new_root):
    assert verify_consistency(6, 8, GROWN, LOG.root(6), ROOT)
    assert not verify_consistency(older, newer, proof, old_root, new_root)


def test_from_nothing_anything_grows():
    assert verify_consistency(0, 8, [], EMPTY_ROOT, ROOT)
    assert verify_consistency(0, 0, [], EMPTY_ROOT, EMPTY_ROOT)
    assert not verify_consistency(0, 0, [], ROOT, ROOT)
    assert LOG.consistency(0) == LOG.consistency(8) == []


def test_left_and_right_differ():
    one, two = LOG.leaf_digest(0), LOG.leaf_digest(1)
    assert node_hash(one, two) == LOG.root(2) != node_hash(two, one)
