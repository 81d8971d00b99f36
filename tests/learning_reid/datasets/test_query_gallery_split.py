"""Choosing queries and gallery, and numbering identities and cameras."""

from pathlib import Path

import pytest

from learning_reid.datasets.layouts import open_dataset
from learning_reid.datasets.query_gallery_split import split_query_gallery
from learning_reid.datasets.sample import CropDataset, Sample, Split
from learning_reid.errors import UserError
from tests.learning_reid.datasets.dataset_files import write_market


def sample(person: str | None, camera: str = "1", split: Split = "unsplit", name: str = "") -> Sample:
    return Sample(Path(name or f"{person}_{camera}_{split}.jpg"), person, camera, split)


def crops(*samples: Sample) -> CropDataset:
    return CropDataset("folder", Path("root"), samples)


UNSPLIT = [
    sample("a", "2"),
    sample("a", "10"),
    sample("b", "2"),
    sample("b", "3"),
    sample(None, "2"),
    sample(None, "3"),
]
SPLIT = [
    sample("t", "1", "train"),
    sample("a", "1", "query"),
    sample("b", "2", "query"),
    sample("a", "2", "gallery"),
    sample("b", "1", "gallery"),
    sample(None, "1", "gallery"),
]


def names(samples: list[Sample]) -> list[str]:
    return [f"{one.person_id or '-'}{one.camera_id}" for one in samples]


@pytest.mark.parametrize(
    ("samples", "cameras", "query", "gallery"),
    [
        (SPLIT, (), ["a1", "b2"], ["a2", "b1", "-1"]),
        (SPLIT, ("1",), ["a1", "b1"], ["b2", "a2"]),
        (SPLIT, ("c2",), ["b2", "a2"], ["a1", "b1", "-1"]),
        (UNSPLIT, (), ["a2", "b2"], ["a10", "b3", "-3"]),
        (UNSPLIT, ("10",), ["a10"], ["a2", "b2", "b3", "-2", "-3"]),
        (UNSPLIT, ("C03", "c2"), ["a2", "b2", "b3"], ["a10"]),
        ([*UNSPLIT, sample("t", "1", "train")], (), ["a2", "b2"], ["a10", "b3", "-3"]),
        ([sample("a", ""), sample("b", ""), sample(None, "")], (), ["a", "b"], ["a", "b", "-"]),
        ([sample("a", "x", name="1"), sample("b", "x")], (), ["ax", "bx"], ["ax", "bx"]),
    ],
)
def test_query_and_gallery(samples: list, cameras: tuple, query: list[str], gallery: list[str]) -> None:
    split = split_query_gallery(crops(*samples), cameras)
    assert (names(split.query), names(split.gallery)) == (query, gallery)


@pytest.mark.parametrize(
    ("samples", "cameras", "message"),
    [
        (UNSPLIT, ("7",), "has no camera '7'; its cameras are 2, 3, 10"),
        ([sample("a", "")], ("1",), r"has no camera '1'; its cameras are \(none\)"),
        (UNSPLIT, ("2", "3", "10"), "splitting by query camera 2, 3, 10 leaves no gallery image"),
        ([sample("a", "1")], ("1",), "leaves no gallery image"),
        (
            [sample(None, "1"), sample("a", "2")],
            ("1",),
            "splitting by query camera 1 leaves no query image of a known identity",
        ),
        ([sample("a", "1", "query")], (), "splitting by the dataset's own split leaves no gallery image"),
        ([sample("a", "1", "gallery")], (), "splitting by the dataset's own split leaves no query image"),
        ([sample("a", "1", "train")], (), "has training images only"),
        ([sample(None, "1")], (), "splitting by one camera leaves no query image"),
    ],
)
def test_empty_query_or_gallery_is_refused(samples: list, cameras: tuple, message: str) -> None:
    with pytest.raises(UserError, match=message):
        split_query_gallery(crops(*samples), cameras)


def test_an_exact_camera_id_comes_before_a_similar_one() -> None:
    split = split_query_gallery(crops(sample("a", "c1"), sample("a", "1"), sample("a", "01")), ("1",))
    assert names(split.query) == ["a1"]


def test_labels_number_identities_and_cameras(tmp_path: Path) -> None:
    split = split_query_gallery(open_dataset("market1501", write_market(tmp_path)))
    for samples, labels in ((split.query, split.query_labels), (split.gallery, split.gallery_labels)):
        for sample, person, camera in zip(samples, labels.person, labels.camera, strict=True):
            assert split.cameras[camera] == sample.camera_id
            assert (person < 0) if sample.person_id is None else split.persons[person] == sample.person_id
    assert len(set(split.all_labels.image)) == len(split.samples)  # no image is query and gallery


def test_every_image_is_query_and_gallery_if_nothing_is_split() -> None:
    dataset = crops(*(sample(person, camera) for person in "ab" for camera in "12"))
    split = split_query_gallery(dataset, all_as_queries=True)
    assert list(split.query) == list(split.gallery) == list(dataset.samples)
    assert {one.camera_id for one in split_query_gallery(dataset).query} == {"1"}
    assert {one.camera_id for one in split_query_gallery(dataset, ["2"], all_as_queries=True).query} == {"2"}
