"""Keep finished work although a later step fails: run the other steps, then report the failures."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from learning_reid.errors import UserError


class ErrorCollector:
    """A context manager whose `step` blocks may fail one by one; leaving it raises what they raised.

    Attributes:
        errors: The errors so far.

    Example:
        ::

            with ErrorCollector() as problems:
                with problems.step():
                    write_json(file, result)  # although this fails …
                with problems.step():
                    draw_plot(plot, result)  # … this is written
    """

    def __init__(self) -> None:
        self.errors: list[UserError] = []

    @contextmanager
    def step(self) -> Iterator[None]:
        """Collect a UserError of the block instead of raising it."""
        try:
            yield
        except UserError as error:
            self.errors.append(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None and self.errors:
            raise UserError("\n".join(dict.fromkeys(map(str, self.errors)))) from self.errors[0]
