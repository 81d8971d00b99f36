"""What a submission may use and see, and the command that runs it so."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from learning_reid.errors import UserError
from reid_course.notebook import GENERATED, ROOT

CAGE = Path(__file__).with_name("cage.py")
SYSTEM = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store",
    "/etc/alternatives", "/etc/fonts", "/etc/group", "/etc/ld.so.cache", "/etc/localtime", "/etc/passwd",
    "/dev/null", "/dev/random", "/dev/urandom", "/dev/zero", "/sys/devices/system",
)  # fmt: skip
FILE_BYTES, SCRATCH_BYTES, SPARE_BYTES = 64 << 20, 256 << 20, 128 << 20
HIDDEN = {
    "notebooks/exercises/teacher": "the solutions",
    "notebooks/exercises/sources": "the solutions",
    ".git": "the history of the project",
    "output": "the output of other runs",
}


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Attributes:
        seconds: from its start to its end.
        memory_bytes: of its processes together.
        processes: at once.
        threads: of all of them together.
    """

    seconds: float = 120.0
    memory_bytes: int = 2 << 30
    processes: int = 32
    threads: int = 512

    @property
    def most_bytes(self) -> int:
        """The memory with the spare, which is opened when all else is used up, to run the tests and to report."""
        return self.memory_bytes + SPARE_BYTES

    def for_system(self) -> dict[str, tuple[int, int]]:
        """By name, what the operating system limits for each process, and how far the process itself may raise that."""
        cpu = int(self.seconds * 4) + 5  # of several cores; the watch looks at the clock
        return {
            "DATA": (self.memory_bytes, self.most_bytes),  # not AS: PyTorch reserves addresses that it never fills
            "CPU": (cpu, cpu),
            "FSIZE": (FILE_BYTES, FILE_BYTES),
            "NOFILE": (512, 512),
            "CORE": (0, 0),
        }


@dataclass(frozen=True)
class Jail:
    """How submissions are kept in.

    Attributes:
        limits: of each.
        isolate: by namespaces of Linux; else only by limits and the guard inside the process.
        hidden: folders that a submission may not read, and what they hold.
        seed: for data of one's own, in place of the student's.
    """

    limits: Limits
    isolate: bool
    hidden: dict[str, str]
    seed: int

    def command(self, scratch: Path) -> list[str]:
        """The command that runs the job on its stdin, in an empty folder."""
        python = sys.executable
        plan = {
            "isolate": self.isolate,
            "limits": self.limits.for_system(),
            "see": list(seen()),
            "hide": list(self.hidden),
            "scratch": str(scratch),
            "private": [str(scratch), "/dev/shm"],
            "private_bytes": SCRATCH_BYTES,
        }
        inner = [python, "-P", "-m", "reid_course.grading.run_submission"]
        return [python, "-I", "-S", str(CAGE), json.dumps(plan), *inner]

    def environment(self, scratch: Path) -> dict[str, str]:
        """All that a submission gets of the environment, so that no password of the teacher's is in it."""
        from reid_course.seeds import SEED_VARIABLE

        home = str(scratch)
        return {
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(ROOT / "src"),
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
            GENERATED: f"{home}/generated",  # nobody meets what another has drawn, or drawn over
            SEED_VARIABLE: str(self.seed),
        }


@contextmanager
def scratch_folder(files: dict[str, bytes]) -> Iterator[Path]:
    """A folder for one run, with files in it; it is gone afterwards.

    Args:
        files: by their path in it.
    """
    with tempfile.TemporaryDirectory(prefix="marking-", ignore_cleanup_errors=True) as made:
        folder = Path(made).resolve()
        for name, content in {**files, **_fonts()}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        yield folder


def seen() -> Iterator[str]:
    """The folders and files a submission sees: the system's programs, this Python, the project; nobody's home."""
    real = Path(sys.prefix).resolve(), Path(sys.executable).resolve().parents[1]  # where links lead
    python = [sys.prefix, sys.base_prefix, *map(str, real)]
    packages = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    shown: list[str] = []
    for path in sorted({*SYSTEM, *python, *packages, str(ROOT)}, key=len):
        if path != "/" and not any(path.startswith(f"{folder}/") for folder in shown):
            shown.append(path)
            yield path


@cache
def why_not_isolated() -> str | None:
    """Try the namespaces out: None where they work, else what the system answers."""
    if sys.platform != "linux":
        return f"{sys.platform} has no namespaces"
    jail = Jail(Limits(), True, {}, 0)
    with scratch_folder({}) as scratch:
        *cage, python, _, _, _ = jail.command(scratch)
        done = subprocess.run([*cage, python, "-I", "-c", "import ctypes, ssl"], capture_output=True, text=True)
    return (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1] if done.returncode else None


def parse_memory(text: str) -> int:
    """Bytes, from a number with K, M or G behind it.

    >>> parse_memory("2G"), parse_memory("600M")
    (2147483648, 629145600)

    Raises:
        UserError: it is no such number.
    """
    units = {"K": 10, "M": 20, "G": 30}
    number, unit = text[:-1], text[-1:].upper()
    if unit not in units or not (number.isascii() and number.isdigit() and int(number)):
        raise UserError(f"--memory {text}: write a number with K, M or G behind it, such as 2G")
    return int(number) << units[unit]


@cache
def _fonts() -> dict[str, bytes]:
    """The list of fonts that matplotlib has made here: without it each submission would look for seconds."""
    import matplotlib
    import matplotlib.font_manager  # makes it

    return {f".matplotlib/{file.name}": file.read_bytes() for file in Path(matplotlib.get_cachedir()).glob("fontlist*")}
