#!/usr/bin/env python3
"""Create .venv and install the project with exactly the versions and files of requirements.lock.

    python3 tools/set_up.py [EXTRA ...]        extras of pyproject.toml: tensorflow, fast, dev, …

A second call with nothing new to install returns at once. Runs on any Python 3 without a package, and looks for one of
the supported versions itself. pip checks the hash of every file; only the small CPU builds of torch and torchvision,
which come from PyTorch's own index, are checked by that index. If pip must not use an index (PIP_NO_INDEX=1
PIP_FIND_LINKS=folder, as the start script of `make offline` sets), everything comes from that folder.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
OLDEST, NEWEST = (3, 11), (3, 13)
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu/"
PROBE_SECONDS = 5.0
PAIR = ("torch", "torchvision")  # must come from one place: one build does not load with the other's
CUDA = re.compile(r"(nvidia|cuda)-|triton$")


def main(arguments: list[str], venv: Path = ROOT / ".venv") -> None:
    """Set up `venv` with the project, its base dependencies and the extras named."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        switch_python(arguments)
    declared = read_requirements(ROOT / "pyproject.toml")
    for extra in arguments:
        if extra not in declared.extras:
            sys.exit(f"set_up.py: no extra {extra!r}; choose from: {', '.join(declared.extras)}")
    lock = ROOT / "requirements.lock"
    stamp = venv / "learning-reid.json"
    done = read_stamp(stamp)
    wanted = sorted({*arguments, *done.get("extras", [])})
    key = hashlib.sha256(json.dumps([declared, str(ROOT), lock.read_text()]).encode()).hexdigest()
    if done == {"key": key, "extras": wanted} and usable(venv):
        return
    stamp.unlink(missing_ok=True)  # until the last lines the environment does not count as complete
    if not usable(venv):
        say(f"creating {venv} with Python {sys.version.split()[0]}")
        run(sys.executable, "-m", "venv", "--clear", str(venv))
    lines = declared.base + declared.build + [line for extra in wanted for line in declared.extras[extra]]
    install(venv, locked_closure(lock, map(package_name, lines)))
    pip = [str(python_of(venv)), "-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--no-deps"]
    run(*pip, "--no-build-isolation", "--editable", str(ROOT))
    partial = stamp.with_suffix(".partial")
    partial.write_text(json.dumps({"key": key, "extras": wanted}))
    partial.replace(stamp)
    say(f"{venv} is ready")


def switch_python(arguments: list[str]) -> None:
    """Continue with a supported Python of this machine, or say which to install."""
    for version in ("3.12", "3.13", "3.11"):
        python = shutil.which(f"python{version}")
        check = "import sys, ensurepip, venv; sys.exit('%d.%d' % sys.version_info[:2] != sys.argv[1])"
        if python and subprocess.run([python, "-c", check, version], capture_output=True).returncode == 0:
            os.execv(python, [python, __file__, *arguments])
    sys.exit(
        f"set_up.py: Python 3.11, 3.12 or 3.13 is needed and this is {sys.version.split()[0]}; "
        "install one so that `python3.12` is on PATH, then run the same command again"
    )


class Declared(NamedTuple):
    """The requirements of a pyproject.toml."""

    base: list[str]
    extras: dict[str, list[str]]
    build: list[str]


def read_requirements(pyproject: Path) -> Declared:
    """Read the base dependencies, the extras and the build group of a pyproject.toml."""
    import tomllib  # not available before Python 3.11

    content = tomllib.loads(pyproject.read_text())
    project = content["project"]
    return Declared(project["dependencies"], project["optional-dependencies"], content["dependency-groups"]["build"])


def read_stamp(stamp: Path) -> dict:
    """Return what the last complete set-up installed; empty if there was none."""
    try:
        return json.loads(stamp.read_text())
    except (OSError, ValueError):
        return {}


def usable(venv: Path) -> bool:
    """Return whether `venv` is an environment of a supported Python with pip."""
    check = f"import sys, pip; sys.exit(not {OLDEST} <= sys.version_info[:2] <= {NEWEST})"
    try:
        return subprocess.run([python_of(venv), "-c", check], capture_output=True).returncode == 0
    except OSError:
        return False


