"""Which packages a room without a network needs, and how to fetch them for its system and its Python."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.offline_start import Target, this_machine
from tools.set_up import PAIR, TORCH_CPU_INDEX, cpu_index_problem, locked_versions, read_requirements

EXTRAS = ("lab", "fast", "class")  # what the lessons, the exercises and their marking need
BUILT_HERE = ("torchreid",)  # on the package index as source alone; of plain Python, so one wheel serves everywhere
CUDA = re.compile(r"nvidia-|cuda-|triton")  # not in the lock: a torch that needs them brings them along
NEEDED = {"cpu": 1.5e9, "cuda": 4e9}  # bytes
TAGS = {  # what pip calls the machines that wheels are for
    "linux": [*(f"manylinux_2_{minor}_x86_64" for minor in range(39, 16, -1)), "manylinux2014_x86_64", "linux_x86_64"],
    "windows": ["win_amd64"],
    "mac": ["macosx_15_0_arm64"],  # pip takes those for earlier ones too
}
CPYTHON = {"implementation_name": "cpython", "platform_python_implementation": "CPython"}
MARKERS = {
    "linux": {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"},
    "windows": {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows", "platform_machine": "AMD64"},
    "mac": {"os_name": "posix", "sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
}


def gather_wheels(root: Path, to: Path, target: Target, cuda: bool = False) -> None:
    """Download torch and torchvision, then everything else, at the versions of the lock of the project in `root`."""
    to.mkdir(parents=True, exist_ok=True)
    for name in BUILT_HERE:
        line = f"{name}=={locked_versions(root / 'requirements.lock')[name]}"
        if not list(to.glob(line.replace("==", "-") + "-*-none-any.whl")):
            pip("wheel", "--no-deps", "--wheel-dir", str(to), line)
    only = ["--only-binary", ":all:", "--python-version", target.python, "--implementation", "cp"]
    only += [word for tag in TAGS[target.platform] for word in ("--platform", tag)] if target != this_machine() else []
    gather_pair(root / "requirements.lock", to, target, only, cuda)
    taken: set[str] = set()
    for patch in (0, 99):  # some lines of the lock hold for a part of Python 3.11 alone, and each room has another
        lines = set(pins(root, target, patch)) - taken
        say(f"{len(lines)} packages for Python {target.python} on {target.platform}")
        if lines:  # the lock has looked at requires-python; pip would think that every 3.11 is 3.11.0
            pip("download", "--no-deps", "--ignore-requires-python", *only, "--dest", str(to), *sorted(lines))
        taken |= lines


def gather_pair(lock: Path, to: Path, target: Target, only: list[str], cuda: bool) -> None:
    """Download torch and torchvision: builds for the CPU where there is a choice and no card was asked for."""
    versions = locked_versions(lock)
    pair = [f"{name}=={versions[name]}" for name in PAIR]
    problem = "--cuda asks for it" if cuda else cpu_index_problem(versions) if target.platform == "linux" else ""
    need_space(to, NEEDED["cuda" if target.platform == "linux" and problem else "cpu"])
    download = ["download", *only, "--dest", str(to)]
    if target.platform != "linux":
        pip(*download, "--no-deps", *pair)  # the default index has builds for the CPU
    elif not problem:
        pip(*download, "--no-deps", "--index-url", TORCH_CPU_INDEX, *(f"{line}+cpu" for line in pair))
    elif target.platform == this_machine().platform:
        say(f"torch with CUDA, four times as much to carry: {problem}")
        pip(*download, "--constraint", str(lock), *pair)  # with what only pip can tell it needs
    else:
        sys.exit(f"offline.py: torch for Linux cannot be gathered on another system: {problem}")


def pins(root: Path, target: Target, patch: int) -> list[str]:
    """`name==version` of everything that the base and the extras need there, but for the pair and what is built."""
    versions = {"python_version": target.python, "python_full_version": f"{target.python}.{patch}"}
    there = {**CPYTHON, **MARKERS[target.platform], **versions}
    locked: dict[str, str] = {}
    for line in (root / "requirements.lock").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            package = Requirement(line)
            if holds(package, there):
                locked[canonicalize_name(package.name)] = f"{package.name}{package.specifier}"
    wanted = closure(requirements(root), there)
    unknown = sorted(name for name in wanted if name not in locked and not CUDA.match(name))
    if unknown:
        sys.exit(f"offline.py: requirements.lock has no {', '.join(unknown)}; write it again with `make lock`")
    return [locked[name] for name in sorted(wanted & locked.keys() - {*PAIR, *BUILT_HERE})]


def requirements(root: Path) -> list[str]:
    """The lines of pyproject.toml that a room needs."""
    base, extras = read_requirements(root / "pyproject.toml")
    return [*base, *(line for extra in EXTRAS for line in extras[extra])]


def closure(lines: list[str], there: dict[str, str]) -> set[str]:
    """Names of everything that some requirements need in an environment, as the packages installed here tell it."""
    here = {name: str(value) for name, value in default_environment().items()}
    names: set[str] = set()
    seen, wanted = set(), [(line, "") for line in lines]
    while wanted:
        line, extra = wanted.pop()
        needed = Requirement(line)
        if (line, extra) in seen or not holds(needed, there, extra):
            continue
        seen.add((line, extra))
        names.add(canonicalize_name(needed.name))
        try:
            more = metadata.requires(needed.name) or []
        except metadata.PackageNotFoundError:
            if holds(needed, here, extra):
                first = f"python3 tools/set_up.py {' '.join(EXTRAS)}"
                sys.exit(f"offline.py: {needed.name} is not installed here; first: {first}")
            more = []  # of another system alone (colorama, pywinpty, appnope); these need nothing more
        wanted += [(line, name) for line in more for name in ("", *needed.extras)]
    return names


def holds(needed: Requirement, environment: dict[str, str], extra: str = "") -> bool:
    """Whether a requirement is one in an environment."""
    return needed.marker is None or needed.marker.evaluate({**environment, "extra": extra})


def pip(*words: str) -> None:
    """Run pip to its end, or stop and tell what is missing."""
    try:
        done = subprocess.run([sys.executable, "-m", "pip", *words, "--disable-pip-version-check"]).returncode == 0
    except KeyboardInterrupt:
        done = False
    if not done:
        sys.exit(
            "offline.py: not everything is here: pip could not fetch what is told above (no network?). "
            "The same command continues: what lies in the folder or in pip's cache is not fetched again"
        )


def need_space(folder: Path, size: float) -> None:
    """Stop where a disk has too little room; what lies in the folder already is not asked for again."""
    there = next(parent for parent in [folder, *folder.parents] if parent.exists())
    size -= sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    free = shutil.disk_usage(there).free
    if free < size:
        sys.exit(f"offline.py: about {size / 1e9:.1f} GB are needed in {folder}, and {free / 1e9:.1f} GB are free")


def say(line: str) -> None:
    """One line of progress."""
    print(f"offline: {line}", flush=True)
