"""Anti-aliased lines and areas, on the painted map of a face (millimeters) and on images (pixels)."""

import cv2
import numpy as np

from reid_synth.faces.head_map import to_painted_map

SHIFT = 4  # fractional bits of OpenCV coordinates
PIXELS_PER_MM = float(np.diff(to_painted_map(np.array([(0.0, 0.0), (1.0, 0.0)]))[:, 0])[0])  # scale of the painted map


def to_fixed_point(pixels: np.ndarray) -> np.ndarray:
    """Convert pixels (n, 2) to the fixed-point coordinates of OpenCV."""
    return np.round(pixels * (1 << SHIFT)).astype(np.int32)


def fill_polygon(layer: np.ndarray, pixels: np.ndarray, value: int | np.ndarray = 255) -> None:
    """Fill an outline (n, 2) in pixels with a gray level or a color (0–255), in place."""
    cv2.fillPoly(layer, [to_fixed_point(pixels)], _as_color(value), cv2.LINE_AA, SHIFT)


def draw_polyline(
    layer: np.ndarray, pixels: np.ndarray, width: float, value: int | np.ndarray = 255, closed: bool = False
) -> None:
    """Draw a line through (n, 2) pixels with a gray level or a color (0–255), in place."""
    cv2.polylines(layer, [to_fixed_point(pixels)], closed, _as_color(value), max(1, round(width)), cv2.LINE_AA, SHIFT)


def _as_color(value: int | np.ndarray) -> int | list[float]:
    return min(value, 255) if isinstance(value, int) else np.clip(value, 0, 255).tolist()


def blend(canvas: np.ndarray, over: np.ndarray, mask: np.ndarray, strength: float = 1.0) -> None:
    """Blend a color (3,) or an image over a canvas (h, w, 3) uint8 by a mask (h, w) uint8, in place."""
    x, y, width, height = cv2.boundingRect(mask)
    if width == 0:
        return
    window = (slice(y, y + height), slice(x, x + width))
    share = cv2.merge([mask[window].astype(np.float32) * np.float32(strength / 255)] * 3)
    layer = np.clip(over[window] if over.ndim == 3 else over, 0, 255).astype(np.float32)
    canvas[window] = np.clip(canvas[window] + share * (layer - canvas[window]), 0, 255).astype(np.uint8)


class MapPainter:
    """Draws on a window of the painted map, with positions and widths in millimeters.

    Attributes:
        rows: Rows of the window on the painted map.
        columns: Columns of the window.
    """

    def __init__(self, left_top_mm: np.ndarray | None = None, right_bottom_mm: np.ndarray | None = None) -> None:
        """Create a painter for the window between two corners (2,), or for the whole map."""
        self.rows, self.columns = slice(0, None), slice(0, None)
        if left_top_mm is not None and right_bottom_mm is not None:
            low, high = to_painted_map(np.stack([left_top_mm, right_bottom_mm])).astype(int)
            self.rows, self.columns = slice(max(0, low[1]), high[1] + 2), slice(max(0, low[0]), high[0] + 2)

    @classmethod
    def enclosing(cls, points_mm: np.ndarray, margin_mm: float) -> "MapPainter":
        """Create a painter for the window that contains points (n, 2), with a margin."""
        return cls(points_mm.min(axis=0) - margin_mm, points_mm.max(axis=0) + margin_mm)

    def pixels(self, points_mm: np.ndarray) -> np.ndarray:
        """Convert points (n, 2) mm to pixels of the window."""
        return to_painted_map(points_mm) - (self.columns.start, self.rows.start)

    def fill(self, layer: np.ndarray, points_mm: np.ndarray, value: int | np.ndarray = 255) -> None:
        """Fill an outline."""
        fill_polygon(layer, self.pixels(points_mm), value)

    def stroke(self, layer: np.ndarray, points_mm: np.ndarray, width_mm: float, value: int = 255) -> None:
        """Draw an open line."""
        if value > 0:
            draw_polyline(layer, self.pixels(points_mm), width_mm * PIXELS_PER_MM, value)

    def hairs(self, layer: np.ndarray, ends_mm: np.ndarray, value: int = 255) -> None:
        """Draw many short, thin lines from (n, 2 ends, 2) mm."""
        ends = to_fixed_point(self.pixels(ends_mm.reshape(-1, 2))).reshape(-1, 2, 2)
        cv2.polylines(layer, list(ends), False, value, 1, cv2.LINE_AA, SHIFT)

    def oval(
        self,
        layer: np.ndarray,
        middle_mm: np.ndarray | tuple[float, float],
        half_mm: tuple[float, float],
        value: int | np.ndarray = 255,
        degrees: float = 0.0,
    ) -> None:
        """Fill an ellipse, rotated clockwise."""
        turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        flat = np.stack([half_mm[0] * np.cos(turn), half_mm[1] * np.sin(turn)], axis=1)
        cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        self.fill(layer, flat @ np.array([[cos, sin], [-sin, cos]]) + middle_mm, value)

    def disc(
        self, layer: np.ndarray, middle_mm: np.ndarray | tuple[float, float], radius_mm: float, value: int | np.ndarray
    ) -> None:
        """Fill a disc."""
        self.oval(layer, middle_mm, (radius_mm, radius_mm), value)


def curve(*points: tuple[float, float], count: int = 16) -> np.ndarray:
    """Interpolate a few points by a polynomial in each coordinate, (count, 2).

    >>> curve((0, 0), (1, 2), count=3).round(6).tolist()
    [[0.0, 0.0], [0.5, 1.0], [1.0, 2.0]]
    """
    known, wanted = np.linspace(0, 1, len(points)), np.linspace(0, 1, count)
    xy = np.array(points, float)
    return np.stack([np.polyval(np.polyfit(known, xy[:, i], len(points) - 1), wanted) for i in (0, 1)], axis=1)


def stack_points(x: np.ndarray | float, y: np.ndarray | float) -> np.ndarray:
    """Stack two coordinates, broadcast against each other, to points (n, 2)."""
    return np.stack(np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float)), axis=-1)
