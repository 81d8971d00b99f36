"""Who asks, who answers, under which numbers; features; thresholds chosen and measured on different people."""

from pathlib import Path

import numpy as np
import pytest

from learning_reid.datasets.embeddings import embed_samples, sample_name, load_embeddings, save_embeddings
from learning_reid.datasets.layouts import open_dataset
from learning_reid.datasets.sample import CropDataset, Sample
from learning_reid.datasets.query_gallery_split import split_query_gallery
from learning_reid.datasets.retrieval_task import RetrievalTask, create_retrieval_task
from learning_reid.errors import UserError
from learning_reid.evaluation.calibration import calibrate
from learning_reid.metrics.verification import eer
from tests.learning_reid.datasets.crop_making import write_market

ROOT = Path("/data")


def crops_of(people: int, cameras: int = 2, shots: int = 2, **changes: object) -> CropDataset:
    samples = [
        Sample(ROOT / f"{person}_{camera}_{shot}.jpg", f"p{person}", str(camera), **changes)
        for person in range(people)
        for camera in range(1, cameras + 1)
        for shot in range(shots)
    ]
    return CropDataset("folder", ROOT, samples)


def task_of(crops: CropDataset, noise: float, everybody: bool = False, seed: int = 0) -> RetrievalTask:
    """A network whose features are a point for each person and noise."""
    contest = split_query_gallery(crops, everybody=everybody)
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((len(contest.persons), 16))
    persons = contest.all_labels.person
    own = rng.standard_normal((contest.all_labels.image.max() + 1, 16))[contest.all_labels.image]
    return create_retrieval_task(contest, centres[persons] + noise * own, "euclidean")


def test_numbers_stand_for_the_names_on_both_sides(tmp_path: Path) -> None:
    contest = split_query_gallery(open_dataset("market1501", write_market(tmp_path)))
    for samples, labels in ((contest.query, contest.query_labels), (contest.gallery, contest.gallery_labels)):
        for sample, person, camera in zip(samples, labels.person, labels.camera, strict=True):
            assert contest.cameras[camera] == sample.camera_id
            assert (person < 0) if sample.person_id is None else contest.persons[person] == sample.person_id
    assert len(set(contest.all_labels.image)) == len(contest.samples)  # nobody asks and answers at once


def test_everybody_asks_everybody_where_nothing_is_split() -> None:
    crops = crops_of(3)
    contest = split_query_gallery(crops, everybody=True)
    assert list(contest.query) == list(contest.gallery) == list(crops.samples)
    assert (contest.query_labels.image == contest.gallery_labels.image).all()
    assert {sample.camera_id for sample in split_query_gallery(crops).query} == {"1"}
    assert {sample.camera_id for sample in split_query_gallery(crops, ["2"], everybody=True).query} == {"2"}


def test_features_are_divided_by_their_length_unless_raw() -> None:
    contest = split_query_gallery(crops_of(3))
    features = np.random.default_rng(0).standard_normal((len(contest.samples), 8)) * 7
    np.testing.assert_allclose(
        np.linalg.norm(create_retrieval_task(contest, features, "cosine").all_features, axis=1), 1, rtol=1e-6
    )
    np.testing.assert_array_equal(create_retrieval_task(contest, features, "cosine", raw=True).all_features, features)


def test_people_of_the_training_part_take_no_part_in_pairs() -> None:
    crops = crops_of(4)
    trained = Sample(ROOT / "t.jpg", "p1", "1", "train")
    tested = [
        Sample(s.path, s.person_id, s.camera_id, "query" if s.camera_id == "1" else "gallery") for s in crops.samples
    ]
    task = task_of(CropDataset("folder", ROOT, [*tested, trained]), noise=0.1)
    assert [task.split.persons[n] for n in task.split.training_persons()] == ["p1"]
    pairs = task.pairs()
    assert (len(pairs.genuine), len(pairs.impostor)) == (3 * 2 * 2, 3 * 2 * 2 * 2)


def test_one_person_makes_no_pairs_to_tell_apart() -> None:
    with pytest.raises(UserError, match="0 impostor pairs.* across cameras"):
        task_of(crops_of(1), 0.1).pairs()


class Counting:
    """An embedder that describes a crop by its mean colours, and counts."""

    dimension = 3

    def __init__(self) -> None:
        self.seen = 0

    def __call__(self, crops: list[np.ndarray]) -> np.ndarray:
        self.seen += len(crops)
        return np.array([crop.mean(axis=(0, 1)) for crop in crops], np.float32)


