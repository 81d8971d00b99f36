"""Run one submission in its cage and watch it from outside: clock, memory, processes, and how much it says."""

import json
import os
import secrets
import select
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass

from reid_course.grading.sandbox_config import Jail, scratch_folder

LOOK_S, WEIGH_S = 0.1, 0.25
MOST_SAID = 1 << 20  # bytes


@dataclass(frozen=True)
class Transcript:
    """What came out of a run.

    Attributes:
        said: the lines it sent, each of them as JSON text; not to be trusted.
        token: what a line has to hold to count.
        end: "finished", or why it was stopped: "time", "memory", "processes", "threads", "noise",
            "cancelled"; or "died".
        status: with which it ended, negative for a signal; None where it was stopped.
    """

    said: list[bytes]
    token: str
    end: str
    status: int | None = None


def run_submission(
    notebook: str, tests: dict[str, str], files: dict[str, bytes], jail: Jail, stop: threading.Event
) -> Transcript:
    """Run a notebook and tests; this call returns when all of its processes are told to die.

    Args:
        notebook: the file's text.
        tests: by question, its file of tests.
        files: what lies beside the notebook, by path.
        jail: how it is kept in.
        stop: set from outside to give up.
    """
    token = secrets.token_hex(16)
    with scratch_folder(files) as scratch:
        answers, theirs = os.pipe()
        try:
            process = subprocess.Popen(
                jail.command(scratch),
                cwd=scratch,
                env=jail.environment(scratch),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs,),
                start_new_session=True,
            )
            job = {"notebook": notebook, "tests": tests, "answers": theirs, "token": token}
            job |= {"hidden": jail.hidden, "writable": [str(scratch)]}
            os.close(theirs)
            try:
                _send(process, json.dumps(job).encode())
                said, end = _follow(process, answers, jail, stop)
            finally:
                _end(process)
            said += _rest(answers) if end in ("finished", "died") else b""
        finally:
            os.close(answers)
    lines = said[:MOST_SAID].splitlines()
    return Transcript(lines, token, end, _status(process.returncode) if end == "died" else None)


def _send(process: subprocess.Popen[bytes], job: bytes) -> None:
    """Hand over the job; the other side reads all of it before it does anything else."""
    assert process.stdin is not None
    with suppress(BrokenPipeError), process.stdin as pipe:
        pipe.write(job)


def _follow(process: subprocess.Popen[bytes], answers: int, jail: Jail, stop: threading.Event) -> tuple[bytes, str]:
    """Read what it says until it ends or has to be stopped."""
    limits, said = jail.limits, b""
    deadline, weigh_at = time.monotonic() + limits.seconds, 0.0
    open_pipe = True
    while process.poll() is None:
        now = time.monotonic()
        if now > deadline:
            return said, "time"
        if stop.is_set():
            return said, "cancelled"
        if now > weigh_at:
            weigh_at = now + WEIGH_S
            processes, threads, memory = weigh(process.pid)
            if memory > limits.most_bytes:
                return said, "memory"
            if processes > limits.processes:
                return said, "processes"
            if threads > limits.threads:
                return said, "threads"
        if open_pipe and select.select([answers], [], [], LOOK_S)[0]:
            heard = os.read(answers, 1 << 16)
            open_pipe = bool(heard)
            said += heard
            if len(said) > MOST_SAID:
                return said, "noise"
        elif not open_pipe:
            time.sleep(LOOK_S)
    return said, "finished" if process.returncode == 0 else "died"


def weigh(pid: int) -> tuple[int, int, int]:
    """How many processes descend from one, itself included, their threads, and the bytes they hold, files left out."""
    import psutil

    processes, threads, memory = 0, 0, 0
    with suppress(psutil.NoSuchProcess):
        first = psutil.Process(pid)
        for process in [first, *first.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied, FileNotFoundError, ProcessLookupError):
                memory += _held(process.pid) if sys.platform == "linux" else process.memory_info().rss
                threads += process.num_threads()
                processes += 1
    return processes, threads, memory


def _held(pid: int) -> int:
    with open(f"/proc/{pid}/status") as file:
        lines = dict(line.split(":", 1) for line in file if ":" in line)
    return sum(int(lines.get(name, "0").split()[0]) for name in ("RssAnon", "RssShmem")) * 1024


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left. In namespaces the end of their first process takes all others along."""
    import psutil

    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                child.kill()
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _rest(answers: int) -> bytes:
    """What is still in the pipe."""
    said = b""
    while len(said) <= MOST_SAID and select.select([answers], [], [], 0)[0] and (heard := os.read(answers, 1 << 16)):
        said += heard
    return said


def _status(code: int) -> int:
    """128 + N of the cage means that the submission itself was ended by signal N."""
    return 128 - code if code > 128 else code
