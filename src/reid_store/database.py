"""Open a store: create or migrate its tables, lock it for writing, translate database errors."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from learning_reid.errors import UserError, hide_credentials
from learning_reid.io.target_lock import lock_target
from reid_store.connect import DEFAULT_URL, connect, store_file
from reid_store.schema import Detection

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

_WRITE_LOCK = 0x5EED  # id of the advisory lock on PostgreSQL


def open_store(url: str = DEFAULT_URL, must_exist: bool = False) -> Engine:
    """Connect to a store and migrate its tables to the current version.

    Args:
        url: `sqlite:///FILE` (relative to the project's root), or `postgresql+psycopg://USER@HOST/DATABASE`.
        must_exist: Do not create a store. One that cannot be written is opened read-only.

    Raises:
        UserError: The address cannot be used, the database is not a store or of a newer version, or the server cannot
            be reached or lacks pgvector.
    """
    engine = connect(url, must_exist)
    try:
        with engine.begin() as connection:
            _migrate(connection, url, must_exist)
    except DBAPIError as error:
        engine.dispose()
        raise UserError(f"{hide_credentials(url)}: {_reason(error)}") from None
    except UserError:
        engine.dispose()
        raise
    return engine


def _migrate(connection: Connection, url: str, must_exist: bool) -> None:
    """Create or change all tables in one transaction; leave a database that is not a store as it is."""
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(config)
    if not _needs_migration(connection, scripts, url, must_exist):
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")  # persistent: readers beside one writer
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # otherwise SQLite would commit each table by itself
    else:
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_WRITE_LOCK})"))
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
    command.upgrade(config, "head")


def _needs_migration(connection: Connection, scripts: ScriptDirectory, url: str, must_exist: bool) -> bool:
    """Return whether the tables are missing or old.

    Raises:
        UserError: The database is not a store, is empty although it must exist, or is of a newer version.
    """
    from alembic.migration import MigrationContext

    current = MigrationContext.configure(connection).get_current_revision()
    if current == scripts.get_current_head():
        return False
    tables = inspect(connection).get_table_names()
    if current is None or Detection.__tablename__ not in tables:
        if tables and (connection.dialect.name == "sqlite" or must_exist):
            raise UserError(f"{hide_credentials(url)} is not a store: it has {_list_tables(tables)}; correct store.url")
        if must_exist:
            raise UserError(f"{hide_credentials(url)} is empty; fill it with: python src/main.py extract --input …")
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise UserError(
            f"{hide_credentials(url)} was written by a newer version of this project ({current}); update the project"
        )
    return True


def _list_tables(names: list[str]) -> str:
    """Name up to three tables and count the rest.

    >>> _list_tables(["photos", "albums", "notes", "users", "likes"])
    'the tables albums, likes, notes and 2 more'
    """
    first = ", ".join(sorted(names)[:3])
    return f"the {'tables' if len(names) > 1 else 'table'} {first}" + (f" and {len(names) - 3} more" * (len(names) > 3))


def _reason(error: DBAPIError) -> str:
    message = str(error.orig).strip().partition("\n")[0]
    if "not a database" in message or "malformed" in message:
        return "the file is not a database, or damaged; choose another, or restore it"
    if "readonly" in message or "unable to open" in message or "permission denied" in message.lower():
        return f"it cannot be written ({message}); make it writable, or choose another"
    if "connect" in message:
        return f"{message}; start the server, or correct store.url"
    if "disk is full" in message or "No space left" in message:
        return "the disk is full; free some space and run the same command again"
    if 'extension "vector"' in message:
        return "the server has no pgvector; install it there, or use a file: sqlite:///FILE"
    return f"the database reports: {message}"


@contextmanager
def database_errors(url: str) -> Iterator[None]:
    """Turn database errors of the block into a `UserError` of one line."""
    try:
        yield
    except DBAPIError as error:
        raise UserError(f"{hide_credentials(url)}: {_reason(error)}") from None


@contextmanager
def write_lock(engine: Engine, url: str) -> Iterator[None]:
    """Lock the store for writing while the block runs.

    Raises:
        UserError: Another process has the lock, or the file cannot be written.
    """
    file = store_file(url)
    if file is None:
        with engine.connect() as connection:
            if not connection.scalar(text(f"SELECT pg_try_advisory_lock({_WRITE_LOCK})")):
                raise UserError(f"{hide_credentials(url)}: another process is writing to it; run again when it is done")
            try:
                yield
            finally:
                connection.execute(text(f"SELECT pg_advisory_unlock({_WRITE_LOCK})"))
        return
    if not all(os.access(path, os.W_OK) for path in (file, file.parent)):  # before any work is done for it
        raise UserError(f"{file} cannot be written (read-only); make it and its folder writable")
    with lock_target(file):
        yield
