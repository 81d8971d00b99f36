"""What a submission must not do, it cannot do; and it is told. Each runs in namespaces, and with the guard alone."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from reid_course.grading.grade import Mark
from reid_course.grading.sandbox_config import ROOT, Limits, why_not_isolated
from tests.reid_course.grading.conftest import GOOD, nobody_left

MarkOne = Callable[..., Mark]


@pytest.fixture(params=[True, False], ids=["namespaces", "guard"])
def isolate(request: pytest.FixtureRequest, skip_or_fail: Callable[[str], NoReturn]) -> bool:
    if request.param and (reason := why_not_isolated()):
        skip_or_fail(f"no namespaces here: {reason}")
    return bool(request.param)


def test_an_endless_loop_is_stopped_and_what_came_before_counts(mark_one: MarkOne, seed: int, scratch: Path) -> None:
    mark = mark_one(GOOD[0], 'grader.check("q1")', "while True:\n    pass", limits=Limits(20))
    assert mark.status == "stopped: ran longer than 20 s"
    assert mark.notes == ("was in the cell that begins with: while True:",)
    assert (mark.points, mark.possible) == (3, 4)
    assert mark.answers[1].messages == ("its tests did not run",)
    assert nobody_left(seed) and not list(scratch.iterdir())


def test_too_much_memory_is_refused(mark_one: MarkOne, isolate: bool) -> None:
    mark = mark_one("hog = b'x' * (3 << 30)", *GOOD, isolate=isolate, limits=Limits(60, 600 << 20))
    assert mark.points == 4 and mark.notes == ("used more than 600 MB",)


def test_memory_that_the_system_does_not_count_is_seen_by_the_watch(mark_one: MarkOne, isolate: bool) -> None:
    shared = "import mmap, time\nhog = mmap.mmap(-1, 1 << 30)\nfor _ in range(1024):\n    hog.write(b'x' * (1 << 20))\ntime.sleep(60)"
    mark = mark_one(shared, isolate=isolate, limits=Limits(60, 600 << 20))
    assert mark.status == "stopped: used more than 600 MB"


def test_nothing_is_written_outside(mark_one: MarkOne, isolate: bool, tmp_path: Path) -> None:
    canary = tmp_path / "canary.txt"
    canary.write_text("alive")
    tricks = [
        f"open({str(canary)!r}, 'w')",
        f"import os\nos.remove({str(canary)!r})",
        f"import pathlib\npathlib.Path({str(canary)!r}).rename('mine')",
        f"import shutil\nshutil.rmtree({str(tmp_path)!r})",
        f"open({str(ROOT / 'src' / 'written.py')!r}, 'w')",
        f"open({str(ROOT / 'data' / 'generated' / 'written.jpg')!r}, 'w')",
        f"import os\nos.symlink({str(tmp_path)!r}, 'link')\nopen('link/canary.txt', 'a')",
    ]
    mark = mark_one(*tricks, *GOOD, isolate=isolate)
    assert mark.points == 4 and len(mark.errors) == len(tricks)
    assert f"tried to write {canary}" in mark.notes and f"tried to write {ROOT / 'src' / 'written.py'}" in mark.notes
    assert canary.read_text() == "alive" and not (ROOT / "src" / "written.py").exists()


def test_native_code_meets_the_walls(
    mark_one: MarkOne, tmp_path: Path, skip_or_fail: Callable[[str], NoReturn]
) -> None:
    """Python's hooks stepped over, as an attacker would: the guard sees nothing, the namespaces hold."""
    if reason := why_not_isolated():
        skip_or_fail(f"no namespaces here: {reason}")
    canary, secret = tmp_path / "canary.txt", tmp_path / "submissions" / ".ben" / "secret.txt"
    canary.write_text("alive")
    secret.parent.mkdir(parents=True)
    secret.write_text("42")
    found = f"""
    import ctypes
    libc = ctypes.pythonapi
    seen = [libc.open({bytes(canary)!r}, 1), libc.open({bytes(secret)!r}, 0), libc.open({bytes(ROOT / ".git")!r} + b"/HEAD", 0)]
    seen += [libc.open({bytes(ROOT / "README.md")!r}, 1), libc.unshare(0x10000000), libc.kill({os.getpid()}, 0)]
    seen += [libc.umount2({bytes(ROOT / "output")!r}, 2), libc.open(b"/etc/shadow", 0)]
    raise SystemError(seen)
    """
    mark = mark_one(f"if True:{found}", *GOOD)
    assert mark.errors == ("cell 2 stopped: SystemError: [-1, -1, -1, -1, -1, -1, -1, -1]",), mark
    assert canary.read_text() == "alive"


