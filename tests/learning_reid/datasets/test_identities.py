"""Reading one folder per person."""

from pathlib import Path

import pytest

from learning_reid.datasets.layouts import open_dataset, recognize_dataset
from learning_reid.errors import UserError
from tests.learning_reid.datasets.dataset_files import write_image, write_images


def test_one_folder_per_person(tmp_path: Path) -> None:
    names = [
        "Ben/a_c2.jpg",
        "Ben/holiday.jpg",
        "Anna/door/1.jpg",
        "Anna/yard/far/2.jpg",
        "Anna/yard/x_c7s1_3.jpg",
        "Clara/house/floor/room/corner/1.jpg",
        "stray.jpg",
    ]
    write_images(tmp_path, names)
    (tmp_path / ".cache").mkdir()
    write_image(tmp_path / "Anna/.trash/3.jpg")
    (tmp_path / "stray.jpg").rename(tmp_path / "stray.png")
    assert recognize_dataset(tmp_path) == "identities"
    crops = open_dataset("identities", tmp_path)
    assert {(sample.path.name, sample.person_id, sample.camera_id) for sample in crops.samples} == {
        ("a_c2.jpg", "Ben", "2"),
        ("holiday.jpg", "Ben", ""),
        ("1.jpg", "Anna", "door"),
        ("2.jpg", "Anna", "yard"),
        ("x_c7s1_3.jpg", "Anna", "7"),
        ("1.jpg", "Clara", "house"),
    }
    assert "are not in a person's folder: 1, such as stray.png" in crops.notes[0]


@pytest.mark.parametrize("folder", ["0005", "5", "person_0005"])
def test_folders_and_full_names_agree(tmp_path: Path, folder: str) -> None:
    write_images(tmp_path, [f"{folder}/0005_c1s1_000001_00.jpg", f"{folder}/0005_c2_f0046985.jpg", f"{folder}/x.jpg"])
    labels = {(sample.person_id, sample.camera_id) for sample in open_dataset("identities", tmp_path).samples}
    assert labels == {(folder, "1"), (folder, "2"), (folder, "")}


@pytest.mark.parametrize("folder", ["0006", "monday", "15005"])
@pytest.mark.parametrize("name", ["0005_c1s1_000001_00", "0005_c2_f0046985", "0005_000_01_0303morning_0015_0"])
def test_an_image_of_another_identity_is_refused(tmp_path: Path, folder: str, name: str) -> None:
    write_images(tmp_path, [f"{folder}/{name}.jpg", f"{folder}/x.jpg"])
    with pytest.raises(UserError, match=f"another identity than their folder: 1, such as {folder}/{name}.jpg"):
        open_dataset(None, tmp_path)


def test_a_single_person_with_folders_inside_is_doubted(tmp_path: Path) -> None:
    write_images(tmp_path, ["mine/anna/1.jpg", "mine/ben/1.jpg"])
    crops = open_dataset("identities", tmp_path)
    assert any("the only person is mine" in note and "name" in note for note in crops.notes)


def test_folders_may_be_links_but_not_to_a_folder_above(tmp_path: Path) -> None:
    write_images(tmp_path, ["blobs/b1a7/1.jpg", "people/anna/yard/1.jpg"])
    (tmp_path / "people/anna/door").symlink_to(tmp_path / "blobs/b1a7")
    (tmp_path / "people/anna/again").symlink_to(tmp_path / "people/anna")
    labels = {(sample.person_id, sample.camera_id) for sample in open_dataset(None, tmp_path / "people").samples}
    assert labels == {("anna", "door"), ("anna", "yard")}
