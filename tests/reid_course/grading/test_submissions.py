"""Submissions are found under the names that course platforms produce, and other files are reported."""

import json
import os
from pathlib import Path

import pytest

from learning_reid.errors import UserError
from reid_course.grading.submissions import MAX_BYTES, find_submissions, read_notebook

SETS = ["01_distances", "02_losses"]


def hand_in(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("{}")


def found(folder: Path) -> list[tuple[str, str, str]]:
    return [(one.student, one.set_name, one.problem) for one in find_submissions(folder, SETS)]


@pytest.mark.parametrize(
    ("name", "student", "set_name"),
    [
        ("ada/01_distances.ipynb", "ada", "01_distances"),
        ("01_distances_ada.ipynb", "ada", "01_distances"),
        ("01_distances_Ada Lovelace (2).ipynb", "Ada Lovelace", "01_distances"),
        ("Ada Lovelace_12345_assignsubmission_file_/01_distances.ipynb", "Ada Lovelace_12345", "01_distances"),
        ("Ada Lovelace_12345_assignsubmission_file_01_distances.ipynb", "Ada Lovelace_12345", "01_distances"),
        ("ada/01_distances (1).ipynb", "ada", "01_distances"),
        ("ada/01_distances-Copy1.ipynb", "ada", "01_distances"),
        ("ada/02 Losses Ada.IPYNB", "ada", "02_losses"),
        ("ada/deeper/02_losses.ipynb", "ada", "02_losses"),
    ],
)
def test_names(name: str, student: str, set_name: str, tmp_path: Path) -> None:
    hand_in(tmp_path, name)
    assert found(tmp_path) == [(student, set_name, "")]


def test_a_student_may_hand_in_several_sets(tmp_path: Path) -> None:
    hand_in(
        tmp_path, "ada/02_losses.ipynb", "ada/01_distances.ipynb", "ben/01_distances.ipynb", "01_distances_cy.ipynb"
    )
    assert found(tmp_path) == [
        ("ada", "01_distances", ""), ("ada", "02_losses", ""), ("ben", "01_distances", ""), ("cy", "01_distances", ""),
    ]  # fmt: skip


def test_a_renamed_notebook_names_its_set(tmp_path: Path) -> None:
    hand_in(tmp_path, "ada/homework.ipynb", "ben/homework.ipynb", "cy/homework.ipynb")
    (tmp_path / "ada/homework.ipynb").write_text(json.dumps({"metadata": {"otter": {"assignment_name": "02_losses"}}}))
    (tmp_path / "cy/homework.ipynb").write_text("[" * 100_000 + json.dumps('"assignment_name": "02_losses"'))
    problem = "unknown exercise set; there are: 01_distances, 02_losses"
    assert found(tmp_path) == [("ada", "02_losses", ""), ("ben", "", problem), ("cy", "", problem)]


def test_submissions_that_cannot_be_graded_are_reported(tmp_path: Path) -> None:
    hand_in(
        tmp_path,
        "ada/01_distances.zip",
        "ben/answer.txt",
        "dan/01_distances.ipynb",
        "dan/01_distances (1).ipynb",
        "02_losses_eve.pdf",
    )
    (tmp_path / "cy").mkdir()
    (tmp_path / "fay").mkdir()
    (tmp_path / "fay" / "01_distances.ipynb").symlink_to("/etc/passwd")
    hand_in(tmp_path, "gus/01_distances.ipynb")
    with (tmp_path / "gus" / "01_distances.ipynb").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert found(tmp_path) == [
        ("ada", "01_distances", "an archive: unpack it and grade again"),
        ("ben", "", "no notebook was handed in"),
        ("cy", "", "no notebook was handed in"),
        ("dan", "01_distances", "several notebooks of this set: keep the one that counts"),
        ("eve", "02_losses", "no notebook (.ipynb) was handed in"),
        ("fay", "01_distances", "a link, not a notebook"),
        ("gus", "01_distances", "larger than 50 MB: clear the outputs"),
    ]


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    """A named pipe would block whoever opens it, and a device may never end."""
    hand_in(tmp_path, "ada/01_distances.ipynb")
    os.mkfifo(tmp_path / "ada" / "02_losses.ipynb")
    os.mkfifo(tmp_path / "01_distances_ben.ipynb")
    os.mkfifo(tmp_path / "homework.ipynb")
    assert found(tmp_path) == [
        ("ada", "01_distances", ""),
        ("ada", "02_losses", "not a regular file"),
        ("ben", "01_distances", "not a regular file"),
        ("homework", "", "not a regular file"),
    ]
    (tmp_path / "link.ipynb").symlink_to("ada/01_distances.ipynb")
    for path in (tmp_path / "homework.ipynb", Path("/dev/zero"), tmp_path / "link.ipynb", tmp_path / "ada"):
        with pytest.raises(OSError):  # also if it was replaced after it was found
            read_notebook(path)
    assert read_notebook(tmp_path / "ada" / "01_distances.ipynb") == b"{}"


def test_a_path_longer_than_the_system_allows_does_not_stop_the_class(tmp_path: Path) -> None:
    hand_in(tmp_path, "ada/01_distances.ipynb", "ben/01_distances.ipynb")
    folder = os.open(tmp_path / "ada", os.O_RDONLY)
    for _ in range(30):
        os.mkdir("x" * 200, dir_fd=folder)
        deeper = os.open("x" * 200, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = deeper
    os.close(folder)
    assert found(tmp_path) == [("ada", "01_distances", ""), ("ben", "01_distances", "")]


def test_files_of_other_programs_are_ignored(tmp_path: Path) -> None:
    hand_in(
        tmp_path,
        "ada/01_distances.ipynb",
        "ada/.ipynb_checkpoints/01_distances-checkpoint.ipynb",
        "__MACOSX/x.ipynb",
        ".DS_Store",
        "ada/._01_distances.ipynb",
    )
    assert found(tmp_path) == [("ada", "01_distances", "")]


def test_a_missing_or_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such folder"):
        find_submissions(tmp_path / "none", SETS)
    with pytest.raises(UserError, match="no submissions"):
        find_submissions(tmp_path, SETS)
