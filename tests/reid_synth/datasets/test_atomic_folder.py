"""Atomic folders: complete or absent, and errors in one line."""

import errno
from pathlib import Path

import pytest

from learning_reid.errors import UserError
from reid_synth.datasets.atomic_folder import LOCK, STAGING, staged_folder, write_file


def test_content_appears_when_complete(tmp_path: Path) -> None:
    with staged_folder(tmp_path / "new" / "set") as draft:
        write_file(draft, "a/b.txt", b"b")
        assert {entry.name for entry in (tmp_path / "new" / "set").iterdir()} == {STAGING, LOCK}
    assert [path.relative_to(tmp_path / "new").as_posix() for path in sorted((tmp_path / "new").rglob("*"))] == [
        "set",
        "set/a",
        "set/a/b.txt",
    ]


@pytest.mark.parametrize("made_before", [True, False])
@pytest.mark.parametrize("problem", [KeyboardInterrupt(), SystemExit(1), UserError("no"), RuntimeError()])
def test_nothing_is_left_after_a_failure(tmp_path: Path, problem: BaseException, made_before: bool) -> None:
    folder = tmp_path / "set"
    if made_before:
        folder.mkdir()
    with pytest.raises(type(problem)), staged_folder(folder) as draft:
        write_file(draft, "a/b.txt", b"b")
        raise problem
    assert folder.exists() == made_before and not list(tmp_path.rglob("*.txt"))


def test_created_parent_folders_are_removed_after_a_failure(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(RuntimeError), staged_folder(tmp_path / "there" / "not" / "yet"):
        raise RuntimeError
    assert [path.name for path in tmp_path.rglob("*")] == ["there"]


def test_a_full_disk_is_reported_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error, staged_folder(tmp_path / "set"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert str(error.value) == (
        f"{tmp_path / 'set'} cannot be written (No space left on device): free disk space, or choose another folder"
    )
    assert not (tmp_path / "set").exists()


def test_a_folder_with_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("")
    with pytest.raises(UserError, match="already contains files"), staged_folder(tmp_path):
        raise AssertionError("not reached")
    assert (tmp_path / "mine.txt").exists()


def test_leftovers_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    write_file(tmp_path / STAGING, "old.txt", b"")
    with staged_folder(tmp_path) as draft:
        write_file(draft, "new.txt", b"")
    assert [entry.name for entry in tmp_path.iterdir()] == ["new.txt"]


def test_a_file_in_place_of_the_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UserError, match="cannot be written"), staged_folder(folder):
            raise AssertionError("not reached")
    assert (tmp_path / "file").read_text() == ""


def test_a_second_process_does_not_touch_the_folder_of_the_first(tmp_path: Path) -> None:
    with staged_folder(tmp_path / "set") as draft:
        write_file(draft, "a.txt", b"first")
        with pytest.raises(UserError, match="another process is writing"), staged_folder(tmp_path / "set"):
            pytest.fail("not reached")
        write_file(draft, "b.txt", b"first")
    assert sorted(path.name for path in (tmp_path / "set").iterdir()) == ["a.txt", "b.txt"]
