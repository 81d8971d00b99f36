"""Output folders are created and checked before any work."""

import os
from pathlib import Path

import pytest

from learning_reid.errors import UserError
from learning_reid.io.output_folder import prepare_folder


def test_a_folder_is_created_and_left_empty(tmp_path: Path) -> None:
    assert prepare_folder(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_file_of_this_name(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(UserError, match=r"out: a file has this name; choose another folder"):
        prepare_folder(tmp_path / "out")
    with pytest.raises(UserError, match=r"cannot write there \(Not a directory\)"):
        prepare_folder(tmp_path / "out" / "deeper")


def test_a_folder_without_write_permission(tmp_path: Path, skip_or_fail) -> None:
    locked = Path("/proc/self") if os.geteuid() == 0 else tmp_path / "locked"  # root may write nearly anywhere
    if os.geteuid():
        locked.mkdir(mode=0o500)
    elif not locked.exists():
        skip_or_fail("nothing is unwritable for root here; run the tests as another user")
    with pytest.raises(UserError, match="cannot write there"):
        prepare_folder(locked / "out")


def test_a_folder_with_the_name_of_an_output(tmp_path: Path) -> None:
    (tmp_path / "ranking.png").mkdir()
    with pytest.raises(UserError, match=r"ranking\.png is a folder where a file"):
        prepare_folder(tmp_path)
