"""Proofs: signed checkpoints of the log of facts, and what shows that a fact is in it and stays there."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Query, Response

from puhui.api.fields import FactId, LoanId
from puhui.api.routing import Call, JsonObject, PlainText, Routes
from puhui.kernel.inputs import Record, parse
from puhui.kernel.language import Text
from puhui.kernel.refusals import Refusal
from puhui.people.access import NOT_FOUND

Size = Annotated[int, Query(ge=0, le=2**53)]

routes = Routes("proofs", Text("存证", "Proofs"))


class InclusionOut(Record):
    """Where a fact's leaf (its canonical JSON) stands, and the hashes from it to the checkpoint's root, base64.

    RFC 9162, 2.1.3: `leaf_hash` is SHA-256 of a zero byte and the leaf.
    """

    fact: str
    index: int
    size: int
    leaf: str
    leaf_hash: str
    proof: tuple[str, ...]
    checkpoint: str


class ConsistencyOut(Record):
    """The hashes that show that the log of size `older` is the beginning of that of size `newer`, base64."""

    older: int
    newer: int
    proof: tuple[str, ...]


@routes.get("/proofs/checkpoint", "proofs.read", Text("最新检查点（签名）", "The newest signed checkpoint"))
def read_checkpoint(call: Call) -> PlainText:
    """Read the newest checkpoint: a signed note (C2SP)."""
    return Response(call.platform.proof.checkpoint(), media_type="text/plain")


@routes.get("/proofs/keys", "proofs.read", Text("验证公钥", "The keys that a verifier needs"))
def read_keys(call: Call) -> PlainText:
    """Read the file of public keys that `puhui verify` needs. Compare it with one that you were given by hand."""
    return Response(call.platform.proof.keys_text(), media_type="text/plain")


@routes.get(
    "/proofs/inclusion/{fact_id}", "proofs.read_fact", Text("事实在日志中的证明", "Proof that a fact is in the log")
)
def read_inclusion(call: Call, fact_id: FactId) -> InclusionOut:
    """Read the proof that a fact about a loan is in the log.

    A fact about a loan out of reach, or about no loan, is answered as one that is not there.
    """
    with call.read() as books:
        try:
            call.loan(books, books.store.fact(fact_id).subject)
        except Refusal as refusal:
            if refusal.status != HTTPStatus.NOT_FOUND:
                raise
            raise NOT_FOUND.refuse("fact") from None
    return parse(InclusionOut, call.platform.proof.inclusion(fact_id))


@routes.get("/proofs/consistency", "proofs.read", Text("日志只增不改的证明", "Proof that the log only grew"))
def read_consistency(
    call: Call, older: Size, newer: Annotated[int | None, Query(ge=0, le=2**53)] = None
) -> ConsistencyOut:
    """Read the proof that the log of one size begins with the log of a smaller size."""
    return parse(ConsistencyOut, call.platform.proof.consistency(older, newer))


@routes.get("/loans/{loan_id}/proof", "proofs.read_fact", Text("贷款的存证包", "The proof bundle of a loan"))
def read_bundle(call: Call, loan_id: LoanId) -> JsonObject:
    """Read the proof of a loan's whole history, one file for `puhui verify`."""
    with call.read() as books:
        call.loan(books, loan_id)
    return Response(call.platform.proof.bundle(loan_id), media_type="application/json")
