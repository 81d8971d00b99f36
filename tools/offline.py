#!/usr/bin/env python3
"""Gather what a classroom without a network needs: the checkout, its packages, and a script that installs them.

    .venv/bin/python tools/offline.py [--out DIR] [--platform windows] [--python 3.12] [--with-data FOLDER …]

Everything goes into one folder, for a USB stick or a shared disk. Another call continues where the last one stopped;
with another platform or Python it adds their packages. requirements.lock determines what to download.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tqdm.auto import tqdm

from tools.offline_start import ABOUT, CHECKOUT, SUMS, WHEELS, Target, sha256, this_machine
from tools.offline_wheels import EXTRAS, TAGS, gather_wheels, need_space, say

ROOT = Path(__file__).resolve().parent.parent
TEACHERS_ONLY = ("notebooks/exercises/sources", "tests/exercises")  # solutions and hidden tests


def main(arguments: list[str]) -> None:
    """Gather everything into a folder; stop with one line if something is missing."""
    here = this_machine()
    parser = argparse.ArgumentParser(description="Gather what a classroom without a network needs.")
    parser.add_argument("--out", type=Path, default=ROOT / "output" / "offline", help="output folder [%(default)s]")
    unknown = here.platform not in TAGS
    parser.add_argument(
        "--platform", choices=list(TAGS), default=here.platform, required=unknown, help="operating system there"
    )
    parser.add_argument("--python", choices=["3.11", "3.12", "3.13"], default=here.python, help="Python version there")
    parser.add_argument("--cuda", action="store_true", help="torch for NVIDIA GPUs, four times the size")
    parser.add_argument("--with-data", nargs="+", default=[], metavar="FOLDER", help="folders of data/ to include")
    options = parser.parse_args(arguments)
    target, out = Target(options.platform, options.python), options.out
    data = [find_data(name) for name in options.with_data]

    claim(out)
    copy_checkout(out / CHECKOUT)
    for folder in data:
        copy(out / CHECKOUT, sorted(path for path in folder.rglob("*") if path.is_file()), folder.name)
    gather_wheels(ROOT, out / WHEELS, target, cuda=options.cuda)
    write_start(out, target)
    write_sums(out)
    files = [path for path in out.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    say(f"{out}: {len(files):,} files, {size / 1e9:.2f} GB. Copy the folder; next steps: {out / 'START.md'}.")


def claim(out: Path) -> None:
    """Mark a folder as an output folder; refuse one that has other files in it."""
    if out.exists() and any(out.iterdir()) and not (out / ABOUT).is_file():
        sys.exit(f"offline.py: {out} contains other files; give a new folder: --out {out / 'offline'}")
    out.mkdir(parents=True, exist_ok=True)
    (out / SUMS).unlink(missing_ok=True)  # until the last line of main nothing can be installed from here
    if not (out / ABOUT).exists():
        (out / ABOUT).write_text(json.dumps({"targets": [], "extras": EXTRAS}))


# The checkout


def copy_checkout(to: Path) -> None:
    """Write a fresh copy of the project's own files."""
    shutil.rmtree(to, ignore_errors=True)  # what was deleted here must not live on there
    copy(to, project_files(ROOT), "the checkout")


