"""Tables, migrations, unit of work: SQLite (embedded) and PostgreSQL."""
