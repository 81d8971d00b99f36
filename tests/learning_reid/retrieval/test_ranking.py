"""Ranks against sorted(), and which detections are ranked and rejected."""

import numpy as np
import pytest

from learning_reid.retrieval.person_detections import PersonDetections
from learning_reid.retrieval.ranking import rank_later_detections, ranks_within


def make_detections(frames: list[int], embeddings: np.ndarray) -> PersonDetections:
    frame = np.array(frames)
    return PersonDetections(
        frame=frame,
        detection=np.array([frames[:i].count(f) for i, f in enumerate(frames)]),
        boxes_xyxy=np.zeros((len(frames), 4), np.float32),
        score=np.ones(len(frames), np.float32),
        embeddings=np.asarray(embeddings, np.float32),
        frames_read=np.unique(frame),
    )


@pytest.mark.parametrize("seed", range(5))
def test_ranks_equal_sorting_with_ties_in_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    distances, groups = np.round(rng.random(50), 1), rng.integers(0, 6, 50)
    order = sorted(range(50), key=lambda i: (distances[i], i))
    assert ranks_within(distances, np.zeros(50)).tolist() == [order.index(i) + 1 for i in range(50)]
    expected = []
    for i in range(50):
        rivals = [j for j in order if groups[j] == groups[i]]
        expected.append(rivals.index(i) + 1)
    assert ranks_within(distances, groups).tolist() == expected


def test_only_later_frames_are_ranked() -> None:
    detections = make_detections([0, 1, 1, 2, 3], [[0, 0], [0, 1], [0, 2], [0, 5], [0, 3]])
    ranking = rank_later_detections(detections, query=1)
    assert ranking.rows.tolist() == [3, 4]  # neither earlier frames nor the query's own
    assert ranking.distances.tolist() == [4, 2]
    assert (ranking.rank.tolist(), ranking.rank_in_frame.tolist(), ranking.best_match) == ([2, 1], [1, 1], 1)
    assert ranking.nearest_first.tolist() == [1, 0]


def test_a_duplicate_keeps_the_order_of_the_others() -> None:
    rng = np.random.default_rng(4)
    embeddings = rng.normal(size=(9, 8))
    once = rank_later_detections(make_detections([0, 1, 1, 2, 2, 3, 3, 4, 4], embeddings), 0)
    twice = rank_later_detections(
        make_detections([0, 1, 1, 2, 2, 3, 3, 4, 4, 5], np.vstack([embeddings, embeddings[3]])), 0
    )
    assert twice.rank[-1] == twice.rank[2] + 1  # a tie: the later detection comes second
    order = [i for i in twice.nearest_first.tolist() if i != 8]
    assert order == once.nearest_first.tolist()


def test_a_rejected_match_keeps_its_rank() -> None:
    detections = make_detections([0, 1, 2], [[0, 0], [0, 3], [0, 2]])
    for reject_above, best, accepted in ((None, 1, [True, True]), (2.0, 1, [False, True]), (1.9, None, [False, False])):
        ranking = rank_later_detections(detections, 0, reject_above=reject_above)
        assert (ranking.best_match, ranking.accepted.tolist()) == (best, accepted)
        assert ranking.rank.tolist() == [2, 1]
