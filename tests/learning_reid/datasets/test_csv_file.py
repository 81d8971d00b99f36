"""Reading and writing tables of labels."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning_reid.datasets.csv_file import read_csv, write_csv
from learning_reid.datasets.findings import Findings
from learning_reid.datasets.layouts import open_dataset, recognize_dataset
from learning_reid.datasets.sample import CropDataset, Sample
from learning_reid.errors import UserError
from tests.learning_reid.datasets.dataset_files import write_images

IMAGES = ["a.jpg", "b.jpg", "sub/c.jpg"]


def table(folder: Path, text: str | bytes, name: str = "labels.csv") -> Path:
    write_images(folder, IMAGES)
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def labels(crops: CropDataset) -> list[tuple[str, str | None, str, str]]:
    root = crops.root if crops.root.is_dir() else crops.root.parent
    return [
        (sample.path.relative_to(root).as_posix(), sample.person_id, sample.camera_id, sample.split)
        for sample in crops.samples
    ]


PLAIN = "img_path,person_id\na.jpg,007\nsub/c.jpg,7\n"
READ = [("a.jpg", "007", "", "unsplit"), ("sub/c.jpg", "7", "", "unsplit")]


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r"),
        PLAIN.rstrip("\n"),
        b"\xef\xbb\xbf" + PLAIN.encode(),
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", "\t"),
        PLAIN.replace(",", " , "),
        PLAIN + "\n,\n",
        PLAIN.replace("a.jpg", '"a.jpg"'),
        PLAIN.replace("sub/", "sub\\"),
        PLAIN.replace("sub/", "./sub/"),
        'person_id,note,img_path\n007,x,a.jpg\n7,"a, b\nc",sub/c.jpg\n',
    ],
    ids=[
        "unix",
        "windows",
        "old mac",
        "no last line end",
        "bom",
        "semicolons",
        "tabs",
        "spaces",
        "empty lines",
        "quoted",
        "backslash",
        "dot",
        "other columns",
    ],
)
def test_variants_of_the_same_table(tmp_path: Path, text: str | bytes) -> None:
    crops = open_dataset("csv", table(tmp_path, text))
    assert labels(crops) == READ and crops.notes == ()


def test_cameras_splits_and_distractors(tmp_path: Path) -> None:
    text = "img_path,person_id,camera_id,split\na.jpg,Anna,c1,query\nb.jpg,Anna,zwei,gallery\nsub/c.jpg,,c1,gallery\n"
    assert labels(open_dataset("csv", table(tmp_path, text))) == [
        ("a.jpg", "Anna", "c1", "query"),
        ("b.jpg", "Anna", "zwei", "gallery"),
        ("sub/c.jpg", None, "c1", "gallery"),
    ]


HEAD = "img_path,person_id,camera_id,split\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("img_path,camera_id\na.jpg,1\n", r"has no column person_id \(its columns: img_path, camera_id\)"),
        ("path,id\na.jpg,1\n", r"no column img_path and no column person_id \(its columns: path, id\)"),
        ("", "none, it is empty"),
        (
            HEAD + "a.jpg,1,,\n/etc/passwd,1,,\n",
            r"path is absolute or leaves the folder of the CSV file: 1, such as line 3 \(/etc/passwd\)",
        ),
        (HEAD + "../a.jpg,1,,\n", r"leaves the folder of the CSV file: 1, such as line 2 \(\.\./a.jpg\)"),
        (HEAD + "sub/../../a.jpg,1,,\n", "leaves the folder of the CSV file: 1, such as line 2"),
        (HEAD + "..\\a.jpg,1,,\n", "leaves the folder of the CSV file: 1, such as line 2"),
        (HEAD + "C:\\a.jpg,1,,\n", "leaves the folder of the CSV file: 1, such as line 2"),
        (HEAD + "a.jpg,,,\n", "without a person_id: 1, such as line 2"),
        (HEAD + "a.jpg,,,query\n", "without a person_id: 1, such as line 2"),
        (HEAD + ",1,,\n", "without an img_path: 1, such as line 2"),
        (HEAD + "a.jpg,1,,\nx.jpg,1,,\ny.jpg,1,,\nsub,1,,\n", r"image is missing: 3, such as line 3 \(x.jpg\)"),
        (
            HEAD + "a.jpg,1,,test\n",
            r"unknown split: 1, such as line 2 \('test'\); .* write query or gallery instead of test",
        ),
        (
            HEAD + "a.jpg,1,,\na.jpg,2,,\n",
            r"contradict an earlier row of the same image: 1, such as line 3 \(a.jpg\)",
        ),
        (HEAD + "a.jpg,1,c1,query\na.jpg,1,c2,gallery\n", "contradict an earlier row"),
        (HEAD + "a\0b/c.jpg,1,,\n", "image is missing: 1, such as line 2"),
        (HEAD + "a.jpg,1\n", "more or fewer values than columns: 1, such as line 2"),
        (HEAD.encode() + "a.jpg,Jürgen,,\n".encode("latin-1"), 'not UTF-8 text; save it as "CSV UTF-8"'),
        (HEAD + 'a.jpg,"1' + "x" * 200_000, "is not a CSV file"),
        ("img_path,person_id,box_x1,box_y1,box_x2,box_y2\na.jpg,1,0,0,x,9\n", "an invalid box: 1, such as line 2"),
        ("img_path,person_id,box_x1,box_y1,box_x2,box_y2\na.jpg,1,5,0,5,9\n", "an invalid box: 1, such as line 2"),
        ("img_path,person_id,box_x1,box_y1,box_x2,box_y2\na.jpg,1,nan,0,5,9\n", "an invalid box: 1, such as line 2"),
    ],
)
def test_each_mistake_gives_one_line(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(UserError, match=message) as raised:
        open_dataset("csv", table(tmp_path, text))
    assert ("\n" not in str(raised.value) and "labels.csv" in str(raised.value)) or str(tmp_path) in str(raised.value)


def test_images_may_be_links_to_another_place(tmp_path: Path) -> None:
    root = table(tmp_path / "set", HEAD + "link.jpg,1,,\naway/a.jpg,1,,\nbroken.jpg,1,,\n")
    write_images(tmp_path / "blobs", ["a.jpg"])
    (root / "link.jpg").symlink_to(tmp_path / "blobs/a.jpg")
    (root / "away").symlink_to(tmp_path / "blobs")
    (root / "broken.jpg").symlink_to(tmp_path / "blobs/not_fetched.jpg")
    found = Findings()
    assert [sample.path.name for sample in read_csv(root, found)] == ["link.jpg", "a.jpg"]
    assert [(finding.code, finding.count) for finding in found] == [("csv-missing", 1)]


def test_accented_paths_are_found_however_they_are_encoded(tmp_path: Path) -> None:
    composed, decomposed = "Andr\u00e9.jpg", "Andre\u0301.jpg"
    root = table(tmp_path, HEAD + f"{composed},1,,\nsub/{decomposed},1,,\n")
    write_images(root, [decomposed, f"sub/{composed}"])
    assert len(open_dataset("csv", root).samples) == 2


@pytest.mark.parametrize("junk", ["-1", "-1.0", "\N{MINUS SIGN}1", "-01"])
def test_person_minus_one_is_junk(tmp_path: Path, junk: str) -> None:
    crops = open_dataset("csv", table(tmp_path, HEAD + f"a.jpg,1,,\nb.jpg,{junk},,\n"))
    assert [sample.person_id for sample in crops.samples] == ["1"]
    assert crops.notes == ("junk images (person -1) left out: 1; as in the dataset's protocol",)


def test_the_root_may_be_a_link(tmp_path: Path) -> None:
    table(tmp_path / "set", PLAIN)
    (tmp_path / "link").symlink_to(tmp_path / "set")
    assert len(open_dataset("csv", tmp_path / "link").samples) == 2


def test_reading_continues_after_invalid_rows(tmp_path: Path) -> None:
    found = Findings()
    samples = read_csv(table(tmp_path, HEAD + "x.jpg,1,,\na.jpg,1,,\nb.jpg,,,\nsub/c.jpg,2,,no\n"), found)
    assert [sample.path.name for sample in samples] == ["a.jpg"]
    assert {finding.code for finding in found} == {"csv-missing", "csv-person", "csv-split"}


def test_a_repeated_row_counts_once(tmp_path: Path) -> None:
    crops = open_dataset("csv", table(tmp_path, HEAD + "a.jpg,1,,\na.jpg,1,,\n"))
    assert len(crops.samples) == 1 and "repeated rows, counted once: 1" in crops.notes[0]


def test_one_image_may_be_query_and_gallery(tmp_path: Path) -> None:
    assert len(open_dataset("csv", table(tmp_path, HEAD + "a.jpg,1,,query\na.jpg,1,,gallery\n")).samples) == 2


def test_rows_without_a_split_among_others_are_reported(tmp_path: Path) -> None:
    crops = open_dataset("csv", table(tmp_path, HEAD + "a.jpg,1,,query\nb.jpg,1,,\n"))
    assert "without a split, which are not used: 1" in crops.notes[0]


def test_choice_of_the_table_in_a_folder(tmp_path: Path) -> None:
    root = table(tmp_path, PLAIN, "one.csv")
    assert len(open_dataset("csv", root).samples) == 2 and recognize_dataset(root) == "csv"
    table(tmp_path, "img_path,person_id\nb.jpg,1\n", "two.csv")
    with pytest.raises(UserError, match=r"several CSV files \(one.csv, two.csv\)"):
        open_dataset("csv", root)
    assert len(open_dataset("csv", root / "two.csv").samples) == 1
    table(tmp_path, "img_path,person_id\n")
    with pytest.raises(UserError, match="no labeled image"):
        open_dataset("csv", root)  # labels.csv comes first, and holds none


def test_a_hundred_thousand_rows(tmp_path: Path) -> None:
    root = table(tmp_path, HEAD)
    count = 100_000
    for number in range(10):
        (root / f"{number}").mkdir()
    paths = [f"{number % 10}/{number}.jpg" for number in range(count)]
    for path in paths[:2000]:  # the rest are named and missing: a hundred thousand files would be slow to make
        (root / path).touch()
    rows = "".join(f"{path},{number % 997},{number % 6},\n" for number, path in enumerate(paths))
    (root / "labels.csv").write_text(HEAD + rows)
    found = Findings()
    samples = read_csv(root, found)
    assert len(samples) == 2000
    assert [(finding.code, finding.count) for finding in found] == [("csv-missing", count - 2000)]
    assert next(iter(found)).examples[0] == "line 2002 (0/2000.jpg)"


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=8)
CORNER = st.floats(0, 1000, width=32)


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(IMAGES),
            TEXT,
            st.one_of(st.just(""), TEXT),
            st.sampled_from(["train", "query", "gallery", "unsplit"]),
            st.one_of(st.none(), st.tuples(CORNER, CORNER)),
        ),
        min_size=1,
        max_size=6,
        unique_by=lambda row: (row[0], row[4]),
    )
)
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, rows: list) -> None:
    root = write_images(tmp_path_factory.mktemp("csv"), IMAGES)
    samples = [
        Sample(root / path, person, camera, split, box and (box[0], box[1], box[0] + 5.5, box[1] + 9.25))
        for path, person, camera, split, box in rows
    ]
    crops = open_dataset("csv", write_csv(samples, root / "labels.csv"))
    assert list(crops.samples) == samples


def test_round_trip_of_a_distractor(tmp_path: Path) -> None:
    samples = (Sample(write_images(tmp_path, ["a.jpg"]) / "a.jpg", None, "1", "gallery"),)
    write_csv(samples, tmp_path / "t.csv")
    assert open_dataset("csv", tmp_path).samples == samples


def test_an_existing_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("mine")
    with pytest.raises(UserError, match="already exists and is not replaced"):
        write_csv([], tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == "mine"


def test_samples_that_cannot_be_written(tmp_path: Path) -> None:
    sample = Sample(tmp_path / "images/a.jpg", "1", "")
    with pytest.raises(UserError, match="is not inside"):
        write_csv([sample], tmp_path / "elsewhere/t.csv")
    with pytest.raises(UserError, match="begins or ends with a space"):
        write_csv([Sample(tmp_path / "a.jpg", "1 ", "")], tmp_path / "t.csv")
    with pytest.raises(UserError, match="cannot be written"):
        write_csv([], tmp_path / "none/t.csv")
    with pytest.raises(UserError, match="is not UTF-8 text; rename that file or folder"):
        write_csv([Sample(tmp_path / "a.jpg", "1", ""), Sample(tmp_path / "b\udcff.jpg", "2", "")], tmp_path / "t.csv")
    assert not list(tmp_path.iterdir())
