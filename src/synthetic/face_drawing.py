"""Taking a picture of a face: pose, expression, light, the crop of face recognition, and the camera.

The head is solid. Each pixel looks along a ray; where the ray first meets the head, the painted map gives the colour
and the shape of the head gives light, shine and shadow. The crop is laid the way face recognition lays it: by the turn,
size and shift that brings eyes, nose and mouth nearest to five fixed places.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from src.synthetic.camera import Response, sample_response
from src.synthetic.face_extras import Extras, behind_head, before_head, sample_extras, with_hat
from src.synthetic.face_features import paint_features
from src.synthetic.face_light import Lighting, light_map, sample_lighting
from src.synthetic.face_map import FINE, ROWS, angles_to_map
from src.synthetic.face_shape import Expression, head_radius, landmarks_mm, normals, on_surface
from src.synthetic.face_skin import painted
from src.synthetic.faces import Face

SIZE = 112
SUPERSAMPLING = 2
# Where aligned face crops of 112 × 112 have the eyes, the tip of the nose and the corners of the mouth (ArcFace).
TEMPLATE_XY = np.array([(38.29, 51.70), (73.53, 51.50), (56.03, 71.74), (41.55, 92.37), (70.73, 92.20)])
_STEPS = 14  # along each ray
_NEAR_MM = 0.35  # a ray this near to the surface has met it


@dataclass(frozen=True)
class Pose:
    """How the head is held, radians.

    Attributes:
        yaw: turned to the right of the picture.
        pitch: bent down.
        roll: leant to the right of the picture.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0

    @property
    def rotation(self) -> np.ndarray:
        """(3, 3) from the head's axes to those of the picture."""
        (sy, cy), (sp, cp), (sr, cr) = ((np.sin(a), np.cos(a)) for a in (self.yaw, self.pitch, self.roll))
        turn = np.array([(cy, 0, sy), (0, 1, 0), (-sy, 0, cy)])
        bend = np.array([(1, 0, 0), (0, cp, sp), (0, -sp, cp)])
        lean = np.array([(cr, -sr, 0), (sr, cr, 0), (0, 0, 1)])
        return lean @ bend @ turn


@dataclass(frozen=True)
class View:
    """From the head to the picture: pixels = scale · turn · (x, y) + shift, at the supersampled size."""

    rotation: np.ndarray  # (3, 3)
    plane: np.ndarray  # (2, 2) turn times pixels per millimetre
    shift: np.ndarray  # (2,) pixels

    def project(self, points: np.ndarray) -> np.ndarray:
        """Pixels (n, 2) of points (n, 3) mm in the head's axes."""
        return (points @ self.rotation.T)[:, :2] @ self.plane.T + self.shift


def photograph_face(face: Face, rng: np.random.Generator, camera: Response | None = None) -> np.ndarray:
    """One aligned picture of a face, as a face recognition system gets it.

    Args:
        face: who is in the picture.
        rng: pose, expression, light, background, what is in the way, and errors of the alignment.
        camera: colours, exposure, sharpness, noise and compression; drawn where left out.

    Returns:
        (112, 112, 3) uint8 RGB.
    """
    picture = draw_face(
        face, sample_pose(rng), sample_expression(rng), sample_lighting(rng), sample_extras(face, rng), rng, jitter=1.0
    )
    return (camera or sample_response(rng)).apply(picture, rng)


