"""Datasets in the Market-1501 layout: names, splits, tables, determinism, changed clothes, invalid plans."""

import csv
import re
from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from learning_reid.datasets.doctor import check_dataset
from learning_reid.datasets.layouts import open_dataset
from learning_reid.errors import UserError
from reid_synth.datasets.market import (
    GALLERY,
    QUERY,
    TRAIN,
    MarketPlan,
    people_with_changed_clothes,
    sample_market_people,
    write_market,
)
from reid_synth.worker_pool import WorkerPool

PLAN = MarketPlan(train_people=5, test_people=6, cameras=3, crops_per_camera=2, distractors=4, junk=3)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def table(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def market(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("market")
    calls: list[None] = []
    assert write_market(folder, PLAN, seed=1, done=lambda: calls.append(None)) == PLAN.images == len(calls) == 73
    return folder


def test_the_layout_of_market1501(market):
    files = {name: sorted(path.name for path in (market / name).iterdir()) for name in (TRAIN, QUERY, GALLERY)}
    assert all(re.fullmatch(r"(-1|\d{4})_c[1-3]s1_\d{6}_01\.jpg", name) for names in files.values() for name in names)
    people = {name: {file.split("_")[0] for file in names} for name, names in files.items()}
    assert len(files[TRAIN]) == 5 * 3 * 2
    assert len(files[QUERY]) == 6 * 3  # one crop of each test person from each camera
    assert people[QUERY] == people[GALLERY] - {"0000", "-1"} == {f"{number:04d}" for number in range(6, 12)}
    assert not people[TRAIN] & people[GALLERY]
    assert sum(name.startswith("0000_") for name in files[GALLERY]) == 4
    assert sum(name.startswith("-1_") for name in files[GALLERY]) == 3
    assert cv2.imread(str(market / QUERY / files[QUERY][0])).shape == (128, 64, 3)
    frames = [name.split("_")[1:3] for names in files.values() for name in names]
    assert len({tuple(frame) for frame in frames}) == PLAN.images  # one crop per camera and frame


def test_the_dataset_doctor_finds_no_problem(market):
    report = check_dataset(market)
    assert report.dataset == "market1501" and {finding.severity for finding in report.findings} == {"note"}


def test_the_table_equals_the_file_names(market):
    named, written = open_dataset("market1501", market), open_dataset("csv", market)
    assert {(s.path, s.person_id, s.camera_id, s.split) for s in named.samples} == {
        (s.path, s.person_id, s.camera_id, s.split) for s in written.samples
    }


def test_attributes_have_a_row_for_each_person(market):
    rows = table(market / "attributes.csv")
    assert [row["person_id"] for row in rows] == [f"{number:04d}" for number in range(1, 12)]
    assert all(all(row.values()) for row in rows) and "top" in rows[0]


@pytest.mark.slow
def test_same_seed_gives_the_same_bytes_with_any_number_of_workers(market, tmp_path):
    with WorkerPool(2) as pool:
        write_market(tmp_path / "again", PLAN, seed=1, pool=pool)
    write_market(tmp_path / "other", replace(PLAN, distractors=0, junk=0), seed=2)
    again, other = contents(tmp_path / "again"), contents(tmp_path / "other")
    assert again == contents(market)
    assert not set(again.values()) & set(other.values())


@pytest.mark.slow
def test_clothes_change_in_the_second_half_of_the_cameras(tmp_path):
    plan = replace(PLAN, train_people=0, test_people=8, cameras=2, change_clothes=0.5, distractors=0, junk=0)
    people, changed = sample_market_people(plan, 3), people_with_changed_clothes(plan, 3)
    assert len(changed) == 4
    for index, person in changed.items():
        assert person.top != people[index].top and person.height_m == people[index].height_m
    write_market(tmp_path / "changed", plan, 3)
    write_market(tmp_path / "kept", replace(plan, change_clothes=0.0), 3)
    one, other = contents(tmp_path / "changed"), contents(tmp_path / "kept")
    differ = {name for name in one if name.endswith(".jpg") and one[name] != other[name]}
    for index in changed:
        of_person = {name for name in one if f"/{index + 1:04d}_" in name}
        assert {name for name in of_person if "_c2s" in name} == differ & of_person
    changed_ids = {row["person_id"] for row in table(tmp_path / "changed/attributes.csv") if row["changed_top"]}
    assert changed_ids == {f"{index + 1:04d}" for index in changed}
    assert not any(key.startswith("changed_") for key in table(tmp_path / "kept/attributes.csv")[0])


def test_a_folder_with_files_is_refused(market):
    before = contents(market)
    with pytest.raises(UserError, match="already contains files"):
        write_market(market, PLAN, seed=2)
    assert contents(market) == before


def test_an_unwritable_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot be written"):
        write_market(tmp_path / "file", PLAN, seed=2)


def test_the_dataset_doctor_warns_of_a_single_camera(tmp_path):
    write_market(tmp_path / "one", replace(PLAN, train_people=0, test_people=2, cameras=1, junk=0), seed=1)
    findings = check_dataset(tmp_path / "one").findings
    assert [finding.code for finding in findings if finding.severity != "note"] == ["one-camera"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"train_people": 0, "test_people": 0}, "0 people: a crop dataset needs 2 or more"),
        ({"train_people": 9_000, "test_people": 1_000}, "10,000 people are too many for file names with four digits"),
        ({"near_copies": 1.5}, "near_copies between 0 and 1"),
        ({"spread": -1.0}, "a spread of 0 or more"),
        ({"streets": 0}, "1 street or more"),
        ({"train_people": -1}, "use at least 0 and 1"),
        ({"test_people": 0}, "use at least 0 and 1"),
        ({"cameras": 0}, "use 1 or more"),
        ({"crops_per_camera": 1}, "use 2 or more"),
        ({"junk": -1}, "use 0 or more"),
        ({"change_clothes": 1.5}, "change_clothes between 0 and 1"),
    ],
)
def test_invalid_plans_are_refused(wrong, message):
    with pytest.raises(UserError, match=message):
        replace(PLAN, **wrong)
