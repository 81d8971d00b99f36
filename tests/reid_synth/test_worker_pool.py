"""Worker pool: the same results with one and with two workers, and errors of workers."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from learning_reid.errors import UserError
from reid_synth.worker_pool import WorkerPool


def square(number: int) -> int:
    return number**2


def fail(number: int) -> int:
    raise UserError(f"not {number}")


def die(_number: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def count(times: int, done: Callable[[], object]) -> None:
    for _ in range(times):
        done()


def work_on(path: str, done: Callable[[], object]) -> None:
    while True:
        done()
        with open(path, "a") as stream:
            stream.write(".")


@pytest.mark.parametrize("workers", [1, 2])
def test_results_and_their_order_do_not_depend_on_the_workers(workers: int) -> None:
    made: list[int] = []
    with WorkerPool(workers, done=made.append) as pool:
        pool.start(count, 5)
        assert list(pool.map(square, [(number,) for number in range(30)])) == [number**2 for number in range(30)]
        pool.wait()
    assert sum(made) == 5


@pytest.mark.parametrize("workers", [1, 2])
def test_errors_of_workers_are_raised(workers: int) -> None:
    with pytest.raises(UserError, match="not 3"), WorkerPool(workers) as pool:
        list(pool.map(fail, [(3,)]))


def test_a_killed_worker_is_reported_in_one_line() -> None:
    with (
        pytest.raises(UserError, match="memory ran out; use fewer workers, for example synth --workers 1"),
        WorkerPool(2) as pool,
    ):
        list(pool.map(die, [(1,)]))


@pytest.mark.slow
def test_background_tasks_stop_after_an_interrupt(tmp_path) -> None:
    path = tmp_path / "steps"
    with pytest.raises(KeyboardInterrupt), WorkerPool(2) as pool:  # without cancellation this would never end
        pool.start(work_on, str(path))
        while not path.exists():
            list(pool.map(square, [(1,)]))
        raise KeyboardInterrupt


@pytest.mark.slow
def test_workers_exit_when_the_main_process_is_killed() -> None:
    code = """
import os, signal
from reid_synth.worker_pool import WorkerPool
if __name__ == "__main__":
    with WorkerPool(2) as pool:
        print(*pool.map(os.getpid, [()] * 8), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
"""
    root = Path(__file__).resolve().parents[2]
    # returns only when the last process has closed the pipe
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=60)
    assert done.stdout and done.returncode == -signal.SIGKILL


@pytest.mark.slow
def test_a_second_ctrl_c_does_not_break_the_shutdown(monkeypatch: pytest.MonkeyPatch) -> None:
    listener = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt, match="first"), WorkerPool(2) as pool:
        assert list(pool.map(square, [(2,)])) == [4]
        shutdown_pool = pool._pool.shutdown

        def shutdown(**options: bool) -> None:
            os.kill(os.getpid(), signal.SIGINT)
            shutdown_pool(**options)

        monkeypatch.setattr(pool._pool, "shutdown", shutdown)
        raise KeyboardInterrupt("first")
    assert signal.getsignal(signal.SIGINT) is listener
    assert not pool._pool._processes
