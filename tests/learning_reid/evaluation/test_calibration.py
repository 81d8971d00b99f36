"""Thresholds chosen on one half of the identities and measured on the other."""

import numpy as np
import pytest

from learning_reid.datasets.query_gallery_split import split_query_gallery
from learning_reid.datasets.retrieval_task import RetrievalTask
from learning_reid.errors import UserError
from learning_reid.evaluation.calibration import calibrate
from learning_reid.metrics.verification import eer
from tests.learning_reid.datasets.test_retrieval_task import crops_of, task_of

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


def test_a_higher_false_alarm_rate_finds_more() -> None:
    task = task_of(crops_of(60), noise=0.8)
    strict, loose = (calibrate(task, far, 2 * far, **OPTIONS)[0] for far in (0.02, 0.2))
    assert strict.pair_threshold < loose.pair_threshold and strict.search_threshold < loose.search_threshold
    assert strict.pair_tar < loose.pair_tar and strict.search_dir <= loose.search_dir


def test_calibration_of_one_camera() -> None:
    task = task_of(crops_of(40, cameras=1), noise=0.5, all_as_queries=True)
    point, pairs = calibrate(task, 0.05, 0.2, **OPTIONS, same_camera=True)
    assert len(pairs.genuine) == 20 * 2 and point.pair_tar > 0.5
    with pytest.raises(UserError, match="0 genuine and 0 impostor pairs.* across cameras"):
        calibrate(task, 0.05, 0.2, **OPTIONS)


@pytest.mark.parametrize(
    ("people", "fars", "message"),
    [
        (3, (0.1, 0.1), "3 query persons; a threshold needs at least 4"),
        (8, (1e-4, 0.2), "--far 0.0001 means one in 10000"),
        (8, (0.1, 0.01), "--search-far 0.01 means one in 100, but there are only 8 searches"),
    ],
)
def test_too_few_people_are_reported(people: int, fars: tuple[float, float], message: str) -> None:
    with pytest.raises(UserError, match=message) as error:
        calibrate(task_of(crops_of(people), 0.3), *fars, **OPTIONS)
    assert "\n" not in str(error.value)


def test_equal_embeddings_give_no_threshold() -> None:
    split = split_query_gallery(crops_of(20))
    task = RetrievalTask(split, np.ones((40, 4), np.float32), np.ones((40, 4), np.float32), "euclidean")
    with pytest.raises(UserError, match="no threshold separates them"):
        calibrate(task, 0.05, 0.1, **OPTIONS)
