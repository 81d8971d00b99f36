"""Limit what other libraries log."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def limit_logging(level: int, logger: str) -> Iterator[None]:
    """Inside the block, let a logger pass only records of at least this level."""
    limited = logging.getLogger(logger)
    earlier = limited.level
    limited.setLevel(level)
    try:
        yield
    finally:
        limited.setLevel(earlier)
