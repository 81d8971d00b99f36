"""Features without pictures."""

import numpy as np
import pytest

from reid_synth.datasets.features import FeaturePlan, make_features


def test_the_world_is_as_described() -> None:
    world = FeaturePlan(persons=5, cameras=3, shots=2, strangers=4, dimension=8)
    features, person, camera, asks = make_features(world)
    assert features.shape == (5 * 3 * 2 + 4, 8) and features.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(features, axis=1), 1, rtol=1e-5)
    assert (person == -1).sum() == 4 and not asks[person == -1].any()
    for one in range(5):
        assert sorted(camera[person == one]) == [0, 0, 1, 1, 2, 2]
        assert sorted(camera[(person == one) & asks]) == [0, 1, 2]


def test_the_seed_decides_everything() -> None:
    first, again, other = (make_features(FeaturePlan(seed=seed))[0] for seed in (1, 1, 2))
    assert (first == again).all() and (first != other).any()


@pytest.mark.parametrize(
    ("easier", "harder"), [({"noise": 0.2}, {"noise": 2.0}), ({"camera_shift": 0.0}, {"camera_shift": 2.0})]
)
def test_noise_and_cameras_part_a_person_from_itself(easier: dict, harder: dict) -> None:
    def apart(world: FeaturePlan) -> float:
        features, person, camera, _ = make_features(world)
        alike = features @ features.T
        same = (person[:, None] == person) & (person >= 0) & (camera[:, None] != camera)
        return float(alike[(person[:, None] != person)].mean() - alike[same].mean())

    assert apart(FeaturePlan(persons=30, strangers=0, **easier)) < apart(FeaturePlan(persons=30, strangers=0, **harder))
