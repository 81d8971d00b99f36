"""Reading MSMT17."""

from pathlib import Path

import pytest

from learning_reid.datasets.layouts import open_dataset, recognize_dataset
from learning_reid.errors import UserError
from tests.learning_reid.datasets.dataset_files import write_images

MSMT_LISTS = {
    "list_train.txt": ["0000/0000_000_01_0303morning_0015_0.jpg 0"],
    "list_val.txt": ["0001/0001_000_05_0303noon_0015_1.jpg 1"],
    "list_query.txt": ["0000/0000_000_02_0303morning_0019_0.jpg 0"],
    "list_gallery.txt": ["0000/0000_001_14_0303morning_0022_0.jpg 0", "0001/0001_000_01_0303noon_0022_0.jpg 1", ""],
}


def msmt17(root: Path, train: str = "train", test: str = "test") -> Path:
    for name, lines in MSMT_LISTS.items():
        folder = root / (train if name in ("list_train.txt", "list_val.txt") else test)
        write_images(folder, [line.split()[0] for line in lines if line])
        (root / name).write_text("\n".join(lines))
    return root


@pytest.mark.parametrize(("below", "folders"), [("MSMT17_V1", ()), ("MSMT17_V2", ("mask_train_v2", "mask_test_v2"))])
def test_train_and_test_identities_are_kept_apart(tmp_path: Path, below: str, folders: tuple[str, ...]) -> None:
    msmt17(tmp_path / below, *folders)
    assert recognize_dataset(tmp_path) == "msmt17"
    crops = open_dataset("msmt17", tmp_path)
    assert [(sample.split, sample.person_id, sample.camera_id) for sample in crops.samples] == [
        ("train", "train-0", "01"),
        ("train", "train-1", "05"),
        ("query", "0", "02"),
        ("gallery", "0", "14"),
        ("gallery", "1", "01"),
    ]
    assert all(sample.path.is_file() for sample in crops.samples)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "0000/0000_009_01_none.jpg 0",
            r"listed images that are missing: 1, such as list_query.txt line 2 \(0000/0000_009",
        ),
        (
            "../train/0000/0000_000_01_0303morning_0015_0.jpg 0",
            "listed paths outside the dataset: 1, such as list_query.txt line 2",
        ),
        ("/etc/a_b_01_c.jpg 0", "listed paths outside the dataset"),
        ("0000/0000.jpg 0", "invalid lines in a list"),
        ("0000/0000_000_02_0303morning_0019_0.jpg x", "invalid lines in a list"),
        ("nonsense", r"invalid lines in a list: 1, such as list_query.txt line 2 \(nonsense\)"),
    ],
)
def test_invalid_lists(tmp_path: Path, line: str, message: str) -> None:
    msmt17(tmp_path)
    with (tmp_path / "list_query.txt").open("a") as stream:
        stream.write(f"\n{line}\n")
    with pytest.raises(UserError, match=message):
        open_dataset("msmt17", tmp_path)
