"""Run one submission in the sandbox and supervise it: wall time, memory, processes, threads and size of its reports."""

from __future__ import annotations

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
from typing import TYPE_CHECKING

from reid_course.grading.sandbox_config import MAX_FILES, Limits, SandboxConfig, scratch_folder

if TYPE_CHECKING:
    import psutil

POLL_S, MEASURE_S = 0.1, 0.25
MEMORY_FIELDS = ("RssAnon", "RssShmem", "VmSwap", "VmPTE", "HugetlbPages")  # of /proc/PID/status, in kB
SOCKET_BYTES = 2 * 212_992  # the usual largest buffer, which the kernel doubles
KILL_ROUNDS = 20
MAX_REPORT_BYTES = 1 << 20


@dataclass(frozen=True)
class Transcript:
    """Result of a run.

    Attributes:
        lines: Lines that the submission's process sent, each JSON; not to be trusted.
        token: Token that a line must contain to count.
        end: "finished", the reason why it was stopped ("time", "memory", "processes", "threads", "reports",
            "cancelled"), or "died".
        status: Exit status if it died, negative for a signal.
    """

    lines: list[bytes]
    token: str
    end: str
    status: int | None = None


def run_submission(
    notebook: str, tests: dict[str, str], files: dict[str, bytes], config: SandboxConfig, stop: threading.Event
) -> Transcript:
    """Run a notebook and the tests; when this call returns, all of its processes have been killed.

    Args:
        notebook: Text of the notebook file.
        tests: Text of the test file of each question.
        files: Files beside the notebook, by path.
        config: Configuration of the sandbox.
        stop: Set from outside to cancel the run.
    """
    token = secrets.token_hex(16)
    with scratch_folder(files) as scratch:
        reports, write_end = os.pipe()
        try:
            process = subprocess.Popen(
                config.command(scratch),
                cwd=scratch,
                env=config.environment(scratch),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(write_end,),
                start_new_session=True,
            )
            job = {"notebook": notebook, "tests": tests, "reports": write_end, "token": token}
            job |= {"hidden": config.hidden, "writable": [str(scratch)]}
            os.close(write_end)
            try:
                text = json.dumps(job).encode()
                threading.Thread(target=_send, args=(process, text), daemon=True).start()  # within the time limit
                data, end = _supervise(process, reports, config, stop)
            finally:
                _kill(process)
            data += _read_rest(reports) if end in ("finished", "died") else b""
        finally:
            os.close(reports)
    lines = data[:MAX_REPORT_BYTES].splitlines()
    return Transcript(lines, token, end, _exit_status(process.returncode) if end == "died" else None)


def _send(process: subprocess.Popen[bytes], job: bytes) -> None:
    """Send the job, which the runner reads completely before it does anything else."""
    assert process.stdin is not None
    with suppress(OSError), process.stdin as pipe:
        pipe.write(job)


def _supervise(
    process: subprocess.Popen[bytes], reports: int, config: SandboxConfig, stop: threading.Event
) -> tuple[bytes, str]:
    """Read the reports until the process ends or exceeds a limit; return them and how it ended."""
    limits, data = config.limits, b""
    deadline, measure_at = time.monotonic() + limits.seconds, 0.0
    is_open = True
    while process.poll() is None:
        now = time.monotonic()
        if now > deadline:
            return data, "time"
        if stop.is_set():
            return data, "cancelled"
        if now > measure_at:
            measure_at = now + MEASURE_S
            if exceeded := exceeded_limit(process.pid, limits):
                return data, exceeded
        if is_open and select.select([reports], [], [], POLL_S)[0]:
            chunk = os.read(reports, 1 << 16)
            is_open = bool(chunk)
            data += chunk
            if len(data) > MAX_REPORT_BYTES:
                return data, "reports"
        elif not is_open:
            time.sleep(POLL_S)
    return data, "finished" if process.returncode == 0 else "died"


def exceeded_limit(pid: int, limits: Limits) -> str | None:
    """Return which limit a process and its descendants exceed together: processes, threads or memory; None = none."""
    import psutil

    found = _descendants(pid)
    if len(found) > limits.processes:
        return "processes"  # before they are measured, which takes long for thousands of them
    threads, memory = 0, 0
    for process in found:
        with suppress(psutil.Error, OSError):
            memory += _memory_bytes(process.pid) if sys.platform == "linux" else process.memory_info().rss
            threads += process.num_threads()
    if memory > limits.max_bytes:
        return "memory"
    return "threads" if threads > limits.threads else None


def _descendants(pid: int) -> list[psutil.Process]:
    import psutil

    with suppress(psutil.Error):
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    return []


def _memory_bytes(pid: int) -> int:
    """Return the memory of a process without files, and the most that its sockets can hold, which no figure shows."""
    with open(f"/proc/{pid}/status") as file:
        lines = dict(line.split(":", 1) for line in file if ":" in line)
    return sum(int(lines.get(name, "0").split()[0]) for name in MEMORY_FIELDS) * 1024 + _sockets(pid) * SOCKET_BYTES


def _sockets(pid: int) -> int:
    folder, sockets = f"/proc/{pid}/fd", 0
    try:
        for name in os.listdir(folder):
            with suppress(OSError):  # closed in the meantime
                sockets += os.readlink(f"{folder}/{name}").startswith("socket:")
    except PermissionError:
        return MAX_FILES
    return sockets


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill all processes that are left; in namespaces the end of their first process ends the others too."""
    import psutil

    for _ in range(KILL_ROUNDS):  # those that start others while the list is read are in the next one
        left = _descendants(process.pid)[1:]
        for child in left:
            with suppress(psutil.Error):
                child.kill()
        if not left:
            break
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _read_rest(reports: int) -> bytes:
    """Read what is still in the pipe."""
    data = b""
    while len(data) <= MAX_REPORT_BYTES and select.select([reports], [], [], 0)[0]:
        chunk = os.read(reports, 1 << 16)
        if not chunk:
            break
        data += chunk
    return data


def _exit_status(code: int) -> int:
    """Translate the sandbox's 128 + N, which means that signal N ended the submission."""
    return 128 - code if code > 128 else code
