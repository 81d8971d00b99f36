"""Embeddings joined with a split, and pairs of identities outside the training split."""

from pathlib import Path

import numpy as np
import pytest

from learning_reid.datasets.query_gallery_split import split_query_gallery
from learning_reid.datasets.retrieval_task import RetrievalTask, create_retrieval_task
from learning_reid.datasets.sample import CropDataset, Sample
from learning_reid.errors import UserError

ROOT = Path("/data")


def crops_of(people: int, cameras: int = 2, shots: int = 2, **changes: object) -> CropDataset:
    samples = [
        Sample(ROOT / f"{person}_{camera}_{shot}.jpg", f"p{person}", str(camera), **changes)
        for person in range(people)
        for camera in range(1, cameras + 1)
        for shot in range(shots)
    ]
    return CropDataset("folder", ROOT, samples)


def task_of(crops: CropDataset, noise: float, all_as_queries: bool = False, seed: int = 0) -> RetrievalTask:
    """A task whose embeddings are one center per identity plus noise."""
    split = split_query_gallery(crops, all_as_queries=all_as_queries)
    rng = np.random.default_rng(seed)
    centers = rng.standard_normal((len(split.persons), 16))
    persons = split.all_labels.person
    own = rng.standard_normal((split.all_labels.image.max() + 1, 16))[split.all_labels.image]
    return create_retrieval_task(split, centers[persons] + noise * own, "euclidean")


def test_embeddings_are_normalized_unless_raw() -> None:
    split = split_query_gallery(crops_of(3))
    features = np.random.default_rng(0).standard_normal((len(split.samples), 8)) * 7
    np.testing.assert_allclose(
        np.linalg.norm(create_retrieval_task(split, features, "cosine").all_features, axis=1), 1, rtol=1e-6
    )
    np.testing.assert_array_equal(create_retrieval_task(split, features, "cosine", raw=True).all_features, features)


def test_pairs_exclude_training_identities() -> None:
    crops = crops_of(4)
    trained = Sample(ROOT / "t.jpg", "p1", "1", "train")
    tested = [
        Sample(s.path, s.person_id, s.camera_id, "query" if s.camera_id == "1" else "gallery") for s in crops.samples
    ]
    task = task_of(CropDataset("folder", ROOT, [*tested, trained]), noise=0.1)
    assert [task.split.persons[n] for n in task.split.training_persons()] == ["p1"]
    pairs = task.pairs()
    assert (len(pairs.genuine), len(pairs.impostor)) == (3 * 2 * 2, 3 * 2 * 2 * 2)


def test_pairs_need_two_identities() -> None:
    with pytest.raises(UserError, match="0 impostor pairs.* across cameras"):
        task_of(crops_of(1), 0.1).pairs()
