#!/usr/bin/env python3
"""Install learning-reid from a folder that tools/offline.py gathered, without a network.

    python3 start.py [WHERE]        WHERE: a folder that is not there yet; default: learning-reid in the home folder

It is copied to that folder as start.py, and needs nothing but Python.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
CHECKOUT, WHEELS, ABOUT, SUMS = "learning-reid", "wheels", "offline.json", "sha256.txt"
UNPACKED = 3.5  # times the size of its wheels, at most, is an environment
SYSTEMS = {("Linux", "x86_64"): "linux", ("Windows", "AMD64"): "windows", ("Darwin", "arm64"): "mac"}


class Target(NamedTuple):
    """A kind of machine that packages were gathered for.

    Attributes:
        platform: "linux" (x86-64), "windows" (64 bit) or "mac" (Apple's own processors).
        python: such as "3.12".
    """

    platform: str
    python: str


def main(arguments: list[str], here: Path = HERE) -> None:
    """Check the folder, copy the checkout, and set it up with the wheels."""
    where = Path(arguments[0] if arguments else Path.home() / "learning-reid").resolve()
    about = json.loads((here / ABOUT).read_text())
    check_machine([Target(*pair) for pair in about["targets"]])
    check_files(here)
    copy_checkout(here, where)
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": (here / WHEELS).as_uri(), "PIP_CONFIG_FILE": os.devnull}
    command = [sys.executable, str(where / "tools" / "set_up.py"), *about["extras"]]
    if subprocess.run(command, env={**os.environ, **offline}).returncode:
        sys.exit("start.py: the installation stopped; fix the problem shown above, then run the same command again")
    jupyter = ".venv\\Scripts\\jupyter" if os.name == "nt" else ".venv/bin/jupyter"
    say(f"done. Now, in {where}: `make lab`, or without make: {jupyter} lab")


def this_machine() -> Target:
    """Return the target of this machine and this Python; an unsupported system keeps its own name."""
    system = platform.system(), platform.machine()
    return Target(SYSTEMS.get(system, " ".join(system)), "{}.{}".format(*sys.version_info[:2]))


def check_machine(targets: list[Target]) -> None:
    """Stop if no packages were gathered for this machine."""
    this = this_machine()
    if this not in targets:
        there = "; ".join(f"Python {each.python} on {each.platform}" for each in targets) or "nothing yet"
        sys.exit(
            f"start.py: this is Python {this.python} on {this.platform}, but this folder has packages for {there}. "
            "Run it with such a Python, or gather packages for this one (docs/teaching.md; needs a network)"
        )


def check_files(here: Path) -> None:
    """Stop if a file is missing or damaged."""
    if not (here / SUMS).is_file():
        sys.exit("start.py: this folder is incomplete: gathering or copying it was interrupted")
    lines = [line.split("  ", 1) for line in (here / SUMS).read_text(encoding="utf-8").splitlines()]
    sizes = [(here / name).stat().st_size if (here / name).is_file() else 0 for _, name in lines]
    broken, done = [], 0
    for (expected, name), size in zip(lines, sizes, strict=True):
        if not (here / name).is_file() or sha256(here / name) != expected:
            broken.append(name)
        done += size
        print(f"\rstart: checking the files, {100 * done // max(1, sum(sizes)):3d} %", end="", flush=True)
    print()
    if broken:
        more = f" and {len(broken) - 3} more" if len(broken) > 3 else ""
        sys.exit(f"start.py: missing or damaged: {', '.join(broken[:3])}{more}; copy the folder again")


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        found = hashlib.sha256()
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def copy_checkout(here: Path, where: Path) -> None:
    """Copy the project to its place, all or nothing; an existing copy keeps its files, which may have been edited."""
    if (where / "requirements.lock").is_file():
        say(f"{where} exists; its files are kept")
        return
    if where.exists() and (not where.is_dir() or any(where.iterdir())):
        sys.exit(f"start.py: {where} exists and is not learning-reid; give a new folder: sh start.sh FOLDER")
    where.parent.mkdir(parents=True, exist_ok=True)
    needed = UNPACKED * sum(path.stat().st_size for path in (here / WHEELS).iterdir())
    free = shutil.disk_usage(where.parent).free
    if free < needed:
        sys.exit(f"start.py: {where.parent} needs up to {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free")
    partial = where.with_name(where.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(here / CHECKOUT, partial)
    if where.exists():
        where.rmdir()
    partial.rename(where)
    say(f"learning-reid is in {where}")


def say(line: str) -> None:
    """Print one line of progress."""
    print(f"start: {line}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
