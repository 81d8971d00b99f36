"""Alembic environment; `reid_store.database` passes the connection, and nothing else is read."""

from alembic import context

from reid_store.schema import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite changes a table by rewriting it
)
with context.begin_transaction():
    context.run_migrations()
