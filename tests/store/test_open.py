"""Opening a store: new, old, newer than the project, damaged, read-only, of a wrong address."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text

from src.settings.errors import UserError
from src.store.open import open_store, shown, store_file
from src.store.schema import Base


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


def test_a_database_of_something_else_is_not_touched(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "store.db") as other:
        other.execute("CREATE TABLE cameras (lens TEXT)")
    with pytest.raises(UserError, match="the database answers: table cameras already exists"):
        open_store(f"sqlite:///{tmp_path / 'store.db'}")


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
        ("postgresql+psycopg://somebody:secret@127.0.0.1:1/x", r"somebody:\*\*\*@127.0.0.1:1/x: the database answers"),
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
