"""Compiled loops: geometry against a slow per-pixel reference, holes, light."""

import numpy as np
import pytest

from reid_synth.people.body import SURFACE_INDEX, SURFACES, Part
from reid_synth.people.fabric import COLUMNS, FRONT, ROWS
from reid_synth.people.rasterizer import rasterize, shade
from reid_synth.people.rendering import draw_parts, project

SUN = np.array([0.0, 0.0, 1.0, 0.5], np.float32)
SMOOTH = np.zeros((ROWS, COLUMNS, 2), np.float32)


@pytest.fixture
def atlas() -> np.ndarray:
    pages = np.ones((len(SURFACES), ROWS, COLUMNS, 4), np.uint8)
    pages[..., :3] = 200
    return pages


def reference_depth(part: Part, x: float, y: float, heading: float, tilt: float, scale: float) -> float | None:
    """Return the depth of the near side of a part at a pixel; None beside it."""
    start, end = (point * scale for point in project(np.array([part.start, part.end]), heading, tilt))
    side, front = abs(np.cos(heading)), abs(np.sin(heading))
    length = np.hypot(*(end - start)[:2])
    direction = (end - start)[:2] / length
    to_pixel = np.array([x, y]) - start[:2]
    along = np.clip(to_pixel @ direction, 0, length)
    knots = np.linspace(0, 1, len(part.widths))
    widths, depths = np.array(part.widths) * scale, np.array(part.depths) * scale
    seen, thick = np.hypot(widths * side, depths * front), np.hypot(widths * front, depths * side)
    radius = np.interp(along / length, knots, seen)
    steep = abs(end[2] - start[2]) / np.linalg.norm(end - start)
    cap = max(part.roundness, steep * thick.mean() / seen.mean())
    across = (direction[0] * to_pixel[1] - direction[1] * to_pixel[0]) / radius
    beyond = (to_pixel @ direction - along) / (radius * cap)
    bulge = 1 - across**2 - beyond**2
    if bulge <= 0:
        return None
    middle = start[2] + (end[2] - start[2]) * along / length
    return float(middle - np.interp(along / length, knots, thick) * np.sqrt(bulge))


@pytest.mark.parametrize(("heading", "tilt"), [(0.5, 0.0), (-2.0, 0.4)])
def test_rasterization_equals_a_slow_reference(atlas, heading, tilt):
    parts = [
        Part("torso", (0.0, 0.0, 1.0), (0.0, 0.0, 0.2), (0.2, 0.3, 0.25), (0.1, 0.2, 0.2), 0.5),
        Part("hand", (-0.4, 0.3, 0.5), (0.4, 0.1, 0.7), (0.08, 0.08), (0.08, 0.08), 1.0),
    ]
    buffer, _, foot = draw_parts(parts, atlas, heading, tilt, 40.0)
    compared = 0
    for y in range(0, buffer.depth.shape[0], 3):
        for x in range(0, buffer.depth.shape[1], 3):
            depths = [reference_depth(part, x - foot[0], y - foot[1], heading, tilt, 40.0) for part in parts]
            known = [(depth, index) for index, depth in enumerate(depths) if depth is not None]
            nearest, person = min(known, default=(1e6, -1))
            if person < 0 or buffer.part[y, x] < 0 or (len(known) == 2 and abs(known[0][0] - known[1][0]) < 0.1):
                continue  # on an edge single and double precision may differ by a pixel
            assert buffer.part[y, x] == person
            assert buffer.depth[y, x] == pytest.approx(nearest, abs=0.05)
            compared += 1
    assert compared > 50
    drawn = (buffer.part >= 0).mean()
    inside = [
        any(reference_depth(part, x - foot[0], y - foot[1], heading, tilt, 40.0) is not None for part in parts)
        for y in range(buffer.depth.shape[0])
        for x in range(buffer.depth.shape[1])
    ]
    assert drawn == pytest.approx(np.mean(inside), abs=0.005)


