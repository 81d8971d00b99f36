"""Open a store: new, old, newer, damaged, read-only, wrong address."""

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
from reid_store.connect import store_file
from reid_store.database import database_errors, open_store, write_lock
from reid_store.schema import Base, Detection, StoredFrame
from tests.reid_store.conftest import empty_server
from tests.reid_store.fake_store import make_store


def test_new_store_has_all_tables(engine: Engine) -> None:
    there = inspect(engine)
    assert set(Base.metadata.tables) <= set(there.get_table_names())
    for name, table in Base.metadata.tables.items():
        assert {column["name"] for column in there.get_columns(name)} == set(table.columns.keys())
        assert {index["name"] for index in there.get_indexes(name)} >= {index.name for index in table.indexes}


def test_store_of_a_newer_version_raises(url: str, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UserError, match=r"newer version of this project \(9999\)"):
        open_store(url)


def test_file_uses_a_write_ahead_log(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'deep' / 'er' / 'store.db'}")
    with engine.connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1


def test_file_that_is_not_a_database_raises(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"holiday images " * 500)
    with pytest.raises(UserError, match="not a database, or damaged"):
        open_store(f"sqlite:///{tmp_path / 'store.db'}")


@pytest.mark.parametrize("table", ["photos", "object_detections"])
@pytest.mark.parametrize("must_exist", [False, True])
def test_other_database_is_not_changed(tmp_path: Path, must_exist: bool, table: str) -> None:
    file = tmp_path / "store.db"
    with sqlite3.connect(file) as other:
        other.execute(f"CREATE TABLE {table} (lens TEXT)")
    other.close()
    before = file.read_bytes()
    with pytest.raises(UserError, match=rf"store\.db is not a store: it has the table {table}; correct"):
        open_store(f"sqlite:///{file}", must_exist)
    assert file.read_bytes() == before and list(tmp_path.iterdir()) == [file]


def test_empty_database_is_only_migrated_for_writing(url: str) -> None:
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).touch()
    with pytest.raises(UserError, match="is empty; fill it with: .*extract"):
        open_store(url, must_exist=True)
    open_store(url)
    open_store(url, must_exist=True)


@pytest.mark.slow
def test_other_tables_on_a_server_are_kept(server: str) -> None:
    url = empty_server(server)
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE photos (lens TEXT)"))
    with pytest.raises(UserError, match="is not a store: it has the table photos"):
        open_store(url, must_exist=True)
    assert inspect(engine).get_table_names() == ["photos"]
    assert "photos" in inspect(open_store(url)).get_table_names()
    engine.dispose()


def test_interrupted_migration_leaves_no_tables(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("alembic.op.create_index", None)  # after some of the tables
        with pytest.raises(TypeError):
            open_store(url)
    assert Detection.__tablename__ in inspect(open_store(url)).get_table_names()


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder that other users can read."""
    folder = Path(tempfile.mkdtemp(prefix="shared_folder"))
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@contextmanager
def as_another_user(folder: Path, mode: int = 0o444) -> Iterator[None]:
    """Run the block as a user who can read a folder and its files but not write: root always can."""
    for file in folder.iterdir():
        file.chmod(mode)
    folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        if root:
            os.setresuid(0, 0, 0)


def test_read_only_store(shared_folder: Path) -> None:
    url = f"sqlite:///{shared_folder / 'store.db'}"
    make_store(shared_folder / "store.db").dispose()
    before = (shared_folder / "store.db").read_bytes()
    with as_another_user(shared_folder):
        engine = open_store(url, must_exist=True)
        with Session(engine) as session:
            assert session.scalar(select(func.count()).select_from(Detection)) == 30
        with pytest.raises(UserError, match="cannot be written .*make it"), write_lock(engine, url):
            pass
        with pytest.raises(UserError, match="cannot be written"), database_errors(url), engine.begin() as connection:
            connection.execute(text("DELETE FROM frames"))
        engine.dispose()
    assert (shared_folder / "store.db").read_bytes() == before and len(list(shared_folder.iterdir())) == 1


def test_read_only_store_with_a_journal(shared_folder: Path) -> None:
    url = f"sqlite:///{shared_folder / 'store.db'}"
    writer = make_store(shared_folder / "store.db")  # still open, so its changes are in the journal
    with as_another_user(shared_folder), Session(open_store(url, must_exist=True)) as session:
        assert session.scalar(select(func.count()).select_from(Detection)) == 30
    writer.dispose()


def test_unreadable_store_raises(shared_folder: Path) -> None:
    make_store(shared_folder / "store.db").dispose()
    with as_another_user(shared_folder, mode=0o000), pytest.raises(UserError, match="cannot be read"):
        open_store(f"sqlite:///{shared_folder / 'store.db'}", must_exist=True)


def test_store_of_the_first_version_is_migrated(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    engine = make_store(tmp_path / "store.db")
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE frames DROP COLUMN name"))
        connection.execute(text("ALTER TABLE identities DROP COLUMN corrected"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    engine.dispose()
    with Session(open_store(url, must_exist=True)) as session:
        assert set(session.scalars(select(StoredFrame.name))) == {None}


def test_path_that_cannot_be_written_raises() -> None:
    for place in ("/proc/none/store.db", "/proc/store.db"):  # where not even root can write
        with pytest.raises(UserError, match="cannot be created|make it writable"):
            open_store(f"sqlite:///{place}")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("store.db", "is not an address"),
        ("mysql://user@there/x", "use sqlite:///FILE or postgresql"),
        ("sqlite:///:memory:", "needs a file"),
        ("sqlite://", "needs a file"),
        ("sqlite:////tmp", "/tmp is a folder; name a file, such as sqlite:////tmp/detections.db"),
        (
            "postgresql+psycopg://user:secret@127.0.0.1:1/x",
            r"//\*\*\*@127.0.0.1:1/x: .*refused; start the server",
        ),
    ],
)
def test_wrong_address_raises(url: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as problem:
        open_store(url)
    assert "secret" not in str(problem.value)


def test_missing_store_raises(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no store .*extract"):
        open_store(f"sqlite:///{tmp_path / 'none.db'}", must_exist=True)
    assert not (tmp_path / "none.db").exists()


def test_relative_file_is_in_the_project(repository: Path) -> None:
    assert store_file("sqlite:///data/db/detections.db") == repository / "data" / "db" / "detections.db"
    assert store_file("postgresql://a@b/c") is None
