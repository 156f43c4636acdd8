"""Personal data in the database: sealed, found by keyed hash, every read written down, erased by destroying one key.

A person's key row is locked while the person changes, so that nothing is sealed with a key that is being destroyed.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, delete, func, insert, select, update

from puhui.kernel.clock import business_date
from puhui.people.identity import base_of, field_of, read_values, searchable
from puhui.people.personal import (
    PERSON_ERASED,
    MasterKeys,
    blind,
    key_id_of,
    new_key,
    seal,
    unseal,
    unwrap,
    wrap,
    wrapped_by,
)
from puhui.people.ports import Reading
from puhui.proof.leaf import Opening, commit
from puhui.storage.fact_rows import instant, micros
from puhui.storage.people_accounts import insert_or_nothing
from puhui.storage.people_tables import key_ring, person_keys, personal_fields, personal_index, personal_reads

INDEX = "index"
BATCH = 500


class StoredPersonalData:
    """`people.ports.PersonalData`, in the transaction of `connection`."""

    def __init__(self, connection: Connection, masters: MasterKeys) -> None:
        self._connection = connection
        self._masters = masters
        self._index_key: bytes | None = None

    def put(self, party: str, values: Mapping[str, str], at: datetime) -> dict[str, bytes]:
        """Keep values and return the salted digest of each, for the fact that says so.

        A value that is kept already stays with its salt. Refuses PERSON_ERASED, PERSONAL_INVALID, PERSONAL_UNKNOWN.
        """
        read = read_values(values, business_date(at))
        data_key = self._key_to_write(party, at)
        known = self._opened(party, data_key)
        digests = {}
        for field, value in read.items():
            if field in known and known[field].value == value:
                digests[field] = known[field].digest
            else:
                digests[field] = self._put_one(party, data_key, field, value, at)
        return digests

    def read(self, party: str, fields: Sequence[str], reading: Reading) -> dict[str, str]:
        """Return the values that are kept of the fields, and log it; refuse PERSON_ERASED, PERSONAL_UNKNOWN."""
        return {field: opening.value for field, opening in self.open(party, fields, reading).items()}

    def open(self, party: str, fields: Sequence[str], reading: Reading) -> dict[str, Opening]:
        """Return values with their salts, which open the digests in the facts; logged as any read.

        Of a field that a person may have several of, all are returned, each by its own name.
        Refuses PERSON_ERASED, PERSONAL_UNKNOWN.
        """
        for field in fields:
            field_of(field)
        self._log(party, fields, reading)
        data_key = self._key_to_read(party)
        if data_key is None:
            return {}
        opened = self._opened(party, data_key)
        return {name: one for field in fields for name, one in opened.items() if field in (name, base_of(name))}

    def find(self, field: str, value: str, reading: Reading) -> list[str]:
        """Return the parties with this very value, and log it; refuse SEARCH_UNKNOWN, PERSONAL_INVALID."""
        exact = searchable(field, value, business_date(reading.at))
        digest = blind(self._index(), field, exact)
        query = (
            select(personal_index.c.party)
            .where(personal_index.c.field == field, personal_index.c.digest == digest)
            .order_by(personal_index.c.party)
        )
        found = list(self._connection.execute(query).scalars())
        for party in found or [""]:
            self._log(party, [f"find:{field}"], reading)
        return found

    def erase(self, party: str, reading: Reading) -> None:
        """Destroy the person's key, and with it values, salts and the way to find them; refuse PERSON_ERASED.

        Afterwards `scrub` the file on SQLite, so that no free page keeps the key.
        """
        self._key_to_write(party, reading.at)
        if self._connection.dialect.name == "sqlite":
            self._connection.exec_driver_sql("PRAGMA secure_delete = ON")
        self._connection.execute(
            update(person_keys).where(person_keys.c.party == party).values(wrapped=None, erased_at=micros(reading.at))
        )
        self._connection.execute(delete(personal_fields).where(personal_fields.c.party == party))
        self._connection.execute(delete(personal_index).where(personal_index.c.party == party))
        self._log(party, ["erase"], reading)

    def seal_for(self, party: str, what: str, content: bytes, at: datetime) -> bytes:
        """Return content sealed with the person's key, tied to what it is; refuse PERSON_ERASED."""
        return seal(self._key_to_write(party, at), party, what, content)

    def unseal_for(self, party: str, what: str, sealed: Sequence[bytes], reading: Reading) -> list[bytes]:
        """Return what was sealed with the person's key, and log it; refuse PERSON_ERASED, SEAL_BROKEN."""
        self._log(party, [what], reading)
        data_key = self._key_to_read(party)
        if data_key is None:
            return []
        return [unseal(data_key, party, what, each) for each in sealed]

    def erased_at(self, party: str) -> datetime | None:
        """Return when the person was erased, None for one who was not."""
        query = select(person_keys.c.erased_at).where(person_keys.c.party == party)
        at = self._connection.execute(query).scalar()
        return None if at is None else instant(at)

    def rewrap(self, after: str = "", limit: int = BATCH) -> tuple[int, str | None]:
        """Wrap keys of older master keys by the current one: the installation's with the first batch, then persons'.

        `after`: the last party of the batch before. Returns how many there were, and the `after` of the next batch,
        None at the end. Each batch is good by itself: what it leaves still opens under the older key.
        """
        count = 0 if after else self._rewrap(select(key_ring.c.name, key_ring.c.wrapped), key_ring, key_ring.c.name)[0]
        query = select(person_keys.c.party, person_keys.c.wrapped).where(person_keys.c.party > after)
        some = query.where(person_keys.c.wrapped.is_not(None)).order_by(person_keys.c.party).limit(limit)
        more, owners = self._rewrap(some, person_keys, person_keys.c.party)
        return count + more, owners[-1] if len(owners) == limit else None

    def _rewrap(self, query: Select[Any], table: Table, owner: ColumnElement[str]) -> tuple[int, list[str]]:
        current = key_id_of(self._masters.current)
        rows = self._connection.execute(query.with_for_update()).all()
        old = [(name, wrapped) for name, wrapped in rows if wrapped_by(wrapped) != current]
        for name, wrapped in old:
            fresh = wrap(self._masters, unwrap(self._masters, wrapped, name), name)
            self._connection.execute(update(table).where(owner == name).values(wrapped=fresh))
        return len(old), [name for name, _ in rows]

    # --- keys -------------------------------------------------------------------------------------

    def _key_to_write(self, party: str, at: datetime) -> bytes:
        """Return the person's key, made now if there is none, its row locked; refuse PERSON_ERASED."""
        query = select(person_keys.c.wrapped).where(person_keys.c.party == party).with_for_update()
        found = self._connection.execute(query).first()
        if found is None:
            fresh = wrap(self._masters, new_key(), party)
            row = {"party": party, "wrapped": fresh, "created_at": micros(at), "erased_at": None}
            self._connection.execute(insert_or_nothing(self._connection, person_keys), row)
            found = self._connection.execute(query).one()
        if found.wrapped is None:
            raise PERSON_ERASED.refuse("party")
        return unwrap(self._masters, found.wrapped, party)

    def _key_to_read(self, party: str) -> bytes | None:
        row = self._connection.execute(select(person_keys.c.wrapped).where(person_keys.c.party == party)).first()
        if row is None:
            return None
        if row.wrapped is None:
            raise PERSON_ERASED.refuse("party")
        return unwrap(self._masters, row.wrapped, party)

    def _index(self) -> bytes:
        """Return the key of the blind index."""
        if self._index_key is None:
            self._index_key = ring_key(self._connection, self._masters, INDEX)
        return self._index_key

    # --- values -----------------------------------------------------------------------------------

    def _put_one(self, party: str, data_key: bytes, field: str, value: str, at: datetime) -> bytes:
        table = personal_fields
        last = select(func.max(table.c.version)).where(table.c.party == party, table.c.field == field)
        salt, digest = commit(value)
        row = {
            "party": party,
            "field": field,
            "version": (self._connection.execute(last).scalar() or 0) + 1,
            "sealed": seal(data_key, party, field, value.encode()),
            "salt": seal(data_key, party, f"{field}.salt", salt),
            "recorded_at": micros(at),
        }
        self._connection.execute(insert(table), row)
        if field_of(field).searchable:
            here = (personal_index.c.party == party) & (personal_index.c.field == field)
            self._connection.execute(delete(personal_index).where(here))
            found_by = {"party": party, "field": field, "digest": blind(self._index(), field, value)}
            self._connection.execute(insert(personal_index), found_by)
        return digest

    def _opened(self, party: str, data_key: bytes) -> dict[str, Opening]:
        """Return the newest value of each field, with its salt."""
        table = personal_fields
        query = (
            select(table.c.field, table.c.sealed, table.c.salt)
            .where(table.c.party == party)
            .order_by(table.c.field, table.c.version)
        )
        opened = {}
        for field, sealed, salt in self._connection.execute(query):
            value = unseal(data_key, party, field, sealed).decode()
            opened[field] = Opening(unseal(data_key, party, f"{field}.salt", salt), value)
        return opened

    def _log(self, party: str, fields: Sequence[str], reading: Reading) -> None:
        row = {
            "read_at": micros(reading.at),
            "actor": reading.actor,
            "party": party,
            "fields": json.dumps(sorted(fields)),
            "purpose": reading.purpose,
            "request_id": reading.request_id,
        }
        self._connection.execute(insert(personal_reads), row)


