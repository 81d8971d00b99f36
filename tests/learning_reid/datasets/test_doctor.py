"""Problems that `check_dataset` finds, each reported once with a count."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from learning_reid.datasets.doctor import DatasetReport, SplitCounts, check_dataset
from learning_reid.datasets.findings import SEVERITIES
from learning_reid.errors import UserError
from reid_synth.datasets.market import MarketPlan
from reid_synth.datasets.market import write_market as write_synthetic_market
from tests.learning_reid.datasets.dataset_files import write_image, write_images, write_market

HEALTHY = [
    "bounding_box_train/0001_c1s1_000001_00.jpg",
    "bounding_box_train/0001_c2s1_000001_00.jpg",
    "query/0002_c1s1_000001_00.jpg",
    "query/0003_c2s1_000001_00.jpg",
    "bounding_box_test/0002_c2s1_000001_00.jpg",
    "bounding_box_test/0003_c1s1_000001_00.jpg",
]


def codes(report: DatasetReport, but: tuple[str, ...] = ("junk", "distractors")) -> dict[str, tuple[str, int]]:
    return {finding.code: (finding.severity, finding.count) for finding in report.findings if finding.code not in but}


def test_a_dataset_without_problems(tmp_path: Path) -> None:
    report = check_dataset(write_images(tmp_path, HEALTHY))
    assert report.findings == () and (report.dataset, report.is_recognized, report.cameras) == (
        "market1501",
        True,
        ("1", "2"),
    )
    assert report.counts == (
        SplitCounts("train", 2, 1, 2, 0),
        SplitCounts("query", 2, 2, 2, 0),
        SplitCounts("gallery", 2, 2, 2, 0),
        SplitCounts("all", 6, 3, 2, 0),
    )


def copy(source: str, target: str) -> Callable[[Path], object]:
    return lambda root: shutil.copy(root / source, root / target)


def image(name: str, height: int = 40, width: int = 20) -> Callable[[Path], object]:
    return lambda root: write_image(root / name, height, width)


def damage(name: str, content: bytes | int) -> Callable[[Path], object]:
    def change(root: Path) -> None:
        file = root / name
        file.write_bytes(content if isinstance(content, bytes) else file.read_bytes()[:content])

    return change


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (image("query/0009_c1s1_000001_00.jpg"), {"query-only": ("warning", 1)}),
        (image("bounding_box_test/0009_c1s1_000001_00.jpg"), {"one-camera-identities-test": ("warning", 1)}),
        (image("bounding_box_train/0009_c1s1_000001_00.jpg"), {"one-camera-identities-train": ("warning", 1)}),
        (
            image("bounding_box_train/0002_c3s1_000001_00.jpg"),
            {"train-and-test": ("error", 1), "one-camera-identities-train": ("warning", 1)},
        ),
        (damage("query/0002_c1s1_000001_00.jpg", b""), {"unreadable": ("error", 1)}),
        (damage("query/0002_c1s1_000001_00.jpg", b"no image"), {"unreadable": ("error", 1)}),
        (damage("query/0002_c1s1_000001_00.jpg", 500), {"unreadable": ("error", 1)}),
        (copy(HEALTHY[0], "bounding_box_train/0001_c1s1_000002_00.jpg"), {"copies": ("note", 1)}),
        (copy(HEALTHY[2], "query/0003_c1s1_000002_00.jpg"), {"copies-of-two-people": ("error", 1)}),
        (
            copy(HEALTHY[2], "bounding_box_test/0002_c3s1_000002_00.jpg"),
            {"copies-across-query-and-gallery": ("warning", 1)},
        ),
        (copy(HEALTHY[4], "bounding_box_test/-1_c3s1_000002_00.jpg"), {}),
        (image("query/holiday.jpg"), {"wrong-name": ("warning", 1)}),
        (image("query/0002_c2s1_1_1.png", 15, 8), {"tiny": ("warning", 1)}),
        (image("query/0002_c2s1_1_1.png", 4100, 1000), {"huge": ("warning", 1)}),
        (image("query/0002_c2s1_1_1.png", 16, 33), {"odd-shape": ("warning", 1)}),
        (image("query/0002_c2s1_1_1.png", 97, 16), {"odd-shape": ("warning", 1)}),
        (image("query/0002_c2s1_1_1.png", 96, 16), {}),
        (image("query/0002_c2s1_1_1.png", 16, 32), {}),
        (lambda root: [shutil.rmtree(root / "query"), (root / "query").mkdir()], {"no-query": ("error", 0)}),
        (
            lambda root: [shutil.rmtree(root / "bounding_box_test"), (root / "bounding_box_test").mkdir()],
            {"no-gallery": ("error", 0)},
        ),
        (lambda root: (root / "query/notes.txt").touch(), {"not-a-picture": ("note", 1)}),
        (lambda root: (root / "query/Thumbs.db").touch(), {}),
    ],
)
def test_each_problem_alone(tmp_path: Path, change: Callable[[Path], object], found: dict) -> None:
    change(write_images(tmp_path, HEALTHY))
    report = check_dataset(tmp_path)
    assert codes(report) == found
    for finding in report.findings:
        assert finding.advice and len(finding.examples) <= 3


def test_people_of_train_in_a_test_folder_without_query(tmp_path: Path) -> None:
    write_images(
        tmp_path, [f"{split}/{person}/{shot}_c1.jpg" for split in ("train", "test") for person in "ab" for shot in "12"]
    )
    report = check_dataset(tmp_path)
    assert report.dataset == "splits" and codes(report)["train-and-test"] == ("error", 2)


def test_copies_in_train_and_test_of_one_person(tmp_path: Path) -> None:
    write_images(tmp_path, HEALTHY)
    shutil.copy(tmp_path / HEALTHY[2], tmp_path / "bounding_box_train/0002_c1s1_000001_00.jpg")
    assert codes(check_dataset(tmp_path))["copies-across-train-and-test"] == ("error", 1)


def test_files_of_equal_size_are_compared_by_content(tmp_path: Path) -> None:
    write_images(tmp_path, [f"000{person}_c{camera}_1.bmp" for person in (1, 2) for camera in (1, 2)])
    assert set(codes(check_dataset(tmp_path))) == {"no-split"}


def test_one_camera_only(tmp_path: Path) -> None:
    report = check_dataset(write_images(tmp_path, ["Anna/1.jpg", "Anna/2.jpg", "Ben/1.jpg"]))
    assert codes(report) == {"one-camera": ("warning", 0), "no-split": ("note", 0)}
    assert any("--protocol single-camera" in finding.advice for finding in report.findings)
    assert report.cameras == ("",)


def test_without_a_split_the_query_camera_is_reported(tmp_path: Path) -> None:
    names = [f"{person:04d}_c{camera}_1.jpg" for camera in (10, 9) for person in (1, 2)]
    report = check_dataset(write_images(tmp_path, names))
    assert [finding.advice for finding in report.findings] == [
        "`evaluate` uses camera 9 as query and the others as gallery; choose with --query-camera"
    ]


def test_all_mistakes_of_a_table_are_reported(tmp_path: Path) -> None:
    write_images(tmp_path, ["a.jpg", "b.jpg"])
    rows = [
        "img_path,person_id,camera_id",
        "a.jpg,1,1",
        "b.jpg,1,2",
        "none.jpg,1,1",
        "../out.jpg,2,1",
        "a.jpg,,1",
        "a.jpg,9,1",
    ]
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    report = check_dataset(tmp_path)
    assert codes(report) == {
        "csv-missing": ("error", 1),
        "csv-outside": ("error", 1),
        "csv-person": ("error", 1),
        "csv-contradiction": ("error", 1),
        "one-identity": ("error", 1),
        "no-split": ("note", 0),
    }
    assert report.counts[-1] == SplitCounts("all", 2, 1, 2, 0)


def test_suspicious_names_of_identities(tmp_path: Path) -> None:
    names = ["7", "007", "Anna", "anna", "nan", "8"]
    folders = [f"{name}/{camera}/{name}{camera}.jpg" for name in names for camera in (1, 2)]
    report = check_dataset(write_images(tmp_path, folders), "identities")
    assert codes(report, but=("no-split",)) == {"ids-alike": ("warning", 2), "no-name": ("warning", 1)}


def test_one_identity_and_training_images_only(tmp_path: Path) -> None:
    write_images(tmp_path, ["a.jpg", "b.jpg"])
    (tmp_path / "labels.csv").write_text("img_path,person_id,camera_id,split\na.jpg,1,1,train\nb.jpg,1,2,train\n")
    assert codes(check_dataset(tmp_path)) == {"one-identity": ("error", 1), "only-train": ("warning", 0)}


def test_a_table_without_valid_rows(tmp_path: Path) -> None:
    write_images(tmp_path, ["a.jpg"])
    (tmp_path / "labels.csv").write_text("img_path,person_id\nnone.jpg,1\n")
    report = check_dataset(tmp_path / "labels.csv")
    assert report.counts == (SplitCounts("all", 0, 0, 0, 0),) and set(codes(report)) == {"csv-missing"}


def test_the_size_of_boxes_is_checked_not_of_frames(tmp_path: Path) -> None:
    for number in range(1, 12):
        write_image(tmp_path / f"View_001/{number:02d}.png", 60, 300, like="the camera stood still")
    (tmp_path / "gt.txt").write_text("1,1,0,0,20,40,1\n1,2,5,5,8,20,1\n11,1,0,0,50,20,1\n11,2,290,0,40,40,1\n")
    report = check_dataset(tmp_path)
    assert codes(report, but=("one-camera", "no-split", "every-nth-frame")) == {
        "tiny": ("warning", 2),  # eight wide; and forty of which ten are inside
        "odd-shape": ("warning", 1),
        "equal-frames": ("note", 1),
    }


def test_findings_are_ordered_by_severity(tmp_path: Path) -> None:
    write_market(tmp_path, clutter=True)
    for number in range(5, 1, -1):
        write_image(tmp_path / f"query/000{number}0_c1s1_1_1.jpg")
    (tmp_path / "query/00020_c1s1_1_1.jpg").write_bytes(b"")
    report = check_dataset(tmp_path)
    assert report == check_dataset(tmp_path)
    assert [finding.severity for finding in report.findings] == sorted(
        (f.severity for f in report.findings), key=SEVERITIES.index
    )
    only = next(finding for finding in report.findings if finding.code == "query-only")
    assert only.examples == ("00020", "00030", "00040") and only.count == 4


def test_undecodable_names_do_not_break_the_report(tmp_path: Path) -> None:
    write_images(tmp_path, HEALTHY)
    for name in (b"two\nlines.jpg", b"no\xfftext.jpg"):
        (tmp_path / "query" / os.fsdecode(name)).write_bytes(b"")
    wrong = next(finding for finding in check_dataset(tmp_path).findings if finding.code == "wrong-name")
    assert wrong.examples == ("query/no?text.jpg", "query/two?lines.jpg")
    assert "".join(wrong.examples).encode()


def test_a_synthetic_dataset_has_no_problems(tmp_path: Path) -> None:
    write_synthetic_market(
        tmp_path / "market", MarketPlan(3, 3, cameras=2, crops_per_camera=2, distractors=2, junk=1), seed=5
    )
    report = check_dataset(tmp_path)
    assert codes(report) == {}
    assert report.counts[1:] == (
        SplitCounts("query", 6, 3, 2, 0),
        SplitCounts("gallery", 8, 3, 2, 2),
        SplitCounts("all", 26, 6, 2, 2),
    )


def test_the_json_report(tmp_path: Path) -> None:
    report = check_dataset(write_market(tmp_path, clutter=True), "market1501")
    written = json.loads(json.dumps(report.to_dict()))
    assert written["dataset"] == "market1501" and not written["guessed"]
    assert written["rows"][0] == {"split": "train", "pictures": 4, "identities": 2, "cameras": 3, "strangers": 0}
    assert {"code", "severity", "what", "advice", "count", "examples"} == set(written["findings"][0])


@pytest.mark.parametrize("name", [None, "csv"])
def test_a_root_that_is_not_a_dataset(tmp_path: Path, name: str | None) -> None:
    (tmp_path / "letter.txt").write_text("hello")
    with pytest.raises(UserError):
        check_dataset(tmp_path / "letter.txt", name)


def test_the_real_crops(real_data: Path) -> None:
    report = check_dataset(real_data / "crops/pku_reid")
    assert report.counts[-1] == SplitCounts("all", 592, 37, 2, 0)
    assert codes(report) == {"no-split": ("note", 0), "copies": ("note", 1)}  # two orientations of 0085 are one file
