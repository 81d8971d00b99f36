"""The command `timeline`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from learning_reid.errors import UserError
from reid_store.database import open_store, write_lock
from tests.learning_reid.cli.run_cli import run_command
from tests.reid_store.fake_store import make_store


def timeline(file: Path, *more: object) -> str:
    return run_command(
        "timeline", "--output", file.parent / "report" / "page.html", "--set", f"store.url=sqlite:///{file}", *more
    )


def test_page_is_written_and_its_path_printed(tmp_path: Path) -> None:
    make_store(tmp_path / "a.db", 2, 3, 5)
    printed = timeline(tmp_path / "a.db", "--use-reid", "--blur", "faces")
    page = tmp_path / "report" / "page.html"
    assert str(page) in printed and "30 detections, 3 persons, 2 cameras, 2026-01-01 12:00 UTC" in printed
    assert "Faces are blurred" in page.read_text() and not list(page.parent.glob("*.part"))


def test_without_persons_the_command_to_run_is_shown(tmp_path: Path) -> None:
    make_store(tmp_path / "a.db", assigned=False)
    with pytest.raises(UserError, match=r"run: python src/main\.py identities"):
        timeline(tmp_path / "a.db", "--use-reid")
    timeline(tmp_path / "a.db")
    assert "not assigned to persons yet" in (tmp_path / "report" / "page.html").read_text()


def test_retention_deletes_older_detections(tmp_path: Path) -> None:
    start = time.time() - 3600 * 50
    make_store(tmp_path / "a.db", cameras=1, persons=2, moments=50, step_s=3600, start_s=start - 60)
    printed = timeline(tmp_path / "a.db", "--retention", "1d")
    assert (
        "27 frames, 54 detections with their thumbnails, 54 embeddings, 0 recordings and 0 persons deleted" in printed
    )
    assert "46 detections" in printed
    assert "There are no detections." in timeline(tmp_path / "a.db", "--retention", "0.001h")


def test_unknown_camera_deletes_nothing(tmp_path: Path) -> None:
    make_store(tmp_path / "a.db")
    with pytest.raises(UserError, match="no camera 'nowhere'"):
        timeline(tmp_path / "a.db", "--retention", "1d", "--camera", "nowhere")
    assert "30 detections" in timeline(tmp_path / "a.db")


def test_locked_store_raises_and_nothing_is_deleted(tmp_path: Path) -> None:
    make_store(tmp_path / "a.db")
    url = f"sqlite:///{tmp_path / 'a.db'}"
    with write_lock(open_store(url), url), pytest.raises(UserError, match="is writing to it"):
        timeline(tmp_path / "a.db", "--retention", "1d")
    assert "30 detections" in timeline(tmp_path / "a.db")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--retention", "soon"], "12h, 30d, 4w"),
        (["--after", "noon"], "--after noon is not a time"),
        (["--frames", "--blur", "faces"], "omit it or --blur faces"),
        (["--compare", "embedded", "embedded"], "twice"),
        (["--compare", "embedded", "nonsense"], "no such model"),
        (["--camera", "Z"], "no camera 'Z'"),
        (["--after", "2026-01-02", "--before", "2026-01-01"], "--after 2026-01-02 is later than --before 2026-01-01"),
    ],
)
def test_errors(arguments: Sequence[str], message: str, tmp_path: Path) -> None:
    make_store(tmp_path / "a.db")
    with pytest.raises(UserError) as problem:
        timeline(tmp_path / "a.db", *arguments)
    assert message in str(problem.value) and str(problem.value).count("\n") < 2


def test_missing_store_and_output_folder_raise(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no store"):
        timeline(tmp_path / "none.db")
    make_store(tmp_path / "a.db")
    (tmp_path / "report" / "page.html").mkdir(parents=True)
    with pytest.raises(UserError, match="is a folder"):
        timeline(tmp_path / "a.db")