def test_solutions_and_the_submissions_of_others_cannot_be_read(
    mark_one: MarkOne, isolate: bool, tmp_path: Path
) -> None:
    other = tmp_path / "submissions" / ".ben" / "notes.txt"  # a dot: not marked itself
    other.parent.mkdir(parents=True)
    other.write_text("copy me")
    tricks = [
        f"open({str(ROOT / 'notebooks' / 'exercises' / 'sources' / '01_distances.py')!r})",
        f"import os\nos.listdir({str(ROOT / 'notebooks' / 'exercises' / 'teacher')!r})",
        f"open({str(other)!r})",
        f"import os\nos.symlink({str(other)!r}, 'mine')\nopen('mine')",
        f"open({str(ROOT / '.git' / 'HEAD')!r})",
    ]
    mark = mark_one(*tricks, *GOOD, isolate=isolate)
    assert set(mark.notes) == {
        "tried to read the solutions",
        "tried to read other submissions",
        "tried to read the history of the project",
    }
    assert len(mark.errors) == len(tricks) and mark.points == 4


def test_the_network_is_out_of_reach(mark_one: MarkOne, isolate: bool, server: tuple[int, list[object]]) -> None:
    port, came = server
    mark = mark_one(
        f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 5)",
        "import urllib.request\nurllib.request.urlopen('http://example.com')",
        "import socket\nsocket.create_server(('127.0.0.1', 0))",
        *GOOD,
        isolate=isolate,
    )
    assert mark.notes == (
        f"tried to reach 127.0.0.1:{port}",
        "tried to reach example.com:80",
        "tried to wait for connections",
    )
    assert mark.points == 4 and not came


def test_no_process_is_started_or_left(mark_one: MarkOne, isolate: bool, seed: int) -> None:
    mark = mark_one(
        "import subprocess\nsubprocess.Popen(['python3', '-c', 'import time; time.sleep(99)'])",
        "!curl example.com",
        "import os\nos.fork()",
        f"import os, signal\nos.kill({os.getpid()}, signal.SIGCONT)",
        *GOOD,
        isolate=isolate,
    )
    assert mark.points == 4 and nobody_left(seed)
    assert mark.notes == (
        "tried to start the program python3",
        "tried to start the program curl",
        "tried to start another process",
        "tried to stop another process",
    )


def test_what_a_library_starts_dies_with_the_submission(mark_one: MarkOne, isolate: bool, seed: int) -> None:
    work = "from joblib import Parallel, delayed\nassert Parallel(2)(delayed(abs)(n) for n in (-1, -2)) == [1, 2]"
    mark = mark_one(work, *GOOD, isolate=isolate)
    assert (mark.points, mark.notes, mark.errors) == (4, (), ())
    assert nobody_left(seed)


def test_threads_without_end_are_stopped(mark_one: MarkOne, isolate: bool) -> None:
    many = "import threading, time\nthreading.stack_size(1 << 16)\nfor _ in range(600):\n    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
    mark = mark_one(many, "time.sleep(60)", isolate=isolate)
    assert mark.status == "stopped: started more than 512 threads"


def test_each_draws_people_into_a_folder_of_its_own(mark_one: MarkOne, isolate: bool) -> None:
    draw = "from reid_course.notebook import generated_folder\ngenerated_folder().mkdir()\nassert generated_folder().parent.samefile('.')"
    mark = mark_one(draw, *GOOD, isolate=isolate)
    assert (mark.points, mark.notes, mark.errors) == (4, (), ())


def test_a_crash_is_told(mark_one: MarkOne, isolate: bool) -> None:
    mark = mark_one(GOOD[0], 'grader.check("q1")', "import ctypes\nctypes.string_at(0)", *GOOD, isolate=isolate)
    assert mark.status == "crashed (Segmentation fault)" and mark.points == 3


def test_who_leaves_early_is_told(mark_one: MarkOne, isolate: bool) -> None:
    mark = mark_one(GOOD[0], "import os\nos._exit(0)", isolate=isolate)
    assert mark.status == "ended itself before its last cell" and mark.points == 0


def test_output_without_end_fills_nothing(mark_one: MarkOne, isolate: bool) -> None:
    mark = mark_one("for _ in range(300):\n    print('x' * 1_000_000)", *GOOD, isolate=isolate)
    assert mark.status == "marked" and mark.points == 4


def test_a_file_without_end_is_cut(mark_one: MarkOne, isolate: bool) -> None:
    mark = mark_one(
        "with open('big', 'wb') as file:\n    while True:\n        file.write(b'x' * 1_000_000)", *GOOD, isolate=isolate
    )
    assert mark.points == 4 and "File too large" in mark.errors[0]


def test_reports_without_end_are_cut(mark_one: MarkOne, isolate: bool) -> None:
    flood = "import os\nfor fd in range(3, 500):\n    try:\n        while os.write(fd, b'x' * 65536): pass\n    except OSError:\n        pass"
    assert mark_one(flood, isolate=isolate).status == "stopped: reported without end"
