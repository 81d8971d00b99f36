"""Forbidden actions fail and are reported, in namespaces and with the audit hook alone."""

import os
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

import psutil
import pytest

from reid_course.grading.grade import SubmissionGrade
from reid_course.grading.sandbox_config import SPARE_BYTES, Limits, why_not_isolated
from reid_course.grading.supervisor import SOCKET_BYTES, exceeded_limit
from reid_course.notebook import ROOT
from tests.reid_course.grading.conftest import GOOD, no_process_left

pytestmark = pytest.mark.slow

GradeOne = Callable[..., SubmissionGrade]


@pytest.fixture(params=[True, False], ids=["namespaces", "audit hook"])
def isolate(request: pytest.FixtureRequest, skip_or_fail: Callable[[str], NoReturn]) -> bool:
    if request.param and (reason := why_not_isolated()):
        skip_or_fail(f"no namespaces here: {reason}")
    return bool(request.param)


def test_an_endless_loop_is_stopped_and_earlier_points_count(grade_one: GradeOne, seed: int, scratch: Path) -> None:
    grade = grade_one(GOOD[0], 'grader.check("q1")', "while True:\n    pass", limits=Limits(6))
    assert grade.status == "stopped: ran longer than 6 s"
    assert grade.notes == ("was in the cell that begins with: while True:",)
    assert (grade.points, grade.possible) == (3, 4)
    assert grade.questions[1].messages == ("its tests did not run",)
    assert no_process_left(seed) and not list(scratch.iterdir())


def test_too_much_memory_raises_an_error(grade_one: GradeOne, isolate: bool) -> None:
    grade = grade_one("hog = b'x' * (3 << 30)", *GOOD, isolate=isolate, limits=Limits(60, 600 << 20))
    assert grade.points == 4 and grade.notes == ("used more than 600 MB",)


def test_memory_that_belongs_to_no_process_is_refused(grade_one: GradeOne, isolate: bool) -> None:
    """A process could hold it without limit: none of its figures shows memory that it has allocated but not mapped."""
    file = "import os\nfor _ in range(96):\n    os.posix_fallocate(os.memfd_create('x'), 0, 60 << 20)"
    system_v = "import ctypes\nassert ctypes.pythonapi.shmget(0, 1 << 20, 0o600) == -1"
    shared = "import mmap\nmmap.mmap(-1, 1 << 20)"
    named = "from multiprocessing import shared_memory\nshared_memory.SharedMemory(create=True, size=1 << 20).unlink()"
    grade = grade_one(file, system_v, shared, named, *GOOD, isolate=isolate, limits=Limits(60, 600 << 20))
    refused = "OSError: [Errno 12] Cannot allocate memory"
    assert grade.errors == (f"cell 2 stopped: {refused}", f"cell 4 stopped: {refused}")
    assert grade.points == 4 and grade.notes == ("used more than 600 MB",)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_sockets_count_as_much_as_they_can_hold() -> None:
    usage = psutil.Process().memory_info()
    limits = Limits(memory_bytes=usage.rss - usage.shared, processes=1000, threads=10_000)
    assert exceeded_limit(os.getpid(), limits) is None
    with ExitStack() as opened:
        for _ in range(SPARE_BYTES // SOCKET_BYTES + 20):
            opened.enter_context(socket.socket(socket.AF_UNIX))
        assert exceeded_limit(os.getpid(), limits) == "memory"


def test_files_outside_cannot_be_written(grade_one: GradeOne, isolate: bool, tmp_path: Path) -> None:
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
    grade = grade_one(*tricks, *GOOD, isolate=isolate)
    assert grade.points == 4 and len(grade.errors) == len(tricks)
    assert f"tried to write {canary}" in grade.notes and f"tried to write {ROOT / 'src' / 'written.py'}" in grade.notes
    assert canary.read_text() == "alive" and not (ROOT / "src" / "written.py").exists()


def test_native_code_cannot_leave_the_namespaces(
    grade_one: GradeOne, tmp_path: Path, skip_or_fail: Callable[[str], NoReturn]
) -> None:
    """As an attacker would bypass the audit hook: it sees nothing, but the namespaces hold."""
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
    grade = grade_one(f"if True:{found}", *GOOD)
    assert grade.errors == ("cell 2 stopped: SystemError: [-1, -1, -1, -1, -1, -1, -1, -1]",), grade
    assert canary.read_text() == "alive"


def test_solutions_and_other_submissions_cannot_be_read(grade_one: GradeOne, isolate: bool, tmp_path: Path) -> None:
    other = tmp_path / "submissions" / ".ben" / "notes.txt"  # ignored because of the dot
    other.parent.mkdir(parents=True)
    other.write_text("copy me")
    tricks = [
        f"open({str(ROOT / 'notebooks' / 'exercises' / 'sources' / '01_distances.py')!r})",
        f"import os\nos.listdir({str(ROOT / 'notebooks' / 'exercises' / 'teacher')!r})",
        f"open({str(other)!r})",
        f"import os\nos.symlink({str(other)!r}, 'mine')\nopen('mine')",
        f"open({str(ROOT / '.git' / 'HEAD')!r})",
    ]
    grade = grade_one(*tricks, *GOOD, isolate=isolate)
    assert set(grade.notes) == {
        "tried to read the solutions",
        "tried to read other submissions",
        "tried to read the history of the project",
    }
    assert len(grade.errors) == len(tricks) and grade.points == 4


def test_the_network_cannot_be_reached(grade_one: GradeOne, isolate: bool, server: tuple[int, list[object]]) -> None:
    port, connections = server
    grade = grade_one(
        f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 5)",
        "import urllib.request\nurllib.request.urlopen('http://example.com')",
        "import socket\nsocket.create_server(('127.0.0.1', 0))",
        *GOOD,
        isolate=isolate,
    )
    assert grade.notes == (
        f"tried to reach 127.0.0.1:{port}",
        "tried to reach example.com:80",
        "tried to wait for connections",
    )
    assert grade.points == 4 and not connections


