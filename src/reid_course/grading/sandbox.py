"""Sandbox of one submission, set up from inside: limits, then (on Linux) namespaces, then the program.

A script that `sandbox_config.py` starts as `python -I -S sandbox.py PLAN COMMAND …`; it imports only the standard
library. In its own namespaces the program has no network, sees no other process, and of the disk only the paths that
the plan names, read-only, and its scratch folder, which is in memory. Neither the program nor root has privileges.
"""

import ctypes
import errno
import json
import os
import resource
import signal
import struct
import sys
from contextlib import suppress

NAMESPACES = 0x10000000 | 0x00020000 | 0x40000000 | 0x20000000 | 0x08000000 | 0x04000000  # user mount net pid ipc uts
BIND, RECURSIVE, PRIVATE = 0x1000, 0x4000, 0x40000
MOUNT_SETATTR, AT_RECURSIVE, READ_ONLY_NO_SETUID = 442, 0x8000, 0x1 | 0x2
DIE_WITH_PARENT, SET_SYSCALL_FILTER, ADOPT_ORPHANS, NO_NEW_PRIVILEGES = 1, 22, 36, 38
INNER_USER = 1000  # user and group inside; outside they are those of the caller
NEW_ROOT = "/sys/kernel"  # mount point of the new root: a folder that every Linux has and no program needs
REFUSED_CALLS = {  # machine: its id, mmap, and memfd_create, memfd_secret, shmget, msgget, io_uring_setup
    "x86_64": (0xC000003E, 9, (319, 447, 29, 68, 425)),
    "aarch64": (0xC00000B7, 222, (279, 447, 194, 186, 425)),
}
SHARED_ANONYMOUS = 0x01 | 0x20  # flags of mmap


def main(plan: dict, command: list[str]) -> None:
    """Replace this process by the command, inside the sandbox if the plan asks for isolation."""
    if sys.platform == "linux":
        prctl(DIE_WITH_PARENT, signal.SIGKILL)
    if not plan["isolate"]:
        if sys.platform == "linux":
            adopt_orphans()
            prctl(NO_NEW_PRIVILEGES, 1)
            refuse_unaccounted_memory()
        set_limits(plan["limits"])
        os.execv(command[0], command)
    enter_namespaces()
    first = os.fork()
    if first:
        exit_like(first)
    prctl(DIE_WITH_PARENT, signal.SIGKILL)  # process 1 of the new namespace: when it ends, the kernel kills all others
    build_root(plan)
    second = os.fork()
    if second:
        exit_like(second)
    os.chdir(plan["scratch"])
    prctl(NO_NEW_PRIVILEGES, 1)
    refuse_unaccounted_memory()
    set_limits(plan["limits"])
    os.execv(command[0], command)  # as an ordinary user, which drops the privileges that were needed for the set-up


def set_limits(limits: dict[str, list[int]]) -> None:
    """Set each RLIMIT_NAME, soft and hard, for this process and its children."""
    for name, (soft, hard) in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}", None)
        if kind is not None:
            with suppress(ValueError, OSError):  # macOS defines some that it cannot set
                resource.setrlimit(kind, (soft, hard))


def adopt_orphans() -> None:
    """Continue in a child; this process becomes the parent of every process that the child leaves, and kills it."""
    prctl(ADOPT_ORPHANS, 1)
    child = os.fork()
    if child:
        exit_like(child)
    prctl(DIE_WITH_PARENT, signal.SIGKILL)


