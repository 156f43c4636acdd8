"""Dossiers, decisions and offers in the database: what is personal of them under each party's seal."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, insert, select, update

from puhui.kernel.dates import day_number, to_date
from puhui.people.ports import Reading
from puhui.proof.leaf import SALT_BYTES, commit
from puhui.storage.credit_tables import decisions, dossiers, offers
from puhui.storage.fact_rows import instant, micros
from puhui.storage.people_personal import StoredPersonalData
from puhui.storage.session import compact
from puhui.workflows.decisions import DECISION_UNKNOWN, OFFER_UNKNOWN, Decision, Offer


def salted(content: bytes) -> tuple[bytes, bytes]:
    """Return content with fresh salt before it, and the digest that a fact may show: of the salt and its SHA-256."""
    salt, digest = commit(sha256(content).hexdigest())
    return salt + content, digest


class StoredDossiers:
    """`workflows.dossiers.Dossiers`."""

    def __init__(self, connection: Connection, personal: Callable[[], StoredPersonalData]) -> None:
        self._connection = connection
        self._personal = personal

    def add(self, party: str, source: str, content: bytes, at: datetime) -> bytes:
        """Keep content, sealed; return the salted digest of it. Refuses PERSON_ERASED."""
        whole, digest = salted(content)
        sealed = self._personal().seal_for(party, "dossier", whole, at)
        row = {"party": party, "source": source, "received_at": micros(at), "sealed": sealed}
        self._connection.execute(insert(dossiers), row)
        return digest

    def of(self, party: str, reading: Reading, until_at: datetime | None = None) -> Sequence[bytes]:
        """Return what came of a party (until an instant), the oldest first, and log it; refuse PERSON_ERASED."""
        query = select(dossiers.c.sealed).where(dossiers.c.party == party).order_by(dossiers.c.number)
        if until_at is not None:
            query = query.where(dossiers.c.received_at <= micros(until_at))
        sealed = list(self._connection.execute(query).scalars())
        if not sealed:
            return []
        opened = self._personal().unseal_for(party, "dossier", sealed, reading)
        return [whole[SALT_BYTES:] for whole in opened]


class StoredDecisions:
    """`workflows.decisions.Decisions`."""

    def __init__(self, connection: Connection, personal: Callable[[], StoredPersonalData]) -> None:
        self._connection = connection
        self._personal = personal

    def add(self, decision: Decision, record: Mapping[str, Any]) -> bytes:
        """Write a decision, its record sealed; return the salted digest of the record. Refuses PERSON_ERASED."""
        whole, digest = salted(compact(record).encode())
        row = {
            "id": decision.id,
            "application": decision.application,
            "party": decision.party,
            "institution": decision.institution,
            "region": decision.region,
            "outcome": decision.outcome,
            "decided_at": micros(decision.decided_at),
            "sealed": self._personal().seal_for(decision.party, decision.id, whole, decision.decided_at),
        }
        self._connection.execute(insert(decisions), row)
        return digest

    def by_id(self, decision_id: str) -> Decision:
        """Return a decision; refuse DECISION_UNKNOWN."""
        row = self._connection.execute(select(decisions).where(decisions.c.id == decision_id)).first()
        if row is None:
            raise DECISION_UNKNOWN.refuse("decision", decision=decision_id)
        return _decision(row)

    def record(self, decision: Decision, reading: Reading) -> Mapping[str, Any]:
        """Return the record of a decision, and log that it was read; refuse PERSON_ERASED."""
        query = select(decisions.c.sealed).where(decisions.c.id == decision.id)
        sealed = self._connection.execute(query).scalar_one()
        [whole] = self._personal().unseal_for(decision.party, decision.id, [sealed], reading)
        record: Mapping[str, Any] = json.loads(whole[SALT_BYTES:])
        return record

    def of(self, application_id: str) -> Sequence[Decision]:
        """Return the decisions on an application, the oldest first."""
        query = select(decisions).where(decisions.c.application == application_id).order_by(decisions.c.number)
        return [_decision(row) for row in self._connection.execute(query)]


class StoredOffers:
    """`workflows.decisions.Offers`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, offer: Offer) -> None:
        """Write a new offer."""
        row = {
            "id": offer.id,
            "decision": offer.decision,
            "application": offer.application,
            "party": offer.party,
            "institution": offer.institution,
            "region": offer.region,
            "status": offer.status,
            "expires_on": day_number(offer.expires_on),
            "agreement": compact(offer.agreement),
            "summary": compact(offer.summary),
            "loan": offer.loan,
        }
        self._connection.execute(insert(offers), row)

    def by_id(self, offer_id: str, *, for_update: bool = False) -> Offer:
        """Return an offer; refuse OFFER_UNKNOWN."""
        query = select(offers).where(offers.c.id == offer_id)
        row = self._connection.execute(query.with_for_update() if for_update else query).first()
        if row is None:
            raise OFFER_UNKNOWN.refuse("offer", offer=offer_id)
        return _offer(row)

    def of(self, application_id: str) -> Sequence[Offer]:
        """Return the offers of an application, the oldest first."""
        query = select(offers).where(offers.c.application == application_id).order_by(offers.c.number)
        return [_offer(row) for row in self._connection.execute(query)]

    def change(self, offer: Offer) -> None:
        """Write its status and loan."""
        values = {"status": offer.status, "loan": offer.loan}
        self._connection.execute(update(offers).where(offers.c.id == offer.id).values(values))


def _decision(row: Any) -> Decision:
    return Decision(
        id=row.id,
        application=row.application,
        party=row.party,
        institution=row.institution,
        region=row.region,
        outcome=row.outcome,
        decided_at=instant(row.decided_at),
        number=row.number,
    )


def _offer(row: Any) -> Offer:
    return Offer(
        id=row.id,
        decision=row.decision,
        application=row.application,
        party=row.party,
        institution=row.institution,
        region=row.region,
        status=row.status,
        expires_on=to_date(row.expires_on),
        agreement=json.loads(row.agreement),
        summary=json.loads(row.summary),
        loan=row.loan,
        number=row.number,
    )
