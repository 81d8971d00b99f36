"""What a submission may use and see, and the command that runs it in the sandbox."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from learning_reid.errors import UserError
from learning_reid.io.paths import SOURCE, find_checkout
from reid_course.notebook import GENERATED

SANDBOX = Path(__file__).with_name("sandbox.py")
SYSTEM_PATHS = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store",
    "/etc/alternatives", "/etc/fonts", "/etc/group", "/etc/ld.so.cache", "/etc/localtime", "/etc/passwd",
    "/dev/null", "/dev/random", "/dev/urandom", "/sys/devices/system",
)  # fmt: skip
FILE_BYTES, SCRATCH_BYTES, SPARE_BYTES = 64 << 20, 256 << 20, 128 << 20
SCRATCH_FILES, MAX_FILES = 20_000, 512
HIDDEN = {  # paths in the checkout
    "notebooks/exercises/teacher": "the solutions",
    "notebooks/exercises/sources": "the solutions",
    ".git": "the history of the project",
    "output": "the output of other runs",
}


@dataclass(frozen=True)
class Limits:
    """Limits of one submission.

    Attributes:
        seconds: Wall time from start to end.
        memory_bytes: Memory of all its processes together.
        processes: Number of processes at once.
        threads: Number of threads of all processes together.
    """

    seconds: float = 120.0
    memory_bytes: int = 2 << 30
    processes: int = 32
    threads: int = 512

    @property
    def max_bytes(self) -> int:
        """Memory with the reserve that is released when the rest is used up, to run the tests and to report."""
        return self.memory_bytes + SPARE_BYTES

    def resource_limits(self, isolate: bool) -> dict[str, tuple[int, int]]:
        """Return the soft and hard limits that the operating system enforces for each process, by name.

        Args:
            isolate: Whether the processes are in a user namespace, in which alone they can be counted.
        """
        tasks = self.processes + self.threads + 64  # a little more than what the supervisor permits
        cpu = int(self.seconds * 4) + 5  # of several cores; the supervisor measures wall time
        return {
            "DATA": (self.memory_bytes, self.max_bytes),  # not AS: PyTorch reserves addresses that it never uses
            "CPU": (cpu, cpu),
            "FSIZE": (FILE_BYTES, FILE_BYTES),
            "NOFILE": (MAX_FILES, MAX_FILES),
            "CORE": (0, 0),
            **({"NPROC": (tasks, tasks)} if isolate and _counts_tasks_of_namespaces() else {}),
        }


@dataclass(frozen=True)
class SandboxConfig:
    """Configuration of the sandbox.

    Attributes:
        limits: Limits of each submission.
        isolate: Use Linux namespaces; otherwise only limits and the audit hook.
        hidden: Folders that a submission must not read, and what they contain.
        seed: Seed of the exercise data, in place of the student's.
    """

    limits: Limits
    isolate: bool
    hidden: dict[str, str]
    seed: int

    def command(self, scratch: Path) -> list[str]:
        """Return the command that runs the job given on its stdin, in an empty folder."""
        plan = {
            "isolate": self.isolate,
            "limits": self.limits.resource_limits(self.isolate),
            "visible": list(visible_paths()),
            "hidden": list(self.hidden),
            "scratch": str(scratch),
            "private": [str(scratch), "/dev/shm"],
            "private_bytes": SCRATCH_BYTES,
            "private_files": SCRATCH_FILES,
        }
        runner = [sys.executable, "-P", "-m", "reid_course.grading.runner"]
        return [sys.executable, "-I", "-S", str(SANDBOX), json.dumps(plan), *runner]

    def environment(self, scratch: Path) -> dict[str, str]:
        """Return all environment variables of a submission; none comes from the teacher's environment."""
        from reid_course.seeds import SEED_VARIABLE

        home = str(scratch)
        return {
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(SOURCE),
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": home,
            "TMPDIR": home,
            "USER": "student",
            "IPYTHONDIR": f"{home}/.ipython",
            "MPLCONFIGDIR": f"{home}/.matplotlib",
            "NUMBA_CACHE_DIR": f"{home}/.numba",
            "JOBLIB_TEMP_FOLDER": home,
            "MPLBACKEND": "Agg",
            "OMP_NUM_THREADS": "1",
            "CUDA_VISIBLE_DEVICES": "",
            GENERATED: f"{home}/generated",  # no submission reads or changes the data of another
            SEED_VARIABLE: str(self.seed),
        }


@contextmanager
def scratch_folder(files: dict[str, bytes]) -> Iterator[Path]:
    """Create the temporary folder of one run, with files in it.

    Args:
        files: Contents, by their path in the folder.
    """
    with tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        for path, content in {**files, **_font_lists()}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        yield folder


def visible_paths() -> Iterator[str]:
    """Yield the folders and files that a submission sees: system programs, this Python and the project."""
    linked = Path(sys.prefix).resolve(), Path(sys.executable).resolve().parents[1]
    python = [sys.prefix, sys.base_prefix, *map(str, linked)]
    packages = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    shown: list[str] = []
    for path in sorted({*SYSTEM_PATHS, *python, *packages, str(find_checkout() or SOURCE)}, key=len):
        if path != "/" and not any(path.startswith(f"{folder}/") for folder in shown):
            shown.append(path)
            yield path


@cache
def why_not_isolated() -> str | None:
    """Try the namespaces and return None if they work, otherwise the error."""
    if sys.platform != "linux":
        return f"{sys.platform} has no namespaces"
    config = SandboxConfig(Limits(), True, {}, 0)
    with scratch_folder({}) as scratch:
        *sandbox, python, _, _, _ = config.command(scratch)
        done = subprocess.run([*sandbox, python, "-I", "-c", "import ctypes, ssl"], capture_output=True, text=True)
    return (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1] if done.returncode else None


def parse_memory(text: str) -> int:
    """Return the bytes of a number followed by K, M or G.

    >>> parse_memory("2G"), parse_memory("600M")
    (2147483648, 629145600)

    Raises:
        UserError: The text has another form.
    """
    units = {"K": 10, "M": 20, "G": 30}
    number, unit = text[:-1], text[-1:].upper()
    if unit not in units or not (number.isascii() and number.isdigit() and int(number)):
        raise UserError(f"--memory {text}: write a number followed by K, M or G, such as 2G")
    return int(number) << units[unit]


def _counts_tasks_of_namespaces() -> bool:
    """Return whether RLIMIT_NPROC counts within a user namespace; before Linux 5.14 it counts all of the user's."""
    version = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return version is not None and (int(version[1]), int(version[2])) >= (5, 14)


@cache
def _font_lists() -> dict[str, bytes]:
    """Return matplotlib's font lists, which every submission would otherwise build for seconds."""
    import matplotlib
    import matplotlib.font_manager  # builds the list

    return {f".matplotlib/{file.name}": file.read_bytes() for file in Path(matplotlib.get_cachedir()).glob("fontlist*")}
