"""Primitives of solid objects: flat polygons, textured quads and cylinders, and the boxes and posts made of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Polygon:
    """A flat polygon in local meters, visible from both sides."""

    points: np.ndarray  # (n, 3)
    color: np.ndarray  # (3,) 0–255
    emissive: bool = False  # a lamp or a lit window, at dusk


@dataclass(frozen=True)
class TexturedQuad:
    """A flat quadrilateral with an image: a notice, a poster, a shop window."""

    points: np.ndarray  # (4, 3) local meters: top-left, top-right, bottom-right, bottom-left
    rgba: np.ndarray  # (h, w, 4) uint8, premultiplied


@dataclass(frozen=True)
class Cylinder:
    """A tapered cylinder from `start` to `end`, in local meters."""

    start: tuple[float, float, float]
    end: tuple[float, float, float]
    start_radius: float
    end_radius: float
    color: np.ndarray
    emissive: bool = False


Primitive = Polygon | TexturedQuad | Cylinder


def block(low: Point, high: Point, color: np.ndarray, shrink: float = 0.0) -> list[Primitive]:
    """Make a box between two corners; its top is inset by `shrink` meters on all four sides."""
    (x_0, y_0, z_0), (x_1, y_1, z_1) = low, high
    base = np.array([(x_0, y_0, z_0), (x_1, y_0, z_0), (x_1, y_1, z_0), (x_0, y_1, z_0)])
    top = np.array([(x_0, y_0, z_1), (x_1, y_0, z_1), (x_1, y_1, z_1), (x_0, y_1, z_1)])
    top += shrink * np.array([(1, 1, 0), (-1, 1, 0), (-1, -1, 0), (1, -1, 0)])
    sides: list[Primitive] = [
        Polygon(np.array([base[i], base[(i + 1) % 4], top[(i + 1) % 4], top[i]]), color) for i in range(4)
    ]
    return [*sides, Polygon(top, color)]


def panel(center: Point, width: float, height: float, color: np.ndarray, corners: int = 4) -> Polygon:
    """Make an upright polygon facing ±y: 4 corners make a rectangle, 3 a warning triangle, many a disc."""
    angle = (np.pi / 4 if corners == 4 else np.pi / 2) + 2 * np.pi * np.arange(corners) / corners
    across, up = np.sqrt(0.5) * width * np.cos(angle), np.sqrt(0.5) * height * np.sin(angle)
    points = np.stack([across, np.zeros(corners), up], axis=1) + np.asarray(center)
    return Polygon(points, color)


def textured_panel(center: Point, width: float, height: float, rgba: np.ndarray) -> TexturedQuad:
    """Make an upright textured quad facing -y, centered at `center`."""
    corners = np.array([(-0.5, 0, 0.5), (0.5, 0, 0.5), (0.5, 0, -0.5), (-0.5, 0, -0.5)])
    return TexturedQuad(corners * (width, 1, height) + np.asarray(center), rgba)


def upright(
    radius: float, height: float, color: np.ndarray, x: float = 0.0, y: float = 0.0, top: float = 1.0
) -> Cylinder:
    """Make a vertical cylinder; `top` scales its radius at the upper end."""
    return Cylinder((x, y, 0.0), (x, y, height), radius, radius * top, color)


def to_world(part: Primitive, ground_xy: np.ndarray, yaw: float) -> np.ndarray:
    """Transform a primitive of an object that stands at `ground_xy`, turned by `yaw` radians, to world points (n, 3).

    Polygons and quads give their corners, cylinders their two ends.
    """
    points = np.array([part.start, part.end]) if isinstance(part, Cylinder) else part.points
    sin, cos = np.sin(yaw), np.cos(yaw)
    turned = points[:, :2] @ np.array([[cos, sin], [-sin, cos]])
    return np.concatenate([turned + ground_xy, points[:, 2:]], axis=1)
