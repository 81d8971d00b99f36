"""Packages for a classroom without a network, downloaded for its operating system and Python."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from packaging.requirements import Requirement

from tools.offline_start import Target, this_machine
from tools.set_up import CUDA, PAIR, TORCH_CPU_INDEX, cpu_index_problem, locked_closure, package_name, read_requirements

EXTRAS = ("lab", "fast", "class")  # what the lessons, the exercises and grading need
SOURCE_ONLY = ("torchreid",)  # no wheel on the package index; pure Python, so one wheel serves all systems
NEEDED_BYTES = {"cpu": 1.5e9, "cuda": 4e9}
TAGS = {  # wheel tags of the platforms
    "linux": [*(f"manylinux_2_{minor}_x86_64" for minor in range(39, 16, -1)), "manylinux2014_x86_64", "linux_x86_64"],
    "windows": ["win_amd64"],
    "mac": ["macosx_15_0_arm64"],  # pip also accepts wheels for earlier versions
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
    pinned = locked_closure(root / "requirements.lock", map(package_name, requirements(root)))
    for name in SOURCE_ONLY:
        line = parse(pinned[name][0])
        if not list(to.glob(f"{name}-*-none-any.whl")):
            pip("wheel", "--no-deps", "--wheel-dir", str(to), str(line))
    only = ["--only-binary", ":all:", "--python-version", target.python, "--implementation", "cp"]
    only += [word for tag in TAGS[target.platform] for word in ("--platform", tag)] if target != this_machine() else []
    cuda = gather_pair(pinned, to, target, only, cuda)
    downloaded: set[str] = set()
    for patch in (0, 99):  # some lines of the lock hold for only a part of Python 3.11, and machines differ
        lines = set(pins(pinned, target, patch, cuda)) - downloaded
        say(f"{len(lines)} packages for Python {target.python} on {target.platform}")
        if lines:  # the lock respects requires-python; pip would take every 3.11 for 3.11.0
            pip("download", "--no-deps", "--ignore-requires-python", *only, "--dest", str(to), *sorted(lines))
        downloaded |= lines


def gather_pair(pinned: dict[str, list[str]], to: Path, target: Target, only: list[str], cuda: bool) -> bool:
    """Download torch and torchvision, as CPU builds unless CUDA is wanted; return whether they need CUDA packages."""
    pair = [str(parse(pinned[name][0])) for name in PAIR]
    versions = {name: line.partition("==")[2] for name, line in zip(PAIR, pair, strict=True)}
    problem = "--cuda was given" if cuda else cpu_index_problem(versions) if target.platform == "linux" else ""
    need_space(to, NEEDED_BYTES["cuda" if target.platform == "linux" and problem else "cpu"])
    download = ["download", *only, "--no-deps", "--dest", str(to)]
    if target.platform == "linux" and not problem:
        pip(*download, "--index-url", TORCH_CPU_INDEX, *(f"{line}+cpu" for line in pair))
        return False
    if target.platform == "linux":
        say(f"torch with CUDA, four times the size: {problem}")
    pip(*download, *pair)
    return target.platform == "linux"


def pins(pinned: dict[str, list[str]], target: Target, patch: int, cuda: bool = False) -> list[str]:
    """Return ``name==version`` of all locked packages for a machine, without torch, torchvision and source packages.

    Args:
        pinned: Package → entries of the lock.
        target: Operating system and Python version.
        patch: The last part of the Python version.
        cuda: Include the packages that torch's CUDA build needs.
    """
    version = {"python_version": target.python, "python_full_version": f"{target.python}.{patch}"}
    environment = {**CPYTHON, **MARKERS[target.platform], **version, "extra": ""}
    lines = []
    for name, entries in pinned.items():
        if name in PAIR or name in SOURCE_ONLY or (CUDA.match(name) and not cuda):
            continue
        for entry in entries:
            requirement = parse(entry)
            if requirement.marker is None or requirement.marker.evaluate(environment):
                lines.append(f"{requirement.name}{requirement.specifier}")
    return lines


def parse(entry: str) -> Requirement:
    """Return the requirement of an entry of the lock, without its hashes."""
    return Requirement(entry.splitlines()[0].rstrip("\\ "))


def requirements(root: Path) -> list[str]:
    """Return the requirement lines of pyproject.toml that a classroom needs."""
    declared = read_requirements(root / "pyproject.toml")
    return [*declared.base, *declared.build, *(line for extra in EXTRAS for line in declared.extras[extra])]


def pip(*words: str) -> None:
    """Run pip, or stop and say what is missing."""
    try:
        done = subprocess.run([sys.executable, "-m", "pip", *words, "--disable-pip-version-check"]).returncode == 0
    except KeyboardInterrupt:
        done = False
    if not done:
        sys.exit(
            "offline.py: pip could not download everything (see above; is there a network?). The same command "
            "continues: what is in the folder or in pip's cache is not downloaded again"
        )


def need_space(folder: Path, size: float) -> None:
    """Stop if the disk has too little space; what the folder already holds counts as done."""
    there = next(parent for parent in [folder, *folder.parents] if parent.exists())
    size -= sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    free = shutil.disk_usage(there).free
    if free < size:
        sys.exit(f"offline.py: {folder} needs about {size / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free")


def say(line: str) -> None:
    """Print one line of progress."""
    print(f"offline: {line}", flush=True)
