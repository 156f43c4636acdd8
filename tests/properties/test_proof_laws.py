"""Laws of the proof: every proof of every size verifies, nothing else does, no byte of a bundle is free."""

import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proof_example import KEYS, POLICY, loan_bundle, whole_bundle
from puhui.proof.leaf import canonical
from puhui.proof.merkle import Frontier, MerkleLog, verify_consistency, verify_inclusion, whole_root
from puhui.proof.verify import Unreadable, verify_bundle

LARGEST = 70
LEAVES = [b"leaf %d" % n for n in range(LARGEST)]
LOG = MerkleLog(LEAVES)


# The definitions of RFC 9162, 2.1, word for word: slow, recursive, independent of ours.


def split(n):
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def mth(leaves):
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = split(len(leaves))
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m, leaves):
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    return [*path(m, leaves[:k]), mth(leaves[k:])] if m < k else [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m, leaves, known):
    if m == len(leaves):
        return [] if known else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], known), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


ROOTS = [mth(LEAVES[:size]) for size in range(LARGEST + 1)]


def test_roots_of_every_size():
    frontier = Frontier()
    for size, root in enumerate(ROOTS):
        assert LOG.root(size) == frontier.root() == whole_root(LEAVES[:size]) == root
        assert LOG.frontier(size).hashes == frontier.hashes
        if size < LARGEST:
            frontier.append(LEAVES[size])


@pytest.mark.parametrize("size", [*range(1, 18), 31, 32, 33, 63, 64, 65, LARGEST])
def test_every_inclusion_proof_is_the_definition_s_and_verifies(size):
    for index in range(size):
        proof = LOG.inclusion(index, size)
        assert proof == path(index, LEAVES[:size])
        assert verify_inclusion(LEAVES[index], index, size, proof, ROOTS[size])


@pytest.mark.parametrize("newer", [*range(1, 18), 31, 32, 33, 63, 64, 65, LARGEST])
def test_every_consistency_proof_is_the_definition_s_and_verifies(newer):
    for older in range(1, newer + 1):
        proof = LOG.consistency(older, newer)
        assert proof == subproof(older, LEAVES[:newer], True)
        assert verify_consistency(older, newer, proof, ROOTS[older], ROOTS[newer])


sizes = st.integers(2, LARGEST)


@given(st.lists(st.binary(max_size=40), max_size=60), st.integers(0, 60))
def test_one_by_one_and_many_at_once_are_one_log(leaves, cut):
    at_once, mixed = MerkleLog(leaves), MerkleLog(leaves[:cut])
    for leaf in leaves[cut : cut + 3]:
        mixed.append(leaf)
    mixed.extend(leaves[cut + 3 :])
    assert len(mixed) == len(at_once) == len(leaves)
    for size in range(len(leaves) + 1):
        assert mixed.root(size) == at_once.root(size)
    assert at_once.root() == mth(leaves)


@given(sizes, st.data())
def test_a_proof_with_any_bit_flipped_verifies_nothing(size, data):
    index = data.draw(st.integers(0, size - 1))
    proof = LOG.inclusion(index, size)
    step, bit = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 255))
    proof[step] = (int.from_bytes(proof[step], "big") ^ 1 << bit).to_bytes(32, "big")
    assert not verify_inclusion(LEAVES[index], index, size, proof, ROOTS[size])


@given(sizes, st.data())
def test_a_proof_shows_only_its_own_leaf_at_its_own_place(size, data):
    index, other = data.draw(st.lists(st.integers(0, size - 1), min_size=2, max_size=2, unique=True))
    proof = LOG.inclusion(index, size)
    assert not verify_inclusion(LEAVES[other], index, size, proof, ROOTS[size])
    assert not verify_inclusion(LEAVES[index], other, size, proof, ROOTS[size])


@given(sizes, st.data())
def test_a_log_with_one_leaf_changed_is_never_consistent(newer, data):
    older = data.draw(st.integers(1, newer - 1))
    place = data.draw(st.integers(0, older - 1))
    forged = MerkleLog([*LEAVES[:place], b"forged", *LEAVES[place + 1 : newer]])
    for proof in (LOG.consistency(older, newer), forged.consistency(older)):
        assert not verify_consistency(older, newer, proof, ROOTS[older], forged.root())


whole_json = st.recursive(
    st.none() | st.booleans() | st.integers(1 - 2**53, 2**53 - 1) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(whole_json)
def test_canonical_text_reads_back_and_is_its_own(value):
    text = canonical(value)
    assert json.loads(text) == value
    assert canonical(json.loads(text)) == text


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 9)), st.randoms())
def test_the_order_in_which_a_fact_was_put_together_does_not_show(value, random):
    keys = list(value)
    random.shuffle(keys)
    assert canonical({key: value[key] for key in keys}) == canonical(value)


def passes(raw):
    try:
        return verify_bundle(raw, KEYS, POLICY).verified
    except Unreadable:
        return False


@pytest.mark.parametrize("bundle", [loan_bundle(), whole_bundle()], ids=["loan", "whole log"])
def test_no_byte_of_a_bundle_can_be_flipped(bundle):
    assert passes(bundle)
    free = [at for at in range(len(bundle)) if passes(flipped(bundle, at, 1))]
    assert free == []


@pytest.mark.parametrize("bundle", [loan_bundle(), whole_bundle()], ids=["loan", "whole log"])
def test_no_byte_of_a_bundle_can_be_left_out(bundle):
    assert [at for at in range(0, len(bundle), 3) if passes(bundle[:at] + bundle[at + 1 :])] == []


LOAN = loan_bundle()


@settings(max_examples=300)
@given(st.integers(0, len(LOAN) - 1), st.integers(1, 255))
def test_no_byte_of_a_bundle_can_become_another(at, mask):
    assert not passes(flipped(LOAN, at, mask))


def flipped(bundle, at, mask):
    return bundle[:at] + bytes([bundle[at] ^ mask]) + bundle[at + 1 :]
