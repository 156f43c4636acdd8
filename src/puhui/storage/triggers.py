"""Triggers that keep the books in the database itself, whoever writes: for migrations, and for the check after them."""

from collections.abc import Iterable

# What a trigger says when it refuses.
CHANGED = "puhui: append-only"


def append_only(engine: str, table: str) -> list[str]:
    """Return the statements after which rows of `table` are never changed or removed; engine: SQLAlchemy's name."""
    if engine == "sqlite":
        return [
            f"CREATE TRIGGER {name} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, '{CHANGED} {table}'); END"
            for name, verb in (
                (f"{table}_no_update", "UPDATE"),
                (f"{table}_no_delete", "DELETE"),
            )
        ]
    return [
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION puhui_append_only()"
    ]


def functions(engine: str) -> list[str]:
    """Return the statements that make what the triggers call; made once, by the first migration."""
    if engine == "sqlite":
        return []
    return [
        "CREATE FUNCTION puhui_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{CHANGED} %', TG_TABLE_NAME; END $$",
    ]


def expected(engine: str, tables: Iterable[str]) -> set[str]:
    """Return the names of the triggers that must be there for these append-only `tables`."""
    verbs = ("_no_update", "_no_delete") if engine == "sqlite" else ("_no_change",)
    return {f"{table}{verb}" for table in tables for verb in verbs}
