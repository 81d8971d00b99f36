"""Create a SQLAlchemy engine for a store: a SQLite file or a PostgreSQL server."""

from __future__ import annotations

import os
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from learning_reid.errors import UserError, hide_credentials
from learning_reid.io.paths import find_checkout
from learning_reid.registry import missing_package

DEFAULT_URL = "sqlite:///data/db/detections.db"
_BUSY_TIMEOUT_S = 30  # wait for another process that writes into the file
_CONNECT_TIMEOUT_S = 15


def connect(url: str, must_exist: bool = False) -> Engine:
    """Create an engine without connecting yet; for a new file only its folder is created.

    Args:
        url: As in `open_store`.
        must_exist: Refuse a missing file; open one that cannot be written read-only.

    Raises:
        UserError: The address cannot be used, or the file is missing.
    """
    try:
        address = make_url(url)
        if address.drivername == "postgresql":
            address = address.set(drivername="postgresql+psycopg")
        if address.get_backend_name() == "postgresql":
            return create_engine(address, connect_args={"connect_timeout": _CONNECT_TIMEOUT_S, **address.query})
    except ArgumentError:
        raise UserError(f"store.url {url!r} is not an address; use sqlite:///FILE or postgresql+psycopg://…") from None
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        package = getattr(error, "name", None) or "psycopg"
        raise UserError(missing_package("a store on a server", package, "cluster")) from None
    file = store_file(url)
    if file is None:
        raise UserError(f"{hide_credentials(url)}: use sqlite:///FILE or postgresql+psycopg://… as store.url")
    return _open_file(address, file, must_exist)


def store_file(url: str) -> Path | None:
    """Return the file of a store, or None for a store on a server.

    Raises:
        UserError: A SQLite address without a file.
    """
    address = make_url(url)
    if address.get_backend_name() != "sqlite":
        return None
    if not address.database or address.database == ":memory:":
        raise UserError("a store needs a file; use sqlite:///FILE")
    return ((find_checkout() or Path.cwd()) / Path(address.database).expanduser()).resolve()


def _open_file(address: URL, file: Path, must_exist: bool) -> Engine:
    if file.is_dir():
        raise UserError(f"{file} is a folder; name a file, such as sqlite:///{file / 'detections.db'}")
    if must_exist and not file.is_file():
        raise UserError(f"there is no store {file}; create one with: python src/main.py extract --input …")
    if file.is_file() and not os.access(file, os.R_OK):
        raise UserError(f"{file} cannot be read (permission denied); get permission or choose another file")
    address = address.set(database=str(file))
    if must_exist and not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)):
        engine = create_engine(address, creator=partial(_connect_read_only, file))
    else:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{file} cannot be created ({error.strerror}); choose another file") from None
        engine = create_engine(address)
    event.listen(engine, "connect", _set_pragmas)
    return engine


def _connect_read_only(file: Path) -> sqlite3.Connection:
    """Open a file on a read-only disk or of another user, where SQLite cannot create its journal files."""
    journal = file.with_name(f"{file.name}-wal")  # if it exists it holds committed changes, which `immutable` ignores
    mode = "mode=ro" if journal.exists() else "mode=ro&immutable=1"
    return sqlite3.connect(f"{file.as_uri()}?{mode}", uri=True, check_same_thread=False)


def _set_pragmas(connection: sqlite3.Connection, _: Any) -> None:
    connection.execute(f"PRAGMA busy_timeout = {1000 * _BUSY_TIMEOUT_S}")
    connection.execute("PRAGMA foreign_keys = ON")
