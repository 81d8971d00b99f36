"""Poses: phase of the gait, arms and head."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from reid_synth.people.person import Person

Gesture = Literal["swing", "phone", "call", "pockets", "crossed", "carry", "wave", "push", "hold", "pull"]


@dataclass(frozen=True)
class ArmPose:
    """Joint angles of one arm, radians: upper arm forward, elbow bent, upper arm outward, forearm inward."""

    swing: float
    bend: float
    outward: float = 0.14
    inward: float = 0.0


@dataclass(frozen=True)
class Posture:
    """Legs and trunk of a person who sits, bends, crouches or takes a wide stance. Angles in radians.

    Attributes:
        hips: Left and right thigh, forward from hanging straight down.
        knees: Left and right knee, bent.
        spread: Both thighs outward.
        bow: Trunk forward.
        arms: Left and right arm.
    """

    hips: tuple[float, float]
    knees: tuple[float, float]
    spread: float
    bow: float
    arms: tuple[ArmPose, ArmPose]


@dataclass(frozen=True)
class Pose:
    """What changes from image to image.

    Attributes:
        phase: Phase of the gait cycle, radians; 2π is two steps.
        gait_amplitude: 0 stands, 1 walks, above 1.3 runs.
        head_turn: Radians, positive to the person's left.
        gestures: Gestures of the left and the right arm.
        elbow: Elbow bend of a swinging arm, radians.
        posture: Replaces gait and gestures; None walks or stands.
    """

    phase: float
    gait_amplitude: float = 1.0
    head_turn: float = 0.0
    gestures: tuple[Gesture, Gesture] = ("swing", "swing")
    elbow: float = 0.25
    posture: Posture | None = None

    def arm(self, side: int, arm_swing: float) -> ArmPose:
        """Return the pose of the left (+1) or right (-1) arm."""
        if self.posture is not None:
            return self.posture.arms[0 if side > 0 else 1]
        gesture = self.gestures[0 if side > 0 else 1]
        if gesture != "swing":
            return _FIXED_ARMS[gesture]
        phase = self.phase + (np.pi if side > 0 else 0.0)  # arms swing opposite to the legs
        bend = 1.4 if self.gait_amplitude > 1.3 else self.elbow
        return ArmPose(arm_swing * self.gait_amplitude * float(np.sin(phase)) + 0.05, bend)


_FIXED_ARMS: dict[Gesture, ArmPose] = {
    "phone": ArmPose(0.45, 1.55, 0.1, 0.35),  # in front of the chest
    "call": ArmPose(0.35, 2.25, 0.25, 0.3),  # at the ear
    "pockets": ArmPose(-0.12, 0.55, 0.32, 0.45),
    "crossed": ArmPose(0.42, 1.35, 0.12, 1.1),
    "carry": ArmPose(0.2, 1.35, 0.1, 0.25),
    "wave": ArmPose(2.2, 0.7, 0.35, 0.1),
    "push": ArmPose(0.55, 0.6, 0.1, 0.1),
    "hold": ArmPose(0.25, 1.75, 0.1, 0.1),  # umbrella handle
    "pull": ArmPose(-0.4, 0.1, 0.12, 0.0),  # trolley handle
}
_TWO_ARM_GESTURES: tuple[tuple[Gesture, float], ...] = (
    ("swing", 0.72),
    ("pockets", 0.09),
    ("crossed", 0.06),
    ("carry", 0.06),
)
_ONE_ARM_GESTURES: tuple[tuple[Gesture, float], ...] = (
    ("phone", 0.03),
    ("call", 0.02),
    ("wave", 0.01),
    ("pockets", 0.01),
)


def sample_pose(person: Person, phase: float, gait_amplitude: float, rng: np.random.Generator) -> Pose:
    """Sample head and arms of a person who walks or stands."""
    names = [*(name for name, _ in _TWO_ARM_GESTURES), *(name for name, _ in _ONE_ARM_GESTURES)]
    weights = np.array([*(weight for _, weight in _TWO_ARM_GESTURES), *(weight for _, weight in _ONE_ARM_GESTURES)])
    index = int(rng.choice(len(names), p=weights / weights.sum()))
    side = int(rng.integers(2))
    gestures: list[Gesture] = ["swing", "swing"]
    if index < len(_TWO_ARM_GESTURES):
        gestures = [names[index], names[index]]
    else:
        gestures[side] = names[index]
    bag_hand, other_hand = (0, 1) if person.bag_side > 0 else (1, 0)
    if person.bag in ("handbag", "tote"):
        gestures[bag_hand] = "swing"
    if person.bag == "trolley":
        gestures[bag_hand] = "pull"
    if person.carried == "umbrella":
        gestures[other_hand] = "hold"
    if person.carried == "pram":
        gestures = ["push", "push"]
    return Pose(
        phase=phase,
        gait_amplitude=gait_amplitude,
        head_turn=float(np.clip(rng.normal(0, 0.25), -0.8, 0.8)),
        gestures=(gestures[0], gestures[1]),
        elbow=float(rng.uniform(0.1, 0.45)),
    )


def sample_posture(rng: np.random.Generator) -> Posture:
    """Sample how a person sits, bends down, crouches, or takes a wide stance as in sports."""
    kind = int(rng.choice(4, p=[0.3, 0.2, 0.12, 0.38]))
    arms = _sample_arm(rng), _sample_arm(rng)
    if kind == 3:  # wide stance, some with a raised arm
        front, back = rng.uniform(0.2, 0.9), rng.uniform(-0.7, 0.3)
        hips, knees = (front, back), (rng.uniform(0, 0.9) + max(0.0, front - 0.4), rng.uniform(0.1, 0.9))
        if rng.random() < 0.3:
            arms = (arms[0], ArmPose(rng.uniform(1.6, 3.0), rng.uniform(0, 0.8), rng.uniform(0, 0.6), 0.0))
        posture = Posture(hips, knees, rng.uniform(0, 0.5), rng.normal(0.2, 0.25), arms)
    else:
        thigh, knee, bow = (
            (rng.uniform(1.2, 1.6), rng.uniform(1.1, 1.8), rng.uniform(-0.15, 0.5)),
            (rng.uniform(0.0, 0.3), rng.uniform(0.05, 0.5), rng.uniform(0.4, 1.4)),
            (rng.uniform(1.5, 2.1), rng.uniform(2.0, 2.5), rng.uniform(0.2, 0.8)),
        )[kind]
        other = thigh + rng.normal(0, 0.08)
        posture = Posture((thigh, other), (knee, knee + rng.normal(0, 0.15)), rng.uniform(0, 0.25), bow, arms)
    flip = rng.random() < 0.5
    return replace(posture, hips=posture.hips[::-1], knees=posture.knees[::-1], arms=arms[::-1]) if flip else posture


def _sample_arm(rng: np.random.Generator) -> ArmPose:
    return ArmPose(rng.uniform(-0.3, 1.2), rng.uniform(0.1, 1.6), rng.uniform(0.05, 0.5), rng.uniform(0, 0.6))
