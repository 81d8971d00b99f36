"""Placement of street objects: alone, in rows, and in clusters that resemble people from a distance.

Detectors trained on clean streets report false positives on a tripod beside a post, a bag on a kerb, a notice on legs.
Such clusters are therefore frequent, in streets with people and in empty ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from reid_synth.camera import Camera
from reid_synth.places.backdrop import Wall
from reid_synth.places.canvas import Canvas, Footprint
from reid_synth.places.ground import sample_visible_ground
from reid_synth.places.lookalikes import LOOKALIKES, mannequin, placard, statue
from reid_synth.places.objects import FURNITURE, SLENDER, Maker
from reid_synth.places.solids import Cylinder, Primitive, to_world
from reid_synth.places.sprite_bank import PIXELS_PER_METER, SpriteBank
from reid_synth.places.surfaces import Cutout, Surfaces
from reid_synth.places.textures import gray_color, paint_color
from reid_synth.places.vehicles import car, van

_MAKERS: tuple[Maker, ...] = (*FURNITURE.values(), *LOOKALIKES.values())
_MAX_PIXELS_PER_METER = 95.0  # nearer objects would fill the image


@dataclass(frozen=True)
class StreetObject:
    """A solid or a cut-out at a position."""

    shape: Sequence[Primitive] | Cutout
    ground_xy: np.ndarray  # (2,) meters
    yaw: float  # radians

    def shade(self, canvas: Canvas) -> None:
        """Cast the shadow of the object."""
        if isinstance(self.shape, Cutout):
            canvas.cast_sprite_shadow(self.shape.rgba, self.shape.foot_xy, self.ground_xy, self.shape.px_per_m)
        else:
            canvas.cast_shadow(self.shape, self.ground_xy, self.yaw)

    def paint(self, canvas: Canvas) -> None:
        """Paint the object where it stands."""
        if isinstance(self.shape, Cutout):
            paint_upright(canvas, self.shape.rgba, self.shape.foot_xy, self.ground_xy, self.shape.px_per_m, 0)
        else:
            canvas.draw_primitives(self.shape, self.ground_xy, self.yaw)


def paint_upright(
    canvas: Canvas,
    rgba: np.ndarray,
    foot_xy: tuple[float, float],
    ground_xy: np.ndarray,
    px_per_m: float,
    identity: int,
) -> Footprint:
    """Paint a sprite of `px_per_m` pixels per meter on a ground point, at the size the camera sees there."""
    camera = canvas.output_camera
    foot = camera.project(np.append(ground_xy, 0.0))
    if canvas.mirrored:
        rgba, foot_xy = np.ascontiguousarray(rgba[::-1]), (foot_xy[0], rgba.shape[0] - foot_xy[1])
    return canvas.draw_sprite(rgba, foot_xy, foot, float(camera.pixels_per_meter(ground_xy)) / px_per_m, identity)


def scatter_objects(
    camera: Camera,
    surfaces: Surfaces,
    walls: list[Wall],
    people_xy: Sequence[np.ndarray],
    bank: SpriteBank | None,
    rng: np.random.Generator,
) -> list[StreetObject]:
    """Sample the objects of one street; none of them stands behind a wall or right in front of the lens.

    Some stand just in front of a person, so that detectors see people behind poles and signs. The sprite bank serves as
    models for statues, mannequins and placards; without it there are none.
    """
    objects = [_sample_occluder(position, rng) for position in people_xy if rng.random() < 0.14]
    for _ in range(int(rng.integers(0, 9))):
        objects.append(_sample_single(camera, rng, _MAKERS))
    if bank and rng.random() < 0.22:
        objects += [_human_shaped_object(camera, bank, rng) for _ in range(int(rng.integers(1, 3)))]
    for _ in range(int(rng.choice([0, 1, 2, 3], p=[0.3, 0.35, 0.2, 0.15]))):
        objects += _sample_cluster(camera, rng)
    if rng.random() < 0.35:
        objects += _sample_row(camera, rng)
    for _ in range(int(rng.choice([0, 1, 2, 4], p=[0.45, 0.25, 0.2, 0.1]))):
        objects.append(_sample_single(camera, rng, [car, car, van]))
    for _ in range(int(rng.integers(0, 6))):
        plant = surfaces.plants[int(rng.integers(len(surfaces.plants)))]
        objects.append(StreetObject(plant, sample_visible_ground(camera, rng, far_m=70.0), 0.0))
    return [obj for obj in objects if _is_visible(camera, obj, walls) and not _overlaps_person(obj, people_xy)]


def _is_visible(camera: Camera, obj: StreetObject, walls: list[Wall]) -> bool:
    if obj.ground_xy[1] < 1 or camera.pixels_per_meter(obj.ground_xy) > _MAX_PIXELS_PER_METER:
        return False
    return not any(wall.occludes(obj.ground_xy) for wall in walls)


def _overlaps_person(obj: StreetObject, people_xy: Sequence[np.ndarray]) -> bool:
    """Return whether a large object, such as a car, covers the position of a person."""
    if isinstance(obj.shape, Cutout):
        return False
    reach = max(float(np.hypot(*to_world(part, np.zeros(2), 0.0)[:, :2].T).max()) for part in obj.shape)
    return reach > 1 and any(np.linalg.norm(obj.ground_xy - position) < 0.6 * reach for position in people_xy)


def _sample_single(camera: Camera, rng: np.random.Generator, makers: Sequence[Maker]) -> StreetObject:
    maker = makers[int(rng.integers(len(makers)))]
    return StreetObject(maker(rng), sample_visible_ground(camera, rng, below=0.1), rng.uniform(-np.pi, np.pi))


def _human_shaped_object(camera: Camera, bank: SpriteBank, rng: np.random.Generator) -> StreetObject:
    """Sample a statue, a mannequin in a display case or a placard, turned roughly to the camera."""
    position = sample_visible_ground(camera, rng)
    figure = bank.draw(float(camera.tilt_at(position)), rng).rgba
    yaw = rng.normal(0, 0.5)
    kind = rng.random()
    if kind < 0.3:
        return StreetObject(statue(rng, figure, PIXELS_PER_METER), position, 0.0)
    flat = bank.draw(0.0, rng).rgba
    if kind < 0.55:
        return StreetObject(mannequin(rng, flat, PIXELS_PER_METER), position, yaw)
    return StreetObject(placard(rng, flat), position, yaw)


def _sample_occluder(position: np.ndarray, rng: np.random.Generator) -> StreetObject:
    sight = position / np.linalg.norm(position)
    aside = rng.normal(0, 0.2) * np.array([-sight[1], sight[0]])
    maker = SLENDER[int(rng.integers(len(SLENDER)))]
    return StreetObject(maker(rng), position - sight * rng.uniform(0.4, 3.0) + aside, rng.normal(0, 0.6))


def _sample_cluster(camera: Camera, rng: np.random.Generator) -> list[StreetObject]:
    """Sample two to four objects within arm's length of each other, at least one of them slender."""
    center = sample_visible_ground(camera, rng)
    makers = [SLENDER[int(rng.integers(len(SLENDER)))]]
    makers += [_MAKERS[int(rng.integers(len(_MAKERS)))] for _ in range(int(rng.integers(1, 4)))]
    return [StreetObject(maker(rng), center + rng.normal(0, 0.35, 2), rng.uniform(-np.pi, np.pi)) for maker in makers]


