"""Where the things of a street stand: alone, in rows, and in compounds that look like people from afar.

A detector trained on clean streets cries "person" at a tripod beside a post, at a bag on a kerb, at a notice on legs.
Such compounds are therefore frequent here, in streets with people and in empty ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from reid_synth.camera import Camera
from reid_synth.places.backdrop import Wall
from reid_synth.places.canvas import Canvas, Footprint
from reid_synth.places.grounds import visible_ground
from reid_synth.places.lookalikes import LOOKALIKES, dummy, placard, statue
from reid_synth.places.objects import FURNITURE, SLENDER, Maker
from reid_synth.places.solids import Part, Tube, placed
from reid_synth.places.sprite_bank import PIXELS_PER_METRE, SpriteBank
from reid_synth.places.surfaces import Cutout, Surfaces
from reid_synth.places.textures import grey_colour, paint_colour
from reid_synth.places.vehicles import car, van

_THINGS: tuple[Maker, ...] = (*FURNITURE.values(), *LOOKALIKES.values())
_MAX_PIXELS_PER_METRE = 95.0  # nearer things would fill the picture


@dataclass(frozen=True)
class Thing:
    """A solid or a cut-out at a place."""

    shape: Sequence[Part] | Cutout
    ground_xy: np.ndarray  # (2,) metres
    yaw: float  # radians

    def shade(self, canvas: Canvas) -> None:
        """Cast its shadow."""
        if isinstance(self.shape, Cutout):
            canvas.shade_sprite(self.shape.rgba, self.shape.foot_xy, self.ground_xy, self.shape.metre)
        else:
            canvas.shade_parts(self.shape, self.ground_xy, self.yaw)

    def paint(self, canvas: Canvas) -> None:
        """Paint it where it stands."""
        if isinstance(self.shape, Cutout):
            paint_upright(canvas, self.shape.rgba, self.shape.foot_xy, self.ground_xy, self.shape.metre, 0)
        else:
            canvas.draw_parts(self.shape, self.ground_xy, self.yaw)


def paint_upright(
    canvas: Canvas, rgba: np.ndarray, foot_xy: tuple[float, float], ground_xy: np.ndarray, metre: float, identity: int
) -> Footprint:
    """Paint a sprite of `metre` pixels a metre standing on a ground point, as large as the camera sees it there."""
    camera = canvas.picture_camera
    foot = camera.project(np.append(ground_xy, 0.0))
    if canvas.mirrored:
        rgba, foot_xy = np.ascontiguousarray(rgba[::-1]), (foot_xy[0], rgba.shape[0] - foot_xy[1])
    return canvas.draw_sprite(rgba, foot_xy, foot, float(camera.pixels_per_metre(ground_xy)) / metre, identity)


def scatter_things(
    camera: Camera,
    surfaces: Surfaces,
    walls: list[Wall],
    people_xy: Sequence[np.ndarray],
    bank: SpriteBank | None,
    rng: np.random.Generator,
) -> list[Thing]:
    """Draw the things of one street; none of them stands behind a wall or right in front of the lens.

    Some stand just in front of one of the people, so that a detector meets people behind poles and signs. Those in
    the bank serve as models for statues, dummies and placards; without a bank there are none.
    """
    things = [_in_front_of(place, rng) for place in people_xy if rng.random() < 0.14]
    for _ in range(int(rng.integers(0, 9))):
        things.append(_single(camera, rng, _THINGS))
    if bank and rng.random() < 0.22:
        things += [_made_after_people(camera, bank, rng) for _ in range(int(rng.integers(1, 3)))]
    for _ in range(int(rng.choice([0, 1, 2, 3], p=[0.3, 0.35, 0.2, 0.15]))):
        things += _compound(camera, rng)
    if rng.random() < 0.35:
        things += _row(camera, rng)
    for _ in range(int(rng.choice([0, 1, 2, 4], p=[0.45, 0.25, 0.2, 0.1]))):
        things.append(_single(camera, rng, [car, car, van]))
    for _ in range(int(rng.integers(0, 6))):
        plant = surfaces.plants[int(rng.integers(len(surfaces.plants)))]
        things.append(Thing(plant, visible_ground(camera, rng, far_m=70.0), 0.0))
    return [thing for thing in things if _fits(camera, thing, walls) and not _stands_on(thing, people_xy)]


def _fits(camera: Camera, thing: Thing, walls: list[Wall]) -> bool:
    if thing.ground_xy[1] < 1 or camera.pixels_per_metre(thing.ground_xy) > _MAX_PIXELS_PER_METRE:
        return False
    return not any(wall.hides(thing.ground_xy) for wall in walls)


def _stands_on(thing: Thing, people_xy: Sequence[np.ndarray]) -> bool:
    """Whether a large thing, a car say, takes the place of one of the people."""
    if isinstance(thing.shape, Cutout):
        return False
    reach = max(float(np.hypot(*placed(part, np.zeros(2), 0.0)[:, :2].T).max()) for part in thing.shape)
    return reach > 1 and any(np.linalg.norm(thing.ground_xy - place) < 0.6 * reach for place in people_xy)


def _single(camera: Camera, rng: np.random.Generator, makers: Sequence[Maker]) -> Thing:
    maker = makers[int(rng.integers(len(makers)))]
    return Thing(maker(rng), visible_ground(camera, rng, below=0.1), rng.uniform(-np.pi, np.pi))


def _made_after_people(camera: Camera, bank: SpriteBank, rng: np.random.Generator) -> Thing:
    """A statue, a dummy in a show-case or a placard, turned more or less to the camera."""
    place = visible_ground(camera, rng)
    figure = bank.draw(float(camera.tilt_at(place)), rng).rgba
    yaw = rng.normal(0, 0.5)
    kind = rng.random()
    if kind < 0.3:
        return Thing(statue(rng, figure, PIXELS_PER_METRE), place, 0.0)
    flat = bank.draw(0.0, rng).rgba
    if kind < 0.55:
        return Thing(dummy(rng, flat, PIXELS_PER_METRE), place, yaw)
    return Thing(placard(rng, flat), place, yaw)


def _in_front_of(place: np.ndarray, rng: np.random.Generator) -> Thing:
    sight = place / np.linalg.norm(place)
    aside = rng.normal(0, 0.2) * np.array([-sight[1], sight[0]])
    maker = SLENDER[int(rng.integers(len(SLENDER)))]
    return Thing(maker(rng), place - sight * rng.uniform(0.4, 3.0) + aside, rng.normal(0, 0.6))


def _compound(camera: Camera, rng: np.random.Generator) -> list[Thing]:
    """Two to four things within arm's length of each other, at least one of them slender."""
    centre = visible_ground(camera, rng)
    makers = [SLENDER[int(rng.integers(len(SLENDER)))]]
    makers += [_THINGS[int(rng.integers(len(_THINGS)))] for _ in range(int(rng.integers(1, 4)))]
    return [Thing(maker(rng), centre + rng.normal(0, 0.35, 2), rng.uniform(-np.pi, np.pi)) for maker in makers]


