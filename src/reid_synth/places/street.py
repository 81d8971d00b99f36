"""Compose a random training image: a street, a camera, up to eighteen people, and street objects."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np

from reid_synth.camera import Camera, sample_camera_response
from reid_synth.people.rendering import Sprite
from reid_synth.places.backdrop import Wall, paint_backdrop, paint_walls, sample_walls
from reid_synth.places.canvas import Canvas, Footprint
from reid_synth.places.clutter import StreetObject, paint_upright, scatter_objects
from reid_synth.places.ground import sample_visible_ground
from reid_synth.places.ground_layout import paint_ground_layout
from reid_synth.places.sprite_bank import PIXELS_PER_METER, SpriteBank
from reid_synth.places.surfaces import Surfaces
from reid_synth.places.textures import periodic_noise
from reid_synth.places.weather import Weather, sample_weather
from reid_synth.places.wetness import apply_wet_ground

WIDTH, HEIGHT = 512, 384
MIN_VISIBILITY = 0.3  # people with a smaller visible share do not count as missed
_TALLEST_PX, _SMALLEST_PX = 260.0, 14.0  # nearer or farther people are left out


class Street(NamedTuple):
    """An image and its ground truth."""

    image: np.ndarray  # (HEIGHT, WIDTH, 3) uint8 RGB
    boxes_xyxy: np.ndarray  # (n, 4) float32 pixels, of the whole person despite occlusion, clipped to the image
    visibility: np.ndarray  # (n,) float32, visible share of the person, 0–1
    person_ids: np.ndarray  # (n,) int64, 1 … n


@dataclass(frozen=True)
class PlacedPerson:
    """A sprite at a ground position."""

    ground_xy: np.ndarray
    sprite: Sprite
    light: np.ndarray  # (3,) gains


def compose_street(
    rng: np.random.Generator,
    surfaces: Surfaces,
    bank: SpriteBank | None,
    apply_response: bool = True,
    weather: Weather | None = None,
) -> Street:
    """Compose a street: geometry, ground, walls, objects, people, weather, camera response.

    Args:
        rng: Source of randomness.
        surfaces: Library of textures.
        bank: Sprites of people; None leaves the street empty.
        apply_response: Whether to apply the camera response (white balance, blur, noise, JPEG …).
        weather: Weather; None samples one.
    """
    camera, weather = sample_camera(rng), weather or sample_weather(rng)
    canvas = Canvas(camera, weather.sun)
    paint_backdrop(canvas, rng)
    paint_ground_layout(canvas, surfaces, rng)
    walls = sample_walls(canvas.camera, rng)
    people = place_people(camera, bank, walls, rng) if bank else []
    objects = scatter_objects(camera, surfaces, walls, [person.ground_xy for person in people], bank, rng)
    cast_shadows(canvas, people, objects, rng)
    facade_seed = int(rng.integers(2**32))

    def paint_all(target: Canvas) -> list[Footprint]:
        paint_walls(target, walls, surfaces, np.random.default_rng(facade_seed), weather.lamps)
        return paint_standing(target, people, objects)

    if weather.wetness:
        apply_wet_ground(canvas, weather.wetness, surfaces, paint_all, rng)
    footprints = paint_all(canvas)
    image = weather.grade(canvas.downsampled(), canvas.emissive(), rng)
    if apply_response:
        image = weather.adapt_response(sample_camera_response(rng)).apply(image, rng)
    return with_ground_truth(image, canvas, footprints)


class EmptyStreet(NamedTuple):
    """A street without people, into which a person can be pasted before the weather is applied."""

    image: np.ndarray  # (HEIGHT, WIDTH, 3) uint8 RGB, in daylight, before the camera response
    weather: Weather


def empty_street(rng: np.random.Generator, surfaces: Surfaces) -> EmptyStreet:
    """Render an empty street with wet ground and lit windows by its weather, but without its light and rain."""
    weather = sample_weather(rng)
    by_day = replace(weather, light=(1.0, 1.0, 1.0), rain=0.0)
    return EmptyStreet(compose_street(rng, surfaces, bank=None, apply_response=False, weather=by_day).image, weather)


def sample_camera(rng: np.random.Generator) -> Camera:
    """Sample a camera on a mast of 2.5–10 m that shows people in the image center 28–110 pixels tall."""
    while True:
        height, focal = rng.uniform(2.5, 10.0), rng.uniform(350, 850)
        person_px = np.exp(rng.uniform(np.log(28), np.log(110)))
        sight = 1.7 * focal / person_px  # distance from the lens to a person in the image center, meters
        if sight > 1.5 * height:
            tilt = float(np.arcsin((height - 0.9) / sight) + rng.normal(0, 0.04))
            return Camera(height, max(0.02, tilt), focal, WIDTH, HEIGHT)


def place_people(
    camera: Camera,
    bank: SpriteBank,
    walls: list[Wall],
    rng: np.random.Generator,
    tallest_px: float = _TALLEST_PX,
    below: float = 0.15,
) -> list[PlacedPerson]:
    """Place up to eighteen people, alone and in groups.

    Args:
        camera: Camera that sees them.
        bank: Sprites of people.
        walls: Walls; nobody stands behind them.
        rng: Source of randomness.
        tallest_px: Nearer people are left out.
        below: Range of the feet under the lower edge, as a share of the image height.
    """
    count = 0 if rng.random() < 0.15 else int(rng.choice([rng.integers(1, 13), rng.integers(10, 19)], p=[0.88, 0.12]))
    light = np.exp(rng.normal(0, 0.12)) * np.exp(rng.normal(0, 0.03, 3))
    people: list[PlacedPerson] = []
    for _ in range(count * 6):
        if len(people) >= count:
            break
        position = _sample_position(camera, people, rng, below)
        scale = float(camera.pixels_per_meter(position))
        if not _SMALLEST_PX < 1.7 * scale < tallest_px or any(wall.occludes(position) for wall in walls):
            continue
        sprite = bank.draw(float(camera.tilt_at(position)), rng)
        people.append(PlacedPerson(position, sprite, light * np.exp(rng.normal(0, 0.1))))
    return people


def _sample_position(camera: Camera, people: list[PlacedPerson], rng: np.random.Generator, below: float) -> np.ndarray:
    kind = rng.random()
    if not people or kind < 0.45:
        return sample_visible_ground(camera, rng, below=below)
    last = people[-1].ground_xy
    if kind < 0.65:
        return last + rng.normal(0, 0.7, 2)
    sight = last / np.linalg.norm(last)
    aside = rng.choice([-1, 1]) * rng.uniform(0.12, 0.42) * np.array([-sight[1], sight[0]])
    return last + aside + sight * rng.choice([-1, 1]) * rng.uniform(0.35, 2.0)


def cast_shadows(
    canvas: Canvas, people: list[PlacedPerson], objects: list[StreetObject], rng: np.random.Generator
) -> None:
    """Cast the shadows of people and objects, and sometimes those of trees outside the image."""
    for person in people:
        canvas.cast_sprite_shadow(person.sprite.rgba, person.sprite.foot_xy, person.ground_xy, PIXELS_PER_METER)
    for obj in objects:
        obj.shade(canvas)
    dapple = None
    if rng.random() < 0.2:  # shade of trees outside the image
        noise = periodic_noise(rng, HEIGHT // 2, WIDTH // 2, rng.uniform(1.2, 1.8))
        noise = cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
        dapple = np.clip(128 + 200 * (noise - rng.uniform(0, 1)), 0, 255).astype(np.uint8)
        dapple[: max(0, int(canvas.output_camera.horizon))] = 0
    canvas.apply_shadows(dapple)


def paint_standing(canvas: Canvas, people: list[PlacedPerson], objects: list[StreetObject]) -> list[Footprint]:
    """Paint people and objects, farthest first; returns the footprints in the order of the people."""
    footprints: list[Footprint] = [Footprint(np.zeros(4, np.float32), 0)] * len(people)
    standing: list[PlacedPerson | StreetObject] = [*people, *objects]
    for index in sorted(range(len(standing)), key=lambda i: -float(standing[i].ground_xy[1])):
        item = standing[index]
        if isinstance(item, PlacedPerson):
            footprints[index] = _paint_person(canvas, item, index + 1)
        else:
            item.paint(canvas)
    return footprints


def _paint_person(canvas: Canvas, person: PlacedPerson, identity: int) -> Footprint:
    rgba = cv2.multiply(person.sprite.rgba, (*person.light.tolist(), 1.0))
    np.minimum(rgba, rgba[..., 3:], out=rgba)  # stays premultiplied
    return paint_upright(canvas, rgba, person.sprite.foot_xy, person.ground_xy, PIXELS_PER_METER, identity)


def with_ground_truth(image: np.ndarray, canvas: Canvas, footprints: list[Footprint]) -> Street:
    """Clip the footprints to the image, and compute which share of each person is visible."""
    size = np.array([WIDTH, HEIGHT, WIDTH, HEIGHT], np.float32)
    boxes = np.array([footprint.box_xyxy for footprint in footprints], np.float32).reshape(-1, 4)
    boxes = np.clip(boxes, 0, size)
    whole = np.array([footprint.pixels for footprint in footprints], np.int64)
    visibility = canvas.visible_pixels(len(whole)) / np.maximum(whole, 1)
    ids = np.arange(1, len(whole) + 1)
    inside = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    return Street(image, boxes[inside], visibility[inside].astype(np.float32), ids[inside])
