"""Reading folders of splits, and refusing to take them for people."""

from pathlib import Path

import pytest

from learning_reid.datasets.layouts import list_datasets, open_dataset, recognize_dataset
from learning_reid.datasets.query_gallery_split import split_query_gallery
from learning_reid.errors import UserError
from tests.learning_reid.datasets.dataset_files import write_images

TRAIN = ["0001_c1s1_000001_00.jpg", "0001_c2s1_000002_00.jpg"]
QUERY = ["0005_c1s1_000003_00.jpg"]
GALLERY = ["0005_c2s1_000004_00.jpg", "0000_c2s1_000005_00.jpg", "-1_c1s1_000006_00.jpg"]
MSMT17 = ["0000_000_01_0303morning_0015_0.jpg", "0000_001_02_0303noon_0016_1.jpg"]


def write_splits(root: Path, splits: dict[str, list[str]], per_person: bool = False) -> Path:
    for folder, names in splits.items():
        write_images(root / folder, [f"{name.split('_')[0]}/{name}" if per_person else name for name in names])
    return root


def labels(root: Path, name: str | None = None) -> set[tuple[str, str | None, str]]:
    return {(one.split, one.person_id, one.camera_id) for one in open_dataset(name, root).samples}


EXPECTED = {
    ("train", "0001", "1"),
    ("train", "0001", "2"),
    ("query", "0005", "1"),
    ("gallery", "0005", "2"),
    ("gallery", None, "2"),
}


@pytest.mark.parametrize("per_person", [False, True], ids=["images", "a folder for each person"])
@pytest.mark.parametrize(
    ("train", "query", "gallery"),
    [
        ("train", "query", "gallery"),
        ("Train", "Query", "Gallery"),
        ("image_train", "image_query", "image_test"),
        ("train_all", "query", "gallery"),
        ("train", "test/query", "test/gallery"),
        ("train", "probe", "test"),
    ],
)
def test_folders_of_splits(tmp_path: Path, train: str, query: str, gallery: str, per_person: bool) -> None:
    root = write_splits(tmp_path / "data/x", {train: TRAIN, query: QUERY, gallery: GALLERY}, per_person)
    for place in (root, tmp_path / "data"):
        assert recognize_dataset(place) == "splits"
        assert labels(place) == EXPECTED


def test_query_and_gallery_are_enough(tmp_path: Path) -> None:
    root = write_splits(tmp_path, {"query": QUERY, "gallery": GALLERY})
    assert labels(root) == {label for label in EXPECTED if label[0] != "train"}


def test_the_folders_of_layumis_baseline(tmp_path: Path) -> None:
    splits = {"train": TRAIN[:1], "val": TRAIN[1:], "train_all": TRAIN, "query": QUERY, "gallery": GALLERY}
    root = write_splits(tmp_path, splits | {"multi-query": QUERY}, per_person=True)
    crops = open_dataset(None, root)
    assert labels(root) == EXPECTED and len(crops.samples) == len(EXPECTED)
    assert any("folders that are not read: 3, such as multi-query" in note for note in crops.notes)


def test_people_with_names_of_your_own(tmp_path: Path) -> None:
    write_images(
        tmp_path, ["train/anna/1_c2.jpg", "train/ben/1_c1.jpg", "test/clara/1_c1.jpg", "test/clara/door/2.jpg"]
    )
    assert labels(tmp_path) == {
        ("train", "anna", "2"),
        ("train", "ben", "1"),
        ("unsplit", "clara", "1"),
        ("unsplit", "clara", "door"),
    }
    split = split_query_gallery(open_dataset(None, tmp_path))
    assert (split.persons, len(split.query), len(split.gallery)) == (["clara"], 1, 1)


def test_msmt17_as_folders_of_people_keeps_its_cameras(tmp_path: Path) -> None:
    root = write_splits(tmp_path, {"train_all": MSMT17, "query": MSMT17[:1], "gallery": MSMT17[1:]}, per_person=True)
    train = {("train", "train-0000", "01"), ("train", "train-0000", "02")}  # another person than 0000 of the query
    assert labels(root) == train | {("query", "0000", "01"), ("gallery", "0000", "02")}


@pytest.mark.parametrize(
    "names",
    [
        ["train", "extra"],
        ["query", "anna"],
        ["detected", "labeled"],
        ["bbox_train", "bbox_test"],
        ["cam_a", "cam_b"],
        ["View_001", "View_002"],
        ["images"],
        ["people"],
        ["occluded_body_images", "whole_body_images"],
        ["Thermal", "Visible"],
        ["multi_shot", "single_shot"],
        ["MOT17-02/img1", "MOT17-04/img1"],
        ["person/query", "person/gallery"],
        ["images/train", "images/test"],
    ],
)
def test_other_folders_are_no_people(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        write_images(tmp_path / name, ["1.jpg", "2.jpg"])
    for dataset in (None, "identities"):
        with pytest.raises(UserError) as raised:
            open_dataset(dataset, tmp_path)
        message = str(raised.value)
        assert any(name.split("/")[-1] in message for name in names) and "\n" not in message


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            ["bounding_box_train/0001_c1s1_000001_00.jpg", "bounding_box_test/0001_c1s1_000001_00.jpg"],
            "the layout of Market-1501 without query;",
        ),
        (["bounding_box_test/0001_c1s1_000001_00.jpg"], "the layout of Market-1501 without query;"),
        (
            ["bounding_box_train/0001_c1s1_000001_00.jpg", "query/0001_c1s1_000001_00.jpg"],
            "the layout of Market-1501 without bounding_box_test;",
        ),
        (
            [f"{folder}/0000/{name}" for folder in ("mask_train_v2", "mask_test_v2") for name in MSMT17],
            "the layout of MSMT17 without list_train.txt, list_query.txt, list_gallery.txt",
        ),
        ([f"{folder}/0000/{name}" for folder in ("train", "test") for name in MSMT17], "the layout of MSMT17 without"),
        (
            [
                f"{kind}/{split}/0001_c1_1.png"
                for kind in ("detected", "labeled")
                for split in ("bounding_box_train", "query", "bounding_box_test")
            ],
            r"contains several: .*detected, .*labeled; name one of them",
        ),
    ],
)
@pytest.mark.parametrize("below", [".", "x"])
def test_an_incomplete_dataset_is_named(tmp_path: Path, files: list[str], message: str, below: str) -> None:
    write_images(tmp_path / below, files)
    with pytest.raises(UserError, match=message):
        open_dataset(None, tmp_path)
    with pytest.raises(UserError, match=message):
        open_dataset("msmt17" if "MSMT17" in message else "market1501", tmp_path)


def test_a_test_split_of_msmt17_is_enough(tmp_path: Path) -> None:
    write_images(tmp_path / "test/0000", MSMT17)
    for name, image in zip(("list_query.txt", "list_gallery.txt"), MSMT17, strict=True):
        (tmp_path / name).write_text(f"0000/{image} 0\n")
    assert labels(tmp_path) == {("query", "0", "01"), ("gallery", "0", "02")}


def test_the_layout_is_listed() -> None:
    assert "splits" in list_datasets()