def _row(camera: Camera, rng: np.random.Generator) -> list[Thing]:
    """The same thing again and again along a line: bollards, parked cars, cones with a tape between them."""
    pool = [*_THINGS, car, car]
    maker, gap = pool[int(rng.integers(len(pool)))], rng.uniform(0.8, 4.0)
    if maker is car:
        gap = rng.uniform(2.4, 5.5)
    start, angle, seed = visible_ground(camera, rng), rng.uniform(0, np.pi), int(rng.integers(2**32))
    along = np.array([np.cos(angle), np.sin(angle)])
    alike = maker is not car and rng.random() < 0.7
    yaw = angle + (np.pi / 2 if maker is car and gap < 3.5 else 0.0)
    places = [start + along * gap * step for step in range(-4, 5)]
    shapes = [maker(np.random.default_rng(seed if alike else seed + i)) for i in range(len(places))]
    things = [Thing(shape, place, yaw) for shape, place in zip(shapes, places, strict=True)]
    if rng.random() < 0.3 and maker is not car:
        things += [Thing(_tape(rng, gap), place, angle) for place in places[:-1]]
    return things


def _tape(rng: np.random.Generator, length: float) -> list[Part]:
    """A sagging striped tape from here to `length` metres along x."""
    level, one, two = rng.uniform(0.5, 1.1), paint_colour(rng), grey_colour(rng, 190, 250)
    along = np.linspace(0, length, 9)
    sag = level - 0.15 * np.sin(np.pi * along / length)
    joints = zip(along, np.zeros(9), sag, strict=True)
    return [Tube(a, b, 0.03, 0.03, one if i % 2 else two) for i, (a, b) in enumerate(pairwise(joints))]
