"""Worker processes whose results and their order do not depend on the number of processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from types import TracebackType
from typing import Any, TypeVar

import cv2

from reid_synth.errors import UserError

T = TypeVar("T")
_TASKS_AHEAD = 4  # tasks submitted per process before results are consumed; bounds the memory of finished ones
_POLL_S = 0.2

_stop: Any = None  # in a worker: set when the pool is cancelled
_num_done: Any = None  # in a worker: number of images finished by background tasks


class WorkerPool:
    """Context manager over worker processes; with one worker all work is done in this process.

    Args:
        workers: Number of processes, at least 1.
        done: Progress callback; receives the number of images that background tasks have finished since the last call.
    """

    def __init__(self, workers: int = 1, done: Callable[[int], object] = lambda _: None) -> None:
        self.workers, self._done = workers, done
        self._pool: ProcessPoolExecutor | None = None
        self._started: list[Future[Any]] = []
        self._num_reported = 0
        if workers > 1:
            context = multiprocessing.get_context("spawn")  # a fork would copy locks that other threads hold
            self._stop, self._num_done = context.Event(), context.Value("q", 0)
            self._pool = ProcessPoolExecutor(workers, context, _initialize_worker, (self._stop, self._num_done))

    def start(self, work: Callable[..., object], *arguments: object) -> None:
        """Start `work(*arguments, done=…)` in the background; `work` calls `done()` once for each finished image."""
        if self._pool is None:
            work(*arguments, done=lambda: self._done(1))
        else:
            self._started.append(self._pool.submit(work, *arguments, done=_count_image))

    def map(self, work: Callable[..., T], tasks: Iterable[tuple[Any, ...]]) -> Iterator[T]:
        """Yield `work(*task)` for each task, in the order of the tasks."""
        if self._pool is None:
            for task in tasks:
                yield work(*task)
            return
        waiting: deque[Future[T]] = deque()
        with _report_lost_worker():
            for task in tasks:
                waiting.append(self._pool.submit(work, *task))
                if len(waiting) > _TASKS_AHEAD * self.workers:
                    yield waiting.popleft().result()
                    self._report_progress()
            while waiting:
                yield waiting.popleft().result()
                self._report_progress()

    def wait(self) -> None:
        """Wait for the background tasks and raise their errors."""
        if self._pool is None:
            return
        with _report_lost_worker():
            for future in self._started:
                while not future.done():
                    time.sleep(_POLL_S)
                    self._report_progress()
                future.result()
            self._report_progress()

    def _report_progress(self) -> None:
        if new := self._num_done.value - self._num_reported:
            self._num_reported += new
            self._done(new)

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            if error is None:
                self._pool.shutdown()
                return
            self._stop.set()
            with _ignore_interrupts():
                self._pool.shutdown(cancel_futures=True)


@contextmanager
def _ignore_interrupts() -> Iterator[None]:
    """Ignore Ctrl-C while the pool shuts down; a second one would leave the workers waiting forever."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _report_lost_worker() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool:
        raise UserError(
            "a worker process was killed, probably because memory ran out; "
            "use fewer workers, for example synth --workers 1"
        ) from None


def _initialize_worker(stop: Any, num_done: Any) -> None:
    global _stop, _num_done
    _stop, _num_done = stop, num_done
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the parent handles it
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    cv2.setNumThreads(1)


def _exit_with_parent() -> None:
    """Exit when the parent dies; a worker would otherwise wait for work forever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _count_image() -> None:
    if _stop.is_set():
        raise KeyboardInterrupt
    with _num_done.get_lock():
        _num_done.value += 1
