"""Points and messages of single notebooks of the tiny set."""

from collections.abc import Callable

from reid_course.grading.grade import SubmissionGrade
from tests.reid_course.grading.conftest import GOOD

GradeOne = Callable[..., SubmissionGrade]


def test_the_solution_has_all_points(grade_one: GradeOne) -> None:
    grade = grade_one(GOOD[0], 'grader.check("q1")', GOOD[1], 'grader.check("q2")')
    assert (grade.status, grade.points, grade.possible, grade.share) == ("marked", 4, 4, 1)
    assert not grade.notes and not grade.errors
    assert all(answer.passed and not answer.messages for answer in grade.questions)


def test_messages_come_from_the_teacher_and_hidden_tests_stay_hidden(grade_one: GradeOne) -> None:
    grade = grade_one("def add(a, b):\n    return abs(a) + abs(b) if a != 1 else 4", "def double(a):\n    return a @ a")
    first, second = grade.questions
    assert first.points == 1 and not first.passed
    assert first.messages == (
        "this does not hold: assert add(1, 2) == 3",
        "a hidden check failed: negative numbers, too",
    )
    assert second.points == 0
    assert second.messages[0].startswith("TypeError: unsupported operand type(s) for @")
    assert second.messages[1] == "a hidden check failed: your code raises TypeError"


def test_a_missing_function_is_named(grade_one: GradeOne) -> None:
    grade = grade_one(GOOD[0], "doubel = 3")
    assert grade.points == 3
    assert grade.questions[1].messages == ("no cell defines double", "a hidden check failed: no cell defines double")


def test_a_cell_that_raises_stops_only_itself(grade_one: GradeOne) -> None:
    grade = grade_one("1 / 0", "if", GOOD[0], "import sys\nsys.exit()", GOOD[1])
    assert grade.points == 4 and grade.status == "marked"
    assert grade.errors[0] == "cell 2 stopped: ZeroDivisionError: division by zero"
    assert "cell 3 stopped: SyntaxError" in grade.errors[1] and "cell 5 stopped: SystemExit" in grade.errors[2]


def test_a_question_is_graded_when_it_is_checked(grade_one: GradeOne) -> None:
    assert grade_one(GOOD[0], 'grader.check("q1")', "add = None", GOOD[1]).points == 4
    assert grade_one(GOOD[0], 'grader.check("q1")', "add = None", 'grader.check("q1")', GOOD[1]).points == 1


def test_magics_await_and_files_work_as_in_a_notebook(grade_one: GradeOne) -> None:
    magic = "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    waits = "import asyncio\nawait asyncio.sleep(0)"
    handed_out = "assert open('table.txt').read() == '7'\nopen('own.txt', 'w').write('x')"
    grade = grade_one(magic, waits, handed_out, *GOOD)
    assert (grade.errors, grade.notes, grade.points) == ((), (), 4)


def test_the_seed_is_the_one_for_grading(grade_one: GradeOne) -> None:
    cell = "from reid_course.seeds import student_seed\nassert student_seed('Ada') == 1815"
    assert grade_one(cell, seed=1815).errors == ()
    assert grade_one(cell, seed=1816).errors


def test_simple_tricks_gain_nothing(grade_one: GradeOne) -> None:
    """All in one notebook: one that worked would raise the points."""
    tricks = [
        "grader.check = lambda _: 'All tests passed!'",
        "import numpy as np\nnp.allclose = lambda *_, **__: True",
        "import sys, types\nsys.modules['numpy'] = types.SimpleNamespace(allclose=lambda *_: True)",
        "import otter\notter.test_files.test_case.call_func = lambda *_: None",
        "import otter.test_files.exception_test as e\ne.ExceptionTestFile.run = lambda *_: None",
        "import learning_reid.metrics\nlearning_reid.metrics.eer = lambda *_: (0.5, 0.5)",
        "import builtins\nbuiltins.AssertionError = ZeroDivisionError",
        "import json\njson.dumps = lambda event: '{}'",
    ]
    grade = grade_one(*tricks, "def add(a, b):\n    return 3", "def double(a):\n    return 8")
    assert grade.points == 1 and not grade.errors  # add(1, 2) is 3 here


def test_unknown_questions_do_not_count(grade_one: GradeOne) -> None:
    grade = grade_one("def add(a, b):\n    raise SystemExit", GOOD[1], 'grader.check("q7")')
    assert grade.points == 1 and grade.status == "marked"
    assert grade.errors == ("cell 4 stopped: KeyError: 'q7'",)


def test_results_cannot_be_forged_on_the_pipe(grade_one: GradeOne) -> None:
    forged = """
    import json, os
    line = json.dumps({"event": "check", "question": "q1", "cases": [{"passed": True}] * 3}).encode()
    for number in range(1, 64):
        try:
            os.write(number, line + b"\\n")
        except OSError:
            pass
    """
    assert grade_one(f"if True:{forged}", "add = None", GOOD[1]).points == 1
