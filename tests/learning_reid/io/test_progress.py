"""Stages are timed apart, and Ctrl-C asks before it interrupts."""

import os
import signal
import threading
import time

import pytest

from learning_reid.io.progress import Stopwatch, stop_on_ctrl_c, with_bar


def test_seconds_go_to_their_own_stage() -> None:
    watch = Stopwatch()
    slow = (time.sleep(0.02) or i for i in range(3))  # producing takes time, and so does using
    for _ in watch.each("reading", slow):
        with watch.stage("using"):
            time.sleep(0.05)
    assert watch.seconds["using"] >= 0.15 and watch.seconds["reading"] >= 0.06
    assert set(watch.seconds) == {"using", "reading"}


def test_time_counts_also_when_something_fails() -> None:
    watch = Stopwatch()
    with pytest.raises(ValueError), watch.stage("a"):
        time.sleep(0.01)
        raise ValueError
    assert watch.seconds["a"] >= 0.01


def test_the_first_ctrl_c_asks_and_the_second_interrupts(capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), stop_on_ctrl_c("ending here") as stop:
        assert not stop.requested
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.requested
        os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
    assert "ending here (Ctrl-C again to leave at once)" in capsys.readouterr().err


def test_outside_the_main_thread_it_does_nothing() -> None:
    seen = []

    def work() -> None:
        with stop_on_ctrl_c("never said") as stop:
            seen.append(stop.requested)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [False]


def test_the_bar_is_on_stderr_and_passes_everything_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(with_bar(iter("abc"), 3, "drawing")) == ["a", "b", "c"]
    said = capsys.readouterr()
    assert said.out == "" and "drawing" in said.err and "3/3" in said.err
