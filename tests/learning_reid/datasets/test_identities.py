"""Reading one folder per person."""

from pathlib import Path

from learning_reid.datasets.layouts import open_dataset, recognize_dataset
from tests.learning_reid.datasets.dataset_files import write_image, write_images


def test_one_folder_per_person(tmp_path: Path) -> None:
    names = [
        "Ben/a_c2.jpg",
        "Ben/holiday.jpg",
        "Anna/door/1.jpg",
        "Anna/yard/far/2.jpg",
        "Anna/yard/x_c7s1_3.jpg",
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
    }
    assert "are not in a person's folder: 1, such as stray.png" in crops.notes[0]
