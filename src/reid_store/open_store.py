"""Open a store: a file of SQLite, or a PostgreSQL server with pgvector; its tables are made or migrated."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from learning_reid.errors import UserError
from reid_store.connect import DEFAULT_URL, connect, shown, store_file
from reid_store.schema import Detection

_WRITER = 0x5EED  # the number of PostgreSQL's lock that a writer holds


def open_store(url: str = DEFAULT_URL, must_exist: bool = False) -> Engine:
    """Connect, and bring the tables up to date.

    Args:
        url: `sqlite:///FILE` (relative to the project's root), or `postgresql+psycopg://USER@HOST/DATABASE`.
        must_exist: make no new store. One that cannot be written is read.

    Raises:
        UserError: the address cannot be used, what is there is no store or one of a newer version, the server cannot
            be reached or lacks pgvector.
    """
    engine = connect(url, must_exist)
    try:
        with engine.begin() as connection:
            _migrate(connection, url, must_exist)
    except DBAPIError as problem:
        engine.dispose()
        raise UserError(f"{shown(url)}: {_reason(problem)}") from None
    except UserError:
        engine.dispose()
        raise
    return engine


def _migrate(connection: Connection, url: str, must_exist: bool) -> None:
    """Make or change the tables, all of them or none; whatever is no store is left as it is."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(config)
    if _revision(connection) == scripts.get_current_head():
        return
    in_file = connection.dialect.name == "sqlite"
    tables = inspect(connection).get_table_names()
    current = _revision(connection)
    if current is None or Detection.__tablename__ not in tables:
        if tables and (in_file or must_exist):
            raise UserError(f"{shown(url)} is no store: it holds {_some(tables)}; correct store.url")
        if must_exist:
            raise UserError(f"{shown(url)} is empty; fill it with: python src/main.py extract --input …")
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise UserError(f"{shown(url)} was written by a newer version of this project ({current}); update the project")
    if in_file:
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")  # for good: readers and one writer at once
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # by itself SQLite would keep each table that it has come to
    else:
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_WRITER})"))
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
    command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _some(names: list[str]) -> str:
    """A few names, and how many more there are.

    >>> _some(["photos", "albums", "notes", "users", "likes"])
    'the tables albums, likes, notes and 2 more'
    """
    first = ", ".join(sorted(names)[:3])
    return f"the {'tables' if len(names) > 1 else 'table'} {first}" + (f" and {len(names) - 3} more" * (len(names) > 3))


def _reason(problem: DBAPIError) -> str:
    told = str(problem.orig).strip().partition("\n")[0]
    if "not a database" in told or "malformed" in told:
        return "this file is no database, or damaged; name another, or restore it"
    if "readonly" in told or "unable to open" in told or "permission denied" in told.lower():
        return f"it cannot be written ({told}); make it writable, or name another"
    if "connect" in told:
        return f"{told}; start the server, or correct store.url"
    if "disk is full" in told or "No space left" in told:
        return "the disk is full; make room and run the same command again"
    if 'extension "vector"' in told:
        return "the server has no pgvector; install it there, or use a file: sqlite:///FILE"
    return f"the database answers: {told}"


@contextmanager
def told_in_a_line(url: str) -> Iterator[None]:
    """Turn what a database complains of into one line for the reader."""
    try:
        yield
    except DBAPIError as problem:
        raise UserError(f"{shown(url)}: {_reason(problem)}") from None


@contextmanager
def only_writer(engine: Engine, url: str) -> Iterator[None]:
    """Hold the store for writing as long as the block runs.

    Raises:
        UserError: another process holds it; it is told which.
    """
    file = store_file(url)
    if file is None:
        with engine.connect() as connection:
            if not connection.scalar(text(f"SELECT pg_try_advisory_lock({_WRITER})")):
                raise UserError(f"{shown(url)}: another process is writing into it; run again when it has finished")
            try:
                yield
            finally:
                connection.execute(text(f"SELECT pg_advisory_unlock({_WRITER})"))
        return
    holder = file.with_name(file.name + ".writer")
    lock = FileLock(file.with_name(file.name + ".lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        who = holder.read_text().strip() if holder.is_file() else "another process"
        raise UserError(f"{file}: {who} is writing into it; run again when it has finished") from None
    except OSError as problem:
        raise UserError(f"{file} cannot be written ({problem.strerror}); make it and its folder writable") from None
    try:
        holder.write_text(f"process {os.getpid()}\n")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()
