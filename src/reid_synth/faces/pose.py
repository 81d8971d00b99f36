"""Head pose, and the alignment of face crops."""

from dataclasses import dataclass

import numpy as np

SIZE = 112
SUPERSAMPLING = 2
# Positions of eyes, tip of the nose and corners of the mouth in aligned crops of 112 × 112 (ArcFace).
TEMPLATE_XY = np.array([(38.29, 51.70), (73.53, 51.50), (56.03, 71.74), (41.55, 92.37), (70.73, 92.20)])


@dataclass(frozen=True)
class HeadPose:
    """Rotation of the head, radians.

    Attributes:
        yaw: Turned to the right in the image.
        pitch: Bent down.
        roll: Leaning to the right in the image.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0

    @property
    def rotation(self) -> np.ndarray:
        """Rotation (3, 3) from head axes to image axes."""
        (sy, cy), (sp, cp), (sr, cr) = ((np.sin(a), np.cos(a)) for a in (self.yaw, self.pitch, self.roll))
        turn = np.array([(cy, 0, sy), (0, 1, 0), (-sy, 0, cy)])
        bend = np.array([(1, 0, 0), (0, cp, sp), (0, -sp, cp)])
        lean = np.array([(cr, -sr, 0), (sr, cr, 0), (0, 0, 1)])
        return lean @ bend @ turn


@dataclass(frozen=True)
class FaceProjection:
    """Projection from the head to the supersampled image: pixels = plane · (x, y) + shift, after the rotation.

    Attributes:
        rotation: (3, 3) from head axes to image axes.
        plane: (2, 2) rotation times pixels per millimeter.
        shift: (2,) pixels.
    """

    rotation: np.ndarray
    plane: np.ndarray
    shift: np.ndarray

    @property
    def pixels_per_mm(self) -> float:
        """Scale of the supersampled image."""
        return float(np.hypot(*self.plane[0]))

    def project(self, points: np.ndarray) -> np.ndarray:
        """Project points (n, 3) mm in head axes to pixels (n, 2)."""
        return (points @ self.rotation.T)[:, :2] @ self.plane.T + self.shift


def sample_pose(rng: np.random.Generator) -> HeadPose:
    """Sample a pose: mostly towards the camera, up to 35° to the side."""
    yaw = np.clip(rng.normal(0, 16), -35, 35)
    pitch, roll = np.clip(rng.normal(0, 7), -18, 18), np.clip(rng.normal(0, 8), -25, 25)
    return HeadPose(*np.radians([yaw, pitch, roll]).tolist())


def align(landmarks: np.ndarray, pose: HeadPose, jitter: float, rng: np.random.Generator) -> FaceProjection:
    """Align the crop: the similarity transform that brings five landmarks nearest to the template, plus an error.

    Args:
        landmarks: (5, 3) mm in head axes: eyes, nose, corners of the mouth.
        pose: Head pose.
        jitter: Size of the error, 1 = typical.
        rng: Draws the error.
    """
    rotation = pose.rotation
    observed = (landmarks @ rotation.T)[:, :2]
    target = TEMPLATE_XY * SUPERSAMPLING + (SUPERSAMPLING - 1) / 2
    from_middle, to_middle = observed.mean(axis=0), target.mean(axis=0)
    a, b = observed - from_middle, target - to_middle
    # least squares over rotation and scale (Umeyama 1991), as one complex number
    turn = ((b[:, 0] + 1j * b[:, 1]) * np.conj(a[:, 0] + 1j * a[:, 1])).sum() / (a**2).sum()
    turn *= np.exp(jitter * (rng.normal(0, 0.025) + 1j * rng.normal(0, 0.025)))
    plane = np.array([(turn.real, -turn.imag), (turn.imag, turn.real)])
    shift = to_middle - plane @ from_middle + jitter * rng.normal(0, 1.1, 2) * SUPERSAMPLING
    return FaceProjection(rotation, plane, shift)
