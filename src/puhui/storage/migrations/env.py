"""What Alembic runs: our migrations on the connection that `migrate` hands over, all in one transaction."""

from alembic import context

from puhui.storage.migrate import whole_metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=whole_metadata(),
    compare_type=True,
    transactional_ddl=False,  # the caller's transaction holds on both engines
)
context.run_migrations()
