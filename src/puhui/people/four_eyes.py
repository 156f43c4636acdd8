"""Asking for a second person, deciding, and using what was approved: services over the ports.

The first sends his request; it comes back as `Asked`, to be answered 202 with the approval's id. A second person
approves. The first sends the very same request again, with the id: it is `Granted`, used up in the same transaction.
"""

from dataclasses import dataclass
from datetime import datetime

from puhui.people import approval as approvals
from puhui.people.access import NOT_FOUND, Actor
from puhui.people.approval import APPROVAL_CLOSED, Approval, Asking, may_decide
from puhui.people.ports import People


@dataclass(frozen=True, slots=True)
class Asked:
    """Nothing is done yet: this approval waits for its second person."""

    approval: Approval


@dataclass(frozen=True, slots=True)
class Granted:
    """It may be done, now, in this transaction. `approved_by`: the second person, "" where none is needed."""

    approved_by: str = ""


def require(people: People, actor: Actor, asking: Asking, approval_id: str | None, now: datetime) -> Asked | Granted:
    """Return whether the request may be done now, or what it waits for.

    Refuses NOT_FOUND, APPROVAL_UNFIT, APPROVAL_WAITS, APPROVAL_CLOSED.
    """
    if not asking.action.approvers:
        return Granted()
    if not approval_id:
        asked = approvals.ask(actor, asking, now)
        people.approvals.add(asked)
        _record(people, asked, actor, now)
        return Asked(asked)
    before = people.approvals.by_id(approval_id)
    used = approvals.use(before, actor, asking, now)
    assert before is not None, "use() refuses what is not there"
    _change(people, before, used)
    _record(people, used, actor, now)
    return Granted(used.decided_by)


def decide(people: People, actor: Actor, approval_id: str, now: datetime, *, approve: bool) -> Approval:
    """Return an approval after the second person's yes or no.

    Refuses NOT_FOUND (also to whom it is none of his business), APPROVAL_OWN, APPROVER_UNFIT, APPROVAL_CLOSED.
    """
    before = visible(people, actor, approval_id)
    after = approvals.decide(before, actor, now, approve=approve)
    _change(people, before, after)
    _record(people, after, actor, now)
    return after


def visible(people: People, actor: Actor, approval_id: str) -> Approval:
    """Return an approval to its asker and to those who may decide on it; refuse NOT_FOUND to all others."""
    found = people.approvals.by_id(approval_id)
    if found is None or not is_visible(found, actor):
        raise NOT_FOUND.refuse("approval")
    return found


def is_visible(approval: Approval, actor: Actor) -> bool:
    """Return whether the approval is any of the actor's business."""
    asked_himself = actor.id == approval.asked_by or bool(actor.person and actor.person == approval.asker)
    return asked_himself or may_decide(approval, actor)


def _change(people: People, before: Approval, after: Approval) -> None:
    if not people.approvals.change(before, after):
        raise APPROVAL_CLOSED.refuse("approval", state="changed")


def _record(people: People, approval: Approval, actor: Actor, now: datetime) -> None:
    people.record(approvals.fact_of(approval, actor, people.next_sequence(approval.id), now))
