"""The walls around one submission, put up from the inside: limits, then (on Linux) namespaces, then the program.

A script, which `jail.py` starts as `python -I -S cage.py PLAN COMMAND …`; it knows the standard library alone. In
namespaces of its own the program has no network, sees no process but its own, and of the disk only what the plan names,
read-only, and its scratch folder, which lives in memory. It has no privileges there, and root has none either.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from contextlib import suppress

NEW_SPACES = 0x10000000 | 0x00020000 | 0x40000000 | 0x20000000 | 0x08000000 | 0x04000000  # user mount net pid ipc uts
BIND, RECURSIVE, PRIVATE = 0x1000, 0x4000, 0x40000
MOUNT_SETATTR, AT_RECURSIVE, READ_ONLY_NO_SETUID = 442, 0x8000, 0x1 | 0x2
DIE_WITH_PARENT, NO_NEW_PRIVILEGES = 1, 38
NOBODY = 1000  # inside; outside it is who started us
NEW_ROOT = "/sys/kernel"  # a folder that every Linux has and no program needs: the new root is put together on it


def main(plan: dict, command: list[str]) -> None:
    """Become the command, inside walls where the plan asks for them."""
    if sys.platform == "linux":
        prctl(DIE_WITH_PARENT, signal.SIGKILL)
    if not plan["isolate"]:
        limit(plan["limits"])
        os.execv(command[0], command)
    enter_spaces()
    first = os.fork()
    if first:
        leave_as(first)
    prctl(DIE_WITH_PARENT, signal.SIGKILL)  # process 1 of the new space: when it ends, the kernel kills all others
    build_room(plan)
    second = os.fork()
    if second:
        leave_as(second)
    os.chdir(plan["scratch"])
    prctl(NO_NEW_PRIVILEGES, 1)
    limit(plan["limits"])
    os.execv(command[0], command)  # as nobody, which takes away what was needed to build


def limit(limits: dict[str, list[int]]) -> None:
    """Set each RLIMIT_NAME, soft and hard, for this process and its children."""
    for name, (soft, hard) in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}", None)
        if kind is not None:
            with suppress(ValueError, OSError):  # macOS knows some and does not set them
                resource.setrlimit(kind, (soft, hard))


def enter_spaces() -> None:
    """Leave the namespaces of the machine, in which this process is then nobody."""
    user, group = os.geteuid(), os.getegid()
    call("unshare", NEW_SPACES)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{NOBODY} {user} 1"), ("gid_map", f"{NOBODY} {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def build_room(plan: dict) -> None:
    """Put together what there is to see, and go in."""
    scratch = plan["scratch"]
    given = read_tree(scratch)
    mount(None, "/", None, RECURSIVE | PRIVATE)
    mount("tmpfs", NEW_ROOT, "tmpfs")
    for path in plan["see"]:
        show(path)
    for path in filter(inside_exists, plan["hide"]):
        if os.path.isdir(NEW_ROOT + path):
            mount("tmpfs", NEW_ROOT + path, "tmpfs")
        else:
            mount("/dev/null", NEW_ROOT + path, None, BIND)
    for path in (*plan["private"], "/proc"):
        os.makedirs(NEW_ROOT + path, exist_ok=True)
    mount("proc", NEW_ROOT + "/proc", "proc")
    attributes = (ctypes.c_uint64 * 4)(READ_ONLY_NO_SETUID)
    call("syscall", MOUNT_SETATTR, -1, NEW_ROOT.encode(), AT_RECURSIVE, attributes, ctypes.sizeof(attributes))
    for path in plan["private"]:
        mount("tmpfs", NEW_ROOT + path, "tmpfs", data=f"size={plan['private_bytes']}")
    os.chroot(NEW_ROOT)  # in a chroot the kernel makes no further user namespace, so nobody undoes this
    os.chdir(scratch)
    write_tree(given)


def show(path: str) -> None:
    """Make a folder, file or link of the machine appear in the new root at the same place."""
    place = NEW_ROOT + path
    if not os.path.lexists(path) or os.path.lexists(place):
        return
    os.makedirs(os.path.dirname(place), exist_ok=True)
    if os.path.islink(path):
        os.symlink(os.readlink(path), place)
    elif os.path.isdir(path):
        os.mkdir(place)
        mount(path, place, None, BIND | RECURSIVE)
    else:
        open(place, "w").close()
        mount(path, place, None, BIND)


def inside_exists(path: str) -> bool:
    return os.path.exists(NEW_ROOT + path)


def read_tree(folder: str) -> dict[str, bytes]:
    """The files of a folder, by their path in it."""
    files = {}
    for here, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(here, name)
            with open(path, "rb") as file:
                files[os.path.relpath(path, folder)] = file.read()
    return files


def write_tree(files: dict[str, bytes]) -> None:
    """Lay files out in the working folder."""
    for path, content in files.items():
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)


def leave_as(child: int) -> None:
    """Wait for a child and end as it ended; 128 + N stands for signal N, as in a shell."""
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


def mount(source: str | None, target: str, kind: str | None, flags: int = 0, data: str | None = None) -> None:
    call("mount", *(text.encode() if text else None for text in (source, target, kind)), flags, data and data.encode())


def prctl(option: int, value: int) -> None:
    call("prctl", option, value, 0, 0, 0)


def call(name: str, *arguments: object) -> None:
    """Call the C library; an answer below 0 is an error."""
    libc = ctypes.CDLL(None, use_errno=True)
    converted = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    if getattr(libc, name)(*converted) < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2:])
