"""Synthetic camera views on disk: images, ground truth and calibration agree, and every reader accepts them."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from learning_reid.datasets.layouts import open_dataset, recognize_dataset
from learning_reid.frames.mot import MotTable, read_mot
from learning_reid.frames.sources import open_frames
from learning_reid.frames.synthetic_views import view_names, write_views
from reid_synth.datasets.presets import PRESETS, adjust_preset
from reid_synth.worker_pool import WorkerPool

PRESET, SEED = adjust_preset(PRESETS["tiny"], frames=14), 3
VIEWS = ["View_001", "View_002"]


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> tuple[Path, dict[str, MotTable]]:
    folder = tmp_path_factory.mktemp("views")
    frames_done: list[None] = []
    truths = write_views(folder, PRESET, SEED, WorkerPool(), done=lambda: frames_done.append(None))
    assert view_names(PRESET.world) == list(truths) == VIEWS and len(frames_done) == 28
    return folder, truths


@pytest.mark.slow
def test_images_and_truth_equal_the_world(written) -> None:
    folder, truths = written
    for index, name in enumerate(VIEWS):
        view, truth = PRESET.make_world(SEED).view(index), read_mot(folder / name / "gt.txt")
        assert np.allclose(truth.boxes_xyxy, truths[name].boxes_xyxy, atol=0.01)
        assert [path.name for path in sorted((folder / name).glob("*.jpg"))] == [
            f"frame_{n:04d}.jpg" for n in range(14)
        ]
        for frame in open_frames(folder / name):
            image, ids, boxes, visibility = view.render(frame.index)
            rows = truth.at(frame.index)
            assert rows.person_id.tolist() == ids.tolist() and np.allclose(rows.boxes_xyxy, boxes, atol=0.01)
            assert (rows.score == (visibility >= 0.2)).all()
            assert np.abs(frame.image.astype(int) - image).mean() < 5  # JPEG is lossy


def test_views_show_the_same_people(written) -> None:
    seen = [set(truth.person_id[truth.score > 0].tolist()) for truth in written[1].values()]
    assert seen[0] & seen[1]
    crops = open_dataset("mot", written[0])
    assert recognize_dataset(written[0]) == "mot" and {sample.camera_id for sample in crops.samples} == set(VIEWS)


def test_the_map_homography_projects_people_to_their_feet(written) -> None:
    folder, truths = written
    world = PRESET.make_world(SEED)
    for name in VIEWS:
        calibration = yaml.safe_load((folder / name / "calibration.yml").read_text())
        assert (calibration["width"], calibration["height"]) == (768, 576)
        assert open_frames(folder / name).frames_per_second == calibration["frames_per_second"]
        homography = np.array(calibration["map_homography"])
        for frame, person, box in zip(truths[name].frame, truths[name].person_id, truths[name].boxes_xyxy, strict=True):
            if box[0] > 0 and box[2] < 768:
                trip = next(trip for trip in world.trips if trip.person_id == person)
                place = trip.at(frame / calibration["frames_per_second"]).ground_xy
                u, v, depth = homography @ (*place, 1.0)
                assert box[0] - 10 < u / depth < box[2] + 10 and abs(v / depth - box[3]) < 10


def test_the_timetable_names_person_and_view(written) -> None:
    lines = (written[0] / "timetable.tsv").read_text().splitlines()
    assert lines[0].split("\t") == ["person_id", "view", "enters_s", "leaves_s"]
    for line in lines[1:]:
        person, view, enters, leaves = line.split("\t")
        assert int(person) > PRESET.crops.train_people and view in VIEWS and float(enters) <= float(leaves)


@pytest.mark.slow
def test_the_bytes_do_not_depend_on_the_worker_pool(written, tmp_path: Path) -> None:
    with WorkerPool(2) as pool:
        write_views(tmp_path, PRESET, SEED, pool)
    files = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {
        path.relative_to(written[0]): path.read_bytes() for path in written[0].rglob("*") if path.is_file()
    }


def test_the_pipeline_runs_on_a_view(written, tmp_path: Path) -> None:
    from learning_reid.config.schema import Settings
    from learning_reid.pipeline import run_pipeline

    settings = Settings.model_validate(
        {
            "input": {
                "frames_path": str(written[0] / "View_002"),
                "truth": str(written[0] / "View_002/gt.txt"),
                "query_frame": 2,
                "query_detection": 0,
            },
            "detector": {"name": "mot_file", "weights": str(written[0] / "View_002/gt.txt")},
            "embedder": {"name": "osnet_x0_25", "weights": "embedded"},
            "output": {"folder": str(tmp_path / "out")},
        }
    )
    assert not run_pipeline(settings).stopped_early
    assert (tmp_path / "out/annotated.mp4").stat().st_size > 0


def test_presets_give_the_same_world_twice() -> None:
    one, other = (PRESETS["tiny"].make_world(9) for _ in range(2))
    assert [trip.at(7.0).ground_xy.tolist() for trip in one.trips] == [
        trip.at(7.0).ground_xy.tolist() for trip in other.trips
    ]
