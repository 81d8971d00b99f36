"""Shape of the head: the distance of its surface from the head center in every direction.

The radius is stored on a map with longitude (left to right) along the rows and latitude (top to bottom) along the
columns. Skin and hair are painted on a finer map of the same kind. Head axes, in millimeters from a point between the
ears: x to the right of the image, y down, z to the camera.

Facial features are positioned by millimeters on an elliptic cylinder seen from the front: `X` to the right of the
middle, `Y` below the eyes.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from reid_synth.faces.hair import STYLES_OVER_EARS, facial_hair_distance, hair_distance, hair_thickness
from reid_synth.faces.head_map import DIRECTION, LATITUDE, LONGITUDE, X, Y, bump, smoothstep, to_map
from reid_synth.faces.parts import Face, Nose


@dataclass(frozen=True)
class Expression:
    """Facial expression.

    Attributes:
        smile: -0.4 (sad) – 1.
        mouth: 0 = closed, 1 = wide open.
        lids: 1 = neutral, 0 = closed.
        brows: -1 (frowning) – 1 (raised).
        gaze: Viewing direction, to the right and down, -1 – 1.
    """

    smile: float = 0.0
    mouth: float = 0.0
    lids: float = 1.0
    brows: float = 0.0
    gaze: tuple[float, float] = (0.0, 0.0)


def sample_expression(rng: np.random.Generator) -> Expression:
    """Sample an expression: often neutral, often a smile, sometimes closed eyes."""
    smile = float(rng.uniform(0.3, 1)) if rng.random() < 0.4 else float(rng.normal(0, 0.14))
    lids = float(np.clip(rng.normal(1, 0.08), 0.75, 1.2)) if rng.random() < 0.93 else float(rng.uniform(0, 0.3))
    return Expression(
        smile=float(np.clip(smile, -0.4, 1)),
        mouth=float(rng.uniform(0.15, 0.9)) if rng.random() < 0.25 else 0.0,
        lids=lids * (1 - 0.22 * max(smile, 0)),
        brows=float(np.clip(rng.normal(0, 0.35), -1, 1)),
        gaze=(float(np.clip(rng.normal(0, 0.4), -1, 1)), float(np.clip(rng.normal(0, 0.3), -1, 1))),
    )


def landmarks_mm(face: Face) -> np.ndarray:
    """Return eyes, tip of the nose and corners of the mouth on the face plane, (5, 2)."""
    eye, mouth = face.eyes.spacing / 2, face.mouth.width / 2
    return np.array(
        [
            (-eye, face.eyes.height),
            (eye, face.eyes.height),
            (0, face.nose.length - 8),
            (-mouth, face.mouth.height),
            (mouth, face.mouth.height),
        ]
    )


def project_to_surface(points_mm: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Project points (n, 2) of the face plane to the surface of the head, (n, 3) mm."""
    position, direction = to_map(points_mm)
    columns, rows = position.T.astype(np.float32)
    reach = cv2.remap(radius, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return direction * reach.reshape(-1, 1)


def head_radius(face: Face, expression: Expression) -> np.ndarray:
    """Return the radius of the head with an expression, (rows, columns) float32 mm."""
    radius = _neutral_radius(face)
    if expression.mouth > 0.05:
        radius = radius + expression.mouth * 10 * smoothstep((Y - 58) / 55) * smoothstep((80 - np.abs(LONGITUDE)) / 40)
    if abs(expression.smile) > 0.05:
        radius = radius + expression.smile * _smile()
    return radius


@lru_cache(maxsize=8)  # images of one face are usually rendered in sequence
def _neutral_radius(face: Face) -> np.ndarray:
    skull = _skull(face)
    radius = skull + _features(face)
    ears = _ears(face) * (0.25 if face.hair.style in STYLES_OVER_EARS else 1.0)
    hair = hair_thickness(face.hair, hair_distance(face.hair))
    if face.hair.facial in ("goatee", "beard"):
        radius += 3.5 * face.hair.facial_density * smoothstep(facial_hair_distance(face) / 10)
    # the outer surface of ears and hair is visible
    return np.maximum(radius + ears, radius + hair).astype(np.float32)


def _skull(face: Face) -> np.ndarray:
    """Return the radius of skull, jaw and chin without features."""
    head = face.head
    turn = np.abs(LONGITUDE)
    half_width = np.interp(
        LATITUDE, (-80, -45, -20, 0, 14, 28, 40, 52, 66, 80), (74, 75, 75, 74, 74, 71, 65, 57, 47, 40)
    )
    jaw = np.interp(LATITUDE, (12, 38, 50, 80), (0, 1, 1, 0.4))
    half_width = half_width * head.width * (1 + jaw * (head.jaw - 1))
    depth = np.interp(LATITUDE, (-80, -35, -12, 5, 30, 80), (93, 91, 88, 84, 83, 82))
    depth = np.where(turn > 90, 96.0, depth)
    sin, cos = np.abs(np.sin(np.radians(LONGITUDE))), np.abs(np.cos(np.radians(LONGITUDE)))
    power = 2.25
    cylinder = ((sin / half_width) ** power + (cos / depth) ** power) ** (-1 / power) / np.cos(np.radians(LATITUDE))
    slope = np.sin(np.radians(LATITUDE))
    bottom = 113 * head.length
    side = np.interp(turn, (0, 14, 28, 45, 60, 80, 100, 120), (0, 0, 2.5, 10, 20, 33, 46, 52))
    point = np.interp(turn, (0, 12, 26, 42, 60, 90), (0, 3, 9, 10, 5, 0)) * (1 - head.chin)
    lower = (bottom - side - point) / np.maximum(slope, 0.02)
    upper = 122 / np.maximum(-slope, 0.02)
    radius = np.where(slope > 0, (cylinder**-9 + lower**-9) ** (-1 / 9), (cylinder**-2.8 + upper**-2.8) ** (-1 / 2.8))
    return cv2.GaussianBlur(radius.astype(np.float32), (0, 0), 2.0)


def _features(face: Face) -> np.ndarray:
    head, eyes, nose, mouth = face.head, face.eyes, face.nose, face.mouth
    half, level, mouth_y = eyes.spacing / 2, eyes.height, mouth.height
    bottom = 113 * head.length
    field = -(eyes.depth + 3) * bump(half, level - 2, 15, 9, both=True)
    field += 4.5 * bump(half, level, 11, 6.5, both=True)
    field += (0.35 * eyes.depth + 0.5) * bump(27, level - 17, 19, 6, both=True)
    field -= 1.5 * eyes.shadow * bump(half - 2, level + 11, 11, 3.5, both=True)
    field += head.forehead * bump(0, -46, 42, 20)
    field += head.cheekbones * bump(47, 24, 15, 13, both=True)
    field += head.cheeks * bump(44, 54, 17, 17, both=True)
    field += 4.5 * bump(0, mouth_y, 34, 20) + 2.5 * bump(0, mouth_y + 10, 26, 17)
    field += (1.5 + 0.3 * mouth.upper) * bump(0, mouth_y - 0.55 * mouth.upper, 0.3 * mouth.width, 3.2)
    field += (1.5 + 0.3 * mouth.lower) * bump(0, mouth_y + 0.5 * mouth.lower, 0.27 * mouth.width, 4.2)
    field -= 2.0 * bump(0, mouth_y, 0.4 * mouth.width, 1.6)
    field -= 3.0 * bump(0, mouth_y + mouth.lower + 6, 15, 4)
    field += (4 + head.chin_forward) * bump(0, bottom - 11, 14 + 7 * head.chin, 10)
    field += _nose(nose, level)
    field -= 0.9 * face.skin.age * _fold()
    return field


def _nose(nose: Nose, level: float) -> np.ndarray:
    end = nose.length
    along = (level - 26, level - 9, level + 4, 0.5 * end, end - 11, end - 6, end - 2, end + 2, end + 6)
    ridge = (
        0,
        0.75 * nose.bridge,
        nose.bridge,
        0.55 * nose.height + 0.3 * nose.bridge + nose.hump,
        nose.height,
        0.97 * nose.height,
        0.78 * nose.height,
        0.3 * nose.height,
        0,
    )
    wide = (7, 5.5, 6.0, 7.5, nose.tip * 0.85, nose.tip * 0.9, nose.tip, nose.tip, nose.tip)
    height, half_width = np.interp(Y, along, ridge), np.interp(Y, along, wide)
    field = height * np.exp(-(np.abs(X / half_width) ** 2.0))
    field += 0.22 * nose.height * bump(0, end - 8, nose.tip * 0.72, 6.5)
    wing = nose.width / 2
    field += (0.34 * nose.height + 1.5) * bump(wing - 4.5, end - 5, 5.0, 5.2, both=True)
    return cv2.GaussianBlur(field.astype(np.float32), (0, 0), 1.2)


def _ears(face: Face) -> np.ndarray:
    back = DIRECTION[..., 2] * 76
    rim = np.exp(-(((back + 3) / 11) ** 4)) * np.exp(-(np.abs((Y - 15) / 31) ** 5)) * (np.abs(LONGITUDE) > 60)
    dish = np.exp(-(((back - 7) / 4) ** 2)) * np.exp(-(((Y - 12) / 15) ** 2)) * (np.abs(LONGITUDE) > 60)
    return cv2.GaussianBlur((face.head.ears * (rim - 0.35 * dish)).astype(np.float32), (0, 0), 0.9)


@lru_cache(maxsize=1)
def _fold() -> np.ndarray:
    """Return the nasolabial fold, from nose to corners of the mouth, 0–1."""
    t = np.clip((Y - 34) / 36, 0, 1)
    return np.exp(-(((np.abs(X) - (20 + 15 * np.sqrt(t))) / 4.5) ** 2)) * np.clip(4 * t * (1 - t), 0, 1)


@lru_cache(maxsize=1)
def _smile() -> np.ndarray:
    return 4.0 * bump(42, 32, 13, 10, both=True) - 1.8 * _fold() - 2.0 * bump(34, 72, 7, 7, both=True)


def normals(radius: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return positions and unit normals of the head's surface, each (rows, columns, 3) float32."""
    position = DIRECTION * radius[..., None]
    along_row, along_column = cv2.Sobel(position, -1, 1, 0, ksize=3), cv2.Sobel(position, -1, 0, 1, ksize=3)
    normal = np.cross(along_row, along_column)
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-6)
    return position, normal
