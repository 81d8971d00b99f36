#!/usr/bin/env python3
"""Make .venv and install what the project needs, at the exact versions of requirements.lock.

    python3 tools/set_up.py [EXTRA ...]        extras of pyproject.toml: tensorflow, fast, dev, …

A second call with nothing new to install returns at once. Runs on any Python 3 without a package, and looks for one of
the supported versions itself. Where pip is told to ask no index (PIP_NO_INDEX=1 PIP_FIND_LINKS=folder, as the start of
`make offline` does), nothing is asked: everything comes from that folder.
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
import threading
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST, NEWEST = (3, 11), (3, 13)
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu/"
PROBE_SECONDS = 5.0
PAIR = ("torch", "torchvision")  # must come from one place: one build does not load with the other's


def main(arguments: list[str], venv: Path = ROOT / ".venv") -> None:
    """Set up `venv` with the base dependencies and the extras named."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        switch_python(arguments)
    base, extras = read_requirements(ROOT / "pyproject.toml")
    for extra in arguments:
        if extra not in extras:
            sys.exit(f"set_up.py: no extra {extra!r}; there are: {', '.join(extras)}")
    lock = ROOT / "requirements.lock"
    stamp = venv / "learning-reid.json"
    done = read_stamp(stamp)
    wanted = sorted({*arguments, *done.get("extras", [])})
    key = hashlib.sha256(json.dumps([base, extras, lock.read_text()]).encode()).hexdigest()
    if done == {"key": key, "extras": wanted} and usable(venv):
        return
    stamp.unlink(missing_ok=True)  # from here on, until the last lines, the environment does not look done
    if not usable(venv):
        say(f"making {venv} with Python {sys.version.split()[0]}")
        run(sys.executable, "-m", "venv", "--clear", str(venv))
    install(venv, base + [line for extra in wanted for line in extras[extra]], lock)
    partial = stamp.with_suffix(".partial")
    partial.write_text(json.dumps({"key": key, "extras": wanted}))
    partial.replace(stamp)
    say(f"{venv} is ready")


def switch_python(arguments: list[str]) -> None:
    """Continue with a supported Python of this machine, or say what to install."""
    for version in ("3.12", "3.13", "3.11"):
        python = shutil.which(f"python{version}")
        check = "import sys, ensurepip, venv; sys.exit('%d.%d' % sys.version_info[:2] != sys.argv[1])"
        if python and subprocess.run([python, "-c", check, version], capture_output=True).returncode == 0:
            os.execv(python, [python, __file__, *arguments])
    sys.exit(
        f"set_up.py: Python 3.11, 3.12 or 3.13 is needed and this is {sys.version.split()[0]}; "
        "install one so that `python3.12` is on PATH, then run the same command again"
    )


def read_requirements(pyproject: Path) -> tuple[list[str], dict[str, list[str]]]:
    """The base dependencies and the extras of a pyproject.toml."""
    import tomllib  # not there before Python 3.11

    project = tomllib.loads(pyproject.read_text())["project"]
    return project["dependencies"], project["optional-dependencies"]


def read_stamp(stamp: Path) -> dict:
    """What the last complete set-up installed; nothing if there was none."""
    try:
        return json.loads(stamp.read_text())
    except (OSError, ValueError):
        return {}


def usable(venv: Path) -> bool:
    """Whether `venv` is an environment of a supported Python, with pip in it."""
    check = f"import sys, pip; sys.exit(not {OLDEST} <= sys.version_info[:2] <= {NEWEST})"
    try:
        return subprocess.run([python_of(venv), "-c", check], capture_output=True).returncode == 0
    except OSError:
        return False


def python_of(venv: Path) -> Path:
    """Where an environment keeps its Python."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def install(venv: Path, requirements: list[str], lock: Path) -> None:
    """Install the requirements at the versions of the lock, torch and torchvision first and from one index."""
    pip = [str(python_of(venv)), "-m", "pip", "install", "--disable-pip-version-check", "--constraint", str(lock)]
    versions = locked_versions(lock)
    installed = installed_builds(venv)
    if all(installed.get(name, "").partition("+")[0] == versions[name] for name in PAIR):
        say(f"torch {installed['torch']} and torchvision {installed['torchvision']} are here already")
    else:
        index, why = choose_torch_index(versions)
        place = index or (f"the folder {folder_only()}" if folder_only() else "the default package index")
        say(f"torch and torchvision from {place}: {why}")
        pair = [f"{name}=={versions[name]}" for name in PAIR]
        if not index:
            run(*pip, *pair)
        elif subprocess.run([*pip, "--no-deps", "--index-url", index, *(f"{line}+cpu" for line in pair)]).returncode:
            say(f"{index} did not deliver them; torch and torchvision from the default package index")
            run(*pip, *pair)
    say(f"installing {len(requirements)} packages and what they need")
    run(*pip, *requirements)


def locked_versions(lock: Path) -> dict[str, str]:
    """Package → exact version, of the lines of a lock that hold everywhere."""
    return dict(re.findall(r"^([\w.-]+)==([^ ;\n]+)$", lock.read_text(), re.MULTILINE))


def installed_builds(venv: Path) -> dict[str, str]:
    """The versions of torch and torchvision in `venv`, with the build they are of ("2.15.0+cpu")."""
    code = (
        "import importlib.metadata as m, json, sys\n"
        "print(json.dumps({d.name: d.version for d in m.distributions() if d.name in sys.argv[1:]}))"
    )
    return json.loads(subprocess.run([python_of(venv), "-c", code, *PAIR], capture_output=True, check=True).stdout)


def choose_torch_index(
    versions: dict[str, str], index: str = TORCH_CPU_INDEX, seconds: float = PROBE_SECONDS, platform: str = sys.platform
) -> tuple[str | None, str]:
    """PyTorch's CPU index where its builds are enough and it answers in time; else None, pip's own choice. And why."""
    if folder_only():
        return None, "pip is told to ask no index"
    if not platform.startswith("linux"):
        return None, "its builds are the small ones on this system"
    if shutil.which("nvidia-smi") or Path("/proc/driver/nvidia/version").exists():
        return None, "this machine has an NVIDIA card"
    problem = cpu_index_problem(versions, index, seconds)
    return (None, problem) if problem else (index, "no NVIDIA card here, and these builds are a tenth of the download")


def folder_only() -> str:
    """The folder that pip is told to take everything from; nothing where it may ask an index."""
    asks = os.environ.get("PIP_NO_INDEX", "").lower() in ("", "0", "false", "no", "off", "n", "f")
    return "" if asks else os.environ.get("PIP_FIND_LINKS", "of no name")


def cpu_index_problem(versions: dict[str, str], index: str = TORCH_CPU_INDEX, seconds: float = PROBE_SECONDS) -> str:
    """Why PyTorch's CPU index cannot deliver the pair; nothing where it can."""
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

    # A thread, because neither a name server nor a trickling answer respects the time-out of a socket.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return answers[0] if answers else f"PyTorch's CPU index did not answer within {seconds:g} s"


def run(*command: str) -> None:
    """Run a command to its end; stop the set-up where it fails."""
    try:
        code = subprocess.run(command).returncode
    except KeyboardInterrupt:
        sys.exit("set_up.py: interrupted; the same command continues")
    if code:
        hint = " (on Debian and Ubuntu: sudo apt-get install python3-venv)" if "venv" in command else ""
        sys.exit(f"set_up.py: `{' '.join(command[:4])} …` failed{hint}; mend what is told above, then run it again")


def say(line: str) -> None:
    """One line of progress."""
    print(f"set-up: {line}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
