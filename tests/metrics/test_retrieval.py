"""Retrieval figures against torchreid's own evaluation, scikit-learn and a slow loop."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from src.metrics.retrieval import average_precision, retrieval_scores


def random_task(seed: int, queries: int = 40, gallery: int = 120, people: int = 12) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    query_ids, gallery_ids = rng.integers(0, people, queries), rng.integers(0, people + 3, gallery)
    distances = rng.random((queries, gallery)) + 0.3 * (query_ids[:, None] != gallery_ids[None])
    return distances, query_ids, gallery_ids, rng.integers(0, 3, queries), rng.integers(0, 3, gallery)


@pytest.mark.parametrize("seed", range(5))
def test_equals_torchreid(seed: int) -> None:
    from torchreid.reid.metrics.rank import eval_market1501

    task = random_task(seed)
    cmc, mean_ap = eval_market1501(*task, max_rank=20)
    ours = retrieval_scores(*task)
    np.testing.assert_allclose(
        [ours.rank1, ours.rank5, ours.rank10, ours.map], [cmc[0], cmc[4], cmc[9], mean_ap], atol=1e-6
    )


def slow_figures(task: tuple[np.ndarray, ...]) -> tuple[float, float, int]:
    """One query, one gallery picture, one comparison at a time."""
    distances, query_ids, gallery_ids, query_cameras, gallery_cameras = task
    first, precisions = [], []
    for q in range(len(query_ids)):
        rivals = []
        for g in range(len(gallery_ids)):
            if gallery_ids[g] != query_ids[q] or gallery_cameras[g] != query_cameras[q]:
                rivals.append((distances[q, g], g))
        answers = [gallery_ids[g] == query_ids[q] for _, g in sorted(rivals)]
        if not any(answers):
            continue
        first.append(answers.index(True))
        at_hits = [sum(answers[: i + 1]) / (i + 1) for i, hit in enumerate(answers) if hit]
        precisions.append(sum(at_hits) / len(at_hits))
    return float(np.mean([f == 0 for f in first])), float(np.mean(precisions)), len(first)


def test_ties_keep_the_order_of_the_gallery() -> None:
    distances, *rest = random_task(11)
    task = (np.round(distances, 1), *rest)  # many equal distances
    ours = retrieval_scores(*task)
    assert (ours.rank1, ours.map, ours.queries) == pytest.approx(slow_figures(task))


def test_average_precision_equals_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    for _ in range(10):
        hits = rng.random(30) < 0.3
        hits[rng.integers(30)] = True
        assert average_precision(hits) == pytest.approx(average_precision_score(hits, -np.arange(30)))


def test_queries_with_nobody_to_find_are_left_out_and_counted() -> None:
    # person 1 is only seen again by the query's own camera; person 2 is found at the second place
    distances = np.array([[0.1, 0.2, 0.3], [0.3, 0.1, 0.2]])
    scores = retrieval_scores(distances, [1, 2], [1, 3, 2], [1, 1], [1, 2, 2])
    assert (scores.queries, scores.queries_skipped) == (1, 1)
    assert (scores.rank1, scores.rank5, scores.map) == (0.0, 1.0, 0.5)


def test_only_the_order_of_the_distances_counts() -> None:
    distances, *rest = random_task(7)
    assert retrieval_scores(distances, *rest) == retrieval_scores(np.exp(3 * distances), *rest)


def test_what_cannot_be_ranked_is_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(1, 2\) for 1 queries × 3 gallery"):
        retrieval_scores(np.zeros((1, 2)), [1], [1, 2, 3], [1], [1, 1, 1])
    with pytest.raises(ValueError, match="NaN"):
        retrieval_scores(np.full((1, 1), np.nan), [1], [1], [1], [2])
    with pytest.raises(ValueError, match="a camera"):
        retrieval_scores(np.zeros((1, 1)), [1], [1], [], [2])


def test_an_empty_gallery_gives_no_figure() -> None:
    scores = retrieval_scores(np.zeros((2, 0)), [1, 2], [], [1, 1], [])
    assert np.isnan([scores.rank1, scores.rank10, scores.map]).all()
    assert (scores.queries, scores.queries_skipped) == (0, 2)
