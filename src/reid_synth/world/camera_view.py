"""Frames of one camera over a street with pedestrians, with exact ground truth."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from tqdm.auto import tqdm

from reid_synth.camera import Camera, CameraResponse
from reid_synth.people.rendering import Light
from reid_synth.places.canvas import Canvas
from reid_synth.places.clutter import StreetObject, paint_upright
from reid_synth.places.scene_street import paint_scene_street, place_scene_objects
from reid_synth.places.surfaces import make_surfaces
from reid_synth.places.weather import Weather
from reid_synth.world.pedestrian import Pedestrian, RenderedPedestrian

_SPRITE_CACHE_SIZE = 400  # about 20 MB; `truth` and `render` share the rendered sprites
_FARTHEST_WALK_M = 27.0  # people stay nearer; objects beyond are part of the background


class SceneTruth(NamedTuple):
    """Ground truth: a row for each visible person in each frame."""

    frame: np.ndarray  # (n,) int64, from 0
    person_id: np.ndarray  # (n,) int64, from 1
    boxes_xyxy: np.ndarray  # (n, 4) float32 pixels, of the whole person despite occlusion, clipped to the image
    visibility: np.ndarray  # (n,) float32, visible share of the person, 0–1


@dataclass(frozen=True)
class Conditions:
    """Weather over a view and the photometric response of its camera."""

    weather: Weather
    response: CameraResponse

    @property
    def light(self) -> Light:
        """Light on people: from the side of the sun, or diffuse under an overcast sky."""
        x, y = self.weather.sun.shadow_xy
        length = float(np.hypot(x, y))
        if length < 0.25:
            return Light(right=0.0, up=0.8, ambient=0.8)
        return Light(right=-0.7 * x / length, up=0.6, ambient=0.62)


class CameraView:
    """A street under one camera. A frame depends only on the seed and its index.

    Args:
        seed: Seed of the street and of the sensor noise.
        camera: The camera.
        conditions: Weather and camera response.
        pedestrians: People who may be visible.
        rng: Draws the street; continues the stream from which the other arguments were drawn.
        frames: Number of frames for `len` and `truth`.
        frames_per_second: Frame rate.
    """

    def __init__(
        self,
        seed: int,
        camera: Camera,
        conditions: Conditions,
        pedestrians: Sequence[Pedestrian],
        rng: np.random.Generator,
        frames: int,
        frames_per_second: float,
    ) -> None:
        self.seed, self.camera, self.conditions, self.pedestrians = seed, camera, conditions, pedestrians
        self.frames, self.frames_per_second = frames, frames_per_second
        self._backdrop, self._foreground = self._build(rng)
        self._sprites: OrderedDict[tuple[int, int], RenderedPedestrian | None] = OrderedDict()

    def __len__(self) -> int:
        return self.frames

    def _build(self, rng: np.random.Generator) -> tuple[Canvas, list[StreetObject]]:
        """Paint the static background; return it and the objects that may occlude people, farthest first."""
        surfaces = make_surfaces(self.seed, per_kind=3)
        objects = sorted(place_scene_objects(surfaces, rng), key=lambda obj: -float(obj.ground_xy[1]))
        weather = self.conditions.weather
        canvas = Canvas(self.camera, weather.sun)
        paint_scene_street(canvas, surfaces, objects, rng, weather.lamps, weather.wetness)
        for obj in objects:
            if obj.ground_xy[1] > _FARTHEST_WALK_M:
                obj.paint(canvas)
        return canvas, [obj for obj in objects if obj.ground_xy[1] <= _FARTHEST_WALK_M]

    def render(self, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Render one frame.

        Args:
            index: Frame index from 0; indices beyond `len` are valid too.

        Returns:
            image (height, width, 3) uint8 RGB; then, with a row for each visible person: person_ids (n,) int64,
            boxes_xyxy (n, 4) float32 pixels, visibility (n,) float32 0–1.
        """
        canvas, boxes, num_pixels = self.paint(index)
        weather, rng = self.conditions.weather, np.random.default_rng([self.seed, index])
        image = weather.grade(canvas.downsampled(), canvas.emissive(), rng)
        image = weather.adapt_response(self.conditions.response).apply(image, rng)
        return image, *self._visible_truth(canvas, boxes, num_pixels)

    def truth(self) -> SceneTruth:
        """Compute the ground truth of all frames."""
        rows = [
            self._visible_truth(*self.paint(index))
            for index in tqdm(range(self.frames), "rendering frames", leave=False)
        ]
        return concat_truth(rows)

    def paint(self, index: int) -> tuple[Canvas, np.ndarray, np.ndarray]:
        """Paint a frame before weather grading and camera response.

        Returns:
            The canvas, whose `ids` show the visible pixels of each pedestrian, numbered from 1 in their order; their
            boxes (pedestrians, 4) float32, not clipped to the image; the number of pixels (pedestrians,) that each
            covers without occlusion, 0 if out of view.
        """
        canvas = Canvas(self.camera, self.conditions.weather.sun)
        canvas.image[:], canvas.ids[:] = self._backdrop.image, self._backdrop.ids
        light = self.conditions.light
        rendered = [self._render_pedestrian(pedestrian, index, light) for pedestrian in range(len(self.pedestrians))]
        standing = [(-float(obj.ground_xy[1]), -1 - i) for i, obj in enumerate(self._foreground)]
        for number, person in enumerate(rendered):
            if person is not None:
                sprite = person.sprite
                canvas.cast_sprite_shadow(sprite.rgba, sprite.foot_xy, person.ground_xy, person.pixels_per_meter)
                standing.append((-float(person.ground_xy[1]), number))
        canvas.apply_shadows()
        boxes, num_pixels = np.zeros((len(rendered), 4), np.float32), np.zeros(len(rendered), np.int64)
        for _, number in sorted(standing):  # farthest first; negative numbers are objects
            person = rendered[number] if number >= 0 else None
            if person is None:
                self._foreground[-1 - number].paint(canvas)
                continue
            ground_xy, sprite, px_per_m = person
            footprint = paint_upright(canvas, sprite.rgba, sprite.foot_xy, ground_xy, px_per_m, number + 1)
            boxes[number], num_pixels[number] = footprint.box_xyxy, footprint.pixels
        return canvas, boxes, num_pixels

    def _render_pedestrian(self, pedestrian: int, index: int, light: Light) -> RenderedPedestrian | None:
        key = (pedestrian, index)
        if key not in self._sprites:
            time_s = index / self.frames_per_second
            self._sprites[key] = self.pedestrians[pedestrian].render(self.camera, time_s, light)
            while len(self._sprites) > _SPRITE_CACHE_SIZE:
                self._sprites.popitem(last=False)
        return self._sprites[key]

    def _visible_truth(
        self, canvas: Canvas, boxes: np.ndarray, num_pixels: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        visible = canvas.visible_pixels(len(num_pixels))
        rows = np.flatnonzero(visible > 0)
        clipped = np.clip(boxes[rows], 0, np.array([self.camera.width, self.camera.height] * 2, np.float32))
        ids = np.array([pedestrian.person_id for pedestrian in self.pedestrians], np.int64)
        return ids[rows], clipped, (visible[rows] / num_pixels[rows]).astype(np.float32)


def concat_truth(rows: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> SceneTruth:
    """Concatenate per-frame ids, boxes and visibility, as `CameraView.render` returns them from frame 0 on."""
    return SceneTruth(
        np.repeat(np.arange(len(rows)), [len(ids) for ids, _, _ in rows]),
        np.concatenate([np.zeros(0, np.int64), *(ids for ids, _, _ in rows)]),
        np.concatenate([np.zeros((0, 4), np.float32), *(boxes for _, boxes, _ in rows)]),
        np.concatenate([np.zeros(0, np.float32), *(visibility for _, _, visibility in rows)]),
    )
