"""Progress bars, and wall time summed by stage."""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from tqdm.auto import tqdm

T = TypeVar("T")


class Stopwatch:
    """Seconds of wall time, summed by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time spent inside towards stage `name`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - start

    def each(self, name: str, things: Iterable[T]) -> Iterator[T]:
        """Pass `things` on; only the time it takes to produce them counts towards stage `name`."""
        iterator = iter(things)
        while True:
            with self.stage(name):
                try:
                    thing = next(iterator)
                except StopIteration:
                    return
            yield thing


def with_bar(things: Iterable[T], total: int, label: str) -> Iterator[T]:
    """Pass frames on under a progress bar, on stderr."""
    yield from tqdm(things, total=total, desc=label, unit="frame", dynamic_ncols=True)