def refuse_unaccounted_memory() -> None:
    """Let system calls fail that allocate memory outside of all processes, which no limit holds and nobody sees.

    These are files in memory, System V segments and queues, and shared memory without a file. Shared memory of a file
    remains; in the sandbox these files are in folders of a limited size.
    """
    if os.uname().machine not in REFUSED_CALLS:
        return
    machine, mmap, refused = REFUSED_CALLS[os.uname().machine]
    load, mask, equal, at_least, end = 0x20, 0x54, 0x15, 0x35, 0x06  # instructions of a Berkeley packet filter
    allow, no_memory, no_such_call = 0x7FFF0000, 0x00050000 | errno.ENOMEM, 0x00050000 | errno.ENOSYS
    program = [(load, 0, 0, 4), (equal, 1, 0, machine), (end, 0, 0, no_such_call)]  # also not the calls of 32-bit code
    program += [(load, 0, 0, 0), (at_least, 0, 1, 0x40000000), (end, 0, 0, no_such_call)]
    for number in refused:
        program += [(equal, 0, 1, number), (end, 0, 0, no_memory)]
    program += [(equal, 1, 0, mmap), (end, 0, 0, allow)]
    program += [(load, 0, 0, 40), (mask, 0, 0, SHARED_ANONYMOUS)]  # the fourth argument
    program += [(equal, 0, 1, SHARED_ANONYMOUS), (end, 0, 0, no_memory), (end, 0, 0, allow)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
    header = ctypes.create_string_buffer(struct.pack("HP", len(program), ctypes.addressof(code)))
    with suppress(OSError):  # a kernel without filters
        call("prctl", SET_SYSCALL_FILTER, 2, ctypes.addressof(header), 0, 0)


def enter_namespaces() -> None:
    """Move this process into new namespaces, in which it is an ordinary user."""
    user, group = os.geteuid(), os.getegid()
    call("unshare", NAMESPACES)
    maps = (("setgroups", "deny"), ("uid_map", f"{INNER_USER} {user} 1"), ("gid_map", f"{INNER_USER} {group} 1"))
    for name, text in maps:
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def build_root(plan: dict) -> None:
    """Build a root folder with the visible paths, and change into it."""
    scratch = plan["scratch"]
    files = read_tree(scratch)
    mount(None, "/", None, RECURSIVE | PRIVATE)
    mount("tmpfs", NEW_ROOT, "tmpfs")
    for path in plan["visible"]:
        make_visible(path)
    for path in filter(exists_inside, plan["hidden"]):
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
        mount("tmpfs", NEW_ROOT + path, "tmpfs", data=f"size={plan['private_bytes']},nr_inodes={plan['private_files']}")
    os.chroot(NEW_ROOT)  # in a chroot the kernel makes no further user namespace, so nothing can undo this
    os.chdir(scratch)
    write_tree(files)


def make_visible(path: str) -> None:
    """Make a folder, file or link of the machine appear at the same path of the new root."""
    target = NEW_ROOT + path
    if not os.path.lexists(path) or os.path.lexists(target):
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(path):
        os.symlink(os.readlink(path), target)
    elif os.path.isdir(path):
        os.mkdir(target)
        mount(path, target, None, BIND | RECURSIVE)
    else:
        open(target, "w").close()
        mount(path, target, None, BIND)


def exists_inside(path: str) -> bool:
    return os.path.exists(NEW_ROOT + path)


def read_tree(folder: str) -> dict[str, bytes]:
    """Read the files of a folder, by their path in it."""
    files = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            with open(path, "rb") as file:
                files[os.path.relpath(path, folder)] = file.read()
    return files


def write_tree(files: dict[str, bytes]) -> None:
    """Write files into the working folder."""
    for path, content in files.items():
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)


def exit_like(child: int) -> None:
    """Wait for a child, kill what it left, and exit with its status; 128 + N stands for signal N, as in a shell."""
    while True:
        pid, status = os.wait()
        if pid == child:
            kill_children()
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


def kill_children() -> None:
    """Kill all children of this process, and their children, which it adopts, until none is left."""
    with suppress(OSError):  # ChildProcessError at the end; some kernels have no such file
        while True:
            with open(f"/proc/self/task/{os.getpid()}/children") as file:
                children = [int(pid) for pid in file.read().split()]
            for pid in children:
                os.kill(pid, signal.SIGKILL)
            os.wait()


def mount(source: str | None, target: str, kind: str | None, flags: int = 0, data: str | None = None) -> None:
    call("mount", *(text.encode() if text else None for text in (source, target, kind)), flags, data and data.encode())


def prctl(option: int, value: int) -> None:
    call("prctl", option, value, 0, 0, 0)


def call(name: str, *arguments: object) -> None:
    """Call a function of the C library; a negative result raises an OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    converted = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    if getattr(libc, name)(*converted) < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2:])
