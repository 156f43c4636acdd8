"""The structure of the database: made by migrations, checked after them, and kept by the database itself."""

import os
import stat

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from puhui.kernel.refusals import Refusal
from puhui.storage import migrate
from puhui.storage.database import FILE, connect
from puhui.storage.refusals import Fault
from puhui.storage.tables import APPEND_ONLY
from puhui.workflows.store import Changes
from store_fixtures import AT, DAY, agree, database, empty_url, repayment, store_url  # noqa: F401


def code_of(call, *arguments, **named):
    with pytest.raises(Refusal) as raised:
        call(*arguments, **named)
    return raised.value.code


# --- migrations ------------------------------------------------------------------------------------


def test_migrations_make_what_is_declared_and_do_nothing_twice(empty_url):  # noqa: F811
    made = connect(empty_url, checked=False)
    made.migrate()
    assert made.structure() == (migrate.needed(), migrate.needed())
    made.migrate()
    with made.read() as store:
        migrate.check(store.connection)
        assert set(APPEND_ONLY) <= set(migrate.append_only_tables())
    made.close()


DAMAGES = {
    "a column more": "ALTER TABLE loans ADD COLUMN nickname text",
    "an index less": "DROP INDEX ix_dues_due_on",
    "a table less": "DROP TABLE dues",
}


def damaged(database, statement):  # noqa: F811
    """Damage the structure and check it, in one transaction that ends with what the check says."""
    with database.begin() as store:
        store.connection.execute(text(statement))
        migrate.check(store.connection)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_planted_difference_is_named(empty_url, damage):  # noqa: F811
    made = connect(empty_url, checked=False)
    made.migrate()
    with pytest.raises(Fault, match=r"nickname|ix_dues_due_on|dues"):
        damaged(made, DAMAGES[damage])
    with made.read() as store:
        migrate.check(store.connection)  # and it was taken back
    made.close()


def test_a_missing_trigger_is_named(empty_url):  # noqa: F811
    made = connect(empty_url, checked=False)
    made.migrate()
    drop = "DROP TRIGGER facts_no_update" if made.sqlite else "DROP TRIGGER facts_no_change ON facts"
    with pytest.raises(Fault, match="no trigger facts_no_"):
        damaged(made, drop)
    made.close()


def test_a_trigger_that_is_switched_off_is_named(empty_url):  # noqa: F811
    made = connect(empty_url, checked=False)
    made.migrate()
    if not made.sqlite:
        with pytest.raises(Fault, match="no trigger postings_no_change"):
            damaged(made, "ALTER TABLE postings DISABLE TRIGGER postings_no_change")
    made.close()


def test_an_older_and_a_newer_structure_are_refused(store_url):  # noqa: F811
    made = connect(store_url)
    for version, code in (("0001", "STORE_BEHIND"), ("9999", "STORE_AHEAD")):
        with made.begin() as store:
            store.connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})
        assert code_of(connect, store_url) == code
        connect(store_url, checked=False).close()
    assert code_of(made.migrate) == "STORE_AHEAD"
    with made.begin() as store:
        store.connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": migrate.needed()})
    made.close()


def test_an_empty_postgresql_waits_for_migrate_and_a_new_file_does_not(empty_url):  # noqa: F811
    if empty_url.startswith("sqlite"):
        connect(empty_url).close()
    else:
        assert code_of(connect, empty_url) == "STORE_BEHIND"


# --- addresses -------------------------------------------------------------------------------------


def test_without_an_address_the_file_lies_at_home_for_its_owner_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("PUHUI_HOME", str(tmp_path / "here" / "there"))
    monkeypatch.delenv("PUHUI_DATABASE_URL", raising=False)
    made = connect()
    path = tmp_path / "here" / "there" / FILE
    assert made.name == str(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with made.connection() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "recursive_triggers")
        }
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 10_000,
        "recursive_triggers": 1,
    }
    made.close()


