"""Progress bars, and wall time summed by stage."""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from tqdm.auto import tqdm

T = TypeVar("T")


class Stopwatch:
    """Wall time in seconds, summed by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time spent in the block towards stage `name`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - start

    def each(self, name: str, items: Iterable[T]) -> Iterator[T]:
        """Yield the items; only the time it takes to produce them counts towards stage `name`."""
        iterator = iter(items)
        while True:
            with self.stage(name):
                try:
                    item = next(iterator)
                except StopIteration:
                    return
            yield item


def progress_bar(frames: Iterable[T], total: int, label: str) -> Iterator[T]:
    """Yield frames and show a progress bar on stderr; a total of 0 is unknown."""
    # an iterator, because tqdm would start a second iteration over anything else
    yield from tqdm(iter(frames), total=total or None, desc=label, unit="frame", dynamic_ncols=True)