def _sample_row(camera: Camera, rng: np.random.Generator) -> list[StreetObject]:
    """Sample repeated objects along a line: bollards, parked cars, cones with a tape between them."""
    pool = [*_MAKERS, car, car]
    maker, gap = pool[int(rng.integers(len(pool)))], rng.uniform(0.8, 4.0)
    if maker is car:
        gap = rng.uniform(2.4, 5.5)
    start, angle, seed = sample_visible_ground(camera, rng), rng.uniform(0, np.pi), int(rng.integers(2**32))
    along = np.array([np.cos(angle), np.sin(angle)])
    alike = maker is not car and rng.random() < 0.7
    yaw = angle + (np.pi / 2 if maker is car and gap < 3.5 else 0.0)
    positions = [start + along * gap * step for step in range(-4, 5)]
    shapes = [maker(np.random.default_rng(seed if alike else seed + i)) for i in range(len(positions))]
    objects = [StreetObject(shape, position, yaw) for shape, position in zip(shapes, positions, strict=True)]
    if rng.random() < 0.3 and maker is not car:
        objects += [StreetObject(_tape(rng, gap), position, angle) for position in positions[:-1]]
    return objects


def _tape(rng: np.random.Generator, length: float) -> list[Primitive]:
    """Make a sagging striped tape of `length` meters along x."""
    level, one, two = rng.uniform(0.5, 1.1), paint_color(rng), gray_color(rng, 190, 250)
    along = np.linspace(0, length, 9)
    sag = level - 0.15 * np.sin(np.pi * along / length)
    joints = zip(along, np.zeros(9), sag, strict=True)
    return [Cylinder(a, b, 0.03, 0.03, one if i % 2 else two) for i, (a, b) in enumerate(pairwise(joints))]
