"""Reading Market-1501, DukeMTMC-reID, and one folder of images with such names."""

from pathlib import Path

import pytest

from learning_reid.datasets.layouts import open_dataset, recognize_dataset
from learning_reid.errors import UserError
from tests.learning_reid.datasets.dataset_files import MARKET, write_image, write_images, write_market

DUKE = [name.replace("s1", "").replace("s3", "").replace("s6", "") for name in MARKET if "/-1" not in name]
DUKE = [f"{name[:-14]}_f0046985.jpg".replace("__", "_") for name in DUKE]


def labels(crops) -> list[tuple[str, str | None, str]]:
    return [(sample.split, sample.person_id, sample.camera_id) for sample in crops.samples]


def test_identity_camera_and_split_of_every_image(tmp_path: Path) -> None:
    crops = open_dataset("market1501", write_market(tmp_path / "set", clutter=True))
    assert sorted(labels(crops), key=str) == sorted(
        [
            ("train", "0002", "1"),
            ("train", "0002", "2"),
            ("train", "0007", "3"),
            ("train", "0007", "1"),
            ("query", "0003", "1"),
            ("query", "0004", "2"),
            ("gallery", "0003", "2"),
            ("gallery", "0004", "6"),
            ("gallery", None, "1"),  # 0000, a distractor; both -1 are dropped
        ],
        key=str,
    )
    assert all(sample.path.is_file() for sample in crops.samples)
    notes = "\n".join(crops.notes)
    assert "junk images (person -1) left out: 2" in notes
    assert "name does not contain identity and camera: 1, such as bounding_box_test/holiday.jpg" in notes
    assert "query/notes.txt" in notes and "Thumbs" not in notes and "hidden" not in notes


@pytest.mark.parametrize(
    "below", [".", "Market-1501-v15.09.15", "market1501", "Market-1501", "market1501/Market-1501-v15.09.15", "x/y"]
)
def test_the_dataset_is_found_up_to_two_levels_below(tmp_path: Path, below: str) -> None:
    write_market(tmp_path / "data" / below)
    (tmp_path / "data/.cache").mkdir()
    assert recognize_dataset(tmp_path / "data") == "market1501"
    assert len(open_dataset("market1501", tmp_path / "data").samples) == 9


def test_three_levels_down_is_too_deep(tmp_path: Path) -> None:
    write_market(tmp_path / "a/b/c")
    with pytest.raises(UserError, match="does not contain the folders bounding_box_train, query, bounding_box_test"):
        open_dataset("market1501", tmp_path)


def test_the_folder_with_the_name_of_the_dataset_is_preferred(tmp_path: Path) -> None:
    write_market(tmp_path / "market1501")
    write_images(tmp_path / "DukeMTMC-reID", DUKE)
    assert len(open_dataset("market1501", tmp_path).samples) == 9
    assert len(open_dataset("dukemtmcreid", tmp_path).samples) == len(DUKE)


def test_two_candidates_are_ambiguous(tmp_path: Path) -> None:
    write_market(tmp_path / "one")
    write_market(tmp_path / "two")
    with pytest.raises(UserError, match="contains several: .*one, .*two; name one of them"):
        open_dataset("market1501", tmp_path)


def test_samples_are_in_natural_order(tmp_path: Path) -> None:
    write_images(tmp_path, [f"{person}_c1s1_000001_00.jpg" for person in (10, 9, 100)])
    assert [sample.person_id for sample in open_dataset("folder", tmp_path).samples] == ["9", "10", "100"]


def test_duke_is_read_with_a_note_that_it_was_withdrawn(tmp_path: Path) -> None:
    crops = open_dataset("dukemtmcreid", write_images(tmp_path, DUKE))
    assert ("query", "0003", "1") in labels(crops)
    assert sum("withdrawn by its authors in 2019" in note for note in crops.notes) == 1
    assert recognize_dataset(tmp_path) == "dukemtmcreid"
    assert "http" not in "".join(crops.notes)


def test_duke_names_are_not_read_as_market(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="DukeMTMC-reID's; it looks like --dataset dukemtmcreid"):
        open_dataset("market1501", write_images(tmp_path, DUKE))


def test_distractors_are_left_out_of_query_and_train(tmp_path: Path) -> None:
    write_market(tmp_path)
    write_image(tmp_path / "query/0000_c1s1_000001_00.jpg")
    crops = open_dataset("market1501", tmp_path)
    assert ("query", None, "1") not in labels(crops)
    assert any("distractors (person 0000) left out of train and query: 1" in note for note in crops.notes)


def test_a_folder_of_market_names(tmp_path: Path) -> None:
    write_images(tmp_path, ["0001_c1s1_000001_00.jpg", "0001_c2s1_000001_00.jpg", "0000_c1_5.png", "-1_c1s1_1_1.jpg"])
    crops = open_dataset("folder", tmp_path)
    assert labels(crops) == [("unsplit", None, "1"), ("unsplit", "0001", "1"), ("unsplit", "0001", "2")]
    assert recognize_dataset(tmp_path) == "folder"


def test_the_real_crops(real_data: Path) -> None:
    crops = open_dataset(recognize_dataset(real_data / "crops/pku_reid"), real_data / "crops/pku_reid")
    people = {sample.person_id for sample in crops.samples}
    assert (crops.name, len(crops.samples), len(people)) == ("folder", 592, 37)
    assert {sample.camera_id for sample in crops.samples} == {"1", "2"} and not crops.notes
