"""Checks of the exercises' tests; each describes in one line what is wrong with an answer.

`why` explains the check to the student: what the rows are, or which mistake gives this result. It contains no `<` and
`>`, because otter shows it as HTML. PyTorch tensors are accepted wherever an array is.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

_KINDS = {"int": np.integer, "float": np.floating, "bool": np.bool_}


class Wrong(AssertionError):
    """The answer is wrong. The notebook shows the name of this class before the message."""


def shape(found: Any, expected: tuple[int, ...], why: str = "") -> None:
    """Check that the answer has this shape.

    >>> shape(np.zeros((4, 3)), (3, 4), "rows are queries")
    Traceback (most recent call last):
    ...
    reid_course.checks.Wrong: shape (4, 3), expected (3, 4): rows are queries
    """
    has = _array(found).shape
    if has != tuple(expected):
        raise Wrong(f"shape {has}, expected {tuple(expected)}{_because(why)}")


def array(found: Any) -> None:
    """Check that the answer is an array or a tensor; the following cells cannot compute with a list.

    >>> array([1, 2])
    Traceback (most recent call last):
    ...
    reid_course.checks.Wrong: a list, expected an array: np.array(…) or torch.tensor(…) makes it one
    """
    _array(found)
    if isinstance(found, list | tuple):
        raise Wrong(f"a {type(found).__name__}, expected an array: np.array(…) or torch.tensor(…) makes it one")


def dtype(found: Any, expected: str, why: str = "") -> None:
    """Check that the answer has this type: "int", "float", "bool", or an exact type such as "float32"."""
    has = _array(found).dtype
    if not np.issubdtype(has, _KINDS.get(expected, expected)):
        kind = "texts" if has.kind == "U" else f"{has} numbers"  # NumPy calls them <U4 and the like
        raise Wrong(f"{kind}, expected {expected}{_because(why)}")


def close(found: Any, expected: Any, why: str = "", tolerance: float = 1e-5) -> None:
    """Check that the answer has these values up to rounding; the message names the largest error.

    Args:
        found: The answer.
        expected: The right values.
        why: Explanation for the student.
        tolerance: Relative tolerance, and the absolute one of values near 0.

    Raises:
        Wrong: The shape differs, a value is no number, or an error is too large.

    >>> close([[0.0, 25.0]], [[0.0, 5.0]], "is the root missing?")
    Traceback (most recent call last):
    ...
    reid_course.checks.Wrong: [0, 1] is 25, expected 5: is the root missing?
    """
    array, truth = _alike(found, expected)
    with np.errstate(invalid="ignore"):
        off = np.where(array == truth, 0, np.abs(array - truth))  # inf - inf is no difference
        off = np.where(np.isnan(array) & np.isnan(truth), 0, off) / (1 + np.abs(np.where(np.isfinite(truth), truth, 0)))
    off = np.where(np.isnan(off), np.inf, off)
    if off.size and off.max() > tolerance:
        _raise_difference(array, truth, np.unravel_index(int(off.argmax()), off.shape), why)


def equal(found: Any, expected: Any, why: str = "") -> None:
    """Check that the answer has exactly these values; the message names the first difference.

    >>> equal([1, 3], [1, 2], "nearest first")
    Traceback (most recent call last):
    ...
    reid_course.checks.Wrong: [1] is 3, expected 2: nearest first
    """
    array, truth = _alike(found, expected)
    differs = np.argwhere(array != truth)
    if len(differs):
        _raise_difference(array, truth, tuple(differs[0]), why)


def nearest_first(order: Any, distances: np.ndarray, why: str = "") -> None:
    """Check that each row of the answer lists the nearest columns in order; ties may have any order.

    Args:
        order: (n, k) column numbers.
        distances: (n, m) distances, smaller = more similar.
        why: Explanation for the student.

    Raises:
        Wrong: A value is no column number, occurs twice, or is not the nearest remaining column.

    >>> nearest_first([[0, 1]], np.array([[0.9, 0.2, 0.5]]))
    Traceback (most recent call last):
    ...
    reid_course.checks.Wrong: row 0, place 0: column 0 at 0.9, expected one at 0.2
    """
    array = _array(order)
    dtype(array, "int", "these are column numbers")
    if array.ndim != 2 or len(array) != len(distances):
        raise Wrong(f"shape {array.shape}, expected ({len(distances)}, …){_because('one row for each query')}")
    if array.size and not (array.min() >= 0 and array.max() < distances.shape[1]):
        raise Wrong(f"a column that is none: they go from 0 to {distances.shape[1] - 1}")
    for row, columns in enumerate(array):
        if len(set(columns.tolist())) < len(columns):
            raise Wrong(f"row {row} names a column twice: {columns.tolist()}")
    found, truth = np.take_along_axis(distances, array, 1), np.sort(distances, axis=1)[:, : array.shape[1]]
    differs = np.argwhere(found != truth)
    if len(differs):
        row, place = differs[0]
        near, should = found[row, place], truth[row, place]
        raise Wrong(
            f"row {row}, place {place}: column {array[row, place]} at {near:.4g}, expected one at {should:.4g}"
            f"{_because(why)}"
        )


def choice(found: Any, choices: Sequence[str]) -> None:
    """Check that the answer is one of the choices.

    >>> choice("e", "abcd")
    Traceback (most recent call last):
    ...
    reid_course.checks.Wrong: 'e' is none of the choices: write one of 'a', 'b', 'c', 'd'
    """
    if found is None:
        raise Wrong(f"no answer: write one of {', '.join(map(repr, choices))}, with the quotes")
    _array(found)
    if not isinstance(found, str) or found not in list(choices):
        raise Wrong(f"{found!r} is none of the choices: write one of {', '.join(map(repr, choices))}")


def raises(kind: type[Exception], call: Callable[[], object], why: str = "") -> None:
    """Check that the call raises such an exception.

    >>> raises(ValueError, lambda: 3, "a negative margin makes no sense")
    Traceback (most recent call last):
    ...
    reid_course.checks.Wrong: no error, expected a ValueError: a negative margin makes no sense
    """
    try:
        call()
    except NotImplementedError:  # the stub
        raise
    except kind:
        return
    raise Wrong(f"no error, expected a {kind.__name__}{_because(why)}")


def holds(condition: Any, why: str) -> None:
    """Check a condition that no other check covers; `why` states it.

    >>> holds(1 > 2, "the loss should fall")
    Traceback (most recent call last):
    ...
    reid_course.checks.Wrong: the loss should fall
    """
    if not condition:
        raise Wrong(why)


def _array(found: Any) -> np.ndarray:
    if found is ...:
        raise Wrong("no answer yet: write yours in place of the ...")
    if found is None:
        raise Wrong("None, which is nothing: does your function end with `return`?")
    if hasattr(found, "detach"):  # a tensor of PyTorch
        found = found.detach().cpu().numpy()
    try:
        array = np.asarray(found)
    except ValueError:
        raise Wrong("its rows differ in length: make it one array") from None
    if array.dtype.kind not in "biufUS":  # objects may define == so that they equal everything
        raise Wrong("it holds things that are neither numbers nor texts")
    return array


def _alike(found: Any, expected: Any) -> tuple[np.ndarray, np.ndarray]:
    array, truth = _array(found), _array(expected)
    shape(array, truth.shape)
    return array, truth


def _raise_difference(array: np.ndarray, truth: np.ndarray, place: tuple[Any, ...], why: str) -> None:
    where = f"[{', '.join(str(int(number)) for number in place)}] is " if place else ""
    raise Wrong(f"{where}{_short(array[place])}, expected {_short(truth[place])}{_because(why)}")


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, np.floating) else str(value)


def _because(why: str) -> str:
    return f": {why}" if why else ""
