"""Where alembic meets the tables: `reid_store.open_store` hands over a connection, and nothing else is read."""

from alembic import context

from reid_store.schema import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite changes a table by writing it anew
)
with context.begin_transaction():
    context.run_migrations()
