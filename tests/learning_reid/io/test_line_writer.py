"""Lines that were written stay, however writing ends."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from learning_reid.errors import UserError
from learning_reid.io.line_writer import LineWriter


class FullDisk:
    """An open file on a disk with space for a few more bytes."""

    def __init__(self, file: Any, space: int) -> None:
        self.file, self.space = file, space

    def write(self, content: memoryview) -> int:
        if not self.space:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = self.file.write(content[: min(self.space, 4)])  # as a raw file, which may write only a part
        self.space -= written
        return int(written)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


def test_the_file_appears_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "det.txt"
    path.write_text("older\n")
    with LineWriter(path) as file:
        file.write("one\ntwo\n")
        file.write("drei €\n")
        assert path.read_text() == "older\n" and (tmp_path / "det.txt.part").read_text() == "one\ntwo\ndrei €\n"
    assert path.read_text(encoding="utf-8") == "one\ntwo\ndrei €\n" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, UserError])
def test_after_an_error_the_lines_so_far_are_kept(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "det.txt"
    with pytest.raises(error), LineWriter(path) as file:
        file.write("one\n")
        raise error("stop")
    assert path.read_text() == "one\n" and list(tmp_path.iterdir()) == [path]


def test_on_a_full_disk_complete_lines_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "det.txt"
    message = r"det\.txt cannot be written \(No space left on device\)"
    with pytest.raises(UserError, match=message), LineWriter(path) as file:
        file._file = FullDisk(file._file, 10)
        file.write("first\n")
        file.write("second\n")
    assert path.read_text() == "first\n" and list(tmp_path.iterdir()) == [path]


def test_an_error_before_the_first_line_leaves_the_earlier_file(tmp_path: Path) -> None:
    path = tmp_path / "det.txt"
    path.write_text("older\n")
    with pytest.raises(RuntimeError), LineWriter(path):
        raise RuntimeError
    assert path.read_text() == "older\n" and list(tmp_path.iterdir()) == [path]
    with LineWriter(path) as file:
        file.write("")
    assert path.read_text() == ""  # an empty result is a result


def test_devices_are_written_and_folders_refused(tmp_path: Path) -> None:
    with LineWriter(Path(os.devnull)) as file:
        file.write("line\n")
    assert Path(os.devnull).is_char_device()
    with pytest.raises(UserError, match="No space left"), LineWriter(Path("/dev/full")) as file:
        file.write("line\n")
    with (
        pytest.raises(UserError, match=r"missing/det\.txt cannot be written"),
        LineWriter(tmp_path / "missing/det.txt"),
    ):
        pass