def project_files(root: Path) -> list[Path]:
    """List the files that git tracks, or without git those not in .gitignore; without solutions of exercises."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True).stdout
        paths = [root / name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        say("this is not a git checkout; copying the files that .gitignore does not exclude")
        paths = list(not_ignored(root, ignore_patterns(root)))
    kept_back = [root / name for name in TEACHERS_ONLY]
    return [path for path in paths if path.is_file() and not any(map(path.is_relative_to, kept_back))]


def ignore_patterns(root: Path) -> list[str]:
    """Read the patterns of a .gitignore."""
    lines = (root / ".gitignore").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def not_ignored(folder: Path, patterns: list[str], root: Path | None = None) -> Iterator[Path]:
    """Yield the files below a folder that are not ignored; of the patterns that match, the last one decides."""
    root = root or folder
    for path in sorted(folder.iterdir()):
        ignored = path.name == ".git"
        for pattern in patterns:
            kept, pattern = pattern.startswith("!"), pattern.removeprefix("!").rstrip("/")
            name = "/" + path.relative_to(root).as_posix() if pattern.startswith("/") else path.name
            ignored = not kept if fnmatch.fnmatch(name, pattern) else ignored
        if not ignored:
            yield from not_ignored(path, patterns, root) if path.is_dir() else [path]


def find_data(name: str) -> Path:
    """Return a folder of data/ by its name."""
    folder = ROOT / "data" / name
    if not folder.is_dir() or folder.parent != ROOT / "data":
        available = sorted(path.name for path in (ROOT / "data").iterdir() if path.is_dir())
        sys.exit(f"offline.py: no folder data/{name}; there are: {', '.join(available) or 'none'}")
    say(f"data/{name} is included: share it only if its license allows that")
    return folder


def copy(to: Path, paths: list[Path], title: str) -> None:
    """Copy files of the project to the same places below another folder."""
    need_space(to, sum(path.stat().st_size for path in paths))
    for path in tqdm(paths, title, unit=" files", leave=False):
        place = to / path.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, place)


# The start script


class Start(NamedTuple):
    """A file of the output folder and its text."""

    name: str
    text: str


SHELL = Start(
    "start.sh",
    """\
#!/bin/sh
# Installs learning-reid from this folder, without a network:  sh start.sh [WHERE]
here=$(cd "$(dirname "$0")" && pwd)
for python in {pythons} python3; do
    if "$python" -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] not in "{versions}".split())' 2>/dev/null; then
        exec "$python" "$here/start.py" "$@"
    fi
done
echo "start.sh: Python {versions} is needed and not found on the PATH" >&2
exit 1
""",
)
BATCH = Start(
    "start.bat",
    """\
@echo off
rem Installs learning-reid from this folder, without a network:  start.bat [WHERE]
for %%v in ({versions}) do py -%%v -c "" 2>nul && (py -%%v "%~dp0start.py" %* & goto :end)
echo start.bat: Python {versions} is needed and not found by the launcher py
:end
""",
)
README = Start(
    "START.md",
    """\
# learning-reid without a network

For Python {versions} ({platforms}). On each machine, or once on a shared disk, run two commands:

    sh start.sh                       # checks every file, then installs into learning-reid in your home folder
    cd ~/learning-reid && make lab    # opens the lessons

`sh start.sh /opt/learning-reid` installs somewhere else. Without `make`: `.venv/bin/jupyter lab`. On Windows:
`start.bat`, then in the folder `.venv\\Scripts\\jupyter lab`. An interrupted installation is continued by the same
command; afterwards the stick is no longer needed.

`sha256sum --check sha256.txt` checks all files. docs/teaching.md in `learning-reid` is the teacher's guide.
""",
)


def write_start(out: Path, target: Target) -> None:
    """Write START.md and the start scripts, for this target and those gathered earlier."""
    about = out / ABOUT
    earlier = json.loads(about.read_text())["targets"]
    targets = sorted({target, *(Target(*pair) for pair in earlier)})
    about.write_text(json.dumps({"targets": targets, "extras": EXTRAS}))
    versions = sorted({each.python for each in targets})
    words = {
        "versions": " ".join(versions),
        "pythons": " ".join(f"python{version}" for version in versions),
        "platforms": ", ".join(sorted({each.platform for each in targets})),
    }
    for start in (SHELL, BATCH, README):
        text = start.text
        for name, word in words.items():
            text = text.replace(f"{{{name}}}", word)
        (out / start.name).write_text(text, encoding="utf-8", newline="\r\n" if start is BATCH else "\n")
    shutil.copy(ROOT / "tools" / "offline_start.py", out / "start.py")


def write_sums(out: Path) -> None:
    """Write the checksum of every file, as `sha256sum --check` reads it."""
    files = sorted(path for path in out.rglob("*") if path.is_file() and path != out / SUMS)
    lines = [f"{sha256(path)}  {path.relative_to(out).as_posix()}\n" for path in tqdm(files, "checksums", leave=False)]
    (out / SUMS).write_text("".join(lines), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
