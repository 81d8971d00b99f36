"""Set up logging, and limit what other libraries log."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from learning_reid.errors import hide_credentials


class MessageFormatter(logging.Formatter):
    """Formats a record as its message, without the credentials of addresses."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the message of a record."""
        return hide_credentials(super().format(record))


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
