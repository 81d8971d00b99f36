"""Pixels of a sample, who is on which side, what was evaluated, and why nobody can be found."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from learning_reid.datasets.content_hash import hash_file, fingerprint
from learning_reid.datasets.images import read_crop
from learning_reid.datasets.overlap import Overlap, explain_no_valid_match, overlap
from learning_reid.datasets.sample import CropDataset, Sample, Split
from learning_reid.datasets.identity_split import query_and_gallery, split_by_identity
from learning_reid.errors import UserError
from tests.learning_reid.datasets.crop_making import write_picture


def sample(person: str | None, camera: str = "1", split: Split = "unsplit", name: str = "") -> Sample:
    return Sample(Path(name or f"{person}_{camera}_{split}.jpg"), person, camera, split)


def crops(*samples: Sample) -> CropDataset:
    return CropDataset("folder", Path("root"), samples)


# pictures


def test_a_whole_picture_and_a_part_of_one(tmp_path: Path) -> None:
    file = write_picture(tmp_path / "a.png", 30, 20)
    pixels = np.asarray(Image.open(file))
    whole = read_crop(Sample(file, "1", ""))
    assert np.array_equal(whole, pixels) and whole.dtype == np.uint8
    for box, part in [((2, 3, 9, 20), pixels[3:20, 2:9]), ((-5, 1.2, 6.4, 99), pixels[1:, :6])]:
        cut = read_crop(Sample(file, "1", "", box_xyxy=box))
        assert np.array_equal(cut, part)
        cut[:] = 0  # ours to change: the next box of this frame must not show it


def test_many_boxes_of_one_frame_read_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_picture(tmp_path / "a.png")
    read: list[Path] = []
    real = Image.open
    monkeypatch.setattr(Image, "open", lambda path, *rest: (read.append(path), real(path, *rest))[1])
    for left in range(10):
        read_crop(Sample(file, "1", "", box_xyxy=(left, 0, left + 5, 9)))
    assert read == [file]


def test_a_frame_that_changed_is_read_again(tmp_path: Path) -> None:
    boxed = Sample(write_picture(tmp_path / "a.png"), "1", "", box_xyxy=(0, 0, 5, 5))
    before = read_crop(boxed)
    write_picture(tmp_path / "a.png", like="another")
    assert not np.array_equal(before, read_crop(boxed))


def truncated(file: Path) -> None:
    write_picture(file, 200, 100)
    file.write_bytes(file.read_bytes()[:2000])


@pytest.mark.parametrize("box", [None, (0, 0, 5, 5)], ids=["whole", "box"])
@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda file: None, "is missing"),
        (lambda file: file.write_bytes(b""), r"is empty \(0 bytes\)"),
        (lambda file: file.write_text("hello"), "is not a readable picture"),
        (truncated, r"is cut off \(truncated\)"),
    ],
    ids=["missing", "0 bytes", "text", "truncated"],
)
def test_a_file_that_is_no_picture(tmp_path: Path, make: Callable[[Path], object], told: str, box) -> None:
    make(tmp_path / "a.jpg")
    with pytest.raises(UserError, match=f"a.jpg {told}; copy it again or remove it") as raised:
        read_crop(Sample(tmp_path / "a.jpg", "1", "", box_xyxy=box))
    assert "\n" not in str(raised.value)


def test_a_box_outside_its_frame(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"the box 50, 50, 60, 60 lies outside its frame .*a.png"):
        read_crop(Sample(write_picture(tmp_path / "a.png"), "1", "", box_xyxy=(50, 50, 60, 60)))


# split by identity


PEOPLE = st.lists(st.sampled_from([*"abcdefgh", None]), min_size=1, max_size=40)


@given(people=PEOPLE, share=st.floats(0.01, 0.99), seed=st.integers(0, 5), data=st.data())
def test_people_are_divided_and_never_their_pictures(
    people: list, share: float, seed: int, data: st.DataObject
) -> None:
    samples = [sample(person, name=f"{number}") for number, person in enumerate(people)]
    known = set(people) - {None}
    if len(known) < 2:
        with pytest.raises(UserError, match="two or more are needed"):
            split_by_identity(samples, share, seed)
        return
    first, second = split_by_identity(samples, share, seed)
    who = [{one.person_id for one in side} for side in (first, second)]
    assert not who[0] & who[1] and who[0] | who[1] == set(people)
    assert None not in who[0] and who[0] and who[1] - {None}
    assert abs(len(who[0]) - share * len(known)) <= 1
    assert sorted(first + second, key=lambda one: int(one.path.name)) == samples
    again = split_by_identity(data.draw(st.permutations(samples)), share, seed)
    assert [{one.person_id for one in side} for side in again] == who


def test_another_seed_divides_otherwise() -> None:
    samples = [sample(str(number)) for number in range(50)]
    assert (
        split_by_identity(samples, 0.5, 1) == split_by_identity(samples, 0.5, 1) != split_by_identity(samples, 0.5, 2)
    )


@pytest.mark.parametrize("share", [0, 1, -0.5, 1.5, float("nan")])
def test_a_share_that_is_none(share: float) -> None:
    with pytest.raises(UserError, match="the share of people is"):
        split_by_identity([sample("1"), sample("2")], share, 0)


# query and gallery


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
def test_who_asks_and_who_answers(samples: list, cameras: tuple, query: list[str], gallery: list[str]) -> None:
    asked, answering = query_and_gallery(crops(*samples), cameras)
    assert (names(asked), names(answering)) == (query, gallery)


@pytest.mark.parametrize(
    ("samples", "cameras", "told"),
    [
        (UNSPLIT, ("7",), "has no camera '7'; its cameras are 2, 3, 10"),
        ([sample("a", "")], ("1",), r"has no camera '1'; its cameras are \(none\)"),
        (UNSPLIT, ("2", "3", "10"), "no gallery: by query camera 2, 3, 10, nobody is left"),
        ([sample("a", "1")], ("1",), "no gallery"),
        ([sample(None, "1"), sample("a", "2")], ("1",), "no query: by query camera 1, nobody known asks"),
        ([sample("a", "1", "query")], (), "no gallery: by the data set's own split"),
        ([sample("a", "1", "gallery")], (), "no query: by the data set's own split"),
        ([sample("a", "1", "train")], (), "for training only"),
        ([sample(None, "1")], (), "no query: by one camera"),
    ],
)
def test_nobody_to_ask_or_to_answer(samples: list, cameras: tuple, told: str) -> None:
    with pytest.raises(UserError, match=told):
        query_and_gallery(crops(*samples), cameras)


def test_a_camera_called_like_another_ones_short_form() -> None:
    asked, _ = query_and_gallery(crops(sample("a", "c1"), sample("a", "1"), sample("a", "01")), ("1",))
    assert names(asked) == ["a1"]


# fingerprint


@pytest.fixture()
def two_sides(tmp_path: Path) -> tuple[list[Sample], list[Sample]]:
    query = [Sample(write_picture(tmp_path / f"q{n}.png", like=f"q{n}"), str(n), "1", "query") for n in range(3)]
    gallery = [Sample(write_picture(tmp_path / f"g{n}.png", like=f"g{n}"), str(n), "2", "gallery") for n in range(3)]
    return query, gallery


def test_the_digest_is_that_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert hash_file(tmp_path / "a").startswith("ba7816bf8f01cfea414140de5dae2223b00361a3")
    with pytest.raises(UserError, match="b cannot be read .*; copy it again or remove it"):
        hash_file(tmp_path / "b")


def test_order_and_place_do_not_matter(two_sides, tmp_path: Path) -> None:
    query, gallery = two_sides
    marked = fingerprint(query, gallery)
    assert len(marked) == 12 and int(marked, 16) >= 0
    assert fingerprint(query[::-1], gallery[1:] + gallery[:1], progress=False) == marked
    (tmp_path / "moved").mkdir()
    moved = [
        [
            Sample(shutil.copy(one.path, tmp_path / "moved" / f"x{one.path.name}"), one.person_id, one.camera_id)
            for one in side
        ]
        for side in (query, gallery)
    ]
    assert fingerprint(*moved) == marked


def test_everything_that_was_evaluated_matters(two_sides) -> None:
    query, gallery = two_sides
    one = query[0]
    others = [
        (gallery, query),
        (query[1:], gallery),
        (query, [*gallery, gallery[0]]),
        ([Sample(one.path, "9", "1"), *query[1:]], gallery),
        ([Sample(one.path, None, "1"), *query[1:]], gallery),
        ([Sample(one.path, "None", "1"), *query[1:]], gallery),
        ([Sample(one.path, "0", "9"), *query[1:]], gallery),
        ([Sample(one.path, "0", "1", box_xyxy=(0, 0, 5, 5)), *query[1:]], gallery),
        ([Sample(one.path, "0", "1", box_xyxy=(0, 0, 5, 6)), *query[1:]], gallery),
    ]
    marks = [fingerprint(query, gallery)] + [fingerprint(*sides) for sides in others]
    write_picture(one.path, like="changed")
    marks.append(fingerprint(query, gallery))
    assert len(set(marks)) == len(marks)


def test_a_file_is_hashed_once(two_sides, monkeypatch: pytest.MonkeyPatch) -> None:
    query, _ = two_sides
    hashed: list[Path] = []
    monkeypatch.setattr("learning_reid.datasets.content_hash.hash_file", lambda path: (hashed.append(path), "0")[1])
    boxes = [Sample(query[0].path, "1", "1", box_xyxy=(0, 0, n, n)) for n in range(1, 5)]
    fingerprint([*query, *boxes], query)
    assert hashed == [one.path for one in query]


# overlap


@pytest.mark.parametrize(
    ("query", "gallery", "sorted_people", "lines"),
    [
        (
            [sample(str(n)) for n in range(7)],
            [sample("other", "2"), sample(None, "2")],
            Overlap([str(n) for n in range(7)], [], []),
            ["of 7 identities, 7 not in the gallery at all (0, 1, 2, 3, 4, …)", "--query-camera"],
        ),
        (
            [sample("10"), sample("9")],
            [sample("9"), sample("10")],
            Overlap([], ["9", "10"], []),
            ["2 in the gallery by the query's own camera only (9, 10)", "--protocol single-camera"],
        ),
        (
            [sample("a", "1"), sample("b", "2"), sample("c", "2")],
            [sample("a", "1"), sample("b", "2")],
            Overlap(["c"], ["a", "b"], []),
            [
                "1 not in the gallery at all (c), 2 in the gallery by the query's own camera only (a, b)",
                "--protocol self-only",
            ],
        ),
        (
            [sample("a", "1"), sample("a", "2"), sample(None, "1")],
            [sample("a", "2")],
            Overlap([], [], ["a"]),
            ["1 can be found (a)", ""],
        ),
    ],
)
def test_why_nobody_can_be_found(query: list, gallery: list, sorted_people: Overlap, lines: list[str]) -> None:
    assert overlap(query, gallery) == sorted_people
    told = explain_no_valid_match(query, gallery).splitlines()
    assert len(told) == 2
    for line, part in zip(told, lines, strict=True):
        assert part in line