@pytest.mark.parametrize(
    "url", ["", "mysql://x/y", "nothing at all", "sqlite://", "sqlite:///:memory:", "postgresql://[", "/a/file.db"]
)
def test_an_address_that_is_none_is_refused(url, monkeypatch):
    monkeypatch.setenv("PUHUI_DATABASE_URL", url or "sqlite:")
    assert code_of(connect) == "STORE_UNREACHABLE"


def test_a_database_that_does_not_answer_is_refused_and_no_password_shows(tmp_path):
    with pytest.raises(Refusal) as raised:
        connect("postgresql://clerk:s3cret@127.0.0.1:9/books?password=s3cret")
    assert raised.value.code == "STORE_UNREACHABLE"
    assert raised.value.status == 503
    said = f"{raised.value.as_dict()} {raised.value!r}"
    assert "127.0.0.1:9/books" in said
    assert "s3cret" not in said
    assert "clerk" not in said
    (tmp_path / "file").write_text("no database")
    assert code_of(connect, f"sqlite:///{tmp_path}/file") == "STORE_UNREACHABLE"
    assert code_of(connect, f"sqlite:///{tmp_path}/file/below.db") == "STORE_UNREACHABLE"


def test_a_file_that_may_not_be_written_is_refused(tmp_path):
    if os.getuid() == 0:
        pytest.skip("root may write anything")
    tmp_path.chmod(0o500)
    assert code_of(connect, f"sqlite:///{tmp_path}/x.db") == "STORE_UNREACHABLE"


# --- append-only -----------------------------------------------------------------------------------

CHANGES = {
    "facts": "kind = 'gift'",
    "entries": "memo = 'x'",
    "postings": "amount_minor = 1",
    "periods": "closed_at = 1",
    "log_leaves": "fact_seq = 99",
    "checkpoints": "size = 99",
}


def filled(database):  # noqa: F811
    """Return the database with a row in each append-only table of the books."""
    [loan] = agree(database)
    with database.begin() as store:
        store.record(repayment(loan))
    with database.begin(alone=True) as store:
        store.ledger.close_period(DAY, AT)
        for statement in (
            "INSERT INTO log_leaves (leaf, fact_seq) VALUES (0, 1)",
            "INSERT INTO checkpoints (size, root, note, made_at) VALUES (1, 'x', 'note', 0)",
        ):
            store.connection.execute(text(statement))
    return database


def test_every_append_only_table_is_tried_here():
    assert set(CHANGES) == set(APPEND_ONLY)


def test_no_row_that_was_written_can_be_changed_or_removed(database):  # noqa: F811
    filled(database)
    for table, change in CHANGES.items():
        statements = [f"UPDATE {table} SET {change}", f"DELETE FROM {table}"]
        statements += [] if database.sqlite else [f"TRUNCATE {table} CASCADE"]
        for statement in statements:
            with pytest.raises(DBAPIError, match=f"puhui: append-only {table}"), database.begin() as store:
                store.connection.execute(text(statement))
        with database.read() as store:
            assert store.connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() >= 1


def test_a_row_cannot_be_replaced_by_inserting_over_it(database):  # noqa: F811
    filled(database)
    over = (
        "INSERT OR REPLACE INTO checkpoints (seq, size, root, note, made_at) VALUES (1, 2, 'y', 'forged', 0)"
        if database.sqlite
        else "INSERT INTO checkpoints (seq, size, root, note, made_at) VALUES (1, 2, 'y', 'forged', 0) "
        "ON CONFLICT (seq) DO UPDATE SET note = excluded.note"
    )
    with pytest.raises(DBAPIError, match="puhui: append-only checkpoints"), database.begin() as store:
        store.connection.execute(text(over))


def test_a_failed_statement_leaves_nothing_and_the_next_unit_works(database):  # noqa: F811
    [loan] = agree(database)

    def fail():
        with database.begin() as store:
            store.record(repayment(loan))
            store.connection.execute(text("DELETE FROM facts"))

    with pytest.raises(DBAPIError):
        fail()
    with database.begin() as store:
        assert store.loan(loan.id).version == loan.version
        assert len(store.facts(loan.id)) == 1
        store.record(Changes())