def test_no_process_can_be_started(grade_one: GradeOne, isolate: bool, seed: int) -> None:
    grade = grade_one(
        "import subprocess\nsubprocess.Popen(['python3', '-c', 'import time; time.sleep(99)'])",
        "!curl example.com",
        "import os\nos.fork()",
        f"import os, signal\nos.kill({os.getpid()}, signal.SIGCONT)",
        *GOOD,
        isolate=isolate,
    )
    assert grade.points == 4 and no_process_left(seed)
    assert grade.notes == (
        "tried to start the program python3",
        "tried to start the program curl",
        "tried to start another process",
        "tried to stop another process",
    )


def test_much_output_is_discarded_a_large_file_is_cut_and_worker_processes_end(
    grade_one: GradeOne, isolate: bool, seed: int
) -> None:
    own = "from reid_course.notebook import generated_folder\ngenerated_folder().mkdir()\nassert generated_folder().parent.samefile('.')"
    work = "from joblib import Parallel, delayed\nassert Parallel(2)(delayed(abs)(n) for n in (-1, -2)) == [1, 2]"
    output = "for _ in range(100):\n    print('x' * 1_000_000)"
    large = "with open('big', 'wb') as file:\n    while True:\n        file.write(b'x' * 1_000_000)"
    grade = grade_one(own, work, output, large, *GOOD, isolate=isolate)
    assert (grade.status, grade.points, grade.notes) == ("marked", 4, ()) and no_process_left(seed)
    assert len(grade.errors) == 1 and "File too large" in grade.errors[0]


def test_a_background_process_ends_with_the_submission(grade_one: GradeOne, isolate: bool, seed: int) -> None:
    """Started past the audit hook, in a session of its own, with a parent that has ended."""
    detach = "import ctypes, os, time\nc = ctypes.pythonapi\nif c.fork() == 0:\n    c.setsid()\n    if c.fork():\n        os._exit(0)\n    time.sleep(999)"
    grade = grade_one(detach, "time.sleep(0.3)", *GOOD, isolate=isolate)
    assert grade.points == 4 and no_process_left(seed)


def test_too_many_processes_are_stopped(grade_one: GradeOne, isolate: bool, seed: int) -> None:
    grade = grade_one(
        "import ctypes, time\nfor _ in range(6):\n    ctypes.pythonapi.fork()\ntime.sleep(999)", isolate=isolate
    )
    assert grade.status == "stopped: started more than 32 processes" and no_process_left(seed)


def test_too_many_threads_are_stopped(grade_one: GradeOne, isolate: bool) -> None:
    many = "import threading, time\nthreading.stack_size(1 << 16)\nfor _ in range(600):\n    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
    grade = grade_one(many, "time.sleep(60)", isolate=isolate)
    assert grade.status == "stopped: started more than 512 threads"


def test_a_crash_is_reported(grade_one: GradeOne, isolate: bool) -> None:
    grade = grade_one(GOOD[0], 'grader.check("q1")', "import ctypes\nctypes.string_at(0)", *GOOD, isolate=isolate)
    assert grade.status == "crashed (Segmentation fault)" and grade.points == 3


def test_an_early_exit_is_reported(grade_one: GradeOne, isolate: bool) -> None:
    grade = grade_one(GOOD[0], "import os\nos._exit(0)", isolate=isolate)
    assert grade.status == "ended itself before its last cell" and grade.points == 0


def test_endless_reports_are_stopped(grade_one: GradeOne, isolate: bool) -> None:
    flood = "import os\nfor fd in range(3, 500):\n    try:\n        while os.write(fd, b'x' * 65536): pass\n    except OSError:\n        pass"
    assert grade_one(flood, isolate=isolate).status == "stopped: reported without end"
