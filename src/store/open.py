"""Open a store: a file of SQLite, or a PostgreSQL server with pgvector; its tables are made or migrated."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from src.settings.errors import UserError
from src.settings.registry import missing_package

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_URL = "sqlite:///data/db/detections.db"
_WAIT_S = 30  # for another process that writes
_WRITER = 0x5EED  # the number of PostgreSQL's lock that a writer holds


def open_store(url: str = DEFAULT_URL, must_exist: bool = False) -> Engine:
    """Connect, and bring the tables up to date.

    Args:
        url: `sqlite:///FILE` (relative to the project's root), or `postgresql+psycopg://USER@HOST/DATABASE`.
        must_exist: refuse to make a new file.

    Raises:
        UserError: the address cannot be used, the file is no database or of a newer version, the server cannot be
            reached or lacks pgvector.
    """
    engine = _connect(url, must_exist)
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
            _migrate(connection, url)
    except DBAPIError as problem:
        engine.dispose()
        raise UserError(f"{shown(url)}: {_reason(problem)}") from None
    return engine


def _connect(url: str, must_exist: bool) -> Engine:
    try:
        address = make_url(url)
        if address.drivername == "postgresql":
            address = address.set(drivername="postgresql+psycopg")
        if address.get_backend_name() not in ("sqlite", "postgresql"):
            raise UserError(f"{shown(url)}: a store is sqlite:///FILE or postgresql+psycopg://…; correct store.url")
        if address.get_backend_name() == "sqlite":
            file = store_file(url)
            assert file is not None
            if must_exist and not file.is_file():
                raise UserError(f"there is no store {file} yet; fill one with: python src/main.py extract --input …")
            file.parent.mkdir(parents=True, exist_ok=True)
            address = address.set(database=str(file))
        engine = create_engine(address)
    except ArgumentError:
        raise UserError(f"store.url {url!r} is no address; write sqlite:///FILE or postgresql+psycopg://…") from None
    except (ModuleNotFoundError, NoSuchModuleError) as problem:
        package = getattr(problem, "name", None) or "psycopg"
        raise UserError(missing_package("a store on a server", package, "cluster")) from None
    except OSError as problem:
        raise UserError(f"{shown(url)} cannot be made ({problem.strerror}); name another place") from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_file)
    return engine


def store_file(url: str) -> Path | None:
    """The file of a store, None where it is on a server."""
    address = make_url(url)
    if address.get_backend_name() != "sqlite":
        return None
    if not address.database or address.database == ":memory:":
        raise UserError("a store is kept in a file; write sqlite:///FILE")
    return (ROOT / Path(address.database).expanduser()).resolve()


def shown(url: str) -> str:
    """An address without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return url


def _prepare_file(connection: sqlite3.Connection, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {1000 * _WAIT_S}")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA journal_mode = WAL")  # readers and one writer at once; nothing half-written after a crash
    cursor.close()


def _migrate(connection: Connection, url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    current = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise UserError(f"{shown(url)} was written by a newer version of this project ({current}); update the project")
    command.upgrade(config, "head")


def _reason(problem: DBAPIError) -> str:
    told = str(problem.orig).strip().partition("\n")[0]
    if "not a database" in told or "malformed" in told:
        return "this file is no database, or damaged; name another, or restore it"
    if "readonly" in told or "unable to open" in told or "permission denied" in told.lower():
        return f"it cannot be written ({told}); make it writable, or name another"
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
    try:
        holder.write_text(f"process {os.getpid()}\n")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()
