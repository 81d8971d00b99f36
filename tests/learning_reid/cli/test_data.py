"""`data` as a program: list, convert, cut and fetch."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from learning_reid.datasets.layouts import list_datasets, open_dataset
from tests.learning_reid.datasets.dataset_files import write_image, write_images, write_market


def data(repository: Path, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(repository / "src" / "main.py"), "data", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | environment)


def test_the_group_is_listed_with_its_commands(repository: Path) -> None:
    main = [sys.executable, str(repository / "src" / "main.py"), "--help"]
    assert (
        "Labeled crops: fetch, convert, cut and list them."
        in subprocess.run(main, capture_output=True, text=True).stdout
    )
    shown = data(repository, "--help")
    assert shown.returncode == 0 and "Usage: main.py data" in shown.stdout and "completion" not in shown.stdout
    for command in ("fetch", "convert", "cut", "list"):
        assert f"  {command} " in shown.stdout
    assert data(repository).returncode == data(repository, "cnvert").returncode == 2


def test_list_prints_one_line_per_layout(repository: Path) -> None:
    lines = data(repository, "list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list_datasets()


def test_convert_writes_a_readable_table_and_overwrites_nothing(repository: Path, tmp_path: Path) -> None:
    root = write_market(tmp_path / "set")
    done = data(repository, "convert", "--dataset", "market1501", "--root", root)
    assert done.returncode == 0 and str(root / "labels.csv") in done.stdout and "junk" in done.stderr
    plain = [(one.path, one.person_id, one.camera_id, one.split) for one in open_dataset("market1501", root).samples]
    assert [(one.path, one.person_id, one.camera_id, one.split) for one in open_dataset("csv", root).samples] == plain
    before = (root / "labels.csv").read_bytes()
    again = data(repository, "convert", "--dataset", "market1501", "--root", root)
    assert again.returncode == 1 and "already exists and is not replaced" in again.stderr
    assert (root / "labels.csv").read_bytes() == before
    elsewhere = data(repository, "convert", "--dataset", "market1501", "--root", root, "--out", tmp_path / "mine.csv")
    assert elsewhere.returncode == 0 and open_dataset("csv", tmp_path / "mine.csv").samples[0].path == plain[0][0]


def test_cut_writes_crops_for_the_folder_layout(repository: Path, tmp_path: Path) -> None:
    write_images(tmp_path / "in/View_001", [f"{number:02d}.png" for number in range(11)])
    (tmp_path / "in/gt.txt").write_text("1,4,0,0,10,20,1\n2,4,1,1,10,20,1\n11,4,2,2,10,20,1\n")
    done = data(repository, "cut", "--root", tmp_path / "in", "--out", tmp_path / "out")
    assert done.returncode == 0 and done.stdout == f"2 crops  {tmp_path / 'out'}\n"
    assert [sample.person_id for sample in open_dataset("folder", tmp_path / "out").samples] == ["0004", "0004"]
    every = data(repository, "cut", "--root", tmp_path / "in", "--out", tmp_path / "all", "--every", "1")
    assert every.stdout.startswith("3 crops")
    full = data(repository, "cut", "--root", tmp_path / "in", "--out", tmp_path / "out")
    assert full.returncode == 1 and "is not empty" in full.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["fetch", "dukemtmcreid"],
            "unknown dataset 'dukemtmcreid' for data fetch: valid: 'market1501', 'cuhk03', 'casia-webface'",
        ),
        (["fetch", "market1501", "--handle", "nonsense"], "'nonsense' is not a Kaggle handle"),
        (["convert", "--dataset", "folder", "--root", "nowhere"], "there is no"),
        (["cut", "--root", "nowhere", "--out", "x"], "nowhere is not a folder"),
    ],
)
def test_problems_are_reported_in_one_line(
    repository: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    done = data(repository, *arguments, HOME=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1) and message in done.stderr


def test_a_broken_frame_is_reported(repository: Path, tmp_path: Path) -> None:
    write_image(tmp_path / "in/View_001/0.png")
    (tmp_path / "in/View_001/1.png").write_bytes(b"")
    (tmp_path / "in/gt.txt").write_text("1,4,0,0,10,20,1\n2,4,0,0,10,20,1\n")
    done = data(repository, "cut", "--root", tmp_path / "in", "--out", tmp_path / "out", "--every", "1")
    assert (
        done.returncode == 1
        and "frames that cannot be read: 1, such as View_001/1.png (empty, 0 bytes)" in done.stderr
        and not (tmp_path / "out").exists()
    )
