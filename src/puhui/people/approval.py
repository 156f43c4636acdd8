"""Four eyes: what one person asks for and another, with the right role, approves; never one alone.

An approval is for one exact input (its hash), of one asker, for a time, and once. What the approver sees is the very
text that was hashed.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from puhui.kernel.clock import business_date
from puhui.kernel.facts import Fact
from puhui.kernel.ids import new_id
from puhui.kernel.refusals import declare
from puhui.people.access import NOT_FOUND, Actor, Resource, Span
from puhui.people.permissions import Action, action_of

APPROVAL_UNFIT = declare(
    "APPROVAL_UNFIT",
    422,
    "该批准不适用于此请求：操作、内容或申请人不同。请重新申请。",
    "The approval is not for this request: another action, content or asker. Ask anew.",
)
APPROVAL_CLOSED = declare(
    "APPROVAL_CLOSED",
    409,
    "该申请已不能使用，状态：{state}。请重新申请。",
    "The approval can no longer be used; it is {state}. Ask anew.",
)
APPROVAL_WAITS = declare(
    "APPROVAL_WAITS",
    409,
    "该申请尚未获批准。请等待另一位有权人员批准。",
    "Nobody has approved it yet. Wait for a second person with the right role.",
)
APPROVAL_OWN = declare(
    "APPROVAL_OWN",
    403,
    "不能审批自己提出的申请。请由另一位有权人员审批。",
    "Nobody decides on what he asked for himself. A second person with the right role must.",
)
APPROVER_UNFIT = declare(
    "APPROVER_UNFIT",
    403,
    "您的角色、机构或地区无权审批此申请。需要的角色：{roles}。",
    "Your role, institution or region may not decide on this. Roles that may: {roles}.",
)

VALID = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Approval:
    """One asking and what became of it. `state`: asked, approved, refused, used; whether it ran out is by the clock.

    `asked_by`: the account or key; `asker`: the person behind, "" when none. `input`: the canonical text.
    """

    id: str
    action: str
    subject: str
    resource: Resource
    input: str
    input_digest: bytes
    asked_by: str
    asker: str
    asked_at: datetime
    expires_at: datetime
    state: str = "asked"
    decided_by: str = ""
    decided_at: datetime | None = None
    used_at: datetime | None = None

    def state_at(self, now: datetime) -> str:
        """Return the state, or "expired" for one that was asked or approved and has run out."""
        return "expired" if self.state in ("asked", "approved") and now >= self.expires_at else self.state


@dataclass(frozen=True, slots=True)
class Asking:
    """What someone wants to do: the action, the thing (its id, where it is) and the exact input in canonical JSON."""

    action: Action
    subject: str
    resource: Resource
    input: bytes

    def digest(self) -> bytes:
        """Return the hash that binds an approval to this action, this thing and this input."""
        parts = (self.action.name.encode(), self.subject.encode(), self.input)
        whole = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        return hashlib.sha256(whole).digest()


def ask(actor: Actor, asking: Asking, now: datetime) -> Approval:
    """Return a new approval that waits for its second person; it runs out after 72 hours."""
    assert asking.action.approvers, f"{asking.action.name} needs no second person"
    return Approval(
        id=new_id("approval"),
        action=asking.action.name,
        subject=asking.subject,
        resource=asking.resource,
        input=asking.input.decode(),
        input_digest=asking.digest(),
        asked_by=actor.id,
        asker=actor.person,
        asked_at=now,
        expires_at=now + VALID,
    )


def decide(approval: Approval, actor: Actor, now: datetime, *, approve: bool) -> Approval:
    """Return the approval after the second person's word.

    Refuses APPROVAL_OWN (also for a key that the person made), APPROVER_UNFIT (role, institution, region, or a key),
    APPROVAL_CLOSED (decided, used or expired).
    """
    if actor.id == approval.asked_by or (actor.person and actor.person == approval.asker):
        raise APPROVAL_OWN.refuse("approval")
    if not may_decide(approval, actor):
        roles = ", ".join(sorted(action_of(approval.action).approvers))
        raise APPROVER_UNFIT.refuse("approval", roles=roles)
    _still(approval, "asked", now)
    return replace(approval, state="approved" if approve else "refused", decided_by=actor.person, decided_at=now)


def may_decide(approval: Approval, actor: Actor) -> bool:
    """Return whether the actor is a person with a role that decides on this, where the thing is."""
    approvers = action_of(approval.action).approvers
    return actor.is_person and any(
        grant.role in approvers and Span(grant.institution, grant.region).covers(approval.resource)
        for grant in actor.grants
    )


def use(approval: Approval | None, actor: Actor, asking: Asking, now: datetime) -> Approval:
    """Return the approval used up by its asker for exactly what was approved.

    Refuses NOT_FOUND, APPROVAL_UNFIT (another asker, action, thing or input), APPROVAL_WAITS, APPROVAL_CLOSED.
    """
    if approval is None:
        raise NOT_FOUND.refuse("approval")
    if approval.asked_by != actor.id or approval.input_digest != asking.digest():
        raise APPROVAL_UNFIT.refuse("approval")
    if approval.state_at(now) == "asked":
        raise APPROVAL_WAITS.refuse("approval")
    _still(approval, "approved", now)
    return replace(approval, state="used", used_at=now)


def fact_of(approval: Approval, actor: Actor, sequence: int, now: datetime) -> Fact:
    """Return the fact that the approval is now asked, approved, refused or used, and by whom."""
    body = {"action": approval.action, "subject": approval.subject, "input_sha256": approval.input_digest.hex()}
    kind = f"approval_{approval.state}"
    return Fact(new_id("fact"), approval.id, sequence, kind, business_date(now), now, body, actor=actor.id)


def _still(approval: Approval, state: str, now: datetime) -> None:
    stands = approval.state_at(now)
    if stands != state:
        raise APPROVAL_CLOSED.refuse("approval", state=stands)
