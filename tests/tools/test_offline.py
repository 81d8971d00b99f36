"""tools/offline.py and what it puts on a stick, with wheels of three lines and no network."""

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

ROOT = Path(__file__).resolve().parents[2]
HERE = this_machine()
SOLUTION = "notebooks/exercises/sources/01_distances.py"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of four packages, and pip told that a folder of wheels is all there is."""
    small = Project(tmp_path / "clone")
    shutil.copy(ROOT / "tools/offline_start.py", small.root / "tools")
    (small.root / ".gitignore").write_text("/data/*\n!/data/README.md\n/wheels/\n*.log\n")
    for name in ("data/README.md", "data/faces/a.jpg", "train.log", "src/kept.py", SOLUTION):
        (small.root / name).parent.mkdir(parents=True, exist_ok=True)
        (small.root / name).write_text(name)
    monkeypatch.setattr(offline, "ROOT", small.root)
    for module in (offline, offline_wheels):
        monkeypatch.setattr(module, "EXTRAS", ("more",))
    monkeypatch.setattr(offline_wheels, "BUILT_HERE", ())
    monkeypatch.setattr(offline_wheels, "cpu_index_problem", lambda versions: "no network in tests")
    monkeypatch.setattr(offline_wheels.metadata, "requires", lambda name: [])
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(small.root / "wheels"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return small.root


def start(stick: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the stick's start.py as somebody who never set anything for pip."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    command = [sys.executable, str(stick / "start.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=plain)


def test_what_is_gathered_installs_elsewhere(project: Path, tmp_path: Path) -> None:
    stick, room = tmp_path / "usb stick", tmp_path / "a room" / "course"
    offline.main(["--out", str(stick)])
    assert json.loads((stick / "offline.json").read_text()) == {"targets": [list(HERE)], "extras": ["more"]}
    assert (stick / "wheels/requirements.txt").read_text().split() == [
        f"{name}==1.0" for name in ("torch", "torchvision", "plain", "surplus")
    ]
    shutil.rmtree(project)  # nothing of it may be needed

    first = start(stick, str(room))
    assert first.returncode == 0, first.stdout + first.stderr
    assert "pip is told to ask no index" in first.stdout
    answer = [str(room / ".venv/bin/python"), "-c", "import plain, surplus; print(plain.version, surplus.version)"]
    assert subprocess.run(answer, capture_output=True, text=True).stdout == "1.0 1.0\n"

    (room / "src/kept.py").write_text("of a student")
    again = start(stick, str(room))
    assert again.returncode == 0 and "its files stay as they are" in again.stdout
    assert (room / "src/kept.py").read_text() == "of a student"


def test_a_damaged_stick_installs_nothing(project: Path, tmp_path: Path) -> None:
    stick, room = tmp_path / "stick", tmp_path / "room"
    offline.main(["--out", str(stick)])
    (stick / "wheels/plain-1.0-py3-none-any.whl").write_bytes(b"half of i")
    (stick / "learning-reid/src/kept.py").unlink()
    told = start(stick, str(room))
    assert told.returncode == 1 and not room.exists()
    assert told.stderr == (
        "start.py: missing or damaged: learning-reid/src/kept.py, wheels/plain-1.0-py3-none-any.whl; copy the folder again\n"
    )
    (stick / "sha256.txt").unlink()
    told = start(stick, str(room))
    assert told.returncode == 1 and told.stderr.startswith("start.py: this folder is not complete")


def test_a_second_call_continues_and_renews(project: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    stick = tmp_path / "stick"
    missing = project / "wheels/surplus-1.0-py3-none-any.whl"
    away = missing.rename(tmp_path / missing.name)
    with pytest.raises(SystemExit, match="not everything is here.*The same command continues"):
        offline.main(["--out", str(stick)])
    assert not (stick / "sha256.txt").exists()
    shutil.copy(ROOT / "tools/offline_start.py", stick / "start.py")
    told = start(stick, str(tmp_path / "room"))
    assert told.returncode == 1 and "here are packages for none yet" in told.stderr

    away.rename(missing)
    (project / "src/kept.py").unlink()
    offline.main(["--out", str(stick)])
    assert not (stick / "learning-reid/src/kept.py").exists()
    names = [line.split("  ")[1] for line in (stick / "sha256.txt").read_text().splitlines()]
    there = {path.relative_to(stick).as_posix() for path in stick.rglob("*") if path.is_file()}
    assert set(names) == there - {"sha256.txt"}


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="no sha256sum here")
def test_the_sums_are_those_of_sha256sum(project: Path, tmp_path: Path) -> None:
    offline.main(["--out", str(tmp_path / "stick")])
    check = ["sha256sum", "--check", "--quiet", "sha256.txt"]
    assert subprocess.run(check, cwd=tmp_path / "stick", capture_output=True).returncode == 0


def test_data_goes_along_only_where_it_is_asked_for(project: Path, tmp_path: Path) -> None:
    offline.main(["--out", str(tmp_path / "plain")])
    assert [path.name for path in (tmp_path / "plain/learning-reid/data").iterdir()] == ["README.md"]
    offline.main(["--out", str(tmp_path / "more"), "--with-data", "faces"])
    assert (tmp_path / "more/learning-reid/data/faces/a.jpg").read_text() == "data/faces/a.jpg"
    for name in ("fases", "../src", "."):
        with pytest.raises(SystemExit, match="there are: faces"):
            offline.main(["--out", str(tmp_path / "never"), "--with-data", name])


def test_git_tells_what_is_the_project(project: Path) -> None:
    def names() -> set[str]:
        return {path.relative_to(project).as_posix() for path in offline.project_files(project)}

    without = names()
    assert {"data/README.md", "src/kept.py", "tools/set_up.py", ".gitignore"} <= without
    assert not {"data/faces/a.jpg", "train.log", "wheels/plain-1.0-py3-none-any.whl", SOLUTION} & without
    for command in (["init", "--quiet"], ["add", "."]):
        subprocess.run(["git", *command], cwd=project, check=True)
    assert names() == without
    (project / "a submission.ipynb").write_text("a student's name")  # not of the project, so not for the stick
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


def test_too_little_room_is_told_before_anything_is_fetched(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(SystemExit, match=r"about 4.0 GB are needed in .*wheels, and 0.0 GB are free"):
        offline.gather_wheels(project, tmp_path / "stick/wheels", HERE, cuda=True)


@pytest.fixture
def two_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A project whose packages need others: some by extra, some on one system alone."""
    needs = {
        "one": ["two[fast]>=1", 'colour; sys_platform == "win32"', 'tests; extra == "test"'],
        "two": ['quick; extra == "fast"', 'old; python_version < "3.12"', "One"],
        "quick": ["nvidia-thing"],
    }

    def requires(name: str) -> list[str] | None:
        if name in ("colour",):
            raise offline_wheels.metadata.PackageNotFoundError(name)
        return needs.get(name.lower())

    monkeypatch.setattr(offline_wheels.metadata, "requires", requires)
    for module in (offline, offline_wheels):
        monkeypatch.setattr(module, "EXTRAS", ("more",))
    monkeypatch.setattr(offline_wheels, "BUILT_HERE", ())
    (tmp_path / "pyproject.toml").write_text(
        '[project]\ndependencies = ["One"]\noptional-dependencies = { more = [], other = ["never"] }\n'
    )
    (tmp_path / "requirements.lock").write_text(
        "# made by hand\none==1.5\ntwo==2.0\nquick==3.0\nnever==9\ntests==9\n"
        "colour==4.0 ; sys_platform == 'win32'\n"
        "old==5.0 ; python_full_version < '3.11.5'\nold==5.1 ; python_full_version >= '3.11.5'\n"
    )


