"""What the log of facts shows to outsiders: its keys, checkpoints, inclusion, consistency, bundles."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from puhui.proof.note import Quorum
from puhui.storage.database import Database
from puhui.storage.fact_rows import leaf_of
from puhui.storage.log import ProofLog
from puhui.storage.refusals import CHECKPOINT_MISSING
from puhui.storage.session import statement

PLACE = statement(
    "log_place",
    "SELECT log_leaves.leaf FROM log_leaves JOIN facts ON facts.seq = log_leaves.fact_seq WHERE facts.id = ?",
)


class LogProofs:
    """The proofs of one log. `keys_text`: reads the file of public keys; `quorum`: whose word a bundle states."""

    def __init__(self, database: Database, keys_text: Callable[[], str], quorum: Callable[[], Quorum]) -> None:
        self._database = database
        self._keys_text = keys_text
        self._quorum = quorum
        self.log = ProofLog(database)

    def keys_text(self) -> str:
        """Return the file of public keys that a verifier needs."""
        return self._keys_text()

    def checkpoint(self) -> str:
        """Return the newest signed checkpoint; refuse CHECKPOINT_MISSING before the first."""
        return self._latest()[0]

    def inclusion(self, fact_id: str) -> Mapping[str, Any]:
        """Return the place of a fact's leaf and its proof at the newest checkpoint.

        Refuses FACT_MISSING, and CHECKPOINT_MISSING for a fact that is newer than it.
        """
        note, size = self._latest()
        with self._database.read() as store:
            fact = store.fact(fact_id)
            [rows] = store.work.ask((PLACE, (fact_id,)))
        index = int(rows[0][0]) if rows else size
        if index >= size:
            raise CHECKPOINT_MISSING.refuse("fact", size=index + 1)
        tree = self.log.tree()
        return {
            "fact": fact_id,
            "index": index,
            "size": size,
            "leaf": leaf_of(fact).to_bytes().decode(),
            "leaf_hash": _text(tree.leaf_digest(index)),
            "proof": [_text(each) for each in tree.inclusion(index, size)],
            "checkpoint": note,
        }

    def consistency(self, older: int, newer: int | None) -> Mapping[str, Any]:
        """Return the proof that the log of size `newer` (the newest checkpoint's) begins with that of `older`.

        Refuses PROOF_RANGE.
        """
        size = self._latest()[1] if newer is None else newer
        proof = self.log.tree().consistency(older, size)
        return {"older": older, "newer": size, "proof": [_text(each) for each in proof]}

    def bundle(self, subject: str) -> bytes:
        """Return the proof bundle of one subject's history at the newest checkpoint."""
        return self.log.bundle(self._quorum(), subject=subject)

    def _latest(self) -> tuple[str, int]:
        latest = self.log.latest()
        if latest is None:
            raise CHECKPOINT_MISSING.refuse("size", size="-")
        return latest.note, latest.size


def _text(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
