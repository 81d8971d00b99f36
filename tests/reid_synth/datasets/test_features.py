"""Synthetic embeddings."""

import numpy as np
import pytest

from reid_synth.datasets.features import FeaturePlan, make_features


def test_counts_and_split_follow_the_plan() -> None:
    plan = FeaturePlan(persons=5, cameras=3, images_per_camera=2, distractors=4, dimension=8)
    features, person, camera, is_query = make_features(plan)
    assert features.shape == (5 * 3 * 2 + 4, 8) and features.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(features, axis=1), 1, rtol=1e-5)
    assert (person == -1).sum() == 4 and not is_query[person == -1].any()
    for one in range(5):
        assert sorted(camera[person == one]) == [0, 0, 1, 1, 2, 2]
        assert sorted(camera[(person == one) & is_query]) == [0, 1, 2]


def test_embeddings_depend_on_the_seed() -> None:
    first, again, other = (make_features(FeaturePlan(seed=seed))[0] for seed in (1, 1, 2))
    assert (first == again).all() and (first != other).any()


@pytest.mark.parametrize(
    ("easier", "harder"), [({"noise": 0.2}, {"noise": 2.0}), ({"camera_shift": 0.0}, {"camera_shift": 2.0})]
)
def test_noise_and_camera_shift_make_it_harder(easier: dict, harder: dict) -> None:
    def separation(plan: FeaturePlan) -> float:
        features, person, camera, _ = make_features(plan)
        alike = features @ features.T
        same = (person[:, None] == person) & (person >= 0) & (camera[:, None] != camera)
        return float(alike[(person[:, None] != person)].mean() - alike[same].mean())

    assert separation(FeaturePlan(persons=30, distractors=0, **easier)) < separation(
        FeaturePlan(persons=30, distractors=0, **harder)
    )
