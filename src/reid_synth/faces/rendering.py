"""Render face images: pose, expression, light, aligned crop, camera response.

The head is a solid. A ray is marched through each pixel to the surface of the head; the painted map gives the color at
the hit, and the shape gives light, specular highlight and shadow. The crop is aligned as in face recognition: by the
similarity transform that brings eyes, nose and mouth nearest to five template points.
"""

from dataclasses import replace

import cv2
import numpy as np

from reid_synth.camera import CameraResponse, sample_camera_response
from reid_synth.faces.background import draw_background
from reid_synth.faces.extras import Extras, add_hat, draw_foreground, sample_extras
from reid_synth.faces.features import paint_features
from reid_synth.faces.head_map import FINE, ROWS, angles_to_map
from reid_synth.faces.light import Lighting, light_map, sample_lighting
from reid_synth.faces.parts import Face
from reid_synth.faces.pose import SIZE, SUPERSAMPLING, FaceProjection, HeadPose, align, sample_pose
from reid_synth.faces.shape import Expression, head_radius, landmarks_mm, normals, project_to_surface, sample_expression
from reid_synth.faces.skin import paint_base_map

_COARSE_STEPS, _FINE_STEPS = 19, 7  # steps along each ray
_STRIDE_MM = 10  # maximum step; a longer one could miss an ear
_NEAR_MM = 0.35  # hit distance


def render_face_crop(face: Face, rng: np.random.Generator, camera: CameraResponse | None = None) -> np.ndarray:
    """Render an aligned face crop under random conditions.

    Args:
        face: The face.
        rng: Draws pose, expression, light, background, accessories and alignment errors.
        camera: Colors, exposure, sharpness, noise and compression; sampled if None.

    Returns:
        (112, 112, 3) uint8 RGB.
    """
    image = draw_face(
        face, sample_pose(rng), sample_expression(rng), sample_lighting(rng), sample_extras(face, rng), rng, jitter=1.0
    )
    # automatic exposure moves the mean part of the way towards medium gray
    gain = float(np.clip((118 / max(image.mean(), 1.0)) ** 0.35, 0.75, 1.5))
    image = cv2.convertScaleAbs(image, alpha=gain)
    return (camera or sample_face_camera(rng)).apply(image, rng)


def sample_face_camera(rng: np.random.Generator) -> CameraResponse:
    """Sample a camera response: the ranges of surveillance cameras, more moderate because faces fill the image."""
    sampled = sample_camera_response(rng)
    return replace(
        sampled,
        saturation=0.45 + 0.55 * sampled.saturation,
        exposure=sampled.exposure**0.7,
        gamma=sampled.gamma**0.7,
        contrast=sampled.contrast**0.55,
        resolution=max(sampled.resolution, 0.5),
        blur=0.9 * sampled.blur,
        sharpening=0.5 * sampled.sharpening,
        noise=0.8 * sampled.noise,
    )


def draw_face(
    face: Face,
    pose: HeadPose = HeadPose(),  # noqa: B008  (frozen)
    expression: Expression = Expression(),  # noqa: B008
    lighting: Lighting = Lighting(),  # noqa: B008
    extras: Extras = Extras(),  # noqa: B008
    rng: np.random.Generator | None = None,
    jitter: float = 0.0,
) -> np.ndarray:
    """Draw an aligned face with given conditions, before the camera response.

    Args:
        face: The face.
        pose: Head pose.
        expression: Facial expression.
        lighting: Directional and ambient light.
        extras: Glasses, hats, hands, background.
        rng: Draws alignment errors; by default a fixed seed.
        jitter: Size of the alignment errors, 1 = typical.

    Returns:
        (112, 112, 3) uint8 RGB.
    """
    rng = np.random.default_rng(0) if rng is None else rng
    radius = head_radius(face, expression)
    view = align(project_to_surface(landmarks_mm(face), radius), pose, jitter, rng)
    color, hair = paint_base_map(face)
    paint = color.copy()
    paint_features(paint, face, expression)
    radius, paint, hair = add_hat(extras, radius, paint, hair)
    position, normal = normals(radius)
    light, shine = light_map(lighting, pose.rotation, radius, position, normal, face.skin.shine, hair)

    column, row, cover = _intersect_rays(radius, view)
    size = SIZE * SUPERSAMPLING
    skin = _sample_map(paint, (column + 0.5) * FINE - 0.5, (row + 0.5) * FINE - 0.5)
    lit = skin * _sample_map(light, column, row) + _sample_map(shine, column, row)
    canvas = draw_background(extras, face, view, lighting, size)
    canvas = np.clip(canvas + cv2.merge([cover] * 3) * (lit - canvas), 0, 255).astype(np.uint8)
    draw_foreground(canvas, extras, face, view, lighting)
    return cv2.resize(canvas, (SIZE, SIZE), interpolation=cv2.INTER_AREA)


