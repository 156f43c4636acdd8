"""Approvals by a second person in the database: the repository behind `people.ports.Approvals`."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from puhui.people.access import Resource
from puhui.people.approval import Approval
from puhui.storage.fact_rows import instant, micros
from puhui.storage.people_accounts import maybe_instant, maybe_micros
from puhui.storage.people_tables import approvals


class StoredApprovals:
    """`people.ports.Approvals`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, approval: Approval) -> None:
        """Write a new one."""
        self._connection.execute(insert(approvals), _row(approval))

    def by_id(self, approval_id: str) -> Approval | None:
        """Return one."""
        row = self._connection.execute(select(approvals).where(approvals.c.id == approval_id)).first()
        return None if row is None else _approval(row)

    def waiting(self, now: datetime) -> list[Approval]:
        """Return those that wait for a decision, the oldest first."""
        query = (
            select(approvals)
            .where(approvals.c.state == "asked", approvals.c.expires_at > micros(now))
            .order_by(approvals.c.asked_at, approvals.c.id)
        )
        return [_approval(row) for row in self._connection.execute(query)]

    def change(self, before: Approval, after: Approval) -> bool:
        """Write `after` if the state there is still that of `before`; return whether it was."""
        statement = (
            update(approvals)
            .where(approvals.c.id == before.id, approvals.c.state == before.state)
            .values(
                state=after.state,
                decided_by=after.decided_by,
                decided_at=maybe_micros(after.decided_at),
                used_at=maybe_micros(after.used_at),
            )
        )
        return self._connection.execute(statement).rowcount == 1


def _row(approval: Approval) -> dict[str, Any]:
    place = approval.resource
    return {
        "id": approval.id,
        "action": approval.action,
        "subject": approval.subject,
        "institution": place.institution,
        "region": place.region,
        "party": place.party,
        "partner": place.partner,
        "input": approval.input,
        "input_digest": approval.input_digest,
        "asked_by": approval.asked_by,
        "asker": approval.asker,
        "asked_at": micros(approval.asked_at),
        "expires_at": micros(approval.expires_at),
        "state": approval.state,
        "decided_by": approval.decided_by,
        "decided_at": maybe_micros(approval.decided_at),
        "used_at": maybe_micros(approval.used_at),
    }


def _approval(row: Any) -> Approval:
    return Approval(
        id=row.id,
        action=row.action,
        subject=row.subject,
        resource=Resource(row.institution, row.region, row.party, row.partner),
        input=row.input,
        input_digest=row.input_digest,
        asked_by=row.asked_by,
        asker=row.asker,
        asked_at=instant(row.asked_at),
        expires_at=instant(row.expires_at),
        state=row.state,
        decided_by=row.decided_by,
        decided_at=maybe_instant(row.decided_at),
        used_at=maybe_instant(row.used_at),
    )
