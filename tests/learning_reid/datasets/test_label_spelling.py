"""One person or camera that is written in several ways."""

from pathlib import Path

import pytest

from learning_reid.datasets.findings import Findings
from learning_reid.datasets.label_spelling import normalize_labels
from learning_reid.datasets.layouts import open_dataset
from learning_reid.datasets.query_gallery_split import split_query_gallery
from learning_reid.datasets.sample import Sample
from learning_reid.metrics.matches import has_true_match
from learning_reid.metrics.protocol import PROTOCOLS
from tests.learning_reid.datasets.dataset_files import write_images

COMPOSED, DECOMPOSED = "Ren\u00e9", "Rene\u0301"


def spell(people: list[str | None], cameras: list[str]) -> tuple[list[tuple[str | None, str]], list[str]]:
    samples = [Sample(Path(f"{row}.jpg"), *label) for row, label in enumerate(zip(people, cameras, strict=True))]
    found = Findings()
    changed = normalize_labels(samples, found)
    return [(sample.person_id, sample.camera_id) for sample in changed], [finding.sentence() for finding in found]


@pytest.mark.parametrize(
    ("cameras", "written", "shown"),
    [
        (["1", "01", "2"], ["1", "1", "2"], "01 and 1"),
        (["c1", "C01", "c2"], ["c1", "c1", "c2"], "C01 and c1"),
        (["View_1", "View_001", "View_010"], ["View_1", "View_1", "View_010"], "View_001 and View_1"),
        (["1.0", "1", "100"], ["1", "1", "100"], "1 and 1.0"),
        (["cam_2", "02", "12"], ["02", "02", "12"], "02 and cam_2"),
        (["Door", "door", "yard"], ["Door", "Door", "yard"], "Door and door"),
        ([COMPOSED, DECOMPOSED, ""], [COMPOSED, COMPOSED, ""], "'Rene\\u0301' and 'Ren\\xe9'"),
        (["0", "00", ""], ["0", "0", ""], "0 and 00"),
    ],
)
def test_cameras(cameras: list[str], written: list[str], shown: str) -> None:
    labels, notes = spell(["a"] * 3, cameras)
    assert [camera for _, camera in labels] == written
    assert len(notes) == 1 and "cameras written in several ways: 1" in notes[0]
    assert set(shown.split(" and ")) == set(notes[0].split("such as ")[1].split(";")[0].split(" and "))


def test_different_cameras_and_consistent_ones_are_kept() -> None:
    cameras = ["01", "02", "cam3", "View_001", "c10", ""]
    assert spell(["a"] * 6, cameras) == ([("a", camera) for camera in cameras], [])


def test_people_differ_by_zeros_but_not_by_encoding() -> None:
    labels, notes = spell(["7", "007", COMPOSED, DECOMPOSED, None], ["1"] * 5)
    assert [person for person, _ in labels] == ["7", "007", COMPOSED, COMPOSED, None]
    assert len(notes) == 1 and "people written in several ways: 1" in notes[0]


def test_an_image_of_the_same_camera_is_no_match(tmp_path: Path) -> None:
    write_images(tmp_path, ["a.jpg", "b.jpg", "c.jpg"])
    rows = ["a.jpg,anna,1,query", "b.jpg,anna,01,gallery", "c.jpg,ben,02,gallery"]
    (tmp_path / "labels.csv").write_text("\n".join(["img_path,person_id,camera_id,split", *rows]))
    split = split_query_gallery(open_dataset(None, tmp_path))
    assert not has_true_match(split.query_labels, split.gallery_labels, PROTOCOLS["market1501"]).any()


def test_folder_names_in_two_encodings_are_one_person(tmp_path: Path) -> None:
    write_images(tmp_path, [f"{COMPOSED}/1_c1.jpg", f"{DECOMPOSED}/2_c2.jpg", "Ben/1_c1.jpg", "Ben/2_c2.jpg"])
    crops = open_dataset("identities", tmp_path)
    assert {sample.person_id for sample in crops.samples} == {"Ben", COMPOSED} and len(crops.samples) == 4
