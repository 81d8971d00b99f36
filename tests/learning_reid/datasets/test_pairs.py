"""Which pictures are compared, what is expected of them, and the three numbers."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning_reid.datasets.pairs import Pair, choose_pairs, gather_images, measure_features, same_person
from learning_reid.datasets.pairs_file import read_pairs
from learning_reid.errors import UserError
from learning_reid.retrieval.distances import cosine_distance, euclidean_distance


def paths(*stems: str) -> list[Path]:
    return [Path(f"{stem}.jpg") for stem in stems]


def told(pairs: list[Pair]) -> list[tuple[str, str, bool | None]]:
    return [(pair.first.stem, pair.second.stem, pair.same) for pair in pairs]


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("0001_c1s1_000001_00", "0001_c2s1_000009_00", True),
        ("0001_c1s1_000001_00", "0002_c1s1_000001_00", False),
        ("0001_c1s1_000001_00", "holiday", None),
        ("0000_c1s1_000001_00", "0000_c2s1_000001_00", None),  # two strangers
        ("-1_c1s1_000001_00", "-1_c2s1_000001_00", None),  # junk
    ],
)
def test_names_tell_who_it_is(first: str, second: str, same: bool | None) -> None:
    assert same_person(*paths(first, second)) is same


def test_few_pictures_are_all_compared() -> None:
    chosen = choose_pairs(paths("0001_c1", "0001_c2", "0002_c1", "holiday"))
    assert told(list(chosen.pairs)) == [
        ("0001_c1", "0001_c2", True),
        ("0001_c1", "0002_c1", False),
        ("0001_c1", "holiday", None),
        ("0001_c2", "0002_c1", False),
        ("0001_c2", "holiday", None),
        ("0002_c1", "holiday", None),
    ]
    assert len(choose_pairs(paths(*map(str, range(8)))).pairs) == 28


def test_many_are_paired_by_the_rule() -> None:
    people = [f"000{person}_c{camera}_{shot}" for person in (1, 2, 3) for camera in (1, 2) for shot in "ab"]
    chosen = choose_pairs(paths("0000_c1_a", "0009_c1_a", *people, "holiday"))  # a stranger; one seen once
    assert told(list(chosen.pairs)) == [
        ("0001_c1_a", "0001_c2_a", True),
        ("0002_c1_a", "0002_c2_a", True),
        ("0003_c1_a", "0003_c2_a", True),
        ("0001_c1_a", "0002_c2_a", False),
        ("0002_c1_a", "0003_c2_a", False),
        ("0003_c1_a", "0001_c2_a", False),
    ]
    assert "3 of the 3 persons seen by two cameras" in chosen.rule
    assert told(list(choose_pairs(paths(*people), most=2).pairs)) == [
        ("0001_c1_a", "0001_c2_a", True),
        ("0002_c1_a", "0002_c2_a", True),
        ("0001_c1_a", "0002_c2_a", False),
        ("0002_c1_a", "0001_c2_a", False),
    ]
    assert [pair.same for pair in choose_pairs(paths(*people), most=1).pairs] == [True]


def test_within_one_camera_the_first_two_pictures_are_taken() -> None:
    people = [f"000{person}_c1_{shot}" for person in (1, 2, 3) for shot in "abc"]
    chosen = choose_pairs(paths(*people), most=1)
    assert told(list(chosen.pairs)) == [("0001_c1_a", "0001_c1_b", True)] and "first two pictures" in chosen.rule


def test_names_that_tell_nothing_need_a_table() -> None:
    with pytest.raises(UserError, match="name the pairs with --pairs FILE, or give at most 8"):
        choose_pairs(paths(*(f"holiday{number}" for number in range(9))))


def test_pictures_are_gathered_once_in_natural_order(tmp_path: Path) -> None:
    for name in ("p_10.jpg", "p_2.jpg", ".hidden.jpg", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "below").mkdir()
    gathered = gather_images([tmp_path / "p_10.jpg", tmp_path, tmp_path / "below" / ".." / "p_2.jpg"])
    assert [path.name for path in gathered] == ["p_10.jpg", "p_2.jpg"]
    for named, said in (
        ([tmp_path / "below"], "no pictures in the folder"),
        ([tmp_path / "p_1.jpg"], "p_1.jpg is missing"),
        ([tmp_path / "p_2.jpg"] * 2, "a pair needs two pictures"),
    ):
        with pytest.raises(UserError, match=said):
            gather_images(named)


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    places = [tmp_path / name for name in ("x/0001_c1.jpg", "x/0001_c2.jpg", "y/0001_c1.jpg", "x/me.jpg")]
    for place in places:
        place.parent.mkdir(exist_ok=True)
        place.touch()
    return places


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_table_of_pairs(mark: str, pictures: list[Path], tmp_path: Path) -> None:
    lines = [
        "b,note,A,same",
        "0001_c2.jpg,hm,x/0001_c1.jpg,",
        "me.jpg,,0001_c2.jpg,Yes",
        ",,,",
        "me.jpg,,x/0001_c1.jpg,no",
    ]
    lines.append(f"me.jpg,,{pictures[2]}")
    (tmp_path / "pairs.csv").write_text("\n".join(lines).replace(",", mark), encoding="utf-8-sig")
    chosen = read_pairs(tmp_path / "pairs.csv", pictures)
    one, two, other, me = pictures
    assert chosen.pairs == [Pair(one, two, True), Pair(two, me, True), Pair(one, me, False), Pair(other, me, None)]
    assert chosen.rule == "those of pairs.csv"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("img1,img2\n", "has no column a and no column b; the first line must be a,b or a,b,same"),
        ("", "has no column a and no column b"),
        ("a,c\nme.jpg,me.jpg\n", "has no column b"),
        ("a,b\n", "names no pairs"),
        ("a,b\nme.jpg,mee.jpg\n", "line 2: mee.jpg is none of the pictures of --images; did you mean 'me.jpg'"),
        ("a,b\nme.jpg\n", "line 2: a pair needs two pictures"),
        ("a,b\nme.jpg,me.jpg\n", "with itself is no pair"),
        ("a,b\nme.jpg,0001_c1.jpg\n", "several pictures are called 0001_c1.jpg; write its path"),
        ("a,b,same\nme.jpg,0001_c2.jpg,perhaps\n", "line 2: same is 'perhaps'; write yes, no or nothing"),
    ],
)
def test_a_wrong_table_is_told_in_a_line(text: str, said: str, pictures: list[Path], tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text(text)
    with pytest.raises(UserError) as caught:
        read_pairs(tmp_path / "pairs.csv", pictures)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_what_is_no_table_is_refused(pictures: list[Path], tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    for file, said in (
        (tmp_path / "picture.png", "is no CSV file"),
        (tmp_path / "none.csv", "no such file"),
        (tmp_path, "directory"),
    ):
        with pytest.raises(UserError, match=said):
            read_pairs(file, pictures)


@given(st.integers(1, 6), st.integers(2, 9), st.integers(0, 2**32 - 1))
def test_the_measures_are_those_of_ranking_and_order_alike(pairs: int, dimension: int, seed: int) -> None:
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
