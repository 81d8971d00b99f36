"""What somebody who waits is given: a bar, the seconds of each stage, and a Ctrl-C that loses nothing."""

import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

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


@dataclass
class StopRequest:
    """Whether Ctrl-C was pressed; a loop looks at it after each frame."""

    requested: bool = field(default=False)


@contextmanager
def stop_on_ctrl_c(note: str) -> Iterator[StopRequest]:
    """Turn the first Ctrl-C into a request, so that nothing is torn apart half-way; a second one interrupts at once.

    Args:
        note: what is said on stderr at the first Ctrl-C.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request  # signals only ever reach the main thread
        return
    before = signal.getsignal(signal.SIGINT)

    def remember(_number: int, _frame: Any) -> None:
        request.requested = True
        signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a shell had started us deaf to Ctrl-C
        tqdm.write(f"{note} (Ctrl-C again to leave at once)", file=sys.stderr)

    signal.signal(signal.SIGINT, remember)
    try:
        yield request
    finally:
        signal.signal(signal.SIGINT, before)
