"""Approvals: what waits for a second person, and his yes or no."""

from typing import Literal

from pydantic import ConfigDict

from puhui.api.answers import ApprovalOut, approval_out
from puhui.api.fields import ApprovalId
from puhui.api.routing import Call, Given, Routes
from puhui.kernel.inputs import Record
from puhui.kernel.language import Text
from puhui.people.four_eyes import decide, is_visible, visible

routes = Routes("approvals", Text("双人批准", "Four eyes"))


class DecisionIn(Record):
    """The second person's word."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"decision": "approve"}]})

    decision: Literal["approve", "refuse"]


class ApprovalsOut(Record):
    """What waits for a second person, the oldest first."""

    items: tuple[ApprovalOut, ...]


@routes.get("/approvals", "approvals.read", Text("待批准列表", "List what waits"))
def list_approvals(call: Call) -> ApprovalsOut:
    """List what the caller asked for himself, and what he may decide on."""
    with call.read() as books:
        found = [each for each in books.people.approvals.waiting(call.at) if is_visible(each, call.access.actor)]
    return ApprovalsOut(items=tuple(approval_out(each, call.at) for each in found))


@routes.get("/approvals/{approval_id}", "approvals.read", Text("查询批准", "Read an approval"))
def read_approval(call: Call, approval_id: ApprovalId) -> ApprovalOut:
    """Read an approval: exactly what is asked for, and what became of it."""
    with call.read() as books:
        return approval_out(visible(books.people, call.access.actor, approval_id), call.at)


@routes.post(
    "/approvals/{approval_id}/decision", "approvals.decide", Text("批准或拒绝", "Approve or refuse"), status=200
)
def decide_approval(call: Call, approval_id: ApprovalId, body: Given[DecisionIn]) -> ApprovalOut:
    """Approve or refuse what another asked for. Who asked sends the same request again, naming the approval."""
    approve = body.decision in ("approve",)
    with call.begin() as books:
        return approval_out(decide(books.people, call.access.actor, approval_id, call.at, approve=approve), call.at)
