"""Canvas for painting a street back to front: solids, sprites and shadows seen by one camera.

It is painted at twice the output resolution and downsampled at the end, which anti-aliases every edge. Beside the
colors it keeps an identity map with the number of the person visible at each pixel, 0 for none, or `EMISSIVE` for a
lamp or a lit window, which stays bright at dusk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from reid_synth.camera import Camera, lift
from reid_synth.places.solids import Cylinder, Primitive, TexturedQuad, to_world

SUPERSAMPLING = 2
EMISSIVE = -1  # value in the identity map
_NEAR_M = 0.5  # near clipping distance
_FIXED_POINT_BITS = 4  # OpenCV coordinates in sixteenths of a pixel
_ROUND_SHADING = (
    (-1.0, -0.3, 0.72),
    (-0.3, 0.4, 0.95),
    (0.4, 1.0, 1.12),
)  # strips of a cylinder: from, to (radii), brightness
_FLAT_SHADING = ((-1.0, 1.0, 0.95),)


@dataclass(frozen=True)
class Sun:
    """Direction and strength of the sunlight.

    Attributes:
        shadow_xy: Ground displacement of the shadow of a point 1 m up, meters.
        darkness: 0 (overcast, no cast shadows) to about 0.6.
        softness: Width of the shadow edge, meters.
    """

    shadow_xy: tuple[float, float]
    darkness: float
    softness: float = 0.05

    def turned(self, angle: float) -> Sun:
        """Return the same sun in ground axes turned clockwise by `angle` radians."""
        x, y = self.shadow_xy
        sin, cos = float(np.sin(angle)), float(np.cos(angle))
        return replace(self, shadow_xy=(cos * x - sin * y, sin * x + cos * y))

    @property
    def direction(self) -> np.ndarray:
        """Unit vector towards the light, (3,)."""
        vector = np.array([-self.shadow_xy[0], -self.shadow_xy[1], 1.0])
        return vector / np.linalg.norm(vector)


@dataclass(frozen=True)
class Footprint:
    """Extent of a painted sprite."""

    box_xyxy: np.ndarray  # (4,) float32 output pixels of the part inside the image, zeros if it lies outside
    pixels: int  # canvas pixels, ignoring occlusion, including those outside the image


class Canvas:
    """Colors and identities at `SUPERSAMPLING` times the camera's resolution."""

    def __init__(self, camera: Camera, sun: Sun) -> None:
        factor = SUPERSAMPLING
        self.camera = replace(
            camera, focal_px=camera.focal_px * factor, width=camera.width * factor, height=camera.height * factor
        )
        self.output_camera = camera
        self.sun = sun
        self.image = np.zeros((self.camera.height, self.camera.width, 3), np.uint8)
        self.ids = np.zeros((self.camera.height, self.camera.width), np.int16)
        # half resolution is enough for soft shadows
        self._shadow = np.zeros((self.camera.height // 2, self.camera.width // 2), np.uint8)

    @property
    def mirrored(self) -> bool:
        """Whether the canvas shows the scene's upside-down reflection in wet ground."""
        foot, head = self.camera.project(np.array([(0.0, 20.0, 0.0), (0.0, 20.0, 1.0)]))
        return bool(head[1] > foot[1])

    # ---- ground polygons -------------------------------------------------------------------------------------

    def outline(self, points_xyz: np.ndarray) -> np.ndarray | None:
        """Project a world polygon (m, 3) to pixels (n, 2), clipped in front of the lens; None if nothing remains."""
        points = np.asarray(points_xyz, np.float64)
        margin = self.camera.depth(points) - _NEAR_M
        if (margin < 0).any():
            points = _clip_polygon(points, margin)
            if len(points) < 3:
                return None
        return np.clip(self.camera.project(points), -20_000, 20_000)

    def fill(self, points_xyz: np.ndarray, color: np.ndarray) -> None:
        """Fill a world polygon (n, 3) with one color."""
        pixels = self.outline(points_xyz)
        if pixels is not None:
            cv2.fillPoly(self.image, [_to_fixed_point(pixels)], _as_color(color), cv2.LINE_8, _FIXED_POINT_BITS)

    def fill_each(self, shapes_xyz: np.ndarray, color: np.ndarray) -> None:
        """Fill many world polygons (m, n, 3) with one color, skipping those out of view."""
        in_front = (self.camera.depth(shapes_xyz) >= _NEAR_M).all(axis=1)
        pixels = self.camera.project(shapes_xyz[in_front])
        low, high = pixels.min(axis=1), pixels.max(axis=1)
        visible = ((high > -1) & (low < np.array(self.ids.shape[::-1]) + 1)).all(axis=1)
        for shape in np.clip(pixels[visible], -20_000, 20_000):
            cv2.fillPoly(self.image, [_to_fixed_point(shape)], _as_color(color), cv2.LINE_8, _FIXED_POINT_BITS)
        for shape in shapes_xyz[~in_front]:
            self.fill(shape, color)

    def mask(self, ground_xy: np.ndarray) -> np.ndarray | None:
        """Return the mask of the pixels inside a ground polygon (n, 2), (h, w) uint8 0/255."""
        pixels = self.outline(lift(ground_xy, 0.0))
        if pixels is None:
            return None
        mask = np.zeros(self.ids.shape, np.uint8)
        cv2.fillPoly(mask, [_to_fixed_point(pixels)], 255, cv2.LINE_8, _FIXED_POINT_BITS)
        return mask

    # ---- shadows -------------------------------------------------------------------------------------------------

    def cast_shadow(self, parts: Sequence[Primitive], ground_xy: np.ndarray, yaw: float) -> None:
        """Cast the shadow of a solid on the ground."""
        for part in parts:
            points = to_world(part, ground_xy, yaw)
            points = lift(points[:, :2] + points[:, 2:] * np.asarray(self.sun.shadow_xy), 0.0)
            pixels = self.outline(points)
            if pixels is not None:
                cv2.fillPoly(self._shadow, [_to_fixed_point(pixels / 2)], 255, cv2.LINE_8, _FIXED_POINT_BITS)

    def cast_sprite_shadow(
        self, rgba: np.ndarray, foot_xy: tuple[float, float], ground_xy: np.ndarray, px_per_m: float
    ) -> None:
        """Cast the shadow of an upright sprite of `px_per_m` pixels per meter that stands at `ground_xy`."""
        width = rgba.shape[1]
        left, right, up = -foot_xy[0] / px_per_m, (width - foot_xy[0]) / px_per_m, foot_xy[1] / px_per_m
        along = np.asarray(self.sun.shadow_xy) * up
        base = np.array([[left, 0], [right, 0]]) + ground_xy
        corners = np.vstack([base + along, base[::-1]])  # top-left, top-right, bottom-right, bottom-left
        if (self.camera.depth(lift(corners, 0.0)) < _NEAR_M).any():
            return
        source = np.array([[0, 0], [width, 0], [width, foot_xy[1]], [0, foot_xy[1]]], np.float32)
        target = (self.camera.project(lift(corners, 0.0)) / 2).astype(np.float32)
        low = np.clip(np.floor(target.min(axis=0)), 0, self._shadow.shape[::-1]).astype(int)
        high = np.clip(np.ceil(target.max(axis=0)), 0, self._shadow.shape[::-1]).astype(int)
        if (high <= low).any():
            return
        warp = cv2.getPerspectiveTransform(source, target - low.astype(np.float32))
        shadow = cv2.warpPerspective(np.ascontiguousarray(rgba[..., 3]), warp, tuple((high - low).tolist()))
        window = self._shadow[low[1] : high[1], low[0] : high[0]]
        np.maximum(window, shadow, out=window)

    def apply_shadows(self, dapple: np.ndarray | None = None) -> None:
        """Darken the image by the shadows cast since the last call, and by a shade map `dapple` (h/2, w/2) uint8."""
        shadow = self._shadow if dapple is None else np.maximum(self._shadow, dapple)
        middle_xy = np.array([0.0, self.camera.height_m / np.tan(self.camera.tilt + 0.05)])
        blur = max(0.6, self.sun.softness * float(self.camera.pixels_per_meter(middle_xy)) / 2)
        shadow = cv2.GaussianBlur(shadow, (0, 0), blur) if shadow.any() else shadow
        keep = cv2.LUT(shadow, np.clip(255 * (1 - self.sun.darkness * np.arange(256) / 255), 0, 255).astype(np.uint8))
        keep = cv2.resize(keep, self.ids.shape[::-1], interpolation=cv2.INTER_LINEAR)
        cv2.multiply(self.image, cv2.merge([keep] * 3), dst=self.image, scale=1 / 255)
        self._shadow[:] = 0

    # ---- upright objects -----------------------------------------------------------------------------------------

    def draw_primitives(self, parts: Sequence[Primitive], ground_xy: np.ndarray, yaw: float) -> None:
        """Paint a solid, farthest primitive first; it occludes the people painted before."""
        standing = [(to_world(part, ground_xy, yaw), part) for part in parts]
        standing.sort(key=lambda item: -float(self.camera.depth(item[0]).mean()))
        for points, part in standing:
            if isinstance(part, Cylinder):
                self._draw_tube(points, part)
            elif isinstance(part, TexturedQuad):
                self.draw_textured_quad(part.rgba, points)
            elif (pixels := self.outline(points)) is not None:
                self._polygon(pixels, part.color * self._shading(points), part.emissive)

    def _draw_tube(self, ends: np.ndarray, tube: Cylinder) -> None:
        depth = self.camera.depth(ends)
        if (depth < _NEAR_M).any():
            return
        start, end = self.camera.project(ends)
        radius = np.maximum(self.camera.focal_px / depth * (tube.start_radius, tube.end_radius), 0.5)
        axis = end - start
        side = np.array([-axis[1], axis[0]]) / max(float(np.hypot(*axis)), 1e-6)
        lit = 1.0 if side @ (-self.sun.shadow_xy[0], -0.3) > 0 else -1.0  # the flank that faces the light
        if radius.max() > 1.5:  # round ends, foreshortened by the tilt
            for center, size in ((start, radius[0]), (end, radius[1])):
                axes = (size, max(0.5, size * np.sin(self.camera.tilt)))
                self._ellipse(center, axes, tube.color * 0.95, tube.emissive)
        strips = _ROUND_SHADING if radius.max() > 1.0 else _FLAT_SHADING
        for left, right, light in strips:
            a, b = lit * left * radius, lit * right * radius  # (2,) offsets at start and end
            corners = np.array([start + a[0] * side, end + a[1] * side, end + b[1] * side, start + b[0] * side])
            self._polygon(corners, tube.color * light, tube.emissive)

    def _polygon(self, pixels: np.ndarray, color: np.ndarray, emissive: bool) -> None:
        corners = _to_fixed_point(pixels)
        cv2.fillPoly(self.image, [corners], _as_color(color), cv2.LINE_8, _FIXED_POINT_BITS)
        cv2.fillPoly(self.ids, [corners], EMISSIVE * emissive, cv2.LINE_8, _FIXED_POINT_BITS)

    def _ellipse(self, center: np.ndarray, axes: tuple[float, float], color: np.ndarray, emissive: bool) -> None:
        middle, size = _to_fixed_point(center).tolist(), _to_fixed_point(np.asarray(axes)).tolist()
        for target, value in ((self.image, _as_color(color)), (self.ids, EMISSIVE * emissive)):
            cv2.ellipse(target, middle, size, 0, 0, 360, value, -1, cv2.LINE_8, _FIXED_POINT_BITS)

    def _shading(self, points: np.ndarray) -> float:
        """Compute the brightness of a flat polygon (n, 3) under sun and sky, on the side facing the camera."""
        (a, b, c), (d, e, f) = (points[1:3] - points[0]).tolist()
        normal = np.array([b * f - c * e, c * d - a * f, a * e - b * d])
        length = float(np.linalg.norm(normal))
        if length == 0:
            return 1.0
        to_lens = np.array([0.0, 0.0, self.camera.height_m]) - points[0]
        normal *= np.sign(normal @ to_lens) / length
        return float(0.62 + 0.14 * normal[2] + 0.36 * max(0.0, normal @ self.sun.direction))

    def draw_textured_quad(self, rgba: np.ndarray, corners_xyz: np.ndarray, lit: np.ndarray | None = None) -> None:
        """Paint an image on a flat world quadrilateral.

        Args:
            rgba: (h, w, 4) uint8, premultiplied.
            corners_xyz: (4, 3) meters: top-left, top-right, bottom-right, bottom-left.
            lit: Emissive pixels, (h, w) uint8 0/255.
        """
        if (self.camera.depth(corners_xyz) < _NEAR_M).any():
            return
        target = self.camera.project(corners_xyz)
        size = max(np.hypot(*(target[1] - target[0])), np.hypot(*(target[2] - target[3])))
        while size < rgba.shape[1] / 2 and min(rgba.shape[:2]) > 8:  # mip mapping prevents aliasing
            rgba = cv2.resize(rgba, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
            lit = cv2.resize(lit, rgba.shape[1::-1], interpolation=cv2.INTER_NEAREST) if lit is not None else None
        low = np.clip(np.floor(target.min(axis=0)), 0, self.ids.shape[::-1]).astype(int)
        high = np.clip(np.ceil(target.max(axis=0)), 0, self.ids.shape[::-1]).astype(int)
        if (high <= low).any():
            return
        height, width = rgba.shape[:2]
        source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        warp = cv2.getPerspectiveTransform(source, (target - low).astype(np.float32))
        extent = tuple((high - low).tolist())
        self._blend(cv2.warpPerspective(rgba, warp, extent), low, 0)
        if lit is not None:
            emissive = cv2.warpPerspective(lit, warp, extent, flags=cv2.INTER_NEAREST) > 0
            self.ids[low[1] : high[1], low[0] : high[0]][emissive] = EMISSIVE

    def draw_sprite(
        self, rgba: np.ndarray, foot_xy: tuple[float, float], foot_px: np.ndarray, scale: float, identity: int
    ) -> Footprint:
        """Paint an upright sprite.

        Args:
            rgba: (h, w, 4) uint8, premultiplied.
            foot_xy: Foot point in sprite pixels.
            foot_px: (2,) position of the foot point, output pixels.
            scale: Output pixels per sprite pixel.
            identity: Value for the identity map, 0 for an object.
        """
        zoom = scale * SUPERSAMPLING
        width, height = max(1, round(rgba.shape[1] * zoom)), max(1, round(rgba.shape[0] * zoom))
        sprite = cv2.resize(rgba, (width, height), interpolation=cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR)
        corner = np.round(np.asarray(foot_px) * SUPERSAMPLING - np.asarray(foot_xy) * zoom).astype(int)
        solid = sprite[..., 3] > 127
        low = np.maximum(-corner, 0)
        high = np.maximum(low, np.minimum((width, height), np.array(self.ids.shape[::-1]) - corner))
        inside = slice(low[1], high[1]), slice(low[0], high[0])
        rows, columns = (np.flatnonzero(solid[inside].any(axis=axis)) for axis in (1, 0))
        if len(rows) == 0:
            return Footprint(np.zeros(4, np.float32), int(solid.sum()))
        self._blend(sprite[inside], corner + low, identity)
        extent = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])
        box = (extent + np.tile(corner + low, 2)) / SUPERSAMPLING
        return Footprint(box.astype(np.float32), int(solid.sum()))

    def _blend(self, rgba: np.ndarray, corner: np.ndarray, identity: int) -> None:
        """Blend premultiplied pixels with the top-left pixel at `corner` (x, y), all inside the canvas."""
        height, width = rgba.shape[:2]
        window = (slice(corner[1], corner[1] + height), slice(corner[0], corner[0] + width))
        transmittance = cv2.merge([255 - rgba[..., 3]] * 3)
        below = cv2.multiply(self.image[window], transmittance, scale=1 / 255)
        self.image[window] = cv2.add(below, np.ascontiguousarray(rgba[..., :3]))
        self.ids[window][rgba[..., 3] > 127] = identity

    # ---- the result ----------------------------------------------------------------------------------------------

    def downsampled(self) -> np.ndarray:
        """Return the image at the camera's resolution, (h, w, 3) uint8 RGB."""
        size = (self.camera.width // SUPERSAMPLING, self.camera.height // SUPERSAMPLING)
        return cv2.resize(self.image, size, interpolation=cv2.INTER_AREA)

    def visible_pixels(self, count: int) -> np.ndarray:
        """Count the visible pixels of persons 1 … count, (count,) int64."""
        return np.bincount(self.ids[self.ids > 0], minlength=count + 1)[1 : count + 1]

    def emissive(self) -> np.ndarray:
        """Return the mask of lamps and lit windows at the camera's resolution, (h, w) uint8 0/255."""
        emissive = self.ids[::SUPERSAMPLING, ::SUPERSAMPLING] == EMISSIVE
        return emissive.view(np.uint8) * np.uint8(255)


def _clip_polygon(points: np.ndarray, margin: np.ndarray) -> np.ndarray:
    """Clip a polygon (n, 3) to `margin` (n,) ≥ 0 (Sutherland and Hodgman, one plane)."""
    kept = []
    for start, end, a, b in zip(points, np.roll(points, -1, axis=0), margin, np.roll(margin, -1), strict=True):
        if a >= 0:
            kept.append(start)
        if (a >= 0) != (b >= 0):
            kept.append(start + (end - start) * a / (a - b))
    return np.array(kept).reshape(-1, 3)


def _to_fixed_point(pixels: np.ndarray) -> np.ndarray:
    return np.round(pixels * (1 << _FIXED_POINT_BITS)).astype(np.int32)


def _as_color(color: np.ndarray) -> tuple[float, ...]:
    return tuple(np.clip(color, 0, 255).tolist())
