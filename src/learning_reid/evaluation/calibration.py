"""Choose the distance up to which two crops count as one person, and say what the choice is worth.

The persons are divided in two: the first half chooses, the second half measures. A threshold tested on the people who
chose it always looks better than it is.
"""

from typing import SupportsFloat

import numpy as np

from learning_reid.datasets.retrieval_task import RetrievalTask
from learning_reid.embedding.operating_point import OperatingPoint
from learning_reid.errors import UserError
from learning_reid.metrics.matches import find_matches
from learning_reid.metrics.protocol import PROTOCOLS
from learning_reid.metrics.verification import PairDistances, eer, far_at_tar, threshold_at_far


def calibrate(
    task: RetrievalTask,
    pair_far: float,
    search_far: float,
    *,
    embedder: str,
    weights_sha256: str,
    data: str,
    same_camera: bool = False,
    seed: int = 0,
) -> tuple[OperatingPoint, PairDistances]:
    """Choose both thresholds of a model.

    Args:
        task: labelled people that the network was not trained on; features of unit length.
        pair_far: wanted share of the impostor pairs accepted.
        search_far: wanted share of the searches for an absent person that are answered.
        embedder: the network's name, to be kept.
        weights_sha256: of its weights, to be kept.
        data: name and fingerprint of the data, to be kept.
        same_camera: for finding people again within one camera instead of across cameras.
        seed: of the division of the persons.

    Returns:
        The operating point, and the pairs of the measuring half, for a picture.

    Raises:
        UserError: too few persons, or too few pairs to tell so small a rate from none.
    """
    persons = np.setdiff1d(np.unique(task.split.query_labels.person), task.split.training_persons())
    if len(persons) < 4:
        root = task.split.dataset.root
        raise UserError(f"{root}: {len(persons)} persons ask; a threshold needs at least 4, better 100")
    order = np.random.default_rng(seed).permutation(persons)
    halves = order[: len(order) // 2], order[len(order) // 2 :]
    choosing, measuring = (task.select_persons(half) for half in halves)
    pairs, searches = choosing.pairs(same_camera), PairDistances.of(*_searches(choosing, same_camera))
    pair_threshold = _threshold(pairs, pair_far, "--far", "impostor pairs")
    search_threshold = _threshold(searches, search_far, "--search-far", "searches")
    if not np.isfinite([pair_threshold, search_threshold]).all():
        raise UserError(
            "the network finds strangers as alike as can be, no threshold tells them apart; check the weights"
        )
    held_out = measuring.pairs(same_camera)
    found, alarm = _searches(measuring, same_camera)
    point = OperatingPoint(
        embedder=embedder,
        weights_sha256=weights_sha256,
        metric=task.metric,
        pair_threshold=pair_threshold,
        search_threshold=search_threshold,
        pair_far_wanted=pair_far,
        pair_far=_rounded(held_out.far(pair_threshold)),
        pair_tar=_rounded(held_out.tar(pair_threshold)),
        fpr_at_95=_rounded(far_at_tar(held_out.genuine, held_out.impostor)),
        eer=_rounded(eer(held_out.genuine, held_out.impostor)[0]),
        search_far_wanted=search_far,
        search_far=_rounded(np.mean(alarm <= search_threshold)),
        search_dir=_rounded(np.mean((found < alarm) & (found <= search_threshold))),
        gallery=len(measuring.split.gallery),
        persons=[len(half) for half in halves],
        data=data,
        seed=seed,
    )
    return point, held_out


def _threshold(pairs: PairDistances, far: float, option: str, what: str) -> float:
    if far * len(pairs.impostor) < 1 - 1e-9:
        raise UserError(
            f"{option} {far:g} means one in {1 / far:.0f}, and there are only {len(pairs.impostor)} {what} to choose "
            f"by; give more people or a larger {option}"
        )
    return _rounded(threshold_at_far(pairs.genuine, pairs.impostor, far))


def _searches(task: RetrievalTask, same_camera: bool) -> tuple[np.ndarray, np.ndarray]:
    """Of each query the distance of its nearest true picture, and of the nearest picture once its person is gone."""
    protocol = PROTOCOLS["single-camera" if same_camera else "market1501"]
    matches = find_matches(task.distance_rows(), task.split.query_labels, task.split.gallery_labels, protocol)
    nearest = matches.match_index == 0
    return matches.distance[nearest], matches.nearest_negative[matches.trial[nearest]]


def _rounded(value: SupportsFloat) -> float:
    return round(float(value), 6)
