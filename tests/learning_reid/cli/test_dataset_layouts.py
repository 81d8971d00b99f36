"""Every command that reads labeled crops reads splits as splits, and refuses what is none of the known layouts."""

import json
import shutil
from pathlib import Path

import pytest

from learning_reid.errors import UserError
from learning_reid.training import training_data
from tests.learning_reid.cli.run_cli import run_command
from tests.learning_reid.datasets.dataset_files import write_image, write_images

COMMANDS = {
    "doctor": ["--root", "{root}"],
    "evaluate": ["--root", "{root}"],
    "calibrate": ["--root", "{root}"],
    "identify": ["--gallery-dir", "{root}", "--query", "{query}"],
    "similarity": ["--images", "{root}"],
    "train": ["--root", "{root}"],
}
REFUSED = {
    "the layout of MSMT17 without list_train.txt": ["mask_train_v2/0000/0000_000_01_0303morning_0015_0.jpg"],
    "the layout of Market-1501 without query": [
        "bounding_box_train/0001_c1s1_000001_00.jpg",
        "bounding_box_test/a.jpg",
    ],
    "contains several: ": [
        f"{kind}/{split}/0001_c1_1.jpg" for kind in ("detected", "labeled") for split in ("query", "bounding_box_test")
    ],
    "named like a part of a dataset": ["anna/1.jpg", "query/1.jpg"],
    "contains no folders but detected, labeled": ["detected/1.jpg", "labeled/1.jpg"],
    "another identity than their folder": ["0001/0002_c1s1_000001_00.jpg", "0002/0001_c1s1_000001_00.jpg"],
}


def fill(command: str, root: Path, query: Path) -> list[str]:
    return [command, *(part.format(root=root, query=query) for part in COMMANDS[command])]


@pytest.mark.parametrize("message", REFUSED)
@pytest.mark.parametrize("command", [command for command in COMMANDS if command != "doctor"])
def test_no_command_takes_a_part_of_a_dataset_for_a_person(
    command: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_data, "cached_dataset", lambda *_: pytest.fail("data were generated"))
    root = write_images(tmp_path / "crops", REFUSED[message])
    with pytest.raises(UserError) as error:
        run_command(*fill(command, root, write_image(tmp_path / "query.jpg")))
    assert message in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("message", REFUSED)
def test_doctor_reports_what_is_wrong(message: str, tmp_path: Path) -> None:
    root = write_images(tmp_path / "crops", REFUSED[message])
    try:
        run_command("doctor", "--root", root)
    except UserError as error:
        assert message in str(error)
    except AssertionError as failed:  # the report, with exit status 1
        assert message in str(failed)
    else:
        pytest.fail("nothing was reported")


@pytest.mark.parametrize("per_person", [False, True], ids=["images", "a folder for each person"])
def test_splits_are_read_as_splits(per_person: bool, generated_market: Path, tmp_path: Path) -> None:
    root = tmp_path / "crops"
    parts = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}
    for split, part in parts.items():
        for image in (generated_market / part).glob("*.jpg"):
            target = root / split / (image.name.split("_")[0] if per_person else "") / image.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(image, target)
    results = []
    for name, place in (("splits", root), ("market1501", generated_market)):
        run_command("evaluate", "--root", place, "--json", tmp_path / "a.json")
        results.append(json.loads((tmp_path / "a.json").read_text()))
        assert results[-1]["dataset"] == name
    for key in ("queries", "gallery", "rank1", "map"):
        assert results[0][key] == results[1][key]
    query = min((root / "query").rglob("*.jpg"))
    printed = run_command("identify", "--gallery-dir", root, "--query", query, "--threshold", 2, "--top", 1)
    person = printed.splitlines()[0].rpartition(": ")[2]
    assert (root / "gallery" / person).is_dir() if per_person else list((root / "gallery").glob(f"{person}_*"))
    assert "splits (recognized)" in run_command("doctor", "--root", root)
