"""Postures: people who sit, bend, crouch and stand wide are whole, on the ground, and of another outline."""

import numpy as np
import pytest

from reid_synth.people.body import build_leg
from reid_synth.people.figure import build_figure
from reid_synth.people.person import sample_person
from reid_synth.people.poses import ArmPose, Pose, Posture, sample_posture

ARMS = (ArmPose(0.2, 0.4), ArmPose(0.2, 0.4))


def extent(posture: Posture | None) -> tuple[float, float, float]:
    """Return the lowest point, the highest one, and how far the figure reaches forward, meters."""
    parts = build_figure(sample_person(np.random.default_rng(4)), Pose(phase=0.0, gait_amplitude=0.0, posture=posture))
    points = np.array([point for part in parts for point in (part.start, part.end)])
    return points[:, 2].min(), points[:, 2].max(), points[:, 1].max()


def test_who_sits_or_bends_is_lower_and_reaches_farther_forward() -> None:
    _, standing, forward = extent(None)
    sitting = extent(Posture((1.5, 1.5), (1.5, 1.5), 0.0, 0.0, ARMS))
    bending = extent(Posture((0.0, 0.0), (0.1, 0.1), 0.0, 1.2, ARMS))
    assert sitting[1] < 0.85 * standing and bending[1] < 0.85 * standing
    assert sitting[2] > forward + 0.1 and bending[2] > forward + 0.2


@pytest.mark.parametrize("seed", range(8))
def test_a_sampled_posture_stands_on_the_ground(seed: int) -> None:
    posture = sample_posture(np.random.default_rng(seed))
    low, high, _ = extent(posture)
    assert -0.2 < low < 0.1 and 0.4 < high < 2.6
    assert posture == sample_posture(np.random.default_rng(seed))


def test_a_wide_stance_moves_the_feet_apart() -> None:
    person = sample_person(np.random.default_rng(4))
    wide = Pose(phase=0.0, posture=Posture((0.0, 0.0), (0.0, 0.0), 0.4, 0.0, ARMS))
    apart = [build_leg(person, pose, 1)[2].start[0] for pose in (Pose(phase=0.0), wide)]
    assert apart[1] > apart[0] + 0.2
