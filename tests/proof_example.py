"""A small log of a loan's life, its keys and its bundles: the example of the tests on proof."""

from datetime import UTC, date, datetime

from puhui.proof.bundle import WHOLE_LOG, Entry, State, make_bundle, subject
from puhui.proof.leaf import Leaf, Opening
from puhui.proof.merkle import MerkleLog
from puhui.proof.note import (
    COSIGNATURE,
    Quorum,
    SigningKey,
    TrustedKeys,
    add_cosignature,
    checkpoint_text,
    sign_note,
)

LOG = SigningKey.of_seed("puhui.example/log", bytes(range(32)))
WITNESSES = tuple(
    SigningKey.of_seed(f"{name}.example/witness", bytes([number] * 32), COSIGNATURE)
    for number, name in enumerate(("auditor", "core", "funder"), start=1)
)
KEYS = TrustedKeys(LOG.verifier, tuple(key.verifier for key in WITNESSES))
POLICY = Quorum(2, tuple(key.name for key in WITNESSES))
NAME = Opening(bytes([7] * 32), "张三")
STAMP = 1_767_225_600

FACTS = [
    ("agreement", "loan_a", 1, {"principal_minor": 5_000_000}, {"name": NAME.digest}),
    ("agreement", "loan_b", 1, {"principal_minor": 100}, {}),
    ("disbursement", "loan_a", 2, {"amount_minor": 5_000_000}, {}),
    ("repayment", "loan_b", 2, {"amount_minor": 100}, {}),
    ("repayment", "loan_a", 3, {"amount_minor": 430_000, "note": "秋收后"}, {}),
]
FACTS_LEAVES = tuple(
    Leaf(kind, who, number, date(2026, 1, day), datetime(2026, 1, day, 8, 30, tzinfo=UTC), body, personal)
    for day, (kind, who, number, body, personal) in enumerate(FACTS, start=1)
)


def the_log(leaves=FACTS_LEAVES):
    return MerkleLog(leaf.to_bytes() for leaf in leaves)


def checkpoint(log, size=None, witnesses=WITNESSES[:2], key=LOG):
    """Return the signed and cosigned checkpoint of `log` at `size`."""
    size = len(log) if size is None else size
    note = sign_note(checkpoint_text(key.name, size, log.root(size)), key)
    for witness in witnesses:
        note = add_cosignature(note, witness, STAMP)
    return note


def entries(who="loan_a"):
    """Return the leaves of one loan, the borrower's name disclosed; of all with None."""
    return [
        Entry(index, leaf, {"name": NAME} if leaf.personal else {})
        for index, leaf in enumerate(FACTS_LEAVES)
        if who in (None, leaf.subject)
    ]


def loan_bundle(older=3, witnesses=WITNESSES[:2]):
    """Return the bundle of loan_a's history, with the proof from an older checkpoint unless None."""
    log = the_log()
    before = None if older is None else checkpoint(log, older, witnesses)
    state = State(checkpoint(log, witnesses=witnesses), POLICY, before)
    return make_bundle(log, entries(), subject("loan_a"), state)


def whole_bundle():
    """Return the bundle of the whole log."""
    log = the_log()
    return make_bundle(log, entries(None), WHOLE_LOG, State(checkpoint(log), POLICY))
