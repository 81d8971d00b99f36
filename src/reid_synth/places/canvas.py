"""The sheet that a street is painted on, far things first: solids, sprites and their shadows through one camera.

It is painted at twice the picture's resolution and shrunk at the end, which smooths every edge. Beside the colours
a map of identities is kept: it holds, for each pixel, the number of the person seen there, 0 for nobody, or `EMISSIVE`
for a lamp or a lit window, which stays bright when the day goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from reid_synth.camera import Camera, lift
from reid_synth.places.solids import Cylinder, Primitive, TexturedQuad, to_world

SUPERSAMPLING = 2
EMISSIVE = -1  # in the map of identities
_NEAR_M = 0.5  # nothing nearer to the lens than this is painted
_SHIFT = 4  # OpenCV polygons in sixteenths of a pixel
_ROUND = ((-1.0, -0.3, 0.72), (-0.3, 0.4, 0.95), (0.4, 1.0, 1.12))  # strips of a bar: from, to (radii), brightness
_THIN = ((-1.0, 1.0, 0.95),)


@dataclass(frozen=True)
class Sun:
    """Where the light comes from.

    Attributes:
        shadow_xy: ground metres by which the shadow of a point 1 m up is displaced.
        darkness: 0 (overcast: no cast shadows) to about 0.6.
        softness: metres over which a shadow's edge fades.
    """

    shadow_xy: tuple[float, float]
    darkness: float
    softness: float = 0.05

    def turned(self, angle: float) -> Sun:
        """The same sun over ground axes that are turned clockwise by `angle` radians."""
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
    """What painting one sprite took: the extent of what lies in the picture, and how many pixels it covers unhidden."""

    box_xyxy: np.ndarray  # (4,) float32 pixels of the final picture, zeros where all of it lies outside
    pixels: int  # at the canvas's resolution, parts outside the picture included


class Canvas:
    """Colours and identities at `SUPERSAMPLING` times the camera's resolution."""

    def __init__(self, camera: Camera, sun: Sun) -> None:
        factor = SUPERSAMPLING
        self.camera = replace(
            camera, focal_px=camera.focal_px * factor, width=camera.width * factor, height=camera.height * factor
        )
        self.output_camera = camera
        self.sun = sun
        self.image = np.zeros((self.camera.height, self.camera.width, 3), np.uint8)
        self.ids = np.zeros((self.camera.height, self.camera.width), np.int16)
        # shadows are soft: half the size is enough
        self._shade = np.zeros((self.camera.height // 2, self.camera.width // 2), np.uint8)

    @property
    def mirrored(self) -> bool:
        """Whether this is the world's mirror image in wet ground, upside down."""
        foot, head = self.camera.project(np.array([(0.0, 20.0, 0.0), (0.0, 20.0, 1.0)]))
        return bool(head[1] > foot[1])

    # ---- flat things on the ground -------------------------------------------------------------------------------

    def outline(self, points_xyz: np.ndarray) -> np.ndarray | None:
        """Pixels (n, 2) of a world polygon (m, 3), cut off in front of the lens; None where nothing is left."""
        points = np.asarray(points_xyz, np.float64)
        room = self.camera.depth(points) - _NEAR_M
        if (room < 0).any():
            points = _cut(points, room)
            if len(points) < 3:
                return None
        return np.clip(self.camera.project(points), -20_000, 20_000)

    def fill(self, points_xyz: np.ndarray, colour: np.ndarray) -> None:
        """Fill a world polygon (n, 3) with one colour."""
        pixels = self.outline(points_xyz)
        if pixels is not None:
            cv2.fillPoly(self.image, [_fixed(pixels)], _scalar(colour), cv2.LINE_8, _SHIFT)

    def fill_each(self, shapes_xyz: np.ndarray, colour: np.ndarray) -> None:
        """Fill many world polygons (m, n, 3) with one colour, leaving out what is not seen."""
        in_front = (self.camera.depth(shapes_xyz) >= _NEAR_M).all(axis=1)
        pixels = self.camera.project(shapes_xyz[in_front])
        low, high = pixels.min(axis=1), pixels.max(axis=1)
        seen = ((high > -1) & (low < np.array(self.ids.shape[::-1]) + 1)).all(axis=1)
        for shape in np.clip(pixels[seen], -20_000, 20_000):
            cv2.fillPoly(self.image, [_fixed(shape)], _scalar(colour), cv2.LINE_8, _SHIFT)
        for shape in shapes_xyz[~in_front]:
            self.fill(shape, colour)

    def mask(self, ground_xy: np.ndarray) -> np.ndarray | None:
        """The picture's pixels inside a ground polygon (n, 2), as (h, w) uint8 0/255."""
        pixels = self.outline(lift(ground_xy, 0.0))
        if pixels is None:
            return None
        mask = np.zeros(self.ids.shape, np.uint8)
        cv2.fillPoly(mask, [_fixed(pixels)], 255, cv2.LINE_8, _SHIFT)
        return mask

    # ---- shadows -------------------------------------------------------------------------------------------------

    def cast_shadow(self, parts: Sequence[Primitive], ground_xy: np.ndarray, yaw: float) -> None:
        """Cast the shadow of a solid on the ground."""
        for part in parts:
            points = to_world(part, ground_xy, yaw)
            points = lift(points[:, :2] + points[:, 2:] * np.asarray(self.sun.shadow_xy), 0.0)
            pixels = self.outline(points)
            if pixels is not None:
                cv2.fillPoly(self._shade, [_fixed(pixels / 2)], 255, cv2.LINE_8, _SHIFT)

    def cast_sprite_shadow(
        self, rgba: np.ndarray, foot_xy: tuple[float, float], ground_xy: np.ndarray, metre: float
    ) -> None:
        """Cast the shadow of an upright picture `rgba`, `metre` sprite pixels high a metre, standing at `ground_xy`."""
        width = rgba.shape[1]
        left, right, up = -foot_xy[0] / metre, (width - foot_xy[0]) / metre, foot_xy[1] / metre
        along = np.asarray(self.sun.shadow_xy) * up
        base = np.array([[left, 0], [right, 0]]) + ground_xy
        corners = np.vstack([base + along, base[::-1]])  # top-left, top-right, bottom-right, bottom-left
        if (self.camera.depth(lift(corners, 0.0)) < _NEAR_M).any():
            return
        source = np.array([[0, 0], [width, 0], [width, foot_xy[1]], [0, foot_xy[1]]], np.float32)
        target = (self.camera.project(lift(corners, 0.0)) / 2).astype(np.float32)
        low = np.clip(np.floor(target.min(axis=0)), 0, self._shade.shape[::-1]).astype(int)
        high = np.clip(np.ceil(target.max(axis=0)), 0, self._shade.shape[::-1]).astype(int)
        if (high <= low).any():
            return
        warp = cv2.getPerspectiveTransform(source, target - low.astype(np.float32))
        shadow = cv2.warpPerspective(np.ascontiguousarray(rgba[..., 3]), warp, tuple((high - low).tolist()))
        window = self._shade[low[1] : high[1], low[0] : high[0]]
        np.maximum(window, shadow, out=window)

    def apply_shadows(self, dapple: np.ndarray | None = None) -> None:
        """Darken what is painted so far by the shadows cast since; `dapple` (h/2, w/2) uint8 adds shade from above."""
        shade = self._shade if dapple is None else np.maximum(self._shade, dapple)
        middle_xy = np.array([0.0, self.camera.height_m / np.tan(self.camera.tilt + 0.05)])
        blur = max(0.6, self.sun.softness * float(self.camera.pixels_per_metre(middle_xy)) / 2)
        shade = cv2.GaussianBlur(shade, (0, 0), blur) if shade.any() else shade
        keep = cv2.LUT(shade, np.clip(255 * (1 - self.sun.darkness * np.arange(256) / 255), 0, 255).astype(np.uint8))
        keep = cv2.resize(keep, self.ids.shape[::-1], interpolation=cv2.INTER_LINEAR)
        cv2.multiply(self.image, cv2.merge([keep] * 3), dst=self.image, scale=1 / 255)
        self._shade[:] = 0

    # ---- standing things -----------------------------------------------------------------------------------------

    def draw_primitives(self, parts: Sequence[Primitive], ground_xy: np.ndarray, yaw: float) -> None:
        """Paint a solid made of parts, the farthest part first; it hides the people painted before."""
        standing = [(to_world(part, ground_xy, yaw), part) for part in parts]
        standing.sort(key=lambda item: -float(self.camera.depth(item[0]).mean()))
        for points, part in standing:
            if isinstance(part, Cylinder):
                self._draw_tube(points, part)
            elif isinstance(part, TexturedQuad):
                self.draw_textured_quad(part.rgba, points)
            elif (pixels := self.outline(points)) is not None:
                self._polygon(pixels, part.colour * self._light(points), part.emissive)

    def _draw_tube(self, ends: np.ndarray, tube: Cylinder) -> None:
        depth = self.camera.depth(ends)
        if (depth < _NEAR_M).any():
            return
        start, end = self.camera.project(ends)
        radius = np.maximum(self.camera.focal_px / depth * (tube.start_radius, tube.end_radius), 0.5)
        axis = end - start
        side = np.array([-axis[1], axis[0]]) / max(float(np.hypot(*axis)), 1e-6)
        lit = 1.0 if side @ (-self.sun.shadow_xy[0], -0.3) > 0 else -1.0  # which flank faces the light
        if radius.max() > 1.5:  # round ends, flattened by the tilt
            for centre, size in ((start, radius[0]), (end, radius[1])):
                axes = (size, max(0.5, size * np.sin(self.camera.tilt)))
                self._ellipse(centre, axes, tube.colour * 0.95, tube.emissive)
        strips = _ROUND if radius.max() > 1.0 else _THIN
        for left, right, light in strips:
            a, b = lit * left * radius, lit * right * radius  # (2,) offsets at the start and at the end
            corners = np.array([start + a[0] * side, end + a[1] * side, end + b[1] * side, start + b[0] * side])
            self._polygon(corners, tube.colour * light, tube.emissive)

    def _polygon(self, pixels: np.ndarray, colour: np.ndarray, emissive: bool) -> None:
        corners = _fixed(pixels)
        cv2.fillPoly(self.image, [corners], _scalar(colour), cv2.LINE_8, _SHIFT)
        cv2.fillPoly(self.ids, [corners], EMISSIVE * emissive, cv2.LINE_8, _SHIFT)

    def _ellipse(self, centre: np.ndarray, axes: tuple[float, float], colour: np.ndarray, emissive: bool) -> None:
        middle, size = _fixed(centre).tolist(), _fixed(np.asarray(axes)).tolist()
        for sheet, value in ((self.image, _scalar(colour)), (self.ids, EMISSIVE * emissive)):
            cv2.ellipse(sheet, middle, size, 0, 0, 360, value, -1, cv2.LINE_8, _SHIFT)

    def _light(self, points: np.ndarray) -> float:
        """Brightness of a flat polygon (n, 3) under the sun and the sky, on the side that the camera sees."""
        (a, b, c), (d, e, f) = (points[1:3] - points[0]).tolist()
        normal = np.array([b * f - c * e, c * d - a * f, a * e - b * d])
        length = float(np.linalg.norm(normal))
        if length == 0:
            return 1.0
        to_lens = np.array([0.0, 0.0, self.camera.height_m]) - points[0]
        normal *= np.sign(normal @ to_lens) / length
        return float(0.62 + 0.14 * normal[2] + 0.36 * max(0.0, normal @ self.sun.direction))

    def draw_textured_quad(self, rgba: np.ndarray, corners_xyz: np.ndarray, lit: np.ndarray | None = None) -> None:
        """Paint a picture (h, w, 4) uint8, premultiplied, on a flat world quadrilateral (4, 3).

        Its corners come in the order top-left, top-right, bottom-right, bottom-left. What shines of it by itself is
        white in `lit`, (h, w) uint8 0/255.
        """
        if (self.camera.depth(corners_xyz) < _NEAR_M).any():
            return
        target = self.camera.project(corners_xyz)
        size = max(np.hypot(*(target[1] - target[0])), np.hypot(*(target[2] - target[3])))
        while size < rgba.shape[1] / 2 and min(rgba.shape[:2]) > 8:  # smaller copies keep far windows from flickering
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
        """Paint an upright sprite with its foot point at `foot_px` (final picture's pixels), `scale` times its size.

        Args:
            rgba: (h, w, 4) uint8, premultiplied.
            foot_xy: the foot point in sprite pixels.
            foot_px: (2,) where the foot point goes, pixels of the final picture.
            scale: pixels of the final picture a sprite pixel.
            identity: what the identity map gets, 0 for a thing.
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
        """Lay premultiplied pixels over the sheet with the top-left pixel at `corner` (x, y), all inside."""
        height, width = rgba.shape[:2]
        window = (slice(corner[1], corner[1] + height), slice(corner[0], corner[0] + width))
        through = cv2.merge([255 - rgba[..., 3]] * 3)
        below = cv2.multiply(self.image[window], through, scale=1 / 255)
        self.image[window] = cv2.add(below, np.ascontiguousarray(rgba[..., :3]))
        self.ids[window][rgba[..., 3] > 127] = identity

    # ---- the result ----------------------------------------------------------------------------------------------

    def downsampled(self) -> np.ndarray:
        """The finished picture at the camera's own resolution, (h, w, 3) uint8 RGB."""
        size = (self.camera.width // SUPERSAMPLING, self.camera.height // SUPERSAMPLING)
        return cv2.resize(self.image, size, interpolation=cv2.INTER_AREA)

    def visible_pixels(self, count: int) -> np.ndarray:
        """Pixels of the identity map that show persons 1 … count, (count,) int64."""
        return np.bincount(self.ids[self.ids > 0], minlength=count + 1)[1 : count + 1]

    def emissive(self) -> np.ndarray:
        """Where lamps and lit windows are seen, at the camera's own resolution: (h, w) uint8 0/255."""
        emissive = self.ids[::SUPERSAMPLING, ::SUPERSAMPLING] == EMISSIVE
        return emissive.view(np.uint8) * np.uint8(255)


def _cut(points: np.ndarray, room: np.ndarray) -> np.ndarray:
    """The part of a polygon (n, 3) whose `room` (n,) is not negative (Sutherland and Hodgman, one plane)."""
    kept = []
    for here, there, a, b in zip(points, np.roll(points, -1, axis=0), room, np.roll(room, -1), strict=True):
        if a >= 0:
            kept.append(here)
        if (a >= 0) != (b >= 0):
            kept.append(here + (there - here) * a / (a - b))
    return np.array(kept).reshape(-1, 3)


def _fixed(pixels: np.ndarray) -> np.ndarray:
    return np.round(pixels * (1 << _SHIFT)).astype(np.int32)


def _scalar(colour: np.ndarray) -> tuple[float, ...]:
    return tuple(np.clip(colour, 0, 255).tolist())