def python_of(venv: Path) -> Path:
    """Return the Python of an environment."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def install(venv: Path, pinned: dict[str, list[str]]) -> None:
    """Install the locked packages, checking the hash of every file.

    Args:
        venv: The environment.
        pinned: Package → its entries of the lock.
    """
    pip = [str(python_of(venv)), "-m", "pip", "install", "--disable-pip-version-check", "--no-deps"]
    versions = {name: pinned[name][0].partition("==")[2].split()[0] for name in PAIR}
    installed = installed_builds(venv)
    if all(installed.get(name, "").partition("+")[0] == versions[name] for name in PAIR):
        say(f"torch {installed['torch']} and torchvision {installed['torchvision']} are already installed")
        cpu = "+cpu" in installed["torch"]
    else:
        index, why = choose_torch_index(versions)
        place = index or (f"the folder {folder_only()}" if folder_only() else "the default package index")
        say(f"torch and torchvision from {place}: {why}")
        pair = [f"{name}=={versions[name]}+cpu" for name in PAIR]
        cpu = index is not None and subprocess.run([*pip, "--index-url", index, *pair]).returncode == 0
        if index and not cpu:
            say(f"{index} did not deliver them; torch and torchvision from the default package index")
    if cpu or folder_only():  # builds with other hashes, which need no CUDA packages or bring their own
        pinned = {name: lines for name, lines in pinned.items() if not (name in PAIR or CUDA.match(name))}
    say(f"installing {len(pinned)} packages")
    if folder_only():  # the folder was checked as a whole, and has wheels that were built there
        run(*pip[:-1], *(f"{name}=={versions[name]}" for name in PAIR))
        run(*pip, *(entry.splitlines()[0].rstrip("\\ ") for entries in pinned.values() for entry in entries))
        return
    with tempfile.TemporaryDirectory() as folder:
        chosen = Path(folder) / "requirements.txt"
        chosen.write_text("".join(entry for entries in pinned.values() for entry in entries))
        run(*pip, "--require-hashes", "--requirement", str(chosen))


def package_name(requirement: str) -> str:
    """Return the normalized name in a requirement: ``Foo_bar[x]>=1`` → ``foo-bar``."""
    name = re.split(r"[^\w.-]", requirement.strip(), maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def locked_closure(lock: Path, names: Iterable[str]) -> dict[str, list[str]]:
    """Return the entries of the lock that some packages need, themselves included.

    Args:
        lock: requirements.lock; every entry has its hashes and, in ``# via`` comments, the packages that need it.
        names: Normalized names.

    Returns:
        Package → its entries as text; several where versions differ by Python version.
    """
    entries: dict[str, list[str]] = {}
    needed_by: dict[str, set[str]] = {}
    for entry in re.findall(r"^[\w.-]+==.*\n(?:[ ].*\n)*", lock.read_text() + "\n", re.MULTILINE):
        name = package_name(entry)
        entries.setdefault(name, []).append(entry)
        parents = re.findall(r"^ +# +(?:via )?([\w.-]+)$", entry, re.MULTILINE)
        needed_by.setdefault(name, set()).update(package_name(parent) for parent in parents if parent != "via")
    chosen, fresh = set(), set(names)
    while fresh:
        chosen |= fresh
        fresh = {name for name, parents in needed_by.items() if parents & fresh} - chosen
    missing = sorted(chosen - set(entries))
    if missing:
        sys.exit(f"set_up.py: requirements.lock has no {', '.join(missing)}; run: make lock")
    return {name: entries[name] for name in sorted(chosen)}


def installed_builds(venv: Path) -> dict[str, str]:
    """Return the versions of torch and torchvision in `venv`, including the build ("2.15.0+cpu")."""
    code = (
        "import importlib.metadata as m, json, sys\n"
        "print(json.dumps({d.name: d.version for d in m.distributions() if d.name in sys.argv[1:]}))"
    )
    return json.loads(subprocess.run([python_of(venv), "-c", code, *PAIR], capture_output=True, check=True).stdout)


def choose_torch_index(
    versions: dict[str, str], index: str = TORCH_CPU_INDEX, seconds: float = PROBE_SECONDS, platform: str = sys.platform
) -> tuple[str | None, str]:
    """Return PyTorch's CPU index if its builds suffice and it answers in time, else None; and the reason."""
    if folder_only():
        return None, "pip may not use an index"
    if not platform.startswith("linux"):
        return None, "its builds are the small ones on this system"
    if shutil.which("nvidia-smi") or Path("/proc/driver/nvidia/version").exists():
        return None, "this machine has an NVIDIA card"
    problem = cpu_index_problem(versions, index, seconds)
    return (None, problem) if problem else (index, "no NVIDIA card here, and these builds are a tenth of the download")


def folder_only() -> str:
    """Return the folder that pip must install from, or an empty text if it may use an index."""
    uses_index = os.environ.get("PIP_NO_INDEX", "").lower() in ("", "0", "false", "no", "off", "n", "f")
    return "" if uses_index else os.environ.get("PIP_FIND_LINKS", "(none given)")


def cpu_index_problem(versions: dict[str, str], index: str = TORCH_CPU_INDEX, seconds: float = PROBE_SECONDS) -> str:
    """Return why PyTorch's CPU index cannot deliver torch and torchvision; an empty text if it can."""
    answers: list[str] = []

    def ask() -> None:
        for name in PAIR:
            try:
                with urllib.request.urlopen(f"{index}{name}/", timeout=seconds) as reply:
                    page = reply.read().decode(errors="replace").replace("%2B", "+")
            except (OSError, ValueError, http.client.HTTPException) as problem:
                answers.append(f"PyTorch's CPU index does not answer ({getattr(problem, 'reason', problem)})")
                return
            if f"{name}-{versions[name]}+cpu" not in page:
                answers.append(f"PyTorch's CPU index has no {name} {versions[name]}")
                return
        answers.append("")

    # In a thread, because neither name resolution nor a trickling response respects a socket timeout.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return answers[0] if answers else f"PyTorch's CPU index did not answer within {seconds:g} s"


def run(*command: str) -> None:
    """Run a command; stop the set-up if it fails."""
    try:
        code = subprocess.run(command).returncode
    except KeyboardInterrupt:
        sys.exit("set_up.py: interrupted; the same command continues")
    if code:
        hint = " (on Debian and Ubuntu: sudo apt-get install python3-venv)" if "venv" in command else ""
        sys.exit(f"set_up.py: `{' '.join(command[:4])} …` failed{hint}; fix the problem shown above, then run it again")


def say(line: str) -> None:
    """Print one line of progress."""
    print(f"set-up: {line}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