@pytest.mark.usefixtures("two_packages")
@pytest.mark.parametrize(
    ("target", "patch", "expected"),
    [
        (Target("linux", "3.11"), 0, ["one==1.5", "two==2.0", "quick==3.0", "old==5.0"]),
        (Target("linux", "3.11"), 99, ["one==1.5", "two==2.0", "quick==3.0", "old==5.1"]),
        (Target("linux", "3.12"), 0, ["one==1.5", "two==2.0", "quick==3.0"]),
        (Target("windows", "3.13"), 0, ["one==1.5", "two==2.0", "quick==3.0", "colour==4.0"]),
    ],
    ids=str,
)
def test_what_a_room_needs_is_told_by_its_own_system(
    tmp_path: Path, target: Target, patch: int, expected: list[str]
) -> None:
    assert set(offline_wheels.pins(tmp_path, target, patch)) == set(expected)


@pytest.mark.usefixtures("two_packages")
def test_an_old_lock_is_told(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(lock.read_text().replace("quick==3.0\n", ""))
    with pytest.raises(SystemExit, match="requirements.lock has no quick; write it again with `make lock`"):
        offline_wheels.pins(tmp_path, HERE, 0)


def test_what_is_not_installed_is_told(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def requires(name: str) -> list[str]:
        raise offline_wheels.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(offline_wheels.metadata, "requires", requires)
    with pytest.raises(SystemExit, match="is not installed here; first: python3 tools/set_up.py more"):
        offline_wheels.pins(project, HERE, 0)


def test_this_project_can_be_pinned_for_every_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock knows all that is needed, on three systems and three Pythons; but for JupyterLab, which tests lack."""
    monkeypatch.setattr(offline_wheels, "EXTRAS", ("fast", "class"))
    pins = {
        (platform, python): set(offline_wheels.pins(ROOT, Target(platform, python), 0))
        for platform in offline.TAGS
        for python in ("3.11", "3.12", "3.13")
    }
    assert all(len(found) > 100 for found in pins.values())
    names = {key: {line.split("==")[0] for line in found} for key, found in pins.items()}
    assert "colorama" in names["windows", "3.12"] and "colorama" not in names["linux", "3.12"]
    assert "otter-grader" in names["mac", "3.13"] and "tensorflow" not in names["mac", "3.13"]


def test_nothing_is_gathered_over_other_things(project: Path, tmp_path: Path) -> None:
    """`--out ..` of a checkout would else begin with deleting the checkout."""
    with pytest.raises(SystemExit, match="holds other things"):
        offline.main(["--out", str(project.parent)])
    assert (project / "src/kept.py").exists()


def test_another_python_or_a_strange_place_is_told(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stick, room = tmp_path / "stick", tmp_path / "room"
    offline.main(["--out", str(stick)])
    about = stick / "offline.json"
    kept = about.read_text()
    about.write_text(json.dumps({"targets": [["linux", "3.9"]], "extras": []}))
    told = start(stick, str(room))
    assert told.returncode == 1 and "here are packages for Python 3.9 on linux" in told.stderr
    about.write_text(kept)

    room.mkdir()
    (room / "holiday.jpg").touch()
    told = start(stick, str(room))
    assert told.returncode == 1 and "is no learning-reid; name a folder that is not" in told.stderr

    usage = shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(SystemExit, match="are needed in .* are free"):
        offline_start.copy_checkout(stick, tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.skipif(shutil.which("sh") is None, reason="no sh here")
def test_the_shell_takes_a_python_that_fits(tmp_path: Path) -> None:
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
    told = subprocess.run(command, capture_output=True, text=True, env={"PATH": str(tmp_path / "bin") + ":/bin"})
    assert told.returncode == 1 and "Python 3.12 is needed" in told.stderr


def test_two_rooms_on_one_stick(tmp_path: Path) -> None:
    offline.claim(tmp_path)
    (tmp_path / "wheels").mkdir()
    offline.write_start(tmp_path, Target("linux", "3.12"))
    offline.write_start(tmp_path, Target("windows", "3.11"))
    assert json.loads((tmp_path / "offline.json").read_text())["targets"] == [["linux", "3.12"], ["windows", "3.11"]]
    assert "for python in python3.11 python3.12 python3" in (tmp_path / "start.sh").read_text()
    batch = (tmp_path / "start.bat").read_bytes()
    assert b"in (3.11 3.12) do" in batch and batch.count(b"\n") == batch.count(b"\r\n")
