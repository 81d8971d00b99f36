"""Reading pairs from a CSV file."""

from pathlib import Path

import pytest

from learning_reid.datasets.pairs import ImagePair, LabeledImages, name_label, read_pairs
from learning_reid.errors import UserError


@pytest.fixture
def images(tmp_path: Path) -> LabeledImages:
    places = [tmp_path / name for name in ("x/0001_c1.jpg", "x/0001_c2.jpg", "y/0001_c1.jpg", "x/me.jpg")]
    for place in places:
        place.parent.mkdir(exist_ok=True)
        place.touch()
    return {place: name_label(place) for place in places}


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_table_of_pairs(mark: str, images: LabeledImages, tmp_path: Path) -> None:
    lines = [
        "b,note,A,same",
        "0001_c2.jpg,hm,x/0001_c1.jpg,",
        "me.jpg,,0001_c2.jpg,Yes",
        ",,,",
        "me.jpg,,x/0001_c1.jpg,no",
    ]
    lines.append(f"me.jpg,,{list(images)[2]}")
    (tmp_path / "pairs.csv").write_text("\n".join(lines).replace(",", mark), encoding="utf-8-sig")
    chosen = read_pairs(tmp_path / "pairs.csv", images)
    one, two, other, me = images
    assert chosen.pairs == [
        ImagePair(one, two, True),
        ImagePair(two, me, True),
        ImagePair(one, me, False),
        ImagePair(other, me, None),
    ]
    assert chosen.rule == "those of pairs.csv"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "img1,img2\n",
            "has no column a and no column b (its columns: img1, img2); the first line must be a,b or a,b,same",
        ),
        ("", "has no column a and no column b"),
        ("a,c\nme.jpg,me.jpg\n", "has no column b"),
        ("a,b\n", "contains no pairs"),
        ("a,b\nme.jpg,mee.jpg\n", "line 2: mee.jpg is not one of the images of --images; did you mean 'me.jpg'"),
        ("a,b\nme.jpg\n", "line 2: a pair needs two images"),
        ("a,b\nme.jpg,me.jpg\n", "me.jpg is paired with itself"),
        ("a,b\nme.jpg,0001_c1.jpg\n", "several images are called 0001_c1.jpg; write its path"),
        ("a,b,same\nme.jpg,0001_c2.jpg,perhaps\n", "line 2: same is 'perhaps'; write yes, no or nothing"),
    ],
)
def test_invalid_tables_give_one_line(text: str, message: str, images: LabeledImages, tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text(text)
    with pytest.raises(UserError) as error:
        read_pairs(tmp_path / "pairs.csv", images)
    assert message in str(error.value) and "\n" not in str(error.value)


def test_files_that_are_not_tables(images: LabeledImages, tmp_path: Path) -> None:
    (tmp_path / "image.png").write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    for file, message in (
        (tmp_path / "image.png", "is not UTF-8 text"),
        (tmp_path / "none.csv", "no such file"),
        (tmp_path, "directory"),
    ):
        with pytest.raises(UserError, match=message):
            read_pairs(file, images)