def ring_key(connection: Connection, masters: MasterKeys, name: str) -> bytes:
    """Return the installation's key of a name, made by whoever asks first; it follows the master key's rotation.

    Refuses MASTER_KEY_WRONG. For what is sealed but belongs to no person: the blind index, secrets of webhooks.
    """
    query = select(key_ring.c.wrapped).where(key_ring.c.name == name)
    wrapped = connection.execute(query).scalar()
    if wrapped is None:
        row = {"name": name, "wrapped": wrap(masters, new_key(), name)}
        connection.execute(insert_or_nothing(connection, key_ring), row)
        wrapped = connection.execute(query).scalar_one()
    return unwrap(masters, wrapped, name)


def sealed_keys(connection: Connection) -> list[tuple[str, bytes]]:
    """Return a few keys that a master key has wrapped, with their owners: of the installation, of the newest person.

    [] where nothing is sealed yet, and no master key is needed.
    """
    found = connection.execute(select(key_ring.c.name, key_ring.c.wrapped)).all()
    table = person_keys
    persons = select(table.c.party, table.c.wrapped).where(table.c.wrapped.is_not(None))
    newest = connection.execute(persons.order_by(table.c.party.desc()).limit(1)).all()
    return [(owner, wrapped) for owner, wrapped in (*found, *newest)]


def scrub(connection: Connection) -> bool:
    """Empty the write-ahead log of SQLite into the file, outside any transaction; return whether it is empty now.

    The pages were overwritten as they were freed; only the log could still hold them. PostgreSQL keeps old rows in
    pages and in its own log until they are overwritten: there the destroyed key is beyond use for good once the master
    key that wrapped it is changed and dropped.
    """
    if connection.dialect.name != "sqlite":
        return True
    busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    return not busy
