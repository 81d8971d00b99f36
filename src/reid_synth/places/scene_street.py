"""Street of the demonstration scene: a road between lawns, a house, lamp, sign, trees and parked cars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from reid_synth.camera import lift
from reid_synth.places.backdrop import Wall, paint_backdrop, paint_walls
from reid_synth.places.canvas import Canvas
from reid_synth.places.clutter import StreetObject
from reid_synth.places.facades import Facade
from reid_synth.places.ground import apply_stains, fill_ground, paint_line, render_ground, ribbon
from reid_synth.places.objects import bench, bin_, bollard, boulder, cone, lamp_post, sign, tripod
from reid_synth.places.solids import Primitive
from reid_synth.places.surfaces import Cutout, Surfaces
from reid_synth.places.textures import gray_color
from reid_synth.places.vehicles import car, van
from reid_synth.places.wetness import apply_wet_ground

_BRICK = np.array([150.0, 118.0, 98.0])


def place_scene_objects(surfaces: Surfaces, rng: np.random.Generator) -> list[StreetObject]:
    """Place the objects of the street so that the paths of the walkers stay free."""
    side = rng.choice([-1.0, 1.0])

    def at(
        shape: Sequence[Primitive] | Cutout, x: float, y: float, yaw: float = 0.0, sway: float = 0.5
    ) -> StreetObject:
        position = np.array([side * x, y]) + rng.uniform(-sway, sway, 2)
        return StreetObject(shape, position, yaw + rng.normal(0, 0.08))

    trees = [plant for plant in surfaces.plants if plant.tree]
    bushes = [plant for plant in surfaces.plants if not plant.tree]
    objects = [
        at(lamp_post(rng), 0.0, 13.2, sway=0.2),
        at(sign(rng), -3.2, 24.6),
        at(tripod(rng), 2.6, 12.0),
        at(bin_(rng), 6.6, 24.8),
        at(bench(rng), -7.5, 25.3, np.pi),
        at(boulder(rng), -5.4, 12.6),
        at(van(rng), 10.5, 30.5, 0.1, 1.0),
        at(car(rng), 4.5, 30.8, 0.05, 0.6),
    ]
    objects += [at(cone(rng), -8.5 + 1.9 * step, 27.3, sway=0.15) for step in range(int(rng.integers(2, 5)))]
    objects += [at(bollard(np.random.default_rng(7)), -1.5 + 2 * step, 32.5, sway=0.0) for step in range(4)]
    objects += [at(trees[int(rng.integers(len(trees)))], x, y, sway=1.0) for x, y in ((-11.5, 31.0), (-4.5, 34.5))]
    objects += [at(bushes[int(rng.integers(len(bushes)))], x, 36.5, sway=1.0) for x in (-8.0, 0.5, 9.0)]
    return objects


def paint_scene_street(
    canvas: Canvas,
    surfaces: Surfaces,
    objects: list[StreetObject],
    rng: np.random.Generator,
    lamps: float = 0.0,
    wetness: float = 0.0,
) -> None:
    """Paint the static background: sky, ground, shadows of the objects, house.

    Args:
        canvas: Canvas to paint on.
        surfaces: Library of textures.
        objects: Objects in the street, farthest first; only their shadows are painted.
        rng: Source of randomness.
        lamps: Share of the windows that are lit.
        wetness: Wetness of the ground, which reflects house and objects, 0–1.
    """
    paint_backdrop(canvas, rng)
    _paint_scene_ground(canvas, surfaces, rng)
    for obj in objects:
        obj.shade(canvas)
    canvas.apply_shadows()
    slant = rng.uniform(-2.5, 2.5)
    house = Wall(np.array([-30.0, 42.0 + slant]), np.array([30.0, 42.0 - slant]), 9.5, leafy=False)
    hedge = Wall(np.array([-30.0, 38.6 + slant]), np.array([-9.0, 38.8 + slant / 3]), 1.1, leafy=True)
    library, facade_seed = replace(surfaces, facades=(_brick_colored(surfaces.facades),)), int(rng.integers(2**32))

    def paint_house(target: Canvas) -> None:
        paint_walls(target, [house, hedge], library, np.random.default_rng(facade_seed), lamps)

    def paint_all(target: Canvas) -> None:
        paint_house(target)
        for obj in objects:
            obj.paint(target)

    if wetness:
        apply_wet_ground(canvas, wetness, surfaces, paint_all, rng)
    paint_house(canvas)


def _brick_colored(facades: Sequence[Facade]) -> Facade:
    """Return the facade whose color is nearest to brick."""
    return min(facades, key=lambda library: float(np.linalg.norm(library.image.mean(axis=(0, 1)) - _BRICK)))


def _paint_scene_ground(canvas: Canvas, surfaces: Surfaces, rng: np.random.Generator) -> None:
    turf = np.array([rng.uniform(58, 84), rng.uniform(88, 112), rng.uniform(34, 48)])
    canvas.image[:] = render_ground(canvas, surfaces.material(rng, "grass").relief, turf, 5.0, rng.uniform(0, 6))
    road_y, bend = rng.uniform(18.2, 18.8), rng.uniform(-1.2, 1.2)
    x = np.linspace(-60, 60, 60)
    road = np.stack([x, road_y + bend * np.sin(x / 14)], axis=1)
    kind = str(rng.choice(["asphalt", "asphalt", "concrete"]))
    _fill(canvas, surfaces, rng, "paving", ribbon(np.stack([x, np.full(60, 35.5)], axis=1), 14.0), 150, 5.0)
    _fill(canvas, surfaces, rng, "paving", ribbon(np.array([(5.2, 20.0), (5.2, 40.0)]), 2.2), 160, 4.0)
    paint_line(canvas, ribbon(road, 10.5), 0.28, gray_color(rng, 150, 190, 4))
    _fill(canvas, surfaces, rng, kind, ribbon(road, 10.5), 128, 7.0)
    paint_line(canvas, road + np.array((0.0, 4.9)), 0.1, np.array((222.0, 196.0, 96.0)))
    for start in np.arange(-30, 30, 4.0) + rng.uniform(0, 4):
        dash = np.stack([np.linspace(start, start + 2, 5)] * 2, axis=1)
        dash[:, 1] = road_y + bend * np.sin(dash[:, 0] / 14)
        paint_line(canvas, dash, 0.12, np.array((214.0, 214.0, 208.0)))
    for position in rng.uniform((-8, 14.5), (8, 22.5), (2, 2)):
        _manhole(canvas, position)
    apply_stains(canvas, surfaces, rng)


def _fill(
    canvas: Canvas,
    surfaces: Surfaces,
    rng: np.random.Generator,
    kind: str,
    area: np.ndarray,
    light: float,
    tile_m: float,
) -> None:
    """Fill an area with a material of about the given brightness."""
    color = light * rng.uniform(0.85, 1.1) + rng.normal(0, 2, 3)
    fill_ground(canvas, surfaces.material(rng, kind).relief, color, area, tile_m)


def _manhole(canvas: Canvas, position: np.ndarray) -> None:
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1) * 0.32
    for size, gray in ((1.12, 120.0), (1.0, 78.0), (0.7, 92.0)):
        canvas.fill(lift(position + ring * size, 0.0), np.full(3, gray))
