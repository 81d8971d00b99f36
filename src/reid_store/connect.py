"""From an address to a connection: a file of SQLite, or a PostgreSQL server."""

from __future__ import annotations

import os
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from learning_reid.errors import UserError
from learning_reid.io.paths import find_checkout
from learning_reid.registry import missing_package

DEFAULT_URL = "sqlite:///data/db/detections.db"
_WAIT_S = 30  # for another process that writes into the file
_ANSWER_S = 15  # a server that says nothing for so long cannot be reached


def connect(url: str, must_exist: bool = False) -> Engine:
    """Prepare to connect; nothing is asked yet, and of a file nothing is made but the folder around it.

    Args:
        url: of `open_store`.
        must_exist: refuse a file that is not there; read one that cannot be written.

    Raises:
        UserError: the address cannot be used, or there is no such file.
    """
    try:
        address = make_url(url)
        if address.drivername == "postgresql":
            address = address.set(drivername="postgresql+psycopg")
        if address.get_backend_name() == "postgresql":
            return create_engine(address, connect_args={"connect_timeout": _ANSWER_S, **address.query})
    except ArgumentError:
        raise UserError(f"store.url {url!r} is no address; write sqlite:///FILE or postgresql+psycopg://…") from None
    except (ModuleNotFoundError, NoSuchModuleError) as problem:
        package = getattr(problem, "name", None) or "psycopg"
        raise UserError(missing_package("a store on a server", package, "cluster")) from None
    file = store_file(url)
    if file is None:
        raise UserError(f"{shown(url)}: a store is sqlite:///FILE or postgresql+psycopg://…; correct store.url")
    return _open_file(address, file, must_exist)


def store_file(url: str) -> Path | None:
    """The file of a store, None where it is on a server.

    Raises:
        UserError: SQLite is meant, and no file named.
    """
    address = make_url(url)
    if address.get_backend_name() != "sqlite":
        return None
    if not address.database or address.database == ":memory:":
        raise UserError("a store is kept in a file; write sqlite:///FILE")
    return ((find_checkout() or Path.cwd()) / Path(address.database).expanduser()).resolve()


def shown(url: str) -> str:
    """An address without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return url


def _open_file(address: URL, file: Path, must_exist: bool) -> Engine:
    if file.is_dir():
        raise UserError(f"{file} is a folder; a store is a file, such as sqlite:///{file / 'detections.db'}")
    if must_exist and not file.is_file():
        raise UserError(f"there is no store {file} yet; fill one with: python src/main.py extract --input …")
    if file.is_file() and not os.access(file, os.R_OK):
        raise UserError(f"{file} may not be read (permission denied); ask whose it is, or name another")
    address = address.set(database=str(file))
    if must_exist and not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)):
        engine = create_engine(address, creator=partial(_connect_read_only, file))
    else:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise UserError(f"{file} cannot be made ({problem.strerror}); name another place") from None
        engine = create_engine(address)
    event.listen(engine, "connect", _prepare)
    return engine


def _connect_read_only(file: Path) -> sqlite3.Connection:
    """A disk that cannot be written, or somebody else's file: SQLite reads it without the files beside it."""
    journal = file.with_name(f"{file.name}-wal")  # where there is one, changes lie in it that must not be passed over
    mode = "mode=ro" if journal.exists() else "mode=ro&immutable=1"
    return sqlite3.connect(f"{file.as_uri()}?{mode}", uri=True, check_same_thread=False)


def _prepare(connection: sqlite3.Connection, _: Any) -> None:
    connection.execute(f"PRAGMA busy_timeout = {1000 * _WAIT_S}")
    connection.execute("PRAGMA foreign_keys = ON")
