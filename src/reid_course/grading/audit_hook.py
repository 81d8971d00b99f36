"""Audit hook inside the process of a submission: reports and refuses what a submission must not do.

Python calls an audit hook before it opens files, connections and programs, and no code can remove a hook. The hook
makes the reports readable on every system. Where the system has no namespaces it is the only protection, which stops
accidents but not an attacker, because native code bypasses it. The sandbox itself is in `sandbox.py`.
"""

import os
import sys
import sysconfig
from collections.abc import Callable
from os.path import realpath
from pathlib import Path
from typing import Any

_PACKAGES = f"{os.sep}site-packages{os.sep}"
_IPYTHON = f"{_PACKAGES}IPython{os.sep}"
_TRANSPARENT = (sysconfig.get_path("stdlib"), "<frozen ", str(Path(__file__).parent))
_PROJECT = str(Path(__file__).resolve().parents[2])
_CHANGES = {  # event: which of its arguments are paths
    "os.remove": (0,), "os.rmdir": (0,), "os.mkdir": (0,), "os.rename": (0, 1), "os.link": (1,), "os.symlink": (1,),
    "os.chmod": (0,), "os.chown": (0,), "os.truncate": (0,), "os.utime": (0,), "os.setxattr": (0,),
    "shutil.rmtree": (0,),
}  # fmt: skip
_PROGRAMS = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "pty.spawn"}
_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_MAX_REPORTS = 20


class Refused(PermissionError):
    """A submission tried something that is not allowed; the message says what."""


class AuditHook:
    """Refuse forbidden actions from `install()` to the end of the process.

    Args:
        writable: Folders that may be written.
        hidden: Folders and files that must not be read, and what they are.
        report: Called once with each attempt, such as "tried to write /home/ada/x".
    """

    def __init__(self, writable: list[str], hidden: dict[str, str], report: Callable[[str], object]) -> None:
        self._writable = [realpath(folder) for folder in writable]
        self._hidden = {realpath(path): what for path, what in hidden.items()}
        self._report = report
        self._reported: set[str] = set()

    def install(self) -> None:
        """Add the hook to this process."""
        sys.addaudithook(self._check_event)

    def _check_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            self._check_open(*arguments)
        elif event in _CHANGES:
            for index in _CHANGES[event]:
                self._check_write(arguments[index])
        elif event in ("os.listdir", "os.scandir"):
            self._check_read(arguments[0] or ".")
        elif event in ("socket.connect", "socket.sendto"):
            self._refuse(f"tried to reach {_format_address(arguments[1])}")
        elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
            self._refuse(f"tried to reach {_format_address(arguments[:2])}")
        elif event == "socket.bind" and _called_by_submission():
            self._refuse("tried to wait for connections")
        elif event in _PROGRAMS and _called_by_submission():
            self._refuse(f"tried to start {_program(event, arguments)}")
        elif event in ("os.kill", "os.killpg") and arguments[0] != os.getpid() and _called_by_submission():
            self._refuse("tried to stop another process")
        elif event == "ctypes.dlopen" and _called_by_submission():
            self._refuse("tried to call native code")

    def _check_open(self, path: Any, mode: str | None, flags: int) -> None:
        if isinstance(path, int):
            return
        if flags & _WRITE_FLAGS or (mode and set(mode) & set("wax+")):
            self._check_write(path)
        self._check_read(path)

    def _check_write(self, path: Any) -> None:
        target = _resolve(path)
        if target and target != os.devnull and not self._is_writable(target):
            self._refuse(f"tried to write {target}")

    def _check_read(self, path: Any) -> None:
        target = _resolve(path)
        if not target or self._is_writable(target):
            return
        for folder, what in self._hidden.items():
            if _is_inside(target, folder):
                self._refuse(f"tried to read {what}")

    def _is_writable(self, path: str) -> bool:
        return any(_is_inside(path, folder) for folder in self._writable)

    def _refuse(self, what: str) -> None:
        if what not in self._reported and len(self._reported) < _MAX_REPORTS:
            self._reported.add(what)
            self._report(what)
        raise Refused(f"not allowed while grading: {what}")


def _resolve(path: Any) -> str | None:
    """Return the real path behind links; None for a file descriptor."""
    return None if isinstance(path, int) else realpath(os.fsdecode(path))


def _is_inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + os.sep)


def _format_address(address: Any) -> str:
    """
    >>> _format_address(("example.com", 80)), _format_address(("::1", 80, 0, 0)), _format_address("/run/docker.sock")
    ('example.com:80', '::1:80', '/run/docker.sock')
    """
    if not isinstance(address, tuple):
        return os.fsdecode(address) if isinstance(address, str | bytes) else str(address)
    host = address[0].decode(errors="replace") if isinstance(address[0], bytes) else address[0]
    return f"{host}:{address[1]}" if len(address) > 1 and address[1] else str(host)


def _program(event: str, arguments: tuple[Any, ...]) -> str:
    name = arguments[0] if event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn") else None
    if not isinstance(name, str | bytes | os.PathLike):
        return "another process"
    return f"the program {os.fsdecode(name).split(' ')[0]}"


def _called_by_submission() -> bool:
    """Return whether the submission makes the call, and not a library, as matplotlib does to find fonts.

    The nearest frame decides that is neither the standard library's nor IPython's, which act for their callers.
    """
    frame = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        is_library = _PACKAGES in file
        if is_library and _IPYTHON not in file:
            return False
        if not is_library and not file.startswith(_TRANSPARENT):
            return not file.startswith(_PROJECT)
        frame = frame.f_back  # type: ignore[assignment]
    return False