def draw_face(
    face: Face,
    pose: Pose = Pose(),  # noqa: B008  (frozen)
    expression: Expression = Expression(),  # noqa: B008
    lighting: Lighting = Lighting(),  # noqa: B008
    extras: Extras = Extras(),  # noqa: B008
    rng: np.random.Generator | None = None,
    jitter: float = 0.0,
) -> np.ndarray:
    """The light that reaches the camera, with everything given: for figures, tests and lessons.

    Args:
        face: who is in the picture.
        pose: how the head is held.
        expression: what the face does.
        lighting: from where and in which colour light comes.
        extras: glasses, hats, hands, background.
        rng: draws the errors of the alignment and small accidents; left out: always the same.
        jitter: size of the errors of the alignment, 1 = usual.

    Returns:
        (112, 112, 3) uint8 RGB.
    """
    rng = np.random.default_rng(0) if rng is None else rng
    radius = head_radius(face, expression)
    view = align(on_surface(landmarks_mm(face), radius), pose, jitter, rng)
    colour, hair = painted(face)
    paint = colour.copy()
    hairs = np.random.default_rng([face.texture_seed, 4]).random((90, 2))
    paint_features(paint, face, expression, hairs)
    radius, paint, hair = with_hat(extras, radius, paint, hair)
    position, normal = normals(radius)
    light, shine = light_map(lighting, pose.rotation, radius, position, normal, face.skin.shine, hair)

    column, row, cover = _meet(radius, view)
    size = SIZE * SUPERSAMPLING
    skin = cv2.remap(paint, (column + 0.5) * FINE - 0.5, (row + 0.5) * FINE - 0.5, cv2.INTER_LINEAR)
    lit = skin * cv2.remap(light, column, row, cv2.INTER_LINEAR) + cv2.remap(shine, column, row, cv2.INTER_LINEAR)
    canvas = behind_head(extras, face, view.project, lighting, size)
    canvas += cover[..., None] * (np.clip(lit, 0, 255) - canvas)
    before_head(canvas, extras, face, view.project, lighting, radius)
    small = cv2.resize(canvas, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    return np.clip(small + 0.5, 0, 255).astype(np.uint8)


def sample_pose(rng: np.random.Generator) -> Pose:
    """Mostly towards the camera, up to 35° to the side."""
    yaw = np.clip(rng.normal(0, 16), -35, 35)
    pitch, roll = np.clip(rng.normal(0, 7), -18, 18), np.clip(rng.normal(0, 8), -25, 25)
    return Pose(*np.radians([yaw, pitch, roll]).tolist())


def sample_expression(rng: np.random.Generator) -> Expression:
    """Often nothing much, often a smile, now and then closed eyes."""
    smile = float(rng.uniform(0.3, 1)) if rng.random() < 0.4 else float(rng.normal(0, 0.14))
    lids = float(np.clip(rng.normal(1, 0.08), 0.75, 1.2)) if rng.random() < 0.93 else float(rng.uniform(0, 0.3))
    return Expression(
        smile=float(np.clip(smile, -0.4, 1)),
        mouth=float(rng.uniform(0.15, 0.9)) if rng.random() < 0.25 else 0.0,
        lids=lids * (1 - 0.22 * max(smile, 0)),
        brows=float(np.clip(rng.normal(0, 0.35), -1, 1)),
        gaze=(float(np.clip(rng.normal(0, 0.4), -1, 1)), float(np.clip(rng.normal(0, 0.3), -1, 1))),
    )


def align(landmarks: np.ndarray, pose: Pose, jitter: float, rng: np.random.Generator) -> View:
    """Lay the crop: the similarity that brings five points (5, 3) nearest to the template, with a small error."""
    rotation = pose.rotation
    seen = (landmarks @ rotation.T)[:, :2]
    target = TEMPLATE_XY * SUPERSAMPLING + (SUPERSAMPLING - 1) / 2
    from_middle, to_middle = seen.mean(axis=0), target.mean(axis=0)
    a, b = seen - from_middle, target - to_middle
    # least squares over turn and size (Umeyama 1991), told in the plane as one complex number
    turn = ((b[:, 0] + 1j * b[:, 1]) * np.conj(a[:, 0] + 1j * a[:, 1])).sum() / (a**2).sum()
    turn *= np.exp(jitter * (rng.normal(0, 0.025) + 1j * rng.normal(0, 0.025)))
    plane = np.array([(turn.real, -turn.imag), (turn.imag, turn.real)])
    shift = to_middle - plane @ from_middle + jitter * rng.normal(0, 1.1, 2) * SUPERSAMPLING
    return View(rotation, plane, shift)


def _meet(radius: np.ndarray, view: View) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where on the map each pixel's ray meets the head.

    Returns:
        Column and row on the map of the shape, and how much of the pixel the head covers, each (n, n) float32.
    """
    size = SIZE * SUPERSAMPLING
    pixels = np.stack(np.meshgrid(np.arange(size), np.arange(size)), axis=-1) - view.shift
    flat = pixels @ np.linalg.inv(view.plane).T  # mm in the picture's plane
    into = view.rotation.astype(np.float32)
    x, y, z = (np.float32(0) + flat[..., 0] * into[0, i] + flat[..., 1] * into[1, i] for i in range(3))
    dx, dy, dz = (-into[2]).tolist()  # a ray runs away from the camera
    reach = float(radius.max())
    depth = -np.sqrt(np.maximum(reach**2 - (flat**2).sum(axis=-1), 0)).astype(np.float32)
    x, y, z = x.astype(np.float32), y.astype(np.float32), z.astype(np.float32)
    nearest, before, stride = np.full(x.shape, 1e3, np.float32), None, None
    for _ in range(_STEPS):
        px, py, pz = x + dx * depth, y + dy * depth, z + dz * depth
        flat_radius = px * px + pz * pz
        column, row = angles_to_map(np.arctan2(px, pz), np.arctan2(py, np.sqrt(flat_radius)))
        surface = cv2.remap(radius, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        gap = np.sqrt(flat_radius + py * py) - surface
        nearest = np.minimum(nearest, gap)
        # where the surface slopes away from the ray, the gap closes slowly, and longer strides are safe (secant rule)
        rate = np.float32(0.75) if before is None else np.clip(stride / np.maximum(before - gap, 1e-3), 0.6, 2.8)
        before, stride = gap, np.clip(gap * rate, -5, 60)
        depth = depth + stride
    per_mm = float(np.hypot(*view.plane[0]))
    cover = np.clip(1 - (nearest - _NEAR_MM) * per_mm, 0, 1) * (row < ROWS)  # below the map is the neck
    return column, row, cover
