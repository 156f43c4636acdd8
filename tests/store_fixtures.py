"""A fresh store for each test, on SQLite and on PostgreSQL, and a small example of what it holds.

    from store_fixtures import database  # noqa: F401

gives a test that asks for `database` one run on each engine; PostgreSQL is skipped with a word where none answers.
"""

import atexit
import os
import secrets
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache

import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text

import postgres
from puhui.kernel.dates import day_number
from puhui.kernel.facts import Fact
from puhui.kernel.ids import new_id
from puhui.ledger.entry import Dimensions, Entry, Posting
from puhui.lending.position import Due, Position, Row
from puhui.storage.database import connect
from puhui.workflows.store import Changes, Event, Loan

URL_VARIABLE = "PUHUI_TEST_POSTGRES_URL"
DAY = date(2024, 3, 15)
AT = datetime(2024, 3, 15, 4, tzinfo=UTC)
DIMENSIONS = Dimensions("rural-bank", "harvest", "330102")
ENGINES = ["sqlite", "postgresql"]


# --- a fresh store ---------------------------------------------------------------------------------


@cache
def postgresql_url():
    """Return where tests may make schemas, None when no PostgreSQL answers."""
    url = os.environ.get(URL_VARIABLE) or (postgres.URL if postgres.answers() else None)
    return None if url is None else make_url(url).set(drivername="postgresql+psycopg")


@cache
def _template(folder):
    """Return a migrated SQLite file to copy, made once for a run."""
    path = folder / "template.db"
    template = connect(f"sqlite:///{path}")
    with template.connection() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    template.close()
    return path


def fresh_file(tmp_path, template_folder=None):
    """Return the address of a fresh, migrated SQLite file."""
    path = tmp_path / f"{secrets.token_hex(4)}.db"
    shutil.copy(_template(template_folder or tmp_path), path)
    return f"sqlite:///{path}"


def new_schema():
    """Return the name of a new empty schema on PostgreSQL; skip the test where there is none."""
    if postgresql_url() is None:
        pytest.skip(f"no PostgreSQL answers: run make postgres, or set {URL_VARIABLE}")
    schema = f"test_{secrets.token_hex(6)}"
    with _admin().connect() as connection:
        connection.execute(text(f'CREATE SCHEMA "{schema}"'))
    return schema


