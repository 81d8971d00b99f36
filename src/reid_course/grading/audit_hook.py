"""Looks over the shoulder of a submission, inside its process: tells what it tries, and refuses what it may not.

Python reports files, connections and programs to an audit hook before it touches them, and no code can take a hook out
again. It makes reports readable everywhere, and is the only fence where the system has no namespaces: a fence against
accidents, because native code can step over it. The walls are in `cage.py`.
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
_HAND_ON = (sysconfig.get_path("stdlib"), "<frozen ", str(Path(__file__).parent))
_PROJECT = str(Path(__file__).resolve().parents[2])
_CHANGES = {  # event: which of its arguments are paths
    "os.remove": (0,), "os.rmdir": (0,), "os.mkdir": (0,), "os.rename": (0, 1), "os.link": (1,), "os.symlink": (1,),
    "os.chmod": (0,), "os.chown": (0,), "os.truncate": (0,), "os.utime": (0,), "os.setxattr": (0,),
    "shutil.rmtree": (0,),
}  # fmt: skip
_PROGRAMS = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "pty.spawn"}
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Refused(PermissionError):
    """A submission tried what it may not; the message says what."""


class Guard:
    """Watches from `install()` on, to the end of the process.

    Args:
        writable: the folders that may be written.
        hidden: folders and files that may not be read, and what they are.
        note: called with what was tried, such as "tried to write /home/ada/x"; each only once.
    """

    def __init__(self, writable: list[str], hidden: dict[str, str], note: Callable[[str], object]) -> None:
        self._writable = [realpath(folder) for folder in writable]
        self._hidden = {realpath(path): what for path, what in hidden.items()}
        self._note = note
        self._told: set[str] = set()

    def install(self) -> None:
        """Begin to watch."""
        sys.addaudithook(self._look)

    def _look(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            self._opened(*arguments)
        elif event in _CHANGES:
            for place in _CHANGES[event]:
                self._written(arguments[place])
        elif event in ("os.listdir", "os.scandir"):
            self._read(arguments[0] or ".")
        elif event in ("socket.connect", "socket.sendto"):
            self._refuse(f"tried to reach {_address(arguments[1])}")
        elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
            self._refuse(f"tried to reach {_address(arguments[:2])}")
        elif event == "socket.bind" and _asked_by_submission():
            self._refuse("tried to wait for connections")
        elif event in _PROGRAMS and _asked_by_submission():
            self._refuse(f"tried to start {_program(event, arguments)}")
        elif event in ("os.kill", "os.killpg") and arguments[0] != os.getpid() and _asked_by_submission():
            self._refuse("tried to stop another process")
        elif event == "ctypes.dlopen" and _asked_by_submission():
            self._refuse("tried to call native code")

    def _opened(self, path: Any, mode: str | None, flags: int) -> None:
        if isinstance(path, int):
            return
        if flags & _WRITES or (mode and set(mode) & set("wax+")):
            self._written(path)
        self._read(path)

    def _written(self, path: Any) -> None:
        place = _place(path)
        if place and place != os.devnull and not self._own(place):
            self._refuse(f"tried to write {place}")

    def _read(self, path: Any) -> None:
        place = _place(path)
        if not place or self._own(place):
            return
        for folder, what in self._hidden.items():
            if _inside(place, folder):
                self._refuse(f"tried to read {what}")

    def _own(self, place: str) -> bool:
        return any(_inside(place, folder) for folder in self._writable)

    def _refuse(self, what: str) -> None:
        if what not in self._told and len(self._told) < 20:
            self._told.add(what)
            self._note(what)
        raise Refused(f"not allowed while marking: {what}")


def _place(path: Any) -> str | None:
    """Where a path leads in the end, links followed; None for an open file's number."""
    return None if isinstance(path, int) else realpath(os.fsdecode(path))


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + os.sep)


def _address(address: Any) -> str:
    """
    >>> _address(("example.com", 80)), _address(("::1", 80, 0, 0)), _address("/run/docker.sock")
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


def _asked_by_submission() -> bool:
    """Whether the submission asked for it, rather than a library by itself, as matplotlib does when it looks for fonts.

    The nearest frame decides that is neither the standard library's nor IPython's: those do what others want.
    """
    frame = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        library = _PACKAGES in file
        if library and _IPYTHON not in file:
            return False
        if not library and not file.startswith(_HAND_ON):
            return not file.startswith(_PROJECT)
        frame = frame.f_back  # type: ignore[assignment]
    return False