def test_a_picture_that_asks_and_answers_is_embedded_once(tmp_path: Path) -> None:
    crops = open_dataset("market1501", write_market(tmp_path))
    samples, network = [*crops.samples, *crops.samples[:3]], Counting()
    features = embed_samples(samples, network)
    assert network.seen == len(crops.samples)
    np.testing.assert_array_equal(features[-3:], features[:3])
    save_embeddings(tmp_path / "f.npz", samples, features, crops)
    np.testing.assert_array_equal(load_embeddings(tmp_path / "f.npz", samples[::-1], crops), features[::-1])
    assert sample_name(crops.samples[0], crops).startswith("bounding_box_train/")


def test_a_network_that_answers_with_zeros_is_told(tmp_path: Path) -> None:
    crops = open_dataset("market1501", write_market(tmp_path))
    broken = Counting()
    broken.__class__ = type("Broken", (Counting,), {"__call__": lambda self, crops: np.zeros((len(crops), 3))})
    with pytest.raises(UserError, match="the network: the features of .* are all zero"):
        embed_samples(crops.samples, broken)


OPTIONS = {"embedder": "osnet_x0_25", "weights_sha256": "abc", "data": "folder abc"}


def test_one_half_chooses_and_the_other_measures() -> None:
    task = task_of(crops_of(60), noise=0.5)
    point, pairs = calibrate(task, 0.05, 0.2, **OPTIONS)
    assert point.persons == [30, 30] and point.metric == "euclidean"
    assert len(pairs.genuine) == 30 * 2 * 2 and len(pairs.impostor) == 30 * 29 * 2 * 2
    assert point.pair_far == pytest.approx(float(pairs.far(point.pair_threshold)), abs=1e-6)
    assert point.pair_tar == pytest.approx(float(pairs.tar(point.pair_threshold)), abs=1e-6)
    assert point.eer == pytest.approx(eer(pairs.genuine, pairs.impostor)[0], abs=1e-6)
    assert point.pair_far == pytest.approx(0.05, abs=0.03) and point.search_far == pytest.approx(0.2, abs=0.15)
    assert point.pair_tar > 0.7 and point.search_dir > 0.4
    assert calibrate(task, 0.05, 0.2, **OPTIONS)[0] == point
    assert calibrate(task, 0.05, 0.2, **OPTIONS, seed=1)[0].pair_threshold != point.pair_threshold


def test_more_false_alarms_allowed_find_more() -> None:
    task = task_of(crops_of(60), noise=0.8)
    strict, loose = (calibrate(task, far, 2 * far, **OPTIONS)[0] for far in (0.02, 0.2))
    assert strict.pair_threshold < loose.pair_threshold and strict.search_threshold < loose.search_threshold
    assert strict.pair_tar < loose.pair_tar and strict.search_dir <= loose.search_dir


def test_one_camera_can_be_calibrated_for_itself() -> None:
    task = task_of(crops_of(40, cameras=1), noise=0.5, everybody=True)
    point, pairs = calibrate(task, 0.05, 0.2, **OPTIONS, same_camera=True)
    assert len(pairs.genuine) == 20 * 2 and point.pair_tar > 0.5
    with pytest.raises(UserError, match="0 genuine and 0 impostor pairs.* across cameras"):
        calibrate(task, 0.05, 0.2, **OPTIONS)


@pytest.mark.parametrize(
    ("people", "fars", "said"),
    [
        (3, (0.1, 0.1), "3 persons ask; a threshold needs at least 4"),
        (8, (1e-4, 0.2), "--far 0.0001 means one in 10000"),
        (8, (0.1, 0.01), "--search-far 0.01 means one in 100, and there are only 8 searches"),
    ],
)
def test_too_few_people_are_told(people: int, fars: tuple[float, float], said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        calibrate(task_of(crops_of(people), 0.3), *fars, **OPTIONS)
    assert "\n" not in str(caught.value)


def test_a_network_that_sees_no_difference_gets_no_threshold() -> None:
    contest = split_query_gallery(crops_of(20))
    blind = RetrievalTask(contest, np.ones((40, 4), np.float32), np.ones((40, 4), np.float32), "euclidean")
    with pytest.raises(UserError, match="no threshold tells them apart"):
        calibrate(blind, 0.05, 0.1, **OPTIONS)
