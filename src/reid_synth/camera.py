"""Camera model: pinhole projection (`Camera`) and image formation (`CameraResponse`).

World frame: meters; x to the camera's right, y straight ahead along the ground, z up; the origin is the ground point
below the camera. Image frame: pixels; u to the right, v down. Integer coordinates are pixel corners, so the center of
the first pixel lies at (0.5, 0.5).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Camera:
    """Pinhole camera without lens distortion, mounted on a mast, looking along +y and tilted down.

    Attributes:
        height_m: Height of the lens above the ground, meters.
        tilt: Angle of the optical axis below the horizon, radians.
        focal_px: Focal length, pixels.
        width: Image width, pixels.
        height: Image height, pixels.
    """

    height_m: float
    tilt: float
    focal_px: float
    width: int
    height: int

    def project(self, points_xyz: np.ndarray) -> np.ndarray:
        """Project world points to the image.

        Args:
            points_xyz: (..., 3) meters. Points behind the lens give meaningless pixels, see `depth`.

        Returns:
            (..., 2) float64 pixels.

        Example:
            >>> camera = Camera(height_m=6.0, tilt=0.0, focal_px=500.0, width=768, height=576)
            >>> camera.project(np.array([0.0, 10.0, 6.0])).tolist()      # a point at lens height, straight ahead
            [384.0, 288.0]
        """
        points = np.asarray(points_xyz, dtype=np.float64)
        below = self.height_m - points[..., 2]
        down = below * math.cos(self.tilt) - points[..., 1] * math.sin(self.tilt)  # along the v axis
        scale = self.focal_px / self.depth(points)
        return np.stack([self.width / 2 + scale * points[..., 0], self.height / 2 + scale * down], axis=-1)

    def depth(self, points_xyz: np.ndarray) -> np.ndarray:
        """Return the depth (...) of world points (..., 3) along the optical axis, meters; ≤ 0 is behind the lens."""
        points = np.asarray(points_xyz, dtype=np.float64)
        return points[..., 1] * math.cos(self.tilt) + (self.height_m - points[..., 2]) * math.sin(self.tilt)

    def to_ground(self, pixels_uv: np.ndarray) -> np.ndarray:
        """Project pixels (..., 2) to ground points (..., 2) in meters: the inverse of `project` for z = 0.

        Pixels on or above the horizon give infinity.
        """
        pixels = np.asarray(pixels_uv, dtype=np.float64)
        right = (pixels[..., 0] - self.width / 2) / self.focal_px
        down = (pixels[..., 1] - self.height / 2) / self.focal_px
        fall = math.sin(self.tilt) + down * math.cos(self.tilt)  # descent of the ray per meter of depth
        hits_ground = fall > 1e-9
        depth = self.height_m / np.where(hits_ground, fall, 1.0)
        ahead = depth * (math.cos(self.tilt) - down * math.sin(self.tilt))
        return np.where(hits_ground[..., None], np.stack([depth * right, ahead], axis=-1), np.inf)

    def pixels_per_meter(self, ground_xy: np.ndarray, height_m: float = 0.9) -> np.ndarray:
        """Return the image scale, pixels per meter, at `height_m` above ground points (..., 2)."""
        return self.focal_px / self.depth(lift(ground_xy, height_m))

    def tilt_at(self, ground_xy: np.ndarray, height_m: float = 0.9) -> np.ndarray:
        """Return the downward viewing angle (radians) to points `height_m` above ground points (..., 2)."""
        points = np.asarray(ground_xy, dtype=np.float64)
        return np.arctan2(self.height_m - height_m, np.hypot(points[..., 0], points[..., 1]))

    def heading_at(self, ground_xy: np.ndarray, direction: np.ndarray | float) -> np.ndarray:
        """Convert a walking direction in the world to a heading relative to the line of sight.

        Args:
            ground_xy: (..., 2) meters, position of the person.
            direction: (...) radians, walking direction in the world: 0 = along +x, π/2 = along +y (away).

        Returns:
            (...) radians in (-π, π]: 0 = towards the camera, π/2 = to the right in the image, π = away.
        """
        points = np.asarray(ground_xy, dtype=np.float64)
        away = np.arctan2(points[..., 1], points[..., 0])  # direction of the line of sight in the world
        heading = np.pi - (away - np.asarray(direction))
        return -((np.pi - heading) % (2 * np.pi)) + np.pi

    @property
    def horizon(self) -> float:
        """Row of the horizon, pixels; negative if it lies above the image."""
        return self.height / 2 - self.focal_px * math.tan(self.tilt)

    @property
    def ground_homography(self) -> np.ndarray:
        """Homography (3, 3) float64 from ground points (x, y, 1) in meters to pixels (u, v, 1) times depth."""
        sin, cos = math.sin(self.tilt), math.cos(self.tilt)
        u_0, v_0, focal, up = self.width / 2, self.height / 2, self.focal_px, self.height_m
        return np.array(
            [
                [focal, u_0 * cos, u_0 * up * sin],
                [0.0, v_0 * cos - focal * sin, v_0 * up * sin + focal * up * cos],
                [0.0, cos, up * sin],
            ]
        )


def lift(ground_xy: np.ndarray, height_m: float | np.ndarray) -> np.ndarray:
    """Return world points (..., 3) at `height_m` above ground points (..., 2)."""
    points = np.asarray(ground_xy, dtype=np.float64)
    return np.concatenate([points, np.broadcast_to(height_m, points.shape[:-1])[..., None]], axis=-1)


@dataclass(frozen=True)
class CameraResponse:
    """Photometric response of a camera: color, tone, sharpness, noise and compression, applied in this order.

    Attributes:
        white_balance: Gains of red, green, blue.
        saturation: 1 keeps colors, 0 is gray.
        exposure: Gain on all channels.
        gamma: Exponent on values in 0–1; above 1 darkens the mid-tones.
        contrast: Gain about middle gray.
        haze: Share of white veil that lifts the blacks, 0–1.
        resolution: Share of the image resolution that remains, 0–1.
        blur: Standard deviation of the lens blur, pixels; 0 = none.
        sharpening: Strength of the sharpening halo along edges; 0 = none.
        halo: Standard deviation of that halo, pixels.
        noise: Standard deviation of the sensor noise, gray levels (0–255).
        jpeg_quality: 1–100, or 0 for no compression.
    """

    white_balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    saturation: float = 1.0
    exposure: float = 1.0
    gamma: float = 1.0
    contrast: float = 1.0
    haze: float = 0.0
    resolution: float = 1.0
    blur: float = 0.0
    sharpening: float = 0.0
    halo: float = 1.0
    noise: float = 0.0
    jpeg_quality: int = 0

    def apply(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Apply the response to an image.

        Args:
            image: (h, w, 3) uint8 RGB, scene radiance; not changed.
            rng: Draws the noise.

        Returns:
            (h, w, 3) uint8 RGB, a new array.
        """
        image = cv2.transform(image, self._color_matrix())
        image = cv2.LUT(image, self._tone_curve())
        image = self._apply_optics(image)
        image = self._add_noise(image, rng)
        return _compress(image, self.jpeg_quality) if self.jpeg_quality else image

    def _color_matrix(self) -> np.ndarray:
        """Return the (3, 3) float32 color matrix: white balance, then saturation."""
        gray = np.outer(np.ones(3), (0.299, 0.587, 0.114))
        saturate = gray + self.saturation * (np.eye(3) - gray)
        return (saturate @ np.diag(self.white_balance)).astype(np.float32)

    def _tone_curve(self) -> np.ndarray:
        """Return exposure, gamma, contrast and haze as one look-up table, (256,) uint8."""
        light = np.clip(np.linspace(0, 1, 256) * self.exposure, 0, 1) ** self.gamma
        light = (light - 0.45) * self.contrast + 0.45
        return np.clip(255 * (light * (1 - self.haze) + self.haze), 0, 255).astype(np.uint8)

    def _apply_optics(self, image: np.ndarray) -> np.ndarray:
        height, width = image.shape[:2]
        if self.resolution < 1:
            small = (max(1, round(width * self.resolution)), max(1, round(height * self.resolution)))
            image = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
            image = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
        if self.blur > 0:
            image = cv2.GaussianBlur(image, (0, 0), self.blur)
        if self.sharpening > 0:
            soft = cv2.GaussianBlur(image, (0, 0), self.halo)
            image = cv2.addWeighted(image, 1 + self.sharpening, soft, -self.sharpening, 0)
        return image

    def _add_noise(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if self.noise <= 0:
            return image
        height, width = image.shape[:2]
        bright = rng.standard_normal((height, width), dtype=np.float32)
        # demosaicing makes color noise coarser than brightness noise
        color = rng.standard_normal((height // 2 + 1, width // 2 + 1, 3), dtype=np.float32)
        color = cv2.resize(color, (width, height), interpolation=cv2.INTER_NEAREST)
        grain = cv2.addWeighted(cv2.merge([bright] * 3), 0.9 * self.noise, color, 0.4 * self.noise, 0)
        return cv2.add(image, grain, dtype=cv2.CV_8U)


def _compress(image: np.ndarray, quality: int) -> np.ndarray:
    # OpenCV encodes and decodes BGR.
    _, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))
    return np.ascontiguousarray(decoded[..., ::-1])


def sample_camera_response(rng: np.random.Generator, spread: float = 1.0) -> CameraResponse:
    """Sample a response from the range of real surveillance cameras: dull to vivid, soft to over-sharpened.

    Args:
        rng: Source of randomness.
        spread: Variation of colors and tones between cameras: 1 as in the field, 0 all alike.
    """
    sharp = rng.random()
    return CameraResponse(
        white_balance=tuple(np.exp(rng.normal(0.0, 0.045 * spread, 3)).tolist()),
        saturation=float(np.clip(rng.normal(0.95, 0.28 * spread), 0.1, 1.6)),
        exposure=float(np.exp(rng.normal(0.0, 0.16 * spread))),
        gamma=float(np.exp(rng.normal(0.0, 0.2 * spread))),
        contrast=float(np.exp(rng.normal(0.05, 0.17 * spread))),
        haze=float(np.clip(abs(rng.normal(0.0, 0.05 * spread)), 0, 0.25)),
        resolution=float(rng.uniform(0.45, 0.95)) if rng.random() < 0.2 else 1.0,
        blur=float(rng.uniform(0.3, 1.2)) if sharp < 0.35 else 0.0,
        sharpening=float(rng.uniform(0.3, 1.8)) if sharp > 0.5 else 0.0,
        halo=float(rng.uniform(0.7, 1.6)),
        noise=float(rng.uniform(0.5, 7.0)) if rng.random() < 0.7 else 0.0,
        jpeg_quality=int(rng.integers(35, 96)) if rng.random() < 0.8 else 0,
    )
