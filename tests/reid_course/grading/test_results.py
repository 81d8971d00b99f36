"""Reports of a run are not trusted, and tables and pages show them without executing anything."""

import csv
import json
import zipfile
from pathlib import Path

import pytest

from learning_reid.errors import UserError
from reid_course.grading.exercise_set import ExerciseSet, read_sets
from reid_course.grading.grade import QuestionGrade, SubmissionGrade, grade_transcript
from reid_course.grading.grades_csv import write_grades
from reid_course.grading.pages import write_pages
from reid_course.grading.sandbox_config import Limits
from reid_course.grading.supervisor import Transcript

TOKEN = "0123"


def grade_events(
    tiny_set: ExerciseSet, *events: dict[str, object], end: str = "finished", status: int | None = None
) -> SubmissionGrade:
    lines = [json.dumps({"token": TOKEN, **event}).encode() for event in events]
    return grade_transcript(Transcript(lines, TOKEN, end, status), tiny_set, "ada", "ada/01_tiny.ipynb", Limits())


def check(*passed: object, question: str = "q1", **more: object) -> dict[str, object]:
    return {"event": "check", "question": question, "cases": [{"passed": ok, "message": "", **more} for ok in passed]}


def test_points_follow_the_cases(tiny_set: ExerciseSet) -> None:
    end: dict[str, object] = {"event": "end"}
    assert grade_events(tiny_set, check(True, True, True), check(True, True, question="q2"), end).points == 4
    assert grade_events(tiny_set, check(True, False, True), end).points == 2
    assert grade_events(tiny_set, check(True, False, question="q2"), end).points == 0  # all or nothing
    assert (
        grade_events(tiny_set, check(True, True, True), check(False, False, False), end).points == 0
    )  # the last counts


@pytest.mark.parametrize(
    "event",
    [
        check(1, "yes", "true"),
        check(True, True),
        check(True, True, True, True),
        check(True, True, True, question="q9"),
        {"event": "check", "question": "q1", "cases": "all"},
        {"event": "check", "question": "q1", "cases": [True, True, True]},
        {"event": "check", "question": ["q1"], "cases": []},
        {"event": "error", "cell": {}, "message": [1]},
    ],
)  # fmt: skip
def test_malformed_events_give_no_points(tiny_set: ExerciseSet, event: dict[str, object]) -> None:
    grade = grade_events(tiny_set, event, {"event": "end"})
    assert grade.points == 0 and grade.possible == 4


def test_lines_without_the_token_give_no_points(tiny_set: ExerciseSet) -> None:
    line = json.dumps({**check(True, True, True), "token": "guess"}).encode()
    deep = b"[" * 100_000
    grade = grade_transcript(Transcript([line, b"\xff", deep, b"3"], TOKEN, "finished"), tiny_set, "ada", "f", Limits())
    assert grade.points == 0 and grade.status == "ended itself before its last cell"


@pytest.mark.parametrize(
    ("end", "status", "expected"),
    [
        ("time", None, "stopped: ran longer than 120 s"),
        ("memory", None, "stopped: used more than 2 GB"),
        ("processes", None, "stopped: started more than 32 processes"),
        ("died", -9, "crashed (Killed)"),
        ("died", 3, "ended itself before its last cell (exit status 3)"),
    ],
)
def test_the_status_says_how_the_run_ended(tiny_set: ExerciseSet, end: str, status: int | None, expected: str) -> None:
    assert grade_events(tiny_set, check(True, True, True), end=end, status=status).status == expected


EVIL = "<script>alert(1)</script>"


def example_grades() -> list[SubmissionGrade]:
    answers = (QuestionGrade("q1", 2, 3, (EVIL,)), QuestionGrade("q2", 1, 1, (), True))
    return [
        SubmissionGrade(
            EVIL, "01_tiny", "marked", answers, (f"tried to write {EVIL}",), (f"cell 2 stopped: {EVIL}",), EVIL, True
        ),
        SubmissionGrade("=1\n+1", "", f"belongs to no set {EVIL}", file="@x.ipynb"),
        SubmissionGrade("class", "01_tiny", "no notebook", (QuestionGrade("q1", 0, 3), QuestionGrade("q2", 0, 1))),
    ]


def test_the_csv_table(tmp_path: Path) -> None:
    write_grades(tmp_path, example_grades())
    with (tmp_path / "marks.csv").open(newline="", encoding="utf-8-sig") as file:
        first, second, third = csv.DictReader(file)
    assert (first["points"], first["possible"], first["share"], first["q1"], first["q2"]) == (
        "3",
        "4",
        "0.750",
        "2",
        "1",
    )
    assert second["student"] == "'=1?+1" and second["file"] == "'@x.ipynb" and second["q1"] == ""
    assert third["points"] == "0" and third["status"] == "no notebook"


def test_pages_escape_everything(tmp_path: Path, tiny_set: ExerciseSet) -> None:
    written = write_pages(tmp_path, example_grades(), {"01_tiny": tiny_set})
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["class.html", *(p.name for p in written.values())]
    )
    assert written["class"].name == "class-2.html"
    for path in tmp_path.iterdir():
        page = path.read_text()
        assert EVIL not in page and "<script" not in page and "http" not in page.replace("http-equiv", "")
    assert "3 of 4 points" in written[EVIL].read_text() and "partly passed" in written[EVIL].read_text()
    assert "1 of 1" in (tmp_path / "class.html").read_text()  # q2, of the one notebook that ran


def test_unusable_sets_are_errors(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no exercise sets"):
        read_sets(tmp_path)
    with zipfile.ZipFile(tmp_path / "03_old.zip", "w") as pack:
        pack.writestr("otter_config.json", "{}")
        pack.writestr("tests/q1.py", "OK_FORMAT = True\ntest = {}")
    with pytest.raises(UserError, match="exception-based"):
        read_sets(tmp_path)
    (tmp_path / "03_old.zip").write_text("no zip")
    with pytest.raises(UserError, match="no autograder zip"):
        read_sets(tmp_path)
