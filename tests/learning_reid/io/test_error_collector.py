"""The other steps run although one fails, and every failure is reported."""

import pytest

from learning_reid.errors import UserError
from learning_reid.io.error_collector import ErrorCollector


def test_all_steps_run_and_all_errors_are_raised_at_the_end() -> None:
    done = []
    with pytest.raises(UserError, match=r"^disk full\nno such folder$"), ErrorCollector() as problems:
        for message in ("disk full", "no such folder", "disk full"):
            with problems.step():
                done.append(message)
                raise UserError(message)
        with problems.step():
            done.append("fine")
    assert done == ["disk full", "no such folder", "disk full", "fine"]


def test_without_errors_nothing_is_raised_and_other_exceptions_pass() -> None:
    with ErrorCollector() as problems, problems.step():
        pass
    with pytest.raises(ZeroDivisionError), ErrorCollector() as problems:
        with problems.step():
            raise UserError("hidden by the later one")
        1 / 0  # noqa: B018