def test_holes_show_inner_parts_and_the_far_wall(atlas):
    shell, core = SURFACE_INDEX["outer"], SURFACE_INDEX["torso"]
    atlas[shell, :, FRONT - 20 : FRONT + 20, 3] = 0
    atlas[shell, ..., :3], atlas[core, ..., :3] = (0, 250, 0), (250, 0, 0)
    coat = Part("outer", (0.0, 0.0, 1.0), (0.0, 0.0, 0.0), (0.3, 0.3), (0.3, 0.3), 0.1)
    body = Part("torso", (0.0, 0.0, 1.0), (0.0, 0.0, 0.5), (0.15, 0.15), (0.15, 0.15), 0.1)

    def middle(heading: float, share: float) -> tuple[int, int]:
        buffer, _, _ = draw_parts([coat, body], atlas, heading, 0.0, 60.0)
        y, x = int(buffer.depth.shape[0] * share), buffer.depth.shape[1] // 2
        return int(buffer.part[y, x]), int(buffer.column[y, x])

    assert middle(0.0, 0.3)[0] == 1  # the body in the opening
    assert middle(np.pi, 0.3)[0] == 0  # the coat's back hides it
    part, column = middle(0.0, 0.8)  # below the body: the inside of the coat's back
    assert part == 0 and (column < 20 or column > COLUMNS - 20)


def test_the_order_of_parts_does_not_matter(atlas):
    parts = [
        Part("torso", (0.0, 0.0, 1.0), (0.0, 0.0, 0.2), (0.2, 0.3), (0.1, 0.2), 0.5),
        Part("hand", (-0.4, 0.3, 0.5), (0.4, 0.1, 0.7), (0.08, 0.08), (0.08, 0.08), 1.0),
        Part("shoe", (0.1, 0.2, 0.3), (0.1, 0.5, 0.3), (0.1, 0.1), (0.1, 0.1), 1.0),
    ]
    forward, _, _ = draw_parts(parts, atlas, 0.7, 0.2, 50.0)
    backward, _, _ = draw_parts(parts[::-1], atlas, 0.7, 0.2, 50.0)
    assert np.array_equal(forward.depth, backward.depth)
    assert np.array_equal(forward.part, np.where(backward.part >= 0, 2 - backward.part, -1))


def test_light_from_the_right_brightens_the_right_and_casts_shadows(atlas):
    column = Part("torso", (0.0, 0.0, 1.0), (0.0, 0.0, 0.0), (0.2, 0.2), (0.2, 0.2), 0.1)
    arm = Part("hand", (0.2, 0.3, 1.0), (0.2, 0.3, 0.0), (0.05, 0.05), (0.05, 0.05), 0.1)
    light = np.array([0.8, 0.0, 0.6, 0.3], np.float32)

    def image(parts: list[Part]) -> np.ndarray:
        buffer, table, _ = draw_parts(parts, atlas, 0.0, 0.0, 80.0)
        offsets = np.zeros((len(parts), 2), np.int64)
        rgba = shade(buffer, table, atlas, SMOOTH, offsets, light, 0.0, 30.0)
        return np.where(buffer.part == 0, rgba[..., 0].astype(float), np.nan)

    behind = arm._replace(
        start=(0.2, -0.6, 1.0), end=(0.2, -0.6, 0.0)
    )  # in the image, but casts no shadow on another part
    alone, beside = image([column, behind]), image([column, arm])
    width = alone.shape[1]
    assert np.nanmean(alone[:, width // 2 + 4 :]) > np.nanmean(alone[:, : width // 2 - 4]) + 20
    darker = np.nan_to_num(alone - beside)  # where the arm takes light away, beside itself
    assert (darker > 20).mean() > 0.02
    assert (darker < -1).sum() == 0


def test_compiled_loops_equal_plain_python(atlas):
    parts = [Part("torso", (0.0, 0.0, 0.5), (0.1, 0.0, 0.1), (0.1, 0.15), (0.1, 0.1), 0.5)]
    buffer, table, _ = draw_parts(parts, atlas, 0.3, 0.2, 30.0)
    again = buffer._replace(
        **{name: np.full_like(getattr(buffer, name), fill) for name, fill in (("depth", 1e6), ("part", -1), ("row", 0))}
    )
    rasterize.py_func(again, table, atlas, 0.3)
    assert (again.part == buffer.part).mean() > 0.99
    both = (again.part == 0) & (buffer.part == 0)
    assert np.abs(again.depth - buffer.depth)[both].max() < 0.1
