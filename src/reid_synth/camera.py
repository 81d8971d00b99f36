"""How a surveillance camera sees the world: where a point lands (pinhole) and what becomes of its colours (response).

World: metres; x to the camera's right, y straight ahead along the ground, z up; the camera's foot is the origin.
Picture: pixels; u to the right, v down; whole numbers are the corners of pixels,
so that the centre of the first lies at (0.5, 0.5).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Camera:
    """A pinhole without lens distortion, on a mast, looking along +y and tilted down.

    Attributes:
        height_m: metres of the lens above the ground.
        tilt: radians by which the optical axis points below the horizon.
        focal_px: focal length in pixels.
        width: picture width in pixels.
        height: picture height in pixels.
    """

    height_m: float
    tilt: float
    focal_px: float
    width: int
    height: int

    def project(self, points_xyz: np.ndarray) -> np.ndarray:
        """Project world points to the picture.

        Args:
            points_xyz: (..., 3) metres; points behind the lens give meaningless pixels, see `depth`.

        Returns:
            (..., 2) float64 pixels.

        Example:
            >>> camera = Camera(height_m=6.0, tilt=0.0, focal_px=500.0, width=768, height=576)
            >>> camera.project(np.array([0.0, 10.0, 6.0])).tolist()      # a point at lens height, straight ahead
            [384.0, 288.0]
        """
        points = np.asarray(points_xyz, dtype=np.float64)
        below = self.height_m - points[..., 2]
        down = below * math.cos(self.tilt) - points[..., 1] * math.sin(self.tilt)  # along the picture's v axis
        scale = self.focal_px / self.depth(points)
        return np.stack([self.width / 2 + scale * points[..., 0], self.height / 2 + scale * down], axis=-1)

    def depth(self, points_xyz: np.ndarray) -> np.ndarray:
        """Metres along the optical axis from the lens to each point, (..., 3) -> (...); ≤ 0 is behind the lens."""
        points = np.asarray(points_xyz, dtype=np.float64)
        return points[..., 1] * math.cos(self.tilt) + (self.height_m - points[..., 2]) * math.sin(self.tilt)

    def to_ground(self, pixels_uv: np.ndarray) -> np.ndarray:
        """Ground points (..., 2) in metres seen at pixels (..., 2): the inverse of `project` for z = 0.

        Pixels on or above the horizon see no ground: they give infinity.
        """
        pixels = np.asarray(pixels_uv, dtype=np.float64)
        right = (pixels[..., 0] - self.width / 2) / self.focal_px
        down = (pixels[..., 1] - self.height / 2) / self.focal_px
        fall = math.sin(self.tilt) + down * math.cos(self.tilt)  # how far the ray sinks for each metre of depth
        seen = fall > 1e-9
        depth = self.height_m / np.where(seen, fall, 1.0)
        ahead = depth * (math.cos(self.tilt) - down * math.sin(self.tilt))
        return np.where(seen[..., None], np.stack([depth * right, ahead], axis=-1), np.inf)

    def pixels_per_metre(self, ground_xy: np.ndarray, height_m: float = 0.9) -> np.ndarray:
        """Pixels that one metre across the line of sight takes at `height_m` above ground points (..., 2)."""
        return self.focal_px / self.depth(lift(ground_xy, height_m))

    def tilt_at(self, ground_xy: np.ndarray, height_m: float = 0.9) -> np.ndarray:
        """Radians by which the line of sight to `height_m` above ground points (..., 2) looks down."""
        points = np.asarray(ground_xy, dtype=np.float64)
        return np.arctan2(self.height_m - height_m, np.hypot(points[..., 0], points[..., 1]))

    def heading_at(self, ground_xy: np.ndarray, direction: np.ndarray | float) -> np.ndarray:
        """Heading of a walker relative to the line of sight.

        Args:
            ground_xy: (..., 2) metres, where the walker is.
            direction: (...) radians, the way they walk in the world: 0 = along +x, π/2 = along +y (away).

        Returns:
            (...) radians in (-π, π]: 0 = towards the camera, π/2 = to the picture's right, π = away.
        """
        points = np.asarray(ground_xy, dtype=np.float64)
        away = np.arctan2(points[..., 1], points[..., 0])  # world direction of the line of sight
        heading = np.pi - (away - np.asarray(direction))
        return -((np.pi - heading) % (2 * np.pi)) + np.pi

    @property
    def horizon(self) -> float:
        """Row (pixels) of the horizon; negative when it lies above the picture."""
        return self.height / 2 - self.focal_px * math.tan(self.tilt)

    @property
    def ground_homography(self) -> np.ndarray:
        """(3, 3) float64 that takes ground points (x, y, 1) in metres to pixels (u, v, 1) times depth."""
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
    """World points (..., 3) at `height_m` above ground points (..., 2)."""
    points = np.asarray(ground_xy, dtype=np.float64)
    return np.concatenate([points, np.broadcast_to(height_m, points.shape[:-1])[..., None]], axis=-1)


@dataclass(frozen=True)
class Response:
    """What one camera does to the light it receives, in the order in which a real one does it.

    Attributes:
        white_balance: gains of red, green, blue.
        saturation: 1 keeps colours, 0 is grey.
        exposure: gain on all channels.
        gamma: power on values in 0–1; above 1 darkens the middle.
        contrast: gain about middle grey.
        haze: 0–1, share of white veil that lifts the blacks.
        resolution: 0–1, share of the picture's resolution that survives.
        blur: standard deviation of the lens blur in pixels, 0 = none.
        sharpening: strength of the halo along edges, 0 = none.
        halo: standard deviation of that halo in pixels.
        noise: standard deviation of the sensor noise in grey levels (0–255).
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
        """Photograph `image` with this camera.

        Args:
            image: (h, w, 3) uint8 RGB, the scene's light.
            rng: draws the noise.

        Returns:
            (h, w, 3) uint8 RGB, a new array.
        """
        picture = cv2.transform(image, self._colour_matrix())
        picture = cv2.LUT(picture, self._tone_curve())
        picture = self._optics(picture)
        picture = self._grain(picture, rng)
        return _compress(picture, self.jpeg_quality) if self.jpeg_quality else picture

    def _colour_matrix(self) -> np.ndarray:
        """(3, 3) float32: white balance, then a pull towards (or away from) grey."""
        grey = np.outer(np.ones(3), (0.299, 0.587, 0.114))
        pull = grey + self.saturation * (np.eye(3) - grey)
        return (pull @ np.diag(self.white_balance)).astype(np.float32)

    def _tone_curve(self) -> np.ndarray:
        """(256,) uint8: exposure, gamma, contrast and haze as one look-up table."""
        light = np.clip(np.linspace(0, 1, 256) * self.exposure, 0, 1) ** self.gamma
        light = (light - 0.45) * self.contrast + 0.45
        return np.clip(255 * (light * (1 - self.haze) + self.haze), 0, 255).astype(np.uint8)

    def _optics(self, picture: np.ndarray) -> np.ndarray:
        height, width = picture.shape[:2]
        if self.resolution < 1:
            small = (max(1, round(width * self.resolution)), max(1, round(height * self.resolution)))
            picture = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
            picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)
        if self.blur > 0:
            picture = cv2.GaussianBlur(picture, (0, 0), self.blur)
        if self.sharpening > 0:
            soft = cv2.GaussianBlur(picture, (0, 0), self.halo)
            picture = cv2.addWeighted(picture, 1 + self.sharpening, soft, -self.sharpening, 0)
        return picture

    def _grain(self, picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if self.noise <= 0:
            return picture
        height, width = picture.shape[:2]
        bright = rng.standard_normal((height, width), dtype=np.float32)
        # colour noise is coarser, as after the demosaicing of the sensor's pattern
        colour = rng.standard_normal((height // 2 + 1, width // 2 + 1, 3), dtype=np.float32)
        colour = cv2.resize(colour, (width, height), interpolation=cv2.INTER_NEAREST)
        grain = cv2.addWeighted(cv2.merge([bright] * 3), 0.9 * self.noise, colour, 0.4 * self.noise, 0)
        return cv2.add(picture, grain, dtype=cv2.CV_8U)


def _compress(picture: np.ndarray, quality: int) -> np.ndarray:
    # JPEG treats the three channels alike only after its own RGB -> YCrCb, hence the swap to OpenCV's BGR and back.
    _, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))
    return np.ascontiguousarray(decoded[..., ::-1])


def sample_response(rng: np.random.Generator, spread: float = 1.0) -> Response:
    """Draw a camera from about the range that surveillance cameras cover: dull to vivid, soft to over-sharpened.

    Args:
        rng: draws the numbers.
        spread: how far colours and tones of cameras lie apart: 1 as in the field, 0 all alike.
    """
    sharp = rng.random()
    return Response(
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
