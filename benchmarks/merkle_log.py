"""The proof log on one core: appends, appends with fsync, proofs, checks, against SHA-256 itself in the same run."""

import hashlib
import os
import random
import sys
import tempfile
from datetime import UTC, date, datetime

from measure import Stopwatch, one_core, peak_mb, percentiles, short_hash
from puhui.proof.bundle import WHOLE_LOG, Entry, State, make_bundle
from puhui.proof.leaf import Leaf
from puhui.proof.merkle import Frontier, MerkleLog, verify_consistency, verify_inclusion
from puhui.proof.note import Quorum, SigningKey, TrustedKeys, checkpoint_text, sign_note
from puhui.proof.verify import verify_bundle

BATCH = 1_000
LEAF_BYTES = 64


def rate(count, function):
    """Return what `function()` returns and how many a second that was."""
    with Stopwatch() as watch:
        result = function()
    return result, count / watch.seconds


def raw_limit(leaves):
    """Hash as often as the log must, and nothing else: one leaf and one pair for each append."""
    sha256, pair = hashlib.sha256, b"\1" + bytes(64)
    for leaf in leaves:
        sha256(leaf).digest()
        sha256(pair).digest()


def one_by_one(log, leaves):
    """Append each leaf by itself."""
    append = log.append
    for leaf in leaves:
        append(leaf)
    return log


def durable(leaves):
    """Append in batches: write the leaves to a file, fsync, then the tree and its root."""
    log, roots = MerkleLog(), []
    with tempfile.NamedTemporaryFile() as file:
        for start in range(0, len(leaves), BATCH):
            batch = leaves[start : start + BATCH]
            file.write(b"".join([len(leaf).to_bytes(4, "big") + leaf for leaf in batch]))
            file.flush()
            os.fsync(file.fileno())
            log.extend(batch)
            roots.append(log.root())
    return log


def facts(count):
    """Return `count` repayments as leaves."""
    at = datetime(2026, 1, 1, 8, 30, tzinfo=UTC)
    return [
        Leaf("repayment", f"loan_{number}", 1, date(2026, 1, 1), at, {"amount_minor": 10_000 + number})
        for number in range(count)
    ]


def whole_bundle(leaves):
    """Return the bundle of the whole log of `leaves`, and the keys to check it with."""
    log = MerkleLog(leaf.to_bytes() for leaf in leaves)
    key = SigningKey.of_seed("benchmark/log", bytes(32))
    note = sign_note(checkpoint_text(key.name, len(log), log.root()), key)
    entries = [Entry(index, leaf) for index, leaf in enumerate(leaves)]
    return make_bundle(log, entries, WHOLE_LOG, State(note, Quorum())), TrustedKeys(key.verifier)


def main(count=1_000_000, proofs=50_000, disclosed=20_000):
    """Print rates; targets: 589,000 appends a second, 57,000 with fsync, 50,000 proofs."""
    one_core()
    chance = random.Random(1)
    leaves = [chance.randbytes(LEAF_BYTES) for _ in range(count)]
    _, limit = rate(count, lambda: raw_limit(leaves))
    log, many = rate(count, lambda: MerkleLog(leaves))
    single, singly = rate(count, lambda: one_by_one(MerkleLog(), leaves))
    edge, edges = rate(count, lambda: one_by_one(Frontier(), leaves))
    safe, safely = rate(count, lambda: durable(leaves))
    assert log.root() == single.root() == edge.root() == safe.root()
    places = [chance.randrange(count) for _ in range(proofs)]
    included, proving = rate(proofs, lambda: [log.inclusion(place) for place in places])
    grown, growing = rate(proofs, lambda: [log.consistency(place) for place in places])
    root, pairs = log.root(), list(zip(places, included, strict=True))
    checked, checking = rate(proofs, lambda: all(verify_inclusion(leaves[i], i, count, p, root) for i, p in pairs))
    assert checked
    assert verify_consistency(places[0], count, grown[0], log.root(places[0]), root)
    made = facts(disclosed)
    _, written = rate(disclosed, lambda: [leaf.to_bytes() for leaf in made])
    (bundle, keys), bundled = rate(disclosed, lambda: whole_bundle(made))
    report, verified = rate(disclosed, lambda: verify_bundle(bundle, keys, Quorum()))
    assert report.verified
    middle, high = percentiles(log.root, 200)
    print(f"{count:,} leaves of {LEAF_BYTES} bytes; the limit, two SHA-256 an append: {limit:,.0f} a second")
    print(f"appends at once {many:,.0f} a second (target 589,000), {many / limit:.0%} of the limit")
    print(f"appends one by one {singly:,.0f} a second; right edge only {edges:,.0f} a second")
    print(f"appends {BATCH} a batch with fsync and root {safely:,.0f} a second (target 57,000)")
    print(
        f"inclusion proofs {proving:,.0f} a second (target 50,000), consistency {growing:,.0f}, checks {checking:,.0f}"
    )
    print(f"leaves to canonical JSON {written:,.0f} a second; root p50 {middle * 1e6:.1f} us, p99 {high * 1e6:.1f} us")
    print(f"whole bundle of {disclosed:,}: made {bundled:,.0f}, verified {verified:,.0f} leaves a second")
    print(f"peak {peak_mb():.0f} MB; hash {short_hash(root, *included[0], *grown[0], bundle)}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
