"""Bring a database to the structure that the program needs, and prove afterwards that it has it.

Migrations are numbered files in `migrations/versions`; the largest number is the structure that is needed. One run is
one transaction: a migration that fails leaves the database as it was.
"""

import pkgutil
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, text

import puhui.storage
from puhui.storage.metadata import METADATA
from puhui.storage.refusals import Fault
from puhui.storage.triggers import expected

FOLDER = Path(__file__).parent.joinpath("migrations")
NOTHING = "0000"


def needed() -> str:
    """Return the number of the newest migration."""
    return max(path.name.split("_")[0] for path in FOLDER.joinpath("versions").glob("[0-9]*.py"))


def found(connection: Connection) -> str:
    """Return the number of the last migration that a database has had, NOTHING for an empty one."""
    if not _has_table(connection, "alembic_version"):
        return NOTHING
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or NOTHING


def whole_metadata() -> MetaData:
    """Return METADATA with the tables of every `*tables` module of this package."""
    _table_modules()
    return METADATA


def append_only_tables() -> tuple[str, ...]:
    """Return the tables whose rows never change."""
    return tuple(name for module in _table_modules() for name in getattr(module, "APPEND_ONLY", ()))


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing, in the transaction that `connection` is in, and check what came of them."""
    from alembic.command import upgrade as run
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    run(config, "head")
    check(connection)


def check(connection: Connection) -> None:
    """Raise Fault, with all that differs, unless the live structure is the declared one, triggers included."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    context = MigrationContext.configure(connection, opts={"compare_type": True})
    problems = [str(difference) for difference in compare_metadata(context, whole_metadata())]
    missing = expected(connection.dialect.name, append_only_tables()) - live_triggers(connection)
    problems += [f"no trigger {name}" for name in sorted(missing)]
    if problems:
        raise Fault("the database is not as declared: " + "; ".join(problems))


def live_triggers(connection: Connection) -> set[str]:
    """Return the names of the triggers that are there and switched on."""
    if connection.dialect.name == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        query = (
            "SELECT tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = current_schema() AND NOT tgisinternal AND tgenabled = 'O'"
        )
    return set(connection.execute(text(query)).scalars())


def _table_modules() -> list[Any]:
    names = sorted(module.name for module in pkgutil.iter_modules(puhui.storage.__path__))
    return [import_module(f"puhui.storage.{name}") for name in names if name.endswith("tables")]


def _has_table(connection: Connection, name: str) -> bool:
    return bool(connection.dialect.has_table(connection, name))