def _sample_map(field: np.ndarray, column: np.ndarray, row: np.ndarray) -> np.ndarray:
    return cv2.remap(field, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _intersect_rays(radius: np.ndarray, view: FaceProjection) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Intersect the ray of each pixel with the head.

    Returns:
        Column and row on the shape map, and the coverage of the pixel by the head, each (n, n) float32.
    """
    size = SIZE * SUPERSAMPLING
    coarse = _rays(view, size // 2, 2)
    ahead = float(radius.max())
    start = -np.sqrt(np.maximum(ahead**2 - sum(axis * axis for axis in coarse), 0))  # mm behind the head center
    depth = _march_rays(radius, view, coarse, start.astype(np.float32), _COARSE_STEPS)[0]
    # erosion: near a silhouette, fine rays start from the nearer coarse depth
    depth = cv2.erode(depth, np.ones((3, 3), np.uint8)) - np.float32(1)
    depth = cv2.resize(depth, (size, size), interpolation=cv2.INTER_NEAREST)
    _, column, row, nearest = _march_rays(radius, view, _rays(view, size, 1), depth, _FINE_STEPS)
    cover = np.clip(1 - (nearest - _NEAR_MM) * view.pixels_per_mm, 0, 1) * (row < ROWS - 8)  # the neck is below
    # grazing rays may miss ears and strands: close such pinholes, then shrink the outline by half a pixel
    cover = cv2.morphologyEx(cover.astype(np.float32), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    return column, row, np.clip(2 * cv2.GaussianBlur(cover, (0, 0), 0.9) - 1, 0, 1)


def _rays(view: FaceProjection, size: int, step: int) -> list[np.ndarray]:
    """Return where the rays of every `step`-th pixel cross the plane through the head center, 3 × (size, size) mm."""
    positions = np.arange(size) * step + (step - 1) / 2
    pixels = np.stack(np.meshgrid(positions, positions), axis=-1) - view.shift
    flat = (pixels @ np.linalg.inv(view.plane).T).astype(np.float32)
    across, along = view.rotation[:2].astype(np.float32)
    return [flat[..., 0] * across[axis] + flat[..., 1] * along[axis] for axis in range(3)]


def _march_rays(
    radius: np.ndarray, view: FaceProjection, rays: list[np.ndarray], depth: np.ndarray, steps: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """March rays towards the head; return depth (mm), column, row, and the smallest gap on the way (mm)."""
    x, y, z = rays
    back = view.rotation[2].astype(np.float32)
    nearest, before, stride = np.full(x.shape, 1e3, np.float32), depth, depth
    column = row = depth
    for step in range(steps):
        px, py, pz = x - back[0] * depth, y - back[1] * depth, z - back[2] * depth
        level = px * px + pz * pz
        column, row = angles_to_map(np.arctan2(px, pz), np.arctan2(py, np.sqrt(level)))
        gap = np.sqrt(level + py * py) - _sample_map(radius, column, row)
        nearest = np.minimum(nearest, gap)
        # secant rule: where the gap closes slowly, longer steps are safe
        rate = np.clip(stride / np.maximum(before - gap, 1e-3), 0.6, 2.4) if step else np.float32(0.75)
        before, stride = gap, np.clip(gap * rate, -5, _STRIDE_MM)
        depth = depth + stride
    return depth, column, row, nearest
