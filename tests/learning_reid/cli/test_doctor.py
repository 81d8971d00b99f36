"""`doctor` as a program: the report, the JSON file, and the exit status."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.learning_reid.datasets.dataset_files import write_images, write_market


def doctor(repository: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(repository / "src" / "main.py"), "doctor", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def test_the_report_of_a_dataset_with_problems(repository: Path, tmp_path: Path) -> None:
    root = write_market(tmp_path / "set", clutter=True)
    (root / "query/0009_c1s1_000001_00.jpg").write_bytes(b"")
    done = doctor(repository, "--root", root, "--json", tmp_path / "report.json")
    assert (done.returncode, done.stderr) == (1, ""), "a program sees that there is an error"
    lines = done.stdout.splitlines()
    assert lines[1] == "layout   market1501 (recognized)"
    table = {line.split()[0]: line.split()[1:] for line in lines if line.split() and line.split()[-1].isdigit()}
    assert table["train"] == ["4", "2", "3", "0"] and table["gallery"] == ["3", "2", "3", "1"]
    assert table["all"] == ["10", "5", "4", "1"]
    start = lines.index("error    files that cannot be read: 1")
    assert lines[start + 1].strip() == "such as query/0009_c1s1_000001_00.jpg (empty, 0 bytes)"
    assert lines[start + 2].strip() == "-> copy them again or remove them"
    assert lines[-1] == "1 error and 2 warnings."
    assert all(len(line) <= 110 for line in lines)
    report = json.loads((tmp_path / "report.json").read_text())
    assert [finding["severity"] for finding in report["findings"]][:2] == ["error", "warning"]


def test_warnings_alone_exit_with_0(repository: Path, tmp_path: Path) -> None:
    done = doctor(repository, "--root", write_market(tmp_path / "set", clutter=True))
    assert "warning" in done.stdout and "error" not in done.stdout and done.returncode == 0


def test_a_second_layout_is_reported(repository: Path, tmp_path: Path) -> None:
    write_market(tmp_path / "market")
    write_images(tmp_path / "View_001", ["1.png"])
    (tmp_path / "gt.txt").write_text("1,4,0,0,10,20,1\n")
    done = doctor(repository, "--root", tmp_path)
    assert "layout   mot (recognized; there is also: --dataset market1501)" in done.stdout


def test_a_good_dataset_has_no_problems(repository: Path, tmp_path: Path) -> None:
    write_images(tmp_path, [f"000{person}_c{camera}_1.jpg" for person in (1, 2) for camera in (1, 2)])
    done = doctor(repository, "--root", tmp_path, "--dataset", "folder")
    assert done.returncode == 0 and done.stdout.endswith("No problems found.\n") and "as named" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--root", "nowhere"], "there is no"),
        (["--root", "letter.txt", "--dataset", "folder"], "letter.txt is a file; the layout 'folder' needs a folder"),
        (["--root", "letter.txt", "--dataset", "csv"], "letter.txt has no column img_path"),
        (["--root", "letter.txt"], "letter.txt is not a CSV file; name the folder"),
        (["--root", "set", "--dataset", "market1510"], "did you mean 'market1501'?"),
        (["--root", "set", "--dataset", "msmt17"], "it looks like --dataset market1501"),
        (["--root", "set", "--json", "none/report.json"], "none/report.json cannot be written"),
    ],
)
@pytest.mark.slow
def test_a_problem_is_reported_in_one_line(
    repository: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    write_market(tmp_path / "set")
    (tmp_path / "letter.txt").write_text("dear\n")
    places = [
        tmp_path / word if at % 2 and word[:6] in ("nowher", "letter", "set", "none/r") else word
        for at, word in enumerate(arguments)
    ]
    done = doctor(repository, *places)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1) and message in done.stderr
