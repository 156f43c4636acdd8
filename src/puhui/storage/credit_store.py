"""Dossiers, decisions and offers in the database, what is personal under each party's seal; what funders have lent."""

import json
from collections import namedtuple
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select, tuple_, update

from puhui.funding.application import Used
from puhui.kernel.dates import day_number, to_date
from puhui.people.ports import Reading
from puhui.proof.leaf import SALT_BYTES, commit
from puhui.storage.credit_tables import decisions, dossiers, funder_uses, offers
from puhui.storage.fact_rows import instant, micros
from puhui.storage.people_accounts import insert_or_nothing
from puhui.storage.people_personal import StoredPersonalData
from puhui.storage.session import Insert, Question, compact, statement
from puhui.storage.unit_of_work import UnitOfWork
from puhui.workflows.decisions import DECISION_UNKNOWN, OFFER_UNKNOWN, Decision, Offer
from puhui.workflows.uses import Lent

# Offers are read and written with every decision.
_OFFER = tuple(column.name for column in offers.columns)
_OfferRow = namedtuple("_OfferRow", _OFFER)  # type: ignore[misc]
_OFFERS = f"SELECT {', '.join(_OFFER)} FROM offers WHERE"  # noqa: S608
READ_OFFER = statement("offer", f"{_OFFERS} id = ?")
LOCK_OFFER = statement("offer_lock", f"{_OFFERS} id = ?", f"{_OFFERS} id = ? FOR NO KEY UPDATE")
OFFERS_OF = statement("offers_of", f"{_OFFERS} application = ? ORDER BY number")
CHANGE_OFFER = statement("offer_change", "UPDATE offers SET status = ?, loan = ? WHERE id = ?")
INSERT_OFFER = Insert("offers", tuple(name for name in _OFFER if name != "number"))
# The kinds of the running sums beside those of places.
DAY, TOTAL = "day", "total"
USES_AT_ONCE = 8
_USES = "SELECT funder, kind, key, amount_minor, loans FROM funder_uses WHERE"
USES = statement("uses", f"{_USES} {' OR '.join(['(kind = ? AND key = ?)'] * USES_AT_ONCE)}")
ALL_USES = statement("all_uses", f"{_USES} kind <> '{DAY}' OR key = ?")


class _Sum(NamedTuple):
    amount_minor: int
    loans: int


def salted(content: bytes, salt: bytes | None = None) -> tuple[bytes, bytes]:
    """Return content with salt before it, and the digest that a fact may show: of the salt and its SHA-256."""
    salt, digest = commit(sha256(content).hexdigest(), salt)
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
        return self.opened(decision, reading)[0]

    def opened(self, decision: Decision, reading: Reading) -> tuple[Mapping[str, Any], bytes]:
        """Return the record and its salted digest, as the fact must have it; logged as any reading."""
        query = select(decisions.c.sealed).where(decisions.c.id == decision.id)
        sealed = self._connection.execute(query).scalar_one()
        [whole] = self._personal().unseal_for(decision.party, decision.id, [sealed], reading)
        salt, content = whole[:SALT_BYTES], whole[SALT_BYTES:]
        return json.loads(content), salted(content, salt)[1]

    def recent(self, most: int) -> Sequence[Decision]:
        """Return the latest decisions, the newest first."""
        query = select(decisions).order_by(decisions.c.number.desc()).limit(most)
        return [_decision(row) for row in self._connection.execute(query)]

    def of(self, application_id: str) -> Sequence[Decision]:
        """Return the decisions on an application, the oldest first."""
        query = select(decisions).where(decisions.c.application == application_id).order_by(decisions.c.number)
        return [_decision(row) for row in self._connection.execute(query)]


class StoredOffers:
    """`workflows.decisions.Offers`."""

    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    def add(self, offer: Offer) -> None:
        """Write a new offer."""
        row = (
            offer.id,
            offer.decision,
            offer.application,
            offer.party,
            offer.institution,
            offer.region,
            offer.status,
            day_number(offer.expires_on),
            compact(offer.agreement),
            compact(offer.summary),
            offer.loan,
        )
        INSERT_OFFER.queue(self._unit.work.queue, [row])

    def by_id(self, offer_id: str, *, for_update: bool = False) -> Offer:
        """Return an offer; refuse OFFER_UNKNOWN."""
        [rows] = self._unit.work.ask((LOCK_OFFER if for_update else READ_OFFER, (offer_id,)))
        if not rows:
            raise OFFER_UNKNOWN.refuse("offer", offer=offer_id)
        return _offer(rows[0])

    def of(self, application_id: str) -> Sequence[Offer]:
        """Return the offers of an application, the oldest first."""
        [rows] = self._unit.work.ask((OFFERS_OF, (application_id,)))
        return [_offer(row) for row in rows]

    def change(self, offer: Offer) -> None:
        """Write its status and loan."""
        self._unit.work.queue(CHANGE_OFFER, (offer.status, offer.loan, offer.id))


class StoredUses:
    """`workflows.uses.Uses`: one row a funder and place; the day and the total are places too."""

    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    def add(self, lent: Lent) -> None:
        """Count a loan: of its day, in all, and in each of its places."""
        table = funder_uses
        places = sorted({DAY: lent.lent_on.isoformat(), TOTAL: "", **lent.places}.items())
        keys = [{"funder": lent.funder, "kind": kind, "key": key} for kind, key in places]
        none = [{**key, "amount_minor": 0, "loans": 0} for key in keys]
        connection = self._unit.connection
        connection.execute(insert_or_nothing(connection, table), none)
        more = {"amount_minor": table.c.amount_minor + lent.amount_minor, "loans": table.c.loans + 1}
        # The total first, alone: who counts for the same funder waits there, so no two hold what the other wants.
        for some in ([(TOTAL, "")], [place for place in places if place[0] != TOTAL]):
            here = (table.c.funder == lent.funder) & tuple_(table.c.kind, table.c.key).in_(some)
            connection.execute(update(table).where(here).values(more))

    def of(self, day: date, places: Collection[tuple[str, str]] | None = None) -> Mapping[str, Used]:
        """Return what each funder that ever lent has used: on the day, in all, in these places (None: in each)."""
        first, *more = [(DAY, day.isoformat()), (TOTAL, ""), *(places or ())]
        if places is None:
            questions: list[Question] = [(ALL_USES, (day.isoformat(),))]
        else:
            # A place that is asked for twice is told once.
            size = USES_AT_ONCE - 1
            parts = [[first, *more[n : n + size]] for n in range(0, len(more), size)]
            parts = [part + [first] * (USES_AT_ONCE - len(part)) for part in parts]
            questions = [(USES, [word for place in part for word in place]) for part in parts]
        found: dict[str, dict[tuple[str, str], _Sum]] = {}
        for rows in self._unit.work.ask(*questions):
            for funder, kind, key, *sums in rows:
                found.setdefault(funder, {})[kind, key] = _Sum(*sums)
        return {funder: _used(sums, day) for funder, sums in found.items()}


def _used(rows: Mapping[tuple[str, str], _Sum], day: date) -> Used:
    today = rows.get((DAY, day.isoformat()), _Sum(0, 0))
    return Used(
        day_minor=today.amount_minor,
        day_loans=today.loans,
        total_minor=rows[TOTAL, ""].amount_minor,
        concentrated={
            f"{kind}:{key}": row.amount_minor for (kind, key), row in rows.items() if kind not in (DAY, TOTAL)
        },
    )


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


def _offer(values: Sequence[Any]) -> Offer:
    row: Any = _OfferRow._make(values)
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
