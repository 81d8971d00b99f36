"""Wall time by stage, and the progress bar."""

import time
from collections.abc import Iterator

import pytest

from learning_reid.io.progress import Stopwatch, progress_bar


def test_seconds_count_towards_their_own_stage() -> None:
    watch = Stopwatch()
    slow = (time.sleep(0.02) or i for i in range(3))  # producing takes time, and so does using
    for _ in watch.each("reading", slow):
        with watch.stage("using"):
            time.sleep(0.05)
    assert watch.seconds["using"] >= 0.15 and watch.seconds["reading"] >= 0.06
    assert set(watch.seconds) == {"using", "reading"}


def test_time_counts_when_a_stage_fails() -> None:
    watch = Stopwatch()
    with pytest.raises(ValueError), watch.stage("a"):
        time.sleep(0.01)
        raise ValueError
    assert watch.seconds["a"] >= 0.01


def test_the_bar_is_on_stderr_and_yields_every_item(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(progress_bar(iter("abc"), 3, "drawing")) == ["a", "b", "c"]
    printed = capsys.readouterr()
    assert printed.out == "" and "drawing" in printed.err and "3/3" in printed.err


def test_items_are_iterated_once() -> None:
    class Stream:
        started = 0

        def __iter__(self) -> Iterator[int]:
            self.started += 1
            return iter(range(3))

    stream = Stream()
    assert list(progress_bar(stream, 3, "drawing")) == [0, 1, 2] and stream.started == 1
