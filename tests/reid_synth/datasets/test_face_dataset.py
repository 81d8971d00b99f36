"""Face datasets on disk: counts, splits, determinism, no overwriting."""

import hashlib
from pathlib import Path

import cv2
import pytest

from learning_reid.datasets.layouts import open_dataset, recognize_dataset
from learning_reid.errors import UserError
from reid_synth.datasets.face_dataset import FacePlan, write_faces

PLAN = FacePlan(train_people=3, test_people=2, images_each=5)


def digest(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return hashlib.sha256(
        b"".join(f.relative_to(folder).as_posix().encode() + f.read_bytes() for f in files)
    ).hexdigest()


@pytest.fixture(scope="module")
def faces(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("faces") / "set"
    calls: list[None] = []
    assert write_faces(folder, PLAN, seed=2, done=lambda: calls.append(None)) == PLAN.images == len(calls) == 25
    return folder


def test_the_dataset_is_read_as_csv_with_its_splits(faces):
    crops = open_dataset("csv", faces)
    assert recognize_dataset(faces) == "csv" and not crops.notes
    assert {split: len(crops.subset(split)) for split in ("train", "query", "gallery")} == {
        "train": 15,
        "query": 4,
        "gallery": 6,
    }
    trained = {sample.person_id for sample in crops.subset("train")}
    queried = {sample.person_id for sample in crops.subset("query")}
    assert queried == {sample.person_id for sample in crops.subset("gallery")} and not trained & queried
    for sample in crops.samples:
        assert sample.path.parent.name == sample.person_id and f"_c{sample.camera_id}s1_" in sample.path.name
        image = cv2.imread(str(sample.path))
        assert image is not None and image.shape == (112, 112, 3)


def test_every_query_has_a_true_match_in_the_other_camera(faces):
    crops = open_dataset("csv", faces)
    for query in crops.subset("query"):
        matches = [
            s for s in crops.subset("gallery") if s.person_id == query.person_id and s.camera_id != query.camera_id
        ]
        assert matches


def test_same_seed_gives_the_same_bytes(faces, tmp_path):
    write_faces(tmp_path / "again", PLAN, seed=2)
    write_faces(tmp_path / "other", PLAN, seed=3)
    assert digest(tmp_path / "again") == digest(faces) != digest(tmp_path / "other")


def test_an_existing_dataset_is_never_overwritten(faces, tmp_path):
    with pytest.raises(UserError, match="already contains"):
        write_faces(faces, PLAN, seed=2)
    (tmp_path / "half" / "train").mkdir(parents=True)  # left by an interrupted run
    with pytest.raises(UserError, match="already contains"):
        write_faces(tmp_path / "half", PLAN, seed=2)


def test_an_interrupted_run_leaves_no_table(tmp_path):
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_faces(tmp_path / "stopped", PLAN, seed=2, done=stop)
    assert not (tmp_path / "stopped" / "labels.csv").exists()


def test_an_unwritable_folder_is_reported_in_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written") as problem:
        write_faces(tmp_path / "file" / "faces", PLAN, seed=2)
    assert len(str(problem.value).splitlines()) == 1


@pytest.mark.parametrize("numbers", [(0, 0, 5), (-1, 3, 5), (3, 3, 3), (3, 3, 0)])
def test_invalid_plans_are_refused(numbers):
    with pytest.raises(UserError):
        FacePlan(*numbers)
