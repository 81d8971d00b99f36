"""Numba-compiled inner loops of the renderer: rasterization with a depth buffer, and shading.

The camera is far away compared with the size of a person, so projection is orthographic: a point (right, depth, up)
lands at x = right, y = up·cos(tilt) + depth·sin(tilt). A generalized cylinder becomes a band around its projected axis;
across the band the surface bulges towards the camera like a semicircle, which gives depth, normal and texture column.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from reid_synth.people.body import MAX_KNOTS

FAR = np.float32(1e6)
# Columns of the table of parts: surface, roundness, turn, knots, start xy and depth, end xy and depth (pixels),
# then the profiles of half-widths and half-depths (pixels).
SURFACE, ROUNDNESS, TURN, KNOTS, START, END, WIDTHS, DEPTHS = 0, 1, 2, 3, 4, 7, 10, 10 + MAX_KNOTS
ROW = DEPTHS + MAX_KNOTS


class GBuffer(NamedTuple):
    """Geometry buffer: properties of the nearest surface at each pixel."""

    depth: np.ndarray  # (h, w) float32, distance from the viewer, pixels
    part: np.ndarray  # (h, w) int16, -1 = nothing
    row: np.ndarray  # (h, w) uint8, row of the atlas page
    column: np.ndarray  # (h, w) uint8
    right: np.ndarray  # (h, w) float32, component of the normal to the right in the image
    down: np.ndarray  # (h, w) float32, and down


def empty_gbuffer(height: int, width: int) -> GBuffer:
    """Return an empty buffer."""
    shape = (height, width)
    return GBuffer(
        np.full(shape, FAR, np.float32),
        np.full(shape, -1, np.int16),
        np.zeros(shape, np.uint8),
        np.zeros(shape, np.uint8),
        np.zeros(shape, np.float32),
        np.zeros(shape, np.float32),
    )


@njit(cache=True, error_model="numpy", fastmath=True)
def rasterize(buffer, parts, atlas, heading):  # type: ignore[no-untyped-def]
    """Draw the parts into the buffer with depth test and alpha test.

    Through a hole in a shell, the nearer of an inner part and the inside of its far wall is visible.

    Args:
        buffer: See `GBuffer`; changed in place.
        parts: (n, ROW) float32, see above.
        atlas: (surfaces, rows, columns, 4) uint8: RGB, and 0 for a hole, else the depth of folds.
        heading: Radians, see `render_person`.
    """
    height, width = buffer.depth.shape
    rows, columns = atlas.shape[1], atlas.shape[2]
    seen, thick = np.empty(MAX_KNOTS, np.float32), np.empty(MAX_KNOTS, np.float32)
    for index in range(len(parts)):
        part = parts[index]
        surface, knots = int(part[SURFACE]), int(part[KNOTS])
        facing = heading + part[TURN]
        side, front = abs(math.cos(facing)), abs(math.sin(facing))
        widest, mean_seen, mean_thick = np.float32(0), np.float32(0), np.float32(0)
        for knot in range(knots):
            w, d = part[WIDTHS + knot], part[DEPTHS + knot]
            seen[knot] = math.hypot(w * side, d * front)  # half-width in the image
            thick[knot] = math.hypot(w * front, d * side)  # half-depth towards the camera
            widest = max(widest, seen[knot])
            mean_seen += seen[knot] / knots
            mean_thick += thick[knot] / knots
        x_0, y_0, z_0, x_1, y_1, z_1 = part[START : END + 3]
        length = math.hypot(x_1 - x_0, y_1 - y_0)
        if length > 1e-3:
            axis_x, axis_y = (x_1 - x_0) / length, (y_1 - y_0) / length
        else:  # axis along the line of sight: any direction works
            axis_x, axis_y, length = 0.0, 1.0, 1e-3
        flip = 1.0 if axis_y >= 0 else -1.0
        normal_x, normal_y = axis_y * flip, -axis_x * flip  # points to the right in the image
        # Seen along the axis, the end is an ellipse: the cap is at least that high.
        steep = abs(z_1 - z_0) / math.hypot(length, z_1 - z_0)
        cap = max(part[ROUNDNESS], steep * mean_thick / max(mean_seen, 1e-6))
        reach = widest * max(1.0, cap) + 1
        for y in range(max(0, int(min(y_0, y_1) - reach)), min(height, int(max(y_0, y_1) + reach) + 2)):
            for x in range(max(0, int(min(x_0, x_1) - reach)), min(width, int(max(x_0, x_1) + reach) + 2)):
                d_x, d_y = x - x_0, y - y_0
                distance = d_x * axis_x + d_y * axis_y
                inside = min(max(distance, 0.0), length)
                along = inside / length
                position = along * (knots - 1)
                step = min(int(position), knots - 2)
                radius = max(seen[step] + (seen[step + 1] - seen[step]) * (position - step), 0.6)
                across = (d_x * normal_x + d_y * normal_y) / radius
                beyond = (distance - inside) / (radius * cap)
                bulge = 1 - across * across - beyond * beyond
                if bulge <= 0:
                    continue
                half = (thick[step] + (thick[step + 1] - thick[step]) * (position - step)) * math.sqrt(bulge)
                middle = z_0 + (z_1 - z_0) * along
                if middle - half >= buffer.depth[y, x]:
                    continue
                row = min(int(along * rows), rows - 1)
                turned = math.asin(min(max(across, -1.0), 1.0))
                column = math.floor((turned - facing) / (2 * math.pi) * columns + columns / 2) % columns
                towards = np.float32(1.0)
                if atlas[surface, row, column, 3] == 0:  # a hole: the far wall may be visible through it
                    half = -half
                    if middle - half >= buffer.depth[y, x]:
                        continue
                    column = math.floor((math.pi - turned - facing) / (2 * math.pi) * columns + columns / 2) % columns
                    if atlas[surface, row, column, 3] == 0:
                        continue
                    towards = np.float32(-1.0)
                buffer.depth[y, x] = middle - half
                buffer.part[y, x] = index
                buffer.row[y, x] = row
                buffer.column[y, x] = column
                buffer.right[y, x] = towards * (across * normal_x + beyond * axis_x)
                buffer.down[y, x] = towards * (across * normal_y + beyond * axis_y)


@njit(cache=True, error_model="numpy", fastmath=True)
def shade(buffer, parts, atlas, folds, offsets, light, tilt, reach):  # type: ignore[no-untyped-def]
    """Shade every pixel: texture × (sky light + sun light with shadows), with normals perturbed by cloth folds.

    Args:
        buffer: Result of `rasterize`.
        parts, atlas: As in `rasterize`.
        folds: (rows, columns, 2) float32, slope of the cloth along columns and rows.
        offsets: (n, 2) int64, offset of each part in `folds` (rows, columns), so that limbs fold differently.
        light: (right, up, towards, ambient): unit vector to the sun, and the share of ambient light.
        tilt: Downward viewing angle, radians; the sky is above the person, not above the image.
        reach: Maximum distance of a shadow caster, pixels.

    Returns:
        (h, w, 4) uint8 RGBA, alpha 0 or 255.
    """
    height, width = buffer.depth.shape
    rows, columns = atlas.shape[1], atlas.shape[2]
    image = np.zeros((height, width, 4), np.uint8)
    sun_x, sun_y, sun_z, ambient = light[0], -light[1], light[2], light[3]
    sky_y, sky_z = -math.cos(tilt), math.sin(tilt)
    for y in range(height):
        for x in range(width):
            index = buffer.part[y, x]
            if index < 0:
                continue
            surface, row, column = int(parts[index, SURFACE]), buffer.row[y, x], buffer.column[y, x]
            n_x, n_y = buffer.right[y, x], buffer.down[y, x]
            n_z = math.sqrt(max(0.0, 1 - n_x * n_x - n_y * n_y))
            crease = np.float32(atlas[surface, row, column, 3] - 1) / 254
            slope = folds[(row + offsets[index, 0]) % rows, (column + offsets[index, 1]) % columns]
            n_x, n_y = n_x + crease * slope[0], n_y + crease * slope[1]
            scale = 1 / math.sqrt(n_x * n_x + n_y * n_y + n_z * n_z + 1e-6)
            n_x, n_y, n_z = n_x * scale, n_y * scale, n_z * scale
            sky = 0.5 + 0.5 * (n_y * sky_y + n_z * sky_z)  # visible share of the sky
            lamp = n_x * sun_x + n_y * sun_y + n_z * sun_z
            here, hidden = buffer.depth[y, x], 0.0
            if lamp > 0.05:
                for step in range(1, 7):
                    way = reach * (step * step) / 36 + 1.5
                    s_x, s_y = int(x + sun_x * way), int(y + sun_y * way)
                    if s_x < 0 or s_y < 0 or s_x >= width or s_y >= height:
                        break
                    gap = (here - sun_z * way) - buffer.depth[s_y, s_x]
                    if gap > 1.5 and gap < reach:
                        hidden = 1.0
                        break
            # ambient occlusion by near surfaces in front
            near = 0.0
            for s in range(4):
                s_x, s_y = x + (5, -5, 0, 0)[s] * reach / 40, y + (0, 0, 5, -5)[s] * reach / 40
                if 0 <= s_x < width and 0 <= s_y < height:
                    gap = here - buffer.depth[int(s_y), int(s_x)]
                    if gap > 0.06 * reach and gap < reach:
                        near += 0.1
            bright = (
                ambient * (0.62 + 0.5 * sky) * (1 - near)
                + (1.12 - ambient) * max(0.0, lamp) * (1 - 0.8 * hidden) * 1.25
            )
            for channel in range(3):
                value = atlas[surface, row, column, channel] * bright
                image[y, x, channel] = np.uint8(min(max(value, 0.0), 255.0))
            image[y, x, 3] = 255
    return image
