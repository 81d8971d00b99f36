"""The exercises' checks accept right answers in every form, and say what is wrong with others."""

import re

import numpy as np
import pytest
import torch

from reid_course import checks
from reid_course.checks import Wrong


def test_right_answers_pass() -> None:
    checks.shape([[1, 2, 3]], (1, 3))
    checks.dtype(np.float32([1]), "float")
    checks.dtype(torch.zeros(2), "float32")
    checks.dtype([1, 2], "int")
    checks.dtype([True], "bool")
    checks.close(torch.tensor([1.0, 2.0], requires_grad=True), [1, 2 + 1e-7])
    checks.close([np.nan, np.inf, 1e9], [np.nan, np.inf, 1e9 + 1])
    checks.close(np.zeros((0, 3)), np.zeros((0, 3)))
    checks.close(0.5, 0.5)
    checks.equal([3, 1], (3, 1))
    checks.equal("b", "b")
    checks.choice("b", "abc")
    checks.array(torch.zeros(2))
    checks.raises(ValueError, lambda: int("x"))
    checks.holds(np.bool_(True), "not shown")


@pytest.mark.parametrize(
    ("found", "expected", "words"),
    [
        ([1.0, 2.0], [1.0, 2.1], "[1] is 2, expected 2.1: why"),
        ([1.0, np.nan], [1.0, 2.0], "[1] is nan, expected 2: why"),
        ([1.0, 2.0], [1.0, np.nan], "[1] is 2, expected nan: why"),
        ([1.0, 2.0], [1.0, np.inf], "[1] is 2, expected inf: why"),
        (0.25, 0.5, "0.25, expected 0.5: why"),
        ([5.0, 9.0, 1.0], [4.0, 0.0, 1.0], "[1] is 9, expected 0: why"),  # the farthest off
        ([1.0], [1.0, 2.0], "shape (1,), expected (2,)"),
        ([1.0, [2.0]], [1.0, 2.0], "its rows differ in length: make it one array"),
        (None, [1.0], "None, which is nothing: does your function end with `return`?"),
        (..., 0.5, "no answer yet: write yours in place of the ..."),
    ],
)
def test_close_reports_the_largest_error(found: object, expected: object, words: str) -> None:
    with pytest.raises(Wrong, match=f"^{re.escape(words)}$"):
        checks.close(found, expected, "why")


def test_objects_that_equal_everything_are_refused() -> None:
    yes = type("Yes", (), {"__eq__": lambda *_: True, "__ne__": lambda *_: False, "__hash__": None})()
    for check in (lambda: checks.equal(yes, "b"), lambda: checks.equal(np.array([yes, yes]), [1, 2])):
        with pytest.raises(Wrong, match="neither numbers nor texts"):
            check()
    with pytest.raises(Wrong):
        checks.choice(yes, "abc")
    with pytest.raises(Wrong, match="with the quotes"):
        checks.choice(None, "abc")


def test_tolerance_is_relative() -> None:
    checks.close(1000.005, 1000.0)
    with pytest.raises(Wrong):
        checks.close(1000.05, 1000.0)
    checks.close(1000.05, 1000.0, tolerance=1e-3)


def test_dtype_names_both_types() -> None:
    with pytest.raises(Wrong, match=r"^float64 numbers, expected int: these are columns$"):
        checks.dtype([0.0], "int", "these are columns")
    with pytest.raises(Wrong, match=r"^float64 numbers, expected float32$"):
        checks.dtype([0.0], "float32")
    with pytest.raises(Wrong, match=r"^texts, expected int$"):
        checks.dtype(["0002"], "int")


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ([[1, 2]], None),
        ([[1, 2, 3, 0]], None),
        ([[1, 3]], None),  # as near as column 2
        ([[1, 1]], "row 0 names a column twice: [1, 1]"),
        ([[2, 1]], "row 0, place 0: column 2 at 0.5, expected one at 0.2: why"),
        ([[1, 4]], "a column that is none: they go from 0 to 3"),
        ([[-1, 2]], "a column that is none: they go from 0 to 3"),
        ([1, 2], "shape (2,), expected (1, …): one row for each query"),
        ([[0.2, 0.5]], "float64 numbers, expected int: these are column numbers"),
    ],
)
def test_nearest_first_accepts_any_order_of_ties_only(order: object, words: str | None) -> None:
    distances = np.array([[0.9, 0.2, 0.5, 0.5]])
    if words is None:
        checks.nearest_first(order, distances, "why")
        return
    with pytest.raises(Wrong, match=f"^{re.escape(words)}$"):
        checks.nearest_first(order, distances, "why")


def test_the_error_of_a_stub_does_not_count_as_the_expected_error() -> None:
    def stub() -> None:
        raise NotImplementedError("write `f` first")

    with pytest.raises(NotImplementedError):
        checks.raises(Exception, stub)


def test_an_ellipsis_is_no_answer_yet() -> None:
    with pytest.raises(Wrong, match="no answer yet"):
        checks.choice(..., "abcd")
