"""Opening a store: new, old, newer than the project, damaged, read-only, of a wrong address."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, func, inspect, make_url, select, text
from sqlalchemy.orm import Session

from learning_reid.errors import UserError
from reid_store.connect import shown, store_file
from reid_store.database import write_lock, open_store, database_errors
from reid_store.schema import Base, Detection, StoredFrame
from tests.reid_store.conftest import empty_server
from tests.reid_store.making import make_store


def test_a_new_store_has_all_tables_as_the_code_knows_them(engine: Engine) -> None:
    there = inspect(engine)
    assert set(Base.metadata.tables) <= set(there.get_table_names())
    for name, table in Base.metadata.tables.items():
        assert {column["name"] for column in there.get_columns(name)} == set(table.columns.keys())
        assert {index["name"] for index in there.get_indexes(name)} >= {index.name for index in table.indexes}


def test_a_store_of_a_newer_version_is_left_alone(url: str, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UserError, match=r"newer version of this project \(9999\)"):
        open_store(url)


def test_a_file_keeps_what_was_written_when_the_process_dies(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'deep' / 'er' / 'store.db'}")
    with engine.connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"holiday pictures " * 500)
    with pytest.raises(UserError, match="no database, or damaged"):
        open_store(f"sqlite:///{tmp_path / 'store.db'}")


@pytest.mark.parametrize("table", ["photos", "object_detections"])
@pytest.mark.parametrize("must_exist", [False, True])
def test_a_database_of_something_else_is_not_touched(tmp_path: Path, must_exist: bool, table: str) -> None:
    file = tmp_path / "store.db"
    with sqlite3.connect(file) as other:
        other.execute(f"CREATE TABLE {table} (lens TEXT)")
    other.close()
    before = file.read_bytes()
    with pytest.raises(UserError, match=rf"store\.db is no store: it holds the table {table}; correct"):
        open_store(f"sqlite:///{file}", must_exist)
    assert file.read_bytes() == before and list(tmp_path.iterdir()) == [file]


def test_an_empty_database_is_filled_but_not_by_who_only_asks(url: str) -> None:
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).touch()
    with pytest.raises(UserError, match="is empty; fill it with: .*extract"):
        open_store(url, must_exist=True)
    open_store(url)
    open_store(url, must_exist=True)


def test_the_tables_of_others_on_a_server_stay_beside(server: str) -> None:
    url = empty_server(server)
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE photos (lens TEXT)"))
    with pytest.raises(UserError, match="is no store: it holds the table photos"):
        open_store(url, must_exist=True)
    assert inspect(engine).get_table_names() == ["photos"]
    assert "photos" in inspect(open_store(url)).get_table_names()
    engine.dispose()


def test_whoever_is_killed_while_the_tables_are_made_leaves_none(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("alembic.op.create_index", None)  # after some of the tables
        with pytest.raises(TypeError):
            open_store(url)
    assert Detection.__tablename__ in inspect(open_store(url)).get_table_names()


@pytest.fixture
def shelf() -> Iterator[Path]:
    """A folder that can be written until `as_a_guest`, and is not below one that guests may not enter."""
    folder = Path(tempfile.mkdtemp(prefix="shelf"))
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@contextmanager
def as_a_guest(folder: Path, rights: int = 0o444) -> Iterator[None]:
    """Be somebody who may read a folder and its files, and not write: root may always."""
    for file in folder.iterdir():
        file.chmod(rights)
    folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        if root:
            os.setresuid(0, 0, 0)


def test_a_store_that_cannot_be_written_is_read(shelf: Path) -> None:
    url = f"sqlite:///{shelf / 'store.db'}"
    make_store(shelf / "store.db").dispose()
    before = (shelf / "store.db").read_bytes()
    with as_a_guest(shelf):
        engine = open_store(url, must_exist=True)
        with Session(engine) as session:
            assert session.scalar(select(func.count()).select_from(Detection)) == 30
        with pytest.raises(UserError, match="cannot be written .*make it"), write_lock(engine, url):
            pass
        with pytest.raises(UserError, match="cannot be written"), database_errors(url), engine.begin() as connection:
            connection.execute(text("DELETE FROM frames"))
        engine.dispose()
    assert (shelf / "store.db").read_bytes() == before and len(list(shelf.iterdir())) == 1


def test_of_a_store_that_cannot_be_written_the_latest_is_read_too(shelf: Path) -> None:
    url = f"sqlite:///{shelf / 'store.db'}"
    writer = make_store(shelf / "store.db")  # still open: what it wrote lies in the journal
    with as_a_guest(shelf), Session(open_store(url, must_exist=True)) as session:
        assert session.scalar(select(func.count()).select_from(Detection)) == 30
    writer.dispose()


def test_a_store_that_may_not_be_read_is_told(shelf: Path) -> None:
    make_store(shelf / "store.db").dispose()
    with as_a_guest(shelf, rights=0o000), pytest.raises(UserError, match="may not be read"):
        open_store(f"sqlite:///{shelf / 'store.db'}", must_exist=True)


def test_a_store_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    engine = make_store(tmp_path / "store.db")
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE frames DROP COLUMN name"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    engine.dispose()
    with Session(open_store(url, must_exist=True)) as session:
        assert set(session.scalars(select(StoredFrame.name))) == {None}


def test_a_place_that_cannot_be_written() -> None:
    for place in ("/proc/none/store.db", "/proc/store.db"):  # where not even root may write
        with pytest.raises(UserError, match="cannot be made|make it writable"):
            open_store(f"sqlite:///{place}")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("store.db", "is no address"),
        ("mysql://somebody@there/x", "a store is sqlite:///FILE or postgresql"),
        ("sqlite:///:memory:", "kept in a file"),
        ("sqlite://", "kept in a file"),
        ("sqlite:////tmp", "/tmp is a folder; a store is a file, such as sqlite:////tmp/detections.db"),
        (
            "postgresql+psycopg://somebody:secret@127.0.0.1:1/x",
            r"somebody:\*\*\*@127.0.0.1:1/x: .*refused; start the server",
        ),
    ],
)
def test_a_wrong_address(url: str, told: str) -> None:
    with pytest.raises(UserError, match=told) as problem:
        open_store(url)
    assert "secret" not in str(problem.value)


def test_a_store_that_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no store .*extract"):
        open_store(f"sqlite:///{tmp_path / 'none.db'}", must_exist=True)
    assert not (tmp_path / "none.db").exists()


def test_a_relative_file_lies_in_the_project(repository: Path) -> None:
    assert store_file("sqlite:///data/db/detections.db") == repository / "data" / "db" / "detections.db"
    assert store_file("postgresql://a@b/c") is None and shown("no address") == "no address"
