"""The parts of kits in the database: each content once, by its hash."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, select

from puhui.storage.credit_tables import kit_parts
from puhui.storage.people_accounts import insert_or_nothing
from puhui.workflows.kit_parts import Part


class StoredParts:
    """`workflows.kit_parts.KeptParts`.

    seen: hashes that other units of work of this process saw committed; rows never go, so they are not asked for again.
    """

    def __init__(self, connection: Connection, seen: set[str]) -> None:
        self._connection = connection
        self._seen = seen
        self._added = False

    def known(self, hashes: Collection[str]) -> set[str]:
        """Return those hashes whose content is kept."""
        unseen = [digest for digest in hashes if digest not in self._seen]
        if not unseen:
            return set(hashes)
        query = select(kit_parts.c.hash).where(kit_parts.c.hash.in_(unseen))
        found = set(self._connection.execute(query).scalars())
        if not self._added:  # what this unit itself added may yet be taken back
            self._seen |= found
        return found | self._seen.intersection(hashes)

    def add(self, parts: Sequence[Part]) -> None:
        """Keep parts; one that another decision keeps at the same time is kept once."""
        self._added = True
        self._connection.execute(insert_or_nothing(self._connection, kit_parts), [part._asdict() for part in parts])

    def content(self, hashes: Collection[str]) -> Mapping[str, str]:
        """Return the content of each hash that is kept."""
        query = select(kit_parts.c.hash, kit_parts.c.content).where(kit_parts.c.hash.in_(list(hashes)))
        return {row.hash: row.content for row in self._connection.execute(query)}
