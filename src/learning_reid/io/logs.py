"""How much other libraries tell of themselves."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def logged_from(level: int, logger: str) -> Iterator[None]:
    """While the block runs, a logger passes on only what is of this level or worse."""
    chatty = logging.getLogger(logger)
    before = chatty.level
    chatty.setLevel(level)
    try:
        yield
    finally:
        chatty.setLevel(before)
