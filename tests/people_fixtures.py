"""People for tests: cheap hashes, a master key of the test's own, accounts and keys made by the real services."""

from datetime import UTC, datetime

import pytest

from puhui.people.administration import OPERATOR, NewKey, add_account, make_key, new_account
from puhui.people.passwords import Hasher
from puhui.people.roles import grant_of
from puhui.people.sign_in import Door
from puhui.storage.people_master import FILE_VARIABLE, VARIABLE, Masters, add_key
from puhui.storage.people_store import opener, reader

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
PASSWORD = "correct horse battery"
CHEAP = Hasher(memory_kib=8, passes=1, lanes=1)
EVERYWHERE = ("*", "*")


@pytest.fixture
def masters(tmp_path, monkeypatch):
    """Make a master key in a file of the test's own."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv(FILE_VARIABLE, str(tmp_path / "keys" / "master.key"))
    add_key()
    return Masters()


class Crowd:
    """Makes people and keys in one database."""

    def __init__(self, database, masters=None):
        self.database = database
        self.open = opener(database, masters)
        self.read = reader(database)
        self.door = Door(self.open, CHEAP)

    def account(self, name, *grants, party="", by=OPERATOR, at=NOW):
        """Add an account with grants (role, institution, region) and PASSWORD."""
        with self.open() as people:
            wanted = new_account(name, [grant_of(*grant) for grant in grants], at, party)
            return add_account(people, CHEAP, wanted, PASSWORD, by)

    def key(self, *grants, scopes=(), live=True, expires_at=None, party="", by=OPERATOR, at=NOW):
        """Add a key; return it and its text."""
        wanted = NewKey(
            "a test", tuple(grant_of(*grant) for grant in grants), frozenset(scopes), live, expires_at, party
        )
        with self.open() as people:
            return make_key(people, wanted, by, at)

    def facts(self, subject):
        with self.database.read() as unit:
            return unit.facts(subject)


def forget_people(database):
    """Empty the tables of people, so that tests may share one server."""
    with database.begin() as unit:
        for table in ("accounts", "sessions", "sign_in_attempts", "sign_ins_abroad", "api_keys"):
            unit.connection.exec_driver_sql(f"DELETE FROM {table}")
