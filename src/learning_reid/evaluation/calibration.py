"""Calibrate the distance up to which two crops count as one person.

The persons are split into two halves: the first chooses the threshold, the second measures it. A threshold measured on
the people who chose it always looks better than it is.
"""

from datetime import date
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
    """Choose the thresholds for pairs and for searches.

    Args:
        task: Labeled people that the network was not trained on; embeddings of unit length.
        pair_far: Maximum share of impostor pairs accepted.
        search_far: Maximum share of searches for an absent person that are not rejected.
        embedder: Name of the network, stored with the result.
        weights_sha256: Checksum of its weights, stored with the result.
        data: Name and fingerprint of the data, stored with the result.
        same_camera: Calibrate for one camera instead of across cameras.
        seed: Seed of the split of the persons.

    Returns:
        The operating point, and the pairs of the measuring half.

    Raises:
        UserError: There are too few persons, or too few pairs to measure so small a rate.
    """
    persons = np.setdiff1d(np.unique(task.split.query_labels.person), task.split.training_persons())
    if len(persons) < 4:
        root = task.split.dataset.root
        raise UserError(f"{root}: {len(persons)} query persons; a threshold needs at least 4, better 100")
    shuffled = np.random.default_rng(seed).permutation(persons)
    halves = shuffled[: len(shuffled) // 2], shuffled[len(shuffled) // 2 :]
    choosing, measuring = (task.select_persons(half) for half in halves)
    pairs = choosing.pairs(same_camera)
    searches = PairDistances.of(*_search_distances(choosing, same_camera))
    pair_threshold = _choose(pairs, pair_far, "--far", "impostor pairs")
    search_threshold = _choose(searches, search_far, "--search-far", "searches")
    if not np.isfinite([pair_threshold, search_threshold]).all():
        raise UserError(
            "different people have the smallest distance of all, so no threshold separates them; check the weights"
        )
    measured = measuring.pairs(same_camera)
    matched, negative = _search_distances(measuring, same_camera)
    point = OperatingPoint(
        embedder=embedder,
        weights_sha256=weights_sha256,
        metric=task.metric,
        pair_threshold=pair_threshold,
        search_threshold=search_threshold,
        pair_far_wanted=pair_far,
        pair_far=_round(measured.far(pair_threshold)),
        pair_tar=_round(measured.tar(pair_threshold)),
        fpr_at_95=_round(far_at_tar(measured.genuine, measured.impostor)),
        eer=_round(eer(measured.genuine, measured.impostor)[0]),
        search_far_wanted=search_far,
        search_far=_round(np.mean(negative <= search_threshold)),
        search_dir=_round(np.mean((matched < negative) & (matched <= search_threshold))),
        gallery=len(measuring.split.gallery),
        persons=[len(half) for half in halves],
        data=data,
        seed=seed,
        date=date.today().isoformat(),
    )
    return point, measured


def _choose(pairs: PairDistances, far: float, option: str, noun: str) -> float:
    if far * len(pairs.impostor) < 1 - 1e-9:
        raise UserError(
            f"{option} {far:g} means one in {1 / far:.0f}, but there are only {len(pairs.impostor)} {noun} to choose "
            f"from; give more people or a larger {option}"
        )
    return _round(threshold_at_far(pairs.genuine, pairs.impostor, far))


def _search_distances(task: RetrievalTask, same_camera: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return for each query the distance of its nearest true match and of its nearest negative."""
    protocol = PROTOCOLS["single-camera" if same_camera else "market1501"]
    matches = find_matches(task.distance_rows(), task.split.query_labels, task.split.gallery_labels, protocol)
    nearest = matches.match_index == 0
    return matches.distance[nearest], matches.nearest_negative[matches.trial[nearest]]


def _round(value: SupportsFloat) -> float:
    return round(float(value), 6)
