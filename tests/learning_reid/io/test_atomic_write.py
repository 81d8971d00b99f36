"""A file is replaced completely or not at all."""

import errno
import json
import os
from pathlib import Path

import pytest

from learning_reid.errors import UserError
from learning_reid.io import file_names
from learning_reid.io.atomic_write import atomic_write, write_text
from learning_reid.io.output_folder import write_json


def test_a_failing_block_leaves_the_earlier_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("older")
    with pytest.raises(RuntimeError), atomic_write(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "older" and list(tmp_path.iterdir()) == [path]
    with atomic_write(path) as temporary:
        temporary.write_text("newer")
        assert path.read_text() == "older"
    assert path.read_text() == "newer" and list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_a_user_error_and_leaves_the_earlier_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("older")
    with (
        pytest.raises(UserError, match=r"a\.txt cannot be written \(No space left on device\); free some space"),
        atomic_write(path) as temporary,
    ):
        temporary.write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert path.read_text() == "older" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("name", "reason"), [("missing/a.txt", "No such file"), ("folder", "directory")])
def test_a_path_that_cannot_be_written_is_a_user_error(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "folder").mkdir()
    with (
        pytest.raises(UserError, match=rf"{name} cannot be written \(.*{reason}"),
        atomic_write(tmp_path / name) as temporary,
    ):
        temporary.write_text("text")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_an_error_about_another_file_keeps_its_type(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"source\.txt"), atomic_write(tmp_path / "a.txt") as temporary:
        temporary.write_text((tmp_path / "source.txt").read_text())


def test_a_device_is_written_and_not_replaced() -> None:
    with atomic_write(Path(os.devnull)) as temporary:
        temporary.write_text("text")
    assert Path(os.devnull).is_char_device()


def test_names_that_are_not_utf8_are_escaped_with_one_note(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file_names._note_escapes.cache_clear()
    name = os.fsdecode(b"Zo\xeb.jpg")
    for file in ("a.json", "b.json"):
        write_json(tmp_path / file, {"img_path": name})
        assert json.loads((tmp_path / file).read_text(encoding="utf-8")) == {"img_path": name}
    write_text(tmp_path / "c.txt", "Zoë 🙂")
    assert (tmp_path / "c.txt").read_text(encoding="utf-8") == "Zoë 🙂"
    assert capsys.readouterr().err.count("note: names that are not UTF-8") == 1
