"""What one camera sees of a place where people come and go, and everything that is true about each of its frames."""

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

_SPRITE_CACHE_SIZE = 400  # the last rendered ones, about 20 MB: `truth` and `render` need the same
_FARTHEST_WALK_M = 27.0  # nobody walks beyond; things that stand there are part of the background


class SceneTruth(NamedTuple):
    """Who is where: a row for each person who is seen at least a little, frame by frame."""

    frame: np.ndarray  # (n,) int64, from 0
    person_id: np.ndarray  # (n,) int64, from 1
    boxes_xyxy: np.ndarray  # (n, 4) float32 pixels, as if nothing hid the person, cut at the picture's edge
    visibility: np.ndarray  # (n,) float32, share of the person that is seen, 0–1


@dataclass(frozen=True)
class Conditions:
    """The weather over a view and what its camera makes of the light."""

    weather: Weather
    response: CameraResponse

    @property
    def light(self) -> Light:
        """The light on people: from the sun's side, or from everywhere where the sky is overcast."""
        x, y = self.weather.sun.shadow_xy
        length = float(np.hypot(x, y))
        if length < 0.25:
            return Light(right=0.0, up=0.8, ambient=0.8)
        return Light(right=-0.7 * x / length, up=0.6, ambient=0.62)


class CameraView:
    """A street under one camera. A frame is a pure function of the seed and its index, in any order.

    Args:
        seed: of the street and the camera's noise.
        camera: who looks.
        conditions: light and the camera's response.
        performers: who may come by.
        rng: draws the street; further ahead than the other arguments in its stream where they were drawn from it.
        frames: how many frames `len` and `truth` speak of.
        frames_per_second: how much time passes between two of them.
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
        """Paint what never changes; returns it and the things that people may pass behind, the farthest first."""
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
        """Photograph one frame.

        Args:
            index: any frame from 0; those past `len` are as good.

        Returns:
            image (height, width, 3) uint8 RGB; then, a row for each person seen: person_ids (n,) int64,
            boxes_xyxy (n, 4) float32 pixels, visibility (n,) float32 0–1.
        """
        canvas, boxes, whole = self.paint(index)
        weather, rng = self.conditions.weather, np.random.default_rng([self.seed, index])
        image = weather.grade(canvas.downsampled(), canvas.emissive(), rng)
        image = weather.adapt_response(self.conditions.response).apply(image, rng)
        return image, *self._seen(canvas, boxes, whole)

    def truth(self) -> SceneTruth:
        """Who is where in all frames."""
        rows = [self._seen(*self.paint(index)) for index in tqdm(range(self.frames), "staging the scene", leave=False)]
        return concat_truth(rows)

    def paint(self, index: int) -> tuple[Canvas, np.ndarray, np.ndarray]:
        """The frame before the camera's response.

        Returns:
            The canvas, whose `ids` show where each performer is seen, numbered from 1 in their order; their boxes
            (performers, 4) float32, not yet cut at the edge; the pixels (performers,) that each would cover if nothing
            hid them, 0 for those who are not there.
        """
        canvas = Canvas(self.camera, self.conditions.weather.sun)
        canvas.image[:], canvas.ids[:] = self._backdrop.image, self._backdrop.ids
        light = self.conditions.light
        images = [self._render_pedestrian(pedestrian, index, light) for pedestrian in range(len(self.pedestrians))]
        standing = [(-float(obj.ground_xy[1]), -1 - i) for i, obj in enumerate(self._foreground)]
        for who, seen in enumerate(images):
            if seen is not None:
                canvas.cast_sprite_shadow(seen.sprite.rgba, seen.sprite.foot_xy, seen.ground_xy, seen.pixels_per_metre)
                standing.append((-float(seen.ground_xy[1]), who))
        canvas.apply_shadows()
        boxes, whole = np.zeros((len(images), 4), np.float32), np.zeros(len(images), np.int64)
        for _, who in sorted(standing):  # the farthest first
            seen = images[who] if who >= 0 else None
            if seen is None:
                self._foreground[-1 - who].paint(canvas)
                continue
            ground_xy, sprite, metre = seen
            footprint = paint_upright(canvas, sprite.rgba, sprite.foot_xy, ground_xy, metre, who + 1)
            boxes[who], whole[who] = footprint.box_xyxy, footprint.pixels
        return canvas, boxes, whole

    def _render_pedestrian(self, pedestrian: int, index: int, light: Light) -> RenderedPedestrian | None:
        key = (pedestrian, index)
        if key not in self._sprites:
            time_s = index / self.frames_per_second
            self._sprites[key] = self.pedestrians[pedestrian].render(self.camera, time_s, light)
            while len(self._sprites) > _SPRITE_CACHE_SIZE:
                self._sprites.popitem(last=False)
        return self._sprites[key]

    def _seen(self, canvas: Canvas, boxes: np.ndarray, whole: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        seen = canvas.visible_pixels(len(whole))
        rows = np.flatnonzero(seen > 0)
        cut = np.clip(boxes[rows], 0, np.array([self.camera.width, self.camera.height] * 2, np.float32))
        ids = np.array([pedestrian.person_id for pedestrian in self.pedestrians], np.int64)
        return ids[rows], cut, (seen[rows] / whole[rows]).astype(np.float32)


def concat_truth(rows: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> SceneTruth:
    """One table of what `render` tells of each frame: ids, boxes and visibility, a tuple a frame from frame 0 on."""
    return SceneTruth(
        np.repeat(np.arange(len(rows)), [len(ids) for ids, _, _ in rows]),
        np.concatenate([np.zeros(0, np.int64), *(ids for ids, _, _ in rows)]),
        np.concatenate([np.zeros((0, 4), np.float32), *(boxes for _, boxes, _ in rows)]),
        np.concatenate([np.zeros(0, np.float32), *(visibility for _, _, visibility in rows)]),
    )
