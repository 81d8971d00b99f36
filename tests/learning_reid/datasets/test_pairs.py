"""Choosing and comparing pairs of images."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from learning_reid.datasets.pairs import (
    ImagePair,
    LabeledImages,
    choose_pairs,
    gather_images,
    measure_features,
    name_label,
    read_pairs,
    same_person,
)
from learning_reid.errors import UserError
from learning_reid.retrieval.distances import cosine_distance, euclidean_distance
from tests.learning_reid.datasets.dataset_files import write_image


def paths(*stems: str) -> LabeledImages:
    return {path: name_label(path) for path in (Path(f"{stem}.jpg") for stem in stems)}


def as_tuples(pairs: list[ImagePair]) -> list[tuple[str, str, bool | None]]:
    return [(pair.first.stem, pair.second.stem, pair.same) for pair in pairs]


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("0001_c1s1_000001_00", "0001_c2s1_000009_00", True),
        ("0001_c1s1_000001_00", "0002_c1s1_000001_00", False),
        ("0001_c1s1_000001_00", "holiday", None),
        ("0000_c1s1_000001_00", "0000_c2s1_000001_00", None),  # two distractors
        ("-1_c1s1_000001_00", "-1_c2s1_000001_00", None),  # junk
    ],
)
def test_identity_from_file_names(first: str, second: str, same: bool | None) -> None:
    assert same_person(name_label(Path(f"{first}.jpg")), name_label(Path(f"{second}.jpg"))) is same


def test_few_images_are_paired_in_every_way() -> None:
    chosen = choose_pairs(paths("0001_c1", "0001_c2", "0002_c1", "holiday"))
    assert as_tuples(list(chosen.pairs)) == [
        ("0001_c1", "0001_c2", True),
        ("0001_c1", "0002_c1", False),
        ("0001_c1", "holiday", None),
        ("0001_c2", "0002_c1", False),
        ("0001_c2", "holiday", None),
        ("0002_c1", "holiday", None),
    ]
    assert len(choose_pairs(paths(*map(str, range(8)))).pairs) == 28


def test_many_images_are_paired_by_the_rule() -> None:
    people = [f"000{person}_c{camera}_{shot}" for person in (1, 2, 3) for camera in (1, 2) for shot in "ab"]
    chosen = choose_pairs(paths("0000_c1_a", "0009_c1_a", *people, "holiday"))  # a distractor; one seen once
    assert as_tuples(list(chosen.pairs)) == [
        ("0001_c1_a", "0001_c2_a", True),
        ("0002_c1_a", "0002_c2_a", True),
        ("0003_c1_a", "0003_c2_a", True),
        ("0001_c1_a", "0002_c2_a", False),
        ("0002_c1_a", "0003_c2_a", False),
        ("0003_c1_a", "0001_c2_a", False),
    ]
    assert "3 of the 3 persons seen by two cameras" in chosen.rule
    assert as_tuples(list(choose_pairs(paths(*people), most=2).pairs)) == [
        ("0001_c1_a", "0001_c2_a", True),
        ("0002_c1_a", "0002_c2_a", True),
        ("0001_c1_a", "0002_c2_a", False),
        ("0002_c1_a", "0001_c2_a", False),
    ]
    assert [pair.same for pair in choose_pairs(paths(*people), most=1).pairs] == [True]


def test_one_camera_gives_pairs_of_the_first_two_images() -> None:
    people = [f"000{person}_c1_{shot}" for person in (1, 2, 3) for shot in "abc"]
    chosen = choose_pairs(paths(*people), most=1)
    assert as_tuples(list(chosen.pairs)) == [("0001_c1_a", "0001_c1_b", True)] and "first two images" in chosen.rule


def test_names_without_identity_need_a_file_of_pairs() -> None:
    with pytest.raises(UserError, match="name the pairs with --pairs FILE, or give at most 8"):
        choose_pairs(paths(*(f"holiday{number}" for number in range(9))))


def test_images_are_gathered_once_in_natural_order(tmp_path: Path) -> None:
    for name in ("p_10.jpg", "p_2.jpg", ".hidden.jpg", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "below").mkdir()
    gathered = gather_images([tmp_path / "p_10.jpg", tmp_path, tmp_path / "below" / ".." / "p_2.jpg"])
    assert [path.name for path in gathered] == ["p_10.jpg", "p_2.jpg"]
    for named, message in (
        ([tmp_path / "below"], "no images in the folder"),
        ([tmp_path / "p_1.jpg"], "p_1.jpg is missing"),
        ([tmp_path / "p_2.jpg"] * 2, "a pair needs two images"),
    ):
        with pytest.raises(UserError, match=message):
            gather_images(named)


def test_links_to_one_file_are_two_images(tmp_path: Path) -> None:
    blob = write_image(tmp_path / "blob.jpg")
    for name in ("0001_c1_1.jpg", "0002_c1_1.jpg"):
        (tmp_path / "crops").mkdir(exist_ok=True)
        (tmp_path / "crops" / name).symlink_to(blob)
    assert [image.name for image in gather_images([tmp_path / "crops"])] == ["0001_c1_1.jpg", "0002_c1_1.jpg"]


def test_folders_of_persons_label_their_images(tmp_path: Path) -> None:
    for person in ("Ada", "Bo", "Cy"):
        for number in range(3):
            (tmp_path / "people" / person).mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (8, 16)).save(tmp_path / "people" / person / f"{number}.png")
    (tmp_path / "pairs.csv").write_text("a,b\npeople/Ada/0.png,people/Ada/1.png\npeople/Ada/0.png,people/Bo/1.png\n")
    images = gather_images(
        [tmp_path / "people" / "Ada", tmp_path / "people"]
    )  # Ada's images are named first, without a label
    assert len(images) == 9
    images = gather_images([tmp_path / "people"])
    pairs = choose_pairs(images, most=3).pairs
    assert [pair.same for pair in pairs] == [True] * 3 + [False] * 3
    assert all((pair.first.parent == pair.second.parent) == pair.same for pair in pairs)
    assert [pair.same for pair in read_pairs(tmp_path / "pairs.csv", images).pairs] == [True, False]


@given(st.integers(1, 6), st.integers(2, 9), st.integers(0, 2**32 - 1))
def test_measures_equal_the_retrieval_distances_and_order_pairs_alike(pairs: int, dimension: int, seed: int) -> None:
    first, second = np.random.default_rng(seed).normal(size=(2, pairs, dimension))
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second /= np.linalg.norm(second, axis=1, keepdims=True)
    measured = measure_features(first, 3 * second)  # lengths do not count
    np.testing.assert_allclose(measured.cosine, 1 - np.diag(cosine_distance(first, second)), atol=1e-6)
    np.testing.assert_allclose(measured.euclidean, np.diag(euclidean_distance(first, second)), atol=1e-6)
    np.testing.assert_allclose(measured.euclidean**2, 2 - 2 * measured.cosine, atol=1e-9)
    assert (measured.bounded >= 1 / 3 - 1e-12).all() and (measured.bounded <= 1).all()
    order = np.argsort(measured.cosine)
    assert (np.diff(measured.bounded[order]) >= -1e-9).all() and (np.diff(measured.euclidean[order]) <= 1e-9).all()
