"""The building blocks of things: flat plates, pictures and round bars, and the boxes and posts made of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Plate:
    """A flat polygon in local metres, seen from both sides."""

    points: np.ndarray  # (n, 3)
    colour: np.ndarray  # (3,) 0–255
    shines: bool = False  # a lamp or a lit window, when lamps are lit


@dataclass(frozen=True)
class Picture:
    """A flat quadrilateral with something printed on it: a notice, a poster, a shop window."""

    points: np.ndarray  # (4, 3) local metres: top-left, top-right, bottom-right, bottom-left
    rgba: np.ndarray  # (h, w, 4) uint8, premultiplied


@dataclass(frozen=True)
class Tube:
    """A round bar from `start` to `end`, in local metres."""

    start: tuple[float, float, float]
    end: tuple[float, float, float]
    start_radius: float
    end_radius: float
    colour: np.ndarray
    shines: bool = False


Part = Plate | Picture | Tube


def block(low: Point, high: Point, colour: np.ndarray, shrink: float = 0.0) -> list[Part]:
    """A box between two corners; `shrink` metres pull its top in on all four sides."""
    (x_0, y_0, z_0), (x_1, y_1, z_1) = low, high
    base = np.array([(x_0, y_0, z_0), (x_1, y_0, z_0), (x_1, y_1, z_0), (x_0, y_1, z_0)])
    top = np.array([(x_0, y_0, z_1), (x_1, y_0, z_1), (x_1, y_1, z_1), (x_0, y_1, z_1)])
    top += shrink * np.array([(1, 1, 0), (-1, 1, 0), (-1, -1, 0), (1, -1, 0)])
    sides: list[Part] = [
        Plate(np.array([base[i], base[(i + 1) % 4], top[(i + 1) % 4], top[i]]), colour) for i in range(4)
    ]
    return [*sides, Plate(top, colour)]


def panel(centre: Point, width: float, height: float, colour: np.ndarray, corners: int = 4) -> Plate:
    """An upright plate facing ±y: four corners make a rectangle, three a warning triangle, many a disc."""
    angle = (np.pi / 4 if corners == 4 else np.pi / 2) + 2 * np.pi * np.arange(corners) / corners
    across, up = np.sqrt(0.5) * width * np.cos(angle), np.sqrt(0.5) * height * np.sin(angle)
    points = np.stack([across, np.zeros(corners), up], axis=1) + np.asarray(centre)
    return Plate(points, colour)


def board(centre: Point, width: float, height: float, rgba: np.ndarray) -> Picture:
    """An upright picture facing -y, `centre` in its middle."""
    corners = np.array([(-0.5, 0, 0.5), (0.5, 0, 0.5), (0.5, 0, -0.5), (-0.5, 0, -0.5)])
    return Picture(corners * (width, 1, height) + np.asarray(centre), rgba)


def upright(radius: float, height: float, colour: np.ndarray, x: float = 0.0, y: float = 0.0, top: float = 1.0) -> Tube:
    """A vertical bar; `top` scales its radius at the upper end."""
    return Tube((x, y, 0.0), (x, y, height), radius, radius * top, colour)


def placed(part: Part, ground_xy: np.ndarray, yaw: float) -> np.ndarray:
    """World points (n, 3) of a part whose object stands at `ground_xy`, turned by `yaw` radians.

    A plate or a picture gives its corners, a tube its two ends.
    """
    points = np.array([part.start, part.end]) if isinstance(part, Tube) else part.points
    sin, cos = np.sin(yaw), np.cos(yaw)
    turned = points[:, :2] @ np.array([[cos, sin], [-sin, cos]])
    return np.concatenate([turned + ground_xy, points[:, 2:]], axis=1)
