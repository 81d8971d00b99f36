"""Two processes never write to one output at the same time; a folder that cannot be locked is no obstacle."""

import errno
import threading
from pathlib import Path

import pytest
from filelock import FileLock

from learning_reid.errors import UserError
from learning_reid.io.target_lock import lock_target


def test_the_second_is_refused_in_one_line_and_the_first_is_unharmed(tmp_path: Path) -> None:
    target = tmp_path / "model.onnx"
    with lock_target(target):
        with pytest.raises(UserError, match="another process is writing to it") as error, lock_target(target):
            pytest.fail("not reached")
        assert str(error.value).startswith(f"{target}: ") and "\n" not in str(error.value)
        with pytest.raises(UserError), lock_target(target):  # the refused one has not released it
            pytest.fail("not reached")
    with lock_target(target):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_lock_file_of_a_killed_process_does_not_refuse(tmp_path: Path) -> None:
    (tmp_path / ".model.onnx.lock").write_text("")
    with lock_target(tmp_path / "model.onnx"):
        pass


def test_waiting_for_the_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target, order = tmp_path / "set", []

    def second() -> None:
        with lock_target(target, wait=True):
            order.append("second")

    with lock_target(target):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.3)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert capsys.readouterr().err == f"waiting for another process that writes {target} …\n"


@pytest.mark.parametrize("reason", [errno.EROFS, errno.EACCES, errno.ENOLCK, errno.EOPNOTSUPP])
def test_where_locking_is_impossible_the_work_is_done(
    reason: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(reason, "no lock here")

    monkeypatch.setattr(FileLock, "acquire", fail)
    with lock_target(tmp_path / "set"):
        (tmp_path / "set").write_text("done")
    assert (tmp_path / "set").read_text() == "done"


def test_a_missing_folder_is_left_to_the_work(tmp_path: Path) -> None:
    with pytest.raises(KeyError), lock_target(tmp_path / "none" / "set"):
        raise KeyError
    assert not (tmp_path / "none").exists()
