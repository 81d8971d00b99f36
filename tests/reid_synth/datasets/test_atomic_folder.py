"""Written whole or not at all, and one line about why not."""

import errno
from pathlib import Path

import pytest

from learning_reid.errors import UserError
from reid_synth.datasets.atomic_folder import DRAFT, drafting, save


def test_all_of_it_appears_at_the_end(tmp_path: Path) -> None:
    with drafting(tmp_path / "new" / "set") as draft:
        save(draft, "a/b.txt", b"b")
        assert [entry.name for entry in (tmp_path / "new" / "set").iterdir()] == [DRAFT]
    assert [path.relative_to(tmp_path / "new").as_posix() for path in sorted((tmp_path / "new").rglob("*"))] == [
        "set",
        "set/a",
        "set/a/b.txt",
    ]


@pytest.mark.parametrize("made_before", [True, False])
@pytest.mark.parametrize("problem", [KeyboardInterrupt(), SystemExit(1), UserError("no"), RuntimeError()])
def test_nothing_of_it_is_left_by_whatever_ends_it(tmp_path: Path, problem: BaseException, made_before: bool) -> None:
    folder = tmp_path / "set"
    if made_before:
        folder.mkdir()
    with pytest.raises(type(problem)), drafting(folder) as draft:
        save(draft, "a/b.txt", b"b")
        raise problem
    assert folder.exists() == made_before and not list(tmp_path.rglob("*.txt"))


def test_the_folders_above_are_taken_away_too_where_they_were_made(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(RuntimeError), drafting(tmp_path / "there" / "not" / "yet"):
        raise RuntimeError
    assert [path.name for path in tmp_path.rglob("*")] == ["there"]


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError) as told, drafting(tmp_path / "set"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert str(told.value) == (
        f"{tmp_path / 'set'} cannot be written (No space left on device): make room, or name another folder"
    )
    assert not (tmp_path / "set").exists()


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("")
    with pytest.raises(UserError, match="already holds files"), drafting(tmp_path):
        raise AssertionError("not reached")
    assert (tmp_path / "mine.txt").exists()


def test_what_a_killed_run_left_is_cleared_away(tmp_path: Path) -> None:
    save(tmp_path / DRAFT, "old.txt", b"")
    with drafting(tmp_path) as draft:
        save(draft, "new.txt", b"")
    assert [entry.name for entry in tmp_path.iterdir()] == ["new.txt"]


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UserError, match="cannot be written"), drafting(folder):
            raise AssertionError("not reached")
    assert (tmp_path / "file").read_text() == ""
