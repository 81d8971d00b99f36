"""Work shared out to several processes; what comes back, and in which order, does not depend on how many they are."""

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
_AHEAD = 4  # tasks handed out for each process before results are taken, so that finished ones do not pile up
_LOOK_S = 0.2

_stop: Any = None  # in a worker: the event that says that all is off
_made: Any = None  # in a worker: how many pictures the work that was started has made


class Crew:
    """A context manager over worker processes; with one worker everything happens in this process.

    Args:
        workers: how many processes, from 1.
        done: called with a number of pictures whenever so many more are made by work that was started.
    """

    def __init__(self, workers: int = 1, done: Callable[[int], object] = lambda _: None) -> None:
        self.workers, self._done = workers, done
        self._pool: ProcessPoolExecutor | None = None
        self._started: list[Future[Any]] = []
        self._told = 0
        if workers > 1:
            processes = multiprocessing.get_context("spawn")  # a fork would copy locks that other threads hold
            self._stop, self._made = processes.Event(), processes.Value("q", 0)
            self._pool = ProcessPoolExecutor(workers, processes, _begin, (self._stop, self._made))

    def start(self, work: Callable[..., object], *arguments: object) -> None:
        """Begin `work(*arguments, done=…)`, a long task that calls `done()` for each picture and returns nothing."""
        if self._pool is None:
            work(*arguments, done=lambda: self._done(1))
        else:
            self._started.append(self._pool.submit(work, *arguments, done=_tick))

    def each(self, work: Callable[..., T], tasks: Iterable[tuple[Any, ...]]) -> Iterator[T]:
        """`work(*task)` for each task, in the order of the tasks."""
        if self._pool is None:
            for task in tasks:
                yield work(*task)
            return
        waiting: deque[Future[T]] = deque()
        with _no_worker_lost():
            for task in tasks:
                waiting.append(self._pool.submit(work, *task))
                if len(waiting) > _AHEAD * self.workers:
                    yield waiting.popleft().result()
                    self._tell()
            while waiting:
                yield waiting.popleft().result()
                self._tell()

    def finish(self) -> None:
        """Wait for what was started; its errors are raised here."""
        if self._pool is None:
            return
        with _no_worker_lost():
            for future in self._started:
                while not future.done():
                    time.sleep(_LOOK_S)
                    self._tell()
                future.result()
            self._tell()

    def _tell(self) -> None:
        if made := self._made.value - self._told:
            self._told += made
            self._done(made)

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            if error is None:
                self._pool.shutdown()
                return
            self._stop.set()
            with _heard_once():
                self._pool.shutdown(cancel_futures=True)


@contextmanager
def _heard_once() -> Iterator[None]:
    """While workers are let go, another Ctrl-C would leave them waiting for ever: it is not listened to."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _no_worker_lost() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool:
        raise UserError(
            "a worker process was ended from outside, mostly because memory ran out; "
            "take fewer, as with synth --workers 1"
        ) from None


def _begin(stop: Any, made: Any) -> None:
    global _stop, _made
    _stop, _made = stop, made
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the first one decides
    threading.Thread(target=_end_with_the_first, daemon=True).start()
    cv2.setNumThreads(1)


def _end_with_the_first() -> None:
    """A worker whose first process was killed would wait for work for ever."""
    first = multiprocessing.parent_process()
    if first is not None:
        first.join()
        os._exit(1)


def _tick() -> None:
    if _stop.is_set():
        raise KeyboardInterrupt
    with _made.get_lock():
        _made.value += 1
