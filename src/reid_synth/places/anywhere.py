"""Compose a training image of any place: streets and rooms, from masts, eye level, corners and above.

`street.compose_street` is the street under a mast. Here people are also near, cut by the image's edge, dark against
bright ground, behind counters, running or sitting; and coats, posters and furniture are there instead of people.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reid_synth.camera import Camera
from reid_synth.places.backdrop import Wall, paint_backdrop, paint_walls, sample_walls
from reid_synth.places.canvas import Canvas
from reid_synth.places.clutter import StreetObject, scatter_objects
from reid_synth.places.furniture import INTERIOR, WIDE, hanging_coat
from reid_synth.places.ground import sample_visible_ground
from reid_synth.places.ground_layout import paint_ground_layout
from reid_synth.places.interior import Room, paint_room, paint_room_walls, room_walls, sample_lamplight, sample_room
from reid_synth.places.sprite_bank import PIXELS_PER_METER, SpriteBank
from reid_synth.places.street import (
    HEIGHT,
    WIDTH,
    PlacedPerson,
    Street,
    cast_shadows,
    paint_standing,
    place_people,
    sample_camera,
    with_ground_truth,
)
from reid_synth.places.surfaces import Surfaces
from reid_synth.places.weather import sample_weather

KINDS = ("street", "eye level", "room", "corner", "above", "near")  # in the order of `compose_anywhere`'s draw
_SHARES = (0.2, 0.22, 0.18, 0.18, 0.1, 0.12)
_TALLEST_PX = 430.0


def compose_anywhere(rng: np.random.Generator, surfaces: Surfaces, bank: SpriteBank, kind: str | None = None) -> Street:
    """Compose an image without a camera response.

    Args:
        rng: Source of randomness.
        surfaces: Library of textures.
        bank: Sprites of people.
        kind: One of `KINDS`; None samples one.
    """
    kind = kind or KINDS[int(rng.choice(len(KINDS), p=_SHARES))]
    camera = sample_view(kind, rng)
    indoors = kind in ("room", "corner") or (kind == "above" and rng.random() < 0.5)
    weather = sample_lamplight(rng) if indoors else sample_weather(rng)
    canvas = Canvas(camera, weather.sun)
    if indoors:
        room = sample_room(camera, rng)
        paint_room(canvas, room, surfaces, rng)
        walls = room_walls(camera, room)
    else:
        room = None
        paint_backdrop(canvas, rng)
        paint_ground_layout(canvas, surfaces, rng)
        walls = sample_walls(camera, rng)
    people = _sample_people(camera, bank, walls, room, rng)
    objects = _sample_objects(camera, surfaces, walls, room, people, bank, rng)
    cast_shadows(canvas, people, objects, rng)
    if room is None:
        paint_walls(canvas, walls, surfaces, rng, weather.lamps)
    else:
        paint_room_walls(canvas, walls, bank, rng)
    footprints = paint_standing(canvas, people, objects)
    image = weather.grade(canvas.downsampled(), canvas.emissive(), rng)
    return with_ground_truth(image, canvas, footprints)


def sample_view(kind: str, rng: np.random.Generator) -> Camera:
    """Sample a camera of one of `KINDS`."""
    if kind == "street":
        return sample_camera(rng)
    height, tilt, focal = {
        "eye level": (rng.uniform(1.1, 2.2), abs(rng.normal(0.03, 0.05)), rng.uniform(330, 900)),
        "room": (rng.uniform(1.2, 2.4), rng.uniform(0.02, 0.3), rng.uniform(300, 550)),
        "corner": (rng.uniform(2.2, 3.6), rng.uniform(0.25, 0.65), rng.uniform(280, 520)),
        "above": (rng.uniform(3.5, 9.0), rng.uniform(0.6, 1.05), rng.uniform(400, 1000)),
        "near": (rng.uniform(2.2, 5.0), rng.uniform(0.1, 0.45), rng.uniform(500, 1000)),
    }[kind]
    return Camera(height, max(0.005, float(tilt)), focal, WIDTH, HEIGHT)


def _sample_people(
    camera: Camera, bank: SpriteBank, walls: list[Wall], room: Room | None, rng: np.random.Generator
) -> list[PlacedPerson]:
    """Place people, some of them dark as against the light or in black clothes."""
    people = place_people(camera, bank, walls, rng, tallest_px=_TALLEST_PX, below=0.35)
    if room is not None:
        people = [person for person in people if room.contains(person.ground_xy)]
    everyone = rng.random() < 0.05  # backlight
    return [
        replace(person, light=person.light * rng.uniform(0.08, 0.5)) if everyone or rng.random() < 0.12 else person
        for person in people
    ]


def _sample_objects(
    camera: Camera,
    surfaces: Surfaces,
    walls: list[Wall],
    room: Room | None,
    people: list[PlacedPerson],
    bank: SpriteBank,
    rng: np.random.Generator,
) -> list[StreetObject]:
    positions = [person.ground_xy for person in people]
    objects = (
        scatter_objects(camera, surfaces, walls, positions, bank, rng) if room is None or rng.random() < 0.15 else []
    )
    if room is not None or rng.random() < 0.3:
        for _ in range(int(rng.integers(0, 8))):
            maker = INTERIOR[int(rng.integers(len(INTERIOR)))]
            place = sample_visible_ground(camera, rng, below=0.3)
            yaw = rng.choice([0.0, np.pi / 2, np.pi]) + rng.normal(0, 0.2)
            objects.append(StreetObject(maker(rng), place, yaw))
        for _ in range(int(rng.choice([0, 1, 3], p=[0.55, 0.3, 0.15]))):
            coat = hanging_coat(rng, bank.draw(0.0, rng).rgba, PIXELS_PER_METER)
            objects.append(StreetObject(coat, sample_visible_ground(camera, rng), 0.0))
    for position in positions:
        if rng.random() < 0.12:  # behind a counter
            sight = position / np.linalg.norm(position)
            maker = WIDE[int(rng.integers(len(WIDE)))]
            objects.append(StreetObject(maker(rng), position - sight * rng.uniform(0.6, 1.2), rng.normal(0, 0.4)))
    clear = [obj for obj in objects if not any(np.linalg.norm(obj.ground_xy - xy) < 0.45 for xy in positions)]
    return [obj for obj in clear if obj.ground_xy[1] > 0.9 and (room is None or room.contains(obj.ground_xy, 0.1))]
