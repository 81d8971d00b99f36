"""What one notebook of the tiny set is worth, and what its student reads."""

from collections.abc import Callable

from reid_course.grading.grade import Mark
from tests.reid_course.grading.conftest import GOOD

MarkOne = Callable[..., Mark]


def test_the_solution_has_all_points(mark_one: MarkOne) -> None:
    mark = mark_one(GOOD[0], 'grader.check("q1")', GOOD[1], 'grader.check("q2")')
    assert (mark.status, mark.points, mark.possible, mark.share) == ("marked", 4, 4, 1)
    assert not mark.notes and not mark.errors
    assert all(answer.passed and not answer.messages for answer in mark.answers)


def test_messages_are_the_teachers_and_hidden_tests_stay_hidden(mark_one: MarkOne) -> None:
    mark = mark_one("def add(a, b):\n    return abs(a) + abs(b) if a != 1 else 4", "def double(a):\n    return a @ a")
    first, second = mark.answers
    assert first.points == 1 and not first.passed
    assert first.messages == (
        "this does not hold: assert add(1, 2) == 3",
        "a hidden check failed: negative numbers, too",
    )
    assert second.points == 0
    assert second.messages[0].startswith("TypeError: unsupported operand type(s) for @")
    assert second.messages[1] == "a hidden check failed: your code raises TypeError"


def test_a_missing_answer_is_named(mark_one: MarkOne) -> None:
    mark = mark_one(GOOD[0], "doubel = 3")
    assert mark.points == 3
    assert mark.answers[1].messages == ("no cell defines double", "a hidden check failed: no cell defines double")


def test_a_cell_that_fails_stops_only_itself(mark_one: MarkOne) -> None:
    mark = mark_one("1 / 0", "if", GOOD[0], "import sys\nsys.exit()", GOOD[1])
    assert mark.points == 4 and mark.status == "marked"
    assert mark.errors[0] == "cell 2 stopped: ZeroDivisionError: division by zero"
    assert "cell 3 stopped: SyntaxError" in mark.errors[1] and "cell 5 stopped: SystemExit" in mark.errors[2]


def test_a_question_counts_as_it_was_when_it_was_checked(mark_one: MarkOne) -> None:
    assert mark_one(GOOD[0], 'grader.check("q1")', "add = None", GOOD[1]).points == 4
    assert mark_one(GOOD[0], 'grader.check("q1")', "add = None", 'grader.check("q1")', GOOD[1]).points == 1


def test_cells_are_those_of_a_notebook(mark_one: MarkOne) -> None:
    magic = "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    waits = "import asyncio\nawait asyncio.sleep(0)"
    handed_out = "assert open('table.txt').read() == '7'\nopen('own.txt', 'w').write('x')"
    mark = mark_one(magic, waits, handed_out, *GOOD)
    assert (mark.errors, mark.notes, mark.points) == ((), (), 4)


def test_the_seed_is_the_graders(mark_one: MarkOne) -> None:
    cell = "from reid_course.seeds import student_seed\nassert student_seed('Ada') == 1815"
    assert mark_one(cell, seed=1815).errors == ()
    assert mark_one(cell, seed=1816).errors


def test_simple_tricks_gain_nothing(mark_one: MarkOne) -> None:
    """All in one notebook: any that worked would raise the points."""
    tricks = [
        "grader.check = lambda _: 'All tests passed!'",
        "import numpy as np\nnp.allclose = lambda *_, **__: True",
        "import sys, types\nsys.modules['numpy'] = types.SimpleNamespace(allclose=lambda *_: True)",
        "import otter\notter.test_files.test_case.call_func = lambda *_: None",
        "import otter.test_files.exception_test as e\ne.ExceptionTestFile.run = lambda *_: None",
        "import builtins\nbuiltins.AssertionError = ZeroDivisionError",
        "import json\njson.dumps = lambda event: '{}'",
    ]
    mark = mark_one(*tricks, "def add(a, b):\n    return 3", "def double(a):\n    return 8")
    assert mark.points == 1 and not mark.errors  # add(1, 2) is 3, indeed


def test_tests_in_the_students_notebook_do_not_count(mark_one: MarkOne) -> None:
    mark = mark_one("import nbformat", "def add(a, b):\n    raise SystemExit", GOOD[1], 'grader.check("q7")')
    assert mark.points == 1 and mark.status == "marked"
    assert mark.errors == ("cell 5 stopped: KeyError: 'q7'",)


def test_results_cannot_be_sent_by_print_or_on_the_pipe_alone(mark_one: MarkOne) -> None:
    forged = """
    import json, os
    line = json.dumps({"event": "check", "question": "q1", "cases": [{"passed": True}] * 3}).encode()
    for number in range(1, 64):
        try:
            os.write(number, line + b"\\n")
        except OSError:
            pass
    """
    assert mark_one(f"if True:{forged}", "add = None", GOOD[1]).points == 1
