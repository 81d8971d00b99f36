"""tools/offline.py and the folder it makes, with wheels of three lines and no network."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.test_set_up import Project
from tools import offline, offline_start, offline_wheels
from tools.offline_start import Target, this_machine
from tools.set_up import locked_closure, package_name

ROOT = Path(__file__).resolve().parents[2]
HERE = this_machine()
SOLUTION = "notebooks/exercises/sources/01_distances.py"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of four packages, and pip restricted to a folder of wheels."""
    small = Project(tmp_path / "clone")
    shutil.copy(ROOT / "tools/offline_start.py", small.root / "tools")
    (small.root / ".gitignore").write_text("/data/*\n!/data/README.md\n/wheels/\n*.log\n")
    for name in ("data/README.md", "data/faces/a.jpg", "train.log", "src/kept.py", SOLUTION):
        (small.root / name).parent.mkdir(parents=True, exist_ok=True)
        (small.root / name).write_text(name)
    monkeypatch.setattr(offline, "ROOT", small.root)
    for module in (offline, offline_wheels):
        monkeypatch.setattr(module, "EXTRAS", ("more",))
    monkeypatch.setattr(offline_wheels, "SOURCE_ONLY", ())
    monkeypatch.setattr(offline_wheels, "cpu_index_problem", lambda versions: "no network in tests")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(small.root / "wheels"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return small.root


def start(stick: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the folder's start.py without any settings for pip."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    command = [sys.executable, str(stick / "start.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=plain)


@pytest.mark.slow
def test_the_gathered_folder_installs_elsewhere(project: Path, tmp_path: Path) -> None:
    stick, classroom = tmp_path / "usb stick", tmp_path / "a classroom" / "course"
    offline.main(["--out", str(stick)])
    assert json.loads((stick / "offline.json").read_text()) == {"targets": [list(HERE)], "extras": ["more"]}
    shutil.rmtree(project)  # nothing of it may be needed

    first = start(stick, str(classroom))
    assert first.returncode == 0, first.stdout + first.stderr
    assert "pip may not use an index" in first.stdout
    answer = [str(classroom / ".venv/bin/python"), "-c", "import plain, surplus; print(plain.version, surplus.version)"]
    assert subprocess.run(answer, capture_output=True, text=True).stdout == "1.0 1.0\n"

    (classroom / "src/kept.py").write_text("of a student")
    again = start(stick, str(classroom))
    assert again.returncode == 0 and "its files are kept" in again.stdout
    assert (classroom / "src/kept.py").read_text() == "of a student"


def test_a_damaged_stick_installs_nothing(project: Path, tmp_path: Path) -> None:
    stick, classroom = tmp_path / "stick", tmp_path / "classroom"
    offline.main(["--out", str(stick)])
    (stick / "wheels/plain-1.0-py3-none-any.whl").write_bytes(b"half of i")
    (stick / "learning-reid/src/kept.py").unlink()
    done = start(stick, str(classroom))
    assert done.returncode == 1 and not classroom.exists()
    assert done.stderr == (
        "start.py: missing or damaged: learning-reid/src/kept.py, wheels/plain-1.0-py3-none-any.whl; copy the folder again\n"
    )
    (stick / "sha256.txt").unlink()
    done = start(stick, str(classroom))
    assert done.returncode == 1 and done.stderr.startswith("start.py: this folder is incomplete")


def test_a_second_call_continues_and_renews(project: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    stick = tmp_path / "stick"
    missing = project / "wheels/surplus-1.0-py3-none-any.whl"
    away = missing.rename(tmp_path / missing.name)
    with pytest.raises(SystemExit, match="could not download everything.*The same command continues"):
        offline.main(["--out", str(stick)])
    assert not (stick / "sha256.txt").exists()
    shutil.copy(ROOT / "tools/offline_start.py", stick / "start.py")
    done = start(stick, str(tmp_path / "classroom"))
    assert done.returncode == 1 and "this folder has packages for nothing yet" in done.stderr

    away.rename(missing)
    (project / "src/kept.py").unlink()
    offline.main(["--out", str(stick)])
    assert not (stick / "learning-reid/src/kept.py").exists()
    names = [line.split("  ")[1] for line in (stick / "sha256.txt").read_text().splitlines()]
    there = {path.relative_to(stick).as_posix() for path in stick.rglob("*") if path.is_file()}
    assert set(names) == there - {"sha256.txt"}


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="no sha256sum here")
def test_sha256sum_accepts_the_checksums(project: Path, tmp_path: Path) -> None:
    offline.main(["--out", str(tmp_path / "stick")])
    check = ["sha256sum", "--check", "--quiet", "sha256.txt"]
    assert subprocess.run(check, cwd=tmp_path / "stick", capture_output=True).returncode == 0


@pytest.mark.slow
def test_data_is_included_only_on_request(project: Path, tmp_path: Path) -> None:
    offline.main(["--out", str(tmp_path / "plain")])
    assert [path.name for path in (tmp_path / "plain/learning-reid/data").iterdir()] == ["README.md"]
    offline.main(["--out", str(tmp_path / "more"), "--with-data", "faces"])
    assert (tmp_path / "more/learning-reid/data/faces/a.jpg").read_text() == "data/faces/a.jpg"
    for name in ("fases", "../src", "."):
        with pytest.raises(SystemExit, match="there are: faces"):
            offline.main(["--out", str(tmp_path / "never"), "--with-data", name])


def test_only_tracked_files_are_copied(project: Path) -> None:
    def names() -> set[str]:
        return {path.relative_to(project).as_posix() for path in offline.project_files(project)}

    without = names()
    assert {"data/README.md", "src/kept.py", "tools/set_up.py", ".gitignore"} <= without
    assert not {"data/faces/a.jpg", "train.log", "wheels/plain-1.0-py3-none-any.whl", SOLUTION} & without
    for command in (["init", "--quiet"], ["add", "."]):
        subprocess.run(["git", *command], cwd=project, check=True)
    assert names() == without
    (project / "a submission.ipynb").write_text("a student's name")  # not part of the project
    (project / "src/kept.py").unlink()
    assert names() == without - {"src/kept.py"}


def test_the_fallback_finds_what_git_finds_here() -> None:
    tracked = set(offline.project_files(ROOT))
    ignored = subprocess.run(
        ["git", "ls-files", "-z", "--others", "--ignored", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    walked = set(offline.not_ignored(ROOT, offline.ignore_patterns(ROOT)))
    assert tracked <= walked
    assert not walked & {ROOT / name for name in ignored.stdout.split("\0") if name}


def test_too_little_space_is_reported_before_downloading(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(SystemExit, match=r"wheels needs about 4.0 GB, and 0.0 GB are free"):
        offline.gather_wheels(project, tmp_path / "stick/wheels", HERE, cuda=True)


LOCK = """# by hand
one==1.5 \\
    --hash=sha256:1
    # via project (pyproject.toml)
two==2.0 \\
    --hash=sha256:2
    # via one
quick==3.0 \\
    --hash=sha256:3
    # via two
nvidia-thing==1.0 ; sys_platform == 'linux' \\
    --hash=sha256:4
    # via quick
never==9 \\
    --hash=sha256:5
    # via project (pyproject.toml)
color==4.0 ; sys_platform == 'win32' \\
    --hash=sha256:6
    # via one
old==5.0 ; python_full_version < '3.11.5' \\
    --hash=sha256:7
    # via two
old==5.1 ; python_full_version >= '3.11.5' and python_full_version < '3.12' \\
    --hash=sha256:8
    # via two
"""


@pytest.mark.parametrize(
    ("target", "patch", "expected"),
    [
        (Target("linux", "3.11"), 0, ["one==1.5", "two==2.0", "quick==3.0", "old==5.0"]),
        (Target("linux", "3.11"), 99, ["one==1.5", "two==2.0", "quick==3.0", "old==5.1"]),
        (Target("linux", "3.12"), 0, ["one==1.5", "two==2.0", "quick==3.0"]),
        (Target("windows", "3.13"), 0, ["one==1.5", "two==2.0", "quick==3.0", "color==4.0"]),
    ],
    ids=str,
)
def test_the_target_system_determines_the_packages(
    tmp_path: Path, target: Target, patch: int, expected: list[str]
) -> None:
    (tmp_path / "requirements.lock").write_text(LOCK)
    pinned = locked_closure(tmp_path / "requirements.lock", ["one"])
    assert set(offline_wheels.pins(pinned, target, patch)) == set(expected)
    cuda = {"nvidia-thing==1.0"} if target.platform == "linux" else set()
    assert set(offline_wheels.pins(pinned, target, patch, cuda=True)) == set(expected) | cuda


def test_the_lock_has_everything_for_every_system_and_python() -> None:
    pinned = locked_closure(ROOT / "requirements.lock", map(package_name, offline_wheels.requirements(ROOT)))
    pins = {
        (platform, python): offline_wheels.pins(pinned, Target(platform, python), 0)
        for platform in offline.TAGS
        for python in ("3.11", "3.12", "3.13")
    }
    assert all(len(found) > 100 for found in pins.values())
    names = {key: [line.split("==")[0] for line in found] for key, found in pins.items()}
    assert all(len(found) == len(set(found)) for found in names.values())
    assert "colorama" in names["windows", "3.12"] and "colorama" not in names["linux", "3.12"]
    assert "otter-grader" in names["mac", "3.13"] and "tensorflow" not in names["mac", "3.13"]


def test_a_folder_with_other_files_is_refused(project: Path, tmp_path: Path) -> None:
    """Otherwise `--out ..` in a checkout would begin by deleting the checkout."""
    with pytest.raises(SystemExit, match="contains other files"):
        offline.main(["--out", str(project.parent)])
    assert (project / "src/kept.py").exists()


def test_another_python_or_an_occupied_folder_is_refused(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stick, classroom = tmp_path / "stick", tmp_path / "classroom"
    offline.main(["--out", str(stick)])
    about = stick / "offline.json"
    kept = about.read_text()
    about.write_text(json.dumps({"targets": [["linux", "3.9"]], "extras": []}))
    done = start(stick, str(classroom))
    assert done.returncode == 1 and "this folder has packages for Python 3.9 on linux" in done.stderr
    about.write_text(kept)

    classroom.mkdir()
    (classroom / "holiday.jpg").touch()
    done = start(stick, str(classroom))
    assert done.returncode == 1 and "is not learning-reid; give a new folder" in done.stderr

    usage = shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(SystemExit, match="needs up to .* are free"):
        offline_start.copy_checkout(stick, tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.skipif(shutil.which("sh") is None, reason="no sh here")
def test_the_shell_script_chooses_a_supported_python(tmp_path: Path) -> None:
    """Two Pythons on the PATH, scripts that only say which they are; the first one is too new."""
    offline.claim(tmp_path)
    (tmp_path / "wheels").mkdir()
    offline.write_start(tmp_path, Target("linux", "3.12"))
    (tmp_path / "bin").mkdir()
    for name, fits in (("python3.12", 1), ("python3", 0)):
        place = tmp_path / "bin" / name
        place.write_text(f'#!/bin/sh\n[ "$1" = -c ] && exit {fits}\necho {name} "$@"\n')
        place.chmod(0o755)
    path = f"{tmp_path / 'bin'}:/bin:/usr/bin"
    command = ["sh", str(tmp_path / "start.sh"), "a b"]
    found = subprocess.run(command, capture_output=True, text=True, env={"PATH": path})
    assert found.stdout == f"python3 {tmp_path}/start.py a b\n", found.stderr
    (tmp_path / "bin/python3").write_text("#!/bin/sh\nexit 1\n")
    done = subprocess.run(command, capture_output=True, text=True, env={"PATH": str(tmp_path / "bin") + ":/bin"})
    assert done.returncode == 1 and "Python 3.12 is needed" in done.stderr


def test_two_targets_in_one_folder(tmp_path: Path) -> None:
    offline.claim(tmp_path)
    (tmp_path / "wheels").mkdir()
    offline.write_start(tmp_path, Target("linux", "3.12"))
    offline.write_start(tmp_path, Target("windows", "3.11"))
    assert json.loads((tmp_path / "offline.json").read_text())["targets"] == [["linux", "3.12"], ["windows", "3.11"]]
    assert "for python in python3.11 python3.12 python3" in (tmp_path / "start.sh").read_text()
    batch = (tmp_path / "start.bat").read_bytes()
    assert b"in (3.11 3.12) do" in batch and batch.count(b"\n") == batch.count(b"\r\n")