def drop_schema(schema):
    with _admin().connect() as connection:
        connection.execute(text("SET client_min_messages = warning"))
        connection.execute(text(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE'))


class _Schemas:
    """Migrated schemas of this run, used again and again: emptying one takes a tenth of the time of making it."""

    def __init__(self):
        self.idle = []
        self._made = []
        self._first_rows = {}

    def take(self):
        if not self.idle:
            schema = new_schema()
            self._made.append(schema)
            made = connect(address(schema), checked=False)
            made.migrate()
            made.close()
            with _plain(schema) as connection:
                self._first_rows = {table: _copied(connection, table) for table in _tables(connection)}
            self.idle.append(schema)
        return self.idle.pop()

    def give_back(self, schema):
        """Make a schema as the migrations left it, triggers or not; one that is still held is left alone."""
        with _plain(schema) as connection:
            connection.execute("SET lock_timeout = '5s'")
            connection.execute("SET session_replication_role = replica")
            try:
                connection.execute(_EMPTY)
            except psycopg.errors.LockNotAvailable:
                return
            for table, rows in self._first_rows.items():
                if rows:
                    with connection.cursor().copy(f'COPY "{table}" FROM STDIN') as copy:
                        copy.write(rows)
        self.idle.append(schema)

    def drop(self):
        for schema in self._made:
            drop_schema(schema)


_EMPTY = """
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() LOOP
    EXECUTE format('DELETE FROM %I', name);
  END LOOP;
  FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = current_schema() LOOP
    PERFORM setval(name::regclass, 1, false);
  END LOOP;
END $$
"""


def _plain(schema):
    return psycopg.connect(address(schema).replace("+psycopg", ""), autocommit=True)


def _tables(connection):
    return [
        name for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    ]


def _copied(connection, table):
    with connection.cursor().copy(f'COPY "{table}" TO STDOUT') as copy:
        return b"".join(copy)


_schemas = _Schemas()
atexit.register(_schemas.drop)


def address(schema):
    """Return the address of a schema."""
    return postgresql_url().update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(False)


@cache
def _admin():
    return create_engine(postgresql_url(), isolation_level="AUTOCOMMIT")


@pytest.fixture(params=ENGINES)
def store_url(request, tmp_path, tmp_path_factory):
    """Give the address of an empty, migrated store, for several connections or processes."""
    if request.param == "sqlite":
        yield fresh_file(tmp_path, tmp_path_factory.getbasetemp())
        return
    schema = _schemas.take()
    yield address(schema)
    _schemas.give_back(schema)


@pytest.fixture(params=ENGINES)
def empty_url(request, tmp_path):
    """Give the address of a place for a store, without any tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    schema = new_schema()
    yield address(schema)
    drop_schema(schema)


@pytest.fixture
def database(store_url):
    """Give a fresh database, once on each engine."""
    database = connect(store_url)
    yield database
    database.close()


# --- an example of what it holds -------------------------------------------------------------------


def a_position(as_of=DAY, months=12, **fields):
    """Return a position with a plan of `months` instalments."""
    day = day_number(as_of)
    rows = tuple(Row(n, day + 30 * n, 100_000, 5_000 - n, 0) for n in range(1, months + 1))
    values = {"status": "active", "drawn_minor": 1_200_000, "principal_minor": 1_200_000, "rows": rows}
    values |= {"dues": (Due(0, day - 1, 7, 0, 0),), "annual_rate_ppm": 120_000, "funder": "银行甲"}
    return Position(day, **values | fields)


def a_loan(loan_id=None, **fields):
    """Return a loan that is not stored yet."""
    values = {"key": 0, "party": "party_a", "dimensions": DIMENSIONS, "position": a_position(), "sequence": 1}
    values |= {"version": 0, "booked_on": day_number(DAY), "agreement": {"principal_minor": 1_200_000}}
    return Loan(id=loan_id or new_id("loan"), **values | fields)


def a_fact(subject, sequence=1, kind="repayment", body=None, **fields):
    values = {"effective_on": DAY, "recorded_at": AT, "body": body or {"amount_minor": 100}, "actor": "user_a"}
    return Fact(new_id("fact"), subject, sequence, kind, **values | fields)


def an_entry(subject, amounts=(600, -600), effective_on=DAY, **fields):
    """Return an entry of one posting an amount."""
    accounts = ("1002.01", "1303.01", "6011.01", "2221.01")
    postings = tuple(
        Posting(accounts[n % 4], amount, DIMENSIONS, subject) for n, amount in enumerate(amounts) if amount
    )
    values = {"kind": "repayment", "fact": "fact_x", "effective_on": effective_on, "recorded_at": AT}
    return Entry(new_id("entry"), postings=postings, **values | fields)


def an_event(subject, topic="loan.repaid", at=AT):
    return Event(new_id("event"), topic, subject, {"loan": subject, "note": "秋收"}, at)


def agree(database, *loans):
    """Store loans with their agreements; return them as stored."""
    loans = loans or (a_loan(),)
    facts = [a_fact(loan.id, 1, "agreement", dict(loan.agreement)) for loan in loans]
    with database.begin() as store:
        store.record(Changes(facts=facts, new_loans=loans))
    with database.read() as store:
        return [store.loan(loan.id) for loan in loans]


def repayment(loan, amounts=(600, -400, -190, -10)):
    """Return what a repayment writes: two facts, an entry, the loan, an event."""
    facts = [a_fact(loan.id, loan.sequence + 1), a_fact(loan.id, loan.sequence + 2, "allocation")]
    entry = an_entry(loan.id, amounts, fact=facts[0].id)
    changed = replace(loan, sequence=loan.sequence + 2)
    return Changes(
        facts=facts, entries=[entry], loans=[changed], events=[an_event(loan.id)], result={"fact": facts[0].id}
    )
